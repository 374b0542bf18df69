//! Functions of Node.js that put texts together and take them apart.

use super::percent_decode;
use crate::pure::value::Value;

/// Parts of one query.
const PARTS: usize = 1_000;

/// `querystring.parse`.
pub(super) fn query(text: &str) -> Value {
    let parts = text.split('&').filter(|part| !part.is_empty()).take(PARTS);
    let decoded = |text: &str| percent_decode(&text.replace('+', " "), false);
    let entries = parts.map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(key).into(), Value::text(&decoded(value)))
    });
    Value::object(entries.collect())
}

/// `util.format`; nothing where it has marks that are not followed.
pub(super) fn formatted(args: &[Value]) -> Option<Value> {
    let (format, rest) = args.split_first()?;
    let format = format.known_text()?;
    let mut rest = rest.iter();
    let mut out = String::new();
    let mut left = format;
    while let Some((before, behind)) = left.split_once('%') {
        out.push_str(before);
        left = behind;
        let mark = left.chars().next()?;
        left = left.strip_prefix(mark)?;
        match mark {
            '%' => out.push('%'),
            's' | 'd' | 'i' => out.push_str(&rest.next()?.as_text()?),
            _ => return None,
        }
    }
    out.push_str(left);
    for value in rest {
        out.push(' ');
        out.push_str(&value.as_text()?);
    }
    Some(Value::text(&out))
}
