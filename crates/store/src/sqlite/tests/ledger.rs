use super::*;
use crate::sqlite::query;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn who_names_everybody_who_received_a_release() {
    let house = House::new();
    let store = house.open();
    let bad = release("axios", "1.14.1");
    for to in ["run-1", "run-2"] {
        store.append_wait(delivery(bad.clone(), to)).unwrap();
        house.clock.advance(SignedDuration::from_secs(7));
    }
    store
        .append_wait(delivery(release("axios", "1.14.0"), "run-3"))
        .unwrap();
    // Names that begin alike are other packages.
    for other in ["axios-mock", "axiosA", "axio"] {
        store
            .append_wait(delivery(release(other, "1.14.1"), "run-4"))
            .unwrap();
    }
    let lines = |deliveries: Deliveries| {
        let lines: Vec<_> = deliveries
            .rows
            .iter()
            .map(|row| format!("{} {} {} {}", row.at, row.release, row.artifact, row.who))
            .collect();
        assert_eq!(deliveries.total, lines.len() as u64);
        lines.join("\n")
    };
    insta::assert_snapshot!(lines(store.who(&bad).unwrap()), @"
    2026-11-01T12:00:00Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-1, client npm/12.0.0
    2026-11-01T12:00:07Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-2, client npm/12.0.0
    ");
    insta::assert_snapshot!(lines(store.who_package(&bad.package).unwrap()), @"
    2026-11-01T12:00:00Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-1, client npm/12.0.0
    2026-11-01T12:00:07Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-2, client npm/12.0.0
    2026-11-01T12:00:14Z pkg:npm/axios@1.14.0 axios@1.14.0.tgz credential run-3, client npm/12.0.0
    ");
}

#[test]
fn scoped_names_are_found_as_packages() {
    let house = House::new();
    let store = house.open();
    let scoped = release("@babel/core", "7.0.0+build");
    store.append_wait(delivery(scoped.clone(), "r")).unwrap();
    assert_eq!(store.who(&scoped).unwrap().total, 1);
    assert_eq!(store.who_package(&scoped.package).unwrap().total, 1);
    assert_eq!(store.who_package(&package("babel")).unwrap().total, 0);
}

#[test]
fn questions_about_twenty_thousand_deliveries_are_answered_by_an_index() {
    let house = House::new();
    let store = house.open();
    let done = Arc::new(AtomicUsize::new(0));
    for chunk in 0..5 {
        for n in 0..4_000 {
            let release = release(&format!("p{}", n % 200), &format!("1.{chunk}.{n}"));
            let done = Arc::clone(&done);
            store.append(
                delivery(release, "r"),
                Box::new(move |receipt| {
                    receipt.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }),
            );
        }
        store.flush().unwrap();
    }
    assert_eq!(done.load(Ordering::Relaxed), 20_000);
    assert_eq!(store.who_package(&package("p7")).unwrap().total, 100);

    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    let plan = |sql: &str| {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let mut query = connection.prepare(&sql).unwrap();
        let steps = vec!["x"; query.parameter_count()];
        query
            .query_map(rusqlite::params_from_iter(steps), |row| row.get(3))
            .unwrap()
            .map(|step| step.unwrap())
            .collect::<Vec<String>>()
            .join("\n")
    };
    let plans = [
        query::DELIVERIES_OF_RELEASE,
        query::DELIVERIES_OF_RELEASE_COUNTED,
        query::DELIVERIES,
        query::DELIVERIES_COUNTED,
        query::LATEST_DECISION,
        query::DECISIONS_SINCE,
    ]
    .map(plan)
    .join("\n\n");
    insta::assert_snapshot!(plans, @"
    SEARCH record USING INDEX record_delivered (release=?)
    SEARCH chain USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN

    SEARCH record USING COVERING INDEX record_delivered (release=?)

    SEARCH record USING INTEGER PRIMARY KEY (rowid=?)
    LIST SUBQUERY 1
    SEARCH record USING COVERING INDEX record_delivered (release>? AND release<?)
    USE TEMP B-TREE FOR ORDER BY
    SEARCH chain USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN

    SEARCH record USING COVERING INDEX record_delivered (release>? AND release<?)

    SEARCH record USING INDEX record_decided (release=? AND artifact=?)

    SEARCH record USING INDEX record_decided_at (at>?)
    ");
}

#[test]
fn records_are_listed_page_by_page_in_the_order_of_their_commits() {
    let house = House::new();
    let store = house.open();
    for n in 0..5 {
        store.append_wait(note(&format!("{n}"))).unwrap();
    }
    let first = store.records_after(0, 3).unwrap();
    let rest = store.records_after(first[2].position, 100).unwrap();
    let seqs: Vec<_> = first.iter().chain(&rest).map(|row| row.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
    assert_eq!(rest[2].record, note("4"));
    assert!(matches!(first[0].record, LedgerRecord::Opened(_)));
}

#[test]
fn two_writers_on_one_database_have_a_chain_each() {
    let house = House::new();
    let stores = [house.open(), house.open()];
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                for n in 0..200 {
                    store.append_wait(note(&format!("{n}"))).unwrap();
                }
            });
        }
    });
    drop(stores);
    let verification = house.verify();
    assert!(verification.is_intact() && verification.is_complete());
    let counts: Vec<_> = verification
        .chains
        .iter()
        .map(|c| (c.records, c.closed))
        .collect();
    // Opened, 200 notes, closed; and no gap, though the first one was open while the
    // second one opened.
    assert_eq!(counts, [(202, true), (202, true)]);
}

