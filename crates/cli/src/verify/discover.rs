//! What there is to look at: lockfiles, each with the tree that belongs to it.

use super::caches::poetrys_environments;
use super::root::{Root, real};
use crate::error::Failure;
use crate::inspect::{head, is_lockfile};
use crate::lockfiles::{Walk, look};
use customs_device::tree::python::{environments, is_of_environment, of_poetry};
use customs_ecosystem::lockfile::Kind;
use customs_model::{Ecosystem, printable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The projects, in the order of their paths.
    pub projects: Vec<Project>,
    /// Manifests below what was asked, for whoever asks which of them no lockfile covers.
    pub manifests: Vec<PathBuf>,
    /// What was not looked through, one sentence each. Safe to print.
    pub left_out: Vec<String>,
}

/// A lockfile with the tree that belongs to it, or an environment without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// Its lockfile.
    pub lockfile: Option<(PathBuf, Kind)>,
    /// What was installed from it.
    pub installed: Installed,
}

/// What belongs to a lockfile on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Installed {
    /// `node_modules`, or Yarn's zips.
    Modules,
    /// Environments of Python, held against all of these lockfiles together.
    Environments {
        /// Their folders.
        at: Vec<PathBuf>,
        /// Further lockfiles that they may have been installed from.
        beside: Vec<PathBuf>,
        /// Those of them that lie elsewhere, and may be another project's of this run.
        doubtful: Vec<PathBuf>,
    },
    /// Vendored crates, and what cargo unpacked below its home.
    Crates,
    /// Nothing, because …
    Nothing(String),
}

/// What was looked for, said where nothing was found.
const LOOKED_FOR: &str = "package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml, yarn.lock, bun.lock, uv.lock, \
    poetry.lock, pylock.toml, requirements.txt, Cargo.lock, and a Python environment";

/// Finds the projects below the paths that were asked for.
///
/// # Errors
/// A path is not there or is no lockfile; there is nothing to check.
pub(super) fn discover(root: &Root, walk: Walk, named: &[PathBuf]) -> Result<Found, Failure> {
    let mut found = Found::default();
    let folders = by_folder(lockfiles(root, walk, &mut found)?);
    let extra = asked_environments(root, named)?;
    let is_python = |all: &Vec<(PathBuf, Kind)>| {
        all.iter()
            .any(|(_, kind)| kind.ecosystem() == Ecosystem::PyPi)
    };
    let python: Vec<&PathBuf> = folders
        .iter()
        .filter(|(_, all)| is_python(all))
        .map(|(folder, _)| folder)
        .collect();
    // Environments that lie elsewhere are the first project's that could have made them.
    let first = python.first().copied();
    let beside: Vec<PathBuf> = python
        .iter()
        .flat_map(|folder| environments(folder))
        .map(|environment| real(&environment))
        .collect();
    let extra: Vec<PathBuf> = match first {
        Some(_) => extra
            .into_iter()
            .filter(|one| !beside.contains(&real(one)))
            .collect(),
        None => extra,
    };
    for (folder, all) in &folders {
        let extra = match Some(folder) == first {
            true => extra.as_slice(),
            false => &[],
        };
        found
            .projects
            .extend(of_folder(folder, all, extra, python.len() > 1));
    }
    if first.is_none() {
        found.projects.extend(without_lockfile(root, extra));
    }
    found.projects.extend(without_any(root));
    if found.projects.is_empty() {
        let mut message = format!("nothing to check: looked for {LOOKED_FOR}");
        for sentence in &found.left_out {
            message.push_str(&format!("; {sentence}"));
        }
        return Err(Failure::nothing(message));
    }
    Ok(found)
}

/// The lockfiles below the paths; what else the walk told goes to `found`.
fn lockfiles(root: &Root, walk: Walk, found: &mut Found) -> Result<Vec<PathBuf>, Failure> {
    let mut lockfiles = Vec::new();
    for path in &root.paths {
        let shown = printable(&path.display().to_string(), 300);
        if path.is_dir() {
            let below = look(path, walk)?;
            lockfiles.extend(below.found);
            found.manifests.extend(below.manifests);
            let left_out = below.left_out.into_iter();
            let left_out = left_out.map(|(what, because)| format!("{what}: {because}"));
            found.left_out.extend(left_out);
        } else if is_lockfile(path) {
            lockfiles.push(path.clone());
        } else if path.exists() {
            return Err(Failure::usage(format!(
                "{shown} is no lockfile; name one, or a folder"
            )));
        } else {
            return Err(Failure::nothing(format!("{shown} is not there")));
        }
    }
    lockfiles.retain(|path| !is_of_a_package(path, root));
    found.manifests.retain(|path| !is_of_a_package(path, root));
    lockfiles.sort();
    lockfiles.dedup();
    Ok(lockfiles)
}

