//! What the maps of `package.json` say a specifier means in Node: `imports` for names with `#`,
//! and `exports` for the package's own name and for bundled dependencies.
//!
//! Source: Node's documentation of packages, "Subpath exports" and "Subpath imports". Of
//! conditions those hold that Node sets; which of `require` and `import` asks is not told apart.

use super::{Package, folder, join};
use crate::pure::FileId;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;

/// Bounds of what is looked at.
mod limit {
    /// Folders from a file upwards.
    pub const FOLDERS: usize = 64;
    /// Bytes of a manifest.
    pub const MANIFEST: usize = 1 << 20;
    /// Conditions within conditions, and lists in them.
    pub const LEVELS: u8 = 6;
    /// Keys of one map.
    pub const KEYS: usize = 4_096;
}

/// Conditions that Node sets, in the order in which manifests have them.
const CONDITIONS: [&str; 6] = [
    "node-addons",
    "node",
    "module-sync",
    "require",
    "import",
    "default",
];

/// Modules of Node that packages are named after: the name means Node's.
const OF_NODE: [&str; 24] = [
    "assert",
    "buffer",
    "constants",
    "crypto",
    "domain",
    "events",
    "fs",
    "http",
    "https",
    "module",
    "net",
    "os",
    "path",
    "process",
    "punycode",
    "querystring",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tty",
    "url",
    "util",
    "zlib",
];

/// Manifests, as far as somebody asked.
pub(super) type Manifests = RefCell<FxHashMap<FileId, Option<Rc<Value>>>>;

impl Package {
    /// The file that a specifier without a path means by the maps around a file.
    pub(super) fn mapped(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let (place, manifest) = self.manifest_around(from)?;
        if specifier.starts_with('#') {
            let target = target_of(manifest.get("imports")?, specifier)?;
            return match target.strip_prefix("./") {
                Some(inside) => self.node_file(&join(&place, inside)),
                // Another package, which may be bundled.
                None if !target.starts_with('#') => self.resolves(from, &target),
                None => None,
            };
        }
        if let Some(found) = self.beside(&place, &manifest, specifier) {
            return Some(found);
        }
        let name = manifest.get("name")?.as_str()?;
        let inside = specifier.strip_prefix(name)?;
        if OF_NODE.contains(&name) || !(inside.is_empty() || inside.starts_with('/')) {
            return None;
        }
        self.in_package(&place, &manifest, inside)
    }

    /// The file of a dependency that lies in the package: `"a": "file:vendor/a"`.
    fn beside(&self, place: &str, manifest: &Value, specifier: &str) -> Option<FileId> {
        let scoped = usize::from(specifier.starts_with('@'));
        let end = specifier.match_indices('/').nth(scoped);
        let (name, inside) = specifier.split_at(end.map_or(specifier.len(), |(at, _)| at));
        let from = ["dependencies", "optionalDependencies"]
            .iter()
            .find_map(|kind| manifest.get(kind)?.get(name)?.as_str())?;
        let folder = join(place, crate::zone::local(from)?);
        let folder = crate::unpack::plain(&folder);
        // One of the package itself, or of what lies around it, would mean what it meant before.
        if folder.is_empty() || folder == place {
            return None;
        }
        self.in_folder(&folder, inside)
            .or_else(|| self.node_file(&join(&folder, inside.trim_start_matches('/'))))
    }

    /// The file that a package in a folder has for a part of it: nothing, or `/lib/a`.
    pub(super) fn in_folder(&self, place: &str, inside: &str) -> Option<FileId> {
        let manifest = self.by_path.get(&join(place, "package.json"))?;
        let manifest = self.manifest(*manifest)?;
        manifest.get("exports")?;
        self.in_package(place, &manifest, inside)
    }

    fn in_package(&self, place: &str, manifest: &Value, inside: &str) -> Option<FileId> {
        if let Some(exports) = manifest.get("exports").filter(|map| !map.is_null()) {
            let target = target_of(exports, &format!(".{inside}"))?;
            return self.node_file(&join(place, target.strip_prefix("./")?));
        }
        if inside.is_empty() {
            let main = manifest.get("main").and_then(Value::as_str);
            return self.node_file(&join(place, main.unwrap_or("index.js")));
        }
        self.node_file(&join(place, inside.trim_start_matches('/')))
    }

    /// The nearest manifest around a file, and its folder.
    fn manifest_around(&self, from: FileId) -> Option<(String, Rc<Value>)> {
        let mut place = folder(&self.file(from).path);
        for _ in 0..limit::FOLDERS {
            if let Some(id) = self.by_path.get(&join(place, "package.json")) {
                return Some((place.to_owned(), self.manifest(*id)?));
            }
            if place.is_empty() {
                return None;
            }
            place = folder(place);
        }
        None
    }

