//! Source text: from bytes to characters, as an interpreter would read it.

use std::borrow::Cow;

/// A source text, and what was odd on the way to it.
#[derive(Debug, Clone)]
pub struct Source<'b> {
    /// The text, in UTF-8; borrowed where it is what the bytes are.
    pub text: Cow<'b, str>,
    /// It holds characters that nobody sees (zero width, variation selectors, tags, in
    /// runs) or that change the order of what is seen.
    pub hidden: usize,
}

/// Decodes source bytes: UTF-8, UTF-16 with a byte order mark; what is no character is
/// replaced, as Node does.
pub fn decode(bytes: &[u8]) -> Source<'_> {
    let text = match bytes {
        // Places are counted from behind the mark.
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned().into(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        _ => String::from_utf8_lossy(bytes),
    };
    let hidden = if text.is_ascii() {
        0
    } else {
        text.chars().filter(|c| is_hidden(*c)).count()
    };
    Source { text, hidden }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Characters that nobody sees, other than the joiners of emoji and scripts: variation
/// selectors beyond the sixteen common ones, tags, bidirectional controls.
/// Source: GlassWorm (October 2025), "Trojan Source" (CVE-2021-42574).
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{e0100}'..='\u{e01ef}' | '\u{e0000}'..='\u{e007f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{ffa0}')
}

/// An upper estimate of how deeply a source text is nested: brackets, and operators that
/// take what follows into themselves. It may be too high (brackets in texts count), never
/// too low by much; a parser's stack is safe below it.
pub fn nesting(source: &str) -> usize {
    let bytes = source.as_bytes();
    // Nothing is nested more deeply than it is long.
    if bytes.len() < SHORT {
        return bytes.len();
    }
    let mut open: Vec<usize> = vec![0];
    let mut sum = 0_usize;
    let mut deepest = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => open.push(0),
            b')' | b']' | b'}' if open.len() > 1 => {
                sum -= open.pop().unwrap_or(0);
            }
            b';' | b',' | b'\n' => {
                if let Some(top) = open.last_mut() {
                    sum -= *top;
                    *top = 0;
                }
            }
            b'"' | b'\'' => at = behind_text(bytes, at),
            b'!' | b'~' | b'?' | b'=' | b'-' | b'+' | b'*' | b'<' | b':' | b'@' | b'|' | b'&' => {
                add(&mut open, &mut sum)
            }
            byte if byte.is_ascii_lowercase() => {
                let word = word_at(bytes, at);
                if matches!(
                    word,
                    b"else"
                        | b"new"
                        | b"await"
                        | b"typeof"
                        | b"void"
                        | b"delete"
                        | b"not"
                        | b"lambda"
                        | b"yield"
                        | b"if"
                        | b"for"
                        | b"while"
                        | b"in"
                        | b"return"
                        | b"case"
                ) {
                    add(&mut open, &mut sum);
                }
                at += word.len() - 1;
            }
            _ => {}
        }
        deepest = deepest.max(open.len() + sum);
        at += 1;
    }
    deepest
}

/// Texts that are too short to be nested too deeply.
const SHORT: usize = crate::limit::reading::ESTIMATE;

fn add(open: &mut [usize], sum: &mut usize) {
    if let Some(top) = open.last_mut() {
        *top += 1;
        *sum += 1;
    }
}

fn word_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = &bytes[at..];
    let end = rest
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && *b != b'_' && *b != b'$')
        .unwrap_or(rest.len());
    &rest[..end.max(1)]
}

/// The closing quote of a text that ends on its line, else the opening one.
fn behind_text(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'\\' => end += 1,
            b'\n' => return at,
            byte if *byte == quote => return end,
            _ => {}
        }
        end += 1;
    }
    at
}

/// The line and column (from 1, in characters) of a byte.
pub fn line_and_column(source: &[u8], at: u32) -> (u32, u32) {
    let before = &source[..(at as usize).min(source.len())];
    let line = memchr::memchr_iter(b'\n', before).count() as u32 + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() as u32 + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_sees_what_would_exhaust_a_stack() {
        assert!(nesting(&"f(a, b); if (c) { d([1]) }".repeat(2_000)) < 10);
        assert!(nesting(&"(".repeat(5_000)) > 4_000);
        assert!(nesting(&"!".repeat(5_000)) > 4_000);
        assert!(nesting(&"a=>".repeat(5_000)) > 4_000);
        assert!(nesting(&"a?b:".repeat(5_000)) > 4_000);
        assert!(nesting(&"x = \"(((((\";\n".repeat(5_000)) < 10);
    }

    #[test]
    fn utf16_is_read_by_its_mark() {
        assert_eq!(decode(b"\xff\xfea\0b\0").text, "ab");
        assert_eq!(decode(b"\xfe\xff\0a\0b").text, "ab");
        assert_eq!(decode(b"\xef\xbb\xbfab").text, "ab");
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(line_and_column(b"ab\ncd", 4), (2, 2));
        assert_eq!(line_and_column(b"ab", 99), (1, 3));
    }
}
