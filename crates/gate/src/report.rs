//! What a run is told at its end: installed, held and until when, what was taken
//! instead, blocked and why, not known and why.

mod proofs;

use customs_ecosystem::npm::{NpmVersion, release_line};
use customs_model::{Decision, Ecosystem, PackageName, Reason, ReleaseId, Timestamp, Version};
use customs_registry::Judged;
use customs_rules::Policy;
use proofs::Proofs;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something that happened.
pub enum Event {
    /// A document was rendered.
    Offered {
        /// Of which package.
        package: PackageName,
        /// The decisions behind it.
        judged: Arc<Judged>,
        /// Where its tags pointed before hiding, or its newest version.
        wanted: Vec<String>,
    },
    /// An artifact was delivered.
    Delivered {
        /// Which.
        release: ReleaseId,
        /// A sentence, when it was delivered although it is held.
        although: Option<String>,
    },
    /// An artifact or document was refused.
    Refused(RefusedEntry),
    /// Something could not be looked at.
    NotKnown(String),
    /// A release was delivered although a rule could not look at all that it asks about.
    NotChecked {
        /// Which.
        release: ReleaseId,
        /// What, and why not: a sentence each.
        what: Vec<String>,
    },
    /// Something of a release was not read that nobody waited for.
    NotRead {
        /// About which release.
        release: ReleaseId,
        /// What, and why not: one sentence.
        what: String,
    },
    /// A name was asked for that only a probe asks for.
    Canary(String),
    /// Something that a reader has to know although it stops nothing: a sentence.
    Warned(String),
    /// Whether a registry shows a proof of origin of what it delivered.
    Proof {
        /// The registry.
        registry: String,
        /// Of which package.
        package: PackageName,
        /// Which proof.
        proof: Proof,
        /// Whether it does.
        shown: bool,
    },
}

pub use proofs::Proof;

/// A release that was hidden, and would have been taken otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HeldEntry {
    /// The release.
    pub release: ReleaseId,
    /// `hold` or `block`.
    pub action: String,
    /// Until when; none for what does not end by itself.
    pub until: Option<Timestamp>,
    /// The rule that decided.
    pub rule: String,
    /// Every rule that held or blocked it.
    pub rules: Vec<String>,
    /// The sentence of the one that decided.
    pub why: String,
    /// What was delivered instead, in this run.
    pub took: Option<Version>,
    /// What its code shows already; none where it was not read yet.
    #[serde(default)]
    pub shows: Option<String>,
}

/// A release that was taken although something is held against it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TakenEntry {
    /// The release.
    pub release: ReleaseId,
    /// Why it was delivered all the same.
    pub why: String,
}

/// What could not be checked, and of which releases that were delivered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotCheckedEntry {
    /// What, and why not.
    pub what: String,
    /// Of which releases.
    pub releases: BTreeSet<ReleaseId>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefusedEntry {
    /// Name or name and version.
    pub what: String,
    /// The rule.
    pub rule: String,
    /// The sentence that the client was sent.
    pub why: String,
}

/// The report of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Whether any request of the command arrived at the gate.
    pub arrived: bool,
    /// What was delivered.
    pub delivered: Vec<ReleaseId>,
    /// Delivered although held.
    pub although: Vec<TakenEntry>,
    /// Hidden, and would have been taken otherwise.
    pub held: Vec<HeldEntry>,
    /// Refused.
    pub refused: Vec<RefusedEntry>,
    /// Notes of rules that only warn: a sentence each.
    pub warnings: Vec<String>,
    /// What is not known, and why.
    pub not_known: Vec<String>,
    /// Delivered without an answer to everything that the rules ask.
    #[serde(default)]
    pub not_checked: Vec<NotCheckedEntry>,
    /// What was not read while nobody waited for it: of held releases, and of predecessors.
    #[serde(default)]
    pub not_read: Vec<NotCheckedEntry>,
    /// Names of probes that arrived.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub canaries: BTreeSet<String>,
}

struct Offer {
    judged: Arc<Judged>,
    wanted: Vec<String>,
}

