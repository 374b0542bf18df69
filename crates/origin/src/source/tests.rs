//! The shapes of attacks and of honest releases.

use super::testing::{artifact, context, tree};
use super::*;
use crate::source::class::FileClass;
use customs_model::{Answer, Known, Severity};

const NPM: ArtifactKind = ArtifactKind::NpmTarball;

fn in_main() -> CommitPlace {
    let commit = context(NPM, "a", "1.0.0").commit;
    CommitPlace {
        in_default_branch: Known::Is(true),
        default_branch: Some("refs/heads/main".to_owned()),
        held_by: Known::Is(vec!["refs/tags/v1.14.1".to_owned()]),
        tags: vec![VersionTag {
            name: "v1.14.1".to_owned(),
            commit: Some(commit),
            holds: Known::Is(true),
        }],
    }
}

fn judged(
    kind: ArtifactKind,
    source: &[(&str, &str)],
    files: &[(&str, &str)],
    before: &[PhantomSet],
) -> SourceReport {
    let (tree, blobs) = tree(source);
    let artifact = artifact(kind, files);
    let context = context(kind, "axios", "1.14.1");
    let wanted = wants(&artifact, &tree);
    let blobs = blobs
        .into_iter()
        .filter(|(id, _)| wanted.contains(id))
        .collect();
    let comparison = compare(&artifact, &tree, &blobs, &context);
    report(comparison, &artifact, &tree, in_main(), &context, before)
}

fn told(report: &SourceReport) -> String {
    let answer = match &report.answer {
        Answer::Yes => "yes".to_owned(),
        Answer::No => "no".to_owned(),
        Answer::NotChecked(why) => format!("not checked: {why}"),
    };
    let findings = report
        .findings
        .iter()
        .map(|f| format!("{:?}: {}\n", f.severity, f.sentence));
    format!("{answer}\n{}", findings.collect::<String>())
}

