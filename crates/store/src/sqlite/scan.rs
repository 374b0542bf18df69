//! Reading all records for a verification, whatever somebody made of them.

use super::open;
use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::record::LARGEST_BODY;
use crate::verify::RawRecord;
use rusqlite::{Connection, Row, types::ValueRef};
use std::path::Path;

/// The database as it was at one instant.
pub(crate) struct Scan(Connection);

impl Scan {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            let folder = path.parent().unwrap_or(path);
            return Err(StoreError::NoLedger(folder.to_owned()));
        }
        let connection = open::reader(path)?;
        // From the first question on.
        connection
            .execute_batch("BEGIN")
            .map_err(StoreError::sqlite("be read"))?;
        Ok(Self(connection))
    }

    /// What SQLite's own check has to say: pages and indexes, on which `who` relies.
    pub fn damage(&self) -> Option<String> {
        let result: Result<String, _> = self
            .0
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
        match result {
            Ok(word) if word == "ok" => None,
            Ok(words) => Some(words),
            Err(error) => Some(error.to_string()),
        }
    }

    /// What stands for records that were removed on purpose.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, StoreError> {
        super::retain::checkpoints(&self.0)
    }

    /// All records, chain by chain, in the order of their numbers.
    pub fn records(
        &self,
        mut each: impl FnMut(RawRecord) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = StoreError::sqlite("be read");
        let sql = format!(
            "SELECT record.id, record.chain, chain.name, seq, at, kind,
                    CASE WHEN octet_length(body) <= {LARGEST_BODY} THEN body END,
                    substr(prev, 1, 64), substr(hash, 1, 64),
                    CASE WHEN octet_length(body) <= {LARGEST_BODY} AND json_valid(body) THEN
                      release IS coalesce(body ->> '$.release', body ->> '$.decision.release')
                      AND artifact IS coalesce(body ->> '$.artifact', body ->> '$.decision.artifact')
                    END
             FROM record LEFT JOIN chain ON chain.id = record.chain
             ORDER BY record.chain, seq"
        );
        let mut query = self.0.prepare(&sql).map_err(&failed)?;
        let mut rows = query.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            each(raw(row).map_err(&failed)?)?;
        }
        Ok(())
    }
}

fn raw(row: &Row<'_>) -> rusqlite::Result<RawRecord> {
    let bytes = |column: usize| -> rusqlite::Result<Option<Vec<u8>>> {
        Ok(match row.get_ref(column)? {
            // As bytes, not as text: an edit may have left text that is not UTF-8.
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
        })
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(RawRecord {
        position: row.get(0)?,
        chain_row: row.get(1)?,
        chain: bytes(2)?.map(text),
        seq: row.get(3)?,
        at: row.get(4)?,
        kind: bytes(5)?.map(text).unwrap_or_default(),
        body: bytes(6)?,
        prev: bytes(7)?.unwrap_or_default(),
        hash: bytes(8)?.unwrap_or_default(),
        findable: row.get::<_, Option<bool>>(9)?.unwrap_or(false),
    })
}
