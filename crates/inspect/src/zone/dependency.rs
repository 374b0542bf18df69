//! Dependencies that no registry has: they lie in the package itself, or at some address.
//!
//! Clients install both without a word, and run what their manifests say. Source: npm's documentation
//! of `package.json`, "URLs as Dependencies" and "Local Paths".

use super::{Entry, json};
use crate::know;
use crate::package::{Package, folder, join};
use crate::unpack::plain;
use customs_model::{Zone, path_of_owner};
use serde_json::Value;

/// Packages in a package that are looked at.
const MOST: usize = 64;
/// Hooks that run when a package is installed.
pub(super) const HOOKS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// Each dependency of a manifest with where it comes from.
fn dependencies(manifest: &Value) -> impl Iterator<Item = (&str, &str)> {
    ["dependencies", "optionalDependencies"]
        .into_iter()
        .filter_map(|kind| manifest.get(kind)?.as_object())
        .flatten()
        .filter_map(|(name, from)| Some((name.as_str(), from.as_str()?)))
}

/// The path of a dependency that lies in the package.
pub(crate) fn local(from: &str) -> Option<&str> {
    let path = from
        .strip_prefix("file:")
        .or_else(|| from.strip_prefix("link:"));
    path.or_else(|| (from.starts_with("./") || from.starts_with("../")).then_some(from))
}

/// What the hooks run of packages that lie in this one and are its dependencies, and theirs.
pub(super) fn locals(package: &Package, manifest: &Value, entries: &mut Vec<Entry>) {
    let below = |place: &str, manifest: &Value| -> Vec<String> {
        let paths = dependencies(manifest).filter_map(|(_, from)| local(from));
        paths.map(|path| plain(&join(place, path))).collect()
    };
    let mut waiting = below("", manifest);
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_empty() || seen.len() >= MOST || seen.contains(&path) {
            continue;
        }
        let found = package
            .find(&join(&path, "package.json"))
            .or_else(|| in_archive(package, &path));
        seen.push(path);
        let Some((id, inner)) = found.and_then(|id| Some((id, json(package, id)?))) else {
            continue;
        };
        let place = folder(&package.file(id).path).to_owned();
        waiting.extend(below(&place, &inner));
        hooks(&inner, id, &place, entries);
    }
}

/// The manifest of a package that is packed: all of it lies in one folder of the archive.
fn in_archive(package: &Package, path: &str) -> Option<crate::pure::FileId> {
    let inside = format!("{path}!/");
    package.ids().find(|id| {
        let path = package.file(*id).path.strip_prefix(&inside);
        let name = path.and_then(|path| path.split_once('/'));
        name.is_some_and(|(_, name)| name == "package.json")
    })
}

/// What the hooks of a package in a folder run.
pub(super) fn hooks(
    manifest: &Value,
    id: crate::pure::FileId,
    place: &str,
    entries: &mut Vec<Entry>,
) {
    for name in HOOKS {
        let text = manifest.get("scripts").and_then(|all| all.get(name));
        if let Some(text) = text.and_then(Value::as_str) {
            entries.push(Entry::Command {
                text: text.to_owned(),
                zone: Zone::Install,
                file: id,
                name: name.to_owned(),
                folder: place.to_owned(),
            });
        }
    }
}

/// Dependencies that are fetched from an address of their own, and that nothing of the package
/// asks for: then all that they are for is what they run when they are installed. What code asks
/// for may be a library that its maker gives out so; a repository on a host that many share is
/// told by its document.
pub(super) fn addresses(package: &Package, manifest: &Value, entries: &mut Vec<Entry>) {
    let Some(id) = package.find("package.json") else {
        return;
    };
    for (name, from) in dependencies(manifest) {
        if !(from.starts_with("http://") || from.starts_with("https://")) {
            continue;
        }
        let path = from
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'));
        let path = path.map_or("", |(_, path)| path);
        let Some(host) = know::host_of(from) else {
            continue;
        };
        let is_shared = path_of_owner(&host, path).is_some() || know::is_loopback(&host);
        if is_shared || is_asked_for(package, name) {
            continue;
        }
        entries.push(Entry::Address {
            name: name.to_owned(),
            address: from.to_owned(),
            file: id,
        });
    }
}

/// Whether a file of the package other than its manifests and its prose names another package.
fn is_asked_for(package: &Package, name: &str) -> bool {
    package.ids().any(|id| {
        let file = package.file(id);
        let last = file.path.rsplit('/').next().unwrap_or(&file.path);
        let is_list =
            last.ends_with(".md") || last == "package.json" || last.ends_with("-lock.json");
        !is_list
            && file
                .bytes
                .as_deref()
                .is_some_and(|bytes| memchr::memmem::find(bytes, name.as_bytes()).is_some())
    })
}

#[cfg(test)]
mod tests;