/// Events, summed.
#[derive(Default)]
pub struct Summary {
    offers: BTreeMap<PackageName, Offer>,
    delivered: BTreeSet<ReleaseId>,
    although: BTreeSet<TakenEntry>,
    refused: BTreeSet<RefusedEntry>,
    not_known: BTreeSet<String>,
    not_checked: BTreeMap<String, BTreeSet<ReleaseId>>,
    not_read: BTreeMap<String, BTreeSet<ReleaseId>>,
    canaries: BTreeSet<String>,
    warned: BTreeSet<String>,
    proofs: Proofs,
    exemptions: BTreeSet<usize>,
}

/// Entries of each list that are kept.
const MOST: usize = 20_000;

impl Summary {
    /// Takes one event.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Offered {
                package,
                judged,
                wanted,
            } => {
                self.exemptions.extend(&judged.exemptions);
                if self.offers.len() < MOST {
                    self.offers.insert(package, Offer { judged, wanted });
                }
            }
            Event::Delivered { release, although } => {
                if let Some(why) = although {
                    self.although.insert(TakenEntry {
                        release: release.clone(),
                        why,
                    });
                }
                if self.delivered.len() < MOST {
                    self.delivered.insert(release);
                }
            }
            Event::Refused(entry) => {
                if self.refused.len() < MOST {
                    self.refused.insert(entry);
                }
            }
            Event::Canary(name) => {
                if self.canaries.len() < 200 {
                    self.canaries.insert(name);
                }
            }
            Event::Warned(what) => {
                if self.warned.len() < 200 {
                    self.warned.insert(what);
                }
            }
            Event::Proof {
                registry,
                package,
                proof,
                shown,
            } => self.proofs.take(registry, package, proof, shown),
            Event::NotChecked { release, what } => {
                for what in what {
                    list(&mut self.not_checked, what, &release);
                }
            }
            Event::NotRead { release, what } => list(&mut self.not_read, what, &release),
            Event::NotKnown(why) => {
                if self.not_known.len() < 200 {
                    self.not_known.insert(why);
                }
            }
        }
    }

    /// The report so far, under a policy.
    pub fn report(&self, arrived: bool, policy: &Policy) -> RunReport {
        let mut held = Vec::new();
        let mut warnings = self.warned.clone();
        // An exemption that nothing needs any more should go.
        if arrived {
            let unmatched = policy.unmatched(&self.exemptions);
            warnings.extend(unmatched.iter().map(|e| e.unmatched_warning()));
        }
        for (package, offer) in &self.offers {
            let taken: Vec<&Version> = self
                .delivered
                .iter()
                .filter(|r| r.package == *package)
                .map(|r| &r.version)
                .collect();
            held.extend(hidden(package, offer, &taken));
            for version in &taken {
                if let Some(judgement) = offer.judged.about(version) {
                    warnings.extend(warned(&judgement.decision));
                }
            }
        }
        RunReport {
            arrived,
            delivered: self.delivered.iter().cloned().collect(),
            although: self.although.iter().cloned().collect(),
            held,
            refused: self.refused.iter().cloned().collect(),
            warnings: warnings.into_iter().collect(),
            not_known: self
                .not_known
                .iter()
                .cloned()
                .chain(self.proofs.said())
                .collect(),
            not_checked: entries(&self.not_checked),
            not_read: entries(&self.not_read),
            canaries: self.canaries.clone(),
        }
    }
}

/// Adds a release to those of which the same is to be said.
fn list(all: &mut BTreeMap<String, BTreeSet<ReleaseId>>, what: String, release: &ReleaseId) {
    if all.len() >= 200 && !all.contains_key(&what) {
        return;
    }
    let releases = all.entry(what).or_default();
    if releases.len() < MOST {
        releases.insert(release.clone());
    }
}

fn entries(all: &BTreeMap<String, BTreeSet<ReleaseId>>) -> Vec<NotCheckedEntry> {
    let entry = |(what, releases): (&String, &BTreeSet<ReleaseId>)| NotCheckedEntry {
        what: what.clone(),
        releases: releases.clone(),
    };
    all.iter().map(entry).collect()
}

