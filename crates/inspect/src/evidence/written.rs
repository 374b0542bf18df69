//! Where a text stands that was decoded before it was run: in a literal, by ways of writing that
//! anybody can undo. What only the package's own code can undo is not looked for.

use base64::Engine as _;
use customs_model::Decoding;
use std::ops::Range;

/// Literals of one file that are looked at.
const LITERALS: usize = 10_000;
/// Bytes of a literal that can hold something.
const SHORTEST: usize = 8;
/// Bytes of a bare run of letters that can.
const SHORTEST_RUN: usize = 16;
/// Bytes of a literal that is decoded.
const LONGEST: usize = 1 << 20;
/// Bytes of all literals of a file that are decoded.
const ALL: usize = 4 << 20;
/// Ways after one another that are undone.
const MOST: usize = 4;

/// What is tried, the simplest first.
const WAYS: [&[Decoding]; 11] = [
    &[Decoding::Escapes],
    &[Decoding::Base64],
    &[Decoding::Hex],
    &[Decoding::Reversed],
    &[Decoding::Percent],
    &[Decoding::Escapes, Decoding::Escapes],
    &[Decoding::Escapes, Decoding::Base64],
    &[Decoding::Reversed, Decoding::Base64],
    &[Decoding::Base64, Decoding::Base64],
    &[Decoding::Hex, Decoding::Base64],
    &[Decoding::Base64, Decoding::Hex],
];

/// Where a text holds another one, as it is or decoded.
pub(super) fn find(text: &str, hidden: &str) -> Option<(Range<usize>, Vec<Decoding>)> {
    if hidden.is_empty() {
        return None;
    }
    if let Some(at) = memchr::memmem::find(text.as_bytes(), hidden.as_bytes()) {
        return Some((at..at + hidden.len(), Vec::new()));
    }
    let mut sum = 0;
    for literal in literals(text) {
        sum += literal.len();
        if sum > ALL {
            return None;
        }
        let content = text.get(literal.clone()).unwrap_or_default();
        let way = WAYS.iter().find(|way| holds(content, way, hidden));
        if let Some(way) = way {
            return Some((literal, way.to_vec()));
        }
    }
    None
}

/// Whether a literal, decoded, holds a text.
pub(super) fn holds(literal: &str, by: &[Decoding], hidden: &str) -> bool {
    if by.len() > MOST || literal.len() > LONGEST || hidden.is_empty() {
        return false;
    }
    let mut bytes = literal.as_bytes().to_vec();
    for way in by {
        let Some(decoded) = undo(&bytes, *way) else {
            return false;
        };
        bytes = decoded;
    }
    memchr::memmem::find(&bytes, hidden.as_bytes()).is_some()
}

/// Texts in quotes, and long runs of letters and digits.
fn literals(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut open: Option<(u8, usize)> = None;
    let mut run = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if out.len() >= LITERALS {
            return out;
        }
        match (open, byte) {
            (Some(_), b'\\') => at += 1,
            (Some((mark, _)), b'\n') if mark != b'`' => open = None,
            (Some((mark, from)), _) if mark == byte => {
                open = None;
                if (SHORTEST..=LONGEST).contains(&(at - from)) {
                    out.push(from..at);
                }
            }
            (None, b'"' | b'\'' | b'`') => open = Some((byte, at + 1)),
            _ => {}
        }
        let letter =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
        if letter {
            run += 1;
        } else {
            if (SHORTEST_RUN..=LONGEST).contains(&run) && open.is_none() {
                out.push(at - run..at);
            }
            run = 0;
        }
        // A letter behind a back-slash was passed over.
        if byte == b'\\' {
            run = 0;
        }
        at += 1;
    }
    if (SHORTEST_RUN..=LONGEST).contains(&run) {
        out.push(bytes.len() - run..bytes.len());
    }
    out
}

