//! Texts cut into statements, whatever their language: by line ends, semicolons and braces
//! outside of quotes, with the brackets that each stands in. It knows nothing of what code
//! means, so it can be asked about what somebody who does says of it.

use std::ops::Range;

/// Bytes of a text that is cut.
const LARGEST: usize = 2 << 20;
/// Bytes of a text in back-ticks.
const TEMPLATE: usize = 4_096;
/// It stands in no brackets.
const NOWHERE: u32 = u32::MAX;

/// The statements of a text, in order and without gaps.
#[derive(Debug)]
pub(super) struct Statements {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    from: u32,
    to: u32,
    /// The statement in which the innermost bracket around its beginning is opened.
    within: u32,
}

impl Statements {
    /// Cuts a text; none where it is larger than what is cut.
    pub fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() > LARGEST {
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        let mut quote: Option<u8> = None;
        let (mut from, mut at, mut within) = (0_usize, 0_usize, NOWHERE);
        while let Some(byte) = bytes.get(at).copied() {
            let here = parts.len() as u32;
            let mut ends = false;
            match (quote, byte) {
                (Some(_), b'\\') => at += 1,
                // What is not closed on its line was no quote.
                (Some(mark), b'\n') if mark != b'`' => {
                    quote = None;
                    ends = true;
                }
                (Some(mark), _) if mark == byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'`') if closes(bytes, at) => quote = Some(byte),
                (None, b'(' | b'[') => open.push(here),
                (None, b')' | b']') => {
                    open.pop();
                }
                (None, b'{') => {
                    open.push(here);
                    ends = true;
                }
                (None, b'}') => {
                    open.pop();
                    ends = true;
                }
                (None, b';' | b'\n') => ends = true,
                (None, _) => {}
            }
            at = (at + 1).min(bytes.len());
            if ends {
                parts.push(Part {
                    from: from as u32,
                    to: at as u32,
                    within,
                });
                from = at;
                within = open.last().copied().unwrap_or(NOWHERE);
            }
        }
        parts.push(Part {
            from: from as u32,
            to: bytes.len() as u32,
            within,
        });
        Some(Self { parts })
    }

    /// The statement that a byte stands in.
    pub fn at(&self, byte: u32) -> Option<usize> {
        self.parts
            .partition_point(|part| part.from <= byte)
            .checked_sub(1)
            .filter(|number| self.parts.get(*number).is_some_and(|part| byte <= part.to))
    }

    /// The statements that a piece of the text stands in.
    pub fn over(&self, bytes: (u32, u32)) -> Range<usize> {
        let last = bytes.1.saturating_sub(1).max(bytes.0);
        match (self.at(bytes.0), self.at(last)) {
            (Some(first), Some(last)) => first..last + 1,
            _ => 0..0,
        }
    }

    /// The statement that opens the brackets around another one.
    pub fn outer(&self, number: usize) -> Option<usize> {
        let within = self.parts.get(number)?.within;
        (within != NOWHERE).then_some(within as usize)
    }

    /// The bytes of a statement.
    pub fn bytes(&self, number: usize) -> Range<usize> {
        self.parts
            .get(number)
            .map_or(0..0, |part| part.from as usize..part.to as usize)
    }
}

/// Whether a back-tick is followed by another one, not far.
fn closes(bytes: &[u8], at: usize) -> bool {
    let end = bytes.len().min(at + 1 + TEMPLATE);
    bytes
        .get(at + 1..end)
        .is_some_and(|rest| memchr::memchr(b'`', rest).is_some())
}

/// The words of a piece of a text, with the bytes that they begin at.
pub(super) fn words(text: &str, within: Range<usize>) -> impl Iterator<Item = (usize, &str)> {
    let start = within.start;
    let piece = text.get(within).unwrap_or_default();
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = piece.as_bytes();
        while at < bytes.len() {
            let length = bytes[at..]
                .iter()
                .take_while(|byte| is_letter(**byte))
                .count();
            let from = at;
            at += length.max(1);
            // A run of letters begins and ends between characters.
            let word = piece.get(from..from + length).unwrap_or_default();
            if !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()) {
                return Some((start + from, word));
            }
        }
        None
    })
}

