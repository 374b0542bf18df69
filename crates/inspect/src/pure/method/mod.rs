//! Properties and methods of known values.

mod bytes;
mod list;
mod path;
mod text;
mod turns;

use crate::ir::Language;
use crate::limit::evaluating;
use crate::pure::value::{HOLE_START, REST, Value, number_text, to_u32};
use crate::pure::{Machine, operate};
use bytes::{bytes_method, number_method};
use list::array_method;
pub(super) use path::changed;
use std::rc::Rc;
use text::{char_at, matched};

impl Machine<'_> {
    /// `object.name`.
    pub(super) fn get(&mut self, object: &Value, name: &str, language: Language) -> Value {
        match object {
            Value::Native(native) => self.get_of_native(native, name),
            Value::Object(object) => {
                let own = object
                    .entries
                    .borrow()
                    .iter()
                    .rev()
                    .find(|(key, value)| **key == *name && !self.is_setter(value))
                    .map(|(_, value)| value.clone());
                if let Some(value) = own {
                    let this = Value::Object(Rc::clone(object));
                    if let Some(read) = self.read_by_getter(&value, &this) {
                        return read;
                    }
                    return bound(
                        value,
                        &Value::Object(Rc::clone(object)),
                        object.is_class || object.class.is_none(),
                    );
                }
                if let Some(module) = object.module {
                    return match name {
                        "__dict__" => Value::Object(Rc::clone(object)),
                        _ => self.name_of_module(module, name),
                    };
                }
                if name == "__dict__" && language == Language::Python && object.class.is_some() {
                    return Value::Object(Rc::clone(object));
                }
                if let Some(class) = object.class {
                    let value = self.of_class(class, name);
                    let this = Value::Object(Rc::clone(object));
                    if let Some(read) = self.read_by_getter(&value, &this) {
                        return read;
                    }
                    return bound(value, &Value::Object(Rc::clone(object)), object.is_class);
                }
                // An ES module that is required: `default` is the module itself.
                if name == "default" {
                    return Value::Object(Rc::clone(object));
                }
                if let Some(native) = object.rest() {
                    return self.get_of_native(&native, name);
                }
                if object.open {
                    Value::Unknown
                } else {
                    Value::Undefined
                }
            }
            Value::Array(items) => match name {
                "length" => Value::Number(items.borrow().len() as f64),
                "default" => object.clone(),
                _ => match name.parse::<usize>() {
                    Ok(index) => items
                        .borrow()
                        .get(index)
                        .cloned()
                        .unwrap_or(Value::Undefined),
                    Err(_) if name == "constructor" => Value::native("Array"),
                    Err(_) => array_method(name),
                },
            },
            // A text has no such field but as the value of a member of an `Enum`.
            Value::Text(_) if language == Language::Python && name == "value" => object.clone(),
            Value::Text(text)
                if language == Language::Python
                    && matches!(name, "parent" | "parents" | "name" | "stem") =>
            {
                let path = text.trim_end_matches('/');
                let (folder, last) = path.rsplit_once('/').unwrap_or((".", path));
                // A hole that ends with the file belongs to the folder as well.
                let closed = |folder: &str| {
                    if folder.contains(HOLE_START) && !folder.contains(crate::pure::HOLE_END) {
                        format!("{folder}{}", crate::pure::HOLE_END)
                    } else {
                        folder.to_owned()
                    }
                };
                match name {
                    "parent" => Value::text(&closed(folder)),
                    // Of a folder whose place nobody knows, the one around it.
                    "parents" if !path.contains('/') => {
                        Value::array(vec![Value::text(&format!("{path}/.."))])
                    }
                    "parents" => {
                        let above = std::iter::successors(Some(folder), |folder| {
                            folder.rsplit_once('/').map(|(above, _)| above)
                        });
                        Value::array(above.map(|folder| Value::text(&closed(folder))).collect())
                    }
                    "name" => Value::text(last),
                    _ => Value::text(last.rsplit_once('.').map_or(last, |(stem, _)| stem)),
                }
            }
            Value::Text(text) => match name {
                "length" => match self.measured(text).length() {
                    Some(length) => Value::Number(length as f64),
                    None => Value::Unknown,
                },
                "constructor" => Value::native("String"),
                // Of what `new URL('./a', import.meta.url)` gives.
                "href" | "pathname" if text.contains("\u{fdd0}package/") => object.clone(),
                _ => match name.parse::<usize>() {
                    // Python counts letters, JavaScript what UTF-16 makes of them.
                    Ok(index) if language == Language::JavaScript => {
                        self.letter(text, "at", index as f64)
                    }
                    Ok(index) => char_at(text, index),
                    Err(_) => Value::Unknown,
                },
            },
            Value::Bytes(bytes) => match name {
                "length" | "byteLength" => Value::Number(bytes.borrow().len() as f64),
                "buffer" => object.clone(),
                _ => match name.parse::<usize>() {
                    Ok(index) => bytes
                        .borrow()
                        .get(index)
                        .map_or(Value::Undefined, |byte| Value::Number(f64::from(*byte))),
                    Err(_) => Value::Unknown,
                },
            },
            // What a decorator of the library or a property is put around, and the call itself.
            Value::Function(_)
                if language == Language::Python
                    && matches!(name, "__call__" | "__wrapped__" | "__func__" | "fget") =>
            {
                object.clone()
            }
            Value::Function(closure) if name == "__doc__" && language == Language::Python => {
                self.documentation(closure.file, closure.function)
            }
            // Every function's constructor makes functions from text.
            Value::Function(_) if matches!(name, "constructor") => Value::native("Function"),
            Value::Function(_) if matches!(name, "call" | "apply" | "bind") => Value::Unknown,
            Value::Function(closure) => match self.own_of_function(closure, name) {
                Value::Unknown if name == "default" => Value::Function(Rc::clone(closure)),
                value => value,
            },
            Value::Number(_) if name == "constructor" => Value::native("Number"),
            Value::Number(_)
                if language == Language::JavaScript
                    && !matches!(
                        name,
                        "toString" | "toFixed" | "valueOf" | "toPrecision" | "toLocaleString"
                    ) =>
            {
                Value::Undefined
            }
            Value::Regex(regex) if name == "source" => Value::Text(Rc::clone(&regex.pattern)),
            _ => Value::Unknown,
        }
    }

    /// The elements of a list or the letters of a text up to the first for which a function does not
    /// hold, or those from there on.
    fn while_it_holds(&mut self, object: &Value, name: &str, function: Option<&Value>) -> Value {
        let (Some(function), Some(elements)) = (function, operate::elements(object)) else {
            return Value::Unknown;
        };
        // `position` looks for the first one for which it does hold.
        let wanted = name != "position";
        let mut split = elements.len();
        for (at, element) in elements.iter().enumerate() {
            if self.spent() {
                return Value::Unknown;
            }
            let given = vec![element.clone()];
            let language = Language::Rust;
            let holds = self.invoke(function, Value::Undefined, given, false, language);
            match holds.truth() {
                Some(holds) if holds == wanted => {}
                Some(_) => {
                    split = at;
                    break;
                }
                None => return Value::Unknown,
            }
        }
        if name == "position" {
            return match split < elements.len() {
                true => Value::Number(split as f64),
                false => Value::Undefined,
            };
        }
        let kept = match name {
            "take_while" => &elements[..split],
            _ => &elements[split..],
        };
        match object {
            Value::Text(_) => {
                let letters = kept.iter().filter_map(Value::as_text);
                Value::text(&letters.collect::<String>())
            }
            _ => Value::array(kept.to_vec()),
        }
    }

    /// `object[key]`.
    pub(super) fn index(&mut self, object: &Value, key: &Value, language: Language) -> Value {
        if language == Language::Python
            && let (Value::Number(at), Value::Array(_) | Value::Text(_) | Value::Bytes(_)) =
                (key, object)
            && *at < 0.0
        {
            let length = match object {
                Value::Array(items) => items.borrow().len(),
                Value::Bytes(bytes) => bytes.borrow().len(),
                Value::Text(text) => text.chars().count(),
                _ => 0,
            };
            let at = *at + length as f64;
            return if at >= 0.0 {
                self.index(object, &Value::Number(at), language)
            } else {
                Value::Undefined
            };
        }
        // `C[int]` is `C` of something.
        if language == Language::Python
            && let Value::Object(class) = object
            && class.is_class
            && !matches!(key, Value::Text(_) | Value::Number(_))
        {
            return object.clone();
        }
        match key {
            // `copy[key] = module[key]`, for each of its keys.
            Value::Text(key) if **key == *REST && matches!(object, Value::Native(_)) => {
                object.clone()
            }
            Value::Text(_) => match key.known_text() {
                Some(key) => self.get(object, key, language),
                None => Value::Unknown,
            },
            Value::Number(number) => self.get(object, &number_text(*number), language),
            Value::Bytes(bytes) if language == Language::JavaScript => {
                let key = String::from_utf8_lossy(&bytes.borrow()).into_owned();
                self.get(object, &key, language)
            }
            _ => Value::Unknown,
        }
    }

    /// `object.name(args)` of a value of the language itself.
    pub(super) fn method(
        &mut self,
        object: &Value,
        name: &str,
        args: &[Value],
        language: Language,
    ) -> Value {
        // What only touches an end is as fast for a long list.
        if !matches!(name, "push" | "append" | "pop" | "at") {
            self.pay_for_looking(object);
        }
        match object {
            Value::Text(_) | Value::Array(_) | Value::Bytes(_)
                if language == Language::Rust
                    && matches!(name, "take_while" | "skip_while" | "position") =>
            {
                self.while_it_holds(object, name, args.first())
            }
            // `"63757…".as_bytes().chunks(2)`.
            Value::Text(_)
                if language == Language::Rust && matches!(name, "chunks" | "chunks_exact") =>
            {
                match turns::listed(object) {
                    Some(items) => self.array_method(&Rc::new(items.into()), name, args, language),
                    None => Value::Unknown,
                }
            }
            Value::Text(text) => self.text_method(text, name, args, language),
            Value::Array(items) => {
                let items = Rc::clone(items);
                self.array_method(&items, name, args, language)
            }
            Value::Bytes(bytes)
                if language == Language::Python && matches!(name, "append" | "extend") =>
            {
                let more = match args.first() {
                    Some(Value::Number(number)) => vec![to_u32(*number) as u8],
                    Some(other) => other.to_bytes().unwrap_or_default(),
                    None => Vec::new(),
                };
                if bytes.borrow().len() + more.len() <= evaluating::STRING {
                    bytes.borrow_mut().extend(more);
                }
                Value::Null
            }
            Value::Bytes(bytes)
                if language == Language::Rust
                    && (matches!(name, "map" | "filter" | "copied" | "cloned")
                        || turns::is_of_turns(name)) =>
            {
                match turns::listed(&Value::Bytes(Rc::clone(bytes))) {
                    Some(items) => self.array_method(&Rc::new(items.into()), name, args, language),
                    None => Value::Unknown,
                }
            }
            Value::Bytes(bytes) if language == Language::Rust && name == "len" => {
                Value::Number(bytes.borrow().len() as f64)
            }
            Value::Bytes(bytes) if matches!(name, "map" | "forEach" | "filter" | "reduce") => {
                let items: Vec<Value> = bytes
                    .borrow()
                    .iter()
                    .map(|byte| Value::Number(f64::from(*byte)))
                    .collect();
                let result = self.array_method(&Rc::new(items.into()), name, args, language);
                if name == "map" {
                    result.to_bytes().map_or(Value::Unknown, Value::bytes)
                } else {
                    result
                }
            }
            Value::Bytes(bytes) => {
                let snapshot = bytes.borrow().clone();
                bytes_method(&snapshot, name, args, language)
            }
            Value::Number(number) if language == Language::Rust => {
                turns::of_byte(*number, name, args)
            }
            Value::Number(number) => number_method(*number, name, args),
            // With `g` the place of the last match is kept: that is not followed.
            Value::Regex(regex) if !regex.flags.contains(['g', 'y']) => {
                let (pattern, flags) = (&regex.pattern, &regex.flags);
                match (name, args.first().and_then(Value::known_text)) {
                    ("exec", Some(text)) => {
                        matched(pattern, flags, text, false, false, &mut self.steps)
                    }
                    ("test", Some(text)) => {
                        match matched(pattern, flags, text, false, false, &mut self.steps) {
                            Value::Unknown => Value::Unknown,
                            found => Value::Bool(matches!(found, Value::Array(_))),
                        }
                    }
                    _ => Value::Unknown,
                }
            }
            Value::Function(closure) => match name {
                "call" => self.invoke(
                    object,
                    args.first().cloned().unwrap_or(Value::Undefined),
                    args.get(1..).unwrap_or_default().to_vec(),
                    false,
                    language,
                ),
                "apply" => {
                    let rest = args.get(1).and_then(operate::elements).unwrap_or_default();
                    self.invoke(
                        object,
                        args.first().cloned().unwrap_or(Value::Undefined),
                        rest,
                        false,
                        language,
                    )
                }
                "bind" => Value::Function(Rc::new(crate::pure::Closure {
                    file: closure.file,
                    function: closure.function,
                    frame: closure.frame.clone(),
                    this: args.first().cloned(),
                })),
                "toString" => self.source_of(closure),
                _ => Value::Unknown,
            },
            Value::Object(entries) => match (language, name) {
                (Language::Python, "get") => {
                    let key = args.first().cloned().unwrap_or(Value::Unknown);
                    match self.index(object, &key, language) {
                        Value::Undefined => args.get(1).cloned().unwrap_or(Value::Null),
                        other => other,
                    }
                }
                (Language::Python, "keys") => {
                    operate::elements(object).map_or(Value::Unknown, Value::array)
                }
                (Language::Python, "values") if !entries.open => Value::array(
                    entries
                        .entries
                        .borrow()
                        .iter()
                        .map(|(_, value)| value.clone())
                        .collect(),
                ),
                (Language::Python, "items") if !entries.open => Value::array(
                    entries
                        .entries
                        .borrow()
                        .iter()
                        .map(|(key, value)| {
                            Value::array(vec![Value::Text(key.clone()), value.clone()])
                        })
                        .collect(),
                ),
                (_, "hasOwnProperty") => {
                    args.first()
                        .and_then(Value::known_text)
                        .map_or(Value::Unknown, |key| {
                            if entries.open {
                                Value::Unknown
                            } else {
                                Value::Bool(
                                    entries
                                        .entries
                                        .borrow()
                                        .iter()
                                        .any(|(known, _)| **known == *key),
                                )
                            }
                        })
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }
}

fn bound(value: Value, this: &Value, free: bool) -> Value {
    match value {
        Value::Function(closure) if !free && closure.this.is_none() => {
            Value::Function(Rc::new(crate::pure::Closure {
                file: closure.file,
                function: closure.function,
                frame: closure.frame.clone(),
                this: Some(this.clone()),
            }))
        }
        other => other,
    }
}

fn js_range(from: Option<f64>, to: Option<f64>, length: usize) -> (usize, usize) {
    let clamp = |at: f64| {
        (if at < 0.0 {
            (at + length as f64).max(0.0)
        } else {
            at.min(length as f64)
        }) as usize
    };
    let from = clamp(from.unwrap_or(0.0));
    let to = clamp(to.unwrap_or(length as f64));
    (from, to.max(from))
}
