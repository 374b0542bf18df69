//! Macros in their places: those of the file, and code that is handed to others.

use super::Lowering;
use super::rules::Expanded;
use crate::ir::{Expr as Ir, ExprId, Span};
use crate::limit::reading;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Item, Lit, Stmt};

/// Macros that give items, within each other: rustc expands no more.
const LEVELS: usize = 128;

/// Macros whose code is not run where it stands: it becomes text or a part of what is compiled.
fn only_quotes(name: &str) -> bool {
    name.contains("quote") || matches!(name, "stringify" | "macro_rules")
}

impl Lowering {
    /// Notes a macro that an item declares; gives whether it does.
    pub(super) fn rules_of(&mut self, item: &syn::ItemMacro) -> bool {
        let Some(name) = item
            .ident
            .as_ref()
            .filter(|_| item.mac.path.is_ident("macro_rules"))
        else {
            return false;
        };
        self.rules.note(name.to_string(), item.mac.tokens.clone());
        true
    }

    /// What a call gives, where it means a macro of the file: `std::write!` does not mean one that is
    /// called `write`.
    fn expand(&mut self, call: &syn::Macro) -> Expanded {
        let mut names = call.path.segments.iter().rev();
        let Some(name) = names.next() else {
            return Expanded::Unknown;
        };
        let is_own = names.all(|around| {
            let around = around.ident.to_string();
            matches!(around.as_str(), "crate" | "self" | "super")
        });
        match is_own {
            true => self.rules.expand(&name.ident.to_string(), &call.tokens),
            false => Expanded::Unknown,
        }
    }

    /// Items with what macros among them give.
    pub(super) fn expanded(&mut self, items: Vec<Item>, level: usize) -> Vec<Item> {
        if !items
            .iter()
            .any(|item| matches!(item, Item::Macro(_) | Item::Mod(_)))
        {
            return items;
        }
        if level > LEVELS {
            self.builder.note(reading::TOO_DEEP);
            return items;
        }
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Macro(call) => {
                    if self.rules_of(&call) {
                        continue;
                    }
                    match self.items_of(&call.mac) {
                        Some(inner) => out.extend(self.expanded(inner, level + 1)),
                        None => out.push(Item::Macro(call)),
                    }
                }
                Item::Mod(mut module) => {
                    if let Some((brace, inner)) = module.content.take() {
                        module.content = Some((brace, self.expanded(inner, level + 1)));
                    }
                    out.push(Item::Mod(module));
                }
                other => out.push(other),
            }
        }
        out
    }

    /// The items that a macro stands for: one of the file, or code that another one is handed.
    fn items_of(&mut self, call: &syn::Macro) -> Option<Vec<Item>> {
        let name = call.path.segments.last()?.ident.to_string();
        match self.expand(call) {
            Expanded::To(tokens) => return items(tokens),
            Expanded::Spent => {
                self.builder.note(reading::TOO_DEEP);
                return None;
            }
            Expanded::Unknown => {}
        }
        if only_quotes(&name) {
            return None;
        }
        // `lazy_static! { static ref A: B = …; }`, `thread_local! { static A: B = …; }`.
        let is_ref = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "ref");
        let plain: TokenStream = call
            .tokens
            .clone()
            .into_iter()
            .filter(|token| !is_ref(token))
            .collect();
        if let Some(found) = items(plain).filter(|found| !found.is_empty()) {
            return Some(found);
        }
        // `cfg_if! { if #[cfg(unix)] { … } else { … } }`.
        let found: Vec<Item> = blocks(&call.tokens).filter_map(items).flatten().collect();
        (!found.is_empty()).then_some(found)
    }

    /// The statements that a macro of the file stands for.
    pub(super) fn statements_of(&mut self, call: &syn::Macro) -> Option<Vec<Stmt>> {
        match self.expand(call) {
            Expanded::To(tokens) => statements(tokens),
            Expanded::Spent => {
                self.builder.note(reading::TOO_DEEP);
                None
            }
            Expanded::Unknown => None,
        }
    }

    /// Code that a macro of somebody else is handed which is no list of values: whoever gets it
    /// runs it.
    pub(super) fn handed_to(&mut self, name: &str, call: &syn::Macro, at: Span) -> Vec<ExprId> {
        if only_quotes(name) {
            return Vec::new();
        }
        let whole = statements(call.tokens.clone()).filter(|all| !all.is_empty());
        let all: Vec<Vec<Stmt>> = match whole {
            Some(whole) => vec![whole],
            None => blocks(&call.tokens).filter_map(statements).collect(),
        };
        all.into_iter().map(|all| self.part(&all, at)).collect()
    }

    /// Statements as a function.
    fn part(&mut self, statements: &[Stmt], at: Span) -> ExprId {
        let (id, back) = self.builder.enter_function(None, true);
        let around = std::mem::take(&mut self.body);
        if let Some(last) = self.deeper(|this| this.statements(statements)).flatten() {
            self.builder.function_mut(id).returns.push(last);
            self.give(last);
        }
        let body = std::mem::replace(&mut self.body, around);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        self.builder.add(Ir::Function(id), at)
    }

    /// `include!("path")` where items stand: its names are names of the file.
    pub(super) fn included(&mut self, call: &syn::Macro) {
        let last = call.path.segments.last();
        if last.is_some_and(|segment| segment.ident == "include")
            && let Ok(path) = call.parse_body::<Expr>()
            && let Some(path) = written(&path)
        {
            self.builder.star(&path);
        }
    }
}

/// A path as it is written out, with where the package lies.
fn written(path: &Expr) -> Option<String> {
    match path {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::Group(inner) => written(&inner.expr),
        Expr::Macro(call) => {
            let name = call.mac.path.segments.last()?.ident.to_string();
            let arguments = call
                .mac
                .parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated)
                .ok()?;
            match name.as_str() {
                "concat" => arguments.iter().map(written).collect(),
                "env" => match written(arguments.first()?)?.as_str() {
                    "CARGO_MANIFEST_DIR" => Some(PACKAGE.to_owned()),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

/// Where the package lies, as the machine writes it.
const PACKAGE: &str = "\u{fdd0}package\u{fdd1}";

fn items(tokens: TokenStream) -> Option<Vec<Item>> {
    syn::parse2::<syn::File>(tokens).ok().map(|file| file.items)
}

fn statements(tokens: TokenStream) -> Option<Vec<Stmt>> {
    Block::parse_within.parse2(tokens).ok()
}

/// What stands in braces.
fn blocks(tokens: &TokenStream) -> impl Iterator<Item = TokenStream> {
    tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    })
}
