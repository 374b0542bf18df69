//! Which folder is which package.

use super::manifest::{Manifest, same_version};
use super::{Manager, own};
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
    /// The virtual store, where packages lie in one.
    pub store: Option<&'static str>,
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
        manager,
        named: by_folder(places),
        visited: 0,
    };
    let store = store_of(manager).filter(|store| is_folder(&project.join(store)));
    // pnpm's `nodeLinker: hoisted` keeps only a record in its store.
    out.store = store.filter(|store| finder.virtual_store(store, &mut out));
    match (manager, out.store) {
        // npm's own places may hold what another strategy left.
        (Manager::Npm, _) | (Manager::Bun, None) => finder.at_places(places, &mut out),
        (Manager::Pnpm | Manager::YarnClassic, None) => {
            for root in roots_of(places) {
                finder.flat(&root, 0, &[], &mut out);
            }
        }
        (Manager::YarnBerry, None) => {
            let mut roots = roots_of(places);
            if is_folder(&project.join(UNPLUGGED)) {
                let entries = finder.children(UNPLUGGED, &mut out).unwrap_or_default();
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
        (Manager::Pnpm | Manager::YarnClassic | Manager::YarnBerry | Manager::Bun, Some(_)) => {}
    }
    finder.roots(places, &mut out);
    absent(places, &mut out);
    out
}

/// Where a manager has its virtual store: pnpm and bun by default, npm with
/// `--install-strategy=linked`, Yarn 4 with `nodeLinker: pnpm`.
const fn store_of(manager: Manager) -> Option<&'static str> {
    match manager {
        Manager::Pnpm => Some("node_modules/.pnpm"),
        Manager::Bun => Some("node_modules/.bun"),
        Manager::Npm | Manager::YarnBerry => Some(STORE),
        Manager::YarnClassic => None,
    }
}

/// The virtual store of npm and Yarn 4.
pub(super) const STORE: &str = "node_modules/.store";

