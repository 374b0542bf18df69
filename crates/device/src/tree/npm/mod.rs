//! The trees of npm, pnpm, Yarn 1, Yarn 4 and bun.
//!
//! [`check`] reads the lockfile, finds which folder is which package (`layout`), compares each
//! with its artifact on all cores (`package`), and then what lies loose around the packages.

mod around;
mod bun_cache;
mod copies;
mod elsewhere;
mod expect;
mod explain;
mod interpreter;
mod kept;
mod layout;
mod links;
mod lock;
mod loose;
mod made;
mod manager;
mod manifest;
mod members;
mod modes;
mod outside;
mod own;
mod own_list;
mod package;
mod patches;
mod pnp;
mod pnpm_index;
mod pnpm_patches;
mod records;
mod shim;
mod strays;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod unbound;
mod yarn_cache;

pub use around::Around;
pub use bun_cache::check_bun_cache;
pub use copies::{Copies, copies};
pub use lock::{Error, Lock};
pub use manager::{Habits, Manager};
pub use records::is_record;
pub use yarn_cache::check_yarn_cache;

use super::memory::Memory;
use super::seen::Remembered;
use super::{
    Cause, Difference, DifferenceKind, Options, PackageTree, Standing, TreeReport, disk, each,
};
use crate::artifact::{
    ByDigest, FileLists, NpmCache, OwnFile, Source, YarnBerryCache, YarnClassicCache,
};
use customs_ecosystem::lockfile::Graph;
use customs_ecosystem::lockfile::places::{Place, Placed, Places};
use customs_ecosystem::npm::Machine;
use customs_model::{Answer, Digest, DigestAlgorithm, ReleaseId};
use layout::{Installed, Layout};
use links::Links;
use package::{Job, Outcome};
use patches::{Patches, Twins};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folders of a project's members by the patterns of its own manifest, relative to it: where a lockfile
/// does not name them (Yarn 1).
pub fn members_of(project: &Path) -> BTreeSet<String> {
    // What was not looked at is told where the tree is checked.
    members::of(project).0
}

/// Checks the tree of a project against its lockfile. Nothing is changed, followed out of the
/// project, or executed. What could not be looked at is in the report.
pub fn check(project: &Path, lock: &Lock, options: &Options) -> TreeReport {
    let (places, manager) = (&lock.places, lock.manager);
    // Managers write the real path into scripts; one that cannot be had is of no use to them.
    let real = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
    let project = real.as_path();

    let mut report = TreeReport {
        not_checked: places.skipped.clone(),
        ..TreeReport::default()
    };
    let layout = layout::layout(project, places, manager);
    report.not_checked.extend(layout.notes.iter().cloned());
    let patches = Patches::of(project, &places.placed, &mut report.not_checked);
    let links = Links::new(project, manager, &layout, places);
    let store = options.caches.pnpm_store.clone();
    let memory = Memory::open(options, project, lock.meaning(), &mut report);
    let tree = Tree {
        project,
        manager,
        places,
        layout: &layout,
        links: &links,
        patches: &patches,
        sources: &sources(project, places, manager, options),
        pnpm_store: store.or_else(|| own_store(project)),
        memory: &memory,
        twins: patches::twins(manager, &places.placed),
        promised: &options.promised,
        elsewhere: &lock.elsewhere,
        required: &lock.required,
        graph: lock.graph.as_ref(),
        now: options.now,
    };
    let remember = tree.look(options.threads, &mut report);
    report.packages.sort_by(|a, b| a.place.cmp(&b.place));
    report.poisoned.sort();
    report.poisoned.dedup();
    let here = layout.installed.keys().chain(&layout.roots).cloned();
    let here = here.collect();
    memory.keep(remember, &here, &mut report);
    report
}

/// All that the jobs share.
struct Tree<'a> {
    project: &'a Path,
    manager: Manager,
    places: &'a Places,
    layout: &'a Layout<'a>,
    links: &'a Links<'a>,
    patches: &'a Patches,
    sources: &'a [Box<dyn Source>],
    pnpm_store: Option<PathBuf>,
    memory: &'a Memory,
    /// Packages of Yarn 4 that have several forms.
    twins: Twins<'a>,
    /// What others than the lockfile promise.
    promised: &'a BTreeMap<ReleaseId, Vec<Digest>>,
    elsewhere: &'a BTreeSet<ReleaseId>,
    required: &'a BTreeSet<ReleaseId>,
    /// Yarn 4 with Plug'n'Play: who asks for whom.
    graph: Option<&'a Graph>,
    now: SystemTime,
}

