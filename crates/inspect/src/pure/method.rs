//! Properties and methods of known values.

use super::value::{HOLE_START, Value, number_text, to_u32};
use super::{Machine, builtin, operate};
use crate::ir::Language;
use crate::limit::evaluating;
use std::rc::Rc;

impl Machine<'_> {
    /// `object.name`.
    pub(super) fn get(&mut self, object: &Value, name: &str, language: Language) -> Value {
        match object {
            Value::Native(native) => {
                member_of_native(&native.path, name).map_or(Value::Unknown, |path| {
                    Value::Native(super::Native {
                        path: path.into(),
                        made_at: native.made_at,
                    })
                })
            }
            Value::Object(object) => {
                let own = object
                    .entries
                    .borrow()
                    .iter()
                    .rev()
                    .find(|(key, _)| **key == *name)
                    .map(|(_, value)| value.clone());
                if let Some(value) = own {
                    return bound(
                        value,
                        &Value::Object(Rc::clone(object)),
                        object.is_class || object.class.is_none(),
                    );
                }
                if let Some(class) = object.class {
                    let value = self.of_class(class, name, 0);
                    return bound(value, &Value::Object(Rc::clone(object)), object.is_class);
                }
                // An ES module that is required: `default` is the module itself.
                if name == "default" {
                    return Value::Object(Rc::clone(object));
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
            Value::Text(text)
                if language == Language::Python && matches!(name, "parent" | "name" | "stem") =>
            {
                let path = text.trim_end_matches('/');
                let (folder, last) = path.rsplit_once('/').unwrap_or((".", path));
                // A hole that ends with the file belongs to the folder as well.
                let closed = |folder: &str| {
                    if folder.contains(HOLE_START) && !folder.contains(super::HOLE_END) {
                        format!("{folder}{}", super::HOLE_END)
                    } else {
                        folder.to_owned()
                    }
                };
                match name {
                    "parent" => Value::text(&closed(folder)),
                    "name" => Value::text(last),
                    _ => Value::text(last.rsplit_once('.').map_or(last, |(stem, _)| stem)),
                }
            }
            Value::Text(text) => match name {
                "length" if !text.contains(HOLE_START) => Value::Number(if text.is_ascii() {
                    text.len()
                } else {
                    text.encode_utf16().count()
                } as f64),
                "constructor" => Value::native("String"),
                _ => match name.parse::<usize>() {
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
            // Every function's constructor makes functions from text.
            Value::Function(_) if matches!(name, "constructor") => Value::native("Function"),
            Value::Function(closure) if matches!(name, "call" | "apply" | "bind" | "default") => {
                let _ = language;
                if name == "default" {
                    Value::Function(Rc::clone(closure))
                } else {
                    Value::Unknown
                }
            }
            Value::Number(_) if name == "constructor" => Value::native("Number"),
            Value::Regex(pattern, _) if name == "source" => Value::Text(Rc::clone(pattern)),
            _ => Value::Unknown,
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
        match key {
            Value::Text(_) => match key.known_text() {
                Some(key) => self.get(object, key, language),
                None => Value::Unknown,
            },
            Value::Number(number) => self.get(object, &number_text(*number), language),
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
        match object {
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
            Value::Number(number) => number_method(*number, name, args),
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
                "bind" => Value::Function(Rc::new(super::Closure {
                    file: closure.file,
                    function: closure.function,
                    frame: closure.frame.clone(),
                    this: args.first().cloned(),
                })),
                "toString" => Value::text(super::HOLE),
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

    #[allow(clippy::too_many_lines, reason = "one arm a method")]
    fn text_method(
        &mut self,
        text: &Rc<str>,
        name: &str,
        args: &[Value],
        language: Language,
    ) -> Value {
        // Of a text with holes only what keeps them in place is known.
        let holes = text.contains(HOLE_START);
        let number = |index: usize| args.get(index).and_then(Value::number);
        let part = |index: usize| args.get(index).and_then(Value::known_text);
        match name {
            "toString" | "valueOf" | "strip" | "trim" if args.is_empty() => {
                Value::text(text.trim_matches(|c: char| {
                    name.starts_with("strip") && c.is_whitespace()
                        || name == "trim" && c.is_whitespace()
                }))
            }
            "concat" => {
                let mut out = text.to_string();
                for arg in args {
                    out.push_str(&arg.as_text().unwrap_or_else(|| super::HOLE.to_owned()));
                }
                Value::Text(out.into())
            }
            "join" if language == Language::Rust => {
                let part = args
                    .first()
                    .and_then(Value::as_text)
                    .unwrap_or_else(|| super::HOLE.to_owned());
                Value::text(&format!(
                    "{}/{}",
                    text.trim_end_matches('/'),
                    part.trim_start_matches('/')
                ))
            }
            "join" if language == Language::Python => {
                let Some(items) = args.first().and_then(operate::elements) else {
                    return Value::Unknown;
                };
                join(&items, text)
            }
            "format" if language == Language::Python => python_format(text, args),
            "toLowerCase" | "lower" | "toLocaleLowerCase" if !holes => {
                Value::text(&text.to_lowercase())
            }
            "toUpperCase" | "upper" if !holes => Value::text(&text.to_uppercase()),
            "expanduser" | "resolve" | "absolute" | "as_posix" => match text.strip_prefix('~') {
                Some(rest) => Value::text(&format!("{HOLE_START}home{}{rest}", super::HOLE_END)),
                None => Value::Text(Rc::clone(text)),
            },
            "joinpath" => {
                let mut path = text.to_string();
                for arg in args {
                    path.push('/');
                    path.push_str(&arg.as_text().unwrap_or_else(|| super::HOLE.to_owned()));
                }
                Value::Text(path.into())
            }
            "with_name" => match (text.rsplit_once('/'), part(0)) {
                (Some((folder, _)), Some(name)) => {
                    let close = if folder.contains(HOLE_START) && !folder.contains(super::HOLE_END)
                    {
                        super::HOLE_END.to_string()
                    } else {
                        String::new()
                    };
                    Value::text(&format!("{folder}{close}/{name}"))
                }
                _ => Value::Unknown,
            },
            "read_text" | "read_bytes" | "open" if language == Language::Python => match self
                .own_file(text)
            {
                Some(bytes) if name == "read_bytes" => Value::bytes(bytes),
                Some(bytes) if name == "read_text" => Value::text(&String::from_utf8_lossy(&bytes)),
                _ => Value::Unknown,
            },
            "encode" if !holes => Value::bytes(text.as_bytes().to_vec()),
            "replace" | "replaceAll" => self.replace(text, name, args, language),
            _ if holes => Value::Unknown,
            "split" => match (language, args.first()) {
                (_, Some(Value::Text(_))) => {
                    let Some(separator) = part(0) else {
                        return Value::Unknown;
                    };
                    let parts: Vec<Value> = if separator.is_empty() {
                        text.chars()
                            .map(|c| Value::text(c.encode_utf8(&mut [0; 4])))
                            .collect()
                    } else {
                        text.split(separator).map(Value::text).collect()
                    };
                    Value::array(parts)
                }
                (Language::Python, None) => {
                    Value::array(text.split_whitespace().map(Value::text).collect())
                }
                (Language::JavaScript, None) => Value::array(vec![Value::Text(Rc::clone(text))]),
                _ => Value::Unknown,
            },
            "splitlines" => Value::array(text.lines().map(Value::text).collect()),
            "charAt" | "at" => {
                number(0).map_or_else(|| char_at(text, 0), |at| char_at(text, at as usize))
            }
            "charCodeAt" | "codePointAt" => {
                let at = number(0).unwrap_or(0.0) as usize;
                let code = if text.is_ascii() {
                    text.as_bytes().get(at).map(|b| u32::from(*b))
                } else if name == "charCodeAt" {
                    text.encode_utf16().nth(at).map(u32::from)
                } else {
                    code_point(text, at)
                };
                code.map_or(Value::Number(f64::NAN), |code| {
                    Value::Number(f64::from(code))
                })
            }
            "slice" | "substring" | "substr" => js_slice(text, name, number(0), number(1)),
            "repeat" => {
                let times = number(0).unwrap_or(0.0) as usize;
                if text.len().saturating_mul(times) > evaluating::STRING {
                    Value::Unknown
                } else {
                    Value::text(&text.repeat(times))
                }
            }
            "indexOf" | "find" | "index" => part(0).map_or(Value::Unknown, |part| {
                Value::Number(
                    text.find(part)
                        .map_or(-1.0, |at| text[..at].chars().count() as f64),
                )
            }),
            "includes" => part(0).map_or(Value::Unknown, |part| Value::Bool(text.contains(part))),
            "startsWith" | "startswith" => {
                part(0).map_or(Value::Unknown, |part| Value::Bool(text.starts_with(part)))
            }
            "endsWith" | "endswith" => {
                part(0).map_or(Value::Unknown, |part| Value::Bool(text.ends_with(part)))
            }
            "trimStart" | "lstrip" if args.is_empty() => Value::text(text.trim_start()),
            "trimEnd" | "rstrip" if args.is_empty() => Value::text(text.trim_end()),
            "padStart" | "zfill" => {
                let width = number(0).unwrap_or(0.0) as usize;
                let fill = if name == "zfill" {
                    "0"
                } else {
                    part(1).unwrap_or(" ")
                };
                let missing = width.saturating_sub(text.chars().count());
                if missing > 4096 || fill.is_empty() {
                    return Value::Unknown;
                }
                let pad: String = fill.chars().cycle().take(missing).collect();
                Value::text(&(pad + text))
            }
            "match" | "matchAll" => match args.first() {
                Some(Value::Regex(pattern, flags)) => {
                    match builtin::simple_matches(pattern, flags, text) {
                        Some(found) => Value::array(
                            found.into_iter().map(|found| Value::text(&found)).collect(),
                        ),
                        None => Value::Unknown,
                    }
                }
                _ => Value::Unknown,
            },
            "swapcase" => Value::text(
                &text
                    .chars()
                    .map(|c| {
                        if c.is_uppercase() {
                            c.to_ascii_lowercase()
                        } else {
                            c.to_ascii_uppercase()
                        }
                    })
                    .collect::<String>(),
            ),
            "translate" => translate(text, args.first()),
            _ => Value::Unknown,
        }
    }

    fn replace(&mut self, text: &Rc<str>, name: &str, args: &[Value], language: Language) -> Value {
        let with = args.get(1);
        match args.first() {
            Some(Value::Text(_)) => {
                let (Some(from), Some(to)) = (args[0].known_text(), with.and_then(Value::as_text))
                else {
                    return Value::Unknown;
                };
                if from.is_empty()
                    || text.len().saturating_mul(to.len().max(1)) > evaluating::STRING << 4
                {
                    return Value::Unknown;
                }
                let all = language == Language::Python || name == "replaceAll";
                Value::text(&if all {
                    text.replace(from, &to)
                } else {
                    text.replacen(from, &to, 1)
                })
            }
            Some(Value::Regex(pattern, flags)) => {
                let Some(pieces) = builtin::simple_pieces(pattern, flags, text) else {
                    return Value::Unknown;
                };
                let mut out = String::new();
                for (piece, matched) in pieces {
                    if !matched {
                        out.push_str(&piece);
                        continue;
                    }
                    match with {
                        Some(Value::Text(to)) if !to.contains('$') => out.push_str(to),
                        Some(function @ Value::Function(_)) => {
                            let value = self.invoke(
                                function,
                                Value::Undefined,
                                vec![Value::text(&piece)],
                                false,
                                language,
                            );
                            match value.as_text() {
                                Some(text) => out.push_str(&text),
                                None => return Value::Unknown,
                            }
                        }
                        _ => return Value::Unknown,
                    }
                    if out.len() > evaluating::STRING || self.spent() {
                        return Value::Unknown;
                    }
                }
                Value::Text(out.into())
            }
            _ => Value::Unknown,
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm a method")]
    fn array_method(
        &mut self,
        items: &Rc<std::cell::RefCell<Vec<Value>>>,
        name: &str,
        args: &[Value],
        language: Language,
    ) -> Value {
        match name {
            "push" | "append" => {
                let mut items = items.borrow_mut();
                if items.len() + args.len() > 1 << 20 {
                    return Value::Unknown;
                }
                items.extend(args.iter().cloned());
                Value::Number(items.len() as f64)
            }
            "extend" => {
                match args.first().and_then(operate::elements) {
                    Some(more) => items.borrow_mut().extend(more),
                    None => items.borrow_mut().push(Value::Unknown),
                }
                Value::Null
            }
            "pop" => {
                let mut items = items.borrow_mut();
                match args.first().and_then(Value::number) {
                    Some(0.0) if !items.is_empty() => items.remove(0),
                    _ => items.pop().unwrap_or(Value::Undefined),
                }
            }
            "shift" => {
                let mut items = items.borrow_mut();
                if items.is_empty() {
                    Value::Undefined
                } else {
                    items.remove(0)
                }
            }
            "unshift" => {
                let mut items = items.borrow_mut();
                for arg in args.iter().rev() {
                    items.insert(0, arg.clone());
                }
                Value::Number(items.len() as f64)
            }
            "reverse" => {
                items.borrow_mut().reverse();
                if language == Language::Python {
                    Value::Null
                } else {
                    Value::Array(Rc::clone(items))
                }
            }
            "join" | "concat"
                if language != Language::Python
                    && (name == "join" || language == Language::Rust) =>
            {
                let separator = args.first().and_then(Value::as_text).unwrap_or_else(|| {
                    if language == Language::Rust {
                        String::new()
                    } else {
                        ",".to_owned()
                    }
                });
                join(&items.borrow(), &separator)
            }
            "toString" => join(&items.borrow(), ","),
            "concat" => {
                let mut out = items.borrow().clone();
                for arg in args {
                    match arg {
                        Value::Array(more) => out.extend(more.borrow().iter().cloned()),
                        other => out.push(other.clone()),
                    }
                }
                Value::array(out)
            }
            "slice" => {
                let length = items.borrow().len();
                let (from, to) = js_range(
                    args.first().and_then(Value::number),
                    args.get(1).and_then(Value::number),
                    length,
                );
                Value::array(items.borrow()[from..to].to_vec())
            }
            "splice" => {
                let mut items = items.borrow_mut();
                let (from, _) = js_range(args.first().and_then(Value::number), None, items.len());
                let count = args
                    .get(1)
                    .and_then(Value::number)
                    .map_or(items.len() - from, |n| {
                        (n.max(0.0) as usize).min(items.len() - from)
                    });
                Value::array(
                    items
                        .splice(from..from + count, args.iter().skip(2).cloned())
                        .collect(),
                )
            }
            "map" | "filter" | "forEach" | "flatMap" => {
                let Some(function) = args.first() else {
                    return Value::Unknown;
                };
                let snapshot = items.borrow().clone();
                let mut out = Vec::with_capacity(snapshot.len());
                for (index, item) in snapshot.iter().enumerate() {
                    if self.spent() {
                        return Value::Unknown;
                    }
                    let result = self.invoke(
                        function,
                        Value::Undefined,
                        vec![
                            item.clone(),
                            Value::Number(index as f64),
                            Value::Array(Rc::clone(items)),
                        ],
                        false,
                        language,
                    );
                    match name {
                        "map" => out.push(result),
                        "flatMap" => {
                            out.extend(operate::elements(&result).unwrap_or_else(|| vec![result]))
                        }
                        "filter" => match result.truth() {
                            Some(true) => out.push(item.clone()),
                            Some(false) => {}
                            // What is not known may be kept.
                            None => out.push(item.clone()),
                        },
                        _ => {}
                    }
                }
                Value::array(out)
            }
            "reduce" | "reduceRight" => {
                let Some(function) = args.first() else {
                    return Value::Unknown;
                };
                let mut snapshot = items.borrow().clone();
                if name == "reduceRight" {
                    snapshot.reverse();
                }
                let mut rest = snapshot.into_iter().enumerate();
                let mut sum = match args.get(1) {
                    Some(initial) => initial.clone(),
                    None => match rest.next() {
                        Some((_, first)) => first,
                        None => return Value::Unknown,
                    },
                };
                for (index, item) in rest {
                    if self.spent() {
                        return Value::Unknown;
                    }
                    sum = self.invoke(
                        function,
                        Value::Undefined,
                        vec![sum, item, Value::Number(index as f64)],
                        false,
                        language,
                    );
                }
                sum
            }
            "indexOf" | "includes" | "index" | "count" => {
                let wanted = args.first().cloned().unwrap_or(Value::Unknown);
                let at = items
                    .borrow()
                    .iter()
                    .position(|item| operate::equal(item, &wanted) == Some(true));
                if name == "includes" {
                    Value::Bool(at.is_some())
                } else {
                    Value::Number(at.map_or(-1.0, |at| at as f64))
                }
            }
            "at" => {
                let length = items.borrow().len() as f64;
                let at = args.first().and_then(Value::number).unwrap_or(0.0);
                let at = if at < 0.0 { at + length } else { at };
                items
                    .borrow()
                    .get(at as usize)
                    .cloned()
                    .unwrap_or(Value::Undefined)
            }
            "entries" => Value::array(
                items
                    .borrow()
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        Value::array(vec![Value::Number(index as f64), item.clone()])
                    })
                    .collect(),
            ),
            "keys" => Value::array(
                (0..items.borrow().len())
                    .map(|index| Value::Number(index as f64))
                    .collect(),
            ),
            "values" | "copy" => Value::array(items.borrow().clone()),
            "fill" => {
                let with = args.first().cloned().unwrap_or(Value::Undefined);
                items
                    .borrow_mut()
                    .iter_mut()
                    .for_each(|item| *item = with.clone());
                Value::Array(Rc::clone(items))
            }
            "sort" | "flat" => {
                if name == "flat" {
                    let flat = items
                        .borrow()
                        .iter()
                        .flat_map(|item| match item {
                            Value::Array(inner) => inner.borrow().clone(),
                            other => vec![other.clone()],
                        })
                        .collect();
                    return Value::array(flat);
                }
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }
}

/// Methods of the class of arrays that are asked for by name: `[].filter.constructor`.
fn array_method(name: &str) -> Value {
    match name {
        "filter" | "map" | "forEach" | "find" | "sort" | "flat" | "at" | "slice" | "concat"
        | "reduce" | "join" => Value::native(format!("Array.prototype.{name}")),
        _ => Value::Undefined,
    }
}

/// The path of a member of something of a library.
fn member_of_native(path: &str, name: &str) -> Option<String> {
    if path.len() > 200 {
        return None;
    }
    // A module's default export is the module itself.
    if name == "default" {
        return Some(path.to_owned());
    }
    // What hangs on the global object is global.
    if path == "globalThis" {
        return Some(match name {
            "window" | "self" | "global" | "globalThis" => "globalThis".to_owned(),
            other => other.to_owned(),
        });
    }
    if name == "constructor" && path == "module" {
        return Some("module.Module".to_owned());
    }
    // Every function's constructor makes functions from text.
    if name == "constructor" && !path.ends_with("()") {
        return Some("Function".to_owned());
    }
    Some(match (path, name) {
        ("process.mainModule" | "module" | "process", "require") | ("require.main", "require") => {
            "require".to_owned()
        }
        ("builtins", name) => name.to_owned(),
        _ => format!("{path}.{name}"),
    })
}

fn bound(value: Value, this: &Value, free: bool) -> Value {
    match value {
        Value::Function(closure) if !free && closure.this.is_none() => {
            Value::Function(Rc::new(super::Closure {
                file: closure.file,
                function: closure.function,
                frame: closure.frame.clone(),
                this: Some(this.clone()),
            }))
        }
        other => other,
    }
}

fn join(items: &[Value], separator: &str) -> Value {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Undefined | Value::Null => {}
            item => out.push_str(&item.as_text().unwrap_or_else(|| super::HOLE.to_owned())),
        }
        if out.len() > evaluating::STRING {
            return Value::Unknown;
        }
    }
    Value::Text(out.into())
}

fn char_at(text: &str, index: usize) -> Value {
    if text.contains(HOLE_START) {
        return Value::Unknown;
    }
    let found = if text.is_ascii() {
        text.as_bytes().get(index).map(|byte| char::from(*byte))
    } else {
        text.chars().nth(index)
    };
    found.map_or(Value::Undefined, |c| {
        Value::text(c.encode_utf8(&mut [0; 4]))
    })
}

/// The code point at a position that counts UTF-16 units.
fn code_point(text: &str, at: usize) -> Option<u32> {
    let mut units = 0;
    for c in text.chars() {
        if units >= at {
            return Some(u32::from(c));
        }
        units += c.len_utf16();
    }
    None
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

fn js_slice(text: &str, name: &str, from: Option<f64>, to: Option<f64>) -> Value {
    let chars: Vec<char> = text.chars().collect();
    let length = chars.len();
    let (from, to) = match name {
        "slice" => js_range(from, to, length),
        "substring" => {
            let a = from.unwrap_or(0.0).clamp(0.0, length as f64) as usize;
            let b = to.unwrap_or(length as f64).clamp(0.0, length as f64) as usize;
            (a.min(b), a.max(b))
        }
        _ => {
            let (from, _) = js_range(from, None, length);
            let count = to.map_or(length - from, |n| n.max(0.0) as usize);
            (from, (from + count).min(length))
        }
    };
    Value::text(&chars[from..to].iter().collect::<String>())
}

fn number_method(number: f64, name: &str, args: &[Value]) -> Value {
    match name {
        "toString" => match args.first().and_then(Value::number) {
            None | Some(10.0) => Value::text(&number_text(number)),
            Some(radix)
                if number.fract() == 0.0 && number >= 0.0 && (2.0..=36.0).contains(&radix) =>
            {
                let radix = radix as u64;
                let mut value = number as u64;
                let mut digits = Vec::new();
                loop {
                    digits.push(
                        char::from_digit((value % radix) as u32, radix as u32).unwrap_or('0'),
                    );
                    value /= radix;
                    if value == 0 {
                        break;
                    }
                }
                Value::text(&digits.iter().rev().collect::<String>())
            }
            _ => Value::Unknown,
        },
        "toFixed" => Value::text(&format!(
            "{number:.*}",
            args.first()
                .and_then(Value::number)
                .unwrap_or(0.0)
                .clamp(0.0, 20.0) as usize
        )),
        _ => Value::Unknown,
    }
}

fn bytes_method(bytes: &[u8], name: &str, args: &[Value], language: Language) -> Value {
    let number = |index: usize| args.get(index).and_then(Value::number);
    match (language, name) {
        (Language::JavaScript, "toString") => builtin::encode_bytes(
            bytes,
            args.first().and_then(Value::known_text).unwrap_or("utf8"),
        ),
        (Language::Python, "decode") => Value::text(&String::from_utf8_lossy(bytes)),
        (Language::Python, "split") => match args.first().and_then(Value::to_bytes) {
            Some(separator) if !separator.is_empty() => {
                let mut parts = Vec::new();
                let mut rest = bytes;
                while let Some(at) = memchr::memmem::find(rest, &separator) {
                    parts.push(Value::bytes(rest[..at].to_vec()));
                    rest = &rest[at + separator.len()..];
                }
                parts.push(Value::bytes(rest.to_vec()));
                Value::array(parts)
            }
            _ => Value::Unknown,
        },
        (Language::Python, "strip") => Value::bytes(bytes.trim_ascii().to_vec()),
        (Language::Python, "hex") => Value::text(&hex_text(bytes)),
        (_, "slice" | "subarray") => {
            let (from, to) = js_range(number(0), number(1), bytes.len());
            Value::bytes(bytes[from..to].to_vec())
        }
        (_, "reverse") => Value::bytes(bytes.iter().rev().copied().collect()),
        (_, "readUInt8") => bytes
            .get(number(0).unwrap_or(0.0) as usize)
            .map_or(Value::Unknown, |b| Value::Number(f64::from(*b))),
        (Language::Python, "translate") => match args.first().and_then(Value::to_bytes) {
            Some(table) if table.len() == 256 => {
                Value::bytes(bytes.iter().map(|byte| table[usize::from(*byte)]).collect())
            }
            _ => Value::Unknown,
        },
        (Language::Python, "replace") => match (
            args.first().and_then(Value::to_bytes),
            args.get(1).and_then(Value::to_bytes),
        ) {
            (Some(from), Some(to)) if from.len() == 1 && to.len() == 1 => Value::bytes(
                bytes
                    .iter()
                    .map(|b| if *b == from[0] { to[0] } else { *b })
                    .collect(),
            ),
            _ => Value::Unknown,
        },
        (_, "map") => Value::Unknown,
        _ => Value::Unknown,
    }
}

fn hex_text(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

fn python_format(text: &str, args: &[Value]) -> Value {
    let mut out = String::new();
    let mut rest = text;
    let mut next = 0;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open].replace("}}", "}"));
        if rest[open..].starts_with("{{") {
            out.push('{');
            rest = &rest[open + 2..];
            continue;
        }
        let Some(close) = rest[open..].find('}') else {
            return Value::Unknown;
        };
        let field = &rest[open + 1..open + close];
        let index = if field.is_empty() {
            next += 1;
            Some(next - 1)
        } else {
            field.parse().ok()
        };
        match index
            .and_then(|index: usize| args.get(index))
            .and_then(Value::as_text)
        {
            Some(value) => out.push_str(&value),
            None => out.push_str(super::HOLE),
        }
        rest = &rest[open + close + 1..];
    }
    out.push_str(&rest.replace("}}", "}"));
    Value::Text(out.into())
}

/// Python's `str.translate` with a dictionary of code points.
fn translate(text: &str, table: Option<&Value>) -> Value {
    let Some(Value::Object(table)) = table else {
        return Value::Unknown;
    };
    let entries = table.entries.borrow();
    let mut out = String::new();
    for c in text.chars() {
        let code = u32::from(c).to_string();
        match entries
            .iter()
            .find(|(key, _)| **key == *code)
            .map(|(_, value)| value)
        {
            Some(Value::Number(number)) => out.extend(char::from_u32(to_u32(*number))),
            Some(Value::Text(text)) => out.push_str(text),
            Some(Value::Null) => {}
            Some(_) => return Value::Unknown,
            None => out.push(c),
        }
    }
    Value::Text(out.into())
}
