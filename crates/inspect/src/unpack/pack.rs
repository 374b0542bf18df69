//! Compressed streams: gzip, bzip2, xz, lzma and zstd, member by member, under bounds.
//!
//! What comes out is bounded by whoever reads; what a decoder needs for itself is bounded
//! here: a stranger's header may ask for a window of 4 GiB.

use super::{Kind, kind_of, zstd};
use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::{LzmaReader, XzReader, lzma_get_memory_usage_by_props};
use std::io::{self, BufRead, Read};

/// KiB that a decoder of xz or lzma may take. `xz -9` needs 65 MiB. What one of zstd may take
/// stands beside its reader.
const WINDOW: u32 = 72 << 10;
/// Members of one stream. Packers that work in parallel make one for each 64 KiB at least.
const MEMBERS: usize = 1 << 16;
/// Members in which the beginning of an archive is looked for.
const FIRST: usize = 16;
/// The bytes that lzma says instead of a length that it does not know.
const UNKNOWN: u64 = u64::MAX;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    /// The older format of the same library, with 13 bytes of header.
    Lzma,
    Zstd,
}

impl Codec {
    /// The one of a kind of content.
    pub const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Gzip => Some(Self::Gzip),
            Kind::Bzip2 => Some(Self::Bzip2),
            Kind::Xz => Some(Self::Xz),
            Kind::Lzma => Some(Self::Lzma),
            Kind::Zstd => Some(Self::Zstd),
            _ => None,
        }
    }

    /// How many bytes of gzip take as long as one of this. A bound on bytes is one on work.
    pub const fn cost(self) -> u64 {
        match self {
            Self::Gzip => 1,
            Self::Xz | Self::Lzma | Self::Zstd => 3,
            Self::Bzip2 => 8,
        }
    }

    /// Bytes that are unpacked before the first one is seen.
    pub fn first(self, packed: &[u8]) -> u64 {
        match self {
            Self::Gzip => 0,
            Self::Xz | Self::Lzma => 64 << 10,
            Self::Zstd => zstd::BLOCK as u64,
            // A block as a whole: its size in 100,000 bytes stands in the header.
            Self::Bzip2 => packed
                .get(3)
                .map_or(1, |digit| u64::from(digit.saturating_sub(b'0')).clamp(1, 9))
                .saturating_mul(100_000),
        }
    }

    /// Whether what stands behind a member begins another one. A buffer may end within the
    /// first letters; what is no member fails as one.
    fn begins(self, rest: &[u8]) -> bool {
        let magic: &[u8] = match self {
            Self::Gzip => b"\x1f\x8b",
            Self::Bzip2 => b"BZh",
            Self::Xz => b"\xfd7zXZ\0",
            // Its end cannot be told from what follows.
            Self::Lzma => return false,
            Self::Zstd => return zstd::begins(rest),
        };
        let seen = rest.len().min(magic.len());
        seen > 0 && rest[..seen] == magic[..seen]
    }
}

/// The decoder of one member.
enum Decoder<R: BufRead> {
    Gzip(Box<GzDecoder<R>>),
    Bzip2(Box<BzDecoder<R>>),
    Xz(Box<XzReader<R>>),
    Lzma(Box<LzmaReader<R>>),
    Zstd(Box<zstd::Frame<R>>),
}

impl<R: BufRead> Decoder<R> {
    fn new(codec: Codec, packed: R) -> io::Result<Self> {
        Ok(match codec {
            Codec::Gzip => Self::Gzip(Box::new(GzDecoder::new(packed))),
            Codec::Bzip2 => Self::Bzip2(Box::new(BzDecoder::new(packed))),
            Codec::Xz => Self::Xz(Box::new(XzReader::new_mem_limit(packed, false, WINDOW))),
            Codec::Lzma => {
                let mut reader = LzmaReader::new_mem_limit(packed, WINDOW, None)?;
                // A mark of the end may stand behind the length that the header says.
                reader.set_relaxed_end_condition(false);
                Self::Lzma(Box::new(reader))
            }
            Codec::Zstd => Self::Zstd(Box::new(zstd::Frame::new(packed)?)),
        })
    }

    /// Whether there was no member any more, but what every reader passes over.
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Zstd(frame) if frame.is_nothing())
    }

    /// What was not read of the stream: bytes that were taken too early, and the rest.
    fn into_rest(self) -> (Vec<u8>, R) {
        match self {
            Self::Gzip(decoder) => (Vec::new(), decoder.into_inner()),
            Self::Bzip2(decoder) => (Vec::new(), decoder.into_inner()),
            Self::Xz(decoder) => (Vec::new(), decoder.into_inner()),
            Self::Lzma(decoder) => {
                let (packed, early) = decoder.into_parts();
                (early, packed)
            }
            Self::Zstd(frame) => (Vec::new(), frame.into_inner()),
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Bzip2(decoder) => decoder.read(buffer),
            Self::Xz(decoder) => decoder.read(buffer),
            Self::Lzma(decoder) => decoder.read(buffer),
            Self::Zstd(frame) => frame.read(buffer),
        }
    }
}

/// The members of a compressed file, one behind the other, with what is odd about them.
pub(super) struct Members<R: BufRead> {
    codec: Codec,
    /// None once the last member is read.
    decoder: Option<Decoder<R>>,
    /// Members that were begun.
    pub count: usize,
    /// Members that are read.
    most: usize,
    /// Bytes behind the last one that are no padding.
    pub trailing: usize,
    /// What stands there begins as an archive.
    pub archive_behind: bool,
    /// Why it was not read to its end, a part of a sentence.
    pub failed: Option<String>,
    /// Bytes that may still come out.
    pub left: u64,
    /// Bytes that came out.
    pub read: u64,
}

