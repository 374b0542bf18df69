use super::super::testing::{lines, said, said_with};
use super::super::{ExpectedOrigin, LockfileView, Options, judge_together};
use super::{KIND, NUMBER, ODD, OF_NUMBER, OF_ODD};
use super::{bun, cargo, npm, pnpm, yarn_berry, yarn_classic};
use customs_ecosystem::lockfile::Kind;
use insta::assert_snapshot;

/// The entry stays, its tarball and digest are another package's.
fn swapped(text: &str) -> String {
    let swapped = text.replace(OF_NUMBER, OF_ODD).replace(NUMBER, ODD);
    assert_ne!(swapped, text);
    swapped
}

#[test]
fn the_tarball_of_another_package_is_told_in_every_format_that_names_one() {
    assert_snapshot!(said(Kind::PackageLock, &swapped(&npm())), @r"
    failed lock-address line 12: the entry says is-number@7.0.0 and its address names is-odd@3.0.1: that is what would be installed
        address: https://registry.example/is-odd/-/is-odd-3.0.1.tgz
    ");
    assert_snapshot!(said(Kind::YarnClassic, &swapped(&yarn_classic())), @r"
    failed lock-address line 4: the entry says is-number@7.0.0 and its address names is-odd@3.0.1: that is what would be installed
        address: https://registry.example/is-odd/-/is-odd-3.0.1.tgz#7535345b896734d5f80c4d06c50955527a14f12b
    ");
    assert_snapshot!(said(Kind::BunLock, &swapped(&bun())), @r"
    failed lock-address line 13: the entry says is-number@7.0.0 and its address names is-odd@3.0.1: that is what would be installed
        address: https://registry.example/is-odd/-/is-odd-3.0.1.tgz
    ");
    assert_snapshot!(said(Kind::PnpmLock, &swapped(&pnpm())), @r"
    failed lock-address line 16: the entry says is-number@7.0.0 and its address names is-odd@3.0.1: that is what would be installed
        address: https://registry.example/is-odd/-/is-odd-3.0.1.tgz
    ");
}

#[test]
fn yarn_4_with_a_swapped_resolution_and_without_its_checksum_is_two_findings() {
    let honest = yarn_berry();
    let line = honest.lines().find(|l| l.contains("10c0/1")).unwrap();
    let lie = honest
        .replace("\"is-number@npm:7.0.0\"", "\"is-odd@npm:3.0.1\"")
        .replace(&format!("{line}\n"), "");
    assert_snapshot!(said(Kind::YarnBerry, &lie), @r"
    failed lock-integrity-missing line 5: is-odd@7.0.0 has no checksum, which others in this file have: any bytes would be installed
    failed lock-address line 5: the entry says is-odd@7.0.0 and its address names is-odd@3.0.1: that is what would be installed
        address: is-odd@npm:3.0.1
    failed lock-alias line 5: is-odd@7.0.0 would be installed as is-number, and nobody asks for that
    ");
    let version = honest.replace("\"is-number@npm:7.0.0\"", "\"is-number@npm:3.0.1\"");
    assert_snapshot!(said(Kind::YarnBerry, &version), @r"
    failed lock-address line 5: the entry says is-number@7.0.0 and its address names is-number@3.0.1: that is what would be installed
        address: is-number@npm:3.0.1
    ");
}

#[test]
fn a_key_that_names_another_package_and_that_nobody_asks_for_is_told() {
    let lie = bun()
        .replace("[\"is-number@7.0.0\"", "[\"is-odd@3.0.1\"")
        .replace(OF_NUMBER, "");
    assert_snapshot!(said(Kind::BunLock, &lie), @r"
    failed lock-alias line 13: is-odd@3.0.1 would be installed as is-number, and nobody asks for that
    warning lock-version line 13: is-odd@3.0.1 is locked, and is-number ^7.0.0 is asked for
    ");
    let lie = pnpm()
        .replace("version: 7.0.0", "version: is-odd@3.0.1")
        .replace("is-number@7.0.0", "is-odd@3.0.1");
    assert_snapshot!(said(Kind::PnpmLock, &lie.replace(OF_NUMBER, OF_ODD)), @r"
    failed lock-alias line 16: is-odd@3.0.1 would be installed as is-number, and nobody asks for that
    warning lock-version line 16: is-odd@3.0.1 is locked, and is-number ^7.0.0 is asked for
    ");
    let lie = npm().replace(
        "      \"version\": \"7.0.0\"",
        "      \"name\": \"is-odd\",\n      \"version\": \"3.0.1\"",
    );
    assert_snapshot!(said(Kind::PackageLock, &swapped(&lie)), @r"
    warning lock-alias line 12: is-odd@3.0.1 would be installed as is-number, and nobody asks for that (an override could; the manifest was not read)
    ");
}

#[test]
fn a_digest_that_was_taken_away_is_told() {
    let cut = |text: String, what: &str| {
        let without = text.replace(what, "");
        assert_ne!(without, text);
        without
    };
    let lie = cut(npm(), &format!(",\n      \"integrity\": \"{NUMBER}\""));
    assert_snapshot!(said(Kind::PackageLock, &lie), @r"
    failed lock-integrity-missing line 12: is-number@7.0.0 has no integrity, which others in this file have: any bytes would be installed
    ");
    // Yarn 1 keeps a SHA-1 behind the address; both must go.
    let lie = cut(yarn_classic(), &format!("  integrity {NUMBER}\n"));
    assert_snapshot!(said(Kind::YarnClassic, &lie), @r"
    warning lock-integrity-weak line 4: 1 release is bound by SHA-1 alone
        is-number@7.0.0
    ");
    let lie = cut(lie, "#7535345b896734d5f80c4d06c50955527a14f12b");
    assert_snapshot!(said(Kind::YarnClassic, &lie), @r"
    failed lock-integrity-missing line 4: is-number@7.0.0 has no integrity, which others in this file have: any bytes would be installed
    ");
    let lie = cut(bun(), &format!(", \"{NUMBER}\""));
    assert_snapshot!(said(Kind::BunLock, &lie), @r"
    failed lock-integrity-missing line 13: is-number@7.0.0 has no integrity, which others in this file have: any bytes would be installed
    ");
    let lie = cut(pnpm(), &format!("integrity: {NUMBER}, "));
    assert_snapshot!(said(Kind::PnpmLock, &lie), @r"
    failed lock-integrity-missing line 16: is-number@7.0.0 has no integrity, which others in this file have: any bytes would be installed
    ");
    let lie = cut(cargo(), &format!("checksum = \"{}\"\n", "0a".repeat(32)));
    assert_snapshot!(said(Kind::CargoLock, &lie), @r"
    failed lock-integrity-missing line 3: itoa@1.0.11 has no checksum, which others in this file have: any bytes would be installed
    ");
}

#[test]
fn a_digest_of_another_package_in_the_same_file_is_told() {
    let lie = npm().replace(NUMBER, KIND);
    assert_snapshot!(said(Kind::PackageLock, &lie), @r"
    failed lock-same-digest line 17: kind-of@6.0.3 has the digest of is-number@7.0.0 (line 12): one of them would deliver the other's bytes
        sha512:dd4d2754f75708fe…
    ");
}

#[test]
fn a_file_of_another_project_among_those_of_a_python_package_is_told() {
    let text = include_str!("../../../../ecosystem/src/lockfile/fixtures/uv.lock");
    let lie = text.replace("bb/anyio-4.4.0-py3", "bb/anyi0-4.4.0-py3");
    assert_snapshot!(said(Kind::UvLock, &lie).lines().next().unwrap(), @r"
    failed lock-address line 13: the entry says anyio@4.4.0 and its address names anyi0-4.4.0-py3-none-any.whl: that is what would be installed
    ");
    let lie = text.replace("aa/anyio-4.4.0.tar.gz", "aa/anyio-4.4.1.tar.gz");
    assert_snapshot!(said(Kind::UvLock, &lie).lines().next().unwrap(), @r"
    failed lock-address line 13: the entry says anyio@4.4.0 and its address names anyio-4.4.1.tar.gz: that is what would be installed
    ");
    let text = include_str!("../../../../ecosystem/src/lockfile/fixtures/poetry.lock");
    let lie = text.replace(
        "file = \"anyio-4.4.0.tar.gz\"",
        "file = \"idna-3.7.tar.gz\"",
    );
    assert_snapshot!(said(Kind::PoetryLock, &lie).lines().next().unwrap(), @r"
    failed lock-address line 3: the entry says anyio@4.4.0 and its address names idna-3.7.tar.gz: that is what would be installed
    ");
}

#[test]
fn one_release_with_two_digests_is_told_within_and_across_lockfiles() {
    let twice = npm().replace(
        "    \"node_modules/kind-of\"",
        &format!("    \"node_modules/a/node_modules/is-number\": {{\n      \"version\": \"7.0.0\",\n      \"resolved\": \"{OF_NUMBER}\",\n      \"integrity\": \"{ODD}\"\n    }},\n    \"node_modules/kind-of\""),
    );
    assert_snapshot!(said(Kind::PackageLock, &twice), @r"
    failed lock-digests-differ line 17: is-number@7.0.0 is bound to different bytes at two places
        package-lock.json, line 12: sha512:3ad93204d2821237…
        package-lock.json, line 17: sha512:b0f490ed83c83be4…
    ");
    let (one, two) = (
        super::super::testing::graph(Kind::PackageLock, &npm()),
        super::super::testing::graph(Kind::YarnClassic, &yarn_classic().replace(NUMBER, ODD)),
    );
    let options = Options::default();
    let views = [
        LockfileView::new("package-lock.json", &one, &[], &options),
        LockfileView::new("yarn.lock", &two, &[], &options),
    ];
    assert_snapshot!(lines(&judge_together(&views)), @r"
    failed lock-digests-differ line 4: is-number@7.0.0 is bound to different bytes at two places
        package-lock.json, line 12: sha512:3ad93204d2821237…
        yarn.lock, line 4: sha512:b0f490ed83c83be4…
    warning lock-two-managers: package-lock.json and yarn.lock lock the same project: only one of them is what gets installed
    ");
}

#[test]
fn a_strangers_host_is_told_with_and_without_the_users_configuration() {
    let more: String = (0..4)
        .map(|n| format!("\np{n}@^1.0.0:\n  version \"1.0.{n}\"\n  resolved \"https://registry.example/p{n}/-/p{n}-1.0.{n}.tgz#{}\"\n", format!("{n}{n}").repeat(20)))
        .collect();
    let lie = yarn_classic().replace(
        "https://registry.example/is-number",
        "https://evil.example/is-number",
    ) + &more;
    let origin = |text: String| {
        let lines = text
            .lines()
            .filter(|l| !l.starts_with("    ") && l.contains("lock-origin"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(origin(said(Kind::YarnClassic, &lie)), @r"
    warning lock-origin line 4: is-number@7.0.0 alone comes from evil.example, while 5 come from registry.example
    ");
    let options = Options {
        expected_origins: vec![ExpectedOrigin {
            scope: None,
            address: "https://registry.example/".to_owned(),
        }],
        ..Options::default()
    };
    assert_snapshot!(origin(said_with(Kind::YarnClassic, &lie, &[], &options)), @r"
    failed lock-origin line 4: is-number@7.0.0 comes from evil.example, which your configuration does not name for it
    ");
    let listed = Options {
        allowed_hosts: vec!["registry.example".to_owned()],
        ..Options::default()
    };
    let text = said_with(Kind::YarnClassic, &lie, &[], &listed);
    assert!(text.contains("failed lock-allowed-hosts"), "{text}");
}

#[test]
fn http_without_a_digest_fails_and_with_one_warns() {
    let open = npm().replace(
        "https://registry.example/is-number",
        "http://registry.example/is-number",
    );
    assert_snapshot!(said(Kind::PackageLock, &open), @r"
    warning lock-transport line 12: 1 artifact is fetched from registry.example by http, without encryption
        is-number@7.0.0
    ");
    let bare = open.replace(&format!(",\n      \"integrity\": \"{NUMBER}\""), "");
    let text = said(Kind::PackageLock, &bare);
    assert!(text.contains("failed lock-transport"), "{text}");
}

#[test]
fn a_mark_of_bundling_that_nobody_accounts_for_is_told() {
    let lie = npm().replace(
        &format!("\"resolved\": \"{OF_NUMBER}\",\n      \"integrity\": \"{NUMBER}\""),
        "\"inBundle\": true",
    );
    assert_snapshot!(said(Kind::PackageLock, &lie), @r"
    warning lock-bundled line 12: 1 release comes inside another package's artifact, and no package in this file carries others
        is-number@7.0.0
    ");
}

#[test]
fn two_managers_in_one_folder_are_told() {
    let (one, two) = (
        super::super::testing::graph(Kind::PackageLock, &npm()),
        super::super::testing::graph(Kind::YarnClassic, &yarn_classic()),
    );
    let options = Options::default();
    let at = |first, second| {
        lines(&judge_together(&[
            LockfileView::new(first, &one, &[], &options),
            LockfileView::new(second, &two, &[], &options),
        ]))
    };
    assert_snapshot!(at("site/package-lock.json", "site/yarn.lock"), @r"
    warning lock-two-managers: site/package-lock.json and site/yarn.lock lock the same project: only one of them is what gets installed
    ");
    assert_eq!(at("a/package-lock.json", "b/yarn.lock"), "");
}

#[test]
fn conditions_beside_a_deleted_checksum_excuse_nothing_that_is_needed() {
    let honest = yarn_berry();
    let line = honest.lines().find(|l| l.contains("10c0/1")).unwrap();
    let lie = honest.replace(line, "  conditions: os=linux");
    assert_snapshot!(said(Kind::YarnBerry, &lie), @"warning lock-integrity-missing line 5: is-number@7.0.0 has conditions and no checksum, and somebody needs it: where the conditions hold, any bytes would be installed");
    let lie = honest.replace(line, "  conditions: none");
    assert_snapshot!(said(Kind::YarnBerry, &lie), @"failed lock-integrity-missing line 5: is-number@7.0.0 has no checksum, which others in this file have: any bytes would be installed");
}

#[test]
fn a_package_that_is_named_like_a_runtime_is_none() {
    let integrity = format!("{{integrity: {NUMBER}, tarball: {OF_NUMBER}}}");
    for resolution in [
        "{tarball: https://registry.example/node/-/node-7.0.0.tgz}",
        "{type: variations, variants: []}",
        "{type: variations, variants: [{resolution: {type: binary, url: 'https://files.example/node.tgz'}}]}",
    ] {
        let lie = pnpm()
            .replace("is-number", "node")
            .replace(&integrity.replace("is-number", "node"), resolution);
        let said = said(Kind::PnpmLock, &lie);
        assert!(
            said.contains("failed lock-integrity-missing line 16: node@7.0.0 has no integrity"),
            "{resolution}: {said}"
        );
    }
}

#[test]
fn an_address_that_clients_read_in_different_ways_is_told_in_every_ecosystem() {
    let lie = npm().replace(
        "https://registry.example/is",
        "https://registry.example\\\\@files.example/is",
    );
    assert_snapshot!(said(Kind::PackageLock, &lie), @r"
    failed lock-address line 12: the address of is-number@7.0.0 is one that clients read in different ways: it holds a backslash, which some clients read as a slash
        address: https://registry.example\@files.example/is-number/-/is-number-7.0.0.tgz
    failed lock-address line 12: the entry says is-number@7.0.0 and its address names @files.example/is-number@7.0.0: that is what would be installed
        address: https://registry.example\@files.example/is-number/-/is-number-7.0.0.tgz
    ");
    let lie = yarn_classic().replace("https://registry.example/is", "https:registry.example/is");
    assert_snapshot!(said(Kind::YarnClassic, &lie), @r"
    failed lock-address line 4: the address of is-number@7.0.0 is one that clients read in different ways: its host does not stand behind two slashes
        address: https:registry.example/is-number/-/is-number-7.0.0.tgz#7535345b896734d5f80c4d06c50955527a14f12b
    ");
    let lie = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https:\\\\\\\\index.example\"\nchecksum = \"0a\"\n";
    assert!(said(Kind::CargoLock, lie).contains("failed lock-address line 3"));
}

#[test]
fn the_host_counts_in_any_case_and_a_beginning_is_not_this_machine() {
    let options = Options {
        allowed_hosts: vec!["Registry.example:443".to_owned()],
        ..Options::default()
    };
    let text = npm().replace(
        "https://registry.example/is",
        "HTTPS://REGISTRY.example:443/is",
    );
    assert_eq!(said_with(Kind::PackageLock, &text, &[], &options), "");
    let lie = npm().replace(
        "https://registry.example/is",
        "HTTP://127.0.0.1.files.example/is",
    );
    assert_snapshot!(said_with(Kind::PackageLock, &lie, &[], &options), @r"
    warning lock-transport line 12: 1 artifact is fetched from 127.0.0.1.files.example by http, without encryption
        is-number@7.0.0
    failed lock-allowed-hosts line 12: 127.0.0.1.files.example is not on the list of allowed hosts
        is-number@7.0.0
    ");
}

#[test]
fn a_registry_of_the_configuration_that_cannot_be_read_is_said() {
    let options = Options {
        expected_origins: vec![ExpectedOrigin {
            scope: None,
            address: "registry.example".to_owned(),
        }],
        ..Options::default()
    };
    let said = said_with(Kind::PackageLock, &npm(), &[], &options);
    assert!(
        said.contains("not checked: package-lock.json: registry.example of your configuration"),
        "{said}"
    );
}
