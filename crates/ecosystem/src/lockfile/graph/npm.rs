//! `package-lock.json`, formats 2 and 3: folders, looked through upwards as Node does.

use super::super::entries::Entries;
use super::super::limit;
use super::super::npm_spec::source_of;
use super::super::package_lock::{self, Listed, Modules};
use super::super::tree::{Fault, Node};
use super::builder::Builder;
use super::{Ask, AskKind, Commands, Importer, Key, Package, npm_legacy};
use crate::Keyed;
use std::collections::{HashMap, HashSet};

/// The maps of asks, with how they ask.
pub(super) const MAPS: [(&str, AskKind); 4] = [
    ("dependencies", AskKind::Runtime),
    ("devDependencies", AskKind::Dev),
    ("optionalDependencies", AskKind::Optional),
    ("peerDependencies", AskKind::Peer),
];

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let root = package_lock::parse(text)?;
    out.format = root
        .get_text("lockfileVersion")
        .unwrap_or_default()
        .to_owned();
    match (root.get("packages"), root.get("dependencies")) {
        // Format 2 says everything twice; npm 7 and later read `packages`.
        (Some(packages), _) => flat(packages, out)?,
        (None, Some(dependencies)) => {
            package_lock::take(&root, &mut out.entries)?;
            out.place();
            npm_legacy::read(dependencies, out);
        }
        (None, None) => {}
    }
    Ok(())
}

fn flat<'a>(packages: &'a Node<'_>, out: &mut Builder<'_>) -> Result<(), Fault> {
    let count = packages.map().len();
    let mut by_folder = ByFolder::with_capacity_and_hasher(count, Keyed::default());
    let mut with_own: HashSet<&str, Keyed> = HashSet::default();
    let mut folders = Vec::with_capacity(count);
    out.packages.reserve(count);
    let modules = Modules::new();
    let (found, importers) = (&mut out.packages, &mut out.importers);
    let mut take = |entries: &Entries<'_>, one: Listed<'a>, number: Option<usize>| {
        let Listed {
            at,
            folder,
            split,
            entry,
        } = one;
        let asks = asks_of(entry.maps);
        let Some((around, installed)) = split else {
            importers.push(Importer {
                path: folder.to_owned(),
                name: entry.name.map(str::to_owned),
                asks,
                line: entries.line(at),
            });
            return;
        };
        let locked = number.and_then(|number| entries.found().get(number));
        let resolved = match locked {
            Some(locked) => locked.resolved.clone(),
            None => entry.resolved.map(str::to_owned),
        };
        by_folder.insert(folder, found.len());
        with_own.insert(around.trim_end_matches('/'));
        folders.push(folder);
        found.push(Package {
            entry: number,
            name: entry.name.unwrap_or(installed).to_owned(),
            version: entry.version.unwrap_or_default().to_owned(),
            keys: vec![Key::named(installed)],
            source: match locked {
                Some(locked) => locked.source,
                None => source_of(entry.resolved.unwrap_or_default()),
            },
            resolved,
            checksum: None,
            files: Vec::new(),
            asks,
            commands: commands(entry.bin),
            dev: entry.dev || entry.dev_optional,
            optional: entry.optional || entry.dev_optional,
            conditional: entry.conditional,
            bundles: entry
                .bundled
                .into_iter()
                .flatten()
                .any(|list| !list.list().is_empty() || list.text() == Some("true")),
            line: entries.line(at),
        });
    };
    package_lock::each_of(packages, &modules, &mut out.entries, &mut take)?;
    // What npm keeps in `node_modules` about a tree does not say what the project asks for.
    out.roots_known = out
        .importers
        .iter()
        .any(|importer| importer.path.is_empty());
    for (package, folder) in out.packages.iter_mut().zip(folders) {
        lead(folder, &mut package.asks, &by_folder, &with_own, &modules);
    }
    for importer in &mut out.importers {
        lead(
            &importer.path,
            &mut importer.asks,
            &by_folder,
            &with_own,
            &modules,
        );
    }
    Ok(())
}

