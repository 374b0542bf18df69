//! Zip, read both ways: by its directory, as pip does, and by its local headers, as
//! streaming readers do. Where the two disagree, that is reported.

use super::held::Bytes;
use super::pack::{self, Codec};
use super::{File, Sink, Trick, kind_of};
use flate2::{Decompress, FlushDecompress, Status};
use std::borrow::Cow;
use std::collections::BTreeMap;

const END: &[u8] = b"PK\x05\x06";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// Bytes of a local header in front of its name.
const HEADER: u64 = 30;
/// Bytes that are searched at once for headers that no directory lists.
const SEARCHED: u64 = 1 << 20;

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

/// Where the directory stands, by what the end of the archive says.
struct Ends {
    /// Its first byte.
    from: u64,
    /// Where the first record behind it begins.
    to: u64,
    /// Bytes in front of the archive.
    shift: u64,
    /// Where the archive is over, by what its end record says.
    over: u64,
}

/// Reads where the directory stands.
fn ends<'a>(bytes: &impl Bytes<'a>) -> Result<Ends, &'static str> {
    let length = bytes.length();
    let base = length.saturating_sub(TAIL);
    let tail = bytes.piece(base, TAIL);
    let at = end_record(&tail).ok_or("its directory is missing or cut off")?;
    let end = base + at as u64;
    let comment = u64::from(u16_at(&tail, at + 20));
    let (mut size, mut offset) = (
        u64::from(u32_at(&tail, at + 12)),
        u64::from(u32_at(&tail, at + 16)),
    );
    let large = large_end(bytes, end);
    if offset == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
        (size, offset) = large
            .and_then(|large| large.directory)
            .ok_or("its 64-bit directory cannot be found")?;
    }
    // The directory ends where the end record begins; an offset that says otherwise
    // means data in front of the archive.
    let to = large.map_or(end, |large| large.at);
    let from = to
        .checked_sub(size)
        .ok_or("its directory is larger than the archive")?;
    let shift = from
        .checked_sub(offset)
        .ok_or("its directory does not stand where it says")?;
    Ok(Ends {
        from,
        to,
        shift,
        over: end + 22 + comment,
    })
}

/// Whether readers that go by the end find an archive with something in it.
pub(super) fn opens<'a>(bytes: &impl Bytes<'a>) -> bool {
    ends(bytes).is_ok_and(|ends| {
        let count = DIRECTORY.len() as u64;
        *bytes.piece(ends.from, count) == *DIRECTORY
    })
}

/// Reads a zip archive.
pub(super) fn read<'a>(sink: &mut Sink<'_>, bytes: &impl Bytes<'a>, prefix: &str, depth: usize) {
    let ends = match ends(bytes) {
        Ok(ends) => ends,
        Err(why) => {
            sink.unread(prefix, why);
            return;
        }
    };
    if ends.over != bytes.length() {
        sink.odd(Trick::TrailingData, prefix);
        if kind_of(&bytes.piece(ends.over, 512)).is_archive() {
            sink.odd(Trick::Polyglot, prefix);
        }
    }
    if ends.shift > 0 {
        sink.odd(Trick::Prepended, prefix);
    }
    if ends.to - ends.from > bytes.longest() {
        sink.unread(
            prefix,
            "its directory is larger than what is held in memory",
        );
        return;
    }
    let directory = bytes.piece(ends.from, ends.to - ends.from);
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    let mut at = 0;
    while directory
        .get(at..)
        .is_some_and(|rest| rest.starts_with(DIRECTORY))
    {
        if !sink.room(prefix) {
            return;
        }
        let Some((listed, next)) = listed(&directory, at) else {
            sink.unread(prefix, "its directory is cut off");
            return;
        };
        at = next;
        entry(sink, bytes, prefix, &listed, ends.shift, &mut seen, depth);
    }
    if at < directory.len() {
        sink.odd(Trick::TrailingData, prefix);
    }
    unlisted(sink, bytes, prefix, &seen, ends.from, depth);
}

