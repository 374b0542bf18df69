//! Paths that a program can check, without the engine that found them.
//!
//! [`certify`] searches the files for what shows each step of a path, and writes it down beside
//! the step. [`check`] searches nothing: it looks up what is written there. It knows no
//! language, no library and no flow; it reads files, digests, bytes, words and brackets. So
//! what it says holds even if the engine errs: the files are these, the text stands there, the
//! words of source and sink stand at both ends, and each step hangs together with the one
//! before. What cannot be shown so is counted, with the reason.

mod files;
mod show;
mod statement;
mod written;

pub use show::{certify, certify_all};

use crate::unpack::Tree;
use customs_model::{Edge, FileName, Hop, Join, Link, Place, Shown, Written};
use files::{Files, Read};

/// Bytes of a text that is shown of a place.
const EXCERPT: usize = 200;
/// A place of so few bytes says little: the rest of its line is shown too.
const SHORT: usize = 4;
/// Links of one chain.
const LINKS: usize = 16;

/// What a check comes to when nothing contradicts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Steps of the path.
    pub steps: usize,
    /// Of them, those of which all is shown.
    pub shown: usize,
    /// What is not shown: the number of the step, from 1, and why, a part of a sentence.
    pub unshown: Vec<(usize, String)>,
}

/// A path that its artifact does not bear out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step {step} of the path does not hold: {broken}; inspect the artifact again")]
pub struct Mismatch {
    /// Which step, from 1.
    pub step: usize,
    /// What is wrong.
    pub broken: Broken,
}

/// What can be wrong with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The artifact has no such file, or another one under its name.
    #[error("the artifact holds no file with this name and digest")]
    File,
    /// Line, column and bytes do not name one place of the file.
    #[error("its line, column and bytes are not one place of the file")]
    Place,
    /// Another text stands there.
    #[error("another text stands at its place")]
    Text,
    /// The word that names the step does not stand there.
    #[error("the word that names it does not stand at its place")]
    Word,
    /// It is at a place in the path at which there is no such step.
    #[error("no step of its kind can stand there in a path")]
    Order,
    /// It does not hang together with the step before as it is written down.
    #[error("it does not hang together with the step before as it says")]
    Join,
    /// The text that it is hidden in does not stand where it is written down.
    #[error("the text that it is hidden in is not written where it says")]
    Hidden,
}

/// Checks a path against the files of its artifact.
///
/// # Errors
/// The first step that its artifact contradicts.
pub fn check(path: &[Hop], tree: &Tree) -> Result<Checked, Mismatch> {
    Checker::of(tree).check(path)
}

/// Checks several paths against the files of one artifact, and reads each file once.
#[derive(Debug)]
pub struct Checker<'t> {
    files: Files<'t>,
}

impl<'t> Checker<'t> {
    /// For the files of an artifact.
    pub fn of(tree: &'t Tree) -> Self {
        Self {
            files: Files::of(tree),
        }
    }

    /// Checks a path.
    ///
    /// # Errors
    /// The first step that the artifact contradicts.
    pub fn check(&mut self, path: &[Hop]) -> Result<Checked, Mismatch> {
        checked(path, &mut self.files)
    }
}

fn checked(path: &[Hop], files: &mut Files<'_>) -> Result<Checked, Mismatch> {
    let mut checked = Checked {
        steps: path.len(),
        ..Checked::default()
    };
    let mut before = None;
    for (number, hop) in path.iter().enumerate() {
        let step = number + 1;
        let fail = |broken| Mismatch { step, broken };
        if !stands_in_order(hop, number, path.len()) {
            return Err(fail(Broken::Order));
        }
        match &hop.shown {
            None => checked
                .unshown
                .push((step, "nothing that shows it is written down".to_owned())),
            Some(shown) => {
                let why = holds(hop, shown, before, files).map_err(fail)?;
                match why {
                    Some(because) => checked.unshown.push((step, because)),
                    None => checked.shown += 1,
                }
            }
        }
        before = Some(hop);
    }
    Ok(checked)
}

