//! `--base REF`: what changed since a commit, in lockfiles, settings and `customs.lock`.

use super::lock::{Read, bytes};
use super::pins::{self, Pins};
use super::root::{Root, below};
use crate::error::Failure;
use customs_device::clone::Revision;
use customs_ecosystem::lockfile::{Graph, Kind, Lockfile, SETTINGS_BYTES, SettingsKind};
use customs_model::printable;
use customs_origin::history::{self, TrustFile};
use customs_origin::lockfile::{
    FileChange, LockChange, SettingChange, explain, program_changed, programs, settings_changes,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files of configuration, below a folder.
const SETTINGS: [&str; 12] = [
    ".cargo/config",
    ".cargo/config.toml",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "bunfig.toml",
    ".bunfig.toml",
    "pip.conf",
    "pip.ini",
    "pnpm-workspace.yaml",
    "pyproject.toml",
    "uv.toml",
];

/// Files that pnpm runs without being told to.
const HOOKS: [&str; 2] = [".pnpmfile.cjs", ".pnpmfile.mjs"];
/// Bytes of a file that a package manager runs.
const PROGRAM: u64 = 64 << 20;

/// A file before and now; none where it was not, or is not, there.
type Sides = (Option<Vec<u8>>, Option<Vec<u8>>);

/// The commit that everything is compared with.
pub(super) struct Base {
    revision: Revision,
    top: PathBuf,
    /// The commit, for people.
    pub commit: String,
}

impl Base {
    /// Opens it.
    ///
    /// # Errors
    /// There is no repository, or no such commit in it.
    pub fn open(root: &Root, name: &str) -> Result<Self, Failure> {
        let top = root.repository.clone().ok_or_else(|| {
            Failure::usage("--base needs a git repository, and there is none here or above")
        })?;
        let revision = Revision::open(&top, name)
            .map_err(|why| Failure::work(format!("--base cannot be read: {why}")))?;
        Ok(Self {
            commit: revision.commit().to_string(),
            revision,
            top,
        })
    }

    /// What changed in a lockfile. One that is new is compared with nothing.
    ///
    /// # Errors
    /// The old one cannot be read. Safe to print.
    pub fn lock(&mut self, path: &Path, now: &Read) -> Result<LockChange, String> {
        let told = &now.told;
        let why = |why: String| format!("{}, as it was: {why}", printable(told, 300));
        let inner = below(&self.top, path)
            .ok_or_else(|| why("it lies outside of the repository".into()))?;
        let old = self
            .revision
            .file(&inner)
            .map_err(|error| why(error.to_string()))?;
        let before = match old {
            None => nothing_like(&now.graph),
            Some(bytes) => {
                let kind = Kind::of_file_name(&inner, &bytes)
                    .ok_or_else(|| why("it was no lockfile that is known".into()))?;
                if kind != now.graph.kind() {
                    return Err(why(format!("it was one of another tool ({kind})")));
                }
                Graph::read(kind, &bytes).map_err(|error| why(error.to_string()))?
            }
        };
        Ok(explain(told, &before, &now.graph))
    }

    /// What changed in the settings of package managers, in the folders of projects and above.
    ///
    /// # Errors
    /// A file cannot be read. Safe to print.
    pub fn settings(&mut self, folders: &[PathBuf]) -> Result<Vec<SettingChange>, String> {
        let mut files: BTreeMap<String, Sides> = BTreeMap::new();
        let mut run: BTreeSet<String> = BTreeSet::new();
        for folder in self.with_those_above(folders) {
            let inner = |name: &str| match folder.is_empty() {
                true => name.to_owned(),
                false => format!("{folder}/{name}"),
            };
            run.extend(HOOKS.map(inner));
            for name in SETTINGS {
                let sides = self.sides(&inner(name), SETTINGS_BYTES as u64)?;
                let texts = [&sides.0, &sides.1].into_iter().flatten();
                let named = texts.flat_map(|text| programs(name, text));
                run.extend(named.filter_map(|path| inside(&folder, &path)));
                if sides.0 != sides.1 {
                    files.insert(inner(name), sides);
                }
            }
        }
        let changes: Vec<FileChange<'_>> = files
            .iter()
            .filter(|(path, _)| SettingsKind::of_path(path).is_some())
            .map(|(path, (before, now))| FileChange {
                path,
                before: before.as_deref(),
                now: now.as_deref(),
            })
            .collect();
        let mut all = settings_changes(&changes);
        for path in run {
            let (before, now) = self.sides(&path, PROGRAM)?;
            if before != now {
                all.push(program_changed(&path, before.as_deref(), now.as_deref()));
            }
        }
        Ok(all)
    }

    /// A file, by its path from the top.
    fn sides(&mut self, inner: &str, most: u64) -> Result<Sides, String> {
        let path = self.top.join(inner);
        let now = match path.is_file() {
            true => Some(
                bytes(&path, most).map_err(|why| format!("{}: {why}", printable(inner, 300)))?,
            ),
            false => None,
        };
        let before = self.revision.file(inner).map_err(|why| why.to_string())?;
        Ok((before, now))
    }

    /// What changed in `customs.lock`.
    ///
    /// # Errors
    /// It cannot be read as it was. Safe to print.
    pub fn trust(&mut self, pins: &Pins) -> Result<Vec<history::FileChange>, String> {
        let before = match self.trust_file(pins)?.as_slice() {
            [] => TrustFile::default(),
            bytes => TrustFile::parse(bytes)
                .map_err(|why| format!("{}, as it was: {why}", pins::FILE))?,
        };
        Ok(history::changes(&before, &pins.file))
    }

    /// `customs.lock` as it was. Empty where there was none: then every line of it is new, and none
    /// of them speaks for the change that brings it.
    ///
    /// # Errors
    /// It cannot be read. Safe to print.
    pub fn trust_file(&mut self, pins: &Pins) -> Result<Vec<u8>, String> {
        let inner = below(&self.top, &pins.path())
            .ok_or_else(|| format!("{} lies outside of the repository", pins::FILE))?;
        let file = self.revision.file(&inner).map_err(|why| why.to_string())?;
        Ok(file.unwrap_or_default())
    }

    /// Whether the commit has a file, by its path from the top.
    pub fn has(&self, path: &str) -> bool {
        self.revision.paths().any(|one| one == path)
    }

    /// Lockfiles that the commit has, and that are not here any more, of folders that were looked
    /// through. As they are told.
    pub fn gone(&self, root: &Root) -> Vec<String> {
        let asked: Vec<String> = root
            .paths
            .iter()
            .filter(|path| path.is_dir())
            .filter_map(|path| below(&self.top, path))
            .collect();
        let is_asked = |path: &str| {
            asked.iter().any(|folder| {
                folder.is_empty()
                    || path
                        .strip_prefix(folder)
                        .is_some_and(|p| p.starts_with('/'))
            })
        };
        let is_installed = |path: &str| {
            path.split('/')
                .any(|part| matches!(part, "node_modules" | "target" | "vendor" | "site-packages"))
        };
        self.revision
            .paths()
            .filter(|path| is_asked(path) && !is_installed(path))
            .filter(|path| Kind::of_file_name(path, b"").is_some())
            .filter(|path| std::fs::symlink_metadata(self.top.join(path)).is_err())
            .map(str::to_owned)
            .collect()
    }

    fn with_those_above(&self, folders: &[PathBuf]) -> BTreeSet<String> {
        let mut all = BTreeSet::from([String::new()]);
        for folder in folders {
            let inner = below(&self.top, folder).unwrap_or_default();
            let mut rest = inner.as_str();
            while !rest.is_empty() {
                all.insert(rest.to_owned());
                rest = rest.rsplit_once('/').map_or("", |(above, _)| above);
            }
        }
        all
    }
}

/// A path from a folder of the repository, as one from its top; none where it leaves it.
fn inside(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if path.starts_with(['/', '~']) {
        return None;
    }
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A lockfile of the same tool that locks nothing.
fn nothing_like(now: &Graph) -> Graph {
    Graph {
        lockfile: Lockfile {
            kind: now.kind(),
            entries: Vec::new(),
            skipped: Vec::new(),
            faults: Vec::new(),
        },
        format: now.format.clone(),
        packages: Vec::new(),
        importers: Vec::new(),
        roots_known: now.roots_known,
        overrides: Vec::new(),
        hooked: now.hooked,
        links: Vec::new(),
        stated: Vec::new(),
    }
}
