use super::super::Options;
use super::super::testing::{loud, manifest, said_with};
use super::{bun, cargo, npm, pnpm, yarn_berry, yarn_classic};
use customs_ecosystem::lockfile::{Kind, ManifestKind};
use insta::assert_snapshot;

const SAME: &str = r#"{"name":"shop","dependencies":{"is-number":"^7.0.0","kind-of":"^6.0.3"},"peerDependencies":{"react":"*"}}"#;

fn npm_family() -> [(Kind, String); 5] {
    [
        (Kind::PackageLock, npm()),
        (Kind::PnpmLock, pnpm()),
        (Kind::YarnClassic, yarn_classic()),
        (Kind::YarnBerry, yarn_berry()),
        (Kind::BunLock, bun()),
    ]
}

fn said(kind: Kind, text: &str, package_json: &str) -> String {
    let manifest = manifest(ManifestKind::PackageJson, "", package_json);
    said_with(kind, text, &[manifest], &Options::default())
}

#[test]
fn a_manifest_that_agrees_is_quiet_in_every_format() {
    for (kind, text) in npm_family() {
        assert_eq!(said(kind, &text, SAME), "", "{kind}");
    }
}

#[test]
fn what_one_of_them_alone_asks_for_and_other_words_are_told() {
    let other = r#"{"name":"shop","dependencies":{"is-number":"^6.0.0","left-pad":"1"}}"#;
    let mut out = String::new();
    for (kind, text) in npm_family() {
        out += &format!("{kind} {}\n{}\n", text.len(), said(kind, &text, other));
    }
    assert_snapshot!(out, @r"
    package-lock.json 709
    warning lock-manifest line 5: the lockfile says that the project asks for kind-of, and its manifest does not
    warning lock-manifest line 5: the manifest of the project asks for left-pad, and the lockfile does not know it
    warning lock-manifest line 5: 1 dependency of the project stands otherwise in the lockfile than in the manifest
        is-number: ^6.0.0 in the manifest, ^7.0.0 in the lockfile

    pnpm-lock.yaml 611
    warning lock-manifest line 5: the lockfile says that the project asks for kind-of, and its manifest does not
    warning lock-manifest line 5: the manifest of the project asks for left-pad, and the lockfile does not know it
    warning lock-manifest line 5: 1 dependency of the project stands otherwise in the lockfile than in the manifest
        is-number: ^6.0.0 in the manifest, ^7.0.0 in the lockfile

    yarn.lock 526
    warning lock-manifest: the manifest of the project asks for left-pad, and the lockfile does not know it
    warning lock-manifest: 1 dependency of the project stands otherwise in the lockfile than in the manifest
        is-number: ^6.0.0 in the manifest, ^7.0.0 in the lockfile

    yarn.lock 754
    warning lock-manifest line 19: the lockfile says that the project asks for kind-of, and its manifest does not
    warning lock-manifest line 19: the manifest of the project asks for left-pad, and the lockfile does not know it
    warning lock-manifest line 19: 1 dependency of the project stands otherwise in the lockfile than in the manifest
        is-number: ^6.0.0 in the manifest, ^7.0.0 in the lockfile

    bun.lock 546
    warning lock-manifest line 4: the lockfile says that the project asks for kind-of, and its manifest does not
    warning lock-manifest line 4: the manifest of the project asks for left-pad, and the lockfile does not know it
    warning lock-manifest line 4: 1 dependency of the project stands otherwise in the lockfile than in the manifest
        is-number: ^6.0.0 in the manifest, ^7.0.0 in the lockfile
    ");
}

#[test]
fn overrides_members_and_catalogs_are_no_difference() {
    let text = pnpm()
        .replace("specifier: ^7.0.0", "specifier: 7.0.0")
        .replace("importers:", "overrides:\n  is-number: 7.0.0\n\nimporters:")
        .replace("specifier: ^6.0.3", "specifier: 'catalog:'");
    let json = SAME.replace("^6.0.3", "catalog:");
    assert_eq!(said(Kind::PnpmLock, &text, &json), "");
    let text = npm()
        .replace("\"version\": \"7.0.0\"", "\"version\": \"7.0.1\"")
        .replace("is-number-7.0.0", "is-number-7.0.1");
    assert_eq!(said(Kind::PackageLock, &text, SAME), "");
}

#[test]
fn a_version_outside_of_what_is_asked_is_told_unless_an_override_says_so() {
    let old = npm()
        .replace("\"version\": \"7.0.0\"", "\"version\": \"3.0.0\"")
        .replace("is-number-7.0.0", "is-number-3.0.0");
    assert_snapshot!(said(Kind::PackageLock, &old, SAME), @r"
    warning lock-version line 12: is-number@3.0.0 is locked, and is-number ^7.0.0 is asked for
    ");
    let with = SAME.replace("\"peer", "\"overrides\":{\"is-number\":\"3.0.0\"},\"peer");
    assert_eq!(said(Kind::PackageLock, &old, &with), "");
    let yarn = yarn_classic()
        .replace("version \"7.0.0\"", "version \"3.0.0\"")
        .replace("is-number-7.0.0", "is-number-3.0.0");
    assert!(said(Kind::YarnClassic, &yarn, SAME).contains("lock-version"));
    let berry = yarn_berry()
        .replace("version: 7.0.0", "version: 3.0.0")
        .replace("is-number@npm:7.0.0", "is-number@npm:3.0.0");
    assert!(said(Kind::YarnBerry, &berry, SAME).contains("lock-version"));
    // A tag that led to a prerelease.
    let next = SAME.replace("^7.0.0", "next");
    let beta = npm()
        .replace("^7.0.0", "next")
        .replace("7.0.0", "8.0.0-beta.1");
    assert_eq!(said(Kind::PackageLock, &beta, &next), "");
}

#[test]
fn cargo_compares_names_and_the_versions_that_fit() {
    let said = |toml: &str| {
        let manifest = manifest(ManifestKind::CargoToml, "", toml);
        said_with(Kind::CargoLock, &cargo(), &[manifest], &Options::default())
    };
    let same = "[package]\nname = \"shop\"\n[dependencies]\nitoa = \"1\"\n[target.'cfg(unix)'.dependencies]\nfast = { package = \"ryu\", version = \"1.0\" }\n";
    assert_eq!(said(same), "");
    assert_snapshot!(said("[package]\nname = \"shop\"\n[dependencies]\nitoa = \"2\"\nserde = \"1\"\n"), @r"
    warning lock-manifest line 15: the lockfile says that the project asks for ryu, and its manifest does not
    warning lock-manifest line 15: the manifest of the project asks for serde, and the lockfile does not know it
    warning lock-manifest line 15: 1 dependency of the project stands otherwise in the lockfile than in the manifest
        itoa: 2 in the manifest, 1.0.11 in the lockfile
    ");
    let shared = "[package]\nname = \"shop\"\n[dependencies]\nitoa.workspace = true\nfast.workspace = true\n[workspace.dependencies]\nitoa = \"1.0.5\"\nfast = { package = \"ryu\", version = \"1\" }\n";
    assert_eq!(said(shared), "");
}

#[test]
fn uv_and_poetry_compare_what_they_repeat() {
    let uv = include_str!("../../../../ecosystem/src/lockfile/fixtures/uv.lock");
    let said = |kind, text: &str, toml: &str| {
        let manifest = manifest(ManifestKind::Pyproject, "", toml);
        let text = loud(&said_with(kind, text, &[manifest], &Options::default()));
        let lines = text.lines().filter(|line| line.contains("lock-manifest"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let same = "[project]\nname = \"shop\"\ndependencies = [\"anyio >= 4\", \"torch>=2\"]\n[tool.uv.sources]\ntorch = { index = \"pytorch\" }\n";
    assert_eq!(said(Kind::UvLock, uv, same), "");
    let other = "[project]\nname = \"shop\"\ndependencies = [\"anyio>=5\", \"requests\"]\n[tool.uv.sources]\ntorch = { index = \"pytorch\" }\n";
    assert_snapshot!(said(Kind::UvLock, uv, other), @r"
    warning lock-manifest line 46: the lockfile says that the project asks for torch, and its manifest does not
    warning lock-manifest line 46: the manifest of the project asks for requests, and the lockfile does not know it
    warning lock-manifest line 46: 1 dependency of the project stands otherwise in the lockfile than in the manifest
    ");
    let poetry = include_str!("../../../../ecosystem/src/lockfile/fixtures/poetry.lock");
    let asks = "[tool.poetry]\nname = \"shop\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\nanyio = \"^4\"\nrequests = \"*\"\n[[tool.poetry.source]]\nname = \"ours\"\n";
    assert_snapshot!(said(Kind::PoetryLock, poetry, asks), @r"
    warning lock-manifest: the manifest of the project asks for requests, and the lockfile does not know it
    ");
}
