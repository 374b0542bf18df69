//! Which keys count, and what they decide.

use super::Effect;
use Effect::{Checks, Origin, Replaces, Runs};
use customs_ecosystem::lockfile::SettingsKind;

/// Keys by their last part or their beginning, for each client. Sources: the clients' own pages of
/// settings, November 2026.
fn table(kind: SettingsKind) -> &'static [(&'static str, Effect)] {
    match kind {
        SettingsKind::Npmrc => &NPMRC,
        SettingsKind::YarnrcClassic => &YARNRC_CLASSIC,
        SettingsKind::Yarnrc => &YARNRC,
        SettingsKind::PnpmWorkspace => &PNPM,
        SettingsKind::Bunfig => &BUNFIG,
        SettingsKind::CargoConfig => &CARGO,
        SettingsKind::PipConf => &PIP,
        SettingsKind::Uv => &UV,
    }
}

static NPMRC: [(&str, Effect); 21] = [
    ("registry", Origin),
    ("*:registry", Origin),
    ("replace-registry-host", Origin),
    ("proxy", Origin),
    ("https-proxy", Origin),
    ("userconfig", Origin),
    ("globalconfig", Origin),
    ("strict-ssl", Checks),
    ("ca", Checks),
    ("cafile", Checks),
    ("package-lock", Checks),
    ("before", Checks),
    ("min-release-age", Checks),
    ("minimum-release-age", Checks),
    ("audit", Checks),
    ("ignore-scripts", Runs),
    ("git", Runs),
    ("script-shell", Runs),
    ("node-options", Runs),
    ("pnpmfile", Runs),
    ("global-pnpmfile", Runs),
];

static YARNRC_CLASSIC: [(&str, Effect); 9] = [
    ("registry", Origin),
    ("*:registry", Origin),
    ("yarn-offline-mirror", Origin),
    ("proxy", Origin),
    ("https-proxy", Origin),
    ("strict-ssl", Checks),
    ("cafile", Checks),
    ("ignore-scripts", Runs),
    ("yarn-path", Runs),
];

static YARNRC: [(&str, Effect); 19] = [
    ("npmRegistryServer", Origin),
    ("npmScopes.", Origin),
    ("npmRegistries.", Origin),
    ("npmPublishRegistry", Origin),
    ("httpProxy", Origin),
    ("httpsProxy", Origin),
    ("packageExtensions.", Replaces),
    ("catalog.", Replaces),
    ("catalogs.", Replaces),
    ("unsafeHttpWhitelist", Checks),
    ("checksumBehavior", Checks),
    ("enableStrictSsl", Checks),
    ("enableHardenedMode", Checks),
    ("enableImmutableInstalls", Checks),
    ("npmMinimalAgeGate", Checks),
    ("npmPreapprovedPackages", Checks),
    ("enableScripts", Runs),
    ("yarnPath", Runs),
    ("plugins.", Runs),
];

static PNPM: [(&str, Effect); 26] = [
    ("registry", Origin),
    ("registries.", Origin),
    ("namedRegistries.", Origin),
    ("configDependencies.", Runs),
    ("overrides.", Replaces),
    ("patchedDependencies.", Replaces),
    ("packageExtensions.", Replaces),
    ("catalog.", Replaces),
    ("catalogs.", Replaces),
    ("strictSsl", Checks),
    ("minimumReleaseAge", Checks),
    ("minimumReleaseAgeExclude", Checks),
    ("trustPolicy", Checks),
    ("trustPolicyExclude", Checks),
    ("blockExoticSubdeps", Checks),
    ("verifyStoreIntegrity", Checks),
    ("lockfile", Checks),
    ("dangerouslyAllowAllBuilds", Runs),
    ("onlyBuiltDependencies", Runs),
    ("neverBuiltDependencies", Runs),
    ("allowBuilds.", Runs),
    ("strictDepBuilds", Runs),
    ("ignoreScripts", Runs),
    ("pnpmfile", Runs),
    ("scriptShell", Runs),
    ("nodeOptions", Runs),
];

static BUNFIG: [(&str, Effect); 10] = [
    ("install.registry", Origin),
    ("install.registry.url", Origin),
    ("install.scopes.", Origin),
    ("install.ca", Checks),
    ("install.cafile", Checks),
    ("install.minimumReleaseAge", Checks),
    ("install.minimumReleaseAgeExcludes", Checks),
    ("install.security.scanner", Checks),
    ("install.lockfile.", Checks),
    ("preload", Runs),
];

static CARGO: [(&str, Effect); 23] = [
    ("source.", Origin),
    ("registries.", Origin),
    ("registry.default", Origin),
    ("http.proxy", Origin),
    ("paths", Replaces),
    ("patch.", Replaces),
    ("http.check-revoke", Checks),
    ("http.cainfo", Checks),
    ("net.git-fetch-with-cli", Runs),
    ("registry.global-credential-providers", Runs),
    ("registry.credential-provider", Runs),
    ("credential-alias.", Runs),
    ("build.rustc", Runs),
    ("build.rustc-wrapper", Runs),
    ("build.rustc-workspace-wrapper", Runs),
    ("build.rustdoc", Runs),
    ("target.", Runs),
    ("alias.", Runs),
    ("doc.browser", Runs),
    ("env.", Runs),
    ("include", Origin),
    ("host.", Runs),
    ("unstable.", Checks),
];

