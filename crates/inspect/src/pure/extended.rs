//! What a file puts on all texts, lists and numbers: `String.prototype.decode = function () { … }`.

use super::Machine;
use super::value::{FileId, Value};
use crate::ir::{Atom, Expr, ExprId, Language, Program};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What a file puts on all values of a kind. Methods of texts and lists are asked for all the time,
/// and next to no file puts anything on them.
#[derive(Debug)]
pub(super) struct OnAll {
    /// What is stored under a name, the first of several.
    stored: FxHashMap<(&'static str, Atom), ExprId>,
    /// What is defined: its kind, its name and how, in order.
    defined: Vec<(&'static str, ExprId, ExprId)>,
}

impl OnAll {
    fn of(program: &Program) -> Self {
        let mut stored = FxHashMap::default();
        for store in &program.stores {
            if let Some(key) = store.key
                && let Some(kind) = prototype_of(program, store.object)
            {
                stored.entry((kind, key)).or_insert(store.value);
            }
        }
        let mut defined = Vec::new();
        for (call, _) in &program.calls {
            if let Expr::Call { callee, args, .. } = program.expr(*call)
                && let [on, called, how] = program.list(args)[..]
                && let Expr::Member(_, define) = program.expr(callee)
                && program.name(define) == "defineProperty"
                && let Some(kind) = prototype_of(program, on)
            {
                defined.push((kind, called, how));
            }
        }
        Self { stored, defined }
    }
}

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
        let on_all = self.on_all(program, file)?;
        let key = program.atom(name)?;
        // What a look through the file would take.
        self.pay(program.stores.len() / 64 + program.calls.len() / 64);
        if self.spent() {
            return None;
        }
        if let Some(stored) = on_all.stored.get(&(kind, key)) {
            let value = self.eval(program, file, *stored, None);
            return matches!(value, Value::Function(_)).then_some((value, false));
        }
        // `Object.defineProperty(String.prototype, 'decode', { get() { … } })`.
        for (of, called, how) in &on_all.defined {
            if *of != kind || program.text(*called) != Some(name) {
                continue;
            }
            let Expr::Object(entries) = program.expr(*how) else {
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

    /// What a file puts on all values of a kind; nothing, where it names no prototype.
    fn on_all(&mut self, program: &Program, file: FileId) -> Option<Rc<OnAll>> {
        let known = self.on_all.entry(file);
        let on_all = known.or_insert_with(|| {
            program.atom("prototype")?;
            Some(Rc::new(OnAll::of(program)))
        });
        on_all.clone()
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

/// The kind of which an expression is the prototype: `String.prototype`.
fn prototype_of(program: &Program, expr: ExprId) -> Option<&'static str> {
    const KINDS: [&str; 3] = ["String", "Array", "Number"];
    let Expr::Member(object, prototype) = program.expr(expr) else {
        return None;
    };
    if program.name(prototype) != "prototype" {
        return None;
    }
    let Expr::Name(name, _) = program.expr(object) else {
        return None;
    };
    let name = program.name(name);
    KINDS.into_iter().find(|kind| *kind == name)
}
