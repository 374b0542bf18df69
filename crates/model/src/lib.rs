//! The words of customs as types.
//!
//! Everything that crosses a border (a package name in a URL, a version in a
//! document, a digest in a lockfile) is parsed into one of these types once, and
//! is trusted afterwards. The crate knows no file format and does no I/O.
//!
//! ```
//! use customs_model::{Ecosystem, ReleaseId};
//! let release: ReleaseId = "pkg:npm/%40babel/core@7.29.0".parse()?;
//! assert_eq!(release.package.ecosystem(), Ecosystem::Npm);
//! assert_eq!(release.to_string(), "pkg:npm/%40babel/core@7.29.0");
//! # Ok::<(), customs_model::ParseError>(())
//! ```

mod answer;
mod binary;
mod clock;
mod contradiction;
mod decision;
mod delta;
mod digest;
mod domain;
mod dossier;
mod ecosystem;
mod evidence;
mod finding;
mod inspection;
mod known;
mod layout;
mod markdown;
mod name;
mod offers;
mod own;
mod place;
mod purl;
mod spec;
mod text;
mod version;
mod weight;

pub use answer::Answer;
pub use binary::{
    Ability, BinaryChange, BinaryChangeKind, BinaryFact, BinaryKind, compare as compare_binaries,
};
pub use clock::{Clock, FixedClock, SystemClock};
pub use contradiction::{Contradiction, ContradictionKind, Declared};
pub use decision::{Action, Child, Compared, Decision, Epoch, Inputs, Reason};
pub use delta::{Delta, Novelty, NoveltyKind};
pub use digest::{Digest, DigestAlgorithm, Hasher};
pub use domain::registrable;
pub use dossier::{
    AddedDependency, AdvisoryMatch, Dossier, Evidence, ExoticDependency, FirstSight, FixesAdvisory,
    History, IdentityActivity, Manifest, NameLikeness, Origin, OtherBuilder, Predecessor,
    Publisher, PublisherKind, Route, RunsCode, UnmetDependency, Unread,
};
pub use ecosystem::Ecosystem;
pub use evidence::{Decoding, Edge, FileName, Hop, Join, Link, Shown, Written};
pub use finding::{Confidence, Finding, RuleId, Severity, Standing, Verdict};
pub use inspection::{
    Capability, Flow, Inspection, Mark, Oddity, Place, RUNS_ANSWER, Sign, SignKind, SinkKind,
    SourceKind, Target, UnreadPart, VISITOR, Zone,
};
pub use jiff::{SignedDuration, Timestamp};
pub use known::Known;
pub use layout::{CodeShape, ContentKind, FileFact};
pub use markdown::plain_markdown;
pub use name::PackageName;
pub use offers::{Features, Offers};
pub use own::{OwnMatch, OwnMatches};
pub use place::{owner_of, path_of_owner};
pub use purl::ReleaseId;
pub use spec::{PackageSpec, PackageSpecError};
pub use text::printable;
pub use version::Version;
pub use weight::Weigh;

/// Why a piece of outside text is not what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A package name that its ecosystem does not allow.
    #[error("{name:?} is not a package name of {ecosystem}: {why}")]
    Name {
        /// The ecosystem whose rules were applied.
        ecosystem: Ecosystem,
        /// The text, shortened and made printable.
        name: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// A version that cannot stand in a document, path or lockfile.
    #[error("{0:?} is not a version: {1}")]
    Version(String, &'static str),
    /// A digest of the wrong length, alphabet or algorithm.
    #[error("{0:?} is not a digest: {1}")]
    Digest(String, &'static str),
    /// A package URL without type, name or version.
    #[error("{0:?} is not a package URL of a release: {1}")]
    PackageUrl(String, &'static str),
    /// An ecosystem that customs does not know.
    #[error("{0:?} is no ecosystem that customs knows (npm, pypi, cargo)")]
    Ecosystem(String),
}
