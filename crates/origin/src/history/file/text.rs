//! Values in a line: bare, or quoted so that everything in them can be seen.

use customs_model::printable;

/// What is wrong with a line, in words, safe to print.
pub(super) type Why = String;

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What stands before `=`; none for the kind and the subject of a record.
    pub key: Option<String>,
    /// What is meant.
    pub value: String,
}

/// Splits a line into its words.
pub(super) fn words(line: &str) -> Result<Vec<Word>, Why> {
    let mut words = Vec::new();
    let mut rest = line.trim_matches(' ');
    while !rest.is_empty() {
        let (word, after) = word(rest)?;
        words.push(word);
        if !after.is_empty() && !after.starts_with(' ') {
            return Err(format!(
                "a blank is missing before {:?}",
                printable(after, 40)
            ));
        }
        rest = after.trim_start_matches(' ');
    }
    Ok(words)
}

fn word(rest: &str) -> Result<(Word, &str), Why> {
    if rest.starts_with('"') {
        let (value, rest) = value(rest)?;
        return Ok((Word { key: None, value }, rest));
    }
    let end = rest.find(['=', ' ']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let name = bare(name)?.to_owned();
    match after.strip_prefix('=') {
        Some(after) => {
            let (value, rest) = value(after)?;
            let key = Some(name);
            Ok((Word { key, value }, rest))
        }
        None => Ok((
            Word {
                key: None,
                value: name,
            },
            after,
        )),
    }
}

fn value(rest: &str) -> Result<(String, &str), Why> {
    match rest.strip_prefix('"') {
        Some(rest) => quoted(rest),
        None => {
            let (value, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
            Ok((bare(value)?.to_owned(), rest))
        }
    }
}

/// What stands between the quotes, the first of which was read already.
fn quoted(rest: &str) -> Result<(String, &str), Why> {
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                // The quote is one byte long.
                return Ok((value, rest.get(at + 1..).unwrap_or_default()));
            }
            '\\' => value.push(escaped(&mut chars)?),
            c if is_seen(c) => value.push(c),
            c => {
                let c = c.escape_unicode();
                return Err(format!("it holds {c} raw, which nobody sees"));
            }
        }
    }
    Err("a quote is opened and never closed".to_owned())
}

fn escaped(chars: &mut std::str::CharIndices<'_>) -> Result<char, Why> {
    let unknown = || "a \\ is followed by none of \", \\ and u{…}".to_owned();
    match chars.next().map(|(_, c)| c) {
        Some(c @ ('"' | '\\')) => Ok(c),
        Some('u') => {
            if chars.next().map(|(_, c)| c) != Some('{') {
                return Err(unknown());
            }
            let mut number = 0_u32;
            // Six digits reach beyond the last character that there is.
            for _ in 0..=6 {
                match chars.next().map(|(_, c)| c) {
                    Some('}') => return char::from_u32(number).ok_or_else(unknown),
                    Some(c) => {
                        let digit = c.to_digit(16).ok_or_else(unknown)?;
                        number = number.saturating_mul(16).saturating_add(digit);
                    }
                    None => break,
                }
            }
            Err(unknown())
        }
        _ => Err(unknown()),
    }
}

fn bare(text: &str) -> Result<&str, Why> {
    if is_bare(text) {
        return Ok(text);
    }
    Err(format!("{:?} has to stand in quotes", printable(text, 60)))
}

fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'=' | b'#'))
}

fn is_seen(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    printable(text, 1) == text
}

/// Writes a value, bare where it can stand so.
pub(super) fn write(out: &mut String, value: &str) {
    if is_bare(value) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_seen(c) => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out.push('"');
}
