//! Does an artifact correspond to the commit that its provenance or VCS info names?
//!
//! Nothing is built and nothing is run. The id that git would give to each file of the artifact is
//! looked for in the commit's tree. What is not the same is normalised, generated (and explained),
//! modified, or a phantom. Pure: a clone is read elsewhere, in two steps:
//!
//! 1. [`Artifact::read`] the bytes; gather a [`SourceTree`] from the clone;
//! 2. read the blobs that [`wants`] names; [`compare`]; [`report`].
//!
//! What it can find: axios 1.14.1 (a dependency in the tarball only), worms that add `bundle.js`
//! and a `preinstall`, xz 5.6.0 (`build-to-host.m4`), a commit that no branch holds. What it cannot:
//! code that was put into a built file whose name is known, and code that is in the commit.

mod artifact;
mod attributes;
mod base;
mod budget;
mod build;
mod class;
mod commit;
mod compare;
mod fields;
mod finding;
mod jsonc;
mod manifest;
mod manifest_cargo;
mod manifest_npm;
mod manifest_python;
mod new_phantoms;
pub mod object;
mod path;
mod phantom;
mod place;
mod report;
mod runs;
mod sourcemap;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod vcs_info;
mod wants;
mod words;

pub use artifact::{Artifact, ArtifactError, ArtifactFile, ArtifactKind};
pub use attributes::{AttributeRules, Attributes};
pub use base::{Base, FoundBy};
pub use class::{Explanation, FileClass, Gap, Normalisation};
pub use compare::{Comparison, compare};
pub use finding::{FindingKind, SourceFinding};
pub use manifest::{FieldDifference, FieldKind};
pub use object::{ObjectFormat, ObjectId, ObjectKind};
pub use path::plain as plain_path;
pub use phantom::{NewPhantom, PhantomSet, phantoms};
pub use place::{CommitPlace, Standing, VersionTag, is_tag_of};
pub use report::{Counts, SourceReport, report};
pub use sourcemap::{MapMatch, SourceMap};
pub use tree::{Blobs, Entry, EntryKind, SourceTree, limit as tree_limit};
pub use vcs_info::named_commit;
pub use wants::{limit as wants_limit, wants};

pub use crate::vcs::VcsInfo;

use customs_model::ReleaseId;
use serde::{Deserialize, Serialize};

/// What is compared with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The release.
    pub release: ReleaseId,
    /// What the artifact is packed as.
    pub kind: ArtifactKind,
    /// The commit.
    pub commit: ObjectId,
    /// Who says that it is this commit.
    pub named_by: NamedBy,
    /// The package's folder in the repository, where the package says so (`repository.directory`
    /// of npm, `path_in_vcs` of cargo). Not believed where the commit does not have it.
    pub directory: Option<String>,
}

/// Who names a commit, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedBy {
    /// A verified attestation.
    Provenance,
    /// The registry, by what it knows of the publisher (`trustpub_data`).
    Registry,
    /// The artifact itself (`.cargo_vcs_info.json`).
    VcsInfo,
    /// The document (`gitHead`), as whoever published wrote it.
    GitHead,
    /// Whoever asks.
    Asker,
}

impl NamedBy {
    /// In words, before "names".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Provenance => "the provenance",
            Self::Registry => "the registry",
            Self::VcsInfo => "the crate's VCS info",
            Self::GitHead => "the document's gitHead",
            Self::Asker => "the request",
        }
    }
}
