use super::super::testing::graph;
use super::super::{
    Facts, FileChange, LockChange, What, explain, markdown, settings_changes, text, value,
};
use super::{
    KIND, NUMBER, ODD, OF_NUMBER, OF_ODD, bun, cargo, npm, pnpm, yarn_berry, yarn_classic,
};
use customs_ecosystem::lockfile::Kind;
use customs_model::{ReleaseId, Timestamp};
use insta::assert_snapshot;
use std::collections::BTreeMap;

fn change(kind: Kind, before: &str, now: &str) -> LockChange {
    explain(kind.file_name(), &graph(kind, before), &graph(kind, now))
}

/// A further package, brought in by `kind-of`.
fn with_more(text: &str) -> String {
    text.replace(
        &format!("\"integrity\": \"{KIND}\""),
        &format!("\"integrity\": \"{KIND}\",\n      \"dependencies\": {{ \"is-odd\": \"^3.0.0\" }}"),
    )
    .replace(
        "    \"node_modules/kind-of\"",
        &format!("    \"node_modules/is-odd\": {{\n      \"version\": \"3.0.1\",\n      \"resolved\": \"{OF_ODD}\",\n      \"integrity\": \"{ODD}\",\n      \"hasInstallScript\": true,\n      \"bin\": {{ \"odd\": \"cli.js\" }}\n    }},\n    \"node_modules/kind-of\""),
    )
}

