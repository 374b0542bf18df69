//! What a manager keeps unpacked in a cache, held against the artifacts.

use super::layout::Layout;
use super::links::Links;
use super::package::Job;
use super::patches::{Patches, Twins};
use super::{Lock, Options, Tree, gather, sources};
use crate::tree::memory::Memory;
use crate::tree::{DifferenceKind, Standing, TreeReport, each};
use customs_ecosystem::lockfile::Source;
use customs_ecosystem::lockfile::places::{Placed, Places};
use std::collections::BTreeSet;
use std::path::Path;

/// Compares the packages of a cache. `own` says of a file in a package's folder, by that folder and its
/// path in it, whether the manager puts it there and takes it into no tree.
pub(super) fn compare(
    cache: &Path,
    lock: &Lock,
    places: &Places,
    layout: &Layout<'_>,
    options: &Options,
    own: impl Fn(&Path, &str) -> bool,
    report: &mut TreeReport,
) {
    let manager = lock.manager;
    let links = Links::new(cache, manager, layout, places);
    let memory = Memory::open(options, cache, lock.meaning(), report);
    let none = BTreeSet::new();
    let tree = Tree {
        project: cache,
        manager,
        places,
        layout,
        links: &links,
        patches: &Patches::default(),
        sources: &sources(cache, places, manager, options),
        pnpm_store: None,
        memory: &memory,
        twins: Twins::default(),
        promised: &options.promised,
        elsewhere: &none,
        required: &none,
        graph: None,
        now: options.now,
    };
    let jobs: Vec<Job<'_>> = layout.installed.iter().map(Job::from).collect();
    let outcomes = each(&jobs, options.threads, |job| tree.package(job));
    let remember = gather(cache, outcomes, report);
    for package in &mut report.packages {
        let folder = cache.join(&package.place);
        package.differences.retain(|difference| {
            difference.kind != DifferenceKind::Extra || !own(&folder, &difference.path)
        });
        for difference in &mut package.differences {
            // Nothing is built or used here.
            if matches!(difference.standing, Standing::MadeHere { .. }) {
                difference.standing = Standing::Unexplained;
            }
        }
        package.judge();
    }
    report.packages.sort_by(|a, b| a.place.cmp(&b.place));
    report.poisoned.sort();
    report.poisoned.dedup();
    memory.keep(
        remember,
        &layout.installed.keys().cloned().collect(),
        report,
    );
}

/// What is fetched from a registry, as it is fetched: patches are applied to trees.
pub(super) fn unpatched(places: &Places) -> Places {
    let placed = places.placed.iter();
    let placed = placed.filter(|placed| placed.source == Source::Registry);
    let placed = placed.cloned().map(|placed| Placed {
        patch: None,
        patch_digest: None,
        builtin_patch: false,
        ..placed
    });
    Places {
        placed: placed.collect(),
        links: Vec::new(),
        members: BTreeSet::new(),
        aliases: BTreeSet::new(),
        skipped: Vec::new(),
        ..places.clone()
    }
}
