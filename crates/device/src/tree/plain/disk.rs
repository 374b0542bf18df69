use customs_model::{Digest, DigestAlgorithm, Hasher};
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Bounds on a walk.
pub mod limit {
    /// Entries of one tree.
    pub const ENTRIES: usize = 1_000_000;
    /// Folders inside one another.
    pub const DEPTH: usize = 64;
}

/// What one entry of a folder is. Links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File {
        /// Bytes.
        size: u64,
        /// When it was last written, in seconds since 1970.
        modified: Option<i64>,
        /// Its owner may execute it. None where the system has no such thing.
        executable: Option<bool>,
    },
    /// A symbolic link.
    Link {
        /// As written in it.
        target: String,
    },
    /// A folder.
    Folder,
    /// A pipe, a socket, a device.
    Other,
    /// Nobody may look at it, or its name is no text.
    Unreadable,
}

impl Kind {
    /// Of a path, without following it. None where there is nothing.
    pub fn of(path: &Path) -> Option<Self> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Some(Self::from_metadata(path, &metadata)),
            Err(e) if is_absent(&e) => None,
            Err(_) => Some(Self::Unreadable),
        }
    }

    fn from_metadata(path: &Path, metadata: &Metadata) -> Self {
        let kind = metadata.file_type();
        if kind.is_symlink() {
            return match fs::read_link(path) {
                Ok(target) => Self::Link {
                    target: target.to_string_lossy().into_owned(),
                },
                Err(_) => Self::Unreadable,
            };
        }
        if kind.is_dir() {
            return Self::Folder;
        }
        if !kind.is_file() {
            return Self::Other;
        }
        Self::File {
            size: metadata.len(),
            modified: seconds(metadata),
            executable: executable(metadata),
        }
    }
}

fn is_absent(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn seconds(metadata: &Metadata) -> Option<i64> {
    let time = metadata.modified().ok()?;
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok(),
        // Before 1970, rounded down as the system's own seconds are.
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).ok()?;
            Some(-whole - i64::from(before.subsec_nanos() > 0))
        }
    }
}

#[cfg(unix)]
fn executable(metadata: &Metadata) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(metadata.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn executable(_: &Metadata) -> Option<bool> {
    None
}

/// Everything below a folder.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// By the path from the folder, with `/`.
    pub entries: BTreeMap<String, Kind>,
    /// What was not looked at, and why. Safe to print.
    pub unread: Vec<String>,
}

impl Disk {
    /// Walks it. `enter` says which folders are looked into.
    pub fn walk(root: &Path, enter: &dyn Fn(&str) -> bool) -> Self {
        let mut disk = Self::default();
        let mut open = vec![(root.to_owned(), String::new(), 0)];
        while let Some((folder, place, depth)) = open.pop() {
            if let Err(why) = disk.folder(&folder, &place, depth, enter, &mut open) {
                disk.unread.push(format!(
                    "{}: {why}",
                    customs_model::printable(&folder.to_string_lossy(), 200)
                ));
            }
        }
        disk.unread.sort();
        disk
    }

    fn folder(
        &mut self,
        folder: &Path,
        place: &str,
        depth: usize,
        enter: &dyn Fn(&str) -> bool,
        open: &mut Vec<(PathBuf, String, usize)>,
    ) -> Result<(), String> {
        if depth > limit::DEPTH {
            return Err(format!(
                "more than {} folders inside one another are not looked into",
                limit::DEPTH
            ));
        }
        for entry in fs::read_dir(folder).map_err(|e| e.to_string())? {
            let entry = entry.map_err(|e| e.to_string())?;
            if self.entries.len() >= limit::ENTRIES {
                return Err(format!(
                    "more than {} entries are not looked at",
                    limit::ENTRIES
                ));
            }
            let name = entry.file_name();
            let path = join(place, &name.to_string_lossy());
            if name.to_str().is_none() {
                self.entries.insert(path, Kind::Unreadable);
                continue;
            }
            let full = entry.path();
            // Gone between listing and looking: it is not there.
            let Some(kind) = Kind::of(&full) else {
                continue;
            };
            if kind == Kind::Folder && enter(&path) {
                open.push((full, path.clone(), depth + 1));
            }
            self.entries.insert(path, kind);
        }
        Ok(())
    }
}

/// Two parts of a path; either may be empty.
pub(crate) fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The SHA-256 of a file.
pub(crate) fn digest_of(path: &Path) -> io::Result<Digest> {
    digest_by(path, DigestAlgorithm::Sha256)
}

/// Whether a file starts with these bytes. What cannot be read starts with none.
pub(crate) fn starts_with(path: &Path, bytes: &[u8]) -> bool {
    let mut head = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(bytes.len() as u64).read_to_end(&mut head));
    read.is_ok() && head == bytes
}

/// The digest of a file, by any algorithm.
pub(crate) fn digest_by(path: &Path, algorithm: DigestAlgorithm) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// A file's bytes, unless they are more than `most`.
pub(crate) fn read_bounded(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    // A pipe would be waited for.
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)?;
    match bytes.len() > most {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than {most} bytes are not read"),
        )),
        false => Ok(bytes),
    }
}
