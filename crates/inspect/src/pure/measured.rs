//! What is known of long texts that a loop goes through letter by letter. A decoder asks for the
//! length and for one letter in each turn; in UTF-8 both are a walk over the whole text, and with
//! a payload of a megabyte the walks are what takes the time.

use super::Machine;
use super::value::{HOLE_START, Value};
use crate::limit::evaluating;
use std::rc::Rc;

/// Bytes up to which a text is looked at anew each time.
const SHORT: usize = 256;
/// Texts that are remembered: a decoder has its payload, and perhaps its key.
const REMEMBERED: usize = 2;

/// A text, gone through once.
pub(super) struct Measured {
    text: Rc<str>,
    letters: Letters,
}

/// What its letters are.
enum Letters {
    /// Some of them are not known.
    Unknown,
    /// ASCII only.
    Ascii,
    /// In UTF-16, as JavaScript counts.
    Units(Box<[u16]>),
}

/// The texts that were gone through last, the newest first.
#[derive(Default)]
pub(super) struct Measures(Vec<Rc<Measured>>);

impl Measured {
    fn of(text: &Rc<str>) -> Self {
        let letters = match text.is_ascii() {
            true => Letters::Ascii,
            false if text.contains(HOLE_START) => Letters::Unknown,
            false => Letters::Units(text.encode_utf16().collect()),
        };
        Self {
            text: Rc::clone(text),
            letters,
        }
    }

    /// How many letters it has; none where that is not known.
    pub(super) fn length(&self) -> Option<usize> {
        match &self.letters {
            Letters::Unknown => None,
            Letters::Ascii => Some(self.text.len()),
            Letters::Units(units) => Some(units.len()),
        }
    }

    /// The unit at a place; none behind the end, or where it is not known.
    fn unit(&self, at: usize) -> Option<u16> {
        match &self.letters {
            Letters::Unknown => None,
            Letters::Ascii => self.text.as_bytes().get(at).map(|byte| u16::from(*byte)),
            Letters::Units(units) => units.get(at).copied(),
        }
    }

    /// The code point that begins at a place; a half of a pair that stands there alone is itself.
    fn code_point(&self, at: usize) -> Option<u32> {
        let first = self.unit(at)?;
        let second = self.unit(at + 1);
        let pair = [Some(first), second].into_iter().flatten();
        match char::decode_utf16(pair).next()? {
            Ok(letter) => Some(u32::from(letter)),
            Err(half) => Some(u32::from(half.unpaired_surrogate())),
        }
    }
}

impl Machine<'_> {
    /// A letter of a text, or its number, as JavaScript's methods of this name give it: `charAt`,
    /// `at`, `charCodeAt`, `codePointAt`.
    pub(super) fn letter(&mut self, text: &Rc<str>, name: &str, at: f64) -> Value {
        let measured = self.measured(text);
        let Some(length) = measured.length() else {
            return Value::Unknown;
        };
        let at = match name {
            "at" if at < 0.0 => at + length as f64,
            _ => at,
        };
        // What is behind the end and what is before the beginning are the same: nothing.
        let at = if at < 0.0 { length } else { at as usize };
        let number = |code: Option<u32>| code.map(|code| Value::Number(f64::from(code)));
        match name {
            "charCodeAt" => {
                number(measured.unit(at).map(u32::from)).unwrap_or(Value::Number(f64::NAN))
            }
            "codePointAt" => number(measured.code_point(at)).unwrap_or(Value::Undefined),
            _ => match measured
                .unit(at)
                .map(|unit| char::from_u32(u32::from(unit)))
            {
                Some(Some(letter)) => Value::text(letter.encode_utf8(&mut [0; 4])),
                // Half of a pair is no text here.
                Some(None) => Value::Unknown,
                None if name == "charAt" => Value::text(""),
                None => Value::Undefined,
            },
        }
    }

    /// What a text is made of. To go through one is paid for.
    pub(super) fn measured(&mut self, text: &Rc<str>) -> Rc<Measured> {
        if text.len() <= SHORT {
            return Rc::new(Measured::of(text));
        }
        let mut known = self.measures.0.iter();
        if let Some(at) = known.position(|one| Rc::ptr_eq(&one.text, text)) {
            self.measures.0.swap(0, at);
        } else {
            self.pay(text.len() / evaluating::LOOKED_AT);
            self.measures.0.truncate(REMEMBERED - 1);
            self.measures.0.insert(0, Rc::new(Measured::of(text)));
        }
        match self.measures.0.first() {
            Some(first) => Rc::clone(first),
            None => Rc::new(Measured::of(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(text: &str) -> Measured {
        Measured::of(&text.into())
    }

    #[test]
    fn letters_are_counted_as_javascript_counts_them() {
        for text in ["", "plain", "é", "a😀b", "名前"] {
            let units: Vec<u16> = text.encode_utf16().collect();
            let measured = measured(text);
            assert_eq!(measured.length(), Some(units.len()), "{text}");
            for (at, unit) in units.iter().enumerate() {
                assert_eq!(measured.unit(at), Some(*unit), "{text} {at}");
            }
            assert_eq!(measured.unit(units.len()), None);
        }
        let pair = measured("a😀b");
        assert_eq!(pair.code_point(1), Some(0x1f600));
        assert_eq!(pair.code_point(2), Some(0xde00), "half of it");
        assert_eq!(pair.code_point(3), Some(u32::from('b')));
    }

    #[test]
    fn of_a_text_with_a_hole_nothing_is_known() {
        let measured = measured(&format!("a{HOLE_START}x"));
        assert_eq!((measured.length(), measured.unit(0)), (None, None));
    }
}
