//! What the gate wrote down of a wheel, where its bytes are gone.

use super::*;
use crate::artifact::FileLists;
use crate::tree::Against;

/// Options where the gate delivered the wheel, and its bytes are not here any more.
fn written(lab: &Lab) -> Options {
    let bytes = wheel("alpha", &FILES);
    let (artifact, lists) = (
        lab.folder.path().join("artifact"),
        lab.folder.path().join("files"),
    );
    fs::write(&artifact, &bytes).unwrap();
    let release = "pkg:pypi/alpha@1.0".parse().unwrap();
    let file = "alpha-1.0-py3-none-any.whl";
    let digest = Digest::sha256(&bytes);
    let kept = FileLists::new(&lists).keep(&release, file, &artifact, &digest);
    assert!(kept.unwrap());
    Options {
        gate_lists: Some(lists),
        ..Options::default()
    }
}

#[test]
fn a_list_of_a_wheel_tells_of_a_change_that_record_was_made_to_fit() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let options = written(&lab);
    let look = || check(&lab.environment(), &lab.belongs(), &options);
    let report = look();
    let package = one(&report, "alpha");
    let Answer::NotChecked(why) = &package.answer else {
        panic!("{package:?}")
    };
    assert!(why.contains("the gate's list of its files"), "{why}");
    assert!(matches!(package.against, Some(Against::OwnList { .. })));
    assert_eq!(unexplained(&report), Vec::<String>::new());

    lab.edit("alpha/core.py", "import evil\n");
    lab.fix_record("alpha/core.py");
    // RECORD alone knows nothing of it.
    assert!(matches!(lab.told().0, Answer::NotChecked(_)));
    let report = look();
    assert_eq!(one(&report, "alpha").answer, Answer::No);
    // RECORD has rows that the wheel gives no reason for.
    assert_eq!(
        unexplained(&report),
        ["Extra alpha-1.0.dist-info/RECORD", "Modified alpha/core.py"]
    );
}
