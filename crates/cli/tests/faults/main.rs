//! The gate against bad input and faults: what goes wrong upstream, at the client, on the
//! disk and with the clock must never become wrong bytes, a lost record or an error that
//! nobody explains.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ahead;
#[cfg(unix)]
mod asked;
mod attested;
mod authority;
mod built;
mod bytes;
mod clocks;
mod collect;
mod credentials;
mod digests;
mod disk;
mod documents;
mod harness;
mod held;
mod hostile_names;
mod inner_addresses;
mod killed;
mod ledger;
mod lists;
mod memory;
mod origins;
mod policy;
mod program;
mod refusals;
mod relays;
mod served;
mod shelves;
mod slow_bodies;
mod tags;
#[cfg(all(unix, feature = "postgres"))]
mod team;
mod unread;
mod upstream_faults;
