//! The sequences of a block: so many literals, then a copy of what stands so far back.
//! Source: RFC 8878, sections 3.1.1.3.2, 3.1.1.4 and 3.1.1.5.

use super::BLOCK;
use super::bits::Back;
use super::table::Table;

/// One of the three numbers of a sequence.
struct Field {
    /// The shares of symbols where a block describes none.
    usual: &'static [i16],
    usual_accuracy: u32,
    /// The highest accuracy that a block may describe.
    most: u32,
    /// The highest symbol.
    highest: u8,
}

const PLAIN: Field = Field {
    usual: &[
        4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1,
        1, 1, -1, -1, -1, -1,
    ],
    usual_accuracy: 6,
    most: 9,
    highest: 35,
};
const DISTANCE: Field = Field {
    usual: &[
        1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
    ],
    usual_accuracy: 5,
    most: 8,
    highest: 31,
};
const COPIED: Field = Field {
    usual: &[
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    usual_accuracy: 6,
    most: 9,
    highest: 52,
};

/// Symbols of literals that are their own number.
const PLAIN_OWN: u8 = 16;
/// What the others begin at, and the bits that are added.
const PLAIN_LENGTHS: [(u32, u32); 20] = [
    (16, 1),
    (18, 1),
    (20, 1),
    (22, 1),
    (24, 2),
    (28, 2),
    (32, 3),
    (40, 3),
    (48, 4),
    (64, 6),
    (128, 7),
    (256, 8),
    (512, 9),
    (1024, 10),
    (2048, 11),
    (4096, 12),
    (8192, 13),
    (16384, 14),
    (32768, 15),
    (65536, 16),
];
/// The same of copies, all of which are three longer.
const COPIED_OWN: u8 = 32;
const COPIED_LENGTHS: [(u32, u32); 21] = [
    (32, 1),
    (34, 1),
    (36, 1),
    (38, 1),
    (40, 2),
    (44, 2),
    (48, 3),
    (56, 3),
    (64, 4),
    (80, 4),
    (96, 5),
    (128, 7),
    (256, 8),
    (512, 9),
    (1024, 10),
    (2048, 11),
    (4096, 12),
    (8192, 13),
    (16384, 14),
    (32768, 15),
    (65536, 16),
];

/// What one block leaves to the next one.
#[derive(Debug)]
pub(super) struct Sequences {
    plain: Option<Table>,
    distance: Option<Table>,
    copied: Option<Table>,
    /// The last distances, the newest first.
    recent: [usize; 3],
}

impl Sequences {
    /// As a frame begins.
    pub const fn new() -> Self {
        Self {
            plain: None,
            distance: None,
            copied: None,
            recent: [1, 4, 8],
        }
    }

    /// Carries out what a section says. None where it is broken, or makes more than a block
    /// may hold.
    pub fn run(&mut self, section: &[u8], literals: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (count, section) = count(section)?;
        let most = out.len() + BLOCK;
        let literals = if count == 0 {
            literals
        } else {
            self.copies(count, section, literals, out, most)?
        };
        if out.len() + literals.len() > most {
            return None;
        }
        out.extend_from_slice(literals);
        Some(())
    }

    /// Carries out so many sequences; what is left are the literals behind the last one.
    fn copies<'l>(
        &mut self,
        count: usize,
        section: &[u8],
        literals: &'l [u8],
        out: &mut Vec<u8>,
        most: usize,
    ) -> Option<&'l [u8]> {
        let (modes, section) = section.split_first()?;
        if modes & 3 != 0 {
            return None;
        }
        let section = choose(&mut self.plain, modes >> 6, section, &PLAIN)?;
        let section = choose(&mut self.distance, modes >> 4 & 3, section, &DISTANCE)?;
        let section = choose(&mut self.copied, modes >> 2 & 3, section, &COPIED)?;
        let plain = self.plain.as_ref()?;
        let distance = self.distance.as_ref()?;
        let copied = self.copied.as_ref()?;

        let mut bits = Back::new(section)?;
        let mut in_plain = plain.first(&mut bits);
        let mut in_distance = distance.first(&mut bits);
        let mut in_copied = copied.first(&mut bits);
        let mut literals = literals;
        for left in (0..count).rev() {
            let (of_plain, of_distance, of_copied) = (
                plain.cell(in_plain),
                distance.cell(in_distance),
                copied.cell(in_copied),
            );
            let back = (1_u64 << of_distance.symbol) + bits.read(u32::from(of_distance.symbol));
            let long = length(of_copied.symbol, COPIED_OWN, &COPIED_LENGTHS, &mut bits)? + 3;
            let ahead = length(of_plain.symbol, PLAIN_OWN, &PLAIN_LENGTHS, &mut bits)?;
            if left > 0 {
                in_plain = of_plain.next(&mut bits);
                in_copied = of_copied.next(&mut bits);
                in_distance = of_distance.next(&mut bits);
            }
            if bits.is_over() || out.len() + ahead + long > most {
                return None;
            }
            let back = reach(&mut self.recent, back, ahead == 0)?;
            let (now, rest) = literals.split_at_checked(ahead)?;
            literals = rest;
            out.extend_from_slice(now);
            copy(out, back, long)?;
        }
        bits.is_at_end().then_some(literals)
    }
}