    fn manifest(&self, id: FileId) -> Option<Rc<Value>> {
        if let Some(known) = self.manifests.borrow().get(&id) {
            return known.clone();
        }
        let bytes = self.file(id).bytes.as_deref();
        let bytes = bytes.filter(|bytes| bytes.len() <= limit::MANIFEST);
        // A manifest that is no JSON maps nothing: Node stops at it.
        let read = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
        let read = read.map(Rc::new);
        self.manifests.borrow_mut().insert(id, read.clone());
        read
    }
}

/// What a map says a key means.
fn target_of(map: &Value, key: &str) -> Option<String> {
    let is_map = |map: &&serde_json::Map<String, Value>| {
        let mut keys = map.keys();
        keys.any(|key| key.starts_with(['.', '#']))
    };
    let Some(keys) = map.as_object().filter(is_map) else {
        // One target for the package itself.
        let (target, is_whole) = (chosen(map, 0), key == ".");
        return target.filter(|_| is_whole);
    };
    if let Some(exact) = keys.get(key) {
        return chosen(exact, 0);
    }
    // Of patterns the longest one holds.
    let mut best: Option<(&str, &str, &Value)> = None;
    for (pattern, target) in keys.iter().take(limit::KEYS) {
        let (before, behind) = pattern.split_once('*').unwrap_or((pattern, ""));
        let is_open = pattern.contains('*') || pattern.ends_with('/');
        let fits = is_open
            && key.len() > before.len() + behind.len()
            && key.starts_with(before)
            && key.ends_with(behind);
        if fits && best.is_none_or(|(known, ..)| known.len() < before.len()) {
            best = Some((before, behind, target));
        }
    }
    let (before, behind, target) = best?;
    let middle = key.get(before.len()..key.len() - behind.len())?;
    let target = chosen(target, 0)?;
    Some(if target.contains('*') {
        target.replace('*', middle)
    } else {
        format!("{target}{middle}")
    })
}

/// The target for the conditions that hold.
fn chosen(target: &Value, level: u8) -> Option<String> {
    if level > limit::LEVELS {
        return None;
    }
    match target {
        Value::String(path) => Some(path.clone()),
        Value::Array(all) => all
            .iter()
            .take(limit::KEYS)
            .find_map(|target| chosen(target, level + 1)),
        Value::Object(conditions) => CONDITIONS
            .iter()
            .filter_map(|condition| conditions.get(*condition))
            .find_map(|target| chosen(target, level + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Package;
    use crate::unpack::{Tree, text_file as file};

    fn meant(manifest: &str, specifier: &str) -> Option<String> {
        let dependency = r#"{"exports": {".": {"types": "./t.d.ts", "require": "./q.js"}}}"#;
        let package = Package::new(&Tree {
            entries: vec![
                file("package/package.json", manifest),
                file("package/i.js", ""),
                file("package/a.js", ""),
                file("package/lib/b.js", ""),
                file("package/node_modules/d/package.json", dependency),
                file("package/node_modules/d/q.js", ""),
                file("package/node_modules/d/index.js", ""),
            ],
            ..Tree::default()
        });
        let from = package.find("i.js").unwrap();
        let found = package.resolves(from, specifier)?;
        Some(package.file(found).path.clone())
    }

    #[test]
    fn a_name_with_a_hash_means_what_imports_says() {
        let manifest = r##"{"name": "p", "imports": {
            "#a": {"browser": "./none.js", "node": "./a.js", "default": "./lib/b.js"},
            "#lib/*": "./lib/*.js", "#d": "d"}}"##;
        assert_eq!(meant(manifest, "#a").as_deref(), Some("a.js"));
        assert_eq!(meant(manifest, "#lib/b").as_deref(), Some("lib/b.js"));
        assert_eq!(
            meant(manifest, "#d").as_deref(),
            Some("node_modules/d/q.js")
        );
        assert_eq!(meant(manifest, "#b"), None);
    }

    #[test]
    fn a_package_finds_itself_by_its_name() {
        let mapped = r#"{"name": "p", "exports": {".": "./a.js", "./x": ["./lib/b.js"]}}"#;
        assert_eq!(meant(mapped, "p").as_deref(), Some("a.js"));
        assert_eq!(meant(mapped, "p/x").as_deref(), Some("lib/b.js"));
        assert_eq!(meant(mapped, "p/lib/b"), None);
        assert_eq!(meant(mapped, "pp"), None);
        let plain = r#"{"name": "p", "main": "a"}"#;
        assert_eq!(meant(plain, "p").as_deref(), Some("a.js"));
        assert_eq!(meant(plain, "p/lib/b").as_deref(), Some("lib/b.js"));
        // Node's own module is meant.
        assert_eq!(meant(r#"{"name": "util", "main": "a"}"#, "util"), None);
    }
}
