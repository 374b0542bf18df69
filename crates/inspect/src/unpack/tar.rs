//! Tar, read by every client's eyes at once.
//!
//! Where npm's, Python's and cargo's readers would see different archives (a pax header
//! against the plain one, entries behind the end), the place is reported and the content
//! is read.

use super::{File, Sink, Trick};
use std::borrow::Cow;
use std::io::Read;

const BLOCK: usize = 512;
/// Bytes of a pax header or long name.
const LONG: u64 = 64 << 10;

/// What pax and GNU headers say about the entry behind them.
#[derive(Default)]
struct Ahead {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

/// Room for one body after the other. It only grows: what is to be overwritten is not cleared.
#[derive(Default)]
struct Buffer {
    room: Vec<u8>,
    held: usize,
}

impl Buffer {
    /// What was read last.
    fn held(&self) -> &[u8] {
        self.room.get(..self.held).unwrap_or_default()
    }
}

/// Whether bytes begin as a tar archive, whatever its first file is called.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(checksum_holds)
}

/// Reads a tar archive to the end of its stream.
pub(super) fn read(sink: &mut Sink<'_>, stream: &mut dyn Read, prefix: &str, depth: usize) {
    let mut ahead = Ahead::default();
    let mut global = Ahead::default();
    let mut entries = 0_u64;
    let mut ended = false;
    let mut hidden = false;
    // One buffer for all bodies, so that memory is touched once.
    let mut buffer = Buffer::default();
    loop {
        let mut header = [0_u8; BLOCK];
        match fill(stream, &mut header) {
            0 => break,
            BLOCK => {}
            _ => {
                if ended && header.iter().any(|byte| *byte != 0) {
                    sink.odd(Trick::TrailingData, prefix);
                }
                sink.unread(prefix, "it ends in the middle of a header");
                break;
            }
        }
        if header.iter().all(|byte| *byte == 0) {
            ended = true;
            continue;
        }
        if !checksum_holds(&header) {
            if ended {
                // Behind the end anything may stand; it is no entry.
                sink.odd(Trick::TrailingData, prefix);
            } else if entries == 0 {
                sink.unread(prefix, "it is no tar archive");
            } else {
                sink.odd(Trick::BadChecksum, prefix);
                sink.unread(prefix, "it is broken in the middle; the rest was not read");
            }
            break;
        }
        if ended && !hidden {
            hidden = true;
            sink.odd(
                Trick::HiddenEntries,
                &String::from_utf8_lossy(name_of(&header).as_ref()),
            );
        }
        let Some(plain_size) = number(&header[124..136]) else {
            sink.unread(prefix, "a header has no length that can be read");
            break;
        };
        let kind = header[156];
        if matches!(kind, b'x' | b'g' | b'L' | b'K') {
            if plain_size > LONG || body(stream, plain_size, LONG, &mut buffer).is_none() {
                sink.unread(prefix, "a header in it is over a bound or cut off");
                break;
            }
            match kind {
                b'x' => pax(buffer.held(), &mut ahead),
                b'g' => pax(buffer.held(), &mut global),
                b'L' => ahead.path = Some(until_nul(buffer.held()).to_vec()),
                _ => ahead.link = Some(until_nul(buffer.held()).to_vec()),
            }
            continue;
        }
        if !sink.room(prefix) {
            break;
        }
        entries += 1;
        let told = std::mem::take(&mut ahead);
        let plain_name = name_of(&header);
        let name = told
            .path
            .as_ref()
            .or(global.path.as_ref())
            .map_or(plain_name.clone(), |path| Cow::Owned(path.clone()));
        if told.path.is_some() && contradicts(&plain_name, &name) {
            sink.odd(Trick::TwoNames, &String::from_utf8_lossy(&name));
        }
        if told.sparse || kind == b'S' {
            sink.odd(Trick::Sparse, &String::from_utf8_lossy(&name));
        }
        if told
            .size
            .is_some_and(|size| size != plain_size && plain_size != 0)
        {
            sink.odd(Trick::TwoLengths, &String::from_utf8_lossy(&name));
        }
        let size = told.size.unwrap_or(plain_size);
        match kind {
            b'1' | b'2' => {
                let target = told
                    .link
                    .unwrap_or_else(|| until_nul(&header[157..257]).to_vec());
                sink.link(&name, &target, prefix, kind == b'2');
                if skip(stream, padded(size)).is_none() {
                    break;
                }
            }
            b'3' | b'4' | b'6' => sink.odd(Trick::SpecialFile, &String::from_utf8_lossy(&name)),
            b'5' => {
                if skip(stream, padded(size)).is_none() {
                    break;
                }
            }
            _ => {
                let bound = sink.entry_bound();
                let complete = body(stream, size, bound, &mut buffer).is_some();
                if !complete {
                    sink.unread(&String::from_utf8_lossy(&name), "it is cut off");
                }
                let executable = number(&header[100..108]).is_some_and(|mode| mode & 0o111 != 0);
                let length = if complete {
                    size
                } else {
                    buffer.held().len() as u64
                };
                sink.take(
                    &name,
                    prefix,
                    File {
                        bytes: buffer.held().into(),
                        length,
                        executable,
                    },
                    depth,
                );
                if !complete {
                    break;
                }
            }
        }
    }
    if entries == 0 && sink.tree.unread.is_empty() {
        sink.unread(prefix, "it is empty");
    }
}

