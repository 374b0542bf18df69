//! Which keys count, and what they decide.

use super::Effect;
use Effect::{Checks, Origin, Replaces, Runs};
use customs_ecosystem::lockfile::SettingsKind;
use std::collections::BTreeSet;

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

static YARNRC: [(&str, Effect); 20] = [
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
    ("plugins", Runs),
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
    if !is_below_a_name(key) && is_credential(key) {
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

/// Whether the last part of a key is, or stands below, a name that somebody chose: of a package or
/// a command. `overrides.jsonwebtoken` holds no secret.
fn is_below_a_name(key: &str) -> bool {
    const NAMED: [&str; 14] = [
        "overrides",
        "patchedDependencies",
        "packageExtensions",
        "catalog",
        "catalogs",
        "configDependencies",
        "allowBuilds",
        "exclude-newer-package",
        "extra-build-dependencies",
        "sources",
        "patch",
        "alias",
        "credential-alias",
        "plugins",
    ];
    key.split_once('.')
        .is_some_and(|(first, _)| NAMED.contains(&first))
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

/// Protected where they say `true`.
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
/// Protected where they say `false`.
const GAPS: [&str; 4] = [
    "enableScripts",
    "dangerouslyAllowAllBuilds",
    "no-verify-hashes",
    "no-build-isolation",
];
/// Each value is a hole.
const HOLES: [&str; 3] = ["trusted-host", "unsafeHttpWhitelist", "allow-insecure-host"];
/// Each value is a package that is let through; `*` lets all through.
const EXCEPTIONS: [&str; 4] = [
    "minimumReleaseAgeExclude",
    "minimumReleaseAgeExcludes",
    "trustPolicyExclude",
    "npmPreapprovedPackages",
];
/// How old a release must be; zero switches the check off.
const AGES: [&str; 4] = [
    "min-release-age",
    "minimum-release-age",
    "minimumReleaseAge",
    "npmMinimalAgeGate",
];

/// Whether a key about checks or programs takes a protection away by what it says now, be it new,
/// changed or gone; none where that cannot be told.
pub(super) fn loosens(
    key: &str,
    was: Option<&Vec<String>>,
    is: Option<&Vec<String>>,
) -> Option<bool> {
    let last = key.rsplit('.').next().unwrap_or(key);
    let of = |values: Option<&Vec<String>>| -> BTreeSet<String> {
        values.into_iter().flatten().cloned().collect()
    };
    let is_new = |value: &String| !of(was).contains(value);
    if HOLES.contains(&last) {
        return Some(of(is).iter().any(is_new));
    }
    if EXCEPTIONS.contains(&last) {
        return match of(is).into_iter().filter(is_new).collect::<Vec<_>>() {
            new if new.is_empty() => Some(false),
            // Which package, a person has to judge.
            new => new.iter().any(|value| value.contains('*')).then_some(true),
        };
    }
    if last == "checksumBehavior" {
        let loose = |value: &String| matches!(value.as_str(), "ignore" | "update" | "reset");
        return Some(of(is).iter().any(loose));
    }
    if last == "trustPolicy" {
        let on = |values: Option<&Vec<String>>| of(values).iter().any(|value| value != "off");
        return match (on(was), on(is)) {
            (_, true) => (!on(was)).then_some(false),
            (true, false) => Some(true),
            (false, false) => is.map(|_| true),
        };
    }
    if AGES.contains(&last) {
        return age_loosens(was, is);
    }
    if GUARDS.contains(&last) {
        return match (said(was, false), said(is, false)) {
            (_, Some(false)) => Some(true),
            (_, Some(true)) => Some(false),
            (Some(true), None) if is.is_none() => Some(true),
            _ => None,
        };
    }
    if GAPS.contains(&last) {
        return match said(is, true) {
            Some(now) => Some(now),
            None if is.is_none() => Some(false),
            None => None,
        };
    }
    None
}

/// What a switch says, as the clients read it. A key that stands twice says the worse of both:
/// clients differ in which one counts.
fn said(values: Option<&Vec<String>>, worse: bool) -> Option<bool> {
    let values: Option<Vec<bool>> = values?
        .iter()
        .map(|value| match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            // npm reads an empty value and `null` as no.
            "false" | "0" | "no" | "off" | "null" | "" => Some(false),
            _ => None,
        })
        .collect();
    let values = values.filter(|values| !values.is_empty())?;
    Some(match values.contains(&worse) {
        true => worse,
        false => !worse,
    })
}

fn age_loosens(was: Option<&Vec<String>>, is: Option<&Vec<String>>) -> Option<bool> {
    match (least_age(was), least_age(is)) {
        (_, Some((now, _))) if now <= 0.0 => Some(true),
        // `30m` and `1d` are not compared: a person sees both.
        (Some((before, unit)), Some((now, of_now))) => (unit == of_now).then_some(now < before),
        (Some(_), None) if is.is_none() => Some(true),
        _ => None,
    }
}

/// The least number of a list, and its unit as written.
fn least_age(values: Option<&Vec<String>>) -> Option<(f64, &str)> {
    let ages = values?.iter().map(|value| {
        let value = value.trim();
        let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = value.strip_prefix(number)?;
        Some((number.trim().parse::<f64>().ok()?, unit))
    });
    let ages: Option<Vec<(f64, &str)>> = ages.collect();
    ages?
        .into_iter()
        .reduce(|a, b| if b.0 < a.0 { b } else { a })
}
