//! A release of a registry that the lockfile takes from elsewhere, and its honest twins.

use super::super::Options;
use super::super::testing::{manifest, said_with};
use super::{NUMBER, OF_NUMBER, bun, cargo, npm, pnpm, yarn_berry, yarn_classic};
use customs_ecosystem::lockfile::{Kind, ManifestKind};

const ASKS: &str = r#"{"name":"shop","dependencies":{"is-number":"^7.0.0","kind-of":"^6.0.3"}}"#;
const COMMIT: &str = "54fd1711209fb1c0781092374132c66e79e2241b";

fn said(kind: Kind, text: &str, json: &str) -> String {
    let manifest = manifest(ManifestKind::PackageJson, "", json);
    let text = said_with(kind, text, &[manifest], &Options::default());
    let about = |line: &&str| line.contains("lock-outside-registry");
    text.lines().filter(about).collect::<Vec<_>>().join("\n")
}

fn evil() -> String {
    format!("git+ssh://git@github.com/evil/evil.git#{COMMIT}")
}

/// The entry of `is-number` taken from somewhere without a digest.
fn redirected(from: &str) -> String {
    let bound = format!("\"resolved\": \"{OF_NUMBER}\",\n      \"integrity\": \"{NUMBER}\"");
    let lie = npm().replace(&bound, &format!("\"resolved\": \"{from}\""));
    assert_ne!(lie, npm());
    lie
}

#[test]
fn a_range_that_is_met_by_a_repository_a_file_or_a_folder_fails() {
    insta::assert_snapshot!(said(Kind::PackageLock, &redirected(&evil()), ASKS), @"failed lock-outside-registry line 12: is-number@7.0.0 comes from a repository: the project asks for ^7.0.0, which is a registry's");
    insta::assert_snapshot!(said(Kind::PackageLock, &redirected("file:../evil.tgz"), ASKS), @"failed lock-outside-registry line 12: is-number@7.0.0 comes from a packed file: the project asks for ^7.0.0, which is a registry's");
    insta::assert_snapshot!(said(Kind::PackageLock, &redirected("file:../evil"), ASKS), @"failed lock-outside-registry line 12: is-number@7.0.0 comes from a folder: the project asks for ^7.0.0, which is a registry's");
    // The lockfile's own copy of the words counts less than the manifest.
    let both = redirected(&evil()).replace(
        "\"is-number\": \"^7.0.0\"",
        "\"is-number\": \"github:evil/evil\"",
    );
    let text = said(Kind::PackageLock, &both, ASKS);
    assert!(text.starts_with("failed"), "{text}");
}

#[test]
fn without_the_manifest_a_redirection_warns_since_an_override_could_be_there() {
    let text = said_with(
        Kind::PackageLock,
        &redirected(&evil()),
        &[],
        &Options::default(),
    );
    assert!(text.contains("warning lock-outside-registry"), "{text}");
    assert!(text.contains("an override could send it there"), "{text}");
}

#[test]
fn a_transitive_range_that_is_met_by_a_repository_fails() {
    let lie = npm()
        .replace(
            "\"version\": \"6.0.3\",",
            "\"version\": \"6.0.3\",\n      \"dependencies\": { \"deep\": \"^1.0.0\" },",
        )
        .replace(
            "    \"node_modules/kind-of\"",
            &format!("    \"node_modules/deep\": {{\n      \"version\": \"1.0.0\",\n      \"resolved\": \"{}\"\n    }},\n    \"node_modules/kind-of\"", evil()),
        );
    insta::assert_snapshot!(said(Kind::PackageLock, &lie, ASKS), @"failed lock-outside-registry line 17: deep@1.0.0 comes from a repository: kind-of@6.0.3 asks for ^1.0.0, which is a registry's");
}

#[test]
fn the_other_formats_of_npms_family_tell_it_too() {
    let classic = yarn_classic().replace(OF_NUMBER, "git+ssh://git@github.com/evil/evil.git");
    let berry = yarn_berry().replace(
        "resolution: \"is-number@npm:7.0.0\"",
        &format!("resolution: \"is-number@https://github.com/evil/evil.git#commit={COMMIT}\""),
    );
    let of_bun = bun().replace(
        &format!("[\"is-number@7.0.0\", \"{OF_NUMBER}\", {{}}, \"{NUMBER}\"]"),
        "[\"is-number@github:evil/evil#54fd171\", {}, \"evil-evil-54fd171\"]",
    );
    let at = format!("https://codeload.github.com/evil/evil/tar.gz/{COMMIT}");
    let of_pnpm = pnpm()
        .replace("version: 7.0.0", &format!("version: {at}"))
        .replace(
            "  is-number@7.0.0:\n    resolution",
            &format!("  is-number@{at}:\n    version: 7.0.0\n    resolution"),
        )
        .replace(
            &format!("{{integrity: {NUMBER}, tarball: {OF_NUMBER}}}"),
            &format!("{{tarball: {at}}}"),
        )
        .replace("  is-number@7.0.0: {}", &format!("  is-number@{at}: {{}}"));
    for (kind, lie) in [
        (Kind::YarnClassic, classic),
        (Kind::YarnBerry, berry),
        (Kind::BunLock, of_bun),
        (Kind::PnpmLock, of_pnpm),
    ] {
        let text = said(kind, &lie, ASKS);
        assert!(text.starts_with("failed"), "{kind}: {text}\n{lie}");
    }
}

