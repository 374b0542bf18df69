//! Links and programs that managers make: each is proven by what it leads to.

use super::Manager;
use super::layout::{Installed, Layout, read_manifest};
use super::manifest::Manifest;
use super::outside::Outside;
use super::own::{Own, split};
use customs_ecosystem::lockfile::places::{Place, Places};
use customs_model::ReleaseId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Links on the way to a package.
const HOPS: usize = 8;

/// What links may lead to.
#[derive(Debug)]
pub(super) struct Links<'a> {
    project: &'a Path,
    installed: &'a BTreeMap<String, Installed<'a>>,
    own: Own<'a>,
    /// The names of folders that releases lie in.
    names: BTreeSet<(&'a str, &'a ReleaseId)>,
    /// npm: which release its lockfile has at a place.
    at: BTreeMap<&'a str, &'a ReleaseId>,
    /// Names that links have, and the names of what they lead to, where both differ.
    aliases: &'a BTreeSet<(String, String)>,
    /// Folders beside the project that it asks for.
    outside: Outside,
    roots: BTreeSet<String>,
}

/// What something leads to.
#[derive(Debug, PartialEq, Eq)]
enum Leads {
    /// A path in an installed package.
    Package { place: String, inner: String },
    /// A path in a folder of the project's own.
    Own { folder: String, inner: String },
}

impl<'a> Links<'a> {
    pub fn new(
        project: &'a Path,
        manager: Manager,
        layout: &'a Layout<'a>,
        places: &'a Places,
    ) -> Self {
        let mut names = BTreeSet::new();
        let mut at = BTreeMap::new();
        for placed in &places.placed {
            let folder = match &placed.place {
                Place::Folder(folder) => folder.as_str(),
                Place::At(place) => {
                    if manager == Manager::Npm {
                        at.insert(place.as_str(), &placed.release);
                    }
                    split(place).map_or(place.as_str(), |(_, name)| name)
                }
            };
            names.insert((folder, &placed.release));
            names.insert((placed.release.package.as_str(), &placed.release));
        }
        Self {
            project,
            installed: &layout.installed,
            own: Own::new(project, manager, layout, places),
            names,
            at,
            aliases: &places.aliases,
            outside: Outside::of(project, places),
            roots: super::layout::roots_of(places).into_iter().collect(),
        }
    }

    /// Whether a link at `place` leads to a folder outside of the project that its manifest asks for under
    /// this name.
    pub fn is_outside(&self, place: &str) -> bool {
        let target = std::fs::read_link(self.project.join(place));
        let Some((root, name)) = split(place).filter(|(root, _)| self.roots.contains(*root)) else {
            return false;
        };
        // A scope is a folder more.
        let folder = place.rsplit_once('/').map_or(root, |(folder, _)| folder);
        // What is no link leads nowhere.
        let target = target.ok();
        let target = target.as_deref().and_then(Path::to_str);
        target.is_some_and(|target| self.outside.leads(name, folder, target))
    }

    /// Whether a path from a folder is one outside of the project that a manifest asks for.
    pub fn holds_outside(&self, folder: &str, path: &str) -> bool {
        self.outside.holds(folder, path)
    }

    /// What explains a link at `place` (relative to the project) in a `node_modules`.
    pub fn link(&self, place: &str) -> Option<String> {
        let target = std::fs::read_link(self.project.join(place)).ok()?;
        let target = target.to_str()?;
        let (folder, name) = place.rsplit_once('/')?;
        if folder.ends_with("/.bin") {
            return self.program(folder, name, target);
        }
        let leads = self.leads(&self.join(folder, target)?)?;
        let (root, name) = split(place)?;
        match leads {
            Leads::Own { folder, inner } if inner.is_empty() => {
                let linked = self.own.is_linked(root, name, &folder);
                linked.then(|| "a link to a package of the project's own".to_owned())
            }
            Leads::Package { place, inner } if inner.is_empty() => {
                let named = self.is_named(root, name, self.installed.get(&place)?);
                named.then(|| "a link to the package of its name".to_owned())
            }
            Leads::Own { .. } | Leads::Package { .. } => None,
        }
    }

    /// Whether a link in `root` (a `node_modules`) may have a name and lead to a package.
    fn is_named(&self, root: &str, name: &str, one: &Installed<'_>) -> bool {
        let release = &one.placed.release;
        // Where npm's lockfile says which release a name is, it is that one. A member's link is
        // what lies in the member or, by its lockfile, in the project.
        let at = [format!("{root}/{name}"), format!("node_modules/{name}")];
        let is_store = root.contains("/.store/");
        let meant = at.iter().find_map(|place| self.at.get(place.as_str()));
        if let Some(meant) = meant.filter(|_| !is_store) {
            return *meant == release;
        }
        let pair = (name.to_owned(), release.package.as_str().to_owned());
        self.names.contains(&(name, release)) || self.aliases.contains(&pair)
    }

