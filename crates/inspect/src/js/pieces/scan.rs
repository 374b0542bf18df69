//! Where the bodies of functions begin and end, by a reading that is fast and may err.
//!
//! Only brackets, texts, comments and slashes are looked at. What a brace opens, and whether
//! a slash begins a regular expression, is asked backwards, of the bytes since the last of
//! these. Linear in the text: nothing is gone over again but those bytes.

use super::{Cut, Sizes};
use crate::limit::reading;

/// Bytes that are looked at.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"\"'`/()[]{}";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

/// The bodies of a size that is cut out: of those in each other the outermost.
pub(super) fn bodies(bytes: &[u8], sizes: Sizes) -> Vec<Cut> {
    let mut scan = Scan {
        bytes,
        sizes,
        at: 0,
        run: 0,
        behind: Before::of(Last::Start),
        outer: Vec::new(),
        unclosed: [0; 3],
        cuts: Vec::new(),
    };
    while scan.step().is_some() {}
    scan.cuts
}

/// What a bracket is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Paren,
    Square,
    /// A hole of a template.
    Hole,
    Object,
    Class,
    Block,
    Body,
}

/// Plain bytes: from, to.
#[derive(Clone, Copy, Default)]
struct Run {
    from: usize,
    to: usize,
}

/// What stands in front of a `(`.
#[derive(Clone, Copy, Default)]
struct Front {
    run: Run,
    /// If the run is empty: a text or `]`, which may be the name of a method.
    is_name: bool,
}

/// What is looked at, once it is behind.
#[derive(Clone, Copy)]
enum Last {
    Start,
    Open(Kind),
    Paren(Front),
    Square,
    Brace(Kind),
    /// A text or a regular expression.
    Text,
}

/// What stands in front of a place: plain bytes, and the last thing that is looked at, if
/// there are none.
#[derive(Clone, Copy)]
struct Before {
    run: Run,
    last: Last,
}

impl Before {
    fn of(last: Last) -> Self {
        Self {
            run: Run::default(),
            last,
        }
    }
}

/// An open bracket.
struct Level {
    open: usize,
    kind: Kind,
    front: Front,
    /// It is a body that may be cut out.
    cut: bool,
    /// It stands in the head of a `for`, and no function lies between.
    for_head: bool,
}

struct Scan<'b> {
    bytes: &'b [u8],
    sizes: Sizes,
    at: usize,
    /// Where the plain bytes begin that end here.
    run: usize,
    /// What stands in front of these.
    behind: Before,
    outer: Vec<Level>,
    /// Up to here nothing closes `"`, `'` and a regular expression that begin on this line.
    unclosed: [usize; 3],
    cuts: Vec<Cut>,
}

