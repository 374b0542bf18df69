//! Clones that were made to deceive or to harm.

use super::testing::{Repo, context, tarball};
use super::*;
use customs_model::Answer;
use customs_origin::source::ArtifactKind;
use std::collections::BTreeSet;
use std::fs;

const NPM: ArtifactKind = ArtifactKind::NpmTarball;
const PACKAGE: (&str, &str) = ("package.json", r#"{"name": "widget"}"#);

fn released(files: &[(&str, &str)]) -> (Repo, ObjectId) {
    let repo = Repo::new();
    let commit = repo.commit(files);
    repo.tag("v1.2.3");
    (repo, commit)
}

/// Everything in a clone that is known to make git run something, or show something else.
#[test]
fn nothing_that_a_clone_says_is_obeyed() {
    let (repo, commit) = released(&[
        PACKAGE,
        (".gitattributes", "* filter=evil diff=evil\n"),
        ("a.js", "good"),
    ]);
    let ran = repo.path().join("ran");
    let command = format!("touch {}", ran.display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "pager.cat-file",
        "pager.for-each-ref",
        "core.alternateRefsCommand",
        "core.gitProxy",
        "diff.external",
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.textconv",
        "core.askPass",
        "gpg.program",
        "credential.helper",
        "alias.cat-file",
        "core.editor",
    ] {
        repo.git(&["config", key, &command]);
    }
    let included = repo.path().join("included");
    fs::write(&included, format!("[core]\n\tfsmonitor = {command}\n")).unwrap();
    repo.git(&["config", "include.path", &included.to_string_lossy()]);
    // A lazy fetch from here would run the command.
    repo.git(&["config", "extensions.partialClone", "evil"]);
    repo.git(&[
        "config",
        "remote.evil.url",
        &format!("ext::sh -c \"{command}\""),
    ]);
    repo.git(&["config", "remote.evil.promisor", "true"]);
    repo.git(&["config", "protocol.ext.allow", "always"]);
    repo.git(&["config", "core.worktree", "/"]);
    repo.git(&["config", "core.repositoryformatversion", "1"]);
    let hooks = repo.path().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
    ] {
        fs::write(hooks.join(hook), format!("#!/bin/sh\n{command}\n")).unwrap();
    }
    let missing = ObjectId::parse(&"1".repeat(40)).unwrap();
    assert!(matches!(
        GitClone::open(repo.path(), missing),
        Err(CloneError::Missing { .. })
    ));
    let report = compare_with_clone(
        repo.path(),
        &tarball(&[PACKAGE, ("a.js", "good")]),
        &context(NPM, commit),
        &[],
    );
    assert_eq!(report.answer, Answer::Yes);
    assert!(!ran.exists());
    // The same clone does make git run something when git is asked in the usual way.
    repo.git(&["config", "--unset", "core.worktree"]);
    let status = std::process::Command::new("git")
        .args(["status", "--short"])
        .current_dir(repo.path())
        .output();
    // Whether it succeeds with such filters differs between versions of git.
    assert!(status.is_ok() && ran.exists());
}

#[test]
fn a_replaced_commit_is_read_as_it_was() {
    let (repo, commit) = released(&[PACKAGE, ("a.js", "good")]);
    let evil = repo.commit(&[("a.js", "evil")]);
    repo.git(&["replace", &commit.to_string(), &evil.to_string()]);
    let mut clone = GitClone::open(repo.path(), commit).unwrap();
    let id = clone.tree().unwrap().file("a.js").unwrap();
    let blobs = clone.blobs(&BTreeSet::from([id])).unwrap();
    assert_eq!(blobs[&id], b"good");
}

#[test]
fn an_object_under_the_name_of_another_is_refused() {
    let (repo, commit) = released(&[PACKAGE, ("a.js", "good")]);
    let evil = repo.commit(&[("a.js", "evil")]);
    let loose = |id: &str| {
        repo.path()
            .join(".git/objects")
            .join(&id[..2])
            .join(&id[2..])
    };
    let tree_of = |commit: &ObjectId| {
        repo.git(&["rev-parse", &format!("{commit}^{{tree}}")])
            .trim()
            .to_owned()
    };
    let (good, bad) = (tree_of(&commit), tree_of(&evil));
    let bytes = fs::read(loose(&bad)).unwrap();
    fs::remove_file(loose(&good)).unwrap();
    fs::write(loose(&good), bytes).unwrap();
    let error = GitClone::open(repo.path(), commit)
        .unwrap()
        .tree()
        .unwrap_err();
    assert!(error.to_string().contains("was tampered with"), "{error}");
}

#[test]
fn a_clone_without_a_folder_says_that_it_is_not_whole() {
    let (repo, commit) = released(&[PACKAGE, ("lib/a.js", "a")]);
    let lib = repo
        .git(&["rev-parse", &format!("{commit}:lib")])
        .trim()
        .to_owned();
    fs::remove_file(
        repo.path()
            .join(".git/objects")
            .join(&lib[..2])
            .join(&lib[2..]),
    )
    .unwrap();
    let error = GitClone::open(repo.path(), commit)
        .unwrap()
        .tree()
        .unwrap_err();
    assert!(
        matches!(error, CloneError::Incomplete { kind: "tree", .. }),
        "{error}"
    );
}

/// Ten folders of ten folders each, ten deep, are eleven objects and 10^10 paths.
#[test]
fn a_repository_that_explodes_is_refused() {
    let repo = Repo::new();
    let mut id = repo
        .git(&["hash-object", "-w", "--stdin"])
        .trim()
        .to_owned();
    let mut kind = "100644 blob";
    for _ in 0..10 {
        let lines: String = (0..10).map(|n| format!("{kind} {id}\tf{n}\n")).collect();
        fs::write(repo.path().join("lines"), lines).unwrap();
        let script = format!("git mktree < '{}'", repo.path().join("lines").display());
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(repo.path())
            .output()
            .unwrap();
        id = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        kind = "040000 tree";
    }
    let commit = repo
        .git(&["commit-tree", &id, "-m", "bomb"])
        .trim()
        .to_owned();
    let commit = ObjectId::parse(&commit).unwrap();
    let error = GitClone::open(repo.path(), commit)
        .unwrap()
        .tree()
        .unwrap_err();
    assert!(
        matches!(error, CloneError::Limit("300000 folders")),
        "{error}"
    );
}

#[test]
fn a_tag_is_no_commit() {
    let (repo, _) = released(&[PACKAGE]);
    let tag = ObjectId::parse(repo.git(&["rev-parse", "v1.2.3"]).trim()).unwrap();
    let error = GitClone::open(repo.path(), tag).err().unwrap();
    assert!(
        error.to_string().ends_with("is a tag, not a commit"),
        "{error}"
    );
}
