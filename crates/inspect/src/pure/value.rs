//! Values of the pure machine.

use super::variables::Variables;
use crate::ir::{ExprId, FuncId, Regex};
use crate::limit::evaluating::{LEVELS, STRING};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

/// The index of a file in its package.
pub type FileId = u32;

/// Begins a part of a text that only the machine it runs on knows. Both marks are
/// noncharacters of Unicode, which no text may hold.
pub const HOLE_START: char = '\u{fdd0}';
/// Ends such a part.
pub const HOLE_END: char = '\u{fdd1}';
/// The key of all that an object has of a library's module besides what it has itself.
pub const REST: &str = "\u{fdd0}rest\u{fdd1}";
/// A part of which nothing is known.
pub const HOLE: &str = "\u{fdd0}?\u{fdd1}";

/// Begins the inside of a part that is told by its variable, so that the same variable means
/// the same text.
pub const VARIABLE: &str = "variable ";

/// A value, as far as it is known without running anything.
#[derive(Debug, Clone)]
pub enum Value {
    /// Not known.
    Unknown,
    /// `undefined`.
    Undefined,
    /// `null`, `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text. It may hold holes: parts that only the machine it runs on knows.
    Text(Rc<str>),
    /// Bytes.
    Bytes(Rc<RefCell<Vec<u8>>>),
    /// A regular expression: pattern, flags.
    Regex(Rc<Regex>),
    /// A list.
    Array(Rc<RefCell<Vec<Value>>>),
    /// An object or dictionary.
    Object(Rc<Object>),
    /// A function of the package.
    Function(Rc<Closure>),
    /// Something of the language's library or of another package, by its path:
    /// `child_process.exec`; what a call of it gives: `https.request()`.
    Native(Native),
}

/// An object.
#[derive(Debug, Default)]
pub struct Object {
    /// Its entries, in order.
    pub entries: RefCell<Vec<(Rc<str>, Value)>>,
    /// The class that it is made from.
    pub class: Option<(FileId, ExprId)>,
    /// It is that class itself.
    pub is_class: bool,
    /// It has parts that are not known.
    pub open: bool,
    /// The file of Python whose names it holds.
    pub module: Option<FileId>,
}

/// A function and what it sees.
#[derive(Debug)]
pub struct Closure {
    /// Its file.
    pub file: FileId,
    /// The function.
    pub function: FuncId,
    /// The variables around it; none when nothing was run to make it.
    pub frame: Option<Rc<Frame>>,
    /// What it is called on, where that is bound.
    pub this: Option<Value>,
}

/// Something by its path.
#[derive(Debug, Clone)]
pub struct Native {
    /// The path: `fs.writeFile`, `os.environ`, `https.get()`.
    pub path: Rc<str>,
    /// The call that gave it.
    pub made_at: Option<(FileId, ExprId)>,
}

impl Object {
    /// The library's module of which it has what it does not have itself.
    pub fn rest(&self) -> Option<Native> {
        let entries = self.entries.borrow();
        let rest = entries.iter().rev().find(|(key, _)| **key == *REST);
        match rest {
            Some((_, Value::Native(native))) => Some(native.clone()),
            _ => None,
        }
    }
}

impl Native {
    /// Whether it is a module of a library as a whole.
    pub fn is_module(&self) -> bool {
        // Of what every program has the names say what they are asked for.
        !self.path.contains(['.', '(', ')'])
            && !matches!(
                &*self.path,
                "process"
                    | "globalThis"
                    | "global"
                    | "window"
                    | "self"
                    | "exports"
                    | "module"
                    | "console"
            )
    }
}

