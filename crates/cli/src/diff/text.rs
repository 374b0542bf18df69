//! A text in lines that can be compared. How a line is broken is decided for both texts of a
//! pair: what stands in both is then broken alike, and is no change.

use std::iter::Peekable;
use std::str::Chars;

/// Bytes of a line from which the lines of both texts are broken into statements.
const LONG: usize = 1_000;
/// Bytes up to which a line stays as it is in such a pair.
const SHORT: usize = 160;
/// Bytes from which a statement is broken behind a comma.
const COMMA: usize = 120;
/// Levels up to which the values of JSON are indented.
const LEVELS: usize = 32;

/// A text in lines that can be compared.
#[derive(Default)]
pub(super) struct Text {
    text: String,
    /// Where each line begins in the text as it was: line from 1, column from 0.
    begins: Vec<(u32, u32)>,
}

/// How the lines of a pair are broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Break {
    /// As they are.
    Not,
    /// Those that are not short, behind each statement.
    Statements,
    /// One line for each value of JSON, wherever it is broken.
    Values,
}

impl Break {
    fn of(path: &str, texts: &[&str]) -> Self {
        let is_line = |text: &&str| {
            let text = text.trim();
            text.starts_with(['{', '[']) && !text.contains('\n')
        };
        let is_long = |text: &&str| text.lines().any(|line| line.len() > LONG);
        if path.ends_with(".json") && texts.iter().any(is_line) {
            Self::Values
        } else if texts.iter().any(is_long) {
            Self::Statements
        } else {
            Self::Not
        }
    }
}

impl Text {
    /// Two texts of one path, the earlier one first.
    pub fn pair(path: &str, before: Option<&[u8]>, after: &[u8]) -> (Self, Self) {
        let (before, after) = (decoded(before.unwrap_or_default()), decoded(after));
        Self::both(path, &before, &after)
    }

    /// A text that has none beside it.
    pub fn alone(path: &str, bytes: &[u8]) -> Self {
        let text = decoded(bytes);
        Self::broken(&text, Break::of(path, &[&text]))
    }

    pub(super) fn both(path: &str, before: &str, after: &str) -> (Self, Self) {
        let how = Break::of(path, &[before, after]);
        (Self::broken(before, how), Self::broken(after, how))
    }

    fn broken(text: &str, how: Break) -> Self {
        let mut out = Out::of(text);
        match how {
            Break::Values => out.values(text),
            Break::Not | Break::Statements => {
                for line in text.split_inclusive('\n') {
                    if how == Break::Statements && line.len() > SHORT {
                        out.statements(line);
                    } else {
                        line.chars().for_each(|c| out.push(c));
                    }
                }
            }
        }
        Self {
            text: out.text,
            begins: out.begins,
        }
    }

    pub fn lines(&self) -> Vec<&str> {
        // A text that ends with an end of line has no line behind it.
        let text = self.text.strip_suffix('\n').unwrap_or(&self.text);
        if text.is_empty() {
            return Vec::new();
        }
        text.split('\n').collect()
    }

    /// The line in which a place of the text stands, and the characters before it; the place
    /// as it is counted, from 1.
    pub fn find(&self, line: u32, column: u32) -> Option<(usize, usize)> {
        let wanted = (line, column.saturating_sub(1));
        let behind = self.begins.partition_point(|begin| *begin <= wanted);
        let at = behind.checked_sub(1)?;
        let begin = self.begins.get(at).filter(|begin| begin.0 == line)?;
        Some((at, (wanted.1 - begin.1) as usize))
    }
}

/// Places are counted from behind the mark of UTF-8.
fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// A text that is being broken, and where it is in the one that it is made of.
struct Out {
    text: String,
    begins: Vec<(u32, u32)>,
    line: u32,
    column: u32,
}

impl Out {
    fn of(text: &str) -> Self {
        Self {
            text: String::with_capacity(text.len() + text.len() / 16),
            begins: vec![(1, 0)],
            line: 1,
            column: 0,
        }
    }

    /// A character of the text as it was.
    fn push(&mut self, c: char) {
        self.pass(c);
        self.text.push(c);
        if c == '\n' {
            self.begins.push((self.line, 0));
        }
    }

