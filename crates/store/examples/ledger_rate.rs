//! How many deliveries a ledger takes in a second.
//!
//! `ledger_rate SECONDS FOLDER [POSTGRES-URL]`: on SQLite in the folder, or on PostgreSQL with
//! this gate's key in the folder. One caller hands over as fast as the ledger takes it, and
//! waits where its queue is full.

use customs_model::{
    Digest, Ecosystem, Epoch, PackageName, ReleaseId, RuleId, SystemClock, Version,
};
use customs_store::{Delivered, LedgerRecord, Served, SqliteStore, Store, StoreError, Who};
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, folder, rest @ ..] = arguments.as_slice() else {
        return Err("give SECONDS FOLDER [POSTGRES-URL]".into());
    };
    let store: Arc<dyn Store> = match rest.first() {
        None => Arc::new(SqliteStore::open(Path::new(folder), Arc::new(SystemClock))?),
        Some(url) => open(url, Path::new(folder))?,
    };
    let time = Duration::from_secs(seconds.parse()?);
    let waits: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let (begun, mut refused) = (Instant::now(), 0u64);
    for number in 0u64.. {
        if begun.elapsed() > time {
            break;
        }
        let record = delivery(number)?;
        let (kept, given) = (Arc::clone(&waits), Instant::now());
        let (full, told) = std::sync::mpsc::sync_channel(1);
        store.append(
            record,
            Box::new(move |result| match result {
                Ok(_) => {
                    let mut waits = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    waits.push(given.elapsed());
                }
                // The loop may have gone on.
                Err(error) => drop(full.try_send(error)),
            }),
        );
        if let Ok(error) = told.try_recv() {
            if !matches!(error, StoreError::QueueFull(_)) {
                return Err(error.into());
            }
            refused += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    let flushed = store.flush();
    let took = begun.elapsed();
    flushed?;
    let mut waits = std::mem::take(&mut *waits.lock().unwrap_or_else(PoisonError::into_inner));
    waits.sort_unstable();
    let share = |hundredth: usize| waits.get(waits.len() * hundredth / 100).copied();
    writeln!(
        std::io::stdout(),
        "{} records in {took:.2?}: {:.0} a second; acknowledged after {:.1?} (half), {:.1?} (99 \
         of 100); the queue was full {refused} times",
        waits.len(),
        waits.len() as f64 / took.as_secs_f64(),
        share(50).unwrap_or_default(),
        share(99).unwrap_or_default(),
    )?;
    Ok(())
}

#[cfg(feature = "postgres")]
fn open(url: &str, folder: &Path) -> Result<Arc<dyn Store>, Box<dyn Error>> {
    let clock = Arc::new(SystemClock);
    Ok(Arc::new(customs_store::PostgresStore::open(
        url, folder, clock,
    )?))
}

#[cfg(not(feature = "postgres"))]
fn open(_: &str, _: &Path) -> Result<Arc<dyn Store>, Box<dyn Error>> {
    Err("this was built without the feature postgres".into())
}

fn delivery(number: u64) -> Result<LedgerRecord, Box<dyn Error>> {
    let package = PackageName::new(Ecosystem::Npm, &format!("package-{}", number % 5_000))?;
    let release = ReleaseId::new(package, Version::new(&format!("1.0.{}", number % 40))?);
    Ok(LedgerRecord::Delivered(Delivered {
        artifact: format!("package-{}-1.0.{}.tgz", number % 5_000, number % 40),
        digest: Digest::sha256(&number.to_be_bytes()),
        release,
        bytes: 600_000,
        served: Served::FromCache,
        who: Who {
            credential: Some("run-1".to_owned()),
            address: Some("10.0.0.7".to_owned()),
            client: Some("npm/12.0.0 node/v24.0.0 linux x64".to_owned()),
            ..Who::default()
        },
        action: "allow".to_owned(),
        rules: vec![RuleId::of("young-version")],
        not_checked: Vec::new(),
        epoch: Epoch {
            policy: Digest::sha256(b"policy").to_string(),
            ..Epoch::default()
        },
    }))
}
