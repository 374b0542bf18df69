//! What managers note in a `node_modules` about their own work. It changes with every installation, so
//! no digest of it can be pinned: it is judged by what it says.

use super::Tree;
use crate::tree::disk;
use crate::tree::{Cause, Difference, Standing};
use customs_ecosystem::lockfile::Kind;
use customs_ecosystem::lockfile::places::{self, Place, Placed};
use customs_model::{Digest, ReleaseId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a record that are read.
const LONGEST: u64 = 64 << 20;

/// The records that are judged, by their path in a `node_modules`.
const JUDGED: [&str; 7] = [
    ".modules.yaml",
    ".package-map.json",
    ".pnpm-workspace-state-v1.json",
    ".pnpm-workspace-state.json",
    ".pnpm/lock.yaml",
    ".yarn-integrity",
    ".yarn-state.yml",
];

/// What pnpm writes into `.modules.yaml`, in its versions from 7 on.
const MODULES: [&str; 20] = [
    "allowBuilds",
    "hoistPattern",
    "hoistedAliases",
    "hoistedDependencies",
    "hoistedLocations",
    "ignoredBuilds",
    "included",
    "injectedDeps",
    "layoutVersion",
    "nodeLinker",
    "packageManager",
    "pendingBuilds",
    "prunedAt",
    "publicHoistPattern",
    "registries",
    "shamefullyHoist",
    "skipped",
    "storeDir",
    "virtualStoreDir",
    "virtualStoreDirMaxLength",
];

/// What pnpm writes into `.pnpm-workspace-state*.json`.
const WORKSPACE: [&str; 8] = [
    "configDependencies",
    "filteredInstall",
    "lastValidatedTimestamp",
    "pnpmfileExists",
    "pnpmfiles",
    "projects",
    "settings",
    "validation",
];

/// What Yarn 1 writes into `.yarn-integrity`.
const INTEGRITY: [&str; 9] = [
    "artifacts",
    "files",
    "flags",
    "linkedModules",
    "lockfileEntries",
    "modulesFolders",
    "nodeVersion",
    "systemParams",
    "topLevelPatterns",
];

/// Whether a path of a tree is that of a record, which is never pinned.
pub fn is_record(path: &str) -> bool {
    let inside = path.rsplit_once("node_modules/").map(|(_, inside)| inside);
    inside.is_some_and(|inside| JUDGED.contains(&inside))
}

/// What a record comes to.
enum Said {
    /// It says what its manager says, and nothing that the lockfile does not.
    Agrees,
    /// It has keys of a version that is not known.
    Unclear,
    /// It is not what the manager writes, or says something else than the lockfile.
    Foreign,
}

/// Judges a record by what it says. Anything else is left as it is.
pub(super) fn judge(tree: &Tree<'_>, root: &str, difference: &mut Difference) {
    let Some(name) = difference.path.strip_prefix(root) else {
        return;
    };
    let name = name.trim_start_matches('/').to_owned();
    let is_open = matches!(difference.standing, Standing::MadeHere { .. });
    if !is_open || !JUDGED.contains(&name.as_str()) {
        return;
    }
    let read = disk::read_up_to(&tree.project.join(&difference.path), LONGEST);
    let Ok(Some(bytes)) = read else {
        return;
    };
    // Read again: it may have changed since it was hashed.
    if difference.found.as_ref() != Some(&Digest::sha256(&bytes)) {
        return;
    }
    // One without a byte says nothing.
    if bytes.is_empty() {
        return;
    }
    match said(tree, root, &name, &bytes) {
        Said::Agrees => {
            difference.standing = Standing::Explained(Cause::Installer {
                what: "the manager's own record; it says nothing that the lockfile does not".into(),
            });
        }
        Said::Unclear => {}
        Said::Foreign => difference.standing = Standing::Unexplained,
    }
}

fn said(tree: &Tree<'_>, root: &str, name: &str, bytes: &[u8]) -> Said {
    match name {
        ".pnpm/lock.yaml" => locked(tree, bytes),
        ".yarn-state.yml" => state(tree, bytes),
        ".modules.yaml" => match object(bytes) {
            Some(object) if !are_registries(&object) => Said::Foreign,
            Some(object) if !is_store_inside(tree, root, &object) => Said::Unclear,
            Some(object) => known(&object, &MODULES),
            // Before pnpm 10 it is YAML.
            None => match std::str::from_utf8(bytes).is_ok_and(is_listing) {
                true => Said::Unclear,
                false => Said::Foreign,
            },
        },
        ".yarn-integrity" => object(bytes).map_or(Said::Foreign, |object| {
            match addresses_agree(tree, &object) {
                true => known(&object, &INTEGRITY),
                false => Said::Foreign,
            }
        }),
        ".package-map.json" => object(bytes).map_or(Said::Foreign, |object| {
            match (map(tree, root, &object), known(&object, &["packages"])) {
                (Said::Agrees, known) => known,
                (said, _) => said,
            }
        }),
        _ => object(bytes).map_or(Said::Foreign, |object| known(&object, &WORKSPACE)),
    }
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

fn known(object: &Map<String, Value>, keys: &[&str]) -> Said {
    match object.keys().all(|key| keys.contains(&key.as_str())) {
        true => Said::Agrees,
        false => Said::Unclear,
    }
}

/// Each line is blank, a comment, an item of a list, or a key with or without a value.
fn is_listing(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty()
            || line.starts_with('#')
            || line.starts_with("- ")
            || line.ends_with(':')
            || line.contains(": ")
    })
}

