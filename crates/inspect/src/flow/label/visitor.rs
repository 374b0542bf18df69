//! What visitors of a server send in the headers and cookies of their requests.
//!
//! A function that a server calls for each request is called by whoever asks it. What comes in a
//! header is data for it, and never code: a back door waits there for the one who knows its name.

use super::Label;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::pure::FileId;
use customs_model::{SourceKind, VISITOR};

impl Analysis<'_> {
    /// `req.headers['x-trace']`, `request.cookies.get("trace")`, `req.header('x-trace')`: the value
    /// of a header or cookie of the request that is answered.
    pub(super) fn sent_by_visitor(
        &self,
        program: &Program,
        file: FileId,
        expr: ExprId,
    ) -> Option<Label> {
        let is_value = match program.expr(expr) {
            Expr::Member(object, _) | Expr::Index(object, _) => holds_headers(program, object),
            Expr::Call { callee, args, .. } => {
                let Expr::Member(object, method) = program.expr(callee) else {
                    return None;
                };
                let one = program.list(args).len() >= 1;
                match program.name(method) {
                    "get" => holds_headers(program, object) && one,
                    "header" => is_request(program, object) && one,
                    _ => false,
                }
            }
            _ => false,
        };
        let site = Site {
            file,
            expr,
            function: FuncId(0),
        };
        is_value.then(|| self.label_at(SourceKind::Remote, VISITOR, site))
    }
}

/// Whether an expression is what a request has of headers or cookies.
fn holds_headers(program: &Program, expr: ExprId) -> bool {
    let Expr::Member(object, name) = program.expr(expr) else {
        return false;
    };
    let is_held = match program.language {
        Language::JavaScript => matches!(program.name(name), "headers" | "cookies" | "signedCookies"),
        Language::Python => matches!(program.name(name), "headers" | "cookies" | "COOKIES" | "META"),
        Language::Rust => false,
    };
    is_held && is_request(program, object)
}

/// Whether a name is the one that everybody gives to the request that is answered.
fn is_request(program: &Program, expr: ExprId) -> bool {
    matches!(program.expr(expr), Expr::Name(name, _) if matches!(program.name(name), "req" | "request"))
}