impl<R: BufRead> Members<R> {
    /// Members of which so many bytes may come out.
    pub fn new(codec: Codec, packed: R, left: u64) -> Self {
        let mut members = Self {
            codec,
            decoder: None,
            count: 0,
            most: MEMBERS,
            trailing: 0,
            archive_behind: false,
            failed: None,
            left,
            read: 0,
        };
        members.begin(packed);
        members
    }

    fn begin(&mut self, packed: R) {
        if self.count == self.most {
            self.failed = Some("it has more parts than are read".to_owned());
            return;
        }
        self.count += 1;
        match Decoder::new(self.codec, packed) {
            Ok(decoder) => {
                if decoder.is_nothing() {
                    self.count -= 1;
                }
                self.decoder = Some(decoder);
            }
            Err(error) => self.failed = Some(why(&error)),
        }
    }

    /// What stands behind a member: another one, padding, or something else.
    fn behind(&mut self) {
        let Some((early, mut packed)) = self.decoder.take().map(Decoder::into_rest) else {
            return;
        };
        // Python's reader goes on behind padding of zeros, so what stands there counts.
        while let Ok(rest) = packed.fill_buf() {
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break;
            }
            packed.consume(zeros);
        }
        let early = early.iter().filter(|byte| **byte != 0).count();
        if early == 0 && packed.fill_buf().is_ok_and(|rest| self.codec.begins(rest)) {
            self.begin(packed);
            return;
        }
        self.archive_behind = early == 0
            && packed
                .fill_buf()
                .is_ok_and(|rest| kind_of(rest).is_archive());
        // Tape padding is zeros.
        self.trailing = early + not_zero(&mut packed);
        // Python tells xz from lzma anew for each member, and here only one is looked for.
        if self.trailing > 0 && matches!(self.codec, Codec::Xz | Codec::Lzma) {
            self.failed = Some("something stands behind it that is not read".to_owned());
        }
    }
}

fn not_zero(rest: &mut impl BufRead) -> usize {
    let mut count = 0;
    while let Ok(piece) = rest.fill_buf() {
        let length = piece.len();
        if length == 0 {
            break;
        }
        count += piece.iter().filter(|byte| **byte != 0).count();
        rest.consume(length);
    }
    count
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let wanted = buffer
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let Some(decoder) = self.decoder.as_mut().filter(|_| wanted > 0) else {
                return Ok(0);
            };
            match decoder.read(&mut buffer[..wanted]) {
                Ok(0) => self.behind(),
                Ok(count) => {
                    self.left -= count as u64;
                    self.read += count as u64;
                    return Ok(count);
                }
                Err(error) => {
                    self.failed = Some(why(&error));
                    self.decoder = None;
                    return Ok(0);
                }
            }
        }
    }
}

/// Why a stream was not read to its end, a part of a sentence.
pub(super) fn why(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::OutOfMemory {
        "it asks for more memory than an archive is given".to_owned()
    } else {
        format!("its compression is broken ({error})")
    }
}

/// Whether the first bytes that come out are those of a tar archive. A compressed single
/// file is data, not an archive. One that begins with many members and nothing in them hides
/// what it is, and is read.
pub(super) fn holds_tar(codec: Codec, packed: &[u8]) -> bool {
    let mut head = [0_u8; 512];
    let mut members = Members::new(codec, packed, head.len() as u64);
    members.most = FIRST;
    if members.read_exact(&mut head).is_ok() {
        kind_of(&head) == Kind::Tar
    } else {
        members.count == FIRST
    }
}

/// Unpacks what a program unpacks by itself: all members, to the bound. What stands behind
/// them is left, as Python's readers do.
pub(crate) fn unpacked(codec: Codec, packed: &[u8], bound: u64) -> Option<Vec<u8>> {
    let mut members = Members::new(codec, packed, bound);
    let mut out = Vec::new();
    members.read_to_end(&mut out).ok()?;
    (!out.is_empty()).then_some(out)
}

/// An entry of a zip archive, to its end or to the bound, and whether that was its end.
pub(super) fn zipped(
    codec: Codec,
    packed: &[u8],
    length: Option<u64>,
    bound: u64,
) -> io::Result<(Vec<u8>, bool)> {
    let decoder = match codec {
        Codec::Lzma => Decoder::Lzma(Box::new(bare(packed, length)?)),
        _ => Decoder::new(codec, packed)?,
    };
    bounded(decoder, bound)
}

/// The stream of an entry by method 14: a version, the length of what follows, a byte of
/// parameters and the size of the window.
fn bare(packed: &[u8], length: Option<u64>) -> io::Result<LzmaReader<&[u8]>> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let (head, stream) = packed.split_first_chunk::<9>().ok_or_else(broken)?;
    let [_, _, 5, 0, parameters, window @ ..] = *head else {
        return Err(broken());
    };
    let window = u32::from_le_bytes(window);
    if lzma_get_memory_usage_by_props(window, parameters)? > WINDOW {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    LzmaReader::new_with_props(stream, length.unwrap_or(UNKNOWN), parameters, window, None)
}

fn bounded(mut stream: impl Read, bound: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    stream.by_ref().take(bound).read_to_end(&mut out)?;
    if (out.len() as u64) < bound {
        return Ok((out, true));
    }
    let more = stream.read(&mut [0])?;
    Ok((out, more == 0))
}

#[cfg(test)]
mod tests;
