//! Bytes of an archive whose entries are found by their place: in memory, or in a file of
//! which a piece at a time is held.

use super::disk::Disk;
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{Read, Seek, SeekFrom};

/// Bytes that are read anywhere. What stands beyond the end is empty, and so is what a disk
/// does not give: [`Disk`] knows why.
pub(super) trait Bytes<'b> {
    /// How many there are.
    fn length(&self) -> u64;

    /// So many from a place on; fewer at the end.
    fn piece(&self, from: u64, count: u64) -> Cow<'b, [u8]>;

    /// The longest piece that may be asked for.
    fn longest(&self) -> u64;
}

/// All of them, in memory.
pub(super) struct Held<'b>(pub &'b [u8]);

impl<'b> Bytes<'b> for Held<'b> {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn piece(&self, from: u64, count: u64) -> Cow<'b, [u8]> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let rest = self.0.get(from..).unwrap_or_default();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Cow::Borrowed(&rest[..count.min(rest.len())])
    }

    fn longest(&self) -> u64 {
        u64::MAX
    }
}

/// A file.
pub(super) struct OnDisk<'f, F> {
    file: RefCell<&'f mut Disk<F>>,
    length: u64,
}

impl<'f, F> OnDisk<'f, F> {
    /// Bytes of one piece: more than an entry that is kept whole ever has packed.
    const LONGEST: u64 = 48 << 20;

    pub const fn new(file: &'f mut Disk<F>, length: u64) -> Self {
        Self {
            file: RefCell::new(file),
            length,
        }
    }
}

impl<'b, F: Read + Seek> Bytes<'b> for OnDisk<'_, F> {
    fn length(&self) -> u64 {
        self.length
    }

    fn piece(&self, from: u64, count: u64) -> Cow<'b, [u8]> {
        let count = count
            .min(Self::LONGEST)
            .min(self.length.saturating_sub(from));
        let mut bytes = Vec::new();
        let mut file = self.file.borrow_mut();
        if count > 0 && file.seek(SeekFrom::Start(from)).is_ok() {
            bytes.reserve_exact(usize::try_from(count).unwrap_or(0));
            // An error stands in the disk.
            let _ = file.by_ref().take(count).read_to_end(&mut bytes);
        }
        Cow::Owned(bytes)
    }

    fn longest(&self) -> u64 {
        Self::LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_file_gives_the_same_pieces_as_memory() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut disk = Disk::new(Cursor::new(bytes.clone()));
        let file = OnDisk::new(&mut disk, 100);
        for (from, count) in [(0, 4), (98, 4), (100, 1), (u64::MAX, 1), (3, u64::MAX)] {
            assert_eq!(
                Bytes::piece(&file, from, count),
                Held(&bytes).piece(from, count)
            );
        }
    }
}
