//! Modules that are run for the sake of others: one that changes a list or a table which it
//! imports, and one that calls what another one hands out.
//!
//! A value that is handed out is one for all who import it. So such a module is run once, with
//! a budget of its own, before anybody looks at what it changes: run again, it would turn a
//! list twice.

use super::{FileId, Machine, Value};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::limit::evaluating;
use std::rc::Rc;

/// Modules that are run so.
const MODULES: usize = 8;
/// Expressions of such a module. In a bundle nothing is left to import.
const SIZE: usize = 5_000;

impl Machine<'_> {
    /// Runs a module that changes in place what it imports from its own package, when it is
    /// asked about for the first time.
    pub(super) fn change_imports(&mut self, file: FileId) {
        if !self.changing.insert(file) {
            return;
        }
        let Some(program) = self.surroundings.program(file) else {
            return;
        };
        if program.language != Language::Rust && self.changes_import(&program, file) {
            self.run_aside(&program, file);
        }
    }

    /// What a call was given when another module of the package was run.
    pub fn observed_by(
        &mut self,
        runner: FileId,
        file: FileId,
        call: ExprId,
    ) -> Option<Vec<Value>> {
        if let Some(program) = self.surroundings.program(runner) {
            self.run_aside(&program, runner);
        }
        self.observed.get(&(file, call)).cloned()
    }

    /// From here on no module is run for the sake of others: for who asks for names alone.
    pub const fn run_none_aside(&mut self) {
        self.aside = MODULES;
    }

    fn run_aside(&mut self, program: &Rc<Program>, file: FileId) {
        let known = self.frames.contains_key(&(file, FuncId(0)));
        if known || self.aside >= MODULES || program.size() > SIZE {
            return;
        }
        self.aside += 1;
        let steps = std::mem::replace(&mut self.steps, evaluating::STEPS);
        let glancing = std::mem::replace(&mut self.glancing, false);
        let hasty = std::mem::take(&mut self.hasty);
        self.ran(program, file, FuncId(0));
        self.steps = steps;
        self.glancing = glancing;
        self.hasty = hasty;
    }

    /// Whether a variable of a module holds what another one of its package hands out under a
    /// name, and that is changed in place.
    fn changes_import(&self, program: &Program, file: FileId) -> bool {
        let own = |specifier: &str| self.surroundings.resolve(file, specifier).is_some();
        program.symbols.iter().any(|symbol| {
            let [only] = symbol.values[..] else {
                return false;
            };
            let Expr::Member(module, _) = program.expr(only) else {
                return false;
            };
            symbol.mutated && symbol.function == 0 && program.specifier(module).is_some_and(own)
        })
    }
}