fn by_folder(lockfiles: Vec<PathBuf>) -> BTreeMap<PathBuf, Vec<(PathBuf, Kind)>> {
    let mut folders: BTreeMap<PathBuf, Vec<(PathBuf, Kind)>> = BTreeMap::new();
    for path in lockfiles {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = Kind::of_file_name(&name, &head(&path));
        if let (Some(folder), Some(kind)) = (path.parent(), kind) {
            // A bare name lies in the current folder.
            let folder = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            let of_folder = folders.entry(folder.to_owned()).or_default();
            of_folder.push((path.clone(), kind));
        }
    }
    folders
}

/// Whether a file lies in a vendored crate or an environment: it is a stranger's, and says nothing
/// about what is installed here.
fn is_of_a_package(path: &Path, root: &Root) -> bool {
    let folders = path.ancestors().skip(1);
    folders
        .take_while(|folder| !root.paths.iter().any(|asked| asked == folder))
        .any(|folder| is_vendored(folder) || is_of_environment(folder))
}

/// Whether a folder is a vendored crate. Nobody installs anything in one: where something is, cargo's list
/// was put there to hide it.
fn is_vendored(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).exists();
    let is_crate = has(".cargo-checksum.json") && has("Cargo.toml");
    is_crate && !has("node_modules") && !has(".pnp.cjs") && environments(folder).is_empty()
}

/// Environments that were named, and the active one where it lies below what was asked.
fn asked_environments(root: &Root, named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in named {
        if !path.is_dir() {
            return Err(Failure::usage(format!(
                "{} is no folder; --environment names the folder of an environment",
                printable(&path.display().to_string(), 300)
            )));
        }
        all.push(path.clone());
    }
    let active = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let below = |active: &PathBuf| {
        // A path that cannot be resolved is not below anything.
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        let real_active = real(active);
        root.paths.iter().any(|path| {
            real(path).is_some_and(|path| real_active.as_ref().is_some_and(|a| a.starts_with(path)))
        })
    };
    all.extend(active.filter(below));
    Ok(all)
}

/// Environments of folders that have no lockfile of Python.
fn without_lockfile(root: &Root, extra: Vec<PathBuf>) -> Vec<Project> {
    let mut all: Vec<PathBuf> = extra;
    for path in root.paths.iter().filter(|path| path.is_dir()) {
        all.extend(environments(path));
    }
    once(&mut all);
    let of = |at: PathBuf| Project {
        folder: at.parent().unwrap_or(Path::new(".")).to_owned(),
        lockfile: None,
        installed: Installed::Environments {
            at: vec![at],
            beside: Vec::new(),
            doubtful: Vec::new(),
        },
    };
    all.into_iter().map(of).collect()
}

/// Lockfiles of managers that fill a `node_modules`, by their names.
const OF_MODULES: [&str; 5] = [
    "bun.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
];

/// Trees in the folders that were asked for of which no lockfile says what belongs into them.
fn without_any(root: &Root) -> impl Iterator<Item = Project> + '_ {
    root.paths.iter().filter_map(|path| {
        let has = |name: &str| std::fs::symlink_metadata(path.join(name)).is_ok();
        if !has("node_modules") || OF_MODULES.iter().any(|name| has(name)) {
            return None;
        }
        let why = match has("bun.lockb") {
            true => "bun.lockb is not read: write a bun.lock with bun install --save-text-lockfile",
            false => "no lockfile beside node_modules says what belongs into it",
        };
        Some(Project {
            folder: path.clone(),
            lockfile: None,
            installed: Installed::Nothing(why.to_owned()),
        })
    })
}

/// One environment may be named in several ways.
fn once(all: &mut Vec<PathBuf>) {
    let mut known = Vec::new();
    all.retain(|path| {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let is_new = !known.contains(&real);
        known.push(real);
        is_new
    });
}

