//! Reads the content of a file in an archive, beside the one that lies where it was unpacked.

use super::unpacked::Beside;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// Bytes that are read at once.
pub(super) const BUFFER: usize = 128 * 1024;

/// Reads one file after the other.
pub(super) struct Contents<'a> {
    beside: &'a mut dyn Beside,
    buffer: Vec<u8>,
    /// A digest is needed of a file that went by: it has to be read once more, beside nothing.
    pub again: bool,
}

/// What is known of a file.
pub(super) struct Content {
    /// Bytes.
    pub size: u64,
    /// None where the same bytes lie beside it.
    pub sha256: Option<[u8; 32]>,
    /// The digest without the CR at the end of its first line, where that is a `#!` line and there
    /// is one.
    pub without_cr: Option<[u8; 32]>,
    /// Its bytes, where they are asked for.
    pub kept: Option<Vec<u8>>,
}

impl<'a> Contents<'a> {
    pub fn new(beside: &'a mut dyn Beside) -> Self {
        Self {
            beside,
            buffer: Vec::with_capacity(BUFFER),
            again: false,
        }
    }

    /// Reads a file that is said to have so many bytes, and hashes it if another one lies beside
    /// it. Keeps its content where it has no more than `kept` bytes.
    ///
    /// # Errors
    /// It cannot be read, or has more or fewer bytes.
    pub fn read(
        &mut self,
        entry: &mut dyn Read,
        path: &str,
        announced: u64,
        kept: u64,
    ) -> io::Result<Content> {
        let mut keep = (kept > 0 && announced <= kept).then(Vec::new);
        let mut along = None;
        let mut hashes: Option<Hashes> = None;
        let mut size = 0u64;
        loop {
            let piece = fill(entry, &mut self.buffer)?;
            if size == 0 {
                // Programs whose first line changes are told by their digests.
                let cr = first_line_cr(piece);
                along = match cr {
                    None => self.beside.open(path, announced),
                    Some(_) => None,
                };
                let goes_on = along
                    .as_mut()
                    .is_some_and(|along| along.goes_on_with(piece));
                if !goes_on {
                    along = None;
                    hashes = Some(Hashes::of(cr));
                }
            } else if along
                .as_mut()
                .is_some_and(|along| !along.goes_on_with(piece))
            {
                // What went by was not hashed.
                along = None;
                self.again = true;
            }
            if let Some(hashes) = &mut hashes {
                hashes.update(size == 0, piece);
            }
            if let Some(keep) = &mut keep {
                keep.extend_from_slice(piece);
            }
            size += piece.len() as u64;
            if size > announced {
                return Err(io::Error::other("a file in it is longer than it says"));
            }
            if piece.len() < BUFFER {
                break;
            }
        }
        if size != announced {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.again |= along.is_some_and(|mut along| !along.ends());
        let (sha256, without_cr) = hashes.map_or((None, None), Hashes::finish);
        Ok(Content {
            size,
            sha256,
            without_cr,
            kept: keep,
        })
    }
}

/// The next [`BUFFER`] bytes; fewer at the end.
fn fill<'b>(reader: &mut dyn Read, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
    buffer.clear();
    reader.take(BUFFER as u64).read_to_end(buffer)?;
    Ok(buffer)
}

/// The digests of a file that is read piece by piece.
struct Hashes {
    whole: Sha256,
    /// Without the CR at this place of the first piece.
    without: Option<(usize, Sha256)>,
}

impl Hashes {
    fn of(cr: Option<usize>) -> Self {
        Self {
            whole: Sha256::new(),
            without: cr.map(|cr| (cr, Sha256::new())),
        }
    }

    fn update(&mut self, is_first: bool, piece: &[u8]) {
        self.whole.update(piece);
        match &mut self.without {
            Some((cr, other)) if is_first => {
                other.update(piece.get(..*cr).unwrap_or_default());
                other.update(piece.get(*cr + 1..).unwrap_or_default());
            }
            Some((_, other)) => other.update(piece),
            None => {}
        }
    }

    fn finish(self) -> (Option<[u8; 32]>, Option<[u8; 32]>) {
        let without = self.without.map(|(_, other)| other.finalize().into());
        (Some(self.whole.finalize().into()), without)
    }
}

/// Where the CR stands that ends a `#!` line.
fn first_line_cr(piece: &[u8]) -> Option<usize> {
    if !piece.starts_with(b"#!") {
        return None;
    }
    let end = piece.iter().take(4096).position(|byte| *byte == b'\n')?;
    let cr = end.checked_sub(1)?;
    (piece.get(cr) == Some(&b'\r')).then_some(cr)
}
