use super::*;
use customs_inspect::{Content, Entry, Kind};
use customs_model::Standing;
use std::fs;
use std::path::Path;

const RULE: &str = "rule marked {\n  meta:\n    severity = \"critical\"\n  strings:\n    $a = \"inert-marker\"\n  \
                    condition:\n    $a\n}\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn refused(path: &Path) -> Failure {
    Own::load(&[path.to_owned()]).err().unwrap()
}

#[test]
fn rules_of_a_folder_change_the_verdict() {
    let folder = folder(&[
        ("deep/a.yar", RULE),
        ("b.yara", RULE),
        ("notes.txt", "no rule"),
    ]);
    let own = Own::load(&[folder.path().to_owned()]).ok().unwrap();
    assert!(own.is_any());
    let bytes = b"let a = 'inert-marker'";
    let tree = Tree {
        entries: vec![Entry {
            path: "package/a.js".to_owned(),
            content: Content::Whole(bytes.as_slice().into()),
            length: bytes.len() as u64,
            kind: Kind::Text,
            executable: false,
        }],
        ..Tree::default()
    };
    let mut verdict = Verdict {
        standing: Standing::Clean,
        findings: Vec::new(),
        not_checked: Vec::new(),
    };
    own.judge(&tree, &mut verdict);
    assert_eq!(verdict.standing, Standing::Malicious);
    assert_eq!(verdict.findings.len(), 2);
    assert!(verdict.findings[0].message.contains("b.yara"));
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let folder = folder(&[("a.yar", RULE)]);
    let file = folder.path().join("a.yar");
    let sources = files::read(&[file.clone(), folder.path().to_owned(), file])
        .ok()
        .unwrap();
    assert_eq!(sources.len(), 1);
}

#[test]
fn a_broken_rule_is_told_with_its_file_and_line() {
    let folder = folder(&[("bad.yar", "rule r {\n  condition:\n    $a\n}\n")]);
    let failure = refused(folder.path());
    assert_eq!(failure.code, 2);
    let text = failure.to_string();
    assert!(text.contains("bad.yar:3: "), "{text}");
}

#[test]
fn what_is_not_there_or_holds_no_rules_is_told() {
    let folder = folder(&[("notes.txt", "no rule")]);
    let text = refused(folder.path()).to_string();
    assert!(text.contains("no .yar or .yara file"), "{text}");
    assert_eq!(refused(&folder.path().join("gone.yar")).code, 2);
}

#[test]
fn without_the_option_nothing_is_asked() {
    assert!(!Own::load(&[]).ok().unwrap().is_any());
}
