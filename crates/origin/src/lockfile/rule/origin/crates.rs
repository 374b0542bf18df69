//! Crates of a registry that nobody names: cargo takes one from elsewhere than its own registry
//! only where a manifest says so, and writes its own down whatever stands in its place.

use super::super::super::finding::Findings;
use super::super::super::view::LockfileView;
use super::super::super::words::{shown, spoken};
use super::{Entry, add};
use customs_ecosystem::lockfile::Source;
use customs_model::{Ecosystem, Severity};

/// cargo's own registry, as `Cargo.lock` writes it.
const OWN: &str = concat!("registry+", "https://github.com/rust-lang/crates.io-index");

/// Whether the manifests tell that no registry is named.
pub(super) fn are_known(view: &LockfileView<'_>) -> bool {
    let manifests = view.manifests;
    view.ecosystem() == Ecosystem::Cargo
        && !manifests.is_empty()
        && manifests.iter().all(|manifest| !manifest.names_sources)
}

pub(super) fn judge(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let others: Vec<Entry<'_>> = view
        .of_registry()
        .filter(|(package, locked)| {
            let is_own = locked.resolved.as_deref().is_none_or(|from| from == OWN);
            let is_gate = view.address(package).is_some_and(|at| view.is_own(at));
            !is_own && !is_gate && !view.is_overridden(&package.name)
        })
        .collect();
    let severity = match all_are_read(view) {
        true => Severity::High,
        false => Severity::Medium,
    };
    for (package, locked) in others {
        let message = format!(
            "{} comes from {}, and no manifest names another registry than cargo's own",
            spoken(package),
            shown(locked.resolved.as_deref().unwrap_or_default())
        );
        add(view, (package, locked), severity, message, findings);
    }
}

/// Whether every manifest that could name a registry was read: those of folders elsewhere and of
/// repositories were not.
fn all_are_read(view: &LockfileView<'_>) -> bool {
    let has_git = view
        .graph
        .packages
        .iter()
        .any(|package| package.source == Source::Git);
    let is_read = |name: Option<&str>| {
        view.manifests
            .iter()
            .any(|manifest| manifest.name.as_deref() == name)
    };
    let mut importers = view.graph.importers.iter();
    !has_git && importers.all(|importer| is_read(importer.name.as_deref()))
}
