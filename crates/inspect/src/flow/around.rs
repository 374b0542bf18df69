//! Functions that stand around a text that is run, where the text calls them:
//! `function main() { … } eval('main()')`.
//!
//! A text is read as a package of its own, which knows nothing of the variables around it. What
//! its code calls by a name that it does not declare is looked up where the text is run: a direct
//! `eval` sees every name in reach, a text that is run elsewhere only global ones.

use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, ScopeId};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use std::rc::Rc;

/// Calls beside one that runs a text which are looked at.
const CALLS: usize = 2_000;
/// Names of one text that are looked up around it.
const NAMES: usize = 64;

/// A name that a text uses and does not declare, with the property of it that is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Around {
    name: Rc<str>,
    property: Option<Rc<str>>,
}

impl Analysis<'_> {
    /// What code of a text calls, or hands to a call, when the text runs, and does not declare.
    pub(super) fn calls_around(&mut self) -> Vec<Around> {
        let mut found = std::mem::take(&mut self.around);
        let mut running: Vec<(FileId, FuncId)> = self
            .zones
            .iter()
            // What a text gives is called by whoever runs it.
            .filter(|(_, zone)| **zone > Zone::Called || self.outer.called)
            .map(|(place, _)| *place)
            .collect();
        running.sort_unstable();
        for (file, function) in running {
            let (Some(program), Some(index)) = (self.program(file), self.index(file)) else {
                continue;
            };
            if program.language != Language::JavaScript {
                continue;
            }
            for call in index.calls.get(&function).into_iter().flatten() {
                let Expr::Call { callee, args, .. } = program.expr(*call) else {
                    continue;
                };
                let parts = std::iter::once(callee).chain(program.list(args).iter().copied());
                found.extend(parts.filter_map(|part| undeclared(&program, part)));
            }
        }
        found.sort();
        found.dedup();
        found.truncate(NAMES);
        found
    }

    /// Notes whether what a call gives is called where it stands, or what its text declares:
    /// `eval('() => f()')()`, `eval('var g = () => f()'); g()`.
    pub(super) fn notes_its_call(&mut self, program: &Program, site: Site, text: &str) {
        let Some(index) = self.index(site.file) else {
            return;
        };
        let calls = index.calls.get(&site.function);
        let mut calls = calls.into_iter().flatten().take(CALLS);
        self.text_is_called = calls.any(|call| {
            let Expr::Call { callee, .. } = program.expr(*call) else {
                return false;
            };
            let name = undeclared(program, callee).filter(|around| around.property.is_none());
            callee == site.expr || name.is_some_and(|around| declares(text, &around.name))
        });
    }

    /// A text whose function is called where it is run gets what a module has under the names of
    /// its parameters: `eval('(function (require) { … })')(require)`.
    pub(super) fn gives_what_a_module_has(&mut self) {
        if !self.outer.called {
            return;
        }
        let Some((file, program)) = self
            .package
            .ids()
            .next()
            .and_then(|file| Some((file, self.program(file)?)))
        else {
            return;
        };
        for name in ["require", "module", "process"] {
            let Some(atom) = program.atom(name) else {
                continue;
            };
            for (number, function) in program.functions.iter().enumerate().skip(1) {
                let place = (function.scope, atom);
                let is_outermost = function.parent == Some(FuncId(0));
                if let Some(symbol) = program.declared.get(&place).filter(|_| is_outermost)
                    && let [only] = program.symbol(*symbol).values[..]
                    && let Expr::Param(of, position) = program.expr(only)
                    && of == FuncId(number as u32)
                {
                    self.machine.give(file, of, position, Value::native(name));
                }
            }
        }
    }

    /// Enters what the text that was read last calls of what stands around its call.
    pub(super) fn enter_around(&mut self, program: &Rc<Program>, site: Site, zone: Zone) {
        let names = std::mem::take(&mut self.around);
        if program.language != Language::JavaScript || zone <= Zone::Called {
            return;
        }
        let Some(scope) = scope_of_eval(program, site.expr) else {
            return;
        };
        let mut left = Vec::new();
        for around in names {
            let found = self.meant_around(program, site.file, scope, &around);
            if found.is_empty() {
                left.push(around);
            }
            for (file, function) in found {
                self.started_functions.push((zone, file, function));
            }
        }
        // A text in a text: what neither declares stands around both.
        self.around = left;
    }

    fn meant_around(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        scope: ScopeId,
        around: &Around,
    ) -> Vec<(FileId, FuncId)> {
        let Some(atom) = program.atom(&around.name) else {
            return Vec::new();
        };
        let Some(symbol) = program.resolve(atom, scope) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut value = self.machine.value_of(program, file, symbol);
        if let Some(property) = &around.property {
            value = self.machine.property(&value, property);
        } else {
            for value in program.symbol(symbol).values.iter().take(NAMES) {
                self.meant(program, file, *value, 0, &mut found);
            }
        }
        if let Value::Function(closure) = value {
            super::fellows::note(&mut found, (closure.file, closure.function));
        }
        found
    }
}

/// Whether a short text declares a name.
fn declares(text: &str, name: &str) -> bool {
    const LONGEST: usize = 1 << 16;
    let words = ["var ", "function "];
    text.len() <= LONGEST
        && words.iter().any(|word| {
            text.split(word).skip(1).any(|rest| {
                rest.trim_start().strip_prefix(name).is_some_and(|behind| {
                    !behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))
                })
            })
        })
}

/// The name that an expression begins with, where nothing declares it.
fn undeclared(program: &Program, expr: ExprId) -> Option<Around> {
    let is_open = |name: ExprId| match program.expr(name) {
        Expr::Name(atom, scope) => program
            .resolve(atom, scope)
            .is_none()
            .then(|| program.shared_name(atom)),
        _ => None,
    };
    match program.expr(expr) {
        Expr::Name(..) => is_open(expr).map(|name| Around {
            name,
            property: None,
        }),
        Expr::Member(object, property) => is_open(object).map(|name| Around {
            name,
            property: Some(program.shared_name(property))
                .filter(|property| !matches!(&**property, "call" | "apply" | "bind")),
        }),
        _ => None,
    }
}

/// Where the names of a text are looked up that a call runs: those of a direct `eval`.
fn scope_of_eval(program: &Program, call: ExprId) -> Option<ScopeId> {
    let Expr::Call { callee, .. } = program.expr(call) else {
        return None;
    };
    match program.expr(callee) {
        Expr::Name(name, scope) if program.name(name) == "eval" => {
            program.resolve(name, scope).is_none().then_some(scope)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
