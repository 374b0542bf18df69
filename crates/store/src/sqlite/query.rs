//! Questions to the ledger.

use crate::exemption::ExemptionRow;
use crate::record::LedgerRecord;
use crate::rows::{
    self, MOST_CHANGES, MOST_DELIVERIES, MOST_ROWS, bounded, decision, releases_of, slack,
};
use crate::store::{DecisionRow, Deliveries, DeliveryRow, RecordRow};
use crate::{Head, StoreError};
use customs_model::{PackageName, ReleaseId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// The newest first, so that a cut answer has lost the oldest. `kind` is written out,
/// not bound: only then does SQLite see that the partial index fits. The inner question
/// is answered from the index alone; only what is listed is read.
pub(super) const DELIVERIES: &str = "
    SELECT record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.id IN (
        SELECT id FROM record
        WHERE kind = 'delivered' AND release >= ?1 AND release < ?2
        ORDER BY id DESC LIMIT ?3)
    ORDER BY record.id DESC";
pub(super) const DELIVERIES_COUNTED: &str = "
    SELECT count(*) FROM record
    WHERE kind = 'delivered' AND release >= ?1 AND release < ?2";
pub(super) const DELIVERIES_OF_RELEASE: &str = "
    SELECT record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'delivered' AND record.release = ?1
    ORDER BY record.id DESC LIMIT ?2";
pub(super) const DELIVERIES_OF_RELEASE_COUNTED: &str =
    "SELECT count(*) FROM record WHERE kind = 'delivered' AND release = ?1";
pub(super) const LATEST_DECISION: &str = "
    SELECT at, body FROM record
    WHERE kind = 'decided' AND release = ?1 AND artifact IS ?2
    ORDER BY id DESC LIMIT 1";
pub(super) const DECISIONS_SINCE: &str = "
    SELECT at, body FROM record
    WHERE kind = 'decided' AND at >= ?1
    ORDER BY at, id LIMIT ?2";

/// The newest first, so that a cut answer has lost the oldest.
pub(super) const DECISIONS_OF: &str = "
    SELECT at, body FROM record
    WHERE kind = 'decided' AND release >= ?1 AND release < ?2
    ORDER BY id DESC LIMIT ?3";
pub(super) const EXEMPTIONS: &str = "
    SELECT record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'exemption'
    ORDER BY record.id LIMIT ?1";

const ASKED: &str = "answer a question";

pub(super) fn who(connection: &Connection, release: &ReleaseId) -> Result<Deliveries, StoreError> {
    let release = release.to_string();
    deliveries(
        connection,
        DELIVERIES_OF_RELEASE,
        params![release, MOST_DELIVERIES],
        DELIVERIES_OF_RELEASE_COUNTED,
        params![release],
    )
}

pub(super) fn who_package(
    connection: &Connection,
    package: &PackageName,
) -> Result<Deliveries, StoreError> {
    let (from, to) = releases_of(package)?;
    deliveries(
        connection,
        DELIVERIES,
        params![from, to, MOST_DELIVERIES],
        DELIVERIES_COUNTED,
        params![from, to],
    )
}

fn deliveries(
    connection: &Connection,
    listed: &str,
    list: impl rusqlite::Params,
    counted: &str,
    count: impl rusqlite::Params,
) -> Result<Deliveries, StoreError> {
    let failed = StoreError::sqlite(ASKED);
    let total: i64 = connection
        .prepare_cached(counted)
        .and_then(|mut query| query.query_row(count, |row| row.get(0)))
        .map_err(&failed)?;
    let mut rows = all(connection, listed, list, delivery)?;
    rows.reverse();
    Ok(Deliveries {
        rows,
        total: u64::try_from(total).unwrap_or(0),
    })
}

fn delivery(row: &Row<'_>) -> Result<DeliveryRow, StoreError> {
    let body: String = get(row, 3)?;
    rows::delivery(get(row, 0)?, get(row, 1)?, get(row, 2)?, &body)
}

pub(super) fn latest_decision(
    connection: &Connection,
    release: &ReleaseId,
    artifact: Option<&str>,
) -> Result<Option<DecisionRow>, StoreError> {
    let failed = StoreError::sqlite(ASKED);
    let found = connection
        .prepare_cached(LATEST_DECISION)
        .and_then(|mut query| {
            query
                .query_row(params![release.to_string(), artifact], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
                })
                .optional()
        })
        .map_err(&failed)?;
    found.map(|(at, body)| decision(at, &body)).transpose()
}

