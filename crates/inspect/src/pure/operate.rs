//! Operators.

use super::value::{HOLE, HOLE_START, Value, to_u32};
use crate::ir::{Binary, Language, Unary};
use crate::limit::evaluating;

pub(super) fn unary(operator: Unary, value: &Value) -> Value {
    match operator {
        Unary::Not => value
            .truth()
            .map_or(Value::Unknown, |holds| Value::Bool(!holds)),
        Unary::Neg => value.number().map_or(Value::Unknown, |n| Value::Number(-n)),
        Unary::Plus => value.number().map_or(Value::Unknown, Value::Number),
        Unary::BitNot => value.number().map_or(Value::Unknown, |n| {
            Value::Number(f64::from(!to_u32(n).cast_signed()))
        }),
        Unary::Void => Value::Undefined,
        Unary::Delete => Value::Bool(true),
        Unary::Repr => match value {
            Value::Text(text) => written_out(text),
            other => other.clone(),
        },
        Unary::TypeOf => match value {
            Value::Undefined => Value::text("undefined"),
            Value::Bool(_) => Value::text("boolean"),
            Value::Number(_) => Value::text("number"),
            Value::Text(_) => Value::text("string"),
            Value::Function(_) => Value::text("function"),
            Value::Null | Value::Array(_) | Value::Bytes(_) | Value::Regex(..) => {
                Value::text("object")
            }
            Value::Unknown | Value::Object(_) | Value::Native(_) => Value::Unknown,
        },
    }
}

/// A text as Python writes its literal.
fn written_out(text: &str) -> Value {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
        if out.len() > evaluating::STRING {
            return Value::Unknown;
        }
    }
    out.push(quote);
    Value::Text(out.into())
}

pub(super) fn binary(operator: Binary, left: &Value, right: &Value, language: Language) -> Value {
    if operator == Binary::Add {
        // JavaScript joins lists as texts.
        if let (Language::JavaScript, Value::Array(_), Value::Array(_)) = (language, left, right) {
            return match (left.as_text(), right.as_text()) {
                (Some(left), Some(right)) if left.len() + right.len() <= evaluating::STRING => {
                    Value::Text((left + &right).into())
                }
                _ => Value::Unknown,
            };
        }
        return add(left, right);
    }
    if operator == Binary::Rem
        && language == Language::Python
        && let Value::Text(format) = left
    {
        return percent(format, right);
    }
    if operator == Binary::Div
        && language == Language::Python
        && let Value::Text(_) = left
    {
        // `Path(a) / b`.
        return match (left.as_text(), right.as_text()) {
            (Some(left), Some(right)) if left.len() + right.len() < 4096 => Value::text(&format!(
                "{}/{}",
                left.trim_end_matches('/'),
                right.trim_start_matches('/')
            )),
            _ => Value::Unknown,
        };
    }
    // What is divided by the path of a file below a folder is a path; by a name alone it may be
    // another thing, or any folder of whoever calls.
    if operator == Binary::Div
        && language == Language::Python
        && let (Value::Unknown, Value::Text(name)) = (left, right)
        && name.contains('/')
    {
        return Value::text(&format!("{HOLE}/{}", name.trim_start_matches('/')));
    }
    if operator == Binary::Mul && language == Language::Python {
        match (left, right) {
            (Value::Text(text), Value::Number(n)) | (Value::Number(n), Value::Text(text)) => {
                return repeat(text, *n);
            }
            (Value::Bytes(bytes), Value::Number(n)) | (Value::Number(n), Value::Bytes(bytes)) => {
                let bytes = bytes.borrow();
                let times = *n as usize;
                return if bytes.len().saturating_mul(times) <= evaluating::STRING {
                    Value::bytes(bytes.repeat(times))
                } else {
                    Value::Unknown
                };
            }
            (Value::Array(items), Value::Number(n)) | (Value::Number(n), Value::Array(items)) => {
                let items = items.borrow();
                let times = *n as usize;
                return if items.len().saturating_mul(times) <= evaluating::ELEMENTS {
                    Value::array(
                        std::iter::repeat_n(items.iter().cloned(), times)
                            .flatten()
                            .collect(),
                    )
                } else {
                    Value::Unknown
                };
            }
            _ => {}
        }
    }
    match operator {
        Binary::Eq | Binary::Ne => match equal(left, right) {
            Some(same) => Value::Bool(same == (operator == Binary::Eq)),
            None => Value::Unknown,
        },
        Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => compare(operator, left, right),
        Binary::In => contains(left, right),
        Binary::Is => match (language, equal(left, right)) {
            (Language::Python, Some(same)) => Value::Bool(same),
            _ => Value::Unknown,
        },
        _ => match (left.number(), right.number()) {
            (Some(left), Some(right)) => arithmetic(operator, left, right, language),
            _ => Value::Unknown,
        },
    }
}

