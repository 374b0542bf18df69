//! What the lockfile calls optional while a project requires it: a client passes over its absence.

use super::super::super::finding::{Findings, Said};
use super::super::super::view::LockfileView;
use super::super::super::words::{shown, spoken};
use customs_ecosystem::lockfile::{Ask, AskKind, Manifest, Package};
use customs_model::Severity;
use std::collections::{BTreeSet, HashMap};

pub(super) fn judge(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    if view.graph.hooked {
        return;
    }
    let manifests: HashMap<&str, &Manifest> = view
        .manifests
        .iter()
        .map(|manifest| (manifest.folder.as_str(), manifest))
        .collect();
    for importer in &view.graph.importers {
        let folder = importer.path.trim_end_matches('/');
        let Some(manifest) = manifests.get(folder) else {
            continue;
        };
        let mut locked: HashMap<&str, Vec<&Ask>> = HashMap::new();
        for ask in &importer.asks {
            locked.entry(ask.name.as_str()).or_default().push(ask);
        }
        for name in required(manifest) {
            let Some(what) = locked.get(name).and_then(|asks| lie(view, asks)) else {
                continue;
            };
            let (line, message) = match what {
                Lie::Ask => (
                    importer.line,
                    format!(
                        "{} is optional by the lockfile, and required by the manifest: nobody would notice its absence",
                        shown(name)
                    ),
                ),
                Lie::Entry(package) => (
                    package.line,
                    format!(
                        "{} is marked as optional, and the project requires it: nobody would notice its absence",
                        spoken(package)
                    ),
                ),
            };
            findings.add(Said {
                severity: match folder.is_empty() {
                    true => Severity::High,
                    // npm has marked what members of a workspace need in wrong ways.
                    false => Severity::Medium,
                },
                message,
                file: view.path,
                line: Some(line),
                release: None,
                evidence: Vec::new(),
            });
        }
    }
}

/// How a lockfile says that something may be absent.
enum Lie<'a> {
    /// The project's own words are repeated among the optional ones.
    Ask,
    /// The entry is marked.
    Entry(&'a Package),
}

/// The names that a manifest requires to run, and nowhere calls optional.
fn required(manifest: &Manifest) -> BTreeSet<&str> {
    let of = |wanted: fn(AskKind) -> bool| {
        let asks = manifest.asks.iter();
        asks.filter(move |ask| wanted(ask.kind))
            .map(|ask| ask.name.as_str())
    };
    let softened: BTreeSet<&str> =
        of(|kind| matches!(kind, AskKind::Optional | AskKind::Peer)).collect();
    of(|kind| kind == AskKind::Runtime)
        .filter(|name| !softened.contains(name))
        .collect()
}

fn lie<'a>(view: &LockfileView<'a>, asks: &[&'a Ask]) -> Option<Lie<'a>> {
    if asks.iter().all(|ask| ask.kind == AskKind::Optional) {
        return Some(Lie::Ask);
    }
    let packages = asks
        .iter()
        .filter_map(|ask| view.graph.packages.get(ask.to?));
    let mut marked = packages.filter(|package| package.optional);
    marked.next().map(Lie::Entry)
}
