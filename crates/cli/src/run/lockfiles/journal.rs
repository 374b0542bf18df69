//! The way back: what was replaced in a lockfile, on disk before the lockfile changes.
//! A run that is killed leaves it for the next one; one that is alive keeps others away.

use crate::paths;
use customs_model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Journals that are looked through.
const MOST: usize = 1_000;

/// The folder of journals.
pub struct Journal {
    folder: PathBuf,
    own: u32,
}

/// What stands in the journal of one lockfile.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Entry {
    /// The lockfile.
    path: PathBuf,
    /// The process that led it to the gate.
    owner: u32,
    /// The gate's addresses with what they replaced.
    replaced: BTreeMap<String, String>,
}

impl Journal {
    /// Below the state folder.
    pub fn below(state: &Path) -> Self {
        Self {
            folder: state.join("lockfiles"),
            own: std::process::id(),
        }
    }

    fn file(&self, lockfile: &Path) -> PathBuf {
        let whole = absolute(lockfile);
        let name = Digest::sha256(whole.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.join(format!("{}.json", &name[..32]))
    }

    fn entry(&self, lockfile: &Path) -> Entry {
        let bytes = std::fs::read(self.file(lockfile)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Whether another run that is alive has led this lockfile to the gate: it gives it
    /// back, and nobody else does.
    pub fn is_anothers(&self, lockfile: &Path) -> bool {
        let owner = self.entry(lockfile).owner;
        owner != 0 && owner != self.own && lives(owner)
    }

    /// The gate's addresses in a lockfile, with what they replaced.
    pub fn of(&self, lockfile: &Path) -> BTreeMap<String, String> {
        self.entry(lockfile).replaced
    }

    /// Lockfiles that were led to the gate by processes that are gone.
    pub fn abandoned(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        entries
            .take(MOST)
            .filter_map(|file| std::fs::read(file.path()).ok())
            .filter_map(|bytes| serde_json::from_slice::<Entry>(&bytes).ok())
            .filter(|entry| !lives(entry.owner))
            .map(|entry| entry.path)
            .collect()
    }

    /// Adds to the journal of a lockfile; what stands there already stays.
    pub fn remember(&self, lockfile: &Path, replaced: &BTreeMap<String, String>) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut entry = self.entry(lockfile);
        entry.owner = self.own;
        entry.path = absolute(lockfile);
        entry.replaced.extend(
            replaced
                .iter()
                .map(|(there, url)| (there.clone(), url.clone())),
        );
        let bytes = serde_json::to_vec(&entry)?;
        paths::private_file(&self.file(lockfile), &bytes)
            .map_err(|e| io::Error::other(e.to_string()))
    }

    /// The lockfile has its own addresses again.
    pub fn forget(&self, lockfile: &Path) {
        // Most lockfiles never had one.
        let _ = std::fs::remove_file(self.file(lockfile));
    }
}

/// Whether a run is still there. Where that cannot be told it counts as gone.
fn lives(owner: u32) -> bool {
    customs_gate::process::lives(owner) == Some(true)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
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
        assert!(!next.is_anothers(lockfile), "it is this process's own");
        assert!(next.of(Path::new("other.lock")).is_empty());
        next.forget(lockfile);
        assert!(next.of(lockfile).is_empty());
    }

    #[test]
    fn a_lockfile_of_a_run_that_is_alive_is_left_alone_and_one_of_a_dead_run_is_not() {
        let state = tempfile::tempdir().unwrap();
        let lockfile = Path::new("yarn.lock");
        let by = |own| Journal {
            own,
            ..Journal::below(state.path())
        };
        by(std::process::id())
            .remember(lockfile, &BTreeMap::new())
            .unwrap();
        assert!(by(1_000_000_001).is_anothers(lockfile));
        by(1_000_000_002)
            .remember(lockfile, &BTreeMap::new())
            .unwrap();
        assert!(!by(1_000_000_001).is_anothers(lockfile));
    }
}
