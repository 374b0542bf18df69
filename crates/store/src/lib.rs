//! The ledger and the gate's memory.
//!
//! The ledger answers, later and to somebody who trusts nobody: who received which
//! bytes, when, and under which policy. Records are only ever added; each carries the
//! hash of the one before ([`ChainId`]: one chain per writing process), and signed
//! [`Head`]s outside the database say how far each chain has come. The memory holds what
//! a document does not say about itself: when something was first seen, what it said
//! before, which digest an artifact had.
//!
//! ```
//! use customs_model::{Clock, SystemClock};
//! use customs_store::{LedgerRecord, Note, SqliteStore, Store, verify_folder};
//! use std::sync::Arc;
//!
//! # let folder = tempfile::tempdir()?;
//! let store = SqliteStore::open(folder.path(), Arc::new(SystemClock))?;
//! let text = "the policy was replaced".to_owned();
//! let receipt = store.append_wait(LedgerRecord::Note(Note { text }))?;
//! assert_eq!(receipt.seq, 2); // The first record of a chain says that it was opened.
//! drop(store);
//!
//! let verification = verify_folder(folder.path())?;
//! assert!(verification.is_intact());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backup;
mod blobs;
mod chain;
mod checkpoint;
mod collect;
mod decided;
#[cfg(any(feature = "postgres", feature = "s3"))]
mod driver;
mod error;
mod exemption;
mod folder;
mod head;
mod jobs;
mod lists;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod retain;
mod rows;
mod sqlite;
mod store;
mod team;
#[cfg(test)]
mod tests;
mod verify;
mod who;

pub use backup::{
    BACKUP_FILE, BackedChain, BackedFile, Backup, Database, Restore, RestoreReport, Take, back_up,
    check_backup, restore,
};
#[cfg(feature = "s3-server")]
pub use blobs::S3Server;
pub use blobs::{Blob, Blobs, FolderBlobs, Put, fetch_blob};
#[cfg(feature = "s3")]
pub use blobs::{S3Blobs, S3Settings};
pub use chain::ChainId;
pub use collect::{Bounds, Collected, FolderShelf, Shelf, TeamShelf, Turn, collect};
pub use error::StoreError;
pub use exemption::{Ended, ExemptionChange, ExemptionRow, Granted};
pub use folder::{LEDGER_FILE, PUBLIC_KEY_FILE};
pub use head::{HEADS_FILE, Head, PublicKey};
pub use lists::{Count, Listed, Lists, Next, NextError, RefusalRow, Subject};
pub use memory::{Pin, Publication, Seen, Sight, Sights};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use record::{
    Asked, Closed, Decided, Delivered, DigestChanged, Gap, LedgerRecord, Note, Opened, Refused,
    Relayed, Restored, Served,
};
pub use retain::{Retained, Upkeep};
pub use sqlite::SqliteStore;
pub use store::{DecisionRow, Deliveries, DeliveryRow, Done, Judged, Receipt, RecordRow, Store};
pub use team::{Entry, Index, Lease, Leases, NewEntry, Taken, Team};
pub use verify::{
    ChainReport, Problem, RefusedHead, Removed, Tail, Verification, verify, verify_folder,
};
pub use who::Who;