#[test]
fn a_package_that_is_its_source_is_a_yes() {
    let files = [
        ("package.json", r#"{"name": "axios"}"#),
        ("index.js", "a"),
        ("LICENSE", "MIT"),
    ];
    let report = judged(NPM, &files, &files, &[]);
    assert_eq!(told(&report), "yes\n");
    assert_eq!(report.counts.same, 3);
}

#[test]
fn axios_1_14_1_has_a_dependency_that_its_commit_does_not_have() {
    let source = [
        (
            "package.json",
            r#"{"name": "axios", "version": "1.14.0", "dependencies": {"form-data": "^4.0.5"}}"#,
        ),
        ("index.js", "a"),
    ];
    let files = [
        (
            "package.json",
            r#"{"name": "axios", "version": "1.14.1", "dependencies": {"form-data": "^4.0.5", "plain-crypto-js": "^4.2.1"}}"#,
        ),
        ("index.js", "a"),
    ];
    insta::assert_snapshot!(told(&judged(NPM, &source, &files, &[])), @r"
    no
    High: dependencies.plain-crypto-js (^4.2.1) stands in package.json of the artifact only; the commit does not have it.
    ");
}

#[test]
fn a_worm_brings_a_bundle_and_a_preinstall() {
    let source = [("package.json", r#"{"name": "axios"}"#), ("index.js", "a")];
    let files = [
        (
            "package.json",
            r#"{"name": "axios", "scripts": {"preinstall": "node bundle.js"}}"#,
        ),
        ("index.js", "a"),
        ("bundle.js", "b"),
    ];
    insta::assert_snapshot!(told(&judged(NPM, &source, &files, &[])), @r#"
    no
    High: scripts.preinstall (node bundle.js) stands in package.json of the artifact only; the commit does not have it.
    High: 1 file that can run is not in commit 2278c799e5e3, and nothing in it explains it: bundle.js.
    "#);
}

#[test]
fn xz_had_a_file_of_m4_that_its_tag_does_not_have() {
    let source = [
        ("configure.ac", "a"),
        ("m4/gettext.m4", "g"),
        ("pyproject.toml", "[project]"),
    ];
    let files = [
        ("configure.ac", "a"),
        ("m4/gettext.m4", "g"),
        ("m4/build-to-host.m4", "evil"),
        ("PKG-INFO", "Name: axios"),
    ];
    insta::assert_snapshot!(told(&judged(ArtifactKind::Sdist, &source, &files, &[])), @r#"
    no
    High: 1 file that can run is not in commit 2278c799e5e3, and nothing in it explains it: m4/build-to-host.m4.
    "#);
}

const TS_SOURCE: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "axios", "main": "dist/a.js"}"#),
    ("src/a.ts", "export const a: number = 1"),
    ("README.md", "r"),
];

#[test]
fn a_build_whose_map_holds_the_source_is_quiet_and_not_green() {
    let map = r#"{"version":3,"sources":["../src/a.ts"],"sourcesContent":["export const a: number = 1"]}"#;
    let files = [
        ("package.json", r#"{"name": "axios", "main": "dist/a.js"}"#),
        ("dist/a.js", "exports.a = 1"),
        ("dist/a.js.map", map),
        ("dist/a.d.ts", "export declare const a: number"),
        ("src/a.ts", "export const a: number = 1"),
        ("README.md", "r"),
    ];
    let report = judged(NPM, TS_SOURCE, &files, &[]);
    assert_eq!((report.counts.generated, report.counts.phantom), (3, 0));
    insta::assert_snapshot!(told(&report), @"not checked: 1 file that can run is not in the source but built: 1 with a source map that holds this source, 0 named by the build configuration, 0 explained by nothing. Only a build could tell whether they were made from it alone.");
}

fn fifty(extra: &[&str]) -> Vec<(String, String)> {
    let mut files: Vec<_> = (0..50)
        .map(|n| (format!("dist/esm/part{n}.js"), format!("built {n}")))
        .collect();
    files.push(("package.json".to_owned(), TS_SOURCE[0].1.to_owned()));
    files.extend(
        extra
            .iter()
            .map(|path| ((*path).to_owned(), "new".to_owned())),
    );
    files
}

fn judged_ts(files: &[(String, String)], before: &[PhantomSet]) -> SourceReport {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, c)| (p.as_str(), c.as_str()))
        .collect();
    judged(NPM, TS_SOURCE, &files, before)
}

#[test]
fn fifty_known_phantoms_are_quiet_and_the_fifty_first_speaks() {
    let first = judged_ts(&fifty(&[]), &[]);
    assert!(
        first.findings.iter().all(|f| f.severity < Severity::Medium),
        "{}",
        told(&first)
    );
    assert_eq!(first.counts.phantom, 50);
    let before = [first.phantoms];
    let quiet = judged_ts(&fifty(&[]), &before);
    assert_eq!(quiet.findings, []);
    assert!(matches!(quiet.answer, Answer::NotChecked(_)));
    let loud = judged_ts(&fifty(&["router_init.js"]), &before);
    insta::assert_snapshot!(told(&loud), @r#"
    no
    High: router_init.js, which can run, is not in commit 2278c799e5e3, and was in no release before that was compared.
    "#);
}

#[test]
fn a_new_phantom_with_a_source_of_its_name_is_only_mentioned() {
    let before = [judged_ts(&fifty(&[]), &[]).phantoms];
    let more = judged_ts(&fifty(&["dist/esm/a.js", "dist/notes.txt"]), &before);
    assert!(!more.findings.is_empty());
    assert!(
        more.findings.iter().all(|f| f.severity == Severity::Low),
        "{}",
        told(&more)
    );
    let other = judged_ts(&fifty(&["dist/esm/router_init.js"]), &before);
    assert_eq!(other.answer, Answer::No);
}

#[test]
fn bytes_that_the_commit_has_otherwise_are_modified_even_where_they_stand_elsewhere() {
    let source = [
        ("package.json", r#"{"name": "axios"}"#),
        ("index.js", "good"),
        ("test/fixtures/evil.js", "evil"),
    ];
    let report = judged(
        NPM,
        &source,
        &[
            ("package.json", r#"{"name": "axios"}"#),
            ("index.js", "evil"),
        ],
        &[],
    );
    insta::assert_snapshot!(told(&report), @r#"
    no
    High: 1 file that can run has other bytes than commit 2278c799e5e3: index.js.
    "#);
}

#[test]
fn a_file_for_tests_that_runs_elsewhere_is_mentioned() {
    let source = [
        ("package.json", r#"{"name": "axios"}"#),
        ("test/fixtures/evil.js", "evil"),
    ];
    let report = judged(
        NPM,
        &source,
        &[
            ("package.json", r#"{"name": "axios"}"#),
            ("lib/index.js", "evil"),
        ],
        &[],
    );
    insta::assert_snapshot!(told(&report), @r"
    yes
    Low: 1 file that can run has the bytes of files for tests, examples or documentation: lib/index.js.
    ");
}

#[test]
fn a_crate_is_compared_below_its_folder_with_cargos_own_files_known() {
    let source = [
        ("LICENSE", "MIT"),
        (
            "Cargo.toml",
            "[workspace]\n[workspace.dependencies]\nlog = '0.4'",
        ),
        (
            "crates/axios/Cargo.toml",
            "[package]\nname = 'axios'\n[dependencies]\nlog = { workspace = true }",
        ),
        ("crates/axios/src/lib.rs", "lib"),
        ("crates/axios/LICENSE", "-> ../../LICENSE"),
    ];
    let commit = context(ArtifactKind::Crate, "axios", "1.14.1").commit;
    let info = format!(
        r#"{{"git": {{"sha1": "{commit}", "dirty": true}}, "path_in_vcs": "crates/axios"}}"#
    );
    let files = [
        (
            "Cargo.toml",
            "[package]\nname = 'axios'\n[dependencies.log]\nversion = '0.4'",
        ),
        ("Cargo.toml.orig", source[2].1),
        ("Cargo.lock", "version = 4"),
        (".cargo_vcs_info.json", info.as_str()),
        ("src/lib.rs", "lib"),
        ("LICENSE", "MIT"),
    ];
    let report = judged(ArtifactKind::Crate, &source, &files, &[]);
    insta::assert_snapshot!(told(&report), @r"
    yes
    Note: cargo says that the work tree had changes that were not committed; that is ordinary, and what differs is listed.
    ");
    assert_eq!(
        report.files["LICENSE"],
        FileClass::Moved {
            from: "LICENSE".to_owned()
        }
    );
    assert_eq!(report.counts.normalised, 4);
    let mut bad = files.to_vec();
    bad[0].1 = "[package]\nname = 'axios'\n[dependencies]\nlog = '0.4'\nevil = '1'";
    bad.push(("build.rs", "evil"));
    insta::assert_snapshot!(told(&judged(ArtifactKind::Crate, &source, &bad, &[])), @r#"
    no
    High: dependencies.evil (evil 1) stands in Cargo.toml of the artifact only; the commit does not have it.
    High: 1 file that can run is not in commit 2278c799e5e3, and nothing in it explains it: build.rs.
    Note: cargo says that the work tree had changes that were not committed; that is ordinary, and what differs is listed.
    "#);
}

#[test]
fn a_wheel_is_found_below_src_and_its_startup_file_speaks() {
    let source = [
        (
            "pyproject.toml",
            "[project]\nname = 'axios'\ndependencies = ['idna>=3']\n[tool.setuptools_scm]\nwrite_to = 'src/axios/_version.py'",
        ),
        ("src/axios/__init__.py", "import idna"),
        ("LICENSE", "MIT"),
    ];
    let files = [
        ("axios/__init__.py", "import idna"),
        ("axios/_version.py", "version = '1.14.1'"),
        (
            "axios-1.14.1.dist-info/METADATA",
            "Name: axios\nRequires-Dist: idna>=3\n",
        ),
        ("axios-1.14.1.dist-info/licenses/LICENSE", "MIT"),
    ];
    let report = judged(ArtifactKind::Wheel, &source, &files, &[]);
    assert_eq!(report.base.as_ref().unwrap().folder, "src");
    assert!(report.findings.is_empty(), "{}", told(&report));
    let mut bad = files.to_vec();
    bad.push(("axios.pth", "import os"));
    bad.push(("axios-1.14.1.dist-info/setup.py", "evil"));
    insta::assert_snapshot!(told(&judged(ArtifactKind::Wheel, &source, &bad, &[])), @r#"
    no
    High: 2 files that can run are not in commit 2278c799e5e3, and nothing in it explains them: axios-1.14.1.dist-info/setup.py, axios.pth.
    "#);
}

#[test]
fn ordinary_differences_of_bytes_are_named() {
    let oid = customs_model::Digest::sha256(b"a model").to_hex();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n");
    let other = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 7\n",
        "0".repeat(64)
    );
    let source = [
        ("package.json", r#"{"name": "axios"}"#),
        (
            ".gitattributes",
            "*.js text eol=lf\nv.py export-subst\nsecret.js filter=git-crypt\n",
        ),
        ("crlf.js", "a\nb\n"),
        ("v.py", "v = \"$Format:%H$\"\n"),
        ("model.js", pointer.as_str()),
        ("swapped.js", other.as_str()),
        ("stamp.js", "const VERSION = \"0.0.0\"\n"),
        ("secret.js", "\u{0}GITCRYPT"),
        ("vendor", "@commit"),
    ];
    let files = [
        ("package.json", r#"{"name": "axios"}"#),
        ("crlf.js", "a\r\nb\r\n"),
        ("v.py", "v = \"1f2e3d\"\n"),
        ("model.js", "a model"),
        ("swapped.js", "a model"),
        ("stamp.js", "const VERSION = \"1.14.1\"\n"),
        ("secret.js", "plain"),
        ("vendor/z.c", "z"),
    ];
    let report = judged(NPM, &source, &files, &[]);
    insta::assert_debug_snapshot!(report.files, @r#"
    {
        "crlf.js": Normalised {
            how: LineEndings,
        },
        "model.js": Normalised {
            how: LargeFileStorage,
        },
        "package.json": Same,
        "secret.js": NotCompared {
            why: Filter {
                name: "git-crypt",
            },
        },
        "stamp.js": Normalised {
            how: VersionStamp,
        },
        "swapped.js": Modified,
        "v.py": Normalised {
            how: ExportSubst,
        },
        "vendor/z.c": NotCompared {
            why: Submodule {
                at: "vendor",
            },
        },
    }
    "#);
    assert_eq!(report.answer, Answer::No);
    assert_eq!(report.findings[0].paths, ["swapped.js"]);
}

#[test]
fn a_crowd_of_new_phantoms_is_said_in_few_sentences() {
    let before = [judged_ts(&fifty(&[]), &[]).phantoms];
    let names: Vec<String> = (0..100).map(|n| format!("x{n}.js")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = judged_ts(&fifty(&names), &before);
    assert_eq!(report.findings.len(), 31);
    let last = &report.findings[30].sentence;
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.sentence.starts_with("70 files more")),
        "{last}"
    );
}

#[test]
fn metadata_that_is_too_long_to_be_read_is_said() {
    let source = [("pyproject.toml", "[project]"), ("axios/__init__.py", "a")];
    let long = "x".repeat(600 << 10);
    let files = [
        source[1],
        ("axios-1.14.1.dist-info/METADATA", long.as_str()),
    ];
    let report = judged(ArtifactKind::Wheel, &source, &files, &[]);
    insta::assert_snapshot!(told(&report), @"not checked: axios-1.14.1.dist-info/METADATA is too long or no text, so what it asks for was not compared.");
}

#[test]
fn a_package_whose_name_no_manifest_has_is_never_green() {
    let source = [("package.json", r#"{"name": "other"}"#), ("a.js", "a")];
    let report = judged(NPM, &source, &source, &[]);
    insta::assert_snapshot!(told(&report), @r#"not checked: No manifest of the commit has the name of this package; it was compared with the top."#);
}

#[test]
fn a_commit_that_nothing_holds_is_a_no_whatever_its_files_say() {
    let (tree, blobs) = tree(&[("package.json", r#"{"name": "axios"}"#)]);
    let artifact = artifact(NPM, &[("package.json", r#"{"name": "axios"}"#)]);
    let context = context(NPM, "axios", "1.14.1");
    let judge = |place| {
        report(
            compare(&artifact, &tree, &blobs, &context),
            &artifact,
            &tree,
            place,
            &context,
            &[],
        )
    };
    let place = |held: Known<Vec<String>>, tags| CommitPlace {
        in_default_branch: Known::Is(false),
        default_branch: None,
        held_by: held,
        tags,
    };
    insta::assert_snapshot!(told(&judge(place(Known::Is(vec![]), vec![]))), @r#"
    no
    High: Commit 2278c799e5e3, which the provenance names, is in the clone, but no branch and no tag holds it: anybody who can open a pull request can make such a commit.
    Note: No tag of the clone is named for 1.14.1.
    "#);
    let shallow = judge(place(
        Known::not_known("the clone is shallow (git fetch --unshallow)"),
        vec![],
    ));
    insta::assert_snapshot!(told(&shallow), @r#"
    not checked: Whether a branch or a tag holds commit 2278c799e5e3 is not known, because the clone is shallow (git fetch --unshallow).
    Note: No tag of the clone is named for 1.14.1.
    "#);
    let other = ObjectId::of(ObjectFormat::Sha1, ObjectKind::Commit, b"other");
    let tag = VersionTag {
        name: "v1.14.1".to_owned(),
        commit: Some(other),
        holds: Known::Is(false),
    };
    let moved = judge(place(
        Known::Is(vec!["refs/heads/v1".to_owned()]),
        vec![tag],
    ));
    assert_eq!(moved.answer, Answer::No);
    assert_eq!(moved.findings[0].kind, FindingKind::OtherTag);
}

#[test]
fn names_that_would_write_to_a_terminal_are_made_safe() {
    let source = [("package.json", r#"{"name": "axios"}"#), ("a.js", "a")];
    let report = judged(
        NPM,
        &source,
        &[
            ("package.json", r#"{"name": "axios"}"#),
            ("a.js", "a"),
            ("\u{1b}[2Jx.js", "x"),
        ],
        &[],
    );
    assert!(
        report
            .findings
            .iter()
            .all(|f| !f.sentence.contains('\u{1b}'))
    );
    assert_eq!(report.answer, Answer::No);
}

#[test]
fn a_report_comes_back_from_json_as_it_was() {
    let report = judged_ts(&fifty(&["bundle.js"]), &[]);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<SourceReport>(&text).unwrap(), report);
}
