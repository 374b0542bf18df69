//! Exemptions that were granted while gates run: not in a file, but in the ledger.

use super::Policy;
use super::exemption::{Ends, Exemption, Place};
use super::matching::Match;
use crate::rule::{self, NEVER_WAIVED};
use customs_model::{Digest, Dossier, Severity, Timestamp, Verdict, printable};

/// The rules that an exemption of run time waives only where that was asked for by name: the
/// release is known to be malicious, or its own proof of origin is false.
pub const GUARDED: [&str; 2] = [NEVER_WAIVED, "false-origin"];

/// A rule that no exemption of run time waives: the policy's own word against a release.
const OF_THE_POLICY: &str = "denied";

/// An exemption of run time, as the ledger records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name in the ledger.
    pub id: String,
    /// What it is about, as a policy file writes it.
    pub about: String,
    /// The artifacts that it is bound to; empty: names and versions alone.
    pub digests: Vec<Digest>,
    /// The rules that it waives, by id.
    pub rules: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub until: Timestamp,
    /// It counts although a release is malicious or its proof of origin is false.
    pub although_malicious: bool,
    /// The identity of who granted it.
    pub by: Option<String>,
    /// The agent for which it was granted; then it does not count.
    pub agent: Option<String>,
}

/// What only an exemption of run time has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfRunTime {
    pub(super) id: String,
    pub(super) digests: Vec<Digest>,
    pub(super) although_malicious: bool,
}

impl OfRunTime {
    /// Whether a release is the one that was looked at when it was granted.
    pub(super) fn binds(&self, dossier: &Dossier) -> bool {
        self.digests.is_empty() || dossier.digests.iter().any(|one| self.digests.contains(one))
    }
}

impl Grant {
    /// Whether it is well formed; what is wrong, as a clause, safe to print.
    ///
    /// # Errors
    /// It is about nothing, waives nothing, or waives what it may not.
    pub fn check(&self) -> Result<(), String> {
        self.exemption().map(|_| ())
    }

    fn exemption(&self) -> Result<Exemption, String> {
        let matches = match Match::parse(&self.about)? {
            Match::Pattern(_) => {
                return Err(
                    "an exemption is bound to a name, a version, a range or a digest, not to a '*'"
                        .to_owned(),
                );
            }
            bound => bound,
        };
        if self.rules.is_empty() {
            return Err("it names no rule".to_owned());
        }
        let rules = self.rules.iter().map(|id| self.rule(id));
        Ok(Exemption {
            matches,
            rules: rules.collect::<Result<_, _>>()?,
            reason: said("reason", &self.reason)?,
            owner: said("owner", &self.owner)?,
            ends: Ends::At(self.until),
            place: Place {
                file: self.id.clone(),
                line: 0,
                column: 0,
            },
            run_time: Some(OfRunTime {
                id: printable(&self.id, 40),
                digests: self.digests.clone(),
                although_malicious: self.although_malicious,
            }),
        })
    }

    fn rule(&self, id: &str) -> Result<&'static str, String> {
        let rule = rule::find(id).ok_or_else(|| super::file::no_rule(id))?;
        match rule.doc().id {
            OF_THE_POLICY => Err(
                "what the policy denies is not exempted at run time; take it out of deny"
                    .to_owned(),
            ),
            id if GUARDED.contains(&id) && !self.although_malicious => Err(format!(
                "{id} is waived only with an explicit word for it (--although-malicious)"
            )),
            id => Ok(id),
        }
    }
}

fn said(what: &str, text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err(format!("it has no {what}")),
        text => Ok(printable(text, super::file::LONGEST_TEXT)),
    }
}

/// Whether a rule speaks for a reason that an exemption of run time does not waive unasked.
fn is_guarded(verdict: &Verdict, rule: &str) -> bool {
    let found = verdict.findings.iter();
    GUARDED.contains(&rule)
        || found
            .filter(|finding| finding.rule.as_str() == rule)
            .any(|finding| finding.severity == Severity::Critical)
}

impl Exemption {
    /// The name that an exemption of run time has in the ledger; none for one of a file.
    pub fn id(&self) -> Option<&str> {
        self.run_time.as_ref().map(|one| one.id.as_str())
    }

    /// Whether it may waive a rule, given what was found.
    pub(super) fn suffices(&self, verdict: &Verdict, rule: &str) -> bool {
        match &self.run_time {
            Some(one) => one.although_malicious || !is_guarded(verdict, rule),
            None => rule != NEVER_WAIVED,
        }
    }
}

impl Policy {
    /// Whether somebody may grant exemptions while gates run; why not, as a clause.
    ///
    /// # Errors
    /// An agent asks, nobody knows who asks, or the policy names others.
    pub fn may_grant(&self, identity: Option<&str>, agent: Option<&str>) -> Result<(), String> {
        self.roles.may_grant(identity, agent)
    }

    /// This policy with these exemptions of run time, in place of those that it had. What does
    /// not count, because it is not well formed or because its author may not grant under this
    /// policy, is named: a sentence each, safe to print. What has ended is left out unsaid.
    pub fn with_grants(&self, grants: &[Grant], now: Timestamp) -> (Self, Vec<String>) {
        let mut policy = self.clone();
        policy.exemptions.retain(|one| one.run_time.is_none());
        let mut refused = Vec::new();
        for grant in grants.iter().filter(|grant| now < grant.until) {
            let may = self.may_grant(grant.by.as_deref(), grant.agent.as_deref());
            match may.and_then(|()| grant.exemption()) {
                Ok(exemption) => policy.exemptions.push(exemption),
                Err(why) => refused.push(format!(
                    "the exemption {} of {} is NOT applied: {why}",
                    printable(&grant.id, 40),
                    printable(&grant.about, 200),
                )),
            }
        }
        (policy, refused)
    }
}

#[cfg(test)]
mod tests;
