//! A row of the database, as a line.

use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::verify::RawRecord;
use serde::{Deserialize, Serialize};

/// The newest head of a chain that the database knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeadColumns {
    pub count: i64,
    pub hash: String,
    pub at: i64,
    pub signature: String,
}

/// A row. Instants are microseconds since 1970; bytes are hexadecimal. Leases are not kept: who had
/// one is gone when a backup is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub(crate) enum Row {
    Chain {
        id: i64,
        name: String,
        opened: i64,
        ended: Option<String>,
        public_key: Option<String>,
        head: Option<HeadColumns>,
    },
    Checkpoint {
        chain: i64,
        count: i64,
        hash: String,
        until: i64,
        at: i64,
        public_key: String,
        signature: String,
    },
    Record {
        id: i64,
        chain: i64,
        seq: i64,
        at: i64,
        kind: String,
        body: String,
        prev: String,
        hash: String,
    },
    Package {
        id: i64,
        name: String,
        first_look: Option<i64>,
        last_look: Option<i64>,
    },
    Sight {
        package: i64,
        version: String,
        artifact: String,
        first: i64,
        not_before: Option<i64>,
        published: Option<i64>,
        published_before: Option<i64>,
    },
    Pin {
        package: i64,
        version: String,
        artifact: String,
        algorithm: String,
        digest: String,
        at: i64,
    },
    Publication {
        identity: String,
        at: i64,
        package: i64,
        version: String,
    },
    Meta {
        key: String,
        value: String,
    },
    Entry {
        space: String,
        key: String,
        blob: Option<String>,
        note: String,
        revision: i64,
        /// The instant by the database's clock.
        at: i64,
    },
}

/// A record for a verification. What is inserted has its columns made from its body, so it is found.
pub(crate) fn raw(row: &Row, name: Option<String>) -> Option<RawRecord> {
    let Row::Record {
        id,
        chain,
        seq,
        at,
        kind,
        body,
        prev,
        hash,
    } = row
    else {
        return None;
    };
    Some(RawRecord {
        position: *id,
        chain_row: *chain,
        chain: name,
        seq: *seq,
        at: *at,
        kind: kind.clone(),
        body: Some(body.clone().into_bytes()),
        prev: hex::decode(prev).unwrap_or_default(),
        hash: hex::decode(hash).unwrap_or_default(),
        findable: true,
    })
}

/// A checkpoint for a verification; none if the row is no checkpoint, or its chain has no name.
pub(crate) fn checkpoint(row: &Row, name: Option<&str>) -> Result<Option<Checkpoint>, StoreError> {
    let Row::Checkpoint {
        count,
        hash,
        until,
        at,
        public_key,
        signature,
        ..
    } = row
    else {
        return Ok(None);
    };
    let Some(chain) = name.and_then(crate::ChainId::parse) else {
        return Ok(None);
    };
    Ok(Some(Checkpoint {
        chain,
        count: crate::rows::seq(*count)?,
        hash: crate::memory::parse_digest(hash)?,
        until: crate::rows::instant(*until)?,
        at: crate::rows::instant(*at)?,
        public_key: public_key.clone(),
        signature: signature.clone(),
    }))
}
