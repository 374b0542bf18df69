//! Retention on PostgreSQL: a step of each chain at a time, each a transaction of its own.

use super::PostgresStore;
use super::query::{get, rows};
use super::schema::lock;
use super::target::{Session, Target};
use crate::chain::{Tip, microseconds};
use crate::checkpoint::Checkpoint;
use crate::memory::parse_digest;
use crate::retain::{self, Cut, Old, Retained, Rule, Upkeep, limit};
use crate::rows::instant;
use crate::{ChainId, Store as _, StoreError};
use customs_model::{Digest, Timestamp};
use ed25519_dalek::SigningKey;
use std::collections::BTreeSet;
use std::sync::Arc;

const DOING: &str = "remove old records";
/// Numbers of records that one question about deliveries goes over.
const WINDOW: i64 = 50_000;

const CHAINS: &str = "SELECT id, name, ended IS NULL FROM chain ORDER BY id";
const BEGINNING: &str = "SELECT count, hash FROM checkpoint WHERE chain = $1";
const LAST: &str = "SELECT coalesce(max(seq), 0) FROM record WHERE chain = $1";
const NEXT: &str = "
    SELECT seq, at, kind, convert_to(body, 'UTF8'), prev, hash FROM record
    WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";
pub(super) const WRITE: &str = "
    INSERT INTO checkpoint (chain, count, hash, until, at, public_key, signature)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (chain) DO UPDATE SET count = excluded.count, hash = excluded.hash,
        until = excluded.until, at = excluded.at, public_key = excluded.public_key,
        signature = excluded.signature";
const DELETE: &str = "DELETE FROM record WHERE chain = $1 AND seq <= $2";
const CHECKPOINTS: &str = "
    SELECT chain.name, c.count, c.hash, c.until, c.at, c.public_key, c.signature
    FROM checkpoint AS c JOIN chain ON chain.id = c.chain ORDER BY chain.id";
const DELIVERED: &str = "
    SELECT DISTINCT body::jsonb ->> 'digest' FROM record
    WHERE id > $1 AND id <= $2 AND kind = 'delivered' AND at >= $3";
const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM record";

