//! Functions that go over lists and objects.

use crate::ir::Language;
use crate::pure::value::{Object, REST, Value};
use crate::pure::{Machine, operate};
use std::rc::Rc;

pub(super) fn mapped(
    machine: &mut Machine<'_>,
    args: &[Value],
    language: Language,
) -> Option<Value> {
    let items = match args.first()? {
        Value::Object(object) => {
            let length = object
                .entries
                .borrow()
                .iter()
                .find(|(key, _)| &**key == "length")
                .and_then(|(_, value)| value.number())?;
            vec![Value::Undefined; length.clamp(0.0, 65_536.0) as usize]
        }
        other => operate::elements(other)?,
    };
    let function = args.get(1)?.clone();
    let mut out = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        if machine.spent() {
            return None;
        }
        out.push(machine.invoke(
            &function,
            Value::Undefined,
            vec![item, Value::Number(index as f64)],
            false,
            language,
        ));
    }
    Some(Value::array(out))
}

pub(super) fn object_parts(
    value: Option<&Value>,
    part: impl Fn(&Rc<str>, &Value) -> Value,
) -> Option<Value> {
    match value? {
        Value::Object(object) if !object.open && object.class.is_none() => Some(Value::array(
            object
                .entries
                .borrow()
                .iter()
                .map(|(key, value)| part(key, value))
                .collect(),
        )),
        _ => None,
    }
}

pub(super) fn assigned(args: &[Value]) -> Option<Value> {
    let mut entries = Vec::new();
    let mut open = false;
    for (number, arg) in args.iter().enumerate() {
        match arg {
            Value::Object(object) => {
                open |= object.open;
                entries.extend(object.entries.borrow().iter().cloned())
            }
            Value::Null | Value::Undefined => {}
            Value::Native(native) if native.is_module() => {
                entries.push((REST.into(), arg.clone()));
            }
            // `Object.assign({}, DEFAULTS, options)`: what a caller sets besides is not known.
            Value::Unknown if number > 0 => open = true,
            _ => return None,
        }
    }
    Some(Value::Object(Rc::new(Object {
        entries: entries.into(),
        open,
        ..Object::default()
    })))
}
