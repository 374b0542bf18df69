use crate::artifact::unpacked::{FileEntry, Kind, Unpacked};
use crate::tree::ExpectedEntry;
use customs_model::{Digest, printable};
use std::collections::BTreeMap;

/// Bytes of an entry that is kept in memory.
const KEPT: u64 = 4 << 20;

/// Why a wheel cannot be compared with.
#[derive(Debug, thiserror::Error)]
pub enum WheelError {
    /// Not exactly one `*.dist-info`.
    #[error("the archive is no wheel: it has {0} folders that end with .dist-info")]
    DistInfo(usize),
    /// A path that leads out of the place where it is unpacked.
    #[error("the wheel holds the path {0:?}, which installers refuse")]
    Path(String),
    /// The same, as it was read.
    #[error("the wheel holds {0}, which installers refuse")]
    Leaves(String),
}

/// What a wheel holds.
#[derive(Debug)]
pub(super) struct Wheel {
    /// `name-version.dist-info`.
    pub dist_info: String,
    /// `name-version.data`, whether there is one or not.
    pub data: String,
    /// Its files. Of a path that occurs twice the last counts, as for installers.
    pub entries: BTreeMap<String, ExpectedEntry>,
    /// The bytes of those that decide how it is laid out, or from which others are made: metadata,
    /// scripts, kernels.
    pub kept: BTreeMap<String, Vec<u8>>,
}

/// How much of an entry's bytes a wheel is read for.
pub(crate) fn keep(path: &str) -> u64 {
    let path = path.replace('\\', "/");
    let is_kernel = || {
        let data = path.split_once(".data/data/");
        data.is_some_and(|(_, place)| super::kernel::is_spec(place))
    };
    let keeps = path.contains(".dist-info/") || path.contains(".data/scripts/") || is_kernel();
    u64::from(keeps) * KEPT
}

impl Wheel {
    /// What is in an archive, if it is a wheel.
    pub fn of(unpacked: Unpacked) -> Result<Self, WheelError> {
        if let Some(note) = unpacked.notes.into_iter().next() {
            return Err(WheelError::Leaves(note));
        }
        let mut entries = BTreeMap::new();
        for entry in unpacked.entries {
            let path = entry.path.replace('\\', "/");
            if !is_plain(&path) {
                return Err(WheelError::Path(printable(&path, 200)));
            }
            let file = match entry.kind {
                Kind::File(FileEntry {
                    size,
                    sha256: Some(sha256),
                    ..
                }) => file(size, sha256),
                // Installers write where a link leads into a file.
                Kind::Symlink(target) => {
                    let mut sha256 = [0; 32];
                    sha256.copy_from_slice(Digest::sha256(target.as_bytes()).as_bytes());
                    file(target.len() as u64, sha256)
                }
                // Wheels are not compared while they are read; zips hold nothing else.
                Kind::File(_) | Kind::Hardlink(_) | Kind::Folder | Kind::Other => continue,
            };
            entries.insert(path, file);
        }
        let kept = unpacked.kept.into_iter();
        let kept = kept.map(|(path, bytes)| (path.replace('\\', "/"), bytes));
        let mut wheel = Self {
            dist_info: String::new(),
            data: String::new(),
            entries,
            kept: kept.collect(),
        };
        wheel.name_folders()?;
        Ok(wheel)
    }

    fn name_folders(&mut self) -> Result<(), WheelError> {
        let mut folders: Vec<&str> = self
            .entries
            .keys()
            .filter_map(|path| path.split_once('/'))
            .filter(|(folder, _)| folder.ends_with(".dist-info"))
            .map(|(folder, _)| folder)
            .collect();
        folders.dedup();
        let [only] = folders.as_slice() else {
            return Err(WheelError::DistInfo(folders.len()));
        };
        let stem = only.trim_end_matches(".dist-info");
        self.data = format!("{stem}.data");
        self.dist_info = (*only).to_owned();
        Ok(())
    }
}

/// A file that should have this digest.
fn file(size: u64, sha256: [u8; 32]) -> ExpectedEntry {
    ExpectedEntry::File {
        size,
        sha256,
        // Installers differ in which bits they keep; scripts are executable whatever the wheel says.
        executable: None,
    }
}

/// Whether a path stays where it is unpacked.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\0', ':'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
