//! What is no deeper for sure: a text with too few tokens that nest.
//!
//! A reading goes at most one level down with each sign that opens something or has an operand,
//! and with each word. To count both takes a part of the time that reading takes, and most files
//! have fewer of them than the bound.

/// How many signs and words of a text may each lead one level down.
pub(super) fn most(bytes: &[u8]) -> usize {
    let mut count = 0_usize;
    let mut before = OTHER;
    for byte in bytes {
        let class = CLASS[usize::from(*byte)];
        // A word begins where a letter stands behind none.
        count += usize::from(class == SIGN || class == LETTER && before != LETTER);
        before = class;
    }
    count
}

const OTHER: u8 = 0;
const SIGN: u8 = 1;
const LETTER: u8 = 2;

/// What a byte is.
static CLASS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let signs = b"([{`<|!~?=-+*:@&.%/^";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = SIGN;
        at += 1;
    }
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' {
            table[byte as usize] = LETTER;
        }
        byte += 1;
    }
    table
};
