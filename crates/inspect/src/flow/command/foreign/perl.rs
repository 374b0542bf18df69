//! One line of Perl that stands in a command: whether it does nothing but look at what comes in
//! and print of it. It is read word by word, and one word that is not known is enough.

/// Words that neither open, start nor load anything.
const WORDS: &[&str] = &[
    "print", "printf", "say", "if", "unless", "and", "or", "not", "eq", "ne", "lt", "gt", "cmp",
    "chomp", "chop", "exit", "next", "last", "length", "substr", "index", "split", "join", "lc",
    "uc", "ucfirst", "lcfirst", "sprintf", "my", "else", "elsif", "for", "foreach", "while",
    "sort", "reverse", "keys", "values", "push", "pop", "shift", "int", "hex", "ord", "chr",
    "BEGIN", "END", "undef", "defined", "sum", "while",
];
/// The same, behind which a text between signs stands, in one part or in two.
const BETWEEN: &[(&str, usize)] = &[("s", 2), ("tr", 2), ("y", 2), ("m", 1), ("q", 1), ("qw", 1)];
/// Letters behind such a text; `e` would make code of it.
const FLAGS: &str = "gimsxoncdr";

/// Whether a line only looks at what comes in and prints of it.
pub(super) fn only_looks(text: &str) -> bool {
    let mut reader = Reader {
        rest: text,
        // What stands first is a value.
        wants_value: true,
    };
    while !reader.rest.is_empty() {
        if reader.step().is_none() {
            return false;
        }
    }
    true
}

struct Reader<'t> {
    rest: &'t str,
    /// `/` begins a text here and divides nothing.
    wants_value: bool,
}

impl Reader<'_> {
    /// Goes past the next word; gives nothing where it is not known.
    fn step(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        match first {
            c if c.is_whitespace() => self.past(c),
            '`' => return None,
            // `<(name)` is a variable of gyp, which is put in before Perl sees it; else a file is read.
            '<' if self.wants_value => {
                let (name, rest) = self.rest.strip_prefix("<(")?.split_once(')')?;
                if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    return None;
                }
                self.rest = rest;
                self.wants_value = false;
            }
            '"' => {
                self.past('"');
                self.part('"')?;
                self.wants_value = false;
            }
            '\'' => {
                self.past('\'');
                self.plain_part('\'')?;
                self.wants_value = false;
            }
            '/' if self.wants_value => {
                self.past('/');
                self.part('/')?;
                self.flags()?;
            }
            '$' | '@' | '%' | '&' if first != '&' => {
                self.past(first);
                // `${ … }` may hold code.
                if self.rest.starts_with('{') {
                    return None;
                }
                let end = self.word_end();
                if end == 0 {
                    let sign = self.rest.chars().next()?;
                    self.past(sign);
                } else {
                    self.rest = self.rest.get(end..)?;
                }
                self.wants_value = false;
            }
            // `&name`, a function; `&&` is none.
            '&' => {
                self.rest = self.rest.strip_prefix("&&")?;
                self.wants_value = true;
            }
            c if c.is_alphabetic() || c == '_' => self.word()?,
            c if c.is_ascii_digit() => {
                self.rest = self.rest.get(self.word_end()..)?;
                self.wants_value = false;
            }
            '|' => {
                self.rest = self.rest.strip_prefix("||")?;
                self.wants_value = true;
            }
            c if c.is_ascii_punctuation() => {
                self.past(c);
                self.wants_value = !matches!(c, ')' | ']');
            }
            _ => return None,
        }
        Some(())
    }

    fn past(&mut self, c: char) {
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
    }

    fn word_end(&self) -> usize {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len())
    }

    fn word(&mut self) -> Option<()> {
        let (word, rest) = self.rest.split_at_checked(self.word_end())?;
        let parts = BETWEEN.iter().find(|(name, _)| *name == word);
        let sign = rest.chars().next().filter(|c| c.is_ascii_punctuation());
        if let (Some((_, parts)), Some(sign)) = (parts, sign) {
            // Brackets end with another sign, and quotes in these mean something else.
            if "{[(<'#;,".contains(sign) {
                return None;
            }
            self.rest = rest;
            self.past(sign);
            for _ in 0..*parts {
                self.part(sign)?;
            }
            return self.flags();
        }
        self.rest = rest;
        self.wants_value = true;
        WORDS.contains(&word).then_some(())
    }

    /// A text up to a sign, in which the values of variables may stand, and no code.
    fn part(&mut self, end: char) -> Option<()> {
        let text = self.plain_part(end)?;
        let is_code = ["@{", "${", "(?{", "(??{", "`"]
            .iter()
            .any(|mark| text.contains(mark));
        (!is_code).then_some(())
    }

    fn plain_part(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, c)) = letters.next() {
            if c == end {
                self.rest = self.rest.get(at + c.len_utf8()..)?;
                return Some(text);
            }
            text.push(c);
            if c == '\\' {
                text.extend(letters.next().map(|(_, c)| c));
            }
        }
        None
    }

    fn flags(&mut self) -> Option<()> {
        let (flags, rest) = self.rest.split_at_checked(self.word_end())?;
        self.rest = rest;
        self.wants_value = false;
        flags.chars().all(|c| FLAGS.contains(c)).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::only_looks;
    use proptest::prelude::*;

    #[test]
    fn a_line_that_prints_of_what_comes_in_only_looks() {
        for text in [
            "print $1 if /clang version ([0-9]+(\\.[0-9]+){2,})/",
            "s/a/b/g",
            "s|a|b|; s/c/$1/",
            "tr/a-z/A-Z/; print",
            "chomp; print \"$_ \" unless $_ eq 'system'",
            "$n += $1 / 2 while /(\\d+)/g; END { print $n }",
        ] {
            assert!(only_looks(text), "{text}");
        }
        for text in [
            "system('id')",
            "print `id`",
            "s/a/id/e",
            "s/a/@{[id]}/",
            "s{a}{b}e",
            "/(?{id})/",
            "open F, 'a'; print <F>",
            "require A",
            "print <STDIN>",
            "&f",
            "f | 1",
            "print ${\\id}",
            "eval $_",
            "s/a",
        ] {
            assert!(!only_looks(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_has_an_answer(text in "[a-z$@{}/'\"`|&;<> \\\\s-]{0,40}") {
            only_looks(&text);
        }
    }
}
