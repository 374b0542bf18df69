//! Where the bodies of functions begin and end, by a reading that is fast and may err.
//!
//! Only brackets, texts, comments and slashes are looked at. What a brace opens, and whether
//! a slash begins a regular expression, is asked backwards, of the bytes since the last of
//! these. Linear in the text: nothing is gone over again but those bytes.

use super::words::{has_class, is_control, is_for, is_of_name, last_word, takes_value};
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
    from: u32,
    to: u32,
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
    open: u32,
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
        self.bytes
            .get(run.from as usize..run.to as usize)
            .unwrap_or_default()
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
        let length = run.trim_ascii_end().len();
        if length == 0 {
            return self.behind;
        }
        Before {
            // A text that is cut is no longer than that.
            run: Run {
                from: self.run as u32,
                to: (self.run + length) as u32,
            },
            last: Last::Start,
        }
    }

    fn text(&mut self, quote: u8) {
        let which = usize::from(quote == b'\'');
        // Whoever begins within a text that does not close does not close either.
        if self.at >= self.unclosed[which] {
            let mut end = self.at + 1;
            loop {
                end = self.next_of_text(end, quote);
                match self.bytes.get(end) {
                    Some(b'\\') => end = self.behind_escape(end),
                    Some(byte) if *byte == quote => return self.pass(end + 1, Last::Text),
                    _ => break,
                }
            }
            self.unclosed[which] = end;
        }
        self.at += 1;
    }

    /// The quote, the back-slash or the end of the line that comes next in a text.
    fn next_of_text(&self, from: usize, quote: u8) -> usize {
        // Most texts are shorter than it takes to begin a search.
        const SHORT: usize = 24;
        let rest = self.bytes.get(from..).unwrap_or_default();
        let is_next = |byte: &u8| *byte == quote || matches!(byte, b'\\' | b'\n');
        let near = rest.iter().take(SHORT).position(is_next);
        let next = near.or_else(|| {
            let far = rest.get(SHORT..)?;
            Some(SHORT + memchr::memchr3(quote, b'\\', b'\n', far)?)
        });
        from + next.unwrap_or(rest.len())
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
            b'<' => before.run.to as usize != self.at,
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
            open: self.at as u32,
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
        match byte {
            b'(' => {
                let before = self.before();
                let front = Front {
                    run: before.run,
                    is_name: matches!(before.last, Last::Text | Last::Square),
                };
                self.push(Kind::Paren, front, false);
            }
            b'[' => self.push(Kind::Square, Front::default(), false),
            _ => {
                let before = self.before();
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
        let (start, end) = (level.open, self.at as u32);
        let length = (end - start) as usize;
        if level.cut && (self.sizes.smallest..=self.sizes.largest).contains(&length) {
            while self.cuts.pop_if(|cut| cut.start > start).is_some() {}
            self.cuts.push(Cut { start, end });
        }
        Some(())
    }
}
