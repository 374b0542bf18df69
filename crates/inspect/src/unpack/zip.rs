//! Zip, read both ways: by its directory, as pip does, and by its local headers, as
//! streaming readers do. Where the two disagree, that is reported.

use super::{File, Sink, Trick};
use flate2::{Decompress, FlushDecompress, Status};
use std::borrow::Cow;
use std::collections::BTreeMap;

const END: &[u8] = b"PK\x05\x06";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// One entry as the directory shows it.
struct Listed<'a> {
    name: &'a [u8],
    method: u16,
    flags: u16,
    packed: u64,
    length: u64,
    mode: u32,
    local: u64,
}

/// Bytes at the end of a file in which the end record stands.
pub(super) const TAIL: u64 = 65_535 + 22;

pub(super) fn has_end_record(bytes: &[u8]) -> bool {
    end_record(bytes).is_some()
}

fn end_record(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(TAIL as usize);
    // Its last byte is rare in text.
    let last = END.len() - 1;
    let at = memchr::memrchr_iter(END[last], &bytes[from..])
        .map(|at| at + from)
        .filter(|at| *at >= last)
        .map(|at| at - last)
        .find(|at| bytes[*at..].starts_with(END))?;
    (at + 22 <= bytes.len()).then_some(at)
}

/// Reads a zip archive.
pub(super) fn read(sink: &mut Sink<'_>, bytes: &[u8], prefix: &str, depth: usize) {
    let Some(end) = end_record(bytes) else {
        sink.unread(prefix, "its directory is missing or cut off");
        return;
    };
    let comment = usize::from(u16_at(bytes, end + 20));
    if end + 22 + comment != bytes.len() {
        sink.odd(Trick::TrailingData, prefix);
    }
    let (mut size, mut offset) = (
        u64::from(u32_at(bytes, end + 12)),
        u64::from(u32_at(bytes, end + 16)),
    );
    if offset == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
        match zip64(bytes, end) {
            Some(large) => (size, offset) = large,
            None => {
                sink.unread(prefix, "its 64-bit directory cannot be found");
                return;
            }
        }
    }
    // The directory ends where the end record begins; an offset that says otherwise
    // means data in front of the archive.
    let ends_at = zip64_start(bytes, end).unwrap_or(end);
    let Some(start) = (ends_at as u64).checked_sub(size) else {
        sink.unread(prefix, "its directory is larger than the archive");
        return;
    };
    let Some(shift) = start.checked_sub(offset) else {
        sink.unread(prefix, "its directory does not stand where it says");
        return;
    };
    if shift > 0 {
        sink.odd(Trick::Prepended, prefix);
    }
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    let mut at = usize::try_from(start).unwrap_or(usize::MAX);
    while bytes.get(at..at.saturating_add(4)) == Some(DIRECTORY) {
        if !sink.room(prefix) {
            return;
        }
        let Some((listed, next)) = listed(bytes, at) else {
            sink.unread(prefix, "its directory is cut off");
            return;
        };
        at = next;
        entry(sink, bytes, prefix, &listed, shift, &mut seen, depth);
    }
    if at < ends_at {
        sink.odd(Trick::TrailingData, prefix);
    }
    unlisted(sink, bytes, prefix, &seen, start, depth);
}

fn entry(
    sink: &mut Sink<'_>,
    bytes: &[u8],
    prefix: &str,
    listed: &Listed<'_>,
    shift: u64,
    seen: &mut BTreeMap<u64, u64>,
    depth: usize,
) {
    let shown = String::from_utf8_lossy(listed.name).into_owned();
    let local = listed.local.saturating_add(shift);
    let Some((data, name, length)) = usize::try_from(local)
        .ok()
        .and_then(|at| local_header(bytes, at))
    else {
        sink.unread(&shown, "its local header is missing");
        return;
    };
    if name != listed.name {
        sink.odd(Trick::TwoNames, &shown);
    }
    // With a data descriptor the local header says nothing.
    let described = listed.flags & 8 != 0;
    if !described && length != listed.length && length != u64::from(u32::MAX) {
        sink.odd(Trick::TwoLengths, &shown);
    }
    let stop = (data as u64).saturating_add(listed.packed);
    if overlaps(seen, local, stop) {
        sink.odd(Trick::Overlap, &shown);
    }
    seen.insert(local, stop);
    if listed.name.ends_with(b"/") && listed.length == 0 {
        return;
    }
    let Some(packed) = usize::try_from(stop)
        .ok()
        .and_then(|stop| bytes.get(data..stop))
    else {
        sink.unread(&shown, "it is cut off");
        return;
    };
    if listed.flags & 1 != 0 {
        sink.unread(&shown, "it is encrypted");
        return;
    }
    let kind = listed.mode >> 12 & 0xf;
    let content = content(sink, packed, listed, &shown);
    let Some((content, whole)) = content else {
        return;
    };
    if kind == 0xa {
        sink.link(listed.name, &content, prefix, true);
        return;
    }
    let length = if whole {
        content.len() as u64
    } else {
        listed.length.max(content.len() as u64 + 1)
    };
    sink.take(
        listed.name,
        prefix,
        File {
            bytes: content,
            length,
            executable: listed.mode & 0o111 != 0,
        },
        depth,
    );
}

