//! Names that stand in a table of another file, put in their places: `stream[words.on](…)`,
//! `require(words.k0)`, where `words` is a module of texts or a file of JSON.
//!
//! Whoever reads a program asks for members and modules by name. Within a file such names are
//! made plain when it is lowered; here the same is done for those that another file holds, and
//! nothing else of that file is looked at.

use super::{FileId, Package};
use crate::ir::{Expr, ExprId, Language, Program, SymbolId};
use crate::limit::reading;
use crate::pure::{Changes, Machine, Names, Surroundings, Value};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Expressions of a program in which names are looked for, and names that are folded.
const SIZE: usize = 50_000;
const NAMES: usize = 2_000;
/// Tables of one file.
const TABLES: usize = 64;
/// Bytes of a table, and its expressions.
const BYTES: u64 = 64 << 10;
const TABLE: usize = 8_000;
/// Parts of an expression that makes a name, and letters of one.
const PARTS: u32 = 60;
const LETTERS: usize = 64;

/// The files of a package, each without the others' names.
struct Unlinked<'p>(&'p Package);

impl Surroundings for Unlinked<'_> {
    fn program(&self, file: FileId) -> Option<Rc<Program>> {
        self.0.alone(file)
    }
    fn resolve(&self, from: FileId, specifier: &str) -> Option<FileId> {
        self.0.resolve(from, specifier)
    }
    fn data(&self, file: FileId) -> Option<Rc<[u8]>> {
        self.0.data(file)
    }
    fn content(&self, path: &str) -> Option<Rc<[u8]>> {
        self.0.content(path)
    }
    fn content_named(&self, _name: &str) -> Option<Rc<[u8]>> {
        None
    }
    fn path(&self, file: FileId) -> &str {
        self.0.path(file)
    }
}

/// A program with the names that stand in tables of other files; none where there are none.
pub(super) fn linked(package: &Package, file: FileId, program: &Rc<Program>) -> Option<Program> {
    let fits = program.language != Language::Rust
        && program.size() <= SIZE
        && package.expressions.get() + program.size() <= reading::EXPRESSIONS;
    if !fits {
        return None;
    }
    let tables = tables(package, file, program);
    if tables.is_empty() {
        return None;
    }
    let unlinked = Unlinked(package);
    let mut machine = Machine::new(&unlinked);
    machine.run_none_aside();
    let mut looking = Looking {
        program,
        file,
        tables,
        machine,
        left: NAMES,
    };
    let changes = Changes::of(program, &mut looking);
    if changes.is_empty() {
        return None;
    }
    let expressions = package.expressions.get();
    package.expressions.set(expressions + program.size());
    let mut out = Program::clone(program);
    changes.put_into(&mut out);
    Some(out)
}

/// Variables that hold a table of another file, or an entry of one.
fn tables(package: &Package, file: FileId, program: &Program) -> FxHashSet<SymbolId> {
    let mut known = FxHashSet::default();
    for (number, symbol) in program.symbols.iter().enumerate() {
        if known.len() >= TABLES {
            break;
        }
        let [only] = symbol.values[..] else {
            continue;
        };
        let module = match program.expr(only) {
            Expr::Member(module, _) => module,
            _ => only,
        };
        let is_table = match program.specifier(module) {
            Some(specifier) => package
                .resolves(file, specifier)
                .is_some_and(|target| target != file && is_table(package, target)),
            None => reads_json(program, only),
        };
        if is_table && !symbol.mutated {
            known.insert(SymbolId(number as u32));
        }
    }
    known
}

/// Whether an expression is `JSON.parse(…)`.
fn reads_json(program: &Program, expr: ExprId) -> bool {
    let Expr::Call { callee, .. } = program.expr(expr) else {
        return false;
    };
    let Expr::Member(object, name) = program.expr(callee) else {
        return false;
    };
    program.name(name) == "parse"
        && matches!(program.expr(object), Expr::Name(object, scope)
            if program.name(object) == "JSON" && program.resolve(object, scope).is_none())
}

/// Whether a file holds data and does nothing: JSON, or a module without functions and calls.
fn is_table(package: &Package, file: FileId) -> bool {
    let held = package.file(file);
    if held.length > BYTES {
        return false;
    }
    if held.path.ends_with(".json") {
        return !held.path.ends_with("package.json");
    }
    package.alone(file).is_some_and(|program| {
        program.functions.len() == 1 && program.calls.is_empty() && program.size() <= TABLE
    })
}

struct Looking<'p, 's> {
    program: &'p Program,
    file: FileId,
    tables: FxHashSet<SymbolId>,
    machine: Machine<'s>,
    left: usize,
}

impl Names for Looking<'_, '_> {
    fn name(&mut self, expr: ExprId) -> Option<String> {
        self.made(expr)
    }

    fn member(&mut self, callee: ExprId, key: ExprId) -> Option<String> {
        if self.is_getattr(callee) {
            self.made(key)
        } else {
            None
        }
    }
}

