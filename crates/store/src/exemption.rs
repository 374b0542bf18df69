//! Exemptions that are granted while gates run: what the ledger records of them, and what that
//! amounts to.

use crate::Who;
use customs_model::{Digest, RuleId, Timestamp, printable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bounds of one record.
mod limit {
    /// Digests that one exemption is bound to. A release of PyPI has some hundred files.
    pub const DIGESTS: usize = 500;
    /// Rules that one exemption waives.
    pub const RULES: usize = 64;
    /// Characters of a text.
    pub const TEXT: usize = 200;
}

/// One change of the exemptions in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum ExemptionChange {
    /// One is in force from now on.
    Granted(Granted),
    /// One is in force no more.
    Ended(Ended),
}

/// An exemption that was granted at run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Its name, by which it is ended.
    pub id: String,
    /// What it is about, as a policy file writes it (`pkg:npm/left-pad@1.3.0`).
    pub about: String,
    /// The artifacts that it is bound to: those that the release was known by when it was
    /// granted. Empty: it is about names and versions alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<Digest>,
    /// The rules that it waives.
    pub rules: Vec<RuleId>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends by itself.
    pub until: Timestamp,
    /// It was asked for by name that this counts although the release is known or was judged to
    /// be malicious, or its proof of origin is false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub although_malicious: bool,
    /// Who granted it.
    pub who: Who,
}

/// The end of an exemption before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
    pub id: String,
    /// Why, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who ended it.
    pub who: Who,
}

/// An exemption, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExemptionRow {
    /// When it was granted.
    pub at: Timestamp,
    /// The chain of its record.
    pub chain: String,
    /// The place in that chain.
    pub seq: u64,
    /// What was granted.
    pub granted: Granted,
    /// When and by whom it was ended, if it was.
    pub ended: Option<(Timestamp, Ended)>,
}

impl ExemptionRow {
    /// Whether it is in force at an instant.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.granted.until
    }
}

impl ExemptionChange {
    /// Makes every text printable and short.
    pub(crate) fn clean(&mut self) {
        match self {
            Self::Granted(granted) => {
                granted.id = printable(&granted.id, 40);
                granted.about = printable(&granted.about, 300);
                granted.reason = printable(&granted.reason, limit::TEXT);
                granted.owner = printable(&granted.owner, limit::TEXT);
                granted.digests.truncate(limit::DIGESTS);
                granted.rules.truncate(limit::RULES);
                granted.who.clean();
            }
            Self::Ended(ended) => {
                ended.id = printable(&ended.id, 40);
                ended.reason = ended.reason.as_deref().map(|r| printable(r, limit::TEXT));
                ended.who.clean();
            }
        }
    }
}

/// One record of a change: when, chain, place in it, what.
pub(crate) type Change = (Timestamp, String, u64, ExemptionChange);

/// What the changes amount to, oldest first. A name counts once: who uses it again, or ends it
/// twice, changes nothing.
pub(crate) fn fold(changes: Vec<Change>) -> Vec<ExemptionRow> {
    let mut rows: Vec<ExemptionRow> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (at, chain, seq, change) in changes {
        match change {
            ExemptionChange::Granted(granted) => {
                if places.contains_key(&granted.id) {
                    continue;
                }
                places.insert(granted.id.clone(), rows.len());
                rows.push(ExemptionRow {
                    at,
                    chain,
                    seq,
                    granted,
                    ended: None,
                });
            }
            ExemptionChange::Ended(ended) => {
                let row = places.get(&ended.id).and_then(|place| rows.get_mut(*place));
                if let Some(row) = row.filter(|row| row.ended.is_none()) {
                    row.ended = Some((at, ended));
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn granted(id: &str, reason: &str) -> Change {
        let granted = Granted {
            id: id.to_owned(),
            about: "pkg:npm/left@1.0.1".to_owned(),
            digests: Vec::new(),
            rules: vec![RuleId::of("version-age")],
            reason: reason.to_owned(),
            owner: "platform".to_owned(),
            until: at("2026-11-10T00:00:00Z"),
            although_malicious: false,
            who: Who::default(),
        };
        let change = ExemptionChange::Granted(granted);
        (at("2026-11-01T00:00:00Z"), "chain".to_owned(), 2, change)
    }

    fn ended(id: &str) -> Change {
        let ended = Ended {
            id: id.to_owned(),
            reason: None,
            who: Who::default(),
        };
        let change = ExemptionChange::Ended(ended);
        (at("2026-11-02T00:00:00Z"), "chain".to_owned(), 3, change)
    }

    #[test]
    fn what_was_ended_is_in_force_no_more_and_its_name_is_not_used_again() {
        let rows = fold(vec![
            granted("EX-1", "first"),
            ended("EX-2"),
            ended("EX-1"),
            granted("EX-1", "again"),
        ]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0].granted.reason, "first");
        assert!(!rows[0].is_in_force(at("2026-11-03T00:00:00Z")));
    }

    #[test]
    fn an_exemption_ends_by_itself_at_its_first_instant() {
        let rows = fold(vec![granted("EX-1", "first")]);
        assert!(rows[0].is_in_force(at("2026-11-09T23:59:59Z")));
        assert!(!rows[0].is_in_force(at("2026-11-10T00:00:00Z")));
    }

    #[test]
    fn the_texts_of_a_record_steer_no_terminal() {
        let (.., mut change) = granted("EX-\u{1b}[2J", &"x\u{9b}".repeat(500));
        change.clean();
        let body = serde_json::to_string(&change).unwrap();
        assert!(!body.chars().any(char::is_control), "{body}");
        assert!(body.len() < 1_500, "{}", body.len());
    }
}
