//! What the gate serves of an index file.

use super::index::{Index, Line};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// It is copied.
    AsIs,
    /// It is marked yanked: no new picks, and lockfiles that pin it keep working.
    Yanked,
    /// It is left out.
    Hide,
}

/// Writes the file again: kept lines byte by byte and in order, malformed ones never.
///
/// `body` must be the bytes that `index` was read from; a line that does not stand
/// where the index says is left out.
pub fn render(index: &Index, body: &[u8], shown: impl Fn(&Line) -> Show) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in &index.lines {
        let Some(raw) = body.get(line.range.clone()) else {
            continue;
        };
        match shown(line) {
            Show::Hide => continue,
            Show::Yanked if !line.yanked => {
                if !write_yanked(raw, &mut out) {
                    continue;
                }
            }
            Show::AsIs | Show::Yanked => out.extend_from_slice(raw),
        }
        out.push(b'\n');
    }
    out
}

/// Writes a line with `yanked` set to true and nothing else changed. False, and
/// nothing written, if it is no object.
fn write_yanked(raw: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(place) = Place::find(raw) else {
        return false;
    };
    let (range, text): (_, &[u8]) = match place {
        Place::Value(range) => (range, b"true"),
        Place::First(at) => (at..at, b"\"yanked\":true,"),
    };
    out.extend_from_slice(&raw[..range.start]);
    out.extend_from_slice(text);
    out.extend_from_slice(&raw[range.end..]);
    true
}

/// Where `yanked` is written.
enum Place {
    /// Over the value that stands there.
    Value(Range<usize>),
    /// Before the first member.
    First(usize),
}

impl Place {
    /// The parser itself says where the top-level value stands, so that a key inside a
    /// dependency, or one with escapes in it, cannot be taken for another.
    fn find(raw: &[u8]) -> Option<Self> {
        let members: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(raw).ok()?;
        match members.get("yanked") {
            Some(value) => {
                let start = value.get().as_ptr().addr() - raw.as_ptr().addr();
                Some(Self::Value(start..start + value.get().len()))
            }
            None if members.is_empty() => None,
            None => Some(Self::First(memchr::memchr(b'{', raw)? + 1)),
        }
    }
}