#[test]
fn a_clock_that_jumps_backwards_breaks_no_chain() {
    let house = House::new();
    let store = house.open();
    store.append_wait(note("before")).unwrap();
    house.clock.advance(SignedDuration::from_hours(-48));
    let receipt = store.append_wait(note("after")).unwrap();
    assert_eq!((receipt.seq, receipt.at), (3, day(-2)));
    drop(store);
    let verification = house.verify();
    assert!(verification.is_intact(), "{verification:?}");
    assert_eq!(verification.chains[0].records, 4);
}

#[test]
fn a_full_disk_is_an_error_with_a_sentence_and_heals() {
    let house = House::new();
    let store = house.open();
    let limit = |pages: i64| {
        let writing = store.writing.as_ref().unwrap();
        writing
            .write(move |c| {
                c.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
                    .map_err(StoreError::sqlite("set a limit"))
            })
            .unwrap();
    };
    limit(1);
    let mut written = 0;
    let error = loop {
        match store.append_wait(note(&"x".repeat(1_500))) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1_000, "the limit has no effect");
    };
    insta::assert_snapshot!(error, @"the ledger cannot grow: the disk or its quota is full. Free some space; nothing needs to be restarted");
    let many: Vec<_> = (0..100)
        .map(|n| decision(release("a", &format!("1.0.{n}")), Action::Allow))
        .collect();
    assert_eq!(store.record_decisions(&many), Err(StoreError::Full));
    limit(1_000_000);
    // What was refused is not believed to be recorded.
    assert_eq!(store.record_decisions(&many), Ok(100));
    let receipt = store.append_wait(note("again")).unwrap();
    assert_eq!(receipt.seq, 1 + written + 100 + 1);
    drop(store);
    assert!(house.verify().is_intact());
}

#[test]
fn a_database_that_stays_locked_is_an_error_and_heals() {
    let house = House::new();
    let store = house.open();
    let writing = store.writing.as_ref().unwrap();
    writing
        .write(|c| {
            c.busy_timeout(Duration::from_millis(20))
                .map_err(StoreError::sqlite("set a limit"))
        })
        .unwrap();
    let other = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.append_wait(note("x")).unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.append_wait(note("x")).unwrap().seq, 2);
}

