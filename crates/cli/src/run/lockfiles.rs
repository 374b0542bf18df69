//! Lockfiles in reach: judged before the command starts, led to the gate while it runs,
//! given back their own addresses afterwards.
//!
//! yarn 1, bun and uv fetch the addresses that their lockfile names, and write the
//! address of whatever served them. The gate must not be led past, and must never stand
//! in a lockfile.

use crate::paths;
use customs_ecosystem::lockfile::{self, Kind, Source};
use customs_gate::{file_url_to_gate, file_url_to_upstream};
use customs_model::ReleaseId;
use customs_registry::Upstreams;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Names of lockfiles that are looked for.
const NAMES: [&str; 10] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "uv.lock",
    "poetry.lock",
    "pylock.toml",
    "requirements.txt",
    "Cargo.lock",
];

/// The lockfiles of a project.
pub struct Lockfiles {
    folders: Vec<PathBuf>,
    gate: String,
    npm: Option<String>,
    pypi: Vec<String>,
    /// What was replaced, to be put back to the byte.
    replaced: BTreeMap<String, String>,
    /// Installed when the run began.
    pub installed_before: BTreeSet<ReleaseId>,
    /// What went wrong, a sentence each.
    pub problems: Vec<String>,
}

impl Lockfiles {
    /// Those of the current folder and of the folders above it, up to the repository's
    /// root.
    pub fn in_reach(here: &Path, gate: &str, upstreams: &Upstreams) -> Self {
        let mut folders = Vec::new();
        for folder in here.ancestors() {
            folders.push(folder.to_owned());
            if folder.join(".git").exists() || paths::user_home().as_deref() == Some(folder) {
                break;
            }
        }
        let mut lockfiles = Self {
            folders,
            gate: gate.to_owned(),
            npm: upstreams.npm.as_ref().map(|u| u.base.to_string()),
            pypi: upstreams
                .pypi
                .iter()
                .map(|u| u.base.as_str().trim_end_matches('/').to_owned())
                .collect(),
            replaced: BTreeMap::new(),
            installed_before: BTreeSet::new(),
            problems: Vec::new(),
        };
        // What an earlier run could not put back, because it was killed.
        lockfiles.from_gate();
        lockfiles.installed_before = lockfiles.installed(here);
        lockfiles
    }

    fn files(&self) -> Vec<(PathBuf, Kind, String)> {
        let candidates = self
            .folders
            .iter()
            .flat_map(|f| NAMES.iter().map(move |n| f.join(n)));
        candidates
            .filter(|path| {
                std::fs::metadata(path)
                    .is_ok_and(|m| m.is_file() && m.len() <= lockfile::limit::BYTES as u64)
            })
            .filter_map(|path| {
                let text = std::fs::read_to_string(&path).ok()?;
                let head = &text.as_bytes()[..text.len().min(400)];
                let kind = Kind::of_file_name(path.file_name()?.to_str()?, head)?;
                Some((path, kind, text))
            })
            .collect()
    }

    /// The registry releases that they name.
    pub fn releases(&mut self) -> BTreeSet<ReleaseId> {
        let mut releases = BTreeSet::new();
        for (path, kind, text) in self.files() {
            match lockfile::read(kind, text.as_bytes()) {
                Ok(read) => releases.extend(from_registry(read)),
                Err(error) => self.problems.push(format!("{}: {error}", path.display())),
            }
        }
        releases
    }

    /// What trees say is installed: the record that each client keeps beside its tree.
    pub fn installed(&self, here: &Path) -> BTreeSet<ReleaseId> {
        let mut releases = BTreeSet::new();
        for folder in self.folders.iter().map(PathBuf::as_path).chain([here]) {
            for record in [
                "node_modules/.package-lock.json",
                "node_modules/.pnpm/lock.yaml",
            ] {
                let path = folder.join(record);
                let Ok(text) = std::fs::read_to_string(&path) else {
                    continue;
                };
                let kind = if record.ends_with("yaml") {
                    Kind::PnpmLock
                } else {
                    Kind::PackageLock
                };
                if let Ok(read) = lockfile::read(kind, text.as_bytes()) {
                    releases.extend(from_registry(read));
                }
            }
            releases.extend(node_modules_by_lockfile(folder));
        }
        releases
    }

