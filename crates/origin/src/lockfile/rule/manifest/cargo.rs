//! Cargo.toml against Cargo.lock, whose members name what they depend on without requirements.

use super::super::super::finding::Findings;
use super::super::super::view::LockfileView;
use super::super::super::words::shown;
use super::super::version_unasked::satisfies;
use super::Differences;
use customs_ecosystem::lockfile::{Ask, Importer, Manifest};
use customs_model::Ecosystem;
use std::collections::{HashMap, HashSet};

pub(super) fn members(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let shared: HashMap<&str, &str> = view
        .manifests
        .iter()
        .flat_map(|manifest| &manifest.shared)
        .filter_map(|ask| Some((ask.name.as_str(), ask.spec.as_deref()?)))
        .collect();
    let by_name: HashMap<&str, &Importer> = view
        .graph
        .importers
        .iter()
        .filter_map(|importer| Some((importer.name.as_deref()?, importer)))
        .collect();
    for manifest in view.manifests {
        let name = manifest.name.as_deref().unwrap_or_default();
        let Some(importer) = by_name.get(name) else {
            continue;
        };
        let mut differences = Differences::default();
        compare(view, manifest, importer, &shared, &mut differences);
        differences.say(view, &manifest.folder, Some(importer.line), findings);
    }
}

fn compare(
    view: &LockfileView<'_>,
    manifest: &Manifest,
    importer: &Importer,
    shared: &HashMap<&str, &str>,
    differences: &mut Differences,
) {
    let mut locked: HashMap<&str, Vec<&Ask>> = HashMap::new();
    for ask in &importer.asks {
        locked.entry(ask.name.as_str()).or_default().push(ask);
    }
    let mut asked: HashSet<&str> = HashSet::new();
    for ask in &manifest.asks {
        asked.insert(ask.name.as_str());
        let Some(locked) = locked.get(ask.name.as_str()) else {
            // A renamed dependency of the workspace stands there under its real name.
            if ask.spec.as_deref() != Some("workspace") {
                differences.only_asked.push(shown(&ask.name));
            }
            continue;
        };
        let spec = match ask.spec.as_deref() {
            Some("workspace") => shared.get(ask.name.as_str()).copied(),
            spec => spec,
        };
        let versions: Vec<&str> = locked
            .iter()
            .filter_map(|ask| Some(view.graph.packages.get(ask.to?)?.version.as_str()))
            .collect();
        let Some(spec) = spec else { continue };
        // One of several versions of a name is meant by it.
        let fits =
            |version: &&str| satisfies(Ecosystem::Cargo, &ask.name, spec, version) != Some(false);
        if !versions.is_empty() && !versions.iter().any(fits) && !view.is_overridden(&ask.name) {
            let entry = (ask.name.clone(), spec.to_owned(), versions.join(" and "));
            differences.otherwise.push(entry);
        }
    }
    let takes_over = manifest
        .asks
        .iter()
        .any(|ask| ask.spec.as_deref() == Some("workspace"));
    for name in locked.keys() {
        let by_its_real_name = takes_over && shared.contains_key(name);
        if !asked.contains(name) && !by_its_real_name {
            differences.only_locked.push(shown(name));
        }
    }
}
