//! Addresses that come from the network themselves.

use super::Label;
use crate::flow::{Analysis, Context};
use crate::ir::{Expr, ExprId, FuncId};
use crate::pure::FileId;
use customs_model::SourceKind;
use std::rc::Rc;

/// Steps from an address back to the parameter that it is made of.
const STEPS: u8 = 6;
/// Callers that are asked; of a function with more of them nobody knows who answers.
const CALLERS: usize = 16;

impl Analysis<'_> {
    /// The answer that an address comes from. Where a caller gives the address, and nobody knows
    /// which one did, it would be one caller's address beside another one's answer: unless each of
    /// them gives one that is known.
    pub(super) fn remote_address(
        &mut self,
        file: FileId,
        address: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Option<Label> {
        if context.is_none()
            && let Some((function, position)) = self.parameter_of(file, address, 0)
            && !self.each_gives_an_address(file, function, position)
        {
            return None;
        }
        let labels = self.labels(file, address, context);
        let mut labels = labels.iter();
        labels
            .find(|label| label.kind == SourceKind::Remote)
            .cloned()
    }

    /// The parameter that an address is made of.
    fn parameter_of(&self, file: FileId, expr: ExprId, step: u8) -> Option<(FuncId, u16)> {
        if step > STEPS {
            return None;
        }
        let program = self.program(file)?;
        let first = |parts: &[ExprId]| {
            let mut parts = parts.iter().take(4);
            parts.find_map(|part| self.parameter_of(file, *part, step + 1))
        };
        match program.expr(expr) {
            Expr::Param(function, position) => Some((function, position)),
            Expr::Name(atom, scope) => first(&program.symbol(program.resolve(atom, scope)?).values),
            Expr::Call { args, .. } => first(program.list(args)),
            Expr::Concat(parts) => first(program.list(parts)),
            Expr::Binary(_, left, right) | Expr::Logic(_, left, right) => first(&[left, right]),
            Expr::Member(object, _) | Expr::Index(object, _) => first(&[object]),
            _ => None,
        }
    }

    /// Whether each caller of a function gives an address of which it is known whose it is.
    fn each_gives_an_address(&mut self, file: FileId, function: FuncId, position: u16) -> bool {
        let Some(sites) = self.callers.get(&(file, function)).cloned() else {
            return true;
        };
        sites.len() <= CALLERS
            && sites.into_iter().all(|site| {
                let Some(program) = self.program(site.file) else {
                    return false;
                };
                let args = self.arguments(&program, site);
                let Some(arg) = self.argument(site.file, &args, file, function, position) else {
                    return false;
                };
                let values = self.possible(site.file, arg, 0);
                let named = !values.is_empty()
                    && values.iter().all(|value| self.host_in(value, 0).is_some());
                named || {
                    let labels = self.labels(site.file, arg, None);
                    labels.iter().any(|label| label.kind == SourceKind::Remote)
                }
            })
    }
}
