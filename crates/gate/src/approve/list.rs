//! What is exempted, of the ledger and of a policy file, and whether it counts.

use crate::grants::grant;
use customs_model::Timestamp;
use customs_rules::{Exemption, Policy, show_instant};
use customs_store::ExemptionRow;
use serde::{Deserialize, Serialize};

/// Whether an exemption counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It does.
    #[serde(rename = "in force")]
    InForce,
    /// Its time is over.
    #[serde(rename = "expired")]
    Expired,
    /// Somebody ended it.
    #[serde(rename = "ended")]
    Ended,
    /// The policy does not follow it.
    #[serde(rename = "not applied")]
    NotApplied,
}

impl State {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::NotApplied => "not applied",
        }
    }

    /// Whether somebody may have to do something about it, or it counts.
    pub const fn is_of_now(self) -> bool {
        matches!(self, Self::InForce | Self::NotApplied)
    }
}

/// One exemption, from wherever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name in the ledger, or its place in the policy file.
    pub id: String,
    /// `ledger` or `policy`.
    pub from: String,
    /// What it is about, as a policy file writes it.
    pub about: String,
    /// What it waives.
    pub rules: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// It counts although the release is malicious or its proof of origin is false.
    pub although_malicious: bool,
    /// When it was granted.
    pub granted: Option<Timestamp>,
    /// Who granted it, in words.
    pub by: Option<String>,
    /// Whether it counts.
    pub state: State,
    /// Who ended it, or why it is not applied.
    pub because: Option<String>,
}

/// What is exempted under a policy: by its file, and by these rows of the ledger. With `all` also
/// what is over.
pub fn listed(policy: &Policy, rows: Vec<ExemptionRow>, all: bool, now: Timestamp) -> Vec<Listed> {
    // Those of run time, which the policy of a gate has already, come from the ledger below.
    let of_file = policy.exemptions().iter().filter(|one| one.id().is_none());
    let mut lines: Vec<Listed> = of_file.map(|one| of_policy(one, now)).collect();
    lines.extend(rows.into_iter().map(|row| of_ledger(row, policy, now)));
    lines.retain(|line| all || line.state.is_of_now());
    lines
}

fn of_policy(one: &Exemption, now: Timestamp) -> Listed {
    let over = one.expires().is_some_and(|at| at <= now);
    Listed {
        id: format!("line {}", one.line()),
        from: "policy".to_owned(),
        about: one.about(),
        rules: one.rules().iter().map(ToString::to_string).collect(),
        reason: one.reason().to_owned(),
        owner: one.owner().to_owned(),
        until: one.expires(),
        although_malicious: false,
        granted: None,
        by: None,
        state: if over { State::Expired } else { State::InForce },
        because: None,
    }
}

fn of_ledger(row: ExemptionRow, policy: &Policy, now: Timestamp) -> Listed {
    let asked = grant(row.clone());
    let may = policy.may_grant(asked.by.as_deref(), asked.agent.as_deref());
    let (state, because) = match (&row.ended, may.and_then(|()| asked.check())) {
        (Some((at, ended)), _) => {
            let why = ended.reason.as_ref().map(|why| format!(": {why}"));
            let why = why.unwrap_or_default();
            let said = format!("{} by {}{why}", show_instant(*at), ended.who);
            (State::Ended, Some(said))
        }
        (None, _) if row.granted.until <= now => (State::Expired, None),
        (None, Err(why)) => (State::NotApplied, Some(why)),
        (None, Ok(())) => (State::InForce, None),
    };
    Listed {
        id: row.granted.id,
        from: "ledger".to_owned(),
        about: row.granted.about,
        rules: asked.rules,
        reason: row.granted.reason,
        owner: row.granted.owner,
        until: Some(row.granted.until),
        although_malicious: row.granted.although_malicious,
        granted: Some(row.at),
        by: Some(row.granted.who.to_string()),
        state,
        because,
    }
}
