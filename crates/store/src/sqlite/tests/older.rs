//! A database of an earlier customs, which knows nothing of what gates share.

use super::*;
use std::time::Duration;

/// What stood in a database before there were leases and an index.
fn aged(house: &House) {
    house.spoil("DROP TABLE lease; DROP TABLE entry;");
}

fn version(house: &House) -> i64 {
    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn an_older_database_is_opened_as_before_and_gets_what_is_new() {
    let house = House::new();
    let store = house.open();
    store.append_wait(note("old")).unwrap();
    store.set_meta("k", "v").unwrap();
    drop(store);
    let before = version(&house);
    aged(&house);
    // For questions it is left as it is.
    let store = SqliteStore::open_read_only(house.path()).unwrap();
    assert_eq!(store.entry("space", "key").unwrap(), None);
    assert!(
        store
            .named_blobs(&[Digest::sha256(b"x")])
            .unwrap()
            .is_empty()
    );
    drop(store);
    let store = house.open();
    assert_eq!(store.meta("k").unwrap().as_deref(), Some("v"));
    let lease = store.take_lease("a", "one", Duration::from_secs(1));
    assert!(matches!(lease, Ok(Taken::Mine(_))));
    drop(store);
    assert!(house.verify().is_intact());
    // The schema has the number that an older customs knows, so it opens this one too.
    assert_eq!(version(&house), before);
}
