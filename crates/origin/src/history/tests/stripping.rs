//! Registries that strip evidence.

use super::*;

fn bare(release: &str, on: i64) -> Shown {
    Shown {
        signature: Seen::Absent,
        publisher: Seen::Absent,
        ..by_hand(release, on)
    }
}

fn all(shown: &[Shown], pasts: &[Past], file: &TrustFile) -> Judged {
    let cases: Vec<Case<'_>> = shown
        .iter()
        .zip(pasts)
        .map(|(shown, past)| Case {
            shown,
            registry: "feed.example",
            past,
            file,
        })
        .collect();
    judge_all(&cases)
}

#[test]
fn a_feed_that_strips_is_told_once() {
    let verified: Vec<Shown> = ["a@1.0.0", "b@1.0.0"]
        .map(|release| attested(release, 1, "a/a"))
        .into();
    let file = recorded(&verified);
    let shown = ["a@1.1.0", "b@1.1.0", "c@1.0.0"].map(|release| bare(release, 9));
    let judged = all(&shown, &[past(&[]), past(&[]), past(&[])], &file);
    let stripped = Outcome::NotChecked(Unseen::Stripped);
    assert!(
        judged
            .judgements
            .iter()
            .all(|judgement| judgement.outcome == stripped)
    );
    let told: Vec<&str> = judged
        .stripping
        .iter()
        .map(|s| s.sentence.as_str())
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"feed.example strips evidence of origin (signature of the registry, provenance, trusted publisher, approval by a person): it shows it for none of 3 packages, 2 of which were verified with it before; ask a registry that passes it on.");
}

#[test]
fn a_feed_that_strips_only_attestations_is_told_by_what_was_verified_before() {
    let releases = ["a@1.0.0", "b@1.0.0", "c@1.0.0"];
    let verified: Vec<Shown> = releases.map(|release| attested(release, 1, "a/a")).into();
    let file = recorded(&verified);
    let shown = ["a@1.1.0", "b@1.1.0", "c@1.1.0"].map(|release| by_hand(release, 9));
    let judged = all(&shown, &[past(&[]), past(&[]), past(&[])], &file);
    assert_eq!(judged.stripping.len(), 1);
    let axes: Vec<Axis> = judged.stripping[0].axes.iter().copied().collect();
    assert!(axes.contains(&Axis::Provenance) && !axes.contains(&Axis::Signature));
}

#[test]
fn a_loss_is_no_stripping_while_earlier_releases_of_the_registry_show_the_evidence() {
    let names = ["a", "b", "c"];
    let before = names.map(|name| trusted(&format!("{name}@1.0.0"), 1, "a/a"));
    let file = recorded(&before);
    let shown = names.map(|name| by_hand(&format!("{name}@1.1.0"), 9));
    let pasts = before.map(|shown| past(&[shown]));
    let judged = all(&shown, &pasts, &file);
    assert_eq!(judged.stripping, []);
    assert!(
        judged
            .judgements
            .iter()
            .all(|judgement| judgement.outcome == Outcome::Warn)
    );
}

/// One stolen account must not look like a registry that strips.
#[test]
fn one_or_two_packages_make_no_stripping() {
    let verified: Vec<Shown> = ["a@1.0.0", "b@1.0.0"]
        .map(|release| attested(release, 1, "a/a"))
        .into();
    let file = recorded(&verified);
    let shown = ["a@1.1.0", "b@1.1.0"].map(|release| by_hand(release, 9));
    let judged = all(&shown, &[past(&[]), past(&[])], &file);
    assert_eq!(judged.stripping, []);
    assert!(
        judged
            .judgements
            .iter()
            .all(|judgement| judgement.outcome == Outcome::Warn)
    );
}

/// Most packages of PyPI never had evidence. That is no stripping.
#[test]
fn packages_that_never_had_evidence_are_no_stripping_where_nothing_is_signed() {
    let shown = ["a", "b", "c", "d"].map(|name| Shown {
        release: format!("pkg:pypi/{name}@1.0").parse().unwrap(),
        signature: Seen::NotApplicable,
        trusted_publisher: Seen::NotApplicable,
        approval: Seen::NotApplicable,
        ..by_hand("a@1.0.0", 1)
    });
    let pasts = [(); 4].map(|()| past(&[]));
    let judged = all(&shown, &pasts, &TrustFile::default());
    assert_eq!(judged.stripping, []);
    assert!(
        judged
            .judgements
            .iter()
            .all(|judgement| judgement.outcome == Outcome::Quiet)
    );
}
