//! What several gates have in common beside the ledger and the memory: who does what
//! right now, and what lies in the common cache.
//!
//! On SQLite the gates are processes of one machine, on PostgreSQL they are anywhere.

use crate::{Store, StoreError, Upkeep};
use customs_model::{Digest, Timestamp};
use std::time::Duration;

/// Everything that gates share. One object of a database answers for all of it.
pub trait Team: Store + Leases + Index + Upkeep {}

impl<T: Store + Leases + Index + Upkeep + ?Sized> Team for T {}

/// Work that one gate does for all. Whoever has the lease does it; whoever dies loses it
/// when its time is up. Time is told by the database's clock, never by a gate's: gates
/// whose clocks differ by a minute must not both believe that they have a lease.
pub trait Leases: Send + Sync {
    /// Takes a lease that nobody has, or whose time is up.
    ///
    /// # Errors
    /// The database cannot be read or written; `name` or `owner` is longer than
    /// 256 bytes; `term` is none, or longer than a day.
    fn take_lease(&self, name: &str, owner: &str, term: Duration) -> Result<Taken, StoreError>;

    /// Keeps a lease for another term. None: it was lost, and whatever is done under it
    /// is to be dropped.
    ///
    /// # Errors
    /// As [`Leases::take_lease`]. Whether it is still kept cannot be known then; it is
    /// until [`Lease::until`].
    fn renew_lease(&self, lease: &Lease, term: Duration) -> Result<Option<Lease>, StoreError>;

    /// Gives a lease back before its time. Whether it was still kept.
    ///
    /// # Errors
    /// As [`Leases::take_lease`].
    fn return_lease(&self, lease: &Lease) -> Result<bool, StoreError>;
}

/// What asking for a lease came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is the asker's.
    Mine(Lease),
    /// Somebody else has it.
    Theirs {
        /// Who, as they called themselves.
        owner: String,
        /// For how long yet, unless it is kept for another term or given back.
        left: Duration,
    },
}

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who has it.
    pub owner: String,
    /// Grows with every taking of any lease. What is done under a lease is written with it,
    /// so that who slept through the end of a lease is told from who took it after.
    pub fence: u64,
    /// The end, by the database's clock.
    pub until: Timestamp,
}

/// What lies in the common cache, and what it is: the index beside the [blobs](crate::Blobs).
///
/// A space is a kind of thing (documents, inspections, evidence); its keys mean whatever its
/// user says. Entries are small; bytes lie under the digest that the entry names.
pub trait Index: Send + Sync {
    /// The entry under a key.
    ///
    /// # Errors
    /// The database cannot be read.
    fn entry(&self, space: &str, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Puts an entry if nobody has put another one since: `known` is the revision that the
    /// caller saw, or none if it saw no entry. Returns the new revision. None: somebody was
    /// faster, and nothing was put.
    ///
    /// # Errors
    /// The database cannot be read or written; space, key or note are longer than 64 bytes,
    /// 1 KiB, 64 KiB.
    fn put_entry(
        &self,
        space: &str,
        key: &str,
        entry: &NewEntry<'_>,
        known: Option<u64>,
    ) -> Result<Option<u64>, StoreError>;

    /// Removes an entry if it is still the one of that revision. Whether it was.
    ///
    /// # Errors
    /// The database cannot be written.
    fn remove_entry(&self, space: &str, key: &str, known: u64) -> Result<bool, StoreError>;

    /// Those of these digests that an entry names. What none names may be collected.
    ///
    /// # Errors
    /// The database cannot be read.
    fn named_blobs(&self, digests: &[Digest]) -> Result<Vec<Digest>, StoreError>;

    /// Removes every entry that names this blob, as whoever collects it does first; how many there
    /// were.
    ///
    /// # Errors
    /// The database cannot be written.
    fn forget_blob(&self, digest: &Digest) -> Result<u64, StoreError>;
}

/// An entry to be put.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// The bytes that it is about.
    pub blob: Option<&'a Digest>,
    /// What else is known, as its user writes it.
    pub note: &'a str,
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes that it is about.
    pub blob: Option<Digest>,
    /// What else is known.
    pub note: String,
    /// Grows with every change of any entry.
    pub revision: u64,
    /// When it was put, by the database's clock.
    pub at: Timestamp,
}

/// Bounds on what a caller may say.
pub(crate) mod limit {
    use std::time::Duration;

    /// Name and owner of a lease, in bytes.
    pub const NAME: usize = 256;
    /// The longest lease.
    pub const TERM: Duration = Duration::from_hours(24);
    /// The name of a space, in bytes.
    pub const SPACE: usize = 64;
    /// A key, in bytes. PostgreSQL takes some 2,700 into an index.
    pub const KEY: usize = 1024;
    /// A note, in bytes.
    pub const NOTE: usize = 64 * 1024;
    /// Leases that ended so long ago are forgotten.
    pub const LEASE_DAYS: i64 = 1;
}

/// The term in whole milliseconds.
pub(crate) fn term_ms(term: Duration) -> Result<i64, StoreError> {
    let ms = i64::try_from(term.as_millis()).unwrap_or(i64::MAX);
    if ms == 0 || term > limit::TERM {
        return Err(StoreError::Term { ms });
    }
    Ok(ms)
}

/// Refuses names beyond the bounds.
pub(crate) fn check_lease(name: &str, owner: &str) -> Result<(), StoreError> {
    check(&[
        ("the name of a lease", name, limit::NAME),
        ("the owner of a lease", owner, limit::NAME),
    ])
}

/// Refuses entries beyond the bounds.
pub(crate) fn check_entry(space: &str, key: &str, note: &str) -> Result<(), StoreError> {
    check(&[
        ("the name of a space", space, limit::SPACE),
        ("the key of an entry", key, limit::KEY),
        ("the note of an entry", note, limit::NOTE),
    ])
}

fn check(parts: &[(&'static str, &str, usize)]) -> Result<(), StoreError> {
    for &(what, text, limit) in parts {
        let bytes = text.len();
        if bytes > limit {
            return Err(StoreError::TooLarge { what, bytes, limit });
        }
    }
    Ok(())
}
