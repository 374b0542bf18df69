//! PowerShell that writes its words in pieces: joined, formatted, turned, kept in variables.

use base64::Engine as _;

/// Bytes of a line that is looked at.
const LINE: usize = 1 << 16;
/// Pieces of a line.
const PIECES: usize = 8_192;
/// How often a line is gone through.
const ROUNDS: usize = 24;
/// Bytes of a text that is put together.
const TEXT: usize = 1 << 14;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A text without anything to fill in.
    Text(String),
    /// A name, a number, a variable, an operator of letters.
    Word(String),
    /// Anything else, one by one.
    Sign(char),
}

/// The line with every text in it put together as far as it is made of constants, or
/// nothing where there is nothing to put together.
pub fn folded(line: &str) -> Option<String> {
    if line.len() > LINE || !line.contains(['`', '+', '[']) && !line.contains("-f") {
        return None;
    }
    let mut pieces = pieces(line)?;
    let before = pieces.clone();
    for _ in 0..ROUNDS {
        let changed = variables(&mut pieces) | reduce(&mut pieces);
        if !changed {
            break;
        }
    }
    (pieces != before || line.contains('`')).then(|| shown(&pieces))
}

fn pieces(line: &str) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    // A back-tick before a letter that means nothing only hides a name.
    let mut rest = line.chars().filter(|c| *c != '`').peekable();
    while let Some(c) = rest.next() {
        if out.len() > PIECES {
            return None;
        }
        match c {
            '\'' | '"' => {
                let mut text = String::new();
                while let Some(inner) = rest.next() {
                    if inner != c {
                        text.push(inner);
                    } else if rest.peek() == Some(&c) {
                        rest.next();
                        text.push(c);
                    } else {
                        break;
                    }
                }
                // What is filled in is not known.
                if c == '"' && text.contains('$') {
                    out.push(Piece::Word(format!("\"{text}\"")));
                } else {
                    out.push(Piece::Text(text));
                }
            }
            c if c.is_whitespace() => {
                if out.last() != Some(&Piece::Sign(' ')) {
                    out.push(Piece::Sign(' '));
                }
            }
            c if c.is_alphanumeric() || matches!(c, '$' | '-' | '_' | ':' | '/') => {
                let mut word = String::from(c);
                while let Some(next) = rest.next_if(|next| {
                    next.is_alphanumeric()
                        || matches!(next, '_' | ':' | '/')
                        || *next == '-' && c != '-'
                }) {
                    word.push(next);
                }
                out.push(Piece::Word(word));
            }
            c => out.push(Piece::Sign(c)),
        }
    }
    Some(out)
}

fn shown(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                out.push('\'');
                out.push_str(text);
                out.push('\'');
            }
            Piece::Word(word) => out.push_str(word),
            Piece::Sign(sign) => out.push(*sign),
        }
    }
    out
}

/// Puts the text of a variable that is assigned once in the place of its name.
fn variables(pieces: &mut [Piece]) -> bool {
    let mut known: Vec<(String, Option<String>)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Word(name) = piece else { continue };
        let rest: Vec<&Piece> = significant(pieces, at + 1)
            .take(3)
            .map(|(_, p)| p)
            .collect();
        if !name.starts_with('$') || rest.first() != Some(&&Piece::Sign('=')) {
            continue;
        }
        let ends = matches!(rest.get(2), None | Some(Piece::Sign(';')))
            || matches!(rest.get(2), Some(Piece::Word(word)) if word.starts_with('$'));
        let value = match rest.get(1) {
            Some(Piece::Text(text)) if ends => Some(text.clone()),
            _ => None,
        };
        let name = name.to_ascii_lowercase();
        match known.iter_mut().find(|(other, _)| *other == name) {
            Some((_, value)) => *value = None,
            None => known.push((name, value)),
        }
    }
    let mut changed = false;
    for at in 0..pieces.len() {
        let assigned = significant(pieces, at + 1)
            .next()
            .is_some_and(|(_, next)| *next == Piece::Sign('='));
        let Some(Piece::Word(name)) = pieces.get(at).filter(|_| !assigned) else {
            continue;
        };
        let name = name.to_ascii_lowercase();
        let value = known
            .iter()
            .find(|(other, _)| *other == name)
            .and_then(|(_, value)| value.clone());
        if let (Some(value), Some(piece)) = (value, pieces.get_mut(at)) {
            *piece = Piece::Text(value);
            changed = true;
        }
    }
    changed
}