/// pnpm's list of what is installed is a part of the lockfile.
fn locked(tree: &Tree<'_>, bytes: &[u8]) -> Said {
    let Ok(listed) = places::read(Kind::PnpmLock, bytes) else {
        return Said::Foreign;
    };
    let known: BTreeSet<(&ReleaseId, &[Digest])> = tree
        .places
        .placed
        .iter()
        .map(|placed| (&placed.release, placed.digests.as_slice()))
        .collect();
    let mut listed = listed.placed.iter();
    match listed.all(|placed| known.contains(&(&placed.release, placed.digests.as_slice()))) {
        true => Said::Agrees,
        false => Said::Foreign,
    }
}

/// Every archive that Yarn 1 says it installed stands in the lockfile. Hosts are not compared: a
/// mirror stands here where the lockfile names the registry that it mirrors.
fn addresses_agree(tree: &Tree<'_>, object: &Map<String, Value>) -> bool {
    let known: BTreeSet<&str> = tree
        .places
        .placed
        .iter()
        .filter_map(|placed| placed.resolved.as_deref())
        .map(file_and_digest)
        .collect();
    let entries = object.get("lockfileEntries").and_then(Value::as_object);
    entries.is_none_or(|entries| {
        entries
            .values()
            .filter_map(Value::as_str)
            .filter(|address| address.starts_with("http://") || address.starts_with("https://"))
            .all(|address| known.contains(file_and_digest(address)))
    })
}

/// What follows the last slash of an address, with the SHA-1 that Yarn 1 appends.
fn file_and_digest(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}

/// The registries that pnpm notes are addresses. Which of them are the project's own its settings say, and
/// not the tree.
fn are_registries(object: &Map<String, Value>) -> bool {
    let Some(registries) = object.get("registries") else {
        return true;
    };
    let is_address = |value: &Value| {
        let text = value.as_str();
        text.is_some_and(|text| text.starts_with("https://") || text.starts_with("http://"))
    };
    let registries = registries.as_object();
    registries.is_some_and(|all| all.values().all(is_address))
}

/// Whether pnpm's virtual store lies in the project, where it is looked through.
fn is_store_inside(tree: &Tree<'_>, root: &str, object: &Map<String, Value>) -> bool {
    let Some(folder) = object.get("virtualStoreDir") else {
        return true;
    };
    let folder = folder.as_str().unwrap_or_default();
    let inside = std::path::Path::new(folder).strip_prefix(tree.project);
    let place = match inside.ok().and_then(std::path::Path::to_str) {
        Some(inside) => joined("", inside),
        None => joined(root, folder),
    };
    place.is_some_and(|place| place.split('/').any(|part| part == "node_modules"))
}

