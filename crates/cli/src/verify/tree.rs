//! The tree of a project, held against the artifacts that its lockfile names.

use super::caches::Caches;
use super::discover::{Installed, Project};
use super::root::below;
use crate::paths;
use customs_device::tree::{
    Difference, DifferenceKind, Place, Standing, TreeReport, cargo, npm, python,
};
use customs_ecosystem::lockfile::{Kind, Locked};
use customs_model::{Answer, Digest, printable};
use std::path::{Path, PathBuf};

/// How closely to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Closely {
    /// Read everything again, whatever is remembered.
    pub deep: bool,
    /// Hash every copy, in every cache, of what the lockfile names.
    pub caches: bool,
}

/// Checks the tree of a project; none where there is nothing to look at. `locked` are the entries
/// of its lockfile, and of those beside it that its environments may have been installed from.
pub(super) fn check(
    project: &Project,
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
) -> Option<TreeReport> {
    match (&project.installed, &project.lockfile) {
        (Installed::Nothing(_), _) | (Installed::Modules, None) => None,
        (Installed::Modules, Some((lockfile, _))) => {
            let report = modules(project, lockfile, caches, closely);
            Some(report.unwrap_or_else(|why| TreeReport {
                not_checked: vec![why.to_string()],
                ..TreeReport::default()
            }))
        }
        (Installed::Environments { at, .. }, lockfile) => {
            let kind = lockfile.as_ref().map(|(_, kind)| *kind);
            Some(environments(project, at, kind, locked, caches, closely))
        }
        (Installed::Crates, _) => Some(crates(project, locked, caches)),
    }
}

/// What a report of a tree comes to.
pub(super) fn answer(project: &Project, report: Option<&TreeReport>) -> Answer {
    match (report, &project.installed) {
        (Some(report), _) if !is_empty(report) => report.answer(),
        (None, Installed::Nothing(because)) => Answer::not_checked(because),
        (_, _) => Answer::not_checked("nothing that the lockfile names is installed here"),
    }
}

fn is_empty(report: &TreeReport) -> bool {
    let things = report.packages.len() + report.loose.len() + report.not_checked.len();
    things + report.poisoned.len() == 0
}

fn modules(
    project: &Project,
    lockfile: &Path,
    caches: &Caches,
    closely: Closely,
) -> Result<TreeReport, npm::Error> {
    let options = npm::Options {
        gate_store: caches.gate.clone(),
        fetched: caches.fetched.clone(),
        npm_cache: caches.npm.clone(),
        yarn_classic_cache: caches.yarn_classic.clone(),
        yarn_berry_caches: caches.yarn_berry.clone(),
        seen: seen(caches, lockfile),
        deep: closely.deep,
        ..npm::Options::default()
    };
    let mut report = npm::check(&project.folder, lockfile, &options)?;
    if closely.caches {
        let copies = npm::copies(&project.folder, lockfile, &options)?;
        report.poisoned.extend(copies.artifacts.poisoned);
        report.poisoned.sort();
        report.poisoned.dedup();
        report.not_checked.extend(copies.artifacts.not_checked);
        report
            .loose
            .extend(copies.store.into_iter().map(|file| Difference {
                path: format!("(pnpm's store)/{}", file.path),
                kind: match file.found {
                    Some(_) => DifferenceKind::Modified,
                    None => DifferenceKind::Unreadable,
                },
                expected: Some(file.promised),
                found: file.found,
                standing: Standing::Unexplained,
            }));
    }
    Ok(report)
}

/// Where to remember what was found in a tree: by the lockfile's path.
fn seen(caches: &Caches, lockfile: &Path) -> Option<PathBuf> {
    let folder = caches.seen.as_ref()?;
    // Where it cannot be made nothing is remembered, and all is looked at again.
    paths::private_folder(folder).ok()?;
    let path = super::root::real(lockfile);
    let name = Digest::sha256(path.as_os_str().as_encoded_bytes()).to_hex();
    Some(folder.join(format!("{name}.jsonl")))
}

fn environments(
    project: &Project,
    at: &[PathBuf],
    kind: Option<Kind>,
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
) -> TreeReport {
    let mut places = caches.by_digest();
    // uv keeps no wheels; the others keep them under names of their own.
    let any = match kind {
        Some(Kind::RequirementsTxt | Kind::PylockToml) => caches
            .pip
            .as_ref()
            .map(|folder| (folder.join("http-v2"), "pip's cache")),
        Some(Kind::PoetryLock) => caches
            .poetry
            .clone()
            .map(|folder| (folder, "Poetry's cache")),
        _ => None,
    };
    places.extend(any.map(|(folder, from)| Place::Any {
        folder,
        from: from.into(),
    }));
    let options = python::Options { places };
    let mut all = TreeReport::default();
    for environment in at {
        let mut report = python::check(environment, locked, &options);
        let folder = below(&project.folder, environment)
            .unwrap_or_else(|| environment.display().to_string());
        report.below(&folder);
        all.extend(report);
    }
    if closely.caches
        && let Some(uv) = caches.uv.as_ref().filter(|folder| folder.is_dir())
    {
        let mut report = python::check_uv_cache(uv, locked, &options);
        report.below("(uv's cache)");
        all.extend(report);
    }
    all
}

fn crates(project: &Project, locked: &[Locked], caches: &Caches) -> TreeReport {
    let options = cargo::Options {
        places: caches.by_digest(),
    };
    let mut vendored = cargo_vendored(project, locked, caches);
    // What is vendored is compiled instead of what lies below cargo's home.
    if vendored.packages.is_empty()
        && let Some(home) = caches.cargo.as_ref().filter(|home| home.is_dir())
    {
        let mut report = cargo::check_registry(home, locked, &options);
        report.below("$CARGO_HOME");
        vendored.extend(report);
    }
    vendored
}

/// The registry's cache has the artifacts that vendored crates are held against.
fn cargo_vendored(project: &Project, locked: &[Locked], caches: &Caches) -> TreeReport {
    let mut places = caches.by_digest();
    let crates = caches
        .cargo
        .as_ref()
        .map(|home| home.join("registry/cache"));
    if has_vendored(&project.folder) {
        places.extend(crates.map(|folder| Place::Any {
            folder,
            from: "cargo's cache".into(),
        }));
    }
    cargo::check_vendor(&project.folder, locked, &cargo::Options { places })
}

fn has_vendored(folder: &Path) -> bool {
    [".cargo/config.toml", ".cargo/config", "vendor"]
        .iter()
        .any(|name| folder.join(name).exists())
}

/// The entries of further lockfiles, and why one could not be read. Safe to print.
pub(super) fn beside(installed: &Installed) -> (Vec<Locked>, Vec<String>) {
    let Installed::Environments { beside, .. } = installed else {
        return (Vec::new(), Vec::new());
    };
    let (mut all, mut unread) = (Vec::new(), Vec::new());
    for path in beside {
        match super::lock::graph(path) {
            Ok(graph) => all.extend(graph.lockfile.entries),
            Err(why) => unread.push(format!(
                "{}: {why}",
                printable(&path.display().to_string(), 300)
            )),
        }
    }
    (all, unread)
}