    /// A character of the text as it was that is not shown.
    fn pass(&mut self, c: char) {
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 0;
        } else {
            self.column = self.column.saturating_add(1);
        }
    }

    /// An end of line that the text as it was does not have.
    fn end(&mut self, levels: usize) {
        self.text.push('\n');
        self.begins.push((self.line, self.column));
        let blanks = "  ".repeat(levels.min(LEVELS));
        self.text.push_str(&blanks);
    }

    /// A line, broken behind each statement.
    fn statements(&mut self, line: &str) {
        let mut quote: Option<char> = None;
        let (mut escaped, mut length) = (false, 0);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            self.push(c);
            length += c.len_utf8();
            match quote {
                Some(_) if escaped => escaped = false,
                Some(_) if c == '\\' => escaped = true,
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
                None if matches!(c, ';' | '{' | '}') || (c == ',' && length > COMMA) => {
                    if !matches!(chars.peek(), None | Some('\n' | '\r')) {
                        self.end(0);
                    }
                    length = 0;
                }
                None => {}
            }
        }
    }

    /// JSON with one line for each value. Only blanks between values change, so that this
    /// hides nothing in what is no JSON either.
    fn values(&mut self, text: &str) {
        let mut levels = 0_usize;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '[' => {
                    self.push(c);
                    self.blanks(&mut chars);
                    if !matches!(chars.peek(), None | Some('}' | ']')) {
                        levels += 1;
                        self.end(levels);
                    } else if let Some(close) = chars.next() {
                        self.push(close);
                    }
                }
                '}' | ']' => {
                    levels = levels.saturating_sub(1);
                    self.end(levels);
                    self.push(c);
                }
                ',' => {
                    self.push(c);
                    self.blanks(&mut chars);
                    self.end(levels);
                }
                ':' => {
                    self.push(c);
                    self.text.push(' ');
                }
                '"' => {
                    self.push(c);
                    self.string(&mut chars);
                }
                c if is_blank(c) => self.pass(c),
                c => self.push(c),
            }
        }
    }

    fn blanks(&mut self, chars: &mut Peekable<Chars<'_>>) {
        while let Some(c) = chars.next_if(|c| is_blank(*c)) {
            self.pass(c);
        }
    }

    /// The rest of a string.
    fn string(&mut self, chars: &mut Peekable<Chars<'_>>) {
        let mut escaped = false;
        for c in chars.by_ref() {
            self.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return,
                _ => {}
            }
        }
    }
}

/// What JSON takes between values.
const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Counts, counts, shown};
    use super::*;

    #[test]
    fn a_long_line_at_the_end_of_short_ones_changes_none_of_them() {
        let before: String = (0..200)
            .map(|n| format!("function f{n}() {{ g({n}); }}\n"))
            .collect();
        let after = format!("{before}{}\n", "h('x;y');".repeat(140));
        let (before, after) = Text::both("index.js", &before, &after);
        let (added, removed) = (140, 0);
        assert_eq!(counts(&before, &after), Counts { added, removed });
    }

    #[test]
    fn lines_of_a_pair_are_broken_alike_where_only_one_has_a_long_one() {
        let line = "a('x');".repeat(130);
        let (before, after) = Text::both("a.js", &line, &format!("{line}{line}"));
        let (added, removed) = (130, 0);
        assert_eq!(counts(&before, &after), Counts { added, removed });
    }

    #[test]
    fn a_manifest_on_one_line_is_compared_value_by_value() {
        let before = "{\n  \"name\": \"a\",\n  \"files\": [],\n  \"scripts\": {\n    \"test\": \"a, b\"\n  }\n}\n";
        let after = r#"{"name":"a","files":[],"scripts":{"test":"a, b","install":"node x.js"}}"#;
        let (before, after) = Text::both("package.json", before, after);
        let found = shown(&before, &after, &[(1, 50)], 99);
        let told = [
            "    \"files\": [],",
            "    \"scripts\": {",
            "-     \"test\": \"a, b\"",
            "+     \"test\": \"a, b\",",
            "+     \"install\": \"node x.js\"",
            "    }",
            "  }",
        ];
        assert_eq!(found.lines, told);
        assert_eq!(after.find(1, 50).map(|(line, _)| line), Some(5));
    }

    #[test]
    fn what_is_no_json_loses_nothing_but_blanks() {
        let text = "{\"a\": [1, }} \"open \\\" , { ";
        let (_, after) = Text::both("a.json", "", text);
        let dense = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(dense(&after.text), dense(text));
    }
}
