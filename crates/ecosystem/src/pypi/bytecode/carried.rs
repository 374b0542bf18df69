//! How the compiler changes texts on their way into constants, done to the whole source at once:
//! what stands outside of texts is changed as well, which does no harm to words.

/// Texts beside one another are one to the compiler: what stands between them is left out.
pub(super) fn joined(text: &str) -> String {
    joined_within(text, &mut 0)
}

/// `looked` counts the characters between texts that were looked at, which are never more than
/// twice those of the text.
fn joined_within(text: &str, looked: &mut usize) -> String {
    let gaps = Gaps::of(text, looked);
    let mut out = String::with_capacity(text.len());
    let (mut at, mut line) = (0, 0);
    while let Some(found) = text[at..].find(['"', '\'']) {
        let quote = at + found;
        out.push_str(&text[at..quote]);
        let behind = quote + 1;
        match gaps.next_literal(behind, &mut line, looked) {
            Some(next) => at = next,
            None => {
                out.push_str(&text[quote..behind]);
                at = behind;
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Where a gap between two texts ends: space, brackets, `+` and comments.
struct Gaps<'t> {
    text: &'t str,
    /// Where each line starts, and where the gap ends that reaches to its start. Made from the end,
    /// so that no line is looked at again for each of those before it.
    lines: Vec<(usize, usize)>,
}

impl<'t> Gaps<'t> {
    fn of(text: &'t str, looked: &mut usize) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut lines: Vec<(usize, usize)> =
            [0].into_iter().chain(starts).map(|at| (at, at)).collect();
        let mut next = (text.len(), text.len());
        for line in lines.iter_mut().rev() {
            let end = within(text, line.0, next.0, looked);
            line.1 = end.unwrap_or(next.1);
            next = *line;
        }
        Self { text, lines }
    }

    /// What stands behind the next opening mark, if nothing but a gap and a prefix is before it.
    /// `line` is the line of an earlier place, from which this one is looked for.
    fn next_literal(&self, from: usize, line: &mut usize, looked: &mut usize) -> Option<usize> {
        let start_of = |line: usize| self.lines.get(line).map(|(start, _)| *start);
        while start_of(*line + 1).is_some_and(|start| start <= from) {
            *line += 1;
        }
        let next = self.lines.get(*line + 1);
        let (next_start, behind_next) = next.copied().unwrap_or((self.text.len(), self.text.len()));
        let end = within(self.text, from, next_start, looked).unwrap_or(behind_next);
        let rest = self.text.get(end..)?;
        let letters = |c: char| "rRbBuUfFtT".contains(c);
        let prefix = rest.chars().take(3).take_while(|c| letters(*c)).count();
        let behind = rest.get(prefix..).filter(|_| prefix <= 2)?;
        behind.starts_with(['"', '\'']).then_some(end + prefix + 1)
    }
}

/// Where a gap ends within a line; none where it takes all of the line's rest.
fn within(text: &str, from: usize, end: usize, looked: &mut usize) -> Option<usize> {
    let rest = text.get(from..end)?;
    let is_gap = |c: char| c.is_whitespace() || "()+\\".contains(c);
    let behind = rest.trim_start_matches(is_gap);
    let gap = rest.len() - behind.len();
    *looked += gap;
    (!behind.is_empty() && !behind.starts_with('#')).then_some(from + gap)
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

    #[test]
    fn a_comment_of_any_length_stands_between_texts() {
        let comment = format!("# {}\n", "why \"x ".repeat(1_000)).repeat(3);
        assert_eq!(joined(&format!("\"a\"\n{comment}  'b'")), "\"ab'");
        assert_eq!(joined("\"a\" # b"), "\"a\" # b");
        assert_eq!(joined("'a' rbu'x'"), "'a' rbu'x'");
        assert_eq!(
            joined("\"a\" \u{2003}\u{e9}\"x\""),
            "\"a\" \u{2003}\u{e9}\"x\""
        );
        assert_eq!(joined(""), "");
    }

    #[test]
    fn no_character_between_texts_is_looked_at_for_each_quote_before_it() {
        for text in [
            "\"#".repeat(50_000),
            "\"#\n".repeat(50_000),
            format!("{}{}", "\"".repeat(50_000), " ".repeat(50_000)),
            format!("{}{}", "\"#".repeat(50_000), "\n  # ".repeat(50_000)),
        ] {
            let mut looked = 0;
            joined_within(&text, &mut looked);
            assert!(looked <= 2 * text.len(), "{looked} of {}", text.len());
        }
    }
}