fn entry<'a>(
    sink: &mut Sink<'_>,
    bytes: &impl Bytes<'a>,
    prefix: &str,
    listed: &Listed<'_>,
    shift: u64,
    seen: &mut BTreeMap<u64, u64>,
    depth: usize,
) {
    let shown = String::from_utf8_lossy(listed.name).into_owned();
    let start = listed.local.saturating_add(shift);
    let Some(local) = local_header(bytes, start) else {
        sink.unread(&shown, "its local header is missing");
        return;
    };
    if *local.name != *listed.name {
        sink.odd(Trick::TwoNames, &shown);
    }
    // With a data descriptor the local header says nothing.
    let described = listed.flags & 8 != 0;
    if !described && local.length != listed.length && local.length != u64::from(u32::MAX) {
        sink.odd(Trick::TwoLengths, &shown);
    }
    let stop = local.data.saturating_add(listed.packed);
    if overlaps(seen, start, stop) {
        sink.odd(Trick::Overlap, &shown);
    }
    seen.insert(start, stop);
    if listed.name.ends_with(b"/") && listed.length == 0 {
        return;
    }
    if stop > bytes.length() {
        sink.unread(&shown, "it is cut off");
        return;
    }
    if listed.flags & 1 != 0 {
        sink.unread(&shown, "it is encrypted");
        return;
    }
    if is_bomb(listed.packed, listed.length) {
        sink.odd(Trick::Bomb, &shown);
    }
    let kind = listed.mode >> 12 & 0xf;
    let packed = bytes.piece(local.data, listed.packed);
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

/// The content, and whether it is all. Of what is packed only the beginning may be there.
fn content<'a>(
    sink: &mut Sink<'_>,
    packed: Cow<'a, [u8]>,
    listed: &Listed<'_>,
    shown: &str,
) -> Option<(Cow<'a, [u8]>, bool)> {
    let all = packed.len() as u64 == listed.packed;
    let bound = sink.entry_bound().min(sink.inflatable());
    if bound == 0 {
        // Of the archive as a whole: what else is in it is not known.
        sink.unread("", "it unpacks to more than the bound");
        return None;
    }
    let (content, whole) = match listed.method {
        0 => {
            sink.inflated(packed.len() as u64);
            let whole = all && packed.len() as u64 <= bound;
            let kept = usize::try_from(bound)
                .unwrap_or(usize::MAX)
                .min(packed.len());
            let content = match packed {
                Cow::Borrowed(packed) => Cow::Borrowed(&packed[..kept]),
                Cow::Owned(mut packed) => {
                    packed.truncate(kept);
                    Cow::Owned(packed)
                }
            };
            return Some((content, whole));
        }
        8 => {
            let read = inflate(&packed, bound, listed.length);
            // Many entries may stand over the same bytes: what is read and gives nothing
            // is work as well.
            sink.inflated(read.work);
            let Some((content, whole)) = read.content else {
                let why = if all {
                    "its compression is broken"
                } else {
                    "it is larger than what is held in memory"
                };
                sink.unread(shown, why);
                return None;
            };
            (content, whole && all)
        }
        method => {
            let Some(codec) = codec(method) else {
                sink.unread(
                    shown,
                    &format!("it is compressed by method {method}, which is not read"),
                );
                return None;
            };
            // A mark says that the stream ends by itself.
            let length = (listed.flags & 2 == 0).then_some(listed.length);
            let bound = sink.entry_bound().min(sink.inflatable() / codec.cost());
            match pack::zipped(codec, &packed, length, bound) {
                Ok((content, whole)) => {
                    sink.inflated((content.len() as u64).saturating_mul(codec.cost()));
                    (content, whole && all)
                }
                Err(error) => {
                    sink.inflated(codec.first(&packed));
                    sink.unread(shown, &pack::why(&error));
                    return None;
                }
            }
        }
    };
    if whole && content.len() as u64 != listed.length {
        sink.odd(Trick::TwoLengths, shown);
    }
    if !whole && sink.inflatable() == 0 {
        sink.unread(shown, "the archive unpacks to more than the bound");
    }
    Some((Cow::Owned(content), whole))
}

