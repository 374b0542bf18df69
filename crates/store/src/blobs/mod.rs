//! Artifacts by digest: in a folder, or in an S3-compatible store that several gates share.
//!
//! What is stored is checked on its way in and again on its way out: a name is never believed.
//! So a store that somebody else can write to may lose artifacts and cannot give wrong ones.

mod folder;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3-server")]
mod server;
#[cfg(test)]
mod tests;

pub use folder::FolderBlobs;
pub(crate) use folder::listed;
#[cfg(feature = "s3")]
pub use s3::{S3Blobs, S3Settings};
#[cfg(feature = "s3-server")]
pub use server::S3Server;

use crate::StoreError;
use customs_model::{Digest, Hasher, Timestamp};
use std::io::{Read, Write};
use std::path::Path;

/// A store of artifacts, by digest. Its calls block.
pub trait Blobs: Send + Sync {
    /// The length of a blob. None: it is not there. Its bytes are not looked at.
    ///
    /// # Errors
    /// The store does not answer.
    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError>;

    /// Copies a blob to `into`, and checks it on the way; its length. None: it is not there.
    ///
    /// # Errors
    /// The store does not answer, `into` cannot be written, or the bytes are other ones
    /// ([`StoreError::Spoiled`]): then what was written to `into` must not be used. See
    /// [`fetch_blob`].
    fn read(&self, digest: &Digest, into: &mut dyn Write) -> Result<Option<u64>, StoreError>;

    /// Stores what `from` gives, if its digest is this one and the blob is not there. What is
    /// there is never written over.
    ///
    /// # Errors
    /// The store does not answer, `from` cannot be read, or gives other bytes
    /// ([`StoreError::Spoiled`]): then nothing was stored.
    fn put(&self, digest: &Digest, from: &mut dyn Read) -> Result<Put, StoreError>;

    /// Removes a blob. Whether it was there.
    ///
    /// # Errors
    /// The store does not answer.
    fn remove(&self, digest: &Digest) -> Result<bool, StoreError>;

    /// Blobs behind this one in the order of their names, at most `limit` and at most
    /// 10,000: for whoever collects what nobody needs. Files that are no blobs are left out.
    ///
    /// # Errors
    /// The store does not answer.
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError>;
}

/// What storing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    New,
    /// It was there before.
    There,
}

/// A stored blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// What it is called.
    pub digest: Digest,
    /// Bytes.
    pub length: u64,
    /// When it was stored.
    pub at: Option<Timestamp>,
}

/// Brings a blob into a file, which is there whole or not at all. None: the store has none.
///
/// # Errors
/// As [`Blobs::read`]; the file cannot be written.
pub fn fetch_blob(
    blobs: &dyn Blobs,
    digest: &Digest,
    file: &Path,
) -> Result<Option<u64>, StoreError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut partial = tempfile::Builder::new()
        .prefix(".tmp-")
        .tempfile_in(folder)
        .map_err(StoreError::io("write", file))?;
    let length = blobs.read(digest, &mut partial)?;
    if length.is_some() {
        partial
            .persist(file)
            .map_err(|e| StoreError::io("write", file)(e.error))?;
    }
    Ok(length)
}

/// Bounds on what a store may give back, or be given.
pub(crate) mod limit {
    /// The longest blob: 4 GiB, twice what any registry takes.
    pub const BLOB: u64 = 4 << 30;
    /// The most blobs of one listing.
    pub const LISTED: usize = 10_000;
}

/// `sha256/ab/cdef…`: the name of a blob, below whatever folder or prefix.
pub(crate) fn name(digest: &Digest) -> String {
    let hex = digest.to_hex();
    let (first, rest) = hex.split_at_checked(2).unwrap_or((&hex, ""));
    format!("{}/{first}/{rest}", digest.algorithm().name())
}

/// The digest that a name is of.
pub(crate) fn digest_of(name: &str) -> Option<Digest> {
    let mut parts = name.split('/');
    let (algorithm, first, rest) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || first.len() != 2 {
        return None;
    }
    let digest: Digest = format!("{algorithm}:{first}{rest}").parse().ok()?;
    (self::name(&digest) == name).then_some(digest)
}

/// The store could not do something with a blob.
pub(crate) fn refused(
    doing: &'static str,
    digest: &Digest,
    why: impl std::fmt::Display,
) -> StoreError {
    StoreError::Blobs {
        doing,
        digest: digest.to_string(),
        why: customs_model::printable(&why.to_string(), 500),
    }
}

/// Counts and hashes what passes.
pub(crate) struct Check<'a> {
    digest: &'a Digest,
    hasher: Hasher,
    pub length: u64,
}

impl<'a> Check<'a> {
    pub fn new(digest: &'a Digest) -> Self {
        Self {
            digest,
            hasher: Hasher::new(digest.algorithm()),
            length: 0,
        }
    }

    pub fn take(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.length += bytes.len() as u64;
        if self.length > limit::BLOB {
            let why = format!("it is longer than {} bytes", limit::BLOB);
            return Err(refused("take", self.digest, why));
        }
        self.hasher.update(bytes);
        Ok(())
    }

    /// The length, if the bytes were the right ones.
    pub fn end(self) -> Result<u64, StoreError> {
        let found = self.hasher.finish();
        if found == *self.digest {
            return Ok(self.length);
        }
        Err(StoreError::Spoiled {
            digest: self.digest.to_string(),
            found: found.to_string(),
        })
    }
}
