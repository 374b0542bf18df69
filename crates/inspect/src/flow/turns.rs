//! Functions that a call may mean because they are one of several by turns: elements of a list
//! that is gone through, what a list gives, what a generator yields, and what is thrown.
//!
//! `[a, b].forEach(f => f())` calls `a` and `b`; so does `while (list.length) list.shift()()`.
//! The list is followed to where it is written out or filled. One that nobody can follow gives
//! nothing.

mod list;

use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use std::rc::Rc;

/// Elements of one list that are looked at.
const MOST: usize = 16;
/// Names and calls between a list and where it is written out.
const LEVELS: u8 = 6;

/// One of several.
#[derive(Debug, Clone)]
pub(super) enum Turn {
    /// An expression.
    At(FileId, ExprId),
    /// A value that was folded.
    Known(Value),
}

impl Analysis<'_> {
    /// What an expression is by turns, if it is an element of something.
    pub(super) fn turns_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> Vec<Turn> {
        if level > LEVELS || program.language != Language::JavaScript || !self.growing.looks() {
            return Vec::new();
        }
        match program.expr(expr) {
            Expr::Element(over) => self.elements(program, file, over, level + 1),
            Expr::Param(function, position) => {
                self.given_by_turns(file, function, position, level + 1)
            }
            // `pairs.forEach(([name, run]) => run())`.
            Expr::Index(object, key) => self.at_index(program, file, object, key, level),
            Expr::Await(inner) | Expr::Assign(_, inner) | Expr::Logic(_, inner, _) => {
                self.turns_of(program, file, inner, level + 1)
            }
            Expr::Member(object, name) => match program.name(name) {
                "value" => self.next_of(program, file, object, level),
                name => match name.parse() {
                    // `const [a] = list`.
                    Ok(number) => self.at_number(program, file, object, number, level),
                    Err(_) => Vec::new(),
                },
            },
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Member(list, method) if takes_one(program.name(method)) => {
                    self.elements(program, file, list, level + 1)
                }
                Expr::Name(require, scope)
                    if program.name(require) == "require"
                        && program.resolve(require, scope).is_none() =>
                {
                    self.modules_by_turns(program, file, expr)
                }
                _ => Vec::new(),
            },
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return Vec::new();
                };
                let values = program.symbol(symbol).values.to_vec();
                let mut found = Vec::new();
                for value in values.into_iter().take(MOST) {
                    found.extend(self.turns_of(program, file, value, level + 1));
                }
                found.truncate(MOST);
                found
            }
            _ => Vec::new(),
        }
    }

    /// What modules hand out of which one is loaded, nobody knows which.
    fn modules_by_turns(&mut self, program: &Rc<Program>, file: FileId, call: ExprId) -> Vec<Turn> {
        let Expr::Call { args, .. } = program.expr(call) else {
            return Vec::new();
        };
        let Some(specifier) = program.list(args).first().copied() else {
            return Vec::new();
        };
        let site = Site {
            file,
            expr: call,
            function: FuncId(0),
        };
        let loaded = self.loads_one_of(site, specifier);
        let loaded = loaded.into_iter().take(MOST);
        loaded
            .map(|target| Turn::Known(self.machine.handed_out(target)))
            .collect()
    }

    /// `generator.next().value`.
    fn next_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        level: u8,
    ) -> Vec<Turn> {
        let Expr::Call { callee, .. } = program.expr(object) else {
            return Vec::new();
        };
        match program.expr(callee) {
            Expr::Member(list, method) if program.name(method) == "next" => {
                self.elements(program, file, list, level + 1)
            }
            _ => Vec::new(),
        }
    }

    /// One place of a list: of one that is by turns, or that a loop counts through.
    fn at_index(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        key: ExprId,
        level: u8,
    ) -> Vec<Turn> {
        match program.expr(key) {
            Expr::Const(_) => match self.machine.fold(file, key) {
                Value::Number(number) if number >= 0.0 => {
                    self.at_number(program, file, object, number as usize, level)
                }
                _ => Vec::new(),
            },
            // Which one is not written out: each may be.
            _ => self.elements(program, file, object, level + 1),
        }
    }

    /// One place of a list, by its number.
    fn at_number(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        number: usize,
        level: u8,
    ) -> Vec<Turn> {
        if let Some(item) = awaited_at(program, object, number) {
            return vec![Turn::At(file, item)];
        }
        let mut found = Vec::new();
        for turn in self.turns_of(program, file, object, level + 1) {
            match turn {
                Turn::At(file, list) => {
                    let Some(program) = self.program(file) else {
                        continue;
                    };
                    if let Expr::Array(items) = program.expr(list)
                        && let Some(item) = program.list(items).get(number)
                    {
                        found.push(Turn::At(file, *item));
                    }
                }
                Turn::Known(Value::Array(items)) => {
                    if let Some(item) = items.borrow().get(number) {
                        found.push(Turn::Known(item.clone()));
                    }
                }
                Turn::Known(_) => {}
            }
        }
        found
    }

    /// What a callback is given by a method that goes through a list.
    fn given_by_turns(
        &mut self,
        file: FileId,
        function: FuncId,
        position: u16,
        level: u8,
    ) -> Vec<Turn> {
        let mut found = Vec::new();
        for site in self.handed_at(file, function) {
            let Some(program) = self.program(site.file) else {
                continue;
            };
            let Expr::Call { callee, args, .. } = program.expr(site.expr) else {
                continue;
            };
            let Expr::Member(list, method) = program.expr(callee) else {
                continue;
            };
            // A method of the package with that name does as it likes.
            let is_own = matches!(
                self.callees.get(&(site.file, site.expr)),
                Some(Value::Function(_) | Value::Object(_))
            );
            if is_own {
                continue;
            }
            match (program.name(method), position) {
                (
                    "forEach" | "map" | "filter" | "some" | "every" | "find" | "findIndex"
                    | "findLast" | "findLastIndex" | "flatMap",
                    0,
                )
                | ("reduce" | "reduceRight", 1)
                | ("sort" | "toSorted", 0 | 1) => {
                    found.extend(self.elements(&program, site.file, list, level));
                }
                ("then", 0) => found.push(Turn::Known(self.machine.fold(site.file, list))),
                ("reduce" | "reduceRight", 0) => {
                    let begin = program.list(args).get(1).copied();
                    found.extend(begin.map(|begin| Turn::At(site.file, begin)));
                }
                _ => {}
            }
            if found.len() >= MOST {
                break;
            }
        }
        found.truncate(MOST);
        found
    }

    /// Functions that one of several is, noted as what a call may mean.
    pub(super) fn functions_by_turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        for turn in self.turns_of(program, file, expr, level) {
            match turn {
                // It stands here as one of its own parts.
                Turn::At(at, same) if (at, same) == (file, expr) => {}
                Turn::At(at, one) => {
                    let Some(program) = self.program(at) else {
                        continue;
                    };
                    if let Value::Function(closure) = self.machine.fold(at, one) {
                        super::fellows::note(found, (closure.file, closure.function));
                    }
                    self.meant(&program, at, one, level + 1, found);
                }
                Turn::Known(Value::Function(closure)) => {
                    super::fellows::note(found, (closure.file, closure.function));
                }
                Turn::Known(_) => {}
            }
        }
    }

    /// Functions that are a property of what is one of several.
    pub(super) fn methods_by_turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        name: &str,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        for turn in self.turns_of(program, file, object, level) {
            let value = match turn {
                Turn::At(at, one) => self.machine.fold(at, one),
                Turn::Known(value) => value,
            };
            let Value::Object(object) = value else {
                continue;
            };
            let entries = object.entries.borrow();
            let last = entries.iter().rev().find(|(key, _)| **key == *name);
            if let Some((_, Value::Function(closure))) = last {
                super::fellows::note(found, (closure.file, closure.function));
            } else if let Some(class) = object.class.filter(|_| !object.is_class) {
                drop(entries);
                for function in self.all_under_name(class, name) {
                    super::fellows::note(found, function);
                }
            }
        }
    }

    /// Enters functions that are handed to a call as one of several.
    pub(super) fn hand_over_by_turns(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        zone: Zone,
        queue: &mut Queue,
    ) {
        let Expr::Call { args, .. } = program.expr(site.expr) else {
            return;
        };
        if program.language != Language::JavaScript || zone <= Zone::Called {
            return;
        }
        for arg in program.list(args).to_vec() {
            if !is_by_turns(program, arg) {
                continue;
            }
            let mut found = Vec::new();
            self.growing.ask(zone);
            self.functions_by_turns(program, site.file, arg, 0, &mut found);
            self.growing.close(site);
            for (file, function) in found {
                self.passed_at(file, function, site);
                queue.push(zone, file, function);
            }
        }
    }

    /// Whether a call goes through a list with what it is handed, by its name.
    pub(super) fn is_by_turns(&self, site: Site) -> bool {
        let Some(program) = self.program(site.file) else {
            return false;
        };
        let Expr::Call { callee, .. } = program.expr(site.expr) else {
            return false;
        };
        matches!(program.expr(callee), Expr::Member(_, method) if gives_elements(program.name(method)))
    }

    /// Where a function is handed to a call, of calls that run by then.
    fn handed_at(&mut self, file: FileId, function: FuncId) -> Vec<Site> {
        let sites = self.passed.get(&(file, function)).into_iter().flatten();
        let sites: Vec<Site> = sites.take(MOST).copied().collect();
        let sites = sites.into_iter().filter(|site| self.is_by_turns(*site));
        let sites = sites.collect();
        self.those_that_run(file, function, sites)
    }
}

