//! Artifacts against repositories that git made.

use super::testing::{Repo, context, git, tarball};
use super::*;
use customs_model::{Answer, Known};
use customs_origin::source::{ArtifactKind, FileClass, FindingKind, Gap, Normalisation};
use std::fs;

const NPM: ArtifactKind = ArtifactKind::NpmTarball;
const PACKAGE: (&str, &str) = ("package.json", r#"{"name": "widget"}"#);

fn released(files: &[(&str, &str)]) -> (Repo, ObjectId) {
    let repo = Repo::new();
    let commit = repo.commit(files);
    repo.tag("v1.2.3");
    (repo, commit)
}

fn judged(
    repo: &Repo,
    commit: ObjectId,
    kind: ArtifactKind,
    files: &[(&str, &str)],
) -> SourceReport {
    compare_with_clone(repo.path(), &tarball(files), &context(kind, commit), &[])
}

fn said(report: &SourceReport, repo: &Repo) -> String {
    let answer = match &report.answer {
        Answer::Yes => "yes".to_owned(),
        Answer::No => "no".to_owned(),
        Answer::NotChecked(why) => format!("not checked: {why}"),
    };
    let findings = report
        .findings
        .iter()
        .map(|f| format!("\n{:?}: {}", f.severity, f.sentence));
    (answer + &findings.collect::<String>())
        .replace(&repo.path().to_string_lossy().into_owned(), "CLONE")
}

#[test]
fn a_release_that_is_its_tag_is_a_yes_packed_or_not_bare_or_not() {
    let files = [PACKAGE, ("lib/a.js", "a"), ("deep/er/b.js", "b")];
    let (repo, commit) = released(&files);
    assert_eq!(said(&judged(&repo, commit, NPM, &files), &repo), "yes");
    repo.git(&["gc", "--quiet", "--aggressive"]);
    repo.git(&["commit-graph", "write"]);
    let report = judged(&repo, commit, NPM, &files);
    assert_eq!(said(&report, &repo), "yes");
    assert_eq!(report.place.unwrap().in_default_branch, Known::Is(true));
    let bare = tempfile::tempdir().unwrap();
    git(
        bare.path(),
        &[
            "clone",
            "--quiet",
            "--bare",
            &repo.path().to_string_lossy(),
            "bare",
        ],
    );
    let report = compare_with_clone(
        &bare.path().join("bare"),
        &tarball(&files),
        &context(NPM, commit),
        &[],
    );
    assert_eq!(report.answer, Answer::Yes);
    let tree = tempfile::tempdir().unwrap();
    let linked = tree.path().join("linked");
    repo.git(&[
        "worktree",
        "add",
        "--quiet",
        "--detach",
        &linked.to_string_lossy(),
    ]);
    let report = compare_with_clone(&linked, &tarball(&files), &context(NPM, commit), &[]);
    assert_eq!(report.answer, Answer::Yes);
}

#[test]
fn a_repository_of_sha256_is_read_like_any_other() {
    let repo = Repo::with(&["--object-format=sha256"]);
    let commit = repo.commit(&[PACKAGE, ("a.js", "a")]);
    repo.tag("v1.2.3");
    let report = judged(&repo, commit, NPM, &[PACKAGE, ("a.js", "b")]);
    assert_eq!(report.counts.same, 1);
    assert_eq!(report.findings[0].kind, FindingKind::Modified);
}

#[test]
fn a_manifest_that_differs_from_the_tag_is_loud() {
    let (repo, commit) = released(&[
        (
            "package.json",
            r#"{"name": "widget", "dependencies": {"a": "1"}}"#,
        ),
        ("a.js", "a"),
    ]);
    let files = [
        (
            "package.json",
            r#"{"name": "widget", "dependencies": {"a": "1", "plain-crypto-js": "^4.2.1"}}"#,
        ),
        ("a.js", "a"),
    ];
    insta::assert_snapshot!(said(&judged(&repo, commit, NPM, &files), &repo), @r#"
    no
    High: dependencies.plain-crypto-js (^4.2.1) stands in package.json of the artifact only; the commit does not have it.
    "#);
}

#[test]
fn a_file_of_m4_that_the_tag_does_not_have_is_loud() {
    let source = [("setup.py", "setup()"), ("m4/gettext.m4", "g")];
    let (repo, commit) = released(&source);
    let mut files = source.to_vec();
    files.push(("m4/build-to-host.m4", "evil"));
    let report = judged(&repo, commit, ArtifactKind::Sdist, &files);
    assert_eq!(report.answer, Answer::No);
    assert_eq!(report.findings[0].paths, ["m4/build-to-host.m4"]);
}

#[test]
fn a_package_of_typescript_is_quiet_and_a_new_file_at_its_root_is_not() {
    let source = [
        ("package.json", r#"{"name": "widget", "main": "dist/a.js"}"#),
        (
            "tsconfig.json",
            r#"{"compilerOptions": {"outDir": "dist", "rootDir": "src"}} // a comment"#,
        ),
        ("src/a.ts", "export const a = 1 as number"),
    ];
    let (repo, commit) = released(&source);
    let built = [
        source[0],
        ("dist/a.js", "a"),
        ("dist/a.d.ts", "d"),
        ("dist/vendor.js", "v"),
    ];
    let first = judged(&repo, commit, NPM, &built);
    assert_eq!((first.counts.generated, first.counts.phantom), (2, 1));
    let context = context(NPM, commit);
    let before = [first.phantoms];
    let quiet = compare_with_clone(repo.path(), &tarball(&built), &context, &before);
    assert_eq!(quiet.findings, []);
    assert!(matches!(quiet.answer, Answer::NotChecked(_)));
    let mut bad = built.to_vec();
    bad.push(("router_init.js", "evil"));
    let loud = compare_with_clone(repo.path(), &tarball(&bad), &context, &before);
    assert_eq!(loud.answer, Answer::No);
    assert_eq!(loud.findings[0].paths, ["router_init.js"]);
}

#[test]
fn a_package_of_a_monorepo_is_found_with_its_licence() {
    let (repo, commit) = released(&[
        ("LICENSE", "MIT, at length"),
        ("package.json", r#"{"name": "root"}"#),
        ("packages/widget/package.json", r#"{"name": "widget"}"#),
        ("packages/widget/a.js", "a"),
    ]);
    let report = judged(
        &repo,
        commit,
        NPM,
        &[PACKAGE, ("a.js", "a"), ("LICENSE", "MIT, at length")],
    );
    assert_eq!(said(&report, &repo), "yes");
    assert_eq!(
        report.files["LICENSE"],
        FileClass::Moved {
            from: "LICENSE".to_owned()
        }
    );
    assert_eq!(report.base.unwrap().folder, "packages/widget");
}

#[test]
fn differences_that_git_makes_are_named() {
    let oid = customs_model::Digest::sha256(b"a model").to_hex();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n");
    let (repo, commit) = released(&[
        PACKAGE,
        (
            ".gitattributes",
            "*.bat text eol=crlf\nversion.js export-subst\n",
        ),
        ("a.bat", "one\ntwo\n"),
        ("version.js", "exports.commit = '$Format:%H$'\n"),
        ("model.bin", &pointer),
    ]);
    let report = judged(
        &repo,
        commit,
        NPM,
        &[
            PACKAGE,
            ("a.bat", "one\r\ntwo\r\n"),
            ("version.js", "exports.commit = '1f2e3d4c'\n"),
            ("model.bin", "a model"),
        ],
    );
    let how = |path: &str| report.files[path].clone();
    assert_eq!(
        how("a.bat"),
        FileClass::Normalised {
            how: Normalisation::LineEndings
        }
    );
    assert_eq!(
        how("version.js"),
        FileClass::Normalised {
            how: Normalisation::ExportSubst
        }
    );
    assert_eq!(
        how("model.bin"),
        FileClass::Normalised {
            how: Normalisation::LargeFileStorage
        }
    );
    assert_eq!(said(&report, &repo), "yes");
}

#[test]
fn what_lies_in_a_submodule_is_not_guessed() {
    let other = Repo::new();
    other.commit(&[("z.c", "z")]);
    let repo = Repo::new();
    repo.git(&[
        "submodule",
        "--quiet",
        "add",
        &other.path().to_string_lossy(),
        "vendor/z",
    ]);
    let commit = repo.commit(&[PACKAGE]);
    repo.tag("v1.2.3");
    let report = judged(&repo, commit, NPM, &[PACKAGE, ("vendor/z/z.c", "z")]);
    let why = Gap::Submodule {
        at: "vendor/z".to_owned(),
    };
    assert_eq!(report.files["vendor/z/z.c"], FileClass::NotCompared { why });
    insta::assert_snapshot!(said(&report, &repo), @r#"not checked: 1 file could not be compared; what stands in a submodule is in another repository: vendor/z/z.c."#);
}

#[test]
fn a_link_is_followed_in_the_tree_and_never_on_the_disk() {
    let repo = Repo::new();
    repo.write(&[("shared.js", "shared"), PACKAGE]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("shared.js", repo.path().join("link.js")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", repo.path().join("out.js")).unwrap();
    }
    let commit = repo.commit(&[]);
    let outside = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let report = judged(
        &repo,
        commit,
        NPM,
        &[PACKAGE, ("link.js", "shared"), ("out.js", &outside)],
    );
    assert_eq!(
        report.files["link.js"],
        FileClass::Moved {
            from: "shared.js".to_owned()
        }
    );
    assert_eq!(report.files["out.js"], FileClass::Modified);
}

#[test]
fn a_commit_that_no_branch_holds_is_a_no() {
    let (repo, _) = released(&[PACKAGE]);
    repo.git(&["checkout", "--quiet", "--detach"]);
    let orphan = repo.commit(&[("a.js", "a")]);
    repo.git(&["checkout", "--quiet", "main"]);
    // As GitHub keeps those of pull requests, which anybody can open.
    repo.git(&["update-ref", "refs/pull/7/head", &orphan.to_string()]);
    let report = judged(&repo, orphan, NPM, &[PACKAGE, ("a.js", "a")]);
    insta::assert_snapshot!(said(&report, &repo), @r#"
    no
    High: Commit 2da151aa6206, which the provenance names, is in the clone, but no branch and no tag holds it: anybody who can open a pull request can make such a commit.
    Medium: Tag v1.2.3 names 072019f4a8ef; the provenance names 2da151aa6206.
    "#);
    repo.git(&["branch", "v1-maintenance", &orphan.to_string()]);
    repo.git(&["tag", "--delete", "v1.2.3"]);
    let held = judged(&repo, orphan, NPM, &[PACKAGE, ("a.js", "a")]);
    assert_eq!(held.answer, Answer::Yes);
    assert_eq!(
        held.place.unwrap().held_by,
        Known::Is(vec!["refs/heads/v1-maintenance".to_owned()])
    );
}

#[test]
fn a_tag_that_comes_after_the_commit_is_only_mentioned() {
    let repo = Repo::new();
    let built = repo.commit(&[PACKAGE]);
    repo.commit(&[("CHANGELOG.md", "1.2.3")]);
    repo.tag("v1.2.3");
    let report = judged(&repo, built, NPM, &[PACKAGE]);
    insta::assert_snapshot!(said(&report, &repo), @r#"
    yes
    Note: Tag v1.2.3 names e5c3cab30ef6, which comes after it; the provenance names 072019f4a8ef.
    "#);
}

#[test]
fn a_clone_of_one_branch_does_not_know_what_others_hold() {
    let repo = Repo::new();
    repo.commit(&[PACKAGE]);
    repo.git(&["checkout", "--quiet", "--detach"]);
    let away = repo.commit(&[("a.js", "a")]);
    let report = judged(&repo, away, NPM, &[PACKAGE, ("a.js", "a")]);
    assert!(
        matches!(&report.answer, Answer::NotChecked(why) if why.contains("one branch")),
        "{:?}",
        report.answer
    );
}

#[test]
fn a_commit_that_is_not_in_the_clone_is_not_checked_and_says_how_to_get_it() {
    let (repo, _) = released(&[PACKAGE]);
    let missing = ObjectId::parse(&"1".repeat(40)).unwrap();
    let report = judged(&repo, missing, NPM, &[PACKAGE]);
    insta::assert_snapshot!(said(&report, &repo), @r#"not checked: Commit 1111111111111111111111111111111111111111 is not in this clone: git -C CLONE fetch origin 1111111111111111111111111111111111111111."#);
    let other_format = ObjectId::parse(&"1".repeat(64)).unwrap();
    assert!(matches!(
        judged(&repo, other_format, NPM, &[PACKAGE]).answer,
        Answer::NotChecked(_)
    ));
}

#[test]
fn a_shallow_clone_does_not_know_what_it_cannot_see() {
    let (repo, old) = released(&[PACKAGE]);
    repo.commit(&[("later.js", "l")]);
    let shallow = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    git(
        shallow.path(),
        &["clone", "--quiet", "--depth=1", "--no-tags", &from, "s"],
    );
    let at = shallow.path().join("s");
    git(
        &at,
        &["fetch", "--quiet", "--depth=1", "origin", &old.to_string()],
    );
    let report = compare_with_clone(&at, &tarball(&[PACKAGE]), &context(NPM, old), &[]);
    assert!(
        matches!(&report.answer, Answer::NotChecked(why) if why.contains("shallow")),
        "{:?}",
        report.answer
    );
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.kind != FindingKind::CommitNowhere)
    );
}

#[test]
fn a_crate_from_a_dirty_tree_lists_what_differs() {
    let manifest = "[package]\nname = 'widget'\n";
    let (repo, commit) = released(&[
        ("crates/widget/Cargo.toml", manifest),
        ("crates/widget/src/lib.rs", "lib"),
    ]);
    let info = format!(
        r#"{{"git": {{"sha1": "{commit}", "dirty": true}}, "path_in_vcs": "crates/widget"}}"#
    );
    let files = [
        (".cargo_vcs_info.json", info.as_str()),
        ("Cargo.toml", manifest),
        ("Cargo.toml.orig", manifest),
        ("src/lib.rs", "lib, edited"),
    ];
    insta::assert_snapshot!(said(&judged(&repo, commit, ArtifactKind::Crate, &files), &repo).replace(&commit.short(), "COMMIT"), @r#"
    no
    High: 1 file that can run has other bytes than commit COMMIT: src/lib.rs.
    Note: cargo says that the work tree had changes that were not committed; that is ordinary, and what differs is listed.
    "#);
}

#[test]
fn what_is_no_clone_is_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let commit = ObjectId::parse(&"1".repeat(40)).unwrap();
    let error = GitClone::open(folder.path(), commit).err().unwrap();
    assert!(
        error.to_string().contains("there is no .git in it"),
        "{error}"
    );
    fs::write(folder.path().join(".git"), "gitdir: nowhere").unwrap();
    assert!(matches!(
        GitClone::open(folder.path(), commit),
        Err(CloneError::NotAClone { .. })
    ));
}
