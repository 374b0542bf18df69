//! The whole judgement, by example: the default policy's table, real incidents, honest
//! releases, and properties that hold for all.

use crate::{Policy, RuleSet, decide, judge};
use customs_model::{Action, Decision, Dossier, Epoch, Timestamp};

mod benign;
mod incidents;
mod locked;
mod looks;
mod properties;
mod table;

/// A decision under the default policy.
fn decided(dossier: &Dossier, now: &str) -> Decision {
    under(&Policy::default(), dossier, now.parse().unwrap())
}

fn under(policy: &Policy, dossier: &Dossier, now: Timestamp) -> Decision {
    decide(
        dossier,
        &judge(dossier, &RuleSet::standard()),
        policy,
        now,
        &Epoch::default(),
    )
}

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}"), "customs.toml").unwrap()
}

/// Switches off every rule that only looks at ages.
fn without_ages() -> Policy {
    policy(
        "[rules.version-age]\nmode = \"off\"\n[rules.name-age]\nmode = \"off\"\n\
         [rules.publish-time-unknown]\nmode = \"off\"\n",
    )
}

/// `hold version-age, warn lost-origin`: the rules that spoke, in order.
fn spoke(decision: &Decision) -> String {
    let word = |r: &customs_model::Reason| match (&r.waived, &r.asks) {
        (Some(_), _) => "waived",
        (None, Action::Allow) => "warn",
        (None, asks) => asks.word(),
    };
    let all: Vec<String> = decision
        .reasons
        .iter()
        .map(|r| format!("{} {}", word(r), r.rule))
        .collect();
    all.join(", ")
}