fn add(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Value::Number(left + right),
        (Value::Bytes(left), Value::Bytes(right)) => {
            let mut bytes = left.borrow().clone();
            bytes.extend_from_slice(&right.borrow());
            if bytes.len() > evaluating::STRING {
                Value::Unknown
            } else {
                Value::bytes(bytes)
            }
        }
        (Value::Array(left), Value::Array(right))
            if !left.borrow().is_empty() || !right.borrow().is_empty() =>
        {
            let mut items = left.borrow().clone();
            items.extend(right.borrow().iter().cloned());
            if items.len() > 1 << 20 {
                Value::Unknown
            } else {
                Value::array(items)
            }
        }
        (Value::Text(_), _)
        | (_, Value::Text(_))
        | (Value::Array(_), _)
        | (_, Value::Array(_))
        | (Value::Object(_), _)
        | (_, Value::Object(_)) => match (left.as_text(), right.as_text()) {
            (Some(left), Some(right)) if left.len() + right.len() <= evaluating::STRING => {
                Value::Text((left + &right).into())
            }
            _ => Value::Unknown,
        },
        (Value::Unknown | Value::Native(_) | Value::Function(_) | Value::Regex(..), _)
        | (_, Value::Unknown | Value::Native(_) | Value::Function(_) | Value::Regex(..)) => {
            Value::Unknown
        }
        _ => match (left.number(), right.number()) {
            (Some(left), Some(right)) => Value::Number(left + right),
            _ => Value::Unknown,
        },
    }
}

fn arithmetic(operator: Binary, left: f64, right: f64, language: Language) -> Value {
    let python = language == Language::Python;
    // Python's whole numbers have no end; what leaves 53 bits is not followed.
    let bits = |value: f64| -> Option<i64> { (value.abs() < 9.0e15).then_some(value as i64) };
    let number = match operator {
        Binary::Sub => left - right,
        Binary::Mul => left * right,
        Binary::Div => left / right,
        Binary::FloorDiv => (left / right).floor(),
        Binary::Rem if python => left.rem_euclid(right),
        Binary::Rem => left % right,
        Binary::Pow => left.powf(right),
        Binary::Shl | Binary::Shr | Binary::And | Binary::Or | Binary::Xor if python => {
            let (Some(left), Some(right)) = (bits(left), bits(right)) else {
                return Value::Unknown;
            };
            let result = match operator {
                Binary::Shl if (0..50).contains(&right) && left.abs() < 1 << 20 => left << right,
                Binary::Shr if (0..64).contains(&right) => left >> right,
                Binary::And => left & right,
                Binary::Or => left | right,
                Binary::Xor => left ^ right,
                _ => return Value::Unknown,
            };
            result as f64
        }
        Binary::Shl => f64::from((to_u32(left) << (to_u32(right) & 31)).cast_signed()),
        Binary::Shr => f64::from(to_u32(left).cast_signed() >> (to_u32(right) & 31)),
        Binary::UShr => f64::from(to_u32(left) >> (to_u32(right) & 31)),
        Binary::And => f64::from((to_u32(left) & to_u32(right)).cast_signed()),
        Binary::Or => f64::from((to_u32(left) | to_u32(right)).cast_signed()),
        Binary::Xor => f64::from((to_u32(left) ^ to_u32(right)).cast_signed()),
        _ => return Value::Unknown,
    };
    Value::Number(number)
}

