//! Questions to the ledger.

use super::group::Subject;
use super::target::{Session, Target};
use crate::exemption::ExemptionRow;
use crate::record::LedgerRecord;
use crate::rows::{self, MOST_CHANGES, MOST_DELIVERIES, MOST_ROWS, bounded, releases_of, slack};
use crate::store::{DecisionRow, Deliveries, DeliveryRow, RecordRow};
use crate::verify::RawRecord;
use crate::{Head, StoreError};
use customs_model::{PackageName, ReleaseId, Timestamp};
use std::collections::HashMap;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

const ASKED: &str = "answer a question";

const DELIVERIES: &str = "
    SELECT record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'delivered' AND record.release >= $1 AND record.release < $2
    ORDER BY record.id DESC LIMIT $3";
const DELIVERIES_COUNTED: &str = "
    SELECT count(*) FROM record
    WHERE kind = 'delivered' AND release >= $1 AND release < $2";
const DELIVERIES_OF_RELEASE: &str = "
    SELECT record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'delivered' AND record.release = $1
    ORDER BY record.id DESC LIMIT $2";
const DELIVERIES_OF_RELEASE_COUNTED: &str =
    "SELECT count(*) FROM record WHERE kind = 'delivered' AND release = $1";
const LATEST_DECISIONS: &str = "
    SELECT q.release, q.artifact, d.at, d.body
    FROM unnest($1::text[], $2::text[]) AS q (release, artifact)
    CROSS JOIN LATERAL (
        SELECT at, body FROM record
        WHERE kind = 'decided' AND record.release = q.release
          AND coalesce(record.artifact, '') = coalesce(q.artifact, '')
        ORDER BY id DESC LIMIT 1) AS d";
const DECISIONS_SINCE: &str = "
    SELECT at, body FROM record
    WHERE kind = 'decided' AND at >= $1
    ORDER BY at, id LIMIT $2";
/// The newest first, so that a cut answer has lost the oldest.
const DECISIONS_OF: &str = "
    SELECT at, body FROM record
    WHERE kind = 'decided' AND release >= $1 AND release < $2
    ORDER BY id DESC LIMIT $3";
const EXEMPTIONS: &str = "
    SELECT record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'exemption'
    ORDER BY record.id LIMIT $1";
const LAST: &str = "SELECT coalesce(max(id), 0) FROM record";
const NEXT: &str = "SELECT at FROM record WHERE id > $1 ORDER BY id LIMIT 1";
const RECORDS_AFTER: &str = "
    SELECT record.id, chain.name, record.seq, record.at, record.kind, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.id > $1 ORDER BY record.id LIMIT $2";
const HEADS: &str = "
    SELECT name, head_count, head_hash, head_at, head_signature FROM chain
    WHERE head_signature IS NOT NULL ORDER BY id LIMIT $1";
const SCAN: &str = "
    SELECT record.id, record.chain, chain.name, seq, at, kind, convert_to(body, 'UTF8'),
           prev, hash, release, artifact
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE (record.chain, seq) > ($1, $2)
    ORDER BY record.chain, seq LIMIT $3";

/// Asks a question of the ledger.
pub(super) async fn rows(
    target: &Target,
    session: &Session,
    sql: &'static str,
    asked: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    let failed = target.failed(ASKED);
    let statement = session.prepared(sql).await.map_err(&failed)?;
    session
        .client
        .query(&statement, asked)
        .await
        .map_err(failed)
}

/// A column. Somebody may have changed the tables, so this must not panic.
pub(super) fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    column: usize,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(|e| StoreError::Database {
        doing: ASKED,
        why: super::target::said(&e),
    })
}

pub(super) async fn who(
    target: &Target,
    session: &Session,
    release: &ReleaseId,
) -> Result<Deliveries, StoreError> {
    let release = release.to_string();
    let counted = rows(target, session, DELIVERIES_OF_RELEASE_COUNTED, &[&release]).await?;
    let listed = rows(
        target,
        session,
        DELIVERIES_OF_RELEASE,
        &[&release, &MOST_DELIVERIES],
    )
    .await?;
    deliveries(&counted, &listed)
}

pub(super) async fn who_package(
    target: &Target,
    session: &Session,
    package: &PackageName,
) -> Result<Deliveries, StoreError> {
    let (from, to) = releases_of(package)?;
    let counted = rows(target, session, DELIVERIES_COUNTED, &[&from, &to]).await?;
    let listed = rows(target, session, DELIVERIES, &[&from, &to, &MOST_DELIVERIES]).await?;
    deliveries(&counted, &listed)
}

fn deliveries(counted: &[Row], listed: &[Row]) -> Result<Deliveries, StoreError> {
    let total: i64 = counted.first().map_or(Ok(0), |row| get(row, 0))?;
    let rows: Result<Vec<DeliveryRow>, _> = listed
        .iter()
        .rev()
        .map(|row| rows::delivery(get(row, 0)?, get(row, 1)?, get(row, 2)?, get(row, 3)?))
        .collect();
    Ok(Deliveries {
        rows: rows?,
        total: u64::try_from(total).unwrap_or(0),
    })
}