#[test]
fn what_is_new_is_said_with_who_brought_it_in() {
    let now = with_more(&npm())
        .replace("\"version\": \"7.0.0\"", "\"version\": \"7.0.1\"")
        .replace("is-number-7.0.0", "is-number-7.0.1")
        .replace(NUMBER, "sha512-ZfWCsuMjVP6VHNfvTzEckirREWEuFKRZHMKw+s//LhXRpSUD7emm5gxFp/SEgyzNoSa8SSS9niycSP0ikDS7cA==");
    let it = change(Kind::PackageLock, &npm(), &now);
    assert_eq!(it.new_transitive, 1);
    assert_snapshot!(text(&it), @r"
    package-lock.json: 1 added, brought in by other packages, 1 moved

    To look at
      warning  is-odd@3.0.1 runs a script at install; it is new here

    Added
      + is-odd 3.0.1  by kind-of@6.0.3; runs a script at install; brings the commands odd

    Moved
      ↑ is-number 7.0.0 → 7.0.1
    ");
    let back = change(Kind::PackageLock, &now, &npm());
    assert_snapshot!(text(&back), @r"
    package-lock.json: 1 removed, 1 moved

    Moved
      ↓ is-number 7.0.1 → 7.0.0

    Removed
      - is-odd 3.0.1
    ");
}

#[test]
fn what_changed_without_its_version_is_the_first_thing_that_is_said() {
    let now = npm().replace(OF_NUMBER, OF_ODD).replace(NUMBER, ODD);
    assert_snapshot!(text(&change(Kind::PackageLock, &npm(), &now)), @r"
    package-lock.json: 2 entries changed while the version did not

    Changed while the version did not (what an edit by hand looks like)
      failed   is-number@7.0.0, line 12: the digest changed
               was  sha512:3ad93204d2821237…
               now  sha512:b0f490ed83c83be4…
      failed   is-number@7.0.0, line 12: the address changed
               was  https://registry.example/is-number/-/is-number-7.0.0.tgz
               now  https://registry.example/is-odd/-/is-odd-3.0.1.tgz
    ");
    let lost = npm().replace(&format!(",\n      \"integrity\": \"{NUMBER}\""), "");
    assert_snapshot!(text(&change(Kind::PackageLock, &npm(), &lost)), @r"
    package-lock.json: 1 entry changed while the version did not

    Changed while the version did not (what an edit by hand looks like)
      failed   is-number@7.0.0, line 12: the digest was taken away
               was  sha512:3ad93204d2821237…
               now  none
    ");
}

#[test]
fn every_format_tells_an_edit_and_nothing_changed_is_nothing() {
    let checksum = "0a".repeat(32);
    for (kind, text, from, to) in [
        (Kind::YarnClassic, yarn_classic(), NUMBER, ODD),
        (Kind::BunLock, bun(), NUMBER, ODD),
        (Kind::PnpmLock, pnpm(), NUMBER, ODD),
        (Kind::PnpmLock, pnpm(), OF_NUMBER, OF_ODD),
        (Kind::YarnBerry, yarn_berry(), "10c0/1", "10c0/9"),
        (
            Kind::CargoLock,
            cargo(),
            checksum.as_str(),
            &"0c".repeat(32),
        ),
    ] {
        let same = change(kind, &text, &text);
        assert!(same.is_empty() && same.findings.is_empty(), "{kind}");
        let edited = change(kind, &text, &text.replacen(from, to, 1));
        let first = &edited.findings[0];
        assert_eq!(first.rule.as_str(), "lock-edited", "{kind}");
        assert_eq!(first.outcome(), super::super::Outcome::Fails, "{kind}");
    }
}

#[test]
fn what_got_stronger_and_a_new_cache_key_are_no_edits() {
    let old = yarn_classic().replace(&format!("  integrity {NUMBER}\n"), "");
    let stronger = change(Kind::YarnClassic, &old, &yarn_classic());
    assert_snapshot!(text(&stronger), @r"
    yarn.lock: nothing that is installed changed
    ");
    let berry = yarn_berry();
    let key = change(
        Kind::YarnBerry,
        &berry,
        &berry.replace("10c0", "11c0").replace("/1", "/7"),
    );
    assert_eq!(key.findings, []);
    let https = npm().replace("https://", "http://");
    let it = change(Kind::PackageLock, &https, &npm());
    assert!(
        it.findings
            .iter()
            .all(|f| f.outcome() == super::super::Outcome::Notes)
    );
}

#[test]
fn a_registry_that_moved_is_said_once_and_a_single_entry_that_did_is_an_edit() {
    let entries: String = (0..6)
        .map(|n| format!("p{n}@^1.0.0:\n  version \"1.0.{n}\"\n  resolved \"https://registry.example/p{n}/-/p{n}-1.0.{n}.tgz#{}\"\n\n", format!("{n}{n}").repeat(20)))
        .collect();
    let all = entries.replace("registry.example", "mirror.example");
    assert_snapshot!(text(&change(Kind::YarnClassic, &entries, &all)), @r"
    yarn.lock: nothing that is installed changed

    To look at
      warning  most releases came from registry.example and come from mirror.example now
    ");
    let one = entries.replacen("registry.example", "mirror.example", 1);
    assert_snapshot!(text(&change(Kind::YarnClassic, &entries, &one)), @r"
    yarn.lock: 1 entry changed while the version did not

    Changed while the version did not (what an edit by hand looks like)
      failed   p0@1.0.0, line 1: the address changed
               was  https://registry.example/p0/-/p0-1.0.0.tgz#0000000000000000000000000000000000000000
               now  https://mirror.example/p0/-/p0-1.0.0.tgz#0000000000000000000000000000000000000000

    To look at
      warning  1 release comes from mirror.example, which this lockfile did not name before
    ");
}

#[test]
fn a_scope_whose_registry_changed_and_another_kind_of_source_are_said() {
    let scoped = |host: &str, version: &str| {
        format!(
            "\"@acme/ui@^1.0.0\":\n  version \"{version}\"\n  resolved \"https://{host}/@acme/ui/-/ui-{version}.tgz#{}\"\n\nms@^2:\n  version \"2.1.2\"\n  resolved \"https://registry.example/ms/-/ms-2.1.2.tgz#{}\"\n",
            "0a".repeat(20),
            "0b".repeat(20)
        )
    };
    let it = change(
        Kind::YarnClassic,
        &scoped("npm.acme.example", "1.0.0"),
        &scoped("registry.example", "1.0.1"),
    );
    assert_snapshot!(text(&it), @r"
    yarn.lock: 1 moved

    To look at
      warning  @acme came from npm.acme.example and comes from registry.example now

    Moved
      ↑ @acme/ui 1.0.0 → 1.0.1
    ");
    let git = npm().replace(
        OF_NUMBER,
        "git+ssh://git@code.example/a/is-number.git#54fd1711209fb1c0781092374132c66e79e2241b",
    );
    assert_snapshot!(text(&change(Kind::PackageLock, &npm(), &git)), @r"
    package-lock.json: 1 entry changed while the version did not

    Changed while the version did not (what an edit by hand looks like)
      failed   is-number@7.0.0, line 12: it comes from another kind of source
               was  a registry (https://registry.example/is-number/-/is-number-7.0.0.tgz)
               now  a repository (git+ssh://git@code.example/a/is-number.git#54fd1711209fb1c0781092374132c66e79e2241b)

    To look at
      warning  1 release comes from code.example, which this lockfile did not name before
    ");
}

/// A release at two places, of which one is changed.
fn twice(first: &str, second: &str) -> String {
    npm().replace(
        "    \"node_modules/kind-of\"",
        &format!("    \"node_modules/a\": {{\n      \"version\": \"1.0.0\",\n      {first}\n    }},\n    \"node_modules/b/node_modules/a\": {{\n      \"version\": \"1.0.0\",\n      {second}\n    }},\n    \"node_modules/kind-of\""),
    )
}

#[test]
fn of_several_places_of_a_release_each_is_compared() {
    let at = |host: &str, digest: &str| {
        format!(
            "\"resolved\": \"https://{host}/a/-/a-1.0.0.tgz\",\n      \"integrity\": \"{digest}\""
        )
    };
    let own = at("registry.example", ODD);
    let before = twice(&own, &own);
    for (second, what) in [
        (at("files.example", ODD), "the address changed"),
        (at("registry.example", KIND), "the digest changed"),
        (
            "\"resolved\": \"https://registry.example/a/-/a-1.0.0.tgz\"".to_owned(),
            "the digest was taken away",
        ),
        (
            "\"resolved\": \"git+ssh://git@code.example/a.git#54fd1711209fb1c0781092374132c66e79e2241b\"".to_owned(),
            "it comes from another kind of source",
        ),
    ] {
        let it = change(Kind::PackageLock, &before, &twice(&own, &second));
        let found = it.rewritten.iter().find(|r| r.what.word() == what);
        let severity = found.map(|found| found.severity);
        assert_eq!(severity, Some(customs_model::Severity::High), "{what}: {it:?}");
    }
    // A place that is gone is no edit.
    let fewer = twice(&own, &at("mirror.example", ODD));
    let it = change(Kind::PackageLock, &fewer, &before);
    assert_eq!(it.rewritten, []);
}

#[test]
fn of_several_checksums_of_a_release_each_is_compared() {
    let line = |key: &str, digit: &str| format!("{key}/{}", digit.repeat(128));
    let entries = |one: &str, two: &str| {
        let entry = |key: &str, checksum: &str| {
            format!(
                "\"{key}\":\n  version: 1.0.0\n  resolution: \"{key}\"\n  checksum: {checksum}\n  languageName: node\n  linkType: hard\n\n"
            )
        };
        format!(
            "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n{}{}",
            entry("p@npm:1.0.0", one),
            entry("p@patch:p@npm%3A1.0.0#./p.patch", two)
        )
    };
    let before = entries(&line("10c0", "1"), &line("10c0", "2"));
    let edited = entries(&line("10c0", "1"), &line("10c0", "3"));
    let it = change(Kind::YarnBerry, &before, &edited);
    assert_eq!(it.rewritten.len(), 1, "{it:?}");
    assert_eq!(it.rewritten[0].what, What::Checksum);
    let repacked = entries(&line("11c0", "4"), &line("11c0", "5"));
    assert_eq!(change(Kind::YarnBerry, &before, &repacked).rewritten, []);
}

#[test]
fn a_new_override_is_said() {
    let now = bun().replace(
        "  \"packages\"",
        "  \"overrides\": {\n    \"ms\": \"npm:other@1\",\n  },\n  \"packages\"",
    );
    let it = change(Kind::BunLock, &bun(), &now);
    assert_eq!(
        it.findings[0].message,
        "wherever ms is asked for, npm:other@1 is taken now"
    );
}

#[test]
fn a_format_that_went_back_is_said() {
    let before = npm().replace("\"lockfileVersion\": 3", "\"lockfileVersion\": 2");
    let it = change(Kind::PackageLock, &npm(), &before);
    assert_snapshot!(text(&it), @r"
    package-lock.json: format 3 → 2

    To look at
      warning  the format went back from 3 to 2: an older package manager wrote it, which promises less
    ");
}

#[test]
fn files_that_a_python_release_gained_are_a_note_and_one_that_changed_fails() {
    let uv = include_str!("../../../../ecosystem/src/lockfile/fixtures/uv.lock");
    let more = uv.replace("wheels = [\n    { url = \"https://files.example/packages/bb/", "wheels = [\n    { url = \"https://files.example/packages/cc/anyio-4.4.0-py2-none-any.whl\", hash = \"sha256:0a0f4bf24676fe9dfe3ebc5c4616c57cb2e383db22ebfb13fb6a21c82090be60\" },\n    { url = \"https://files.example/packages/bb/");
    assert_snapshot!(text(&change(Kind::UvLock, uv, &more)), @r"
    uv.lock: nothing that is installed changed

    Also changed
      anyio@4.4.0: the list of files changed
    ");
    let edited = uv.replace("sha256:ae0f4bf2", "sha256:000f4bf2");
    assert_snapshot!(text(&change(Kind::UvLock, uv, &edited)), @r"
    uv.lock: 1 entry changed while the version did not

    Changed while the version did not (what an edit by hand looks like)
      failed   anyio@4.4.0, line 13: a file's digest changed
               was  anyio-4.4.0-py3-none-any.whl sha256:ae0f4bf24676fe9d…
               now  anyio-4.4.0-py3-none-any.whl sha256:000f4bf24676fe9d…
    ");
}

#[test]
fn a_change_of_a_pylock_is_explained_as_any_other() {
    let pylock = include_str!("../../../../ecosystem/src/lockfile/fixtures/pylock.toml");
    let of = |now: &str| change(Kind::PylockToml, pylock, now);
    assert!(of(pylock).is_empty());
    let edited = of(&pylock.replace("sha256 = \"ae0f4bf2", "sha256 = \"000f4bf2"));
    let [one] = &edited.rewritten[..] else {
        panic!("{edited:#?}");
    };
    assert_eq!(one.name, "anyio@4.4.0");
    assert!(text(&edited).contains("failed   anyio@4.4.0, line 6: a file's digest changed"));
    let elsewhere = of(&pylock.replace("//files.example/from-url", "//other.example/from-url"));
    assert!(
        text(&elsewhere).contains("failed   from-url@3.1.0"),
        "{}",
        text(&elsewhere)
    );
    // It says of a package from a repository no version: another commit is told.
    let commit = of(&pylock.replace("54fd1711", "00fd1711"));
    assert!(!commit.is_empty(), "{}", text(&commit));
    let more = format!(
        "{pylock}\n[[packages]]\nname = \"idna\"\nversion = \"3.7\"\n[[packages.wheels]]\nname = \"idna-3.7-py3-none-any.whl\"\nhashes = {{ sha256 = \"{}\" }}\n",
        "0a".repeat(32)
    );
    let added = of(&more);
    assert!(text(&added).contains("+ idna 3.7"), "{}", text(&added));
    let back = change(Kind::PylockToml, &more, pylock);
    assert!(text(&back).contains("- idna 3.7"), "{}", text(&back));
}

#[test]
fn the_comment_is_short_and_what_strangers_write_is_no_markdown() {
    let now = with_more(&npm()).replace(NUMBER, ODD);
    let settings = settings_changes(&[FileChange {
        path: ".npmrc",
        before: None,
        now: Some(b"registry=https://mirror.example/\n"),
    }]);
    let it = change(Kind::PackageLock, &npm(), &now);
    assert_snapshot!(markdown(&it, &settings), @r"
    <!-- customs:lockfile:package-lock.json -->
    **`package-lock.json`**: 1 added, brought in by other packages, 1 entry changed while the version did not. Must not pass.

    - **failed**: is-number@&#8203;7.0.0&#58; the digest changed, while its version did not (`was sha512:3ad93204d2821237…`, `now sha512:b0f490ed83c83be4…`)
    - **warning**: is-odd@&#8203;3.0.1 runs a script at install; it is new here
    - **warning**: .npmrc&#58; registry is new&#58; https&#58;//mirror.example/ \(decides where packages come from\)

    | Newly included | Version | From | Brought in by | |
    |---|---|---|---|---|
    | `is-odd` | `3.0.1` | `registry.example` | `kind-of@6.0.3` | runs a script at install; brings the commands odd |
    ");
    let evil = LockChange {
        file: "a --><b>|`@someone`.json".to_owned(),
        ..it
    };
    let comment = markdown(&evil, &[]);
    let head = comment.lines().take(2).collect::<Vec<_>>().join("\n");
    assert_snapshot!(head, @r"
    <!-- customs:lockfile:a_-___b____someone_.json -->
    **`a --><b>¦'@someone'.json`**: 1 added, brought in by other packages, 1 entry changed while the version did not. Must not pass.
    ");
    assert_eq!(
        markdown(&change(Kind::PackageLock, &npm(), &npm()), &[]),
        ""
    );
}

#[test]
fn the_value_for_machines_has_all_of_it() {
    let it = change(Kind::PackageLock, &npm(), &with_more(&npm()));
    let value = value(&it).unwrap();
    assert_eq!(value["added"][0]["release"], "pkg:npm/is-odd@3.0.1");
    assert_eq!(value["added"][0]["way"][0], "kind-of@6.0.3");
    assert_eq!(value["new_transitive"], 1);
}

#[test]
fn a_mark_of_a_script_that_is_new_at_the_same_version_is_told() {
    let now = npm().replace(
        &format!("\"integrity\": \"{NUMBER}\""),
        &format!("\"integrity\": \"{NUMBER}\",\n      \"hasInstallScript\": true"),
    );
    let it = change(Kind::PackageLock, &npm(), &now);
    assert_eq!(it.rewritten[0].what, What::InstallScript);
    assert_snapshot!(it.findings[0].message, @"is-number@7.0.0: it says that it runs a script at install now, while its version did not");
    assert!(change(Kind::PackageLock, &now, &npm()).findings.is_empty());
}

/// `is-number` moved from 7.0.0 to 7.0.1.
fn moved(kind: Kind, text: &str) -> LockChange {
    change(kind, text, &text.replace("7.0.0", "7.0.1"))
}

#[test]
fn where_a_format_does_not_tell_whether_something_runs_at_install_that_is_not_checked() {
    for (kind, text) in [
        (Kind::YarnClassic, yarn_classic()),
        (Kind::YarnBerry, yarn_berry()),
        (Kind::BunLock, bun()),
        (Kind::PnpmLock, pnpm()),
    ] {
        let it = moved(kind, &text);
        assert_eq!(
            it.scripts_unknown().as_deref(),
            Some(
                "whether 1 new package runs a script at install is not in this lockfile (is-number@7.0.1); of packages of npm's registries `--fetch` tells it"
            ),
            "{kind}"
        );
        let comment = markdown(&it, &[]);
        assert!(
            !comment.contains("nothing in the change itself"),
            "{comment}"
        );
        assert!(
            comment.contains("- not checked: whether 1 new package"),
            "{comment}"
        );
    }
    let it = change(
        Kind::CargoLock,
        &cargo(),
        &cargo().replace("1.0.11", "1.0.12"),
    );
    assert!(it.scripts_unknown().is_some());
    // Where it is told, or nothing is new, there is nothing to say.
    assert_eq!(moved(Kind::PackageLock, &npm()).scripts_unknown(), None);
    let same = change(Kind::BunLock, &bun(), &bun());
    assert_eq!(same.scripts_unknown(), None);
}

#[test]
fn installing_wheels_runs_nothing_and_building_an_archive_may() {
    let pylock = |name: &str, end: &str| {
        format!(
            "lock-version = \"1.0\"\ncreated-by = \"a-tool\"\n\n[[packages]]\nname = \"idna\"\nversion = \"3.7\"\n\n[[packages.wheels]]\nname = \"{name}\"\nurl = \"https://files.example/{name}\"\nhashes = {{ sha256 = \"{}\" }}\n{end}",
            "0a".repeat(32)
        )
    };
    let none = "lock-version = \"1.0\"\ncreated-by = \"a-tool\"\npackages = []\n";
    let wheel = "idna-3.7-py3-none-any.whl";
    let it = change(Kind::PylockToml, none, &pylock(wheel, ""));
    assert_eq!(it.added.len(), 1);
    assert_eq!(it.scripts_unknown(), None);
    let archive = format!(
        "[packages.sdist]\nname = \"idna-3.7.tar.gz\"\nurl = \"https://files.example/idna-3.7.tar.gz\"\nhashes = {{ sha256 = \"{}\" }}\n",
        "0b".repeat(32)
    );
    let it = change(Kind::PylockToml, none, &pylock(wheel, &archive));
    assert!(it.scripts_unknown().is_some());
}

#[test]
fn what_the_registry_says_of_a_script_at_install_fills_what_the_lockfile_does_not() {
    let says = |version: &str, runs: bool| {
        let release: ReleaseId = format!("pkg:npm/is-number@{version}").parse().unwrap();
        let facts = Facts {
            install_script: Some(runs),
            ..Facts::default()
        };
        (release, facts)
    };
    let told = |facts: &[(ReleaseId, Facts)]| {
        let mut it = moved(Kind::BunLock, &bun());
        it.learn(&facts.iter().cloned().collect::<BTreeMap<_, _>>(), now());
        let said: Vec<String> = it.findings.into_iter().map(|one| one.message).collect();
        (said.join("; "), it.moved[0].installed.install_script_known)
    };
    let runs = says("7.0.1", true);
    assert_eq!(
        told(&[runs.clone(), says("7.0.0", false)]),
        (
            "is-number@7.0.1 runs a script at install; 7.0.0 did not".to_owned(),
            true
        )
    );
    assert_eq!(
        told(std::slice::from_ref(&runs)).0,
        "is-number@7.0.1 runs a script at install; whether 7.0.0 did is not known"
    );
    let ran_before = told(&[runs.clone(), says("7.0.0", true)]);
    assert_eq!(ran_before, (String::new(), true));
    assert_eq!(told(&[says("7.0.1", false)]), (String::new(), true));
    assert_eq!(told(&[says("7.0.0", false)]), (String::new(), false));
    // A mark that somebody took out of npm's lockfile hides nothing.
    let mut it = moved(Kind::PackageLock, &npm());
    it.learn(&BTreeMap::from([runs]), now());
    assert_eq!(it.findings.len(), 1, "{:?}", it.findings);
}

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

#[test]
fn who_published_what_is_new_and_how_old_it_is_is_told_where_a_registry_said_it() {
    let facts = |name: &str, version: &str, who: Option<&str>, at: Option<&str>| {
        let release: ReleaseId = format!("pkg:npm/{name}@{version}").parse().unwrap();
        let facts = Facts {
            publisher: who.map(str::to_owned),
            published: at.map(|at| at.parse().unwrap()),
            ..Facts::default()
        };
        (release, facts)
    };
    let more = with_more(&npm())
        .replace("\"version\": \"7.0.0\"", "\"version\": \"7.0.1\"")
        .replace("is-number-7.0.0", "is-number-7.0.1");
    let told = |odd: (ReleaseId, Facts)| {
        let mut it = change(Kind::PackageLock, &npm(), &more);
        let number = facts("is-number", "7.0.1", None, Some("2026-11-30T08:00:00Z"));
        it.learn(&BTreeMap::from([odd, number]), now());
        (text(&it), markdown(&it, &[]), it)
    };
    let (plain, comment, it) = told(facts(
        "is-odd",
        "3.0.1",
        Some("a|b"),
        Some("2026-11-28T11:00:00Z"),
    ));
    assert!(
        plain.contains("brings the commands odd; published 2 days ago by a|b\n"),
        "{plain}"
    );
    assert!(
        plain.contains("is-number 7.0.0 → 7.0.1; published today\n"),
        "{plain}"
    );
    assert!(comment.contains("published 2 days ago by a"), "{comment}");
    assert!(!comment.contains("a|b"), "{comment}");
    assert!(comment.contains("`7.0.1`; published today"), "{comment}");
    assert_eq!(value(&it).unwrap()["added"][0]["days"], 2);
    let (plain, ..) = told(facts("is-odd", "3.0.1", None, Some("2026-12-02T12:00:00Z")));
    assert!(plain.contains("odd; published in the future\n"), "{plain}");
    let (plain, _, it) = told(facts("is-odd", "3.0.1", None, None));
    assert!(plain.contains("brings the commands odd\n"), "{plain}");
    assert_eq!(
        value(&it).unwrap()["added"][0]["published"],
        serde_json::Value::Null
    );
}
