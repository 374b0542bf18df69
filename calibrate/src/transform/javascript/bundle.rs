//! T6: a package in one file, as a bundler writes it.

use super::top::{Sort, tops};
use super::{Code, is_code, quote, sound, with_code};
use crate::transform::edit::{Edits, extension, file_name, folder, has_word};
use crate::transform::{File, Random};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    Declaration, ExportDefaultDeclarationKind, ImportOrExportKind, ModuleExportName, Statement,
};
use oxc_span::GetSpan;
use std::collections::{BTreeMap, BTreeSet};

/// Wraps each entry, with the files of the package that it requires.
pub fn bundle(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut required = BTreeSet::new();
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        for (_, target) in relative(files, path, text) {
            required.insert(target);
        }
    }
    let mut out = files.to_vec();
    let mut inlined = BTreeSet::new();
    let mut any = false;
    for (path, text) in files
        .iter()
        .filter(|(path, _)| is_code(path) && !required.contains(path))
    {
        let Some(is_module) = with_code(path, text, |code| Some(code.is_module())) else {
            continue;
        };
        let bundled = if is_module {
            with_code(path, text, |code| module(code, random))
        } else {
            common(files, path, random).map(|(text, used)| {
                inlined.extend(used);
                text
            })
        };
        if let Some(bundled) = bundled.filter(|bundled| sound(path, text, bundled))
            && let Some(file) = out.iter_mut().find(|(other, _)| other == path)
        {
            file.1 = bundled;
            any = true;
        }
    }
    // What is in a bundle is not shipped beside it, unless a manifest names it.
    out.retain(|(path, _)| {
        !inlined.contains(path)
            || files
                .iter()
                .any(|(other, text)| !is_code(other) && has_word(text, file_name(path)))
    });
    any.then_some(out)
}

/// The files of the package that a file requires by relative names: the places of the calls
/// and the paths.
fn relative(files: &[File], path: &str, text: &str) -> Vec<((usize, usize), String)> {
    with_code(path, text, |code| {
        let mut found = Vec::new();
        for node in code.nodes() {
            if let AstKind::CallExpression(call) = node.kind()
                && let Some(source) = call.common_js_require()
                && let Some(target) = resolve(files, path, &source.value)
            {
                let place = (call.span.start as usize, call.span.end as usize);
                found.push((place, target));
            }
            if let AstKind::ImportDeclaration(import) = node.kind()
                && let Some(target) = resolve(files, path, &import.source.value)
            {
                let place = (import.span.start as usize, import.span.end as usize);
                found.push((place, target));
            }
        }
        Some(found)
    })
    .unwrap_or_default()
}

fn resolve(files: &[File], from: &str, specifier: &str) -> Option<String> {
    if !specifier.starts_with("./") && !specifier.starts_with("../") {
        return None;
    }
    let mut parts: Vec<&str> = folder(from)
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in specifier.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let base = parts.join("/");
    [
        String::new(),
        ".js".into(),
        ".cjs".into(),
        ".mjs".into(),
        ".ts".into(),
        "/index.js".into(),
    ]
    .iter()
    .map(|end| format!("{base}{end}"))
    .find(|path| is_code(path) && files.iter().any(|(other, _)| other == path))
}

/// One function a file, and a loader: what webpack writes.
fn common(files: &[File], entry: &str, random: &mut Random) -> Option<(String, Vec<String>)> {
    let all: String = files.iter().map(|(_, text)| text.as_str()).collect();
    let (modules, cache, load) = (random.name(&all), random.name(&all), random.name(&all));
    let mut order = vec![entry.to_owned()];
    let mut bodies = BTreeMap::new();
    let mut line = String::new();
    let mut next = 0;
    while let Some(path) = order.get(next).cloned() {
        let (_, text) = files.iter().find(|(other, _)| *other == path)?;
        if next > 0 && !matches!(extension(&path), "js" | "cjs") {
            return None;
        }
        let targets = relative(files, &path, text);
        let is_entry = next == 0;
        let body = with_code(&path, text, |code| {
            if code.is_module() || code.reads_itself() || !wrappable(code, is_entry) {
                return None;
            }
            let mut edits = Edits::default();
            for ((start, end), target) in &targets {
                let number = match order.iter().position(|other| other == target) {
                    Some(number) => number,
                    None => {
                        order.push(target.clone());
                        order.len() - 1
                    }
                };
                edits.replace(*start, *end, format!("{load}({number})"));
            }
            let mut changed = if edits.is_empty() {
                text.clone()
            } else {
                edits.apply(text)?
            };
            if let Some(found) = &code.program.hashbang {
                // The `#!` line is the first one; no edit stands before it.
                let hash = code.slice(found.span).to_owned();
                changed = changed.get(hash.len()..)?.to_owned();
                if is_entry {
                    line = format!("{hash}\n");
                }
            }
            Some(changed)
        })?;
        bodies.insert(next, body);
        next += 1;
    }
    let bodies: Vec<String> = bodies
        .iter()
        .map(|(number, body)| {
            format!("{number}: function (module, exports, {load}) {{\n{body}\n}}")
        })
        .collect();
    let text = format!(
        "{line}var {modules} = {{\n{}\n}};\nvar {cache} = {{}};\nfunction {load}(id) {{\n  var hit = {cache}[id];\n  if (hit !== undefined) return hit.exports;\n  var made = ({cache}[id] = {{ exports: {{}} }});\n  {modules}[id].call(made.exports, made, made.exports, {load});\n  return made.exports;\n}}\nmodule.exports = {load}(0);\n",
        bodies.join(",\n")
    );
    Some((text, order.split_off(1)))
}

