//! What was seen of each package, kept between watches in the state folder.
//!
//! The first look at a package is a baseline: it tells nothing. What was published while
//! nobody watched is told by the next watch.

use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::PackageName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

const SCHEMA: &str = "customs.watch-state/1";
/// Bytes of the file that are read.
const LONGEST: u64 = 512 << 20;

/// What was seen.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    schema: String,
    packages: BTreeMap<PackageName, Package>,
}

/// What was seen of one package.
#[derive(Debug, Serialize, Deserialize)]
struct Package {
    /// The registry: another one may hold another package under this name.
    from: String,
    /// Versions; on PyPI files. One that vanishes stays: when it comes back it is not new.
    keys: BTreeSet<String>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            packages: BTreeMap::new(),
        }
    }
}

impl Seen {
    /// Reads the file; without one nothing was seen.
    ///
    /// # Errors
    /// It cannot be read. Beginning anew would pass over what was published meanwhile,
    /// so that is left to whoever deletes it.
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let broken = |why: &dyn std::fmt::Display| {
            Failure::work(format!(
                "cannot read what was seen before ({}): {why}; delete the file to begin anew",
                path.display()
            ))
        };
        match std::fs::metadata(path) {
            Ok(meta) if meta.len() > LONGEST => return Err(broken(&"it is too long")),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(broken(&error)),
        }
        let bytes = std::fs::read(path).map_err(|error| broken(&error))?;
        let seen: Self = serde_json::from_slice(&bytes).map_err(|error| broken(&error))?;
        if seen.schema != SCHEMA {
            return Err(broken(&"another version of customs wrote it"));
        }
        Ok(seen)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn save(&self, path: &Path) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(self).doing("write what was seen")?;
        paths::private_file(path, &bytes)
    }

    /// What was seen of a package at this registry; none before the first look.
    pub(super) fn before(&self, package: &PackageName, from: &str) -> Option<&BTreeSet<String>> {
        let known = self.packages.get(package)?;
        (known.from == from).then_some(&known.keys)
    }

    /// The first look at a package.
    pub(super) fn begin(&mut self, package: &PackageName, from: &str, keys: BTreeSet<String>) {
        let known = Package {
            from: from.to_owned(),
            keys,
        };
        self.packages.insert(package.clone(), known);
    }

    /// These were told.
    pub(super) fn add(&mut self, package: &PackageName, keys: &BTreeSet<String>) {
        if let Some(known) = self.packages.get_mut(package) {
            known.keys.extend(keys.iter().cloned());
        }
    }
}

/// The file below the state folder, held by one watch at a time: two would each write
/// only what they saw themselves.
pub(super) struct Place {
    /// The file.
    pub(super) path: PathBuf,
    _lock: File,
}

impl Place {
    /// Takes it.
    ///
    /// # Errors
    /// Another watch has it, or the folder cannot be written.
    pub(super) fn take(state: &Path) -> Result<Self, Failure> {
        let path = state.join("watch.lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .doing(format_args!("open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: state.join("watch.json"),
                _lock: lock,
            }),
            Err(std::fs::TryLockError::WouldBlock) => Err(Failure::usage(
                "another `customs watch` is running; name all lockfiles in one, or give this one \
                 a state folder of its own (CUSTOMS_STATE_DIR)",
            )),
            Err(std::fs::TryLockError::Error(error)) => Err(Failure::work(format!(
                "cannot lock {}: {error}",
                path.display()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Ecosystem;

    fn keys(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn what_was_seen_is_there_again_for_the_next_watch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.json");
        let package = PackageName::new(Ecosystem::Npm, "@babel/core").unwrap();
        let mut seen = Seen::load(&path).unwrap();
        assert_eq!(seen.before(&package, "registry.example/"), None);
        seen.begin(&package, "registry.example/", keys(&["1.0.0"]));
        seen.add(&package, &keys(&["1.0.1"]));
        seen.save(&path).unwrap();

        let again = Seen::load(&path).unwrap();
        let before = again.before(&package, "registry.example/");
        assert_eq!(before, Some(&keys(&["1.0.0", "1.0.1"])));
        // Another registry, another package.
        assert_eq!(again.before(&package, "mirror.example/"), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_fresh_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.json");
        for text in [
            "",
            "{}",
            r#"{"schema": "customs.watch-state/9", "packages": {}}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            let failure = Seen::load(&path).unwrap_err();
            assert!(failure.to_string().contains("begin anew"), "{failure}");
        }
    }

    #[test]
    fn two_watches_do_not_share_a_state_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = Place::take(folder.path()).unwrap();
        assert!(Place::take(folder.path()).is_err());
        drop(first);
        assert!(Place::take(folder.path()).is_ok());
    }
}
