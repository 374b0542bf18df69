//! The reading that cannot be misled: brackets, and nothing else.

use crate::limit::reading::ESTIMATE;

/// Brackets alone. A closing brace takes what was left open in it along, so that a single
/// bracket of a text is forgotten with the block that it stands in.
pub(super) fn brackets(bytes: &[u8]) -> usize {
    let mut outer: Vec<u32> = Vec::new();
    let mut here = 0_u32;
    let mut sum = 0_usize;
    let mut deepest = 0;
    for byte in bytes {
        if !IS_BRACKET[usize::from(*byte)] {
            continue;
        }
        match byte {
            b'(' | b'[' => {
                here += 1;
                sum += 1;
            }
            b')' | b']' if here > 0 => {
                here -= 1;
                sum -= 1;
                continue;
            }
            b'{' => {
                outer.push(here);
                here = 0;
            }
            b'}' => {
                if let Some(around) = outer.pop() {
                    sum -= here as usize;
                    here = around;
                }
                continue;
            }
            _ => continue,
        }
        deepest = deepest.max(outer.len() + sum);
        if deepest > ESTIMATE {
            break;
        }
    }
    deepest
}

/// Most bytes are none.
static IS_BRACKET: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"()[]{}";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};
