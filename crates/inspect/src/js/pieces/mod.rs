//! A large file, read in pieces.
//!
//! The tree of a bundle of 10 MB takes 270 MB. So the bodies of its functions are left out of
//! it: the file is parsed as an outline in which each of them is blanked out, and a body is
//! parsed on its own when the function is lowered. Its tree is gone before the next one is
//! made, and so is the outline's before the program is worked on. The program is the same one
//! as without cutting, down to the numbers of its expressions, because everything is lowered
//! at the same moment.
//!
//! Where bodies begin and end says `scan`, which is fast and may err. Nothing depends on it.
//! What a parser makes of a text is settled by the text up to there and by the grammar's
//! parameters, so a cut is right if
//!
//! - the outline has the body of a function exactly where it was cut, and it was lowered;
//! - what was cut out is, by the same dialect, exactly the body of a function of that kind;
//! - neither has anything that a parser forgives.
//!
//! By induction from the first cut on, the parser of the whole file would then have come to
//! the same body in the same state, left it at the same place and made the same of it. A body
//! depends on little around it: `await` and `yield` are its function's own, `return` is
//! allowed, `new.target`, `super`, labels and private names are not the parser's matter, nor
//! is strictness. Two things are left. In the head of a `for` an arrow function has no operator
//! `in`; none is cut out there. And `import.meta` in a body makes a file a module that nothing
//! before it has made one, which changes what `await` means outside of functions; such a file
//! is cut if there is no `await` outside of them. Types have more such states, so TypeScript is
//! not cut.
//!
//! Where one cut fails, the whole file is read by one tree.

mod scan;
#[cfg(test)]
mod tests;
mod words;

use super::{Lowering, parsable, parse};
use crate::ir::{Builder, Draft};
use crate::limit::reading;
use oxc_allocator::Allocator;
use oxc_ast::ast::{FunctionBody, Statement};
use oxc_parser::ParserReturn;
use oxc_span::{GetSpan, SourceType, Span};

/// Which files are cut, and into what. Bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// The smallest file.
    pub(super) file: usize,
    /// The smallest body that is cut out.
    pub(super) smallest: usize,
    /// The largest one. Of a larger body those in it are cut out.
    pub(super) largest: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            file: reading::IN_PIECES,
            smallest: reading::SMALLEST_PIECE,
            largest: reading::LARGEST_PIECE,
        }
    }
}

/// The body of a function, with its braces: bytes from, to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    start: u32,
    end: u32,
}

/// What decides how a body is parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) arrow: bool,
    pub(super) r#async: bool,
    pub(super) generator: bool,
}

impl Head {
    /// What makes a text of a body alone.
    const fn words(self) -> &'static str {
        match (self.r#async, self.generator) {
            (false, false) => "function a()",
            (true, false) => "async function a()",
            (false, true) => "function*a()",
            (true, true) => "async function*a()",
        }
    }
}

/// What is cut out of a text: in order, one behind the other. None for a small text.
pub(super) fn cuts(source: &str, sizes: Sizes) -> Vec<Cut> {
    if source.len() < sizes.file || u32::try_from(source.len()).is_err() {
        return Vec::new();
    }
    scan::bodies(source.as_bytes(), sizes)
}

/// A text that is read in pieces.
pub(super) struct Parts<'s> {
    source: &'s str,
    cuts: Vec<Cut>,
    /// The text without what is cut out.
    outline: String,
}

impl<'s> Parts<'s> {
    /// The parts of a text. None if it has none, or if one of them cannot be parsed within the
    /// bounds on memory and stack; most are shorter than anything that these bounds mean.
    pub(super) fn of(source: &'s str, sizes: Sizes) -> Option<Self> {
        let cuts = cuts(source, sizes);
        if cuts.is_empty() {
            return None;
        }
        let outline = outline(source, &cuts)?;
        parsable(&outline).ok()?;
        for cut in &cuts {
            let piece = source.get(cut.start as usize..cut.end as usize)?;
            if piece.len() > reading::ESTIMATE {
                parsable(piece).ok()?;
            }
        }
        Some(Self {
            source,
            cuts,
            outline,
        })
    }
}

/// What a text is lowered to, made in pieces: all but the last steps, which need no tree. None
/// if one is not what it was taken for.
pub(super) fn read(parts: &Parts<'_>, dialect: SourceType) -> Option<(Builder, Draft)> {
    if dialect.is_typescript() {
        return None;
    }
    let Parts {
        source,
        cuts,
        outline,
    } = parts;
    let allocator = Allocator::default();
    let parsed = parse(&allocator, outline, dialect);
    if !is_clean(&parsed) {
        return None;
    }
    let mut lowering = Lowering::new(Some(Pieces {
        source,
        dialect,
        cuts,
        taken: vec![false; cuts.len()],
        module: module_from(&parsed, dialect),
        is_news: false,
        bodies: Vec::new(),
        room: Room::default(),
    }));
    lowering.builder.expect(source.len());
    let body = lowering.top(&parsed.program);
    drop(parsed);
    drop(allocator);
    let pieces = lowering.pieces.take()?;
    if lowering.failed || !pieces.taken.iter().all(|taken| *taken) {
        return None;
    }
    if pieces.is_news {
        if !awaits_only_in(outline, pieces.bodies) {
            return None;
        }
        lowering.builder.es_module();
    }
    Some((lowering.builder, body))
}

/// The parser found nothing to complain about. What it forgives, it remembers: behind a wrong
/// sign it takes no regular expression any more.
fn is_clean(parsed: &ParserReturn<'_>) -> bool {
    !parsed.panicked && parsed.diagnostics.is_empty()
}

