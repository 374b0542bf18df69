//! What the lockfiles of a report promise: digests, and who depends on whom.

use crate::verify::report::Report;
use customs_device::tree::disk;
use customs_ecosystem::lockfile::{self, Graph, Kind, Source};
use customs_ecosystem::pypi;
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Version, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What one lockfile says of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promise {
    /// The digests that it promises.
    pub digests: BTreeSet<Digest>,
    /// What the release depends on.
    pub depends_on: BTreeSet<ReleaseId>,
}

/// One lockfile.
#[derive(Debug, Default)]
pub struct Lock {
    /// What the project calls itself in it.
    pub name: Option<String>,
    /// By release; the project's own members are not here.
    pub promises: BTreeMap<ReleaseId, Promise>,
}

/// The lockfiles of a report, by their paths in it.
#[derive(Debug, Default)]
pub struct Locks {
    all: BTreeMap<String, Lock>,
    /// Path and digest of each.
    pub digests: Vec<(String, Digest)>,
}

impl Locks {
    /// Reads them. What cannot be read is said in `notes`, safe to print.
    pub fn read(root: &Path, report: &Report, notes: &mut Vec<String>) -> Self {
        let mut locks = Self::default();
        let paths: BTreeSet<&String> = report
            .subjects
            .iter()
            .filter_map(|subject| subject.lockfile.as_ref())
            .collect();
        for path in paths {
            match read(&root.join(path)) {
                Ok((digest, lock)) => {
                    locks.digests.push((path.clone(), digest));
                    locks.all.insert(path.clone(), lock);
                }
                Err(why) => notes.push(format!("{}: {why}", printable(path, 200))),
            }
        }
        locks
    }

    /// One of them.
    pub fn get(&self, path: Option<&String>) -> Option<&Lock> {
        self.all.get(path?)
    }

    /// What the project calls itself in the first lockfile that lies at the top.
    pub fn name(&self) -> Option<&str> {
        let at_top = self.all.iter().filter(|(path, _)| !path.contains('/'));
        at_top.filter_map(|(_, lock)| lock.name.as_deref()).next()
    }
}

impl Lock {
    /// What it says of a release.
    pub fn promise(&self, release: &ReleaseId) -> Option<&Promise> {
        self.promises.get(&canonical(release))
    }
}

/// A release under the one spelling of its version: Python's `1.0-RC1` is `1.0rc1`.
pub fn canonical(release: &ReleaseId) -> ReleaseId {
    let package = &release.package;
    if package.ecosystem() != Ecosystem::PyPi {
        return release.clone();
    }
    let version = pypi::canonical(release.version.as_str());
    match version.and_then(|version| Version::new(&version).ok()) {
        Some(version) => ReleaseId::new(package.clone(), version),
        None => release.clone(),
    }
}

fn read(path: &Path) -> Result<(Digest, Lock), String> {
    let bytes = disk::read_up_to(path, lockfile::limit::BYTES as u64)
        .map_err(|error| format!("it cannot be read: {error}"))?
        .ok_or("it is longer than a lockfile that is read")?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let head = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    let kind = Kind::of_file_name(&name, head)
        .ok_or("it is no lockfile that is known, so what it promises is not in the record")?;
    let graph = Graph::read(kind, &bytes).map_err(|error| error.to_string())?;
    Ok((Digest::sha256(&bytes), lock_of(&graph)))
}

fn lock_of(graph: &Graph) -> Lock {
    let own = graph
        .importers
        .iter()
        .find(|importer| importer.path.is_empty());
    let mut lock = Lock {
        name: own.and_then(|importer| importer.name.clone()),
        promises: BTreeMap::new(),
    };
    let members: BTreeSet<&PackageName> = graph
        .lockfile
        .entries
        .iter()
        .filter(|entry| entry.source == Source::Path)
        .map(|entry| &entry.release.package)
        .collect();
    for entry in &graph.lockfile.entries {
        if entry.source == Source::Path {
            continue;
        }
        let promise = lock.promises.entry(canonical(&entry.release)).or_default();
        promise.digests.extend(entry.digests.iter().cloned());
    }
    for package in &graph.packages {
        let Some(release) = graph.release(package).map(canonical) else {
            continue;
        };
        let Some(promise) = lock.promises.get_mut(&release) else {
            continue;
        };
        let targets = package
            .asks
            .iter()
            .filter_map(|ask| graph.packages.get(ask.to?))
            .filter_map(|target| graph.release(target));
        // A member of the workspace is the project itself.
        let targets = targets.filter(|target| !members.contains(&target.package));
        promise.depends_on.extend(targets.map(canonical));
    }
    lock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockfile_says_digests_and_who_depends_on_whom() {
        let text = r#"{"name": "shop", "lockfileVersion": 3, "packages": {
            "": {"name": "shop", "dependencies": {"a": "^1"}},
            "node_modules/a": {"version": "1.0.0", "integrity": "sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=", "dependencies": {"b": "2"}},
            "node_modules/b": {"version": "2.0.0"}}}"#;
        let graph = Graph::read(Kind::PackageLock, text.as_bytes()).unwrap();
        let lock = lock_of(&graph);
        assert_eq!(lock.name.as_deref(), Some("shop"));
        let (a, b) = (
            "pkg:npm/a@1.0.0".parse().unwrap(),
            "pkg:npm/b@2.0.0".parse().unwrap(),
        );
        let promise = lock.promise(&a).unwrap();
        assert_eq!(promise.digests.len(), 1);
        assert_eq!(promise.depends_on, BTreeSet::from([b]));
    }

    #[test]
    fn a_version_of_python_has_one_spelling() {
        let spelled: ReleaseId = "pkg:pypi/six@1.0-RC1".parse().unwrap();
        let short: ReleaseId = "pkg:pypi/six@1.0rc1".parse().unwrap();
        assert_eq!(canonical(&spelled), canonical(&short));
        let npm: ReleaseId = "pkg:npm/six@1.0.0".parse().unwrap();
        assert_eq!(canonical(&npm), npm);
    }
}
