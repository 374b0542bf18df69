//! Ways to tamper with a package.

use super::*;

#[test]
fn an_untouched_environment_is_answered_with_yes() {
    let lab = Lab::new();
    lab.edit(
        PYC,
        compiled("core.py", &["os", "run", "getcwd"], &[], CORE),
    );
    let report = lab.check();
    let package = one(&report, "alpha");
    assert_eq!(package.answer, Answer::Yes);
    assert_eq!(package.place, SITE);
    assert!(unexplained(&report).is_empty(), "{report:?}");
    let explained: Vec<String> = package.differences.iter().map(shown).collect();
    assert_eq!(
        explained,
        [
            "Extra ../../../bin/alpha",
            "Extra ../../../bin/tool",
            "Extra alpha-1.0.dist-info/INSTALLER",
            "Extra alpha-1.0.dist-info/RECORD",
            "Extra alpha/__pycache__/core.cpython-311.pyc",
        ]
    );
    insta::assert_snapshot!(report.not_checked.join("\n"), @"1 compiled file in 1 package: head, names and texts are those of the source; whether the instructions are was not checked, since nothing is executed; without them (delete the folders `__pycache__`) Python compiles the compared sources anew");
}

#[test]
fn an_edit_with_its_time_restored_is_found() {
    let lab = Lab::new();
    lab.edit("alpha/core.py", CORE.replace("getcwd", "getpid"));
    assert_eq!(lab.refused(), ["Modified alpha/core.py"]);
}

#[test]
fn an_edit_hidden_in_record_is_found_by_the_wheel() {
    let lab = Lab::new();
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    assert_eq!(
        lab.refused(),
        ["Extra alpha-1.0.dist-info/RECORD", "Modified alpha/core.py"]
    );
}

#[test]
fn a_module_that_was_added_is_the_packages() {
    let lab = Lab::new();
    lab.edit("alpha/more.py", "");
    lab.edit("alpha/deep/er.so", "");
    assert_eq!(
        lab.refused(),
        ["Extra alpha/deep/er.so", "Extra alpha/more.py"]
    );
}

#[test]
fn a_file_that_was_deleted_is_missing() {
    let lab = Lab::new();
    fs::remove_file(lab.site("alpha/__init__.py")).unwrap();
    fs::remove_file(lab.path("bin/alpha")).unwrap();
    assert_eq!(
        lab.refused(),
        ["Missing ../../../bin/alpha", "Missing alpha/__init__.py"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_or_folder_in_place_of_a_file_is_of_another_type() {
    let lab = Lab::new();
    let same = lab.folder.path().join("same.py");
    write(&same, CORE.as_bytes());
    fs::remove_file(lab.site("alpha/core.py")).unwrap();
    std::os::unix::fs::symlink(&same, lab.site("alpha/core.py")).unwrap();
    assert_eq!(lab.refused(), ["OtherType alpha/core.py"]);
    fs::remove_file(lab.site("alpha/core.py")).unwrap();
    lab.edit("alpha/core.py/__init__.py", CORE);
    assert_eq!(
        lab.refused(),
        ["OtherType alpha/core.py", "Extra alpha/core.py/__init__.py"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_folder_hides_nothing() {
    let lab = Lab::new();
    let away = lab.folder.path().join("away");
    fs::rename(lab.site("alpha"), &away).unwrap();
    std::os::unix::fs::symlink(&away, lab.site("alpha")).unwrap();
    assert_eq!(
        lab.refused(),
        [
            "Missing alpha/__init__.py",
            "Missing alpha/core.py",
            "Extra lib/python3.11/site-packages/alpha",
        ]
    );
}

#[test]
fn a_twin_in_other_letters_is_another_file() {
    let lab = Lab::new();
    lab.edit("alpha/Core.py", CORE);
    lab.edit("ALPHA/core.py", CORE);
    assert_eq!(
        lab.refused(),
        [
            "Extra alpha/Core.py",
            "Extra lib/python3.11/site-packages/ALPHA/core.py"
        ]
    );
}

#[test]
fn a_package_that_is_not_the_locked_version_is_a_decoy() {
    let mut lab = Lab::new();
    let other = Version::new("1.1").unwrap();
    lab.locked[0].release = ReleaseId::new(lab.locked[0].release.package.clone(), other);
    let report = lab.check();
    let package = one(&report, "alpha");
    assert_eq!(package.answer, Answer::No);
    assert_eq!(package.release.spoken(), "alpha@1.1");
    assert_eq!(package.decoy.as_deref(), Some("alpha@1.0"));
}

#[test]
fn metadata_that_disagrees_with_its_folder_is_a_decoy() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let path = "alpha-1.0.dist-info/METADATA";
    lab.edit(path, "Name: alpha\nVersion: 1.2\n");
    lab.fix_record(path);
    let report = lab.check();
    assert_eq!(one(&report, "alpha").answer, Answer::No);
    assert_eq!(one(&report, "alpha").decoy.as_deref(), Some("alpha 1.2"));
}

#[test]
fn a_list_that_leads_out_of_the_environment_is_never_followed() {
    for at_hand in [true, false] {
        let mut lab = Lab::new();
        lab.at_hand = at_hand;
        let list = lab.site("alpha-1.0.dist-info/RECORD");
        let text = fs::read_to_string(&list).unwrap();
        let outside = row("../../../../outside.txt", "");
        write(&list, format!("{outside}{text}").as_bytes());
        let found = lab.refused();
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_file_that_two_packages_own_may_be_either_ones() {
    let mut lab = Lab::new();
    let files = [
        ("alpha/__init__.py", "# of beta\n"),
        ("beta-1.0.dist-info/METADATA", "Name: beta\nVersion: 1.0\n"),
    ];
    lab.install("beta", &files);
    let report = lab.check();
    assert!(unexplained(&report).is_empty(), "{report:?}");
    let shared = &one(&report, "alpha").differences;
    assert!(shared.iter().any(|d| d.kind == DifferenceKind::Modified
        && matches!(&d.standing, Standing::Explained(Cause::CopyOf { release, .. }) if release.spoken() == "beta@1.0")));
    lab.edit("alpha/__init__.py", "# of nobody\n");
    assert_eq!(
        unexplained(&lab.check()),
        ["Modified alpha/__init__.py", "Modified alpha/__init__.py"]
    );
}