fn undo(bytes: &[u8], way: Decoding) -> Option<Vec<u8>> {
    match way {
        Decoding::Escapes => Some(without_escapes(bytes)),
        Decoding::Base64 => base64(bytes),
        Decoding::Hex => hex(bytes),
        Decoding::Reversed => {
            let text = std::str::from_utf8(bytes).ok()?;
            Some(text.chars().rev().collect::<String>().into_bytes())
        }
        Decoding::Percent => Some(without_percent(bytes)),
    }
}

fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let letters: Vec<u8> = bytes
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=')
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(letters)
        .ok()
}

fn hex(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes
        .chunks_exact(2)
        .map(|pair| Some(digit(*pair.first()?)? * 16 + digit(*pair.last()?)?))
        .collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// `%20` and the like.
fn without_percent(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let decoded = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3).and_then(hex))
            .flatten();
        match decoded {
            Some(decoded) => {
                out.extend(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// A literal's text as a program sees it: the escapes of JSON, JavaScript, Python and Rust.
fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(kind) = bytes.get(at).copied() else {
            break;
        };
        at += 1;
        match kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'0' => out.push(0),
            b'\n' => {}
            b'x' | b'u' => match code(bytes, at, kind) {
                Some((c, behind)) => {
                    at = behind;
                    out.extend(c.to_string().into_bytes());
                }
                None => out.push(kind),
            },
            other => out.push(other),
        }
    }
    out
}

/// The character that digits name, and what stands behind them: `41`, `0041`, `{41}`.
fn code(bytes: &[u8], at: usize, kind: u8) -> Option<(char, usize)> {
    let (from, to, behind) = match (kind, bytes.get(at)) {
        (b'x', _) => (at, at + 2, at + 2),
        (_, Some(b'{')) => {
            let length = bytes
                .iter()
                .skip(at + 1)
                .take(7)
                .position(|byte| *byte == b'}')?;
            (at + 1, at + 1 + length, at + 2 + length)
        }
        _ => (at, at + 4, at + 4),
    };
    let digits = std::str::from_utf8(bytes.get(from..to)?).ok()?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    Some((char::from_u32(value)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by(text: &str, hidden: &str) -> Option<Vec<Decoding>> {
        find(text, hidden).map(|(literal, by)| {
            assert!(holds(&text[literal], &by, hidden) || by.is_empty());
            by
        })
    }

    #[test]
    fn a_text_is_found_as_it_is_escaped_and_encoded() {
        let hidden = "fetch(\"https://a.invalid\")";
        assert_eq!(by(&format!("eval('{hidden}')"), hidden), Some(vec![]));
        assert_eq!(
            by(r#"{"x": "node -e fetch(\"https://a.invalid\")"}"#, hidden),
            Some(vec![Decoding::Escapes])
        );
        assert_eq!(
            by("eval(atob('ZmV0Y2goImh0dHBzOi8vYS5pbnZhbGlkIik='))", hidden),
            Some(vec![Decoding::Base64])
        );
        let digits: String = hidden.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            by(&format!("run({digits})"), hidden),
            Some(vec![Decoding::Hex])
        );
        let back: String = "fetch(`https://a.invalid`)".chars().rev().collect();
        assert_eq!(
            by(&format!("r(\"{back}\")"), "fetch(`https://a.invalid`)"),
            Some(vec![Decoding::Reversed])
        );
    }

    #[test]
    fn what_is_not_written_is_not_found() {
        assert_eq!(by("eval(x ^ 7, 'ZmV0Y2goImh0dHBzOi8v')", "exec(1)"), None);
        assert_eq!(by("", ""), None);
    }

    proptest! {
        #[test]
        fn any_text_can_be_searched(text in "[a-f0-9'\"`\\\\u{}x%\n é]{0,80}", hidden in "[a-f]{1,8}") {
            if let Some((literal, way)) = find(&text, &hidden) {
                prop_assert!(text.get(literal).is_some_and(|text| holds(text, &way, &hidden)));
            }
        }
    }
}
