use crate::tree::plain::ExpectedEntry;
use customs_model::{Digest, DigestAlgorithm, Hasher, printable};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Bounds on a wheel.
pub mod limit {
    /// Entries.
    pub const ENTRIES: usize = 500_000;
    /// Bytes of all entries together.
    pub const BYTES: u64 = 32 << 30;
    /// Bytes of an entry that is kept in memory.
    pub const KEPT: u64 = 4 << 20;
}

/// Why a wheel cannot be compared with.
#[derive(Debug, thiserror::Error)]
pub enum WheelError {
    /// It cannot be opened.
    #[error("the wheel cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is no zip archive.
    #[error("the wheel cannot be unpacked: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// Beyond a bound.
    #[error("the wheel has more than {0} {1}, which are not read")]
    Limit(u64, &'static str),
    /// Not exactly one `*.dist-info`.
    #[error("the archive is no wheel: it has {0} folders that end with .dist-info")]
    DistInfo(usize),
    /// A path that leads out of the place where it is unpacked.
    #[error("the wheel holds the path {0:?}, which installers refuse")]
    Path(String),
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
    /// The bytes of those that decide how it is laid out: metadata and scripts.
    pub kept: BTreeMap<String, Vec<u8>>,
}

impl Wheel {
    /// Reads it, one entry after the other.
    pub fn read(path: &Path) -> Result<Self, WheelError> {
        let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?))?;
        if archive.len() > limit::ENTRIES {
            return Err(WheelError::Limit(limit::ENTRIES as u64, "entries"));
        }
        let mut wheel = Self {
            dist_info: String::new(),
            data: String::new(),
            entries: BTreeMap::new(),
            kept: BTreeMap::new(),
        };
        let mut left = limit::BYTES;
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at)?;
            if entry.is_dir() {
                continue;
            }
            let path = entry.name()?.replace('\\', "/");
            if !is_plain(&path) {
                return Err(WheelError::Path(printable(&path, 200)));
            }
            wheel.add(path, &mut entry, &mut left)?;
        }
        wheel.name_folders()?;
        Ok(wheel)
    }

    fn add(
        &mut self,
        path: String,
        entry: &mut impl Read,
        left: &mut u64,
    ) -> Result<(), WheelError> {
        let keeps = path.contains(".dist-info/") || path.contains(".data/scripts/");
        let mut kept = Vec::new();
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut buffer = vec![0; 64 << 10];
        let mut size = 0;
        loop {
            let read = entry.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            size += read as u64;
            *left = left
                .checked_sub(read as u64)
                .ok_or(WheelError::Limit(limit::BYTES, "bytes"))?;
            hasher.update(bytes);
            if keeps && size <= limit::KEPT {
                kept.extend_from_slice(bytes);
            }
        }
        if keeps && size <= limit::KEPT {
            self.kept.insert(path.clone(), kept);
        }
        self.entries.insert(path, file(size, &hasher.finish()));
        Ok(())
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
pub(super) fn file(size: u64, digest: &Digest) -> ExpectedEntry {
    let mut sha256 = [0; 32];
    for (to, from) in sha256.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
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
