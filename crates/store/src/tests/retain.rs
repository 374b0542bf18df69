//! How long records are kept, on every database.

use super::*;
use customs_model::Clock as _;

on_every_database! {
    what_is_old_is_removed_and_the_chain_still_holds,
    nothing_of_the_last_days_is_removed,
    an_exemption_that_may_still_count_stays_with_its_end,
    a_chain_that_lives_keeps_its_last_record_and_goes_on,
    a_dry_run_says_the_same_and_removes_nothing,
    a_backup_of_a_ledger_with_a_removed_beginning_is_restored,
}

fn advance(house: &dyn House, days: i64) {
    house.clock().advance(SignedDuration::from_hours(24 * days));
}

/// Thirty-five days before the house's clock.
fn before(house: &dyn House) -> Timestamp {
    house.clock().now() - SignedDuration::from_hours(24 * 35)
}

fn what_is_old_is_removed_and_the_chain_still_holds(house: &dyn House) {
    let store = house.open();
    let (old, young) = (release("old", "1.0.0"), release("young", "1.0.0"));
    store.append_wait(delivery(old.clone(), "ci")).unwrap();
    drop(store);
    advance(house, 40);
    let store = house.open();
    store.append_wait(delivery(young.clone(), "ci")).unwrap();
    advance(house, 20);
    let done = store.retain(before(house), false).unwrap();
    // Opened, delivered, closed.
    assert_eq!((done.records, done.chains), (3, 1), "{done:?}");
    assert_eq!(store.who(&old).unwrap().total, 0);
    assert_eq!(store.who(&young).unwrap().total, 1);
    // Again, later: what is behind the first checkpoint.
    advance(house, 40);
    let done = store.retain(before(house), false).unwrap();
    assert_eq!((done.records, done.chains), (2, 1), "{done:?}");
    store.append_wait(note("goes on")).unwrap();
    drop(store);
    let found = house.verify();
    assert!(found.is_intact() && found.is_complete(), "{found:?}");
    let removed: Vec<_> = found
        .chains
        .iter()
        .map(|chain| chain.removed.as_ref().map(|removed| removed.records))
        .collect();
    assert_eq!(removed.iter().flatten().sum::<u64>(), 5);
}

fn nothing_of_the_last_days_is_removed(house: &dyn House) {
    let store = house.open();
    let error = store.retain(house.clock().now(), false).unwrap_err();
    assert_eq!(error, StoreError::Retention { days: 31 });
    assert!(error.to_string().contains("at least 31 days"));
}

fn an_exemption_that_may_still_count_stays_with_its_end(house: &dyn House) {
    // It ends on the tenth day.
    let store = house.open();
    store.append_wait(granted("EX-1", "somebody")).unwrap();
    drop(store);
    let store = house.open();
    let end = ExemptionChange::Ended(Ended {
        id: "EX-1".to_owned(),
        reason: None,
        who: Who::default(),
    });
    store.append_wait(LedgerRecord::Exemption(end)).unwrap();
    drop(store);
    advance(house, 44);
    let store = house.open();
    // The ninth day is before the end of the exemption.
    let done = store.retain(before(house), false).unwrap();
    assert_eq!(done.kept.len(), 2, "{done:?}");
    assert!(done.kept[0].contains("EX-1"), "{done:?}");
    let rows = store.exemptions().unwrap();
    assert!(rows[0].ended.is_some(), "it must not come back");
    advance(house, 2);
    let done = store.retain(before(house), false).unwrap();
    assert!(done.kept.is_empty(), "{done:?}");
    assert!(store.exemptions().unwrap().is_empty());
    drop(store);
    assert!(house.verify().is_intact());
}

fn a_chain_that_lives_keeps_its_last_record_and_goes_on(house: &dyn House) {
    let store = house.open();
    store.append_wait(note("long ago")).unwrap();
    advance(house, 100);
    let done = store.retain(before(house), false).unwrap();
    assert_eq!(done.records, 1, "{done:?}");
    store.append_wait(note("now")).unwrap();
    drop(store);
    let found = house.verify();
    assert!(found.is_intact() && found.is_complete(), "{found:?}");
}