#[test]
fn another_repository_than_the_one_that_is_asked_for_fails() {
    let json = ASKS.replace("^7.0.0", "github:good/is-number");
    let lie = redirected(&evil()).replace(
        "\"is-number\": \"^7.0.0\"",
        "\"is-number\": \"github:good/is-number\"",
    );
    insta::assert_snapshot!(said(Kind::PackageLock, &lie, &json), @"failed lock-outside-registry line 12: is-number@7.0.0 comes from a repository: the project asks for github:good/is-number");
    let honest = lie.replace("evil/evil.git", "good/is-number.git");
    let text = said(Kind::PackageLock, &honest, &json);
    assert!(text.starts_with("note"), "{text}");
}

#[test]
fn what_is_asked_for_from_there_by_the_project_or_an_override_is_a_note() {
    for (from, asked) in [
        (evil(), "github:evil/evil"),
        (evil(), "evil/evil#semver:^7"),
        (evil(), "git+https://github.com/evil/evil.git"),
        (evil(), "https://github.com/evil/evil"),
        ("file:../evil.tgz".to_owned(), "file:../evil.tgz"),
        (
            "https://files.example/a.tgz".to_owned(),
            "https://files.example/a.tgz",
        ),
    ] {
        let json = ASKS.replace("^7.0.0", asked);
        let lock = redirected(&from).replace(
            "\"is-number\": \"^7.0.0\"",
            &format!("\"is-number\": \"{asked}\""),
        );
        let text = said(Kind::PackageLock, &lock, &json);
        assert!(text.starts_with("note"), "{asked}: {text}");
    }
    let sent = ASKS.replace(
        "}}",
        "},\"overrides\":{\"is-number\":\"github:evil/evil\"}}",
    );
    let text = said(Kind::PackageLock, &redirected(&evil()), &sent);
    assert!(text.starts_with("note"), "{text}");
    // An override that says another version sends it nowhere else.
    let kept = ASKS.replace("}}", "},\"overrides\":{\"is-number\":\"7.0.0\"}}");
    let text = said(Kind::PackageLock, &redirected(&evil()), &kept);
    assert!(text.starts_with("failed"), "{text}");
    // `resolutions` of Yarn keep the key with the range.
    let classic = yarn_classic().replace(OF_NUMBER, "git+ssh://git@github.com/evil/evil.git");
    let sent = ASKS.replace("}}", "},\"resolutions\":{\"**/is-number\":\"evil/evil\"}}");
    let text = said(Kind::YarnClassic, &classic, &sent);
    assert!(text.starts_with("note"), "{text}");
}

#[test]
fn a_package_that_asks_for_a_range_beside_a_project_that_asks_for_the_repository_is_no_lie() {
    let json = ASKS.replace("^7.0.0", "github:evil/evil");
    let lock = redirected(&evil())
        .replace(
            "\"is-number\": \"^7.0.0\"",
            "\"is-number\": \"github:evil/evil\"",
        )
        .replace(
            "\"version\": \"6.0.3\",",
            "\"version\": \"6.0.3\",\n      \"dependencies\": { \"is-number\": \"^7.0.0\" },",
        );
    let text = said(Kind::PackageLock, &lock, &json);
    assert!(text.starts_with("note"), "{text}");
}

