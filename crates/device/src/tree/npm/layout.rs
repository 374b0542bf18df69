//! Which folder is which package.

use super::Manager;
use super::manifest::{Manifest, same_version};
use crate::tree::disk;
use customs_ecosystem::lockfile::Source;
use customs_ecosystem::lockfile::places::{Place, Placed, Places};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a manifest on disk that are read.
pub(super) const MANIFEST: u64 = 8 << 20;

/// Folders that are looked through for packages.
const FOLDERS: usize = 500_000;

/// Where Yarn unpacks packages that cannot be used out of their zip.
pub(super) const UNPLUGGED: &str = ".yarn/unplugged";

/// Levels of `node_modules`.
const LEVELS: usize = 64;

/// What lies where.
#[derive(Debug, Default)]
pub(super) struct Layout<'a> {
    /// Installed packages by place.
    pub installed: BTreeMap<String, Installed<'a>>,
    /// Packages of the lockfile that lie nowhere.
    pub absent: Vec<&'a Placed>,
    /// The `node_modules` folders of the project and its members.
    pub roots: BTreeSet<String>,
    /// What could not be looked at. Safe to print.
    pub notes: Vec<String>,
}

/// One installed package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Installed<'a> {
    pub placed: &'a Placed,
}

pub(super) fn layout<'a>(project: &Path, places: &'a Places, manager: Manager) -> Layout<'a> {
    let mut out = Layout::default();
    let mut finder = Finder {
        project,
        named: by_folder(places),
        visited: 0,
        members: places.members.clone(),
    };
    let store = match manager {
        Manager::Pnpm => Some("node_modules/.pnpm"),
        Manager::Bun => Some("node_modules/.bun"),
        Manager::Npm | Manager::YarnClassic | Manager::YarnBerry => None,
    };
    let store = store.filter(|store| is_folder(&project.join(store)));
    match store {
        Some(store) => {
            finder.virtual_store(store, &mut out);
            // pnpm's `nodeLinker: hoisted` keeps only a record in its store.
            if manager == Manager::Pnpm {
                for root in roots_of(places) {
                    finder.flat(&root, 0, &[], &mut out);
                }
            }
        }
        None if manager == Manager::Npm || manager == Manager::Bun => {
            for placed in &places.placed {
                if let Place::At(place) = &placed.place
                    && placed.source != Source::Bundled
                    && is_folder(&project.join(place))
                {
                    let one = Installed { placed };
                    out.installed.insert(place.clone(), one);
                }
            }
        }
        None => {
            let mut roots = roots_of(places);
            if manager == Manager::YarnBerry && is_folder(&project.join(UNPLUGGED)) {
                let entries = finder.children(UNPLUGGED, &mut out);
                roots.extend(
                    entries
                        .iter()
                        .map(|entry| format!("{UNPLUGGED}/{entry}/node_modules")),
                );
            }
            for root in roots {
                finder.flat(&root, 0, &[], &mut out);
            }
        }
    }
    finder.roots(&mut out);
    absent(places, &mut out);
    out
}

/// The `node_modules` of the project and of its members.
fn roots_of(places: &Places) -> Vec<String> {
    let mut roots = vec!["node_modules".to_owned()];
    roots.extend(places.members.iter().map(|m| format!("{m}/node_modules")));
    roots
}

/// Candidates by the name of their folder.
fn by_folder(places: &Places) -> HashMap<&str, Vec<&Placed>> {
    let mut named: HashMap<&str, Vec<&Placed>> = HashMap::new();
    for placed in &places.placed {
        let folder = match &placed.place {
            Place::Folder(folder) => folder.as_str(),
            Place::At(place) => place
                .rsplit_once("node_modules/")
                .map_or(place.as_str(), |(_, name)| name),
        };
        named.entry(folder).or_default().push(placed);
        // Isolated layouts have a folder of the package's own name.
        let own = placed.release.package.as_str();
        if own != folder {
            named.entry(own).or_default().push(placed);
        }
    }
    named
}

fn absent<'a>(places: &'a Places, out: &mut Layout<'a>) {
    let there: BTreeSet<*const Placed> = out
        .installed
        .values()
        .map(|one| std::ptr::from_ref(one.placed))
        .collect();
    let releases: BTreeSet<_> = out
        .installed
        .values()
        .map(|one| &one.placed.release)
        .collect();
    out.absent = places
        .placed
        .iter()
        .filter(|placed| placed.source != Source::Bundled)
        .filter(|placed| !there.contains(&std::ptr::from_ref(*placed)))
        .filter(|placed| match (&placed.place, out.roots_have_store()) {
            (Place::At(_), false) => true,
            // Where the lockfile does not say the place, one copy is enough.
            _ => !releases.contains(&placed.release),
        })
        .collect();
}

impl Layout<'_> {
    fn roots_have_store(&self) -> bool {
        self.installed
            .keys()
            .any(|place| place.starts_with("node_modules/.bun/"))
    }
}

struct Finder<'a, 'p> {
    project: &'p Path,
    named: HashMap<&'a str, Vec<&'a Placed>>,
    visited: usize,
    members: BTreeSet<String>,
}

