//! Bodies that read what a project configures: settings of package managers, manifests, and
//! small changes of them. The first byte chooses the way in.

use customs_ecosystem::lockfile::{
    Manifest, ManifestKind, SETTINGS_BYTES, SettingsKind, json_text, set_json_text,
};
use customs_model::printable;

const SETTINGS: [SettingsKind; 8] = [
    SettingsKind::Npmrc,
    SettingsKind::YarnrcClassic,
    SettingsKind::Yarnrc,
    SettingsKind::PnpmWorkspace,
    SettingsKind::Bunfig,
    SettingsKind::CargoConfig,
    SettingsKind::PipConf,
    SettingsKind::Uv,
];

const MANIFESTS: [ManifestKind; 3] = [
    ManifestKind::PackageJson,
    ManifestKind::CargoToml,
    ManifestKind::Pyproject,
];

/// How many ways in there are.
pub const WAYS: usize = SETTINGS.len() + MANIFESTS.len() + 2;

/// Settings, manifests, and changes of a `package.json`.
///
/// # Panics
/// Where what is said steers a terminal, or a member is not what it was set to.
pub fn settings(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let way = usize::from(*way) % WAYS;
    if let Some(kind) = SETTINGS.get(way) {
        match kind.read(bytes) {
            Ok(_) => assert!(bytes.len() <= SETTINGS_BYTES),
            Err(error) => plain(&error.to_string()),
        }
        return;
    }
    let way = way - SETTINGS.len();
    if let Some(kind) = MANIFESTS.get(way) {
        if let Err(error) = Manifest::read(*kind, bytes) {
            plain(&error.to_string());
        }
        return;
    }
    if way == MANIFESTS.len() {
        let mut manifest =
            Manifest::read(ManifestKind::CargoToml, b"[package]\nname = \"a\"\n").expect("TOML");
        if let Err(error) = manifest.take_cargo_config(bytes) {
            plain(&error.to_string());
        }
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let path = ["overrides", "ms"];
    match set_json_text(text, &path, "2.0.0") {
        Ok(changed) => {
            let now = json_text(&changed, &path).expect("it stays JSON");
            assert_eq!(now.as_deref(), Some("2.0.0"));
        }
        Err(error) => plain(&error.to_string()),
    }
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
