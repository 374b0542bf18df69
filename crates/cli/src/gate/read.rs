//! Reading a TOML file against its schema: an unknown key is an error that names the key, its place
//! and the nearest one that is known.

use super::schema::Described;
use crate::error::Failure;
use customs_model::printable;
use serde_json::Value;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes of a file.
const LARGEST: u64 = 16 << 20;

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is not what the schema says: every unknown key at once, each with its
/// line.
pub fn file<T: Described>(path: &Path) -> Result<T, Failure> {
    let text = text(path)?;
    parse(&text, &path.display().to_string())
}

/// The text of a file that a person wrote.
///
/// # Errors
/// It cannot be read.
pub fn text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let fail = |why: &dyn std::fmt::Display| Failure::usage(format!("cannot read {shown}: {why}"));
    let meta = std::fs::metadata(path).map_err(|error| fail(&error))?;
    if meta.len() > LARGEST {
        return Err(fail(&"it is larger than 16 MiB"));
    }
    std::fs::read_to_string(path).map_err(|error| fail(&error))
}

/// Reads a text; `name` is what messages call it.
///
/// # Errors
/// As [`file()`].
pub fn parse<T: Described>(text: &str, name: &str) -> Result<T, Failure> {
    let place = |at: usize| {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!("{name}:{line}:{column}")
    };
    let said = |at: usize, why: &str| format!("error: {}: {why}", place(at));
    let of_toml = |error: &toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        said(at, error.message().lines().next().unwrap_or("no TOML"))
    };
    let table = DeTable::parse(text).map_err(|error| Failure::usage(of_toml(&error)))?;
    let mut unknown = Vec::new();
    in_table(table.get_ref(), &T::schema(), &mut unknown);
    if !unknown.is_empty() {
        unknown.sort();
        let lines: Vec<String> = unknown.iter().map(|(at, why)| said(*at, why)).collect();
        return Err(Failure::usage(lines.join("\n")));
    }
    toml::from_str(text).map_err(|error| Failure::usage(of_toml(&error)))
}

fn in_table(table: &DeTable<'_>, schema: &Value, unknown: &mut Vec<(usize, String)>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    // A map of names that the user gives has a schema for all of them.
    let others = schema
        .get("additionalProperties")
        .filter(|of| of.is_object());
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let known = properties.and_then(|properties| properties.get(name));
        match known.or(others) {
            Some(schema) => in_value(value, schema, unknown),
            None => {
                let known = properties.into_iter().flatten().map(|(name, _)| &**name);
                unknown.push((key.span().start, no_key(name, known)));
            }
        }
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, schema: &Value, unknown: &mut Vec<(usize, String)>) {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, schema, unknown),
        DeValue::Array(array) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            for value in array {
                in_value(value, items, unknown);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

fn no_key<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let shown = printable(name, 60);
    match customs_rules::did_you_mean(name, known.clone()) {
        Some(meant) => format!("no key {shown:?}; did you mean {meant:?}?"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("no key {shown:?}; known here: {}", known.join(", "))
        }
    }
}