/// A path of data begins with something that is read, and ends where it goes.
fn stands_in_order(hop: &Hop, number: usize, count: usize) -> bool {
    match hop.edge {
        Edge::Told => true,
        Edge::Read { .. } => number == 0,
        Edge::Reaches { .. } => number > 0 && number + 1 == count,
        Edge::Passed { .. }
        | Edge::Returned { .. }
        | Edge::Through
        | Edge::Decoded { .. }
        | Edge::Written { .. }
        | Edge::ReadBack { .. }
        | Edge::Address => number > 0 && number + 1 < count,
    }
}

/// Whether a step is as it is shown; what of it is not shown, if anything.
fn holds(
    hop: &Hop,
    shown: &Shown,
    before: Option<&Hop>,
    files: &mut Files<'_>,
) -> Result<Option<String>, Broken> {
    let read = files.read(&hop.at.file).ok_or(Broken::File)?;
    if read.digest != shown.digest {
        return Err(Broken::File);
    }
    if !is_place(&read.text, &hop.at) {
        return Err(Broken::Place);
    }
    if excerpt(read.text.as_bytes(), hop.at.bytes).as_ref() != Some(&shown.text) {
        return Err(Broken::Text);
    }
    let mut unshown = None;
    match (hop.edge.name(), &shown.word) {
        (Some(name), Some(word)) => {
            if !names(name).any(|known| known == word) || !stands_there(word, hop, &read) {
                return Err(Broken::Word);
            }
        }
        (None, Some(_)) => return Err(Broken::Word),
        (Some(_), None) => {
            unshown = Some("what it is called is not written at its place".to_owned());
        }
        (None, None) => {}
    }
    if let Some(hidden) = &hop.hidden {
        match &shown.written {
            Some(written) if is_written(written, hidden, files) => {}
            Some(_) => return Err(Broken::Hidden),
            None => {
                unshown = Some(
                    "the text that it stands in is made by code, which is not computed again"
                        .to_owned(),
                );
            }
        }
    } else if shown.written.is_some() {
        return Err(Broken::Hidden);
    }
    match (&shown.join, before) {
        (Join::Unshown { because }, Some(_)) => unshown = Some(because.clone()),
        (Join::First, None) => {}
        (join, Some(before)) if is_joined(join, before, hop, files) => {}
        _ => return Err(Broken::Join),
    }
    Ok(unshown)
}

/// Whether two steps hang together as it is said.
fn is_joined(join: &Join, before: &Hop, hop: &Hop, files: &mut Files<'_>) -> bool {
    let one_file = before.at.file == hop.at.file;
    match join {
        Join::First | Join::Unshown { .. } => false,
        Join::Same => before.at == hop.at,
        Join::Inside if hop.hidden.is_some() => is_hidden_inside(before, hop),
        Join::Inside => one_file && is_inside(before.at.bytes, hop.at.bytes),
        Join::Around => one_file && is_inside(hop.at.bytes, before.at.bytes),
        Join::Names { chain } => {
            one_file
                && files
                    .read(&hop.at.file)
                    .is_some_and(|read| leads(chain, &before.at, &hop.at, &read))
        }
        Join::Files { chain } => !one_file && leads_on(chain, before, hop, files),
    }
}

/// Whether what stands at a step of a hidden text holds what stands at the step before.
fn is_hidden_inside(before: &Hop, hop: &Hop) -> bool {
    match (&before.hidden, &hop.hidden) {
        (Some(inner), Some(outer)) => {
            before.at == hop.at
                && !inner.is_empty()
                && outer != inner
                && outer.contains(inner.as_str())
        }
        _ => false,
    }
}

/// Whether a piece stands in another one, which is larger.
const fn is_inside(inner: (u32, u32), outer: (u32, u32)) -> bool {
    outer.0 <= inner.0
        && inner.1 <= outer.1
        && inner.0 <= inner.1
        && inner.1 - inner.0 < outer.1 - outer.0
}

