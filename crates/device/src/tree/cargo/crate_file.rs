use crate::tree::plain::{Expected, ExpectedEntry};
use customs_model::{DigestAlgorithm, Hasher, printable};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use tar::{Archive, EntryType};

/// Bounds on a `.crate`.
pub mod limit {
    /// Entries.
    pub const ENTRIES: usize = 200_000;
    /// Bytes of all entries together.
    pub const BYTES: u64 = 8 << 30;
}

/// Why a `.crate` cannot be compared with.
#[derive(Debug, thiserror::Error)]
pub enum CrateError {
    /// It cannot be read or unpacked.
    #[error("the .crate cannot be unpacked: {0}")]
    Io(#[from] std::io::Error),
    /// Beyond a bound.
    #[error("the .crate has more than {0} {1}, which are not read")]
    Limit(u64, &'static str),
    /// A path outside of `name-version/`.
    #[error("the .crate holds {0:?}, which cargo refuses: every path lies below name-version/")]
    Path(String),
}

/// What cargo unpacks of a `.crate`, by the path below `name-version/`. Of a path that occurs twice
/// the last counts.
pub(super) fn expected_of(path: &Path, stem: &str) -> Result<Expected, CrateError> {
    let file = BufReader::new(File::open(path)?);
    // The bound holds for what is unpacked, headers and all.
    let bytes = GzDecoder::new(file).take(limit::BYTES);
    let mut archive = Archive::new(bytes);
    let mut expected = Expected::default();
    for (at, entry) in archive.entries()?.enumerate() {
        if at >= limit::ENTRIES {
            return Err(CrateError::Limit(limit::ENTRIES as u64, "entries"));
        }
        let mut entry = entry?;
        let bytes = entry.path_bytes().into_owned();
        let text = String::from_utf8(bytes)
            .map_err(|e| CrateError::Path(printable(&e.to_string(), 100)))?;
        let inside = below(&text, stem).ok_or_else(|| CrateError::Path(printable(&text, 200)))?;
        let found = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                hashed(&mut entry)?
            }
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                ExpectedEntry::Link {
                    target: String::from_utf8_lossy(&target).into_owned(),
                }
            }
            EntryType::Directory => ExpectedEntry::Folder,
            EntryType::Link => match entry
                .link_name_bytes()
                .and_then(|target| below(std::str::from_utf8(&target).ok()?, stem))
                .and_then(|target| expected.entries.get(&target).cloned())
            {
                Some(other) => other,
                None => return Err(CrateError::Path(printable(&text, 200))),
            },
            // Headers that describe other entries or the archive itself.
            _ => continue,
        };
        if !inside.is_empty() {
            expected.entries.insert(inside, found);
        }
    }
    Ok(expected)
}

fn hashed(entry: &mut impl Read) -> Result<ExpectedEntry, CrateError> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let mut buffer = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let read = entry.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        size += read as u64;
        hasher.update(bytes);
    }
    let mut sha256 = [0; 32];
    let digest = hasher.finish();
    for (to, from) in sha256.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    Ok(ExpectedEntry::File {
        size,
        sha256,
        // cargo compiles what it can read; bits say nothing.
        executable: None,
    })
}

/// A path below `name-version/`; none where it lies elsewhere.
fn below(path: &str, stem: &str) -> Option<String> {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let (first, rest) = parts.split_first()?;
    let is_plain = *first == stem && !path.starts_with('/') && !rest.contains(&"..");
    is_plain.then(|| rest.join("/"))
}
