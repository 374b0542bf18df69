//! pyproject.toml against uv.lock, which repeats the requirements, and poetry.lock, which does not.

use super::super::super::finding::Findings;
use super::super::super::view::LockfileView;
use super::super::super::words::shown;
use super::super::version_unasked::satisfies;
use super::Differences;
use customs_ecosystem::lockfile::{Ask, Importer, Manifest, Package, Source};
use customs_ecosystem::pypi::normal_name as normal;
use customs_model::Ecosystem;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) fn importers(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let by_folder: HashMap<&str, &Importer> = view
        .graph
        .importers
        .iter()
        .map(|importer| (importer.path.as_str(), importer))
        .collect();
    for manifest in view
        .manifests
        .iter()
        .filter(|manifest| !manifest.incomplete)
    {
        let Some(importer) = by_folder.get(manifest.folder.as_str()) else {
            continue;
        };
        let mut differences = Differences::default();
        compare(manifest, importer, &mut differences);
        differences.say(view, &manifest.folder, Some(importer.line), findings);
    }
}

/// Specifiers by normalised names.
type Specs = BTreeMap<String, BTreeSet<String>>;

fn compare(manifest: &Manifest, importer: &Importer, differences: &mut Differences) {
    // Without metadata the file only has the dependencies themselves, which have no words.
    if importer.asks.iter().all(|ask| ask.spec.is_none()) && !importer.asks.is_empty() {
        return;
    }
    let of = |asks: &[Ask]| -> Specs {
        let mut specs = Specs::new();
        for ask in asks {
            let Some(spec) = &ask.spec else { continue };
            specs
                .entry(normal(&ask.name))
                .or_default()
                .insert(bare(spec));
        }
        specs
    };
    let (asked, locked) = (of(&manifest.asks), of(&importer.asks));
    for (name, specs) in &asked {
        match locked.get(name) {
            None => differences.only_asked.push(shown(name)),
            Some(locked) => {
                let elsewhere = |spec: &String| spec.contains(':') || spec.starts_with('@');
                if specs.is_disjoint(locked) && !specs.iter().chain(locked).any(elsewhere) {
                    let joined = |specs: &BTreeSet<String>| {
                        let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
                        specs.join(" or ")
                    };
                    let entry = (name.clone(), joined(specs), joined(locked));
                    differences.otherwise.push(entry);
                }
            }
        }
    }
    // An extra of the project itself is no package.
    let own = manifest.name.as_deref().map(normal);
    for name in locked.keys() {
        if !asked.contains_key(name) && own.as_ref() != Some(name) {
            differences.only_locked.push(shown(name));
        }
    }
}

/// A specifier without spaces, its clauses in order: `>= 4, <5` is `<5,>=4`.
fn bare(spec: &str) -> String {
    let spec: String = spec.chars().filter(|c| !c.is_whitespace()).collect();
    let mut clauses: Vec<&str> = spec.split(',').collect();
    clauses.sort_unstable();
    clauses.join(",")
}

/// Names that poetry.lock does not know, and versions of it that nothing asks for. Constraints in
/// Poetry's own words (`^1.2`) are no specifiers, and say nothing here.
pub(super) fn names(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let mut known: HashMap<String, Vec<&Package>> = HashMap::new();
    for package in &view.graph.packages {
        known
            .entry(normal(&package.name))
            .or_default()
            .push(package);
    }
    for manifest in view.manifests.iter().filter(|m| m.folder.is_empty()) {
        let mut differences = Differences::default();
        for ask in &manifest.asks {
            let name = normal(&ask.name);
            match known.get(&name) {
                None => differences.only_asked.push(shown(&ask.name)),
                // With markers a name may be asked for several times, and locked as often.
                Some(locked) => {
                    let asks = manifest.asks.iter().filter(|one| normal(&one.name) == name);
                    let specs: Vec<&str> = asks.filter_map(|one| one.spec.as_deref()).collect();
                    if locked.iter().all(|package| is_outside(package, &specs)) {
                        let versions: Vec<&str> =
                            locked.iter().map(|p| p.version.as_str()).collect();
                        let entry = (name, specs.join(" or "), versions.join(" or "));
                        if !differences.otherwise.contains(&entry) {
                            differences.otherwise.push(entry);
                        }
                    }
                }
            }
        }
        differences.say(view, &manifest.folder, None, findings);
    }
}

/// Whether a version of a registry satisfies nothing of what is asked, each of which can be told.
fn is_outside(package: &Package, specs: &[&str]) -> bool {
    package.source == Source::Registry
        && !specs.is_empty()
        && specs.iter().all(|spec| {
            satisfies(Ecosystem::PyPi, &package.name, spec, &package.version) == Some(false)
        })
}
