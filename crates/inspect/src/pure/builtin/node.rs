//! Functions of Node.js that put texts together and take them apart.

use super::percent_decode;
use crate::ir::Expr;
use crate::pure::Machine;
use crate::pure::value::{Native, Value};

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

/// What something has under a key that was made with all of its parts: an address, a query, a
/// `Map`.
pub(super) fn part_of_made(
    machine: &mut Machine<'_>,
    native: &Native,
    key: Option<&str>,
) -> Option<Value> {
    let (file, made) = native.made_at?;
    let key = key?.to_owned();
    let program = machine.surroundings.program(file)?;
    let Expr::Call { args, .. } = program.expr(made) else {
        return None;
    };
    let first = *program.list(args).first()?;
    let parts = match machine.fold(file, first) {
        Value::Text(text) if !text.contains(crate::pure::HOLE_START) => {
            query(text.split_once('?').map_or(&*text, |(_, query)| query))
        }
        list @ Value::Array(_) => from_entries(&list)?,
        table @ Value::Object(_) => table,
        _ => return None,
    };
    match machine.get(&parts, &key, program.language) {
        Value::Unknown | Value::Undefined => None,
        value => Some(value),
    }
}

/// `Object.fromEntries`.
pub(super) fn from_entries(list: &Value) -> Option<Value> {
    let Value::Array(items) = list else {
        return None;
    };
    let items = items.borrow();
    let mut entries = Vec::with_capacity(items.len().min(PARTS));
    for item in items.iter().take(PARTS) {
        let Value::Array(pair) = item else {
            return None;
        };
        let pair = pair.borrow();
        let [key, value] = &pair[..] else {
            return None;
        };
        entries.push((key.known_text()?.into(), value.clone()));
    }
    Some(Value::object(entries))
}

#[cfg(test)]
mod tests;
