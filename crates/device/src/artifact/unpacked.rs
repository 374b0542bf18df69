//! What an archive holds, whatever it is packed as.

use super::limit;
use crate::tree::disk::Along;
use customs_model::{Digest, DigestAlgorithm, printable};
use std::collections::BTreeMap;
use std::io;

/// What is in an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Its entries in their order, by their paths inside. Twice the same path is twice here.
    pub entries: Vec<Entry>,
    /// Digests of the packed bytes, one for each algorithm that was asked for.
    pub digests: Vec<Digest>,
    /// Content of the files that were asked for, where it is not too long. Of a path that occurs
    /// twice the last counts.
    pub kept: BTreeMap<String, Vec<u8>>,
    /// Entries that no manager can install as they are. Safe to print.
    pub notes: Vec<String>,
    /// Why its entries could not be read. There are none then; the digests hold. Safe to print.
    pub fault: Option<String>,
    /// Bytes of all paths and targets.
    named: usize,
    /// Bytes of all that is kept.
    kept_bytes: usize,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it goes in the package's folder.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File(FileEntry),
    /// A symbolic link and where it leads, as written.
    Symlink(String),
    /// A hard link to another path of the archive, as written there.
    Hardlink(String),
    /// A folder.
    Folder,
    /// A device, a pipe, or what nobody knows.
    Other,
}

/// The facts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEntry {
    /// Bytes.
    pub size: u64,
    /// Of its content; none where [`Beside`] found the same bytes beside it.
    pub sha256: Option<[u8; 32]>,
    /// One of the bits for execution is set.
    pub executable: bool,
    /// The same content without the CR at the end of its `#!` line, where it has one. npm and bun
    /// take it off programs.
    pub without_cr: Option<[u8; 32]>,
}

/// What to read of an archive.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// What to hash its packed bytes with.
    pub algorithms: &'a [DigestAlgorithm],
    /// Which part of its paths is the package.
    pub inside: Inside<'a>,
    /// Of each path up to how many bytes of content to keep; 0 for none.
    pub keep: &'a dyn Fn(&str) -> u64,
}

/// Which part of an archive's paths is the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside<'a> {
    /// What is behind the first part, whatever it is called (`package/`, `lodash/`): so do all
    /// managers of npm's family.
    FirstPart,
    /// What lies in a folder of this name, which may have several parts (`serde-1.0.0`,
    /// `node_modules/lodash`).
    Folder(&'a str),
    /// All of it (wheels).
    Whole,
}

/// What lies beside an archive. Its files are compared with it byte by byte while they are
/// inflated: cheaper than to hash both.
pub trait Beside {
    /// The file at a path, to be read along. None where no file of this many bytes lies there, or
    /// where the archive's digest is asked for.
    fn open(&mut self, path: &str, size: u64) -> Option<Along<'_>>;
}

/// Nothing lies beside it: every file is hashed.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Beside for Nothing {
    fn open(&mut self, _: &str, _: u64) -> Option<Along<'_>> {
        None
    }
}

fn too_much(what: &str, limit: usize) -> io::Error {
    io::Error::other(format!("it has more than {limit} {what}"))
}

/// Entries that are said one by one.
const NOTES: usize = 100;

impl Unpacked {
    /// Nothing of its entries counts.
    pub(super) fn fail(&mut self, why: &dyn std::fmt::Display) {
        self.entries.clear();
        self.kept.clear();
        self.fault = Some(printable(&why.to_string(), 300));
    }

    /// Takes in an entry.
    ///
    /// # Errors
    /// There are too many, or their names are too long together.
    pub(super) fn push(&mut self, path: String, kind: Kind) -> io::Result<()> {
        let target = match &kind {
            Kind::Symlink(target) | Kind::Hardlink(target) => target.len(),
            Kind::File(_) | Kind::Folder | Kind::Other => 0,
        };
        self.named += path.len() + target;
        if self.named > limit::PATHS {
            return Err(too_much("bytes of names", limit::PATHS));
        }
        if self.entries.len() >= limit::ENTRIES {
            return Err(too_much("entries", limit::ENTRIES));
        }
        self.entries.push(Entry { path, kind });
        Ok(())
    }

