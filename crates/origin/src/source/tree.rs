//! The files of a commit.

use super::object::{ObjectFormat, ObjectId};
use super::path;
use std::collections::{BTreeMap, HashMap};

/// Bounds on a tree that is compared with.
pub mod limit {
    /// Paths. The largest public repositories have some 500,000.
    pub const PATHS: usize = 1_000_000;
    /// Symbolic links that are followed one after the other.
    pub const LINKS: usize = 8;
    /// Places of the same bytes that are remembered.
    pub const PLACES: usize = 64;
}

/// What stands at a path of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that is marked as a program.
    Executable,
    /// A symbolic link; its blob is where it leads.
    Symlink,
    /// A commit of another repository, whose files the clone does not have under this commit.
    Submodule,
}

/// One path of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its blob, or the commit of a submodule.
    pub id: ObjectId,
}

/// Contents of blobs that were asked for, by id. One that is missing was not read.
pub type Blobs = BTreeMap<ObjectId, Vec<u8>>;

/// Every path of a commit.
#[derive(Debug, Clone)]
pub struct SourceTree {
    commit: ObjectId,
    entries: BTreeMap<String, Entry>,
    places: HashMap<ObjectId, Vec<String>>,
    unnamed: usize,
}

impl SourceTree {
    /// An empty one.
    pub fn new(commit: ObjectId) -> Self {
        Self {
            commit,
            entries: BTreeMap::new(),
            places: HashMap::new(),
            unnamed: 0,
        }
    }

    /// Adds a path. False when there are [`limit::PATHS`] already.
    pub fn insert(&mut self, path: String, kind: EntryKind, id: ObjectId) -> bool {
        if self.entries.len() >= limit::PATHS {
            return false;
        }
        if matches!(kind, EntryKind::File | EntryKind::Executable) {
            let places = self.places.entry(id).or_default();
            if places.len() < limit::PLACES {
                places.push(path.clone());
            }
        }
        self.entries.insert(path, Entry { kind, id });
        true
    }

    /// Counts a path that is not UTF-8, which no artifact of the three ecosystems can name.
    pub fn count_unnamed(&mut self) {
        self.unnamed += 1;
    }

    /// Paths that are not UTF-8 and are not in this value.
    pub const fn unnamed(&self) -> usize {
        self.unnamed
    }

    /// The commit.
    pub const fn commit(&self) -> ObjectId {
        self.commit
    }

    /// The hash function of its repository.
    pub const fn format(&self) -> ObjectFormat {
        self.commit.format()
    }

    /// What stands at a path, links not followed.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The file at a path, links not followed.
    pub fn file(&self, path: &str) -> Option<ObjectId> {
        let entry = self.entries.get(path)?;
        match entry.kind {
            EntryKind::File | EntryKind::Executable => Some(entry.id),
            EntryKind::Symlink | EntryKind::Submodule => None,
        }
    }

    /// Every path, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// Where these bytes stand as files, in no order.
    pub fn places_of(&self, id: &ObjectId) -> &[String] {
        self.places.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether anything stands below a folder.
    pub fn has_folder(&self, folder: &str) -> bool {
        if folder.is_empty() {
            return !self.entries.is_empty();
        }
        let start = format!("{folder}/");
        self.entries
            .range(start.clone()..)
            .next()
            .is_some_and(|(path, _)| path.starts_with(&start))
    }

    /// The submodule that a path stands in, if it does.
    pub fn submodule_above(&self, path: &str) -> Option<&str> {
        path.match_indices('/')
            .filter_map(|(at, _)| path.get(..at))
            .chain([path])
            .find_map(|above| {
                let (key, entry) = self.entries.get_key_value(above)?;
                (entry.kind == EntryKind::Submodule).then_some(key.as_str())
            })
    }

    /// The file that a path leads to when links are followed, also those of folders above it.
    /// None where it leads nowhere in this tree, or a link's blob was not read.
    pub fn follow(&self, path: &str, blobs: &Blobs) -> Option<(String, ObjectId)> {
        let mut path = path.to_owned();
        for _ in 0..=limit::LINKS {
            if let Some(id) = self.file(&path) {
                return Some((path, id));
            }
            let (link, rest) = path
                .match_indices('/')
                .map(|(at, _)| at)
                .chain([path.len()])
                .find_map(|at| {
                    let (link, rest) = path.split_at_checked(at)?;
                    let entry = self.entries.get(link)?;
                    (entry.kind == EntryKind::Symlink).then_some((link, rest))
                })?;
            let target = blobs.get(&self.entries.get(link)?.id)?;
            let target = std::str::from_utf8(target).ok()?;
            let target = path::resolve(path::folder(link), target)?;
            path = path::join(&target, rest.trim_start_matches('/'));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::tree;

    #[test]
    fn links_are_followed_within_the_tree_and_not_for_ever() {
        let (tree, blobs) = tree(&[
            ("LICENSE", "MIT"),
            ("crates/a/LICENSE", "-> ../../LICENSE"),
            ("crates/a/tests", "-> ../../shared"),
            ("shared/one.rs", "1"),
            ("round", "-> round"),
            ("out", "-> ../../etc/passwd"),
        ]);
        let follow = |path| tree.follow(path, &blobs).map(|(path, _)| path);
        assert_eq!(follow("crates/a/LICENSE").as_deref(), Some("LICENSE"));
        assert_eq!(
            follow("crates/a/tests/one.rs").as_deref(),
            Some("shared/one.rs")
        );
        assert_eq!(follow("round"), None);
        assert_eq!(follow("out"), None);
        assert_eq!(follow("missing"), None);
    }

    #[test]
    fn a_submodule_is_found_above_a_path() {
        let (tree, _) = tree(&[("vendor/zlib", "@commit"), ("vendor/own.c", "x")]);
        assert_eq!(
            tree.submodule_above("vendor/zlib/inflate.c"),
            Some("vendor/zlib")
        );
        assert_eq!(tree.submodule_above("vendor/own.c"), None);
        assert!(tree.has_folder("vendor") && !tree.has_folder("vend"));
    }
}
