//! Git's objects as bytes: ids, trees and commits.
//!
//! An id is the hash of `"<kind> <size>\0"` and the content, so an object can be checked against
//! the id that it was asked for by, whoever keeps it. Source: git's own documentation
//! (`gitformat-pack`, `git-hash-object`, `hash-function-transition`).

use customs_model::{DigestAlgorithm, Hasher, printable};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Bounds on an object that is parsed.
pub mod limit {
    /// Entries of one folder.
    pub const ENTRIES: usize = 100_000;
    /// Bytes of one name in a folder.
    pub const NAME: usize = 4096;
}

/// Why bytes are no object, or no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// An id of the wrong length or alphabet.
    #[error("{0:?} is no commit id: it has 40 (SHA-1) or 64 (SHA-256) hexadecimal digits")]
    Id(String),
    /// The bytes do not have the hash that they were asked for by.
    #[error(
        "the clone gives other bytes for {kind} {id}: it is damaged or was tampered with; clone again"
    )]
    OtherBytes {
        /// What was asked for.
        kind: &'static str,
        /// Its id.
        id: ObjectId,
    },
    /// Not what git writes.
    #[error("the {kind} cannot be read: {why}")]
    Malformed {
        /// `tree` or `commit`.
        kind: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// The hash function of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectFormat {
    /// Nearly all.
    Sha1,
    /// `git init --object-format=sha256`.
    Sha256,
}

impl ObjectFormat {
    /// Bytes of an id.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// As git's configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    fn hasher(self) -> Hasher {
        Hasher::new(match self {
            Self::Sha1 => DigestAlgorithm::Sha1,
            Self::Sha256 => DigestAlgorithm::Sha256,
        })
    }
}

/// The kinds of objects that are read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A file's content, or where a symbolic link leads.
    Blob,
    /// A folder.
    Tree,
    /// A commit.
    Commit,
}

impl ObjectKind {
    /// As git writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
        }
    }
}

/// The id of an object. Shown and serialised as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    format: ObjectFormat,
    bytes: [u8; 32],
}

impl ObjectId {
    /// From hexadecimal text of full length: an abbreviated id names no commit for certain.
    ///
    /// # Errors
    /// Any other length, or a character that is not hexadecimal.
    pub fn parse(text: &str) -> Result<Self, ObjectError> {
        let refuse = || ObjectError::Id(printable(text, 80));
        let format = match text.len() {
            40 => ObjectFormat::Sha1,
            64 => ObjectFormat::Sha256,
            _ => return Err(refuse()),
        };
        let mut bytes = [0; 32];
        for (place, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *place = match pair {
                [high, low] => hex(*high)
                    .zip(hex(*low))
                    .map(|(high, low)| high << 4 | low)
                    .ok_or_else(refuse)?,
                _ => return Err(refuse()),
            };
        }
        Ok(Self { format, bytes })
    }

    /// The id that git gives to these bytes.
    pub fn of(format: ObjectFormat, kind: ObjectKind, content: &[u8]) -> Self {
        let mut hasher = ObjectHasher::new(format, kind, content.len() as u64);
        hasher.update(content);
        hasher.finish()
    }

    fn from_raw(format: ObjectFormat, raw: &[u8]) -> Self {
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().zip(raw) {
            *place = *byte;
        }
        Self { format, bytes }
    }

    /// The hash function.
    pub const fn format(&self) -> ObjectFormat {
        self.format
    }

    /// The first twelve digits, for sentences.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.bytes.iter().take(self.format.length()) {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// Computes an id over content whose size is known and whose bytes arrive in pieces.
pub struct ObjectHasher {
    format: ObjectFormat,
    inner: Hasher,
}

impl ObjectHasher {
    /// For an object of this kind and size.
    pub fn new(format: ObjectFormat, kind: ObjectKind, size: u64) -> Self {
        let mut inner = format.hasher();
        inner.update(format!("{} {size}\0", kind.name()).as_bytes());
        Self { format, inner }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The id.
    pub fn finish(self) -> ObjectId {
        ObjectId::from_raw(self.format, self.inner.finish().as_bytes())
    }
}

/// Whether the bytes are those that the id names.
///
/// # Errors
/// They are not. A pack index that a stranger made can answer with any object.
pub fn check(id: &ObjectId, kind: ObjectKind, content: &[u8]) -> Result<(), ObjectError> {
    if ObjectId::of(id.format(), kind, content) == *id {
        Ok(())
    } else {
        Err(ObjectError::OtherBytes {
            kind: kind.name(),
            id: *id,
        })
    }
}

/// One line of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    /// What it is.
    pub kind: FolderEntryKind,
    /// Its name, as bytes: git knows no encoding.
    pub name: Vec<u8>,
    /// Its object; of a submodule, the commit of the other repository.
    pub id: ObjectId,
}

/// What stands in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderEntryKind {
    /// `40000`.
    Folder,
    /// `100644`, and the group-writable `100664` of old repositories.
    File,
    /// `100755`.
    Executable,
    /// `120000`: the blob is where it leads.
    Symlink,
    /// `160000`: a commit of another repository.
    Submodule,
}