impl<'a> Finder<'a, '_> {
    /// `node_modules/.pnpm/<name>@<version>…/node_modules/<name>`.
    fn virtual_store(&mut self, store: &str, out: &mut Layout<'a>) {
        for entry in self.children(store, out) {
            let modules = format!("{store}/{entry}/node_modules");
            if entry == "node_modules" || !is_folder(&self.project.join(&modules)) {
                continue;
            }
            for name in self.packages(&modules, out) {
                let place = format!("{modules}/{name}");
                let Some(candidates) = self.named.get(name.as_str()) else {
                    continue;
                };
                let escaped = name.replace('/', "+");
                let mut fitting: Vec<&&Placed> = candidates
                    .iter()
                    .filter(|placed| names_release(&entry, &escaped, placed))
                    .collect();
                // `1.0.0` also begins `1.0.0-rc.1`; the longest that fits is meant.
                fitting.sort_by_key(|placed| placed.release.version.as_str().len());
                let by_name = fitting.last().map(|placed| **placed);
                let placed = by_name.or_else(|| claimed(&self.project.join(&place), candidates));
                if let Some(placed) = placed.or_else(|| candidates.first().copied()) {
                    let one = Installed { placed };
                    out.installed.insert(place, one);
                }
            }
        }
    }

    /// A flat `node_modules`, and those inside its packages. `bundled` are names whose folders
    /// come out of the artifact of the package around them.
    fn flat(&mut self, modules: &str, level: usize, bundled: &[String], out: &mut Layout<'a>) {
        if level > LEVELS || !is_folder(&self.project.join(modules)) {
            return;
        }
        for name in self.packages(modules, out) {
            if bundled.contains(&name) {
                continue;
            }
            let place = format!("{modules}/{name}");
            let folder = self.project.join(&place);
            let mut inside = Vec::new();
            if let Some(candidates) = self.named.get(name.as_str()) {
                let claim = read_manifest(&folder);
                inside = claim.map(|claim| claim.bundled).unwrap_or_default();
                let named = claimed(&folder, candidates);
                // A manifest that names what the lockfile does not have lies; what it hides is
                // shown by comparing with what the lockfile has under this name.
                if let Some(placed) = named.or_else(|| candidates.first().copied()) {
                    let one = Installed { placed };
                    out.installed.insert(place.clone(), one);
                }
            }
            self.flat(&format!("{place}/node_modules"), level + 1, &inside, out);
        }
    }

    /// Names of packages in a `node_modules`: folders, with their scope; no links.
    fn packages(&mut self, modules: &str, out: &mut Layout<'a>) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.children(modules, out) {
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{modules}/{name}");
            if !is_folder(&self.project.join(&path)) {
                continue;
            }
            if name.starts_with('@') {
                for inner in self.children(&path, out) {
                    if is_folder(&self.project.join(&path).join(&inner)) {
                        names.push(format!("{name}/{inner}"));
                    }
                }
            } else {
                names.push(name);
            }
        }
        names
    }

    fn children(&mut self, folder: &str, out: &mut Layout<'a>) -> Vec<String> {
        match self.list(folder) {
            Ok(names) => names,
            Err(why) => {
                let folder = customs_model::printable(folder, 200);
                out.notes.push(format!("{folder} cannot be read: {why}"));
                Vec::new()
            }
        }
    }

    fn list(&mut self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.project.join(folder))? {
            self.visited += 1;
            if self.visited > FOLDERS {
                return Err(io::Error::other("the tree has too many folders"));
            }
            // What is no UTF-8 is no package; the comparison of the folder around it says it.
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The `node_modules` of the project, of its members, and of folders that links lead to.
    fn roots(&mut self, out: &mut Layout<'a>) {
        let mut roots = BTreeSet::from(["node_modules".to_owned()]);
        roots.extend(self.members.iter().map(|m| format!("{m}/node_modules")));
        roots.insert(UNPLUGGED.to_owned());
        for place in out.installed.keys() {
            if place.starts_with(UNPLUGGED) {
                continue;
            }
            if let Some(at) = place.find("node_modules/") {
                roots.insert(
                    place
                        .get(..at + "node_modules".len())
                        .unwrap_or(place)
                        .to_owned(),
                );
            }
        }
        roots.retain(|root| is_folder(&self.project.join(root)));
        out.roots = roots;
    }
}

/// Whether a folder of a virtual store is named after a release: `name@1.0.0`, and behind it
/// nothing, or peers and patches.
fn names_release(entry: &str, escaped: &str, placed: &Placed) -> bool {
    entry
        .strip_prefix(escaped)
        .and_then(|rest| rest.strip_prefix('@'))
        .and_then(|rest| rest.strip_prefix(placed.release.version.as_str()))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '(', '+']))
}

/// The candidate that a folder's manifest claims to be.
fn claimed<'a>(folder: &Path, candidates: &[&'a Placed]) -> Option<&'a Placed> {
    let manifest = read_manifest(folder)?;
    let version = manifest.version?;
    candidates
        .iter()
        .find(|placed| same_version(&version, placed.release.version.as_str()))
        .copied()
}

/// A folder's manifest; none where there is none that can be read.
pub(super) fn read_manifest(folder: &Path) -> Option<Manifest> {
    let path: PathBuf = folder.join("package.json");
    Manifest::read(&disk::read_up_to(&path, MANIFEST).ok()??)
}

/// Whether a path is a folder, no link to one.
pub(super) fn is_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}