fn of_folder(
    folder: &Path,
    all: &[(PathBuf, Kind)],
    extra: &[PathBuf],
    several: bool,
) -> Vec<Project> {
    let python = of_python(folder, all, extra, several);
    all.iter()
        .map(|(path, kind)| Project {
            folder: folder.to_owned(),
            lockfile: Some((path.clone(), *kind)),
            installed: match kind.ecosystem() {
                Ecosystem::Npm => modules(folder, *kind),
                Ecosystem::Cargo => Installed::Crates,
                Ecosystem::PyPi => match &python {
                    Some((main, installed)) if main == path => installed.clone(),
                    Some((main, _)) => Installed::Nothing(format!(
                        "the environment beside it is held against {}",
                        name_of(main)
                    )),
                    None => Installed::Nothing(
                        "no environment lies beside it; name one with --environment".into(),
                    ),
                },
            },
        })
        .collect()
}

/// The environments of a folder, and the lockfile that they are held against: the one that says
/// most. Several files of requirements may all have been installed into one environment.
fn of_python(
    folder: &Path,
    all: &[(PathBuf, Kind)],
    extra: &[PathBuf],
    is_one_of_several: bool,
) -> Option<(PathBuf, Installed)> {
    let rank = |kind: Kind| match kind {
        Kind::UvLock => Some(0),
        Kind::PoetryLock => Some(1),
        Kind::PylockToml => Some(2),
        Kind::RequirementsTxt => Some(3),
        Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock
        | Kind::CargoLock => None,
    };
    let ranked = all
        .iter()
        .filter_map(|(path, kind)| Some((rank(*kind)?, path, *kind)));
    let (best, main, kind) = ranked.clone().min()?;
    let mut at = environments(folder);
    // Poetry keeps them elsewhere, unless one lies beside the project or is asked for there.
    if kind == Kind::PoetryLock && at.is_empty() {
        let kept = poetrys_environments();
        at.extend(kept.iter().flat_map(|kept| of_poetry(folder, kept)));
    }
    at.extend(extra.iter().cloned());
    once(&mut at);
    let several = matches!(kind, Kind::RequirementsTxt | Kind::PylockToml);
    let beside = ranked
        .filter(|(rank, path, _)| several && *rank == best && *path != main)
        .map(|(_, path, _)| path.clone())
        .collect();
    let doubtful = match is_one_of_several {
        true => extra.to_vec(),
        false => Vec::new(),
    };
    let installed = Installed::Environments {
        at,
        beside,
        doubtful,
    };
    let is_any = matches!(&installed, Installed::Environments { at, .. } if !at.is_empty());
    is_any.then(|| (main.clone(), installed))
}

/// Whether the tree beside a lockfile was installed from it. Each manager but bun leaves a mark.
fn modules(folder: &Path, kind: Kind) -> Installed {
    let has = |name: &str| std::fs::symlink_metadata(folder.join(name)).is_ok();
    if !has("node_modules") {
        return match kind == Kind::YarnBerry && has(".pnp.cjs") {
            true => Installed::Modules,
            false => Installed::Nothing(
                "nothing is installed beside it (no node_modules, no .pnp.cjs)".into(),
            ),
        };
    }
    let marks = [
        (Kind::PackageLock, "node_modules/.package-lock.json"),
        (Kind::PnpmLock, "node_modules/.modules.yaml"),
        (Kind::YarnClassic, "node_modules/.yarn-integrity"),
        (Kind::YarnBerry, "node_modules/.yarn-state.yml"),
    ];
    let mut there = marks.iter().filter(|(_, mark)| has(mark));
    // A mark alone says nothing: whoever changed the tree could have put it there, so that nobody looks.
    let other = there
        .clone()
        .map(|(other, _)| *other)
        .find(|other| lockfiles_of(*other).iter().any(|name| has(name)));
    let is_yarn = |kind: Kind| matches!(kind, Kind::YarnClassic | Kind::YarnBerry);
    match other {
        Some(other) if there.all(|(of, _)| *of != kind) && !(is_yarn(other) && is_yarn(kind)) => {
            Installed::Nothing(format!(
                "node_modules was installed from another lockfile ({other}); install from this one, or remove it"
            ))
        }
        Some(_) | None => Installed::Modules,
    }
}

/// The lockfiles of a manager of npm's family that leaves a mark in what it installs.
fn lockfiles_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::PackageLock => &["package-lock.json", "npm-shrinkwrap.json"],
        Kind::PnpmLock => &["pnpm-lock.yaml"],
        Kind::YarnClassic | Kind::YarnBerry => &["yarn.lock"],
        Kind::BunLock
        | Kind::UvLock
        | Kind::RequirementsTxt
        | Kind::PoetryLock
        | Kind::PylockToml
        | Kind::CargoLock => &[],
    }
}

fn name_of(path: &Path) -> String {
    printable(&path.file_name().unwrap_or_default().to_string_lossy(), 120)
}
