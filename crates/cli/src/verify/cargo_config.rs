//! What cargo's own configuration says to take instead of what a manifest asks for.

use super::lock::bytes;
use customs_device::tree::cargo::config_files;
use customs_ecosystem::lockfile::{Manifest, SETTINGS_BYTES};
use customs_model::printable;
use std::path::{Path, PathBuf};

/// Takes the `[patch]` of the files that cargo reads for a project into its manifest: those in `.cargo` of
/// its folder and of all above it, that of the user, and those that they include. What cannot be read is added
/// to `unread`.
pub(super) fn take(folder: &Path, manifests: &mut [Manifest], unread: &mut Vec<String>) {
    let Some(manifest) = manifests.iter_mut().find(|one| one.folder.is_empty()) else {
        return;
    };
    let home = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty());
    let home = home.map(PathBuf::from);
    let home = home.or_else(|| Some(crate::paths::user_home()?.join(".cargo")));
    let (files, wrong) = config_files(folder, home.as_deref());
    unread.extend(wrong);
    for path in files {
        let read = bytes(&path, SETTINGS_BYTES as u64).and_then(|text| {
            manifest
                .take_cargo_config(&text)
                .map_err(|why| why.to_string())
        });
        if let Err(why) = read {
            let path = printable(&path.display().to_string(), 300);
            unread.push(format!("{path}: {why}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::Scene;

    /// Whether the lockfile's rules have something against a crate of a repository.
    fn fails(scene: &Scene) -> bool {
        let report = scene.look(&[]);
        let findings = &report.subjects[0].locked.findings;
        findings.iter().any(|one| {
            one.rule.as_str() == "lock-outside-registry"
                && one.severity > customs_model::Severity::Note
        })
    }

    #[test]
    fn an_honest_patch_in_cargo_s_configuration_is_what_the_project_asks_for() {
        let scene = Scene::empty();
        scene.write(
            "app/Cargo.toml",
            b"[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\nitoa = \"1\"\n",
        );
        scene.write(
            "app/Cargo.lock",
            b"version = 4\n\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\n \"itoa\",\n]\n\n[[package]]\nname = \"itoa\"\nversion = \"1.0.0\"\nsource = \"git+https://github.com/us/itoa#0123456789abcdef0123456789abcdef01234567\"\n",
        );
        assert!(fails(&scene));
        scene.write(
            "app/.cargo/config.toml",
            b"[patch.crates-io]\nitoa = { git = \"https://github.com/us/itoa\" }\n",
        );
        assert!(!fails(&scene));
    }
}
