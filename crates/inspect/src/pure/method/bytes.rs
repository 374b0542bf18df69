//! Methods of bytes and numbers.

use super::js_range;
use crate::ir::Language;
use crate::pure::builtin;
use crate::pure::value::{Value, number_text};

/// Parts that bytes are split into.
const LINES: usize = 1 << 16;

pub(super) fn number_method(number: f64, name: &str, args: &[Value]) -> Value {
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
        "to_bytes" if number >= 0.0 && number.fract() == 0.0 => {
            number_bytes(&(number as u64).to_be_bytes(), args)
        }
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

pub(super) fn bytes_method(bytes: &[u8], name: &str, args: &[Value], language: Language) -> Value {
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
        (Language::Rust, "trim_ascii") => Value::bytes(bytes.trim_ascii().to_vec()),
        (Language::Python, "strip") => Value::bytes(bytes.trim_ascii().to_vec()),
        (Language::Python, "lstrip") if args.is_empty() => {
            Value::bytes(bytes.trim_ascii_start().to_vec())
        }
        (Language::Python, "rstrip") if args.is_empty() => {
            Value::bytes(bytes.trim_ascii_end().to_vec())
        }
        (Language::Python, "lower") => Value::bytes(bytes.to_ascii_lowercase()),
        (Language::Python, "upper") => Value::bytes(bytes.to_ascii_uppercase()),
        (Language::Python, "splitlines") if memchr::memchr_iter(b'\n', bytes).count() < LINES => {
            let lines = bytes.split(|byte| *byte == b'\n');
            let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            Value::array(lines.map(|line| Value::bytes(line.to_vec())).collect())
        }
        (
            Language::Python,
            "partition" | "rpartition" | "find" | "rfind" | "index" | "rindex" | "removeprefix"
            | "removesuffix" | "startswith" | "endswith" | "rsplit",
        )
        | (Language::JavaScript, "indexOf" | "lastIndexOf" | "includes") => {
            match args.first().and_then(Value::to_bytes) {
                Some(part) if !part.is_empty() => by_part(bytes, name, &part, number(1)),
                _ => Value::Unknown,
            }
        }
        (Language::Python, "hex") => Value::text(&hex_text(bytes)),
        (Language::Python, "to_bytes") => number_bytes(bytes, args),
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

/// What a method gives that looks for a part; `from` is where it begins to look.
fn by_part(bytes: &[u8], name: &str, part: &[u8], from: Option<f64>) -> Value {
    // Ends and steps of searches are seldom given; what they give is not known.
    let from = match from {
        None => 0,
        Some(from) if matches!(name, "find" | "index" | "indexOf") && from >= 0.0 => from as usize,
        Some(_) => return Value::Unknown,
    };
    let Some(rest) = bytes.get(from..) else {
        return Value::Number(-1.0);
    };
    let first = || memchr::memmem::find(rest, part).map(|at| at + from);
    let last = || memchr::memmem::rfind(bytes, part);
    let place = |at: Option<usize>| Value::Number(at.map_or(-1.0, |at| at as f64));
    let cut = |from: usize, to: usize| Value::bytes(bytes[from..to].to_vec());
    match name {
        "find" | "index" | "indexOf" => place(first()),
        "rfind" | "rindex" | "lastIndexOf" => place(last()),
        "includes" => Value::Bool(first().is_some()),
        "startswith" => Value::Bool(bytes.starts_with(part)),
        "endswith" => Value::Bool(bytes.ends_with(part)),
        "removeprefix" => Value::bytes(bytes.strip_prefix(part).unwrap_or(bytes).to_vec()),
        "removesuffix" => Value::bytes(bytes.strip_suffix(part).unwrap_or(bytes).to_vec()),
        "partition" | "rpartition" => {
            let at = if name == "partition" { first() } else { last() };
            let whole = bytes.len();
            match at {
                Some(at) => Value::array(vec![
                    cut(0, at),
                    cut(at, at + part.len()),
                    cut(at + part.len(), whole),
                ]),
                None if name == "partition" => {
                    Value::array(vec![cut(0, whole), cut(0, 0), cut(0, 0)])
                }
                None => Value::array(vec![cut(0, 0), cut(0, 0), cut(0, whole)]),
            }
        }
        _ => {
            let mut parts = Vec::new();
            let mut rest = bytes;
            while let Some(at) = memchr::memmem::find(rest, part) {
                if parts.len() >= LINES {
                    return Value::Unknown;
                }
                parts.push(Value::bytes(rest[..at].to_vec()));
                rest = &rest[at + part.len()..];
            }
            parts.push(Value::bytes(rest.to_vec()));
            Value::array(parts)
        }
    }
}

/// The bytes of a large number, as many as are wanted, in the order that is wanted.
fn number_bytes(bytes: &[u8], args: &[Value]) -> Value {
    let wanted = args
        .first()
        .and_then(Value::number)
        .filter(|n| (0.0..1e6).contains(n))
        .map_or(bytes.len(), |n| n as usize);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let plain = &bytes[zeros..];
    if plain.len() > wanted {
        return Value::Unknown;
    }
    let mut out = vec![0; wanted - plain.len()];
    out.extend_from_slice(plain);
    if args.get(1).and_then(Value::known_text) == Some("little") {
        out.reverse();
    }
    Value::bytes(out)
}

pub(super) fn hex_text(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