/// Reads a tree object.
///
/// # Errors
/// Not what git writes, a name with `/` or none, or more than [`limit`] allows.
pub fn read_folder(format: ObjectFormat, bytes: &[u8]) -> Result<Vec<FolderEntry>, ObjectError> {
    let malformed = |why| ObjectError::Malformed { kind: "tree", why };
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() == limit::ENTRIES {
            return Err(malformed("it has more than 100000 entries"));
        }
        let (mode, after) = split_at_byte(rest, b' ').ok_or(malformed("an entry has no mode"))?;
        let (name, after) = split_at_byte(after, 0).ok_or(malformed("an entry has no name"))?;
        let (id, after) = after
            .split_at_checked(format.length())
            .ok_or(malformed("an id is cut off"))?;
        let kind = kind_of(mode).ok_or(malformed("an entry has a mode that git does not write"))?;
        let named = !name.is_empty() && name.len() <= limit::NAME && !name.contains(&b'/');
        if !named || name == b"." || name == b".." {
            return Err(malformed("an entry has a name that no file can have"));
        }
        entries.push(FolderEntry {
            kind,
            name: name.to_vec(),
            id: ObjectId::from_raw(format, id),
        });
        rest = after;
    }
    Ok(entries)
}

fn kind_of(mode: &[u8]) -> Option<FolderEntryKind> {
    match mode {
        b"40000" | b"040000" => Some(FolderEntryKind::Folder),
        b"100644" | b"100664" => Some(FolderEntryKind::File),
        b"100755" => Some(FolderEntryKind::Executable),
        b"120000" => Some(FolderEntryKind::Symlink),
        b"160000" => Some(FolderEntryKind::Submodule),
        _ => None,
    }
}

/// The tree that a commit names.
///
/// # Errors
/// Not what git writes.
pub fn tree_of_commit(format: ObjectFormat, bytes: &[u8]) -> Result<ObjectId, ObjectError> {
    let malformed = |why| ObjectError::Malformed {
        kind: "commit",
        why,
    };
    let line = bytes.split(|byte| *byte == b'\n').next();
    line.and_then(|line| line.strip_prefix(b"tree "))
        .and_then(|hex| std::str::from_utf8(hex).ok())
        .and_then(|hex| ObjectId::parse(hex).ok())
        .filter(|id| id.format() == format)
        .ok_or(malformed("it does not begin with its tree"))
}

fn split_at_byte(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|b| *b == byte)?;
    let (before, after) = bytes.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_those_of_git() {
        // `git hash-object` of nothing and of "hello\n", both formats.
        let sha1 = |bytes: &[u8]| ObjectId::of(ObjectFormat::Sha1, ObjectKind::Blob, bytes);
        insta::assert_snapshot!(sha1(b""), @"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        insta::assert_snapshot!(sha1(b"hello\n"), @"ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = ObjectId::of(ObjectFormat::Sha256, ObjectKind::Blob, b"");
        insta::assert_snapshot!(sha256, @"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
        let empty_tree = ObjectId::of(ObjectFormat::Sha1, ObjectKind::Tree, b"");
        insta::assert_snapshot!(empty_tree, @"4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn an_abbreviated_id_is_refused() {
        insta::assert_snapshot!(
            ObjectId::parse("ce01362").unwrap_err(),
            @r#""ce01362" is no commit id: it has 40 (SHA-1) or 64 (SHA-256) hexadecimal digits"#
        );
    }

    #[test]
    fn other_bytes_under_an_id_are_refused() {
        let id = ObjectId::of(ObjectFormat::Sha1, ObjectKind::Blob, b"as published");
        assert_eq!(check(&id, ObjectKind::Blob, b"as published"), Ok(()));
        assert!(check(&id, ObjectKind::Blob, b"other").is_err());
        assert!(check(&id, ObjectKind::Tree, b"as published").is_err());
    }

    #[test]
    fn a_name_that_climbs_is_refused() {
        for name in [&b".."[..], b"a/b", b"", b"."] {
            let mut bytes = b"100644 ".to_vec();
            bytes.extend(name);
            bytes.push(0);
            bytes.extend([7; 20]);
            assert!(read_folder(ObjectFormat::Sha1, &bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
                if let Ok(entries) = read_folder(format, &bytes) {
                    prop_assert!(entries.len() <= bytes.len());
                }
                prop_assert!(tree_of_commit(format, &bytes).is_err() || bytes.starts_with(b"tree "));
            }
        }

        #[test]
        fn an_id_is_read_as_it_is_written(content in prop::collection::vec(any::<u8>(), 0..100)) {
            for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
                let id = ObjectId::of(format, ObjectKind::Blob, &content);
                prop_assert_eq!(ObjectId::parse(&id.to_string()), Ok(id));
            }
        }
    }
}
