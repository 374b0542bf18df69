//! What `customs.lock` keeps.

use super::{Axis, Day, ReleaseLine};
use crate::{BuilderClass, Identity, Numbered, RefClass};
use customs_model::{Digest, PackageName, Version};
use std::collections::BTreeSet;

/// What was last verified of one release line of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRecord {
    /// The package.
    pub package: PackageName,
    /// The line.
    pub line: ReleaseLine,
    /// The newest release of it that was verified here.
    pub version: Version,
    /// What that release proved. Empty: it was looked at, and there was nothing.
    pub evidence: BTreeSet<Axis>,
    /// Who built it. Some exactly where `evidence` has [`Axis::Provenance`].
    pub identity: Option<IdentityPin>,
    /// The day on which this identity was first verified here.
    pub first_seen: Day,
    /// The day on which `version` was first verified here. It does not move with each run: a
    /// file that changes daily is a file that nobody reads.
    pub last_seen: Day,
}

/// The part of an [`Identity`] that stays from release to release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPin {
    /// Who confirmed it.
    pub issuer: String,
    /// The certificate's subject, for people and service accounts, who have no repository.
    pub subject: Option<String>,
    /// Whose source.
    pub repository: Option<Numbered>,
    /// Whose repository.
    pub owner: Option<Numbered>,
    /// Path of the workflow, without its ref.
    pub workflow: Option<String>,
    /// The reusable workflow that signed.
    pub signer: Option<String>,
    /// What was built from: a tag, the main branch, something else.
    pub ref_class: Option<RefClass>,
    /// Whose machine.
    pub builder: Option<BuilderClass>,
    /// The deployment environment.
    pub environment: Option<String>,
    /// What started it, where that is something that strangers can do; see `STRANGERS`.
    pub trigger: Option<String>,
}

/// Events of GitHub that somebody without rights in the repository can cause.
pub(super) const STRANGERS: [&str; 9] = [
    "discussion",
    "discussion_comment",
    "fork",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_target",
    "watch",
];

impl From<&Identity> for IdentityPin {
    fn from(identity: &Identity) -> Self {
        let strangers = |trigger: &&String| STRANGERS.contains(&trigger.as_str());
        Self {
            issuer: identity.issuer.clone(),
            subject: identity
                .repository
                .is_none()
                .then(|| identity.subject.clone()),
            repository: identity.repository.clone(),
            owner: identity.owner.clone(),
            workflow: identity.workflow.clone(),
            signer: identity.signer.clone(),
            ref_class: identity.ref_class(),
            builder: identity.builder,
            environment: identity.environment.clone(),
            trigger: identity.trigger.as_ref().filter(strangers).cloned(),
        }
    }
}

/// A downgrade or change that a person has looked at and accepted, for one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The package.
    pub package: PackageName,
    /// The line.
    pub line: ReleaseLine,
    /// The release that was accepted. Earlier releases are not held against later ones any more
    /// in what was accepted here.
    pub version: Version,
    /// What was accepted.
    pub what: BTreeSet<Acceptable>,
    /// Why, in the words of the person.
    pub reason: String,
    /// When.
    pub on: Day,
}

/// What a person can accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acceptable {
    /// That evidence was lost.
    Loss(Axis),
    /// That another identity built it.
    Identity,
}

impl Acceptable {
    /// The word in `customs.lock`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss(axis) => axis.name(),
            Self::Identity => "identity",
        }
    }
}

/// A file that a used tree grew, pinned with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Relative to the project, with `/`; no part of it is `.` or `..`. Not safe to print as it is.
    pub path: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Who likely made it ("the bundler's cache").
    pub maker: String,
}
