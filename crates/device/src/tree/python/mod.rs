//! Environments of Python, as pip, uv and Poetry lay them out.
//!
//! A package is held against its wheel, where a copy is at hand whose digest the lockfile names; the
//! wheel is laid out as an installer would do it, and compared place by place. Without it there is
//! only RECORD, which nobody signs: a difference from it is a difference, agreement is not an
//! answer. What no package claims is looked at by itself: compiled files, the environment's own
//! files, and what nobody explains.
//!
//! Nothing is executed. Compiled files are held against their sources by what they hold
//! ([`customs_ecosystem::pypi::bytecode`]).

mod absent;
mod answer;
mod built;
mod came_from;
mod clones;
mod compiled;
mod creator;
mod environments;
mod installed;
mod kernel;
mod known_scripts;
mod layout;
mod leftover;
mod machine;
mod package;
mod record;
mod repositories;
mod scene;
mod script;
mod settings;
mod start;
mod strangers;
mod uv_cache;
mod wheel;

#[cfg(test)]
mod tests;

pub use environments::{environments, is_of_environment, of_poetry};
pub use machine::{interpreter, machine};
pub use strangers::Belongs;
pub use uv_cache::check_uv_cache;
pub(crate) use wheel::keep as keep_of_wheel;

use super::memory::{self, Memory};
use super::seen::{Remembered, fingerprint};
use super::{Difference, DifferenceKind, Options, Standing, TreeReport, each};
use crate::artifact::{ByDigest, FileLists, PipHttpCache, PoetryArtifacts, Source};
use answer::Judge;
use customs_model::{Answer, Digest};
use installed::Installed;
use scene::{Scene, Shape};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Checks one environment against what a lockfile names. Paths of packages are relative to the
/// `site-packages` that is their place; loose ones are relative to the environment.
///
/// An environment is remembered as a whole, since its packages share their folders; a prefix that
/// Python shares with others is not.
pub fn check(environment: &Path, belongs: &Belongs<'_>, options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    let memory = Memory::open(options, environment, meaning(belongs), &mut report);
    let run = Run {
        belongs: *belongs,
        clones: &options
            .caches
            .uv
            .as_deref()
            .map(repositories::clones)
            .unwrap_or_default(),
        sources: &sources(options),
        memory: &memory,
        options,
    };
    let (found, remember) = run.look(Scene::read(environment), "", environment);
    report.extend(found);
    tidy(&mut report);
    let places = BTreeSet::from([String::new()]);
    memory.keep(remember.into_iter().collect(), &places, &mut report);
    report
}

/// A digest of all that a check of an environment goes by.
fn meaning(belongs: &Belongs<'_>) -> Digest {
    let text = format!(
        "{}\n{}\n{}\n{:?}\n{:?}\n{:?}",
        memory::digest_of(belongs.locked),
        belongs.is_complete,
        belongs.is_synced,
        belongs.project,
        belongs.asked,
        belongs.needs
    );
    Digest::sha256(text.as_bytes())
}

/// What all environments of one run share.
struct Run<'a> {
    belongs: Belongs<'a>,
    /// Clones that may hold the commits that packages were built from, beside those in the environment.
    clones: &'a [PathBuf],
    sources: &'a [Box<dyn Source>],
    memory: &'a Memory,
    options: &'a Options,
}

/// In the order in which they are asked.
fn sources(options: &Options) -> Vec<Box<dyn Source>> {
    let mut all: Vec<Box<dyn Source>> = Vec::new();
    if let Some(folder) = &options.gate_store {
        all.push(Box::new(ByDigest::gate(folder)));
    }
    if let Some(folder) = &options.fetched {
        all.push(Box::new(ByDigest::fetched(folder)));
    }
    // These have no names by digest and are looked through, so they are asked last.
    if let Some(folder) = &options.caches.poetry {
        all.push(Box::new(PoetryArtifacts::new(folder)));
    }
    if let Some(folder) = &options.caches.pip {
        all.push(Box::new(PipHttpCache::new(folder)));
    }
    if let Some(folder) = &options.gate_lists {
        all.push(Box::new(FileLists::new(folder)));
    }
    all
}

