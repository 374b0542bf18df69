//! T8: other names for globals, modules and their functions.

use super::{Code, with_code};
use crate::transform::Random;
use crate::transform::edit::Edits;
use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression};
use oxc_semantic::{AstNode, SymbolId};
use oxc_span::GetSpan;
use std::collections::{BTreeMap, BTreeSet};

/// Globals that may have another name.
const GLOBALS: &[&str] = &[
    "require",
    "process",
    "Buffer",
    "JSON",
    "fetch",
    "Function",
    "globalThis",
    "atob",
    "String",
    "Object",
];

/// Modules whose functions do not look at `this`.
const MODULES: &[&str] = &[
    "http",
    "https",
    "fs",
    "child_process",
    "os",
    "path",
    "dns",
    "net",
    "tls",
    "zlib",
    "vm",
    "util",
    "fs/promises",
];

/// Binds globals and functions of modules to new names, and uses those.
pub fn alias(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() || code.has_markup() {
            return None;
        }
        let mut edits = Edits::default();
        globals(code, random, &mut edits);
        functions(code, random, &mut edits);
        edits.apply(text)
    })
}

fn globals(code: &Code<'_>, random: &mut Random, edits: &mut Edits) {
    let Some(head) = code.head() else {
        return;
    };
    for global in GLOBALS {
        let uses = code.unresolved(global);
        // In a module `require` is not there; it would be an error to name it.
        let absent = *global == "require" && code.is_module();
        let asked = uses.iter().any(|node| !is_read(code, node));
        if uses.is_empty() || absent || asked || random.chance(1, 4) {
            continue;
        }
        let name = random.name(code.text);
        let keyword = if code.is_typescript() || random.chance(1, 2) {
            "const"
        } else {
            "var"
        };
        edits.insert(head, format!("{keyword} {name} = {global};\n"));
        for node in uses {
            let at = node.span();
            let short = matches!(code.parent(node), AstKind::ObjectProperty(property) if property.shorthand);
            let with = if short {
                format!("{global}: {name}")
            } else {
                name.clone()
            };
            edits.replace(at.start as usize, at.end as usize, with);
        }
    }
}

/// A use that only reads the value: not `typeof a`, not `a = b`, no type.
fn is_read(code: &Code<'_>, node: &AstNode<'_>) -> bool {
    match code.semantic.nodes().parent_kind(node.id()) {
        AstKind::AssignmentExpression(assignment) => assignment.left.span() != node.span(),
        AstKind::UnaryExpression(_)
        | AstKind::UpdateExpression(_)
        | AstKind::TSTypeQuery(_)
        | AstKind::TSTypeReference(_)
        | AstKind::TSQualifiedName(_)
        | AstKind::TSClassImplements(_)
        | AstKind::TSInterfaceHeritage(_)
        | AstKind::ExportSpecifier(_)
        | AstKind::ForInStatement(_)
        | AstKind::ForOfStatement(_)
        | AstKind::AssignmentTargetPropertyIdentifier(_)
        | AstKind::ArrayAssignmentTarget(_) => false,
        _ => true,
    }
}

/// `const {get: g} = https;` behind the place where `https` is declared at the top.
fn functions(code: &Code<'_>, random: &mut Random, edits: &mut Edits) {
    let scoping = code.semantic.scoping();
    for (symbol, name, end) in modules(code) {
        if scoping.symbol_is_mutated(symbol) {
            continue;
        }
        // The calls of each function, and the functions that are given another value.
        let mut calls: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        let mut changed: BTreeSet<String> = BTreeSet::new();
        for node in code.nodes() {
            let AstKind::StaticMemberExpression(member) = node.kind() else {
                continue;
            };
            let ours = matches!(&member.object, Expression::Identifier(found)
                if code.symbol_of(found) == Some(symbol));
            if !ours || member.optional {
                continue;
            }
            let property = member.property.name.to_string();
            match code.parent(node) {
                AstKind::CallExpression(call)
                    if call.callee.span() == member.span && !call.optional =>
                {
                    calls
                        .entry(property)
                        .or_default()
                        .push((member.span.start as usize, member.span.end as usize));
                }
                AstKind::AssignmentExpression(assignment)
                    if assignment.left.span() == member.span =>
                {
                    changed.insert(property);
                }
                _ => {}
            }
        }
        for (function, places) in calls {
            if changed.contains(&function) || random.chance(1, 4) {
                continue;
            }
            let alias = random.name(code.text);
            let bound = if random.chance(1, 2) {
                format!("\nconst {{ {function}: {alias} }} = {name};")
            } else {
                format!("\nconst {alias} = {name}.{function};")
            };
            edits.insert(end, bound);
            for (start, end) in places {
                edits.replace(start, end, alias.clone());
            }
        }
    }
}

/// Modules that are bound at the top: symbol, name, and where their statement ends.
fn modules(code: &Code<'_>) -> Vec<(SymbolId, String, usize)> {
    let known = |source: &str| MODULES.contains(&source.trim_start_matches("node:"));
    let mut found = Vec::new();
    for node in code.nodes() {
        match node.kind() {
            AstKind::VariableDeclaration(variables)
                if matches!(code.parent(node), AstKind::Program(_)) =>
            {
                for variable in &variables.declarations {
                    let BindingPattern::BindingIdentifier(name) = &variable.id else {
                        continue;
                    };
                    let source = match &variable.init {
                        Some(Expression::CallExpression(call)) => call.common_js_require(),
                        _ => None,
                    };
                    if let Some(source) = source
                        && known(&source.value)
                        && let Some(symbol) = name.symbol_id.get()
                    {
                        found.push((symbol, name.name.to_string(), variables.span.end as usize));
                    }
                }
            }
            AstKind::ImportDefaultSpecifier(specifier) => {
                if let AstKind::ImportDeclaration(import) = code.parent(node)
                    && known(&import.source.value)
                    && let Some(symbol) = specifier.local.symbol_id.get()
                {
                    let name = specifier.local.name.to_string();
                    found.push((symbol, name, import.span.end as usize));
                }
            }
            AstKind::ImportNamespaceSpecifier(specifier) => {
                if let AstKind::ImportDeclaration(import) = code.parent(node)
                    && known(&import.source.value)
                    && let Some(symbol) = specifier.local.symbol_id.get()
                {
                    let name = specifier.local.name.to_string();
                    found.push((symbol, name, import.span.end as usize));
                }
            }
            _ => {}
        }
    }
    found
}
