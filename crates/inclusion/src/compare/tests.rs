mod shown;

use super::*;
use crate::markdown::tests::is_well_formed;
use crate::shown::tests::steers_nothing;
use crate::testing::{any_record, digest, file, package, record, shuffled};
use customs_model::DigestAlgorithm;
use proptest::prelude::*;

const TOOL: &str = "pkg:npm/%40acme/tool@1.2.3";

/// What is new where only this was changed.
fn after(change: impl FnOnce(&mut Record)) -> Newly {
    let old = record();
    let mut new = record();
    change(&mut new);
    compare(&old, &new)
}

/// The one package that is all right.
fn tool(record: &mut Record) -> &mut Included {
    &mut record.packages[0]
}

#[test]
fn the_same_record_is_quiet() {
    let mut newly = after(|new| new.packages.reverse());
    assert!(!newly.is_loud());
    // What nobody looked at stays said.
    assert!(!newly.is_quiet());
    newly.not_compared.clear();
    assert!(newly.is_quiet());
    assert!(text(&newly).contains("Nothing: both records say the same."));
    assert!(markdown(&newly).contains("Nothing: both records say the same."));
}

#[test]
fn each_kind_of_file_change_under_one_version_is_told() {
    let newly = after(|new| {
        let files = &mut tool(new).files;
        files[0] = file("index.js", "other", "unexplained");
        files[1] = file("postinstall.js", "new", "unexplained");
    });
    assert!(newly.is_loud());
    assert_eq!(newly.files.len(), 1);
    let told = newly.files[0].files.iter();
    let told: Vec<_> = told.map(|file| (file.path.as_str(), file.change)).collect();
    let expected = [
        ("index.js", FileChange::Changed),
        ("package.json", FileChange::Gone),
        ("postinstall.js", FileChange::New),
    ];
    assert_eq!(told, expected);
}

#[test]
fn one_changed_copy_beside_a_good_one_is_told_and_its_going_is_not() {
    let change = |record: &mut Record| {
        let mut other = tool(record).clone();
        other.places = vec!["elsewhere".to_owned()];
        other.files[0] = file("index.js", "other", "unexplained");
        record.packages.push(other);
    };
    let newly = after(change);
    assert_eq!(newly.files[0].files[0].standing, "unexplained");
    assert_eq!(newly.files[0].files[0].now.len(), 2);
    let mut old = record();
    change(&mut old);
    assert!(compare(&old, &record()).files.is_empty());
}

#[test]
fn files_that_only_one_record_lists_are_not_compared_and_that_is_said() {
    let newly = after(|new| tool(new).files.clear());
    assert!(newly.files.is_empty());
    let said = "the files of 1 package: only one of the records lists them";
    assert!(newly.not_compared.iter().any(|what| what == said));
}

#[test]
fn another_artifact_is_told_and_a_stronger_digest_of_the_same_is_not() {
    let sha = |algorithm, text| digest(algorithm, text);
    let newly = after(|new| {
        let more = sha(DigestAlgorithm::Sha256, "the same");
        tool(new).artifact.push(more);
    });
    assert!(newly.artifacts.is_empty());
    let newly = after(|new| tool(new).artifact = vec![sha(DigestAlgorithm::Sha512, "other")]);
    assert_eq!(newly.artifacts.len(), 1);
    assert!(!newly.artifacts[0].has_common);
    // One more wheel of the same release.
    let newly = after(|new| {
        new.packages[2]
            .artifact
            .push(sha(DigestAlgorithm::Sha256, "more"))
    });
    assert!(newly.artifacts[0].has_common && newly.artifacts[0].before.is_empty());
}

#[test]
fn lost_evidence_is_told_within_a_version_and_across_versions() {
    let newly = after(|new| tool(new).origin.signature = Answer::No);
    assert_eq!(newly.lost[0].question, Question::Signature);
    assert!(newly.is_loud());
    let newly = after(|new| {
        let mut next = package("pkg:npm/%40acme/tool@1.2.4", &["node_modules/@acme/tool"]);
        next.origin.attestation = Answer::No;
        *tool(new) = next;
    });
    assert_eq!(newly.moved.len(), 1);
    assert_eq!(
        newly.lost[0].release.to_string(),
        "pkg:npm/%40acme/tool@1.2.4"
    );
    assert_eq!(
        (&newly.lost[0].before, &newly.lost[0].now),
        (&Answer::Yes, &Answer::No)
    );
}

#[test]
fn what_nobody_looked_at_this_time_is_told_and_not_called_lost() {
    let newly = after(|new| tool(new).origin.signature = Answer::not_checked("offline"));
    assert!(newly.lost.is_empty() && !newly.is_loud() && !newly.is_quiet());
    assert_eq!(newly.unchecked[0].question, Question::Signature);
    assert!(
        text(&newly).contains("1 no longer checked"),
        "{}",
        text(&newly)
    );
}

