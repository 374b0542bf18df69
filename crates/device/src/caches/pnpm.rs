use super::{by_hex, limit};
use crate::artifact::digest_of;
use crate::tree::{disk, each};
use customs_model::{Digest, DigestAlgorithm};
use std::collections::BTreeSet;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// A file of pnpm's store that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFile {
    /// Relative to the store.
    pub path: String,
    /// What its name says.
    pub promised: Digest,
    /// What it is; none where it cannot be read.
    pub found: Option<Digest>,
}

/// Hashes the files of pnpm's store: `files/<two of hex>/<rest>`, with `-exec` behind those that
/// can be executed. Trees have the same inodes, so an edit in one tree is an edit here.
///
/// # Errors
/// The store is there and cannot be looked through, or it has more than `most` bytes.
pub fn pnpm_files(
    store: &Path,
    threads: Option<NonZeroUsize>,
    most: u64,
) -> io::Result<Vec<StoreFile>> {
    let root = store.join("files");
    let folders = match std::fs::read_dir(&root) {
        Ok(folders) => folders,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut names: Vec<String> = Vec::new();
    for folder in folders {
        if names.len() >= limit::FILES {
            return Err(io::Error::other(format!(
                "it has more than {} folders",
                limit::FILES
            )));
        }
        names.extend(folder?.file_name().into_string().ok());
    }
    names.sort_unstable();
    let left = AtomicU64::new(most);
    let results = each(&names, threads, |first| one_folder(&root, first, &left));
    let mut wrong = Vec::new();
    for result in results {
        wrong.extend(result?);
    }
    Ok(wrong)
}

fn one_folder(root: &Path, first: &str, left: &AtomicU64) -> io::Result<Vec<StoreFile>> {
    let folder = root.join(first);
    let mut wrong = Vec::new();
    let found = disk::walk(&folder, &BTreeSet::new())?;
    let sizes = found.entries.values().map(|entry| entry.stamp.size);
    let bytes = sizes.fold(0, u64::saturating_add);
    let take = |left: u64| left.checked_sub(bytes);
    if left.fetch_update(Relaxed, Relaxed, take).is_err() {
        return Err(io::Error::other(
            "it has more bytes than are hashed where nobody asks for it; `--caches` hashes all of it",
        ));
    }
    // What nobody could look at may be anything.
    if let Some((_, why)) = found.unread.into_iter().next() {
        return Err(why);
    }
    for (name, entry) in found.entries {
        let hex = name.strip_suffix("-exec").unwrap_or(&name);
        // Lists of packages lie between them in older stores.
        let Some(promised) = by_hex(DigestAlgorithm::Sha512, &[first, hex]) else {
            continue;
        };
        let found = match entry.kind {
            disk::FoundKind::File => digest_of(&folder.join(&name), DigestAlgorithm::Sha512).ok(),
            disk::FoundKind::Link | disk::FoundKind::Folder | disk::FoundKind::Other => None,
        };
        if found.as_ref() != Some(&promised) {
            wrong.push(StoreFile {
                path: format!("files/{first}/{name}"),
                promised,
                found,
            });
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::testing::sha512;
    use std::fs;

    #[test]
    fn a_file_of_the_store_that_was_edited_through_a_tree_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for (named, bytes, end) in [(&b"a"[..], &b"a"[..], ""), (b"b", b"evil", "-exec")] {
            let hex = sha512(named).to_hex();
            let at = folder.path().join("files").join(&hex[..2]);
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join(format!("{}{end}", &hex[2..])), bytes).unwrap();
        }
        let wrong = pnpm_files(folder.path(), None, u64::MAX).unwrap();
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].promised, sha512(b"b"));
        assert_eq!(wrong[0].found, Some(sha512(b"evil")));
        // All of it together has five bytes.
        assert!(pnpm_files(folder.path(), None, 5).is_ok());
        let error = pnpm_files(folder.path(), None, 4).unwrap_err();
        assert!(error.to_string().contains("--caches"), "{error}");
    }
}
