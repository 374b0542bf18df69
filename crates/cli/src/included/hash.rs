//! The digests of many files in one pass: each is read once, through a small buffer, by as many
//! threads as there are cores.

use customs_device::tree::disk::{self, Stamp};
use customs_device::tree::each;
use customs_model::{Digest, DigestAlgorithm, Hasher};
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes that a thread reads at once.
const BUFFER: usize = 128 << 10;
/// Files that a thread takes at once: so few that no thread waits long for the last.
const TOGETHER: usize = 32;

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// Bytes.
    pub size: u64,
    /// SHA-1.
    pub sha1: Digest,
    /// SHA-256.
    pub sha256: Digest,
    /// When the system says that it was last changed (ctime), in nanoseconds since 1970, asked
    /// after its last byte was read. Nought where the system does not say it.
    pub changed: i128,
}

/// Reads files, each given by a folder and a path below it. The answers are in the order of the
/// files. No link is followed at the end of a path.
pub fn all(files: &[(&Path, &str)]) -> Vec<io::Result<Hashed>> {
    let parts: Vec<&[(&Path, &str)]> = files.chunks(TOGETHER).collect();
    let done = each(&parts, None, |part| {
        let mut buffer = vec![0; BUFFER];
        let files = part.iter();
        files
            .map(|(folder, path)| one(&folder.join(path), &mut buffer))
            .collect::<Vec<_>>()
    });
    done.into_iter().flatten().collect()
}

fn one(path: &Path, buffer: &mut [u8]) -> io::Result<Hashed> {
    let mut file = disk::open(path)?;
    let (mut sha1, mut sha256) = (
        Hasher::new(DigestAlgorithm::Sha1),
        Hasher::new(DigestAlgorithm::Sha256),
    );
    let mut size = 0;
    loop {
        let count = match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            break;
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        sha1.update(bytes);
        sha256.update(bytes);
        size += count as u64;
    }
    Ok(Hashed {
        size,
        sha1: sha1.finish(),
        sha256: sha256.finish(),
        changed: Stamp::of(&file.metadata()?).changed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn many_files_are_hashed_in_their_order_and_one_that_cannot_be_read_is_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..100).map(|n| format!("f{n}")).collect();
        for name in &names {
            fs::write(folder.path().join(name), name.repeat(5_000)).unwrap();
        }
        let mut files: Vec<(&Path, &str)> = names
            .iter()
            .map(|name| (folder.path(), name.as_str()))
            .collect();
        files.push((folder.path(), "absent"));
        let hashed = all(&files);
        for (name, hashed) in names.iter().zip(&hashed) {
            let hashed = hashed.as_ref().unwrap();
            assert_eq!(hashed.size, name.len() as u64 * 5_000);
            assert_eq!(hashed.sha256, Digest::sha256(name.repeat(5_000).as_bytes()));
            assert_eq!(hashed.sha1.algorithm(), DigestAlgorithm::Sha1);
        }
        assert!(hashed.last().unwrap().is_err());
    }
}
