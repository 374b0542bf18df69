//! Formats of the three ecosystems: documents, version order, lockfiles.
//!
//! Bytes in, values out: no network, no judgement. Every reader declares its bounds in
//! its own module; a stranger's document can exceed none of them.
//!
//! ```
//! use customs_ecosystem::npm::{NpmVersion, Range};
//! let range = Range::parse("^1.12.0").expect("a range");
//! assert!(range.satisfied_by(&NpmVersion::parse("1.14.0").expect("a version")));
//! ```

pub mod cargo;
pub mod json;
mod keyed;
pub mod lockfile;
pub mod npm;
mod order;
pub mod pypi;

pub use keyed::Keyed;
pub use order::compare;