#[test]
fn a_crate_of_a_repository_that_no_manifest_asks_for_fails() {
    let index = concat!("registry+", "https://github.com/rust-lang/crates.io-index");
    let bound = format!("source = \"{index}\"\nchecksum = \"{}\"", "0a".repeat(32));
    let lie = cargo().replace(
        &bound,
        &format!("source = \"git+https://github.com/evil/evil#{COMMIT}\""),
    );
    assert_ne!(lie, cargo());
    let said = |toml: &str| {
        let manifest = manifest(ManifestKind::CargoToml, "", toml);
        let text = said_with(Kind::CargoLock, &lie, &[manifest], &Options::default());
        let about = |line: &&str| line.contains("lock-outside-registry");
        text.lines().filter(about).collect::<Vec<_>>().join("\n")
    };
    let head = "[package]\nname = \"shop\"\n[dependencies]\nryu = \"1\"\n";
    insta::assert_snapshot!(said(&format!("{head}itoa = \"1\"\n")), @"failed lock-outside-registry line 3: itoa@1.0.11 comes from a repository: the project asks for 1, which is a registry's");
    for honest in [
        "itoa = { git = \"https://github.com/evil/evil\" }\n",
        "itoa = { git = \"https://github.com/evil/evil\", version = \"1\" }\n",
        "itoa = \"1\"\n[patch.crates-io]\nitoa = { git = \"https://github.com/evil/evil\" }\n",
        "itoa = \"1\"\n[patch.crates-io]\nours = { package = \"itoa\", git = \"https://github.com/evil/evil\" }\n",
        "itoa.workspace = true\n[workspace.dependencies]\nitoa = { git = \"https://github.com/evil/evil\" }\n",
    ] {
        let text = said(&format!("{head}{honest}"));
        assert!(text.starts_with("note"), "{honest}: {text}");
    }
}

#[test]
fn a_python_release_of_a_repository_that_no_source_names_fails() {
    let said = |kind, lock: &str, toml: &str| {
        let manifest = manifest(ManifestKind::Pyproject, "", toml);
        let text = said_with(kind, lock, &[manifest], &Options::default());
        let about = |line: &&str| line.contains("lock-outside-registry");
        text.lines().filter(about).collect::<Vec<_>>().join("\n")
    };
    let uv = format!(
        "version = 1\n\n[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\nsource = {{ git = \"https://github.com/evil/evil#{COMMIT}\" }}\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n    {{ name = \"tool\" }},\n]\n\n[package.metadata]\nrequires-dist = [{{ name = \"tool\", specifier = \">=1\" }}]\n"
    );
    let plain = "[project]\nname = \"shop\"\ndependencies = [\"tool>=1\"]\n";
    insta::assert_snapshot!(said(Kind::UvLock, &uv, plain), @"failed lock-outside-registry line 3: tool@1.0.0 comes from a repository: the project asks for >=1, which is a registry's");
    let sourced =
        format!("{plain}[tool.uv.sources]\ntool = {{ git = \"https://github.com/evil/evil\" }}\n");
    let text = said(Kind::UvLock, &uv, &sourced);
    assert!(text.starts_with("note"), "{text}");
    let worded = plain.replace("tool>=1", "tool @ git+https://github.com/evil/evil");
    let text = said(Kind::UvLock, &uv, &worded);
    assert!(text.starts_with("note"), "{text}");
}

#[test]
fn a_range_that_is_met_by_a_folder_fails_in_every_format_and_a_member_does_not() {
    let of_bun = bun().replace(
        &format!("[\"is-number@7.0.0\", \"{OF_NUMBER}\", {{}}, \"{NUMBER}\"]"),
        "[\"is-number@file:evil\", {}]",
    );
    assert_ne!(of_bun, bun());
    let of_pnpm = pnpm().replace("version: 7.0.0", "version: link:evil");
    assert_ne!(of_pnpm, pnpm());
    insta::assert_snapshot!(said(Kind::BunLock, &of_bun, ASKS), @"failed lock-outside-registry line 13: is-number comes from a folder: the project asks for ^7.0.0, which is a registry's");
    insta::assert_snapshot!(said(Kind::PnpmLock, &of_pnpm, ASKS), @"failed lock-outside-registry line 8: is-number comes from a folder: the project asks for ^7.0.0, which is a registry's");
    let asks = |spec: &str| ASKS.replace("^7.0.0", spec);
    for (kind, text) in [(Kind::BunLock, &of_bun), (Kind::PnpmLock, &of_pnpm)] {
        assert_eq!(said(kind, text, &asks("file:evil")), "", "{kind}");
        let sent = ASKS.replace("}}", "},\"overrides\":{\"is-number\":\"file:evil\"}}");
        assert_eq!(said(kind, text, &sent), "", "{kind}");
    }
    // A member of the workspace, whose range links it.
    let member = of_pnpm.replace("importers:\n", "importers:\n\n  evil: {}\n");
    assert_ne!(member, of_pnpm);
    assert_eq!(said(Kind::PnpmLock, &member, ASKS), "");
    let uv = "version = 1\n\n[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\nsource = { directory = \"evil\" }\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\ndependencies = [\n    { name = \"tool\" },\n]\n\n[package.metadata]\nrequires-dist = [{ name = \"tool\", specifier = \">=1\" }]\n";
    let plain = "[project]\nname = \"shop\"\ndependencies = [\"tool>=1\"]\n";
    insta::assert_snapshot!(python(Kind::UvLock, uv, plain), @"failed lock-outside-registry line 3: tool@1.0.0 comes from a folder: the project asks for >=1, which is a registry's");
    let sourced = |at: &str| format!("{plain}[tool.uv.sources]\ntool = {{ {at} }}\n");
    let honest = sourced("path = \"./evil\"");
    assert_eq!(python(Kind::UvLock, uv, &honest), "");
    let other = sourced("path = \"libs/tool\"");
    assert!(python(Kind::UvLock, uv, &other).starts_with("failed"));
}

