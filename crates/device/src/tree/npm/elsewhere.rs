//! What only packages for other machines ask for: it is rightly absent here.

use customs_ecosystem::lockfile::places::Placed;
use customs_ecosystem::lockfile::{AskKind, Graph};
use customs_ecosystem::npm::Machine;
use customs_model::ReleaseId;
use std::collections::{BTreeMap, BTreeSet};

/// The releases of a lockfile that nobody asks for on a machine, because all who ask are for others.
/// What can be meant by something that leads nowhere in the lockfile is none of them, and neither is
/// anything where the lockfile does not say what the project asks for.
pub(super) fn elsewhere(graph: &Graph, placed: &[Placed], machine: Machine) -> BTreeSet<ReleaseId> {
    if !graph.roots_known {
        return BTreeSet::new();
    }
    let mut fits: BTreeMap<&ReleaseId, bool> = BTreeMap::new();
    for placed in placed {
        let one = !placed.platforms.restricts() || placed.platforms.take(machine);
        *fits.entry(&placed.release).or_insert(false) |= one;
    }
    let mut needed = vec![false; graph.packages.len()];
    let mut unclear: BTreeSet<&str> = BTreeSet::new();
    let mut asks: Vec<_> = graph.importers.iter().flat_map(|i| &i.asks).collect();
    while let Some(ask) = asks.pop() {
        let to = ask.to.and_then(|at| Some((at, graph.packages.get(at)?)));
        let Some((at, package)) = to else {
            unclear.insert(&ask.name);
            continue;
        };
        let fit = graph.release(package).and_then(|release| fits.get(release));
        let is_new = needed
            .get_mut(at)
            .is_some_and(|seen| !std::mem::replace(seen, true));
        if is_new && fit != Some(&false) {
            // What packages ask for to be developed is not installed with them.
            let run = package.asks.iter().filter(|ask| ask.kind != AskKind::Dev);
            asks.extend(run);
        }
    }
    let mut out = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for (package, needed) in graph.packages.iter().zip(needed) {
        let Some(release) = graph.release(package) else {
            continue;
        };
        match needed || unclear.contains(package.name.as_str()) {
            true => kept.insert(release),
            false => out.insert(release.clone()),
        };
    }
    out.retain(|release| !kept.contains(release));
    out
}

/// The releases that somebody who fits a machine cannot run without: the project, and each package that
/// is needed in this way. Whatever an entry says of itself, npm never leaves one of them out.
pub(super) fn required(graph: &Graph, placed: &[Placed], machine: Machine) -> BTreeSet<ReleaseId> {
    let fits = |release: &ReleaseId| {
        let mut all = placed.iter().filter(|one| one.release == *release);
        all.any(|one| !one.platforms.restricts() || one.platforms.take(machine))
    };
    let mut seen = vec![false; graph.packages.len()];
    let mut required = BTreeSet::new();
    let mut asks: Vec<_> = graph.importers.iter().flat_map(|i| &i.asks).collect();
    while let Some(ask) = asks.pop() {
        let at = ask.to.filter(|_| ask.kind == AskKind::Runtime);
        let Some((at, package)) = at.and_then(|at| Some((at, graph.packages.get(at)?))) else {
            continue;
        };
        let is_new = seen
            .get_mut(at)
            .is_some_and(|seen| !std::mem::replace(seen, true));
        let Some(release) = graph.release(package).filter(|_| is_new) else {
            continue;
        };
        required.insert(release.clone());
        if fits(release) {
            asks.extend(&package.asks);
        }
    }
    required
}
