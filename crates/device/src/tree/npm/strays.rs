//! `node_modules` folders of a project that no lockfile places. What runs in the folder around one takes
//! packages out of it before it looks into the project's own tree.

use super::Tree;
use super::layout::UNPLUGGED;
use crate::tree::python::is_filled_environment;
use crate::tree::{Difference, DifferenceKind, TreeReport};
use customs_ecosystem::lockfile::places::{Place, Places};
use customs_model::printable;
use std::collections::BTreeSet;
use std::path::Path;

/// Folders of a project that are looked through.
const FOLDERS: usize = 50_000;

/// Levels of folders.
const LEVELS: usize = 32;

/// Folders that are named one by one.
const NAMED: usize = 20;

/// Lockfiles that are read: a folder that has one is a project of its own, which is checked by itself.
const LOCKFILES: [&str; 5] = [
    "bun.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
];

/// Folders whose content tools make, or that stand for a project of somebody else's: what lies in
/// them is told, and is no part of the project's source.
const NO_SOURCE: [&str; 43] = [
    "__fixtures__",
    "__mocks__",
    "__tests__",
    "_site",
    "assets",
    "bench",
    "benchmark",
    "benchmarks",
    "build",
    "cdk.out",
    "coverage",
    "demo",
    "demos",
    "deps",
    "dist",
    "e2e",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "generated",
    "htmlcov",
    "integration",
    "out",
    "output",
    "playground",
    "public",
    "release",
    "sandbox",
    "spec",
    "static",
    "storybook-static",
    "target",
    "temp",
    "template",
    "templates",
    "test",
    "tests",
    "third_party",
    "tmp",
    "vendor",
    "www",
    "wwwroot",
];

/// Endings of what Node and bundlers load.
const SOURCES: [&str; 9] = [
    "cjs", "cts", "js", "jsx", "mjs", "mts", "svelte", "ts", "tsx",
];

/// Looks for them, and tells what was found. One that lies between source of the project and its own
/// tree and has a package that the lockfile places is in that package's way.
pub(super) fn strays(tree: &Tree<'_>, report: &mut TreeReport) {
    let mut walk = Walk {
        project: tree.project,
        roots: &tree.layout.roots,
        members: super::own::members(tree.places).collect(),
        left: FOLDERS,
        found: Vec::new(),
        unread: Vec::new(),
    };
    walk.folder("", true, 0);
    let named = names(tree.places);
    let mut told = 0;
    for (place, is_source) in &walk.found {
        let held = held(&tree.project.join(place));
        let mut shadows = held
            .iter()
            .filter(|name| *is_source && named.contains(name.as_str()));
        let before = report.loose.len();
        report.loose.extend(
            shadows
                .by_ref()
                .map(|name| Difference::new(format!("{place}/{name}"), DifferenceKind::Extra)),
        );
        if report.loose.len() > before {
            continue;
        }
        told += 1;
        if told <= NAMED {
            report.not_checked.push(format!(
                "{}: not looked at: a node_modules that no lockfile places",
                printable(place, 200)
            ));
        }
    }
    if told > NAMED {
        report.not_checked.push(format!(
            "{} more node_modules that no lockfile places are not looked at",
            told - NAMED
        ));
    }
    report.not_checked.append(&mut walk.unread);
    report.loose.sort_by(|a, b| a.path.cmp(&b.path));
}

/// The names under which the lockfile's packages are asked for.
fn names(places: &Places) -> BTreeSet<&str> {
    let of_folders = places.placed.iter().map(|placed| match &placed.place {
        Place::Folder(folder) => folder.as_str(),
        Place::At(place) => place
            .rsplit_once("node_modules/")
            .map_or(place.as_str(), |(_, name)| name),
    });
    let own = places
        .placed
        .iter()
        .map(|placed| placed.release.package.as_str());
    of_folders.chain(own).collect()
}

