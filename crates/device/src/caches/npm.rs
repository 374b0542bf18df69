use super::by_hex;
use crate::artifact::digest_of;
use crate::tree::{disk, each};
use customs_model::{Digest, DigestAlgorithm, printable};
use std::collections::BTreeSet;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

/// What lies in npm's cache and is not what its own path says: by path, with the digest that the
/// path names and the one that the bytes have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Files that were hashed.
    pub looked_at: u64,
    /// Path relative to the cache, promised, found.
    pub wrong: Vec<(String, Digest, Digest)>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
}

/// Hashes all content of npm's cache (`_cacache/content-v2/<algorithm>/aa/bb/<rest>`).
///
/// # Errors
/// The cache is there and cannot be read, or has more files than [`disk::limit::ENTRIES`] for one
/// algorithm.
pub fn npm_content(cache: &Path, threads: Option<NonZeroUsize>) -> io::Result<Content> {
    let root = cache.join("_cacache/content-v2");
    let mut content = Content::default();
    for algorithm in [
        DigestAlgorithm::Sha512,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha1,
    ] {
        let folder = root.join(algorithm.name());
        let found = match disk::walk(&folder, &BTreeSet::new()) {
            Ok(found) => found,
            Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
            Err(why) => return Err(why),
        };
        for (path, why) in &found.unread {
            let path = printable(path, 200);
            let note = format!("{}/{path} cannot be read: {why}", algorithm.name());
            content.not_checked.push(note);
        }
        let files: Vec<(String, Digest)> = found
            .entries
            .into_iter()
            .filter(|(_, entry)| entry.kind == disk::FoundKind::File)
            .filter_map(|(path, _)| {
                let parts: Vec<&str> = path.split('/').collect();
                let digest = by_hex(algorithm, &parts)?;
                Some((path, digest))
            })
            .collect();
        let digests = each(&files, threads, |(path, _)| {
            digest_of(&folder.join(path), algorithm)
        });
        for ((path, promised), found) in files.into_iter().zip(digests) {
            let path = format!("{}/{path}", algorithm.name());
            match found {
                Ok(found) if found == promised => content.looked_at += 1,
                Ok(found) => {
                    content.looked_at += 1;
                    content.wrong.push((path, promised, found));
                }
                Err(why) => {
                    let path = printable(&path, 200);
                    content
                        .not_checked
                        .push(format!("{path} cannot be read: {why}"));
                }
            }
        }
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::testing::sha512;
    use std::fs;

    #[test]
    fn content_that_is_not_what_its_path_says_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for (named, bytes) in [(&b"a"[..], &b"a"[..]), (b"b", b"evil")] {
            let hex = sha512(named).to_hex();
            let at = folder.path().join("_cacache/content-v2/sha512");
            let at = at.join(&hex[..2]).join(&hex[2..4]);
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join(&hex[4..]), bytes).unwrap();
        }
        let content = npm_content(folder.path(), None).unwrap();
        assert_eq!((content.looked_at, content.wrong.len()), (2, 1));
        assert_eq!(content.wrong[0].1, sha512(b"b"));
        assert_eq!(
            npm_content(Path::new("/none"), None).unwrap(),
            Content::default()
        );
    }
}
