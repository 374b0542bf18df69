//! The one place of this room that reads disks: a folder, one record, or an export.

use crate::osv::MOST_BYTES;
use crate::snapshot::{Builder, Snapshot};
use customs_model::{Timestamp, printable};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The bounds of one source. An export of one ecosystem holds some 220,000 records
/// and 1.2 GB of text.
const MOST_RECORDS: usize = 2_000_000;
const MOST_TOTAL: u64 = 16 << 30;
const DEEPEST: usize = 16;

/// Why a source gives no snapshot at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The path cannot be opened.
    #[error("advisories at {path}: {error}; check the path and its permissions")]
    Open {
        /// The path, printable.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// A file that is neither a record nor an export.
    #[error(
        "advisories at {path}: {why}; give a folder of OSV records, one .json record or an OSV export .zip"
    )]
    Kind {
        /// The path, printable.
        path: String,
        /// What it is instead.
        why: String,
    },
    /// Nothing in it is a record, which is more likely a wrong path than a quiet week.
    #[error(
        "advisories at {path}: nothing to read there{because}; give a folder of OSV records, one .json record or an OSV export .zip"
    )]
    Nothing {
        /// The path, printable.
        path: String,
        /// What was there instead.
        because: String,
    },
    /// More than a bound allows.
    #[error("advisories at {path}: more than {what}, which is more than customs loads")]
    TooMuch {
        /// The path, printable.
        path: String,
        /// The bound.
        what: &'static str,
    },
}

impl Snapshot {
    /// Reads a folder (recursively, every `.json`; links are not followed), a single
    /// record or an OSV export `.zip`. Malformed records are counted and named.
    ///
    /// # Errors
    /// Nothing could be read, nothing was there, or more than the bounds allow.
    pub fn from_path(path: &Path, now: Timestamp) -> Result<Self, LoadError> {
        let shown = printable(&path.to_string_lossy(), 200);
        let open = |error| LoadError::Open {
            path: shown.clone(),
            error,
        };
        let kind = std::fs::metadata(path).map_err(open)?;
        let mut load = Load {
            builder: Builder::new(&shown),
            path: shown.clone(),
            bytes: 0,
        };
        if kind.is_dir() {
            load.folder(path)?;
        } else {
            let file = File::open(path).map_err(open)?;
            match path.extension().and_then(|e| e.to_str()) {
                Some(e) if e.eq_ignore_ascii_case("zip") => load.export(file)?,
                Some(e) if e.eq_ignore_ascii_case("json") => load.single(&shown, file)?,
                _ => {
                    let why = "it is neither a folder nor a .json nor a .zip".to_owned();
                    return Err(LoadError::Kind { path: shown, why });
                }
            }
        }
        let snapshot = load.builder.finish(now);
        if snapshot.is_empty() && snapshot.elsewhere() == 0 {
            let because = match snapshot.problems().first() {
                Some(p) => format!(
                    " ({} malformed; {}: {})",
                    snapshot.malformed(),
                    p.name,
                    p.why
                ),
                None => String::new(),
            };
            return Err(LoadError::Nothing {
                path: shown,
                because,
            });
        }
        Ok(snapshot)
    }
}

struct Load {
    builder: Builder,
    path: String,
    bytes: u64,
}

impl Load {
    fn folder(&mut self, root: &Path) -> Result<(), LoadError> {
        let mut open: Vec<(PathBuf, usize)> = vec![(root.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if depth == 0 => {
                    return Err(LoadError::Open {
                        path: self.path.clone(),
                        error,
                    });
                }
                Err(error) => {
                    self.builder
                        .problem(&folder.to_string_lossy(), &error.to_string());
                    continue;
                }
            };
            for entry in entries.filter_map(Result::ok) {
                let name = entry.file_name();
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if kind.is_dir() && !name.as_encoded_bytes().starts_with(b".") {
                    if depth >= DEEPEST {
                        let why = "it lies deeper than 16 folders and was not read";
                        self.builder.problem(&entry.path().to_string_lossy(), why);
                        continue;
                    }
                    open.push((entry.path(), depth + 1));
                } else if kind.is_file() && name.as_encoded_bytes().ends_with(b".json") {
                    let path = entry.path();
                    let shown = path
                        .strip_prefix(root)
                        .unwrap_or(&path)
                        .to_string_lossy()
                        .into_owned();
                    match File::open(&path) {
                        Ok(file) => self.single(&shown, file)?,
                        Err(error) => self.builder.problem(&shown, &error.to_string()),
                    }
                }
            }
        }
        Ok(())
    }

    fn export(&mut self, file: File) -> Result<(), LoadError> {
        let kind = |why: String| LoadError::Kind {
            path: self.path.clone(),
            why,
        };
        let mut archive = zip::ZipArchive::new(io::BufReader::new(file))
            .map_err(|e| kind(printable(&format!("it is no readable .zip ({e})"), 200)))?;
        for at in 0..archive.len() {
            match archive.by_index(at) {
                Ok(entry) => {
                    let name = entry
                        .name()
                        .map_or_else(|_| format!("entry {at}"), |n| n.into_owned());
                    if entry.is_file() && name.ends_with(".json") {
                        self.single(&name, entry)?;
                    }
                }
                Err(error) => self
                    .builder
                    .problem(&format!("entry {at}"), &error.to_string()),
            }
        }
        Ok(())
    }

    fn single(&mut self, name: &str, reader: impl Read) -> Result<(), LoadError> {
        let mut bytes = Vec::new();
        // One more than allowed, so that what is too long is seen to be.
        let read = reader.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes);
        self.bytes += bytes.len() as u64;
        match read {
            Ok(_) => self.builder.add(name, &bytes),
            Err(error) => self.builder.problem(name, &error.to_string()),
        }
        let too_much = |what| {
            Err(LoadError::TooMuch {
                path: self.path.clone(),
                what,
            })
        };
        if self.builder.seen() > MOST_RECORDS {
            return too_much("2,000,000 records");
        }
        if self.bytes > MOST_TOTAL {
            return too_much("16 GiB of records");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