impl Scan<'_> {
    fn slice(&self, run: Run) -> &[u8] {
        self.bytes.get(run.from..run.to).unwrap_or_default()
    }

    /// Goes to what is looked at next, and past it. None at the end, or where nothing can be
    /// said any more.
    fn step(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let plain = rest.iter().position(|byte| SPECIAL[usize::from(*byte)])?;
        self.at += plain;
        match *self.bytes.get(self.at)? {
            byte @ (b'"' | b'\'') => self.text(byte),
            b'`' => return self.template(),
            b'/' => return self.slash(),
            byte @ (b'(' | b'[' | b'{') => self.open(byte),
            byte => return self.close(byte),
        }
        Some(())
    }

    /// Goes on behind something that is looked at.
    fn pass(&mut self, end: usize, last: Last) {
        self.at = end;
        self.run = end;
        self.behind = Before::of(last);
    }

    fn before(&self) -> Before {
        let run = self.bytes.get(self.run..self.at).unwrap_or_default();
        let to = self.run + run.trim_ascii_end().len();
        let run = Run { from: self.run, to };
        if self.slice(run).trim_ascii_start().is_empty() {
            return self.behind;
        }
        Before {
            run,
            last: Last::Start,
        }
    }

    fn text(&mut self, quote: u8) {
        let which = usize::from(quote == b'\'');
        // Whoever begins within a text that does not close does not close either.
        if self.unclosed.get(which).is_none_or(|end| self.at >= *end) {
            let mut end = self.at + 1;
            while let Some(next) = memchr::memchr3(
                quote,
                b'\\',
                b'\n',
                self.bytes.get(end..).unwrap_or_default(),
            ) {
                end += next;
                match self.bytes.get(end) {
                    Some(b'\\') => end = self.behind_escape(end),
                    Some(b'\n') => break,
                    _ => return self.pass(end + 1, Last::Text),
                }
            }
            if let Some(unclosed) = self.unclosed.get_mut(which) {
                *unclosed = end.max(self.at + 1);
            }
        }
        self.at += 1;
    }

    fn behind_escape(&self, at: usize) -> usize {
        let is_crlf = self.bytes.get(at + 1..at + 3) == Some(b"\r\n");
        at + if is_crlf { 3 } else { 2 }
    }

    /// From within a template to its end or to its next hole.
    fn template(&mut self) -> Option<()> {
        let mut end = self.at + 1;
        loop {
            end += memchr::memchr3(b'`', b'\\', b'$', self.bytes.get(end..)?)?;
            match *self.bytes.get(end)? {
                b'\\' => end += 2,
                b'$' if self.bytes.get(end + 1) == Some(&b'{') => {
                    self.at = end + 1;
                    self.push(Kind::Hole, Front::default(), false);
                    return Some(());
                }
                b'$' => end += 1,
                _ => {
                    self.pass(end + 1, Last::Text);
                    return Some(());
                }
            }
        }
    }

    /// A comment, a regular expression, or a sign.
    fn slash(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at + 1..)?;
        let length = match rest.first()? {
            b'/' => memchr::memchr2(b'\n', b'\r', rest)?,
            b'*' => memchr::memmem::find(rest.get(1..)?, b"*/")? + 3,
            _ => {
                match self.begins_regex().then(|| self.behind_regex()).flatten() {
                    Some(end) => self.pass(end, Last::Text),
                    None => self.at += 1,
                }
                return Some(());
            }
        };
        self.behind = self.before();
        self.at += length + 1;
        self.run = self.at;
        Some(())
    }

    fn begins_regex(&self) -> bool {
        let before = self.before();
        let run = self.slice(before.run);
        let Some(last) = run.last() else {
            return match before.last {
                Last::Start | Last::Open(_) => true,
                Last::Paren(front) => is_control(last_word(self.slice(front.run))),
                Last::Square | Last::Text => false,
                Last::Brace(kind) => kind != Kind::Object,
            };
        };
        match last {
            b'+' | b'-' => !run.ends_with(b"++") && !run.ends_with(b"--"),
            b'.' => run.ends_with(b"..."),
            // The end of an element.
            b'<' => before.run.to != self.at,
            byte if is_of_name(*byte) => {
                let word = last_word(run);
                let is_member = run
                    .get(..run.len() - word.len())
                    .is_some_and(|rest| rest.ends_with(b"."));
                !is_member && (takes_value(word) || matches!(word, b"else" | b"do"))
            }
            _ => true,
        }
    }

    /// The byte behind a regular expression that ends on its line.
    fn behind_regex(&mut self) -> Option<usize> {
        if self.at < self.unclosed[2] {
            return None;
        }
        let mut in_set = false;
        let mut end = self.at + 1;
        while let Some(byte) = self.bytes.get(end) {
            match byte {
                b'\\' => end += 1,
                b'\n' => break,
                b'[' => in_set = true,
                b']' => in_set = false,
                b'/' if !in_set => return Some(end + 1),
                _ => {}
            }
            end += 1;
        }
        self.unclosed[2] = end;
        None
    }

    fn push(&mut self, kind: Kind, front: Front, is_arrow: bool) {
        let in_for = self.outer.last().is_some_and(|level| level.for_head);
        let is_function = kind == Kind::Body;
        self.outer.push(Level {
            open: self.at,
            kind,
            front,
            cut: is_function && !(is_arrow && in_for) && self.outer.len() < reading::BRACKETS,
            for_head: match kind {
                Kind::Body => is_arrow && in_for,
                Kind::Paren => in_for || is_for(self.slice(front.run)),
                _ => in_for,
            },
        });
        self.pass(self.at + 1, Last::Open(kind));
    }

    fn open(&mut self, byte: u8) {
        let before = self.before();
        match byte {
            b'(' => {
                let front = Front {
                    run: before.run,
                    is_name: matches!(before.last, Last::Text | Last::Square),
                };
                self.push(Kind::Paren, front, false);
            }
            b'[' => self.push(Kind::Square, Front::default(), false),
            _ => {
                let is_arrow = self.slice(before.run).ends_with(b"=>");
                let kind = if is_arrow {
                    Kind::Body
                } else {
                    self.brace(before)
                };
                self.push(kind, Front::default(), is_arrow);
            }
        }
    }

    /// What a brace opens.
    fn brace(&self, before: Before) -> Kind {
        let run = self.slice(before.run);
        let around = self.outer.last().map_or(Kind::Block, |level| level.kind);
        let Some(last) = run.last() else {
            return match before.last {
                Last::Open(Kind::Paren | Kind::Square | Kind::Hole) => Kind::Object,
                Last::Paren(front) => self.behind_paren(front, around),
                _ => Kind::Block,
            };
        };
        match last {
            b';' => Kind::Block,
            b':' if matches!(around, Kind::Class | Kind::Block | Kind::Body) => {
                // The label of a block, or the second one of a choice.
                if run.contains(&b'?') {
                    Kind::Object
                } else {
                    Kind::Block
                }
            }
            byte if is_of_name(*byte) => {
                let word = last_word(run);
                if takes_value(word) {
                    Kind::Object
                } else if has_class(run) {
                    Kind::Class
                } else {
                    Kind::Block
                }
            }
            _ => Kind::Object,
        }
    }

    /// What a brace behind `)` opens.
    fn behind_paren(&self, front: Front, around: Kind) -> Kind {
        let run = self.slice(front.run);
        let in_members = matches!(around, Kind::Object | Kind::Class);
        if run.is_empty() {
            return if front.is_name && in_members {
                Kind::Body
            } else {
                Kind::Block
            };
        }
        let word = last_word(run);
        let rest = run.get(..run.len() - word.len()).unwrap_or_default();
        let rest = rest.trim_ascii_end();
        let rest = rest.strip_suffix(b"*").unwrap_or(rest).trim_ascii_end();
        if word == b"function" || last_word(rest) == b"function" {
            Kind::Body
        } else if word.is_empty() || is_control(word) {
            Kind::Block
        } else if has_class(run) {
            Kind::Class
        } else if in_members {
            Kind::Body
        } else {
            Kind::Block
        }
    }

    fn close(&mut self, byte: u8) -> Option<()> {
        let level = self.outer.pop()?;
        let (fits, last) = match level.kind {
            Kind::Paren => (byte == b')', Last::Paren(level.front)),
            Kind::Square => (byte == b']', Last::Square),
            kind => (byte == b'}', Last::Brace(kind)),
        };
        if !fits {
            return None;
        }
        if level.kind == Kind::Hole {
            return self.template();
        }
        self.pass(self.at + 1, last);
        let length = self.at - level.open;
        if level.cut && (self.sizes.smallest..=self.sizes.largest).contains(&length) {
            let start = u32::try_from(level.open).ok()?;
            let end = u32::try_from(self.at).ok()?;
            while self.cuts.pop_if(|cut| cut.start > start).is_some() {}
            self.cuts.push(Cut { start, end });
        }
        Some(())
    }
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// The word that a text ends with.
fn last_word(text: &[u8]) -> &[u8] {
    let from = text.iter().rposition(|byte| !is_of_name(*byte));
    text.get(from.map_or(0, |at| at + 1)..).unwrap_or_default()
}

/// A word in front of `(…)` that a statement follows.
fn is_control(word: &[u8]) -> bool {
    matches!(
        word,
        b"if" | b"for" | b"while" | b"switch" | b"with" | b"catch" | b"await"
    )
}

/// A word that a value follows.
fn takes_value(word: &[u8]) -> bool {
    matches!(
        word,
        b"return"
            | b"typeof"
            | b"instanceof"
            | b"in"
            | b"of"
            | b"new"
            | b"delete"
            | b"void"
            | b"throw"
            | b"case"
            | b"yield"
            | b"await"
            | b"default"
            | b"extends"
    )
}

/// It ends with `for` or `for await`.
fn is_for(text: &[u8]) -> bool {
    match text.last() {
        Some(b'r') => last_word(text) == b"for",
        Some(b't') => text
            .strip_suffix(b"await")
            .is_some_and(|rest| last_word(rest.trim_ascii_end()) == b"for"),
        _ => false,
    }
}

/// `class` stands in it as a word.
fn has_class(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"class").any(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| !is_of_name(*byte));
        is_end(before) && is_end(text.get(at + b"class".len()))
    })
}
