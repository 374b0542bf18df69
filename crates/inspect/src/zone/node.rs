//! npm: hooks, `binding.gyp`, what a manifest hands out.

use super::{Entry, dependency, gyp, json};
use crate::package::{Package, folder};
use crate::pure::FileId;
use crate::unpack::plain;
use customs_model::Zone;

pub(super) fn npm(package: &Package, entries: &mut Vec<Entry>) {
    let Some(id) = package.find("package.json") else {
        return;
    };
    let manifest = json(package, id).unwrap_or_default();
    let scripts = manifest.get("scripts");
    let script = |name: &str| {
        scripts
            .and_then(|all| all.get(name))
            .and_then(serde_json::Value::as_str)
    };
    for name in dependency::HOOKS {
        if let Some(text) = script(name) {
            entries.push(Entry::Command {
                text: text.to_owned(),
                zone: Zone::Install,
                file: id,
                name: name.to_owned(),
                folder: String::new(),
            });
        }
    }
    // Runs when the package is installed from git, not from a registry.
    for name in ["prepare", "prepublish", "preprepare", "postprepare"] {
        if let Some(text) = script(name) {
            entries.push(Entry::Command {
                text: text.to_owned(),
                zone: Zone::Called,
                file: id,
                name: name.to_owned(),
                folder: String::new(),
            });
        }
    }
    // npm builds it without being told to, unless it says otherwise.
    if let Some(gyp) = package.find("binding.gyp")
        && manifest.get("gypfile") != Some(&serde_json::Value::Bool(false))
        && script("install").is_none()
        && script("preinstall").is_none()
    {
        gyp::gyp_files(package, gyp, entries);
    } else if let Some(gyp) = package.find("binding.gyp") {
        gyp::gyp_files(package, gyp, entries);
    }
    let mut modules: Vec<String> = Vec::new();
    for key in [
        "main",
        "module",
        "browser",
        "jsnext:main",
        "es2015",
        "react-native",
        "unpkg",
        "jsdelivr",
        "svelte",
    ] {
        match manifest.get(key) {
            Some(serde_json::Value::String(path)) => modules.push(path.clone()),
            Some(serde_json::Value::Object(map)) => {
                modules.extend(map.values().filter_map(|v| v.as_str().map(str::to_owned)))
            }
            _ => {}
        }
    }
    if let Some(exports) = manifest.get("exports") {
        exported(exports, 0, &mut modules);
    }
    if !modules.is_empty() || !is_initialiser(&manifest) {
        modules.push("index".to_owned());
    }
    for path in modules {
        for file in matching(package, &path) {
            entries.push(Entry::File {
                file,
                zone: Zone::Import,
                script: false,
            });
        }
    }
    let mut commands: Vec<String> = Vec::new();
    match manifest.get("bin") {
        Some(serde_json::Value::String(path)) => commands.push(path.clone()),
        Some(serde_json::Value::Object(map)) => {
            commands.extend(map.values().filter_map(|v| v.as_str().map(str::to_owned)))
        }
        _ => {}
    }
    if let Some(path) = manifest
        .get("directories")
        .and_then(|d| d.get("bin"))
        .and_then(serde_json::Value::as_str)
    {
        commands.push(format!("{path}/*"));
    }
    for path in commands {
        for file in matching(package, &path) {
            entries.push(Entry::File {
                file,
                zone: Zone::Command,
                script: true,
            });
        }
    }
    // Bundled dependencies are installed with it; what they run at install runs.
    for id in package.ids() {
        let path = &package.file(id).path;
        if path.starts_with("node_modules/")
            && path.ends_with("/package.json")
            && path.matches('/').count() <= 3
        {
            let Some(inner) = json(package, id) else {
                continue;
            };
            dependency::hooks(&inner, id, folder(path), entries);
        }
    }
    dependency::locals(package, &manifest, entries);
    dependency::addresses(package, &manifest, entries);
}

/// Whether a package is one that `npm create` runs as a command: nobody imports it, and it hands out
/// nothing.
fn is_initialiser(manifest: &serde_json::Value) -> bool {
    let name = manifest.get("name").and_then(serde_json::Value::as_str);
    let name = name.map_or("", |name| name.rsplit('/').next().unwrap_or(name));
    (name == "create" || name.starts_with("create-")) && manifest.get("bin").is_some()
}

fn exported(value: &serde_json::Value, depth: u8, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(path) => into.push(path.clone()),
        serde_json::Value::Array(all) if depth < 8 => all
            .iter()
            .for_each(|inner| exported(inner, depth + 1, into)),
        // All conditions: one client takes `node`, the next one `browser`.
        serde_json::Value::Object(map) if depth < 8 => map
            .values()
            .for_each(|inner| exported(inner, depth + 1, into)),
        _ => {}
    }
}

/// The files that a path of a manifest means; `*` stands for anything.
fn matching(package: &Package, path: &str) -> Vec<FileId> {
    let path = plain(path);
    match path.split_once('*') {
        None => package.node_file(&path).into_iter().collect(),
        Some((before, after)) => package
            .ids()
            .filter(|id| {
                let file = &package.file(*id).path;
                file.len() >= before.len() + after.len()
                    && file.starts_with(before)
                    && file.ends_with(after.trim_start_matches('*'))
                    && package.language(*id).is_some()
            })
            .collect(),
    }
}
