//! A chain in the database: its records, its life, its end.
//!
//! A writing gate says every few seconds that its chain lives (`alive_until`, by the
//! database's clock). Whoever finds a chain whose time is up ends it and records the gap.
//! Every group of records asks in the same statement whether the chain is still open; so a
//! gate that slept, or was cut off and comes back, cannot write behind its own end. It begins
//! a new chain.
//!
//! Records are numbered (`id`) under a lock that is held until the commit. Without it a
//! reader that goes on from the last number it saw would miss a record with a smaller one
//! that was committed later.

use super::schema::lock;
use super::target::{Session, Target};
use crate::chain::{Link, Tip};
use crate::record::{Gap, LedgerRecord, Opened};
use crate::store::Receipt;
use crate::{ChainId, Head, StoreError};
use customs_model::{Digest, DigestAlgorithm, Timestamp};
use serde::Deserialize;
use std::time::Duration;

/// Records that become one statement, column by column.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    seq: Vec<i64>,
    at: Vec<i64>,
    kind: Vec<String>,
    body: Vec<String>,
    prev: Vec<Vec<u8>>,
    hash: Vec<Vec<u8>>,
    release: Vec<Option<String>>,
    artifact: Vec<Option<String>>,
}

impl Rows {
    /// Adds one record behind the tip, which moves.
    pub fn add(&mut self, tip: &mut Tip, at: Timestamp, kind: &str, body: &str) -> Receipt {
        let link = Link {
            chain: tip.chain,
            seq: tip.count + 1,
            at: at.as_microsecond(),
            kind,
            body: body.as_bytes(),
            prev: &tip.hash,
        };
        let hash = link.hash();
        let subject = Subject::of(body.as_bytes());
        self.seq.push(i64::try_from(link.seq).unwrap_or(i64::MAX));
        self.at.push(link.at);
        self.kind.push(kind.to_owned());
        self.body.push(body.to_owned());
        self.prev.push(link.prev.as_bytes().to_vec());
        self.hash.push(hash.as_bytes().to_vec());
        self.release.push(subject.release);
        self.artifact.push(subject.artifact);
        tip.count += 1;
        tip.hash = hash.clone();
        Receipt {
            chain: tip.chain,
            seq: tip.count,
            at,
            hash,
        }
    }

    /// [`Rows::add`] for a record that is not a body yet.
    pub fn add_record(
        &mut self,
        tip: &mut Tip,
        at: Timestamp,
        record: LedgerRecord,
    ) -> Result<(), StoreError> {
        let kind = record.kind();
        self.add(tip, at, kind, &record.body()?);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.seq.len()
    }
}

/// What a body is about: what the columns that questions go by repeat.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    pub release: Option<String>,
    pub artifact: Option<String>,
}

impl Subject {
    /// Reads it. A body that is none is about nothing.
    pub fn of(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Named {
            release: Option<String>,
            artifact: Option<String>,
            decision: Option<Box<Self>>,
        }
        let Ok(named) = serde_json::from_slice::<Named>(body) else {
            return Self::default();
        };
        let (inner_release, inner_artifact) = named
            .decision
            .map_or((None, None), |inner| (inner.release, inner.artifact));
        Self {
            release: named.release.or(inner_release),
            artifact: named.artifact.or(inner_artifact),
        }
    }
}

/// One statement, and so one transaction, that nobody can leave open.
const INSERT: &str = "
    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock($1)),
    own AS MATERIALIZED (
        UPDATE chain SET alive_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
        FROM held WHERE chain.id = $3 AND chain.ended IS NULL
        RETURNING chain.id)
    INSERT INTO record (chain, seq, at, kind, body, prev, hash, release, artifact)
    SELECT own.id, t.seq, t.at, t.kind, t.body, t.prev, t.hash, t.release, t.artifact
    FROM own, unnest($4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[],
                     $9::bytea[], $10::text[], $11::text[])
        AS t (seq, at, kind, body, prev, hash, release, artifact)
    ORDER BY t.seq";

/// Writes rows to a chain; how many were written. None: the chain was ended by another gate.
pub(super) async fn insert(
    session: &Session,
    chain_row: i64,
    term: Duration,
    rows: &Rows,
) -> Result<u64, tokio_postgres::Error> {
    let statement = session.prepared(INSERT).await?;
    session
        .client
        .execute(
            &statement,
            &[
                &lock::LEDGER,
                &millis(term),
                &chain_row,
                &rows.seq,
                &rows.at,
                &rows.kind,
                &rows.body,
                &rows.prev,
                &rows.hash,
                &rows.release,
                &rows.artifact,
            ],
        )
        .await
}