/// The variables of one call of a function.
#[derive(Debug)]
pub struct Frame {
    /// The file.
    pub file: FileId,
    /// The function.
    pub function: FuncId,
    /// The frame around it.
    pub parent: Option<Rc<Frame>>,
    /// Its variables.
    pub variables: RefCell<Variables>,
    /// Its arguments; none when nobody called it.
    pub arguments: Option<Vec<Value>>,
    /// What it is called on.
    pub this: Value,
    /// Nothing was run in it: variables are folded from what is assigned to them, with
    /// these arguments.
    pub lazy: bool,
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// Bytes.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self::Bytes(Rc::new(RefCell::new(bytes)))
    }

    /// A list.
    pub fn array(items: Vec<Self>) -> Self {
        Self::Array(Rc::new(RefCell::new(items)))
    }

    /// An object with these entries.
    pub fn object(entries: Vec<(Rc<str>, Self)>) -> Self {
        Self::Object(Rc::new(Object {
            entries: RefCell::new(entries),
            ..Object::default()
        }))
    }

    /// Something of a library.
    pub fn native(path: impl Into<Rc<str>>) -> Self {
        Self::Native(Native {
            path: path.into(),
            made_at: None,
        })
    }

    /// A part of a text that only the machine it runs on knows, with a name for people.
    pub fn host(name: &str) -> Self {
        Self::text(&format!("{HOLE_START}{name}{HOLE_END}"))
    }

    /// The text, if it is one without holes.
    pub fn known_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.contains(HOLE_START) => Some(text),
            _ => None,
        }
    }

    /// The text, holes included.
    pub fn any_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The path of something of a library.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Native(native) => Some(&native.path),
            _ => None,
        }
    }

    /// Whether nothing is known of it.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it holds, where that is known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Undefined | Self::Null => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Number(value) => Some(*value != 0.0 && !value.is_nan()),
            Self::Text(text) => Some(!text.is_empty()),
            // Whether a part of the library is there differs by version: both ways.
            Self::Native(_) => None,
            Self::Bytes(_)
            | Self::Regex(..)
            | Self::Array(_)
            | Self::Object(_)
            | Self::Function(_) => Some(true),
        }
    }

    /// As a number, as JavaScript does it.
    pub fn number(&self) -> Option<f64> {
        self.number_within(LEVELS)
    }

    /// A list may hold itself: levels are counted.
    fn number_within(&self, levels: u8) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Null => Some(0.0),
            Self::Undefined => Some(f64::NAN),
            Self::Text(_) => {
                let text = self.known_text()?.trim();
                if text.is_empty() {
                    return Some(0.0);
                }
                if let Some(hex) = text.strip_prefix("0x") {
                    return Some(u64::from_str_radix(hex, 16).map_or(f64::NAN, |v| v as f64));
                }
                for (mark, radix) in [("0b", 2), ("0o", 8)] {
                    if let Some(digits) = text.strip_prefix(mark) {
                        return Some(
                            u64::from_str_radix(digits, radix).map_or(f64::NAN, |v| v as f64),
                        );
                    }
                }
                Some(text.parse().unwrap_or(f64::NAN))
            }
            Self::Array(items) => match items.borrow().as_slice() {
                [] => Some(0.0),
                [one] => one.number_within(levels.checked_sub(1)?),
                _ => Some(f64::NAN),
            },
            _ => None,
        }
    }

    /// As a text; what is not known is a hole. None for what has no text that means
    /// anything.
    pub fn as_text(&self) -> Option<String> {
        self.text_within(LEVELS)
    }

    fn text_within(&self, levels: u8) -> Option<String> {
        match self {
            Self::Native(native)
                if matches!(&*native.path, "process.execPath" | "process.argv0") =>
            {
                Some("node".to_owned())
            }
            Self::Unknown | Self::Native(_) => Some(HOLE.to_owned()),
            Self::Undefined => Some("undefined".to_owned()),
            Self::Null => Some("null".to_owned()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(value) => Some(number_text(*value)),
            Self::Text(text) => Some(text.to_string()),
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes.borrow()).into_owned()),
            Self::Array(items) => {
                let levels = levels.checked_sub(1)?;
                let mut out = String::new();
                for (index, item) in items.borrow().iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    if !matches!(item, Self::Undefined | Self::Null) {
                        out.push_str(&item.text_within(levels)?);
                    }
                    if out.len() > STRING {
                        return None;
                    }
                }
                Some(out)
            }
            Self::Object(_) => Some("[object Object]".to_owned()),
            Self::Regex(regex) => Some(format!("/{}/{}", regex.pattern, regex.flags)),
            Self::Function(_) => Some(HOLE.to_owned()),
        }
    }

    /// The bytes of a text or of bytes.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes.borrow().clone()),
            Self::Text(_) => self.known_text().map(|text| text.as_bytes().to_vec()),
            Self::Array(items) => items
                .borrow()
                .iter()
                .map(|item| item.number().map(|n| to_u32(n) as u8))
                .collect(),
            _ => None,
        }
    }
}

/// A number as JavaScript writes it.
pub fn number_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value.abs() < 1e21 {
        let mut out = String::new();
        let _ = write!(out, "{}", if value == 0.0 { 0.0 } else { value });
        out
    } else {
        format!("{value:e}").replace('e', "e+")
    }
}

/// A number as 32 bits, as JavaScript's bit operators take it.
pub fn to_u32(value: f64) -> u32 {
    if !value.is_finite() {
        return 0;
    }
    let value = value.trunc().rem_euclid(4_294_967_296.0);
    value as u32
}

/// A text with its holes as people see them: `<home>/.ssh`. What tells one variable from
/// another is no word of theirs.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find([HOLE_START, HOLE_END]) {
        let (before, hole) = rest.split_at(at);
        out.push_str(before);
        let Some(inside) = hole.strip_prefix(HOLE_START) else {
            out.push('>');
            rest = &hole[HOLE_END.len_utf8()..];
            continue;
        };
        out.push('<');
        rest = inside;
        if inside.starts_with(VARIABLE) {
            out.push_str("a value that is not known");
            let end = inside.find([HOLE_START, HOLE_END]).unwrap_or(inside.len());
            rest = &inside[end..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{HOLE_END, HOLE_START, VARIABLE, shown};

    #[test]
    fn a_hole_is_told_in_words_and_never_by_an_internal_name() {
        let hole = |name: &str| format!("{HOLE_START}{name}{HOLE_END}");
        assert_eq!(shown(&format!("{}/.ssh", hole("home"))), "<home>/.ssh");
        assert_eq!(shown("a"), "a");
        let variable = hole(&format!("{VARIABLE}1.102"));
        assert_eq!(
            shown(&format!("a/{variable}/{}", hole("?"))),
            "a/<a value that is not known>/<?>"
        );
    }
}
