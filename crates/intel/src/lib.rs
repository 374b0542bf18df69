//! Advisories: what others say about releases, read from OSV records, kept in one
//! snapshot and matched against a release.
//!
//! The room is pure but for [`Snapshot::from_path`], which reads a folder, one JSON
//! file or an OSV export. How two versions compare differs by ecosystem, so whoever
//! asks hands the order in.
//!
//! ```
//! use customs_intel::Snapshot;
//! use customs_model::{Ecosystem, PackageName, ReleaseId, Timestamp, Version};
//!
//! let record = br#"{ "id": "MAL-2026-2307", "modified": "2026-04-07T14:41:20Z",
//!   "affected": [{ "package": { "ecosystem": "npm", "name": "axios" },
//!                  "versions": ["0.30.4", "1.14.1"] }] }"#;
//! let snapshot = Snapshot::from_records([("a.json", record.as_slice())], Timestamp::UNIX_EPOCH);
//! let bad = ReleaseId::new(
//!     PackageName::new(Ecosystem::Npm, "axios").unwrap(),
//!     Version::new("1.14.1").unwrap(),
//! );
//! let found = snapshot.matches(&bad, &|a, b| (a == b).then_some(std::cmp::Ordering::Equal));
//! assert!(found[0].malicious && found[0].id == "MAL-2026-2307");
//! ```
//!
//! It hands out:
//! - [`Advisory`], [`AdvisoryKind`], [`Affected`], [`Range`], [`Event`]: one record;
//! - [`parse`]: one OSV record from its bytes;
//! - [`Snapshot`], [`Builder`], [`Fix`], [`Problem`]: all records of one moment;
//! - [`LoadError`]: why nothing could be read.

mod advisory;
mod load;
mod osv;
mod snapshot;

pub use advisory::{Advisory, AdvisoryKind, Affected, Event, Range, VersionOrder};
pub use load::LoadError;
pub use osv::{Parsed, RecordError, parse};
pub use snapshot::{Builder, Fix, Problem, Snapshot};
