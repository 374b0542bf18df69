//! T1: other names for what a file declares.

use super::{Code, with_code};
use crate::transform::Random;
use crate::transform::edit::Edits;
use oxc_ast::AstKind;
use oxc_ast::ast::Declaration;
use oxc_semantic::{AstNode, SymbolFlags, SymbolId};
use oxc_span::GetSpan;
use std::collections::{HashMap, HashSet};

/// Renames variables, functions, classes, parameters and imports, each in its scope.
pub fn rename(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.has_markup() || code.reads_itself() {
            return None;
        }
        let kept = kept(code)?;
        let scoping = code.semantic.scoping();
        let mut names: HashMap<SymbolId, String> = HashMap::new();
        for symbol in scoping.symbol_ids() {
            let flags = scoping.symbol_flags(symbol);
            let is_value = flags.intersects(SymbolFlags::Value | SymbolFlags::Import);
            let is_type = flags.intersects(
                SymbolFlags::EnumMember
                    | SymbolFlags::TypeImport
                    | SymbolFlags::TypeAlias
                    | SymbolFlags::Interface
                    | SymbolFlags::TypeParameter
                    | SymbolFlags::NamespaceModule
                    | SymbolFlags::ValueModule
                    | SymbolFlags::Ambient,
            );
            // `this` as a parameter of TypeScript is no name.
            let is_name = !matches!(
                scoping.symbol_name(symbol),
                "this" | "arguments" | "default"
            );
            if is_value && !is_type && is_name && !kept.contains(&symbol) {
                let name = random.name(text);
                if !names.values().any(|other| *other == name) {
                    names.insert(symbol, name);
                }
            }
        }
        let mut edits = Edits::default();
        for node in code.nodes() {
            rename_node(code, node, &names, &mut edits);
        }
        edits.apply(text)
    })
}

fn rename_node(
    code: &Code<'_>,
    node: &AstNode<'_>,
    names: &HashMap<SymbolId, String>,
    edits: &mut Edits,
) {
    let at = node.span();
    let (old, symbol) = match node.kind() {
        AstKind::BindingIdentifier(name) => (name.name.as_str(), name.symbol_id.get()),
        AstKind::IdentifierReference(name) => (name.name.as_str(), code.symbol_of(name)),
        _ => return,
    };
    let Some(new) = symbol.and_then(|symbol| names.get(&symbol)) else {
        return;
    };
    let nodes = code.semantic.nodes();
    let parent = nodes.parent_kind(node.id());
    let above = nodes.parent_kind(nodes.parent_id(node.id()));
    // In a short form the name is a property too, and properties keep their names.
    let is_short = match parent {
        AstKind::ObjectProperty(property) => property.shorthand,
        AstKind::BindingProperty(property) => property.shorthand && property.value.span() == at,
        AstKind::AssignmentPattern(pattern) => {
            pattern.left.span() == at
                && matches!(above, AstKind::BindingProperty(property)
                    if property.shorthand && property.value.span() == pattern.span)
        }
        AstKind::AssignmentTargetPropertyIdentifier(property) => property.binding.span == at,
        _ => false,
    };
    let is_import = matches!(parent, AstKind::ImportSpecifier(specifier)
        if specifier.imported.span() == specifier.local.span);
    let with = if is_short {
        format!("{old}: {new}")
    } else if is_import {
        format!("{old} as {new}")
    } else {
        new.clone()
    };
    edits.replace(at.start as usize, at.end as usize, with);
}

/// The symbols that keep their names: what is exported, and what `eval` may name. None when
/// nothing can be said about the file.
fn kept(code: &Code<'_>) -> Option<HashSet<SymbolId>> {
    let scoping = code.semantic.scoping();
    let mut kept = HashSet::new();
    let mut seen_by_eval = HashSet::new();
    for node in code.nodes() {
        match node.kind() {
            AstKind::WithStatement(_) | AstKind::TSNamespaceDeclaration(_) => return None,
            AstKind::ExportDeclaration(export) => match &export.declaration {
                Declaration::VariableDeclaration(variables) => {
                    for variable in &variables.declarations {
                        kept.extend(variable.id.get_symbol_ids());
                    }
                }
                Declaration::FunctionDeclaration(function) => {
                    kept.extend(function.id.as_ref().and_then(|name| name.symbol_id.get()));
                }
                Declaration::ClassDeclaration(class) => {
                    kept.extend(class.id.as_ref().and_then(|name| name.symbol_id.get()));
                }
                _ => {}
            },
            AstKind::FormalParameter(parameter) if parameter.has_modifier() => {
                kept.extend(parameter.pattern.get_symbol_ids());
            }
            AstKind::IdentifierReference(name) => {
                let parent = code.semantic.nodes().parent_kind(node.id());
                if matches!(parent, AstKind::ExportSpecifier(_)) {
                    kept.extend(code.symbol_of(name));
                }
                let is_eval = name.name == "eval"
                    && matches!(parent, AstKind::CallExpression(call) if call.callee.span() == name.span);
                if is_eval {
                    seen_by_eval.insert(node.scope_id());
                    seen_by_eval.extend(scoping.scope_ancestors(node.scope_id()));
                }
            }
            _ => {}
        }
    }
    kept.extend(
        scoping
            .symbol_ids()
            .filter(|symbol| seen_by_eval.contains(&scoping.symbol_scope_id(*symbol))),
    );
    Some(kept)
}
