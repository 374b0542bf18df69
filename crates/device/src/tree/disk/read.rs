//! Reads the very file that a walk saw, and waits for nothing.

use super::Stamp;
use customs_model::{Digest, DigestAlgorithm, Hasher};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a regular file: no link, and no pipe that would wait for a writer.
///
/// # Errors
/// It is no regular file, or the system says no.
pub fn open(path: &Path) -> io::Result<File> {
    opened(path).map(|(file, _)| file)
}

fn opened(path: &Path) -> io::Result<(File, Stamp)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    let file = options.open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    Ok((file, Stamp::of(&meta)))
}

/// Opens the file that was seen at a path, and no other: not one that was put in its place
/// meanwhile, nor one behind a folder that became a link. The second value is how many bytes it
/// has.
///
/// # Errors
/// As [`open`], or another file lies there now.
pub fn open_seen(path: &Path, seen: &Stamp) -> io::Result<(File, u64)> {
    let (file, stamp) = opened(path)?;
    match stamp.is_same_file(seen) {
        true => Ok((file, stamp.size)),
        false => Err(io::Error::other("it was replaced while it was looked at")),
    }
}

/// The digest of the file that was seen at a path, read through a buffer that the caller keeps.
///
/// # Errors
/// It cannot be read, was replaced, has more than `most` bytes
/// ([`FileTooLarge`](io::ErrorKind::FileTooLarge)), or grows while it is read.
pub fn digest(
    path: &Path,
    seen: &Stamp,
    algorithm: DigestAlgorithm,
    most: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<Digest> {
    let (mut file, size) = open_seen(path, seen)?;
    if size > most {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    if buffer.len() < BUFFER {
        buffer.resize(BUFFER, 0);
    }
    let mut hasher = Hasher::new(algorithm);
    let mut left = size;
    loop {
        let count = file.read(buffer)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        left = left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("it grows while it is read"))?;
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}

const BUFFER: usize = 128 * 1024;

/// Whether the file that was seen at a path holds these bytes and no others.
///
/// # Errors
/// It cannot be read, or was replaced.
pub fn holds(path: &Path, seen: &Stamp, bytes: &[u8], buffer: &mut Vec<u8>) -> io::Result<bool> {
    if seen.size != bytes.len() as u64 {
        return Ok(false);
    }
    let (mut file, size) = open_seen(path, seen)?;
    if size != seen.size {
        return Ok(false);
    }
    if buffer.len() < BUFFER {
        buffer.resize(BUFFER, 0);
    }
    // Piece by piece, so that no more than a buffer of it is in memory, and the first that is another
    // is the last that is read.
    let mut rest = bytes;
    while !rest.is_empty() {
        let most = rest.len().min(buffer.len());
        let count = file.read(buffer.get_mut(..most).unwrap_or_default())?;
        let (head, behind) = rest.split_at(count.min(rest.len()));
        if count == 0 || buffer.get(..count) != Some(head) {
            return Ok(false);
        }
        rest = behind;
    }
    Ok(true)
}

/// The content of a small file; none where it is longer than `limit`.
///
/// # Errors
/// It cannot be read.
pub fn read_up_to(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::{FoundKind, limit, walk};
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn a_link_is_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x"), "x").unwrap();
        std::os::unix::fs::symlink("x", folder.path().join("l")).unwrap();
        assert!(open(&folder.path().join("l")).is_err());
        assert!(open(folder.path()).is_err());
        assert!(open(&folder.path().join("x")).is_ok());
    }

    #[test]
    fn a_file_that_takes_the_place_of_the_one_that_was_seen_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("a/x"), "x").unwrap();
        let found = walk(root, &BTreeSet::new()).unwrap();
        let seen = found.entries["a/x"].stamp;
        let read = || {
            let mut buffer = Vec::new();
            let held = holds(&root.join("a/x"), &seen, b"x", &mut buffer).ok();
            let digest = digest(
                &root.join("a/x"),
                &seen,
                DigestAlgorithm::Sha256,
                limit::FILE,
                &mut buffer,
            );
            (held, digest.ok())
        };
        assert_eq!(read(), (Some(true), Some(Digest::sha256(b"x"))));
        // The folder becomes a link to another one that holds the same.
        fs::create_dir(root.join("b")).unwrap();
        fs::write(root.join("b/x"), "x").unwrap();
        fs::rename(root.join("a"), root.join("away")).unwrap();
        std::os::unix::fs::symlink("b", root.join("a")).unwrap();
        assert_eq!(read(), (None, None));
    }

    #[test]
    fn what_is_longer_than_the_buffer_is_compared_to_its_last_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut bytes = vec![7; 2 * BUFFER + 3];
        fs::write(&path, &bytes).unwrap();
        let found = walk(folder.path(), &BTreeSet::new()).unwrap();
        let seen = found.entries["x"].stamp;
        let held = |bytes: &[u8]| holds(&path, &seen, bytes, &mut Vec::new()).unwrap();
        assert!(held(&bytes));
        assert!(!held(&bytes[1..]));
        *bytes.last_mut().unwrap() = 8;
        assert!(!held(&bytes));
    }

    #[test]
    fn a_pipe_is_told_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let found = walk(folder.path(), &BTreeSet::new()).unwrap();
        assert_eq!(found.entries["p"].kind, FoundKind::Other);
        assert!(open(&path).is_err() && read_up_to(&path, 10).is_err());
    }

    #[test]
    fn a_file_that_is_longer_than_the_bound_is_not_read_though_it_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let file = File::create(&path).unwrap();
        file.set_len(limit::FILE + 1).unwrap();
        let found = walk(folder.path(), &BTreeSet::new()).unwrap();
        let seen = found.entries["sparse"].stamp;
        let why = digest(
            &path,
            &seen,
            DigestAlgorithm::Sha256,
            limit::FILE,
            &mut Vec::new(),
        );
        assert_eq!(why.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn what_grows_after_it_was_seen_does_not_hold_what_it_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "x").unwrap();
        let found = walk(folder.path(), &BTreeSet::new()).unwrap();
        fs::write(&path, "xy").unwrap();
        let seen = found.entries["x"].stamp;
        assert!(!holds(&path, &seen, b"x", &mut Vec::new()).unwrap());
    }
}
