//! A command line that is one of several: by system, out of a table.

use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Shorter lines than this say nothing.
const SHORTEST: usize = 4;
/// Expressions that are looked at to tell who has a say in a line.
const LOOKS: u32 = 400;

impl Analysis<'_> {
    /// The lines that a command may be, each of which may run. What callers hand in is not asked
    /// for in one way of getting there: each of them is looked at in its own.
    pub(super) fn one_of_lines(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        line: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<String> {
        if context.is_some() && is_handed_in(program, line) {
            return Vec::new();
        }
        let lines = self.possible(file, line, 0);
        let lines = lines.iter().filter_map(Value::known_text);
        let lines = lines.filter(|line| line.len() >= SHORTEST);
        lines.map(str::to_owned).collect()
    }

    /// The line that a call had when the body around it was run, where that is another one: bodies
    /// that change what they read are right in their own order only.
    pub(super) fn line_in_order(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        line: ExprId,
        asked: &Value,
    ) -> Option<String> {
        let is_written_out = matches!(program.expr(line), Expr::Const(_));
        let asked = asked.known_text().filter(|_| !is_written_out)?;
        let seen = self.observed(program, site, line)?;
        let seen = seen.known_text()?;
        (seen != asked && seen.len() >= SHORTEST).then(|| seen.to_owned())
    }
}

/// Whether a caller has a say in what an expression is, or may have.
pub(in crate::flow) fn is_handed_in(program: &Program, expr: ExprId) -> bool {
    let mut looks = LOOKS;
    may_be_handed_in(program, expr, &mut looks)
}

fn may_be_handed_in(program: &Program, expr: ExprId, looks: &mut u32) -> bool {
    let Some(left) = looks.checked_sub(1) else {
        return true;
    };
    *looks = left;
    let any = |exprs: &[ExprId], looks: &mut u32| {
        let mut exprs = exprs.iter();
        exprs.any(|expr| may_be_handed_in(program, *expr, looks))
    };
    match program.expr(expr) {
        Expr::Const(_) | Expr::Function(_) | Expr::Class(_) | Expr::Module(_) => false,
        Expr::Name(atom, scope) => program
            .resolve(atom, scope)
            .is_some_and(|symbol| any(&program.symbol(symbol).values, looks)),
        Expr::Member(inner, _)
        | Expr::Await(inner)
        | Expr::Unary(_, inner)
        | Expr::Spread(inner)
        | Expr::Element(inner)
        | Expr::Key(inner) => any(&[inner], looks),
        Expr::Index(left, right) | Expr::Binary(_, left, right) | Expr::Logic(_, left, right) => {
            any(&[left, right], looks)
        }
        Expr::Cond(_, then, other) => any(&[then, other], looks),
        Expr::Array(items) | Expr::Object(items) | Expr::Concat(items) => {
            any(program.list(items), looks)
        }
        Expr::Call { callee, args, .. } => any(&[callee], looks) || any(program.list(args), looks),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
