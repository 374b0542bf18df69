use crate::{ParseError, printable};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A version as the registry writes it. Identity only: order and ranges differ by
/// ecosystem and live in `customs-ecosystem`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(Arc<str>);

impl Version {
    /// Checks that a version can stand in a path, a document and a lockfile.
    ///
    /// # Errors
    /// Empty or longer than 256 bytes, characters outside `[A-Za-z0-9.+!_-]`, or no
    /// digit or letter at its start.
    pub fn new(text: &str) -> Result<Self, ParseError> {
        let refuse = |why| ParseError::Version(printable(text, 60), why);
        if text.is_empty() {
            return Err(refuse("it is empty"));
        }
        if text.len() > 256 {
            return Err(refuse("it is longer than 256 bytes"));
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".+!_-".contains(&b))
        {
            return Err(refuse("it holds a character that no version has"));
        }
        if !text.as_bytes()[0].is_ascii_alphanumeric() {
            return Err(refuse("it does not start with a digit or letter"));
        }
        Ok(Self(text.into()))
    }

    /// The text as the registry writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}
