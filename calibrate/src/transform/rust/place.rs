//! T2: functions in other modules. T12: texts and functions in files that the compiler
//! reads in.

use super::change::Literals;
use super::{at, is_code, read, sound};
use crate::transform::edit::{Edits, file_name, folder};
use crate::transform::{File, Random, new_path};
use syn::visit::Visit;
use syn::{FnArg, Item, Pat, Visibility};

/// Names for new files that look like any other.
const STEMS: &[&str] = &["util", "imp", "sys", "support", "detail"];

/// Files whose modules stand beside them.
fn is_root(path: &str) -> bool {
    matches!(
        file_name(path),
        "lib.rs" | "main.rs" | "build.rs" | "mod.rs"
    )
}

/// T2: functions, or the body of `main`, in a module of their own.
pub fn split(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    each_with_new(files, "rs", random, |path, text, new, random| {
        let name = file_name(new).trim_end_matches(".rs");
        let (mut edits, moved, names) = moved(text, random)?;
        let by_path = !is_root(path) || random.chance(1, 3);
        let place = if by_path {
            format!("#[path = {:?}]\n", file_name(new))
        } else {
            String::new()
        };
        let used = if names.is_empty() {
            String::new()
        } else {
            format!("use {name}::{{{}}};\n", names.join(", "))
        };
        edits.insert(text.len(), format!("\n{place}mod {name};\n{used}"));
        let part = format!("#[allow(unused_imports)]\nuse super::*;\n\n{moved}");
        Some((edits.apply(text)?, part))
    })
}

/// Functions that may stand elsewhere, taken out: the edits, their text, and their names.
fn moved(text: &str, random: &mut Random) -> Option<(Edits, String, Vec<String>)> {
    // Where a macro is seen, and what is above, depends on the place.
    if ["macro_rules!", "super::", "self::"]
        .iter()
        .any(|word| text.contains(word))
    {
        return None;
    }
    let file = read(text)?;
    let mut edits = Edits::default();
    let mut moved = String::new();
    let mut names = Vec::new();
    let is_free = |item: &&syn::ItemFn| item.attrs.is_empty() && item.sig.ident != "main";
    let functions = || {
        file.items.iter().filter_map(|item| match item {
            Item::Fn(item) => Some(item),
            _ => None,
        })
    };
    for item in functions().filter(is_free) {
        // Who uses the crate finds a public one where it was.
        if !matches!(item.vis, Visibility::Inherited) {
            continue;
        }
        let place = at(item);
        moved.push_str(&format!("pub(super) {}\n\n", text.get(place.clone())?));
        names.push(item.sig.ident.to_string());
        edits.replace(place.start, place.end, "");
    }
    if !names.is_empty() {
        return Some((edits, moved, names));
    }
    // What remains has a name that others call: only what it does moves.
    for item in functions() {
        let (open, close) = (
            item.block.brace_token.span.open().byte_range().end,
            item.block.brace_token.span.close().byte_range().start,
        );
        let Some(given) = names_of(&item.sig) else {
            continue;
        };
        if item.block.stmts.is_empty() {
            continue;
        }
        let name = format!("f{}", random.name(text).trim_matches('_'));
        let from = item.sig.paren_token.span.open().byte_range().start;
        let takes = text.get(from..open.saturating_sub(1))?;
        moved.push_str(&format!(
            "pub(super) fn {name}{takes}{{{}}}\n\n",
            text.get(open..close)?
        ));
        edits.replace(open, close, format!("\n    {name}({})\n", given.join(", ")));
        names.push(name);
    }
    (!names.is_empty()).then_some((edits, moved, names))
}

/// The names of its arguments, where a call with them does the same.
fn names_of(signature: &syn::Signature) -> Option<Vec<String>> {
    let is_plain = signature.asyncness.is_none()
        && signature.unsafety.is_none()
        && signature.constness.is_none()
        && signature.abi.is_none()
        && signature.generics.params.is_empty()
        && signature.generics.where_clause.is_none();
    if !is_plain {
        return None;
    }
    let name = |input: &FnArg| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                Some(name.ident.to_string())
            }
            _ => None,
        },
        FnArg::Receiver(_) => None,
    };
    signature.inputs.iter().map(name).collect()
}

/// T12: a text from a file beside the code, or functions from one whose name promises none.
pub fn into_data(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let code = random.chance(1, 2);
    each_with_new(
        files,
        if code { "in" } else { "txt" },
        random,
        |_, text, new, _| {
            if code {
                included(text, file_name(new)).or_else(|| longest(text, file_name(new)))
            } else {
                longest(text, file_name(new)).or_else(|| included(text, file_name(new)))
            }
        },
    )
}

/// The longest text of a file.
fn longest(text: &str, new: &str) -> Option<(String, String)> {
    let file = read(text)?;
    let mut literals = Literals::default();
    literals.visit_file(&file);
    let (start, end, value, _) = literals
        .found
        .into_iter()
        .filter(|(_, _, value, _)| value.len() > 3)
        .max_by_key(|(start, _, value, _)| (value.len(), std::cmp::Reverse(*start)))?;
    let mut edits = Edits::default();
    edits.replace(start, end, format!("include_str!({new:?})"));
    Some((edits.apply(text)?, value))
}

/// Functions that are read in as they were written.
fn included(text: &str, new: &str) -> Option<(String, String)> {
    let file = read(text)?;
    let mut edits = Edits::default();
    let mut moved = String::new();
    for item in &file.items {
        let Item::Fn(item) = item else { continue };
        let is_macro = item.attrs.iter().any(|a| {
            a.path()
                .get_ident()
                .is_some_and(|name| name.to_string().starts_with("proc_macro"))
        });
        // The compiler looks for `main` and for macros in the file itself.
        if item.sig.ident == "main" || is_macro {
            continue;
        }
        let place = at(item);
        moved.push_str(text.get(place.clone())?);
        moved.push_str("\n\n");
        edits.replace(place.start, place.end, "");
    }
    if moved.is_empty() {
        return None;
    }
    edits.insert(text.len(), format!("\ninclude!({new:?});\n"));
    Some((edits.apply(text)?, moved))
}

/// Changes files that each get a new one beside them: the changed text, and the new one's.
fn each_with_new(
    files: &[File],
    extension: &str,
    random: &mut Random,
    mut change: impl FnMut(&str, &str, &str, &mut Random) -> Option<(String, String)>,
) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        // Paths in macros are told from the file that they stand in.
        let new = new_path(&out, folder(path), STEMS, extension, random);
        let Some((changed, part)) = change(path, text, &new, random) else {
            continue;
        };
        let part_is_sound = extension == "txt" || syn::parse_file(&part).is_ok();
        if changed == *text || !sound(path, text, &changed) || !part_is_sound {
            continue;
        }
        if let Some(file) = out.iter_mut().find(|(other, _)| other == path) {
            file.1 = changed;
        }
        out.push((new, part));
        any = true;
    }
    any.then_some(out)
}
