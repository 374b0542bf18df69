//! Which version took the place of which.

use super::super::words::shown;
use super::index::{Index, line};
use super::{Added, LockChange, Moved, Removed};
use customs_ecosystem::compare;
use customs_model::Ecosystem;
use std::cmp::Ordering;
use std::collections::BTreeSet;

pub(super) fn releases(before: &Index<'_>, after: &Index<'_>, change: &mut LockChange) {
    let ecosystem = after.graph.kind().ecosystem();
    let names: BTreeSet<&str> = before
        .packages
        .keys()
        .chain(after.packages.keys())
        .copied()
        .collect();
    for name in names {
        // Most packages of a change stay as they are.
        let same = match (before.packages.get(name), after.packages.get(name)) {
            (Some(was), Some(is)) => was.keys().eq(is.keys()),
            _ => false,
        };
        if same {
            continue;
        }
        let versions = |index: &Index<'_>| -> BTreeSet<String> {
            let versions = index.packages.get(name);
            versions
                .into_iter()
                .flatten()
                .map(|(version, _)| (*version).to_owned())
                .collect()
        };
        let (was, is) = (versions(before), versions(after));
        let mut gone = sorted(ecosystem, was.difference(&is));
        let mut new = sorted(ecosystem, is.difference(&was));
        // Within a line of releases first: 1.2.3 became 1.2.4, not 2.0.1.
        let same_line = pair(&mut gone, &mut new, |a, b| {
            line(ecosystem, a).is_some_and(|of_a| Some(of_a) == line(ecosystem, b))
        });
        let others = pair(&mut gone, &mut new, |_, _| true);
        for (from, to) in same_line.into_iter().chain(others) {
            let (was, is) = (before.installed(name, &from), after.installed(name, &to));
            let (Some(was), Some(installed)) = (was, is) else {
                continue;
            };
            let new = |command: &&String| !was.commands.contains(*command);
            let new_commands = installed.commands.iter().filter(new).cloned().collect();
            change.moved.push(Moved {
                before: shown(&from),
                up: compare(ecosystem, &from, &to).map(|order| order == Ordering::Less),
                new_install_script: installed.install_script && !was.install_script,
                script_before: was.install_script_known.then_some(was.install_script),
                newly_bundled: installed.bundled && !was.bundled,
                new_commands,
                installed,
            });
        }
        let added = new
            .iter()
            .filter_map(|version| after.installed(name, version));
        change
            .added
            .extend(added.map(|installed| Added { installed }));
        change.removed.extend(gone.iter().map(|version| Removed {
            name: shown(name),
            version: shown(version),
        }));
    }
}

/// Oldest first. What is no version comes last, so that the order is one.
fn sorted<'a>(ecosystem: Ecosystem, versions: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut versions: Vec<String> = versions.cloned().collect();
    let is_none = |version: &str| compare(ecosystem, version, version).is_none();
    versions.sort_by(|a, b| {
        let apart = is_none(a).cmp(&is_none(b));
        let order = compare(ecosystem, a, b).unwrap_or(Ordering::Equal);
        apart.then(order).then_with(|| a.cmp(b))
    });
    versions
}

/// Takes pairs that belong together out of both lists. A package has few versions in one
/// lockfile; of more than [`FEW`] only those are compared.
fn pair(
    gone: &mut Vec<String>,
    new: &mut Vec<String>,
    belong: impl Fn(&str, &str) -> bool,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < gone.len().min(FEW) && pairs.len() < FEW {
        let partner = new.iter().take(FEW).position(|to| belong(&gone[at], to));
        match partner {
            Some(partner) => pairs.push((gone.remove(at), new.remove(partner))),
            None => at += 1,
        }
    }
    pairs
}

/// More versions of one package than any honest lockfile changes at once.
const FEW: usize = 64;