fn tidy(report: &mut TreeReport) {
    report.not_checked.sort();
    report.not_checked.dedup();
    report.poisoned.sort();
    report.poisoned.dedup();
}

impl Run<'_> {
    /// Looks at one folder, or takes what is remembered of it. The second value is what is worth
    /// remembering.
    fn look(
        &self,
        scene: Result<Scene, String>,
        place: &str,
        given: &Path,
    ) -> (TreeReport, Option<(String, Remembered)>) {
        let scene = match scene {
            Ok(scene) => scene,
            Err(why) => {
                let mut report = TreeReport::default();
                report.not_checked.push(why);
                // Whatever lies there, nobody saw it.
                let unseen = Difference::new(".", DifferenceKind::Unreadable);
                report.loose.push(unseen);
                return (report, None);
            }
        };
        let (given, root) = (given.to_string_lossy(), scene.root.to_string_lossy());
        let depends = [given.as_bytes(), root.as_bytes(), place.as_bytes()];
        let print = match scene.shape {
            // Commands lie in folders that are not walked.
            Shape::Prefix => None,
            Shape::Virtual | Shape::Bare => fingerprint(&scene.disk, &depends, self.options.now),
        };
        if let Some(Remembered::Shared(_, known)) = self.memory.look(place, print.as_deref()) {
            let mut known = TreeReport::clone(known);
            known.unchanged = known.packages.len() as u64;
            return (known, None);
        }
        let (report, settled) = self.compare(&scene);
        let print = print.filter(|_| settled);
        let remember = print.map(|print| {
            let what = Remembered::Shared(place.to_owned(), Box::new(report.clone()));
            (print, what)
        });
        (report, remember)
    }

    /// The second value is whether the same would be found again as long as nothing changes here.
    fn compare(&self, scene: &Scene) -> (TreeReport, bool) {
        let mut report = TreeReport::default();
        let (installed, said) = Installed::all(scene);
        report.not_checked.extend(said);
        if scene.config.includes_system {
            report.not_checked.push(
                "the environment also imports the packages of its interpreter, which were not looked at"
                    .into(),
            );
        }
        if scene.shape == Shape::Virtual {
            let needed = absent::needed(scene, &installed, &self.belongs, machine());
            let others = absent::others(&installed, self.belongs.locked, &needed);
            report.not_checked.extend(others);
            report.packages.extend(needed);
        }
        let mut at_hand = clones::folders(scene);
        at_hand.extend_from_slice(self.clones);
        let judge = Judge {
            scene,
            locked: self.belongs.locked,
            clones: &at_hand,
            sources: self.sources,
            machine: machine(),
        };
        let threads = self.options.threads;
        let answers = each(&installed, threads, |one| judge.compare(one));
        let (mut bases, mut compared) = (Vec::new(), Vec::new());
        for (one, (basis, found)) in installed.into_iter().zip(answers) {
            bases.push(basis);
            compared.push((one, found));
        }
        answer::share(&mut compared, &bases);
        let clones = clones::Clones::read(scene, self.belongs.locked);
        report.not_checked.extend(clones.said());
        let left = leftover::read(scene, &compared, &clones, threads);
        report.not_checked.extend(left.agreeing());
        report.not_checked.extend(left.said);
        report.loose.extend(left.loose);
        let mut extras = left.of_package;
        let mut settled = report.loose.iter().all(is_explained) && report.packages.is_empty();
        for (at, ((one, mut found), mut basis)) in compared.into_iter().zip(bases).enumerate() {
            let mut more = extras.remove(&at).unwrap_or_default();
            if !basis.is_bound() {
                more.extend(strangers::differences(scene, &self.belongs, &one, &found));
            }
            report.not_checked.extend(found.unread.iter().cloned());
            report.poisoned.append(&mut basis.poisoned);
            let stays = basis.settled;
            found.unread.dedup();
            let tree = answer::finish(one, found, more, basis);
            settled &= match tree.answer {
                Answer::Yes => true,
                Answer::No => false,
                Answer::NotChecked(_) => stays && tree.differences.iter().all(is_explained),
            };
            report.packages.push(tree);
        }
        let settled = settled && report.poisoned.is_empty();
        (report, settled)
    }
}

fn is_explained(difference: &Difference) -> bool {
    difference.standing != Standing::Unexplained
}
