//! JSON as values.

use crate::limit::evaluating::{LEVELS, STRING};
use crate::pure::value::{HOLE, Value};

/// A JSON document as a value.
pub(in crate::pure) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Unknown, Value::Number),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => Value::array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => Value::object(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), from_json(value)))
                .collect(),
        ),
    }
}

pub(super) fn to_json(value: &Value) -> Option<String> {
    written(value, LEVELS, &mut { STRING })
}

/// A value may hold itself, or one part many times: levels and letters are counted.
fn written(value: &Value, levels: u8, left: &mut usize) -> Option<String> {
    let levels = levels.checked_sub(1)?;
    *left = left.checked_sub(1)?;
    let text = Some(match value {
        Value::Null | Value::Undefined => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => crate::pure::number_text(*number),
        Value::Text(text) => {
            if text.contains(crate::pure::HOLE_START) {
                format!("\"{text}\"")
            } else {
                serde_json::to_string(&**text).ok()?
            }
        }
        Value::Array(items) => {
            let parts: Vec<String> = items
                .borrow()
                .iter()
                .map(|item| written(item, levels, left).unwrap_or_else(|| HOLE.to_owned()))
                .collect();
            format!("[{}]", parts.join(","))
        }
        Value::Object(object) if !object.open && object.class.is_none() => {
            let parts: Vec<String> = object
                .entries
                .borrow()
                .iter()
                .map(|(key, value)| {
                    format!(
                        "\"{key}\":{}",
                        written(value, levels, left).unwrap_or_else(|| HOLE.to_owned())
                    )
                })
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        _ => return None,
    });
    *left = left.saturating_sub(text.as_ref().map_or(0, String::len));
    text
}