/// Whether two values are equal, where that is known. Texts with holes are not.
pub(super) fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown | Value::Native(_), _) | (_, Value::Unknown | Value::Native(_)) => None,
        (Value::Text(_), Value::Text(_)) => Some(left.known_text()? == right.known_text()?),
        (Value::Undefined | Value::Null, Value::Undefined | Value::Null) => Some(true),
        (Value::Undefined | Value::Null, _) | (_, Value::Undefined | Value::Null) => Some(false),
        (Value::Bytes(left), Value::Bytes(right)) => Some(*left.borrow() == *right.borrow()),
        (
            Value::Number(_) | Value::Bool(_) | Value::Text(_),
            Value::Number(_) | Value::Bool(_) | Value::Text(_),
        ) => Some(left.number()? == right.number()?),
        _ => None,
    }
}

fn compare(operator: Binary, left: &Value, right: &Value) -> Value {
    let order = match (left, right) {
        (Value::Text(_), Value::Text(_)) => match (left.known_text(), right.known_text()) {
            (Some(left), Some(right)) => Some(left.cmp(right)),
            _ => return Value::Unknown,
        },
        _ => match (left.number(), right.number()) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => return Value::Unknown,
        },
    };
    let Some(order) = order else {
        return Value::Bool(false);
    };
    Value::Bool(match operator {
        Binary::Lt => order.is_lt(),
        Binary::Le => order.is_le(),
        Binary::Gt => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn contains(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Text(_), Value::Text(_)) => match (left.known_text(), right.known_text()) {
            (Some(part), Some(whole)) => Value::Bool(whole.contains(part)),
            _ => Value::Unknown,
        },
        (Value::Text(key), Value::Object(object)) if !object.open && object.class.is_none() => {
            Value::Bool(object.entries.borrow().iter().any(|(k, _)| k == key))
        }
        (_, Value::Array(items)) => {
            let mut unknown = false;
            for item in items.borrow().iter() {
                match equal(left, item) {
                    Some(true) => return Value::Bool(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            if unknown {
                Value::Unknown
            } else {
                Value::Bool(false)
            }
        }
        _ => Value::Unknown,
    }
}

fn repeat(text: &str, times: f64) -> Value {
    let times = times as usize;
    if text.len().saturating_mul(times) <= evaluating::STRING {
        Value::text(&text.repeat(times))
    } else {
        Value::Unknown
    }
}

/// Python's `"%s" % values`.
fn percent(format: &str, values: &Value) -> Value {
    let values = match values {
        Value::Array(items) => items.borrow().clone(),
        other => vec![other.clone()],
    };
    let mut values = values.iter();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if out.len() > evaluating::STRING {
            return Value::Unknown;
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        // Where a value begins is known, whatever it is: that of an address stands before it.
        match chars.next() {
            Some('%') => out.push('%'),
            Some('s' | 'd' | 'i' | 'r') => match values.next().and_then(Value::as_text) {
                Some(text) => out.push_str(&text),
                None => out.push_str(HOLE),
            },
            Some('c') => match values.next() {
                Some(Value::Number(n)) => out.extend(char::from_u32(*n as u32)),
                Some(Value::Text(text)) => out.push_str(text),
                _ => return Value::Unknown,
            },
            _ => return Value::Unknown,
        }
    }
    Value::Text(out.into())
}

/// The one of two values that may be taken, if they are one or one is not known.
pub(super) fn either(left: Value, right: Value) -> Value {
    match (&left, &right) {
        (Value::Unknown | Value::Undefined | Value::Null, _) => right,
        (_, Value::Unknown | Value::Undefined | Value::Null) => left,
        _ if equal(&left, &right) == Some(true) => left,
        // Both may happen: what is attacked is in one of them. The longer text says more,
        // and what nobody knows of it says nothing.
        (Value::Text(a), Value::Text(b)) => {
            if said(a) >= said(b) {
                left
            } else {
                right
            }
        }
        (Value::Native(_) | Value::Function(_), _) => left,
        (_, Value::Native(_) | Value::Function(_)) => right,
        _ => left,
    }
}

/// How many bytes of a text are known.
fn said(text: &str) -> usize {
    text.len() - text.matches(HOLE).count() * HOLE.len()
}

/// The elements that iterating over a value gives.
pub(super) fn elements(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items.borrow().clone()),
        Value::Text(text) if text.len() > 1 << 18 => None,
        Value::Text(_) => value.known_text().map(|text| {
            text.chars()
                .map(|c| Value::text(c.encode_utf8(&mut [0; 4])))
                .collect()
        }),
        Value::Bytes(bytes) if bytes.borrow().len() > 1 << 18 => None,
        Value::Bytes(bytes) => Some(
            bytes
                .borrow()
                .iter()
                .map(|byte| Value::Number(f64::from(*byte)))
                .collect(),
        ),
        Value::Object(object) if !object.open && object.class.is_none() => Some(
            object
                .entries
                .borrow()
                .iter()
                .map(|(key, _)| Value::Text(key.clone()))
                .collect(),
        ),
        _ => None,
    }
}

/// Python's `value[a:b:c]`; an absent part is undefined.
pub(super) fn slice(value: &Value, parts: &[Value]) -> Value {
    let part = |index: usize| -> Result<Option<i64>, ()> {
        match parts.get(index) {
            None | Some(Value::Undefined | Value::Null) => Ok(None),
            Some(other) => other.number().map(|n| Some(n as i64)).ok_or(()),
        }
    };
    let (Ok(from), Ok(to), Ok(step)) = (part(0), part(1), part(2)) else {
        return Value::Unknown;
    };
    let step = step.unwrap_or(1);
    let pick = |length: usize| -> Option<Vec<usize>> {
        if step == 0 || length > evaluating::STRING {
            return None;
        }
        let length = length as i64;
        let clamp =
            |at: i64, low: i64, high: i64| (if at < 0 { at + length } else { at }).clamp(low, high);
        let (mut at, end) = if step > 0 {
            (
                clamp(from.unwrap_or(0), 0, length),
                clamp(to.unwrap_or(length), 0, length),
            )
        } else {
            (
                from.map_or(length - 1, |f| clamp(f, -1, length - 1)),
                to.map_or(-1, |t| clamp(t, -1, length - 1)),
            )
        };
        let mut out = Vec::new();
        while if step > 0 { at < end } else { at > end } {
            out.push(at as usize);
            at += step;
        }
        Some(out)
    };
    match value {
        Value::Text(text) if !text.contains(HOLE_START) => {
            let chars: Vec<char> = text.chars().collect();
            pick(chars.len()).map_or(Value::Unknown, |picked| {
                Value::Text(
                    picked
                        .into_iter()
                        .filter_map(|at| chars.get(at))
                        .collect::<String>()
                        .into(),
                )
            })
        }
        Value::Bytes(bytes) => {
            let bytes = bytes.borrow();
            pick(bytes.len()).map_or(Value::Unknown, |picked| {
                Value::bytes(
                    picked
                        .into_iter()
                        .filter_map(|at| bytes.get(at).copied())
                        .collect(),
                )
            })
        }
        Value::Array(items) => {
            let items = items.borrow();
            pick(items.len()).map_or(Value::Unknown, |picked| {
                Value::array(
                    picked
                        .into_iter()
                        .filter_map(|at| items.get(at).cloned())
                        .collect(),
                )
            })
        }
        _ => Value::Unknown,
    }
}
