//! Files of lines: written with their digest, and read with a bound on each line.

use super::{BackedFile, limit, refused};
use crate::{StoreError, folder};
use customs_model::{Digest, DigestAlgorithm, Hasher};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// A new file, and what was written to it so far.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Hasher,
    bytes: u64,
}

impl Writer {
    pub fn new(path: PathBuf) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let file = folder::private(&mut options)
            .open(&path)
            .map_err(StoreError::io("make", &path))?;
        Ok(Self {
            path,
            file: BufWriter::with_capacity(256 << 10, file),
            hasher: Hasher::new(DigestAlgorithm::Sha256),
            bytes: 0,
        })
    }

    pub fn line(&mut self, value: &impl Serialize) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(value).map_err(|e| refused(&self.path, e.to_string()))?;
        line.push(b'\n');
        self.write(&line)
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", &self.path))
    }

    /// Brings it to disk.
    pub fn end(mut self) -> Result<BackedFile, StoreError> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(StoreError::io("write", &self.path))?;
        let name = self.path.file_name().unwrap_or_default();
        Ok(BackedFile {
            name: name.to_string_lossy().into_owned(),
            bytes: self.bytes,
            digest: self.hasher.finish(),
        })
    }
}

/// Reads values, a line each.
pub(super) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl Reader {
    pub fn open(path: PathBuf) -> Result<Self, StoreError> {
        let file = File::open(&path).map_err(StoreError::io("read", &path))?;
        Ok(Self {
            path,
            file: BufReader::with_capacity(256 << 10, file),
            line: Vec::new(),
            number: 0,
        })
    }

    /// The next value; none at the end.
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.line.clear();
        let taken = (&mut self.file)
            .take(limit::LINE)
            .read_until(b'\n', &mut self.line)
            .map_err(StoreError::io("read", &self.path))?;
        if taken == 0 {
            return Ok(None);
        }
        self.number += 1;
        let value = serde_json::from_slice(&self.line);
        value.map(Some).map_err(|e| {
            refused(
                &self.path,
                format!(
                    "line {} cannot be read ({e}). A newer customs may have written it; use that \
                     one, or another backup",
                    self.number
                ),
            )
        })
    }
}

/// Copies a file, and says what it is. None: it went away meanwhile.
pub(super) fn copy(from: &Path, to: &Path) -> Result<Option<(u64, Digest)>, StoreError> {
    let mut file = match File::open(from) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::io("read", from)(e)),
    };
    if let Some(parent) = to.parent() {
        folder::make(parent)?;
    }
    let mut writer = Writer::new(to.to_owned())?;
    let mut piece = vec![0; 256 << 10];
    loop {
        let read = file
            .read(&mut piece)
            .map_err(StoreError::io("read", from))?;
        if read == 0 {
            break;
        }
        writer.write(piece.get(..read).unwrap_or_default())?;
    }
    let done = writer.end()?;
    Ok(Some((done.bytes, done.digest)))
}

/// What a file is.
pub(super) fn digest(path: &Path) -> Result<Option<(u64, Digest)>, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::io("read", path)(e)),
    };
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let mut piece = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let read = file
            .read(&mut piece)
            .map_err(StoreError::io("read", path))?;
        if read == 0 {
            return Ok(Some((bytes, hasher.finish())));
        }
        bytes += read as u64;
        hasher.update(piece.get(..read).unwrap_or_default());
    }
}
