//! Real bundles for tests: they ship with the crates that customs is built with, and are read from
//! where cargo unpacked those.

mod der;
pub(crate) mod synthetic;

use crate::roots::{Trust, TrustFiles};
use crate::sigstore::KeyPair;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A file of a dependency's package.
pub(crate) fn registry_file(package: &str, path: &str) -> Vec<u8> {
    let folder = folders()
        .get(package)
        .unwrap_or_else(|| panic!("{package} is no dependency"));
    let file = folder.join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Where each dependency lies.
fn folders() -> &'static BTreeMap<String, PathBuf> {
    static FOLDERS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--offline", "--locked", "--format-version", "1"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let packages = metadata["packages"].as_array().expect("a list of packages");
        let folder = |package: &serde_json::Value| {
            let name = package["name"].as_str()?.to_owned();
            let manifest = PathBuf::from(package["manifest_path"].as_str()?);
            Some((name, manifest.parent()?.to_owned()))
        };
        packages.iter().filter_map(folder).collect()
    })
}