/// The names of what lies in a `node_modules`, with their scopes; links count, too.
fn held(modules: &Path) -> BTreeSet<String> {
    let list = |folder: &Path| -> Vec<String> {
        // One that cannot be read is told as not looked at.
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.take(FOLDERS).collect()
    };
    let mut held = BTreeSet::new();
    for name in list(modules) {
        if name.starts_with('@') {
            let inner = list(&modules.join(&name));
            held.extend(inner.into_iter().map(|inner| format!("{name}/{inner}")));
            continue;
        }
        // Node takes a file of the name as well.
        let stem = [".js", ".json", ".node"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        held.extend(stem.map(str::to_owned));
        held.insert(name);
    }
    held
}

struct Walk<'a> {
    project: &'a Path,
    roots: &'a BTreeSet<String>,
    members: BTreeSet<&'a str>,
    left: usize,
    /// Their places, and whether source of the project lies around them.
    found: Vec<(String, bool)>,
    unread: Vec<String>,
}

impl Walk<'_> {
    /// `is_source`: the folder is part of the project's own source, by its way.
    fn folder(&mut self, place: &str, is_source: bool, level: usize) {
        if self.left == 0 || level > LEVELS {
            if self.unread.is_empty() {
                self.unread.push(format!(
                    "node_modules that no lockfile places were looked for in {FOLDERS} folders and \
                     {LEVELS} levels only"
                ));
            }
            return;
        }
        self.left -= 1;
        let mut folders = Vec::new();
        let (mut has_source, mut has_lockfile, mut has_manifest) = (false, false, false);
        // What cannot be read nobody can run, either.
        let entries = self.project.join(place).read_dir().into_iter().flatten();
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type();
            // Node looks into a linked one as well.
            let is_linked = |kind: &std::fs::FileType| {
                name == "node_modules" && kind.is_symlink() && self.is_elsewhere(&entry.path())
            };
            if kind.is_ok_and(|kind| kind.is_dir() || is_linked(&kind)) {
                folders.push(name);
                continue;
            }
            has_lockfile |= LOCKFILES.contains(&name.as_str());
            has_manifest |= name == "package.json";
            let end = name.rsplit_once('.').map(|(_, end)| end);
            has_source |= end.is_some_and(|end| SOURCES.contains(&end));
        }
        let is_top = place.is_empty();
        // Another project; it is checked by itself.
        if has_lockfile && !is_top {
            return;
        }
        // One without a name says how files are read, and is no package.
        let is_named = || {
            let manifest = super::layout::read_manifest(&self.project.join(place));
            manifest.is_some_and(|manifest| manifest.name.is_some())
        };
        let is_package = has_manifest && !is_top && !self.members.contains(place) && is_named();
        let is_source = is_source && !is_package;
        folders.sort_unstable();
        let has_modules = folders.iter().any(|name| name == "node_modules");
        let modules = joined(place, "node_modules");
        if has_modules && !is_top && !self.roots.contains(&modules) {
            let around = has_source || folders.iter().any(|name| is_plain(name));
            self.found.push((modules, is_source && around));
        }
        for name in folders {
            if matches!(name.as_str(), "node_modules" | ".git" | ".yarn") {
                continue;
            }
            let inner = joined(place, &name);
            let is_environment = || is_filled_environment(&self.project.join(&inner));
            if inner == UNPLUGGED || is_environment() {
                continue;
            }
            self.folder(&inner, is_source && is_plain(&name), level + 1);
        }
    }
}

impl Walk<'_> {
    /// Whether a link leads to a folder that is no `node_modules` of the project, which are looked through.
    fn is_elsewhere(&self, link: &Path) -> bool {
        // What leads nowhere holds nothing.
        let Ok(real) = link.canonicalize() else {
            return false;
        };
        let roots = self.roots.iter().map(|root| self.project.join(root));
        let mut roots = roots.filter_map(|root| root.canonicalize().ok());
        real.is_dir() && !roots.any(|root| root == real)
    }
}

/// Whether a folder of this name may hold source of the project.
fn is_plain(name: &str) -> bool {
    name != "node_modules" && !name.starts_with('.') && !NO_SOURCE.contains(&name)
}

fn joined(folder: &str, name: &str) -> String {
    match folder.is_empty() {
        true => name.to_owned(),
        false => format!("{folder}/{name}"),
    }
}
