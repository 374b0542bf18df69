//! Numbers that texts are put together from: ranges, slices, letters by their number.

use super::Lowering;
use super::types::type_name;
use crate::ir::{Binary, Const, Expr as Ir, ExprId, List, Span};
use syn::{Expr, RangeLimits};

impl Lowering {
    /// `a..b`: the numbers from the one to the other.
    pub(super) fn range(&mut self, range: &syn::ExprRange, at: Span) -> ExprId {
        let (from, to) = self.ends(range, at);
        match to {
            Some(to) => {
                let callee = self.dotted(RANGE, at);
                self.builder.call(callee, &[from, to], false, at)
            }
            None => self.builder.other(&[from], at),
        }
    }

    /// What stands between the brackets of `a[from..to]`.
    pub(super) fn cut(&mut self, index: &Expr, at: Span) -> Option<List> {
        let range = match index {
            Expr::Range(range) => range,
            Expr::Paren(inner) => return self.cut(&inner.expr, at),
            _ => return None,
        };
        let (from, to) = self.ends(range, at);
        let to = to.unwrap_or_else(|| self.builder.undefined(at));
        Some(self.builder.list(&[from, to]))
    }

    fn ends(&mut self, range: &syn::ExprRange, at: Span) -> (ExprId, Option<ExprId>) {
        let from = match &range.start {
            Some(from) => self.expression(from),
            None => self.builder.constant(Const::Number(0.0), at),
        };
        let to = range.end.as_ref().map(|to| {
            let to = self.expression(to);
            match range.limits {
                RangeLimits::HalfOpen(_) => to,
                RangeLimits::Closed(_) => {
                    let one = self.builder.constant(Const::Number(1.0), at);
                    self.builder.binary(Binary::Add, to, one, at)
                }
            }
        });
        (from, to)
    }

    /// What a text is gone through by: `text.chars().map(f)`, `text.as_bytes().iter().map(f)`.
    pub(super) fn letters(&mut self, receiver: &Expr, name: &str, at: Span) -> Option<ExprId> {
        let goes_through = matches!(
            name,
            "map"
                | "enumerate"
                | "zip"
                | "filter"
                | "filter_map"
                | "flat_map"
                | "skip"
                | "take"
                | "step_by"
                | "rev"
        );
        let mut of = receiver;
        let how = loop {
            let Expr::MethodCall(call) = of else {
                return None;
            };
            if !goes_through || !call.args.is_empty() {
                return None;
            }
            match call.method.to_string().as_str() {
                "chars" => break LETTERS,
                "bytes" | "as_bytes" | "into_bytes" => break BYTES,
                "iter" | "into_iter" | "copied" | "cloned" => of = &call.receiver,
                _ => return None,
            }
        };
        let Expr::MethodCall(call) = of else {
            return None;
        };
        let text = self.expression(&call.receiver);
        let callee = self.dotted(how, at);
        Some(self.builder.call(callee, &[text], false, at))
    }

    /// `a as char`: a letter by its number. To the eyes of whoever follows values any other cast
    /// changes nothing.
    pub(super) fn cast(&mut self, value: ExprId, to: &syn::Type, at: Span) -> ExprId {
        if type_name(to).as_deref() != Some("char")
            || matches!(self.builder.program().expr(value), Ir::Const(_))
        {
            return value;
        }
        let callee = self.dotted("char.from", at);
        self.builder.call(callee, &[value], false, at)
    }
}

/// What makes the numbers of a range.
const RANGE: &str = "std.ops.Range.new";
/// What makes the letters of a text.
const LETTERS: &str = "str.letters";
/// What makes the bytes of a text.
const BYTES: &str = "str.numbers";

#[cfg(test)]
mod tests;