    /// Keeps the content of a file, if there is any, instead of that of one before.
    ///
    /// # Errors
    /// It would be too much together.
    pub(super) fn keep(&mut self, path: &str, content: Option<Vec<u8>>) -> io::Result<()> {
        let Some(content) = content else {
            self.kept.remove(path);
            return Ok(());
        };
        self.kept_bytes += content.len();
        if self.kept_bytes > limit::KEPT_TOTAL {
            return Err(too_much("bytes of files that are kept", limit::KEPT_TOTAL));
        }
        self.kept.insert(path.to_owned(), content);
        Ok(())
    }

    /// The path that an entry has in the package, with `/`, without empty parts; none where it
    /// names nothing or leaves the folder, which is noted.
    pub(super) fn inner_path(&mut self, whole: &[u8], inside: Inside<'_>) -> Option<String> {
        let whole = String::from_utf8_lossy(whole);
        let named = whole
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".");
        let parts: Vec<&str> = match inside {
            Inside::FirstPart => {
                let (_, inner) = whole.split_once('/')?;
                let inner = inner.split('/');
                inner
                    .filter(|part| !part.is_empty() && *part != ".")
                    .collect()
            }
            Inside::Whole => named.collect(),
            Inside::Folder(folder) => {
                let mut parts = named;
                for part in folder.split('/') {
                    // A folder around it is no entry of it.
                    if parts.next()? != part {
                        return self.leaves(&whole);
                    }
                }
                parts.collect()
            }
        };
        let absolute = whole.starts_with('/') && inside != Inside::FirstPart;
        if absolute || parts.contains(&"..") || whole.contains('\0') || whole.len() > limit::PATH {
            return self.leaves(&whole);
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }

    fn leaves(&mut self, whole: &str) -> Option<String> {
        if self.notes.len() < NOTES {
            let path = printable(whole, 200);
            self.notes
                .push(format!("an entry that leaves the package: {path}"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_content_are_bounded_together() {
        let mut out = Unpacked::default();
        let long = "x".repeat(limit::PATHS / 2);
        assert!(out.push(long.clone(), Kind::Folder).is_ok());
        assert!(out.push("y".into(), Kind::Symlink(long)).is_err());
        let half = || Some(vec![0; limit::KEPT_TOTAL / 2 + 1]);
        assert!(out.keep("a", half()).is_ok());
        assert!(out.keep("b", half()).is_err());
    }

    #[test]
    fn of_a_path_that_occurs_twice_the_last_is_kept_or_nothing() {
        let mut out = Unpacked::default();
        out.keep("a", Some(b"first".to_vec())).unwrap();
        out.keep("a", None).unwrap();
        assert!(out.kept.is_empty());
    }

    #[test]
    fn the_inside_of_an_archive_is_known_and_what_lies_beside_it_is_noted() {
        let mut out = Unpacked::default();
        let mut path = |whole: &str, inside| out.inner_path(whole.as_bytes(), inside);
        let folder = Inside::Folder("node_modules/a");
        assert_eq!(path("x/a/./b", Inside::FirstPart).unwrap(), "a/b");
        assert_eq!(path("node_modules/a/b", folder).unwrap(), "b");
        for around in ["node_modules/a/", "node_modules/", ""] {
            assert_eq!(path(around, folder), None);
        }
        assert_eq!(path("a/b", Inside::Whole).unwrap(), "a/b");
        for (whole, inside) in [
            ("x/../../b", Inside::FirstPart),
            ("node_modules/b/b", folder),
            ("node_modules/a/../b", folder),
            ("/a", Inside::Whole),
            ("a/../../b", Inside::Whole),
        ] {
            assert_eq!(path(whole, inside), None, "{whole}");
        }
        assert_eq!(out.notes.len(), 5);
    }
}
