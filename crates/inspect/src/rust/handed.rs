//! Functions that are handed over by their names, and folders above others.

use super::Lowering;
use super::expression::given_back;
use super::paths::plain;
use super::types::Shape;
use crate::ir::{Expr as Ir, ExprId, Span};
use syn::{Expr, ExprMethodCall, Lit};

/// What a function that is handed over by its name means.
pub(super) enum Handed {
    /// It gives what it is given.
    Same,
    /// It is called with one thing.
    Function(ExprId),
}

impl Lowering {
    /// `names.map(std::env::var)`: whoever is handed a function calls it with what it has.
    pub(super) fn handed_path(&mut self, call: &ExprMethodCall, at: Span) -> Option<Handed> {
        let last = match call.method.to_string().as_str() {
            "map" | "and_then" | "filter_map" | "flat_map" | "for_each" if call.args.len() == 1 => {
                call.args.first()?
            }
            "map_or" | "map_or_else" if call.args.len() == 2 => call.args.last()?,
            _ => return None,
        };
        let Expr::Path(path) = plain(last) else {
            return None;
        };
        let names = self.names(&path.path);
        let (name, of) = names.split_last()?;
        let of = of.last();
        if path.qself.is_some()
            || self.types.shape(name) == Some(Shape::Tuple)
            || of.is_some_and(|of| self.types.shape(of).is_some() || self.generics.contains(of))
        {
            return None;
        }
        let is_type = of.is_some_and(|of| of.starts_with(char::is_uppercase) || of == "str");
        let is_same = matches!(name.as_str(), "Some" | "Ok")
            || is_type && (name == "from" || given_back(name));
        if is_same && call.args.len() == 1 {
            return Some(Handed::Same);
        }
        let (id, back) = self.builder.enter_function(None, true);
        let around = std::mem::take(&mut self.body);
        let given = self.builder.add(Ir::Param(id, 0), at);
        self.builder.function_mut(id).params = 1;
        let callee = self.expression(last);
        let value = self.builder.call(callee, &[given], false, at);
        self.builder.function_mut(id).returns.push(value);
        self.give(value);
        let body = std::mem::replace(&mut self.body, around);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        Some(Handed::Function(self.builder.add(Ir::Function(id), at)))
    }

    /// `path.ancestors().find(f)`, `path.ancestors().nth(3)`: a folder above the path.
    pub(super) fn above(
        &mut self,
        call: &ExprMethodCall,
        folders: ExprId,
        at: Span,
    ) -> Option<ExprId> {
        /// Folders above each other.
        const MOST: u64 = 16;
        let times = match (call.method.to_string().as_str(), call.args.first()) {
            ("find", Some(_)) | ("last", None) => 1,
            ("nth", Some(Expr::Lit(literal))) => match &literal.lit {
                Lit::Int(number) => number.base10_parse::<u64>().ok()?.min(MOST),
                _ => return None,
            },
            _ => return None,
        };
        if !goes_through_folders(&call.receiver) {
            return None;
        }
        let Ir::Call { callee, .. } = self.builder.program().expr(folders) else {
            return None;
        };
        let Ir::Member(path, _) = self.builder.program().expr(callee) else {
            return None;
        };
        let _ = self.all(&call.args);
        let mut above = path;
        for _ in 0..times {
            let callee = self.builder.member(above, "parent", at);
            above = self.builder.call(callee, &[], false, at);
        }
        Some(above)
    }
}

/// Whether a value is the folders above a path.
fn goes_through_folders(of: &Expr) -> bool {
    matches!(of, Expr::MethodCall(call) if call.method == "ancestors")
}