/// In the order in which they are believed to have the artifact; each copy is hashed anyway.
fn sources(
    project: &Path,
    places: &Places,
    manager: Manager,
    options: &Options,
) -> Vec<Box<dyn Source>> {
    let mut all: Vec<Box<dyn Source>> = Vec::new();
    if let Some(folder) = &options.gate_store {
        all.push(Box::new(ByDigest::gate(folder)));
    }
    if let Some(folder) = &options.caches.npm {
        all.push(Box::new(NpmCache::new(folder)));
    }
    if let Some(folder) = &options.caches.yarn_classic {
        all.push(Box::new(YarnClassicCache::new(folder)));
    }
    if manager == Manager::YarnBerry {
        let own = project.join(".yarn/cache");
        for folder in [own].iter().chain(&options.caches.yarn_berry) {
            let key = places.cache_key.clone();
            all.push(Box::new(YarnBerryCache::new(folder, key)));
        }
    }
    if let Some(folder) = &options.fetched {
        all.push(Box::new(ByDigest::fetched(folder)));
    }
    all.push(Box::new(OwnFile::new(project)));
    if let Some(folder) = &options.gate_lists {
        all.push(Box::new(FileLists::new(folder)));
    }
    all
}

/// The store that pnpm wrote into `.modules.yaml`: JSON from pnpm 10 on, one line of YAML before.
fn own_store(project: &Path) -> Option<PathBuf> {
    let path = project.join("node_modules/.modules.yaml");
    // Without it there is no list to compare with, which is said for each package.
    let text = disk::read_up_to(&path, 1 << 20).ok()??;
    let text = String::from_utf8(text).ok()?;
    let line = text.lines().find_map(|line| {
        let line = line.trim().trim_start_matches('"');
        line.strip_prefix("storeDir")
    })?;
    let value = line.trim_start_matches('"').trim_start_matches(':').trim();
    let value = value.trim_end_matches(',').trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| PathBuf::from(value))
}

/// Puts together what the jobs found, and looks for copies of verified files.
fn gather(
    project: &Path,
    outcomes: Vec<Outcome>,
    report: &mut TreeReport,
) -> Vec<(String, Remembered)> {
    let verified = programs(project, &outcomes);
    let mut remember = Vec::new();
    let kept = outcomes.iter().map(|outcome| outcome.kept);
    let kept = kept.fold(modes::Kept::default(), modes::Kept::with);
    for mut outcome in outcomes {
        let folder = project.join(&outcome.tree.place);
        kept.explain(&folder, &mut outcome);
        if outcome.may_copy {
            for difference in &mut outcome.tree.differences {
                // No copy lends its owner's rights.
                let there = disk::There::look(&folder.join(&difference.path));
                if !matches!(there, disk::There::Entry(there) if there.runs_as_owner()) {
                    explain_copy(difference, &verified);
                }
            }
        }
        outcome.tree.judge();
        report.unchanged += u64::from(outcome.unchanged);
        // Only what was compared and is right is worth remembering, and only where that is all that
        // was said: who asks again is told of a poisoned copy again.
        let is_all = outcome.poisoned.is_empty() && outcome.notes.is_empty();
        report.poisoned.append(&mut outcome.poisoned);
        report.not_checked.append(&mut outcome.notes);
        if let Some(fingerprint) = outcome.fingerprint.filter(|_| is_all && !outcome.unchanged)
            && outcome.tree.answer == Answer::Yes
        {
            let what = Remembered::Package(Box::new(outcome.tree.clone()), outcome.facts);
            remember.push((fingerprint, what));
        }
        report.packages.push(outcome.tree);
    }
    remember
}

/// Programs of verified packages for one platform, by their digests: what wrappers copy or link
/// into their own folder. Only those are hashed that have the size of something to explain.
fn programs(project: &Path, outcomes: &[Outcome]) -> BTreeMap<Digest, (ReleaseId, String)> {
    let mut sizes = BTreeSet::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.may_copy) {
        let folder = project.join(&outcome.tree.place);
        let copies = outcome.tree.differences.iter().filter(|d| may_be_copy(d));
        let metas = copies.map(|copy| std::fs::symlink_metadata(folder.join(&copy.path)));
        // What is gone meanwhile needs no explanation.
        sizes.extend(metas.filter_map(Result::ok).map(|meta| meta.len()));
    }
    let mut verified = BTreeMap::new();
    let mut buffer = Vec::new();
    for outcome in outcomes {
        let wanted = outcome.programs.iter();
        for (path, stamp) in wanted.filter(|(_, stamp)| sizes.contains(&stamp.size)) {
            let at = project.join(&outcome.tree.place).join(path);
            let (algorithm, most) = (DigestAlgorithm::Sha256, disk::limit::FILE);
            // One that was replaced since it was compared explains nothing.
            if let Ok(digest) = disk::digest(&at, stamp, algorithm, most, &mut buffer) {
                verified.insert(digest, (outcome.tree.release.clone(), path.clone()));
            }
        }
    }
    verified
}

fn may_be_copy(difference: &Difference) -> bool {
    let open = matches!(
        difference.standing,
        Standing::Unexplained | Standing::MadeHere { .. }
    );
    let bytes = matches!(
        difference.kind,
        DifferenceKind::Modified | DifferenceKind::Extra
    );
    open && bytes
}

