//! What no tool writes, registries that nobody names, and what may not be absent.

use super::super::testing::{manifest, said, said_with};
use super::super::{ExpectedOrigin, Options};
use super::{NUMBER, cargo, npm, pnpm, yarn_classic};
use customs_ecosystem::lockfile::{Kind, ManifestKind};

const ASKS: &str = r#"{"name":"shop","dependencies":{"is-number":"^7.0.0","kind-of":"^6.0.3"}}"#;

fn of_rule(text: &str, rule: &str) -> String {
    let about = |line: &&str| {
        line.split(' ')
            .nth(1)
            .is_some_and(|id| id.trim_end_matches(':') == rule)
    };
    text.lines().filter(about).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_digest_that_is_none_fails_whatever_else_the_file_promises() {
    for (kind, text) in [
        (Kind::PackageLock, npm()),
        (Kind::YarnClassic, yarn_classic()),
        (Kind::PnpmLock, pnpm()),
    ] {
        for broken in ["garbage", "sha512-AAAA", "md5-1B2M2Y8AsgTpgAmY7PhCfg=="] {
            let said = said(kind, &text.replace(NUMBER, broken));
            let said = of_rule(&said, "lock-integrity-missing");
            assert!(
                said.starts_with("failed") && said.contains("is none"),
                "{kind} {broken}: {said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
    let all = npm().replace("sha512-", "sha9-");
    let said = of_rule(&said(Kind::PackageLock, &all), "lock-integrity-missing");
    assert_eq!(said.matches("failed").count(), 2, "{said}");
}

#[test]
fn an_entry_whose_name_leads_out_of_its_folder_fails() {
    let lie = npm().replace(
        "    \"node_modules/kind-of\"",
        "    \"node_modules/../../../etc\": { \"version\": \"1.0.0\" },\n    \"node_modules/kind-of\"",
    );
    let said = of_rule(&said(Kind::PackageLock, &lie), "lock-format");
    insta::assert_snapshot!(said, @"failed lock-format line 17: no tool writes an entry for ../../../etc: its name leads out of the folder that packages lie in");
}

#[test]
fn what_is_required_and_called_optional_by_the_lockfile_fails() {
    let with = |text: &str, json: &str| {
        let manifest = manifest(ManifestKind::PackageJson, "", json);
        of_rule(
            &said_with(Kind::PackageLock, text, &[manifest], &Options::default()),
            "lock-manifest",
        )
    };
    let marked = npm().replace(
        "\"version\": \"7.0.0\",",
        "\"version\": \"7.0.0\",\n      \"optional\": true,\n      \"os\": [\"win32\"],",
    );
    insta::assert_snapshot!(with(&marked, ASKS), @"failed lock-manifest line 12: is-number@7.0.0 is marked as optional, and the project requires it: nobody would notice its absence");
    let moved = marked
        .replace("        \"is-number\": \"^7.0.0\",\n", "")
        .replace("      \"dependencies\": {", "      \"optionalDependencies\": { \"is-number\": \"^7.0.0\" },\n      \"dependencies\": {");
    insta::assert_snapshot!(with(&moved, ASKS), @"failed lock-manifest line 5: is-number is optional by the lockfile, and required by the manifest: nobody would notice its absence");
    let both = r#"{"name":"shop","dependencies":{"is-number":"^7.0.0","kind-of":"^6.0.3"},"optionalDependencies":{"is-number":"^7.0.0"}}"#;
    assert_eq!(with(&moved, both), "");
    assert_eq!(with(&npm(), ASKS), "");
}

#[test]
fn a_crate_of_a_registry_that_no_manifest_names_fails() {
    let own = concat!("registry+", "https://github.com/rust-lang/crates.io-index");
    let lie = cargo().replacen(own, "sparse+https://evil.example/index/", 1);
    assert_ne!(lie, cargo());
    let with = |text: &str, toml: &str| {
        let manifest = manifest(ManifestKind::CargoToml, "", toml);
        of_rule(
            &said_with(Kind::CargoLock, text, &[manifest], &Options::default()),
            "lock-origin",
        )
    };
    let toml = "[package]\nname = \"shop\"\n[dependencies]\nitoa = \"1\"\nryu = \"1\"\n";
    insta::assert_snapshot!(with(&lie, toml), @"failed lock-origin line 3: itoa@1.0.11 comes from sparse+https://evil.example/index/, and no manifest names another registry than cargo's own");
    let named = toml.replace(
        "itoa = \"1\"",
        "itoa = { version = \"1\", registry = \"ours\" }",
    );
    assert_eq!(with(&lie, &named), "");
    assert_eq!(with(&cargo(), toml), "");
}

#[test]
fn http_of_a_host_that_is_configured_with_https_is_told() {
    let open = npm().replace("https://registry.example/is", "http://registry.example/is");
    let with = |address: &str| {
        let options = Options {
            expected_origins: vec![ExpectedOrigin {
                scope: None,
                address: address.to_owned(),
            }],
            ..Options::default()
        };
        said_with(Kind::PackageLock, &open, &[], &options)
    };
    let said = with("https://registry.example/");
    assert!(said.contains("warning lock-transport"), "{said}");
    assert_eq!(with("http://registry.example/"), "");
}

fn uv(packages: usize) -> String {
    let mut text = "version = 1\n".to_owned();
    for n in 0..packages {
        let name = format!("p{n}");
        let hash = |part: &str| format!("sha256:{}", format!("{n:x}{part}").repeat(32));
        text += &format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0\"\nsource = {{ registry = \"https://index.example/simple\" }}\nsdist = {{ url = \"https://files.host.example/{name}-1.0.tar.gz\", hash = \"{}\" }}\nwheels = [\n    {{ url = \"https://files.host.example/{name}-1.0-py3-none-any.whl\", hash = \"{}\" }},\n]\n",
            hash("a"),
            hash("b")
        );
    }
    text
}

#[test]
fn a_hash_that_one_release_of_the_main_index_lost_fails_and_one_that_many_never_had_warns() {
    let hash = |n: usize| format!(", hash = \"sha256:{}\"", format!("{n:x}b").repeat(32));
    assert_eq!(said(Kind::UvLock, &uv(5)), "");
    let one = uv(5).replace(&hash(1), "");
    assert_ne!(one, uv(5));
    let text = of_rule(&said(Kind::UvLock, &one), "lock-integrity-missing");
    insta::assert_snapshot!(text, @"failed lock-integrity-missing line 12: p1@1.0 has no hash, which others in this file have: any bytes would be installed");
    let two = one.replace(&hash(2), "");
    let text = of_rule(&said(Kind::UvLock, &two), "lock-integrity-missing");
    assert!(
        text.starts_with("warning") && !text.contains("failed"),
        "{text}"
    );
    let broken = uv(5).replace(&hash(1), ", hash = \"sha256:00\"");
    let text = of_rule(&said(Kind::UvLock, &broken), "lock-integrity-missing");
    assert!(
        text.starts_with("failed") && text.contains("is none"),
        "{text}"
    );
}

#[test]
fn an_index_that_gives_no_hashes_lost_none() {
    let hash = |n: usize| format!(", hash = \"sha256:{}\"", format!("{n:x}b").repeat(32));
    let text = uv(2).replace(&hash(1), "");
    let severity = |text: &str| {
        let said = of_rule(&said(Kind::UvLock, text), "lock-integrity-missing");
        said.split(' ').next().unwrap_or_default().to_owned()
    };
    assert_eq!(severity(&text), "failed");
    // As many come from one index as from the other, which gives none.
    let (before, after) = text.split_once("name = \"p1\"").unwrap();
    let own = after.replacen("https://index.example", "https://own.example", 1);
    assert_ne!(own, after);
    let own = format!("{before}name = \"p1\"{own}");
    assert_eq!(severity(&own), "warning", "{own}");
}

#[test]
fn a_file_of_python_that_lies_alone_elsewhere_is_told() {
    let at = |host: &str, what: &str| {
        let text = uv(5).replace(
            &format!("https://files.host.example/{what}"),
            &format!("https://{host}/{what}"),
        );
        assert_ne!(text, uv(5));
        of_rule(&said(Kind::UvLock, &text), "lock-origin")
    };
    insta::assert_snapshot!(at("evil.example", "p1-1.0-py3"), @"failed lock-origin line 12: some files of p1@1.0 alone lie at evil.example, while those of 5 releases of the same index lie at files.host.example");
    insta::assert_snapshot!(at("evil.example", "p1-1.0"), @"warning lock-origin line 12: the files of p1@1.0 alone lie at evil.example, while those of 4 releases of the same index lie at files.host.example");
    // A second host of the same owner, and the index itself.
    assert_eq!(at("files-2.host.example", "p1-1.0-py3"), "");
    assert_eq!(at("index.example", "p1-1.0-py3"), "");
}