fn fill(stream: &mut dyn Read, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(count) if count > 0 => filled += count,
            _ => break,
        }
    }
    filled
}

/// Reads an entry's body with its padding; what is over the bound is read and not kept. Of a
/// body that is cut off the buffer holds what is there.
fn body(stream: &mut dyn Read, size: u64, bound: u64, into: &mut Buffer) -> Option<()> {
    /// A length is a claim: room is made as the bytes come.
    const STEP: usize = 1 << 20;
    into.held = 0;
    let kept = usize::try_from(size.min(bound)).ok()?;
    while into.held < kept {
        let next = kept.min(into.held + STEP);
        if into.room.len() < next {
            into.room.resize(next, 0);
        }
        into.held += fill(stream, &mut into.room[into.held..next]);
        if into.held < next {
            return None;
        }
    }
    skip(stream, padded(size) - kept as u64)
}

fn skip(stream: &mut dyn Read, count: u64) -> Option<()> {
    let mut rest = count;
    let mut buffer = [0_u8; 8192];
    while rest > 0 {
        let wanted = buffer
            .len()
            .min(usize::try_from(rest).unwrap_or(usize::MAX));
        let got = fill(stream, &mut buffer[..wanted]);
        if got == 0 {
            return None;
        }
        rest -= got as u64;
    }
    Some(())
}

const fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn name_of(header: &[u8; BLOCK]) -> Cow<'_, [u8]> {
    let name = until_nul(&header[..100]);
    let ustar = &header[257..262] == b"ustar" && header[262] == 0;
    let prefix = until_nul(&header[345..500]);
    if ustar && !prefix.is_empty() {
        Cow::Owned([prefix, b"/", name].concat())
    } else {
        Cow::Borrowed(name)
    }
}

/// Whether a long name says something else than the plain header, and not only more.
fn contradicts(plain: &[u8], long: &[u8]) -> bool {
    // Packers put a cut-off, ASCII-only or generated name there. The first folder and the
    // last letters tell whether it is the same file.
    let comparable = plain.len() < 100 && plain.is_ascii() && long.is_ascii();
    comparable
        && !plain.is_empty()
        && !long.ends_with(plain)
        && !long.starts_with(plain)
        && long.len() < 100
}

/// An octal number, or a big one in base 256.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let mut value = u64::from(field[0] & 0x7f);
        for byte in &field[1..] {
            value = value.checked_mul(256)?.checked_add(u64::from(*byte))?;
        }
        return (value < 1 << 60).then_some(value);
    }
    let text = std::str::from_utf8(until_nul(field)).ok()?.trim();
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(text, 8).ok()
}

fn checksum_holds(header: &[u8; BLOCK]) -> bool {
    let Some(told) = number(&header[148..156]) else {
        return false;
    };
    let sum = |signed: bool| -> i64 {
        header
            .iter()
            .enumerate()
            .map(|(at, byte)| match (at, signed) {
                (148..156, _) => i64::from(b' '),
                (_, true) => i64::from(byte.cast_signed()),
                (_, false) => i64::from(*byte),
            })
            .sum()
    };
    i64::try_from(told).is_ok_and(|told| told == sum(false) || told == sum(true))
}

/// The records of a pax header: `LENGTH KEY=VALUE\n`.
fn pax(mut rest: &[u8], ahead: &mut Ahead) {
    while let Some(space) = memchr::memchr(b' ', rest) {
        let length = std::str::from_utf8(&rest[..space])
            .ok()
            .and_then(|text| text.parse::<usize>().ok());
        let Some(record) = length
            .filter(|length| *length > space + 1)
            .and_then(|length| rest.get(space + 1..length))
        else {
            return;
        };
        rest = &rest[space + 1 + record.len()..];
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let Some(equals) = memchr::memchr(b'=', record) else {
            continue;
        };
        let value = record[equals + 1..].to_vec();
        match &record[..equals] {
            b"path" | b"GNU.sparse.name" => ahead.path = Some(value),
            b"linkpath" => ahead.link = Some(value),
            b"size" => {
                ahead.size = std::str::from_utf8(&value)
                    .ok()
                    .and_then(|text| text.parse().ok())
            }
            key if key.starts_with(b"GNU.sparse") => ahead.sparse = true,
            _ => {}
        }
    }
}
