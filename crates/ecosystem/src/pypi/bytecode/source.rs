use std::borrow::Cow;
use std::collections::HashSet;

/// The words of a source, in each way in which the compiler carries them into its constants.
pub(super) struct Source {
    words: HashSet<String>,
    /// The source holds letters beyond ASCII, which Python normalises in names.
    beyond_ascii: bool,
    /// Characters are written by their names (`\N{…}`), which are not looked up here.
    named_characters: bool,
    /// Annotations become texts, and numbers in them are written anew.
    text_annotations: bool,
    lines: usize,
    digits: usize,
}

/// Names that the compiler makes itself.
const MADE: [&str; 40] = [
    "",
    "<module>",
    "<lambda>",
    "<listcomp>",
    "<setcomp>",
    "<dictcomp>",
    "<genexpr>",
    "<locals>",
    ".0",
    ".1",
    ".defaults",
    ".kwdefaults",
    ".type_params",
    ".generic_base",
    ".format",
    "format",
    "AssertionError",
    "NotImplementedError",
    "__annotate__",
    "__annotate_func__",
    "__annotations__",
    "__class__",
    "__classcell__",
    "__classdict__",
    "__classdictcell__",
    "__conditional_annotations__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__name__",
    "__qualname__",
    "__static_attributes__",
    "__type_params__",
    "__path__",
    "lambda",
    "locals",
    "listcomp",
    "genexpr",
    "generic",
    "return",
];

/// Words of texts that the compiler makes: qualified names until 3.10.
const MADE_WORDS: [&str; 4] = ["setcomp", "dictcomp", "parameters", "of"];

/// What pytest writes into the assertions that it rewrites, and the modules that it imports there.
const PYTEST: [&str; 14] = [
    "builtins",
    "_pytest",
    "assertion",
    "rewrite",
    "assert",
    "s",
    "in",
    "is",
    "not",
    "and",
    "or",
    "where",
    "isinstance",
    "x",
];

