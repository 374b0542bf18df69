//! The way back: what was replaced in a lockfile, on disk before the lockfile changes.
//! A run that is killed leaves it for the next one.

use crate::paths;
use customs_model::Digest;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of journals.
pub struct Journal {
    folder: PathBuf,
}

impl Journal {
    /// Below the state folder.
    pub fn below(state: &Path) -> Self {
        Self {
            folder: state.join("lockfiles"),
        }
    }

    fn file(&self, lockfile: &Path) -> PathBuf {
        let whole = std::path::absolute(lockfile).unwrap_or_else(|_| lockfile.to_owned());
        let name = Digest::sha256(whole.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.join(format!("{}.json", &name[..32]))
    }

    /// What stands in the journal of a lockfile: the gate's addresses with what they
    /// replaced.
    pub fn of(&self, lockfile: &Path) -> BTreeMap<String, String> {
        let bytes = std::fs::read(self.file(lockfile)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Adds to the journal of a lockfile; what stands there already stays.
    pub fn remember(&self, lockfile: &Path, replaced: &BTreeMap<String, String>) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut all = self.of(lockfile);
        all.extend(
            replaced
                .iter()
                .map(|(there, url)| (there.clone(), url.clone())),
        );
        let bytes = serde_json::to_vec(&all)?;
        paths::private_file(&self.file(lockfile), &bytes)
            .map_err(|e| io::Error::other(e.to_string()))
    }

    /// The lockfile has its own addresses again.
    pub fn forget(&self, lockfile: &Path) {
        // Most lockfiles never had one.
        let _ = std::fs::remove_file(self.file(lockfile));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_is_found_by_the_next_run() {
        let state = tempfile::tempdir().unwrap();
        let lockfile = Path::new("yarn.lock");
        let replaced = BTreeMap::from([("there".to_owned(), "here".to_owned())]);
        Journal::below(state.path())
            .remember(lockfile, &replaced)
            .unwrap();
        let next = Journal::below(state.path());
        assert_eq!(next.of(lockfile), replaced);
        assert!(next.of(Path::new("other.lock")).is_empty());
        next.forget(lockfile);
        assert!(next.of(lockfile).is_empty());
    }
}
