//! What is installed, read from the tree that a client left and not from what it says.

use super::client::Client;
use super::world::World;
use customs_model::{Ecosystem, PackageName};
use serde::Deserialize;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are looked at; a scenario installs a dozen packages.
const MOST_FOLDERS: usize = 20_000;

/// Where pnpm and bun keep what the links of a tree lead to.
const STORES: [&str; 2] = [".pnpm", ".bun"];

/// Manifests larger than this are not of a scenario.
const MOST_BYTES: u64 = 1 << 20;

/// `name@version` of all that is installed, by a client of this world.
pub fn releases(client: Client, world: &World) -> BTreeSet<String> {
    match client.ecosystem() {
        Ecosystem::Npm => node_modules(&world.project()),
        Ecosystem::PyPi => site_packages(&world.python_environment()),
        Ecosystem::Cargo => crates(&world.project(), &world.home().join(".cargo")),
    }
}

/// The spelling under which two names of an ecosystem are the same.
pub fn spoken(ecosystem: Ecosystem, name: &str, version: &str) -> String {
    match PackageName::new(ecosystem, name) {
        Ok(name) => format!("{}@{version}", name.as_str()),
        Err(_) => format!("{name}@{version}"),
    }
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
}

/// Every package below every `node_modules`. pnpm's and bun's trees are of links, so
/// links are followed, each folder once.
fn node_modules(project: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![project.join("node_modules")];
    while let Some(folder) = open.pop() {
        let Ok(real) = folder.canonicalize() else {
            continue;
        };
        if seen.len() >= MOST_FOLDERS || !seen.insert(real) {
            continue;
        }
        for (name, path) in folders(&folder) {
            if STORES.contains(&name.as_str()) {
                // A folder for each release, with a tree of its own inside.
                let inside = folders(&path).into_iter();
                open.extend(inside.map(|(_, release)| release.join("node_modules")));
            } else if name.starts_with('@') {
                open.push(path);
            } else {
                open.push(path.join("node_modules"));
                found.extend(package_json(&path));
            }
        }
    }
    found
}

fn package_json(folder: &Path) -> Option<String> {
    let text = read(&folder.join("package.json"))?;
    let manifest: Manifest = serde_json::from_str(&text).ok()?;
    Some(spoken(Ecosystem::Npm, &manifest.name, &manifest.version))
}

fn site_packages(environment: &Path) -> BTreeSet<String> {
    let lib = folders(&environment.join("lib"));
    let unix = lib.into_iter().map(|(_, path)| path.join("site-packages"));
    let windows = environment.join("Lib").join("site-packages");
    unix.chain([windows])
        .flat_map(|folder| folders(&folder))
        .filter(|(name, _)| name.ends_with(".dist-info"))
        .filter_map(|(_, path)| {
            let text = read(&path.join("METADATA"))?;
            let field = |key: &str| {
                let mut values = text.lines().filter_map(|l| l.strip_prefix(key));
                values.next().map(str::trim)
            };
            Some(spoken(Ecosystem::PyPi, field("Name:")?, field("Version:")?))
        })
        .collect()
}

#[derive(Deserialize, Default)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
}

/// What the lockfile names and cargo unpacked: a name in a lockfile alone is not yet on
/// the machine.
fn crates(project: &Path, home: &Path) -> BTreeSet<String> {
    let sources: Vec<PathBuf> = folders(&home.join("registry/src"))
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    let lock: Lock = read(&project.join("Cargo.lock"))
        .and_then(|text| toml::from_str(&text).ok())
        .unwrap_or_default();
    lock.package
        .into_iter()
        .filter(|p| p.source.is_some())
        .filter(|p| {
            let folder = format!("{}-{}", p.name, p.version);
            sources.iter().any(|s| s.join(&folder).is_dir())
        })
        .map(|p| spoken(Ecosystem::Cargo, &p.name, &p.version))
        .collect()
}

fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .take(MOST_FOLDERS)
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect()
}

fn read(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    (size <= MOST_BYTES).then(|| fs::read_to_string(path).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn package(root: &Path, path: &str, name: &str, version: &str) {
        let text = format!(r#"{{"name": "{name}", "version": "{version}"}}"#);
        put(root, &format!("{path}/package.json"), &text);
    }

    #[test]
    fn nested_and_scoped_packages_are_found() {
        let root = tempfile::tempdir().unwrap();
        package(root.path(), "node_modules/axios", "axios", "1.14.0");
        package(
            root.path(),
            "node_modules/axios/node_modules/ms",
            "ms",
            "2.1.3",
        );
        package(
            root.path(),
            "node_modules/@mastra/core",
            "@mastra/core",
            "1.42.0",
        );
        package(
            root.path(),
            "node_modules/axios/lib/inner",
            "inner",
            "9.9.9",
        );
        let found: Vec<String> = node_modules(root.path()).into_iter().collect();
        assert_eq!(found, ["@mastra/core@1.42.0", "axios@1.14.0", "ms@2.1.3"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_tree_of_links_is_read_once_and_ends() {
        let root = tempfile::tempdir().unwrap();
        let store = "node_modules/.pnpm/axios@1.14.0/node_modules";
        package(root.path(), &format!("{store}/axios"), "axios", "1.14.0");
        package(root.path(), &format!("{store}/plain"), "plain", "1.0.0");
        let scoped = "node_modules/.pnpm/@loom+core@4.2.0/node_modules/@loom/core";
        package(root.path(), scoped, "@loom/core", "4.2.0");
        let link = |from: &str, to: &str| {
            std::os::unix::fs::symlink(root.path().join(from), root.path().join(to)).unwrap();
        };
        link(&format!("{store}/axios"), "node_modules/axios");
        link("node_modules", &format!("{store}/axios/node_modules"));
        let found: Vec<String> = node_modules(root.path()).into_iter().collect();
        assert_eq!(found, ["@loom/core@4.2.0", "axios@1.14.0", "plain@1.0.0"]);
    }

    #[test]
    fn python_names_are_compared_as_python_does() {
        let root = tempfile::tempdir().unwrap();
        let info = "lib/python3.11/site-packages/Lite_LLM-1.82.6.dist-info/METADATA";
        put(
            root.path(),
            info,
            "Metadata-Version: 2.1\nName: Lite_LLM\nVersion: 1.82.6\n",
        );
        let found: Vec<String> = site_packages(root.path()).into_iter().collect();
        assert_eq!(found, ["lite-llm@1.82.6"]);
    }

    #[test]
    fn a_crate_counts_when_it_is_locked_and_unpacked() {
        let root = tempfile::tempdir().unwrap();
        let lock = "version = 4\n\
            [[package]]\nname = \"victim\"\nversion = \"1.0.0\"\n\
            [[package]]\nname = \"arrayref\"\nversion = \"0.3.4\"\nsource = \"registry+x\"\n\
            [[package]]\nname = \"far\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";
        put(root.path(), "project/Cargo.lock", lock);
        put(
            root.path(),
            "home/registry/src/x-1/arrayref-0.3.4/Cargo.toml",
            "",
        );
        let found = crates(&root.path().join("project"), &root.path().join("home"));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["arrayref@0.3.4"]);
    }
}
