//! The trees of npm, pnpm, Yarn 1, Yarn 4 and bun.
//!
//! [`check`] reads the lockfile, finds which folder is which package ([`layout`]), compares each
//! with its artifact on all cores ([`package`]), and then what lies loose around the packages.

mod expect;
mod explain;
mod interpreter;
mod layout;
mod links;
mod loose;
mod made;
mod manager;
mod manifest;
mod own_list;
mod package;
mod patches;
mod pnp;
mod pnpm_index;
mod shim;
#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use manager::{Habits, Manager};

use super::seen::Seen;
use super::{Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport, disk, each};
use crate::artifact::{ByDigest, NpmCache, Poisoned, Source, YarnBerryCache, YarnClassicCache};
use customs_ecosystem::lockfile::places::{self, Place, Placed, Places};
use customs_ecosystem::lockfile::{self, Kind};
use customs_ecosystem::npm::Machine;
use customs_model::{Answer, Digest, ReleaseId, printable};
use layout::{Installed, Layout};
use links::Links;
use package::{Job, Outcome};
use patches::Patches;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where artifacts may lie on this machine, and how to look.
#[derive(Debug, Clone)]
pub struct Options {
    /// The gate's store of artifacts.
    pub gate_store: Option<PathBuf>,
    /// A folder that artifacts were fetched to, laid out as the gate's store.
    pub fetched: Option<PathBuf>,
    /// npm's cache (it holds `_cacache`).
    pub npm_cache: Option<PathBuf>,
    /// Yarn 1's cache (`yarn cache dir`).
    pub yarn_classic_cache: Option<PathBuf>,
    /// Yarn 4's caches; the project's own `.yarn/cache` needs not be named.
    pub yarn_berry_caches: Vec<PathBuf>,
    /// pnpm's store, with its version (`…/store/v10`), as `storeDir` of `.modules.yaml` has it.
    pub pnpm_store: Option<PathBuf>,
    /// Where to remember what was found: outside of the tree. See [`super::seen`].
    pub seen: Option<PathBuf>,
    /// Read everything again, whatever is remembered.
    pub deep: bool,
    /// How many threads; none: as many as there are cores.
    pub threads: Option<NonZeroUsize>,
    /// The time now.
    pub now: SystemTime,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gate_store: None,
            fetched: None,
            npm_cache: None,
            yarn_classic_cache: None,
            yarn_berry_caches: Vec::new(),
            pnpm_store: None,
            seen: None,
            deep: false,
            threads: None,
            now: SystemTime::now(),
        }
    }
}

/// Why a tree could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lockfile cannot be opened.
    #[error("{path} cannot be read: {why}; check that it is there and that you may read it")]
    Read {
        /// Safe to print.
        path: String,
        /// The system's reason.
        why: io::Error,
    },
    /// It is no lockfile of the npm family.
    #[error("{path} is no lockfile of npm, pnpm, Yarn or bun; name one of theirs")]
    Kind {
        /// Safe to print.
        path: String,
    },
    /// It is not what its tool writes.
    #[error(transparent)]
    Lockfile(#[from] lockfile::Error),
}

/// Checks the tree of a project against a lockfile. Nothing is changed, followed out of the
/// project, or executed. What could not be looked at is in the report, never an error.
///
/// # Errors
/// The lockfile cannot be read.
pub fn check(project: &Path, lockfile: &Path, options: &Options) -> Result<TreeReport, Error> {
    let (kind, bytes) = open(lockfile)?;
    // Managers write the real path into scripts; one that cannot be had is of no use to them.
    let real = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
    let project = real.as_path();
    let places = places::read(kind, &bytes)?;
    let manager = Manager::of(kind).ok_or_else(|| Error::Kind {
        path: shown(lockfile),
    })?;
    let lock = Digest::sha256(&bytes);
    drop(bytes);

    let mut notes = places.skipped.clone();
    let layout = layout::layout(project, &places, manager);
    notes.extend(layout.notes.iter().cloned());
    let patches = Patches::of(project, &places.placed, &mut notes);
    let mut members = places.members.clone();
    members.extend(places.links.iter().map(|link| link.target.clone()));
    members.retain(|member| !member.is_empty());
    let links = Links::new(project, &layout, members, &places.aliases);
    let sources = sources(project, &places, manager, options);
    let mut seen = options
        .seen
        .as_ref()
        .map(|path| Seen::open(path, project, lock));
    notes.extend(seen.as_mut().and_then(|(_, why)| why.take()));
    let mut seen = seen.map(|(seen, _)| seen);

    let tree = Tree {
        project,
        manager,
        places: &places,
        layout: &layout,
        links: &links,
        patches: &patches,
        sources: &sources,
        pnpm_store: options.pnpm_store.clone().or_else(|| own_store(project)),
        seen: seen.as_ref().filter(|_| !options.deep),
        now: options.now,
    };
    let jobs: Vec<Job<'_>> = layout.installed.iter().map(Job::from).collect();
    let outcomes = each(&jobs, options.threads, |job| tree.package(job));
    let mut report = TreeReport {
        packages: Vec::new(),
        loose: Vec::new(),
        not_checked: notes,
        poisoned: Vec::new(),
        unchanged: 0,
    };
    let optional: BTreeSet<String> = outcomes
        .iter()
        .flat_map(|outcome| outcome.facts.optional.iter().cloned())
        .collect();
    let mut remember = gather(outcomes, &mut report);
    if tree.is_pnp() {
        pnp::zips(&tree, options.threads, &mut report);
    } else {
        report.packages.extend(tree.absent(&optional));
    }
    loose::loose(&tree, &mut report, &mut remember);
    report.packages.sort_by(|a, b| a.place.cmp(&b.place));
    report.poisoned.sort();
    report.poisoned.dedup();
    if let Some(mut seen) = seen.take() {
        let here: BTreeSet<String> = layout
            .installed
            .keys()
            .chain(&layout.roots)
            .cloned()
            .collect();
        for (fingerprint, what) in remember {
            seen.remember(fingerprint, what);
        }
        if let Err(why) = seen.save(&here) {
            report
                .not_checked
                .push(format!("what was found could not be remembered: {why}"));
        }
    }
    Ok(report)
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
    seen: Option<&'a Seen>,
    now: SystemTime,
}

