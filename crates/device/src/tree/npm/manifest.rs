use customs_ecosystem::npm::NpmVersion;
use customs_model::{ReleaseId, printable};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Scripts that run when a package is installed from a registry.
const AT_INSTALL: [&str; 3] = ["preinstall", "install", "postinstall"];

/// What a `package.json` says of its package. On disk it is a claim, in the artifact a fact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub name: Option<String>,
    pub version: Option<String>,
    /// Names of programs and their files, without `./`.
    pub bins: BTreeMap<String, String>,
    /// A folder of programs.
    pub bin_folder: Option<String>,
    /// It has a script that runs at install.
    pub runs_at_install: bool,
    /// Names of dependencies that lie inside the artifact.
    pub bundled: Vec<String>,
    /// Names of dependencies that may be left out.
    pub optional: Vec<String>,
}

impl Manifest {
    /// None where it is no JSON object.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let root: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let text = |key: &str| root.get(key)?.as_str().map(str::to_owned);
        let name = text("name");
        let bins = match root.get("bin") {
            Some(Value::String(file)) => {
                let own = name.as_deref().unwrap_or_default();
                let own = own.rsplit('/').next().unwrap_or(own);
                BTreeMap::from([(own.to_owned(), clean(file))])
            }
            Some(Value::Object(map)) => map
                .iter()
                .filter_map(|(bin, file)| {
                    let bin = bin.rsplit('/').next().unwrap_or(bin);
                    Some((bin.to_owned(), clean(file.as_str()?)))
                })
                .collect(),
            _ => BTreeMap::new(),
        };
        let folders = root.get("directories").and_then(Value::as_object);
        let scripts = root.get("scripts").and_then(Value::as_object);
        Some(Self {
            version: text("version"),
            bins,
            bin_folder: folders
                .and_then(|folders| folders.get("bin")?.as_str())
                .map(clean),
            runs_at_install: scripts
                .is_some_and(|scripts| AT_INSTALL.iter().any(|name| scripts.contains_key(*name))),
            bundled: bundled(&root),
            optional: root
                .get("optionalDependencies")
                .and_then(Value::as_object)
                .map(|all| all.keys().cloned().collect())
                .unwrap_or_default(),
            name,
        })
    }

    /// Whether a file is one of its programs.
    pub fn is_program(&self, path: &str) -> bool {
        let in_folder = self.bin_folder.as_deref().is_some_and(|folder| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        in_folder || self.bins.values().any(|file| file == path)
    }

    /// What it says it is, where that is not what the lockfile says. Safe to print.
    pub fn denies(&self, release: &ReleaseId) -> Option<String> {
        let name = self.name.as_deref().unwrap_or_default();
        let version = self.version.as_deref().unwrap_or_default();
        let same =
            name == release.package.as_str() && same_version(version, release.version.as_str());
        (!same).then(|| printable(&format!("{name}@{version}"), 200))
    }
}

/// Registries take `v1.0.0`, `=1.0.0` and `1.0.0+build` for 1.0.0.
pub(super) fn same_version(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let normal = |text: &str| {
        let text = text.trim().trim_start_matches(['v', '=', ' ']);
        let text = text.split('+').next().unwrap_or(text).to_owned();
        NpmVersion::parse(&text).map_or(text, |version| version.to_string())
    };
    normal(one) == normal(other)
}

fn clean(path: &str) -> String {
    let parts = path.split(['/', '\\']);
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

/// `bundleDependencies`, spelled both ways; `true` means all dependencies.
fn bundled(root: &Map<String, Value>) -> Vec<String> {
    let list = ["bundleDependencies", "bundledDependencies"]
        .iter()
        .find_map(|key| root.get(*key));
    match list {
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        Some(Value::Bool(true)) => root
            .get("dependencies")
            .and_then(Value::as_object)
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_in_both_ways() {
        let one = Manifest::read(br#"{"name": "@s/tool", "bin": "./cli.js"}"#).unwrap();
        assert_eq!(one.bins["tool"], "cli.js");
        let many = br#"{"name": "t", "bin": {"a": "bin\\a.js"}, "directories": {"bin": "./x"}}"#;
        let many = Manifest::read(many).unwrap();
        assert!(many.is_program("bin/a.js") && many.is_program("x/y") && !many.is_program("xy"));
    }

    #[test]
    fn a_manifest_that_names_another_release_denies_it() {
        let release = "pkg:npm/a@1.0.0".parse().unwrap();
        let of = |text: &str| Manifest::read(text.as_bytes()).unwrap().denies(&release);
        assert_eq!(of(r#"{"name": "a", "version": "v1.0.0+build"}"#), None);
        assert_eq!(
            of(r#"{"name": "a", "version": "1.0.1"}"#).unwrap(),
            "a@1.0.1"
        );
        assert_eq!(
            of(r#"{"name": "b", "version": "1.0.0"}"#).unwrap(),
            "b@1.0.0"
        );
        assert!(of("{}").is_some());
    }
}
