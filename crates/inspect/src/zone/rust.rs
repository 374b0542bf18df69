//! Rust: build scripts, procedural macros, constructors.

use super::Entry;
use super::installed::table;
use crate::cargo;
use crate::limit::reading;
use crate::package::{Package, join};
use crate::unpack::plain;
use customs_model::Zone;

pub(super) fn of_cargo(package: &Package, entries: &mut Vec<Entry>) {
    let manifest = cargo::manifest(package, "");
    built(package, "", &manifest, entries);
    for member in package.members() {
        let inner = cargo::manifest(package, &member.folder);
        built(package, &member.folder, &inner, entries);
    }
    let mut commands = vec!["src/main.rs".to_owned()];
    if let Some(all) = manifest.get("bin").and_then(toml::Value::as_array) {
        commands.extend(
            all.iter()
                .filter_map(|bin| bin.get("path"))
                .filter_map(|v| v.as_str().map(str::to_owned)),
        );
    }
    for path in commands {
        if let Some(id) = package.find(&path) {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Command,
                script: true,
            });
        }
    }
}

/// Whether a library of Rust is followed, of which nothing runs until somebody calls it: a
/// small one, and any that may have a constructor, which runs before `main`.
fn worth_following(package: &Package) -> bool {
    let rust = || {
        package.ids().filter_map(|id| {
            let file = package.file(id);
            file.path
                .ends_with(".rs")
                .then_some(file.bytes.as_deref())
                .flatten()
        })
    };
    rust().map(<[u8]>::len).sum::<usize>() <= reading::LIBRARY
        || rust().any(|bytes| {
            [&b"[ctor"[..], b":ctor", b"[dtor", b":dtor", b"link_section"]
                .iter()
                .any(|mark| memchr::memmem::find(bytes, mark).is_some())
        })
}

/// The crates that the build of a source distribution of Python compiles: that of maturin, and those
/// that setuptools-rust is told.
pub(super) fn of_python(package: &Package, entries: &mut Vec<Entry>) {
    /// Crates of one distribution.
    const MOST: usize = 16;
    let project = table(package, "pyproject.toml").unwrap_or_default();
    let backend = project
        .get("build-system")
        .and_then(|system| system.get("build-backend"))
        .and_then(toml::Value::as_str)
        .unwrap_or_default();
    let tool = |name: &str| project.get("tool")?.get(name);
    let mut manifests: Vec<String> = Vec::new();
    if backend.split([':', '.']).next() == Some("maturin") {
        let named = tool("maturin").and_then(|tool| tool.get("manifest-path")?.as_str());
        match named {
            Some(named) => manifests.push(named.to_owned()),
            // Where it looks by itself.
            None => manifests.extend(["Cargo.toml", "rust/Cargo.toml"].map(str::to_owned)),
        }
    }
    if let Some(tool) = tool("setuptools-rust") {
        for key in ["ext-modules", "bins"] {
            for one in tool
                .get(key)
                .and_then(toml::Value::as_array)
                .into_iter()
                .flatten()
            {
                let path = one.get("path").and_then(toml::Value::as_str);
                manifests.push(path.unwrap_or("Cargo.toml").to_owned());
            }
        }
    }
    for path in manifests.iter().take(MOST) {
        let Some(folder) = path.strip_suffix("Cargo.toml") else {
            continue;
        };
        let folder = plain(folder.trim_end_matches('/'));
        if package.find(&join(&folder, "Cargo.toml")).is_some() {
            compiled(package, &folder, entries);
        }
    }
}

/// A crate in a package of another kind that is compiled when this one is built.
fn compiled(package: &Package, folder: &str, entries: &mut Vec<Entry>) {
    for id in cargo::run_by_build(package, folder) {
        entries.push(Entry::File {
            file: id,
            zone: Zone::Install,
            script: true,
        });
    }
}

fn built(package: &Package, folder: &str, manifest: &toml::Table, entries: &mut Vec<Entry>) {
    let build = manifest.get("package").and_then(|p| p.get("build"));
    let build_path = match build {
        Some(toml::Value::Boolean(false)) => None,
        Some(toml::Value::String(path)) => Some(path.as_str()),
        _ => Some("build.rs"),
    };
    if let Some(id) = build_path.and_then(|path| package.find(&join(folder, path))) {
        entries.push(Entry::File {
            file: id,
            zone: Zone::Install,
            script: true,
        });
    }
    let is_macro = manifest.get("lib").is_some_and(|lib| {
        ["proc-macro", "proc_macro"]
            .iter()
            .any(|key| lib.get(key) == Some(&toml::Value::Boolean(true)))
    });
    if let Some(id) = cargo::library(package, folder, manifest) {
        if !is_macro && !worth_following(package) {
            package.left_out.set(true);
            return;
        }
        entries.push(Entry::File {
            file: id,
            zone: if is_macro {
                Zone::Install
            } else {
                Zone::Called
            },
            script: false,
        });
    }
}
