//! Processes that are killed while they write.

use super::*;
use customs_model::SystemClock;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

const FOLDER: &str = "CUSTOMS_STORE_TEST_WRITES_INTO";
const ROUNDS: u64 = 20;

/// What the killed process does: it records as fast as it can, in one thread that waits
/// and one that does not, and prints what was acknowledged.
fn write_until_killed(folder: &Path) -> ! {
    let store = SqliteStore::open(folder, Arc::new(SystemClock)).unwrap();
    let acknowledged = |receipt: Result<Receipt, StoreError>| {
        let receipt = match receipt {
            Ok(receipt) => receipt,
            Err(StoreError::QueueFull(_)) => return,
            Err(error) => panic!("{error}"),
        };
        let line = format!("ack {} {} {}\n", receipt.chain, receipt.seq, receipt.hash);
        // Nobody reads any more: the test was ended.
        if std::io::stdout().write_all(line.as_bytes()).is_err() {
            std::process::exit(1);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..100_000 {
                store.append(
                    delivery(release("a", &format!("1.0.{n}")), "r"),
                    Box::new(acknowledged),
                );
                if n % 64 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            }
        });
        for n in 0..100_000 {
            acknowledged(store.append_wait(note(&format!("{n}"))));
        }
    });
    std::process::exit(0);
}

fn start(folder: &Path, test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_forks_no_chain() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder));
    }
    let house = House::new();
    let own_name =
        "sqlite::tests::crash::a_killed_process_loses_nothing_acknowledged_and_forks_no_chain";
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut child = start(house.path(), own_name);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after none, after a few, and in the middle of many. What it had printed
        // until then is still in the pipe.
        let enough = (round * 97) % 400;
        let mut acks = lines
            .by_ref()
            .map(|line| line.unwrap())
            .filter(|line| line.starts_with("ack "));
        for _ in 0..enough {
            acknowledged.extend(acks.next());
        }
        child.kill().unwrap();
        acknowledged.extend(acks.filter(|line| line.split(' ').count() == 4));
        child.wait().unwrap();
        let verification = house
            .path()
            .join(LEDGER_FILE)
            .exists()
            .then(|| house.verify());
        assert!(
            verification.as_ref().is_none_or(Verification::is_intact),
            "{verification:?}"
        );
    }
    assert!(acknowledged.len() > 1_000, "{}", acknowledged.len());

    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    let mut find = connection
        .prepare(
            "SELECT count(*) FROM record JOIN chain ON chain.id = record.chain
             WHERE name = ?1 AND seq = ?2 AND hash = ?3",
        )
        .unwrap();
    for ack in &acknowledged {
        let parts: Vec<_> = ack.split(' ').collect();
        let hash: Result<Digest, _> = parts[3].parse();
        // The last line of a killed process may be cut; its record is there or not.
        let Ok(hash) = hash else { continue };
        let seq: i64 = parts[2].parse().unwrap();
        let found: i64 = find
            .query_row(rusqlite::params![parts[1], seq, hash.as_bytes()], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(found, 1, "{ack}");
    }
    drop(find);
    drop(connection);

    // Whoever opens next says which chains were cut off, once each.
    let store = house.open();
    drop(store);
    let store = house.open();
    let mut cut = std::collections::BTreeSet::new();
    let mut position = 0;
    loop {
        let page = store.records_after(position, 10_000).unwrap();
        let Some(last) = page.last() else { break };
        position = last.position;
        for row in &page {
            if let LedgerRecord::Gap(gap) = &row.record {
                assert!(cut.insert(gap.chain), "{gap:?} twice");
                assert!(gap.records > 0 && gap.from.is_some());
            }
        }
    }
    let found = house.verify();
    // Told where a head covers the record of it: at least of the last one, whose gap was recorded by
    // a process that ended in order.
    let told = found.chains.iter().filter(|chain| chain.cut_off.is_some());
    let told: Vec<_> = told
        .map(|chain| {
            assert!(!chain.closed, "{chain:?}");
            chain.chain.clone()
        })
        .collect();
    assert!(!told.is_empty());
    let names: Vec<_> = cut.iter().map(ToString::to_string).collect();
    assert!(told.iter().all(|chain| names.contains(chain)), "{told:?}");
    let unclosed = found.chains.iter().filter(|chain| !chain.closed).count();
    // All but the one that is open now.
    assert_eq!(cut.len(), unclosed - 1);
    assert!(cut.len() as u64 >= ROUNDS / 2, "{}", cut.len());
}

#[test]
fn a_process_that_ends_in_order_leaves_no_gap() {
    let house = House::new();
    for _ in 0..3 {
        let store = house.open();
        store.append_wait(note("x")).unwrap();
    }
    let store = house.open();
    let records = store.records_after(0, 100).unwrap();
    assert!(
        !records
            .iter()
            .any(|row| matches!(row.record, LedgerRecord::Gap(_)))
    );
    let closed = records
        .iter()
        .filter(|row| matches!(row.record, LedgerRecord::Closed(_)))
        .count();
    assert_eq!(closed, 3);
}
