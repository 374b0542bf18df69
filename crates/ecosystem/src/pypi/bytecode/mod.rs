//! Python's compiled files (`.pyc`): does one belong to its source?
//!
//! Python runs a `.pyc` whose header repeats the source's time and size, and never looks whether
//! the rest was compiled from it. Recompiling would mean running an interpreter, which customs
//! does not do. What can be told without: every name and every text in the compiled code must
//! stand in the source, in one of the ways in which the compiler carries it over. A file that
//! calls or says something that its source does not is not its source's. A file that passes may
//! still do other things with the same words: *agrees* is less than *is equal*.
//!
//! Source: PEP 3147, PEP 552, `Python/marshal.c` of CPython 3.8 to 3.14.

mod carried;
mod header;
mod marshal;
mod source;

#[cfg(test)]
mod tests;

pub use header::{Binding, Header};

use customs_model::printable;
use marshal::Content;
use source::Source;

/// Bounds on compiled files and their sources.
pub mod limit {
    /// Bytes of a compiled file.
    pub const COMPILED: usize = 64 << 20;
    /// Bytes of a source.
    pub const SOURCE: usize = 32 << 20;
    /// Objects inside one another.
    pub const DEPTH: usize = 120;
    /// Objects, references followed included.
    pub const OBJECTS: usize = 4_000_000;
}

/// Whether a compiled file belongs to its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// The header binds it to this source, and it holds no name and no text but the source's.
    Agrees,
    /// It does not, because … Safe to print.
    Differs(String),
    /// Nobody can tell, because … Safe to print.
    Unreadable(String),
}

/// The source that a compiled file should have been made from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The file's own name, `six.py`.
    pub file: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// When it was last written, in seconds since 1970.
    pub modified: Option<i64>,
    /// The compiled file's name, `six.cpython-311.pyc`.
    pub compiled: &'a str,
}

/// Compares a compiled file with its source.
pub fn agreement(compiled: &[u8], origin: &Origin<'_>) -> Agreement {
    if compiled.len() > limit::COMPILED || origin.bytes.len() > limit::SOURCE {
        return Agreement::Unreadable("it or its source is too long to be read".into());
    }
    let Some((header, body)) = Header::parse(compiled) else {
        return Agreement::Differs("it is no compiled file of Python".into());
    };
    if let Err(why) = header.binds(origin) {
        return Agreement::Differs(why.into());
    }
    let Some(layout) = header.layout() else {
        return Agreement::Unreadable(format!(
            "it was compiled by an interpreter that is not known (number {})",
            header.magic
        ));
    };
    let content = match marshal::read(body, layout) {
        Ok(content) => content,
        Err(marshal::Error::Limit(what)) => return Agreement::Unreadable(what.into()),
        Err(marshal::Error::Syntax(what)) => {
            return Agreement::Differs(format!("its code cannot be read: {what}"));
        }
    };
    let Some(text) = source::text_of(origin.bytes) else {
        return Agreement::Unreadable(
            "its source is written in an encoding that is not read".into(),
        );
    };
    let source = Source::read(&text);
    match first_stranger(&content, &source, origin) {
        Some(why) => Agreement::Differs(why),
        None => Agreement::Agrees,
    }
}

/// Whether the header of a compiled file binds it to this source, whatever its code is.
pub fn is_bound(compiled: &[u8], origin: &Origin<'_>) -> bool {
    let header = Header::parse(compiled);
    header.is_some_and(|(header, _)| header.layout().is_some() && header.binds(origin).is_ok())
}

/// The first thing in the code that the source does not hold.
fn first_stranger(content: &Content, source: &Source<'_>, origin: &Origin<'_>) -> Option<String> {
    let rewritten = origin.compiled.contains("-pytest-");
    let shown = |text: &str| printable(text, 60);
    for file in &content.files {
        let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
        if name != origin.file {
            return Some(format!("it was compiled from {:?}", shown(file)));
        }
    }
    for name in &content.names {
        if !source.has_name(name, rewritten) {
            return Some(format!(
                "it uses the name {:?}, which its source does not hold",
                shown(name)
            ));
        }
    }
    for text in &content.texts {
        if let Some(word) = source.stranger_of(text, rewritten) {
            return Some(format!(
                "it holds the text {:?}, which its source does not",
                shown(word)
            ));
        }
    }
    if content.longest_number > source.digits() * 4 + 128 {
        return Some("it holds a number far longer than any in its source".into());
    }
    (content.last_line > source.lines() + 1)
        .then(|| "it has a line behind the end of its source".into())
}
