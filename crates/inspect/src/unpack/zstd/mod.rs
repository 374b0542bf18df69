//! zstd, frame by frame. Source: RFC 8878.
//!
//! The reader is our own, so that what a frame can make it hold is bounded at each step: a
//! block that says more than a block may hold is broken before it is carried out. Checksums
//! are passed over: what other readers refuse for one is read nevertheless.

mod bits;
mod literals;
mod sequences;
mod table;
#[cfg(test)]
mod tests;

use literals::Tree;
use sequences::Sequences;
use std::io::{self, BufRead, Read};

/// Bytes of the largest window: as much as `zstd` itself takes where nobody allows it more.
/// Held are as many as came out, and a quarter more.
const WINDOW: u64 = 128 << 20;
/// Bytes of the largest block, packed and unpacked.
pub(super) const BLOCK: usize = 128 << 10;
/// Bytes that came out before those in front of the window are let go.
const SLACK: usize = 1 << 20;

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A frame that holds nothing to unpack begins with one of 16 bytes, and these.
const PASSED_OVER: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Whether a file is of zstd: it begins with a frame, or with some that are passed over and
/// then one.
pub(super) fn is_zstd(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        if rest.starts_with(&MAGIC) {
            return true;
        }
        let Some((magic, behind)) = rest.split_first_chunk::<4>() else {
            return false;
        };
        let Some((length, behind)) = behind.split_first_chunk::<4>() else {
            return false;
        };
        if !is_passed_over(*magic) {
            return false;
        }
        // What cannot be seen from here is found out by who reads it.
        match usize::try_from(u32::from_le_bytes(*length)).map(|length| behind.get(length..)) {
            Ok(Some(next)) => rest = next,
            Ok(None) | Err(_) => return true,
        }
    }
}

/// Whether what stands behind a frame begins another one. A buffer may end within its first
/// letters.
pub(super) fn begins(rest: &[u8]) -> bool {
    match rest {
        [] => false,
        [first, others @ ..] if first >> 4 == 5 => {
            others.iter().zip(&PASSED_OVER).all(|(a, b)| a == b)
        }
        _ => rest.iter().zip(&MAGIC).all(|(a, b)| a == b),
    }
}

fn is_passed_over(magic: [u8; 4]) -> bool {
    magic[0] >> 4 == 5 && magic[1..] == PASSED_OVER
}

/// A frame, and what stands behind it.
pub(super) struct Frame<R> {
    packed: R,
    /// Bytes that copies reach back to.
    window: usize,
    /// A checksum stands behind the last block.
    is_summed: bool,
    /// There was no frame any more.
    is_nothing: bool,
    /// The last block was read.
    is_ended: bool,
    /// What came out: the window, and behind it what was not handed out.
    out: Vec<u8>,
    /// Bytes of it that were handed out.
    given: usize,
    /// The block that is read, and its literals.
    block: Vec<u8>,
    literals: Vec<u8>,
    tree: Option<Tree>,
    sequences: Sequences,
}

impl<R: BufRead> Frame<R> {
    /// The next frame. Frames in front of it that hold nothing to unpack are passed over.
    ///
    /// # Errors
    /// It is none, needs a dictionary, or asks for too much memory.
    pub fn new(mut packed: R) -> io::Result<Self> {
        let header = header(&mut packed)?;
        let is_nothing = header.is_none();
        let header = header.unwrap_or_default();
        Ok(Self {
            packed,
            window: usize::try_from(header.window).unwrap_or(usize::MAX),
            is_summed: header.is_summed,
            is_nothing,
            is_ended: is_nothing,
            out: Vec::new(),
            given: 0,
            block: Vec::new(),
            literals: Vec::new(),
            tree: None,
            sequences: Sequences::new(),
        })
    }

    /// Whether there was no frame any more, but some that are passed over.
    pub const fn is_nothing(&self) -> bool {
        self.is_nothing
    }

    /// What stands behind what was read.
    pub fn into_inner(self) -> R {
        self.packed
    }

