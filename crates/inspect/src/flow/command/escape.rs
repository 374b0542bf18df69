//! What `printf` and `echo -e` print.

use super::OUTPUT;

/// `printf FORMAT WORD…`.
pub(super) fn printed(words: &[&str]) -> Option<String> {
    let words = match words {
        ["--", rest @ ..] => rest,
        // Into a variable.
        ["-v", ..] => return None,
        all => all,
    };
    let (format, mut values) = words.split_first()?;
    let mut out = String::new();
    loop {
        let before = values.len();
        let mut rest = format.chars();
        let mut literal = String::new();
        while let Some(c) = rest.next() {
            if c != '%' {
                literal.push(c);
                continue;
            }
            // Widths and the like say nothing of what is printed.
            let kind = rest
                .by_ref()
                .find(|c| c.is_ascii_alphabetic() || *c == '%')?;
            out.push_str(&escaped(&std::mem::take(&mut literal)));
            if kind == '%' {
                out.push('%');
                continue;
            }
            let value = values.split_first().map_or("", |(first, more)| {
                values = more;
                *first
            });
            match kind {
                'b' => out.push_str(&escaped(value)),
                'c' => out.extend(value.chars().next()),
                _ => out.push_str(value),
            }
        }
        out.push_str(&escaped(&literal));
        if out.len() > OUTPUT {
            return None;
        }
        // The format is used again for what is left.
        if values.is_empty() || values.len() == before {
            return Some(out);
        }
    }
}

/// A text with its escapes undone, as `printf` and `echo -e` do it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let Some((kind, more)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = more;
        match *kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' | b'b' | b'f' | b'v' => out.push(b' '),
            b'e' => out.push(0x1b),
            b'\\' => out.push(b'\\'),
            b'x' => out.extend(number(&mut rest, 16, 2)),
            b'0' => out.push(number(&mut rest, 8, 3).unwrap_or(0)),
            digit @ b'1'..=b'7' => {
                let first = digit - b'0';
                let mut at = rest;
                let more = number(&mut at, 8, 2);
                let length = rest.len() - at.len();
                rest = at;
                let shift = u32::try_from(3 * length).unwrap_or(0);
                let high = u32::from(first) << shift;
                out.push(u8::try_from((high + u32::from(more.unwrap_or(0))) & 0xff).unwrap_or(0));
            }
            other => out.extend([b'\\', other]),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A number of at most so many digits at the beginning of a text, which is taken away.
fn number(rest: &mut &[u8], base: u32, digits: usize) -> Option<u8> {
    let mut value: Option<u32> = None;
    for _ in 0..digits {
        let Some((first, more)) = rest.split_first() else {
            break;
        };
        let Some(digit) = char::from(*first).to_digit(base) else {
            break;
        };
        value = Some(value.unwrap_or(0) * base + digit);
        *rest = more;
    }
    value.and_then(|value| u8::try_from(value & 0xff).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_filled_in_and_escapes_undone() {
        assert_eq!(printed(&["%s", "curl x"]).as_deref(), Some("curl x"));
        assert_eq!(
            printed(&["%s-%s\\n", "a", "b", "c"]).as_deref(),
            Some("a-b\nc-\n")
        );
        assert_eq!(printed(&["\\143\\165rl %%"]).as_deref(), Some("curl %"));
        assert_eq!(printed(&["%b", "\\x63url"]).as_deref(), Some("curl"));
        assert_eq!(printed(&["a", "b"]).as_deref(), Some("a"));
        assert_eq!(printed(&[]), None);
        assert_eq!(escaped("\\0143\\q\\"), "c\\q\\");
    }
}
