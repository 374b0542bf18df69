//! Where artifacts come from without a network, and what their bytes are.
//!
//! A [`Source`] only says where a copy *may* lie. A copy counts when its bytes were hashed and
//! are what the lockfile promises, which happens while it is read ([`verified`]); one that is not
//! is a [`Poisoned`] cache. Trees and caches may share inodes (bun, uv, pnpm), so a cache
//! that was not hashed against the lockfile proves nothing.

mod at_hand;
mod by_digest;
mod cargo_cache;
mod content;
mod declared;
mod file_list;
mod listing;
mod npm_cache;
mod own_file;
mod python_cache;
pub mod tarball;
pub mod unpacked;
pub mod verified;
mod yarn_cache;
pub mod zip;

pub use at_hand::{AtHand, Memory, declared_in};
pub use by_digest::ByDigest;
pub use cargo_cache::CargoRegistryCache;
pub use declared::{Own, declared};
pub use file_list::FileLists;
pub use npm_cache::NpmCache;
pub use own_file::OwnFile;
pub use python_cache::{PipHttpCache, PoetryArtifacts};
pub use verified::Verified;
#[cfg(test)]
pub(crate) use yarn_cache::berry_prefix;
pub use yarn_cache::{YarnBerryCache, YarnClassicCache};

use customs_model::{Digest, DigestAlgorithm, Hasher, ReleaseId};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Bounds on what a copy may be.
pub mod limit {
    /// Bytes of one copy, as it lies there.
    pub const PACKED: u64 = 4 << 30;
    /// Bytes of all that is in it.
    pub const UNPACKED: u64 = 16 << 30;
    /// Entries in it.
    pub const ENTRIES: usize = 250_000;
    /// Bytes of one path in it.
    pub const PATH: usize = 4096;
    /// Bytes of its manifest.
    pub const MANIFEST: u64 = 8 << 20;
    /// Bytes of a file whose content is kept, for patches.
    pub const KEPT: u64 = 32 << 20;
    /// Bytes of all content that is kept of one archive.
    pub const KEPT_TOTAL: usize = 128 << 20;
    /// Bytes of all paths and targets of links in it together.
    pub const PATHS: usize = 64 << 20;
    /// Bytes between two entries of a tarball: headers, long names, attributes.
    pub const HEADERS: u64 = 1 << 20;
    /// Entries of a cache's folder that are looked at.
    pub const LISTED: usize = 500_000;
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The release.
    pub release: &'a ReleaseId,
    /// What the lockfile promises of its artifact; any of several.
    pub digests: &'a [Digest],
    /// Yarn 4: what the lockfile promises of Yarn's own archive.
    pub archive: Option<&'a Digest>,
    /// The address that the lockfile names.
    pub resolved: Option<&'a str>,
}

impl Wanted<'_> {
    /// Whether a file has a digest that is promised. One that cannot be read has none.
    pub fn is_promised(&self, path: &Path) -> bool {
        self.digests.iter().any(|promised| {
            digest_of(path, promised.algorithm()).is_ok_and(|found| found == *promised)
        })
    }

    /// The strongest digest that is promised.
    pub fn strongest(&self) -> Option<&Digest> {
        self.digests.iter().max_by_key(|digest| digest.algorithm())
    }
}

/// What a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The registry's artifact: a tarball of npm, a wheel, a `.crate`.
    Artifact,
    /// Yarn 4's own zip.
    YarnZip,
}

/// Where a copy may lie. Its bytes were not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub path: PathBuf,
    /// Whose copy it is, in words ("npm's cache").
    pub from: String,
    /// What it is.
    pub form: Form,
}

/// What is in an artifact, by a list of it.
#[derive(Debug)]
pub struct Listed {
    /// The list's file.
    pub candidate: Candidate,
    /// The artifact's digest.
    pub digest: Digest,
    /// What is in it.
    pub unpacked: unpacked::Unpacked,
}

/// Why a source could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{from} at {path} cannot be read: {why}; check its permissions, or leave it out")]
pub struct SourceError {
    /// Whose.
    pub from: String,
    /// Safe to print.
    pub path: String,
    /// The system's reason.
    pub why: io::Error,
}

/// One place where copies of artifacts lie.
pub trait Source: Send + Sync {
    /// Whose it is, in words: "the gate's store", "npm's cache".
    fn name(&self) -> &str;

    /// Where a copy of an artifact may lie. None: there is none here.
    ///
    /// # Errors
    /// The place is there and cannot be read.
    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError>;

    /// Every copy that it may have of an artifact, in the order in which they are to be read: what is
    /// called alike must not hide what is wrong.
    ///
    /// # Errors
    /// As [`Self::find`].
    fn all(&self, wanted: &Wanted<'_>) -> Result<Vec<Candidate>, SourceError> {
        Ok(self.find(wanted)?.into_iter().collect())
    }

    /// What is in an artifact by a list that was made of its bytes before, which nothing binds to
    /// the promise; as reading the archive would give it. None: there is no list here, or it lacks
    /// what is asked.
    ///
    /// # Errors
    /// A list is there and cannot be read.
    fn list(
        &self,
        _wanted: &Wanted<'_>,
        _packing: verified::Packing,
        _reading: &unpacked::Reading<'_>,
    ) -> Result<Option<Listed>, SourceError> {
        Ok(None)
    }

    /// What to do about a copy that is not what is promised.
    fn remedy(&self) -> &'static str {
        "empty that cache, and fetch it again"
    }
}

/// A copy in a cache or store that is not what the lockfile promises.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Poisoned {
    /// Whose copy it is ("npm's cache").
    pub cache: String,
    /// The file. Not safe to print as it is.
    pub path: String,
    /// Of which release it should be.
    pub release: ReleaseId,
    /// What is promised.
    pub promised: Digest,
    /// What lies there.
    pub found: Digest,
}

/// Whether a path is a regular file, no link.
pub(crate) fn is_file(path: &Path, from: &str) -> Result<bool, SourceError> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) => Ok(meta.is_file()),
        Err(why)
            if matches!(
                why.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(why) => Err(SourceError {
            from: from.to_owned(),
            path: customs_model::printable(&path.display().to_string(), 300),
            why,
        }),
    }
}

/// The digest of a file.
///
/// # Errors
/// It cannot be read, or is longer than [`limit::PACKED`].
pub fn digest_of(path: &Path, algorithm: DigestAlgorithm) -> io::Result<Digest> {
    let mut file = crate::tree::disk::open(path)?;
    if file.metadata()?.len() > limit::PACKED {
        return Err(too_long());
    }
    let mut hasher = Hasher::new(algorithm);
    each_piece(&mut file, |piece| hasher.update(piece))?;
    Ok(hasher.finish())
}

/// Reads a file piece by piece, to its end.
pub(crate) fn each_piece(file: &mut File, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 128 * 1024];
    let mut left = limit::PACKED;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        left = left.checked_sub(count as u64).ok_or_else(too_long)?;
        take(buffer.get(..count).unwrap_or_default());
    }
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it has more than {} bytes", limit::PACKED),
    )
}
