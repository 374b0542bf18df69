//! Folders that pnpm links, and words that stand in a catalog.

use super::super::testing::{manifest, said_with};
use super::super::{Options, Workspace};
use super::{NUMBER, OF_NUMBER, bun, pnpm};
use customs_ecosystem::lockfile::{Kind, ManifestKind};
use std::collections::BTreeMap;

const COMMIT: &str = "54fd1711209fb1c0781092374132c66e79e2241b";

fn json(spec: &str) -> String {
    format!(r#"{{"name":"shop","dependencies":{{"is-number":"{spec}","kind-of":"^6.0.3"}}}}"#)
}

fn said(kind: Kind, lock: &str, json: &str, options: &Options) -> String {
    let manifest = manifest(ManifestKind::PackageJson, "", json);
    let text = said_with(kind, lock, &[manifest], options);
    let about = |line: &&str| line.contains("lock-outside-registry");
    text.lines().filter(about).collect::<Vec<_>>().join("\n")
}

/// The lockfile with a link in the place of a release.
fn linked(to: &str) -> String {
    let lock = pnpm().replace("version: 7.0.0", &format!("version: link:{to}"));
    assert_ne!(lock, pnpm());
    lock
}

fn plain(lock: &str, spec: &str) -> String {
    said(Kind::PnpmLock, lock, &json(spec), &Options::default())
}

#[test]
fn a_link_out_of_the_project_fails_where_a_range_is_asked_for() {
    insta::assert_snapshot!(plain(&linked("../evil"), "^7.0.0"), @"failed lock-outside-registry line 8: is-number comes from a folder: the project asks for ^7.0.0, which is a registry's");
    let text = plain(&linked("/tmp/evil"), "^7.0.0");
    assert!(text.starts_with("failed"), "{text}");
    // A hook could change what is asked for.
    let hooked = linked("../evil").replace("importers:", "pnpmfileChecksum: abc\n\nimporters:");
    let text = plain(&hooked, "^7.0.0");
    assert!(text.starts_with("warning"), "{text}");
}

#[test]
fn a_member_of_the_workspace_around_a_project_may_stand_for_a_release() {
    let around = |members: &[&str]| Options {
        workspace: Some(Workspace {
            own: "packages/shop".to_owned(),
            members: members.iter().map(|&one| one.to_owned()).collect(),
        }),
        ..Options::default()
    };
    let said = |to: &str, members: &[&str]| {
        said(
            Kind::PnpmLock,
            &linked(to),
            &json("^7.0.0"),
            &around(members),
        )
    };
    assert_eq!(said("../number", &["packages/number"]), "");
    assert_eq!(said("../../number", &["number"]), "");
    assert!(said("../number", &["packages/other"]).starts_with("failed"));
    // Out of the workspace as well.
    assert!(said("../../../number", &["number"]).starts_with("failed"));
}

#[test]
fn a_folder_that_is_asked_for_is_no_other_one() {
    assert_eq!(plain(&linked("../lib"), "link:../lib"), "");
    assert_eq!(plain(&linked("lib"), "./lib"), "");
    assert_eq!(plain(&linked("/srv/lib"), "link:/srv/lib"), "");
    assert_eq!(plain(&linked("/srv/lib"), "link:~/lib"), "");
    insta::assert_snapshot!(plain(&linked("../evil"), "link:../lib"), @"failed lock-outside-registry line 8: is-number comes from a folder: the project asks for link:../lib");
    insta::assert_snapshot!(plain(&linked("evil"), "workspace:*"), @"failed lock-outside-registry line 8: is-number comes from a folder: the project asks for workspace:*, and the folder is no member of the workspace");
    let member = linked("lib").replace("importers:\n", "importers:\n\n  lib: {}\n");
    assert_eq!(plain(&member, "workspace:*"), "");
}

#[test]
fn a_package_that_gets_a_folder_fails_where_nothing_of_the_project_says_so() {
    let lock = pnpm().replace(
        "  kind-of@6.0.3: {}\n",
        "  kind-of@6.0.3:\n    dependencies:\n      is-number: link:evil\n",
    );
    assert_ne!(lock, pnpm());
    insta::assert_snapshot!(plain(&lock, "^7.0.0"), @"failed lock-outside-registry line 28: is-number comes from a folder: kind-of@6.0.3 gets it, and nothing of the project says so");
    let sent = json("^7.0.0").replace("}}", r#"},"pnpm":{"overrides":{"is-number":"link:evil"}}}"#);
    assert_eq!(said(Kind::PnpmLock, &lock, &sent, &Options::default()), "");
    let member = lock.replace("importers:\n", "importers:\n\n  evil: {}\n");
    assert_eq!(plain(&member, "^7.0.0"), "");
    // A peer is what the project has.
    let peer = lock.replace("version: 7.0.0", "version: link:evil");
    assert_eq!(plain(&peer, "link:evil"), "");
}

#[test]
fn a_range_of_a_catalog_that_is_met_by_a_repository_fails() {
    let from = format!("git+ssh://git@github.com/evil/evil.git#{COMMIT}");
    let of_bun = bun().replace(
        &format!("[\"is-number@7.0.0\", \"{OF_NUMBER}\", {{}}, \"{NUMBER}\"]"),
        &format!("[\"is-number@{from}\", {{}}, \"evil\"]"),
    );
    assert_ne!(of_bun, bun());
    let with = |key: &str, words: &str| Options {
        catalogs: BTreeMap::from([(key.to_owned(), words.to_owned())]),
        ..Options::default()
    };
    let said = |spec: &str, options: &Options| said(Kind::BunLock, &of_bun, &json(spec), options);
    let range = with("catalog.is-number", "^7.0.0");
    insta::assert_snapshot!(said("catalog:", &range), @"failed lock-outside-registry line 13: is-number comes from a repository: the project asks for ^7.0.0, which is a registry's");
    assert!(said("catalog:", &range).starts_with("failed"));
    assert!(said("catalog:default", &range).starts_with("failed"));
    let named = with("catalogs.old.is-number", "^7.0.0");
    assert!(said("catalog:old", &named).starts_with("failed"));
    // A catalog may name a repository, and where its words are not known nothing is said of them.
    assert!(said("catalog:", &with("catalog.is-number", &from)).starts_with("note"));
    assert!(said("catalog:", &named).starts_with("note"));
    // No catalog names a folder.
    assert!(plain(&linked("../evil"), "catalog:").starts_with("failed"));
}
