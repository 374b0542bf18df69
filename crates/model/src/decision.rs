use crate::{Digest, Dossier, ReleaseId, RuleId, Timestamp, Version};
use serde::{Deserialize, Serialize};

/// What a policy does with a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// It may be offered and delivered.
    Allow,
    /// Not before `until`, which is always there: nothing is held for ever.
    Hold {
        /// The latest end.
        until: Timestamp,
    },
    /// Not until somebody reviews it; `until` ends blocks that age out.
    Block {
        /// When it ends by itself; none for known malware and denials.
        until: Option<Timestamp>,
    },
}

impl Action {
    /// Whether a resolver may be shown it.
    pub const fn allows(&self) -> bool {
        matches!(self, Self::Allow)
    }

    /// When it ends by itself.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Allow => None,
            Self::Hold { until } => Some(*until),
            Self::Block { until } => *until,
        }
    }

    /// `allow`, `hold` or `block`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold { .. } => "hold",
            Self::Block { .. } => "block",
        }
    }
}

/// One rule's part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub rule: RuleId,
    /// One sentence for people, safe to print.
    pub message: String,
    /// What this rule alone asks for.
    pub asks: Action,
    /// The policy lets it speak without effect (warn or observe mode, or an exemption).
    pub waived: Option<String>,
}

/// A policy applied to a dossier and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// About what.
    pub release: ReleaseId,
    /// The file, where files of one release are decided on their own (PyPI).
    pub artifact: Option<String>,
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
    /// Every rule that spoke, the decisive one first.
    pub reasons: Vec<Reason>,
    /// When it was made.
    pub at: Timestamp,
    /// Under which policy, advisories and rules.
    pub epoch: Epoch,
    /// On what. Nothing in records of before it was written.
    #[serde(default)]
    pub inputs: Inputs,
    /// The next instant at which time alone changes it.
    pub next_change: Option<Timestamp>,
}

impl Decision {
    /// The rule that decided, if anything spoke with effect.
    pub fn decisive(&self) -> Option<&Reason> {
        self.reasons
            .iter()
            .find(|r| r.waived.is_none() && !r.asks.allows())
    }
}

/// What a decision was made under. The same dossier, epoch and instant give the
/// same decision again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Epoch {
    /// Digest of the policy in force.
    pub policy: String,
    /// Name of the advisory snapshot; empty without one.
    pub advisories: String,
    /// Version of the rule set.
    pub rules: u32,
    /// Version of the engine that reads code; 0 in records of before there was one.
    #[serde(default)]
    pub engine: u32,
}

/// What a decision was made on, by name: what it is made again for when one of them changes.
/// The engine that read the code is the one of its [`Epoch`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inputs {
    /// The document whose facts count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Digest>,
    /// The artifact whose code was read; none where nobody read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Digest>,
    /// What it was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Compared>,
    /// The releases that new dependencies lead to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// Further ones, which are not listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_children: u32,
}

/// What a release was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The release that its document's facts were compared with.
    pub version: Version,
    /// The release that its code is compared with, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Version>,
    /// The artifact of that release, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Digest>,
}

/// A release that a new dependency leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The name, as declared and made printable.
    pub name: String,
    /// The release; none where nothing satisfies the requirement, or nobody could ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Its artifact, as its registry names it; none where that says nothing, and in records of
    /// before it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Digest>,
}

/// Children that are listed.
const CHILDREN: usize = 50;

const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Inputs {
    /// What a decision about this dossier is made on.
    pub fn of(dossier: &Dossier) -> Self {
        let predecessor = dossier.predecessor.as_ref().map(|before| Compared {
            version: before.version.clone(),
            settled: before.settled.clone(),
            artifact: before.read.clone(),
        });
        let children = dossier.added_dependencies.iter();
        Self {
            document: dossier.document.clone(),
            artifact: dossier.read.clone(),
            predecessor,
            children: children
                .map(|added| Child {
                    name: added.name.clone(),
                    version: added.newest.clone(),
                    artifact: added.artifact.clone(),
                })
                .take(CHILDREN)
                .collect(),
            more_children: u32::try_from(dossier.added_dependencies.len().saturating_sub(CHILDREN))
                .unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Known, Route};

    #[test]
    fn a_child_is_named_with_its_artifact() {
        let digest = Digest::sha256(b"bytes");
        let mut added = crate::AddedDependency::not_known("dep", "^1", "nobody asked");
        added.artifact = Some(digest.clone());
        let release = "pkg:npm/a@1.0.0".parse().unwrap();
        let mut dossier = Dossier::bare(release, Known::NotApplicable, Route::Public);
        dossier.added_dependencies = vec![added];
        assert_eq!(Inputs::of(&dossier).children[0].artifact, Some(digest));
    }
}
