//! The literals of a block, and the Huffman tree that most are packed by. Source: RFC 8878,
//! sections 3.1.1.3.1 and 4.2.

use super::BLOCK;
use super::bits::Back;
use super::table::Table;

/// Bits of the longest code.
const LONGEST: u32 = 11;
/// Bits of a state where weights are packed.
const ACCURACY: u32 = 6;

/// A tree, by the next bits: the literal, and the bits of its code.
#[derive(Debug)]
pub(super) struct Tree {
    /// Bits of its longest code.
    bits: u32,
    cells: Vec<(u8, u8)>,
}

impl Tree {
    /// Reads a tree's description; with the bytes that it takes.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (head, rest) = bytes.split_first()?;
        let (weights, used): (Vec<u8>, usize) = match head.checked_sub(127) {
            Some(count) if count > 0 => {
                let count = usize::from(count);
                let packed = rest.get(..count.div_ceil(2))?;
                let halves = packed.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
                (halves.take(count).collect(), packed.len())
            }
            _ => {
                let packed = rest.get(..usize::from(*head))?;
                (weights(packed)?, packed.len())
            }
        };
        Some((Self::of(weights)?, 1 + used))
    }

    /// A tree by the weights of all literals but the last one, which is what is left.
    fn of(mut weights: Vec<u8>) -> Option<Self> {
        let mut sum = 0_u32;
        for weight in weights.iter().filter(|weight| **weight > 0) {
            if u32::from(*weight) > LONGEST {
                return None;
            }
            sum += 1 << (weight - 1);
        }
        let bits = sum.checked_ilog2()? + 1;
        let left = (1_u32 << bits).checked_sub(sum)?;
        if bits > LONGEST || !left.is_power_of_two() || weights.len() > 255 {
            return None;
        }
        weights.push(u8::try_from(left.ilog2() + 1).ok()?);
        let mut cells = Vec::with_capacity(1 << bits);
        for weight in 1..=bits {
            let length = u8::try_from(bits + 1 - weight).ok()?;
            for (literal, _) in (0..=u8::MAX)
                .zip(&weights)
                .filter(|(_, own)| u32::from(**own) == weight)
            {
                cells.extend(std::iter::repeat_n((literal, length), 1 << (weight - 1)));
            }
        }
        Some(Self { bits, cells })
    }

    /// Unpacks so many literals, which have to be all of the stream.
    fn unpack(&self, packed: &[u8], count: usize, out: &mut Vec<u8>) -> Option<()> {
        let mut bits = Back::new(packed)?;
        for _ in 0..count {
            let (literal, length) = *self.cells.get(bits.peek(self.bits) as usize)?;
            bits.skip(u32::from(length));
            out.push(literal);
        }
        bits.is_at_end().then_some(())
    }
}

/// Weights that two states take turns to say, until there are no bits for the next one.
fn weights(packed: &[u8]) -> Option<Vec<u8>> {
    let (table, used) = Table::described(packed, ACCURACY, u8::MAX)?;
    let mut bits = Back::new(packed.get(used..)?)?;
    let mut now = table.first(&mut bits);
    let mut then = table.first(&mut bits);
    let mut weights = Vec::new();
    while weights.len() < 255 {
        let cell = table.cell(now);
        weights.push(cell.symbol);
        now = cell.next(&mut bits);
        if bits.is_over() {
            weights.push(table.cell(then).symbol);
            return Some(weights);
        }
        std::mem::swap(&mut now, &mut then);
    }
    None
}

/// Reads the literals that a block begins with; with the bytes that they take. A tree stays
/// for the blocks behind.
pub(super) fn read(block: &[u8], tree: &mut Option<Tree>, out: &mut Vec<u8>) -> Option<usize> {
    out.clear();
    let first = *block.first()?;
    let format = first >> 2 & 3;
    if first & 3 < 2 {
        let (head, shift) = match format {
            1 => (2, 4),
            3 => (3, 4),
            _ => (1, 3),
        };
        let count = usize::try_from(number(block.get(..head)?) >> shift).ok()?;
        if count > BLOCK {
            return None;
        }
        return if first & 3 == 0 {
            out.extend_from_slice(block.get(head..head + count)?);
            Some(head + count)
        } else {
            out.resize(count, *block.get(head)?);
            Some(head + 1)
        };
    }
    let (head, width) = match format {
        0 | 1 => (3, 10),
        2 => (4, 14),
        _ => (5, 18),
    };
    let lengths = number(block.get(..head)?) >> 4;
    let count = usize::try_from(lengths & ((1 << width) - 1)).ok()?;
    let packed = usize::try_from(lengths >> width).ok()?;
    if count > BLOCK {
        return None;
    }
    let mut body = block.get(head..head + packed)?;
    if first & 3 == 2 {
        let (described, used) = Tree::read(body)?;
        *tree = Some(described);
        body = body.get(used..)?;
    }
    let tree = tree.as_ref()?;
    if format == 0 {
        tree.unpack(body, count, out)?;
    } else {
        four(tree, body, count, out)?;
    }
    Some(head + packed)
}

/// Four streams, whose lengths stand in front of them, but for the last one's.
fn four(tree: &Tree, body: &[u8], count: usize, out: &mut Vec<u8>) -> Option<()> {
    let (lengths, mut body) = body.split_first_chunk::<6>()?;
    let each = count.div_ceil(4);
    for length in lengths.chunks_exact(2) {
        let (stream, rest) = body.split_at_checked(usize::try_from(number(length)).ok()?)?;
        tree.unpack(stream, each, out)?;
        body = rest;
    }
    tree.unpack(body, count.checked_sub(3 * each)?, out)
}

/// A number of at most eight bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_made_of_weights() {
        // Weights of 2, 1 and, as the rest of four, 1.
        let tree = Tree::of(vec![2, 1]).unwrap();
        assert_eq!(tree.bits, 2);
        assert_eq!(tree.cells, [(1, 2), (2, 2), (0, 1), (0, 1)]);
        assert!(Tree::of(vec![0, 0]).is_none());
        assert!(Tree::of(vec![12]).is_none());
        // The rest of eight is three, which is no weight's.
        assert!(Tree::of(vec![3, 1]).is_none());
    }

    #[test]
    fn literals_are_as_they_are_or_one_letter_many_times() {
        let (mut tree, mut out) = (None, Vec::new());
        assert_eq!(read(b"\x18abc.", &mut tree, &mut out), Some(4));
        assert_eq!(out, b"abc");
        assert_eq!(read(b"\x29a.", &mut tree, &mut out), Some(2));
        assert_eq!(out, b"aaaaa");
        assert_eq!(read(b"\x28abc", &mut tree, &mut out), None);
        // More than a block may hold, and a tree that is not there.
        assert_eq!(read(b"\xfd\xff\xffa", &mut tree, &mut out), None);
        assert_eq!(read(b"\x13\x40\0\x01", &mut tree, &mut out), None);
    }
}
