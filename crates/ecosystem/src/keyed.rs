//! A fast hash for tables whose keys strangers choose.
//!
//! The standard library's hash takes about a nanosecond for each byte of a short key, and a large lockfile
//! is looked up a hundred thousand times. This one has a secret of its own in each table as well, so that
//! nobody chooses keys that all fall into one place. It is for tables in memory alone: what must not be
//! forged is a [`Digest`](customs_model::Digest).

/// Makes hashes with a secret of its own.
pub type Keyed = foldhash::quality::RandomState;
