//! The header of an archive of Electron's: gone through value by value, for it may be larger
//! than its tree should be.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A file as the header shows it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub path: String,
    pub offset: Option<u64>,
    pub size: Option<u64>,
    pub link: Option<String>,
    /// In hexadecimal.
    pub sha256: Option<String>,
    pub unpacked: bool,
    pub executable: bool,
}

/// What is found on the way through the header. Nothing of the tree itself is kept.
pub(super) struct Walk {
    pub found: Vec<Found>,
    /// Paths whose last part is no name of a file.
    pub strange: Vec<String>,
    pub entries: usize,
    pub names: u64,
    /// A bound ended it.
    pub over: bool,
}

impl Walk {
    /// Takes a path in, should there be room.
    fn take(&mut self, length: usize) -> bool {
        self.names = self.names.saturating_sub(length as u64);
        self.over |= self.names == 0 || self.found.len() >= self.entries;
        !self.over
    }
}

/// A file or folder of the header.
pub(super) struct Node<'w> {
    pub walk: &'w mut Walk,
    pub path: String,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file or a folder")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut file = Found::default();
        let mut is_folder = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "files" => {
                    is_folder = true;
                    map.next_value_seed(Names {
                        walk: &mut *self.walk,
                        folder: &self.path,
                    })?;
                }
                "offset" => file.offset = map.next_value::<Scalar>()?.number(),
                "size" => file.size = map.next_value::<Scalar>()?.number(),
                "link" => file.link = map.next_value::<Scalar>()?.text(),
                "unpacked" => file.unpacked = map.next_value::<Scalar>()?.is_true(),
                "executable" => file.executable = map.next_value::<Scalar>()?.is_true(),
                "integrity" => file.sha256 = map.next_value::<Integrity>()?.sha256(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // What is both is read as both: readers differ.
        if !is_folder || file.offset.is_some() || file.link.is_some() {
            file.path = self.path;
            self.walk.found.push(file);
        }
        Ok(())
    }
}

/// The names in a folder.
struct Names<'w, 'p> {
    walk: &'w mut Walk,
    folder: &'p str,
}

impl<'de> DeserializeSeed<'de> for Names<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Names<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("files by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.folder.is_empty() {
                name.clone()
            } else {
                format!("{}/{name}", self.folder)
            };
            if !self.walk.take(path.len()) {
                return Err(A::Error::custom("over a bound"));
            }
            if is_strange(&name) {
                self.walk.strange.push(path.clone());
            }
            map.next_value_seed(Node {
                walk: &mut *self.walk,
                path,
            })?;
        }
        Ok(())
    }
}

/// Whether no file can be called so, or a reader in JavaScript takes it for something else.
fn is_strange(name: &str) -> bool {
    matches!(name, "" | "." | ".." | "__proto__") || name.contains('/')
}

/// The digest of a whole file; those of its blocks say nothing more.
#[derive(serde::Deserialize)]
#[serde(default)]
struct Integrity {
    algorithm: Scalar,
    hash: Scalar,
}

impl Default for Integrity {
    fn default() -> Self {
        Self {
            algorithm: Scalar::Other,
            hash: Scalar::Other,
        }
    }
}

impl Integrity {
    fn sha256(self) -> Option<String> {
        let algorithm = self.algorithm.text()?;
        algorithm
            .eq_ignore_ascii_case("sha256")
            .then(|| self.hash.text())
            .flatten()
    }
}

/// A value that is not looked into.
#[derive(Debug)]
enum Scalar {
    Number(u64),
    Text(String),
    True,
    Other,
}

impl Scalar {
    /// A number, as itself or in digits: an offset is a text, for JavaScript counts to 2^53.
    fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
            Self::True | Self::Other => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::True | Self::Other => None,
        }
    }

    const fn is_true(&self) -> bool {
        matches!(self, Self::True)
    }
}

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(if value { Scalar::True } else { Scalar::Other })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}