/// The `node_modules` of the project and of its members.
pub(super) fn roots_of(places: &Places) -> Vec<String> {
    let mut roots = vec!["node_modules".to_owned()];
    roots.extend(own::members(places).map(|m| format!("{m}/node_modules")));
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
    // In pnpm's hoisted layout a package that is asked for by another name lies under that one.
    for (alias, name) in &places.aliases {
        let meant = places.placed.iter();
        let meant = meant.filter(|placed| placed.release.package.as_str() == name);
        named.entry(alias).or_default().extend(meant);
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
        .filter(|placed| match (&placed.place, out.store) {
            (Place::At(_), None) => true,
            // Where the lockfile does not say the place, one copy is enough.
            _ => !releases.contains(&placed.release),
        })
        .collect();
}

struct Finder<'a, 'p> {
    project: &'p Path,
    manager: Manager,
    named: HashMap<&'a str, Vec<&'a Placed>>,
    visited: usize,
}

impl<'a> Finder<'a, '_> {
    /// The folders that the lockfile itself names.
    fn at_places(&self, places: &'a Places, out: &mut Layout<'a>) {
        for placed in &places.placed {
            if let Place::At(place) = &placed.place
                && placed.source != Source::Bundled
                && is_folder(&self.project.join(place))
            {
                let one = Installed { placed };
                out.installed.insert(place.clone(), one);
            }
        }
    }

    /// `node_modules/.pnpm/<name>@<version>…/node_modules/<name>`. Says whether it holds anything, so
    /// that nothing beside it is a package; one that cannot be read may.
    fn virtual_store(&mut self, store: &str, out: &mut Layout<'a>) -> bool {
        let Some(entries) = self.entries(store, out) else {
            return true;
        };
        if self.manager == Manager::YarnBerry {
            return self.yarn_store(store, &entries, out);
        }
        let mut holds = false;
        for entry in entries {
            let modules = format!("{store}/{entry}/node_modules");
            if entry == "node_modules" || !is_folder(&self.project.join(&modules)) {
                continue;
            }
            holds = true;
            for name in self.packages(&modules, out) {
                let place = format!("{modules}/{name}");
                let candidates = self.named.get(name.as_str());
                let Some(candidates) = candidates.map(Vec::as_slice) else {
                    continue;
                };
                let placed = self.named_by(&entry, &name, candidates);
                let placed = placed.or_else(|| claimed(&self.project.join(&place), candidates));
                if let Some(placed) = placed.or_else(|| candidates.first().copied()) {
                    let one = Installed { placed };
                    out.installed.insert(place, one);
                }
            }
        }
        holds
    }

    /// The release that a folder of a virtual store is named after.
    fn named_by(&self, entry: &str, name: &str, candidates: &[&'a Placed]) -> Option<&'a Placed> {
        if own::is_of_path(entry, name) {
            let mut own = candidates.iter().copied();
            return own.find(|placed| placed.source == Source::Path);
        }
        let escaped = match self.manager {
            Manager::Npm => name.to_owned(),
            Manager::Pnpm | Manager::Bun | Manager::YarnClassic | Manager::YarnBerry => {
                name.replace('/', "+")
            }
        };
        // `1.0.0` also begins `1.0.0-rc.1`; the longest that fits is meant.
        let fitting = candidates.iter().copied();
        fitting
            .filter(|placed| names_release(self.manager, entry, &escaped, placed))
            .max_by_key(|placed| placed.release.version.as_str().len())
    }

    /// Yarn 4: `node_modules/.store/<slug>/package`, where the slug ends with ten digits of a hash.
    fn yarn_store(&self, store: &str, entries: &[String], out: &mut Layout<'a>) -> bool {
        let mut by_slug: HashMap<String, Vec<&'a Placed>> = HashMap::new();
        for placed in self.named.values().flatten().copied() {
            let slug = placed.release.package.as_str().replace('/', "-");
            let all = by_slug.entry(slug).or_default();
            if !all.iter().any(|other| std::ptr::eq(*other, placed)) {
                all.push(placed);
            }
        }
        for all in by_slug.values_mut() {
            // Names come out of a map in any order.
            all.sort_by(|a, b| (&a.release, &a.place).cmp(&(&b.release, &b.place)));
        }
        let mut holds = false;
        for entry in entries {
            let place = format!("{store}/{entry}/package");
            if !is_folder(&self.project.join(&place)) {
                continue;
            }
            holds = true;
            let Some((slug, version)) = yarn_slug(entry) else {
                continue;
            };
            let Some(candidates) = by_slug.get(slug) else {
                continue;
            };
            let same = |placed: &&Placed| Some(placed.release.version.as_str()) == version;
            let placed = candidates.iter().copied().find(same);
            let placed = placed.or_else(|| claimed(&self.project.join(&place), candidates));
            if let Some(placed) = placed.or_else(|| candidates.first().copied()) {
                out.installed.insert(place, Installed { placed });
            }
        }
        holds
    }

    /// The folders of a virtual store. npm's stores have a folder for each scope.
    fn entries(&mut self, store: &str, out: &mut Layout<'a>) -> Option<Vec<String>> {
        let mut entries = Vec::new();
        for entry in self.children(store, out)? {
            if self.manager != Manager::Npm || !entry.starts_with('@') {
                entries.push(entry);
                continue;
            }
            let inner = self.children(&format!("{store}/{entry}"), out);
            let inner = inner.unwrap_or_default();
            entries.extend(inner.iter().map(|inner| format!("{entry}/{inner}")));
        }
        Some(entries)
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
            let nested = format!("{place}/node_modules");
            let has_nested = is_folder(&self.project.join(&nested));
            let mut inside = Vec::new();
            if let Some(candidates) = self.named.get(name.as_str()) {
                // Most folders can be one release only, and hold no others: they need no manifest.
                let asks = has_nested || candidates.len() > 1;
                let claim = asks.then(|| read_manifest(&folder)).flatten();
                let named = claim.as_ref().and_then(|claim| meant(claim, candidates));
                inside = claim.map(|claim| claim.bundled).unwrap_or_default();
                // A manifest that names what the lockfile does not have lies; what it hides is
                // shown by comparing with what the lockfile has under this name.
                if let Some(placed) = named.or_else(|| candidates.first().copied()) {
                    let one = Installed { placed };
                    out.installed.insert(place.clone(), one);
                }
            }
            if has_nested {
                self.flat(&nested, level + 1, &inside, out);
            }
        }
    }

    /// Names of packages in a `node_modules`: folders, with their scope; no links.
    fn packages(&mut self, modules: &str, out: &mut Layout<'a>) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.children(modules, out).unwrap_or_default() {
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{modules}/{name}");
            if !is_folder(&self.project.join(&path)) {
                continue;
            }
            if name.starts_with('@') {
                for inner in self.children(&path, out).unwrap_or_default() {
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

    /// The names in a folder; none where it cannot be read, which is noted.
    fn children(&mut self, folder: &str, out: &mut Layout<'a>) -> Option<Vec<String>> {
        match self.list(folder) {
            Ok(names) => Some(names),
            Err(why) => {
                let folder = customs_model::printable(folder, 200);
                out.notes.push(format!("{folder} cannot be read: {why}"));
                None
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
    fn roots(&self, places: &Places, out: &mut Layout<'a>) {
        let mut roots: BTreeSet<String> = roots_of(places).into_iter().collect();
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
/// nothing, or peers and patches; npm writes a digest of 22 letters.
fn names_release(manager: Manager, entry: &str, escaped: &str, placed: &Placed) -> bool {
    let rest = entry
        .strip_prefix(escaped)
        .and_then(|rest| rest.strip_prefix('@'))
        .and_then(|rest| rest.strip_prefix(placed.release.version.as_str()));
    rest.is_some_and(|rest| match manager {
        Manager::Npm => rest.len() == 23 && rest.starts_with('-'),
        Manager::Pnpm | Manager::Bun | Manager::YarnClassic | Manager::YarnBerry => {
            rest.is_empty() || rest.starts_with(['_', '(', '+'])
        }
    })
}

/// The name that a folder of Yarn's store begins with, its scope with `-`, and its version where the
/// name has one: `@scope-name-npm-1.0.0-0123456789`, `name-virtual-0123456789`.
fn yarn_slug(entry: &str) -> Option<(&str, Option<&str>)> {
    let (stem, hash) = entry.rsplit_once('-')?;
    if hash.len() != 10 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match stem.rsplit_once("-npm-") {
        Some((slug, version)) => Some((slug, Some(version))),
        None => stem.rsplit_once('-').map(|(slug, _)| (slug, None)),
    }
}

/// The candidate that a folder's manifest claims to be.
fn claimed<'a>(folder: &Path, candidates: &[&'a Placed]) -> Option<&'a Placed> {
    meant(&read_manifest(folder)?, candidates)
}

/// The candidate that a manifest names.
fn meant<'a>(manifest: &Manifest, candidates: &[&'a Placed]) -> Option<&'a Placed> {
    let version = manifest.version.as_deref()?;
    candidates
        .iter()
        .find(|placed| same_version(version, placed.release.version.as_str()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_yarn_s_store_tell_a_name_and_perhaps_a_version() {
        assert_eq!(
            yarn_slug("@s-a-npm-1.0.0-rc.1-0123456789"),
            Some(("@s-a", Some("1.0.0-rc.1")))
        );
        assert_eq!(yarn_slug("a-b-virtual-c66b857741"), Some(("a-b", None)));
        assert_eq!(yarn_slug("a-npm-1.0.0"), None);
        assert_eq!(yarn_slug("a"), None);
    }
}