/// The content, and whether it is all.
fn content<'a>(
    sink: &mut Sink<'_>,
    packed: &'a [u8],
    listed: &Listed<'_>,
    shown: &str,
) -> Option<(Cow<'a, [u8]>, bool)> {
    let bound = sink.entry_bound().min(sink.inflatable());
    if bound == 0 {
        // Of the archive as a whole: what else is in it is not known.
        sink.unread("", "it unpacks to more than the bound");
        return None;
    }
    match listed.method {
        0 => {
            sink.inflated(packed.len() as u64);
            let whole = packed.len() as u64 <= bound;
            let kept = packed
                .len()
                .min(usize::try_from(bound).unwrap_or(usize::MAX));
            Some((Cow::Borrowed(&packed[..kept]), whole))
        }
        8 => {
            let read = inflate(packed, bound, listed.length);
            // Many entries may stand over the same bytes: what is read and gives nothing
            // is work as well.
            sink.inflated(read.work);
            let Some((bytes, whole)) = read.content else {
                sink.unread(shown, "its compression is broken");
                return None;
            };
            if whole && bytes.len() as u64 != listed.length {
                sink.odd(Trick::TwoLengths, shown);
            }
            if !whole && sink.inflatable() == 0 {
                sink.unread(shown, "the archive unpacks to more than the bound");
            }
            Some((Cow::Owned(bytes), whole))
        }
        other => {
            sink.unread(
                shown,
                &format!("it is compressed by method {other}, which is not read"),
            );
            None
        }
    }
}

/// What came of inflating.
struct Inflated {
    /// The bytes, and whether they are all; none when they are broken.
    content: Option<(Vec<u8>, bool)>,
    /// Bytes that were gone through: those that came out, or those that went in.
    work: u64,
}

fn inflate(packed: &[u8], bound: u64, expected: u64) -> Inflated {
    let mut inflater = Decompress::new(false);
    let first = usize::try_from(expected.min(bound).min(1 << 20)).unwrap_or(1 << 20);
    let mut out = Vec::with_capacity(first.max(4096));
    let whole = loop {
        if out.len() == out.capacity() {
            if out.len() as u64 >= bound {
                break Some(false);
            }
            out.reserve(out.len().max(4096));
        }
        let before = (inflater.total_in(), out.len());
        let rest = usize::try_from(before.0)
            .ok()
            .and_then(|from| packed.get(from..));
        let status = rest.and_then(|rest| {
            inflater
                .decompress_vec(rest, &mut out, FlushDecompress::None)
                .ok()
        });
        match status {
            None => break None,
            Some(Status::StreamEnd) => break Some(true),
            Some(_) => {}
        }
        if (inflater.total_in(), out.len()) == before && out.len() < out.capacity() {
            break None;
        }
    };
    let work = match whole {
        Some(_) => inflater.total_in().max(out.len() as u64),
        None => packed.len().max(out.len()) as u64,
    };
    Inflated {
        content: whole.map(|whole| (out, whole)),
        work,
    }
}

fn overlaps(seen: &BTreeMap<u64, u64>, from: u64, to: u64) -> bool {
    let before = seen
        .range(..=from)
        .next_back()
        .is_some_and(|(_, stop)| *stop > from);
    let behind = seen
        .range(from..)
        .next()
        .is_some_and(|(start, _)| *start < to);
    before || behind
}

