//! What a release shows of its origin, axis by axis, and what it means where an axis shows
//! nothing.

use crate::Identity;
use customs_model::{Publisher, ReleaseId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was seen where one looked, or why nothing was. The kinds of *nothing* are values of
/// their own: only the first is a loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen<T> {
    /// It is there.
    Is(T),
    /// Absent upstream: who carries it was asked for this release, answered, and has none.
    Absent,
    /// Stripped on the way: who answered shows it for no package at all (some mirrors, proxies
    /// and feeds). See [`judge_all`](super::judge_all), which finds this out.
    Stripped,
    /// Nobody asked, or there was no answer, because … One clause, safe to print.
    NotAsked(String),
    /// The ecosystem or the registry does not carry it for any release.
    NotApplicable,
}

impl<T> Seen<T> {
    /// What is there, if something is.
    pub fn is(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Stripped | Self::NotAsked(_) | Self::NotApplicable => None,
        }
    }

    /// `NotAsked`, with its reason.
    pub fn not_asked(because: impl Into<String>) -> Self {
        Self::NotAsked(because.into())
    }

    /// The same without its value.
    pub(super) fn kind(&self) -> Seen<()> {
        match self {
            Self::Is(_) => Seen::Is(()),
            Self::Absent => Seen::Absent,
            Self::Stripped => Seen::Stripped,
            Self::NotAsked(because) => Seen::NotAsked(because.clone()),
            Self::NotApplicable => Seen::NotApplicable,
        }
    }

    /// What was taken for absent was stripped.
    pub(super) fn strip(&mut self) {
        if matches!(self, Self::Absent) {
            *self = Self::Stripped;
        }
    }
}

/// One kind of evidence. They are not ranked: staged publishing replaces the trusted publisher
/// in npm's documents, so that any order between the two gives false alarms (pnpm#13693).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// The registry signed name, version and digest.
    Signature,
    /// An attestation of who built it.
    Provenance,
    /// The registry says that a pipeline published it with a short-lived identity.
    TrustedPublisher,
    /// The registry says that a person approved a staged release with a second factor.
    Approval,
}

impl Axis {
    /// All of them, in the order in which files and sentences list them.
    pub const ALL: [Self; 4] = [
        Self::Signature,
        Self::Provenance,
        Self::TrustedPublisher,
        Self::Approval,
    ];

    /// The word in `customs.lock`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Provenance => "provenance",
            Self::TrustedPublisher => "trusted-publisher",
            Self::Approval => "approval",
        }
    }

    /// The words in a sentence, as in "has no …".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Signature => "signature of the registry",
            Self::Provenance => "provenance",
            Self::TrustedPublisher => "trusted publisher",
            Self::Approval => "approval by a person",
        }
    }
}

/// How far a signature was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It is offered, and nobody verified it (no key at hand, only the document was read).
    Offered,
    /// It was verified for this artifact.
    Verified,
    /// It is offered, and is false: one clause with the reason, safe to print.
    Refuted(String),
}

/// How far an attestation of who built a release was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// A document says that there is one.
    Offered,
    /// It was verified for this artifact, and names who built it.
    Verified(Box<Identity>),
    /// It is offered, and is false: one clause with the reason, safe to print.
    Refuted(String),
}

/// Whose pipeline a trusted publisher is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// CircleCI. On npm its releases carry no provenance, and that is no loss.
    CircleCi,
    /// Another, as the registry calls it.
    Other(String),
}

