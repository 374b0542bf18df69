use super::carried::{decoded, joined, without_formats};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

/// The words of a source, in each way in which the compiler carries them into its constants.
pub(super) struct Source<'s> {
    text: &'s str,
    /// As they stand.
    plain: HashSet<&'s str>,
    /// What else there is in each of the further forms, the commonest first. Each is made when a word
    /// was found in none before: nearly every source needs the first, and few another.
    made: [OnceCell<HashSet<String>>; FORMS.len()],
    /// Annotations become texts, and numbers in them are written anew.
    text_annotations: bool,
}

/// A source in one of the ways in which the compiler carries texts over.
type Form = fn(&str) -> String;

/// With escapes resolved, texts beside one another joined, and formats taken apart.
const FORMS: [Form; 7] = [
    decoded,
    joined,
    |text| decoded(&joined(text)),
    without_formats,
    |text| without_formats(&decoded(text)),
    |text| without_formats(&joined(text)),
    |text| without_formats(&decoded(&joined(text))),
];

/// Names that the compiler makes itself.
const MADE: [&str; 41] = [
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
    // Texts of many pieces, `f"…"` and `"…" % (…)`.
    "join",
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

/// The text of a source. None where its encoding is not read.
pub(super) fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.into()),
        Err(_) if is_latin(bytes) => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        Err(_) => None,
    }
}

impl<'s> Source<'s> {
    /// Takes it apart.
    pub fn read(text: &'s str) -> Self {
        Self {
            plain: words(text).collect(),
            made: std::array::from_fn(|_| OnceCell::new()),
            text_annotations: text.contains("__future__") && text.contains("annotations"),
            text,
        }
    }

    /// Its lines.
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The length of the longest run of digits.
    pub fn digits(&self) -> usize {
        longest_digits(self.text)
    }

    fn contains(&self, word: &str) -> bool {
        self.plain.contains(word) || self.is_made(word)
    }

    fn is_made(&self, word: &str) -> bool {
        self.made.iter().zip(FORMS).any(|(made, form)| {
            let made = made.get_or_init(|| self.further(&form(self.text)));
            made.contains(word)
        })
    }

    /// The words of a form that do not stand in the source as they are.
    fn further(&self, text: &str) -> HashSet<String> {
        let new = words(text).filter(|word| !self.plain.contains(word));
        new.map(str::to_owned).collect()
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
            !(self.plain.contains(word)
                || MADE.contains(word)
                || MADE_WORDS.contains(word)
                || self.has_word(word, rewritten)
                || self.is_folded(word)
                || self.is_named(word)
                || self.is_number_anew(word))
        })
    }

    fn has_word(&self, word: &str, rewritten: bool) -> bool {
        let plainly = |word: &str| self.plain.contains(word);
        plainly(word)
            || is_private(word, plainly)
            || self.is_made(word)
            || is_private(word, |word| self.contains(word))
            || (!word.is_ascii()
                && word.chars().all(char::is_alphanumeric)
                && !self.text.is_ascii())
            || (rewritten && is_of_pytest(word))
    }

    /// `"0" * 64 + "1"` is folded into one text; of `"abc"[0]` one character stays. A few pieces at
    /// most, and only one of them a single character: of many small ones every word could be put
    /// together.
    fn is_folded(&self, word: &str) -> bool {
        const PIECES: usize = 4;
        if word.chars().nth(1).is_none() {
            return true;
        }
        let (mut rest, mut single) = (word, false);
        for _ in 0..PIECES {
            let Some((piece, behind)) = self.longest_piece(rest) else {
                return false;
            };
            if piece.chars().nth(1).is_none() {
                if single {
                    return false;
                }
                single = true;
            }
            rest = behind;
            if rest.is_empty() {
                return true;
            }
        }
        false
    }

    /// A word of the source that a text starts with, together with its repetitions, and what stands
    /// behind them: of the word that leaves the least, since `"ab" * 100` also starts with `aba`.
    fn longest_piece<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        const LONGEST: usize = 256;
        /// Words that are tried: the shortest, which repeat, and the longest.
        const TRIED: usize = 16;
        let ends = || 1..=text.len().min(LONGEST);
        let is_word = |end: usize| text.get(..end).filter(|piece| self.contains(piece));
        let longest = ends().rev().find_map(is_word)?;
        let shortest = ends().filter_map(is_word).take(TRIED);
        let behind = |piece: &str| {
            let mut behind = text;
            while let Some(more) = behind.strip_prefix(piece) {
                behind = more;
            }
            behind.len()
        };
        let left = shortest.chain([longest]).map(behind).min()?;
        text.split_at_checked(text.len() - left)
    }

    /// Characters that were written by their names cannot be told; what stands between them can.
    fn is_named(&self, word: &str) -> bool {
        let by_name = |c: char| !c.is_ascii() || c.is_ascii_control();
        word.contains(by_name)
            && self.text.contains("\\N{")
            && word
                .split(by_name)
                .all(|part| part.is_empty() || self.contains(part))
    }

    fn is_number_anew(&self, word: &str) -> bool {
        self.text_annotations && word.len() <= 20 && word.bytes().all(|b| b.is_ascii_digit())
    }
}

/// `__name` inside of `class _Class` becomes `_Class__name`.
fn is_private(name: &str, holds: impl Fn(&str) -> bool) -> bool {
    let Some(inside) = name.strip_prefix('_') else {
        return false;
    };
    inside.match_indices("__").take(8).any(|(at, _)| {
        let (class, private) = inside.split_at(at);
        holds(private)
            && ["", "_", "__", "___"]
                .iter()
                .any(|dash| holds(&format!("{dash}{class}")))
    })
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

fn longest_digits(text: &str) -> usize {
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '_'))
        .map(str::len)
        .max()
        .unwrap_or(0)
}
