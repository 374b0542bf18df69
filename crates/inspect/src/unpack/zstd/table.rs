//! Tables of finite state entropy. Source: RFC 8878, section 4.1.

use super::bits::{Back, Forward};

/// What a state says, and how the next one is found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub symbol: u8,
    /// Bits that are added to the base.
    bits: u8,
    base: u16,
}

/// A table, by state.
#[derive(Debug)]
pub(super) struct Table {
    /// Bits of a state.
    accuracy: u32,
    cells: Vec<Cell>,
}

impl Table {
    /// A table that only knows one symbol.
    pub fn of_one(symbol: u8) -> Self {
        let only = Cell {
            symbol,
            ..Cell::default()
        };
        Self {
            accuracy: 0,
            cells: vec![only],
        }
    }

    /// A table by the shares that symbols have of its states; `-1` is less than one state.
    /// None where they are not as many as there are states.
    pub fn new(shares: &[i16], accuracy: u32) -> Option<Self> {
        let size = 1_usize << accuracy;
        let states: usize = shares.iter().map(|n| usize::from(n.unsigned_abs())).sum();
        if states != size {
            return None;
        }
        let mut cells = vec![Cell::default(); size];
        let mut counts: Vec<u32> = shares.iter().map(|n| n.unsigned_abs().into()).collect();
        let mut high = size;
        for (symbol, _) in shares.iter().enumerate().filter(|(_, n)| **n == -1) {
            high = high.checked_sub(1)?;
            cells.get_mut(high)?.symbol = u8::try_from(symbol).ok()?;
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut at = 0;
        for (symbol, share) in shares.iter().enumerate().filter(|(_, n)| **n > 0) {
            for _ in 0..*share {
                cells.get_mut(at)?.symbol = u8::try_from(symbol).ok()?;
                // The step is odd: it comes by every state, and there is one below.
                at = (at + step) & (size - 1);
                while at >= high {
                    at = (at + step) & (size - 1);
                }
            }
        }
        for cell in &mut cells {
            let count = counts.get_mut(usize::from(cell.symbol))?;
            let bits = accuracy.checked_sub(count.checked_ilog2()?)?;
            cell.bits = u8::try_from(bits).ok()?;
            cell.base = u16::try_from((*count << bits).checked_sub(1 << accuracy)?).ok()?;
            *count += 1;
        }
        Some(Self { accuracy, cells })
    }

    /// A table that is described, and the bytes of its description.
    pub fn described(bytes: &[u8], most: u32, highest: u8) -> Option<(Self, usize)> {
        let mut bits = Forward::new(bytes);
        let accuracy = bits.read(4) + 5;
        if accuracy > most {
            return None;
        }
        let symbols = usize::from(highest) + 1;
        let mut shares: Vec<i16> = Vec::new();
        let mut left = 1_u32 << accuracy;
        while left > 0 {
            // Values end at what is left; the lower ones are a bit shorter.
            let width = (left + 1).ilog2() + 1;
            let mut value = bits.read(width);
            let low = (1_u32 << (width - 1)) - 1;
            let short = (1_u32 << width) - 1 - (left + 1);
            if (value & low) < short {
                bits.back();
                value &= low;
            } else if value > low {
                value -= short;
            }
            let share = i16::try_from(value).ok()? - 1;
            left = left.checked_sub(share.unsigned_abs().into())?;
            shares.push(share);
            if share == 0 {
                loop {
                    let zeros = bits.read(2);
                    shares.extend(std::iter::repeat_n(0, zeros as usize));
                    if zeros < 3 || shares.len() > symbols {
                        break;
                    }
                }
            }
            if shares.len() > symbols {
                return None;
            }
        }
        let used = bits.bytes()?;
        Some((Self::new(&shares, accuracy)?, used))
    }

    /// The first state.
    pub fn first(&self, bits: &mut Back<'_>) -> usize {
        bits.read(self.accuracy) as usize
    }

    /// What a state says.
    pub fn cell(&self, state: usize) -> Cell {
        self.cells.get(state).copied().unwrap_or_default()
    }
}

impl Cell {
    /// The state behind this one.
    pub fn next(self, bits: &mut Back<'_>) -> usize {
        usize::from(self.base) + bits.read(u32::from(self.bits)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_leads_to_states_of_the_table() {
        let table = Table::new(&[16, 8, -1, 4, 3], 5).unwrap();
        let size = table.cells.len();
        assert_eq!(size, 32);
        for cell in &table.cells {
            assert!(
                usize::from(cell.base) + (1 << cell.bits) <= size,
                "{cell:?}"
            );
        }
        let of = |symbol| table.cells.iter().filter(|c| c.symbol == symbol).count();
        assert_eq!([0, 1, 2, 3, 4].map(of), [16, 8, 1, 4, 3]);
    }

    #[test]
    fn shares_that_are_no_table_are_none() {
        assert!(Table::new(&[16, 8], 5).is_none());
        assert!(Table::new(&[33, -1], 5).is_none());
        // An accuracy of 20.
        assert!(Table::described(&[0x0f, 0xff, 0xff], 9, 35).is_none());
        assert!(Table::described(&[], 9, 35).is_none());
    }
}
