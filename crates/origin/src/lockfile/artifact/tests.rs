use super::super::testing::{graph, lines};
use super::*;

fn lock(entry: &str) -> String {
    format!(
        r#"{{"name":"shop","lockfileVersion":3,"requires":true,"packages":{{
        "":{{"name":"shop","dependencies":{{"a":"1"}}}},
        "node_modules/a":{{"version":"1.0.0",{entry}"dependencies":{{"b":"^1","alias":"npm:c@1"}}}},
        "node_modules/alias":{{"name":"c","version":"1.0.0"}},
        "node_modules/b":{{"version":"1.0.0"}}}}}}"#
    )
}

fn own(name: &str, version: &str, dependencies: &[&str], scripts: &[&str]) -> OwnManifest {
    let mut manifest = Manifest::default();
    for name in dependencies {
        manifest
            .dependencies
            .insert((*name).to_owned(), "^1".to_owned());
    }
    for name in scripts {
        manifest
            .runs
            .scripts
            .insert((*name).to_owned(), "node a.js".to_owned());
    }
    OwnManifest {
        entry: 0,
        declared: Ok(Declared {
            name: Some(name.to_owned()),
            version: Some(version.to_owned()),
            manifest,
        }),
        document: None,
    }
}

fn said(lock: &str, own: OwnManifest) -> String {
    let graph = graph(Kind::PackageLock, lock);
    assert_eq!(graph.lockfile.entries[0].release.spoken(), "a@1.0.0");
    lines(&judge_artifacts("package-lock.json", &graph, &[own]))
}

#[test]
fn an_artifact_of_another_release_than_its_entry_fails() {
    insta::assert_snapshot!(said(&lock(""), own("is-odd", "3.0.1", &["b"], &[])), @"failed lock-artifact line 3: the artifact that is locked as a@1.0.0 calls itself is-odd@3.0.1");
    assert_eq!(
        said(&lock(""), own("a", "v1.0.0+build", &["b", "c"], &[])),
        ""
    );
}