/// Whether so many bytes that unpack to so many are made to be much.
pub(super) const fn is_bomb(packed: u64, length: u64) -> bool {
    const RATIO: u64 = 200;
    const LEAST: u64 = 50 << 20;
    length > LEAST && length / RATIO > packed
}

/// The methods of zip beside none and deflate that have a reader here.
const fn codec(method: u16) -> Option<Codec> {
    match method {
        12 => Some(Codec::Bzip2),
        14 => Some(Codec::Lzma),
        // 20 is what it was before it had a number of its own.
        20 | 93 => Some(Codec::Zstd),
        95 => Some(Codec::Xz),
        _ => None,
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
fn unlisted<'a>(
    sink: &mut Sink<'_>,
    bytes: &impl Bytes<'a>,
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
        let Some(at) = find(bytes, from, to) else {
            continue;
        };
        let Some(local) = local_header(bytes, at) else {
            continue;
        };
        if !sink.room(prefix) {
            return;
        }
        let shown = String::from_utf8_lossy(&local.name).into_owned();
        sink.odd(Trick::NotInDirectory, &shown);
        let packed = bytes.piece(local.data, local.packed);
        let listed = Listed {
            name: &local.name,
            method: local.method,
            flags: 0,
            packed: packed.len() as u64,
            length: local.length,
            mode: 0,
            local: 0,
        };
        if let Some((content, true)) = content(sink, packed, &listed, &shown) {
            let length = content.len() as u64;
            sink.take(
                listed.name,
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

/// The first local header in a gap.
fn find<'a>(bytes: &impl Bytes<'a>, from: u64, to: u64) -> Option<u64> {
    let mut from = from;
    while from < to {
        let piece = bytes.piece(from, SEARCHED.min(to - from));
        if let Some(at) = memchr::memmem::find(&piece, LOCAL) {
            return Some(from + at as u64);
        }
        // A header may begin in one piece and end in the next one.
        let step = (piece.len() as u64).checked_sub(LOCAL.len() as u64 - 1)?;
        if step == 0 {
            return None;
        }
        from += step;
    }
    None
}

/// What a local header says.
struct Local<'b> {
    /// Where the entry's data begins.
    data: u64,
    name: Cow<'b, [u8]>,
    method: u16,
    packed: u64,
    length: u64,
}

fn local_header<'b>(bytes: &impl Bytes<'b>, at: u64) -> Option<Local<'b>> {
    let header = bytes.piece(at, HEADER);
    if header.len() as u64 != HEADER || !header.starts_with(LOCAL) {
        return None;
    }
    let length = u64::from(u16_at(&header, 26));
    let extra = u64::from(u16_at(&header, 28));
    let name = bytes.piece(at + HEADER, length);
    (name.len() as u64 == length).then_some(Local {
        data: at + HEADER + length + extra,
        name,
        method: u16_at(&header, 8),
        packed: u64::from(u32_at(&header, 18)),
        length: u64::from(u32_at(&header, 22)),
    })
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

/// The end record of an archive that is too large for the plain one.
#[derive(Clone, Copy)]
struct LargeEnd {
    at: u64,
    /// Size and offset of the directory.
    directory: Option<(u64, u64)>,
}

fn large_end<'a>(bytes: &impl Bytes<'a>, end: u64) -> Option<LargeEnd> {
    let locator = bytes.piece(end.checked_sub(20)?, 20);
    locator.starts_with(b"PK\x06\x07").then_some(())?;
    let at = u64_at(&locator, 8)?;
    let record = bytes.piece(at, 56);
    record.starts_with(b"PK\x06\x06").then(|| LargeEnd {
        at,
        directory: u64_at(&record, 40).zip(u64_at(&record, 48)),
    })
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
