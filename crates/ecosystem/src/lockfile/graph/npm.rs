//! `package-lock.json`, formats 2 and 3: folders, looked through upwards as Node does.

use super::super::limit;
use super::super::npm_spec::source_of;
use super::super::package_lock::{self, Modules};
use super::super::tree::{Fault, Node};
use super::builder::Builder;
use super::{Ask, AskKind, Commands, Importer, Key, npm_legacy};
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
    package_lock::take(&root, &mut out.entries)?;
    out.place();
    out.format = root
        .get_text("lockfileVersion")
        .unwrap_or_default()
        .to_owned();
    match (root.get("packages"), root.get("dependencies")) {
        (Some(packages), _) => flat(packages, out),
        (None, Some(dependencies)) => npm_legacy::read(dependencies, out),
        (None, None) => {}
    }
    Ok(())
}

fn flat(packages: &Node<'_>, out: &mut Builder<'_>) {
    let mut by_folder: HashMap<&str, usize> = HashMap::new();
    let mut with_own: HashSet<&str> = HashSet::new();
    let mut folders = Vec::new();
    let modules = Modules::new();
    for (key, entry) in packages.map() {
        let folder = key.text().unwrap_or_default();
        if entry.says("link") {
            continue;
        }
        let asks = asks(entry);
        let Some((around, installed)) = modules.split(folder) else {
            out.importers.push(Importer {
                path: folder.to_owned(),
                name: entry.get_text("name").map(str::to_owned),
                asks,
                line: out.entries.line(key.at()),
            });
            continue;
        };
        let name = entry.get_text("name").unwrap_or(installed);
        let resolved = entry.get_text("resolved");
        let source = source_of(resolved.unwrap_or_default());
        let version = entry.get_text("version").unwrap_or_default();
        let mut package = out.package(key.at(), name, version, source);
        if package.entry.is_none() {
            package.resolved = resolved.map(str::to_owned);
        }
        package.keys = vec![Key::named(installed)];
        package.asks = asks;
        package.commands = commands(entry.get("bin"));
        package.dev = entry.says("dev") || entry.says("devOptional");
        package.optional = entry.says("optional") || entry.says("devOptional");
        package.conditional = ["os", "cpu", "libc"].iter().any(|k| entry.get(k).is_some());
        package.bundles = ["bundleDependencies", "bundledDependencies"]
            .iter()
            .filter_map(|key| entry.get(key))
            .any(|list| !list.list().is_empty() || list.text() == Some("true"));
        by_folder.insert(folder, out.packages.len());
        with_own.insert(around.trim_end_matches('/'));
        folders.push(folder);
        out.packages.push(package);
    }
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
}

/// What an entry asks for. An optional one stands in two maps in some versions of npm; the later
/// map tells how it is meant.
pub(in crate::lockfile) fn asks(entry: &Node<'_>) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    for (map, kind) in MAPS {
        for (name, spec) in entry.get(map).map(Node::map).unwrap_or_default() {
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
    by_folder: &HashMap<&str, usize>,
    with_own: &HashSet<&str>,
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
