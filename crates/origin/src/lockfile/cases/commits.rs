//! Locks of repositories whose commit changes while name, version and address stay.

use super::super::testing::graph;
use super::super::{explain, text};
use customs_ecosystem::lockfile::Kind;

const WAS: &str = "54fd1711209fb1c0781092374132c66e79e2241b";
const IS: &str = "aafd1711209fb1c0781092374132c66e79e2241b";

fn poetry(commit: &str) -> String {
    format!(
        "[[package]]\nname = \"beta\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\
         \n[package.source]\ntype = \"git\"\nurl = \"https://git.example/someone/beta.git\"\nreference = \"main\"\n\
         resolved_reference = \"{commit}\"\n\n[metadata]\nlock-version = \"2.1\"\n"
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
    let (before, now) = (poetry(WAS), poetry(IS));
    let told = said(Kind::PoetryLock, &before, &now);
    assert!(told.contains("beta@1.0: another commit is taken"), "{told}");
    let same = said(Kind::PoetryLock, &now, &now);
    assert!(!same.contains("another commit"), "{same}");
}
