//! How many deliveries a second are recorded, and how long they wait for the disk.

use super::team::Prepared;
use super::upstream;
use super::{Arguments, load};
use crate::error::{Doing as _, Error};
use crate::process;
use crate::report::{Bar, Part, Row};
use customs_store::{LedgerRecord, SqliteStore, Store as _};
use std::path::Path;
use std::time::Duration;

/// Connections: many clients that fetch small files.
const CONNECTIONS: usize = 64;
/// Records that are read at a time.
const ROWS: usize = 10_000;
/// What the store says of a group that was longer than 50 ms on its way to the disk.
const LATE: &str = "records were late on it";

/// Measures.
pub async fn measure(program: &Path, arguments: &Arguments) -> Result<Part, Error> {
    let time = Duration::from_secs(if arguments.quick { 1 } else { 15 });
    let server = upstream::start(&[], 0).await?;
    let gate = Prepared::new(&format!("{}/", server.base()))?
        .logging("warn,customs_store=debug")
        .start(program)
        .await?;
    let requests: Vec<Vec<u8>> = (0..50)
        .map(|at| gate.get(&format!("/tiny-{at}/-/tiny-{at}-1.99.0.tgz"), &[]))
        .collect();
    for request in &requests {
        let answer = load::once(gate.port, request)?;
        if answer.status != 200 {
            return Err(Error::said(format!("the gate answered {}", answer.status)));
        }
    }
    eprintln!("bench: serve: deliveries with a record each …");
    let done = load::run(gate.port, &requests, 200, CONNECTIONS, time)?;
    let late = late(&gate.whole_log());
    let data = gate.data();
    let peak = gate.pid().and_then(process::peak);
    let _home = gate.stop().await?;
    let recorded = deliveries(&data)?;
    let asked = done.answers + requests.len() as u64;
    let rate = done.rate();
    let rows = vec![
        Row {
            what: format!("deliveries of a small artifact, {CONNECTIONS} connections"),
            figures: format!("{} in {:.1} s", done.answers, done.seconds),
            value: Some((rate, format!("{rate:.0}/s"))),
            bar: Bar::AtLeast(10_000.0),
            bar_text: "≥ 10,000/s",
        },
        Row {
            what: "of them without a record in the ledger".to_owned(),
            figures: format!("{recorded} records of {asked} answers"),
            value: Some((
                asked.abs_diff(recorded) as f64,
                asked.abs_diff(recorded).to_string(),
            )),
            bar: Bar::AtMost(0.0),
            bar_text: "0",
        },
        Row {
            what: "groups that were on disk later than after 50 ms".to_owned(),
            figures: match late.iter().copied().fold(f64::NAN, f64::max) {
                most if most.is_nan() => "-".to_owned(),
                most => format!("the latest after {most:.0} ms"),
            },
            value: Some((late.len() as f64, late.len().to_string())),
            bar: Bar::AtMost(0.0),
            bar_text: "0",
        },
        Row {
            what: "most memory of the gate after all of it".to_owned(),
            figures: "-".to_owned(),
            value: peak.map(|bytes| (bytes as f64 / 1e6, format!("{:.0} MB", bytes as f64 / 1e6))),
            bar: Bar::AtMost(150.0),
            bar_text: "≤ 150 MB",
        },
    ];
    Ok(Part {
        name: "serve-ledger",
        figures: "Beside it",
        value: "Measured",
        rows,
        notes: vec![format!(
            "50 artifacts of 0.4 kB in turn for {} s, over HTTP, each answer recorded in SQLite before \
             it leaves. Records are counted in the ledger after the gate has ended. A group is what is \
             synced together, about every 20 ms; how late it is the store says itself.",
            time.as_secs()
        )],
    })
}

/// Milliseconds of each group that was late, from the gate's log.
fn late(log: &str) -> Vec<f64> {
    let late = log.lines().filter(|line| line.contains(LATE));
    late.map(|line| {
        let time = line.split_once("late=").map_or("", |(_, rest)| rest);
        let time = time.split_whitespace().next().unwrap_or_default();
        milliseconds(time).unwrap_or(f64::INFINITY)
    })
    .collect()
}

/// A duration as Rust writes it.
fn milliseconds(text: &str) -> Option<f64> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok(),
        None => Some(text.strip_suffix('s')?.parse::<f64>().ok()? * 1e3),
    }
}

/// Deliveries in a ledger.
fn deliveries(data: &Path) -> Result<u64, Error> {
    let store = SqliteStore::open_read_only(data).doing("open the ledger")?;
    let (mut count, mut position) = (0, 0);
    loop {
        let rows = store
            .records_after(position, ROWS)
            .doing("read the ledger")?;
        let Some(last) = rows.last() else {
            return Ok(count);
        };
        position = last.position;
        let delivered =
            |row: &&customs_store::RecordRow| matches!(row.record, LedgerRecord::Delivered(_));
        count += rows.iter().filter(delivered).count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_groups_are_read_from_the_log() {
        let log = "a\n DEBUG customs_store: the disk is slow: records were late on it late=62.5ms\n\
                   b\n DEBUG customs_store: the disk is slow: records were late on it late=1.2s\n";
        assert_eq!(late(log), [62.5, 1200.0]);
    }
}
