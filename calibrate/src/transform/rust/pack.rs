//! T5: one line. T6: modules in the file that names them. T9: functions out of a table.

use super::{at, is_code, read, sound};
use crate::transform::edit::{Edits, file_name, folder, has_word};
use crate::transform::{File, Random};
use proc_macro2::TokenStream;
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Item, Visibility};

/// T5: the tokens alone; what documents becomes an attribute.
pub fn minify(_path: &str, text: &str, _random: &mut Random) -> Option<String> {
    read(text)?;
    let tokens: TokenStream = text.parse().ok()?;
    Some(format!("{tokens}\n"))
}

/// T6: modules that have a file come into the one that names them; where there is none, all
/// that the file does stands in a module.
pub fn bundle(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        if let Some((changed, gone)) = inlined(&out, path, text) {
            put(&mut out, path, changed);
            out.retain(|(other, _)| !gone.contains(other));
            any = true;
        } else if let Some(changed) = wrapped(text, random).filter(|c| sound(path, text, c)) {
            put(&mut out, path, changed);
            any = true;
        }
    }
    any.then_some(out)
}

fn put(files: &mut [File], path: &str, text: String) {
    if let Some(file) = files.iter_mut().find(|(other, _)| other == path) {
        file.1 = text;
    }
}

/// Whether code reads files by where it stands.
fn reads_beside(text: &str) -> bool {
    ["include", "include_str", "include_bytes", "file"]
        .iter()
        .any(|name| text.contains(&format!("{name}!")))
}

fn inlined(files: &[File], path: &str, text: &str) -> Option<(String, Vec<String>)> {
    if !matches!(file_name(path), "lib.rs" | "main.rs" | "build.rs") {
        return None;
    }
    let file = read(text)?;
    let mut edits = Edits::default();
    let mut gone = Vec::new();
    for item in &file.items {
        let Item::Mod(module) = item else { continue };
        let (None, Some(semicolon)) = (&module.content, &module.semi) else {
            continue;
        };
        if !module.attrs.is_empty() {
            continue;
        }
        let beside = format!("{}{}.rs", folder(path), module.ident);
        let Some((_, inner)) = files.iter().find(|(other, _)| *other == beside) else {
            continue;
        };
        let has_modules = read(inner)?
            .items
            .iter()
            .any(|item| matches!(item, Item::Mod(_)));
        if has_modules || inner.starts_with("//!") || inner.starts_with("#!") {
            continue;
        }
        let place = at(semicolon);
        edits.replace(place.start, place.end, format!(" {{\n{inner}}}"));
        gone.push(beside);
    }
    let changed = edits.apply(text)?;
    sound(path, text, &changed).then_some((changed, gone))
}

/// The whole file as a module, what it offers offered again.
fn wrapped(text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let tied = text.contains("macro_rules!")
        || text.contains("proc_macro")
        || reads_beside(text)
        || ["crate", "super", "self", "extern"]
            .iter()
            .any(|word| has_word(text, word))
        || file.items.iter().any(|item| matches!(item, Item::Mod(_)));
    let first = file.items.first()?;
    if tied || (!file.attrs.is_empty() && at(first).start == 0) {
        return None;
    }
    let name = format!("m{}", random.name(text).trim_matches('_'));
    let mut edits = Edits::default();
    let start = at(first).start;
    edits.insert(start, format!("mod {name} {{\n"));
    let mut after = String::from("\n}\n");
    let main = file.items.iter().find_map(|item| match item {
        Item::Fn(item) if item.sig.ident == "main" && item.attrs.is_empty() => Some(item),
        _ => None,
    });
    match main {
        Some(main) if main.sig.asyncness.is_none() => {
            if matches!(main.vis, Visibility::Inherited) {
                edits.insert(at(main).start, "pub ");
            }
            let gives = match main.sig.output {
                syn::ReturnType::Default => "",
                syn::ReturnType::Type(..) => "-> impl std::process::Termination ",
            };
            after.push_str(&format!("fn main() {gives}{{\n    {name}::main()\n}}\n"));
        }
        Some(_) => return None,
        None => after.push_str(&format!("pub use {name}::*;\n")),
    }
    edits.insert(text.len(), after);
    edits.apply(text)
}

/// T9: functions that are called as the element of a tuple or a list.
pub fn computed(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut calls = Calls::default();
    for item in &file.items {
        if let Item::Fn(item) = item {
            calls.own.insert(item.sig.ident.to_string());
        }
    }
    calls.visit_file(&file);
    let mut edits = Edits::default();
    for (start, end) in calls.found {
        if random.chance(1, 6) {
            continue;
        }
        let name = text.get(start..end)?;
        let with = match random.below(3) {
            0 => format!("(({name}, 0u8).0)"),
            1 => format!("([{name}][0])"),
            _ => format!("({{ let f = {name}; f }})"),
        };
        edits.replace(start, end, with);
    }
    edits.apply(text)
}

#[derive(Default)]
struct Calls {
    /// Functions of the file.
    own: BTreeSet<String>,
    found: Vec<(usize, usize)>,
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && path.qself.is_none()
            && let Some(last) = path.path.segments.last()
        {
            // `Some` and its like make values; a variable may hold a closure that changes.
            let name = last.ident.to_string();
            let is_function = name.starts_with(|c: char| c.is_ascii_lowercase())
                && (path.path.segments.len() > 1 || self.own.contains(&name));
            if is_function {
                let place = at(path);
                self.found.push((place.start, place.end));
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_item_const(&mut self, _item: &'ast syn::ItemConst) {}

    fn visit_item_static(&mut self, _item: &'ast syn::ItemStatic) {}
}
