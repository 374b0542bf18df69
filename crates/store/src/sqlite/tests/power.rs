//! The power fails. What the disk has then is the log as of the last sync, and of what was written
//! behind it some part, or blocks in which nothing was ever written.

use super::*;
use std::collections::BTreeSet;

/// Records before the last sync.
const SYNCED: u64 = 40;
/// Records behind it, which were acknowledged, too.
const BEHIND: u64 = 40;
/// SQLite's log is a header, and frames that are a header and a page each.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const FRAME: usize = FRAME_HEADER + 4_096;

/// What was on the disk when it was synced.
struct Disk {
    files: Vec<(String, Vec<u8>)>,
    log: Vec<u8>,
}

fn log_name() -> String {
    format!("{LEDGER_FILE}-wal")
}

fn log_of(house: &House) -> Vec<u8> {
    std::fs::read(house.path().join(log_name())).unwrap()
}

impl Disk {
    fn of(house: &House) -> Self {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(house.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            // What is shared in memory is not there after it.
            let is_lost = name.ends_with("-wal") || name.ends_with("-shm");
            if entry.file_type().unwrap().is_file() && !is_lost {
                files.push((name, std::fs::read(entry.path()).unwrap()));
            }
        }
        let log = log_of(house);
        Self { files, log }
    }

    /// The folder as whoever starts the machine again finds it.
    fn with_log(&self, log: &[u8]) -> House {
        let house = House::new();
        for (name, bytes) in &self.files {
            std::fs::write(house.path().join(name), bytes).unwrap();
        }
        std::fs::write(house.path().join(log_name()), log).unwrap();
        house
    }
}

/// Opens it again. How many records of the chain that was cut off are there.
fn opened_again(house: &House, synced: &[Receipt]) -> u64 {
    let chain = synced[0].chain;
    let store = house.open();
    let rows = store.records_after(0, 10_000).unwrap();
    drop(store);
    let gaps: Vec<_> = rows
        .iter()
        .filter_map(|row| match &row.record {
            LedgerRecord::Gap(gap) => Some(gap),
            _ => None,
        })
        .collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].chain, chain);
    let of_chain = rows.iter().filter(|row| row.chain == chain.to_string());
    assert_eq!(of_chain.count() as u64, gaps[0].records);

    let found = house.verify();
    assert!(found.is_intact(), "{found:?}");
    let mut reports = found.chains.iter();
    let report = reports.find(|report| report.chain == chain.to_string());
    let report = report.unwrap();
    assert!(report.cut_off.is_some() && !report.closed, "{report:?}");

    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    let mut find = connection
        .prepare(
            "SELECT count(*) FROM record JOIN chain ON chain.id = record.chain
             WHERE name = ?1 AND seq = ?2 AND hash = ?3",
        )
        .unwrap();
    for receipt in synced {
        let seq = i64::try_from(receipt.seq).unwrap();
        let name = receipt.chain.to_string();
        let key = rusqlite::params![name, seq, receipt.hash.as_bytes()];
        let there: i64 = find.query_row(key, |row| row.get(0)).unwrap();
        assert_eq!(there, 1, "{receipt:?}");
    }
    gaps[0].records
}

#[test]
fn what_was_synced_survives_a_power_cut_wherever_the_log_ends_behind_it() {
    let house = House::new();
    let store = house.open();
    let write = |n: u64| store.append_wait(note(&format!("{n}"))).unwrap();
    let synced: Vec<_> = (0..SYNCED).map(write).collect();
    store.flush().unwrap();
    let disk = Disk::of(&house);
    for n in 0..BEHIND {
        write(SYNCED + n);
    }
    let log = log_of(&house);
    // Nothing was copied out of the log meanwhile, so that every place behind the sync is one at
    // which it may have ended.
    let (from, to) = (disk.log.len(), log.len());
    assert!(log.starts_with(&disk.log) && to > from + 2 * FRAME);
    assert_eq!((from - HEADER) % FRAME, 0);

    let middle = from + (to - from) / (2 * FRAME) * FRAME;
    let cuts = [
        from,
        from + 1,
        from + FRAME_HEADER,
        from + FRAME_HEADER + 2_048,
        from + FRAME,
        middle,
        middle + FRAME_HEADER + 17,
        to - FRAME,
        to - 1,
        to,
    ];
    let least = 1 + SYNCED;
    let mut seen = BTreeSet::new();
    for cut in cuts {
        // The file ends there; or it is as long as it was, without what was to be in it.
        let mut unwritten = log[..cut].to_vec();
        unwritten.resize(to, 0);
        for log in [&log[..cut], &unwritten[..]] {
            let records = opened_again(&disk.with_log(log), &synced);
            assert!((least..=least + BEHIND).contains(&records), "{records}");
            seen.insert(records);
        }
    }
    assert_eq!(seen.first(), Some(&least));
    assert_eq!(seen.last(), Some(&(least + BEHIND)));
    assert!(seen.len() > 2, "{seen:?}");

    // A disk that had not what it said it had: a signed head tells of it.
    let lied = disk.with_log(&log[..from - 1]);
    drop(lied.open());
    assert!(!lied.verify().is_intact());
}
