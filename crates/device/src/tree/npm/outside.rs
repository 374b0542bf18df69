//! Folders beside the project that its manifests ask for by their path: managers link them, and no lockfile
//! says what is in them.

use super::own;
use customs_ecosystem::lockfile::places::{Place, Places};
use customs_ecosystem::lockfile::{Manifest, ManifestKind, SETTINGS_BYTES};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// By the name that it is asked for: where it lies, from the project's folder, with `..` in front.
#[derive(Debug, Default)]
pub(super) struct Outside(BTreeMap<String, BTreeSet<String>>);

/// How manifests write a path.
const PREFIXES: [&str; 3] = ["file:", "link:", "portal:"];

impl Outside {
    /// Of the names that the lockfile has as links out of the project, or as links to somewhere, those that a
    /// manifest of the project asks for outside of it.
    pub fn of(project: &Path, places: &Places) -> Self {
        let may_leave = |target: &str| target.is_empty() || target.split('/').any(|p| p == "..");
        let links = places.links.iter().filter(|link| may_leave(&link.target));
        let names: BTreeSet<&str> = links
            .map(|link| match &link.place {
                Place::Folder(name) => name.as_str(),
                Place::At(place) => place
                    .rsplit_once("node_modules/")
                    .map_or(place.as_str(), |(_, name)| name),
            })
            .collect();
        let mut out = Self::default();
        if names.is_empty() {
            return out;
        }
        for folder in own::members(places).chain([""]) {
            let path = project.join(folder).join("package.json");
            // What cannot be read asks for nothing.
            let read = crate::tree::disk::read_up_to(&path, SETTINGS_BYTES as u64);
            let manifest = read.ok().flatten();
            let manifest =
                manifest.and_then(|text| Manifest::read(ManifestKind::PackageJson, &text).ok());
            let asks = manifest.into_iter().flat_map(|manifest| manifest.asks);
            for ask in asks.filter(|ask| names.contains(ask.name.as_str())) {
                let spec = ask.spec.as_deref().unwrap_or_default();
                let path = PREFIXES.iter().find_map(|prefix| spec.strip_prefix(prefix));
                let path = path.or_else(|| spec.starts_with("../").then_some(spec));
                let target = path.and_then(|path| joined(folder, path));
                if let Some(target) = target.filter(|target| leaves(target)) {
                    out.0.entry(ask.name).or_default().insert(target);
                }
            }
        }
        out
    }

    /// Whether a link of a name in a folder leads to where it is asked for.
    pub fn leads(&self, name: &str, folder: &str, target: &str) -> bool {
        let asked = self.0.get(name);
        asked.is_some_and(|asked| joined(folder, target).is_some_and(|to| asked.contains(&to)))
    }

    /// Whether a path from a folder is one that is asked for under any name.
    pub fn holds(&self, folder: &str, path: &str) -> bool {
        let to = joined(folder, path);
        to.is_some_and(|to| self.0.values().any(|asked| asked.contains(&to)))
    }
}

fn leaves(path: &str) -> bool {
    path == ".." || path.starts_with("../")
}

/// A path from a folder of the project, by its letters alone; it may lead out of the project.
fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\\', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_path_out_of_the_project_is_told_from_its_folder() {
        let is = |folder, path, told: &str| assert_eq!(joined(folder, path).unwrap(), told);
        is("node_modules", "../../lib", "../lib");
        is("packages/a", "../../../lib/", "../lib");
        is("packages/a", "../b", "packages/b");
        assert_eq!(joined("", "/lib"), None);
    }
}