/// Whether a word stands at a byte, as a whole.
pub(super) fn stands_at(text: &str, at: usize, word: &str) -> bool {
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let behind = bytes.get(at.saturating_add(word.len()));
    !word.is_empty()
        && text.get(at..).is_some_and(|rest| rest.starts_with(word))
        && !before.is_some_and(|byte| is_letter(*byte))
        && !behind.is_some_and(|byte| is_letter(*byte))
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// Words that stand everywhere and tie nothing together.
pub(super) fn is_common(word: &str) -> bool {
    const COMMON: &[&str] = &[
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "crate",
        "def",
        "default",
        "del",
        "delete",
        "do",
        "done",
        "elif",
        "else",
        "end",
        "enum",
        "err",
        "error",
        "except",
        "export",
        "exports",
        "extends",
        "false",
        "fi",
        "finally",
        "fn",
        "for",
        "from",
        "function",
        "global",
        "globalThis",
        "http",
        "https",
        "if",
        "impl",
        "import",
        "in",
        "instanceof",
        "is",
        "js",
        "json",
        "lambda",
        "length",
        "let",
        "local",
        "loop",
        "main",
        "match",
        "mod",
        "module",
        "mut",
        "new",
        "node",
        "none",
        "None",
        "not",
        "null",
        "of",
        "Ok",
        "or",
        "package",
        "pass",
        "pub",
        "raise",
        "require",
        "return",
        "Self",
        "self",
        "set",
        "sh",
        "Some",
        "static",
        "std",
        "struct",
        "super",
        "switch",
        "then",
        "this",
        "throw",
        "to",
        "true",
        "True",
        "try",
        "type",
        "undefined",
        "unwrap",
        "use",
        "var",
        "while",
        "with",
    ];
    COMMON.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(text: &str) -> Vec<&str> {
        let statements = Statements::of(text).unwrap();
        (0..statements.count())
            .map(|number| &text[statements.bytes(number)])
            .collect()
    }

    #[test]
    fn a_text_is_cut_at_the_ends_of_statements_and_nowhere_in_quotes() {
        assert_eq!(
            pieces("a = 'x;y'; get(u, r => { b(r) })\nc"),
            ["a = 'x;y';", " get(u, r => {", " b(r) }", ")\n", "c"]
        );
    }

    #[test]
    fn what_stands_in_brackets_knows_who_opened_them() {
        let text = "let data = {\n  env: all,\n};\nsend(data)";
        let statements = Statements::of(text).unwrap();
        let inner = statements.at(text.find("env").unwrap() as u32).unwrap();
        let outer = statements.outer(inner).unwrap();
        assert!(text[statements.bytes(outer)].contains("let data"));
    }

    #[test]
    fn a_quote_that_is_not_closed_ends_with_its_line() {
        assert_eq!(pieces("// don't\nb;c"), ["// don't\n", "b;", "c"]);
    }

    #[test]
    fn words_are_whole() {
        let text = "fetch(url2, $x.名)";
        let found: Vec<&str> = words(text, 0..text.len()).map(|(_, word)| word).collect();
        assert_eq!(found, ["fetch", "url2", "$x", "名"]);
        assert!(stands_at(text, 6, "url2"));
        assert!(!stands_at(text, 6, "url"));
    }

    proptest! {
        #[test]
        fn statements_cover_any_text_without_gaps(text in "[a-c'\"`;{}()\\[\\]\\\\\n é]{0,80}") {
            let statements = Statements::of(&text).unwrap();
            let mut at = 0;
            for number in 0..statements.count() {
                let bytes = statements.bytes(number);
                prop_assert_eq!(bytes.start, at);
                at = bytes.end;
            }
            prop_assert_eq!(at, text.len());
            for byte in 0..text.len() {
                let number = statements.at(byte as u32).unwrap();
                prop_assert!(statements.bytes(number).contains(&byte));
            }
        }
    }
}
