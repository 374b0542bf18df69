//! Links and programs that managers make: each is proven by what it leads to.

use super::layout::{Layout, read_manifest};
use customs_ecosystem::lockfile::places::{Place, Places};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Links on the way to a package.
const HOPS: usize = 8;

/// What links may lead to.
#[derive(Debug)]
pub(super) struct Links<'a> {
    project: &'a Path,
    installed: BTreeSet<&'a str>,
    /// Places of packages that are for some machines only.
    platform: BTreeSet<&'a str>,
    /// The project's own folders that are packages.
    members: BTreeSet<String>,
    /// Folders of the project's own that are copied or linked under a name.
    own: BTreeMap<&'a str, &'a str>,
    /// Names that links have, and the names of what they lead to, where both differ.
    aliases: &'a BTreeSet<(String, String)>,
}

/// What something leads to.
#[derive(Debug, PartialEq, Eq)]
enum Leads {
    /// A path in an installed package.
    Package { place: String, inner: String },
    /// A path in the project's own code.
    Own,
}

impl<'a> Links<'a> {
    pub fn new(
        project: &'a Path,
        layout: &'a Layout<'_>,
        members: BTreeSet<String>,
        places: &'a Places,
    ) -> Self {
        Self {
            project,
            installed: layout.installed.keys().map(String::as_str).collect(),
            platform: layout
                .installed
                .iter()
                .filter(|(_, one)| one.placed.platforms.restricts())
                .map(|(place, _)| place.as_str())
                .collect(),
            members,
            own: own(places),
            aliases: &places.aliases,
        }
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
        let linked = place.rsplit_once("node_modules/").map(|(_, name)| name)?;
        match leads {
            Leads::Own => Some("a link to a package of the project's own".to_owned()),
            Leads::Package { place, inner } if inner.is_empty() => {
                let own = place.rsplit_once("node_modules/").map(|(_, name)| name)?;
                let pair = (linked.to_owned(), own.to_owned());
                let named = own == linked || self.aliases.contains(&pair);
                named.then(|| "a link to the package of its name".to_owned())
            }
            Leads::Package { .. } => None,
        }
    }

    /// What explains a program `name` in `folder` (a `.bin`) that leads to `target`.
    pub fn program(&self, folder: &str, name: &str, target: &str) -> Option<String> {
        match self.leads(&self.join(folder, target)?)? {
            Leads::Own => Some("a program of the project's own".to_owned()),
            Leads::Package { place, inner } => {
                let (place, inner) = innermost(place, inner);
                let manifest = read_manifest(&self.project.join(&place))?;
                let stem = [".cmd", ".ps1", ".exe", ".bunx"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end))
                    .unwrap_or(name);
                let named = manifest.bins.get(stem) == Some(&inner);
                let listed = manifest.is_program(&inner)
                    && inner.rsplit('/').next().is_some_and(|last| last == stem);
                // bun links past a wrapper to the program of the platform's package.
                if self.platform.contains(place.as_str()) && inner.rsplit('/').next() == Some(stem)
                {
                    return Some("a link to the program of a package for this machine".to_owned());
                }
                // Programs may be named without their ending.
                let ending = manifest.bins.get(stem).is_some_and(|file| {
                    inner
                        .strip_prefix(file.as_str())
                        .is_some_and(|rest| matches!(rest, ".js" | ".cjs" | ".mjs"))
                });
                (named || listed || ending)
                    .then(|| "a link to a program that its package declares".to_owned())
            }
        }
    }

    /// The file of the project's own that a manager copies to a path in a `node_modules`; for the
    /// copied folder itself, that folder.
    pub fn own_source(&self, path: &str) -> Option<String> {
        let (_, rest) = path.rsplit_once("node_modules/")?;
        let scope = usize::from(rest.starts_with('@'));
        let end = rest.match_indices('/').nth(scope).map(|(at, _)| at);
        let (name, file) = end.map_or((rest, ""), |end| rest.split_at(end));
        self.join("", &format!("{}/{file}", self.own.get(name)?))
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
            if self.own_source(&path).is_some() {
                return Some(Leads::Own);
            }
            let Some(next) = self.hop(&path) else {
                let own = !path.split('/').any(|part| part == "node_modules")
                    && (self.members.contains(&path)
                        || self.members.iter().any(|m| {
                            path.strip_prefix(m.as_str())
                                .is_some_and(|r| r.starts_with('/'))
                        }));
                return own.then_some(Leads::Own);
            };
            path = next;
        }
        None
    }

    /// The installed package that a path lies in, the innermost one.
    fn in_package(&self, path: &str) -> Option<(String, String)> {
        let mut end = path.len();
        loop {
            let head = path.get(..end)?;
            if self.installed.contains(head) {
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

fn own(places: &Places) -> BTreeMap<&str, &str> {
    let links = places.links.iter().filter(|link| !link.target.is_empty());
    let named = links.map(|link| match &link.place {
        Place::Folder(name) => (name.as_str(), link.target.as_str()),
        Place::At(place) => {
            let name = place.rsplit_once("node_modules/").map(|(_, name)| name);
            (name.unwrap_or(place), link.target.as_str())
        }
    });
    named.collect()
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
