//! What the gate wrote down of a crate, where its bytes are gone.

use super::*;
use crate::artifact::FileLists;
use crate::tree::Against;

#[test]
fn a_list_of_a_crate_tells_of_a_change_that_the_checksums_were_made_to_fit() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let (artifact, lists) = (
        lab.folder.path().join("artifact"),
        lab.folder.path().join("files"),
    );
    fs::write(&artifact, crate_of(&FILES)).unwrap();
    let release = "pkg:cargo/alpha@1.0.0".parse().unwrap();
    let kept = FileLists::new(&lists).keep(&release, "alpha-1.0.0.crate", &artifact, &lab.digest);
    assert!(kept.unwrap());
    let options = Options {
        gate_lists: Some(lists),
        ..lab.options()
    };
    let project = lab.folder.path().join("project");
    let look = || check_vendor(&project, &lab.locked, &options);
    let report = look();
    assert!(matches!(one(&report).answer, Answer::NotChecked(_)));
    assert!(matches!(
        one(&report).against,
        Some(Against::OwnList { .. })
    ));

    write(&lab.vendored("src/lib.rs"), b"pub fn run() { evil() }\n");
    lab.list();
    // The list that the tree brings along was made to fit.
    assert!(matches!(one(&lab.vendor()).answer, Answer::NotChecked(_)));
    assert_eq!(one(&look()).answer, Answer::No);
}
