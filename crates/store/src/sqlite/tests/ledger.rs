use super::*;
use crate::sqlite::query;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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
