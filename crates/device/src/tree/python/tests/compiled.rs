//! Compiled files and their sources.

use super::*;

#[test]
fn a_swapped_compiled_file_that_repeats_time_and_size_is_found_by_its_words() {
    for (names, texts) in [
        (&["os", "run", "system"][..], &[][..]),
        (&["os"][..], &["curl https://evil.example"][..]),
    ] {
        let lab = Lab::new();
        lab.edit(PYC, compiled("core.py", names, texts, CORE));
        assert_eq!(lab.refused(), [format!("Extra {PYC}")]);
    }
    let lab = Lab::new();
    lab.edit(PYC, compiled("core.py", &["os", "system"], &[], CORE));
    insta::assert_snapshot!(lab.check().not_checked.join("\n"), @r#"alpha/__pycache__/core.cpython-311.pyc: it uses the name "system", which its source does not hold"#);
}

#[test]
fn a_compiled_file_of_another_source_is_unexplained() {
    let good = || compiled("core.py", &["os"], &[], CORE);
    for (name, bytes) in [
        ("of another size", compiled("core.py", &["os"], &[], "")),
        ("of another file", compiled("other.py", &["os"], &[], CORE)),
        ("with something behind it", [good(), vec![1]].concat()),
        ("cut off", good().split_last().unwrap().1.to_vec()),
        ("no compiled file", b"import os".to_vec()),
    ] {
        let lab = Lab::new();
        lab.edit(PYC, bytes);
        assert_eq!(lab.refused(), [format!("Extra {PYC}")], "{name}");
    }
    let lab = Lab::new();
    lab.edit(PYC, good());
    File::options()
        .write(true)
        .open(lab.site("alpha/core.py"))
        .unwrap()
        .set_modified(UNIX_EPOCH)
        .unwrap();
    assert_eq!(lab.refused(), [format!("Extra {PYC}")]);
}

#[test]
fn a_compiled_file_without_a_source_is_unexplained() {
    let lab = Lab::new();
    lab.edit("alpha/gone.pyc", compiled("gone.py", &[], &[], ""));
    lab.edit(
        "alpha/__pycache__/gone.cpython-311.pyc",
        compiled("gone.py", &[], &[], ""),
    );
    assert_eq!(
        lab.refused(),
        [
            "Extra alpha/__pycache__/gone.cpython-311.pyc",
            "Extra alpha/gone.pyc"
        ]
    );
}

#[test]
fn a_compiled_file_of_an_unknown_interpreter_is_not_good_and_not_bad() {
    let lab = Lab::new();
    let mut bytes = compiled("core.py", &["os"], &[], CORE);
    bytes[0] = 0xff;
    lab.edit(PYC, bytes);
    let (answer, unexplained) = lab.told();
    assert_eq!(answer, Answer::not_checked("1 of its files cannot be read"));
    assert_eq!(unexplained, [format!("Unreadable {PYC}")]);
}

#[test]
fn a_compiled_file_of_the_wheel_that_was_written_anew_is_held_against_its_source() {
    let ships: Vec<(&str, &str)> = FILES.into_iter().chain([(PYC, "shipped")]).collect();
    for at_hand in [true, false] {
        let mut lab = Lab::new();
        lab.locked.clear();
        lab.at_hand = at_hand;
        lab.install("alpha", &ships);
        assert!(unexplained(&lab.check()).is_empty());
        lab.edit(PYC, compiled("core.py", &["os", "run"], &[], CORE));
        let report = lab.check();
        assert!(unexplained(&report).is_empty(), "{report:?}");
        assert_eq!(at_hand, one(&report, "alpha").answer == Answer::Yes);
        lab.edit(PYC, compiled("core.py", &["system"], &[], CORE));
        assert_eq!(lab.refused(), [format!("Extra {PYC}")]);
    }
}

#[test]
fn what_pytest_compiled_is_made_here_if_it_is_bound_to_its_source() {
    const OWN: &str = "alpha/__pycache__/core.cpython-311-pytest-8.4.2.pyc";
    let lab = Lab::new();
    let strange = |source| compiled("core.py", &["os", "written_anew"], &[], source);
    lab.edit(OWN, strange(CORE));
    let report = lab.check();
    assert!(unexplained(&report).is_empty(), "{report:?}");
    let mut made = one(&report, "alpha").differences.iter();
    let made = made.find(|difference| difference.path == OWN).unwrap();
    assert!(
        matches!(&made.standing, Standing::MadeHere { maker, pinned: None } if maker == "pytest"),
        "{made:?}"
    );
    assert!(matches!(
        one(&report, "alpha").answer,
        Answer::NotChecked(_)
    ));
    // Of another source; and under a name that Python takes.
    lab.edit(OWN, strange(""));
    assert_eq!(lab.refused(), [format!("Extra {OWN}")]);
    fs::remove_file(lab.site(OWN)).unwrap();
    for name in ["cpython-311", "cpython-311.opt-pytest-1", "x-pytest-8"] {
        let lab = Lab::new();
        let place = format!("alpha/__pycache__/core.{name}.pyc");
        lab.edit(&place, strange(CORE));
        assert_eq!(lab.refused(), [format!("Extra {place}")]);
    }
}

/// What is known not to be found: a package's answer would be no *yes* in any ordinary environment if this
/// counted for each, since installers compile everything.
#[test]
fn other_instructions_with_the_same_words_are_not_found_and_what_was_not_compared_is_counted_once()
{
    let lab = Lab::new();
    let mut bytes = compiled("core.py", &["os", "run", "getcwd"], &[], CORE);
    lab.edit(PYC, bytes.clone());
    let opt = "alpha/__pycache__/core.cpython-311.opt-1.pyc";
    lab.edit(opt, bytes.clone());
    let said = |lab: &Lab| lab.check().not_checked.join("\n");
    let before = said(&lab);
    assert!(
        before.starts_with("2 compiled files in 1 package: "),
        "{before}"
    );
    assert!(
        before.contains("delete the folders `__pycache__`"),
        "{before}"
    );
    // The instructions are a string of bytes: two more of them, which nobody compares.
    let code = bytes.iter().position(|byte| *byte == b's').unwrap();
    bytes[code + 1] = 2;
    bytes.splice(code + 5..code + 5, [9, 0]);
    lab.edit(PYC, bytes);
    let report = lab.check();
    assert!(unexplained(&report).is_empty(), "{report:?}");
    assert_eq!(one(&report, "alpha").answer, Answer::Yes);
    assert_eq!(said(&lab), before);
}
