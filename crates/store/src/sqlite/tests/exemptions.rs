//! Exemptions of run time, and the questions that a policy is tested by.

use super::*;
use crate::sqlite::query;

fn granted(id: &str, who: &str) -> LedgerRecord {
    LedgerRecord::Exemption(ExemptionChange::Granted(Granted {
        id: id.to_owned(),
        about: "pkg:npm/left@1.0.1".to_owned(),
        digests: vec![Digest::sha256(b"left")],
        rules: vec![RuleId::of("version-age")],
        reason: "hot fix".to_owned(),
        owner: "platform".to_owned(),
        until: day(10),
        although_malicious: false,
        who: Who {
            credential: Some(who.to_owned()),
            ..Who::default()
        },
    }))
}

#[test]
fn an_exemption_is_seen_by_another_process_and_ends_when_somebody_ends_it() {
    let house = House::new();
    let gate = house.open();
    assert_eq!(gate.exemptions().unwrap(), []);
    let person = house.open();
    let receipt = person.append_wait(granted("EX-1", "user:ann")).unwrap();
    let seen = gate.exemptions().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].chain.clone(), seen[0].seq, seen[0].at),
        (receipt.chain.to_string(), receipt.seq, day(0))
    );
    assert!(seen[0].is_in_force(day(9)) && !seen[0].is_in_force(day(10)));

    house.clock.advance(SignedDuration::from_hours(24));
    let ended = ExemptionChange::Ended(Ended {
        id: "EX-1".to_owned(),
        reason: Some("the fix is old enough".to_owned()),
        who: Who::default(),
    });
    person.append_wait(LedgerRecord::Exemption(ended)).unwrap();
    let seen = gate.exemptions().unwrap();
    assert!(!seen[0].is_in_force(day(1)));
    assert_eq!(seen[0].ended.as_ref().unwrap().0, day(1));
    drop((gate, person));
    assert!(house.verify().is_intact());
}

#[test]
fn exemptions_are_found_by_an_index_however_long_the_ledger_is() {
    let house = House::new();
    drop(house.open());
    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    for (sql, index) in [
        (query::EXEMPTIONS, "record_exemption"),
        (
            query::DECISIONS_OF,
            "record_decided (release>? AND release<?)",
        ),
    ] {
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let steps = vec!["1"; plan.parameter_count()];
        let steps = plan
            .query_map(rusqlite::params_from_iter(steps), |row| row.get(3))
            .unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(steps[0].contains(index), "{steps:?}");
    }
}

#[test]
fn an_exemption_that_was_edited_breaks_its_chain() {
    let house = House::new();
    let store = house.open();
    store.append_wait(granted("EX-1", "user:ann")).unwrap();
    drop(store);
    house.spoil(
        "UPDATE record SET body = replace(body, 'user:ann', 'user:bob') WHERE kind = 'exemption'",
    );
    assert!(!house.verify().is_intact());
}

#[test]
fn an_exemption_of_a_ledger_of_before_can_be_added() {
    let house = House::new();
    drop(house.open());
    house.spoil("DROP INDEX record_exemption; PRAGMA user_version = 1");
    let readers = SqliteStore::open_read_only(house.path()).unwrap();
    assert_eq!(readers.exemptions().unwrap(), []);
    let store = house.open();
    store.append_wait(granted("EX-1", "user:ann")).unwrap();
    assert_eq!(readers.exemptions().unwrap().len(), 1);
}

#[test]
fn every_decision_of_a_package_is_found_and_no_other_one() {
    let house = House::new();
    let store = house.open();
    let hold = Action::Hold { until: day(3) };
    for (name, action) in [
        ("left", hold),
        ("left", Action::Allow),
        ("lefter", Action::Allow),
    ] {
        store
            .record_decision(&decision(release(name, "1.0.1"), action))
            .unwrap();
    }
    let all = store.decisions_of(&package("left")).unwrap();
    let words: Vec<_> = all.iter().map(|row| row.decision.action.word()).collect();
    assert_eq!(words, ["hold", "allow"]);
}

#[test]
fn records_of_a_time_are_found_without_reading_those_of_before() {
    let house = House::new();
    let store = house.open();
    for number in 0..50 {
        store.append_wait(note(&format!("day {number}"))).unwrap();
        house.clock.advance(SignedDuration::from_hours(24));
    }
    let position = store.position_before(day(30)).unwrap();
    let rows = store.records_after(position, 1_000).unwrap();
    assert_eq!(rows.iter().filter(|row| row.at >= day(30)).count(), 20);
    assert!(rows.len() <= 21, "{}", rows.len());
    assert_eq!(store.position_before(day(-9)).unwrap(), 0);
    let behind = store.position_before(day(99)).unwrap();
    assert_eq!(store.records_after(behind, 10).unwrap(), []);
}

#[test]
fn the_memory_of_a_package_is_found_whatever_its_upstream() {
    let house = House::new();
    let store = house.open();
    let seen = [Seen {
        version: Version::new("1.0.1").unwrap(),
        artifact: None,
        published: Some(day(-1)),
    }];
    for (upstream, name) in [
        ("https://a.example/", "left"),
        ("", "left"),
        ("", "left-pad"),
    ] {
        store
            .record_sight(upstream, &package(name), &seen, day(0))
            .unwrap();
    }
    let all = store.all_sights(&package("left")).unwrap();
    let upstreams: Vec<_> = all.iter().map(|(upstream, _)| upstream.as_str()).collect();
    assert_eq!(upstreams, ["", "https://a.example/"]);
    let (version, file, sight) = all[1].1.iter().next().unwrap();
    assert_eq!((version.as_str(), file), ("1.0.1", None));
    assert_eq!(sight.published, Some(day(-1)));
}
