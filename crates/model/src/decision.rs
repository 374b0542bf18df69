use crate::{ReleaseId, RuleId, Timestamp};
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