impl Upkeep for PostgresStore {
    fn retain(&self, before: Timestamp, dry_run: bool) -> Result<Retained, StoreError> {
        let writing = self.writing()?;
        let now = microseconds(writing.clock.now());
        retain::check_before(before, now)?;
        let rule = Rule {
            before: before.as_microsecond(),
            exemptions: retain::counting(self, before)?,
        };
        // A session of its own: what it locks must not hold up questions.
        let target = Arc::clone(&self.target);
        let session = self
            .driver
            .run(async move { target.connect().await.map(Arc::new) })??;
        let chains = self.on(&session, |target, session| async move {
            let found = rows(&target, &session, CHAINS, &[]).await?;
            let chains: Result<Vec<(i64, String, bool)>, StoreError> = found
                .iter()
                .map(|row| Ok((get(row, 0)?, get(row, 1)?, get(row, 2)?)))
                .collect();
            chains
        })?;
        let mut done = Retained::default();
        for (row, name, open) in chains {
            // A name that is none was edited; `verify` says so.
            let Some(chain) = ChainId::parse(&name) else {
                continue;
            };
            let (mut removed, mut from) = (0, None);
            let kept = loop {
                let key = (!dry_run).then(|| writing.key.clone());
                let (rule, begun) = (rule.clone(), from.take());
                let place = Place { row, chain, open };
                let step = self.on(&session, move |target, session| async move {
                    step(&target, &session, &place, begun, &rule, key.as_ref(), now).await
                })?;
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
        let mut from = self.position_before(at)?;
        let newest: i64 = self.ask(|target, session| async move {
            let found = rows(&target, &session, NEWEST, &[]).await?;
            found.first().map_or(Ok(0), |row| get(row, 0))
        })?;
        let mut delivered = BTreeSet::new();
        while from < newest {
            // Numbers may jump: a restored database begins far behind the backup's.
            let page = self.ask(move |target, session| async move {
                let next = rows(
                    &target,
                    &session,
                    "SELECT id FROM record WHERE id > $1 ORDER BY id LIMIT 1",
                    &[&from],
                )
                .await?;
                let first: i64 = next.first().map_or(Ok(newest), |row| get(row, 0))?;
                let to = first.saturating_add(WINDOW);
                let asked: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                    [&from, &to, &at.as_microsecond()];
                let found = rows(&target, &session, DELIVERED, &asked).await?;
                let digests: Result<Vec<Digest>, StoreError> =
                    found.iter().map(|row| parse_digest(get(row, 0)?)).collect();
                Ok((to, digests?))
            })?;
            from = page.0;
            delivered.extend(page.1);
        }
        Ok(delivered)
    }
}

/// The chain that a step is about.
struct Place {
    row: i64,
    chain: ChainId,
    /// Whether its process may live.
    open: bool,
}

/// Where a chain began before a step, and where it may be cut.
struct Step {
    from: u64,
    cut: Cut,
}

/// Removes what may be removed at the beginning of a chain; with no key it only looks.
async fn step(
    target: &Target,
    session: &Session,
    place: &Place,
    begun: Option<Tip>,
    rule: &Rule,
    key: Option<&SigningKey>,
    at: Timestamp,
) -> Result<Step, StoreError> {
    let Some(key) = key else {
        return look(target, session, place, begun, rule).await;
    };
    let failed = target.failed(DOING);
    // Two gates that remove at once take turns.
    let begin = format!("BEGIN; SELECT pg_advisory_xact_lock({})", lock::RETAIN);
    session
        .client
        .batch_execute(&begin)
        .await
        .map_err(&failed)?;
    let result = async {
        let step = look(target, session, place, None, rule).await?;
        let tip = &step.cut.tip;
        if tip.count > step.from {
            let said = Checkpoint::sign(
                key,
                place.chain,
                tip.count,
                tip.hash.clone(),
                step.cut.until,
                at,
            );
            write(target, session, place.row, &said).await?;
            let count = i64::try_from(tip.count).unwrap_or(i64::MAX);
            session
                .client
                .execute(DELETE, &[&place.row, &count])
                .await
                .map_err(&failed)?;
        }
        session
            .client
            .batch_execute("COMMIT")
            .await
            .map_err(&failed)?;
        Ok(step)
    };
    let result = result.await;
    if result.is_err() {
        // The first error is the one to tell; a session that cannot go back is closed.
        let _ = session.client.batch_execute("ROLLBACK").await;
    }
    result
}

/// The next cut of a chain.
async fn look(
    target: &Target,
    session: &Session,
    place: &Place,
    begun: Option<Tip>,
    rule: &Rule,
) -> Result<Step, StoreError> {
    let from = match begun {
        Some(from) => from,
        None => beginning(target, session, place).await?,
    };
    let last = match place.open {
        true => {
            let found = rows(target, session, LAST, &[&place.row]).await?;
            Some(found.first().map_or(Ok(0), |row| get(row, 0))?)
        }
        false => None,
    };
    let begun = i64::try_from(from.count).unwrap_or(i64::MAX);
    let asked: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&place.row, &begun, &limit::STEP];
    let found = rows(target, session, NEXT, &asked).await?;
    let old: Result<Vec<Old>, StoreError> = found
        .iter()
        .map(|row| {
            Ok(Old {
                seq: get(row, 0)?,
                at: get(row, 1)?,
                kind: get(row, 2)?,
                body: get(row, 3)?,
                prev: get(row, 4)?,
                hash: get(row, 5)?,
            })
        })
        .collect();
    Ok(Step {
        from: from.count,
        cut: rule.cut(&from, &old?, last),
    })
}

/// Where a chain begins.
async fn beginning(target: &Target, session: &Session, place: &Place) -> Result<Tip, StoreError> {
    let found = rows(target, session, BEGINNING, &[&place.row]).await?;
    let Some(row) = found.first() else {
        return Ok(Tip::empty(place.chain));
    };
    Ok(Tip {
        chain: place.chain,
        count: crate::rows::seq(get(row, 0)?)?,
        hash: parse_digest(get(row, 1)?)?,
    })
}

/// Puts a checkpoint in the place of the one before.
pub(super) async fn write(
    target: &Target,
    session: &Session,
    row: i64,
    said: &Checkpoint,
) -> Result<(), StoreError> {
    session
        .client
        .execute(
            WRITE,
            &[
                &row,
                &i64::try_from(said.count).unwrap_or(i64::MAX),
                &said.hash.to_string(),
                &said.until.as_microsecond(),
                &said.at.as_microsecond(),
                &said.public_key,
                &said.signature,
            ],
        )
        .await
        .map(|_| ())
        .map_err(target.failed(DOING))
}

/// All checkpoints. A database that no newer customs has written to yet has no table of them.
pub(super) async fn checkpoints(
    target: &Target,
    session: &Session,
) -> Result<Vec<Checkpoint>, StoreError> {
    let there = rows(
        target,
        session,
        "SELECT to_regclass('customs.checkpoint') IS NOT NULL",
        &[],
    )
    .await?;
    if !there.first().map_or(Ok(false), |row| get(row, 0))? {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for row in &rows(target, session, CHECKPOINTS, &[]).await? {
        let name: String = get(row, 0)?;
        let Some(chain) = ChainId::parse(&name) else {
            continue;
        };
        all.push(Checkpoint {
            chain,
            count: crate::rows::seq(get(row, 1)?)?,
            hash: parse_digest(get(row, 2)?)?,
            until: instant(get(row, 3)?)?,
            at: instant(get(row, 4)?)?,
            public_key: get(row, 5)?,
            signature: get(row, 6)?,
        });
    }
    Ok(all)
}
