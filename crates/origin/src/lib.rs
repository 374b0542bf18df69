//! Where artifacts come from, and what proves it: registry signatures, attestations, identities,
//! their history, and the source that they name. Bytes and values in, values out; no network.

pub mod identity;
pub mod lockfile;

pub use identity::{BuilderClass, Identity, Numbered, RefClass};