/// The latest decisions about these releases and files, of those that have one.
pub(super) async fn latest_decisions(
    target: &Target,
    session: &Session,
    asked: &[Subject],
) -> Result<HashMap<Subject, DecisionRow>, StoreError> {
    let releases: Vec<&str> = asked.iter().map(|(release, _)| release.as_str()).collect();
    let artifacts: Vec<Option<&str>> = asked.iter().map(|(_, file)| file.as_deref()).collect();
    let found = rows(target, session, LATEST_DECISIONS, &[&releases, &artifacts]).await?;
    found
        .iter()
        .map(|row| {
            let subject = (get(row, 0)?, get(row, 1)?);
            Ok((subject, rows::decision(get(row, 2)?, get(row, 3)?)?))
        })
        .collect()
}

pub(super) async fn decisions_since(
    target: &Target,
    session: &Session,
    at: Timestamp,
    limit: usize,
) -> Result<Vec<DecisionRow>, StoreError> {
    let asked: [&(dyn ToSql + Sync); 2] = [&at.as_microsecond(), &bounded(limit)];
    let found = rows(target, session, DECISIONS_SINCE, &asked).await?;
    found
        .iter()
        .map(|row| rows::decision(get(row, 0)?, get(row, 1)?))
        .collect()
}

pub(super) async fn decisions_of(
    target: &Target,
    session: &Session,
    package: &PackageName,
) -> Result<Vec<DecisionRow>, StoreError> {
    let (from, to) = releases_of(package)?;
    let asked: [&(dyn ToSql + Sync); 3] = [&from, &to, &bounded(MOST_ROWS)];
    let found = rows(target, session, DECISIONS_OF, &asked).await?;
    found
        .iter()
        .rev()
        .map(|row| rows::decision(get(row, 0)?, get(row, 1)?))
        .collect()
}

pub(super) async fn exemptions(
    target: &Target,
    session: &Session,
) -> Result<Vec<ExemptionRow>, StoreError> {
    let found = rows(target, session, EXEMPTIONS, &[&(MOST_CHANGES + 1)]).await?;
    let changes: Result<Vec<_>, _> = found
        .iter()
        .map(|row| rows::change(get(row, 0)?, get(row, 1)?, get(row, 2)?, get(row, 3)?))
        .collect();
    rows::exemptions(changes?)
}

/// By halves: records stand in the order of their commits, which is nearly that of time.
pub(super) async fn position_before(
    target: &Target,
    session: &Session,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let from = slack(at);
    let last = rows(target, session, LAST, &[]).await?;
    let (mut low, mut high): (i64, i64) = (0, last.first().map_or(Ok(0), |row| get(row, 0))?);
    while low < high {
        let middle = low + (high - low) / 2;
        let next = rows(target, session, NEXT, &[&middle]).await?;
        let next: Option<i64> = next.first().map(|row| get(row, 0)).transpose()?;
        if next.is_some_and(|next| next < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

pub(super) async fn records_after(
    target: &Target,
    session: &Session,
    position: i64,
    limit: usize,
) -> Result<Vec<RecordRow>, StoreError> {
    let asked: [&(dyn ToSql + Sync); 2] = [&position, &bounded(limit)];
    let found = rows(target, session, RECORDS_AFTER, &asked).await?;
    found
        .iter()
        .map(|row| {
            Ok(RecordRow {
                position: get(row, 0)?,
                chain: rows::chain(get(row, 1)?),
                seq: rows::seq(get(row, 2)?)?,
                at: rows::instant(get(row, 3)?)?,
                record: LedgerRecord::read(get(row, 4)?, get(row, 5)?)?,
            })
        })
        .collect()
}

pub(super) async fn heads(target: &Target, session: &Session) -> Result<Vec<Head>, StoreError> {
    let found = rows(target, session, HEADS, &[&bounded(MOST_ROWS)]).await?;
    found
        .iter()
        .map(|row| {
            rows::head(
                get(row, 0)?,
                get(row, 1)?,
                get(row, 2)?,
                get(row, 3)?,
                get(row, 4)?,
            )
        })
        .collect()
}

/// Some records for a verification, behind this place of this chain.
pub(super) async fn scan(
    target: &Target,
    session: &Session,
    (chain, seq): (i64, i64),
    limit: i64,
) -> Result<Vec<RawRecord>, StoreError> {
    let found = rows(target, session, SCAN, &[&chain, &seq, &limit]).await?;
    found
        .iter()
        .map(|row| {
            let body: Vec<u8> = get(row, 6)?;
            let subject = super::chains::Subject::of(&body);
            let columns = super::chains::Subject {
                release: get(row, 9)?,
                artifact: get(row, 10)?,
            };
            Ok(RawRecord {
                position: get(row, 0)?,
                chain_row: get(row, 1)?,
                chain: get(row, 2)?,
                seq: get(row, 3)?,
                at: get(row, 4)?,
                kind: get(row, 5)?,
                body: (body.len() <= crate::record::LARGEST_BODY).then_some(body),
                prev: get(row, 7)?,
                hash: get(row, 8)?,
                findable: subject == columns,
            })
        })
        .collect()
}