/// Packages by their folders.
type ByFolder<'a> = HashMap<&'a str, usize, Keyed>;

/// What an entry asks for. An optional one stands in two maps in some versions of npm; the later
/// map tells how it is meant.
pub(in crate::lockfile) fn asks(entry: &Node<'_>) -> Vec<Ask> {
    asks_of(MAPS.map(|(map, _)| entry.get(map)))
}

/// The same, of the maps in the order of [`MAPS`].
fn asks_of(maps: [Option<&Node<'_>>; 4]) -> Vec<Ask> {
    let maps = maps.map(|map| map.map(Node::map).unwrap_or_default());
    let mut asks: Vec<Ask> = Vec::with_capacity(maps.iter().map(|map| map.len()).sum());
    for (map, (_, kind)) in maps.into_iter().zip(MAPS) {
        for (name, spec) in map {
            let Some(name) = name.text() else { continue };
            asks.push(Ask::new(name, spec.text(), kind));
        }
    }
    asks
}

/// `bin`: a map from commands to files, or one file for a command of the package's name.
pub(super) fn commands(bin: Option<&Node<'_>>) -> Commands {
    match bin {
        None => Commands::None,
        Some(bin) if bin.is_map() => Commands::Named(
            bin.map()
                .iter()
                .filter_map(|(name, _)| name.text())
                .map(str::to_owned)
                .collect(),
        ),
        Some(_) => Commands::Some,
    }
}

/// Looks for what is asked in the folder's own `node_modules`, then in those above it, of which
/// few folders have one.
fn lead(
    folder: &str,
    asks: &mut [Ask],
    by_folder: &ByFolder<'_>,
    with_own: &HashSet<&str, Keyed>,
    modules: &Modules,
) {
    if folder.len() > limit::PATH || asks.is_empty() {
        return;
    }
    let mut bases = Vec::new();
    let mut base = folder;
    for _ in 0..limit::UP {
        if with_own.contains(base) {
            bases.push(base);
        }
        if base.is_empty() {
            break;
        }
        base = above(base, modules);
    }
    let mut candidate = String::new();
    for ask in asks.iter_mut().filter(|ask| ask.name.len() <= limit::PATH) {
        ask.to = bases.iter().find_map(|base| {
            candidate.clear();
            candidate.push_str(base);
            if !base.is_empty() {
                candidate.push('/');
            }
            candidate.push_str("node_modules/");
            candidate.push_str(&ask.name);
            by_folder.get(candidate.as_str()).copied()
        });
    }
}

/// The next folder upwards that can have a `node_modules` of its own.
fn above<'a>(folder: &'a str, modules: &Modules) -> &'a str {
    match modules.split(folder) {
        Some((around, _)) => around.trim_end_matches('/'),
        None => folder.rsplit_once('/').map_or("", |(above, _)| above),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn folders_are_looked_through_upwards() {
        let text = include_str!("../fixtures/package-lock.v3.json");
        insta::assert_snapshot!(graph(Kind::PackageLock, text), @r"
        project .
            @scope/ui ^2.0.0 -> @scope/ui@2.3.4
            old-ms npm:ms@0.7.3 -> ms@0.7.3
            from-git git+ssh://git@git.example/someone/from-git.git#v1.2.0 -> from-git@1.2.0
            from-url https://files.example/from-url-3.1.0.tgz -> from-url@3.1.0
            vendored file:vendor/vendored-0.1.0.tgz -> vendored@0.1.0
            unresolved 1.0.0 -> unresolved@1.0.0
        project packages/member
        project packages/nameless
        22: @scope/ui@2.3.4
            ms ^2.1.1 -> ms@2.1.2
        32: ms@2.1.2
        37: deep@1.0.0 bundles
        45: inner@0.0.9
        50: ms@2.1.2
        55: from-git@1.2.0
        60: from-url@3.1.0
        69: ms@0.7.3 as old-ms
        75: other-platform@ optional
        79: strange@
        82: unresolved@1.0.0
        85: vendored@0.1.0
        ");
    }
}