fn a_dry_run_says_the_same_and_removes_nothing(house: &dyn House) {
    let store = house.open();
    // More than one step takes.
    for number in 0..2_100 {
        store.append(note(&number.to_string()), Box::new(|_| {}));
    }
    drop(store);
    advance(house, 100);
    let store = house.open();
    let would = store.retain(before(house), true).unwrap();
    assert_eq!(would.records, 2_102);
    assert_eq!(store.retain(before(house), true).unwrap(), would);
    assert_eq!(store.retain(before(house), false).unwrap(), would);
    assert_eq!(store.retain(before(house), false).unwrap().records, 0);
    drop(store);
    assert!(house.verify().is_intact());
}

fn a_backup_of_a_ledger_with_a_removed_beginning_is_restored(house: &dyn House) {
    house.open().append_wait(note("long ago")).unwrap();
    advance(house, 100);
    let store = house.open();
    store.retain(before(house), false).unwrap();
    drop(store);
    let to = tempfile::tempdir().unwrap();
    back_up(&Take {
        database: house.database(),
        to: to.path(),
        artifacts: None,
        with_artifacts: false,
        trees: &[],
        with_key: true,
        now: house.clock().now(),
    })
    .unwrap();
    let other = house.another();
    restore(&Restore {
        from: to.path(),
        database: other.database(),
        artifacts: None,
        trees: &[],
        heads: &[],
        clock: Arc::new(FixedClock::new(house.clock().now())),
    })
    .unwrap();
    let found = other.verify();
    assert!(found.is_intact() && found.is_complete(), "{found:?}");
    assert_eq!(found.chains.len(), 3, "{found:?}");
}

#[test]
fn what_somebody_edited_is_not_tidied_away() {
    let house = Folder::new();
    let store = house.open();
    for text in ["one", "two", "three"] {
        store.append_wait(note(text)).unwrap();
    }
    drop(store);
    spoil(
        &house,
        "UPDATE record SET body = '{\"text\":\"other\"}' WHERE seq = 3",
    );
    advance(&house, 100);
    let store = house.open();
    let done = store.retain(before(&house), false).unwrap();
    assert_eq!(done.records, 2);
    assert!(done.kept[0].contains("customs ledger verify"), "{done:?}");
    drop(store);
    assert!(!house.verify().is_intact());
}

#[test]
fn a_beginning_that_somebody_else_removed_is_told() {
    let house = Folder::new();
    house.open().append_wait(note("one")).unwrap();
    advance(&house, 100);
    house.open().retain(before(&house), false).unwrap();
    assert!(house.verify().is_intact());
    // A checkpoint that says more than was signed.
    spoil(&house, "UPDATE checkpoint SET at = at + 1");
    let found = house.verify();
    assert!(!found.is_intact());
    let problem = found.chains.iter().find_map(|chain| chain.problem.as_ref());
    assert!(problem.unwrap().what.contains("not signed"), "{problem:?}");
    // None at all: the chain has no beginning.
    spoil(&house, "DELETE FROM checkpoint");
    assert!(!house.verify().is_intact());
}

#[test]
fn a_checkpoint_of_another_key_is_told_as_not_checked() {
    let house = Folder::new();
    house.open().append_wait(note("one")).unwrap();
    advance(&house, 100);
    let store = house.open();
    store.retain(before(&house), false).unwrap();
    drop(store);
    let other = Folder::new();
    drop(other.open());
    let key = PublicKey::read(&other.path().join(PUBLIC_KEY_FILE)).unwrap();
    let found = verify(&house.path().join(LEDGER_FILE), None, Some(&key)).unwrap();
    assert!(found.is_intact() && !found.is_complete());
    let removed = found.chains.iter().find_map(|chain| chain.removed.as_ref());
    let why = removed.unwrap().not_checked.as_deref().unwrap();
    assert!(why.contains("another gate's key"), "{why}");
}

fn spoil(house: &Folder, sql: &str) {
    let connection = rusqlite::Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {sql}"
        ))
        .unwrap();
}
