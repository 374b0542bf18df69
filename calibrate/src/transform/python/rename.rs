//! T1: other names for what a file binds.

use super::{Code, Scope, at, is_code, parses, with_code};
use crate::transform::edit::{Edits, has_word};
use crate::transform::{File, Random};
use ruff_python_ast::{AnyNodeRef, Identifier};
use std::collections::{BTreeMap, BTreeSet};

/// Names of the language that a file may bind too; elsewhere they still mean the first.
const BUILTINS: &[&str] = &[
    "print", "open", "id", "input", "type", "dir", "hash", "iter", "next", "map", "filter", "set",
    "list", "dict", "str", "int", "bytes", "len", "exec", "eval", "compile", "getattr", "setattr",
    "object", "super", "self", "cls", "range", "sum", "min", "max", "all", "any", "format", "file",
    "vars", "property", "zip", "chr", "ord", "hex", "abs", "round", "sorted", "help",
];

/// Functions that others call by their names.
const HOOKS: &[&str] = &[
    "build_",
    "get_requires_",
    "prepare_",
    "pytest_",
    "setup",
    "main",
    "load_ipython",
    "before_",
    "after_",
    "register",
    "install",
    "run",
];

/// Renames variables, functions, classes and parameters. A name is changed everywhere in its
/// file or nowhere: then no rule of scopes can be got wrong.
pub fn rename(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut keywords = BTreeSet::new();
    for (_, text) in files.iter().filter(|(path, _)| is_code(path)) {
        let _ = with_code(text, |code| {
            for (node, _) in &code.nodes {
                if let AnyNodeRef::Keyword(keyword) = node {
                    keywords.extend(keyword.arg.as_ref().map(ToString::to_string));
                }
            }
            Some(())
        });
    }
    let mut any = false;
    let out = files
        .iter()
        .map(|(path, text)| {
            let changed = is_code(path)
                .then(|| with_code(text, |code| one(code, path, files, &keywords, random)))
                .flatten()
                .filter(|changed| parses(changed));
            any |= changed.is_some();
            (path.clone(), changed.unwrap_or_else(|| text.clone()))
        })
        .collect();
    any.then_some(out)
}

#[derive(Default)]
struct Names {
    /// Where each stands.
    places: BTreeMap<String, Vec<(usize, usize)>>,
    /// Those that the file binds.
    bound: BTreeSet<String>,
    /// Those that it binds for all to see.
    outside: BTreeSet<String>,
    /// Those that must stay.
    kept: BTreeSet<String>,
}

impl Names {
    fn bind(&mut self, name: &Identifier, scope: Scope) {
        self.places
            .entry(name.to_string())
            .or_default()
            .push(at(name));
        self.bind_name(name.as_str(), scope);
    }

    fn bind_name(&mut self, name: &str, scope: Scope) {
        self.bound.insert(name.to_owned());
        match scope {
            Scope::Module => {
                self.outside.insert(name.to_owned());
            }
            // A name in a class is a member of it.
            Scope::Class => {
                self.kept.insert(name.to_owned());
            }
            Scope::Function => {}
        }
    }
}

fn one(
    code: &Code<'_>,
    path: &str,
    files: &[File],
    keywords: &BTreeSet<String>,
    random: &mut Random,
) -> Option<String> {
    if code.reads_itself() || has_word(code.text, "globals") || has_word(code.text, "locals") {
        return None;
    }
    let mut names = Names::default();
    let mut strings: Vec<&str> = Vec::new();
    for (index, (node, _)) in code.nodes.iter().enumerate() {
        let scope = code.scope(index);
        match node {
            AnyNodeRef::ExprName(name) => {
                names
                    .places
                    .entry(name.id.to_string())
                    .or_default()
                    .push(at(*name));
                if !name.ctx.is_load() {
                    names.bind_name(name.id.as_str(), scope);
                }
            }
            AnyNodeRef::StmtFunctionDef(function) => names.bind(&function.name, scope),
            AnyNodeRef::StmtClassDef(class) => names.bind(&class.name, scope),
            AnyNodeRef::Parameter(parameter) => names.bind(&parameter.name, Scope::Function),
            AnyNodeRef::ExceptHandlerExceptHandler(handler) => {
                if let Some(name) = &handler.name {
                    names.bind(name, scope);
                }
            }
            AnyNodeRef::StmtGlobal(global) => {
                for name in &global.names {
                    names.bind(name, Scope::Module);
                }
            }
            AnyNodeRef::StmtNonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    names.bind(name, Scope::Function);
                }
            }
            AnyNodeRef::Alias(alias) => match &alias.asname {
                Some(name) => names.bind(name, scope),
                None => {
                    let top = alias.name.as_str().split('.').next().unwrap_or_default();
                    names.kept.insert(top.to_owned());
                }
            },
            AnyNodeRef::PatternMatchAs(pattern) => {
                names
                    .kept
                    .extend(pattern.name.as_ref().map(ToString::to_string));
            }
            AnyNodeRef::PatternMatchStar(pattern) => {
                names
                    .kept
                    .extend(pattern.name.as_ref().map(ToString::to_string));
            }
            AnyNodeRef::PatternMatchMapping(pattern) => {
                names
                    .kept
                    .extend(pattern.rest.as_ref().map(ToString::to_string));
            }
            AnyNodeRef::TypeParams(_) => return None,
            // `f"{a=}"` shows the name itself.
            AnyNodeRef::InterpolatedElement(element) if element.debug_text.is_some() => {
                return None;
            }
            AnyNodeRef::StringLiteral(literal) => strings.push(&literal.value),
            _ => {}
        }
    }
    let mut edits = Edits::default();
    for name in &names.bound {
        let is_seen = names.outside.contains(name)
            && (files
                .iter()
                .any(|(other, text)| other != path && has_word(text, name))
                || HOOKS.iter().any(|hook| name.starts_with(hook)));
        if is_seen
            || names.kept.contains(name)
            || keywords.contains(name)
            || name.starts_with("__")
            || name == "_"
            || BUILTINS.contains(&name.as_str())
            || strings.iter().any(|text| has_word(text, name))
        {
            continue;
        }
        let new = random.name(code.text);
        for (start, end) in names.places.get(name).into_iter().flatten() {
            edits.replace(*start, *end, new.clone());
        }
    }
    edits.apply(code.text)
}
