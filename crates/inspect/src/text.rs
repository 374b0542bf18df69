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
        // Nearly all is what it should be, and that is seen faster than what is not.
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(bytes),
        },
    };
    let hidden = if text.is_ascii() { 0 } else { hidden(&text) };
    Source { text, hidden }
}

/// How many characters of a text are hidden. All of them begin with one of four bytes.
fn hidden(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(next_high) {
        let begin = at + found;
        let first = text.get(begin..).and_then(|rest| rest.chars().next());
        count += usize::from(first.is_some_and(is_hidden));
        at = begin + first.map_or(1, char::len_utf8);
    }
    count
}

/// The next byte that a hidden character can begin with.
fn next_high(bytes: &[u8]) -> Option<usize> {
    let begins = |byte: &u8| matches!(byte, 0xe2 | 0xe3 | 0xef | 0xf3);
    bytes.iter().position(begins)
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

/// The lines of a text, counted once: where each piece of it begins.
#[derive(Debug)]
pub struct Lines {
    /// Line and column, from 0, of the first byte of each piece.
    pieces: Vec<(u32, u32)>,
}

/// Bytes of a piece.
const PIECE: usize = 1024;

impl Lines {
    /// Counts the lines of a text.
    pub fn of(source: &[u8]) -> Self {
        let mut here = (0, 0);
        let mut pieces = Vec::with_capacity(source.len() / PIECE + 1);
        for piece in source.chunks(PIECE) {
            pieces.push(here);
            here = passed(here, piece);
        }
        pieces.push(here);
        Self { pieces }
    }

    /// The line and column (from 1, in characters) of a byte of the same text.
    pub fn place(&self, source: &[u8], at: u32) -> (u32, u32) {
        let at = (at as usize).min(source.len());
        let from = at / PIECE;
        let here = self.pieces.get(from).copied().unwrap_or_default();
        let piece = source.get(from * PIECE..at).unwrap_or_default();
        let (line, column) = passed(here, piece);
        (line + 1, column + 1)
    }
}

/// Where one is behind a piece that begins at a line and column.
fn passed((mut line, mut column): (u32, u32), piece: &[u8]) -> (u32, u32) {
    for byte in piece {
        if *byte == b'\n' {
            line = line.saturating_add(1);
            column = 0;
        } else if *byte & 0xc0 != 0x80 {
            // The first byte of a character.
            column = column.saturating_add(1);
        }
    }
    (line, column)
}

/// The line and column (from 1, in characters) of a byte.
pub fn line_and_column(source: &[u8], at: u32) -> (u32, u32) {
    let before = &source[..(at as usize).min(source.len())];
    let (line, column) = passed((0, 0), before);
    (line + 1, column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn places_are_the_same_however_they_are_counted() {
        let text = "aé\n\n名b c\n".repeat(1_000) + &"é".repeat(5_000);
        let lines = Lines::of(text.as_bytes());
        for at in (0..text.len() + 3).step_by(7).map(|at| at as u32) {
            assert_eq!(
                lines.place(text.as_bytes(), at),
                line_and_column(text.as_bytes(), at),
                "{at}"
            );
        }
        assert_eq!(Lines::of(b"").place(b"", 4), (1, 1));
    }
}