/// How many sequences there are, and what stands behind that.
fn count(section: &[u8]) -> Option<(usize, &[u8])> {
    match section {
        [255, low, high, rest @ ..] => {
            let low = u16::from_le_bytes([*low, *high]);
            Some((usize::from(low) + 0x7f00, rest))
        }
        [first @ 128..=254, second, rest @ ..] => {
            let high = usize::from(first - 128) << 8;
            Some((high | usize::from(*second), rest))
        }
        [first @ 0..=127, rest @ ..] => Some((usize::from(*first), rest)),
        _ => None,
    }
}

/// Sets the table of a field; what is left stands behind its description.
fn choose<'s>(
    table: &mut Option<Table>,
    mode: u8,
    section: &'s [u8],
    field: &Field,
) -> Option<&'s [u8]> {
    let (chosen, used) = match mode {
        0 => (Table::new(field.usual, field.usual_accuracy)?, 0),
        1 => {
            let symbol = section.first().filter(|one| **one <= field.highest)?;
            (Table::of_one(*symbol), 1)
        }
        2 => Table::described(section, field.most, field.highest)?,
        // The one of the block before, if there was one.
        _ => return table.is_some().then_some(section),
    };
    *table = Some(chosen);
    section.get(used..)
}

/// A length: its own number, or a beginning and the bits that are added to it.
fn length(symbol: u8, own: u8, others: &[(u32, u32)], bits: &mut Back<'_>) -> Option<usize> {
    let Some(other) = symbol.checked_sub(own) else {
        return Some(usize::from(symbol));
    };
    let (from, added) = *others.get(usize::from(other))?;
    usize::try_from(u64::from(from) + bits.read(added)).ok()
}

/// The distance that a number names: one of the last ones, or a new one.
fn reach(recent: &mut [usize; 3], number: u64, no_literals: bool) -> Option<usize> {
    let [first, second, third] = *recent;
    if let Some(new) = number.checked_sub(3).filter(|new| *new > 0) {
        let new = usize::try_from(new).ok()?;
        *recent = [new, first, second];
        return Some(new);
    }
    // Without literals the newest would have made the copy before longer.
    let (found, now) = match number + u64::from(no_literals) {
        1 => (first, [first, second, third]),
        2 => (second, [second, first, third]),
        3 => (third, [third, first, second]),
        _ => {
            let nearer = first.checked_sub(1).filter(|nearer| *nearer > 0)?;
            (nearer, [nearer, first, second])
        }
    };
    *recent = now;
    Some(found)
}

/// Copies what stands so far back. A copy that is longer than that copies what it makes.
fn copy(out: &mut Vec<u8>, back: usize, length: usize) -> Option<()> {
    let from = out.len().checked_sub(back).filter(|_| back > 0)?;
    let mut left = length;
    while left > 0 {
        let piece = left.min(out.len() - from);
        out.extend_from_within(from..from + piece);
        left -= piece;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_longer_than_its_distance_repeats_itself() {
        let mut out = b"xab".to_vec();
        assert_eq!(copy(&mut out, 2, 7), Some(()));
        assert_eq!(out, b"xababababa");
        assert_eq!(copy(&mut out, 11, 1), None);
        assert_eq!(copy(&mut out, 0, 1), None);
    }

    #[test]
    fn the_last_distances_are_named_by_their_turn() {
        let mut recent = [1, 4, 8];
        assert_eq!(reach(&mut recent, 10, false), Some(7));
        assert_eq!(recent, [7, 1, 4]);
        assert_eq!(reach(&mut recent, 1, false), Some(7));
        assert_eq!(reach(&mut recent, 1, true), Some(1));
        assert_eq!(recent, [1, 7, 4]);
        assert_eq!(reach(&mut recent, 3, false), Some(4));
        assert_eq!(recent, [4, 1, 7]);
        assert_eq!(reach(&mut recent, 3, true), Some(3));
        assert_eq!(recent, [3, 4, 1]);
        assert_eq!(reach(&mut [1, 4, 8], 3, true), None);
    }

    #[test]
    fn the_number_of_sequences_has_one_to_three_bytes() {
        assert_eq!(count(&[0, 7]), Some((0, &[7][..])));
        assert_eq!(count(&[127]), Some((127, &[][..])));
        assert_eq!(count(&[129, 2, 7]), Some((258, &[7][..])));
        assert_eq!(count(&[255, 1, 1]), Some((0x8001, &[][..])));
        assert_eq!(count(&[255, 1]), None);
        assert_eq!(count(&[128]), None);
        assert_eq!(count(&[]), None);
    }
}
