//! Names that a proxy is asked for: the function behind it gets them as texts.

use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{Frame, Value};
use std::rc::Rc;

/// Names that are tried for one call.
const NAMES: usize = 16;
/// Letters of a name that can hold code.
const SHORTEST: usize = 24;

impl Analysis<'_> {
    /// What an argument is for a long name that the proxy around the call is asked for, and
    /// where that name stands: `new Proxy({}, {get: (_, name) => eval(name)}).name`.
    pub(super) fn asked_of_proxy(&mut self, site: Site, arg: ExprId) -> Option<(String, ExprId)> {
        let program = self.program(site.file)?;
        let proxy = proxy_of(&program, site.function)?;
        let mut left = NAMES;
        for number in 0..program.size() {
            let asked = ExprId(number as u32);
            let name = match program.expr(asked) {
                Expr::Member(object, name) if is_variable_of(&program, object, proxy) => {
                    program.name(name).to_owned()
                }
                Expr::Index(object, key) if is_variable_of(&program, object, proxy) => {
                    let key = self.machine.fold(site.file, key);
                    key.known_text().unwrap_or_default().to_owned()
                }
                _ => continue,
            };
            if name.chars().count() < SHORTEST {
                continue;
            }
            left = left.checked_sub(1)?;
            let frame = Rc::new(Frame {
                file: site.file,
                function: site.function,
                parent: None,
                variables: Default::default(),
                arguments: Some(vec![Value::Unknown, Value::text(&name)]),
                this: Value::Unknown,
                lazy: true,
            });
            let made = self.machine.fold_in(site.file, arg, &frame);
            if let Some(text) = made.known_text() {
                return Some((text.to_owned(), asked));
            }
        }
        None
    }
}

/// The proxy whose `get` is a function.
fn proxy_of(program: &Program, function: FuncId) -> Option<ExprId> {
    let mut made = program.calls.iter().map(|(call, _)| *call);
    made.find(|call| {
        let Expr::Call {
            callee,
            args,
            new: true,
        } = program.expr(*call)
        else {
            return false;
        };
        let is_proxy = matches!(program.expr(callee), Expr::Name(name, scope)
            if program.name(name) == "Proxy" && program.resolve(name, scope).is_none());
        let handler = program.list(args).get(1).map(|arg| program.expr(*arg));
        match handler {
            Some(Expr::Object(entries)) if is_proxy => {
                program.list(entries).chunks_exact(2).any(|pair| {
                    matches!(pair, [key, value]
                    if program.text(*key) == Some("get")
                        && program.expr(*value) == Expr::Function(function))
                })
            }
            _ => false,
        }
    })
}

/// Whether an expression is a variable that holds nothing but this value.
fn is_variable_of(program: &Program, expr: ExprId, value: ExprId) -> bool {
    let Expr::Name(atom, scope) = program.expr(expr) else {
        return false;
    };
    program
        .resolve(atom, scope)
        .is_some_and(|symbol| program.symbol(symbol).values[..] == [value])
}