static PIP: [(&str, Effect); 11] = [
    ("*.index-url", Origin),
    ("*.extra-index-url", Origin),
    ("*.find-links", Origin),
    ("*.no-index", Origin),
    ("*.proxy", Origin),
    ("*.constraint", Replaces),
    ("*.trusted-host", Checks),
    ("*.cert", Checks),
    ("*.require-hashes", Checks),
    ("*.no-binary", Runs),
    ("*.only-binary", Runs),
];

static UV: [(&str, Effect); 29] = [
    ("index.", Origin),
    ("index-url", Origin),
    ("extra-index-url", Origin),
    ("default-index", Origin),
    ("find-links", Origin),
    ("no-index", Origin),
    ("sources.", Origin),
    ("index-strategy", Origin),
    ("pip.index-url", Origin),
    ("pip.extra-index-url", Origin),
    ("pip.find-links", Origin),
    ("pip.index-strategy", Origin),
    ("python-install-mirror", Origin),
    ("pypy-install-mirror", Origin),
    ("override-dependencies", Replaces),
    ("constraint-dependencies", Replaces),
    ("exclude-dependencies", Replaces),
    ("allow-insecure-host", Checks),
    ("exclude-newer", Checks),
    ("exclude-newer-package.", Checks),
    ("pip.require-hashes", Checks),
    ("pip.no-verify-hashes", Checks),
    ("pip.verify-hashes", Checks),
    ("no-build", Runs),
    ("no-binary", Runs),
    ("no-build-isolation", Runs),
    ("extra-build-dependencies.", Runs),
    ("keyring-provider", Runs),
    ("build-backend.", Runs),
];

/// What a key decides; none where it does not count. A row with `.` at its end means all keys
/// below it, one with `*` before it any beginning.
pub(super) fn effect(kind: SettingsKind, key: &str) -> Option<Effect> {
    if is_credential(key) {
        return Some(Effect::Credential);
    }
    let fits = |row: &str| match (row.strip_prefix('*'), row.strip_suffix('.')) {
        (Some(end), _) => key.ends_with(end),
        (None, Some(above)) => key
            .strip_prefix(above)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        (None, None) => key == row,
    };
    let row = table(kind).iter().find(|(row, _)| fits(row));
    row.map(|(_, effect)| *effect)
}

/// By the words that all clients use.
fn is_credential(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let last = key.rsplit(['.', ':']).next().unwrap_or(&key);
    [
        "authtoken",
        "authident",
        "_auth",
        "password",
        "_authtoken",
        "token",
        "secret-key",
        "keyfile",
        "certfile",
    ]
    .iter()
    .any(|word| last.ends_with(word))
        || last == "key"
        || last == "cert" && key.starts_with("//")
        || last == "username"
}

/// Whether a change of a key about checks or programs takes a protection away; none where that
/// cannot be told.
pub(super) fn loosens(
    key: &str,
    was: Option<&Vec<String>>,
    is: Option<&Vec<String>>,
) -> Option<bool> {
    let on = |values| match one(values) {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    // Protected where it says `true`, and where it says `false`.
    const GUARDS: [&str; 16] = [
        "strict-ssl",
        "strictSsl",
        "enableStrictSsl",
        "package-lock",
        "lockfile",
        "ignore-scripts",
        "ignoreScripts",
        "enableHardenedMode",
        "enableImmutableInstalls",
        "blockExoticSubdeps",
        "verifyStoreIntegrity",
        "strictDepBuilds",
        "require-hashes",
        "verify-hashes",
        "check-revoke",
        "no-build",
    ];
    const GAPS: [&str; 4] = [
        "enableScripts",
        "dangerouslyAllowAllBuilds",
        "no-verify-hashes",
        "no-build-isolation",
    ];
    // Each value is a hole.
    const HOLES: [&str; 3] = ["trusted-host", "unsafeHttpWhitelist", "allow-insecure-host"];
    let last = key.rsplit('.').next().unwrap_or(key);
    if HOLES.contains(&last) {
        let count = |values: Option<&Vec<String>>| values.map_or(0, Vec::len);
        return Some(is.is_some() && (count(is) >= count(was)));
    }
    if last == "checksumBehavior" {
        return Some(matches!(one(is), Some("ignore" | "update" | "reset")));
    }
    if GUARDS.contains(&last) {
        return match (on(was), on(is)) {
            (_, Some(false)) => Some(true),
            (_, Some(true)) => Some(false),
            (Some(true), None) if is.is_none() => Some(true),
            _ => None,
        };
    }
    if GAPS.contains(&last) {
        return match on(is) {
            Some(now) => Some(now),
            None if is.is_none() => Some(false),
            None => None,
        };
    }
    None
}

fn one(values: Option<&Vec<String>>) -> Option<&str> {
    values.and_then(|values| values.first()).map(String::as_str)
}
