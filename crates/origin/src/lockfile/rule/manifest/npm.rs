//! package.json against package-lock.json, pnpm-lock.yaml, bun.lock and Yarn 4's yarn.lock, which
//! repeat what each project asks for.

use super::super::super::finding::Findings;
use super::super::super::view::LockfileView;
use super::super::super::words::shown;
use super::Differences;
use customs_ecosystem::lockfile::{Ask, AskKind, Importer, Kind, Manifest, Package};
use std::collections::{HashMap, HashSet};

pub(super) fn importers(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let members = Members::of(view);
    let by_folder: HashMap<&str, &Importer> = view
        .graph
        .importers
        .iter()
        .map(|importer| (importer.path.as_str(), importer))
        .collect();
    for manifest in view.manifests {
        let Some(importer) = by_folder.get(manifest.folder.as_str()) else {
            continue;
        };
        let mut differences = Differences::default();
        compare(view, manifest, importer, &members, &mut differences);
        differences.say(view, &manifest.folder, Some(importer.line), findings);
    }
}

/// Names of the workspace's own projects.
struct Members<'a>(HashSet<&'a str>);

impl<'a> Members<'a> {
    fn of(view: &LockfileView<'a>) -> Self {
        let locked = view
            .graph
            .importers
            .iter()
            .filter_map(|i| i.name.as_deref());
        let read = view.manifests.iter().filter_map(|m| m.name.as_deref());
        Self(locked.chain(read).collect())
    }
}

fn compare(
    view: &LockfileView<'_>,
    manifest: &Manifest,
    importer: &Importer,
    members: &Members<'_>,
    differences: &mut Differences,
) {
    let mut locked: HashMap<&str, Vec<&Ask>> = HashMap::new();
    for ask in &importer.asks {
        locked.entry(ask.name.as_str()).or_default().push(ask);
    }
    let mut asked: HashMap<&str, Vec<&Ask>> = HashMap::new();
    for ask in &manifest.asks {
        asked.entry(ask.name.as_str()).or_default().push(ask);
    }
    for (name, asks) in &asked {
        let left_out = asks.iter().all(|ask| is_left_out(view, ask, members));
        match locked.get(name) {
            None if left_out => {}
            None => differences.only_asked.push(shown(name)),
            Some(locked) => otherwise(view, name, asks, locked, differences),
        }
    }
    for (name, asks) in &locked {
        let own = asks.iter().all(|ask| is_own(view, ask));
        if !asked.contains_key(name) && !own && !members.0.contains(name) {
            differences.only_locked.push(shown(name));
        }
    }
}

/// What a manifest asks for and its lockfile need not repeat: peers, what stays a link, what is
/// only there if it can be had.
fn is_left_out(view: &LockfileView<'_>, ask: &Ask, members: &Members<'_>) -> bool {
    let spec = ask.spec.as_deref().unwrap_or_default();
    ask.kind == AskKind::Peer
        || ask.kind == AskKind::Optional
        || view.graph.hooked
        || members.0.contains(ask.name.as_str())
        || ["link:", "workspace:", "portal:"].iter().any(|protocol| spec.starts_with(protocol))
        // An override may take a dependency away (`-`).
        || view.is_overridden(&ask.name)
}

/// What a lockfile adds by itself: peers that were installed, pnpm's own settings.
fn is_own(view: &LockfileView<'_>, ask: &Ask) -> bool {
    ask.kind == AskKind::Peer
        || view.graph.hooked
        || view.is_overridden(&ask.name)
        || (view.graph.kind() == Kind::PnpmLock && ask.kind == AskKind::Dev && ask.name == "pnpm")
}

fn otherwise(
    view: &LockfileView<'_>,
    name: &str,
    asked: &[&Ask],
    locked: &[&Ask],
    differences: &mut Differences,
) {
    // pnpm repeats the specifier that an override or a hook has put in the place of the own one.
    if view.graph.hooked || view.is_overridden(name) {
        return;
    }
    let specs = |asks: &[&Ask]| -> Vec<String> {
        asks.iter()
            .filter_map(|ask| ask.spec.as_deref())
            .map(bare)
            .collect()
    };
    let (manifest, lockfile) = (specs(asked), specs(locked));
    let agree = manifest.iter().any(|spec| lockfile.contains(spec));
    let free = |spec: &String| {
        spec.is_empty() || spec.starts_with("catalog:") || spec.starts_with("patch:")
    };
    if agree || manifest.iter().chain(&lockfile).any(free) || lockfile.is_empty() {
        return;
    }
    if let (Some(manifest), Some(lockfile)) = (manifest.first(), lockfile.first()) {
        differences
            .otherwise
            .push((name.to_owned(), manifest.clone(), lockfile.clone()));
    }
}

/// A specifier without what clients add or leave out: `npm:` before a range, spaces.
pub(super) fn bare(spec: &str) -> String {
    let spec = spec.trim();
    match spec.strip_prefix("npm:") {
        Some(rest) if !rest.get(1..).is_some_and(|rest| rest.contains('@')) => rest.to_owned(),
        _ => spec.to_owned(),
    }
}

/// Format 1 of npm does not say what the project asks for: only that each name is there.
pub(super) fn names(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let members = Members::of(view);
    let installed = |package: &Package| package.keys.first().map(|key| key.name.clone());
    let known: HashSet<String> = view.graph.packages.iter().filter_map(installed).collect();
    for manifest in view.manifests.iter().filter(|m| m.folder.is_empty()) {
        let mut differences = Differences::default();
        for ask in &manifest.asks {
            if !known.contains(&ask.name) && !is_left_out(view, ask, &members) {
                differences.only_asked.push(shown(&ask.name));
            }
        }
        differences.say(view, &manifest.folder, None, findings);
    }
}
