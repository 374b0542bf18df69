//! A file that is written back with less in it: `write(f, read(f).replace(x, ''))`.

use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Language, Program, SymbolId};
use crate::know::{self, Role};
use std::rc::Rc;

impl Analysis<'_> {
    /// Whether a file is written whose own text, with parts taken out of it, is all that comes in:
    /// so installers take back the lines that they added. Of JavaScript only.
    pub(super) fn only_removes(&mut self, program: &Rc<Program>, site: Site, data: ExprId) -> bool {
        if program.language != Language::JavaScript {
            return false;
        }
        let Expr::Call { args, .. } = program.expr(site.expr) else {
            return false;
        };
        let first = program.list(args).first();
        let Some(file) = first.and_then(|path| named(program, *path)) else {
            return false;
        };
        let Expr::Call { callee, args, .. } = program.expr(made(program, data)) else {
            return false;
        };
        let Expr::Member(text, method) = program.expr(callee) else {
            return false;
        };
        let takes_out = matches!(program.name(method), "replace" | "replaceAll")
            && matches!(program.list(args), [_, with] if program.text(*with) == Some(""));
        let Expr::Call { callee, args, .. } = program.expr(made(program, text)) else {
            return false;
        };
        let first = program.list(args).first();
        takes_out
            && first.and_then(|path| named(program, *path)) == Some(file)
            && self
                .machine
                .fold(site.file, callee)
                .path()
                .is_some_and(|path| know::role(program.language, path) == Role::ReadFile)
    }
}

/// The variable that an expression is.
fn named(program: &Program, expr: ExprId) -> Option<SymbolId> {
    match program.expr(expr) {
        Expr::Name(atom, scope) => program.resolve(atom, scope),
        _ => None,
    }
}

/// What a variable is made by, where it has one value.
fn made(program: &Program, expr: ExprId) -> ExprId {
    match named(program, expr).map(|symbol| &program.symbol(symbol).values[..]) {
        Some([only]) => *only,
        _ => expr,
    }
}
