//! How deeply a source text is nested, estimated before a parser's stack has to bear it.
//!
//! Parsers recurse, and a stack that ends takes the whole process with it. Two readings are
//! made and the deeper one counts. The first knows comments, texts, templates and what ends
//! a statement. A package can be written to mislead it (a comment that is none), so the
//! second one knows nothing but brackets and takes each for one, wherever it stands. Both
//! are linear in the text.

mod behind;
mod brackets;
mod most;
#[cfg(test)]
mod tests;

use crate::ir::Language;
use crate::limit::reading::ESTIMATE;
use brackets::brackets;
use most::most;

/// An estimate of how deeply a source text is nested: brackets, tags, and operators and words
/// that take what follows into themselves. Counting ends a little above
/// [`ESTIMATE`]; nothing is nested more deeply than it is long.
pub fn nesting(source: &str, language: Language) -> usize {
    let bytes = source.as_bytes();
    if bytes.len() < ESTIMATE {
        return bytes.len();
    }
    let plain = brackets(bytes);
    if plain > ESTIMATE {
        return plain;
    }
    let most = most(bytes);
    if most <= ESTIMATE {
        return most;
    }
    plain.max(tokens(bytes, language))
}

/// What a language nests, without its comments and texts.
fn tokens(bytes: &[u8], language: Language) -> usize {
    let mut reading = Reading::of(bytes, language);
    while let Some(byte) = bytes.get(reading.at) {
        reading.step(*byte);
        if reading.deepest > ESTIMATE {
            break;
        }
    }
    reading.deepest
}

/// What an open bracket holds so far.
#[derive(Default)]
struct Level {
    /// Operators and words since the last comma or end of a statement.
    operators: u32,
    /// Those that a comma does not end: `<` of types, `lambda`.
    held: u32,
    /// Tags that are open.
    tags: u32,
    /// The last tag has no `>` yet.
    in_tag: bool,
    /// It stands behind `if`, `for`, `while` or `with`.
    control: bool,
    /// It is a hole of a template.
    template: bool,
}

impl Level {
    const fn all(&self) -> usize {
        self.operators as usize + self.held as usize + self.tags as usize
    }
}

/// By length, the letters that words begin with which nest: a bit each.
static WORDS: [u32; 11] = {
    let words: [&[u8]; 31] = [
        b"if",
        b"for",
        b"while",
        b"with",
        b"else",
        b"do",
        b"new",
        b"await",
        b"typeof",
        b"void",
        b"delete",
        b"not",
        b"yield",
        b"in",
        b"return",
        b"case",
        b"extends",
        b"keyof",
        b"readonly",
        b"infer",
        b"throw",
        b"break",
        b"as",
        b"const",
        b"mut",
        b"impl",
        b"dyn",
        b"instanceof",
        b"of",
        b"lambda",
        b"move",
    ];
    let mut table = [0; 11];
    let mut at = 0;
    while at < words.len() {
        table[words[at].len()] |= 1 << (words[at][0] & 0x1f);
        at += 1;
    }
    table
};

/// What ends when the next token does not go on with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    /// A line or a block.
    Soft,
    /// A semicolon.
    Hard,
}

/// The last token, as far as it matters to the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Operator,
    Word,
    /// A word that something must follow.
    Keyword,
    /// `if`, `for`, `while`, `with`.
    Control,
    /// The bracket behind one of them.
    BehindControl,
    Closing,
    Brace,
    Value,
}

struct Reading<'b> {
    bytes: &'b [u8],
    language: Language,
    at: usize,
    outer: Vec<Level>,
    here: Level,
    sum: usize,
    deepest: usize,
    pending: Pending,
    last: Last,
    /// Up to here nothing closes `"`, `'` and a regular expression that begin on this line.
    unclosed: [usize; 3],
    /// No comment ends any more.
    no_end: bool,
}

impl<'b> Reading<'b> {
    fn of(bytes: &'b [u8], language: Language) -> Self {
        Self {
            bytes,
            language,
            at: 0,
            outer: Vec::new(),
            here: Level::default(),
            sum: 0,
            deepest: 0,
            pending: Pending::Nothing,
            last: Last::Operator,
            unclosed: [0; 3],
            no_end: false,
        }
    }

    fn is(&self, language: Language) -> bool {
        self.language == language
    }

    fn next(&self) -> u8 {
        self.bytes.get(self.at + 1).copied().unwrap_or(0)
    }

    fn before(&self) -> u8 {
        let before = self.at.checked_sub(1);
        before
            .and_then(|at| self.bytes.get(at))
            .copied()
            .unwrap_or(0)
    }

