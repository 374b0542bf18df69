use super::disk::{Along, Found, FoundKind};
use crate::artifact::unpacked::Beside;
use std::path::{Path, PathBuf};

/// An installed folder, as a walk found it, beside the archive that it should have come from.
pub struct Installed<'a> {
    root: &'a Path,
    found: &'a Found,
    /// Paths whose digests are asked for.
    hashed: &'a dyn Fn(&str) -> bool,
    at: PathBuf,
    buffer: Vec<u8>,
}

impl<'a> Installed<'a> {
    /// A folder. The digest of a path is asked for where `hashed` says so.
    pub fn new(root: &'a Path, found: &'a Found, hashed: &'a dyn Fn(&str) -> bool) -> Self {
        Self {
            root,
            found,
            hashed,
            at: PathBuf::new(),
            buffer: Vec::new(),
        }
    }
}

impl Beside for Installed<'_> {
    fn open(&mut self, path: &str, size: u64) -> Option<Along<'_>> {
        let there = self.found.entries.get(path)?;
        if there.kind != FoundKind::File || (self.hashed)(path) {
            return None;
        }
        self.at.clear();
        self.at.push(self.root);
        self.at.push(path);
        Along::open(&self.at, &there.stamp, size, &mut self.buffer)
    }
}
