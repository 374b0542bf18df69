//! What Rust makes numbers and letters of.

use crate::pure::operate;
use crate::pure::value::Value;

/// Numbers of a range that is written out; of a longer one nothing is known.
const NUMBERS: f64 = 65_536.0;

/// Whether a function gives letters or numbers.
pub(super) fn is_of_numbers(path: &str) -> bool {
    let path = path.strip_prefix("std.").unwrap_or(path);
    matches!(
        path.strip_prefix("core.").unwrap_or(path),
        "char.from"
            | "char.from_u32"
            | "char.from_u32_unchecked"
            | "u8.from"
            | "u8.from_str_radix"
            | "u16.from_str_radix"
            | "u32.from_str_radix"
            | "u64.from_str_radix"
            | "usize.from_str_radix"
            | "i32.from_str_radix"
            | "i64.from_str_radix"
            | "ops.Range.new"
            | "str.letters"
            | "str.numbers"
    )
}

pub(super) fn made(path: &str, args: &[Value]) -> Option<Value> {
    match (path.rsplit('.').next()?, args) {
        ("new", [from, to]) => {
            let (from, to) = (from.number()?, to.number()?);
            let count = to - from;
            if count.is_nan() || count > NUMBERS || from.fract() != 0.0 {
                return None;
            }
            let mut numbers = Vec::new();
            let mut at = from;
            while at < to {
                numbers.push(Value::Number(at));
                at += 1.0;
            }
            Some(Value::array(numbers))
        }
        ("from_str_radix", [text, radix]) => {
            let radix = radix
                .number()
                .filter(|radix| (2.0..=36.0).contains(radix))?;
            let number = u32::from_str_radix(text.as_text()?.trim(), radix as u32).ok()?;
            Some(Value::Number(f64::from(number)))
        }
        ("letters", [text]) => operate::elements(text).map(Value::array),
        ("numbers", [text]) => {
            let bytes = text
                .to_bytes()
                .filter(|bytes| bytes.len() <= NUMBERS as usize)?;
            let numbers = bytes.iter().map(|byte| Value::Number(f64::from(*byte)));
            Some(Value::array(numbers.collect()))
        }
        (_, [text @ Value::Text(_)]) => Some(text.clone()),
        ("from", [Value::Number(number)]) if path.ends_with("u8.from") => {
            Some(Value::Number(*number))
        }
        (_, [Value::Number(number)]) if (0.0..=f64::from(u32::MAX)).contains(number) => {
            let letter = char::from_u32(*number as u32)?;
            Some(Value::text(letter.encode_utf8(&mut [0; 4])))
        }
        _ => None,
    }
}

/// A letter of Rust that is counted with, as its number: `c as u8 ^ key`.
pub(in crate::pure) fn counted(left: Value, right: Value) -> (Value, Value) {
    let number = |value: &Value| match value {
        Value::Text(text) => {
            let mut letters = text.chars();
            let only = letters.next().filter(|_| letters.next().is_none())?;
            Some(Value::Number(f64::from(u32::from(only))))
        }
        _ => None,
    };
    match (&left, &right) {
        (Value::Text(_), Value::Number(_)) => (number(&left).unwrap_or(left), right),
        (Value::Number(_), Value::Text(_)) => {
            let right = number(&right).unwrap_or(right);
            (left, right)
        }
        _ => (left, right),
    }
}