    /// Leads every address that a client would fetch as written to the gate.
    pub fn toward_gate(&mut self) {
        for (path, kind, text) in self.files() {
            // npm's own addresses are replaced by npm itself; cargo's name no host to fetch.
            if !matches!(
                kind,
                Kind::YarnClassic | Kind::BunLock | Kind::UvLock | Kind::PnpmLock | Kind::YarnBerry
            ) {
                continue;
            }
            let mut replaced = BTreeMap::new();
            let rewritten = lockfile::toward_gate(kind, &text, &|url| self.to_gate(kind, url));
            match rewritten {
                Ok(new) if new.changed > 0 => {
                    if let Ok(urls) = lockfile::url_positions(kind, &text) {
                        for at in urls {
                            if let Some(there) = self.to_gate(kind, &at.url) {
                                replaced.insert(there, at.url.clone());
                            }
                        }
                    }
                    self.replaced.append(&mut replaced);
                    self.write(&path, &new.text);
                }
                Ok(_) => {}
                Err(error) => self.problems.push(format!("{}: {error}", path.display())),
            }
        }
    }

    /// Gives them back their own addresses.
    pub fn from_gate(&mut self) {
        for (path, kind, text) in self.files() {
            if lockfile::mentions(&text, &self.gate).is_empty() {
                continue;
            }
            match lockfile::from_gate(kind, &text, &|url| self.to_upstream(kind, url)) {
                Ok(new) => {
                    if !lockfile::mentions(&new.text, &self.gate).is_empty() {
                        self.problems.push(format!(
                            "{} still names the gate ({}); take the address out by hand",
                            path.display(),
                            self.gate
                        ));
                    }
                    if new.changed > 0 {
                        self.write(&path, &new.text);
                    }
                }
                Err(error) => self.problems.push(format!("{}: {error}", path.display())),
            }
        }
    }

    fn to_gate(&self, kind: Kind, url: &str) -> Option<String> {
        if url.starts_with(&self.gate) || !url.starts_with("http") {
            return None;
        }
        if kind == Kind::UvLock {
            let index = url.trim_end_matches('/');
            if self.pypi.iter().any(|i| i == index) {
                return Some(format!("{}/-/pypi/simple", self.gate));
            }
            let file = url.rsplit('/').next().unwrap_or("");
            let is_file = [".whl", ".tar.gz", ".zip", ".tar.bz2"]
                .iter()
                .any(|e| file.split('#').next().is_some_and(|f| f.ends_with(e)));
            return is_file.then(|| file_url_to_gate(&self.gate, url)).flatten();
        }
        // A conventional tarball of whatever host: the gate asks the configured registry
        // for it, and its digest must be the one that the registry promises.
        let path = url.split_once("://")?.1.split_once('/')?.1;
        let (before, file) = path.split_once("/-/")?;
        let own = self.npm.as_deref().and_then(|npm| url.strip_prefix(npm));
        if let Some(rest) = own {
            return Some(format!("{}/{rest}", self.gate));
        }
        file.split(['#', '?'])
            .next()?
            .ends_with(".tgz")
            .then(|| format!("{}/{before}/-/{file}", self.gate))
    }

    fn to_upstream(&self, kind: Kind, url: &str) -> Option<String> {
        if let Some(original) = self.replaced.get(url) {
            return Some(original.clone());
        }
        let rest = url.strip_prefix(&self.gate)?;
        if let Some(file) = file_url_to_upstream(&self.gate, url) {
            return Some(file);
        }
        if rest.trim_end_matches('/') == "/-/pypi/simple" {
            return self.pypi.first().cloned();
        }
        if kind == Kind::BunLock {
            // What bun itself writes for the configured registry.
            return Some(String::new());
        }
        Some(format!(
            "{}{}",
            self.npm.as_deref()?,
            rest.trim_start_matches('/')
        ))
    }

    fn write(&mut self, path: &Path, text: &str) {
        // In place and whole: the file's mode and links stay, a crash leaves the journal
        // of `from_gate`, which the next run follows.
        if let Err(error) = std::fs::write(path, text) {
            self.problems.push(format!(
                "{} could not be rewritten: {error}",
                path.display()
            ));
        }
    }
}

fn from_registry(read: lockfile::Lockfile) -> impl Iterator<Item = ReleaseId> {
    read.entries
        .into_iter()
        .filter(|e| e.source == Source::Registry)
        .map(|e| e.release)
}

/// yarn and bun keep no record of a tree beside the lockfile: what the lockfile names
/// and the tree has a folder for.
fn node_modules_by_lockfile(folder: &Path) -> BTreeSet<ReleaseId> {
    let tree = folder.join("node_modules");
    let mut releases = BTreeSet::new();
    for name in ["yarn.lock", "bun.lock"] {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            continue;
        };
        let Some(kind) = Kind::of_file_name(name, &text.as_bytes()[..text.len().min(400)]) else {
            continue;
        };
        let Ok(read) = lockfile::read(kind, text.as_bytes()) else {
            continue;
        };
        releases.extend(from_registry(read).filter(|r| tree.join(r.package.as_str()).is_dir()));
    }
    releases
}
