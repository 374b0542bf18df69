//! Retention on SQLite: a step of each chain at a time, through the writer.

use super::SqliteStore;
use super::query::{all, get};
use crate::chain::Tip;
use crate::checkpoint::Checkpoint;
use crate::retain::{self, Cut, Old, Retained, Rule, Upkeep, limit};
use crate::rows::instant;
use crate::{ChainId, StoreError};
use customs_model::{Digest, Timestamp};
use ed25519_dalek::SigningKey;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

const DOING: &str = "remove old records";

/// An addition, as the tables of `team` are: an older customs does not look at it.
pub(super) const CHECKPOINTS: &str = "
    CREATE TABLE IF NOT EXISTS checkpoint (
        chain       INTEGER PRIMARY KEY REFERENCES chain (id),
        count       INTEGER NOT NULL,
        hash        TEXT NOT NULL,
        until       INTEGER NOT NULL,
        at          INTEGER NOT NULL,
        public_key  TEXT NOT NULL,
        signature   TEXT NOT NULL
    ) STRICT;
";

impl Upkeep for SqliteStore {
    fn retain(&self, before: Timestamp, dry_run: bool) -> Result<Retained, StoreError> {
        let writing = self.writing()?;
        retain::check_before(before, writing.clock.now())?;
        let rule = Rule {
            before: before.as_microsecond(),
            exemptions: retain::counting(self, before)?,
        };
        let chains = self.readers.ask(chains)?;
        let mut done = Retained::default();
        for (row, name, open) in chains {
            // A name that is none was edited; `verify` says so.
            let Some(chain) = ChainId::parse(&name) else {
                continue;
            };
            let (mut removed, mut from) = (0, None);
            let kept = loop {
                let step = if dry_run {
                    let begun = from.clone();
                    self.readers
                        .ask(|c| look(c, row, chain, open, begun, &rule))?
                } else {
                    let (rule, key, at) = (rule.clone(), writing.key.clone(), writing.clock.now());
                    writing.write(move |c| remove(c, row, chain, open, &rule, &key, at))?
                };
                let count = step.cut.tip.count - step.from;
                removed += count;
                from = Some(step.cut.tip);
                if count < limit::STEP.unsigned_abs() {
                    break step.cut.kept;
                }
            };
            retain::add(&mut done, &name, removed, kept);
        }
        if !dry_run {
            retain::note(self, before, &done)?;
        }
        Ok(done)
    }

    fn delivered_since(&self, at: Timestamp) -> Result<BTreeSet<Digest>, StoreError> {
        self.readers.ask(|c| {
            let from = super::query::position_before(c, at)?;
            let found = all(
                c,
                "SELECT DISTINCT body ->> '$.digest' FROM record
                 WHERE id > ?1 AND kind = 'delivered' AND at >= ?2",
                params![from, at.as_microsecond()],
                |row| crate::memory::parse_digest(&get::<String>(row, 0)?),
            )?;
            Ok(found.into_iter().collect())
        })
    }
}

/// Where a chain began before a step, and where it may be cut.
struct Step {
    from: u64,
    cut: Cut,
}

/// Row, name, and whether its process may live.
fn chains(connection: &Connection) -> Result<Vec<(i64, String, bool)>, StoreError> {
    all(
        connection,
        "SELECT id, name, ended IS NULL FROM chain ORDER BY id",
        [],
        |row| Ok((get(row, 0)?, get(row, 1)?, get(row, 2)?)),
    )
}

