//! T8: other names for modules, their functions and the language's own functions.

use super::{Code, Scope, at, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, has_word};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use std::collections::BTreeMap;

/// Functions of the language that may have another name.
const FUNCTIONS: &[&str] = &[
    "open",
    "exec",
    "eval",
    "compile",
    "getattr",
    "__import__",
    "bytes",
    "map",
];

/// Modules whose functions are there once they are imported.
const MODULES: &[&str] = &[
    "os",
    "sys",
    "subprocess",
    "socket",
    "base64",
    "json",
    "shutil",
    "platform",
    "zlib",
    "codecs",
    "marshal",
    "tempfile",
    "getpass",
    "requests",
    "ctypes",
    "importlib",
    "builtins",
];

/// Gives imports other names, and binds functions to names of their own.
pub fn alias(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() || has_word(text, "globals") || has_word(text, "locals") {
            return None;
        }
        let mut edits = Edits::default();
        let mut head = String::new();
        let bindings = bindings(code);
        for function in FUNCTIONS {
            let uses = uses(code, function);
            if uses.is_empty() || bindings.contains_key(*function) || random.chance(1, 4) {
                continue;
            }
            let name = random.name(text);
            head.push_str(&format!("{name} = {function}\n"));
            for (start, end) in uses {
                edits.replace(start, end, name.clone());
            }
        }
        if !head.is_empty()
            && let Some((start, _)) = code.lines().first()
            && Some(*start) == code.body.get(code.first()).map(super::begin)
        {
            edits.insert(*start, head);
        } else if !head.is_empty() {
            return None;
        }
        for (_, statement) in code.lines() {
            match statement {
                Stmt::Import(import) => {
                    for alias in &import.names {
                        let module = alias.name.as_str();
                        let fits = alias.asname.is_none()
                            && !module.contains('.')
                            && bindings.get(module) == Some(&1);
                        if fits && code.is_alone(statement) {
                            import_alias(code, statement, module, at(alias).1, random, &mut edits);
                        }
                    }
                }
                Stmt::ImportFrom(import) => {
                    for alias in &import.names {
                        let name = alias.name.as_str();
                        let fits = alias.asname.is_none()
                            && name != "*"
                            && name != "annotations"
                            && bindings.get(name) == Some(&1)
                            && free(code, name);
                        if !fits || random.chance(1, 4) {
                            continue;
                        }
                        let new = random.name(text);
                        edits.insert(at(alias).1, format!(" as {new}"));
                        for (start, end) in uses(code, name) {
                            edits.replace(start, end, new.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        edits.apply(text)
    })
}

/// `import os` becomes `import os as b`, or gets a line behind it: `c = os.system`.
fn import_alias(
    code: &Code<'_>,
    statement: &Stmt,
    module: &str,
    alias_end: usize,
    random: &mut Random,
    edits: &mut Edits,
) {
    if !free(code, module) {
        return;
    }
    let renamed = random.chance(2, 3).then(|| random.name(code.text));
    let shown = renamed.as_deref().unwrap_or(module);
    // Calls of `module.function`, by the function.
    let mut calls: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (node, _) in &code.nodes {
        if let AnyNodeRef::ExprCall(call) = node
            && let Expr::Attribute(attribute) = &*call.func
            && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == module)
        {
            calls
                .entry(attribute.attr.as_str())
                .or_default()
                .push(at(attribute));
        }
    }
    let mut done: Vec<(usize, usize)> = Vec::new();
    let mut lines = String::new();
    for (function, places) in calls {
        let in_template = code.nodes.iter().any(|(node, _)| {
            matches!(
                node,
                AnyNodeRef::ExprFString(_) | AnyNodeRef::ExprTString(_)
            ) && places.iter().any(|(start, end)| {
                let (from, to) = at(node);
                from <= *start && *end <= to
            })
        });
        if !MODULES.contains(&module) || in_template || random.chance(1, 2) {
            continue;
        }
        let name = random.name(code.text);
        lines.push_str(&format!("{name} = {shown}.{function}\n"));
        for (start, end) in places {
            // `os . system` has its name in front; that one is not renamed again.
            edits.replace(start, end, name.clone());
            done.push((start, end));
        }
    }
    if !lines.is_empty() {
        edits.insert(code.line_end(at(statement).1), lines);
    }
    if let Some(new) = &renamed {
        edits.insert(alias_end, format!(" as {new}"));
        for (start, end) in uses(code, module) {
            if !done.iter().any(|(from, to)| *from <= start && end <= *to) {
                edits.replace(start, end, new.clone());
            }
        }
    }
}

/// Where a name is read.
fn uses(code: &Code<'_>, name: &str) -> Vec<(usize, usize)> {
    code.nodes
        .iter()
        .filter_map(|(node, _)| match node {
            AnyNodeRef::ExprName(found) if found.id.as_str() == name && found.ctx.is_load() => {
                Some(at(*found))
            }
            _ => None,
        })
        .collect()
}

/// How often each name is bound in the file, in whatever scope.
fn bindings(code: &Code<'_>) -> BTreeMap<String, usize> {
    let mut bindings: BTreeMap<String, usize> = BTreeMap::new();
    let mut add = |name: &str| *bindings.entry(name.to_owned()).or_default() += 1;
    for (index, (node, _)) in code.nodes.iter().enumerate() {
        match node {
            AnyNodeRef::ExprName(name) if !name.ctx.is_load() => add(name.id.as_str()),
            AnyNodeRef::StmtFunctionDef(function) => add(function.name.as_str()),
            AnyNodeRef::StmtClassDef(class) => add(class.name.as_str()),
            AnyNodeRef::Parameter(parameter) => add(parameter.name.as_str()),
            AnyNodeRef::ExceptHandlerExceptHandler(handler) => {
                if let Some(name) = &handler.name {
                    add(name.as_str());
                }
            }
            AnyNodeRef::Alias(alias) => {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                let top = bound.as_str().split('.').next().unwrap_or_default();
                add(top);
                if code.scope(index) != Scope::Module {
                    // Imported again somewhere else: then it is not one name.
                    add(top);
                }
            }
            AnyNodeRef::StmtGlobal(global) => {
                global.names.iter().for_each(|name| add(name.as_str()))
            }
            AnyNodeRef::StmtNonlocal(nonlocal) => {
                nonlocal.names.iter().for_each(|name| add(name.as_str()));
            }
            _ => {}
        }
    }
    bindings
}

/// No text and no f-string with `=` speaks of a name, so that it may change.
fn free(code: &Code<'_>, name: &str) -> bool {
    !code.nodes.iter().any(|(node, _)| match node {
        AnyNodeRef::StmtAssign(assignment) => assignment
            .targets
            .iter()
            .any(|target| matches!(target, Expr::Name(found) if found.id.as_str() == "__all__")),
        AnyNodeRef::StringLiteral(literal) => {
            &*literal.value == name && !has_word(code.text, "sys.modules")
        }
        AnyNodeRef::InterpolatedElement(element) => element.debug_text.is_some(),
        _ => false,
    })
}
