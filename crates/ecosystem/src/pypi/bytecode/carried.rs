//! How the compiler changes texts on their way into constants, done to the whole source at once:
//! what stands outside of texts is changed as well, which does no harm to words.

/// Texts beside one another are one to the compiler: what stands between them is left out.
pub(super) fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quote) = rest.split_at(at);
        out.push_str(before);
        match next_literal(&quote[1..]) {
            Some(behind) => rest = behind,
            None => {
                out.push_str(&quote[..1]);
                rest = &quote[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// What stands behind the next opening mark, if nothing but space, brackets, `+`, comments and a
/// prefix is before it.
fn next_literal(text: &str) -> Option<&str> {
    /// Characters between two texts that are looked at.
    const FAR: usize = 1000;
    let mut rest = text;
    while text.len() - rest.len() < FAR {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "()+\\".contains(c));
        match rest.strip_prefix('#') {
            Some(comment) => rest = comment.split_once('\n')?.1,
            None => break,
        }
    }
    let letters = |c: char| "rRbBuUfFtT".contains(c);
    let prefix = rest.len() - rest.trim_start_matches(letters).len();
    let behind = rest.get(prefix..).filter(|_| prefix <= 2)?;
    behind.strip_prefix(['"', '\''])
}

/// `"a%sb" % x` is compiled to the pieces around `%s` since 3.11.
pub(super) fn without_formats(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        out.push(' ');
        let inside = behind.trim_start_matches(|c: char| "-+#. 0123456789".contains(c));
        rest = match inside.strip_prefix(['s', 'r', 'a', 'd', 'i']) {
            Some(rest) => {
                // The width becomes a text of its own.
                out.push_str(behind.strip_suffix(inside).unwrap_or_default());
                out.push(' ');
                rest
            }
            None => behind,
        };
    }
    out.push_str(rest);
    out
}

/// All escapes of texts resolved, wherever they stand.
pub(super) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let (character, used) = escape(behind);
        out.extend(character);
        rest = behind.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// What an escape stands for, and its bytes behind the backslash.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(first) = text.chars().next() else {
        return (Some('\\'), 0);
    };
    let plain = |c| (Some(c), 1);
    match first {
        '\n' => (None, 1),
        '\r' => (None, if text.starts_with("\r\n") { 2 } else { 1 }),
        '\\' | '\'' | '"' => plain(first),
        'a' => plain('\u{7}'),
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\u{b}'),
        'x' => number(text, 1, 2),
        'u' => number(text, 1, 4),
        'U' => number(text, 1, 8),
        '0'..='7' => {
            let digits = text
                .bytes()
                .take(3)
                .take_while(|b| (b'0'..b'8').contains(b));
            let length = digits.count();
            let value = u32::from_str_radix(text.get(..length).unwrap_or_default(), 8);
            (value.ok().and_then(char::from_u32), length)
        }
        // Not an escape: the backslash stays.
        _ => (Some('\\'), 0),
    }
}

fn number(text: &str, from: usize, length: usize) -> (Option<char>, usize) {
    let digits = text.get(from..from + length);
    match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        // Half of a pair is no character of its own; a reader of the constant sees this instead.
        Some(value) => (
            Some(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
            from + length,
        ),
        None => (Some('\\'), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beside_one_another_are_joined() {
        let text = "x = (\"ab\"  # why\n     r'cd' + \"ef\")\ny = \"g\", \"h\"";
        assert_eq!(joined(text), "x = (\"abcdef\")\ny = \"g\", \"h\"");
    }

    #[test]
    fn escapes_are_resolved_one_after_the_other() {
        assert_eq!(decoded(r"a\\nb\x41\101\u00e9\d"), r"a\nbAAé\d");
        assert_eq!(decoded("a\\\nb"), "ab");
        assert_eq!(decoded(r"\x4"), r"\x4");
        assert_eq!(decoded(r"\ud834"), "\u{fffd}");
    }

    #[test]
    fn formats_are_taken_apart() {
        let taken = without_formats("a%sb %.20rc %%");
        let words: Vec<&str> = taken.split_whitespace().collect();
        assert_eq!(words, ["a", "b", ".20", "c"]);
    }
}