/// Hidden releases that matter to this run: what a resolver would have taken first, and
/// the newest of the lines that were taken from, above what was taken.
fn hidden(package: &PackageName, offer: &Offer, taken: &[&Version]) -> Vec<HeldEntry> {
    let ecosystem = package.ecosystem();
    let highest = taken
        .iter()
        .max_by(|a, b| order(ecosystem, a.as_str(), b.as_str()));
    let first = offer.wanted.first().map(String::as_str);
    let matters = |version: &str| {
        let instead = taken
            .iter()
            .filter(|t| line(ecosystem, t.as_str()) == line(ecosystem, version))
            .max_by(|a, b| order(ecosystem, a.as_str(), b.as_str()))
            .or(highest.filter(|_| first == Some(version)));
        let is_first = first == Some(version) && taken.is_empty();
        let above = |t: &&&Version| order(ecosystem, version, t.as_str()) == Ordering::Greater;
        match instead.filter(above) {
            Some(instead) => Some(Some((**instead).clone())),
            None => is_first.then_some(None),
        }
    };
    // Files of one release are decided on their own; one entry speaks for all.
    let mut entries: BTreeMap<String, HeldEntry> = BTreeMap::new();
    for judgement in offer.judged.decisions.values() {
        let decision = &judgement.decision;
        let Some(reason) = decision.decisive().filter(|_| !decision.action.allows()) else {
            continue;
        };
        let version = decision.release.version.as_str();
        if !offer.wanted.iter().any(|w| w == version) {
            continue;
        }
        let Some(took) = matters(version) else {
            continue;
        };
        entries
            .entry(version.to_owned())
            .or_insert_with(|| HeldEntry {
                release: decision.release.clone(),
                action: decision.action.word().to_owned(),
                until: decision.action.until(),
                rule: reason.rule.to_string(),
                rules: spoke(decision),
                why: reason.message.clone(),
                took,
                shows: shows(decision, reason),
            });
    }
    entries.into_values().collect()
}

/// What the code of a hidden release shows beside what hides it, where it was read.
fn shows(decision: &Decision, decisive: &Reason) -> Option<String> {
    decision.inputs.artifact.as_ref()?;
    let rules = customs_rules::RuleSet::standard();
    let reads_code = |reason: &Reason| rules.reading_code().any(|id| id == reason.rule.as_str());
    let others = decision
        .reasons
        .iter()
        .filter(|reason| *reason != decisive && reads_code(reason));
    let others: Vec<String> = others
        .take(3)
        .map(|reason| format!("{} ({})", reason.message, reason.rule))
        .collect();
    if !others.is_empty() {
        return Some(others.join("; "));
    }
    // Then what hides it says it.
    let none = || "nothing that a rule speaks against".to_owned();
    (!reads_code(decisive)).then(none)
}

/// The rules that spoke with effect.
fn spoke(decision: &Decision) -> Vec<String> {
    let effective = decision
        .reasons
        .iter()
        .filter(|r| r.waived.is_none() && !r.asks.allows());
    effective.map(|r| r.rule.to_string()).collect()
}

fn line(ecosystem: Ecosystem, version: &str) -> Option<String> {
    match ecosystem {
        Ecosystem::Npm => NpmVersion::parse(version).map(|v| format!("{:?}", release_line(&v))),
        Ecosystem::PyPi => customs_ecosystem::pypi::release_line(version),
        Ecosystem::Cargo => customs_ecosystem::cargo::release_line(version),
    }
}

/// Sentences of rules that spoke without effect.
pub(crate) fn warned(decision: &Decision) -> Vec<String> {
    decision
        .reasons
        .iter()
        .filter(|r| r.waived.is_some() || r.asks.allows())
        .map(|r| format!("{}: {} ({})", decision.release.spoken(), r.message, r.rule))
        .collect()
}

fn order(ecosystem: Ecosystem, a: &str, b: &str) -> Ordering {
    match ecosystem {
        Ecosystem::Npm => NpmVersion::parse(a).cmp(&NpmVersion::parse(b)),
        Ecosystem::PyPi => customs_ecosystem::pypi::compare(a, b).unwrap_or(Ordering::Equal),
        Ecosystem::Cargo => customs_ecosystem::cargo::compare(a, b).unwrap_or(Ordering::Equal),
    }
}
