//! Clones that an installer left in an environment.

use super::*;
use crate::clone::testing::{Repo, git};

const CLONE: &str = "src/beta";

/// An environment with a clone, as Poetry leaves it.
fn lab() -> Lab {
    let repo = Repo::new();
    let id = repo.commit(&[
        ("beta/__init__.py", CORE),
        ("pyproject.toml", "[project]\n"),
    ]);
    let mut lab = Lab::new();
    let at = lab.path(CLONE);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    let (from, to) = (repo.path().to_str().unwrap(), at.to_str().unwrap());
    git(&lab.environment(), &["clone", "--quiet", from, to]);
    lab.locked.push(Locked {
        source: Source::Git,
        digests: Vec::new(),
        resolved: Some(format!("https://git.example/someone/beta.git#{id}")),
        ..locked("other-name", Digest::sha256(b""))
    });
    lab
}

#[test]
fn a_clone_at_the_locked_commit_is_no_stranger() {
    let lab = lab();
    assert_eq!(lab.stray(), [""; 0]);
    let report = lab.check();
    let said = |word: &str| report.not_checked.iter().any(|why| why.contains(word));
    assert!(!said("was not compared"), "{:?}", report.not_checked);
    let of_clone = report
        .loose
        .iter()
        .filter(|one| one.path.starts_with("src/beta/beta"));
    assert_eq!(of_clone.count(), 1);
}

#[test]
fn what_was_changed_in_a_clone_is_told() {
    let lab = lab();
    lab.write("src/beta/beta/__init__.py", "import os\n");
    lab.write("src/beta/beta/more.py", "import os\n");
    fs::remove_file(lab.path("src/beta/pyproject.toml")).unwrap();
    lab.write("src/beta/.git/hooks/post-checkout", "#!/bin/sh\n");
    let mut told = lab.stray();
    told.sort();
    assert_eq!(
        told,
        [
            "Extra src/beta/.git/hooks/post-checkout",
            "Extra src/beta/beta/more.py",
            "Missing src/beta/pyproject.toml",
            "Modified src/beta/beta/__init__.py",
        ]
    );
}

#[test]
fn a_clone_whose_configuration_names_programs_is_told() {
    let lab = lab();
    let config = lab.path("src/beta/.git/config");
    let text = fs::read_to_string(&config).unwrap();
    for more in [
        "[core]\n\tfsmonitor = ./x\n",
        "[filter \"a\"]\n\tsmudge = x\n",
        "[remote \"o\"]\n\turl = ext::sh -c x\n",
        "[core]\n\tbare = false \\\n",
        "[include]\n\tpath = x\n",
    ] {
        fs::write(&config, format!("{text}{more}")).unwrap();
        assert_eq!(lab.stray(), ["Extra src/beta/.git/config"], "{more}");
    }
}

#[test]
fn what_a_build_leaves_in_a_clone_is_made_here_and_compiled_files_are_held_against_the_commit() {
    let lab = lab();
    lab.write("src/beta/build/lib/beta.py", "x = 1\n");
    lab.write("src/beta/beta.egg-info/PKG-INFO", "Name: beta\n");
    let source = lab.path("src/beta/beta/__init__.py");
    File::options()
        .write(true)
        .open(&source)
        .unwrap()
        .set_modified(UNIX_EPOCH + Duration::from_secs(TIME))
        .unwrap();
    let names = ["os", "run", "getcwd"];
    let pyc = "src/beta/beta/__pycache__/__init__.cpython-311.pyc";
    lab.write(pyc, compiled("__init__.py", &names, &["run"], CORE));
    assert_eq!(lab.stray(), [""; 0]);
    let report = lab.check();
    let made = report
        .loose
        .iter()
        .filter(|one| matches!(one.standing, Standing::MadeHere { .. }));
    let made: Vec<&str> = made.map(|one| one.path.as_str()).collect();
    assert_eq!(
        made,
        [
            "src/beta/beta.egg-info/PKG-INFO",
            "src/beta/build/lib/beta.py"
        ]
    );
    lab.write(
        pyc,
        compiled("__init__.py", &["os", "system"], &["run"], CORE),
    );
    assert_eq!(lab.stray(), [format!("Extra {pyc}")]);
}

#[test]
fn a_clone_that_no_lockfile_knows_is_extra() {
    let mut lab = lab();
    lab.locked.pop();
    assert!(
        lab.stray()
            .contains(&"Extra src/beta/beta/__init__.py".to_owned())
    );
}

#[test]
fn a_clone_without_its_commit_is_neither_good_nor_bad() {
    let mut lab = lab();
    let other = "54fd1711209fb1c0781092374132c66e79e2241b";
    let entry = lab.locked.last_mut().unwrap();
    entry.resolved = Some(format!("https://git.example/someone/beta.git#{other}"));
    assert_eq!(lab.stray(), [""; 0]);
    let report = lab.check();
    let said = report
        .not_checked
        .iter()
        .find(|why| why.starts_with("src/beta was not compared"));
    assert!(
        said.is_some_and(|why| why.contains("is not in this clone")),
        "{report:?}"
    );
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
}
