use super::*;

fn hold(days: i64) -> Action {
    Action::Hold { until: day(days) }
}

fn a_decision_is_recorded_when_it_changes_and_only_then(house: &dyn House) {
    let store = house.open();
    let axios = release("axios", "1.14.1");
    let mut steps = Vec::new();
    let mut say = |decision: &Decision| {
        let recorded = store.record_decision(decision).unwrap();
        let latest = store.latest_decision(&axios, None).unwrap().unwrap();
        steps.push(format!("{recorded}: {}", latest.changed));
    };
    let mut now = decision(axios.clone(), hold(3));
    say(&now);
    // Made again at another instant: the same decision.
    now.at = day(1);
    say(&now);
    now.action = hold(7);
    say(&now);
    now.action = Action::Block { until: None };
    say(&now);
    now.reasons[0].waived = Some("warn mode".to_owned());
    say(&now);
    now.epoch.policy = "p2".to_owned();
    say(&now);
    now.epoch.advisories = "another snapshot".to_owned();
    say(&now);
    now.action = Action::Allow;
    say(&now);
    insta::assert_snapshot!(steps.join("\n"), @"
    true: the first decision
    false: the first decision
    true: the end moved: was hold until 2026-11-04T12:00:00Z, is hold until 2026-11-08T12:00:00Z
    true: was hold until 2026-11-08T12:00:00Z, is block
    true: other rules speak
    true: the policy changed
    false: the policy changed
    true: was block, is allow
    ");
    drop(store);
    assert!(house.verify().is_intact());
}

fn a_new_process_compares_with_what_stands_in_the_ledger(house: &dyn House) {
    let held = decision(release("axios", "1.14.1"), hold(3));
    let store = house.open();
    assert!(store.record_decision(&held).unwrap());
    drop(store);
    let store = house.open();
    assert!(!store.record_decision(&held).unwrap());
    let allowed = decision(held.release.clone(), Action::Allow);
    assert!(store.record_decision(&allowed).unwrap());
}

fn files_of_one_release_are_decided_on_their_own(house: &dyn House) {
    let store = house.open();
    let whole = decision(release("a", "1.0.0"), Action::Allow);
    let mut wheel = decision(release("a", "1.0.0"), hold(3));
    wheel.artifact = Some("a-1.0.0.whl".to_owned());
    let both = [whole.clone(), wheel.clone(), whole.clone()];
    assert_eq!(store.record_decisions(&both).unwrap(), 2);
    assert_eq!(store.record_decisions(&both).unwrap(), 0);
    let latest = |artifact| {
        let row = store.latest_decision(&whole.release, artifact).unwrap();
        row.map(|row| row.decision)
    };
    assert_eq!(latest(None), Some(whole.clone()));
    assert_eq!(latest(Some("a-1.0.0.whl")), Some(wheel));
    assert_eq!(latest(Some("a-1.0.0.tar.gz")), None);
}

fn the_same_new_decision_from_many_requests_is_recorded_once(house: &dyn House) {
    let store = house.open();
    let many: Vec<_> = (0..50)
        .map(|n| decision(release("a", &format!("1.0.{n}")), hold(3)))
        .collect();
    let recorded: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| store.record_decisions(&many).unwrap()))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(recorded, 50);
    assert_eq!(store.decisions_since(day(0), 1_000).unwrap().len(), 50);
}

fn decisions_are_listed_from_an_instant_on(house: &dyn House) {
    let store = house.open();
    let digest = Digest::sha256(b"bytes");
    for n in 0..4 {
        let decision = decision(release("a", &format!("1.0.{n}")), hold(3));
        let judged = Judged {
            decision: &decision,
            digests: std::slice::from_ref(&digest),
        };
        assert_eq!(store.record_judged(&[judged]).unwrap(), 1);
        house.clock().advance(SignedDuration::from_hours(24));
    }
    let rows = store.decisions_since(day(1), 2).unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.decision.release.spoken(), row.at))
        .collect();
    assert_eq!(
        seen,
        [
            ("a@1.0.1".to_owned(), day(1)),
            ("a@1.0.2".to_owned(), day(2))
        ]
    );
    assert_eq!(rows[0].digests, [digest]);
}

on_every_database!(
    a_decision_is_recorded_when_it_changes_and_only_then,
    a_new_process_compares_with_what_stands_in_the_ledger,
    files_of_one_release_are_decided_on_their_own,
    the_same_new_decision_from_many_requests_is_recorded_once,
    decisions_are_listed_from_an_instant_on,
);