/// The pieces from one on that are no blanks, with their places.
fn significant(pieces: &[Piece], from: usize) -> impl Iterator<Item = (usize, &Piece)> {
    pieces
        .iter()
        .enumerate()
        .skip(from)
        .filter(|(_, piece)| **piece != Piece::Sign(' '))
}

/// Puts texts together where they stand, each place once.
fn reduce(pieces: &mut Vec<Piece>) -> bool {
    let mut changed = false;
    let mut at = 0;
    while at < pieces.len() {
        match step(pieces, at) {
            Some((text, end)) if text.len() <= TEXT => {
                pieces.splice(at..end, [Piece::Text(text)]);
                changed = true;
            }
            _ => at += 1,
        }
    }
    changed
}

/// What stands at a place, if it is a text that is made of texts, and where it ends.
fn step(pieces: &[Piece], at: usize) -> Option<(String, usize)> {
    let next: Vec<(usize, &Piece)> = significant(pieces, at).take(80).collect();
    if next.first()?.0 != at {
        return None;
    }
    let sign = |index: usize, wanted: char| matches!(next.get(index), Some((_, Piece::Sign(found))) if *found == wanted);
    let word = |index: usize| match next.get(index) {
        Some((_, Piece::Word(word))) => Some(word.to_ascii_lowercase()),
        _ => None,
    };
    let text = |index: usize| match next.get(index) {
        Some((_, Piece::Text(text))) => Some(text.as_str()),
        _ => None,
    };
    let end = |index: usize| next.get(index).map(|(place, _)| place + 1);
    // `[char]105`
    if sign(0, '[') && word(1).as_deref() == Some("char") && sign(2, ']') {
        let number = word(3)?;
        let code = match number.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((char::from_u32(code)?.to_string(), end(3)?));
    }
    // `('a')`, unless something is called with it.
    if sign(0, '(') && sign(2, ')') && !called(pieces, at) {
        return Some((text(1)?.to_owned(), end(2)?));
    }
    // `-join ('a', 'b')`
    if word(0).as_deref() == Some("-join") && sign(1, '(') {
        let (parts, close) = list(&next, 2)?;
        return (parts.len() > 1 && sign(close, ')'))
            .then(|| Some((parts.concat(), end(close)?)))?;
    }
    let first = text(0)?;
    // `'a' + 'b'`
    if sign(1, '+') {
        return Some((format!("{first}{}", text(2)?), end(2)?));
    }
    // `'{1}{0}' -f 'a', 'b'`
    if word(1).as_deref() == Some("-f") {
        let (parts, after) = list(&next, 2)?;
        let mut out = first.to_owned();
        for (number, part) in parts.iter().enumerate() {
            out = out.replace(&format!("{{{number}}}"), part);
        }
        return Some((out, end(after.checked_sub(1)?)?));
    }
    // `'a' -replace 'b', 'c'`
    if matches!(word(1).as_deref(), Some("-replace" | "-creplace")) && sign(3, ',') {
        let with = text(4)?;
        return Some((first.replace(text(2)?, with), end(4)?));
    }
    // `'a'.Replace('b', 'c')`
    if sign(1, '.') && word(2).as_deref() == Some("replace") && sign(3, '(') && sign(5, ',') {
        let with = text(6)?;
        return (sign(7, ')')).then(|| Some((first.replace(text(4)?, with), end(7)?)))?;
    }
    // `'cba'[-1..-3] -join ''`
    if sign(1, '[') {
        let (from, to, close) = range(&next)?;
        if !sign(close, ']') || word(close + 1).as_deref() != Some("-join") {
            return None;
        }
        let glue = text(close + 2)?;
        let letters: Vec<char> = first.chars().collect();
        let letter = |index: i64| {
            let index = if index < 0 {
                index + letters.len() as i64
            } else {
                index
            };
            usize::try_from(index)
                .ok()
                .and_then(|index| letters.get(index))
        };
        let taken: Vec<String> = if from <= to {
            (from..=to)
                .take(TEXT)
                .filter_map(letter)
                .map(char::to_string)
                .collect()
        } else {
            (to..=from)
                .rev()
                .take(TEXT)
                .filter_map(letter)
                .map(char::to_string)
                .collect()
        };
        return Some((taken.join(glue), end(close + 2)?));
    }
    // `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('…'))` ends behind it.
    let encoded = first.len() > 15 && called_by(pieces, at, "frombase64string");
    encoded
        .then(|| {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(first)
                .ok()?;
            let wide = bytes.len() > 1 && bytes.get(1) == Some(&0);
            let text = if wide {
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                    .collect();
                String::from_utf16_lossy(&units)
            } else {
                String::from_utf8(bytes).ok()?
            };
            Some((text, at + 1))
        })
        .flatten()
}

