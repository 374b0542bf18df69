//! The project's own folders that are packages: where its lockfile says that they are linked or
//! copied to. What lies at another place, or under another name, is not theirs.

use super::Manager;
use super::layout::{Layout, read_manifest};
use customs_ecosystem::lockfile::places::{Place, Places};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The project's own folders.
#[derive(Debug)]
pub(super) struct Own<'a> {
    project: &'a Path,
    manager: Manager,
    /// Packages lie in a virtual store, and all else is links.
    is_isolated: bool,
    /// The `node_modules` of the project and of its members.
    roots: BTreeSet<String>,
    members: BTreeSet<String>,
    /// What is linked or copied, by its name in a `node_modules`.
    named: BTreeMap<&'a str, Vec<Named<'a>>>,
}

#[derive(Debug)]
struct Named<'a> {
    /// Where, if the lockfile says it.
    place: Option<&'a str>,
    /// The folder or archive, relative to the project.
    target: String,
}

impl<'a> Own<'a> {
    pub fn new(
        project: &'a Path,
        manager: Manager,
        layout: &Layout<'_>,
        places: &'a Places,
    ) -> Self {
        let mut named: BTreeMap<&str, Vec<Named<'_>>> = BTreeMap::new();
        for link in &places.links {
            let Some(target) = plain(&link.target).filter(|target| is_own(target)) else {
                continue;
            };
            let (name, place) = match &link.place {
                Place::Folder(name) => (name.as_str(), None),
                Place::At(place) => {
                    let name = place.rsplit_once("node_modules/");
                    (
                        name.map_or(place.as_str(), |(_, n)| n),
                        Some(place.as_str()),
                    )
                }
            };
            named.entry(name).or_default().push(Named { place, target });
        }
        Self {
            project,
            manager,
            is_isolated: layout.store.is_some(),
            roots: super::layout::roots_of(places).into_iter().collect(),
            members: members(places).map(str::to_owned).collect(),
            named,
        }
    }

    /// The own folder that a path of the project's own code lies in, the innermost, and the rest of
    /// the path.
    pub fn source_of<'p>(&self, path: &'p str) -> Option<(String, &'p str)> {
        if !is_own(path) {
            return None;
        }
        let targets = self.named.values().flatten().map(|named| &named.target);
        let folders = self.members.iter().chain(targets);
        let inside = folders.filter_map(|folder| {
            let rest = path.strip_prefix(folder.as_str())?;
            let is_there = rest.is_empty() || rest.starts_with('/');
            is_there.then(|| (folder.clone(), rest.trim_start_matches('/')))
        });
        inside.max_by_key(|(folder, _)| folder.len())
    }

    /// The own folder or archive that a manager copies to a path in a `node_modules`, and the rest of
    /// the path.
    pub fn copy_of<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        let (root, rest) = split(path)?;
        let scope = usize::from(rest.starts_with('@'));
        let end = rest.match_indices('/').nth(scope).map(|(at, _)| at);
        let (name, file) = end.map_or((rest, ""), |end| rest.split_at(end));
        let named = self.named.get(name)?.iter();
        let mut fitting = named.filter(|named| self.is_copied_to(named, root, name));
        let target = fitting.next()?.target.as_str();
        Some((target, file.trim_start_matches('/')))
    }

    /// Whether a link `name` in `root` (a `node_modules`) rightly leads to an own folder.
    pub fn is_linked(&self, root: &str, name: &str, folder: &str) -> bool {
        let named = self.named.get(name).into_iter().flatten();
        let by_lock = named
            .filter(|named| named.target == folder)
            .any(|named| self.is_linked_at(named, root, name));
        by_lock || self.is_member(root, name, folder)
    }

    fn is_linked_at(&self, named: &Named<'_>, root: &str, name: &str) -> bool {
        if is_store(root) {
            return self.is_isolated;
        }
        // bun's places are those of its flat layout, and so are npm's.
        let is_by_name = match self.manager {
            Manager::Npm => self.is_isolated,
            Manager::Bun => true,
            Manager::Pnpm | Manager::YarnClassic | Manager::YarnBerry => false,
        };
        match named.place {
            Some(place) if !is_by_name => is_at(place, root, name),
            Some(_) | None => self.roots.contains(root),
        }
    }

    /// Lockfiles of Yarn 1 have no members, and pnpm links each of them for all packages: by the name
    /// that its own manifest has.
    fn is_member(&self, root: &str, name: &str, folder: &str) -> bool {
        let may = match self.manager {
            Manager::YarnClassic => self.roots.contains(root),
            Manager::Pnpm => self.roots.contains(root) || is_store(root),
            Manager::Npm | Manager::YarnBerry | Manager::Bun => false,
        };
        may && self.members.contains(folder)
            && read_manifest(&self.project.join(folder))
                .is_some_and(|manifest| manifest.name.as_deref() == Some(name))
    }

    fn is_copied_to(&self, named: &Named<'_>, root: &str, name: &str) -> bool {
        if let Some(entry) = entry_of(root) {
            return self.is_isolated && is_of_path(entry, name);
        }
        match (self.manager, named.place) {
            // npm links folders, `link:` is no copy, and Yarn 4 has an archive of its own of each.
            (Manager::Npm | Manager::YarnBerry, _) | (Manager::Pnpm, Some(_)) => false,
            (Manager::Bun, Some(_)) => self.roots.contains(root),
            (Manager::YarnClassic, Some(place)) => is_at(place, root, name),
            (Manager::YarnClassic | Manager::Pnpm | Manager::Bun, None) => {
                self.roots.contains(root)
            }
        }
    }
}

