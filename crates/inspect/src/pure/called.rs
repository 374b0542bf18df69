//! Calls that were computed before.
//!
//! A function of Rust that is given texts, numbers and what is not known gives the same each
//! time: it can change nothing that its caller sees. A build script whose functions call each
//! other would else be computed again from each of them.

use super::value::{Closure, FileId, Value};
use crate::ir::{FuncId, Language, Program};
use crate::limit::evaluating;
use std::fmt::Write as _;

/// Calls that are kept.
pub(super) const MOST: usize = 2_048;
/// Bytes of what a call was given.
const GIVEN: usize = 2_048;

/// A function and what it was called with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Called {
    file: FileId,
    function: FuncId,
    given: String,
}

impl Called {
    /// A call, where it can change nothing and what it is given is told apart by a short text.
    pub(super) fn of(
        program: &Program,
        closure: &Closure,
        this: &Value,
        args: &[Value],
    ) -> Option<Self> {
        let sees_the_top_alone = closure
            .frame
            .as_ref()
            .is_none_or(|frame| frame.file == closure.file && frame.function == FuncId(0));
        if program.language != Language::Rust || !sees_the_top_alone {
            return None;
        }
        let mut given = String::new();
        for value in std::iter::once(this).chain(args) {
            write(value, &mut given)?;
        }
        Some(Self {
            file: closure.file,
            function: closure.function,
            given,
        })
    }
}

/// Whether what a call gave can be kept: nobody can change it, and it is not large.
pub(super) fn is_kept(value: &Value) -> bool {
    match value {
        Value::Unknown
        | Value::Undefined
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Native(_) => true,
        Value::Text(text) => text.len() < evaluating::LARGE,
        Value::Bytes(_)
        | Value::Regex(_)
        | Value::Array(_)
        | Value::Object(_)
        | Value::Function(_) => false,
    }
}

/// Writes a value so that no other one is written alike. None for what can be changed where it
/// stands, and for what is long.
fn write(value: &Value, into: &mut String) -> Option<()> {
    let written = match value {
        Value::Unknown => into.write_str("?;"),
        Value::Undefined => into.write_str("u;"),
        Value::Null => into.write_str("0;"),
        Value::Bool(value) => write!(into, "b{value};"),
        Value::Number(value) => write!(into, "n{};", value.to_bits()),
        Value::Text(text) if into.len() + text.len() <= GIVEN => {
            write!(into, "t{}:{text};", text.len())
        }
        Value::Native(native) if into.len() + native.path.len() <= GIVEN => {
            let (file, at) = native.made_at.map_or((0, 0), |(file, at)| (file + 1, at.0));
            write!(into, "l{}:{}@{file}.{at};", native.path.len(), native.path)
        }
        _ => return None,
    };
    written.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value) -> Option<String> {
        let mut out = String::new();
        write(value, &mut out).map(|()| out)
    }

    #[test]
    fn what_a_call_is_given_is_told_apart() {
        let values = [
            Value::Unknown,
            Value::Undefined,
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Number(0.0),
            Value::Number(1.0),
            Value::text(""),
            Value::text("?;"),
            Value::text("a"),
            Value::native("a"),
        ];
        for (number, value) in values.iter().enumerate() {
            for other in &values[number + 1..] {
                assert_ne!(written(value), written(other), "{value:?} {other:?}");
            }
        }
        assert_eq!(written(&Value::array(Vec::new())), None);
        assert_eq!(written(&Value::text(&"a".repeat(GIVEN + 1))), None);
    }
}
