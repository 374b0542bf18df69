//! What lies in a folder: a bounded walk that follows no link.

use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Bounds on what a folder may hold.
pub mod limit {
    /// Entries below one folder.
    pub const ENTRIES: usize = 250_000;
    /// Levels of folders.
    pub const DEPTH: usize = 128;
    /// Bytes of one path.
    pub const PATH: usize = 8192;
}

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// By path relative to the folder, with `/`. Names that are no UTF-8 have `U+FFFD` for what
    /// cannot be read, and stand in `strange` instead.
    pub entries: BTreeMap<String, FoundEntry>,
    /// Entries whose names are no UTF-8, as far as they can be read.
    pub strange: Vec<String>,
    /// What could not be looked at, and why.
    pub unread: Vec<(String, io::Error)>,
}

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundEntry {
    /// What it is.
    pub kind: FoundKind,
    /// What tells that it was not touched.
    pub stamp: Stamp,
    /// One of the bits for execution is set.
    pub executable: bool,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A folder.
    Folder,
    /// A pipe, a socket, a device.
    Other,
}

/// What the system says of a file without reading it. Its owner can set `modified` back, but not
/// `changed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Device.
    pub device: u64,
    /// Inode.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Mode.
    pub mode: u32,
    /// mtime, in nanoseconds.
    pub modified: i128,
    /// ctime, in nanoseconds.
    pub changed: i128,
}

impl Stamp {
    /// Of a file's metadata. Systems without inodes give a stamp that tells nothing.
    #[cfg(unix)]
    pub fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let nanos =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.len(),
            mode: meta.mode(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Of a file's metadata. Systems without inodes give a stamp that tells nothing.
    #[cfg(not(unix))]
    pub fn of(meta: &Metadata) -> Self {
        Self {
            size: meta.len(),
            ..Self::default()
        }
    }

    /// Whether it can tell that a file was not touched.
    pub fn tells(&self) -> bool {
        self.inode != 0 && self.changed != 0
    }
}

/// Walks a folder. Folders in `outside` (relative paths) belong to others: they are neither
/// entered nor listed.
///
/// # Errors
/// The folder itself cannot be read, or it exceeds a bound of [`limit`]. What is below and
/// cannot be read stands in [`Found::unread`].
pub fn walk(folder: &Path, outside: &BTreeSet<String>) -> io::Result<Found> {
    let mut found = Found::default();
    let mut path = String::new();
    level(folder, &mut path, 0, outside, &mut found)?;
    Ok(found)
}

fn level(
    folder: &Path,
    path: &mut String,
    depth: usize,
    outside: &BTreeSet<String>,
    found: &mut Found,
) -> io::Result<()> {
    if depth > limit::DEPTH {
        return Err(too_much("levels of folders", limit::DEPTH));
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let before = path.len();
        if before > 0 {
            path.push('/');
        }
        let name = entry.file_name();
        let readable = name.to_str().is_some();
        path.push_str(&name.to_string_lossy());
        if path.len() > limit::PATH {
            return Err(too_much("bytes in a path", limit::PATH));
        }
        if found.entries.len() + found.strange.len() >= limit::ENTRIES {
            return Err(too_much("entries", limit::ENTRIES));
        }
        // Does not follow a link.
        match entry.metadata() {
            _ if !readable => found.strange.push(path.clone()),
            Err(why) => found.unread.push((path.clone(), why)),
            Ok(meta) => one(&entry.path(), &meta, path, depth, outside, found)?,
        }
        path.truncate(before);
    }
    Ok(())
}

fn one(
    at: &Path,
    meta: &Metadata,
    path: &mut String,
    depth: usize,
    outside: &BTreeSet<String>,
    found: &mut Found,
) -> io::Result<()> {
    let kind = kind_of(meta);
    if kind == FoundKind::Folder && outside.contains(path.as_str()) {
        return Ok(());
    }
    let stamp = Stamp::of(meta);
    let entry = FoundEntry {
        kind,
        stamp,
        executable: executable(meta),
    };
    found.entries.insert(path.clone(), entry);
    if kind == FoundKind::Folder
        && let Err(why) = level(at, path, depth + 1, outside, found)
    {
        if why.kind() == io::ErrorKind::QuotaExceeded {
            return Err(why);
        }
        found.unread.push((path.clone(), why));
    }
    Ok(())
}

/// A bound that is hit ends the walk: what was not seen must not look absent.
fn too_much(what: &str, limit: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::QuotaExceeded,
        format!("it has more than {limit} {what}"),
    )
}

/// What something is, by its metadata (not followed).
pub fn kind_of(meta: &Metadata) -> FoundKind {
    let kind = meta.file_type();
    if kind.is_symlink() {
        FoundKind::Link
    } else if kind.is_dir() {
        FoundKind::Folder
    } else if kind.is_file() {
        FoundKind::File
    } else {
        FoundKind::Other
    }
}

#[cfg(unix)]
fn executable(meta: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &Metadata) -> bool {
    false
}

/// Opens a regular file: no link, and no pipe that would wait for a writer.
///
/// # Errors
/// It is no regular file, or the system says no.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    Ok(file)
}

/// The SHA-256 of a file's content, read through a buffer that the caller keeps.
///
/// # Errors
/// It cannot be read.
pub fn sha256(path: &Path, buffer: &mut Vec<u8>) -> io::Result<[u8; 32]> {
    buffer.resize(128 * 1024, 0);
    let mut file = open(path)?;
    let mut hasher = Sha256::new();
    loop {
        let count = file.read(buffer)?;
        if count == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
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
    use super::*;
    use std::fs;

    #[test]
    fn links_are_seen_and_not_followed_and_folders_of_others_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/node_modules/b")).unwrap();
        fs::write(root.join("a/node_modules/b/x"), "x").unwrap();
        fs::write(root.join("a/y"), "y").unwrap();
        std::os::unix::fs::symlink("/", root.join("l")).unwrap();
        let outside = BTreeSet::from(["a/node_modules/b".to_owned()]);
        let found = walk(root, &outside).unwrap();
        let paths: Vec<&str> = found.entries.keys().map(String::as_str).collect();
        assert_eq!(paths, ["a", "a/node_modules", "a/y", "l"]);
        assert_eq!(found.entries["l"].kind, FoundKind::Link);
    }

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
    fn a_name_that_is_no_utf_8_is_strange() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"a\xff");
        fs::write(folder.path().join(name), "x").unwrap();
        let found = walk(folder.path(), &BTreeSet::new()).unwrap();
        assert_eq!(found.strange, ["a\u{fffd}"]);
    }
}
