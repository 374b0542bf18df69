//! What only PostgreSQL can do wrong.

mod faults;
mod processes;
mod versions;
mod workers;

use super::Terms;
use crate::tests::database::Database;
use crate::tests::server::Server;
use crate::tests::{House as _, note};
use crate::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Short for a test, and long enough for a machine under load.
fn terms() -> Terms {
    Terms {
        chain: Duration::from_secs(6),
        tick: Duration::from_secs(1),
        patience: Duration::from_secs(60),
        ..Terms::default()
    }
}

/// Every record of a ledger, by chain and number.
fn all(store: &dyn Store) -> BTreeMap<(String, u64), LedgerRecord> {
    let (mut found, mut position) = (BTreeMap::new(), 0);
    loop {
        let page = store.records_after(position, 10_000).unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        position = last.position;
        for row in page {
            found.insert((row.chain, row.seq), row.record);
        }
    }
}

/// The gaps that were recorded, and how many records each chain is said to have.
fn gaps(records: &BTreeMap<(String, u64), LedgerRecord>) -> Vec<(String, u64)> {
    records
        .values()
        .filter_map(|record| match record {
            LedgerRecord::Gap(gap) => Some((gap.chain.to_string(), gap.records)),
            _ => None,
        })
        .collect()
}

/// The records of a chain.
fn count(records: &BTreeMap<(String, u64), LedgerRecord>, chain: &str) -> u64 {
    records.keys().filter(|(name, _)| name == chain).count() as u64
}

/// Checks the whole ledger against a gate's own heads.
fn verified(url: &str, folder: &Path) -> Verification {
    let key = PublicKey::read(&folder.join(PUBLIC_KEY_FILE)).unwrap();
    let store = PostgresStore::open_read_only(url).unwrap();
    let found = store.verify(Some(&folder.join(HEADS_FILE)), Some(&key));
    found.unwrap()
}

/// What was acknowledged, or refused.
type Told = Arc<Mutex<Vec<Result<Receipt, StoreError>>>>;

/// Stops who records, even when the test has failed.
struct Stop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Records from a thread of its own until told to stop.
fn record_until(store: &PostgresStore, told: &Told, stop: &std::sync::atomic::AtomicBool) {
    let mut number = 0;
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        let kept = Arc::clone(told);
        store.append(
            note(&format!("{number}")),
            Box::new(move |result| kept.lock().unwrap().push(result)),
        );
        number += 1;
        if number % 16 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Waits until so many were acknowledged.
fn wait_for(told: &Told, enough: usize) {
    let begun = Instant::now();
    while told.lock().unwrap().iter().filter(|r| r.is_ok()).count() < enough {
        assert!(begun.elapsed() < Duration::from_secs(400), "{enough}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
