//! Places at which nothing is taken out of what a name holds.

use super::{Marks, only_puts};
use crate::ir::{Binary, Compound, Expr, ExprId, Logic, Program, Stmt, Unary};

/// Places at which something is put under a name or into what it holds, or where it is only asked
/// whether something is there: nothing is taken out.
pub(super) fn harmless(program: &Program) -> Marks {
    let mut found = Marks::default();
    for expr in &program.exprs {
        match *expr {
            Expr::Assign(target, _) => {
                found.insert(target);
                if let Expr::Index(table, _) = program.expr(target) {
                    found.insert(table);
                }
            }
            Expr::Binary(Binary::Is | Binary::Eq | Binary::Ne, left, right) => {
                found.insert(left);
                found.insert(right);
            }
            Expr::Unary(Unary::Not | Unary::TypeOf, inner) => tested(program, inner, &mut found),
            Expr::Cond(test, ..) => tested(program, test, &mut found),
            // What it gives of its left side is what is no function.
            Expr::Logic(Logic::And, left, _) => tested(program, left, &mut found),
            Expr::Call { callee, .. } => {
                if let Expr::Member(list, method) = program.expr(callee)
                    && only_puts(program.language, program.name(method))
                {
                    found.insert(list);
                }
            }
            _ => {}
        }
    }
    for statement in &program.statements {
        // `a.b || (a.b = c)`: nobody takes what it gives.
        if let Stmt::Expr(expr) = statement
            && let Expr::Logic(_, left, _) = program.expr(*expr)
        {
            tested(program, left, &mut found);
        }
    }
    for compound in &program.compounds {
        match compound {
            Compound::If(test, ..) => tested(program, *test, &mut found),
            Compound::Loop(around) => {
                if let Some(test) = around.test {
                    tested(program, test, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

/// An expression of which only is asked whether it is true. What is marked was gone through.
fn tested(program: &Program, test: ExprId, found: &mut Marks) {
    let mut waiting = vec![test];
    while let Some(expr) = waiting.pop() {
        if found.contains(expr) {
            continue;
        }
        found.insert(expr);
        match program.expr(expr) {
            Expr::Logic(_, left, right) => waiting.extend([left, right]),
            Expr::Cond(_, first, second) => waiting.extend([first, second]),
            _ => {}
        }
    }
}
