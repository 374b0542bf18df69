//! Adding to a chain, inside of a transaction.

use super::query;
use crate::chain::{Link, Tip};
use crate::decided::Book;
use crate::store::Receipt;
use crate::{ChainId, DecisionRow, Head, LedgerRecord, StoreError};
use customs_model::{Digest, DigestAlgorithm, ReleaseId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

/// Writes one record: chain, place, instant, kind, body, the two hashes, its number.
pub(super) const INSERT: &str = "
    INSERT INTO record (chain, seq, at, kind, body, prev, hash, id, release, artifact)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
      coalesce(?5 ->> '$.release', ?5 ->> '$.decision.release'),
      coalesce(?5 ->> '$.artifact', ?5 ->> '$.decision.artifact'))";

/// Adds records to one chain.
pub(super) struct Appender<'a> {
    pub connection: &'a Connection,
    pub chain_row: i64,
    pub tip: &'a mut Tip,
    /// Bytes written, for the writer's account of the log.
    pub bytes: &'a mut u64,
}

impl Appender<'_> {
    /// Adds one record behind the tip, which moves.
    pub fn append(&mut self, at: Timestamp, kind: &str, body: &str) -> Result<Receipt, StoreError> {
        let link = Link {
            chain: self.tip.chain,
            seq: self.tip.count + 1,
            at: at.as_microsecond(),
            kind,
            body: body.as_bytes(),
            prev: &self.tip.hash,
        };
        let hash = link.hash();
        let failed = StoreError::sqlite("write a record");
        self.connection
            .prepare_cached(INSERT)
            .and_then(|mut insert| {
                insert.execute(params![
                    self.chain_row,
                    i64::try_from(link.seq).unwrap_or(i64::MAX),
                    link.at,
                    kind,
                    body,
                    link.prev.as_bytes(),
                    hash.as_bytes(),
                    // The next number of all.
                    None::<i64>,
                ])
            })
            .map_err(&failed)?;
        let seq = link.seq;
        *self.bytes += body.len() as u64 + 150;
        self.tip.count = seq;
        self.tip.hash = hash.clone();
        Ok(Receipt {
            chain: self.tip.chain,
            seq,
            at,
            hash,
        })
    }
}

impl Book for Appender<'_> {
    fn latest(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError> {
        query::latest_decision(self.connection, release, artifact)
    }

    fn add(&mut self, at: Timestamp, record: LedgerRecord) -> Result<(), StoreError> {
        let kind = record.kind();
        self.append(at, kind, &record.body()?).map(|_| ())
    }
}

/// Where a chain ends in the database.
pub(super) fn tip(connection: &Connection, row: i64, chain: ChainId) -> Result<Tip, StoreError> {
    let failed = StoreError::sqlite("read the end of its chain");
    let last = connection
        .query_row(
            "SELECT seq, hash FROM record WHERE chain = ?1 ORDER BY seq DESC LIMIT 1",
            [row],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
        )
        .optional()
        .map_err(&failed)?;
    let Some((seq, hash)) = last else {
        return Ok(Tip::empty(chain));
    };
    let hash = Digest::from_hex(DigestAlgorithm::Sha256, &hex::encode(hash));
    match (u64::try_from(seq), hash) {
        (Ok(count), Ok(hash)) => Ok(Tip { chain, count, hash }),
        _ => Err(StoreError::Unreadable {
            what: format!("the last record of chain {chain}"),
            why: "its number or hash is spoiled".to_owned(),
        }),
    }
}

/// Enters a new chain; returns its row.
pub(super) fn begin_chain(
    connection: &Connection,
    chain: ChainId,
    at: Timestamp,
) -> Result<i64, StoreError> {
    connection
        .execute(
            "INSERT INTO chain (name, opened) VALUES (?1, ?2)",
            params![chain.to_string(), at.as_microsecond()],
        )
        .map_err(StoreError::sqlite("begin a chain"))?;
    Ok(connection.last_insert_rowid())
}

/// Says how a chain ended.
pub(super) fn end_chain(connection: &Connection, row: i64, how: &str) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE chain SET ended = ?2 WHERE id = ?1",
            params![row, how],
        )
        .map_err(StoreError::sqlite("end a chain"))?;
    Ok(())
}

/// Keeps the newest head of a chain beside it, for whoever reads the database alone.
pub(super) fn remember_head(
    connection: &Connection,
    row: i64,
    head: &Head,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE chain SET head_count = ?2, head_hash = ?3, head_at = ?4, head_signature = ?5
             WHERE id = ?1",
        )
        .and_then(|mut update| {
            update.execute(params![
                row,
                i64::try_from(head.count).unwrap_or(i64::MAX),
                head.hash.to_string(),
                head.at.as_microsecond(),
                head.signature,
            ])
        })
        .map_err(StoreError::sqlite("keep a head"))?;
    Ok(())
}
