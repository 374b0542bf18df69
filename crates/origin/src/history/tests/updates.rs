//! What the file takes over, what it keeps, and what a review is told.

use super::*;
use customs_model::{Digest, PackageName};

fn of(file: &TrustFile) -> &LineRecord {
    file.lines().next().unwrap()
}

#[test]
fn a_record_begins_on_first_use_and_follows_good_releases() {
    let mut file = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let shown = trusted("a@1.1.0", 9, "a/a");
    let judgement = judged(&shown, &[], &file);
    let updated = record(&mut file, &shown, &judgement, day(12));
    let from = "1.0.0".to_owned();
    assert!(matches!(updated, Updated::Newer { from: before } if before.as_str() == from));
    let written = of(&file);
    assert_eq!(written.version.as_str(), "1.1.0");
    assert_eq!(
        (written.first_seen, written.last_seen),
        (Day::of(day(1)), Day::of(day(12)))
    );
    // Looked at again on another day: not a byte changes.
    let before = file.clone();
    let judgement = judged(&shown, &[], &file);
    assert_eq!(
        record(&mut file, &shown, &judgement, day(40)),
        Updated::Unchanged
    );
    assert_eq!(file, before);
}

#[test]
fn lines_are_recorded_side_by_side() {
    let file = recorded(&[trusted("a@1.0.0", 1, "a/a"), by_hand("a@2.0.0", 9)]);
    let lines: Vec<String> = file.lines().map(|record| record.line.to_string()).collect();
    assert_eq!(lines, ["1", "2"]);
}