/// Whether a chain of links leads from one place of a file to another one.
fn leads(chain: &[Link], from: &Place, to: &Place, read: &Read<'_>) -> bool {
    let Some(statements) = read.statements() else {
        return false;
    };
    if chain.len() > LINKS {
        return false;
    }
    let mut here = statements.over(from.bytes);
    for link in chain {
        let next = match link {
            Link::Name { name, from, to } => {
                let stands = |at: u32| statement::stands_at(&read.text, at as usize, name);
                if statement::is_common(name) || !stands(*from) || !stands(*to) {
                    return false;
                }
                statements.at(*from).zip(statements.at(*to))
            }
            Link::Nested { from, to } => {
                let pair = statements.at(*from).zip(statements.at(*to));
                pair.filter(|(inner, outer)| statements.outer(*inner) == Some(*outer))
            }
        };
        match next {
            Some((before, behind)) if here.contains(&before) => here = behind..behind + 1,
            _ => return false,
        }
    }
    let goal = statements.over(to.bytes);
    here.start < goal.end && goal.start < here.end
}

/// Whether a chain of names of files leads from one file to another one.
fn leads_on(chain: &[FileName], before: &Hop, hop: &Hop, files: &mut Files<'_>) -> bool {
    if chain.is_empty() || chain.len() > LINKS {
        return false;
    }
    let mut here = before.at.file.as_str();
    for link in chain {
        here = if link.file == here {
            &link.names
        } else if link.names == here {
            &link.file
        } else {
            return false;
        };
        let known = files.read(&link.names).is_some()
            && files::names_of(&link.names).any(|name| name == link.name);
        let stands = files
            .read(&link.file)
            .is_some_and(|read| statement::stands_at(&read.text, link.at as usize, &link.name));
        if !known || !stands {
            return false;
        }
    }
    here == hop.at.file
}

fn is_written(written: &Written, hidden: &str, files: &mut Files<'_>) -> bool {
    let range = written.bytes.0 as usize..written.bytes.1 as usize;
    files.read(&written.file).is_some_and(|read| {
        read.text
            .get(range)
            .is_some_and(|literal| written::holds(literal, &written.by, hidden))
    })
}

/// Whether a word stands at a step: in its hidden text, in its own text, or in the statements
/// around it.
fn stands_there(word: &str, hop: &Hop, read: &Read<'_>) -> bool {
    let holds = |text: &str, range: std::ops::Range<usize>| {
        statement::words(text, range).any(|(_, known)| known == word)
    };
    if let Some(hidden) = &hop.hidden {
        return holds(hidden, 0..hidden.len());
    }
    let Some(statements) = read.statements() else {
        return holds(&read.text, hop.at.bytes.0 as usize..hop.at.bytes.1 as usize);
    };
    // A call's name may stand before the line of its argument.
    let mut over = statements.over(hop.at.bytes);
    let mut outer = over.start;
    for _ in 0..3 {
        if holds(&read.text, statements.bytes(outer)) {
            return true;
        }
        match statements.outer(outer) {
            Some(next) => outer = next,
            None => break,
        }
    }
    over.any(|number| holds(&read.text, statements.bytes(number)))
}

/// The words of a name, the last one first: `request` and `https` of `https.request`.
fn names(name: &str) -> impl Iterator<Item = &str> {
    let all: Vec<&str> = statement::words(name, 0..name.len())
        .map(|(_, word)| word)
        .filter(|word| word.len() > 1)
        .collect();
    all.into_iter().rev()
}

/// Whether line, column and bytes name one place of a text.
fn is_place(text: &str, at: &Place) -> bool {
    let (from, to) = (at.bytes.0 as usize, at.bytes.1 as usize);
    from <= to
        && to <= text.len()
        && text.is_char_boundary(from)
        && crate::text::line_and_column(text.as_bytes(), at.bytes.0) == (at.line, at.column)
}

/// What is shown of a place: its text, cut; for a short one the rest of its line as well.
pub(crate) fn excerpt(source: &[u8], bytes: (u32, u32)) -> Option<String> {
    let rest = source.get(bytes.0 as usize..)?;
    let mut length = bytes.1.saturating_sub(bytes.0) as usize;
    if length < SHORT {
        length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }
    let piece = rest.get(..length.min(EXCERPT).min(rest.len()))?;
    let text = String::from_utf8_lossy(piece);
    // A character may have been cut.
    Some(text.trim_end_matches('\u{fffd}').to_owned())
}

#[cfg(test)]
mod tests;
