use std::path::PathBuf;

/// Why the store could not do what it was asked.
///
/// Cheap to clone: one failed commit is told to everybody whose record was in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The data folder, or a file in it, cannot be used.
    #[error("cannot {doing} {}: {why}", path.display())]
    Folder {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// No room is left for a record.
    #[error(
        "the ledger cannot grow: the disk or its quota is full. Free some space; nothing needs \
         to be restarted"
    )]
    Full,
    /// Another process keeps the database locked.
    #[error(
        "another process has kept the ledger locked for more than {0} seconds. Look for a \
         program that holds the database open for writing, and end it"
    )]
    Busy(u64),
    /// The database refused.
    #[error("the ledger could not {doing}: {why}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// What the database said.
        why: String,
    },
    /// The database was written by a newer customs.
    #[error(
        "{} has schema {found}, this customs knows up to {known}. Use the newer customs, or \
         point this one at another data folder", path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("{} is not a ledger of customs. Choose another data folder", .0.display())]
    NotALedger(PathBuf),
    /// Nothing was ever recorded there.
    #[error("there is no ledger in {} yet. The first `customs run` starts one", .0.display())]
    NoLedger(PathBuf),
    /// A record or value beyond the bound.
    #[error("{what} has {bytes} bytes, more than the {limit} that the store takes")]
    TooLarge {
        /// Which.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// More records wait than the queue holds: the database does not keep up.
    #[error("{0} records wait for the ledger already. The disk is too slow or stuck")]
    QueueFull(usize),
    /// A sync failed: what the system still has in memory may be lost.
    #[error(
        "the ledger could not be brought to disk ({0}). Nothing more is recorded until customs \
         is started again"
    )]
    NotOnDisk(String),
    /// The store was opened for reading.
    #[error("the ledger was opened for reading only")]
    ReadOnly,
    /// The store is closing, or its thread has ended.
    #[error("the ledger is closed")]
    Closed,
    /// What was read is not what a customs of this version writes.
    #[error("{what} in the ledger cannot be read: {why}. Run `customs ledger verify`")]
    Unreadable {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
    /// The signing key or public key is not one.
    #[error("{} holds no ed25519 key: {why}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The database of several gates does not answer.
    #[error(
        "the database of the ledger does not answer ({server}): {why}. Look whether it runs and \
         can be reached from here; nothing needs to be restarted, customs connects again by itself"
    )]
    Away {
        /// Where it is looked for, without a secret.
        server: String,
        /// What was seen.
        why: String,
    },
    /// The address of a database or of a store of artifacts cannot be used.
    #[error("the address {what} cannot be used: {why}")]
    Address {
        /// Of what, without a secret.
        what: String,
        /// Why, and what would be right.
        why: String,
    },
    /// A lease for a time that makes no sense.
    #[error("a lease is for at least a millisecond and at most a day, not for {ms} ms")]
    Term {
        /// What was asked for.
        ms: i64,
    },
    /// Records would be removed too early.
    #[error(
        "the ledger keeps its records for at least {days} days: what was delivered in that time \
         must be known. Choose a longer time"
    )]
    Retention {
        /// The shortest time.
        days: i64,
    },
    /// A backup cannot be taken, or not be restored.
    #[error("{}: {why}", path.display())]
    Backup {
        /// The backup, or the file of it.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The store of artifacts refused, or does not answer.
    #[error("the store of artifacts could not {doing} {digest}: {why}")]
    Blobs {
        /// What was tried.
        doing: &'static str,
        /// On which artifact.
        digest: String,
        /// What it said.
        why: String,
    },
    /// Bytes are not those that they were stored for.
    #[error(
        "what is stored as {digest} is something else ({found}). It was not used; remove it, and \
         it is fetched again"
    )]
    Spoiled {
        /// What it should be.
        digest: String,
        /// What it is.
        found: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(String),
}

impl StoreError {
    /// The database said no while it was asked to do something.
    pub(crate) fn sqlite(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        move |error| match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy(crate::sqlite::BUSY_SECONDS)
            }
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            _ => Self::Database {
                doing,
                why: error.to_string(),
            },
        }
    }

    /// A file said no.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Folder {
                doing,
                path,
                why: error.to_string(),
            },
        }
    }
}