fn explain_copy(difference: &mut Difference, verified: &BTreeMap<Digest, (ReleaseId, String)>) {
    if !may_be_copy(difference) {
        return;
    }
    if let Some((release, path)) = difference
        .found
        .as_ref()
        .and_then(|found| verified.get(found))
    {
        difference.standing = Standing::Explained(Cause::CopyOf {
            release: release.clone(),
            path: path.clone(),
        });
    }
}

impl<'a> Tree<'a> {
    /// Looks at every package, and then at what lies around them. Gives what is worth
    /// remembering.
    fn look(
        &self,
        threads: Option<NonZeroUsize>,
        report: &mut TreeReport,
    ) -> Vec<(String, Remembered)> {
        let mut jobs: Vec<Job<'_>> = self.layout.installed.iter().map(Job::from).collect();
        jobs.sort_by_cached_key(|job| Reverse(self.weight(job)));
        let mut outcomes = each(&jobs, threads, |job| self.package(job));
        outcomes.sort_by(|a, b| a.tree.place.cmp(&b.tree.place));
        let optional: BTreeSet<String> = outcomes
            .iter()
            .flat_map(|outcome| outcome.facts.optional.iter().cloned())
            .collect();
        let mut remember = gather(self.project, outcomes, report);
        let hashed = match self.is_pnp() {
            true => pnp::zips(self, threads, report),
            false => {
                report.packages.extend(self.absent(&optional));
                pnp::Hashed::new()
            }
        };
        loose::loose(self, &hashed, report, &mut remember);
        strays::strays(self, report);
        remember
    }

    /// Whether packages are used out of Yarn's zips. A `node_modules` without a package, in which tools
    /// keep their caches, is no other tree.
    fn is_pnp(&self) -> bool {
        let mut installed = self.layout.installed.keys();
        self.manager == Manager::YarnBerry
            && installed.all(|place| place.starts_with(layout::UNPLUGGED))
            && std::fs::symlink_metadata(self.project.join(".pnp.cjs")).is_ok()
    }

    /// Packages that the lockfile has and the disk has not.
    /// `optional` are names that verified packages say may be left out.
    fn absent(&self, optional: &BTreeSet<String>) -> Vec<PackageTree> {
        let machine = Machine::here();
        self.layout
            .absent
            .iter()
            .map(|placed| {
                let may = optional.contains(placed.release.package.as_str());
                if self.required.contains(&placed.release) {
                    let (Place::At(place) | Place::Folder(place)) = &placed.place;
                    let mut tree = PackageTree::new(placed.release.clone(), place);
                    let missing = Difference::new("", DifferenceKind::Missing);
                    tree.differences = vec![missing];
                    tree.judge();
                    return tree;
                }
                let mut tree = absent(placed, self.manager, machine, may);
                if tree.differences.is_empty() && self.elsewhere.contains(&placed.release) {
                    tree.differences = vec![Difference {
                        standing: Standing::Explained(Cause::OtherPlatform),
                        ..Difference::new("", DifferenceKind::Missing)
                    }];
                    tree.open.clear();
                    tree.judge();
                }
                tree
            })
            .collect()
    }

    /// Places of other packages below a folder, relative to it.
    fn outside(&self, place: &str) -> BTreeSet<String> {
        let prefix = format!("{place}/");
        self.layout
            .installed
            .range(prefix.clone()..)
            .map_while(|(other, _)| other.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect()
    }

    /// A package and its other forms in the lockfile (patched, not patched), the patched first.
    fn forms(&self, installed: &Installed<'a>) -> Vec<&'a Placed> {
        match patches::twins_of(&self.twins, installed.placed) {
            Some(forms) => forms.to_vec(),
            None => vec![installed.placed],
        }
    }
}

fn absent(placed: &Placed, manager: Manager, machine: Machine, may: bool) -> PackageTree {
    let (Place::At(place) | Place::Folder(place)) = &placed.place;
    let mut tree = PackageTree::new(placed.release.clone(), place);
    let missing = |standing| Difference {
        standing,
        ..Difference::new("", DifferenceKind::Missing)
    };
    if placed.platforms.restricts() && !placed.platforms.take(machine) {
        tree.differences = vec![missing(Standing::Explained(Cause::OtherPlatform))];
    } else if may && manager != Manager::Npm {
        // npm's lockfile says it itself; those of Yarn and bun do not.
        tree.differences = vec![missing(Standing::Explained(Cause::Installer {
            what: "an optional dependency of a verified package, left out where it does not fit"
                .into(),
        }))];
    } else if placed.optional || placed.dev {
        tree.open
            .push("it is not installed here; the lockfile says that it may be left out".into());
    } else if manager == Manager::Npm {
        tree.differences = vec![missing(Standing::Unexplained)];
    } else {
        tree.open.push(
            "it is not installed here; the lockfile does not say whether it may be left out".into(),
        );
    }
    tree.judge();
    tree
}