impl Provider {
    /// Of what a registry writes (`github`, `GitHub`, `gitlab`, `circleci` …).
    pub fn of(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "github" => Self::GitHub,
            "gitlab" => Self::GitLab,
            "circleci" => Self::CircleCi,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// The name that people know. Safe to print.
    pub fn words(&self) -> String {
        match self {
            Self::GitHub => "GitHub Actions".to_owned(),
            Self::GitLab => "GitLab CI".to_owned(),
            Self::CircleCi => "CircleCI".to_owned(),
            Self::Other(name) => customs_model::printable(name, 60),
        }
    }
}

/// What one release shows.
///
/// An axis that was looked for and is not there is [`Seen::Absent`]. Who reads a document that
/// may lack a field for all releases (npm's abbreviated one), or could not reach a place, says
/// [`Seen::NotAsked`]: that is how *lost* and *not asked* stay apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which release.
    pub release: ReleaseId,
    /// When the registry says that it was published.
    pub published: Option<Timestamp>,
    /// The registry's signature.
    pub signature: Seen<Proof>,
    /// The attestation of who built it.
    pub provenance: Seen<Provenance>,
    /// The pipeline that published it, as the registry says.
    pub trusted_publisher: Seen<Provider>,
    /// The person who approved it, as the registry says.
    pub approval: Seen<String>,
    /// Who published it.
    pub publisher: Seen<Publisher>,
    /// Names of its required dependencies.
    pub dependencies: Seen<BTreeSet<String>>,
    /// What of it runs at install or build, by name (`postinstall`, `build.rs`).
    pub scripts: Seen<BTreeSet<String>>,
}

impl Shown {
    /// A release of which nothing was asked yet. Whoever asks fills it in.
    pub fn nothing_asked(release: ReleaseId, because: &str) -> Self {
        Self {
            release,
            published: None,
            signature: Seen::not_asked(because),
            provenance: Seen::not_asked(because),
            trusted_publisher: Seen::not_asked(because),
            approval: Seen::not_asked(because),
            publisher: Seen::not_asked(because),
            dependencies: Seen::not_asked(because),
            scripts: Seen::not_asked(because),
        }
    }

    /// What is seen on an axis, without its value.
    pub fn axis(&self, axis: Axis) -> Seen<()> {
        match axis {
            Axis::Signature => self.signature.kind(),
            Axis::Provenance => self.provenance.kind(),
            Axis::TrustedPublisher => self.trusted_publisher.kind(),
            Axis::Approval => self.approval.kind(),
        }
    }

    /// Whether an axis shows something that nobody has shown to be false.
    pub fn shows(&self, axis: Axis) -> bool {
        self.refuted(axis).is_none() && matches!(self.axis(axis), Seen::Is(()))
    }

    /// Whether an axis shows something that may be relied on: verified, or (trusted publisher
    /// and approval, which nobody signs) the registry's word.
    pub fn proves(&self, axis: Axis) -> bool {
        match axis {
            Axis::Signature => matches!(self.signature, Seen::Is(Proof::Verified)),
            Axis::Provenance => self.identity().is_some(),
            Axis::TrustedPublisher | Axis::Approval => self.shows(axis),
        }
    }

    /// Why what an axis shows is false, where it is.
    pub fn refuted(&self, axis: Axis) -> Option<&str> {
        match axis {
            Axis::Signature => match self.signature.is()? {
                Proof::Refuted(why) => Some(why),
                Proof::Offered | Proof::Verified => None,
            },
            Axis::Provenance => match self.provenance.is()? {
                Provenance::Refuted(why) => Some(why),
                Provenance::Offered | Provenance::Verified(_) => None,
            },
            Axis::TrustedPublisher | Axis::Approval => None,
        }
    }

    /// Who built it, as verified.
    pub fn identity(&self) -> Option<&Identity> {
        match self.provenance.is()? {
            Provenance::Verified(identity) => Some(identity),
            Provenance::Offered | Provenance::Refuted(_) => None,
        }
    }

    /// What was taken for absent on an axis was stripped.
    pub(super) fn strip(&mut self, axis: Axis) {
        match axis {
            Axis::Signature => self.signature.strip(),
            Axis::Provenance => self.provenance.strip(),
            Axis::TrustedPublisher => self.trusted_publisher.strip(),
            Axis::Approval => self.approval.strip(),
        }
    }
}
