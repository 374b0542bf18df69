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

mod answer;
mod compiled;
mod creator;
mod environments;
mod installed;
mod layout;
mod leftover;
mod package;
mod scene;
mod script;
mod uv_cache;
mod wheel;

#[cfg(test)]
mod tests;

pub use environments::environments;
pub use uv_cache::check_uv_cache;

use super::TreeReport;
use super::plain::{Shelf, parallel_map, places};
use super::Options;
use answer::Judge;
use customs_ecosystem::lockfile::Locked;
use customs_model::{Digest, DigestAlgorithm, Ecosystem, printable};
use installed::Installed;
use scene::{Scene, Shape};
use std::collections::BTreeSet;
use std::path::Path;

/// Checks one environment against what a lockfile names. Paths of packages are relative to the
/// `site-packages` that is their place; loose ones are relative to the environment.
pub fn check(environment: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    let Some(scene) = Scene::read(environment) else {
        report.not_checked.push(format!(
            "{}: there is no such folder",
            printable(&environment.to_string_lossy(), 200)
        ));
        return report;
    };
    let shelf = Shelf::read(&places(options), &wanted(locked));
    of_scene(&scene, locked, &shelf, &mut report);
    report.not_checked.extend(shelf.said);
    report.not_checked.sort();
    report.not_checked.dedup();
    report
}

/// The digests by which artifacts are looked for.
fn wanted(locked: &[Locked]) -> BTreeSet<Digest> {
    locked
        .iter()
        .filter(|entry| entry.release.package.ecosystem() == Ecosystem::PyPi)
        .flat_map(|entry| entry.digests.iter())
        .filter(|digest| digest.algorithm() == DigestAlgorithm::Sha256)
        .cloned()
        .collect()
}

fn of_scene(scene: &Scene, locked: &[Locked], shelf: &Shelf, report: &mut TreeReport) {
    let (installed, said) = Installed::all(scene);
    report.not_checked.extend(said);
    report.not_checked.extend(scene.disk.unread.iter().cloned());
    if scene.config.includes_system {
        report.not_checked.push(
            "the environment also imports the packages of its interpreter, which were not looked at"
                .into(),
        );
    }
    if scene.shape == Shape::Virtual {
        report.not_checked.extend(absent(&installed, locked));
    }
    let judge = Judge {
        scene,
        locked,
        shelf,
    };
    let mut bases = Vec::new();
    let mut compared = Vec::new();
    let answers = parallel_map(&installed, |one| judge.compare(one));
    for (one, (basis, found)) in installed.into_iter().zip(answers) {
        bases.push(basis);
        compared.push((one, found));
    }
    answer::share(&mut compared);
    let left = leftover::read(scene, &compared);
    if left.compiled > 0 {
        report.not_checked.push(format!(
            "{} compiled files are bound to their sources and hold no other names and texts; \
             whether their instructions are the same was not checked, since nothing is executed",
            left.compiled
        ));
    }
    report.not_checked.extend(left.said);
    report.loose.extend(left.loose);
    let mut extras = left.of_package;
    for (at, ((one, mut found), basis)) in compared.into_iter().zip(bases).enumerate() {
        let more = extras.remove(&at).unwrap_or_default();
        report.not_checked.append(&mut found.unread);
        report
            .packages
            .push(answer::finish(one, found, more, basis));
    }
}

/// What is locked and not here: other groups, other platforms, or forgotten.
fn absent(installed: &[Installed], locked: &[Locked]) -> Option<String> {
    use customs_ecosystem::lockfile::Source;
    let mut names: Vec<String> = locked
        .iter()
        .filter(|entry| entry.release.package.ecosystem() == Ecosystem::PyPi)
        .filter(|entry| entry.source != Source::Path)
        .filter(|entry| {
            installed
                .iter()
                .all(|one| one.release.package != entry.release.package)
        })
        .map(|entry| entry.release.spoken())
        .collect();
    names.sort();
    names.dedup();
    let count = names.len();
    names.truncate(5);
    (count > 0).then(|| {
        format!(
            "{count} locked packages are not installed here (other groups or platforms): {}{}",
            names.join(", "),
            if count > 5 { ", …" } else { "" }
        )
    })
}
