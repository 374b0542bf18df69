//! A slow disk, injected: another connection keeps the database's lock, as a commit does that waits
//! for its disk.

use super::*;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

#[test]
fn records_wait_for_a_slow_disk_and_none_is_lost() {
    let house = House::new();
    let store = house.open();
    let other = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    let (told, answers) = channel();
    for number in 0..200 {
        if number == 50 {
            other.busy_timeout(Duration::from_secs(5)).unwrap();
            other.execute_batch("BEGIN IMMEDIATE").unwrap();
        }
        let told = told.clone();
        let done = Box::new(move |result: Result<Receipt, _>| told.send(result).unwrap());
        store.append(note(&number.to_string()), done);
    }
    let begun = Instant::now();
    std::thread::sleep(Duration::from_millis(1_500));
    // Questions do not wait for it.
    store.heads().unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    let receipts: Vec<_> = answers
        .iter()
        .take(200)
        .map(|answer| answer.unwrap().seq)
        .collect();
    assert_eq!(receipts, (2..=201).collect::<Vec<u64>>());
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(store);
    assert!(house.verify().is_intact());
}
