//! pnpm keeps no tarball. Its store has a list of each package's files with their SHA-512; the
//! list itself is bound to nothing, so what is said by it is said to be by it.

use super::pnpm_index;
use crate::tree::disk::{self, Found, FoundKind};
use crate::tree::{
    Compared, Comparer, Difference, DifferenceKind, Expected, ExpectedEntry, Proven,
};
use customs_ecosystem::lockfile::places::Placed;
use customs_model::{Digest, DigestAlgorithm};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How it is called.
const NAME: &str = "the index of pnpm's store";

/// Bytes of one list.
const LIST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Index {
    files: BTreeMap<String, IndexFile>,
}

#[derive(Deserialize)]
struct IndexFile {
    integrity: String,
    #[serde(default)]
    mode: u32,
    #[serde(default)]
    size: u64,
}

/// A package's files by pnpm's list.
#[derive(Debug)]
pub(super) struct OwnList {
    pub name: String,
    files: BTreeMap<String, (Digest, bool, u64)>,
}

/// Finds the list of a package. The error is why there is none, safe to print.
pub(super) fn find(store: Option<&Path>, placed: &Placed) -> Result<OwnList, String> {
    let store = store.ok_or("pnpm's store is not known")?;
    let sha512 = placed
        .digests
        .iter()
        .find(|digest| digest.algorithm() == DigestAlgorithm::Sha512)
        .ok_or("the lockfile promises no SHA-512 of it")?;
    let path = list_of(store, sha512, placed);
    if std::fs::symlink_metadata(store.join("index.db")).is_ok() {
        let spoken = placed.release.spoken();
        let mut files = BTreeMap::new();
        for (path, file) in pnpm_index::find(store, &sha512.to_sri(), &spoken)? {
            let digest = Digest::from_hex(DigestAlgorithm::Sha512, &file.digest)
                .map_err(|why| why.to_string())?;
            files.insert(inside(path)?, (digest, file.mode & 0o111 != 0, file.size));
        }
        return Ok(OwnList {
            name: NAME.to_owned(),
            files,
        });
    }
    let bytes = disk::read_up_to(&path, LIST)
        .map_err(|why| format!("pnpm's store has no list of its files: {why}"))?
        .ok_or("pnpm's list of its files is too long")?;
    let index: Index = serde_json::from_slice(&bytes)
        .map_err(|why| format!("pnpm's list of its files cannot be read: {why}"))?;
    let mut files = BTreeMap::new();
    for (path, file) in index.files {
        let digest = Digest::from_sri(&file.integrity).map_err(|why| why.to_string())?;
        files.insert(inside(path)?, (digest, file.mode & 0o111 != 0, file.size));
    }
    Ok(OwnList {
        name: NAME.to_owned(),
        files,
    })
}

/// A path that stays in its package.
fn inside(path: String) -> Result<String, String> {
    let bad = |part: &str| matches!(part, "" | "." | "..");
    match path.split('/').any(bad) {
        true => Err("pnpm's list of its files names a path outside of it".to_owned()),
        false => Ok(path),
    }
}

/// Stores of format 10 go by the first 32 bytes of the tarball's SHA-512, those of format 3 by all
/// of them.
fn list_of(store: &Path, sha512: &Digest, placed: &Placed) -> PathBuf {
    let hex = sha512.to_hex();
    let (first, rest) = hex.split_at(2);
    let name = placed.release.spoken().replace('/', "+");
    let short = rest.get(..62).unwrap_or(rest);
    let new = store
        .join("index")
        .join(first)
        .join(format!("{short}-{name}.json"));
    let old = store
        .join("files")
        .join(first)
        .join(format!("{rest}-index.json"));
    match old.exists() {
        true => old,
        false => new,
    }
}

impl OwnList {
    /// What should lie there, in the terms of the comparison: files that are as listed are proven;
    /// for the others a digest is expected that they cannot have.
    pub fn expected(&self, folder: &Path, found: &Found) -> (Expected, Proven) {
        let (mut expected, mut proven) = (Expected::default(), Proven::new());
        let mut comparer = Comparer::new(folder);
        for (path, (digest, executable, size)) in &self.files {
            let there = found.entries.get(path);
            let there = there.filter(|there| there.kind == FoundKind::File);
            // The comparison finds that it is missing, unreadable or another.
            let is_listed = there.is_some_and(|there| {
                comparer
                    .digest(path, there, digest.algorithm())
                    .is_ok_and(|found| found == *digest)
            });
            if is_listed {
                proven.insert(path.clone(), Some(*executable));
                continue;
            }
            let entry = ExpectedEntry::File {
                size: *size,
                sha256: [0; 32],
                executable: Some(*executable),
            };
            expected.entries.insert(path.clone(), entry);
        }
        (expected, proven)
    }

    /// Puts the listed digests where the comparison has none to show.
    pub fn name_digests(&self, compared: &mut Compared) {
        for difference in &mut compared.differences {
            self.name_digest(difference);
        }
    }

    fn name_digest(&self, difference: &mut Difference) {
        if matches!(
            difference.kind,
            DifferenceKind::Modified | DifferenceKind::Missing | DifferenceKind::OtherType
        ) && let Some((digest, ..)) = self.files.get(&difference.path)
        {
            difference.expected = Some(digest.clone());
        }
    }
}
