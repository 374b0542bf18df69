//! Packages that a lockfile takes from another folder than the one that is asked for.

use super::super::Options;
use super::super::testing::{loud, manifest, said_with};
use customs_ecosystem::lockfile::{Kind, ManifestKind};

const MANIFEST: &str = "[tool.poetry]\nname = \"demo\"\n[tool.poetry.dependencies]\npython = \"^3.9\"\nown = { path = \"libs/own\" }\n";

fn told(folder: &str) -> String {
    let lock = format!(
        "[[package]]\nname = \"own\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\n\
         develop = true\n\n[package.source]\ntype = \"directory\"\nurl = \"{folder}\"\n\n\
         [metadata]\nlock-version = \"2.1\"\n"
    );
    let asked = manifest(ManifestKind::Pyproject, "", MANIFEST);
    loud(&said_with(
        Kind::PoetryLock,
        &lock,
        &[asked],
        &Options::default(),
    ))
}

#[test]
fn another_folder_of_the_same_name_is_not_the_one_that_is_asked_for() {
    assert_eq!(told("libs/own"), "");
    for folder in [
        "evil/own",
        "../../evil/own",
        "../libs/own",
        "libs/own/libs/own",
    ] {
        let told = told(folder);
        assert!(
            told.starts_with("failed lock-outside-registry"),
            "{folder}: {told}"
        );
    }
}
