use super::Fault;
use std::borrow::Cow;

/// A scalar at the start of some text: what it says and how many bytes it takes.
pub(super) struct Scalar<'t> {
    pub text: Cow<'t, str>,
    pub length: usize,
}

/// Where a plain scalar stands: brackets end it inside `{…}` and `[…]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Block,
    Flow,
}

/// A quoted scalar. `line` starts with its quote and holds no line break: the tools
/// that write lockfiles never fold a quoted scalar.
pub(super) fn quoted(line: &str, at: usize) -> Result<Scalar<'_>, Fault> {
    if line.starts_with('"') {
        double_quoted(line, at)
    } else {
        single_quoted(line, at)
    }
}

fn single_quoted(line: &str, at: usize) -> Result<Scalar<'_>, Fault> {
    let mut end = 1;
    let mut doubled = false;
    loop {
        let Some(found) = line[end..].find('\'') else {
            return Err(Fault::at(at, "a quoted text without end on its line"));
        };
        end += found + 1;
        if !line[end..].starts_with('\'') {
            break;
        }
        doubled = true;
        end += 1;
    }
    let inner = &line[1..end - 1];
    let text = match doubled {
        true => Cow::Owned(inner.replace("''", "'")),
        false => Cow::Borrowed(inner),
    };
    Ok(Scalar { text, length: end })
}

fn double_quoted(line: &str, at: usize) -> Result<Scalar<'_>, Fault> {
    let mut text = String::new();
    let mut chars = line[1..].char_indices();
    let mut escaped = false;
    while let Some((offset, c)) = chars.next() {
        match c {
            '"' => {
                let inner = &line[1..=offset];
                return Ok(Scalar {
                    text: match escaped {
                        true => Cow::Owned(text),
                        false => Cow::Borrowed(inner),
                    },
                    length: offset + 2,
                });
            }
            '\\' => {
                escaped = true;
                let code = chars.next().map(|(_, c)| c);
                text.push(escape(code, &mut chars).ok_or_else(|| {
                    Fault::at(at + offset + 1, "an escape that is not understood")
                })?);
            }
            c => text.push(c),
        }
    }
    Err(Fault::at(at, "a quoted text without end on its line"))
}

fn escape(code: Option<char>, rest: &mut std::str::CharIndices<'_>) -> Option<char> {
    let mut hex = |digits: usize| {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 16 + rest.next()?.1.to_digit(16)?;
        }
        Some(number)
    };
    match code? {
        '0' => Some('\0'),
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        't' => Some('\t'),
        'n' => Some('\n'),
        'v' => Some('\x0b'),
        'f' => Some('\x0c'),
        'r' => Some('\r'),
        'e' => Some('\x1b'),
        c @ (' ' | '"' | '/' | '\\') => Some(c),
        'x' => char::from_u32(hex(2)?),
        'U' => char::from_u32(hex(8)?),
        'u' => match hex(4)? {
            // JSON.stringify, which writes yarn's keys, writes surrogate pairs.
            high @ 0xD800..=0xDBFF => {
                let (_, '\\') = rest.next()? else { return None };
                let (_, 'u') = rest.next()? else { return None };
                let mut low = 0;
                for _ in 0..4 {
                    low = low * 16 + rest.next()?.1.to_digit(16)?;
                }
                let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                char::from_u32(0x10000 + ((high - 0xD800) << 10) + low)
            }
            number => char::from_u32(number),
        },
        _ => None,
    }
}

/// An unquoted scalar: up to a colon that ends a key, a comment, the end of the line,
/// or a bracket or comma in flow context.
pub(super) fn plain(line: &str, at: usize, context: Context) -> Result<Scalar<'_>, Fault> {
    let bytes = line.as_bytes();
    match bytes.first() {
        Some(b'&' | b'*' | b'!' | b'|' | b'>' | b'@' | b'`' | b'%' | b'#') => {
            return Err(Fault::at(at, "a YAML feature that no lockfile needs"));
        }
        Some(b'-' | b'?' | b':') if ends_word(bytes.get(1), context) => {
            return Err(Fault::at(at, "a sign where a text should be"));
        }
        _ => {}
    }
    let mut end = 0;
    while end < bytes.len() {
        match bytes[end] {
            b':' if ends_word(bytes.get(end + 1), context) => break,
            b'#' if end > 0 && matches!(bytes[end - 1], b' ' | b'\t') => break,
            b',' | b'[' | b']' | b'{' | b'}' if context == Context::Flow => break,
            _ => end += 1,
        }
    }
    let text = line[..end].trim_end_matches([' ', '\t']);
    Ok(Scalar {
        text: Cow::Borrowed(text),
        length: text.len(),
    })
}

/// Whether what stands behind a `:`, `-` or `?` makes it a sign and not a letter.
pub(super) fn ends_word(next: Option<&u8>, context: Context) -> bool {
    match next {
        None | Some(b' ' | b'\t') => true,
        Some(b',' | b'[' | b']' | b'{' | b'}') => context == Context::Flow,
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(scalar: Result<Scalar<'_>, Fault>) -> Option<(String, usize)> {
        scalar.ok().map(|s| (s.text.into_owned(), s.length))
    }

    #[test]
    fn quotes_and_escapes_are_undone() {
        let read = |text| both(quoted(text, 0));
        assert_eq!(read("'it''s' x"), Some(("it's".into(), 7)));
        assert_eq!(read("\"a\\\"b\\u0041\" x"), Some(("a\"bA".into(), 12)));
        assert_eq!(read("\"\\ud83d\\ude00\""), Some(("\u{1f600}".into(), 14)));
        assert_eq!(read("\"plain\""), Some(("plain".into(), 7)));
        for bad in ["'a", "\"a", "\"\\q\"", "\"\\ud800\"", "\"\\u12\"", "'a''"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_plain_text_ends_where_yaml_says() {
        let read = |text, context| both(plain(text, 0, context)).map(|(t, _)| t);
        assert_eq!(
            read("https://h/x: 1", Context::Block).as_deref(),
            Some("https://h/x")
        );
        assert_eq!(read("a#b # c", Context::Block).as_deref(), Some("a#b"));
        assert_eq!(read("a, b}", Context::Flow).as_deref(), Some("a"));
        assert_eq!(read("a, b}", Context::Block).as_deref(), Some("a, b}"));
        for bad in ["*a", "&a", "!!str a", "- a", "@a/b"] {
            assert_eq!(read(bad, Context::Block), None, "{bad}");
        }
    }
}
