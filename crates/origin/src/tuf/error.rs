//! Why a repository is not believed: each reason under a name of its own.

use customs_model::printable;
use sigstore_tuf::Error;
use std::fmt;

/// A file of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// A root, by its version; nought where that is not known yet.
    Root(u64),
    /// The timestamp.
    Timestamp,
    /// The snapshot.
    Snapshot,
    /// The list of targets.
    Targets,
    /// The target.
    Target,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(0) => f.write_str("the root"),
            Self::Root(version) => write!(f, "{version}.root.json"),
            Self::Timestamp => f.write_str("timestamp.json"),
            Self::Snapshot => f.write_str("snapshot.json"),
            Self::Targets => f.write_str("targets.json"),
            Self::Target => f.write_str(super::TARGET),
        }
    }
}

/// Why a repository is not believed. Messages are safe to print.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TufError {
    /// It has no such file.
    #[error("{file} is missing")]
    Missing {
        /// Which.
        file: File,
    },
    /// A bound of [`super::limit`].
    #[error("{file} is longer than the {limit} bytes that are read of it")]
    TooLong {
        /// Which file.
        file: File,
        /// The bound.
        limit: u64,
    },
    /// It is no such file.
    #[error("{file} cannot be used: {why}")]
    Unreadable {
        /// Which.
        file: File,
        /// What is wrong with it.
        why: String,
    },
    /// Too few of the keys that have to signed it.
    #[error("{file} is signed by {found} of the {needed} keys that have to sign it")]
    Signatures {
        /// Which file.
        file: File,
        /// Keys that signed.
        found: usize,
        /// Keys that have to.
        needed: usize,
    },
    /// A new root is not signed by the keys of the one before.
    #[error(
        "{file} is signed by {found} of the {needed} keys of the root before it that have to sign it: \
         whoever made it does not hold the keys that are trusted"
    )]
    NotByTheOld {
        /// Which root.
        file: File,
        /// Keys that signed.
        found: usize,
        /// Keys that have to.
        needed: usize,
    },
    /// One key signed twice.
    #[error("{file} is signed twice by the key {key}")]
    SignedTwice {
        /// Which file.
        file: File,
        /// The id.
        key: String,
    },
    /// One key under two ids would count twice.
    #[error("{file} has one key under two ids, {one} and {other}")]
    KeyTwice {
        /// Which root.
        file: File,
        /// An id.
        one: String,
        /// The other one.
        other: String,
    },
    /// The id of a key is the digest of another one.
    #[error("{file} has a key under the id {id}, which is not that of the key")]
    KeyId {
        /// Which root.
        file: File,
        /// The id.
        id: String,
    },
    /// An id means another key than in the root before.
    #[error("the key {id} is another one in the next root: an id has to stay with its key")]
    KeyChanged {
        /// The id.
        id: String,
    },
    /// A root is not the next one.
    #[error("the root after version {had} says that it is version {got}")]
    RootVersion {
        /// The version that is trusted.
        had: u64,
        /// The one that came.
        got: u64,
    },
    /// Roots without an end.
    #[error(
        "more than {limit} roots follow the one that is trusted; begin with a newer one: --tuf-root FILE"
    )]
    EndlessRoots {
        /// The bound.
        limit: u64,
    },
    /// It does not count any more.
    #[error(
        "{file} expired at {when}: the repository is not kept up, or somebody hands out an old state of it"
    )]
    Expired {
        /// Which file.
        file: File,
        /// When.
        when: String,
    },
    /// An older state than was seen before.
    #[error(
        "{file} says version {got} of {what}, and version {had} was seen before: an old state is handed out"
    )]
    Rollback {
        /// Which file says so.
        file: File,
        /// Of what.
        what: String,
        /// The version that was seen.
        had: u64,
        /// The one that came.
        got: u64,
    },
    /// What the last snapshot named is gone.
    #[error("snapshot.json names {name} no more")]
    Lost {
        /// What.
        name: String,
    },
    /// Another length than is promised.
    #[error("{file} has {got} bytes, and {promised} are promised")]
    Length {
        /// Which file.
        file: File,
        /// What is promised.
        promised: u64,
        /// What came.
        got: u64,
    },
    /// Another digest than is promised.
    #[error("{file} has another {algorithm} than is promised")]
    Hash {
        /// Which file.
        file: File,
        /// Of which algorithm.
        algorithm: &'static str,
    },
    /// Another version than is promised: files of different states, put together.
    #[error(
        "{file} is version {got}, and version {promised} is promised: it is of another state of the repository"
    )]
    Version {
        /// Which file.
        file: File,
        /// What is promised.
        promised: u64,
        /// What came.
        got: u64,
    },
    /// The list of targets lacks it.
    #[error("the repository lists no trusted_root.json")]
    NoTarget,
    /// What an earlier run kept cannot be used.
    #[error("what was kept of an earlier run cannot be used: {0}; delete it to begin anew")]
    Kept(Box<Self>),
}

impl TufError {
    pub(super) fn unreadable(file: File, why: &str) -> Self {
        Self::Unreadable {
            file,
            why: printable(why, 200),
        }
    }

    /// The same of what an earlier run kept.
    pub(super) fn of_kept(self) -> Self {
        Self::Kept(Box::new(self))
    }

    /// What the library says, by our names.
    pub(super) fn of(file: File, error: &Error) -> Self {
        match error {
            Error::ThresholdNotMet {
                found, threshold, ..
            } => Self::Signatures {
                file,
                found: *found,
                needed: *threshold,
            },
            Error::DuplicateSignature { key_id, .. } => Self::SignedTwice {
                file,
                key: printable(key_id, 80),
            },
            Error::Rollback { role, trusted, new } => Self::Rollback {
                file,
                what: printable(role, 80),
                had: *trusted,
                got: *new,
            },
            Error::BadRootVersion { trusted, new } => Self::RootVersion {
                had: *trusted,
                got: *new,
            },
            Error::Expired { expires, .. } => Self::Expired {
                file,
                when: expires.to_string(),
            },
            other => {
                let cause = std::error::Error::source(other);
                let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
                Self::unreadable(file, &format!("{other}{cause}"))
            }
        }
    }
}
