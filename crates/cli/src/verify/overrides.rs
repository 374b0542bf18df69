//! What the settings of pnpm say to take instead of what is asked for.

use super::lock::bytes;
use customs_device::tree::npm::Around;
use customs_ecosystem::lockfile::{Kind, SETTINGS_BYTES, SettingsKind};
use std::collections::BTreeMap;
use std::path::Path;

const SETTINGS: &str = "pnpm-workspace.yaml";
/// Files whose code may change what pnpm takes.
const HOOKS: [&str; 2] = [".pnpmfile.cjs", ".pnpmfile.mjs"];
/// Settings that name such code.
const NAMES_HOOKS: [&str; 4] = [
    "configDependencies",
    "globalPnpmfile",
    "ignorePnpmfile",
    "pnpmfile",
];

/// Selectors and what stands in their place. None where that is not known: where code may change it, where
/// the settings are those of a workspace around the project, and where they cannot be read, which is told
/// with the catalogs that stand in the same file.
pub(super) fn of(folder: &Path, kind: Kind) -> Option<BTreeMap<String, String>> {
    if kind != Kind::PnpmLock || HOOKS.iter().any(|hook| folder.join(hook).exists()) {
        return None;
    }
    let path = folder.join(SETTINGS);
    if !path.exists() {
        return Around::of(folder).is_none().then(BTreeMap::new);
    }
    let text = bytes(&path, SETTINGS_BYTES as u64).ok()?;
    let settings = SettingsKind::PnpmWorkspace.read(&text).ok()?;
    let names_hook = |key: &String| {
        let first = key.split('.').next().unwrap_or_default();
        NAMES_HOOKS.contains(&first)
    };
    if settings.keys().any(names_hook) {
        return None;
    }
    let overrides = settings.into_iter().filter_map(|(key, words)| {
        let selector = key.strip_prefix("overrides.")?.to_owned();
        Some((selector, words.into_iter().next()?))
    });
    Some(overrides.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_stand_in_the_settings_and_what_code_may_change_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let found = |kind| of(folder.path(), kind);
        assert_eq!(found(Kind::PnpmLock), Some(BTreeMap::new()));
        assert_eq!(found(Kind::BunLock), None);
        let own = "packages:\n  - a\noverrides:\n  '@s/b.c>d': 1.0.0\n";
        write(SETTINGS, own);
        let all = BTreeMap::from([("@s/b.c>d".to_owned(), "1.0.0".to_owned())]);
        assert_eq!(found(Kind::PnpmLock), Some(all));
        // A member with a lockfile of its own: the settings are those of the workspace.
        write("a/package.json", "{}");
        assert_eq!(of(&folder.path().join("a"), Kind::PnpmLock), None);
        write(SETTINGS, &format!("{own}pnpmfile: hook.cjs\n"));
        assert_eq!(found(Kind::PnpmLock), None);
        write(SETTINGS, own);
        write(".pnpmfile.cjs", "");
        assert_eq!(found(Kind::PnpmLock), None);
    }
}