/// One place of what `await Promise.all([…])` gives.
fn awaited_at(program: &Program, object: ExprId, number: usize) -> Option<ExprId> {
    let Expr::Await(all) = program.expr(object) else {
        return None;
    };
    let Expr::Call { callee, args, .. } = program.expr(all) else {
        return None;
    };
    let is_all = matches!(program.expr(callee), Expr::Member(_, method)
        if matches!(program.name(method), "all" | "allSettled"));
    match program.list(args) {
        [list] if is_all => match program.expr(*list) {
            Expr::Array(items) => program.list(items).get(number).copied(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a name is one of several: an element of what is gone through, or what a callback is
/// given.
fn is_by_turns(program: &Program, arg: ExprId) -> bool {
    let Expr::Name(atom, scope) = program.expr(arg) else {
        return false;
    };
    let symbol = program.resolve(atom, scope);
    let values = symbol.map(|symbol| program.symbol(symbol).values.iter());
    let mut values = values.into_iter().flatten();
    values.any(|value| matches!(program.expr(*value), Expr::Element(_) | Expr::Param(..)))
}

/// Whether a method calls what it gets with what it is called on.
fn gives_elements(method: &str) -> bool {
    matches!(
        method,
        "forEach"
            | "map"
            | "filter"
            | "some"
            | "every"
            | "find"
            | "findIndex"
            | "findLast"
            | "findLastIndex"
            | "flatMap"
            | "reduce"
            | "reduceRight"
            | "sort"
            | "toSorted"
            | "then"
    )
}

/// Whether a method gives one of the elements of what it is called on.
fn takes_one(method: &str) -> bool {
    matches!(method, "shift" | "pop" | "at" | "find" | "findLast")
}

#[cfg(test)]
mod tests;