/// A chain that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub row: i64,
    pub tip: Tip,
    /// Where the chain before stood, if there was one.
    pub before: Option<Tip>,
}

/// What begins a chain.
#[derive(Debug, Clone)]
pub(super) struct Begin {
    pub chain: ChainId,
    pub at: Timestamp,
    pub public_key: String,
    pub term: Duration,
    /// The own chain before, which was cut off with its session.
    pub before: Option<(i64, ChainId)>,
}

/// Begins a chain: who writes it, and which chains were cut off.
pub(super) async fn begin(
    target: &Target,
    session: &Session,
    begin: &Begin,
) -> Result<Begun, StoreError> {
    let failed = target.failed("begin a chain");
    let client = &session.client;
    open(session).await.map_err(&failed)?;
    let row: i64 = client
        .query_one(
            "INSERT INTO chain (name, opened, alive_until, public_key)
             VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond', $4)
             RETURNING id",
            &[
                &begin.chain.to_string(),
                &begin.at.as_microsecond(),
                &millis(begin.term),
                &begin.public_key,
            ],
        )
        .await
        .map_err(&failed)?
        .get(0);
    let mut tip = Tip::empty(begin.chain);
    let mut rows = Rows::default();
    let opened = LedgerRecord::Opened(Opened {
        chain: begin.chain,
        tool: format!("customs {}", env!("CARGO_PKG_VERSION")),
        at: begin.at,
    });
    rows.add_record(&mut tip, begin.at, opened)?;
    let own = begin.before.map(|(row, _)| row);
    end_dead(target, session, (row, own), begin.at, &mut tip, &mut rows).await?;
    let before = match begin.before {
        None => None,
        Some((row, chain)) => Some(ending(target, session, row, chain).await?.tip),
    };
    let written = insert(session, row, begin.term, &rows)
        .await
        .map_err(&failed)?;
    if written != rows.len() as u64 {
        return Err(StoreError::Closed);
    }
    client.batch_execute("COMMIT").await.map_err(&failed)?;
    Ok(Begun { row, tip, before })
}

/// Ends chains whose gates are gone, and records their gaps in the own one. Whether there
/// were any.
pub(super) async fn sweep(
    target: &Target,
    session: &Session,
    chain_row: i64,
    tip: &mut Tip,
    at: Timestamp,
    term: Duration,
) -> Result<bool, StoreError> {
    let failed = target.failed("look for earlier chains");
    let some: bool = session
        .client
        .query_one(
            "SELECT EXISTS (SELECT FROM chain WHERE ended IS NULL AND id <> $1
                            AND alive_until < clock_timestamp())",
            &[&chain_row],
        )
        .await
        .map_err(&failed)?
        .get(0);
    if !some {
        return Ok(false);
    }
    open(session).await.map_err(&failed)?;
    let (mut moved, mut rows) = (tip.clone(), Rows::default());
    end_dead(
        target,
        session,
        (chain_row, None),
        at,
        &mut moved,
        &mut rows,
    )
    .await?;
    let written = insert(session, chain_row, term, &rows)
        .await
        .map_err(&failed)?;
    if written != rows.len() as u64 {
        return Err(StoreError::Closed);
    }
    session
        .client
        .batch_execute("COMMIT")
        .await
        .map_err(&failed)?;
    *tip = moved;
    Ok(rows.len() > 0)
}

/// Begins a transaction that no other gate's group falls into.
async fn open(session: &Session) -> Result<(), tokio_postgres::Error> {
    let text = format!("BEGIN; SELECT pg_advisory_xact_lock({})", lock::LEDGER);
    session.client.batch_execute(&text).await
}

