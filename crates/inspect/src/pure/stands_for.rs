//! Calls that stand for other ones: `partial(f, a)(b)`, `methodcaller("get", a)(b)`,
//! `Function("return process")()`.

use super::{FileId, Frame, Machine, Native, Value};
use crate::ir::{Expr, ExprId, Language, Program};
use std::rc::Rc;

impl Machine<'_> {
    /// What a call gives of something that the library made to stand for another call; none
    /// where it is no such thing.
    pub(super) fn stands_for(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        native: &Native,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let kind = match (program.language, &*native.path) {
            (Language::Python, "functools.partial()") => Kind::Partial,
            (Language::Python, "operator.methodcaller()") => Kind::Method,
            (Language::Python, "operator.attrgetter()") => Kind::Field,
            (Language::JavaScript, "Function()" | "globalThis.Function()") => Kind::Text,
            _ => return None,
        };
        let (made_in, made) = native.made_at?;
        let maker = self.surroundings.program(made_in)?;
        let Expr::Call { args: given, .. } = maker.expr(made) else {
            return None;
        };
        let given = maker.list(given).to_vec();
        let around = frame.filter(|_| made_in == file);
        if let Kind::Text = kind {
            let text = self.eval(&maker, made_in, *given.last()?, around);
            return text.known_text().and_then(returned_name).map(Value::native);
        }
        let (first, given) = given.split_first()?;
        let first = self.eval(&maker, made_in, *first, around);
        if let Value::Native(inner) = &first
            && let Kind::Partial = kind
            && args.is_empty()
            && let Some(module) = self.imported_by_call(&maker, made_in, inner, given, around)
        {
            return Some(module);
        }
        let given = self.items(&maker, made_in, given, around)?;
        let rest = self.items(program, file, args, frame)?;
        match kind {
            Kind::Partial => {
                let all = given.into_iter().chain(rest).collect();
                Some(self.invoke(&first, Value::Undefined, all, false, program.language))
            }
            Kind::Method => {
                let [object] = &rest[..] else {
                    return None;
                };
                let name = first.known_text()?;
                match self.get(object, name, program.language) {
                    method @ (Value::Function(_) | Value::Native(_)) => {
                        Some(self.invoke(&method, object.clone(), given, false, program.language))
                    }
                    _ => Some(self.method(object, name, &given, program.language)),
                }
            }
            Kind::Field => {
                let ([object], []) = (&rest[..], &given[..]) else {
                    return None;
                };
                let path = first.known_text()?.to_owned();
                let names = path.split('.');
                Some(names.fold(object.clone(), |object, name| {
                    self.get(&object, name, program.language)
                }))
            }
            Kind::Text => None,
        }
    }
}

impl Machine<'_> {
    /// The object that a field of a record holds where nobody gives another one:
    /// `client: Client = field(default_factory=Client)`.
    pub(super) fn made_by_field(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        path: &str,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let is_field = matches!(
            path,
            "dataclasses.field"
                | "attr.ib"
                | "attr.field"
                | "attrs.field"
                | "pydantic.Field"
                | "pydantic.PrivateAttr"
        );
        if !is_field {
            return None;
        }
        let Expr::Keywords(entries) = program.expr(*args.last()?) else {
            return None;
        };
        let mut pairs = program.list(entries).chunks_exact(2);
        let pair = pairs
            .find(|pair| matches!(program.text(pair[0]), Some("default_factory" | "factory")))?;
        let factory = self.eval(program, file, pair[1], frame);
        let made = self.invoke(
            &factory,
            Value::Undefined,
            Vec::new(),
            false,
            program.language,
        );
        matches!(&made, Value::Object(object) if object.class.is_some()).then_some(made)
    }
}

/// How something stands for another call.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// With the first of its arguments.
    Partial,
    /// Of a method of what it is called with.
    Method,
    /// As what stands in what it is called with.
    Field,
    /// As the text of a function.
    Text,
}

/// The global name that the text of a function gives and does nothing else.
fn returned_name(text: &str) -> Option<&str> {
    let name = text.trim().trim_end_matches(';').strip_prefix("return ")?;
    match name.trim() {
        "this" | "globalThis" | "global" | "self" | "window" => Some("globalThis"),
        name @ ("process" | "require" | "Buffer" | "module" | "eval" | "Function") => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_global_that_is_given_back_is_one() {
        assert_eq!(returned_name("return process"), Some("process"));
        assert_eq!(returned_name(" return this; "), Some("globalThis"));
        assert_eq!(returned_name("return a"), None);
        assert_eq!(returned_name("x = 1; return process"), None);
    }
}
