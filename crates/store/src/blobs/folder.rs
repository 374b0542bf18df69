//! Artifacts in a folder: the layout that the gate's cache has.

use super::{Blob, Blobs, Check, Put, digest_of, limit, name, refused};
use crate::StoreError;
use crate::folder;
use customs_model::{Digest, Timestamp};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const PIECE: usize = 256 << 10;

/// Artifacts in a folder.
#[derive(Debug)]
pub struct FolderBlobs {
    folder: PathBuf,
}

impl FolderBlobs {
    /// Keeps them below `folder`, and makes it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        folder::make(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Where a blob lies, if it is there.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(name(digest))
    }
}

impl Blobs for FolderBlobs {
    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        match std::fs::metadata(self.path(digest)) {
            Ok(meta) => Ok(Some(meta.len())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(refused("look for", digest, e)),
        }
    }

    fn read(&self, digest: &Digest, into: &mut dyn Write) -> Result<Option<u64>, StoreError> {
        let mut file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(refused("read", digest, e)),
        };
        copy(digest, &mut file, into).map(Some)
    }

    fn put(&self, digest: &Digest, from: &mut dyn Read) -> Result<Put, StoreError> {
        let path = self.path(digest);
        let parent = path.parent().unwrap_or(&self.folder);
        if self.length(digest)?.is_some() {
            return Ok(Put::There);
        }
        folder::make(parent)?;
        let mut partial = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(parent)
            .map_err(StoreError::io("write", &path))?;
        copy(digest, from, &mut partial)?;
        // A name must not be on disk before its bytes.
        partial
            .as_file()
            .sync_data()
            .map_err(StoreError::io("write", &path))?;
        match partial.persist_noclobber(&path) {
            Ok(_) => Ok(Put::New),
            Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(Put::There),
            Err(e) => Err(StoreError::io("write", &path)(e.error)),
        }
    }

    fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        match std::fs::remove_file(self.path(digest)) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(refused("remove", digest, e)),
        }
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError> {
        listed(&self.folder, "", after, limit)
    }
}

/// Files of this layout and ending behind one, in the order of their names.
pub(crate) fn listed(
    folder: &Path,
    ending: &str,
    after: Option<&Digest>,
    limit: usize,
) -> Result<Vec<Blob>, StoreError> {
    let after = after.map(name).unwrap_or_default();
    let mut found = Vec::new();
    for algorithm in names(folder)? {
        for first in names(&folder.join(&algorithm))? {
            let below = format!("{algorithm}/{first}");
            if *below < *after.get(..below.len()).unwrap_or(&after) {
                continue;
            }
            for rest in names(&folder.join(&below))? {
                let file = folder.join(&below).join(&rest);
                let Some(rest) = rest.strip_suffix(ending) else {
                    continue;
                };
                let name = format!("{below}/{rest}");
                if name <= after {
                    continue;
                }
                let Some(digest) = digest_of(&name) else {
                    continue;
                };
                // It may have been removed since.
                let Ok(meta) = std::fs::metadata(file) else {
                    continue;
                };
                found.push(Blob {
                    digest,
                    length: meta.len(),
                    at: meta
                        .modified()
                        .ok()
                        .and_then(|at| Timestamp::try_from(at).ok()),
                });
                if found.len() >= limit.min(limit::LISTED) {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

/// The names in a folder, in order. A folder that is none holds nothing.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(e) => return Err(StoreError::io("list", folder)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io("list", folder))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Copies and checks; the length.
fn copy(digest: &Digest, from: &mut dyn Read, into: &mut dyn Write) -> Result<u64, StoreError> {
    let mut check = Check::new(digest);
    let mut piece = vec![0; PIECE];
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return check.end(),
            Ok(read) => read,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(refused("read", digest, e)),
        };
        let bytes = piece.get(..read).unwrap_or_default();
        check.take(bytes)?;
        into.write_all(bytes).map_err(|e| match e.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
            _ => refused("write", digest, e),
        })?;
    }
}
