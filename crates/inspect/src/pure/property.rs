//! Getters and setters, and the ways in which a module is asked for beside `require(name)`.

use super::Machine;
use super::value::{FileId, Frame, Value};
use crate::ir::{Accessor, Expr, ExprId, Language, Program};
use std::rc::Rc;

impl Machine<'_> {
    fn accessor(&self, value: &Value) -> Option<Accessor> {
        let Value::Function(closure) = value else {
            return None;
        };
        let program = self.surroundings.program(closure.file)?;
        program.function(closure.function).accessor
    }

    pub(super) fn is_setter(&self, value: &Value) -> bool {
        self.accessor(value) == Some(Accessor::Set)
    }

    /// What reading a property gives where a function stands for it.
    pub(super) fn read_by_getter(&mut self, value: &Value, this: &Value) -> Option<Value> {
        match self.accessor(value)? {
            Accessor::Get => {
                let none = Vec::new();
                Some(self.invoke(value, this.clone(), none, false, Language::JavaScript))
            }
            Accessor::Set => Some(Value::Undefined),
        }
    }

    /// `Object.defineProperty(object, key, descriptor)` of an object that is known.
    pub(super) fn define_property(&mut self, args: &[Value]) -> Option<Value> {
        let [
            object @ Value::Object(into),
            key,
            descriptor @ Value::Object(_),
        ] = args
        else {
            return None;
        };
        let (Some(key), false) = (key.known_text(), into.is_class) else {
            return None;
        };
        let language = Language::JavaScript;
        let value = match self.get(descriptor, "value", language) {
            Value::Undefined | Value::Unknown => match self.get(descriptor, "get", language) {
                getter @ Value::Function(_) => {
                    self.invoke(&getter, object.clone(), Vec::new(), false, language)
                }
                _ => return None,
            },
            value => value,
        };
        super::run::put(object, &Value::text(key), value);
        Some(object.clone())
    }

    /// The specifier of a call that asks for a module: `require(a)`, `require.call(this, a)`,
    /// `module.constructor._load(a)`, `Reflect.apply(require, this, [a])`,
    /// `require.bind(this, a)()`.
    pub(super) fn required_by(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        path: &str,
        callee: ExprId,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<ExprId> {
        let listed = |list: ExprId| match program.expr(list) {
            Expr::Array(items) => program.list(items).first().copied(),
            _ => None,
        };
        match (path, args) {
            ("require", [specifier]) => Some(*specifier),
            ("require.call", [_, specifier]) => Some(*specifier),
            ("require.apply", [_, list]) => listed(*list),
            ("module._load" | "module.Module._load" | "Module._load", [specifier, ..]) => {
                Some(*specifier)
            }
            ("Reflect.apply", [function, _, list]) => {
                let function = self.eval(program, file, *function, frame);
                (function.path() == Some("require")).then(|| listed(*list))?
            }
            ("require", []) => {
                let Expr::Call { callee, args, .. } = program.expr(callee) else {
                    return None;
                };
                let [_, specifier] = *program.list(args) else {
                    return None;
                };
                matches!(program.expr(callee), Expr::Member(_, how) if program.name(how) == "bind")
                    .then_some(specifier)
            }
            _ => None,
        }
    }
}
