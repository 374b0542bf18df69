use super::disk::{Disk, Kind, digest_of};
use customs_model::{Digest, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Bytes that are hashed in search of artifacts.
const BYTES: u64 = 32 << 30;

/// A folder in which copies of artifacts may lie. Nothing in it is believed: what is taken from it
/// is hashed first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Files named after their digests: `sha256/ab/cd…`.
    ByDigest {
        /// The folder.
        folder: PathBuf,
        /// Whose it is, in words ("the gate's store").
        from: String,
    },
    /// Files of any name, at any depth (pip's HTTP cache, Poetry's `artifacts`, a fetch folder).
    Any {
        /// The folder.
        folder: PathBuf,
        /// Whose it is, in words.
        from: String,
    },
}

/// A copy of an artifact, with the right bytes when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    pub path: PathBuf,
    pub digest: Digest,
    pub from: String,
}

/// All copies of the artifacts that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    copies: BTreeMap<Digest, Copy>,
    /// What was not looked at, and what has other bytes than its name says. Safe to print.
    pub said: Vec<String>,
}

impl Shelf {
    /// Looks for the artifacts with these digests.
    pub fn read(places: &[Place], wanted: &BTreeSet<Digest>) -> Self {
        let mut shelf = Self::default();
        let mut left = BYTES;
        for place in places {
            match place {
                Place::ByDigest { folder, from } => {
                    for digest in wanted {
                        let hex = digest.to_hex();
                        let (first, rest) = hex.split_at(2);
                        let path = folder
                            .join(digest.algorithm().name())
                            .join(first)
                            .join(rest);
                        shelf.named(path, digest, from);
                    }
                }
                Place::Any { folder, from } => shelf.all(folder, from, wanted, &mut left),
            }
        }
        shelf
    }

    /// The copy of an artifact.
    pub fn find(&self, digest: &Digest) -> Option<&Copy> {
        self.copies.get(digest)
    }

    fn named(&mut self, path: PathBuf, digest: &Digest, from: &str) {
        if self.copies.contains_key(digest) || !matches!(Kind::of(&path), Some(Kind::File { .. })) {
            return;
        }
        match digest_of(&path) {
            Ok(found) if found == *digest => self.add(path, found, from),
            Ok(_) => self.said.push(format!(
                "{from} has other bytes under the name of {digest}: the copy was not used"
            )),
            Err(e) => self
                .said
                .push(format!("{from}: {digest} cannot be read: {e}")),
        }
    }

    fn all(&mut self, folder: &Path, from: &str, wanted: &BTreeSet<Digest>, left: &mut u64) {
        if wanted.iter().all(|digest| self.copies.contains_key(digest)) || !folder.is_dir() {
            return;
        }
        let disk = Disk::walk(folder, &|_| true);
        self.said.extend(disk.unread);
        for (place, kind) in disk.entries {
            let Kind::File { size, .. } = kind else {
                continue;
            };
            let Some(rest) = left.checked_sub(size) else {
                self.said.push(format!(
                    "{from}: more than {} GiB are not searched",
                    BYTES >> 30
                ));
                return;
            };
            *left = rest;
            let path = folder.join(&place);
            match digest_of(&path) {
                Ok(digest) if wanted.contains(&digest) => self.add(path, digest, from),
                Ok(_) => {}
                Err(e) => self
                    .said
                    .push(format!("{from}: {}: {e}", printable(&place, 200))),
            }
        }
    }

    fn add(&mut self, path: PathBuf, digest: Digest, from: &str) {
        self.copies.entry(digest.clone()).or_insert_with(|| Copy {
            path,
            digest,
            from: from.to_owned(),
        });
    }
}
