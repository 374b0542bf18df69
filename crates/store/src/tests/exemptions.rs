//! Exemptions of run time, and the questions that a policy is tested by.

use super::*;

fn an_exemption_is_seen_by_another_process_and_ends_when_somebody_ends_it(house: &dyn House) {
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

    house.clock().advance(SignedDuration::from_hours(24));
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

fn every_decision_of_a_package_is_found_and_no_other_one(house: &dyn House) {
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

fn records_of_a_time_are_found_without_reading_those_of_before(house: &dyn House) {
    let store = house.open();
    for number in 0..50 {
        store.append_wait(note(&format!("day {number}"))).unwrap();
        house.clock().advance(SignedDuration::from_hours(24));
    }
    let position = store.position_before(day(30)).unwrap();
    let rows = store.records_after(position, 1_000).unwrap();
    assert_eq!(rows.iter().filter(|row| row.at >= day(30)).count(), 20);
    assert!(rows.len() <= 21, "{}", rows.len());
    assert_eq!(store.position_before(day(-9)).unwrap(), 0);
    let behind = store.position_before(day(99)).unwrap();
    assert_eq!(store.records_after(behind, 10).unwrap(), []);
}

fn the_memory_of_a_package_is_found_whatever_its_upstream(house: &dyn House) {
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

on_every_database!(
    an_exemption_is_seen_by_another_process_and_ends_when_somebody_ends_it,
    every_decision_of_a_package_is_found_and_no_other_one,
    records_of_a_time_are_found_without_reading_those_of_before,
    the_memory_of_a_package_is_found_whatever_its_upstream,
);