    /// What explains a program `name` in `folder` (a `.bin`) that leads to `target`.
    pub fn program(&self, folder: &str, name: &str, target: &str) -> Option<String> {
        let stem = [".cmd", ".ps1", ".exe", ".bunx"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        match self.leads(&self.join(folder, target)?)? {
            Leads::Own { folder, inner } => {
                let manifest = read_manifest(&self.project.join(folder))?;
                declares(&manifest, stem, &inner)
                    .then(|| "a program of the project's own".to_owned())
            }
            Leads::Package { place, inner } => {
                let platform = self.installed.get(&place);
                let platform = platform.is_some_and(|one| one.placed.platforms.restricts());
                let (place, inner) = innermost(place, inner);
                let manifest = read_manifest(&self.project.join(&place))?;
                // bun links past a wrapper to the program of the platform's package.
                if platform && inner.rsplit('/').next() == Some(stem) {
                    return Some("a link to the program of a package for this machine".to_owned());
                }
                declares(&manifest, stem, &inner)
                    .then(|| "a link to a program that its package declares".to_owned())
            }
        }
    }

    /// The folder or archive of the project's own that a manager copies to a path in a
    /// `node_modules`, and the rest of the path.
    pub fn copy_of<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        self.own.copy_of(path)
    }

    /// Where a path of the project lies on disk.
    pub fn at(&self, path: &str) -> PathBuf {
        self.project.join(path)
    }

    /// A target as a path relative to the project, by its letters alone; none where it leaves it.
    pub fn join(&self, folder: &str, target: &str) -> Option<String> {
        let inside = match target.starts_with('/') {
            true => target
                .strip_prefix(self.project.to_str()?)?
                .strip_prefix('/')?
                .to_owned(),
            false => format!("{folder}/{target}"),
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in inside.split('/') {
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

    /// Follows links between packages, inside the project only.
    fn leads(&self, path: &str) -> Option<Leads> {
        let mut path = path.to_owned();
        for _ in 0..HOPS {
            if let Some((place, inner)) = self.in_package(&path) {
                return Some(Leads::Package { place, inner });
            }
            if let Some(next) = self.hop(&path) {
                path = next;
                continue;
            }
            let copy = self.own.copy_of(&path);
            let copy = copy.map(|(folder, inner)| (folder.to_owned(), inner));
            let (folder, inner) = copy.or_else(|| self.own.source_of(&path))?;
            let inner = inner.to_owned();
            return Some(Leads::Own { folder, inner });
        }
        None
    }

    /// The installed package that a path lies in, the innermost one.
    fn in_package(&self, path: &str) -> Option<(String, String)> {
        let mut end = path.len();
        loop {
            let head = path.get(..end)?;
            if self.installed.contains_key(head) {
                let inner = path.get(end..)?.trim_start_matches('/');
                return Some((head.to_owned(), inner.to_owned()));
            }
            end = head.rfind('/')?;
        }
    }

    /// The path with its first link replaced by where it leads.
    fn hop(&self, path: &str) -> Option<String> {
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for end in ends {
            let head = path.get(..end)?;
            let Ok(target) = std::fs::read_link(self.project.join(head)) else {
                continue;
            };
            let folder = head.rsplit_once('/').map_or("", |(folder, _)| folder);
            let there = self.join(folder, target.to_str()?)?;
            return Some(format!("{there}{}", path.get(end..)?));
        }
        None
    }
}

/// Whether a manifest declares a file as the program of a name.
fn declares(manifest: &Manifest, name: &str, file: &str) -> bool {
    let declared = manifest.bins.get(name);
    let named = declared.is_some_and(|declared| declared == file);
    let listed = manifest.is_program(file) && file.rsplit('/').next() == Some(name);
    // Programs may be named without their ending.
    let ending = declared.is_some_and(|declared| {
        file.strip_prefix(declared.as_str())
            .is_some_and(|rest| matches!(rest, ".js" | ".cjs" | ".mjs"))
    });
    named || listed || ending
}

/// A package that came inside of another's artifact has no place of its own in a lockfile: a path in
/// it is told by its own manifest, which is compared with that artifact.
fn innermost(place: String, inner: String) -> (String, String) {
    let Some((around, rest)) = inner.rsplit_once("node_modules/") else {
        return (place, inner);
    };
    let parts = if rest.starts_with('@') { 2 } else { 1 };
    let end = rest.match_indices('/').nth(parts - 1).map(|(at, _)| at);
    let (name, file) = end.map_or((rest, ""), |end| rest.split_at(end));
    let place = format!("{place}/{around}node_modules/{name}");
    (place, file.trim_start_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::innermost;

    #[test]
    fn a_path_in_a_bundled_package_is_told_by_that_package() {
        let of = |inner: &str| innermost("node_modules/npm".into(), inner.into());
        let some = |place: &str, file: &str| (place.to_owned(), file.to_owned());
        assert_eq!(of("bin/npm.js"), some("node_modules/npm", "bin/npm.js"));
        assert_eq!(
            of("node_modules/@s/a/bin/a.js"),
            some("node_modules/npm/node_modules/@s/a", "bin/a.js")
        );
        assert_eq!(
            of("node_modules/a/node_modules/b/b.js"),
            some("node_modules/npm/node_modules/a/node_modules/b", "b.js")
        );
    }
}
