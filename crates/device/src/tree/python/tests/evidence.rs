//! What a package is compared with, and what is no answer.

use super::*;

#[test]
fn without_the_wheel_agreement_with_record_is_no_answer() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let (answer, unexplained) = lab.told();
    assert!(unexplained.is_empty());
    let Answer::NotChecked(why) = answer else {
        panic!("{answer:?}")
    };
    insta::assert_snapshot!(why, @"its artifact is not on this computer: fetch it, or install through the gate; it was compared with RECORD, which whoever changes a file can change too");
    // And so it stays where both were changed: nobody can tell.
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    assert!(matches!(lab.told(), (Answer::NotChecked(_), rest) if rest.is_empty()));
}

#[test]
fn without_the_wheel_a_difference_from_record_is_a_difference() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    lab.edit("alpha/core.py", "import evil\n");
    fs::remove_file(lab.site("alpha/__init__.py")).unwrap();
    assert_eq!(
        lab.refused(),
        ["Missing alpha/__init__.py", "Modified alpha/core.py"]
    );
}

#[test]
fn a_copy_with_other_bytes_is_not_used() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let store = lab.folder.path().join("store");
    keep(&store, &wheel("alpha", &FILES), b"evil");
    let options = Options {
        gate_store: Some(store),
        ..Options::default()
    };
    let report = check(&lab.environment(), &lab.belongs(), &options);
    assert!(matches!(
        one(&report, "alpha").answer,
        Answer::NotChecked(_)
    ));
    assert_eq!(report.poisoned[0].cache, "the gate's store");
    assert_eq!(report.poisoned[0].found, Digest::sha256(b"evil"));
}

const NOTE: &str = "alpha-1.0.dist-info/direct_url.json";

fn said_editable(lab: &Lab) {
    lab.edit(
        NOTE,
        r#"{"url":"file:///srv/alpha","dir_info":{"editable":true}}"#,
    );
    lab.fix_record(NOTE);
}

#[test]
fn what_the_lockfile_takes_from_a_folder_is_not_checked() {
    let mut lab = Lab::new();
    lab.locked[0].source = Source::Path;
    said_editable(&lab);
    let (answer, _) = lab.told();
    let Answer::NotChecked(why) = answer else {
        panic!("{answer:?}")
    };
    assert!(why.starts_with("it is installed editable"), "{why}");
}

#[test]
fn what_the_tree_says_of_itself_takes_no_evidence_away() {
    let mut lab = Lab::new();
    said_editable(&lab);
    assert_eq!(lab.refused(), [format!("Extra {NOTE}")]);
    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    let told = lab.refused();
    assert!(
        told.contains(&"Modified alpha/core.py".to_owned()),
        "{told:?}"
    );
    // Where nothing is at hand, the note still says that something else was installed.
    lab.at_hand = false;
    assert_eq!(lab.refused(), [format!("Extra {NOTE}")]);
    let report = lab.check();
    let note = one(&report, "alpha").differences.iter();
    let note = note.filter(|one| one.path == NOTE).flat_map(|one| &one.why);
    let why: Vec<&String> = note.collect();
    assert_eq!(
        why,
        [
            "it says that it is installed editable: the files of file:///srv/alpha are imported, which the lockfile does not name"
        ]
    );
    // A wheel by its address is no other evidence.
    let lab = Lab::new();
    lab.edit(
        NOTE,
        r#"{"url":"https://files.example/alpha-1.0-py3-none-any.whl","archive_info":{}}"#,
    );
    lab.fix_record(NOTE);
    assert_eq!(lab.told(), (Answer::Yes, Vec::new()));
    // One that says which bytes were installed has to say the locked ones.
    let other = Digest::sha256(b"other").to_hex();
    let note = format!(
        r#"{{"url":"https://files.example/alpha-1.0-py3-none-any.whl","archive_info":{{"hashes":{{"sha256":"{other}"}}}}}}"#
    );
    lab.edit(NOTE, note);
    lab.fix_record(NOTE);
    assert_eq!(lab.refused(), [format!("Extra {NOTE}")]);
}

#[test]
fn what_no_lockfile_names_is_told_with_where_it_says_it_comes_from() {
    let mut lab = Lab::new();
    lab.locked.clear();
    lab.edit(
        NOTE,
        r#"{"url":"https://files.example/alpha-1.0-py3-none-any.whl","archive_info":{}}"#,
    );
    lab.fix_record(NOTE);
    let (Answer::NotChecked(why), _) = lab.told() else {
        panic!("{:?}", lab.told())
    };
    insta::assert_snapshot!(why, @"no lockfile names it; its direct_url.json says that it was installed from https://files.example/alpha-1.0-py3-none-any.whl; it was compared with RECORD, which whoever changes a file can change too");
}

#[test]
fn what_no_lockfile_names_is_not_checked() {
    let mut lab = Lab::new();
    lab.locked.clear();
    assert!(
        matches!(lab.told(), (Answer::NotChecked(why), _) if why.starts_with("no lockfile names it"))
    );
    lab.edit("old.egg-info", "Name: old\n");
    let report = lab.check();
    assert!(
        report.not_checked[0].starts_with("old.egg-info: "),
        "{report:?}"
    );
}

#[test]
fn a_poisoned_wheel_in_the_cache_of_uv_is_found() {
    let lab = Lab::new();
    let cache = lab.folder.path().join("uv");
    let mut record = String::new();
    for (path, text) in FILES {
        write(&cache.join("archive-v0/abc").join(path), text.as_bytes());
        record += &row(path, text);
    }
    let list = cache.join("archive-v0/abc/alpha-1.0.dist-info/RECORD");
    write(&list, record.as_bytes());
    let report = check_uv_cache(&cache, &lab.locked, &lab.options());
    assert_eq!(one(&report, "alpha").answer, Answer::Yes, "{report:?}");
    assert_eq!(one(&report, "alpha").place, "archive-v0/abc");
    write(
        &cache.join("archive-v0/abc/alpha/core.py"),
        b"import evil\n",
    );
    for options in [lab.options(), Options::default()] {
        let report = check_uv_cache(&cache, &lab.locked, &options);
        assert_eq!(one(&report, "alpha").answer, Answer::No);
        assert_eq!(unexplained(&report), ["Modified alpha/core.py"]);
    }
}

#[test]
fn a_source_archive_is_not_compared_with_what_was_built_from_it() {
    let mut lab = Lab::new();
    let sdist = [0x1f, 0x8b, 8, 0, 0, 0];
    lab.locked[0].digests = vec![lab.fetch(&sdist)];
    let (answer, _) = lab.told();
    let Answer::NotChecked(why) = answer else {
        panic!("{answer:?}")
    };
    assert!(
        why.starts_with("only its source archive is at hand"),
        "{why}"
    );
}
