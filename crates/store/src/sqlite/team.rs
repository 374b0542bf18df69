//! Leases and the index, for several processes on one machine.
//!
//! Their tables are additions: made where they are missing, unknown to an older customs
//! and not touched by it. So they need no step of the schema, and both versions may have the
//! same database open.

use super::SqliteStore;
use super::query::get;
use crate::StoreError;
use crate::rows::instant;
use crate::team::{
    Entry, Index, Lease, Leases, NewEntry, Taken, check_entry, check_lease, limit, term_ms,
};
use customs_model::{Digest, SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::time::Duration;

/// `AUTOINCREMENT`, because a fence and a revision must never come back.
const ADDITIONS: &str = "
    CREATE TABLE IF NOT EXISTS lease (
        fence  INTEGER PRIMARY KEY AUTOINCREMENT,
        name   TEXT NOT NULL UNIQUE,
        owner  TEXT NOT NULL,
        until  INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS entry (
        revision  INTEGER PRIMARY KEY AUTOINCREMENT,
        space     TEXT NOT NULL,
        key       TEXT NOT NULL,
        blob      TEXT,
        note      TEXT NOT NULL,
        at        INTEGER NOT NULL,
        UNIQUE (space, key)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entry_blob ON entry (blob) WHERE blob IS NOT NULL;
";

/// Makes the tables where they are missing, and forgets leases that ended long ago.
pub(super) fn prepare(connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let failed = StoreError::sqlite("set itself up");
    connection
        .execute_batch(ADDITIONS)
        .and_then(|()| connection.execute_batch(super::retain::CHECKPOINTS))
        .map_err(&failed)?;
    if let Ok(before) = now.checked_sub(SignedDuration::from_hours(24 * limit::LEASE_DAYS)) {
        connection
            .execute(
                "DELETE FROM lease WHERE until < ?1",
                [before.as_microsecond()],
            )
            .map_err(&failed)?;
    }
    Ok(())
}

const LEASE: &str = "keep a lease";
const INDEX: &str = "keep its index";

impl SqliteStore {
    /// The clock of the database: SQLite has the machine's.
    fn ends(&self, term: Duration) -> Result<(Timestamp, Timestamp), StoreError> {
        let now = crate::chain::microseconds(self.writing()?.clock.now());
        let until = now
            .checked_add(SignedDuration::from_millis(term_ms(term)?))
            .map_err(|e| StoreError::Unreadable {
                what: "an instant".to_owned(),
                why: e.to_string(),
            })?;
        Ok((now, until))
    }
}

impl Leases for SqliteStore {
    fn take_lease(&self, name: &str, owner: &str, term: Duration) -> Result<Taken, StoreError> {
        check_lease(name, owner)?;
        let (now, until) = self.ends(term)?;
        let (name, owner) = (name.to_owned(), owner.to_owned());
        self.writing()?
            .write(move |c| take(c, &name, &owner, now, until))
    }

    fn renew_lease(&self, lease: &Lease, term: Duration) -> Result<Option<Lease>, StoreError> {
        let (now, until) = self.ends(term)?;
        let lease = lease.clone();
        self.writing()?.write(move |c| {
            let kept = c
                .prepare_cached(
                    "UPDATE lease SET until = ?4
                     WHERE fence = ?1 AND name = ?2 AND until > ?3",
                )
                .and_then(|mut update| {
                    update.execute(params![
                        fence(lease.fence),
                        lease.name,
                        now.as_microsecond(),
                        until.as_microsecond(),
                    ])
                })
                .map_err(StoreError::sqlite(LEASE))?;
            Ok((kept == 1).then(|| Lease {
                until,
                ..lease.clone()
            }))
        })
    }

    fn return_lease(&self, lease: &Lease) -> Result<bool, StoreError> {
        let now = crate::chain::microseconds(self.writing()?.clock.now());
        let lease = lease.clone();
        self.writing()?.write(move |c| {
            let given = c
                .execute(
                    "DELETE FROM lease WHERE fence = ?1 AND name = ?2 AND until > ?3",
                    params![fence(lease.fence), lease.name, now.as_microsecond()],
                )
                .map_err(StoreError::sqlite(LEASE))?;
            Ok(given == 1)
        })
    }
}

fn take(
    connection: &Connection,
    name: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Taken, StoreError> {
    let failed = StoreError::sqlite(LEASE);
    let held = connection
        .prepare_cached("SELECT owner, until FROM lease WHERE name = ?1")
        .and_then(|mut query| {
            query
                .query_row([name], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                })
                .optional()
        })
        .map_err(&failed)?;
    if let Some((owner, end)) = held
        && end > now.as_microsecond()
    {
        let left = u64::try_from(end - now.as_microsecond()).unwrap_or(0);
        return Ok(Taken::Theirs {
            owner,
            left: Duration::from_micros(left),
        });
    }
    connection
        .prepare_cached("DELETE FROM lease WHERE name = ?1")
        .and_then(|mut delete| delete.execute([name]))
        .map_err(&failed)?;
    let number = connection
        .prepare_cached("INSERT INTO lease (name, owner, until) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.insert(params![name, owner, until.as_microsecond()]))
        .map_err(&failed)?;
    Ok(Taken::Mine(Lease {
        name: name.to_owned(),
        owner: owner.to_owned(),
        fence: u64::try_from(number).unwrap_or(0),
        until,
    }))
}

fn fence(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(-1)
}

impl Index for SqliteStore {
    fn entry(&self, space: &str, key: &str) -> Result<Option<Entry>, StoreError> {
        self.readers.ask(|c| find(c, space, key))
    }

    fn put_entry(
        &self,
        space: &str,
        key: &str,
        entry: &NewEntry<'_>,
        known: Option<u64>,
    ) -> Result<Option<u64>, StoreError> {
        check_entry(space, key, entry.note)?;
        let at = crate::chain::microseconds(self.writing()?.clock.now());
        let (space, key, note) = (space.to_owned(), key.to_owned(), entry.note.to_owned());
        let blob = entry.blob.map(ToString::to_string);
        self.writing()?.write(move |c| {
            let failed = StoreError::sqlite(INDEX);
            if revision(c, &space, &key)? != known {
                return Ok(None);
            }
            c.prepare_cached("DELETE FROM entry WHERE space = ?1 AND key = ?2")
                .and_then(|mut delete| delete.execute([&space, &key]))
                .map_err(&failed)?;
            let number = c
                .prepare_cached(
                    "INSERT INTO entry (space, key, blob, note, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .and_then(|mut insert| {
                    insert.insert(params![space, key, blob, note, at.as_microsecond()])
                })
                .map_err(&failed)?;
            Ok(u64::try_from(number).ok())
        })
    }

    fn remove_entry(&self, space: &str, key: &str, known: u64) -> Result<bool, StoreError> {
        let (space, key) = (space.to_owned(), key.to_owned());
        self.writing()?.write(move |c| {
            let gone = c
                .execute(
                    "DELETE FROM entry WHERE space = ?1 AND key = ?2 AND revision = ?3",
                    params![space, key, fence(known)],
                )
                .map_err(StoreError::sqlite(INDEX))?;
            Ok(gone == 1)
        })
    }

    fn named_blobs(&self, digests: &[Digest]) -> Result<Vec<Digest>, StoreError> {
        self.readers.ask(|c| {
            let failed = StoreError::sqlite(INDEX);
            if !has_additions(c)? {
                return Ok(Vec::new());
            }
            let mut query = c
                .prepare_cached("SELECT 1 FROM entry WHERE blob = ?1 LIMIT 1")
                .map_err(&failed)?;
            let mut named = Vec::new();
            for digest in digests {
                if query.exists([digest.to_string()]).map_err(&failed)? {
                    named.push(digest.clone());
                }
            }
            Ok(named)
        })
    }

    fn forget_blob(&self, digest: &Digest) -> Result<u64, StoreError> {
        let digest = digest.to_string();
        self.writing()?.write(move |c| {
            let gone = c
                .execute("DELETE FROM entry WHERE blob = ?1", [&digest])
                .map_err(StoreError::sqlite(INDEX))?;
            Ok(gone as u64)
        })
    }
}

/// A database that is opened for reading may be an older customs' one.
fn has_additions(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'entry'")
        .and_then(|mut query| query.exists([]))
        .map_err(StoreError::sqlite(INDEX))
}

fn find(connection: &Connection, space: &str, key: &str) -> Result<Option<Entry>, StoreError> {
    if !has_additions(connection)? {
        return Ok(None);
    }
    let rows = super::query::all(
        connection,
        "SELECT blob, note, revision, at FROM entry WHERE space = ?1 AND key = ?2",
        [space, key],
        |row| {
            let blob: Option<String> = get(row, 0)?;
            let number: i64 = get(row, 2)?;
            Ok(Entry {
                blob: blob
                    .as_deref()
                    .map(crate::memory::parse_digest)
                    .transpose()?,
                note: get(row, 1)?,
                revision: u64::try_from(number).unwrap_or(0),
                at: instant(get(row, 3)?)?,
            })
        },
    )?;
    Ok(rows.into_iter().next())
}

fn revision(connection: &Connection, space: &str, key: &str) -> Result<Option<u64>, StoreError> {
    let number: Option<i64> = connection
        .prepare_cached("SELECT revision FROM entry WHERE space = ?1 AND key = ?2")
        .and_then(|mut query| query.query_row([space, key], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite(INDEX))?;
    Ok(number.and_then(|number| u64::try_from(number).ok()))
}
