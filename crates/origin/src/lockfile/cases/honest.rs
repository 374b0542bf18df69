use super::super::testing::{graph, loud, manifest, said, said_with};
use super::super::{ExpectedOrigin, LockfileView, Options, judge};
use super::{NUMBER, OF_NUMBER, bun, cargo, npm, pnpm, yarn_berry, yarn_classic};
use customs_ecosystem::lockfile::{Kind, ManifestKind};
use customs_model::Answer;

#[test]
fn the_honest_twins_of_the_lies_are_quiet_and_answered_with_yes() {
    for (kind, text) in [
        (Kind::PackageLock, npm()),
        (Kind::YarnClassic, yarn_classic()),
        (Kind::YarnBerry, yarn_berry()),
        (Kind::BunLock, bun()),
        (Kind::PnpmLock, pnpm()),
        (Kind::CargoLock, cargo()),
    ] {
        assert_eq!(said(kind, &text), "", "{kind}");
        let graph = graph(kind, &text);
        let options = Options::default();
        let view = LockfileView::new(kind.file_name(), &graph, &[], &options);
        assert_eq!(judge(&view).answer(), Answer::Yes);
    }
}

#[test]
fn an_alias_that_is_asked_for_is_a_note() {
    let text = npm()
        .replace("\"kind-of\": \"^6.0.3\"", "\"kind-of\": \"^6.0.3\",\n        \"numbers\": \"npm:is-number@^7.0.0\"")
        .replace("    \"node_modules/kind-of\"", &format!("    \"node_modules/numbers\": {{\n      \"name\": \"is-number\",\n      \"version\": \"7.0.0\",\n      \"resolved\": \"{OF_NUMBER}\",\n      \"integrity\": \"{NUMBER}\"\n    }},\n    \"node_modules/kind-of\""));
    insta::assert_snapshot!(said(Kind::PackageLock, &text), @r"
    note lock-alias: 1 package is installed under another name, as somebody asks for
        numbers is is-number@7.0.0
    ");
}

#[test]
fn an_override_that_says_another_package_is_a_note() {
    let text = bun()
        .replace("[\"is-number@7.0.0\"", "[\"is-odd@3.0.1\"")
        .replace(OF_NUMBER, "")
        .replace(
            "  \"packages\"",
            "  \"overrides\": {\n    \"is-number\": \"npm:is-odd@3.0.1\",\n  },\n  \"packages\"",
        );
    insta::assert_snapshot!(said(Kind::BunLock, &text), @r"
    note lock-alias: 1 package is installed under another name, as somebody asks for
        is-number is is-odd@3.0.1
    ");
}

#[test]
fn a_mirror_and_the_gate_are_no_difference() {
    for host in ["http://127.0.0.1:4873", "https://mirror.example/npm/group"] {
        let text = npm().replace("https://registry.example", host);
        assert_eq!(said(Kind::PackageLock, &text), "", "{host}");
    }
    let text = npm().replace("https://registry.example", "http://gate.internal:8080");
    let options = Options {
        own_hosts: vec!["gate.internal:8080".to_owned()],
        expected_origins: vec![ExpectedOrigin {
            scope: None,
            address: "https://registry.example/".to_owned(),
        }],
        ..Options::default()
    };
    assert_eq!(said_with(Kind::PackageLock, &text, &[], &options), "");
}

#[test]
fn two_registries_side_by_side_and_a_scope_with_its_own_are_quiet() {
    let entry = |host: &str, name: &str| {
        let unscoped = name.rsplit('/').next().unwrap();
        let digest = format!("{:02x}", name.bytes().map(u32::from).sum::<u32>() % 256).repeat(20);
        format!(
            "\n\"{name}@^1.0.0\":\n  version \"1.0.0\"\n  resolved \"https://{host}/{name}/-/{unscoped}-1.0.0.tgz#{digest}\"\n"
        )
    };
    let mut text = yarn_classic();
    for (host, name) in [
        ("yarn.example", "aa"),
        ("yarn.example", "bc"),
        ("registry.example", "ce"),
        ("npm.acme.example", "@acme/dg"),
    ] {
        text += &entry(host, name);
    }
    assert_eq!(
        said(Kind::YarnClassic, &text)
            .lines()
            .filter(|l| l.contains("lock-origin"))
            .count(),
        0
    );
}

#[test]
fn a_git_dependency_that_the_project_asks_for_is_a_note_and_one_of_a_package_a_warning() {
    let commit = "54fd1711209fb1c0781092374132c66e79e2241b";
    let git = format!("git+ssh://git@code.example/a/tool.git#{commit}");
    let with = |asks: &str, text: String| {
        text.replace("    \"node_modules/kind-of\": {", &format!("    \"node_modules/tool\": {{\n      \"version\": \"1.0.0\",\n      \"resolved\": \"{git}\"\n    }},\n    \"node_modules/kind-of\": {{{asks}"))
    };
    let own = npm().replace(
        "\"kind-of\": \"^6.0.3\"",
        "\"kind-of\": \"^6.0.3\",\n        \"tool\": \"git+ssh://git@code.example/a/tool.git\"",
    );
    insta::assert_snapshot!(said(Kind::PackageLock, &with("", own)), @r"
    note lock-outside-registry line 18: tool@1.0.0 comes from a repository: the project asks for it
        from: git+ssh://git@code.example/a/tool.git#54fd1711209fb1c0781092374132c66e79e2241b
    ");
    let asks = "\n      \"dependencies\": { \"tool\": \"git+ssh://git@code.example/a/tool.git\" },";
    insta::assert_snapshot!(said(Kind::PackageLock, &with(asks, npm())), @r"
    warning lock-outside-registry line 17: tool@1.0.0 comes from a repository: kind-of@6.0.3 asks for it
        from: git+ssh://git@code.example/a/tool.git#54fd1711209fb1c0781092374132c66e79e2241b
    ");
    let branch = with("", npm()).replace(commit, "main");
    insta::assert_snapshot!(said(Kind::PackageLock, &branch), @r"
    warning lock-outside-registry line 17: tool@1.0.0 comes from a repository: nobody in this file asks for it; it is not pinned to a commit
        from: git+ssh://git@code.example/a/tool.git#main
    ");
}

#[test]
fn an_optional_package_of_another_platform_has_no_checksum_in_yarn_4_which_is_a_note() {
    let text = yarn_berry().replace(
        "    kind-of: \"npm:^6.0.3\"\n",
        "    kind-of: \"npm:^6.0.3\"\n    native: \"npm:^1.0.0\"\n  dependenciesMeta:\n    native:\n      optional: true\n",
    ) + "\n\"native@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"native@npm:1.0.0\"\n  conditions: os=aix & cpu=ppc64\n  languageName: node\n  linkType: hard\n";
    insta::assert_snapshot!(said(Kind::YarnBerry, &text), @r"
    note lock-integrity-missing line 32: 1 optional package is of other machines without a checksum: Yarn writes one where it fetches them
        native@1.0.0
    ");
}

#[test]
fn the_fixtures_of_the_readers_raise_no_false_alarm() {
    macro_rules! fixture {
        ($name:literal) => {
            include_str!(concat!(
                "../../../../ecosystem/src/lockfile/fixtures/",
                $name
            ))
        };
    }
    let mut out = String::new();
    for (name, kind, text) in [
        ("npm 1", Kind::PackageLock, fixture!("package-lock.v1.json")),
        ("npm 3", Kind::PackageLock, fixture!("package-lock.v3.json")),
        ("pnpm 5", Kind::PnpmLock, fixture!("pnpm-lock.v5.yaml")),
        ("pnpm 6", Kind::PnpmLock, fixture!("pnpm-lock.v6.yaml")),
        ("pnpm 9", Kind::PnpmLock, fixture!("pnpm-lock.v9.yaml")),
        ("yarn 1", Kind::YarnClassic, fixture!("yarn-classic.lock")),
        ("yarn 4", Kind::YarnBerry, fixture!("yarn-berry.lock")),
        ("bun", Kind::BunLock, fixture!("bun.lock")),
        ("uv", Kind::UvLock, fixture!("uv.lock")),
        (
            "requirements",
            Kind::RequirementsTxt,
            fixture!("requirements.txt"),
        ),
        ("poetry", Kind::PoetryLock, fixture!("poetry.lock")),
        ("poetry 1.1", Kind::PoetryLock, fixture!("poetry.old.lock")),
        ("pylock", Kind::PylockToml, fixture!("pylock.toml")),
        ("cargo 1", Kind::CargoLock, fixture!("Cargo.v1.lock")),
        ("cargo 3", Kind::CargoLock, fixture!("Cargo.v3.lock")),
        ("cargo 4", Kind::CargoLock, fixture!("Cargo.v4.lock")),
    ] {
        for line in loud(&said(kind, text)).lines() {
            out += &format!("{name}: {line}\n");
        }
    }
    // The fixtures hold odd things on purpose; each of these is there.
    insta::assert_snapshot!(out, @r"
    npm 1: warning lock-integrity-weak line 33: 1 release is bound by SHA-1 alone
    npm 3: warning lock-integrity-missing line 82: unresolved@1.0.0 has no integrity, which others in this file have: any bytes would be installed
    npm 3: warning lock-outside-registry line 79: strange comes from an address: nobody in this file asks for it
    pnpm 5: warning lock-outside-registry line 39: from-git@1.2.0 comes from a repository: nobody in this file asks for it
    pnpm 5: warning lock-outside-registry line 45: vendored@0.1.0 comes from a packed file: nobody in this file asks for it
    pnpm 6: warning lock-outside-registry line 34: from-url@3.1.0 comes from an address: nobody in this file asks for it
    pnpm 9: warning lock-outside-registry line 49: from-git@1.2.0 comes from a repository: nobody in this file asks for it
    pnpm 9: warning lock-outside-registry line 53: from-repo@4.0.0 comes from a repository: nobody in this file asks for it
    pnpm 9: warning lock-outside-registry line 57: from-url@3.1.0 comes from an address: nobody in this file asks for it
    yarn 1: warning lock-integrity-weak line 22: 2 releases are bound by SHA-1 alone
    yarn 4: warning lock-outside-registry line 19: from-git@1.2.0 comes from a repository: nobody in this file asks for it
    yarn 4: warning lock-outside-registry line 26: from-url@3.1.0 comes from an address: nobody in this file asks for it
    yarn 4: warning lock-outside-registry line 75: vendored@0.1.0 comes from a packed file: nobody in this file asks for it
    bun: warning lock-outside-registry line 28: from-git comes from a repository: nobody in this file asks for it
    bun: warning lock-outside-registry line 30: from-url comes from an address: nobody in this file asks for it
    uv: warning lock-outside-registry line 25: from-git@1.2.0 comes from a repository: nobody in this file asks for it
    uv: warning lock-outside-registry line 30: from-url@3.1.0 comes from an address: nobody in this file asks for it
    requirements: warning lock-integrity-missing line 12: zope-interface@7.0.3 has no hash, which others in this file have: any bytes would be installed
    requirements: warning lock-integrity-missing line 13: ranged@1.5.2 has no hash, which others in this file have: any bytes would be installed
    ");
}

#[test]
fn the_lockfile_of_this_workspace_agrees_with_its_manifests() {
    macro_rules! own {
        ($path:literal) => {
            include_str!(concat!("../../../../../", $path))
        };
    }
    let manifests = [
        own!("Cargo.toml"),
        own!("crates/model/Cargo.toml"),
        own!("crates/ecosystem/Cargo.toml"),
        own!("crates/origin/Cargo.toml"),
        own!("crates/cli/Cargo.toml"),
        own!("xtask/Cargo.toml"),
    ]
    .map(|text| manifest(ManifestKind::CargoToml, "", text));
    let lock = own!("Cargo.lock");
    let text = said_with(Kind::CargoLock, lock, &manifests, &Options::default());
    assert_eq!(loud(&text), "");
}

#[test]
fn what_npm_keeps_in_node_modules_says_nothing_about_who_asks() {
    let text = npm()
        .replace(
            "      \"version\": \"7.0.0\"",
            "      \"name\": \"is-odd\",\n      \"version\": \"3.0.1\"",
        )
        .replace(
            OF_NUMBER,
            "https://registry.example/is-odd/-/is-odd-3.0.1.tgz",
        );
    let start = text.find("    \"\": {").unwrap();
    let end = text.find("    \"node_modules/is-number\"").unwrap();
    let hidden = format!("{}{}", &text[..start], &text[end..]);
    assert_eq!(said(Kind::PackageLock, &hidden), "");
}

#[test]
fn what_was_not_read_is_never_a_yes() {
    let text = "anyio==4.4.0\n-r other.txt\n";
    let graph = graph(Kind::RequirementsTxt, text);
    let options = Options::default();
    let view = LockfileView::new("requirements.txt", &graph, &[], &options);
    let answer = judge(&view).answer();
    assert_eq!(
        answer,
        Answer::not_checked(
            "requirements.txt: not read: line 2: -r other.txt: another file, read it as well"
        )
    );
}
