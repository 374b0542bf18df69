//! Locks of repositories whose commit changes while name, version and address stay.

use super::super::testing::graph;
use super::super::{explain, text};
use customs_ecosystem::lockfile::Kind;

const WAS: &str = "54fd1711209fb1c0781092374132c66e79e2241b";
const IS: &str = "aafd1711209fb1c0781092374132c66e79e2241b";

fn poetry(commit: &str, folder: &str) -> String {
    format!(
        "[[package]]\nname = \"beta\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\
         \n[package.source]\ntype = \"git\"\nurl = \"https://git.example/someone/beta.git\"\nreference = \"main\"\n\
         resolved_reference = \"{commit}\"\n{folder}\n[metadata]\nlock-version = \"2.1\"\n"
    )
}

fn pylock(commit: &str) -> String {
    format!(
        "lock-version = \"1.0\"\n[[packages]]\nname = \"beta\"\nversion = \"1.0\"\n\
         vcs = {{ type = \"git\", url = \"https://git.example/someone/beta\", commit-id = \"{commit}\" }}\n"
    )
}

fn said(kind: Kind, before: &str, now: &str) -> String {
    text(&explain(
        kind.file_name(),
        &graph(kind, before),
        &graph(kind, now),
    ))
}

#[test]
fn another_commit_under_the_same_version_is_told() {
    for (kind, before, now) in [
        (Kind::PoetryLock, poetry(WAS, ""), poetry(IS, "")),
        (Kind::PylockToml, pylock(WAS), pylock(IS)),
    ] {
        let told = said(kind, &before, &now);
        assert!(
            told.contains("failed") && told.contains(IS),
            "{kind:?}: {told}"
        );
        assert!(!said(kind, &now, &now).contains("failed"));
    }
}

#[test]
fn another_folder_of_the_same_commit_is_told() {
    let now = poetry(WAS, "subdirectory = \"other\"\n");
    let told = said(Kind::PoetryLock, &poetry(WAS, ""), &now);
    assert!(
        told.contains("failed") && told.contains("subdirectory=other"),
        "{told}"
    );
}