/// The project's folders that a lockfile calls its members. What lies in a `node_modules` is none,
/// whatever the lockfile says.
pub(super) fn members(places: &Places) -> impl Iterator<Item = &str> {
    let members = places.members.iter().map(String::as_str);
    members.filter(|member| is_own(member))
}

/// Whether a folder of a virtual store is of a folder or an archive of the project:
/// `name@file+own+folder`, `name@.+own+a.tgz`, in older stores `file+own+folder`.
pub(super) fn is_of_path(entry: &str, name: &str) -> bool {
    let rest = entry.strip_prefix(name.replace('/', "+").as_str());
    let rest = rest.and_then(|rest| rest.strip_prefix('@'));
    rest.unwrap_or(entry).starts_with("file+") || rest.is_some_and(|rest| rest.starts_with(".+"))
}

/// Whether a path can be one of the project's own.
fn is_own(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| part != "node_modules")
}

/// A path without `.` and `..`; none where it leaves the project.
fn plain(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A path in a `node_modules`: the innermost one, and what lies in it.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    const MODULES: &str = "node_modules";
    let (before, rest) = path.rsplit_once("node_modules/")?;
    Some((path.get(..before.len() + MODULES.len())?, rest))
}

fn is_at(place: &str, root: &str, name: &str) -> bool {
    let inner = place.strip_prefix(root);
    inner.and_then(|inner| inner.strip_prefix('/')) == Some(name)
}

/// Folders of virtual stores.
const STORES: [&str; 3] = [
    "node_modules/.pnpm/",
    "node_modules/.bun/",
    "node_modules/.store/",
];

fn in_store(root: &str) -> Option<&str> {
    STORES.iter().find_map(|store| root.strip_prefix(store))
}

/// Whether a `node_modules` is one of a virtual store: of a package, or for all of them.
fn is_store(root: &str) -> bool {
    in_store(root).is_some()
}

/// The folder of a virtual store whose `node_modules` it is.
fn entry_of(root: &str) -> Option<&str> {
    in_store(root)?.strip_suffix("/node_modules")
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_ecosystem::lockfile::{Kind, places};

    fn own<'a>(manager: Manager, places: &'a Places, layout: &Layout<'_>) -> Own<'a> {
        Own::new(Path::new("none"), manager, layout, places)
    }

    #[test]
    fn a_folder_is_linked_where_npm_s_lockfile_says_and_nowhere_else() {
        let text = br#"{"lockfileVersion": 3, "packages": {
            "packages/a": {"version": "1.0.0"},
            "node_modules/a": {"resolved": "packages/a", "link": true},
            "node_modules/evil": {"resolved": "node_modules/.cache/evil", "link": true}
        }}"#;
        let places = places::read(Kind::PackageLock, text).unwrap();
        let mut layout = Layout::default();
        let flat = own(Manager::Npm, &places, &layout);
        assert!(flat.is_linked("node_modules", "a", "packages/a"));
        for (root, name, folder) in [
            ("node_modules", "react", "packages/a"),
            ("node_modules/x/node_modules", "a", "packages/a"),
            ("packages/a/node_modules", "a", "packages/a"),
            ("node_modules", "a", "packages/b"),
            ("node_modules", "evil", "node_modules/.cache/evil"),
        ] {
            assert!(!flat.is_linked(root, name, folder), "{root} {name}");
        }
        assert_eq!(flat.copy_of("node_modules/a/index.js"), None);
        assert_eq!(flat.source_of("node_modules/.cache/evil/x.js"), None);
        layout.store = Some("node_modules/.store");
        let linked = own(Manager::Npm, &places, &layout);
        assert!(linked.is_linked("packages/a/node_modules", "a", "packages/a"));
        assert!(!linked.is_linked("node_modules/x/node_modules", "a", "packages/a"));
    }

    #[test]
    fn a_folder_is_copied_to_the_places_of_its_manager_and_to_no_other_of_its_name() {
        let text = b"# yarn lockfile v1\n\n\n\"folder@file:./own/folder\":\n  version \"1.0.0\"\n";
        let places = places::read(Kind::YarnClassic, text).unwrap();
        let layout = Layout::default();
        let own = own(Manager::YarnClassic, &places, &layout);
        let copy = Some(("own/folder", "lib/x.js"));
        assert_eq!(own.copy_of("node_modules/folder/lib/x.js"), copy);
        for path in [
            "node_modules/other/node_modules/folder/lib/x.js",
            "node_modules/.pnpm/folder@1.0.0/node_modules/folder/lib/x.js",
            "own/folder/lib/x.js",
        ] {
            assert_eq!(own.copy_of(path), None, "{path}");
        }
    }

    #[test]
    fn folders_of_a_store_tell_what_is_of_a_path() {
        assert!(is_of_path("folder@file+own+folder", "folder"));
        assert!(is_of_path("@s+a@file+own+a_react@18.0.0", "@s/a"));
        assert!(is_of_path("a@.+own+a-1.0.0.tgz+0fd4", "a"));
        assert!(is_of_path("file+own+folder", "folder"));
        assert!(!is_of_path("folder@1.0.0", "folder"));
        assert!(!is_of_path("folder@1.0.0-file+x", "folder"));
    }
}
