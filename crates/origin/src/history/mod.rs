//! Trust history: what is known of who built the releases of a line, kept in a small committed
//! file (`customs.lock`), and what a new release of that line has lost or changed.
//!
//! The idea is trust on first use, and no downgrade afterwards. It is judged per release line,
//! since a backport by hand to an old line is ordinary: comparing with all versions is the most
//! complained-of false alarm (pnpm#10202). Evidence that could not be looked at is *not checked*,
//! never lost and never good.
//!
//! ```
//! use customs_model::ReleaseId;
//! use customs_origin::history::{Case, Outcome, Past, Seen, Shown, TrustFile, judge};
//! let release: ReleaseId = "pkg:npm/axios@1.14.0".parse()?;
//! let mut shown = Shown::nothing_asked(release, "the registry was not asked");
//! let (file, past) = (TrustFile::default(), Past::default());
//! let case = |shown: &Shown| judge(&Case { shown, registry: "registry.example", past: &past, file: &file });
//! assert!(matches!(case(&shown).outcome, Outcome::NotChecked(_)));
//! shown.signature = Seen::Absent;
//! shown.provenance = Seen::Absent;
//! shown.trusted_publisher = Seen::Absent;
//! shown.approval = Seen::Absent;
//! assert_eq!(case(&shown).outcome, Outcome::Quiet);
//! # Ok::<(), customs_model::ParseError>(())
//! ```

mod changes;
mod day;
mod file;
mod judge;
mod line;
mod merge;
mod record;
mod shown;
mod update;

#[cfg(test)]
mod tests;

pub use changes::{FileChange, Look, changes};
pub use day::{Day, DayError};
pub use file::{FileError, TrustFile, limit};
pub use judge::{
    Added, Addition, Case, Change, Judged, Judgement, K, Outcome, Past, People, Stripping, Unseen,
    judge, judge_all, to_verify,
};
pub use line::{LineError, ReleaseLine};
pub use merge::{Merged, merge, sides};
pub use record::{Acceptable, Accepted, IdentityPin, LineRecord, Made};
pub use shown::{Axis, Proof, Provenance, Provider, Seen, Shown};
pub use update::{AcceptError, Updated, accept, record};
