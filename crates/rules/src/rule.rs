//! The rules: one file each, listed once.
//!
//! `judge` says what is there, without clock and without policy. `ask` turns it into
//! what the rule wants under a policy at an instant, always with an end.

use crate::Findings;
use crate::age::Age;
use crate::doc::RuleDoc;
use crate::policy::Policy;
use crate::words::later;
use customs_model::{Action, Dossier, Inspection, SignedDuration, Timestamp, Verdict};

mod change;
mod denied;
mod dormant_name;
mod false_origin;
mod known_malicious;
mod lost_origin;
mod manifest_confusion;
mod name_age;
mod name_imitation;
mod new_install_script;
mod non_registry_dependency;
mod not_followed;
mod not_judged;
mod novelty;
mod other_builder;
mod proof;
mod publish_time_anomaly;
mod publish_time_unknown;
mod release_burst;
mod score;
mod unmet_dependency;
mod unreadable_artifact;
mod version_age;
mod young_dependency;

pub(crate) use change::at_install_words;
pub use change::{adds_content, lane_objection};
pub use other_builder::ORIGIN_LOOKED_AT;

/// Every rule, in the order in which findings and reasons are listed.
pub(crate) static ALL: &[&dyn Rule] = &[
    &known_malicious::KnownMalicious,
    &denied::Denied,
    &false_origin::FalseOrigin,
    &young_dependency::YoungDependency,
    &lost_origin::LostOrigin,
    &other_builder::OtherBuilder,
    &version_age::VersionAge,
    &name_age::NameAge,
    &publish_time_unknown::PublishTimeUnknown,
    &publish_time_anomaly::PublishTimeAnomaly,
    &new_install_script::NewInstallScript,
    &non_registry_dependency::NonRegistryDependency,
    &release_burst::ReleaseBurst,
    &name_imitation::NameImitation,
    &dormant_name::DormantName,
    &unmet_dependency::UnmetDependency,
    &unreadable_artifact::UnreadableArtifact,
    &not_judged::NotJudged,
    &not_followed::NotFollowed,
    &novelty::Novelty,
    &manifest_confusion::ManifestConfusion,
    &proof::secret_to_network::RULE,
    &proof::identity_to_network::RULE,
    &proof::remote_code::RULE,
    &proof::hidden_code::RULE,
    &proof::collect_and_send::RULE,
    &proof::self_publishing::RULE,
    &proof::unguarded_agent::RULE,
    &proof::planted_configuration::RULE,
    &proof::replaced_address::RULE,
    &proof::download_cradle::RULE,
    &proof::destruction::RULE,
    &proof::build_time_network::RULE,
    &proof::new_binary::RULE,
    &proof::forged_archive::RULE,
    &score::Score,
];

/// Rules that a private name is exempt from. No other.
pub(crate) const AGE_RULES: [&str; 3] = ["version-age", "name-age", "publish-time-unknown"];

/// Rules that only say "not yet", nothing about what a release holds. A locked
/// release that nothing else speaks against is delivered and reported; that what it
/// needs is young as well matters to resolvers alone, and each of these is decided on
/// its own.
pub(crate) const ONLY_ITS_AGE: [&str; 3] =
    ["version-age", "publish-time-unknown", "unmet-dependency"];

/// The rule that no exemption of a file waives.
pub(crate) const NEVER_WAIVED: &str = "known-malicious";

/// How long a release waits that begins to run code at install: as long its artifact is
/// no measure for the next one.
pub fn hook_hold(policy: &Policy) -> SignedDuration {
    policy.duration(&new_install_script::HOLD)
}

/// A rule by its id.
pub(crate) fn find(id: &str) -> Option<&'static dyn Rule> {
    ALL.iter().copied().find(|rule| rule.doc().id == id)
}

/// One rule.
pub trait Rule: Sync {
    /// What it says about itself.
    fn doc(&self) -> &'static RuleDoc;

    /// What is there. No clock, no policy.
    fn judge(&self, _dossier: &Dossier, _findings: &mut Findings) {}

    /// What the code of its artifact shows, and that of the release before where its facts are
    /// at hand. No clock, no policy, no registry.
    fn read(
        &self,
        _inspection: &Inspection,
        _before: Option<&Inspection>,
        _findings: &mut Findings,
    ) {
    }

    /// What its code shows beside that of the release before it. No clock, no policy, no
    /// registry.
    fn compare(&self, _before: &Inspection, _after: &Inspection, _findings: &mut Findings) {}

    /// Whether it goes by what the code of an artifact does, not by what its registry says.
    fn reads_code(&self) -> bool {
        false
    }

    /// What it wants under a policy, at an instant.
    fn ask(&self, case: &Case<'_>) -> Option<Ask>;
}

/// What a rule decides upon.
#[derive(Debug)]
pub struct Case<'a> {
    /// Everything known.
    pub dossier: &'a Dossier,
    /// What was found in it.
    pub verdict: &'a Verdict,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The present instant.
    pub now: Timestamp,
    /// How old the release is.
    pub age: Age,
}

/// What a rule wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Hold, block, or allow (then it is a warning).
    pub action: Action,
    /// Why, for people, as a part of a sentence.
    pub message: String,
    /// The rule itself steps back, because …
    pub waived: Option<String>,
}

impl Case<'_> {
    /// When the release was published, if it is young enough for rules about change.
    fn recent(&self) -> Option<Timestamp> {
        let since = self.age.since()?;
        (self.now < self.window_end(since)).then_some(since)
    }

    fn window_end(&self, published: Timestamp) -> Timestamp {
        later(published, self.policy.change_window)
    }

    /// A hold that ends `after` a beginning; none when that is over.
    fn hold_for(
        &self,
        from: Timestamp,
        after: SignedDuration,
        message: impl FnOnce() -> String,
    ) -> Option<Ask> {
        self.hold_until(later(from, after), message)
    }

    fn hold_until(&self, until: Timestamp, message: impl FnOnce() -> String) -> Option<Ask> {
        (self.now < until).then(|| Ask {
            action: Action::Hold { until },
            message: message(),
            waived: None,
        })
    }

    fn block_until(&self, until: Timestamp, message: impl FnOnce() -> String) -> Option<Ask> {
        (self.now < until).then(|| Ask {
            action: Action::Block { until: Some(until) },
            message: message(),
            waived: None,
        })
    }
}

impl Ask {
    fn block(message: String) -> Self {
        Self {
            action: Action::Block { until: None },
            message,
            waived: None,
        }
    }

    fn warn(message: String) -> Self {
        Self {
            action: Action::Allow,
            message,
            waived: None,
        }
    }
}