/// What is put in place of what is cut out.
const BLANKS: &str = match std::str::from_utf8(&[b' '; 4096]) {
    Ok(blanks) => blanks,
    Err(_) => "",
};

/// The text with blanks in place of what is cut out, so that everything stays where it is.
fn outline(source: &str, cuts: &[Cut]) -> Option<String> {
    let mut outline = String::with_capacity(source.len());
    let mut at = 0;
    for cut in cuts {
        let (open, close) = (cut.start as usize + 1, cut.end as usize - 1);
        outline.push_str(source.get(at..open)?);
        // Behind the end of a line blanks are skipped faster.
        let blanks = close.checked_sub(open)?;
        if blanks > 0 {
            outline.push('\n');
            let mut left = blanks - 1;
            while left > 0 {
                let now = left.min(BLANKS.len());
                outline.push_str(BLANKS.get(..now)?);
                left -= now;
            }
        }
        at = close;
    }
    outline.push_str(source.get(at..)?);
    Some(outline)
}

/// The place from which on a file is known to be a module, if it is one. A file that only may
/// be one becomes one by its first `import` or `export`.
fn module_from(parsed: &ParserReturn<'_>, dialect: SourceType) -> Option<u32> {
    if !dialect.is_unambiguous() {
        return dialect.is_module().then_some(0);
    }
    let mut statements = parsed.program.body.iter();
    statements
        .find(|statement| statement.as_module_declaration().is_some())
        .map(|statement| statement.span().start)
}

/// Every `await` of a text stands in one of these bodies.
fn awaits_only_in(outline: &str, mut bodies: Vec<Span>) -> bool {
    bodies.sort_unstable_by_key(|body| body.start);
    let outline = outline.as_bytes();
    are_in(words::awaits(outline), &bodies) && are_in(words::escaped_awaits(outline), &bodies)
}

fn are_in(mut places: impl Iterator<Item = usize>, bodies: &[Span]) -> bool {
    let mut bodies = bodies.iter().peekable();
    let mut reach = 0;
    places.all(|at| {
        while let Some(body) = bodies.next_if(|body| body.start as usize <= at) {
            reach = body.end.max(reach);
        }
        at < reach as usize
    })
}

/// What was left out of an outline.
pub(super) struct Pieces<'s> {
    source: &'s str,
    dialect: SourceType,
    cuts: &'s [Cut],
    /// By cut: it was lowered.
    taken: Vec<bool>,
    /// From where on the file is known to be a module.
    module: Option<u32>,
    /// A piece in front of that makes it one.
    is_news: bool,
    /// The bodies of functions that were not cut out.
    bodies: Vec<Span>,
    room: Room,
}

/// What one piece after the other is read in.
#[derive(Default)]
struct Room {
    allocator: Allocator,
    text: String,
}

impl Pieces<'_> {
    /// Which cut a body of the outline stands for.
    fn find(&self, body: Span) -> Option<usize> {
        let which = self
            .cuts
            .binary_search_by_key(&body.start, |cut| cut.start)
            .ok()?;
        (self.cuts.get(which)?.end == body.end).then_some(which)
    }
}

impl Lowering<'_> {
    /// The statements of a body, which may have been left out of the tree.
    pub(super) fn body(&mut self, body: &FunctionBody<'_>, head: Head) -> Draft {
        let Some(which) = self
            .pieces
            .as_ref()
            .and_then(|pieces| pieces.find(body.span))
        else {
            self.not_cut(body.span);
            return self.block(&body.statements);
        };
        // Nothing was left out of a piece.
        let draft = self.pieces.take().and_then(|mut pieces| {
            let draft = self.piece(&mut pieces, which, head);
            self.pieces = Some(pieces);
            draft
        });
        draft.unwrap_or_else(|| {
            self.failed = true;
            Draft::new()
        })
    }

    /// Notes the body of a function that is in the tree.
    pub(super) fn not_cut(&mut self, body: Span) {
        if let Some(pieces) = &mut self.pieces {
            pieces.bodies.push(body);
        }
    }

    /// Parses and lowers a piece. None if it is not what it was taken for.
    fn piece(&mut self, pieces: &mut Pieces<'_>, which: usize, head: Head) -> Option<Draft> {
        if (head.arrow && self.for_head) || self.builder.depth() > reading::AROUND_PIECE {
            return None;
        }
        let cut = *pieces.cuts.get(which)?;
        let Room { allocator, text } = &mut pieces.room;
        text.clear();
        text.push_str(head.words());
        let from = u32::try_from(text.len()).ok()?;
        text.push_str(pieces.source.get(cut.start as usize..cut.end as usize)?);
        let parsed = parse(allocator, text, pieces.dialect);
        if !is_clean(&parsed) {
            return None;
        }
        let [Statement::FunctionDeclaration(function)] = &parsed.program.body[..] else {
            return None;
        };
        let body = function.body.as_ref()?;
        if body.span != Span::new(from, u32::try_from(text.len()).ok()?) {
            return None;
        }
        if parsed.program.source_type.is_module() && pieces.module.is_none_or(|at| at > cut.start) {
            pieces.is_news = true;
        }
        self.shift = cut.start.wrapping_sub(from);
        let draft = self.block(&body.statements);
        self.shift = 0;
        drop(parsed);
        allocator.reset();
        *pieces.taken.get_mut(which)? = true;
        Some(draft)
    }
}