impl Source {
    /// None where its encoding is not read.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text: Cow<'_, str> = match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) if is_latin(bytes) => bytes.iter().map(|b| char::from(*b)).collect(),
            Err(_) => return None,
        };
        let mut words = HashSet::new();
        let joined = joined(&text);
        for text in [&*text, &joined] {
            add(&mut words, text);
            add(&mut words, &without_formats(text));
            let decoded = decoded(text);
            add(&mut words, &without_formats(&decoded));
            add(&mut words, &decoded);
        }
        Some(Self {
            beyond_ascii: !text.is_ascii(),
            named_characters: text.contains("\\N{"),
            text_annotations: text.contains("__future__") && text.contains("annotations"),
            lines: text.lines().count(),
            digits: longest_digits(&text),
            words,
        })
    }

    pub fn lines(&self) -> usize {
        self.lines
    }

    /// The length of the longest run of digits.
    pub fn digits(&self) -> usize {
        self.digits
    }

    /// Whether a name, with dots or without, can come from here.
    pub fn has_name(&self, name: &str, rewritten: bool) -> bool {
        MADE.contains(&name)
            || self.has_word(name, rewritten)
            || (rewritten && name.starts_with("@py"))
            || name.split('.').all(|part| {
                let part = part
                    .strip_prefix("<generic parameters of ")
                    .and_then(|part| part.strip_suffix('>'))
                    .unwrap_or(part);
                MADE.contains(&part) || self.has_word(part, rewritten)
            })
    }

    /// The first word of a text that cannot come from here.
    pub fn stranger_of<'t>(&self, text: &'t str, rewritten: bool) -> Option<&'t str> {
        words(text).find(|word| {
            !(self.has_word(word, rewritten)
                || MADE.contains(word)
                || MADE_WORDS.contains(word)
                || self.is_folded(word)
                || self.is_named(word)
                || self.is_number_anew(word))
        })
    }

    fn has_word(&self, word: &str, rewritten: bool) -> bool {
        self.words.contains(word)
            || self.is_private(word)
            || (self.beyond_ascii && !word.is_ascii() && word.chars().all(char::is_alphanumeric))
            || (rewritten && is_of_pytest(word))
    }

    /// `__name` inside of `class _Class` becomes `_Class__name`.
    fn is_private(&self, name: &str) -> bool {
        let Some(inside) = name.strip_prefix('_') else {
            return false;
        };
        inside.match_indices("__").take(8).any(|(at, _)| {
            let (class, private) = inside.split_at(at);
            self.words.contains(private)
                && ["", "_", "__", "___"]
                    .iter()
                    .any(|dash| self.words.contains(&format!("{dash}{class}")))
        })
    }

    /// `"0" * 64 + "1"` is folded into one text; of `"abc"[0]` one character stays. A few pieces at
    /// most: of many small ones every word could be put together.
    fn is_folded(&self, word: &str) -> bool {
        const PIECES: usize = 4;
        let mut rest = word;
        for _ in 0..PIECES {
            match self.longest_piece(rest) {
                Some(behind) => rest = behind,
                None => return false,
            }
            if rest.is_empty() {
                return true;
            }
        }
        false
    }

    /// What stands behind the longest word of the source that a text starts with, and behind its
    /// repetitions.
    fn longest_piece<'t>(&self, text: &'t str) -> Option<&'t str> {
        const LONGEST: usize = 256;
        let first = text.chars().next()?.len_utf8();
        let ends = (1..=text.len().min(LONGEST)).filter(|end| text.is_char_boundary(*end));
        let mut best = None;
        for end in ends {
            let (piece, behind) = text.split_at(end);
            if self.words.contains(piece) {
                best = Some((piece, behind));
            }
        }
        // One character may be all that a fold leaves of a text.
        let (piece, mut behind) = best.unwrap_or_else(|| text.split_at(first));
        while let Some(more) = behind.strip_prefix(piece) {
            behind = more;
        }
        Some(behind)
    }

    /// Characters that were written by their names cannot be told; what stands between them can.
    fn is_named(&self, word: &str) -> bool {
        self.named_characters
            && !word.is_ascii()
            && word
                .split(|c: char| !c.is_ascii())
                .all(|part| part.is_empty() || self.words.contains(part))
    }

    fn is_number_anew(&self, word: &str) -> bool {
        self.text_annotations && word.len() <= 20 && word.bytes().all(|b| b.is_ascii_digit())
    }
}

fn is_of_pytest(word: &str) -> bool {
    PYTEST.contains(&word)
        || word
            .strip_prefix("py")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

fn is_word(c: char) -> bool {
    // What no keyboard has counts as well: bytes of a payload must stand in the source, too.
    c == '_' || c.is_alphanumeric() || !c.is_ascii() || (c.is_ascii_control() && !c.is_whitespace())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

fn add(into: &mut HashSet<String>, text: &str) {
    for word in words(text) {
        if !into.contains(word) {
            into.insert(word.to_owned());
        }
    }
}

/// Whether the first two lines say that it is written in Latin-1 (PEP 263).
fn is_latin(bytes: &[u8]) -> bool {
    let head: Vec<&[u8]> = bytes.splitn(3, |b| *b == b'\n').take(2).collect();
    let head = head.concat().to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    head.contains("coding")
        && ["latin-1", "latin1", "iso-8859-1", "iso8859-1", "l1"]
            .iter()
            .any(|name| head.contains(name))
}

/// Texts beside one another are one to the compiler: what stands between them is left out.
fn joined(text: &str) -> String {
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
fn without_formats(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        out.push(' ');
        let inside = behind.trim_start_matches(|c: char| "-+#. 0123456789".contains(c));
        rest = inside
            .strip_prefix(['s', 'r', 'a', 'd', 'i'])
            .unwrap_or(behind);
    }
    out.push_str(rest);
    out
}

/// All escapes of texts resolved, wherever they stand.
fn decoded(text: &str) -> String {
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

fn longest_digits(text: &str) -> usize {
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '_'))
        .map(str::len)
        .max()
        .unwrap_or(0)
}
