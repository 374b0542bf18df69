//! The page over a ledger of many deliveries.

use super::Arguments;
use super::load;
use super::team::Prepared;
use super::upstream;
use crate::error::{Doing as _, Error};
use crate::report::{Bar, Part, Row};
use crate::stats::{median, range};
use customs_model::{Digest, Ecosystem, Epoch, PackageName, ReleaseId, SystemClock, Version};
use customs_store::{Delivered, LedgerRecord, Served, SqliteStore, Store as _, StoreError, Who};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How often a page is asked for.
const TIMES: usize = 9;
/// Packages that the deliveries are of, and clients that they went to.
const PACKAGES: usize = 20_000;
const CLIENTS: usize = 500;
/// Records that are handed over and not written yet, at most.
const AHEAD: usize = 4_000;

/// Measures.
pub async fn measure(program: &Path, arguments: &Arguments) -> Result<Part, Error> {
    let deliveries = match arguments.quick {
        true => 10_000,
        false => arguments.deliveries.max(1),
    };
    let server = upstream::start(&[], 0).await?;
    let prepared = Prepared::new(&format!("{}/", server.base()))?;
    let data = prepared.data();
    fs::create_dir_all(&data).map_err(Error::io("make", &data))?;
    eprintln!("bench: serve: writing a ledger of {deliveries} deliveries …");
    let begun = Instant::now();
    fill(&data, deliveries)?;
    let filled = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let gate = prepared.start(program).await?;
    let started = begun.elapsed().as_secs_f64();
    let mut rows = Vec::new();
    let pages = [
        ("/", "the page `/`"),
        (
            "/received?ecosystem=npm&name=package-7",
            "who received a package",
        ),
        ("/refusals", "refusals"),
    ];
    for (path, what) in pages {
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..TIMES {
            let begun = Instant::now();
            let answer = load::once(gate.operations, &load::get(gate.operations, path, &[]))?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            if answer.status != 200 {
                return Err(Error::said(format!(
                    "{path} was answered {}",
                    answer.status
                )));
            }
            if String::from_utf8_lossy(&answer.body).contains("not known") {
                return Err(Error::said(format!(
                    "{path} says that something is not known"
                )));
            }
            bytes = answer.body.len();
        }
        let (low, high) = range(&times);
        let middle = median(&times);
        rows.push(Row {
            what: format!("{what}, {deliveries} deliveries"),
            figures: format!("{low:.0} to {high:.0} ms; {:.0} kB", bytes as f64 / 1e3),
            value: Some((middle, format!("{middle:.0} ms"))),
            bar: Bar::None,
            bar_text: "",
        });
    }
    gate.stop().await?;
    Ok(Part {
        name: "serve-page",
        figures: "Beside it",
        value: "Time to the whole answer",
        rows,
        notes: vec![format!(
            "Deliveries of {PACKAGES} packages to {CLIENTS} addresses, written by the store itself in \
             {filled:.0} s; the gate started over them in {started:.2} s. Median of {TIMES}."
        )],
    })
}

/// A ledger with so many deliveries.
fn fill(data: &Path, deliveries: usize) -> Result<(), Error> {
    let store = SqliteStore::open(data, Arc::new(SystemClock)).doing("make a ledger")?;
    let (written, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for at in 0..deliveries {
        while at - written.load(Ordering::Relaxed) > AHEAD {
            std::thread::sleep(Duration::from_millis(1));
        }
        let (written, failed) = (written.clone(), failed.clone());
        let done = move |done: Result<_, StoreError>| {
            failed.fetch_add(usize::from(done.is_err()), Ordering::Relaxed);
            written.fetch_add(1, Ordering::Relaxed);
        };
        store.append(delivery(at)?, Box::new(done));
    }
    store.flush().doing("bring a ledger to disk")?;
    match failed.load(Ordering::Relaxed) {
        0 => Ok(()),
        failed => Err(Error::said(format!(
            "{failed} deliveries were not recorded"
        ))),
    }
}

fn delivery(at: usize) -> Result<LedgerRecord, Error> {
    // A step that has no divisor in common with their number meets all of them.
    let package = at * 7_919 % PACKAGES;
    let name = format!("package-{package}");
    let version = format!("1.{}.0", at % 20);
    let release = ReleaseId::new(
        PackageName::new(Ecosystem::Npm, &name).doing("name a package")?,
        Version::new(&version).doing("name a version")?,
    );
    let client = at % CLIENTS;
    Ok(LedgerRecord::Delivered(Delivered {
        artifact: format!("{name}-{version}.tgz"),
        digest: Digest::sha256(format!("{name} {version}").as_bytes()),
        release,
        bytes: 100_000,
        served: Served::FromCache,
        who: Who {
            credential: Some(format!("token:team-{}", client % 20)),
            address: Some(format!("10.0.{}.{}", client / 250, client % 250)),
            client: Some("npm/11.0.0 node/v24.0.0 linux x64".to_owned()),
            ..Who::default()
        },
        action: "allow".to_owned(),
        rules: Vec::new(),
        not_checked: Vec::new(),
        epoch: Epoch {
            policy: "bench".to_owned(),
            advisories: String::new(),
            rules: 1,
            engine: 1,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_filled_with_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), 50).unwrap();
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        let rows = store.records_after(0, 1_000).unwrap();
        let delivered =
            |row: &&customs_store::RecordRow| matches!(row.record, LedgerRecord::Delivered(_));
        assert_eq!(rows.iter().filter(delivered).count(), 50);
    }
}
