//! Electron's archives: a header in JSON behind four lengths, then the files one after the
//! other. <https://github.com/electron/asar> says the format; Electron's own reader, in C++,
//! and the one of its packer, in JavaScript, differ in what they make of a strange header.

mod header;

use super::{File, Sink, Trick};
use customs_model::Digest;
use header::{Found, Node, Walk};
use serde::de::DeserializeSeed as _;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Bytes of a header.
const HEADER: usize = 16 << 20;

/// Whether bytes begin as such an archive does: the length of a length, the length of the
/// header with its own one, and an object. Readers of JSON pass over blanks in front of it.
pub(super) fn is_asar(bytes: &[u8]) -> bool {
    const BLANKS: usize = 1 << 12;
    let Some(text) = bytes.get(16..).filter(|_| header(bytes).is_some()) else {
        return false;
    };
    let mut letters = text.iter().take(BLANKS);
    letters.find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) == Some(&b'{')
}

/// The length of the header's text and where the files begin.
fn header(bytes: &[u8]) -> Option<(usize, u64)> {
    let number = |at: usize| -> Option<u32> {
        let field = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*field))
    };
    let (four, whole, inner, text) = (number(0)?, number(4)?, number(8)?, number(12)?);
    let fits = four == 4
        && whole.checked_sub(4) == Some(inner)
        && inner.checked_sub(4).is_some_and(|inner| text <= inner);
    fits.then_some((usize::try_from(text).ok()?, 8 + u64::from(whole)))
}

/// Reads such an archive.
pub(super) fn read(sink: &mut Sink<'_>, bytes: &[u8], prefix: &str, depth: usize) {
    let Some((length, base)) = header(bytes) else {
        sink.unread(prefix, "its header is cut off");
        return;
    };
    if length > HEADER {
        sink.unread(prefix, "its header is larger than what is read");
        return;
    }
    let Some(text) = bytes.get(16..16 + length) else {
        sink.unread(prefix, "its header is cut off");
        return;
    };
    let mut walk = Walk {
        found: Vec::new(),
        strange: Vec::new(),
        entries: sink.limits.entries,
        names: sink.limits.names,
        over: false,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let top = Node {
        walk: &mut walk,
        path: String::new(),
    };
    if top.deserialize(&mut json).is_err() {
        // What stands in front of the fault is read nevertheless.
        let why = if walk.over {
            "it has more entries, or longer paths, than the bound; the rest was not read"
        } else {
            "its header is broken, so entries may be missing"
        };
        sink.unread(prefix, why);
    }
    for path in walk.strange {
        sink.odd(Trick::StrangeName, &format!("{prefix}{path}"));
    }
    let mut seen: BTreeSet<(u64, u64)> = BTreeSet::new();
    let end = bytes.len() as u64;
    for found in walk.found {
        if !sink.room(prefix) {
            return;
        }
        entry(sink, bytes, prefix, &found, (base, end), &mut seen, depth);
    }
    let last = seen.iter().map(|(_, to)| *to).max().unwrap_or(base);
    if last < end {
        sink.odd(Trick::TrailingData, prefix);
    }
}

fn entry(
    sink: &mut Sink<'_>,
    bytes: &[u8],
    prefix: &str,
    found: &Found,
    (base, end): (u64, u64),
    seen: &mut BTreeSet<(u64, u64)>,
    depth: usize,
) {
    let shown = format!("{prefix}{}", found.path);
    if let Some(target) = &found.link {
        // Its target counts from the root of the archive.
        sink.link(found.path.as_bytes(), target.as_bytes(), prefix, false);
        return;
    }
    // It lies in a folder beside the archive, where it is a file of its own.
    if found.unpacked && found.offset.is_none() {
        return;
    }
    let (Some(offset), Some(size)) = (found.offset, found.size) else {
        sink.unread(&shown, "the header does not say where it stands");
        return;
    };
    let from = base.saturating_add(offset);
    let to = from.saturating_add(size);
    if to > end {
        sink.unread(&shown, "it is cut off");
        return;
    }
    // One content may be shared by files that are equal; a part of another file is not.
    if size > 0 && !seen.contains(&(from, to)) {
        if overlaps(seen, from, to) {
            sink.odd(Trick::Overlap, &shown);
        }
        seen.insert((from, to));
    }
    let range = usize::try_from(from)
        .ok()
        .zip(usize::try_from(to).ok())
        .and_then(|(from, to)| bytes.get(from..to));
    let Some(content) = range else {
        sink.unread(&shown, "it is cut off");
        return;
    };
    // The same bytes may be named by any number of entries.
    if size > sink.inflatable() {
        sink.unread(&shown, "the archive unpacks to more than the bound");
        return;
    }
    sink.inflated(size);
    if found
        .sha256
        .as_ref()
        .is_some_and(|told| !told.eq_ignore_ascii_case(&Digest::sha256(content).to_hex()))
    {
        sink.odd(Trick::OtherDigest, &shown);
    }
    let bound = usize::try_from(sink.entry_bound()).unwrap_or(usize::MAX);
    sink.take(
        found.path.as_bytes(),
        prefix,
        File {
            bytes: Cow::Borrowed(&content[..content.len().min(bound)]),
            length: size,
            executable: found.executable,
        },
        depth,
    );
}

/// Whether a part shares bytes with one that was seen. Those that were seen may overlap
/// each other, so only neighbours are asked: a chain of overlaps is told at each link.
fn overlaps(seen: &BTreeSet<(u64, u64)>, from: u64, to: u64) -> bool {
    let before = seen.range(..=(from, u64::MAX)).next_back();
    let behind = seen.range((from, 0)..).next();
    before.is_some_and(|(_, stop)| *stop > from) || behind.is_some_and(|(start, _)| *start < to)
}

#[cfg(test)]
mod tests;
