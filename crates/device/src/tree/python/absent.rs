//! What is locked and not installed.

use super::installed::Installed;
use super::scene::Scene;
use super::strangers::Belongs;
use crate::tree::{Difference, DifferenceKind, PackageTree};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_ecosystem::pypi::tags::{Implementation, Interpreter, Machine};
use customs_ecosystem::pypi::{MarkerEnvironment, Requirement};
use customs_model::{Ecosystem, PackageName};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a METADATA of which the head is read.
const METADATA: usize = 8 << 20;

/// Lines of a head that are read.
const LINES: usize = 10_000;

/// Rounds in which extras bring others along.
const ROUNDS: usize = 100;

/// Who asks for a package, in words, by its name.
type Asked = BTreeMap<PackageName, String>;

/// Locked packages that are not here although they are asked for here, by the markers of whoever asks and
/// the extras of whoever is asked for: each is missing.
pub(super) fn needed(
    scene: &Scene,
    installed: &[Installed],
    belongs: &Belongs<'_>,
    machine: Machine,
) -> Vec<PackageTree> {
    // The interpreter's own packages may be the ones that are imported.
    if scene.config.includes_system {
        return Vec::new();
    }
    let here: BTreeSet<&PackageName> = installed.iter().map(|one| &one.release.package).collect();
    let missing = asked(scene, installed, belongs, machine)
        .into_iter()
        .filter(|(name, _)| !here.contains(name));
    let mut out = Vec::new();
    for (name, whose) in missing {
        let mut entries = belongs.locked.iter();
        let is_it = |entry: &&Locked| entry.release.package == name && entry.source != Source::Path;
        let (Some(entry), Some(site)) = (entries.find(is_it), scene.sites.first()) else {
            continue;
        };
        let mut tree = PackageTree::new(entry.release.clone(), site.as_str());
        tree.differences = vec![Difference::new("", DifferenceKind::Missing)];
        tree.open
            .push(format!("it is not installed here, and {whose} needs it"));
        tree.judge();
        out.push(tree);
    }
    out
}

/// All names that are asked for here, with the first who asks.
fn asked(scene: &Scene, installed: &[Installed], belongs: &Belongs<'_>, machine: Machine) -> Asked {
    let all: Vec<(&Installed, Vec<Requirement>)> = installed
        .iter()
        .map(|one| (one, requirements(scene, one)))
        .collect();
    let mut asked = Asked::new();
    let mut extras: BTreeMap<PackageName, BTreeSet<String>> = BTreeMap::new();
    let here = environment(
        scene,
        scene.sites.first().map_or("", String::as_str),
        machine,
    );
    for one in of_project(installed, belongs, &here) {
        let of = extras.entry(one.name.clone()).or_default();
        of.extend(one.extras.iter().cloned());
        asked
            .entry(one.name.clone())
            .or_insert("the project".to_owned());
    }
    let none = BTreeSet::new();
    for _ in 0..ROUNDS {
        let before = (
            asked.len(),
            extras.values().map(BTreeSet::len).sum::<usize>(),
        );
        for (one, wants) in &all {
            let here = environment(scene, &one.site, machine);
            let own = extras.get(&one.release.package).unwrap_or(&none).clone();
            for want in wants {
                // What is not known to be needed is not missing.
                if want.applies(&here, &own) != Some(true)
                    || !is_locked(belongs, &one.release.package, want, &here, &own)
                {
                    continue;
                }
                let of = extras.entry(want.name.clone()).or_default();
                of.extend(want.extras.iter().cloned());
                let whose = || one.release.spoken();
                asked.entry(want.name.clone()).or_insert_with(whose);
            }
        }
        if before == (asked.len(), extras.values().map(BTreeSet::len).sum()) {
            break;
        }
    }
    asked
}

/// Whether the lockfile says as well that somebody needs something here, where it says such things: an
/// override of the project can take a need away.
fn is_locked(
    belongs: &Belongs<'_>,
    from: &PackageName,
    want: &Requirement,
    here: &MarkerEnvironment,
    extras: &BTreeSet<String>,
) -> bool {
    let Some(needs) = belongs.needs else {
        return true;
    };
    let own = needs.get(from).into_iter().flatten();
    let mut same = own.filter(|one| one.name == want.name);
    same.any(|one| one.applies(here, extras) == Some(true))
}

/// What the project asks for here. Where nothing of it is here something else was installed: a group
/// for developers alone.
fn of_project<'a>(
    installed: &[Installed],
    belongs: &Belongs<'a>,
    here: &MarkerEnvironment,
) -> Vec<&'a Requirement> {
    let none = BTreeSet::new();
    let asked = belongs.asked.iter();
    let applies = |one: &&Requirement| one.applies(here, &none) == Some(true);
    let asked: Vec<&Requirement> = asked.filter(applies).collect();
    let is_here = |one: &&Requirement| {
        let mut installed = installed.iter();
        installed.any(|other| other.release.package == one.name)
    };
    match belongs.is_complete && asked.iter().any(is_here) {
        true => asked,
        false => Vec::new(),
    }
}

/// What markers ask about the interpreter that imports from a folder.
fn environment(scene: &Scene, site: &str, machine: Machine) -> MarkerEnvironment {
    let interpreter = Interpreter::of_site(site);
    let interpreter = interpreter.or_else(|| Interpreter::of_settings(&scene.config));
    let version = match interpreter {
        Some(interpreter) => Some(interpreter.version),
        None => scene.config.version,
    };
    let here = MarkerEnvironment::of(machine.system, machine.processor, version);
    match interpreter.map(|interpreter| interpreter.implementation) {
        Some(Implementation::CPython | Implementation::FreeThreaded) => here.of_cpython(),
        Some(Implementation::PyPy) | None => here,
    }
}

/// What a distribution asks for.
fn requirements(scene: &Scene, one: &Installed) -> Vec<Requirement> {
    // One that cannot be read asks for nothing; it is told by itself.
    let Ok(bytes) = scene.bytes(&one.own("METADATA"), METADATA) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let head = text.lines().take(LINES).take_while(|line| !line.is_empty());
    head.filter_map(|line| line.strip_prefix("Requires-Dist:"))
        .filter_map(Requirement::parse)
        .collect()
}

/// The rest of what is not here: other groups, other platforms, or forgotten.
pub(super) fn others(
    installed: &[Installed],
    locked: &[Locked],
    needed: &[PackageTree],
) -> Option<String> {
    let mut names: Vec<String> = locked
        .iter()
        .filter(|entry| entry.release.package.ecosystem() == Ecosystem::PyPi)
        .filter(|entry| entry.source != Source::Path)
        .filter(|entry| {
            let package = &entry.release.package;
            let is_told = needed.iter().any(|one| one.release.package == *package);
            !is_told && installed.iter().all(|one| one.release.package != *package)
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