#[test]
fn one_bad_job_does_not_spoil_the_commit_of_its_neighbours() {
    let house = House::new();
    let store = house.open();
    // Keeps the writer busy, so that what follows falls into one group.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let writing = store.writing.as_ref().unwrap();
    std::thread::scope(|scope| {
        let held = scope.spawn(|| {
            writing.write(move |_| {
                wait.lock().unwrap().recv().unwrap();
                Ok(())
            })
        });
        std::thread::sleep(Duration::from_millis(20));
        let bad = scope.spawn(|| {
            writing.write(|c| {
                c.execute("INSERT INTO nowhere VALUES (1)", [])
                    .map_err(StoreError::sqlite("do this"))
            })
        });
        let good = scope.spawn(|| store.append_wait(note("good")));
        std::thread::sleep(Duration::from_millis(20));
        go.send(()).unwrap();
        held.join().unwrap().unwrap();
        let error = bad.join().unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Database { .. }), "{error}");
        assert_eq!(good.join().unwrap().unwrap().seq, 2);
    });
    drop(store);
    assert!(house.verify().is_intact());
}

#[test]
fn a_head_follows_a_record_by_itself() {
    let house = House::new();
    let store = house.open();
    store.append_wait(note("x")).unwrap();
    let heads = house.path().join(HEADS_FILE);
    let covered =
        |count: &str| std::fs::read_to_string(&heads).is_ok_and(|text| text.contains(count));
    for _ in 0..500 {
        if covered("\"count\":2,") {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(covered("\"count\":2,"), "no head after five seconds");
}

#[test]
fn the_database_knows_the_newest_head_too() {
    let house = House::new();
    let store = house.open();
    store.append_wait(note("x")).unwrap();
    drop(store);
    let store = SqliteStore::open_read_only(house.path()).unwrap();
    let heads = store.heads().unwrap();
    let key = PublicKey::read(&house.path().join(PUBLIC_KEY_FILE)).unwrap();
    assert_eq!(heads.len(), 1);
    assert_eq!(heads[0].count, 3);
    assert!(heads[0].is_signed_by(&key));
}

#[test]
fn a_ledger_opened_for_reading_takes_nothing_and_leaves_no_trace() {
    let house = House::new();
    let missing = SqliteStore::open_read_only(house.path()).err().unwrap();
    assert_eq!(missing, StoreError::NoLedger(house.path().to_owned()));
    drop(house.open());
    let store = SqliteStore::open_read_only(house.path()).unwrap();
    assert_eq!(
        store.append_wait(note("x")).unwrap_err(),
        StoreError::ReadOnly
    );
    assert_eq!(store.set_meta("k", "v").unwrap_err(), StoreError::ReadOnly);
    assert_eq!(store.chain(), None);
    drop(store);
    assert_eq!(house.verify().chains.len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn after_a_failed_sync_nothing_more_is_acknowledged() {
    use crate::head::HeadsFile;
    use crate::sqlite::sync::{Progress, Syncer};

    let house = House::new();
    let tip = chain::Tip::empty(ChainId::random().unwrap());
    let progress = Progress::new(tip.clone());
    progress.committed(&tip);
    Syncer {
        progress: Arc::clone(&progress),
        // A device that cannot be synced.
        log: std::fs::File::open("/dev/null").unwrap(),
        heads: HeadsFile::of(house.path()),
        folder: house.path().to_owned(),
        key: ed25519_dalek::SigningKey::from_bytes(&[1; 32]),
        clock: house.clock.clone() as Arc<dyn Clock>,
    }
    .run();
    assert!(matches!(progress.flush(), Err(StoreError::NotOnDisk(_))));
    assert!(progress.broken().is_some());
    assert!(!house.path().join(HEADS_FILE).exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_ledger() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::new();
    let store = house.open();
    store.flush().unwrap();
    for file in ["ledger.db", "ledger.db-wal", HEADS_FILE] {
        let mode = std::fs::metadata(house.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
