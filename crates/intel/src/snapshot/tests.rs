use super::*;
use customs_model::Ecosystem;
use proptest::prelude::*;
use std::cmp::Ordering;

fn semver(a: &str, b: &str) -> Option<Ordering> {
    let read = |t: &str| semver::Version::parse(t).ok();
    Some(read(a)?.cmp_precedence(&read(b)?))
}

fn npm(name: &str, version: &str) -> ReleaseId {
    ReleaseId::new(
        PackageName::new(Ecosystem::Npm, name).unwrap(),
        Version::new(version).unwrap(),
    )
}

fn record(id: &str, modified: &str, name: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"{modified}T00:00:00Z","summary":"about {name}",
            "affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},{rest}}}],
            "database_specific":{{"github_reviewed":true}}}}"#
    )
}

fn load(records: &[&str]) -> Snapshot {
    Snapshot::from_records(
        records
            .iter()
            .enumerate()
            .map(|(n, r)| (format!("{n}.json"), r)),
        Timestamp::UNIX_EPOCH,
    )
}

fn ids(snapshot: &Snapshot, release: &ReleaseId) -> Vec<String> {
    snapshot
        .matches(release, &semver)
        .into_iter()
        .map(|m| m.id)
        .collect()
}

const FIXED: &str =
    r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.3"}]}]"#;

#[test]
fn a_match_carries_what_a_decision_needs() {
    let text = record("GHSA-1", "2026-11-01", "a", FIXED);
    let found = load(&[&text]).matches(&npm("a", "1.2.2"), &semver);
    let expected = AdvisoryMatch {
        id: "GHSA-1".into(),
        malicious: false,
        summary: "about a".into(),
        source: "records".into(),
        reviewed: true,
        fixed_in: vec![Version::new("1.2.3").unwrap()],
    };
    assert_eq!(found, [expected]);
}

#[test]
fn the_fix_itself_is_no_match_but_is_named_as_the_fix() {
    let snapshot = load(&[&record("GHSA-1", "2026-11-01", "a", FIXED)]);
    assert!(ids(&snapshot, &npm("a", "1.2.3")).is_empty());
    let fix = Fix {
        id: "GHSA-1".into(),
        reviewed: true,
        kind: AdvisoryKind::Vulnerability,
    };
    assert_eq!(snapshot.fixes(&npm("a", "1.2.3"), &semver), [fix]);
    assert!(
        snapshot.fixes(&npm("a", "1.2.4"), &semver).is_empty(),
        "only the very version is the fix"
    );
    assert!(snapshot.fixes(&npm("b", "1.2.3"), &semver).is_empty());
}

#[test]
fn a_withdrawn_record_neither_matches_nor_names_a_fix() {
    let text = record("GHSA-1", "2026-11-01", "a", FIXED).replacen(
        "{",
        r#"{"withdrawn":"2026-11-02T00:00:00Z","#,
        1,
    );
    let snapshot = load(&[&text]);
    assert_eq!(snapshot.len(), 1);
    assert!(ids(&snapshot, &npm("a", "1.0.0")).is_empty());
    assert!(snapshot.fixes(&npm("a", "1.2.3"), &semver).is_empty());
}

#[test]
fn a_withdrawal_that_comes_later_wins_over_the_record() {
    let old = record("GHSA-1", "2026-11-01", "a", FIXED);
    let new = record("GHSA-1", "2026-11-02", "a", FIXED).replacen(
        "{",
        r#"{"withdrawn":"2026-11-02T00:00:00Z","#,
        1,
    );
    for order in [[&*old, &*new], [&*new, &*old]] {
        assert!(ids(&load(&order), &npm("a", "1.0.0")).is_empty());
    }
    let merged = load(&[&new]).merge(load(&[&old]));
    assert!(ids(&merged, &npm("a", "1.0.0")).is_empty());
}

#[test]
fn names_of_other_ecosystems_do_not_match() {
    let snapshot = load(&[&record("GHSA-1", "2026-11-01", "a", FIXED)]);
    let cargo = ReleaseId::new(
        PackageName::new(Ecosystem::Cargo, "a").unwrap(),
        Version::new("1.0.0").unwrap(),
    );
    assert!(ids(&snapshot, &cargo).is_empty());
    assert!(!snapshot.knows(&cargo.package) && snapshot.knows(&npm("a", "1.0.0").package));
}

#[test]
fn matches_come_in_the_order_of_their_ids() {
    let records: Vec<String> = ["Z-1", "A-2", "M-3"]
        .iter()
        .map(|id| record(id, "2026-11-01", "a", FIXED))
        .collect();
    let snapshot = load(&records.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ids(&snapshot, &npm("a", "1.0.0")), ["A-2", "M-3", "Z-1"]);
}

#[test]
fn a_malformed_record_is_named_and_the_others_are_used() {
    let good = record("GHSA-1", "2026-11-01", "a", FIXED);
    let snapshot = load(&["<html>", &good, r#"{"id":"GO-1"}"#]);
    assert_eq!(
        (snapshot.len(), snapshot.malformed(), snapshot.elsewhere()),
        (1, 1, 1)
    );
    assert_eq!(snapshot.problems()[0].name, "0.json");
}

#[test]
fn thousands_of_malformed_records_are_counted_and_a_hundred_named() {
    let bad = vec!["{"; 3000];
    let snapshot = load(&bad).merge(load(&bad));
    assert_eq!(
        (snapshot.malformed(), snapshot.problems().len()),
        (6000, 100)
    );
}

#[test]
fn a_notice_is_kept_and_holds_nothing() {
    let text = record("RUSTSEC-1", "2026-11-01", "a", r#""versions":["1.0.0"]"#).replace(
        r#""versions""#,
        r#""database_specific":{"informational":"unmaintained"},"versions""#,
    );
    let snapshot = load(&[&text]);
    assert_eq!(snapshot.advisories(&npm("a", "1.0.0").package).count(), 1);
    assert!(ids(&snapshot, &npm("a", "1.0.0")).is_empty());
}

proptest! {
    #[test]
    fn the_name_depends_on_the_records_and_not_on_their_order(
        ids in proptest::collection::btree_set("[A-Z]{1,3}-[0-9]{1,3}", 1..12), turn in 0usize..12,
    ) {
        let mut records: Vec<String> =
            ids.iter().map(|id| record(id, "2026-11-01", "a", FIXED)).collect();
        let as_read = |r: &[String]| load(&r.iter().map(String::as_str).collect::<Vec<_>>());
        let name = |s: Snapshot| s.name().to_owned();
        let first = name(as_read(&records));
        let turn = turn % records.len();
        records.rotate_left(turn);
        prop_assert_eq!(&first, &name(as_read(&records)));
        let (left, right) = records.split_at(turn);
        prop_assert_eq!(&first, &name(as_read(left).merge(as_read(right))));
        records[0] = records[0].replace("about", "again about");
        prop_assert_ne!(&first, &name(as_read(&records)));
    }
}

#[test]
fn a_set_is_as_new_as_what_was_changed_last_in_it() {
    let old = record("GHSA-1", "2026-11-01", "a", FIXED);
    let new = record("GHSA-2", "2026-11-20", "b", FIXED);
    let newest = load(&[&new, &old]).newest_change();
    assert_eq!(newest, "2026-11-20T00:00:00Z".parse().ok());
    assert_eq!(load(&[]).newest_change(), None);
}
