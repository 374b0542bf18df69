//! Where a place is named that a function gets from its callers.

use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Program, Span};
use crate::know;
use crate::pure::FileId;

impl Analysis<'_> {
    /// Where a place of the user's is named that the functions around a call are called with:
    /// the call itself stands in a walk, and says nothing of where the walk begins.
    pub(super) fn named_by_caller(&mut self, site: Site) -> Option<(FileId, Span)> {
        const FUNCTIONS: usize = 4;
        const CALLERS: usize = 8;
        let mut function = Some(site.function);
        for _ in 0..FUNCTIONS {
            let around = function?;
            let callers = self.callers.get(&(site.file, around));
            for caller in callers.cloned().unwrap_or_default().iter().take(CALLERS) {
                let program = self.program(caller.file)?;
                let Expr::Call { args, .. } = program.expr(caller.expr) else {
                    continue;
                };
                for arg in program.list(args).to_vec() {
                    let place = self.machine.fold(caller.file, arg).as_text();
                    if place.is_some_and(|place| know::user_place(&place).is_some()) {
                        let named = only_value(&program, arg).unwrap_or(arg);
                        return Some((caller.file, program.span(named)));
                    }
                }
            }
            function = self.program(site.file)?.function(around).parent;
        }
        None
    }
}

/// The one value of a variable.
fn only_value(program: &Program, expr: ExprId) -> Option<ExprId> {
    let Expr::Name(atom, scope) = program.expr(expr) else {
        return None;
    };
    match program.symbol(program.resolve(atom, scope)?).values[..] {
        [only] => Some(only),
        _ => None,
    }
}
