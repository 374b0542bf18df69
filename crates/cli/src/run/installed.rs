//! What is installed, as each client's own record or tree says: for naming what came
//! from a client's cache and not through the gate.

use crate::client::on_path;
use crate::process;
use customs_ecosystem::lockfile::{self, Kind, Source};
use customs_model::{Ecosystem, PackageName, ReleaseId, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// What is installed at one moment.
#[derive(Debug, Default)]
pub struct Installed {
    places: BTreeMap<PathBuf, Place>,
}

/// One project or Python environment.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    /// When its tree was last written by an install.
    written: Option<SystemTime>,
    releases: BTreeSet<ReleaseId>,
}

impl Installed {
    /// Looks into the projects in these folders, and into Python's environments. `sites`
    /// are folders of installed Python packages outside of them.
    pub fn look(folders: &[PathBuf], sites: &[PathBuf]) -> Self {
        let mut places = BTreeMap::new();
        for folder in folders {
            let releases = by_record(folder)
                .into_iter()
                .chain(by_lockfile(folder))
                .collect();
            places.insert(
                folder.clone(),
                Place {
                    written: written(folder),
                    releases,
                },
            );
        }
        let environments = environments(folders);
        let sites = sites.iter().cloned();
        for site in environments.iter().flat_map(|e| sites_of(e)).chain(sites) {
            let releases = by_dist_info(&site).into_iter().collect();
            places.insert(
                site,
                Place {
                    written: None,
                    releases,
                },
            );
        }
        Self { places }
    }

    /// What was installed since an earlier look: everything in a tree that was written
    /// again (`npm ci` makes the same tree anew), the difference elsewhere.
    pub fn since(&self, before: &Self) -> BTreeSet<ReleaseId> {
        let mut new = BTreeSet::new();
        for (path, place) in &self.places {
            let earlier = before.places.get(path);
            let anew = earlier.is_none_or(|earlier| earlier.written != place.written);
            let known = earlier.filter(|_| !anew).map(|earlier| &earlier.releases);
            let is_new =
                |release: &&ReleaseId| !known.is_some_and(|known| known.contains(*release));
            new.extend(place.releases.iter().filter(is_new).cloned());
        }
        new
    }
}

/// The records that clients write when they have installed.
fn written(folder: &Path) -> Option<SystemTime> {
    [
        ".package-lock.json",
        ".modules.yaml",
        ".yarn-integrity",
        ".yarn-state.yml",
        "",
    ]
    .iter()
    .filter_map(|record| {
        folder
            .join("node_modules")
            .join(record)
            .metadata()
            .ok()?
            .modified()
            .ok()
    })
    .max()
}

/// npm and pnpm keep a record inside the tree.
fn by_record(folder: &Path) -> Vec<ReleaseId> {
    let records = [
        ("node_modules/.package-lock.json", Kind::PackageLock),
        ("node_modules/.pnpm/lock.yaml", Kind::PnpmLock),
    ];
    records
        .iter()
        .flat_map(|(record, kind)| locked(&folder.join(record), *kind))
        .collect()
}

/// yarn and bun keep none: what the lockfile names and the tree has a folder for. What
/// cargo has locked it has unpacked in its own home.
fn by_lockfile(folder: &Path) -> Vec<ReleaseId> {
    let tree = folder.join("node_modules");
    let mut releases = Vec::new();
    for name in ["yarn.lock", "bun.lock"] {
        let path = folder.join(name);
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let head = &text.as_bytes()[..text.len().min(400)];
        let Some(kind) = Kind::of_file_name(name, head) else {
            continue;
        };
        let there = |release: &ReleaseId| tree.join(release.package.as_str()).is_dir();
        releases.extend(locked(&path, kind).into_iter().filter(there));
    }
    if folder.join("target").is_dir() {
        releases.extend(locked(&folder.join("Cargo.lock"), Kind::CargoLock));
    }
    releases
}

fn locked(path: &Path, kind: Kind) -> Vec<ReleaseId> {
    let bytes = match std::fs::metadata(path) {
        Ok(meta) if meta.len() <= lockfile::limit::BYTES as u64 => std::fs::read(path),
        _ => return Vec::new(),
    };
    let read = bytes
        .ok()
        .and_then(|bytes| lockfile::read(kind, &bytes).ok());
    let entries = read.map(|read| read.entries).unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry.source == Source::Registry)
        .map(|entry| entry.release)
        .collect()
}

/// Python environments: the active one, and `.venv` of the projects.
fn environments(folders: &[PathBuf]) -> BTreeSet<PathBuf> {
    let active = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let own = folders.iter().map(|folder| folder.join(".venv"));
    active
        .into_iter()
        .chain(own)
        .filter(|folder| folder.is_dir())
        .collect()
}

/// How long an interpreter may take to say where its packages lie.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where pip installs outside of an environment, for commands that may call it: the
/// interpreter says it. Empty where there is none, or it does not say.
pub fn sites_outside(command: &[OsString]) -> Vec<PathBuf> {
    let may_call = |word: &OsString| {
        let word = word.to_string_lossy();
        ["pip", "python", "uv"]
            .iter()
            .any(|name| word.contains(name))
    };
    if std::env::var_os("VIRTUAL_ENV").is_some() || !command.iter().any(may_call) {
        return Vec::new();
    }
    let Some(python) = ["python3", "python"].iter().find_map(|name| on_path(name)) else {
        return Vec::new();
    };
    let mut ask = Command::new(python);
    ask.args([
        "-c",
        "import site; print('\\n'.join(site.getsitepackages() + [site.getusersitepackages()]))",
    ]);
    let words = process::words(ask, PATIENCE).ok().flatten();
    let words = words.unwrap_or_default();
    let folders = words.lines().map(PathBuf::from);
    folders
        .filter(|folder| folder.is_absolute())
        .take(8)
        .collect()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).take(20_000).collect()
}

/// Where an environment keeps its packages.
fn sites_of(environment: &Path) -> Vec<PathBuf> {
    let versions = below(&environment.join("lib"));
    std::iter::once(environment.join("Lib/site-packages"))
        .chain(versions.into_iter().map(|p| p.join("site-packages")))
        .collect()
}

fn by_dist_info(site: &Path) -> Vec<ReleaseId> {
    let names = below(site);
    names
        .into_iter()
        .filter_map(|path| of_dist_info(path.file_name()?.to_str()?))
        .collect()
}

/// `name-version.dist-info`.
fn of_dist_info(name: &str) -> Option<ReleaseId> {
    let (name, version) = name.strip_suffix(".dist-info")?.split_once('-')?;
    let package = PackageName::new(Ecosystem::PyPi, name).ok()?;
    Some(ReleaseId::new(package, Version::new(version).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dist_info_folder_names_a_release() {
        assert_eq!(
            of_dist_info("charset_normalizer-3.5.2.dist-info")
                .unwrap()
                .spoken(),
            "charset-normalizer@3.5.2"
        );
        assert_eq!(of_dist_info("pip"), None);
        assert_eq!(of_dist_info("a.dist-info"), None);
    }
}