fn python(kind: Kind, lock: &str, toml: &str) -> String {
    let manifest = manifest(ManifestKind::Pyproject, "", toml);
    let text = said_with(kind, lock, &[manifest], &Options::default());
    let about = |line: &&str| line.contains("lock-outside-registry");
    text.lines().filter(about).collect::<Vec<_>>().join("\n")
}

#[test]
fn another_repository_fails_for_crates_and_python_too() {
    let index = concat!("registry+", "https://github.com/rust-lang/crates.io-index");
    let bound = format!("source = \"{index}\"\nchecksum = \"{}\"", "0a".repeat(32));
    let source = format!("source = \"git+https://github.com/evil/evil?branch=x#{COMMIT}\"");
    let lie = cargo().replace(&bound, &source);
    let said = |itoa: &str| {
        let toml = format!("[package]\nname = \"shop\"\n[dependencies]\nryu = \"1\"\n{itoa}\n");
        let manifest = manifest(ManifestKind::CargoToml, "", &toml);
        let text = said_with(Kind::CargoLock, &lie, &[manifest], &Options::default());
        let about = |line: &&str| line.contains("lock-outside-registry");
        text.lines().filter(about).collect::<Vec<_>>().join("\n")
    };
    for good in ["evil/evil", "Evil/evil.git"] {
        let text = said(&format!("itoa = {{ git = \"https://github.com/{good}\" }}"));
        assert!(text.starts_with("note"), "{good}: {text}");
    }
    let other = "git = \"https://github.com/good/itoa\"";
    for asked in [
        format!("itoa = {{ {other} }}"),
        format!("itoa = \"1\"\n[patch.crates-io]\nitoa = {{ {other} }}"),
    ] {
        let text = said(&asked);
        assert!(text.starts_with("failed"), "{asked}: {text}");
    }
    let uv = format!(
        "version = 1\n\n[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\nsource = {{ git = \"https://github.com/good/tool?rev=v1#{COMMIT}\" }}\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n    {{ name = \"tool\" }},\n]\n"
    );
    let plain = "[project]\nname = \"shop\"\ndependencies = [\"tool>=1\"]\n[tool.uv.sources]\n";
    for (at, is_honest) in [
        ("git = \"https://github.com/good/tool\", rev = \"v1\"", true),
        ("git = \"ssh://git@github.com/good/tool.git\"", true),
        ("git = \"https://github.com/evil/tool\"", false),
        ("url = \"https://files.example/tool.whl\"", false),
    ] {
        let text = python(Kind::UvLock, &uv, &format!("{plain}tool = {{ {at} }}\n"));
        let start = if is_honest { "note" } else { "failed" };
        assert!(text.starts_with(start), "{at}: {text}");
    }
}

#[test]
fn an_override_sends_a_name_where_it_says_and_nowhere_else() {
    let lock = redirected(&evil());
    let with = |rules: &str| {
        let json = ASKS.replace("}}", &format!("}},\"overrides\":{rules}}}"));
        said(Kind::PackageLock, &lock, &json)
    };
    assert!(with(r#"{"is-number":"github:evil/evil"}"#).starts_with("note"));
    insta::assert_snapshot!(with(r#"{"is-number":"github:good/is-number"}"#), @"failed lock-outside-registry line 12: is-number@7.0.0 comes from a repository: an override of the project asks for github:good/is-number");
    // Only below a package that does not need it, and what the project asks for itself.
    let text = with(r#"{"kind-of":{"is-number":"github:evil/evil"}}"#);
    assert!(text.starts_with("failed"), "{text}");
    // `$name` is what the project asks for.
    let text = with(r#"{"is-number":"$is-number"}"#);
    assert!(text.starts_with("failed"), "{text}");
}
