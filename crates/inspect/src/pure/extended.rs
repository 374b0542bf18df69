//! What a file puts on all texts, lists and numbers: `String.prototype.decode = function () { … }`.

use super::Machine;
use super::value::{FileId, Value};
use crate::ir::{Expr, ExprId, Language, Program};
use std::rc::Rc;

impl Machine<'_> {
    /// The function that a file puts under a name on all values of the kind of one, and whether it
    /// stands for what is read there.
    fn put_on_all(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: &Value,
        name: &str,
    ) -> Option<(Value, bool)> {
        if program.language != Language::JavaScript {
            return None;
        }
        let kind = match object {
            Value::Text(_) => "String",
            Value::Array(_) => "Array",
            Value::Number(_) => "Number",
            _ => return None,
        };
        program.atom("prototype")?;
        let key = program.atom(name)?;
        // Each look goes through the file.
        self.pay(program.stores.len() / 64 + program.calls.len() / 64);
        if self.spent() {
            return None;
        }
        let mut stores = program.stores.iter();
        if let Some(store) =
            stores.find(|store| store.key == Some(key) && is_prototype(program, store.object, kind))
        {
            let value = self.eval(program, file, store.value, None);
            return matches!(value, Value::Function(_)).then_some((value, false));
        }
        // `Object.defineProperty(String.prototype, 'decode', { get() { … } })`.
        for (call, _) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let [on, called, how] = program.list(args)[..] else {
                continue;
            };
            if !matches!(program.expr(callee), Expr::Member(_, define) if program.name(define) == "defineProperty")
                || !is_prototype(program, on, kind)
                || program.text(called) != Some(name)
            {
                continue;
            }
            let Expr::Object(entries) = program.expr(how) else {
                continue;
            };
            for pair in program.list(entries).chunks_exact(2) {
                let is_read = match program.text(pair[0]) {
                    Some("get") => true,
                    Some("value") => false,
                    _ => continue,
                };
                let value = self.eval(program, file, pair[1], None);
                return matches!(value, Value::Function(_)).then_some((value, is_read));
            }
        }
        None
    }

    /// What is read under a name that a file defines for all values of a kind.
    pub(super) fn read_on_all(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: &Value,
        name: &str,
    ) -> Option<Value> {
        let (function, is_read) = self.put_on_all(program, file, object, name)?;
        if !is_read {
            return Some(function);
        }
        let none = Vec::new();
        Some(self.invoke(&function, object.clone(), none, false, Language::JavaScript))
    }

    /// What a method gives that a file defines for all values of a kind.
    pub(super) fn called_on_all(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: &Value,
        name: &str,
        args: &[Value],
    ) -> Option<Value> {
        let (function, is_read) = self.put_on_all(program, file, object, name)?;
        let language = Language::JavaScript;
        (!is_read).then(|| self.invoke(&function, object.clone(), args.to_vec(), false, language))
    }
}

/// Whether an expression is `KIND.prototype`.
fn is_prototype(program: &Program, expr: ExprId, kind: &str) -> bool {
    let Expr::Member(object, prototype) = program.expr(expr) else {
        return false;
    };
    program.name(prototype) == "prototype"
        && matches!(program.expr(object), Expr::Name(name, _) if program.name(name) == kind)
}
