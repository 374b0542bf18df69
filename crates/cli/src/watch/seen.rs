//! What was seen of each package, kept between watches in the state folder.
//!
//! The first look at a package is a baseline: it tells nothing. What was published while
//! nobody watched is told by the next watch.

use super::altered::Known;
use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::{Digest, PackageName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

const SCHEMA: &str = "customs.watch-state/1";
/// Bytes of the file that are read.
const LONGEST: u64 = 512 << 20;

/// Registries of one package that are remembered beside the first.
const REGISTRIES: usize = 8;
/// The end of "it was …" for a digest that a watch saw.
const AT_FIRST: &str = "at the first look";

/// What was seen.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    schema: String,
    packages: BTreeMap<PackageName, Package>,
    /// The same at registries that a package was taken from later. The first one stays what
    /// others are compared with.
    #[serde(default)]
    moved: BTreeMap<PackageName, Vec<Package>>,
    /// Other contents that were told, by version or file.
    #[serde(default)]
    altered: BTreeMap<PackageName, BTreeMap<String, BTreeSet<Digest>>>,
}

/// What was seen of one package.
#[derive(Debug, Serialize, Deserialize)]
struct Package {
    /// The registry: another one may hold another package under this name.
    from: String,
    /// Versions; on PyPI files. One that vanishes stays: when it comes back it is not new.
    keys: BTreeSet<String>,
    /// The digest of each that was named first.
    #[serde(default)]
    digests: BTreeMap<String, Digest>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            packages: BTreeMap::new(),
            moved: BTreeMap::new(),
            altered: BTreeMap::new(),
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
        self.at(package, from).map(|known| &known.keys)
    }

    /// The first look at a package at this registry. Where another registry had it before, that
    /// one's name: digests that were named there stay the first ones.
    pub(super) fn begin(
        &mut self,
        package: &PackageName,
        from: &str,
        keys: BTreeSet<String>,
        mut digests: BTreeMap<String, Digest>,
    ) -> Option<String> {
        let first = self
            .packages
            .get(package)
            .filter(|first| first.from != from);
        let before = first.map(|first| first.from.clone());
        if let Some(first) = first {
            for (key, digest) in &mut digests {
                if let Some(known) = first.digests.get(key) {
                    digest.clone_from(known);
                }
            }
        }
        let known = Package {
            from: from.to_owned(),
            keys,
            digests,
        };
        if before.is_none() {
            self.packages.insert(package.clone(), known);
        } else {
            let moved = self.moved.entry(package.clone()).or_default();
            moved.retain(|other| other.from != from);
            if moved.len() >= REGISTRIES {
                moved.remove(0);
            }
            moved.push(known);
        }
        before
    }

    /// The digests that were named first.
    pub(super) fn firsts(
        &self,
        package: &PackageName,
        from: &str,
    ) -> impl Iterator<Item = Known<'_>> {
        let digests = self.at(package, from).map(|known| &known.digests);
        digests.into_iter().flatten().map(|(key, digest)| Known {
            key,
            digest,
            by: AT_FIRST,
        })
    }

    /// Takes the digests of what was seen and has none yet. Whether there was one.
    pub(super) fn adopt(
        &mut self,
        package: &PackageName,
        from: &str,
        digests: BTreeMap<String, Digest>,
    ) -> bool {
        let mut is_changed = false;
        for known in self.all_mut(package).filter(|known| known.from == from) {
            for (key, digest) in &digests {
                if known.keys.contains(key) && !known.digests.contains_key(key) {
                    known.digests.insert(key.clone(), digest.clone());
                    is_changed = true;
                }
            }
        }
        is_changed
    }

    /// These were told, with these digests.
    pub(super) fn add(
        &mut self,
        package: &PackageName,
        keys: &BTreeSet<String>,
        digests: &BTreeMap<String, Digest>,
    ) {
        for known in self.all_mut(package) {
            known.keys.extend(keys.iter().cloned());
            for (key, digest) in digests {
                let first = known.digests.entry(key.clone());
                first.or_insert_with(|| digest.clone());
            }
        }
    }

    /// Whether it was told that something has this content now.
    pub(super) fn was_told(&self, package: &PackageName, key: &str, now: &Digest) -> bool {
        let told = self.altered.get(package).and_then(|all| all.get(key));
        told.is_some_and(|told| told.contains(now))
    }

    /// It was told that something has this content now. The first one stays.
    pub(super) fn told(&mut self, package: &PackageName, key: &str, now: &Digest) {
        let all = self.altered.entry(package.clone()).or_default();
        all.entry(key.to_owned()).or_default().insert(now.clone());
    }

    fn at(&self, package: &PackageName, from: &str) -> Option<&Package> {
        let moved = self.moved.get(package).into_iter().flatten();
        let mut all = self.packages.get(package).into_iter().chain(moved);
        all.find(|known| known.from == from)
    }

    fn all_mut(&mut self, package: &PackageName) -> impl Iterator<Item = &mut Package> {
        let moved = self.moved.get_mut(package).into_iter().flatten();
        self.packages.get_mut(package).into_iter().chain(moved)
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
        seen.begin(
            &package,
            "registry.example/",
            keys(&["1.0.0"]),
            digests(&[("1.0.0", "one")]),
        );
        seen.add(&package, &keys(&["1.0.1"]), &digests(&[("1.0.1", "two")]));
        seen.save(&path).unwrap();

        let again = Seen::load(&path).unwrap();
        let before = again.before(&package, "registry.example/");
        assert_eq!(before, Some(&keys(&["1.0.0", "1.0.1"])));
        // Another registry, another package.
        assert_eq!(again.before(&package, "mirror.example/"), None);
    }

    #[test]
    fn the_first_digest_stays_whatever_comes_later() {
        let package = PackageName::new(Ecosystem::Npm, "a").unwrap();
        let mut seen = Seen::default();
        let (old, new) = (digests(&[("1.0.0", "old")]), digests(&[("1.0.0", "new")]));
        seen.begin(&package, "a.example/", keys(&["1.0.0"]), BTreeMap::new());
        assert!(seen.adopt(&package, "a.example/", old.clone()));
        assert!(!seen.adopt(&package, "a.example/", new.clone()));
        seen.add(&package, &keys(&["1.0.0"]), &new);
        assert_eq!(firsts(&seen, &package, "a.example/"), old);

        assert!(!seen.was_told(&package, "1.0.0", &new["1.0.0"]));
        seen.told(&package, "1.0.0", &new["1.0.0"]);
        assert!(seen.was_told(&package, "1.0.0", &new["1.0.0"]));
        assert!(!seen.was_told(&package, "1.0.0", &old["1.0.0"]));
    }

    #[test]
    fn a_package_that_moves_to_another_registry_is_compared_with_the_first() {
        let package = PackageName::new(Ecosystem::Npm, "a").unwrap();
        let mut seen = Seen::default();
        let (old, new) = (digests(&[("1.0.0", "old")]), digests(&[("1.0.0", "new")]));
        let all = || keys(&["1.0.0"]);
        assert_eq!(seen.begin(&package, "a.example/", all(), old.clone()), None);
        let moved = seen.begin(&package, "b.example/", all(), new);
        assert_eq!(moved.as_deref(), Some("a.example/"));
        assert_eq!(firsts(&seen, &package, "b.example/"), old);
        // Back again: the first look there was long ago.
        assert!(seen.before(&package, "a.example/").is_some());
    }

    fn digests(all: &[(&str, &str)]) -> BTreeMap<String, Digest> {
        let digest =
            |(key, content): &(&str, &str)| ((*key).to_owned(), Digest::sha256(content.as_bytes()));
        all.iter().map(digest).collect()
    }

    fn firsts(seen: &Seen, package: &PackageName, from: &str) -> BTreeMap<String, Digest> {
        let firsts = seen.firsts(package, from);
        firsts
            .map(|known| (known.key.to_owned(), known.digest.clone()))
            .collect()
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
