//! Exemptions of run time, in what only SQLite does.

use super::*;
use crate::sqlite::query;
use crate::tests::granted;

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
