//! What visitors of a server send in the headers and cookies of their requests.
//!
//! A function that a server calls for each request is called by whoever asks it. What comes in a
//! header is data for it, and never code: a back door waits there for the one who knows its name.

use super::Label;
use crate::flow::{Analysis, Site};
use crate::ir::{Atom, Expr, ExprId, FuncId, Language, Program, ScopeId};
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
            Expr::Member(object, name) => {
                holds_headers(program, object) && is_of_sender(program.name(name))
            }
            Expr::Index(object, key) => {
                holds_headers(program, object) && program.text(key).is_none_or(is_of_sender)
            }
            Expr::Call { callee, args, .. } => {
                let Expr::Member(object, method) = program.expr(callee) else {
                    return None;
                };
                let key = program.list(args).first();
                let one = key.is_some_and(|key| program.text(*key).is_none_or(is_of_sender));
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
        (is_value && self.is_answered(program, file, expr))
            .then(|| self.label_at(SourceKind::Remote, VISITOR, site))
    }
}

impl Analysis<'_> {
    /// Whether the request of a header is one that the function is given to answer, or the one that a
    /// framework of Python hands out: not an object of the package's own, and none that is sent.
    fn is_answered(&self, program: &Program, file: FileId, expr: ExprId) -> bool {
        let Some((atom, scope)) = request_in(program, expr) else {
            return false;
        };
        let Some(symbol) = program.resolve(atom, scope) else {
            return false;
        };
        let values = &program.symbol(symbol).values;
        values.iter().all(|value| match program.expr(*value) {
            Expr::Param(function, _) => !self.is_given_requests(file, function),
            Expr::Object(_) | Expr::Call { .. } | Expr::Array(_) | Expr::Class(_) => false,
            // What a framework hands out is imported.
            _ => true,
        }) && !values.is_empty()
    }
}

/// The name of the request that a header is asked of.
fn request_in(program: &Program, expr: ExprId) -> Option<(Atom, ScopeId)> {
    const STEPS: usize = 4;
    let mut at = expr;
    for _ in 0..STEPS {
        at = match program.expr(at) {
            Expr::Name(atom, scope) => return Some((atom, scope)),
            Expr::Member(object, _) | Expr::Index(object, _) => object,
            Expr::Call { callee, .. } => callee,
            _ => return None,
        };
    }
    None
}

/// Whether a header is one that its sender makes up, and not one of those that clients and proxies
/// write by themselves.
fn is_of_sender(header: &str) -> bool {
    const BY_THEMSELVES: [&str; 8] = [
        "host",
        "origin",
        "referer",
        "user-agent",
        "connection",
        "upgrade",
        "range",
        "get",
    ];
    let header = header.to_ascii_lowercase().replace('_', "-");
    let header = header.strip_prefix("http-").unwrap_or(&header);
    let begins = |start| header.starts_with(start);
    !BY_THEMSELVES.contains(&header)
        && ![
            "accept",
            "content-",
            "content_",
            "if-",
            "sec-",
            "x-forwarded",
        ]
        .into_iter()
        .any(begins)
}

/// Whether an expression is what a request has of headers or cookies.
fn holds_headers(program: &Program, expr: ExprId) -> bool {
    let Expr::Member(object, name) = program.expr(expr) else {
        return false;
    };
    let is_held = match program.language {
        Language::JavaScript => {
            matches!(program.name(name), "headers" | "cookies" | "signedCookies")
        }
        Language::Python => matches!(
            program.name(name),
            "headers" | "cookies" | "COOKIES" | "META"
        ),
        Language::Rust => false,
    };
    is_held && is_request(program, object)
}

/// Whether a name is the one that everybody gives to the request that is answered.
fn is_request(program: &Program, expr: ExprId) -> bool {
    matches!(program.expr(expr), Expr::Name(name, _) if matches!(program.name(name), "req" | "request"))
}
