//! JSON that steers no terminal, and names that come from what is written.

use crate::json;
use crate::record::Record;
use customs_model::{Digest, DigestAlgorithm, Hasher, Timestamp, printable};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// This program as a tool that makes records.
pub(crate) const TOOL: &str = "customs";
/// Its version.
pub(crate) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// A text that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A value that JSON has no form for.
    #[error("cannot write the record as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file whose digests are not what its fields promise.
    #[error("{path:?} of {release} has no SHA-1 and SHA-256: make the record anew")]
    FileDigest {
        /// The release, as people say it.
        release: String,
        /// The file, safe to print.
        path: String,
    },
}

/// JSON with an end of line. A program reads what it was given; what would steer a terminal or
/// turn the order of letters is written as an escape.
pub(crate) fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    let formatter = Plain(PrettyFormatter::new());
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut out, formatter,
    ))?;
    out.push(b'\n');
    String::from_utf8(out).map_err(serde::ser::Error::custom)
}

struct Plain<'a>(PrettyFormatter<'a>);

impl Formatter for Plain<'_> {
    /// `serde_json` has taken quotes, backslashes and C0 out already.
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return out.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if printable(c.encode_utf8(&mut [0; 4]), 1).starts_with(c) {
                write!(out, "{c}")?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }
    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }
    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }
    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }
    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// An instant in whole seconds: SPDX 2.3 (clause 6.9) allows no parts of one.
pub(crate) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A UUID of a record in one format: the same for the same record, another one for another.
pub(crate) fn uuid_of(record: &Record, format: &str) -> Result<String, serde_json::Error> {
    let digest = Digest::sha256(json::text(record)?.as_bytes());
    Ok(uuid(&format!("customs:{format}:{digest}")))
}

/// The namespace of names that are addresses (RFC 9562, section 6.6).
const URL: [u8; 16] = [
    0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
];

/// Version 5 of RFC 9562, section 5.5: SHA-1 over namespace and name.
fn uuid(name: &str) -> String {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha1);
    hasher.update(&URL);
    hasher.update(name.as_bytes());
    let digest = hasher.finish();
    let mut text = String::with_capacity(36);
    for (at, byte) in digest.as_bytes().iter().take(16).enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x50,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_the_one_that_others_compute() {
        // Python: uuid.uuid5(uuid.NAMESPACE_URL, "https://a.example/b").
        assert_eq!(
            uuid("https://a.example/b"),
            "e20d9367-8d63-5956-ac6b-9f68fa456673"
        );
    }

    #[test]
    fn json_says_the_same_and_steers_no_terminal() {
        let value = serde_json::json!({
            "a\u{202e}": ["x\u{9b}31m\u{7f}\u{1b}[2J\u{2028}\"\\", "ä 名 🚢", "\u{e0041}"],
            "empty": [], "none": {},
        });
        let text = pretty(&value).unwrap();
        assert!(!text.contains([
            '\u{9b}',
            '\u{202e}',
            '\u{7f}',
            '\u{1b}',
            '\u{2028}',
            '\u{e0041}'
        ]));
        assert!(text.contains("ä 名 🚢"), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, value);
        let usual = serde_json::json!({ "a": [1, { "b": null }], "c": {} });
        let expected = serde_json::to_string_pretty(&usual).unwrap() + "\n";
        assert_eq!(pretty(&usual).unwrap(), expected);
    }

    #[test]
    fn an_instant_is_written_in_whole_seconds() {
        let at: Timestamp = "2026-08-26T10:00:00.987+02:00".parse().unwrap();
        assert_eq!(seconds(at), "2026-08-26T08:00:00Z");
    }
}
