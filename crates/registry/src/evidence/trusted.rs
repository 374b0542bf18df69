//! The roots and keys that the user trusts: those of the program, and those of the folder that
//! `customs trust update` writes.

use customs_model::{Digest, printable};
use customs_origin::roots::{GITHUB_ROOT, NPM_KEYS, TRUSTED_ROOT, TrustError};
use customs_origin::{Trust, TrustFiles};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one file of the folder. The readers of roots and keys have the same bound.
const LONGEST: u64 = 1 << 20;

/// Roots and keys under a name of their own: what was verified by others may have to be again.
#[derive(Debug, Clone)]
pub struct Trusted {
    trust: Arc<Trust>,
    name: Arc<str>,
}

/// The folder could not be used. What came with the program is.
#[derive(Debug, thiserror::Error)]
pub enum TrustFolderError {
    /// A file of it cannot be read.
    #[error("{path} cannot be read: {why}")]
    Disk {
        /// The file, safe to print.
        path: String,
        /// The system's reason.
        why: io::Error,
    },
    /// A file of it holds no roots or keys.
    #[error("the roots of trust in {folder} cannot be used: {why}; delete that file")]
    Content {
        /// The folder, safe to print.
        folder: String,
        /// What is wrong.
        why: TrustError,
    },
}

/// A folder of trust, read again when it changes.
#[derive(Debug)]
pub struct TrustFolder {
    folder: PathBuf,
    last: Mutex<Option<Trusted>>,
}

impl Trusted {
    /// Roots and keys, under the name of the files that they were read from.
    pub fn new(trust: Trust, files: &TrustFiles) -> Self {
        Self {
            trust: Arc::new(trust),
            name: name(files).into(),
        }
    }

    /// The roots and keys.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Their name: another one where any of them is another.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl TrustFolder {
    /// This folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            last: Mutex::default(),
        }
    }

    /// What is trusted now.
    ///
    /// # Errors
    /// A file that is there cannot be used: it is never passed over in silence.
    pub fn load(&self) -> Result<Trusted, TrustFolderError> {
        let files = self.files()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| *last.name == *name(&files)) {
            return Ok(last.clone());
        }
        let trust = Trust::from_files(&files).map_err(|why| TrustFolderError::Content {
            folder: shown(&self.folder),
            why,
        })?;
        let now = Trusted::new(trust, &files);
        *last = Some(now.clone());
        Ok(now)
    }

    /// The files of the folder, as far as they are there.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn files(&self) -> Result<TrustFiles, TrustFolderError> {
        let file = |name: &str| {
            let path = self.folder.join(name);
            trust_file(&path).map_err(|why| TrustFolderError::Disk {
                path: shown(&path),
                why,
            })
        };
        Ok(TrustFiles {
            trusted_root: file(TRUSTED_ROOT)?,
            github_root: file(GITHUB_ROOT)?,
            npm_keys: file(NPM_KEYS)?,
        })
    }
}

fn name(files: &TrustFiles) -> String {
    let all = [&files.trusted_root, &files.github_root, &files.npm_keys];
    let each = all.map(|file| {
        let bytes = file.as_deref();
        bytes.map_or_else(|| "-".to_owned(), |bytes| Digest::sha256(bytes).to_hex())
    });
    each.join(" ")
}

/// A file of roots or keys; none where there is none.
///
/// # Errors
/// It cannot be read, or is longer than the readers of roots and keys take.
pub fn trust_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        let why = format!("it has more than {LONGEST} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(Some(bytes))
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_trusts_what_came_with_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let trust = TrustFolder::new(folder.path().join("trust"))
            .load()
            .unwrap();
        assert!(!trust.trust().keys.all().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_what_is_new_is_taken_when_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let trust = TrustFolder::new(folder.path());
        let before = trust.load().unwrap();
        assert_eq!(trust.load().unwrap().name(), before.name());
        std::fs::write(folder.path().join(NPM_KEYS), b"{}").unwrap();
        let error = trust.load().unwrap_err().to_string();
        assert!(error.contains(NPM_KEYS), "{error}");
        std::fs::write(folder.path().join(NPM_KEYS), vec![b' '; (1 << 20) + 1]).unwrap();
        let error = trust.load().unwrap_err().to_string();
        assert!(error.contains("more than"), "{error}");
        std::fs::remove_file(folder.path().join(NPM_KEYS)).unwrap();
        assert_eq!(trust.load().unwrap().name(), before.name());
    }
}