/// Ends those that are dead, and adds their gaps. `chains`: the own one, and the own one
/// before, which is dead whatever its time.
async fn end_dead(
    target: &Target,
    session: &Session,
    (own, before): (i64, Option<i64>),
    at: Timestamp,
    tip: &mut Tip,
    rows: &mut Rows,
) -> Result<(), StoreError> {
    let ended = session
        .client
        .query(
            "UPDATE chain SET ended = 'cut off'
             WHERE ended IS NULL AND id <> $1
               AND (alive_until < clock_timestamp() OR id = $2)
             RETURNING id, name",
            &[&own, &before],
        )
        .await
        .map_err(target.failed("look for earlier chains"))?;
    let mut ended: Vec<(i64, String)> = ended.iter().map(|r| (r.get(0), r.get(1))).collect();
    ended.sort_unstable();
    for (row, name) in ended {
        // A name that is none was edited; `verify` says so.
        let Some(chain) = ChainId::parse(&name) else {
            continue;
        };
        let end = ending(target, session, row, chain).await?;
        let gap = LedgerRecord::Gap(Gap {
            chain,
            records: end.tip.count,
            from: end.at,
            to: at,
            restored: None,
        });
        rows.add_record(tip, at, gap)?;
    }
    Ok(())
}

/// Where a chain ends in the database, and when that was.
struct Ending {
    tip: Tip,
    at: Option<Timestamp>,
}

async fn ending(
    target: &Target,
    session: &Session,
    row: i64,
    chain: ChainId,
) -> Result<Ending, StoreError> {
    let last = session
        .client
        .query_opt(
            "SELECT seq, hash, at FROM record WHERE chain = $1 ORDER BY seq DESC LIMIT 1",
            &[&row],
        )
        .await
        .map_err(target.failed("read the end of its chain"))?;
    let Some(last) = last else {
        let tip = Tip::empty(chain);
        return Ok(Ending { tip, at: None });
    };
    let (seq, hash, at): (i64, Vec<u8>, i64) = (last.get(0), last.get(1), last.get(2));
    let hash = Digest::from_hex(DigestAlgorithm::Sha256, &hex::encode(hash));
    match (u64::try_from(seq), hash) {
        (Ok(count), Ok(hash)) => Ok(Ending {
            tip: Tip { chain, count, hash },
            at: Timestamp::from_microsecond(at).ok(),
        }),
        _ => Err(StoreError::Unreadable {
            what: format!("the last record of chain {chain}"),
            why: "its number or hash is spoiled".to_owned(),
        }),
    }
}

/// Says that a chain lives. False: it was ended by another gate.
pub(super) async fn alive(
    session: &Session,
    chain_row: i64,
    term: Duration,
) -> Result<bool, tokio_postgres::Error> {
    let kept = session
        .client
        .execute(
            "UPDATE chain SET alive_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
             WHERE id = $1 AND ended IS NULL",
            &[&chain_row, &millis(term)],
        )
        .await?;
    Ok(kept == 1)
}

/// Says that a chain was closed in order.
pub(super) async fn end(session: &Session, chain_row: i64) -> Result<(), tokio_postgres::Error> {
    session
        .client
        .execute(
            "UPDATE chain SET ended = 'closed' WHERE id = $1 AND ended IS NULL",
            &[&chain_row],
        )
        .await
        .map(|_| ())
}

/// Keeps the newest head of a chain beside it, for whoever reads the database alone.
pub(super) async fn remember_head(
    session: &Session,
    chain_row: i64,
    head: &Head,
) -> Result<(), tokio_postgres::Error> {
    session
        .client
        .execute(
            "UPDATE chain SET head_count = $2, head_hash = $3, head_at = $4, head_signature = $5
             WHERE id = $1",
            &[
                &chain_row,
                &i64::try_from(head.count).unwrap_or(i64::MAX),
                &head.hash.to_string(),
                &head.at.as_microsecond(),
                &head.signature,
            ],
        )
        .await
        .map(|_| ())
}

fn millis(term: Duration) -> i64 {
    i64::try_from(term.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_repeat_what_the_body_says() {
        let of = |body: &str| Subject::of(body.as_bytes());
        let named = |release: &str, artifact: Option<&str>| Subject {
            release: Some(release.to_owned()),
            artifact: artifact.map(str::to_owned),
        };
        assert_eq!(
            of(r#"{"release":"pkg:npm/a@1","artifact":"a.tgz","bytes":1}"#),
            named("pkg:npm/a@1", Some("a.tgz"))
        );
        assert_eq!(
            of(r#"{"decision":{"release":"pkg:npm/a@1","artifact":null}}"#),
            named("pkg:npm/a@1", None)
        );
        assert_eq!(of(r#"{"text":"release"}"#), Subject::default());
        assert_eq!(of("nonsense"), Subject::default());
    }
}
