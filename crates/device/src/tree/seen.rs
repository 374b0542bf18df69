//! What was found before, so that a tree in which nothing changed need not be read again.
//!
//! For each folder the file holds a digest over everything that the system says of what lies in
//! it (device, inode, size, mode, mtime, ctime of every entry) and what was found there. The
//! owner of a file can set its mtime back but not its ctime, so an edit is seen even where its
//! traces were wiped; pnpm's own check goes by the mtime and is fooled.
//!
//! # What it does not protect against
//!
//! Who has the user's rights can write this file, and no secret that the user's own programs can
//! read would change that. It is a convenience for a person who asks often. It holds only folders
//! of which everything was as it should be or explained, never whether a release is good; a deep
//! check does not read it, and CI should ask for that. Two things are refused all the same,
//! because they cost nothing: a file that others than its owner may write, or that is a link; and
//! it must not lie inside the tree that it speaks of, where a package could bring one along
//! (the caller chooses the place).
//!
//! A folder that changed less than [`SETTLED`] before it was read is not remembered: clocks of
//! file systems tick slower than writers write.

use super::disk::{self, Found, FoundKind, Stamp};
use super::{Difference, PackageTree, TreeReport};
use customs_model::{Declared, Digest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bounds on the file.
pub mod limit {
    /// Bytes.
    pub const BYTES: u64 = 64 << 20;
    /// Folders.
    pub const FOLDERS: usize = 500_000;
}

/// How long nothing must have changed in a folder for it to be remembered.
pub const SETTLED: Duration = Duration::from_secs(2);

/// Changes with the format, and with every change of what the check says of the same bytes.
const VERSION: u32 = 8;

/// What a file speaks of. A file about anything else is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    customs_tree_seen: u32,
    /// SHA-256 of the lockfile.
    lock: Digest,
    /// Where the project lay.
    project: String,
}

/// One folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    fingerprint: String,
    what: Remembered,
}

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remembered {
    /// A package.
    Package(Box<PackageTree>, Facts),
    /// A folder around packages: what lies loose in it, by its place.
    Loose(String, Vec<Difference>),
    /// A folder whose packages share it, by its place.
    Shared(String, Box<TreeReport>),
    /// What an artifact says of itself, by the promise that it keeps.
    Manifest(String, Box<Declared>),
}

/// What a verified package means for others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Programs that other packages may have copied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platform_files: Vec<String>,
    /// Packages that may be left out as far as it is concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
}

impl Remembered {
    fn place(&self) -> &str {
        match self {
            Self::Package(package, _) => &package.place,
            Self::Loose(place, _) | Self::Shared(place, _) | Self::Manifest(place, _) => place,
        }
    }
}

/// What was found before.
#[derive(Debug)]
pub struct Seen {
    path: PathBuf,
    head: Head,
    lines: BTreeMap<String, Line>,
    changed: bool,
}

impl Seen {
    /// Opens the file of a project's tree. The second value is why an existing file is not used;
    /// it is written anew then. Safe to print.
    pub fn open(path: &Path, project: &Path, lock: Digest) -> (Self, Option<String>) {
        let head = Head {
            customs_tree_seen: VERSION,
            lock,
            project: project.display().to_string(),
        };
        let mut seen = Self {
            path: path.to_owned(),
            head,
            lines: BTreeMap::new(),
            changed: false,
        };
        let why = match read(path, &seen.head) {
            Ok(lines) => {
                seen.lines = lines;
                None
            }
            Err(why) => {
                seen.changed = true;
                why
            }
        };
        (seen, why)
    }

    /// What was found in a folder, if nothing changed in it since.
    pub fn look(&self, place: &str, fingerprint: &str) -> Option<&Remembered> {
        let line = self.lines.get(place)?;
        (line.fingerprint == fingerprint).then_some(&line.what)
    }

    /// Remembers what was found in a folder.
    pub fn remember(&mut self, fingerprint: String, what: Remembered) {
        let known = self.lines.get(what.place());
        if self.lines.len() < limit::FOLDERS
            && known.is_none_or(|line| line.fingerprint != fingerprint)
        {
            let place = what.place().to_owned();
            self.lines.insert(place, Line { fingerprint, what });
            self.changed = true;
        }
    }

