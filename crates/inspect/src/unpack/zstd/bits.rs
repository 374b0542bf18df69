//! Bits, lowest first: forwards, as tables are described, and backwards, as codes are packed.

/// Bits from the end of a piece towards its beginning.
pub(super) struct Back<'b> {
    bytes: &'b [u8],
    /// Bits that are not read; below zero once more were read than there are.
    left: i64,
}

impl<'b> Back<'b> {
    /// The bits in front of the mark, which is the highest one of the last byte.
    pub fn new(bytes: &'b [u8]) -> Option<Self> {
        let mark = bytes.last()?.checked_ilog2()?;
        let whole = i64::try_from(bytes.len()).ok()? - 1;
        Some(Self {
            bytes,
            left: whole * 8 + i64::from(mark),
        })
    }

    /// The next bits, at most 56. In front of the first one there are zeros.
    pub fn peek(&self, count: u32) -> u64 {
        let end = usize::try_from(self.left).unwrap_or(0);
        let start = end.saturating_sub(count as usize);
        let there = (end - start) as u32;
        let word = word(self.bytes, start / 8) >> (start % 8);
        (word & ((1 << there) - 1)) << (count - there)
    }

    /// Passes over bits.
    pub fn skip(&mut self, count: u32) {
        self.left -= i64::from(count);
    }

    /// Reads the next bits, at most 56.
    pub fn read(&mut self, count: u32) -> u64 {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }

    /// Whether more was read than there is.
    pub const fn is_over(&self) -> bool {
        self.left < 0
    }

    /// Whether all was read, and no more.
    pub const fn is_at_end(&self) -> bool {
        self.left == 0
    }
}

/// Bits from the beginning of a piece on.
pub(super) struct Forward<'b> {
    bytes: &'b [u8],
    /// Bits that were read.
    at: usize,
}

impl<'b> Forward<'b> {
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads the next bits, at most 32. Behind the last one there are zeros.
    pub fn read(&mut self, count: u32) -> u32 {
        let word = word(self.bytes, self.at / 8) >> (self.at % 8);
        self.at += count as usize;
        (word & ((1 << count) - 1)) as u32
    }

    /// Takes the last bit back.
    pub const fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Bytes that were gone into, if there are as many.
    pub fn bytes(&self) -> Option<usize> {
        let bytes = self.at.div_ceil(8);
        (bytes <= self.bytes.len()).then_some(bytes)
    }
}

/// Eight bytes, with zeros for those that are not there.
fn word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(eight) = rest.first_chunk::<8>() {
        return u64::from_le_bytes(*eight);
    }
    let mut eight = [0; 8];
    eight[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_from_both_ends() {
        // The mark is the highest bit of 0x16: four bits stand in front of it there.
        let mut back = Back::new(&[0xab, 0x16]).unwrap();
        assert_eq!(back.peek(4), 0x6);
        assert_eq!(back.read(8), 0x6a);
        assert_eq!(back.read(4), 0xb);
        assert!(back.is_at_end() && !back.is_over());
        assert_eq!(back.read(3), 0);
        assert!(back.is_over());
        assert!(Back::new(&[1, 0]).is_none() && Back::new(&[]).is_none());

        let mut forward = Forward::new(&[0xab, 0x16]);
        assert_eq!(forward.read(4), 0xb);
        assert_eq!(forward.read(5), 0xa);
        forward.back();
        assert_eq!(forward.bytes(), Some(1));
        assert_eq!(forward.read(16), 0x16);
        assert_eq!(forward.bytes(), None);
    }

    #[test]
    fn bits_that_are_not_there_are_zeros_behind_those_that_are() {
        let mut back = Back::new(&[0x0f]).unwrap();
        assert_eq!(back.read(5), 0b11100);
        assert!(back.is_over());
    }
}
