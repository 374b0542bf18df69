//! What lies in a folder: a bounded walk that follows no link. Nothing here waits for a pipe or
//! asks a device, and what is read is the very file that the walk saw.

mod read;

pub use read::{Along, digest, open, open_seen, read_up_to};

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// Bounds on what a folder may hold.
pub mod limit {
    /// Entries below one folder.
    pub const ENTRIES: usize = 1_000_000;
    /// Levels of folders.
    pub const DEPTH: usize = 128;
    /// Bytes of one path.
    pub const PATH: usize = 8192;
    /// Bytes of a file that is hashed. No archive that is compared with holds a longer one.
    pub const FILE: u64 = 32 << 30;
}

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// By path relative to the folder, with `/`. Names that are no UTF-8 stand in `strange`
    /// instead.
    pub entries: BTreeMap<String, FoundEntry>,
    /// Entries whose names are no UTF-8, with `\xff` for a byte that cannot be read and `\\` for a
    /// backslash. They are not entered.
    pub strange: Vec<String>,
    /// What could not be looked at, and why.
    pub unread: BTreeMap<String, io::Error>,
    /// Stamps of what else counts: of the folders that were walked, since who moves one away and
    /// back changes its own stamp.
    pub roots: Vec<Stamp>,
}

impl Found {
    /// What is known of a path.
    pub fn at(&self, path: &str) -> There {
        match self.entries.get(path) {
            Some(entry) => There::Entry(*entry),
            None if self.is_unknown(path) => There::Unknown,
            None => There::Nothing,
        }
    }

    /// Whether nobody knows what lies at a path, since it or a folder around it cannot be read.
    fn is_unknown(&self, path: &str) -> bool {
        let mut rest = Some(path);
        while let Some(folder) = rest {
            if self.unread.contains_key(folder) {
                return true;
            }
            rest = folder.rsplit_once('/').map(|(parent, _)| parent);
        }
        false
    }
}

/// What is known of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// Nothing lies there.
    Nothing,
    /// This does.
    Entry(FoundEntry),
    /// It could not be looked at.
    Unknown,
}

impl There {
    /// Looks at one path. A link is not followed.
    pub fn look(path: &Path) -> Self {
        match std::fs::symlink_metadata(path) {
            Ok(meta) => Self::Entry(FoundEntry::of(&meta)),
            Err(why) if is_absent(&why) => Self::Nothing,
            Err(_) => Self::Unknown,
        }
    }

    /// What lies there, if it is known.
    pub fn kind(self) -> Option<FoundKind> {
        match self {
            Self::Entry(entry) => Some(entry.kind),
            Self::Nothing | Self::Unknown => None,
        }
    }

    /// Whether it is a regular file, no link to one.
    pub fn is_file(self) -> bool {
        self.kind() == Some(FoundKind::File)
    }

    /// Whether it is a folder, no link to one.
    pub fn is_folder(self) -> bool {
        self.kind() == Some(FoundKind::Folder)
    }
}

/// Whether an error says that nothing lies there.
pub fn is_absent(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
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

impl FoundEntry {
    /// By metadata that was not followed.
    pub fn of(meta: &Metadata) -> Self {
        Self {
            kind: kind_of(meta),
            stamp: Stamp::of(meta),
            executable: executable(meta),
        }
    }

    /// Whether it is a file that runs with its owner's or its group's rights, whoever starts it. A folder's
    /// bit only gives its group on.
    pub fn runs_as_owner(&self) -> bool {
        cfg!(unix) && self.kind == FoundKind::File && self.stamp.mode & 0o6000 != 0
    }
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

    /// Whether both are of the same file, as far as the system tells.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.inode == other.inode && self.device == other.device
    }

    /// When it was last written, in seconds since 1970, rounded down.
    pub fn seconds(&self) -> Option<i64> {
        i64::try_from(self.modified.div_euclid(1_000_000_000)).ok()
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
    walk_into(folder, "", outside, &mut found)?;
    Ok(found)
}

/// Walks one of the folders below `base` into what was found already; paths are relative to
/// `base`.
///
/// # Errors
/// As [`walk`].
pub fn walk_into(
    base: &Path,
    place: &str,
    outside: &BTreeSet<String>,
    found: &mut Found,
) -> io::Result<()> {
    let folder = base.join(place);
    found
        .roots
        .push(Stamp::of(&std::fs::symlink_metadata(&folder)?));
    level(&folder, &mut place.to_owned(), 0, outside, found)
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
        let readable = name.to_str();
        match readable {
            Some(name) => path.push_str(name),
            None => path.push_str(&escaped(name.as_encoded_bytes())),
        }
        if path.len() > limit::PATH {
            return Err(too_much("bytes in a path", limit::PATH));
        }
        if found.entries.len() + found.strange.len() + found.unread.len() >= limit::ENTRIES {
            return Err(too_much("entries", limit::ENTRIES));
        }
        // Asks by the name in the open folder, and does not follow a link.
        match entry.metadata() {
            _ if readable.is_none() => found.strange.push(path.clone()),
            Err(why) => {
                found.unread.insert(path.clone(), why);
            }
            Ok(meta) => one(&entry, &meta, path, depth, outside, found)?,
        }
        path.truncate(before);
    }
    Ok(())
}

fn one(
    at: &std::fs::DirEntry,
    meta: &Metadata,
    path: &mut String,
    depth: usize,
    outside: &BTreeSet<String>,
    found: &mut Found,
) -> io::Result<()> {
    let entry = FoundEntry::of(meta);
    if entry.kind != FoundKind::Folder {
        found.entries.insert(path.clone(), entry);
        return Ok(());
    }
    if outside.contains(path.as_str()) {
        return Ok(());
    }
    found.entries.insert(path.clone(), entry);
    if let Err(why) = level(&at.path(), path, depth + 1, outside, found) {
        if why.kind() == io::ErrorKind::QuotaExceeded {
            return Err(why);
        }
        found.unread.insert(path.clone(), why);
    }
    Ok(())
}

/// A name that is no UTF-8, so that two of them are never the same text.
fn escaped(name: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            // Writing into a String does not fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
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
    fn a_name_that_is_no_utf_8_is_strange() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"a\xff");
        fs::write(folder.path().join(name), "x").unwrap();
        let found = walk(folder.path(), &BTreeSet::new()).unwrap();
        assert_eq!(found.strange, ["a\\xff"]);
    }

    #[test]
    fn two_names_that_are_no_utf_8_are_never_the_same_text() {
        assert_eq!(escaped(b"a\xff"), "a\\xff");
        assert_eq!(escaped(b"a\\xff\xfe"), "a\\\\xff\\xfe");
    }

    #[test]
    fn levels_beyond_the_bound_end_the_walk_and_do_not_look_absent() {
        let folder = tempfile::tempdir().unwrap();
        let deep = vec!["d"; limit::DEPTH + 2].join("/");
        fs::create_dir_all(folder.path().join(deep)).unwrap();
        let why = walk(folder.path(), &BTreeSet::new()).unwrap_err();
        assert_eq!(why.to_string(), "it has more than 128 levels of folders");
    }

    #[test]
    fn nobody_knows_what_is_below_a_folder_that_cannot_be_read() {
        let mut found = Found::default();
        let why = io::Error::from(io::ErrorKind::PermissionDenied);
        found.unread.insert("a/b".into(), why);
        assert_eq!(found.at("a/b/c"), There::Unknown);
        assert_eq!(found.at("a/bc"), There::Nothing);
    }
}