    /// Forgets what was not looked at this time, and writes the file where it changed.
    ///
    /// # Errors
    /// It cannot be written. The check itself is none the worse for it.
    pub fn save(mut self, places: &std::collections::BTreeSet<String>) -> io::Result<()> {
        let before = self.lines.len();
        self.lines.retain(|place, _| places.contains(place));
        if !self.changed && before == self.lines.len() {
            return Ok(());
        }
        let mut text = serde_json::to_vec(&self.head)?;
        text.push(b'\n');
        for line in self.lines.values() {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
            if text.len() as u64 > limit::BYTES {
                return Err(io::Error::other("it would have too many bytes"));
            }
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        // Beside it and then moved, so that nobody reads half of it; under a name that nobody
        // knows before, so that no link lies there already.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&text)?;
        file.persist(&self.path).map_err(|why| why.error)?;
        Ok(())
    }
}

/// Reads the file. An error without words: it is absent, or of another lockfile, which needs no
/// words.
fn read(path: &Path, head: &Head) -> Result<BTreeMap<String, Line>, Option<String>> {
    let say = |why: String| {
        Some(format!(
            "what was remembered from before is not used: {why}"
        ))
    };
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Err(None),
        Err(why) => return Err(say(why.to_string())),
    };
    if !meta.is_file() || others_may_write(&meta) {
        return Err(say("its file is a link, or others may write it".into()));
    }
    match is_own(&meta) {
        Ok(true) => {}
        Ok(false) => return Err(say("its file is somebody else's".into())),
        Err(why) => return Err(say(why.to_string())),
    }
    let bytes = match disk::read_up_to(path, limit::BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(say("its file is too long".into())),
        Err(why) => return Err(say(why.to_string())),
    };
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let there: Head = serde_json::from_slice(first)
        .map_err(|_| say("its file is damaged, or of another version".into()))?;
    if there != *head {
        return Err(None);
    }
    let mut out = BTreeMap::new();
    for line in lines.filter(|line| !line.is_empty()).take(limit::FOLDERS) {
        let line: Line =
            serde_json::from_slice(line).map_err(|_| say("its file is damaged".into()))?;
        out.insert(line.what.place().to_owned(), line);
    }
    Ok(out)
}

#[cfg(unix)]
fn others_may_write(meta: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o022 != 0
}

/// Whether a file belongs to who runs this: a file that is made now does.
#[cfg(unix)]
fn is_own(meta: &fs::Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(tempfile::tempfile()?.metadata()?.uid() == meta.uid())
}

#[cfg(not(unix))]
fn is_own(_: &fs::Metadata) -> io::Result<bool> {
    Ok(true)
}

#[cfg(not(unix))]
fn others_may_write(_: &fs::Metadata) -> bool {
    false
}

/// A digest over everything that the system says of a folder, and over `with`: what else the
/// answer depends on. None where the system says too little, or where it changed just now.
pub fn fingerprint(found: &Found, with: &[&[u8]], now: SystemTime) -> Option<String> {
    if !found.strange.is_empty() || !found.unread.is_empty() {
        return None;
    }
    let settled = settled(now)?;
    let mut hasher = hasher_over(with);
    let is_settled = |stamp: &Stamp| is_settled(stamp, settled);
    hasher.update((found.roots.len() as u64).to_le_bytes());
    for root in &found.roots {
        if !is_settled(root) {
            return None;
        }
        hasher.update(bytes_of(FoundKind::Folder, root));
    }
    for (path, entry) in &found.entries {
        let stamp = &entry.stamp;
        if !is_settled(stamp) {
            return None;
        }
        hasher.update((path.len() as u64).to_le_bytes());
        hasher.update(path);
        hasher.update(bytes_of(entry.kind, stamp));
    }
    let digest: [u8; 32] = hasher.finalize().into();
    Some(Digest::from_sha256(digest).to_hex())
}

/// The same of one file.
pub fn fingerprint_of(stamp: &Stamp, with: &[&[u8]], now: SystemTime) -> Option<String> {
    if !is_settled(stamp, settled(now)?) {
        return None;
    }
    let mut hasher = hasher_over(with);
    hasher.update(bytes_of(FoundKind::File, stamp));
    Some(Digest::from_sha256(hasher.finalize().into()).to_hex())
}