    /// Reads a block. All that came out has been handed out.
    fn advance(&mut self) -> io::Result<()> {
        let kept = self.window.min(self.out.len());
        let before = self.out.len() - kept;
        if before > SLACK.max(self.window / 4) {
            self.out.drain(..before);
            self.given = kept;
        }
        let [a, b, c]: [u8; 3] = array(&mut self.packed)?;
        let head = u32::from_le_bytes([a, b, c, 0]);
        let length = (head >> 3) as usize;
        if length > BLOCK {
            return Err(broken());
        }
        match head >> 1 & 3 {
            0 => copied(&mut self.packed, length, &mut self.out)?,
            1 => {
                let [byte]: [u8; 1] = array(&mut self.packed)?;
                self.out.resize(self.out.len() + length, byte);
            }
            2 => {
                self.block.clear();
                copied(&mut self.packed, length, &mut self.block)?;
                self.compressed().ok_or_else(broken)?;
            }
            _ => return Err(broken()),
        }
        if head & 1 == 1 {
            self.is_ended = true;
            if self.is_summed {
                let _: [u8; 4] = array(&mut self.packed)?;
            }
        }
        Ok(())
    }

    fn compressed(&mut self) -> Option<()> {
        let used = literals::read(&self.block, &mut self.tree, &mut self.literals)?;
        let section = self.block.get(used..)?;
        self.sequences.run(section, &self.literals, &mut self.out)
    }
}

impl<R: BufRead> Read for Frame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A block may hold nothing.
        while self.given == self.out.len() && !self.is_ended && !buffer.is_empty() {
            if let Err(error) = self.advance() {
                self.is_ended = true;
                self.given = self.out.len();
                return Err(error);
            }
        }
        let ready = self.out.get(self.given..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

/// What the header of a frame says.
#[derive(Default)]
struct Header {
    window: u64,
    is_summed: bool,
}

/// The header of the next frame, if there is one.
fn header(packed: &mut impl BufRead) -> io::Result<Option<Header>> {
    loop {
        if packed.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let magic: [u8; 4] = array(packed)?;
        if magic == MAGIC {
            return described(packed).map(Some);
        }
        if !is_passed_over(magic) {
            return Err(broken());
        }
        let length = u64::from(u32::from_le_bytes(array(packed)?));
        let passed = io::copy(&mut packed.by_ref().take(length), &mut io::sink())?;
        if passed != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// What stands in a header behind its first four bytes.
fn described(packed: &mut impl Read) -> io::Result<Header> {
    let [flags]: [u8; 1] = array(packed)?;
    // The window is as long as the content, and is not said.
    let is_single = flags & 0x20 != 0;
    let mut window = 0;
    if !is_single {
        let [byte]: [u8; 1] = array(packed)?;
        let base = 1_u64 << (10 + (byte >> 3));
        window = base + base / 8 * u64::from(byte & 7);
    }
    let dictionary = match flags & 3 {
        0 => 0,
        1 => number(packed, 1)?,
        2 => number(packed, 2)?,
        _ => number(packed, 4)?,
    };
    let length = match flags >> 6 {
        0 if !is_single => 0,
        0 => number(packed, 1)?,
        1 => number(packed, 2)? + 256,
        2 => number(packed, 4)?,
        _ => number(packed, 8)?,
    };
    if is_single {
        window = length;
    }
    if dictionary != 0 {
        let words = "it needs a dictionary that is not there";
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    if window > WINDOW {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    Ok(Header {
        window,
        is_summed: flags & 4 != 0,
    })
}

/// A number of at most eight bytes, the lowest first.
fn number(packed: &mut impl Read, bytes: usize) -> io::Result<u64> {
    let mut eight = [0; 8];
    packed.read_exact(&mut eight[..bytes])?;
    Ok(u64::from_le_bytes(eight))
}

fn array<const N: usize>(packed: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    packed.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Copies so many bytes, all of which have to be there.
fn copied(packed: &mut impl Read, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
    let count = packed.by_ref().take(length as u64).read_to_end(out)?;
    if count == length {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
