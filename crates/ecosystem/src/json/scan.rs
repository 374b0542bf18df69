//! The search for the end of a value, in bytes that are at hand.

use super::limit;

/// Walks over a string, an object or an array, a window of bytes after the other.
pub struct Nesting {
    /// One bit for each open bracket, the innermost lowest: set for an array.
    arrays: u128,
    depth: usize,
    within: Within,
}

// The bits are as many as may be open.
const _: () = assert!(limit::DEPTH <= u128::BITS as usize);

/// Where the last window ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Structure,
    String,
    /// Behind a backslash.
    Escape,
}

/// What a window held.
#[derive(Debug, PartialEq, Eq)]
pub enum Walk {
    /// No end: all of it belongs to the value.
    On,
    /// The value ends before this byte.
    End(usize),
    /// A bracket too many.
    TooDeep(usize),
    /// A bracket that closes what is not open.
    Mismatch(usize),
}

impl Nesting {
    /// Before the first byte of a value.
    pub const fn new() -> Self {
        Self {
            arrays: 0,
            depth: 0,
            within: Within::Structure,
        }
    }

    /// Takes the next window.
    pub fn walk(&mut self, window: &[u8]) -> Walk {
        let mut at = 0;
        loop {
            match self.within {
                Within::Escape => {
                    if window.len() == at {
                        return Walk::On;
                    }
                    at += 1;
                    self.within = Within::String;
                }
                Within::String => {
                    at += string_stop(&window[at..]);
                    match window.get(at) {
                        None => return Walk::On,
                        Some(b'"') => self.within = Within::Structure,
                        Some(_) => self.within = Within::Escape,
                    }
                    at += 1;
                    // A value that is a string alone.
                    if self.depth == 0 && self.within == Within::Structure {
                        return Walk::End(at);
                    }
                }
                Within::Structure => match self.structure(window, &mut at) {
                    Some(walk) => return walk,
                    None => self.within = Within::String,
                },
            }
        }
    }

    /// Up to the next string, where it gives nothing; else to the window's or value's end.
    #[inline]
    fn structure(&mut self, window: &[u8], at: &mut usize) -> Option<Walk> {
        while let Some(byte) = window.get(*at) {
            match byte {
                b'"' => {
                    *at += 1;
                    return None;
                }
                b'{' | b'[' => {
                    if self.depth == limit::DEPTH {
                        return Some(Walk::TooDeep(*at));
                    }
                    self.arrays = self.arrays << 1 | u128::from(*byte == b'[');
                    self.depth += 1;
                }
                b'}' | b']' => {
                    let array = self.arrays & 1 == 1;
                    if self.depth == 0 || array != (*byte == b']') {
                        return Some(Walk::Mismatch(*at));
                    }
                    self.arrays >>= 1;
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(Walk::End(*at + 1));
                    }
                }
                _ => {}
            }
            *at += 1;
        }
        Some(Walk::On)
    }
}

/// How far it is to the next quote or backslash; the length where there is none.
///
/// Eight bytes at a time. Strings of documents have some ten bytes, so a search that is
/// made for long ones spends its time on getting ready.
pub fn string_stop(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = equal(word, b'"') | equal(word, b'\\');
        if found != 0 {
            // The lowest mark is exact; those above it may be wrong.
            return number * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    bytes.len() - rest.len() + tail.unwrap_or(rest.len())
}

/// Marks the bytes of a word that are `byte`: the classic test for a zero byte.
const fn equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let zero = word ^ (ONES * byte as u64);
    zero.wrapping_sub(ONES) & !zero & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_quote_or_backslash_is_found(bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b'!'), Just(b'#'), Just(b']')], 0..60)
        ) {
            let plain = bytes.iter().position(|b| matches!(b, b'"' | b'\\'));
            prop_assert_eq!(string_stop(&bytes), plain.unwrap_or(bytes.len()));
        }

        #[test]
        fn windows_of_any_length_find_the_same_end(
            text in "[{}\\[\\]\",:\\\\a-c ]{0,40}", cut in 0usize..40
        ) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            let whole = Nesting::new().walk(bytes);
            let mut nesting = Nesting::new();
            let first = nesting.walk(&bytes[..cut]);
            let both = if first == Walk::On {
                match nesting.walk(&bytes[cut..]) {
                    Walk::On => Walk::On,
                    Walk::End(at) => Walk::End(cut + at),
                    Walk::TooDeep(at) => Walk::TooDeep(cut + at),
                    Walk::Mismatch(at) => Walk::Mismatch(cut + at),
                }
            } else {
                first
            };
            prop_assert_eq!(whole, both);
        }
    }

    #[test]
    fn a_string_alone_ends_with_its_quote() {
        assert_eq!(Nesting::new().walk(br#""a\"b" ,"#), Walk::End(6));
        assert_eq!(Nesting::new().walk(br#"{"a":["}"]}x"#), Walk::End(11));
        assert_eq!(Nesting::new().walk(b"{]"), Walk::Mismatch(1));
    }
}