/// Until when nothing must have changed, in nanoseconds.
fn settled(now: SystemTime) -> Option<i128> {
    let until = now.duration_since(UNIX_EPOCH).ok()?.checked_sub(SETTLED)?;
    i128::try_from(until.as_nanos()).ok()
}

fn is_settled(stamp: &Stamp, settled: i128) -> bool {
    stamp.tells() && stamp.changed <= settled && stamp.modified <= settled
}

fn hasher_over(with: &[&[u8]]) -> Sha256 {
    let mut hasher = Sha256::new();
    for part in with {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher
}

fn bytes_of(kind: FoundKind, stamp: &Stamp) -> [u8; 61] {
    let mut out = [0; 61];
    let kind = match kind {
        FoundKind::File => 0,
        FoundKind::Link => 1,
        FoundKind::Folder => 2,
        FoundKind::Other => 3,
    };
    let parts = [
        &[kind][..],
        &stamp.device.to_le_bytes(),
        &stamp.inode.to_le_bytes(),
        &stamp.size.to_le_bytes(),
        &stamp.mode.to_le_bytes(),
        &stamp.modified.to_le_bytes(),
        &stamp.changed.to_le_bytes(),
    ];
    for (to, from) in out.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    out
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(60)
    }

    fn loose(place: &str) -> Remembered {
        Remembered::Loose(place.into(), Vec::new())
    }

    fn lock() -> Digest {
        Digest::sha256(b"lock")
    }

    #[test]
    fn what_was_remembered_is_there_again_for_the_same_lockfile_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/seen");
        let (mut seen, why) = Seen::open(&path, Path::new("/p"), lock());
        assert_eq!(why, None);
        seen.remember("f".into(), loose("node_modules"));
        seen.save(&BTreeSet::from(["node_modules".to_owned()]))
            .unwrap();
        let (seen, why) = Seen::open(&path, Path::new("/p"), lock());
        assert_eq!(why, None);
        assert_eq!(seen.look("node_modules", "f"), Some(&loose("node_modules")));
        assert_eq!(seen.look("node_modules", "g"), None);
        let (seen, why) = Seen::open(&path, Path::new("/p"), Digest::sha256(b"other"));
        assert_eq!((seen.look("node_modules", "f"), why), (None, None));
    }

    #[test]
    fn a_damaged_file_and_one_that_others_may_write_are_thrown_away_and_said() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen");
        fs::write(&path, "{}").unwrap();
        let (_, why) = Seen::open(&path, Path::new("/p"), lock());
        assert!(why.unwrap().contains("damaged"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let (_, why) = Seen::open(&path, Path::new("/p"), lock());
        assert!(why.unwrap().contains("others may write"));
        // Only root can give a file away.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if std::os::unix::fs::chown(&path, Some(4321), None).is_ok() {
            let (_, why) = Seen::open(&path, Path::new("/p"), lock());
            assert!(why.unwrap().contains("somebody else's"));
        }
    }

    #[test]
    fn nothing_is_written_through_a_link_that_lies_where_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("seen"), folder.path().join("other"));
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        let (mut seen, why) = Seen::open(&path, Path::new("/p"), lock());
        assert!(why.unwrap().contains("a link"));
        seen.remember("f".into(), loose("node_modules"));
        seen.save(&BTreeSet::from(["node_modules".to_owned()]))
            .unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn an_edit_whose_mtime_was_set_back_is_another_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        fs::write(&file, "1").unwrap();
        let print = |now| {
            let found = disk::walk(folder.path(), &BTreeSet::new()).unwrap();
            fingerprint(&found, &[b"with"], now)
        };
        let before = print(later()).unwrap();
        assert_eq!(print(later()), Some(before.clone()));
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&file, "2").unwrap();
        fs::File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        assert_ne!(print(later()), Some(before));
    }

    #[test]
    fn what_changed_just_now_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x"), "1").unwrap();
        let found = disk::walk(folder.path(), &BTreeSet::new()).unwrap();
        assert_eq!(fingerprint(&found, &[], SystemTime::now()), None);
    }
}
