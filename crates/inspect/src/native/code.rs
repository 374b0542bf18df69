//! How even the bytes of code are.

use crate::limit::native;

/// Code of a machine has between five and seven bits of news in a byte; what is
/// compressed or encrypted has almost eight.
const PACKED: f64 = 7.2;

/// Less than this says nothing.
const ENOUGH: u64 = 4_096;

/// The bytes of code, counted.
#[derive(Debug)]
pub(super) struct Code {
    counts: [u64; 256],
    total: u64,
}

impl Default for Code {
    fn default() -> Self {
        Self {
            counts: [0; 256],
            total: 0,
        }
    }
}

impl Code {
    /// Counts a piece of code, as long as there is room.
    pub fn add(&mut self, bytes: &[u8]) {
        let room = native::CODE.saturating_sub(self.total);
        let length = (bytes.len() as u64).min(room) as usize;
        for byte in &bytes[..length] {
            self.counts[usize::from(*byte)] += 1;
        }
        self.total += length as u64;
    }

    /// Whether the code is packed.
    pub fn is_packed(&self) -> bool {
        self.total >= ENOUGH && self.entropy() > PACKED
    }

    /// Bits of news in a byte.
    fn entropy(&self) -> f64 {
        let total = self.total as f64;
        self.counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| {
                let part = *count as f64 / total;
                -part * part.log2()
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_bytes_are_packed_and_uneven_ones_are_not() {
        let mut even = Code::default();
        even.add(&(0..=255).cycle().take(8_192).collect::<Vec<u8>>());
        assert!(even.is_packed());
        let mut uneven = Code::default();
        uneven.add(&[0x90; 8_192]);
        assert!(!uneven.is_packed());
        let mut few = Code::default();
        few.add(&(0..=255).collect::<Vec<u8>>());
        assert!(!few.is_packed());
    }
}
