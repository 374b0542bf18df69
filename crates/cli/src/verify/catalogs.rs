//! What stands in the catalogs of a project, at which its manifests point with `catalog:`.

use super::lock::bytes;
use customs_ecosystem::lockfile::{Kind, SETTINGS_BYTES, SettingsKind};
use customs_model::printable;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads the catalogs of one file.
type Read = fn(&[u8]) -> Result<BTreeMap<String, String>, String>;

/// The words of each catalog, called as settings are: `catalog.NAME`, `catalogs.CATALOG.NAME`. What cannot
/// be read is added to `unread`.
pub(super) fn of(folder: &Path, kind: Kind, unread: &mut Vec<String>) -> BTreeMap<String, String> {
    let (name, read): (&str, Read) = match kind {
        Kind::PnpmLock => ("pnpm-workspace.yaml", |text| {
            of_settings(SettingsKind::PnpmWorkspace, text)
        }),
        Kind::YarnBerry => (".yarnrc.yml", |text| {
            of_settings(SettingsKind::Yarnrc, text)
        }),
        Kind::BunLock => ("package.json", of_manifest),
        Kind::PackageLock
        | Kind::YarnClassic
        | Kind::UvLock
        | Kind::PoetryLock
        | Kind::PylockToml
        | Kind::RequirementsTxt
        | Kind::CargoLock => return BTreeMap::new(),
    };
    let path = folder.join(name);
    if !path.is_file() {
        return BTreeMap::new();
    }
    let found = bytes(&path, SETTINGS_BYTES as u64).and_then(|text| read(&text));
    found.unwrap_or_else(|why| {
        let path = printable(&path.display().to_string(), 300);
        unread.push(format!("{path}: {why}"));
        BTreeMap::new()
    })
}

fn of_settings(kind: SettingsKind, text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let settings = kind.read(text).map_err(|why| why.to_string())?;
    let catalogs = settings.into_iter().filter_map(|(key, words)| {
        let is_catalog = key.starts_with("catalog.") || key.starts_with("catalogs.");
        Some((key, words.into_iter().next().filter(|_| is_catalog)?))
    });
    Ok(catalogs.collect())
}

/// bun has them in the manifest of the project, or below its `workspaces`.
fn of_manifest(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let root: Value =
        serde_json::from_slice(text).map_err(|why| format!("it is no JSON: {why}"))?;
    let mut found = BTreeMap::new();
    for of in [&root, &root["workspaces"]] {
        take("catalog", &of["catalog"], &mut found);
        for (name, catalog) in of["catalogs"].as_object().into_iter().flatten() {
            take(&format!("catalogs.{name}"), catalog, &mut found);
        }
    }
    Ok(found)
}

fn take(key: &str, catalog: &Value, found: &mut BTreeMap<String, String>) {
    for (name, words) in catalog.as_object().into_iter().flatten() {
        if let Some(words) = words.as_str() {
            found.insert(format!("{key}.{name}"), words.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, name: &str, text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let mut unread = Vec::new();
        let found = of(folder.path(), kind, &mut unread);
        let found = found.iter().map(|(key, words)| format!("{key} {words}"));
        found
            .chain(unread.iter().map(|_| "unread".to_owned()))
            .collect()
    }

    #[test]
    fn catalogs_are_called_alike_wherever_they_stand() {
        let all = ["catalog.@a/b ^1.0.0", "catalogs.old.c.d ^2.0.0"];
        let yaml = "catalog:\n  '@a/b': ^1.0.0\ncatalogs:\n  old:\n    c.d: ^2.0.0\n";
        assert_eq!(read(Kind::PnpmLock, "pnpm-workspace.yaml", yaml), all);
        assert_eq!(read(Kind::YarnBerry, ".yarnrc.yml", yaml), all);
        let json =
            r#"{"workspaces":{"catalog":{"@a/b":"^1.0.0"}},"catalogs":{"old":{"c.d":"^2.0.0"}}}"#;
        assert_eq!(read(Kind::BunLock, "package.json", json), all);
        assert_eq!(read(Kind::BunLock, "package.json", "{"), ["unread"]);
        assert!(read(Kind::PackageLock, "package.json", json).is_empty());
    }
}