fn open(lockfile: &Path) -> Result<(Kind, Vec<u8>), Error> {
    let fail = |why| Error::Read {
        path: shown(lockfile),
        why,
    };
    let bytes = disk::read_up_to(lockfile, lockfile::limit::BYTES as u64)
        .map_err(fail)?
        .ok_or_else(|| fail(io::Error::from(io::ErrorKind::FileTooLarge)))?;
    let name = lockfile.file_name().unwrap_or_default().to_string_lossy();
    let head = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    match Kind::of_file_name(&name, head) {
        Some(kind) => Ok((kind, bytes)),
        None => Err(Error::Kind {
            path: shown(lockfile),
        }),
    }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
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
    if let Some(folder) = &options.npm_cache {
        all.push(Box::new(NpmCache::new(folder)));
    }
    if let Some(folder) = &options.yarn_classic_cache {
        all.push(Box::new(YarnClassicCache::new(folder)));
    }
    if manager == Manager::YarnBerry {
        let own = project.join(".yarn/cache");
        for folder in [own].iter().chain(&options.yarn_berry_caches) {
            let key = places.cache_key.clone();
            all.push(Box::new(YarnBerryCache::new(folder, key)));
        }
    }
    if let Some(folder) = &options.fetched {
        all.push(Box::new(ByDigest::fetched(folder)));
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
    outcomes: Vec<Outcome>,
    report: &mut TreeReport,
) -> Vec<(String, super::seen::Remembered)> {
    // Files of packages for one platform: what wrappers copy or link into their own folder.
    let mut verified: BTreeMap<Digest, (ReleaseId, String)> = BTreeMap::new();
    for outcome in &outcomes {
        for (digest, path) in &outcome.facts.platform_files {
            let release = outcome.tree.release.clone();
            verified.insert(digest.clone(), (release, path.clone()));
        }
    }
    let mut remember = Vec::new();
    for mut outcome in outcomes {
        if outcome.may_copy {
            for difference in &mut outcome.tree.differences {
                explain_copy(difference, &verified);
            }
        }
        if !outcome.unchanged {
            outcome.tree.judge();
        }
        report.unchanged += u64::from(outcome.unchanged);
        report.poisoned.append(&mut outcome.poisoned);
        report.not_checked.append(&mut outcome.notes);
        // Only what was compared and is right is worth remembering.
        if let Some(fingerprint) = outcome.fingerprint
            && outcome.tree.answer == Answer::Yes
        {
            let what =
                super::seen::Remembered::Package(Box::new(outcome.tree.clone()), outcome.facts);
            remember.push((fingerprint, what));
        }
        report.packages.push(outcome.tree);
    }
    remember
}

fn explain_copy(difference: &mut Difference, verified: &BTreeMap<Digest, (ReleaseId, String)>) {
    let candidate = difference.standing != Standing::Unexplained
        && !matches!(difference.standing, Standing::MadeHere { .. });
    let bytes = matches!(
        difference.kind,
        DifferenceKind::Modified | DifferenceKind::Extra
    );
    if candidate || !bytes {
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
    /// Whether packages are used out of Yarn's zips.
    fn is_pnp(&self) -> bool {
        self.manager == Manager::YarnBerry
            && !layout::is_folder(&self.project.join("node_modules"))
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
                absent(placed, self.manager, machine, may)
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
        let mut forms: Vec<&Placed> = match self.manager {
            Manager::YarnBerry => {
                let all = self.places.placed.iter();
                all.filter(|other| patches::are_twins(installed.placed, other))
                    .collect()
            }
            Manager::Npm | Manager::Pnpm | Manager::YarnClassic | Manager::Bun => {
                vec![installed.placed]
            }
        };
        forms.sort_by_key(|placed| placed.patch.is_none() && !placed.builtin_patch);
        forms
    }
}

fn absent(placed: &Placed, manager: Manager, machine: Machine, may: bool) -> PackageTree {
    let (Place::At(place) | Place::Folder(place)) = &placed.place;
    let mut tree = PackageTree {
        release: placed.release.clone(),
        place: place.clone(),
        answer: Answer::Yes,
        against: None,
        files: 0,
        differences: Vec::new(),
        decoy: None,
    };
    let missing = |standing| Difference {
        path: String::new(),
        kind: DifferenceKind::Missing,
        expected: None,
        found: None,
        standing,
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
        tree.answer = Answer::not_checked(
            "it is not installed here; the lockfile says that it may be left out",
        );
    } else if manager == Manager::Npm {
        tree.differences = vec![missing(Standing::Unexplained)];
        tree.answer = Answer::No;
    } else {
        tree.answer = Answer::not_checked(
            "it is not installed here; the lockfile does not say whether it may be left out",
        );
    }
    tree
}

/// A copy that is not what is promised.
fn poisoned(
    candidate: &crate::artifact::Candidate,
    release: &ReleaseId,
    promised: &Digest,
    found: &Digest,
) -> Poisoned {
    Poisoned {
        cache: candidate.from.clone(),
        path: candidate.path.display().to_string(),
        release: release.clone(),
        promised: promised.clone(),
        found: found.clone(),
    }
}
