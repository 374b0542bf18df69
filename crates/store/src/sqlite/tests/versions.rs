//! An older and a newer customs on one database.

use super::*;
use crate::sqlite::schema::{STEPS, Step, check_steps, migrate_steps};

/// Moves a database forward as a customs that knows one step more.
fn moved(house: &House, oldest: i64) -> Result<(), StoreError> {
    let mut steps = STEPS.to_vec();
    steps.push(Step {
        sql: "ALTER TABLE record ADD COLUMN later TEXT;
              CREATE TABLE later (x INTEGER PRIMARY KEY) STRICT;",
        oldest,
    });
    let path = house.path().join(LEDGER_FILE);
    let mut connection = Connection::open(&path).unwrap();
    migrate_steps(&mut connection, &path, &steps)?;
    assert_eq!(
        check_steps(&connection, &path, &steps).unwrap(),
        steps.len() as i64
    );
    Ok(())
}

/// Writes to the columns that only the newer one knows.
fn written_by_the_newer(house: &House) {
    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    connection
        .execute_batch(
            "UPDATE record SET later = 'seen' WHERE seq = 2; INSERT INTO later DEFAULT VALUES;",
        )
        .unwrap();
}

#[test]
fn an_older_customs_works_beside_a_newer_one_that_moved_the_tables_forward() {
    let house = House::new();
    let old = house.open();
    old.append_wait(note("before")).unwrap();
    moved(&house, 2).unwrap();
    // Moving twice changes nothing.
    moved(&house, 2).unwrap();
    written_by_the_newer(&house);
    // The old one goes on with what it has open, and can be started again.
    old.append_wait(note("after")).unwrap();
    old.set_meta("k", "v").unwrap();
    assert_eq!(old.records_after(0, 10).unwrap().len(), 3);
    drop(old);
    let old = house.open();
    old.append_wait(note("again")).unwrap();
    drop(old);
    written_by_the_newer(&house);
    assert!(house.verify().is_intact());
}

#[test]
fn a_customs_that_is_too_old_for_the_tables_is_refused_with_a_sentence() {
    let house = House::new();
    drop(house.open());
    moved(&house, STEPS.len() as i64 + 1).unwrap();
    for error in [
        SqliteStore::open(house.path(), house.clock.clone()).err(),
        SqliteStore::open_read_only(house.path()).err(),
    ] {
        let error = error.unwrap();
        assert!(
            matches!(
                error,
                StoreError::Newer {
                    found: 3,
                    known: 2,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("Use the newer customs"));
    }
}

#[test]
fn a_database_from_before_steps_were_counted_is_moved_forward() {
    let house = House::new();
    drop(house.open());
    house.spoil("DROP TABLE step");
    drop(house.open());
    moved(&house, 2).unwrap();
    house.open().append_wait(note("x")).unwrap();
    assert!(house.verify().is_intact());
}

#[test]
fn who_wrote_the_first_schema_and_who_knows_the_newest_share_a_database() {
    // As the first customs left it.
    let house = House::new();
    let path = house.path().join(LEDGER_FILE);
    let mut connection = Connection::open(&path).unwrap();
    migrate_steps(&mut connection, &path, &STEPS[..1]).unwrap();
    connection
        .execute_batch("INSERT INTO meta VALUES ('k', 'first')")
        .unwrap();
    let new = house.open();
    assert_eq!(new.meta("k").unwrap().as_deref(), Some("first"));
    // Its connection is still there, and writes what it always wrote.
    connection
        .execute_batch("UPDATE meta SET value = 'still here' WHERE key = 'k'")
        .unwrap();
    new.append_wait(note("x")).unwrap();
    assert_eq!(new.meta("k").unwrap().as_deref(), Some("still here"));
    // It cannot be opened by it again, and is told so.
    let error = check_steps(&connection, &path, &STEPS[..1]).unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error}");
}