#[test]
fn another_reason_for_not_looking_is_no_change_and_a_found_answer_is_told() {
    let newly = after(|new| {
        new.packages[2].origin.attestation = Answer::not_checked("another reason");
        new.packages[3].tree = Answer::Yes;
    });
    assert!(newly.lost.is_empty() && !newly.is_loud());
    assert_eq!(newly.other.len(), 1);
    let newly = after(|new| new.packages[3].tree = Answer::No);
    assert_eq!(newly.lost.len(), 1);
    let newly = after(|new| new.packages[2].origin.attestation = Answer::No);
    assert!(newly.lost.is_empty());
    assert_eq!(newly.other.len(), 1);
}

#[test]
fn another_repository_is_told_and_a_claim_that_nothing_bears_out_is_not() {
    let other = || Some("https://github.com/else/tool".to_owned());
    let newly = after(|new| tool(new).origin.repository = other());
    assert_eq!(newly.builders[0].what, Builder::Repository);
    let newly = after(|new| {
        tool(new).origin.repository = other();
        tool(new).origin.attestation = Answer::not_checked("offline");
    });
    assert!(newly.builders.is_empty());
    // An identity may name the tag of its version.
    let newly = after(|new| {
        let mut next = package("pkg:npm/%40acme/tool@1.2.4", &[]);
        next.origin.identity = Some("acme/tool, refs/tags/v1.2.4".to_owned());
        *tool(new) = next;
    });
    assert!(newly.builders.is_empty());
}

#[test]
fn a_worse_verdict_is_loud_and_a_better_one_is_told() {
    let newly = after(|new| tool(new).verdict = Known::Is(Standing::Malicious));
    assert!(newly.is_loud());
    let newly = after(|new| new.packages[4].verdict = Known::Is(Standing::Clean));
    assert_eq!(newly.verdicts.len(), 1);
    assert!(!newly.is_loud());
}

#[test]
fn a_second_version_beside_the_first_is_newly_included() {
    let newly = after(|new| new.packages.push(package("pkg:npm/left-pad@2.0.0", &["x"])));
    assert!(newly.moved.is_empty());
    assert_eq!(
        newly.included[0].release.to_string(),
        "pkg:npm/left-pad@2.0.0"
    );
    let newly = compare(
        &after_record(|new| new.packages.push(package("pkg:npm/left-pad@2.0.0", &["x"]))),
        &record(),
    );
    assert_eq!(newly.gone[0].to_string(), "pkg:npm/left-pad@2.0.0");
}

fn after_record(change: impl FnOnce(&mut Record)) -> Record {
    let mut new = record();
    change(&mut new);
    new
}

proptest! {
    #[test]
    fn whatever_the_records_are_the_comparison_is_whole_and_always_the_same(
        old in any_record(), new in any_record(),
    ) {
        let newly = compare(&old, &new);
        steers_nothing(&text(&newly));
        is_well_formed(&markdown(&newly));
        prop_assert_eq!(&compare(&shuffled(&old), &shuffled(&new)), &newly);
        // Every release of the newer record is either told or was there.
        let told = |release: &ReleaseId| {
            newly.included.iter().any(|included| included.release == *release)
                || newly.moved.iter().any(|moved| {
                    moved.package == release.package && moved.to.contains(&release.version)
                })
        };
        for package in &new.packages {
            let was_there = old.packages.iter().any(|p| p.release == package.release);
            prop_assert_eq!(told(&package.release), !was_there);
        }
    }

    #[test]
    fn a_record_compared_with_itself_is_never_loud(record in any_record()) {
        let newly = compare(&record, &shuffled(&record));
        prop_assert!(!newly.is_loud());
        prop_assert_eq!(newly.not_compared.len(), record.sorted().not_checked.len());
    }
}

#[test]
fn a_file_of_no_package_is_told_and_is_loud_only_where_nothing_explains_it() {
    let cache = after(|new| {
        new.loose
            .push(file("node_modules/.cache/x", "1", "made here"))
    });
    assert_eq!(cache.loose.len(), 1);
    assert!(!cache.is_loud() && !cache.is_quiet());
    let stray = after(|new| {
        new.loose
            .push(file("lib/a.pth", "import os", "unexplained"))
    });
    assert!(stray.is_loud());
    assert!(text(&stray).contains("OTHER FILES") || text(&stray).contains("belong to none"));
    let gone = compare(
        &Record {
            loose: vec![file("lib/a.pth", "import os", "unexplained")],
            ..record()
        },
        &record(),
    );
    assert!(!gone.is_loud());
    assert_eq!(gone.loose[0].change, FileChange::Gone);
}
