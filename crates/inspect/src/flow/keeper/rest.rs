//! `**settings`: what a function gets under a name that it does not name itself, and hands on.

use super::{Body, EXPRESSIONS, LEVELS, Names, Slot, is_given_back};
use crate::flow::Analysis;
use crate::ir::{Expr, ExprId, FuncId, Language, Program, SymbolId};
use crate::pure::FileId;
use rustc_hash::FxHashSet;
use std::rc::Rc;

impl Analysis<'_> {
    /// The names that an argument is kept under by what it is handed on to with all others that
    /// have names, where nothing else happens to these.
    pub(super) fn rest_keeps(
        &mut self,
        file: FileId,
        function: FuncId,
        slot: &Slot,
        level: usize,
    ) -> Option<Names> {
        let program = self.program(file)?;
        let index = self.index(file)?;
        if program.language != Language::Python
            || !matches!(slot, Slot::Named(_))
            || level > LEVELS
            || program.size() > EXPRESSIONS
            || self.looked_at_rests >= super::ASKED
            || !self.is_as_written(&program, &index, file, function)
        {
            return None;
        }
        self.looked_at_rests += 1;
        let mut places: FxHashSet<ExprId> = FxHashSet::default();
        for rest in rests(&program, function) {
            places.extend(index.names_of(&program, rest));
        }
        let body = Body {
            within: super::within(&program, function),
            program: Rc::clone(&program),
            index: Rc::clone(&index),
            file,
            function,
            level,
        };
        if self.looks_around(&body) {
            return None;
        }
        let mut names = Names::new();
        let mut is_handed_on = false;
        for expr in &program.exprs {
            if let Expr::Assign(target, value) = expr
                && matches!(program.expr(*value), Expr::Rest(..))
            {
                places.remove(target);
            }
        }
        let calls = index.calls.get(&function);
        for call in calls.unwrap_or_default() {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            for arg in program.list(args) {
                match program.expr(*arg) {
                    // What has no name is not among them.
                    Expr::Spread(inner) => {
                        places.remove(&inner);
                    }
                    Expr::Keywords(entries) => {
                        for pair in program.list(entries).chunks_exact(2) {
                            if let Expr::Spread(inner) = program.expr(pair[0])
                                && places.contains(&inner)
                            {
                                let found = self.callee_keeps(&body, callee, slot);
                                let found = found.filter(|found| !is_given_back(found))?;
                                names.extend(found);
                                places.remove(&inner);
                                is_handed_on = true;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        (is_handed_on && places.is_empty()).then_some(names)
    }
}

/// The variables that hold what a function gets besides what it names.
fn rests(program: &Program, function: FuncId) -> Vec<SymbolId> {
    let symbols = program.symbols.iter().enumerate();
    symbols
        .filter(|(_, symbol)| {
            symbol
                .values
                .iter()
                .any(|value| matches!(program.expr(*value), Expr::Rest(of, _) if of == function))
        })
        .map(|(number, _)| SymbolId(number as u32))
        .collect()
}