/// The next cut of a chain.
fn look(
    connection: &Connection,
    row: i64,
    chain: ChainId,
    open: bool,
    from: Option<Tip>,
    rule: &Rule,
) -> Result<Step, StoreError> {
    let from = match from {
        Some(from) => from,
        None => beginning(connection, row, chain)?,
    };
    let last = match open {
        true => Some(i64::try_from(super::append::tip(connection, row, chain)?.count).unwrap_or(0)),
        false => None,
    };
    let begun = i64::try_from(from.count).unwrap_or(i64::MAX);
    let rows = all(
        connection,
        "SELECT seq, at, kind, CAST(body AS BLOB), prev, hash FROM record
         WHERE chain = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        params![row, begun, limit::STEP],
        |row| {
            Ok(Old {
                seq: get(row, 0)?,
                at: get(row, 1)?,
                kind: get(row, 2)?,
                body: get(row, 3)?,
                prev: get(row, 4)?,
                hash: get(row, 5)?,
            })
        },
    )?;
    Ok(Step {
        from: from.count,
        cut: rule.cut(&from, &rows, last),
    })
}

/// Removes what may be removed, in the writer's transaction.
fn remove(
    connection: &Connection,
    row: i64,
    chain: ChainId,
    open: bool,
    rule: &Rule,
    key: &SigningKey,
    at: Timestamp,
) -> Result<Step, StoreError> {
    let step = look(connection, row, chain, open, None, rule)?;
    let tip = &step.cut.tip;
    if tip.count == step.from {
        return Ok(step);
    }
    let at = crate::chain::microseconds(at);
    let said = Checkpoint::sign(key, chain, tip.count, tip.hash.clone(), step.cut.until, at);
    let count = i64::try_from(tip.count).unwrap_or(i64::MAX);
    write(connection, row, &said)?;
    connection
        .execute(
            "DELETE FROM record WHERE chain = ?1 AND seq <= ?2",
            params![row, count],
        )
        .map_err(StoreError::sqlite(DOING))?;
    Ok(step)
}

/// Puts a checkpoint in the place of the one before.
pub(super) fn write(
    connection: &Connection,
    row: i64,
    said: &Checkpoint,
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT OR REPLACE INTO checkpoint
                 (chain, count, hash, until, at, public_key, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                row,
                i64::try_from(said.count).unwrap_or(i64::MAX),
                said.hash.to_string(),
                said.until.as_microsecond(),
                said.at.as_microsecond(),
                said.public_key,
                said.signature,
            ],
        )
        .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

/// Where a chain begins.
fn beginning(connection: &Connection, row: i64, chain: ChainId) -> Result<Tip, StoreError> {
    let found = all(
        connection,
        "SELECT count, hash FROM checkpoint WHERE chain = ?1",
        [row],
        |row| Ok((get::<i64>(row, 0)?, get::<String>(row, 1)?)),
    )?;
    let Some((count, hash)) = found.into_iter().next() else {
        return Ok(Tip::empty(chain));
    };
    Ok(Tip {
        chain,
        count: crate::rows::seq(count)?,
        hash: crate::memory::parse_digest(&hash)?,
    })
}

/// All checkpoints. An older customs' database has no table of them.
pub(super) fn checkpoints(connection: &Connection) -> Result<Vec<Checkpoint>, StoreError> {
    let there = connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'checkpoint'")
        .and_then(|mut query| query.exists([]))
        .map_err(StoreError::sqlite("be read"))?;
    if !there {
        return Ok(Vec::new());
    }
    let found = all(
        connection,
        "SELECT chain.name, count, hash, until, at, public_key, signature
         FROM checkpoint JOIN chain ON chain.id = checkpoint.chain ORDER BY chain.id",
        [],
        |row| {
            let name: String = get(row, 0)?;
            let Some(chain) = ChainId::parse(&name) else {
                return Ok(None);
            };
            Ok(Some(Checkpoint {
                chain,
                count: crate::rows::seq(get(row, 1)?)?,
                hash: crate::memory::parse_digest(&get::<String>(row, 2)?)?,
                until: instant(get(row, 3)?)?,
                at: instant(get(row, 4)?)?,
                public_key: get(row, 5)?,
                signature: get(row, 6)?,
            }))
        },
    )?;
    Ok(found.into_iter().flatten().collect())
}