pub(super) fn decisions_since(
    connection: &Connection,
    at: Timestamp,
    limit: usize,
) -> Result<Vec<DecisionRow>, StoreError> {
    let asked = params![at.as_microsecond(), bounded(limit)];
    all(connection, DECISIONS_SINCE, asked, |row| {
        decision(get(row, 0)?, &get::<String>(row, 1)?)
    })
}

pub(super) fn decisions_of(
    connection: &Connection,
    package: &PackageName,
) -> Result<Vec<DecisionRow>, StoreError> {
    let (from, to) = releases_of(package)?;
    let asked = params![from, to, bounded(MOST_ROWS)];
    let mut rows = all(connection, DECISIONS_OF, asked, |row| {
        decision(get(row, 0)?, &get::<String>(row, 1)?)
    })?;
    rows.reverse();
    Ok(rows)
}

pub(super) fn exemptions(connection: &Connection) -> Result<Vec<ExemptionRow>, StoreError> {
    let changes = all(connection, EXEMPTIONS, params![MOST_CHANGES + 1], |row| {
        let body: String = get(row, 3)?;
        rows::change(get(row, 0)?, get(row, 1)?, get(row, 2)?, &body)
    })?;
    rows::exemptions(changes)
}

/// By halves: records stand in the order of their commits, which is nearly that of time.
pub(super) fn position_before(connection: &Connection, at: Timestamp) -> Result<i64, StoreError> {
    let failed = StoreError::sqlite(ASKED);
    let from = slack(at);
    let last: Option<i64> = connection
        .query_row("SELECT max(id) FROM record", [], |row| row.get(0))
        .map_err(&failed)?;
    let (mut low, mut high) = (0, last.unwrap_or(0));
    while low < high {
        let middle = low + (high - low) / 2;
        let next: Option<i64> = connection
            .prepare_cached("SELECT at FROM record WHERE id > ?1 ORDER BY id LIMIT 1")
            .and_then(|mut query| query.query_row([middle], |row| row.get(0)).optional())
            .map_err(&failed)?;
        if next.is_some_and(|next| next < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

pub(super) fn records_after(
    connection: &Connection,
    position: i64,
    limit: usize,
) -> Result<Vec<RecordRow>, StoreError> {
    all(
        connection,
        "SELECT record.id, chain.name, record.seq, record.at, record.kind, record.body
         FROM record LEFT JOIN chain ON chain.id = record.chain
         WHERE record.id > ?1 ORDER BY record.id LIMIT ?2",
        params![position, bounded(limit)],
        |row| {
            Ok(RecordRow {
                position: get(row, 0)?,
                chain: rows::chain(get(row, 1)?),
                seq: rows::seq(get(row, 2)?)?,
                at: rows::instant(get(row, 3)?)?,
                record: LedgerRecord::read(&get::<String>(row, 4)?, &get::<String>(row, 5)?)?,
            })
        },
    )
}

pub(super) fn heads(connection: &Connection) -> Result<Vec<Head>, StoreError> {
    all(
        connection,
        "SELECT name, head_count, head_hash, head_at, head_signature FROM chain
         WHERE head_signature IS NOT NULL ORDER BY id LIMIT ?1",
        [bounded(MOST_ROWS)],
        |row| {
            let (name, hash): (String, String) = (get(row, 0)?, get(row, 2)?);
            rows::head(&name, get(row, 1)?, &hash, get(row, 3)?, get(row, 4)?)
        },
    )
}

/// All rows of an answer.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    asked: impl rusqlite::Params,
    each: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let failed = StoreError::sqlite(ASKED);
    let mut query = connection.prepare_cached(sql).map_err(&failed)?;
    let mut rows = query.query(asked).map_err(&failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        found.push(each(row)?);
    }
    Ok(found)
}

/// One column of a row.
pub(super) fn get<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, StoreError> {
    row.get(column).map_err(StoreError::sqlite(ASKED))
}