impl Looking<'_, '_> {
    fn is_getattr(&self, callee: ExprId) -> bool {
        let program = self.program;
        program.language == Language::Python
            && matches!(program.expr(callee), Expr::Name(name, scope)
                if program.name(name) == "getattr" && program.resolve(name, scope).is_none())
    }

    /// The name that an expression makes of entries of tables and of constants.
    fn made(&mut self, expr: ExprId) -> Option<String> {
        let (mut parts, mut found) = (PARTS, false);
        if self.left == 0 || !self.is_closed(expr, &mut parts, &mut found) || !found {
            return None;
        }
        self.left -= 1;
        match self.machine.fold(self.file, expr) {
            Value::Text(text) if is_name(&text) => Some(text.to_string()),
            _ => None,
        }
    }

    /// Whether nothing but constants, tables and functions of the language is in an
    /// expression; `found` tells of a table.
    fn is_closed(&self, expr: ExprId, parts: &mut u32, found: &mut bool) -> bool {
        if *parts == 0 {
            return false;
        }
        *parts -= 1;
        let program = self.program;
        match program.expr(expr) {
            Expr::Const(_) => true,
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                None => true,
                Some(symbol) => {
                    let is_table = self.tables.contains(&symbol);
                    *found |= is_table;
                    is_table
                }
            },
            Expr::Member(object, _) => self.is_closed(object, parts, found),
            Expr::Index(a, b) | Expr::Binary(_, a, b) => {
                self.is_closed(a, parts, found) && self.is_closed(b, parts, found)
            }
            Expr::Array(list) | Expr::Concat(list) => {
                self.are_closed(program.list(list), parts, found)
            }
            Expr::Call {
                callee,
                args,
                new: false,
            } => {
                self.is_closed(callee, parts, found)
                    && self.are_closed(program.list(args), parts, found)
            }
            _ => false,
        }
    }

    fn are_closed(&self, list: &[ExprId], parts: &mut u32, found: &mut bool) -> bool {
        list.iter().all(|part| self.is_closed(*part, parts, found))
    }
}

/// Letters, digits and what joins them: the name of a member, an event, a module.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LETTERS
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'$' | b'.' | b'-' | b':' | b'/' | b'@')
        })
        && !text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::{Content, Entry, Kind, Tree};

    fn package(files: &[(&str, &str)]) -> Package {
        let entries = files.iter().map(|(path, text)| Entry {
            path: format!("package/{path}"),
            content: Content::Whole(text.as_bytes().into()),
            length: text.len() as u64,
            kind: Kind::Text,
            executable: false,
        });
        Package::new(&Tree {
            entries: entries.collect(),
            ..Tree::default()
        })
    }

    /// The names of the members that a file has.
    fn members(files: &[(&str, &str)]) -> Vec<String> {
        let package = package(files);
        let file = package.find("a.js").unwrap();
        let program = package.program(file).unwrap();
        let named = program.exprs.iter().filter_map(|expr| match expr {
            Expr::Member(_, name) => Some(program.name(*name).to_owned()),
            _ => None,
        });
        named.collect()
    }

    #[test]
    fn a_name_in_a_table_of_another_file_is_put_in_its_place() {
        let code = "const w = require('./words');\nf[w.k1](x => x);\n";
        let table = "exports.k1 = 'pipe';\n";
        let found = members(&[("a.js", code), ("words.js", table)]);
        assert!(found.iter().any(|name| name == "pipe"), "{found:?}");
        let code = "const w = require('./words.json');\nf[w[0]](x => x);\n";
        let found = members(&[("a.js", code), ("words.json", r#"["pipe"]"#)]);
        assert!(found.iter().any(|name| name == "pipe"), "{found:?}");
    }

    #[test]
    fn what_a_module_computes_or_a_variable_holds_stays_as_it_is() {
        let code = "const w = require('./words');\nf[w.k1](x => x);\n";
        let computed = "exports.k1 = next();\n";
        let found = members(&[("a.js", code), ("words.js", computed)]);
        assert!(!found.iter().any(|name| name == "next"), "{found:?}");
        let given = "const w = require('./words');\nmodule.exports = (k) => f[w[k]]();\n";
        let table = "exports.k1 = 'pipe';\n";
        let found = members(&[("a.js", given), ("words.js", table)]);
        assert!(!found.iter().any(|name| name == "pipe"), "{found:?}");
    }

    #[test]
    fn files_that_import_each_other_are_read_to_their_ends() {
        let found = members(&[
            (
                "a.js",
                "const b = require('./b');\nexports.k = 'x';\nf[b.k]();\n",
            ),
            (
                "b.js",
                "const a = require('./a');\nexports.k = 'pipe';\nexports.l = [a.k];\n",
            ),
        ]);
        assert!(!found.is_empty());
    }
}
