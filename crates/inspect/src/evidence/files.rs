//! The files of an artifact, as far as a path names them.

use super::statement::{Statements, words};
use crate::text;
use crate::unpack::{Entry, Tree};
use customs_model::Digest;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

/// Hexadecimal digits of a digest that are written down.
const DIGITS: usize = 32;

/// One file that is read.
#[derive(Debug)]
pub(super) struct Read<'t> {
    /// Its text, as an interpreter reads it.
    pub text: Cow<'t, str>,
    /// The first 128 bits of its SHA-256, in hexadecimal.
    pub digest: String,
    statements: OnceCell<Option<Statements>>,
    /// Where its words begin, by word and then in order.
    places: OnceCell<Vec<u32>>,
}

impl Read<'_> {
    /// Its statements; none where it is too large.
    pub fn statements(&self) -> Option<&Statements> {
        self.statements
            .get_or_init(|| Statements::of(&self.text))
            .as_ref()
    }

    /// Where a word stands as a whole, in order.
    pub fn places(&self, word: &str) -> &[u32] {
        let places = self.places.get_or_init(|| {
            let mut places: Vec<u32> = words(&self.text, 0..self.text.len())
                .map(|(at, _)| at as u32)
                .collect();
            places.sort_by_key(|at| self.word(*at));
            places
        });
        let from = places.partition_point(|at| self.word(*at) < word);
        let behind = places.partition_point(|at| self.word(*at) <= word);
        places.get(from..behind).unwrap_or_default()
    }

    /// The word that begins at a byte.
    fn word(&self, at: u32) -> &str {
        words(&self.text, at as usize..self.text.len())
            .next()
            .map_or("", |(_, word)| word)
    }
}

/// Files that were read so far.
#[derive(Debug)]
pub(super) struct Files<'t> {
    by_path: FxHashMap<&'t str, &'t Entry>,
    known: FxHashMap<String, Option<Rc<Read<'t>>>>,
}

impl<'t> Files<'t> {
    /// The files of a tree. Of two with one path the later one is unpacked over the earlier.
    pub fn of(tree: &'t Tree) -> Self {
        let entries = tree.entries.iter();
        Self {
            by_path: entries
                .filter(|entry| entry.bytes().is_some())
                .map(|entry| (entry.path.as_str(), entry))
                .collect(),
            known: FxHashMap::default(),
        }
    }

    /// A file by its path in the archive; none where it is not there, or was not kept.
    pub fn read(&mut self, path: &str) -> Option<Rc<Read<'t>>> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let bytes = self.by_path.get(path).and_then(|entry| entry.bytes());
        let read = bytes.map(|bytes| {
            let mut digest = Digest::sha256(bytes).to_hex();
            digest.truncate(DIGITS);
            Rc::new(Read {
                text: text::decode(bytes).text,
                digest,
                statements: OnceCell::new(),
                places: OnceCell::new(),
            })
        });
        self.known.insert(path.to_owned(), read.clone());
        read
    }

    /// The paths of text files that are not larger than a bound, in order.
    pub fn texts(&self, largest: u64) -> Vec<&'t str> {
        let mut paths: Vec<&str> = self
            .by_path
            .values()
            .filter(|entry| entry.kind.is_text() && entry.length <= largest)
            .map(|entry| entry.path.as_str())
            .collect();
        paths.sort_unstable();
        paths
    }
}

/// What other files call a file: its name, with and without extension, and its folder where it
/// stands for it.
pub(super) fn names_of(path: &str) -> impl Iterator<Item = &str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let stands_for_folder = matches!(stem, "index" | "__init__" | "__main__" | "mod" | "lib");
    let folder = folder.rsplit('/').next().unwrap_or(folder);
    [Some(name), Some(stem), stands_for_folder.then_some(folder)]
        .into_iter()
        .flatten()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_names_that_imports_use() {
        let names = |path| names_of(path).collect::<Vec<_>>();
        assert_eq!(names("package/lib/send.js"), ["send.js", "send"]);
        assert_eq!(names("package/lib/index.js"), ["index.js", "index", "lib"]);
        assert_eq!(names("setup"), ["setup", "setup"]);
    }
}
