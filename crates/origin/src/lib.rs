//! Where artifacts come from, and what proves it: registry signatures, attestations, identities,
//! their history, and the source that they name. Bytes and values in, values out; no network.

pub mod answer;
pub mod history;
pub mod identity;
pub mod lockfile;
pub mod npm;
pub mod predicate;
pub mod pypi;
pub mod roots;
pub mod signature;
pub mod sigstore;
pub mod source;
pub mod statement;
#[cfg(test)]
mod testing;
pub mod tuf;
pub mod vcs;
pub mod why;
mod worst;

pub use answer::{Evidence, Finding, Offered, OriginAnswer};
pub use identity::{BuilderClass, Identity, Numbered, RefClass};
pub use roots::{Trust, TrustFiles};
pub use why::{Refusal, Why};
