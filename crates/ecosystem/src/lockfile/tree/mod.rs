//! One tree for JSON, YAML and TOML whose every value knows where it stands.
//!
//! The spans give lines to entries and exact places to the rewriting.

pub(super) mod json;
pub(super) mod toml;
pub(super) mod yaml;
mod yaml_scalar;

use super::limit;
use std::borrow::Cow;
use std::ops::Range;

/// Why a text could not be read, without the words that a caller adds.
#[derive(Debug)]
pub(super) enum Fault {
    Syntax {
        at: usize,
        what: String,
    },
    /// It is of a later format than what is known.
    Later {
        at: usize,
        what: String,
    },
    Limit {
        what: &'static str,
        limit: usize,
    },
}

impl Fault {
    pub fn at(at: usize, what: impl Into<String>) -> Self {
        Self::Syntax {
            at,
            what: what.into(),
        }
    }

    /// A format that is not known: a later one, where its number is larger than `known`.
    pub fn format(at: usize, written: &str, known: u32, what: impl Into<String>) -> Self {
        let number = written.split('.').next().unwrap_or(written).parse::<u32>();
        match number.is_ok_and(|number| number > known) {
            true => Self::Later {
                at,
                what: what.into(),
            },
            false => Self::at(at, what),
        }
    }

    const DEPTH: Self = Self::Limit {
        what: "levels of nesting",
        limit: limit::DEPTH,
    };
}

/// A value and where it stands. Files are below 4 GiB, so 32 bits do. It is kept small, since a large file
/// has hundreds of thousands: a pair of two is as long as a line of a processor's cache.
#[derive(Debug)]
pub(super) struct Node<'t> {
    value: Value<'t>,
    start: u32,
    end: u32,
}

#[derive(Debug)]
enum Value<'t> {
    /// Strings, and all other scalars as they are written.
    Text(&'t str),
    /// Those that stand otherwise in the file.
    Own(Box<str>),
    List(Box<[Node<'t>]>),
    Map(Box<[(Node<'t>, Node<'t>)]>),
}

impl<'t> From<Cow<'t, str>> for Value<'t> {
    fn from(text: Cow<'t, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Text(text),
            Cow::Owned(text) => Self::Own(text.into()),
        }
    }
}

impl<'t> Node<'t> {
    fn new(value: Value<'t>, span: Range<usize>) -> Self {
        let narrow = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            value,
            start: narrow(span.start),
            end: narrow(span.end),
        }
    }

    /// Where it stands, with its quotes.
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Where it starts.
    pub fn at(&self) -> usize {
        self.start as usize
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Own(text) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The items of a list; none of anything else.
    pub fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Text(_) | Value::Own(_) | Value::Map(_) => &[],
        }
    }

    /// The pairs of a map; none of anything else.
    pub fn map(&self) -> &[(Self, Self)] {
        match &self.value {
            Value::Map(pairs) => pairs,
            Value::Text(_) | Value::Own(_) | Value::List(_) => &[],
        }
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// A value by key. The last one counts, as in the JSON readers of the clients.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let pairs = self.map().iter().rev();
        pairs
            .filter(|(k, _)| k.text() == Some(key))
            .map(|(_, v)| v)
            .next()
    }

    /// The text of a scalar by key.
    pub fn get_text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether a key says `true`.
    pub fn says(&self, key: &str) -> bool {
        self.get_text(key) == Some("true")
    }
}

/// Counts values against [`limit::NODES`].
#[derive(Default)]
struct Count(usize);

impl Count {
    fn one(&mut self) -> Result<(), Fault> {
        self.0 += 1;
        if self.0 > limit::NODES {
            return Err(Fault::Limit {
                what: "values",
                limit: limit::NODES,
            });
        }
        Ok(())
    }
}
