//! Methods of Rust's iterators, over what is known.

use crate::pure::value::{Value, to_u32};

/// Elements of a list that begins anew again and again: it is only gone through beside another.
const ROUND: usize = 1 << 14;
/// Elements of a list that is gone through.
const MOST: usize = 1 << 16;

/// Whether a method gives the elements of what it is called on in another way.
pub(super) fn is_of_turns(name: &str) -> bool {
    matches!(
        name,
        "enumerate" | "zip" | "cycle" | "skip" | "take" | "step_by" | "chunks" | "chunks_exact"
    )
}

/// What such a method gives; none where that is not known.
pub(super) fn of_list(items: &[Value], name: &str, args: &[Value]) -> Option<Vec<Value>> {
    if items.len() > MOST {
        return None;
    }
    let count = || {
        let count = args.first()?.number()?;
        (0.0..=MOST as f64)
            .contains(&count)
            .then_some(count as usize)
    };
    let items = items.iter();
    Some(match name {
        "enumerate" => items
            .enumerate()
            .map(|(at, item)| Value::array(vec![Value::Number(at as f64), item.clone()]))
            .collect(),
        "zip" => {
            let other = listed(args.first()?)?;
            // Of what begins anew no more is there than was written out.
            if other.len() == ROUND && items.len() > ROUND {
                return None;
            }
            items
                .zip(other)
                .map(|(one, other)| Value::array(vec![one.clone(), other]))
                .collect()
        }
        "cycle" if items.len() == 0 => Vec::new(),
        "cycle" => items.cycle().take(ROUND).cloned().collect(),
        "skip" => items.skip(count()?).cloned().collect(),
        "take" => items.take(count()?).cloned().collect(),
        "step_by" => items
            .step_by(count().filter(|by| *by > 0)?)
            .cloned()
            .collect(),
        "chunks" | "chunks_exact" => {
            let size = count().filter(|size| *size > 0)?;
            let all: Vec<Value> = items.cloned().collect();
            all.chunks(size)
                .map(|part| Value::array(part.to_vec()))
                .collect()
        }
        _ => return None,
    })
}

/// The elements of a list, or the bytes of what stands for bytes.
pub(super) fn listed(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) if items.borrow().len() <= MOST => Some(items.borrow().clone()),
        Value::Bytes(bytes) if bytes.borrow().len() <= MOST => Some(numbers(&bytes.borrow())),
        Value::Text(_) => value
            .known_text()
            .filter(|text| text.len() <= MOST)
            .map(|text| numbers(text.as_bytes())),
        _ => None,
    }
}

fn numbers(bytes: &[u8]) -> Vec<Value> {
    bytes
        .iter()
        .map(|byte| Value::Number(f64::from(*byte)))
        .collect()
}

/// A method of a byte of Rust.
pub(super) fn of_byte(number: f64, name: &str, args: &[Value]) -> Value {
    if !(0.0..256.0).contains(&number) {
        return Value::Unknown;
    }
    let byte = number as u8;
    let other = args.first().and_then(Value::number).map(to_u32);
    let out = match (name, other) {
        ("wrapping_add", Some(other)) => byte.wrapping_add(other as u8),
        ("wrapping_sub", Some(other)) => byte.wrapping_sub(other as u8),
        ("rotate_left", Some(by)) => byte.rotate_left(by),
        ("rotate_right", Some(by)) => byte.rotate_right(by),
        ("swap_bytes" | "to_be" | "to_le", None) => byte,
        ("reverse_bits", None) => byte.reverse_bits(),
        _ => return Value::Unknown,
    };
    Value::Number(f64::from(out))
}
