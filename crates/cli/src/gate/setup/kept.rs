//! What stood in a file before it was written, kept beside what was written there.

use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::Digest;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a client's configuration.
const LARGEST: u64 = 4 << 20;

/// The folder of what is kept.
pub struct Kept(PathBuf);

/// What putting back came to.
pub enum Back {
    /// Nothing was written there.
    NotOurs,
    /// It is as before.
    Done,
    /// Somebody else wrote there since.
    Edited,
}

impl Kept {
    /// Below the state folder.
    pub fn at(state: &Path) -> Self {
        Self(state.join("setup"))
    }

    fn name(&self, file: &Path, end: &str) -> PathBuf {
        let name = Digest::sha256(file.as_os_str().as_encoded_bytes()).to_hex();
        self.0.join(format!("{}.{end}", &name[..16]))
    }

    /// Where what stood there before lies.
    pub fn before_of(&self, file: &Path) -> PathBuf {
        self.name(file, "before")
    }

    /// What stands in a file, or stood there before it was written; none: no file.
    pub fn original(&self, file: &Path) -> Result<Option<Vec<u8>>, Failure> {
        match self.is_ours(file)? {
            true => read(&self.before_of(file)),
            false => read(file),
        }
    }

    /// Whether a file is as it was written here.
    fn is_ours(&self, file: &Path) -> Result<bool, Failure> {
        let Some(written) = read(&self.name(file, "written"))? else {
            return Ok(false);
        };
        let now = read(file)?.map(|bytes| Digest::sha256(&bytes).to_string());
        Ok(now.is_some_and(|now| now.as_bytes() == written))
    }

    /// Writes a file, and keeps what stood there.
    pub fn write(&self, file: &Path, before: Option<Vec<u8>>, after: &[u8]) -> Result<(), Failure> {
        paths::private_folder(&self.0)?;
        match &before {
            Some(bytes) => paths::private_file(&self.before_of(file), bytes)?,
            None => remove(&self.before_of(file))?,
        }
        let digest = Digest::sha256(after).to_string();
        paths::private_file(&self.name(file, "written"), digest.as_bytes())?;
        replace(file, after)
    }

    /// Puts back what stood there.
    pub fn put_back(&self, file: &Path) -> Result<Back, Failure> {
        let written = self.name(file, "written");
        if !written.exists() {
            return Ok(Back::NotOurs);
        }
        if !self.is_ours(file)? {
            return Ok(Back::Edited);
        }
        match read(&self.before_of(file))? {
            Some(before) => replace(file, &before)?,
            None => remove(file)?,
        }
        remove(&written)?;
        remove(&self.before_of(file))?;
        Ok(Back::Done)
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::metadata(file) {
        Ok(meta) if meta.len() > LARGEST => {
            return Err(Failure::usage(format!(
                "{} is larger than 4 MiB",
                file.display()
            )));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::work(format!(
                "cannot read {}: {error}",
                file.display()
            )));
        }
    }
    let bytes = std::fs::read(file).doing(format_args!("read {}", file.display()))?;
    Ok(Some(bytes))
}

fn remove(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::work(format!(
            "cannot remove {}: {error}",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all. It has a token in it, so a new one is its user's alone; one
/// that was there keeps its rights, and a link leads where it led.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let doing = format!("write {}", file.display());
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).doing(&doing)?;
    let mut written = tempfile::NamedTempFile::new_in(folder).doing(&doing)?;
    written.write_all(bytes).doing(&doing)?;
    if let Ok(meta) = std::fs::metadata(&file) {
        written
            .as_file()
            .set_permissions(meta.permissions())
            .doing(&doing)?;
    }
    written
        .persist(&file)
        .map_err(|error| error.error)
        .doing(&doing)?;
    Ok(())
}
