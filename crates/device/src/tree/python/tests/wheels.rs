//! Of the wheels of one release, which one was installed.

use super::*;

/// A wheel for these tags. What it holds is its own.
fn files(tag: &str) -> [(String, String); 3] {
    [
        ("alpha/core.py".into(), format!("for_ = {tag:?}\n")),
        (
            "alpha-1.0.dist-info/METADATA".into(),
            "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n".into(),
        ),
        (
            "alpha-1.0.dist-info/WHEEL".into(),
            format!("Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n"),
        ),
    ]
}

fn tag(python: &str) -> String {
    let machine = machine();
    let platform = match machine.system {
        "macos" => "macosx_11_0_universal2".to_owned(),
        "windows" if machine.processor == "x86_64" => "win_amd64".to_owned(),
        "windows" => "win_arm64".to_owned(),
        _ => format!("linux_{}", machine.processor),
    };
    format!("{python}-{python}-{platform}")
}

/// An environment of Python 3.11 with the wheel for one tag. Wheels for all of them are locked, and
/// those of `at_hand` are.
fn lab(installed: &str, locks: &[&str], at_hand: &[&str]) -> Lab {
    let mut lab = Lab::new();
    let bytes = |python: &str| {
        let files = files(&tag(python));
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (&**p, &**t)).collect();
        wheel("alpha", &files)
    };
    fs::remove_dir_all(lab.environment().join("lib")).unwrap();
    fs::remove_dir_all(lab.environment().join("bin")).unwrap();
    fs::remove_dir_all(lab.environment().join("share")).unwrap();
    fs::remove_dir_all(lab.folder.path().join("fetched")).unwrap();
    lab.write("bin/.keep", "");
    fs::remove_file(lab.path("bin/.keep")).unwrap();
    let own = files(&tag(installed));
    let own: Vec<(&str, &str)> = own.iter().map(|(p, t)| (&**p, &**t)).collect();
    lab.install("alpha", &own);
    fs::remove_dir_all(lab.folder.path().join("fetched")).unwrap();
    lab.locked.truncate(1);
    lab.locked[0].digests = locks
        .iter()
        .map(|python| Digest::sha256(&bytes(python)))
        .collect();
    for python in at_hand {
        lab.fetch(&bytes(python));
    }
    lab
}

const LOCKS: [&str; 3] = ["cp314", "cp312", "cp311"];

fn why(lab: &Lab) -> String {
    match lab.told() {
        (Answer::NotChecked(why), differences) if differences.is_empty() => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wheel_that_cannot_have_been_installed_here_says_nothing() {
    let lab = lab("cp311", &LOCKS, &["cp314", "cp312"]);
    let told = why(&lab);
    let expected = format!(
        "the file that was installed (for {}) is not at hand",
        tag("cp311")
    );
    assert!(told.starts_with(&expected), "{told}");
    let package = one(&lab.check(), "alpha").against.clone();
    assert!(matches!(
        package,
        Some(crate::tree::Against::OwnList { .. })
    ));
}

#[test]
fn the_wheel_that_was_installed_decides_whatever_else_is_at_hand() {
    let lab = lab("cp311", &LOCKS, &LOCKS);
    assert_eq!(lab.told(), (Answer::Yes, Vec::new()));
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    let refused = lab.refused();
    assert!(
        refused.contains(&"Modified alpha/core.py".to_owned()),
        "{refused:?}"
    );
}

#[test]
fn a_tree_that_names_another_file_is_held_against_the_one_that_fits() {
    const WHEEL: &str = "alpha-1.0.dist-info/WHEEL";
    let lab = lab("cp311", &LOCKS, &["cp311"]);
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    for text in [
        format!("Wheel-Version: 1.0\nTag: {}\n", tag("cp312")),
        "Wheel-Version: 1.0\nTag: cp311-abi3-any\n".to_owned(),
        String::new(),
    ] {
        lab.edit(WHEEL, &text);
        lab.fix_record(WHEEL);
        let refused = lab.refused();
        assert!(
            refused.contains(&"Modified alpha/core.py".to_owned()),
            "{refused:?}"
        );
    }
}

#[test]
fn tags_of_no_locked_file_are_no_excuse() {
    // Every locked file is at hand, and none is for this.
    let all = lab("cp311", &LOCKS[..2], &LOCKS[..2]);
    assert!(!all.refused().is_empty());
    // No installer would have put it here.
    let foreign = lab("cp310", &LOCKS, &LOCKS[..2]);
    assert!(!foreign.refused().is_empty());
}
