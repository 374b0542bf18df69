//! T1: other names for local variables.

use super::{at, read};
use crate::transform::Random;
use crate::transform::edit::Edits;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use syn::visit::{self, Visit};

/// Renames what patterns bind. A name is changed only when every place in the file where it
/// stands is a variable: not a field, not a function, and not inside of a macro, whose
/// tokens mean what the macro wants.
pub fn rename(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let tokens: TokenStream = text.parse().ok()?;
    let mut all = BTreeMap::new();
    count(tokens, &mut all);
    let mut variables = Variables::default();
    variables.visit_file(&file);
    let mut edits = Edits::default();
    for (name, places) in &variables.places {
        let bound = variables.bound.contains(name);
        // `ok` is a variable; `OK` may be a constant in a pattern.
        let is_variable = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && !matches!(name.as_str(), "self" | "_" | "crate" | "super");
        if !bound || !is_variable || all.get(name) != Some(&places.len()) {
            continue;
        }
        let new = format!("r{}_", random.name(text).trim_matches('_'));
        for (start, end, short) in places {
            if *short {
                edits.replace(*start, *end, format!("{name}: {new}"));
            } else {
                edits.replace(*start, *end, new.clone());
            }
        }
    }
    edits.apply(text)
}

/// How often each name stands in the text.
fn count(tokens: TokenStream, all: &mut BTreeMap<String, usize>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => *all.entry(name.to_string()).or_default() += 1,
            TokenTree::Group(group) => count(group.stream(), all),
            TokenTree::Literal(literal) => {
                // `"{name}"` in a macro names a variable.
                let text = literal.to_string();
                for (index, _) in text.match_indices('{') {
                    let name: String = text[index + 1..]
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    if !name.is_empty() {
                        *all.entry(name).or_default() += 1;
                    }
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

#[derive(Default)]
struct Variables {
    /// Start, end, and whether it is the short form of a field.
    places: BTreeMap<String, Vec<(usize, usize, bool)>>,
    bound: std::collections::BTreeSet<String>,
}

impl Variables {
    fn add(&mut self, name: &syn::Ident, short: bool) {
        let place = at(name);
        self.places
            .entry(name.to_string())
            .or_default()
            .push((place.start, place.end, short));
    }
}

impl<'ast> Visit<'ast> for Variables {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.add(&pattern.ident, false);
        self.bound.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_field_pat(&mut self, field: &'ast syn::FieldPat) {
        // `Point { x }` binds and names a field at once; `ref x` would need more.
        match (&field.colon_token, &*field.pat) {
            (None, syn::Pat::Ident(pattern))
                if pattern.by_ref.is_none() && pattern.mutability.is_none() =>
            {
                self.add(&pattern.ident, true);
                self.bound.insert(pattern.ident.to_string());
            }
            (None, _) => {}
            (Some(_), pattern) => self.visit_pat(pattern),
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        match (&field.colon_token, &field.expr) {
            (None, syn::Expr::Path(path)) => {
                if let Some(name) = path.path.get_ident() {
                    self.add(name, true);
                }
            }
            _ => self.visit_expr(&field.expr),
        }
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if path.qself.is_none()
            && let Some(name) = path.path.get_ident()
        {
            self.add(name, false);
        }
    }
}