    /// Takes one token, or the blanks in front of it.
    fn step(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let blanks = rest
                    .iter()
                    .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
                self.at += blanks.unwrap_or(rest.len());
                return;
            }
            b'\n' => {
                self.line_ends();
                self.at += 1;
                return;
            }
            b'#' if self.is(Language::Python) => {
                self.at = self.end_of_line();
                return;
            }
            b'/' if !self.is(Language::Python) => {
                if let Some(end) = self.behind_comment() {
                    self.at = end;
                    return;
                }
            }
            _ => {}
        }
        if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') {
            let word = word_at(self.bytes, self.at);
            if self.pending != Pending::Nothing {
                self.settle(byte, word);
            }
            self.word(word);
            self.at += word.len();
        } else {
            if self.pending != Pending::Nothing {
                self.settle(byte, b"");
            }
            self.sign(byte);
            self.at += 1;
        }
        self.deepest = self.deepest.max(self.outer.len() + self.sum);
    }

    /// What a line's end ends.
    fn line_ends(&mut self) {
        let ends = match self.language {
            // Blanks behind the back-slash are a mistake there.
            Language::Python if self.outer.is_empty() && self.before() != b'\\' => Pending::Hard,
            Language::JavaScript => Pending::Soft,
            Language::Python | Language::Rust => return,
        };
        if self.pending != Pending::Hard {
            self.pending = ends;
        }
    }

    /// Ends what a token does not go on with.
    fn settle(&mut self, byte: u8, word: &[u8]) {
        let ends = match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => return,
            Pending::Hard => word != b"else",
            Pending::Soft => !self.goes_on(byte, word),
        };
        if ends {
            self.forget(true);
        }
    }

    /// Whether a token behind the end of a line or block goes on with what stood there.
    fn goes_on(&self, byte: u8, word: &[u8]) -> bool {
        let open = matches!(
            self.last,
            Last::Operator | Last::Keyword | Last::Control | Last::BehindControl
        );
        open || matches!(
            byte,
            b'?' | b':'
                | b'.'
                | b'+'
                | b'-'
                | b'*'
                | b'/'
                | b'%'
                | b'='
                | b'&'
                | b'|'
                | b'^'
                | b'<'
                | b'>'
                | b'('
                | b'['
                | b','
                | b'`'
        ) || matches!(
            word,
            b"else"
                | b"catch"
                | b"finally"
                | b"while"
                | b"in"
                | b"of"
                | b"as"
                | b"instanceof"
                | b"extends"
                | b"satisfies"
        )
    }

    fn forget(&mut self, held: bool) {
        self.sum -= self.here.operators as usize;
        self.here.operators = 0;
        if held {
            self.sum -= self.here.held as usize;
            self.here.held = 0;
        }
    }

    fn operator(&mut self) {
        self.here.operators += 1;
        self.sum += 1;
    }

    fn hold(&mut self) {
        self.here.held += 1;
        self.sum += 1;
    }

    fn word(&mut self, word: &[u8]) {
        // Most words are names, and most names begin like none of these.
        let letter = word.first().map_or(0, |first| first & 0x1f);
        let begins = WORDS.get(word.len()).copied().unwrap_or(0);
        if begins & 1 << letter == 0 {
            self.last = Last::Word;
            return;
        }
        self.last = match word {
            b"if" | b"for" | b"while" | b"with" => {
                self.operator();
                Last::Control
            }
            b"else" | b"do" | b"new" | b"await" | b"typeof" | b"void" | b"delete" | b"not"
            | b"yield" | b"in" | b"return" | b"case" | b"extends" | b"keyof" | b"readonly"
            | b"infer" | b"throw" | b"break" | b"as" | b"const" | b"mut" | b"impl" | b"dyn"
            | b"instanceof" | b"of" => {
                self.operator();
                Last::Keyword
            }
            b"lambda" | b"move" => {
                self.hold();
                Last::Keyword
            }
            _ => Last::Word,
        };
    }

    fn sign(&mut self, byte: u8) {
        let operand = matches!(
            self.last,
            Last::Operator | Last::Keyword | Last::BehindControl | Last::Brace
        );
        let script = self.is(Language::JavaScript);
        let last = self.last;
        self.last = Last::Operator;
        match byte {
            b'(' | b'[' | b'{' => self.open(last == Last::Control && byte == b'(', false),
            b')' | b']' | b'}' => self.close(byte),
            b',' => self.forget(false),
            b';' => self.pending = Pending::Hard,
            b'"' | b'\'' => {
                self.at = self.behind_text(byte);
                self.last = Last::Value;
            }
            b'`' if script => self.template(),
            b'/' if script && operand => {
                self.at = self.behind_regex();
                self.last = Last::Value;
            }
            b'<' => self.less(script),
            b'>' => self.greater(),
            // What has two sides is read in a loop there.
            b'+' | b'-' if script && !operand => {}
            b'%' | b'/' | b'^' if script => {}
            b'|' => {
                if self.is(Language::Rust) && self.before() == b'|' {
                    self.hold();
                } else {
                    self.operator();
                }
            }
            b'!' | b'~' | b'?' | b'=' | b'-' | b'+' | b'*' | b':' | b'@' | b'&' | b'.' | b'%'
            | b'/' | b'^' => self.operator(),
            _ => self.last = Last::Word,
        }
    }

    fn open(&mut self, control: bool, template: bool) {
        let new = Level {
            control,
            template,
            ..Level::default()
        };
        self.outer.push(std::mem::replace(&mut self.here, new));
    }

    fn close(&mut self, byte: u8) {
        let Some(around) = self.outer.pop() else {
            return;
        };
        let inner = std::mem::replace(&mut self.here, around);
        self.sum -= inner.all();
        self.last = match byte {
            b')' if inner.control => Last::BehindControl,
            b'}' => Last::Brace,
            _ => Last::Closing,
        };
        if byte == b'}' && inner.template {
            self.template();
        } else if byte == b'}' {
            self.pending = Pending::Soft;
        } else if !self.is(Language::JavaScript) {
            // `a()()()` is a tree as high as it is long.
            self.operator();
        }
    }

    /// From within a template to its end or to its next hole; it leaves the last byte of
    /// these to be passed.
    fn template(&mut self) {
        self.last = Last::Value;
        let mut at = self.at + 1;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'`' => break,
                b'$' if self.bytes.get(at + 1) == Some(&b'{') => {
                    at += 1;
                    self.open(false, true);
                    self.last = Last::Operator;
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        self.at = at;
    }

    /// `<`: of a tag, of types, or less than.
    fn less(&mut self, script: bool) {
        let next = self.next();
        let comment = matches!(self.bytes.get(self.at + 2), Some(b'/' | b'*'));
        if !script {
            self.hold();
        } else if next == b'/' && !comment {
            // The slash begins no regular expression.
            self.at += 1;
            if self.here.tags > 0 {
                self.here.tags -= 1;
                self.sum -= 1;
            }
        } else if next == b'/' || self.opens_tag() {
            self.here.tags += 1;
            self.here.in_tag = true;
            self.sum += 1;
        } else {
            self.hold();
        }
    }

    fn greater(&mut self) {
        let before = self.before();
        // The heads of arrows.
        if matches!(before, b'=' | b'-') {
            return;
        }
        if self.here.in_tag {
            self.here.in_tag = false;
            if before == b'/' && self.here.tags > 0 {
                self.here.tags -= 1;
                self.sum -= 1;
            }
        }
        if self.here.held > 0 {
            self.here.held -= 1;
            self.sum -= 1;
        }
    }

    /// Whether what stands behind `<` may be a tag: nothing, or a name with an end or with
    /// another name behind it.
    fn opens_tag(&self) -> bool {
        const LOOK: usize = 256;
        let end = self.bytes.len().min(self.at + 1 + LOOK);
        let mut rest = self
            .bytes
            .get(self.at + 1..end)
            .unwrap_or_default()
            .trim_ascii_start();
        if rest.first() == Some(&b'>') {
            return true;
        }
        let name = rest
            .iter()
            .position(|byte| !is_of_name(*byte) && !matches!(byte, b'.' | b'-' | b':'))
            .unwrap_or(rest.len());
        if name == 0 && !rest.is_empty() {
            return false;
        }
        rest = rest.get(name..).unwrap_or_default().trim_ascii_start();
        match rest.first() {
            Some(byte) => is_of_name(*byte) || matches!(byte, b'>' | b'/' | b'<' | b',' | b'{'),
            // Longer than is looked at.
            None => end < self.bytes.len(),
        }
    }
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// The word that begins here. It ends at what is no ASCII: that may be a blank, and a word
/// behind it one that nests.
fn word_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|byte| !OF_WORD[usize::from(*byte)])
        .unwrap_or(rest.len());
    rest.get(..end.max(1)).unwrap_or(rest)
}

/// Which bytes a word is made of.
static OF_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = is_of_name(byte);
        byte += 1;
    }
    table
};
