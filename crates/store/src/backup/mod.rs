//! A backup of ledger, memory, index and artifacts, and what is made of it again.
//!
//! It is a folder of plain files, the same for every database, so that one can be restored as
//! the other:
//!
//! | File | What |
//! |---|---|
//! | `backup.json` | the list: what was taken when, and the SHA-256 of the files below. Written last: without it there is no backup |
//! | `rows.jsonl` | the database as it was at one instant, a row a line |
//! | `heads.jsonl`, `ledger.pub` | the signed heads and the public key of the gate that took it |
//! | `ledger.key` | the key that signs heads, only where somebody asked for it |
//! | `contents.jsonl` | every artifact and file, with its digest, whether it was taken or not |
//! | `artifacts/`, `trees/` | those that were taken |
//!
//! Nothing is believed when it is restored: each file is held against its digest, and the chains are
//! followed from their first records. A database that is restored has fewer records than the one
//! that was lost. That shows: every chain that went on is recorded as a [gap](crate::Gap), with the
//! backup that it was restored from, and a verification tells such an end from one that somebody cut.

mod lines;
mod restore;
mod row;
mod take;

pub use restore::{Restore, RestoreReport, check_backup, restore};
pub(crate) use row::{HeadColumns, Row};
pub use take::{Take, back_up};

use crate::{ChainId, StoreError};
use customs_model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The list of a backup.
pub const BACKUP_FILE: &str = "backup.json";
pub(crate) const ROWS_FILE: &str = "rows.jsonl";
pub(crate) const CONTENTS_FILE: &str = "contents.jsonl";
pub(crate) const ARTIFACTS: &str = "artifacts";
pub(crate) const TREES: &str = "trees";
/// The format that is written.
const SCHEMA: &str = "customs/backup-v1";

/// Bounds on what a backup may hold.
pub(crate) mod limit {
    /// The list.
    pub const LIST: u64 = 64 << 20;
    /// One row: a body of 256 KiB with every byte of it escaped.
    pub const LINE: u64 = 2 << 20;
    /// Folders in each other.
    pub const DEPTH: usize = 16;
    /// Sentences of one kind that a report has.
    pub const SAID: usize = 1_000;
}

/// The database that is backed up, or made.
#[derive(Debug, Clone, Copy)]
pub enum Database<'a> {
    /// The ledger in this data folder.
    Sqlite(&'a Path),
    /// The database that a URL names; key and heads lie in the folder.
    #[cfg(feature = "postgres")]
    Postgres {
        /// Its address.
        url: &'a str,
        /// This gate's own folder.
        folder: &'a Path,
    },
}

impl Database<'_> {
    /// Where key and heads lie.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Sqlite(folder) => folder,
            #[cfg(feature = "postgres")]
            Self::Postgres { folder, .. } => folder,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Hands over every row, as the database was at one instant: chains, checkpoints, then records
    /// in the order of chains and their places, then the rest.
    pub(crate) fn dump(
        &self,
        each: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(folder) => crate::sqlite::backup::dump(folder, each),
            #[cfg(feature = "postgres")]
            Self::Postgres { url, .. } => crate::PostgresStore::open_read_only(url)?.dump(each),
        }
    }
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// `customs/backup-v1`.
    pub schema: String,
    /// The version of customs that took it.
    pub tool: String,
    /// When it was begun; its rows are those of an instant right after.
    pub taken: Timestamp,
    /// What it was taken of: `sqlite` or `postgres`.
    pub database: String,
    /// Whether the chains held together when it was taken.
    pub intact: bool,
    /// Every chain, and how far it had come.
    pub chains: Vec<BackedChain>,
    /// Rows of the database.
    pub rows: u64,
    /// Artifacts that were there.
    pub artifacts: u64,
    /// Their bytes.
    pub artifact_bytes: u64,
    /// Whether their bytes were taken.
    pub with_artifacts: bool,
    /// What could not be taken, a sentence each.
    pub missing: Vec<String>,
    /// The files of the backup that this list vouches for.
    pub files: Vec<BackedFile>,
}

/// How far a chain had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedChain {
    /// Its name.
    pub chain: ChainId,
    /// Its records, with those that were removed on purpose.
    pub records: u64,
    /// The instant of the last one that is there.
    pub to: Option<Timestamp>,
    /// Its process lived.
    pub open: bool,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// What it is.
    pub digest: Digest,
}

/// An artifact or a file beside the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(crate) enum Content {
    /// An artifact.
    Artifact {
        digest: Digest,
        bytes: u64,
        taken: bool,
    },
    /// A file of a named folder.
    File {
        tree: String,
        path: String,
        bytes: u64,
        digest: Digest,
    },
}

/// Something is wrong with a backup.
pub(crate) fn refused(path: &Path, why: impl Into<String>) -> StoreError {
    StoreError::Backup {
        path: path.to_owned(),
        why: why.into(),
    }
}