/// Every folder that Yarn 4's map leads to is a package of the lockfile or one of the project's own, and
/// each name leads to a folder of its name.
fn map(tree: &Tree<'_>, root: &str, object: &Map<String, Value>) -> Said {
    let Some(packages) = object.get("packages").and_then(Value::as_object) else {
        return Said::Foreign;
    };
    let (mut places, mut is_all_inside) = (BTreeMap::new(), true);
    for (key, package) in packages {
        let Some(url) = package.get("url").and_then(Value::as_str) else {
            return Said::Foreign;
        };
        match joined(root, url) {
            Some(place) if is_meant(tree, &place) => {
                places.insert(key.as_str(), place);
            }
            // What lies there was not compared.
            None if tree.links.holds_outside(root, url) => is_all_inside = false,
            Some(_) | None => return Said::Foreign,
        }
    }
    let asks = packages
        .values()
        .filter_map(|package| package.get("dependencies"));
    for (name, to) in asks.filter_map(Value::as_object).flatten() {
        let to = to.as_str().unwrap_or_default();
        let Some(place) = places.get(to) else {
            match packages.contains_key(to) {
                true => continue,
                false => return Said::Foreign,
            }
        };
        match super::own::split(place) {
            // A store's folders are called after releases.
            Some((_, there)) if there.starts_with(".store/") => {
                if !is_asked_by(tree, place, name) {
                    return Said::Foreign;
                }
            }
            Some((_, there)) if there != name => return Said::Foreign,
            Some(_) => {}
            // A folder of the project's own, by the name that the lockfile links it under or its own.
            None => is_all_inside &= is_own_name(tree, place, name),
        }
    }
    match is_all_inside {
        true => Said::Agrees,
        false => Said::Unclear,
    }
}

/// Whether what is installed at a place is asked for by a name: its own, or one that the lockfile has
/// for the same release.
fn is_asked_by(tree: &Tree<'_>, place: &str, name: &str) -> bool {
    let Some(one) = tree.layout.installed.get(place) else {
        return false;
    };
    let release = &one.placed.release;
    let is_alias = |placed: &Placed| {
        placed.release == *release
            && matches!(&placed.place, Place::Folder(folder) if folder == name)
    };
    release.package.as_str() == name || tree.places.placed.iter().any(is_alias)
}

/// Whether a folder of the project's own may be asked for by a name.
fn is_own_name(tree: &Tree<'_>, place: &str, name: &str) -> bool {
    let linked = tree.places.links.iter().any(|link| match &link.place {
        Place::Folder(folder) => folder == name,
        Place::At(at) => super::own::split(at).is_some_and(|(_, folder)| folder == name),
    });
    let own = || super::layout::read_manifest(&tree.project.join(place));
    linked || own().is_some_and(|manifest| manifest.name.as_deref() == Some(name))
}

fn is_meant(tree: &Tree<'_>, place: &str) -> bool {
    let is_own = !place.split('/').any(|part| part == "node_modules");
    is_own || tree.layout.installed.contains_key(place)
}

/// A path relative to a folder of the project; none where it leaves the project.
fn joined(root: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains([':', '%', '\\']) {
        return None;
    }
    let mut parts: Vec<&str> = root.split('/').filter(|part| !part.is_empty()).collect();
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

/// Yarn 4's list of where packages lie.
fn state(tree: &Tree<'_>, bytes: &[u8]) -> Said {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Said::Foreign;
    };
    if !text.contains("__metadata:") || !is_listing(text) {
        return Said::Foreign;
    }
    let items = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "));
    let mut places = items.map(|item| item.trim_matches('"'));
    // A place that the lockfile has no package for is nothing that Yarn put there.
    let is_known = |place: &str| {
        is_meant(tree, place) || tree.links.link(place).is_some() || tree.links.is_outside(place)
    };
    match places.all(|place| joined("", place).is_some_and(|place| is_known(&place))) {
        true if text.contains("locations:") || tree.places.placed.is_empty() => Said::Agrees,
        true => Said::Unclear,
        false => Said::Foreign,
    }
}
