//! Opening: the folder, the file, the schema, the chains that a crash left behind.

use super::append::{self, Appender};
use super::{BUSY_SECONDS, memory, schema};
use crate::chain::{Tip, microseconds};
use crate::folder::{self, ChainLock, LEDGER_FILE};
use crate::record::{Gap, LedgerRecord, Opened};
use crate::{ChainId, StoreError};
use customs_model::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// A connection that may write, on a database of the present schema. The caller holds
/// the folder's lock.
pub(super) fn writer(folder: &Path) -> Result<Connection, StoreError> {
    let path = folder.join(LEDGER_FILE);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    match folder::private(&mut options).open(&path) {
        // Made here only for its permissions; SQLite gives its other files the same.
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(StoreError::io("make", path)(e)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(&path, flags)?;
    schema::check(&connection, &path)?;
    let failed = StoreError::sqlite("set itself up");
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(&failed)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Database {
            doing: "set itself up",
            why: "this file system cannot share a write-ahead log. Choose a data folder on a \
                  local disk"
                .to_owned(),
        });
    }
    for (name, value) in [
        // See the writer for why.
        ("synchronous", "NORMAL"),
        // The writer copies the log itself, when nobody waits.
        ("wal_autocheckpoint", "0"),
        // What a burst has made of the log is given back.
        ("journal_size_limit", "67108864"),
        ("cache_size", "-4096"),
        ("foreign_keys", "ON"),
    ] {
        connection
            .pragma_update_and_check(None, name, value, |_| Ok(()))
            .or_else(|e| match e {
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                e => Err(e),
            })
            .map_err(&failed)?;
    }
    schema::migrate(&mut connection, &path)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags)?;
    schema::check(&connection, path)?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let failed = StoreError::sqlite("be opened");
    let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
    connection
        .busy_timeout(Duration::from_secs(BUSY_SECONDS))
        .map_err(&failed)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// A chain that has begun.
pub(super) struct Begun {
    pub row: i64,
    pub tip: Tip,
    pub lock: ChainLock,
}

/// Begins a chain: who writes it, and which earlier chains were cut off.
pub(super) fn begin(
    connection: &mut Connection,
    folder: &Path,
    now: Timestamp,
) -> Result<Begun, StoreError> {
    let at = microseconds(now);
    let chain = ChainId::random()?;
    let lock = ChainLock::take(folder, chain)?.ok_or(StoreError::Closed)?;
    let failed = StoreError::sqlite("begin a chain");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&failed)?;
    let row = append::begin_chain(&transaction, chain, at)?;
    let mut tip = Tip::empty(chain);
    let mut bytes = 0;
    let mut ledger = Appender {
        connection: &transaction,
        chain_row: row,
        tip: &mut tip,
        bytes: &mut bytes,
    };
    let mut add = |record: LedgerRecord| {
        let kind = record.kind();
        ledger.append(at, kind, &record.body()?).map(|_| ())
    };
    add(LedgerRecord::Opened(Opened {
        chain,
        tool: format!("customs {}", env!("CARGO_PKG_VERSION")),
        at,
    }))?;
    // The locks of the dead stay taken until the commit says that they were dealt with.
    let mut dead = Vec::new();
    for (row, chain) in unended(&transaction, row)? {
        let Some(lock) = ChainLock::take(folder, chain)? else {
            continue;
        };
        let records = append::tip(&transaction, row, chain).map_or(0, |tip| tip.count);
        add(LedgerRecord::Gap(Gap {
            chain,
            records,
            from: last_instant(&transaction, row)?,
            to: at,
            restored: None,
        }))?;
        append::end_chain(&transaction, row, "cut off")?;
        dead.push(lock);
    }
    if let Ok(before) = at.checked_sub(SignedDuration::from_hours(
        24 * crate::memory::PUBLICATIONS_DAYS,
    )) {
        memory::prune(&transaction, before)?;
    }
    transaction.commit().map_err(&failed)?;
    Ok(Begun { row, tip, lock })
}

/// Chains without an end: their processes live, or were cut off.
fn unended(connection: &Connection, own: i64) -> Result<Vec<(i64, ChainId)>, StoreError> {
    let failed = StoreError::sqlite("look for earlier chains");
    let mut query = connection
        .prepare("SELECT id, name FROM chain WHERE ended IS NULL AND id <> ?1")
        .map_err(&failed)?;
    let rows = query
        .query_map([own], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .map_err(&failed)?;
    let mut chains = Vec::new();
    for row in rows {
        let (id, name) = row.map_err(&failed)?;
        // A name that is none was edited; `verify` says so.
        chains.extend(ChainId::parse(&name).map(|chain| (id, chain)));
    }
    Ok(chains)
}

fn last_instant(connection: &Connection, row: i64) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = connection
        .query_row(
            "SELECT (SELECT at FROM record WHERE chain = ?1 ORDER BY seq DESC LIMIT 1)",
            [row],
            |row| row.get(0),
        )
        .map_err(StoreError::sqlite("look for earlier chains"))?;
    Ok(at.and_then(|at| Timestamp::from_microsecond(at).ok()))
}
