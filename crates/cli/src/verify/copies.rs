//! Copies in the managers' caches and stores that no tree needs to be compared with: what is wrong there
//! goes into the next project.

use super::caches::Caches;
use super::discover::{Installed, Project};
use super::tree::Closely;
use customs_device::tree::{Difference, DifferenceKind, Standing, TreeReport, cargo, npm, python};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::Answer;
use std::collections::HashSet;
use std::path::Path;

/// Which copies in the managers' caches are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Copies {
    /// Those that are needed to compare a tree with.
    #[default]
    Used,
    /// Every one of what the lockfile names. What is wrong is told; what cannot be compared there is
    /// nothing about the tree.
    Wrong,
    /// The same, and what was not checked of them counts.
    All,
}

impl Copies {
    /// What a look at a cache counts for.
    fn counted(self, mut found: TreeReport) -> TreeReport {
        if self != Self::All {
            found.packages.retain(|one| one.answer == Answer::No);
            found.loose.retain(|one| one.answer() == Answer::No);
            found.not_checked.clear();
        }
        found
    }
}

/// Bytes of pnpm's store that are hashed where nobody asked for all of it.
const STORE: u64 = 16 << 30;

/// Adds what is wrong in caches to the report of a tree, where only that is asked for. It comes behind all
/// that is fetched for the tree, so that caches are read once.
pub(super) fn wrong(
    project: &Project,
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
    report: &mut TreeReport,
) {
    if closely.copies == Copies::Wrong {
        look(project, locked, caches, closely, report);
    }
}

/// Looks at every copy of what a lockfile names, and adds what counts to the report of its tree.
pub(super) fn look(
    project: &Project,
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
    report: &mut TreeReport,
) {
    let (found, unread) = match (&project.installed, &project.lockfile) {
        (Installed::Modules, Some((lockfile, _))) => {
            // One that cannot be read is told with the tree.
            let Ok(lock) = npm::Lock::open(lockfile) else {
                return;
            };
            of_modules(project, lockfile, &lock, caches, closely)
        }
        (Installed::Environments { .. }, _) => (of_environments(locked, caches, closely), None),
        (Installed::Crates, _) => (of_crates(project, locked, caches, closely), None),
        (Installed::Modules | Installed::Nothing(_), _) => return,
    };
    report.extend(closely.copies.counted(found));
    // What would have been looked at is never left out in silence.
    report.not_checked.extend(unread);
    report.poisoned.sort();
    report.poisoned.dedup();
}

/// What lies in caches and stores of what a lockfile of npm's family names, and why a store was not
/// looked at.
fn of_modules(
    project: &Project,
    lockfile: &Path,
    lock: &npm::Lock,
    caches: &Caches,
    closely: Closely,
) -> (TreeReport, Option<String>) {
    let most = match closely.copies {
        Copies::Used | Copies::Wrong => STORE,
        Copies::All => u64::MAX,
    };
    let options = caches.options(lockfile, closely.deep);
    let copies = npm::copies(&project.folder, lock, &options, most);
    let store = copies.store.into_iter().map(|file| Difference {
        path: format!("(pnpm's store)/{}", file.path),
        kind: match file.found {
            Some(_) => DifferenceKind::Modified,
            None => DifferenceKind::Unreadable,
        },
        expected: Some(file.promised),
        found: file.found,
        standing: Standing::Unexplained,
        why: Vec::new(),
    });
    let mut all = TreeReport {
        loose: store.collect(),
        not_checked: copies.artifacts.not_checked,
        poisoned: copies.artifacts.poisoned,
        ..TreeReport::default()
    };
    if let Some(bun) = &caches.bun {
        let options = caches.options(bun, closely.deep);
        let mut of_cache = npm::check_bun_cache(bun, lock, &options);
        of_cache.below("(bun's cache)");
        all.extend(of_cache);
    }
    if let Some(yarn) = &caches.yarn_classic {
        let options = caches.options(yarn, closely.deep);
        let mut of_cache = npm::check_yarn_cache(yarn, lock, &options);
        of_cache.below("(Yarn's cache)");
        all.extend(of_cache);
    }
    (all, copies.store_unread)
}

fn of_environments(locked: &[Locked], caches: &Caches, closely: Closely) -> TreeReport {
    let unbound = [
        ("pip's cache", &caches.pip),
        ("Poetry's cache", &caches.poetry),
    ];
    let there = unbound
        .into_iter()
        .filter(|(_, folder)| folder.as_deref().is_some_and(Path::is_dir));
    // A file for another machine has another digest and is no wrong copy.
    let notes = there.map(|(whose, _)| {
        format!(
            "{whose} does not say which file of a release a copy is, so only copies that are used are hashed"
        )
    });
    let mut all = TreeReport {
        not_checked: notes.collect(),
        ..TreeReport::default()
    };
    if let Some(uv) = caches.uv.as_ref().filter(|folder| folder.is_dir()) {
        let options = caches.options(uv, closely.deep);
        let mut of_cache = python::check_uv_cache(uv, locked, &options);
        of_cache.below("(uv's cache)");
        all.extend(of_cache);
    }
    all
}

/// Crates below cargo's home that are not compiled from there, since something else stands in their place.
/// Where all copies count they are a part of the tree's own report.
fn of_crates(
    project: &Project,
    locked: &[Locked],
    caches: &Caches,
    closely: Closely,
) -> TreeReport {
    let home = caches.cargo.as_ref().filter(|home| home.is_dir());
    let (Some(home), Copies::Wrong) = (home, closely.copies) else {
        return TreeReport::default();
    };
    let compiled = cargo::of_home(&project.folder, locked, Some(home));
    let compiled: HashSet<&Locked> = compiled.iter().collect();
    let rest = locked
        .iter()
        .filter(|entry| entry.source != Source::Path && !compiled.contains(entry));
    let rest: Vec<Locked> = rest.cloned().collect();
    if rest.is_empty() {
        return TreeReport::default();
    }
    let options = caches.options(home, closely.deep);
    let mut report = cargo::check_registry(home, &rest, &options);
    report.below("$CARGO_HOME");
    report
}