/// It asks nothing of its `module` but `exports`; only the entry may ask where it stands.
fn wrappable(code: &Code<'_>, is_entry: bool) -> bool {
    let module_is_exports = code.unresolved("module").iter().all(|node| {
        matches!(code.parent(node), AstKind::StaticMemberExpression(member)
            if member.property.name == "exports")
    });
    module_is_exports
        && !code.text.contains("require.main")
        && (is_entry || (!code.text.contains("__dirname") && !code.text.contains("__filename")))
}

/// A module: imports and exports stay at the top, all else goes into a function.
fn module(code: &Code<'_>, random: &mut Random) -> Option<String> {
    if code.reads_itself() {
        return None;
    }
    let tops = tops(code);
    if tops.iter().any(|top| top.waits || top.this) {
        return None;
    }
    let (modules, out) = (random.name(code.text), random.name(code.text));
    let inner = random.name(code.text);
    let mut imports = String::new();
    let mut body = String::new();
    let mut exports: Vec<(String, Option<String>)> = Vec::new();
    for (top, statement) in tops.iter().zip(&code.program.body) {
        match top.sort {
            Sort::Import => {
                imports.push_str(&top.closed(code));
                imports.push('\n');
            }
            Sort::Export => exported(code, statement, &mut body, &mut exports)?,
            _ => {
                body.push_str(&top.closed(code));
                body.push('\n');
            }
        }
    }
    let mut after = String::new();
    for (name, local) in &exports {
        let local = local.as_deref().unwrap_or(name);
        body.push_str(&format!("{inner}[{}] = {local};\n", quote(name)));
        after.push_str(&if name == "default" {
            format!("export default {out}[{}];\n", quote(name))
        } else {
            format!("export const {name} = {out}[{}];\n", quote(name))
        });
    }
    let prologue = code.prologue();
    Some(format!(
        "{prologue}\n{imports}var {modules} = {{\n0: function ({inner}) {{\n{body}}}\n}};\nvar {out} = {{}};\n{modules}[0]({out});\n{after}"
    ))
}

/// Writes an exported statement as a plain one, and notes what it exports.
fn exported(
    code: &Code<'_>,
    statement: &Statement<'_>,
    body: &mut String,
    exports: &mut Vec<(String, Option<String>)>,
) -> Option<()> {
    match statement {
        Statement::ExportDefaultDeclaration(export) => {
            let text = code.of(&export.declaration);
            let name = match &export.declaration {
                ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                    function.id.as_ref().map(|name| name.name.to_string())
                }
                ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                    class.id.as_ref().map(|name| name.name.to_string())
                }
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return None,
                _ => None,
            };
            let local = match name {
                Some(name) => {
                    body.push_str(&format!("{text};\n"));
                    name
                }
                None => {
                    let text = text.trim_end().trim_end_matches(';');
                    body.push_str(&format!("const __default = {text};\n"));
                    "__default".to_owned()
                }
            };
            exports.push(("default".to_owned(), Some(local)));
        }
        Statement::ExportDeclaration(export) => {
            let names: Vec<String> = match &export.declaration {
                Declaration::VariableDeclaration(variables) => variables
                    .declarations
                    .iter()
                    .flat_map(|variable| variable.id.get_binding_identifiers())
                    .map(|name| name.name.to_string())
                    .collect(),
                Declaration::FunctionDeclaration(function) => {
                    vec![function.id.as_ref()?.name.to_string()]
                }
                Declaration::ClassDeclaration(class) => vec![class.id.as_ref()?.name.to_string()],
                _ => return None,
            };
            body.push_str(code.slice(export.declaration.span()).trim_end());
            body.push_str(";\n");
            exports.extend(names.into_iter().map(|name| (name, None)));
        }
        Statement::ExportNamedDeclaration(export) => {
            if export.export_kind != ImportOrExportKind::Value {
                return None;
            }
            for specifier in &export.specifiers {
                let (
                    ModuleExportName::IdentifierReference(local),
                    ModuleExportName::IdentifierName(name),
                ) = (&specifier.local, &specifier.exported)
                else {
                    return None;
                };
                exports.push((name.name.to_string(), Some(local.name.to_string())));
            }
        }
        _ => return None,
    }
    Some(())
}
