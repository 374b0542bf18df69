//! Questions to the ledger.

use crate::exemption::{ExemptionChange, ExemptionRow};
use crate::record::{Decided, Delivered, LedgerRecord};
use crate::store::{DecisionRow, Deliveries, DeliveryRow, RecordRow};
use crate::{ChainId, Head, StoreError};
use customs_model::{PackageName, ReleaseId, SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// The most deliveries that one answer lists.
const MOST_DELIVERIES: i64 = 10_000;
/// The most rows that any other answer lists.
const MOST_ROWS: usize = 100_000;

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

/// The most changes of exemptions that are read: more of them nobody makes by hand.
const MOST_EXEMPTIONS: i64 = 20_000;

/// How much later than others a record may stand although it was handed over earlier:
/// processes write at the same time, and clocks are set.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

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

/// All package URLs of a package lie between `pkg:npm/name@` and `pkg:npm/nameA`: `A`
/// comes right behind `@`.
pub(super) fn releases_of(package: &PackageName) -> Result<(String, String), StoreError> {
    let version = customs_model::Version::new("0").map_err(|e| StoreError::Unreadable {
        what: "a version".to_owned(),
        why: e.to_string(),
    })?;
    let mut from = ReleaseId::new(package.clone(), version).to_string();
    from.pop();
    let mut to = from.clone();
    to.pop();
    to.push('A');
    Ok((from, to))
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
    let delivered: Delivered = serde_json::from_str(&body).map_err(|e| StoreError::Unreadable {
        what: "a delivery".to_owned(),
        why: e.to_string(),
    })?;
    Ok(DeliveryRow {
        at: instant(get(row, 0)?)?,
        chain: chain(row, 1)?,
        seq: seq(row, 2)?,
        release: delivered.release,
        artifact: delivered.artifact,
        digest: delivered.digest,
        bytes: delivered.bytes,
        served: delivered.served,
        who: delivered.who,
        action: delivered.action,
        rules: delivered.rules,
        epoch: delivered.epoch,
    })
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
    let changes = all(
        connection,
        EXEMPTIONS,
        params![MOST_EXEMPTIONS + 1],
        |row| {
            let body: String = get(row, 3)?;
            let change: ExemptionChange =
                serde_json::from_str(&body).map_err(|e| StoreError::Unreadable {
                    what: "an exemption".to_owned(),
                    why: e.to_string(),
                })?;
            Ok((instant(get(row, 0)?)?, chain(row, 1)?, seq(row, 2)?, change))
        },
    )?;
    // An end that is not read would leave in force what somebody ended.
    if changes.len() as i64 > MOST_EXEMPTIONS {
        return Err(StoreError::Unreadable {
            what: "the exemptions".to_owned(),
            why: format!("there are more than {MOST_EXEMPTIONS} changes"),
        });
    }
    Ok(crate::exemption::fold(changes))
}

/// By halves: records stand in the order of their commits, which is nearly that of time.
pub(super) fn position_before(connection: &Connection, at: Timestamp) -> Result<i64, StoreError> {
    let failed = StoreError::sqlite(ASKED);
    let from = at.saturating_sub(SLACK).unwrap_or(Timestamp::MIN);
    let from = from.as_microsecond();
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

fn decision(at: i64, body: &str) -> Result<DecisionRow, StoreError> {
    let decided: Decided = serde_json::from_str(body).map_err(|e| StoreError::Unreadable {
        what: "a decision".to_owned(),
        why: e.to_string(),
    })?;
    Ok(DecisionRow {
        at: instant(at)?,
        decision: decided.decision,
        digests: decided.digests,
        changed: decided.changed,
    })
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
                chain: chain(row, 1)?,
                seq: seq(row, 2)?,
                at: instant(get(row, 3)?)?,
                record: LedgerRecord::read(&get::<String>(row, 4)?, &get::<String>(row, 5)?)?,
            })
        },
    )
}

pub(super) fn heads(connection: &Connection) -> Result<Vec<Head>, StoreError> {
    let unreadable = |why: &str| StoreError::Unreadable {
        what: "a head".to_owned(),
        why: why.to_owned(),
    };
    all(
        connection,
        "SELECT name, head_count, head_hash, head_at, head_signature FROM chain
         WHERE head_signature IS NOT NULL ORDER BY id LIMIT ?1",
        [bounded(MOST_ROWS)],
        |row| {
            let name: String = get(row, 0)?;
            let hash: String = get(row, 2)?;
            Ok(Head {
                chain: ChainId::parse(&name).ok_or_else(|| unreadable("the chain's name"))?,
                count: seq(row, 1)?,
                hash: hash.parse().map_err(|_| unreadable("the hash"))?,
                at: instant(get(row, 3)?)?,
                signature: get(row, 4)?,
            })
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

fn bounded(limit: usize) -> i64 {
    i64::try_from(limit.min(MOST_ROWS)).unwrap_or(i64::MAX)
}

/// A record of no chain is still a record; `verify` complains about it.
fn chain(row: &Row<'_>, column: usize) -> Result<String, StoreError> {
    let name: Option<String> = get(row, column)?;
    Ok(name.unwrap_or_else(|| "unknown".to_owned()))
}

fn seq(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    let seq: i64 = get(row, column)?;
    u64::try_from(seq).map_err(|_| StoreError::Unreadable {
        what: "a record".to_owned(),
        why: format!("{seq} is no place in a chain"),
    })
}

/// A stored instant.
pub(super) fn instant(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|e| StoreError::Unreadable {
        what: "an instant".to_owned(),
        why: e.to_string(),
    })
}