/// Local headers in the gaps that no listed entry covers.
fn unlisted(
    sink: &mut Sink<'_>,
    bytes: &[u8],
    prefix: &str,
    seen: &BTreeMap<u64, u64>,
    end: u64,
    depth: usize,
) {
    let mut from = 0_u64;
    let mut gaps = Vec::new();
    for (start, stop) in seen {
        if *start > from {
            gaps.push((from, *start));
        }
        from = from.max(*stop);
    }
    gaps.push((from, end));
    for (from, to) in gaps {
        let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else {
            continue;
        };
        let Some(gap) = bytes.get(from..to) else {
            continue;
        };
        let Some(at) = memchr::memmem::find(gap, LOCAL) else {
            continue;
        };
        if !sink.room(prefix) {
            return;
        }
        let Some((data, name, length)) = local_header(bytes, from + at) else {
            continue;
        };
        sink.odd(Trick::NotInDirectory, &String::from_utf8_lossy(name));
        let packed = u64::from(u32_at(bytes, from + at + 18));
        let stop = data
            .saturating_add(usize::try_from(packed).unwrap_or(usize::MAX))
            .min(bytes.len());
        let listed = Listed {
            name,
            method: u16_at(bytes, from + at + 8),
            flags: 0,
            packed,
            length,
            mode: 0,
            local: 0,
        };
        let shown = String::from_utf8_lossy(name).into_owned();
        if let Some((content, true)) = bytes
            .get(data..stop)
            .and_then(|packed| content(sink, packed, &listed, &shown))
        {
            let length = content.len() as u64;
            sink.take(
                name,
                prefix,
                File {
                    bytes: content,
                    length,
                    executable: false,
                },
                depth,
            );
        }
    }
}

/// Where an entry's data begins, its name and its length, by its local header.
fn local_header(bytes: &[u8], at: usize) -> Option<(usize, &[u8], u64)> {
    if bytes.get(at..at.checked_add(4)?)? != LOCAL || at + 30 > bytes.len() {
        return None;
    }
    let name = usize::from(u16_at(bytes, at + 26));
    let extra = usize::from(u16_at(bytes, at + 28));
    let data = at + 30 + name + extra;
    Some((
        data,
        bytes.get(at + 30..at + 30 + name)?,
        u64::from(u32_at(bytes, at + 22)),
    ))
}

fn listed(bytes: &[u8], at: usize) -> Option<(Listed<'_>, usize)> {
    bytes.get(at..at + 46)?;
    let name = usize::from(u16_at(bytes, at + 28));
    let extra = usize::from(u16_at(bytes, at + 30));
    let comment = usize::from(u16_at(bytes, at + 32));
    let mut listed = Listed {
        name: bytes.get(at + 46..at + 46 + name)?,
        method: u16_at(bytes, at + 10),
        flags: u16_at(bytes, at + 8),
        packed: u64::from(u32_at(bytes, at + 20)),
        length: u64::from(u32_at(bytes, at + 24)),
        mode: u32_at(bytes, at + 38) >> 16,
        local: u64::from(u32_at(bytes, at + 42)),
    };
    let extras = bytes.get(at + 46 + name..at + 46 + name + extra)?;
    large(extras, &mut listed);
    Some((listed, at + 46 + name + extra + comment))
}

/// The 64-bit lengths in an entry's extra field.
fn large(mut extras: &[u8], listed: &mut Listed<'_>) {
    while extras.len() >= 4 {
        let (id, size) = (u16_at(extras, 0), usize::from(u16_at(extras, 2)));
        let Some(mut value) = extras.get(4..4 + size) else {
            return;
        };
        extras = &extras[4 + size..];
        if id != 1 {
            continue;
        }
        for field in [&mut listed.length, &mut listed.packed, &mut listed.local] {
            if *field == u64::from(u32::MAX)
                && let Some((number, rest)) = value.split_first_chunk::<8>()
            {
                *field = u64::from_le_bytes(*number);
                value = rest;
            }
        }
    }
}

fn zip64_start(bytes: &[u8], end: usize) -> Option<usize> {
    let locator = end.checked_sub(20)?;
    (bytes.get(locator..locator + 4)? == b"PK\x06\x07").then_some(())?;
    let at = usize::try_from(u64_at(bytes, locator + 8)?).ok()?;
    (bytes.get(at..at.checked_add(4)?)? == b"PK\x06\x06").then_some(at)
}

fn zip64(bytes: &[u8], end: usize) -> Option<(u64, u64)> {
    let at = zip64_start(bytes, end)?;
    Some((u64_at(bytes, at + 40)?, u64_at(bytes, at + 48)?))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at.saturating_add(2))
        .map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at.saturating_add(4))
        .map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk::<8>()?))
}
