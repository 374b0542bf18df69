//! Lists of the ledger, a page at a time.
//!
//! Their indexes are additions, as the tables of [`super::team`]: made where they are missing. What
//! stands in a body is found by its text there, so that a body that somebody spoiled spoils no
//! index: serialised texts have no bare quote, so nothing that a package says looks like a key.

use super::SqliteStore;
use super::query::{all, get};
use crate::lists::{Count, Listed, Lists, Next, Placed, RefusalRow, Subject, instant_key, limit};
use crate::lists::{page, second};
use crate::store::{DecisionRow, DeliveryRow};
use crate::{StoreError, rows};
use customs_model::{Action, Timestamp};
use rusqlite::{Connection, params};

const ADDITIONS: &str = r#"
    CREATE INDEX IF NOT EXISTS record_held
        ON record (substr(body, instr(body, '"until":"') + 9, 19), id)
        WHERE kind = 'decided' AND instr(body, '"action":"hold"') > 0;
    CREATE INDEX IF NOT EXISTS record_blocked ON record (at, id)
        WHERE kind = 'decided' AND instr(body, '"action":"block"') > 0;
    CREATE INDEX IF NOT EXISTS record_refused ON record (at, id) WHERE kind = 'refused';
"#;

/// Makes the indexes where they are missing.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch(ADDITIONS)
        .map_err(StoreError::sqlite("set itself up"))
}

/// The condition on the first part of the index is written out, and so is its order: only then
/// does SQLite see that it fits.
pub(super) const HELD: &str = r#"
    SELECT record.id, record.at, record.body,
           substr(record.body, instr(record.body, '"until":"') + 9, 19)
    FROM record
    WHERE record.kind = 'decided' AND instr(record.body, '"action":"hold"') > 0
      AND substr(record.body, instr(record.body, '"until":"') + 9, 19) >= ?1
      AND (substr(record.body, instr(record.body, '"until":"') + 9, 19) > ?1 OR record.id > ?2)
      AND NOT EXISTS (
        SELECT 1 FROM record AS later
        WHERE later.kind = 'decided' AND later.release = record.release
          AND later.artifact IS record.artifact AND later.id > record.id)
    ORDER BY substr(record.body, instr(record.body, '"until":"') + 9, 19), record.id
    LIMIT ?3"#;
pub(super) const BLOCKED: &str = r#"
    SELECT record.id, record.at, record.body
    FROM record
    WHERE record.kind = 'decided' AND instr(record.body, '"action":"block"') > 0
      AND (record.at, record.id) < (?1, ?2)
      AND NOT EXISTS (
        SELECT 1 FROM record AS later
        WHERE later.kind = 'decided' AND later.release = record.release
          AND later.artifact IS record.artifact AND later.id > record.id)
    ORDER BY record.at DESC, record.id DESC
    LIMIT ?3"#;
pub(super) const REFUSALS: &str = "
    SELECT id, at, body FROM record
    WHERE kind = 'refused' AND (at, id) < (?1, ?2)
    ORDER BY at DESC, id DESC
    LIMIT ?3";
pub(super) const RECEIVED: &str = "
    SELECT record.id, record.release, record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'delivered' AND record.release >= ?1
      AND (record.release, record.id) < (?2, ?3)
    ORDER BY record.release DESC, record.id DESC
    LIMIT ?4";
pub(super) const RECEIVED_COUNTED: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM record
        WHERE kind = 'delivered' AND release >= ?1 AND release <= ?2
        LIMIT ?3)";

impl Lists for SqliteStore {
    fn held(
        &self,
        now: Timestamp,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError> {
        let read = |after: Option<&Next>, many: i64| {
            let (key, id) = match after {
                Some(next) => (next.key.clone(), next.id),
                None => (second(now), i64::MIN),
            };
            self.readers.ask(|connection| {
                all(connection, HELD, params![key, id, many], |row| {
                    let next = Next {
                        id: get(row, 0)?,
                        key: get(row, 3)?,
                    };
                    Ok((next, rows::decision(get(row, 1)?, &get::<String>(row, 2)?)?))
                })
            })
        };
        page(after, most, read, |row| rows::is_held(&row.decision, now))
    }

    fn blocked(
        &self,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError> {
        let read = |after: Option<&Next>, many: i64| {
            let (at, id) = instant_key(after);
            self.readers.ask(|connection| {
                all(connection, BLOCKED, params![at, id, many], |row| {
                    let (next, at) = placed(get(row, 0)?, get(row, 1)?);
                    Ok((next, rows::decision(at, &get::<String>(row, 2)?)?))
                })
            })
        };
        page(after, most, read, |row| {
            matches!(row.decision.action, Action::Block { .. })
        })
    }

    fn refusals(
        &self,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<RefusalRow>, StoreError> {
        let read = |after: Option<&Next>, many: i64| {
            let (at, id) = instant_key(after);
            self.readers.ask(|connection| {
                all(connection, REFUSALS, params![at, id, many], |row| {
                    let (next, at) = placed(get(row, 0)?, get(row, 1)?);
                    Ok((next, rows::refusal(at, &get::<String>(row, 2)?)?))
                })
            })
        };
        page(after, most, read, |_| true)
    }

    fn received(
        &self,
        of: &Subject,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DeliveryRow>, StoreError> {
        let (from, to) = of.range()?;
        let read = |after: Option<&Next>, many: i64| {
            let (key, id) = match after {
                // A place in the list of something else is behind this one's end.
                Some(next) => (next.key.clone().min(to.clone()), next.id),
                None => (to.clone(), i64::MAX),
            };
            self.readers.ask(|connection| {
                all(connection, RECEIVED, params![from, key, id, many], |row| {
                    let next = Next {
                        id: get(row, 0)?,
                        key: get(row, 1)?,
                    };
                    let body: String = get(row, 5)?;
                    let row = rows::delivery(get(row, 2)?, get(row, 3)?, get(row, 4)?, &body)?;
                    Ok((next, row))
                })
            })
        };
        page(after, most, read, |_| true)
    }

    fn count_received(&self, of: &Subject) -> Result<Count, StoreError> {
        let (from, to) = of.range()?;
        let counted = self.readers.ask(|connection| {
            let most = limit::COUNTED + 1;
            all(
                connection,
                RECEIVED_COUNTED,
                params![from, to, most],
                |row| get(row, 0),
            )
        })?;
        Ok(Count::of(counted.first().copied().unwrap_or(0)))
    }
}

/// A place by time, and the time.
fn placed(id: i64, at: i64) -> Placed<i64> {
    let key = at.to_string();
    (Next { key, id }, at)
}
