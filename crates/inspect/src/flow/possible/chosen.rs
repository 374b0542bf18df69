//! Whether what an expression is folded to is one of several values that it may have.
//!
//! Folding gives one value: of a loop the last one, of a choice the longer text, of several
//! assignments the last one. Which of them that is says nothing of the others: `linux ? a : b` runs
//! both, on different machines.

use crate::flow::{Analysis, Context};
use crate::ir::{Binary, Const, Expr, ExprId, Logic, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Expressions that are looked at for one.
const LOOKS: u8 = 24;

impl Analysis<'_> {
    /// Whether an expression has other values besides the one that it is folded to: by a test that
    /// nobody knows, in another round of a loop, by another assignment or another `return`.
    pub(in crate::flow) fn is_chosen(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
    ) -> bool {
        let mut looks = LOOKS;
        self.is_one_of(program, file, expr, &mut looks)
    }

    /// The same on one way of getting there, and what else it is asked on that way.
    pub(in crate::flow) fn if_chosen<T: Default>(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
        ask: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.within, context.cloned());
        let found = match self.is_chosen(program, file, expr) {
            true => ask(self),
            false => T::default(),
        };
        self.within = before;
        found
    }

    fn is_one_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        looks: &mut u8,
    ) -> bool {
        let Some(left) = looks.checked_sub(1) else {
            return false;
        };
        *looks = left;
        match program.expr(expr) {
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return false;
                };
                let values = &program.symbol(symbol).values;
                // What grows is not one of its parts.
                if values
                    .iter()
                    .any(|value| matches!(program.expr(*value), Expr::Update { .. }))
                {
                    return false;
                }
                let mut said = values.iter().filter(|value| says(program, **value));
                match (said.next(), said.next()) {
                    (Some(only), None) => self.is_one_of(program, file, *only, looks),
                    (first, _) => first.is_some(),
                }
            }
            // What the caller on this way hands in.
            Expr::Param(function, position) => {
                let within = self.within.clone();
                let Some(context) =
                    within.filter(|within| (within.file, within.function) == (file, function))
                else {
                    return false;
                };
                let at = context.caller_file;
                let arg = self.argument(at, &context.args, file, function, position);
                let (Some(arg), Some(caller)) = (arg, self.program(at)) else {
                    return false;
                };
                self.within.clone_from(&context.caller);
                let is = self.is_one_of(&caller, at, arg, looks);
                self.within = Some(context);
                is
            }
            Expr::Cond(test, then, other) => match self.holds(file, test) {
                Some(true) => self.is_one_of(program, file, then, looks),
                Some(false) => self.is_one_of(program, file, other, looks),
                None => true,
            },
            Expr::Logic(logic, left, right) => {
                let truth = self.holds(file, left);
                match (logic, truth) {
                    (Logic::Or, Some(true)) => self.is_one_of(program, file, left, looks),
                    (Logic::Or, Some(false)) | (Logic::And, Some(true)) => {
                        self.is_one_of(program, file, right, looks)
                    }
                    _ => {
                        self.is_one_of(program, file, left, looks)
                            || self.is_one_of(program, file, right, looks)
                    }
                }
            }
            Expr::Element(over) => match self.machine.fold(file, over) {
                Value::Array(items) => items.borrow().len() > 1,
                _ => false,
            },
            Expr::Index(object, key) => {
                self.is_one_of(program, file, object, looks)
                    || !matches!(program.expr(key), Expr::Const(_))
                        && self.is_one_of(program, file, key, looks)
            }
            Expr::Member(inner, _)
            | Expr::Await(inner)
            | Expr::Spread(inner)
            | Expr::Assign(_, inner) => self.is_one_of(program, file, inner, looks),
            Expr::Binary(Binary::Add | Binary::Div, left, right) => {
                self.is_one_of(program, file, left, looks)
                    || self.is_one_of(program, file, right, looks)
            }
            Expr::Concat(parts) => {
                let mut parts = program.list(parts).iter();
                parts.any(|part| self.is_one_of(program, file, *part, looks))
            }
            Expr::Call { callee, args, .. } => {
                if let Value::Function(closure) = self.machine.fold(file, callee) {
                    return self.program(closure.file).is_some_and(|inner| {
                        let returns = &inner.function(closure.function).returns;
                        let said = returns.iter().filter(|value| says(&inner, **value));
                        match returns[..] {
                            [only] if closure.file == file => {
                                self.is_one_of(program, file, only, looks)
                            }
                            _ => said.take(2).count() > 1,
                        }
                    });
                }
                let receiver = match program.expr(callee) {
                    Expr::Member(object, _) => self.is_one_of(program, file, object, looks),
                    _ => false,
                };
                receiver || {
                    let mut args = program.list(args).iter();
                    args.any(|arg| self.is_one_of(program, file, *arg, looks))
                }
            }
            _ => false,
        }
    }
    /// Whether a test holds on every machine, or on none.
    fn holds(&mut self, file: FileId, test: ExprId) -> Option<bool> {
        match self.machine.fold(file, test) {
            // Of what the library gives it is not known whether it is there.
            Value::Native(native) if !native.is_module() => None,
            value => value.truth(),
        }
    }
}

/// Whether a value says anything: a variable that is only declared has none yet.
fn says(program: &Program, value: ExprId) -> bool {
    match program.expr(value) {
        Expr::Const(constant) => match program.constant(constant) {
            Const::Text(text) => !text.is_empty(),
            Const::Number(_) | Const::Bytes(_) => true,
            _ => false,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests;
