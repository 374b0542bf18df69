//! What is locked and not installed.

use super::installed::Installed;
use super::scene::Scene;
use crate::tree::{Difference, DifferenceKind, PackageTree};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Ecosystem, PackageName};
use std::collections::BTreeSet;

/// Bytes of a METADATA of which the head is read.
const METADATA: usize = 8 << 20;

/// Lines of a head that are read.
const LINES: usize = 10_000;

/// Locked packages that are not here although an installed one asks for them whatever the machine,
/// the interpreter and the extras are: each is missing.
pub(super) fn needed(
    scene: &Scene,
    installed: &[Installed],
    locked: &[Locked],
) -> Vec<PackageTree> {
    // The interpreter's own packages may be the ones that are imported.
    if scene.config.includes_system {
        return Vec::new();
    }
    let here: BTreeSet<&PackageName> = installed.iter().map(|one| &one.release.package).collect();
    let mut told = BTreeSet::new();
    let mut out = Vec::new();
    for one in installed {
        for name in always_asked(scene, one) {
            if here.contains(&name) || told.contains(&name) {
                continue;
            }
            let mut entries = locked.iter();
            let Some(entry) =
                entries.find(|entry| entry.release.package == name && entry.source != Source::Path)
            else {
                continue;
            };
            let mut tree = PackageTree::new(entry.release.clone(), one.site.as_str());
            tree.differences = vec![Difference::new("", DifferenceKind::Missing)];
            tree.open.push(format!(
                "it is not installed here, and {} needs it",
                one.release.spoken()
            ));
            tree.judge();
            out.push(tree);
            told.insert(name);
        }
    }
    out
}

/// The names that a distribution asks for without any condition.
fn always_asked(scene: &Scene, one: &Installed) -> Vec<PackageName> {
    // One that cannot be read asks for nothing; it is told by itself.
    let Ok(bytes) = scene.bytes(&one.own("METADATA"), METADATA) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let head = text.lines().take(LINES).take_while(|line| !line.is_empty());
    head.filter_map(|line| line.strip_prefix("Requires-Dist:"))
        .filter(|asked| !asked.contains(';'))
        .filter_map(|asked| {
            let name = asked
                .trim()
                .split([' ', '(', '[', '<', '>', '=', '!', '~', '@', ',']);
            PackageName::new(Ecosystem::PyPi, name.into_iter().next()?).ok()
        })
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
