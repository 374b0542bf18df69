//! The settings that cargo obeys for a project: those of its folder and of all above it, of cargo's home,
//! and what these include. They put folders in the place of what Cargo.lock names, which does not tell.

use crate::tree::disk::{self, There};
use customs_ecosystem::cargo::{Replaced, Settings};
use customs_ecosystem::lockfile::Locked;
use customs_model::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders above a project that are looked into.
const ABOVE: usize = 64;
/// Files that are read, with those that are included.
const FILES: usize = 200;
/// Bytes of one.
const BYTES: u64 = 1 << 20;
/// Sources that stand in the place of each other, one behind the other.
const STEPS: usize = 16;

/// One file.
#[derive(Debug)]
pub(super) struct ConfigFile {
    pub path: PathBuf,
    /// What its paths are relative to: the folder that holds its folder.
    base: PathBuf,
    /// It is the project's own.
    pub is_own: bool,
    pub settings: Settings,
}

/// All files, nearest first.
#[derive(Debug, Default)]
pub(super) struct Obeyed {
    pub files: Vec<ConfigFile>,
    /// Files that could not be read, and why. Both safe to print.
    pub unread: Vec<(String, String)>,
}

/// The files of configuration that cargo reads for a project, with those that they include, nearest first, and
/// what was not read, safe to print.
pub fn config_files(project: &Path, home: Option<&Path>) -> (Vec<PathBuf>, Vec<String>) {
    let obeyed = Obeyed::of(project, home);
    let unread = obeyed.unread.into_iter();
    (
        obeyed.files.into_iter().map(|file| file.path).collect(),
        unread.map(|(path, why)| format!("{path}: {why}")).collect(),
    )
}

/// The entries that cargo takes from its home: those that no folder of vendored crates stands for.
pub fn of_home(project: &Path, locked: &[Locked], home: Option<&Path>) -> Vec<Locked> {
    let obeyed = Obeyed::of(project, home);
    let stays = locked.iter().filter(|entry| !obeyed.replaces(entry));
    stays.cloned().collect()
}

impl Obeyed {
    pub fn of(project: &Path, home: Option<&Path>) -> Self {
        let mut obeyed = Self::default();
        // A project that cannot be found has nothing above it.
        let real = project
            .canonicalize()
            .unwrap_or_else(|_| project.to_owned());
        let above = real.ancestors().take(ABOVE);
        let mut folders: Vec<PathBuf> = above.map(|folder| folder.join(".cargo")).collect();
        folders.extend(home.map(Path::to_owned));
        let mut seen = BTreeSet::new();
        for folder in folders {
            if !seen.insert(folder.clone()) {
                continue;
            }
            let is_own = folder.parent() == Some(&real) && Some(folder.as_path()) != home;
            // Of both cargo takes the one without an ending.
            let names = ["config", "config.toml"].map(|name| folder.join(name));
            let first = names
                .into_iter()
                .find(|path| There::look(path) != There::Nothing);
            if let Some(path) = first {
                obeyed.read(path, is_own);
            }
        }
        obeyed
    }

    /// One file, and what it includes.
    fn read(&mut self, path: PathBuf, is_own: bool) {
        let mut waiting = vec![path];
        while let Some(path) = waiting.pop() {
            if self.files.iter().any(|file| file.path == path) {
                continue;
            }
            let shown = printable(&path.to_string_lossy(), 200);
            if self.files.len() >= FILES {
                let why = format!("more than {FILES} files of settings are not read");
                self.unread.push((shown, why));
                return;
            }
            let settings = disk::read_up_to(&path, BYTES)
                .map_err(|why| why.to_string())
                .and_then(|text| text.ok_or_else(|| "it is too long".to_owned()))
                .and_then(|text| Settings::parse(&text).map_err(|why| why.to_string()));
            let settings = match settings {
                Ok(settings) => settings,
                Err(why) => {
                    self.unread.push((shown, why));
                    continue;
                }
            };
            let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
            // One that may be absent, and is, says nothing.
            let included = settings.include.iter().map(|name| folder.join(name));
            waiting.extend(included.filter(|path| There::look(path) != There::Nothing));
            self.files.push(ConfigFile {
                base: folder.parent().unwrap_or(Path::new("/")).to_owned(),
                path,
                is_own,
                settings,
            });
        }
    }

    /// The folders of vendored crates, by the file that names them.
    pub fn folders(&self) -> impl Iterator<Item = (&ConfigFile, &str)> {
        self.files.iter().flat_map(|file| {
            let sources = file.settings.sources.values();
            sources.filter_map(move |source| Some((file, source.directory.as_deref()?)))
        })
    }

    /// The folders whose crates are taken for all of their names, by the file that names them.
    pub fn paths(&self) -> impl Iterator<Item = (&ConfigFile, PathBuf)> {
        self.files.iter().flat_map(|file| {
            let paths = file.settings.paths.iter();
            paths.map(move |path| (file, file.base.join(path)))
        })
    }

    /// Whether a folder of vendored crates stands in the place of where an entry comes from.
    fn replaces(&self, entry: &Locked) -> bool {
        let Some(from) = entry.resolved.as_deref() else {
            return false;
        };
        let sources = self.sources();
        let mut own = sources
            .iter()
            .filter(|(name, source)| is_source(name, source, from));
        own.any(|(name, _)| leads_to_folder(&sources, name))
    }

    /// All tables of sources; of one key the nearest file's counts.
    fn sources(&self) -> BTreeMap<&str, Replaced> {
        let mut all: BTreeMap<&str, Replaced> = BTreeMap::new();
        for (name, further) in self.files.iter().flat_map(|file| &file.settings.sources) {
            let known = all.entry(name).or_default();
            let take = |known: &mut Option<String>, further: &Option<String>| {
                if known.is_none() {
                    known.clone_from(further);
                }
            };
            take(&mut known.registry, &further.registry);
            take(&mut known.git, &further.git);
            take(&mut known.directory, &further.directory);
            take(&mut known.replace_with, &further.replace_with);
        }
        all
    }
}

/// Whether a table is about the source that Cargo.lock names.
fn is_source(name: &str, source: &Replaced, from: &str) -> bool {
    let bare = |address: &str| {
        let address = address.split(['?', '#']).next().unwrap_or_default();
        let start = ["registry+", "sparse+", "git+"]
            .iter()
            .find_map(|form| address.strip_prefix(form));
        start.unwrap_or(address).trim_end_matches('/').to_owned()
    };
    let from = bare(from);
    let is_it = |address: &Option<String>| address.as_deref().is_some_and(|it| bare(it) == from);
    // The only one that cargo knows by a name.
    let is_main = name == "crates-io" && from.ends_with("/crates.io-index");
    is_main || is_it(&source.registry) || is_it(&source.git)
}

fn leads_to_folder(sources: &BTreeMap<&str, Replaced>, name: &str) -> bool {
    let mut at = sources.get(name);
    for _ in 0..STEPS {
        let Some(next) = at.and_then(|at| at.replace_with.as_deref()) else {
            return false;
        };
        at = sources.get(next);
        if at.is_some_and(|at| at.directory.is_some()) {
            return true;
        }
    }
    false
}