#[test]
fn what_the_lockfile_does_not_tell_of_warns() {
    let hidden = own("a", "1.0.0", &["b", "c", "evil"], &["postinstall"]);
    insta::assert_snapshot!(said(&lock(""), hidden.clone()), @r"
    warning lock-artifact line 3: the artifact of a@1.0.0 has what the lockfile does not tell
        a script at install: postinstall: node a.js
        a dependency: evil ^1
    ");
    // Scripts that the lockfile counts, and dependencies that an override may have changed.
    let told = lock(r#""hasInstallScript":true,"#);
    assert!(!said(&told, hidden.clone()).contains("script"));
    let mut graph = graph(Kind::PackageLock, &told);
    graph.overrides.push(("evil".to_owned(), "-".to_owned()));
    assert_eq!(lines(&judge_artifacts("p", &graph, &[hidden])), "");
}

#[test]
fn what_the_document_does_not_tell_of_warns() {
    let mut one = own("a", "1.0.0", &["b", "c"], &["postinstall"]);
    one.document = Some(own("a", "1.0.0", &["b"], &[]).declared.unwrap().manifest);
    let told = lock(r#""hasInstallScript":true,"#);
    insta::assert_snapshot!(said(&told, one), @r"
    warning lock-artifact line 3: the artifact of a@1.0.0 has what its registry's document does not tell
        a script at install: postinstall: node a.js
        a dependency: c ^1
    ");
}

#[test]
fn names_of_python_are_the_same_however_a_lockfile_writes_them() {
    let text = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\n[package.dependencies]\nPyYAML = \">=5\"\n\"zope.interface\" = \"*\"\n\n[metadata]\nlock-version = \"2.1\"\n";
    let graph = graph(Kind::PoetryLock, text);
    let mut one = own("a", "1.0.0", &[], &[]);
    let asks = &mut one.declared.as_mut().unwrap().manifest.dependencies;
    asks.insert("pyyaml".to_owned(), ">=5".to_owned());
    asks.insert("zope-interface".to_owned(), String::new());
    assert_eq!(lines(&judge_artifacts("poetry.lock", &graph, &[one])), "");
}

#[test]
fn what_python_asks_for_on_some_machines_only_is_passed_over() {
    let text = "[[package]]\nname = \"a\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\n[metadata]\nlock-version = \"2.1\"\n";
    let graph = graph(Kind::PoetryLock, text);
    let mut one = own("a", "1.0.0", &[], &[]);
    let asks = &mut one.declared.as_mut().unwrap().manifest.dependencies;
    asks.insert("win".to_owned(), "; sys_platform == 'win32'".to_owned());
    assert_eq!(
        lines(&judge_artifacts("poetry.lock", &graph, &[one.clone()])),
        ""
    );
    let asks = &mut one.declared.as_mut().unwrap().manifest.dependencies;
    asks.insert("evil".to_owned(), ">=1".to_owned());
    insta::assert_snapshot!(lines(&judge_artifacts("poetry.lock", &graph, &[one])), @r"
    warning lock-artifact line 1: the artifact of a@1.0 has what the lockfile does not tell
        a dependency: evil >=1
    ");
}

#[test]
fn what_could_not_be_read_is_not_checked_and_of_one_reason_told_once_with_its_count() {
    let graph = graph(Kind::PackageLock, &lock(""));
    let unread = |entry, why: &str| OwnManifest {
        entry,
        declared: Err(why.to_owned()),
        document: None,
    };
    let own = [
        unread(0, "it has no package.json"),
        unread(1, "it has no package.json"),
        unread(2, "its archive cannot be read: \u{1b}[2J"),
    ];
    let judgement = judge_artifacts("package-lock.json", &graph, &own);
    insta::assert_snapshot!(lines(&judgement), @r"
    not checked: package-lock.json: 2 artifacts say nothing of themselves that can be read (a@1.0.0, c@1.0.0): it has no package.json
    not checked: package-lock.json: 1 artifact says nothing of itself that can be read (b@1.0.0): its archive cannot be read: \u{1b}[2J
    ");
    assert!(matches!(
        judgement.answer(),
        customs_model::Answer::NotChecked(_)
    ));
}

const UV: &str = "version = 1\nrequires-python = \">=3.12\"\n\n[[manifest.dependency-metadata]]\nname = \"A\"\nversion = \"1.0\"\nrequires-dist = [\"kept>=1\", \"win ; sys_platform == 'win32'\"]\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"https://index.example/simple\" }\n";

fn of_uv(lock: &str) -> String {
    let graph = graph(Kind::UvLock, lock);
    let mut one = own("a", "1.0", &[], &[]);
    let asks = &mut one.declared.as_mut().unwrap().manifest.dependencies;
    for name in ["kept", "win", "dropped"] {
        asks.insert(name.to_owned(), ">=1".to_owned());
    }
    lines(&judge_artifacts("uv.lock", &graph, &[one]))
}

#[test]
fn what_uv_was_given_in_the_place_of_a_package_s_metadata_is_no_difference() {
    // What stands in it on every machine has to be locked all the same.
    insta::assert_snapshot!(of_uv(UV), @r"
    warning lock-artifact line 9: the artifact of a@1.0 has what the lockfile does not tell
        a dependency: kept >=1
    ");
    let locked = format!("{UV}dependencies = [{{ name = \"kept\" }}]\n");
    assert_eq!(of_uv(&locked), "");
    // Without a version it is for all of them.
    assert_eq!(of_uv(&locked.replacen("version = \"1.0\"\n", "", 1)), "");
}

#[test]
fn metadata_of_another_version_or_package_that_uv_was_given_excuses_nothing() {
    for (own, others) in [
        ("version = \"1.0\"\nrequires", "version = \"2.0\"\nrequires"),
        ("name = \"A\"", "name = \"b\""),
    ] {
        let said = of_uv(&UV.replace(own, others));
        assert!(said.contains("a dependency: dropped >=1"), "{said}");
    }
}
