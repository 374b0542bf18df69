//! What a field or a property of Python's objects may be, where it is an address or the like.

use super::super::Analysis;
use crate::ir::{Atom, Expr, ExprId, Language, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Values of one field that are looked at.
const MOST: usize = 4;

impl Analysis<'_> {
    /// Whether an expression of Python reads something of an object.
    pub(in crate::flow) fn may_be_property(&self, file: FileId, expr: ExprId) -> bool {
        self.program(file).is_some_and(|program| {
            program.language == Language::Python && matches!(program.expr(expr), Expr::Member(..))
        })
    }

    /// What is put into a field of the object itself, or what its property gives.
    pub(in crate::flow) fn possible_field(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        name: Atom,
        level: u8,
    ) -> Vec<Value> {
        let mut found = Vec::new();
        for value in self
            .fields_of_self(program, file, object, name)
            .into_iter()
            .take(MOST)
        {
            found.extend(self.possible(file, value, level + 1));
        }
        if !found.is_empty() {
            return found;
        }
        let Value::Object(object) = self.machine.fold(file, object) else {
            return found;
        };
        let Some(class) = object.class.filter(|_| !object.is_class) else {
            return found;
        };
        for (file, function) in self.methods_named(class, &[program.name(name)]) {
            let (Some(inner), Some(index)) = (self.program(file), self.index(file)) else {
                continue;
            };
            let above = index.decorators.get(&function).cloned().unwrap_or_default();
            let is_property = above.into_iter().any(|callee| {
                let decorator = self.machine.fold(file, callee);
                matches!(
                    decorator.path(),
                    Some("property" | "functools.cached_property")
                )
            });
            if !is_property {
                continue;
            }
            let returns = inner.function(function).returns.clone();
            for value in returns.into_iter().take(MOST) {
                if !matches!(inner.expr(value), Expr::Const(_)) || inner.text(value).is_some() {
                    found.extend(self.possible(file, value, level + 1));
                }
            }
        }
        found
    }
}