#[test]
fn a_downgrade_replaces_nothing_without_a_reason() {
    let mut file = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let before = file.clone();
    let shown = by_hand("a@1.1.0", 9);
    let judgement = judged(&shown, &[], &file);
    assert_eq!(judgement.outcome, Outcome::Warn);
    assert!(matches!(
        record(&mut file, &shown, &judgement, day(9)),
        Updated::Kept(_)
    ));
    assert_eq!(file, before);
    for reason in ["", "  ", &"x".repeat(10_000)] {
        assert!(accept(&mut file, &shown, &judgement, reason, day(9)).is_err());
        assert_eq!(file, before);
    }
    accept(
        &mut file,
        &shown,
        &judgement,
        "their pipeline broke, see #7338",
        day(9),
    )
    .unwrap();
    insta::assert_snapshot!(file.render().lines().skip(4).collect::<Vec<_>>().join("\n"), @r#"
identity npm:a line=1 version=1.1.0 evidence=signature first=2025-01-10 last=2025-01-10

accept npm:a line=1 version=1.1.0 what=provenance,trusted-publisher on=2025-01-10 reason="their pipeline broke, see #7338"
"#);

    // The accepted release is quiet now, and so is the next one that is like it.
    let again = judged(
        &shown,
        &[trusted("a@1.0.0", 1, "a/a")],
        &before_with(&before, &file),
    );
    assert_eq!(again.outcome, Outcome::Note);
    assert!(again.sentence.contains("see #7338"), "{}", again.sentence);
    let next = by_hand("a@1.2.0", 15);
    let earlier = [trusted("a@1.0.0", 1, "a/a"), shown];
    let judgement = judged(&next, &earlier, &file);
    assert_eq!(judgement.outcome, Outcome::Quiet, "{}", judgement.sentence);
    assert!(
        judgement
            .asides
            .iter()
            .any(|aside| aside.contains("see #7338"))
    );
}

/// The record of one file with the acceptances of another: what a person wrote by hand.
fn before_with(records: &TrustFile, acceptances: &TrustFile) -> TrustFile {
    let mut file = records.clone();
    for accepted in acceptances.accepted() {
        file.set_accepted(accepted.clone()).unwrap();
    }
    file
}

#[test]
fn an_acceptance_of_one_release_is_none_of_another() {
    let mut file = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let shown = rebuilt(trusted("a@1.1.0", 9, "a/a"), |i| {
        i.builder = Some(BuilderClass::SelfHosted)
    });
    let judgement = judged(&shown, &[], &file);
    accept(
        &mut file,
        &shown,
        &judgement,
        "they moved their runners",
        day(9),
    )
    .unwrap();
    assert_eq!(of(&file).first_seen, Day::of(day(9)));
    let next = rebuilt(trusted("a@1.2.0", 12, "a/a"), |i| {
        i.builder = Some(BuilderClass::SelfHosted)
    });
    assert_eq!(judged(&next, &[], &file).outcome, Outcome::Quiet);
    let other = rebuilt(next, |i| i.workflow = Some("other.yml".into()));
    assert_eq!(judged(&other, &[], &file).outcome, Outcome::Warn);
    let lost = by_hand("a@1.2.0", 12);
    assert_eq!(judged(&lost, &[], &file).outcome, Outcome::Warn);
}

#[test]
fn there_is_nothing_to_accept_in_a_good_release() {
    let mut file = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let shown = trusted("a@1.1.0", 9, "a/a");
    let judgement = judged(&shown, &[], &file);
    let refused = accept(&mut file, &shown, &judgement, "because", day(9));
    assert!(matches!(refused, Err(AcceptError::Nothing(_))));
}

#[test]
fn what_nobody_looked_at_is_neither_recorded_nor_forgotten() {
    let mut file = TrustFile::default();
    let unseen = Shown::nothing_asked(by_hand("a@1.0.0", 1).release, "offline");
    let judgement = judged(&unseen, &[], &file);
    assert!(matches!(
        record(&mut file, &unseen, &judgement, day(1)),
        Updated::Kept(_)
    ));
    let mut file = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let shown = Shown {
        signature: Seen::not_asked("offline"),
        ..by_hand("a@1.1.0", 9)
    };
    let judgement = judged(&shown, &[], &file);
    accept(&mut file, &shown, &judgement, "known", day(9)).unwrap();
    let evidence: Vec<Axis> = of(&file).evidence.iter().copied().collect();
    assert_eq!(
        evidence,
        [Axis::Signature],
        "only the losses that were judged are accepted"
    );
}

#[test]
fn more_evidence_of_the_same_release_is_taken_over_and_less_is_not() {
    let mut file = recorded(&[offered("a@1.0.0", 1)]);
    let shown = attested("a@1.0.0", 1, "a/a");
    let judgement = judged(&shown, &[], &file);
    assert_eq!(
        record(&mut file, &shown, &judgement, day(3)),
        Updated::Stronger
    );
    let before = file.clone();
    let offered = offered("a@1.0.0", 1);
    let judgement = judged(&offered, &[], &file);
    assert!(matches!(
        record(&mut file, &offered, &judgement, day(4)),
        Updated::Kept(_)
    ));
    assert_eq!(file, before);
}

#[test]
fn an_older_release_beside_it_does_not_move_the_record() {
    let mut file = recorded(&[trusted("a@1.5.0", 50, "a/a")]);
    let shown = by_hand("a@1.2.0", 10);
    let judgement = judged(&shown, &[], &file);
    assert_eq!(
        record(&mut file, &shown, &judgement, day(60)),
        Updated::Unchanged
    );
    assert_eq!(of(&file).version.as_str(), "1.5.0");
}

#[test]
fn a_beta_does_not_take_the_place_of_a_stable_release() {
    let mut file = recorded(&[trusted("a@1.4.0", 1, "a/a")]);
    let beta = trusted("a@1.5.0-beta.1", 9, "a/a");
    let judgement = judged(&beta, &[], &file);
    assert_eq!(
        record(&mut file, &beta, &judgement, day(9)),
        Updated::Unchanged
    );
    // So a stable release that lost it is still held to what the stable one had.
    let added = Added {
        dependencies: names(&["new"]),
        scripts: names(&[]),
    };
    let past = Past {
        added: Some(added),
        ..past(&[])
    };
    let shown = by_hand("a@1.5.0", 20);
    let case = Case {
        shown: &shown,
        registry: REGISTRY,
        past: &past,
        file: &file,
    };
    assert_eq!(judge(&case).outcome, Outcome::Block);
}

fn told(old: &TrustFile, new: &TrustFile) -> String {
    let line = |change: FileChange| format!("{:?}: {}", change.look, change.sentence);
    changes(old, new)
        .into_iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_review_is_told_what_somebody_did_to_the_file() {
    let old = recorded(&[
        trusted("a@1.0.0", 1, "a/a"),
        trusted("b@1.0.0", 1, "b/b"),
        trusted("c@1.0.0", 1, "c/c"),
        trusted("d@1.0.0", 1, "d/d"),
        trusted("e@1.3.0", 1, "e/e"),
    ]);
    let mut new = old.clone();
    let package = |name: &str| PackageName::new(customs_model::Ecosystem::Npm, name).unwrap();
    let line: ReleaseLine = "1".parse().unwrap();
    let get = |name: &str| old.line(&package(name), line).unwrap().clone();
    new.forget_line(&package("a"), line);
    let mut weaker = get("b");
    weaker.version = customs_model::Version::new("1.0.1").unwrap();
    weaker.evidence = [Axis::Signature].into();
    weaker.identity = None;
    new.set_line(weaker).unwrap();
    let mut unnumbered = get("c");
    unnumbered
        .identity
        .as_mut()
        .unwrap()
        .repository
        .as_mut()
        .unwrap()
        .id = None;
    new.set_line(unnumbered).unwrap();
    let mut dated = get("d");
    dated.first_seen = "2020-01-01".parse().unwrap();
    new.set_line(dated).unwrap();
    let mut back = get("e");
    back.version = customs_model::Version::new("1.2.0").unwrap();
    new.set_line(back).unwrap();
    new.set_line(LineRecord {
        package: package("f"),
        ..get("d")
    })
    .unwrap();
    new.set_accepted(Accepted {
        package: package("d"),
        line,
        version: customs_model::Version::new("1.0.1").unwrap(),
        what: [Acceptable::Identity].into(),
        reason: "trust me".into(),
        on: "2026-01-01".parse().unwrap(),
    })
    .unwrap();
    new.set_made(Made {
        path: "node_modules/d/index.js".into(),
        digest: Digest::sha256(b"x"),
        maker: "a cache".into(),
    })
    .unwrap();
    insta::assert_snapshot!(told(&old, &new), @r"
Must: a (line 1): its record is gone; the next release of that line will be trusted on first use. 1.0.0 had signature of the registry, provenance, trusted publisher.
Must: b (line 1): from 1.0.0 to 1.0.1 the record claims less: no provenance, no trusted publisher any more; nothing in the file accepts it.
Must: c (line 1): for 1.0.0, whose version did not change, the repository becomes c/c (no id) where it was c/c (id 1001); nothing in the file accepts it.
Must: d (line 1): for 1.0.0, whose version did not change, the day on which it was first seen becomes 2020-01-01 where it was 2025-01-02, and nothing else explains it.
Must: d 1.0.1: an acceptance of what it lost or changed (identity) is new; its reason: trust me
Must: e (line 1): from 1.3.0 to 1.2.0 the record goes back to an older release.
Must: node_modules/d/index.js: newly pinned as made here by a cache.
Ordinary: f (line 1): recorded for the first time, 1.0.0 with signature of the registry, provenance, trusted publisher.
");
    assert_eq!(told(&old, &old), "");
}

#[test]
fn two_branches_that_verified_different_packages_merge_by_themselves() {
    let base = recorded(&[trusted("a@1.0.0", 1, "a/a"), trusted("b@1.0.0", 1, "b/b")]);
    let follow = |shown: Shown| {
        let mut file = base.clone();
        let judgement = judged(&shown, &[], &file);
        record(&mut file, &shown, &judgement, day(20));
        file
    };
    let ours = follow(trusted("a@1.1.0", 9, "a/a"));
    let theirs = follow(trusted("b@1.1.0", 9, "b/b"));
    let merged = merge(Some(&base), &ours, &theirs).unwrap();
    assert_eq!(merged.open, Vec::<String>::new());
    let versions: Vec<&str> = merged.file.lines().map(|r| r.version.as_str()).collect();
    assert_eq!(versions, ["1.1.0", "1.1.0"]);
    // Both moved the same package: the newer one, where it claims as much.
    let newer = follow(trusted("a@1.2.0", 12, "a/a"));
    let merged = merge(Some(&base), &ours, &newer).unwrap();
    assert_eq!(
        (merged.open.len(), of(&merged.file).version.as_str()),
        (0, "1.2.0")
    );
}

#[test]
fn a_merge_never_takes_the_weaker_claim_silently() {
    let base = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let shown = trusted("a@1.1.0", 9, "a/a");
    let mut ours = base.clone();
    let judgement = judged(&shown, &[], &ours);
    record(&mut ours, &shown, &judgement, day(10));
    let weak = by_hand("a@1.2.0", 12);
    let mut theirs = base.clone();
    let judgement = judged(&weak, &[], &theirs);
    accept(&mut theirs, &weak, &judgement, "fine", day(12)).unwrap();
    let merged = merge(Some(&base), &ours, &theirs).unwrap();
    assert_eq!(of(&merged.file).version.as_str(), "1.1.0");
    insta::assert_snapshot!(merged.open.join("\n"), @r"a (line 1): both sides changed its record, to 1.1.0 and to 1.2.0, and one claims what the other does not; verify it again.");

    let mut removed = base.clone();
    removed.forget_line(&of(&base).package.clone(), of(&base).line);
    let merged = merge(Some(&base), &ours, &removed).unwrap();
    assert_eq!(
        merged.open.len(),
        1,
        "taken away on one side, changed on the other"
    );
    let merged = merge(Some(&base), &base, &removed).unwrap();
    assert_eq!((merged.open.len(), merged.file.lines().count()), (0, 0));
}

#[test]
fn the_base_of_a_conflict_is_of_neither_side() {
    let text = "a\n<<<<<<< ours\nb\n||||||| base\nc\n=======\nd\n>>>>>>> theirs\ne\n";
    assert_eq!(sides(text), Some(("a\nb\ne\n".into(), "a\nd\ne\n".into())));
    assert_eq!(sides("a\n"), None);
}

#[test]
fn a_conflict_of_git_is_taken_apart_and_merged() {
    let base = recorded(&[trusted("a@1.0.0", 1, "a/a")]);
    let text = base.render();
    let line = text
        .lines()
        .find(|line| line.starts_with("identity"))
        .unwrap();
    let newer = line.replace("version=1.0.0", "version=1.1.0");
    let conflict = text.replace(
        line,
        &format!("<<<<<<< ours\n{line}\n=======\n{newer}\n>>>>>>> theirs"),
    );
    let refused = TrustFile::parse(conflict.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("a merge conflict is not resolved"),
        "{refused}"
    );
    let (ours, theirs) = sides(&conflict).unwrap();
    let parse = |text: &str| TrustFile::parse(text.as_bytes()).unwrap();
    let merged = merge(None, &parse(&ours), &parse(&theirs)).unwrap();
    assert_eq!(of(&merged.file).version.as_str(), "1.1.0");
}