/// Texts with commas between them, from a place on, and where they end.
fn list<'p>(next: &[(usize, &'p Piece)], from: usize) -> Option<(Vec<&'p str>, usize)> {
    let mut parts = Vec::new();
    let mut at = from;
    loop {
        let (_, Piece::Text(text)) = next.get(at)? else {
            return None;
        };
        parts.push(text.as_str());
        at += 1;
        match next.get(at) {
            Some((_, Piece::Sign(','))) => at += 1,
            _ => return Some((parts, at)),
        }
    }
}

/// `[-1..-3]` behind a text: from, to, and the place of its end.
fn range(next: &[(usize, &Piece)]) -> Option<(i64, i64, usize)> {
    let number = |index: usize| match next.get(index) {
        Some((_, Piece::Word(word))) => word.parse::<i64>().ok(),
        _ => None,
    };
    let dot = |index: usize| matches!(next.get(index), Some((_, Piece::Sign('.'))));
    (dot(3) && dot(4)).then(|| Some((number(2)?, number(5)?, 6)))?
}

/// Whether a bracket belongs to a call: `f('a')`.
fn called(pieces: &[Piece], at: usize) -> bool {
    match at.checked_sub(1).and_then(|before| pieces.get(before)) {
        Some(Piece::Word(word)) => !word.starts_with('-'),
        Some(Piece::Sign(sign)) => *sign == ']',
        _ => false,
    }
}

/// Whether a text is the only argument of a function of this name.
fn called_by(pieces: &[Piece], at: usize, name: &str) -> bool {
    let Some(before) = at.checked_sub(2) else {
        return false;
    };
    matches!(pieces.get(before..at), Some([Piece::Word(word), Piece::Sign('(')])
        if word.to_ascii_lowercase().ends_with(name))
        && pieces.get(at + 1) == Some(&Piece::Sign(')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_pieces_are_put_together() {
        for (line, whole) in [
            ("& ('{1}{0}' -f 'x', 'ie') 1", "& 'iex' 1"),
            (
                "'https://' + ('dilavni.kcit'[-1..-12] -join '') + '/t'",
                "'https://tick.invalid/t'",
            ),
            ("$a = 'i' + 'ex'; & $a", "$a = 'iex'; & 'iex'"),
            ("[char]105 + [char]0x65 + 'x'", "'iex'"),
            ("-join ('i', 'e', 'x') + ''", "'iex'"),
            ("'iXYx' -replace 'XY', 'e' + ''", "'iex'"),
            ("Inv`oke-Re`stMethod u", "Invoke-RestMethod u"),
        ] {
            assert_eq!(folded(line).as_deref(), Some(whole), "{line}");
        }
    }

    #[test]
    fn a_variable_of_two_values_stays_a_variable() {
        let line = "$a = 'x' + 'y'; $a = 'z'; & $a";
        assert_eq!(folded(line).as_deref(), Some("$a = 'xy'; $a = 'z'; & $a"));
        assert_eq!(folded("Write-Output 'a'"), None);
        assert_eq!(folded("f('a') + 1"), None);
    }

    #[test]
    fn no_line_takes_long() {
        let line = "'a' + ".repeat(9_000);
        assert!(folded(&line[..60_000.min(line.len())]).is_none_or(|text| text.len() < 1 << 17));
    }
}
