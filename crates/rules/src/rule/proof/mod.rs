//! Proofs: rules over what the code of an artifact does.
//!
//! A proof needs a whole path from source to sink, in a zone in which nobody asked for
//! it, to a place that stands in the package or is hidden. Where one condition is missing
//! the finding stays, as a suspicion.

use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Facts, RuleDoc};
use crate::recognise::{self, Seen, own_host, own_machine};
use customs_model::{Flow, Inspection, Severity, SinkKind, Target, Zone, printable};

pub(super) mod build_time_network;
pub(super) mod collect_and_send;
pub(super) mod destruction;
pub(super) mod download_cradle;
pub(super) mod forged_archive;
pub(super) mod hidden_code;
pub(super) mod identity_to_network;
pub(super) mod new_binary;
pub(super) mod planted_configuration;
pub(super) mod remote_code;
pub(super) mod replaced_address;
pub(super) mod secret_to_network;
pub(super) mod self_publishing;
pub(super) mod unguarded_agent;

/// How much a flow weighs for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Nothing.
    None,
    /// Worth knowing; an honest release may do it.
    Note,
    /// Seldom honest.
    Suspicious,
    /// Proof.
    Proof,
}

/// Steps of a way, past which it is no proof.
///
/// Each step is looked up in the code, but that one run takes all of them is not: a field, a list and a
/// caller may be others' each time. Of 2,364 packages with an attack in them, the longest of the
/// shortest ways has 10 steps; of honest ones that were called malicious, those with 13, 20 and 26 were
/// wrong (`cargo xtask calibrate files --ways`, 30 November 2026).
const LONG_WAY: usize = 12;

/// Past so many it is told, and raises no suspicion: each that was looked at led through a bundle of
/// which every function may be handed what any other one gives (storybook, a client of napi's).
const LONGEST_WAY: usize = 2 * LONG_WAY;

impl Weight {
    /// The weight of what comes over so many steps.
    fn over(self, steps: usize) -> Self {
        match self {
            weight if steps <= LONG_WAY => weight,
            Self::Proof if steps <= LONGEST_WAY => Self::Suspicious,
            Self::Proof | Self::Suspicious | Self::Note => Self::Note,
            Self::None => Self::None,
        }
    }
}

/// A rule over flows.
pub(super) struct Proof {
    doc: &'static RuleDoc,
    weigh: fn(&Flow, &Inspection) -> Weight,
    /// What happens, the end of "it …".
    says: fn(&Flow) -> String,
}

impl Rule for Proof {
    fn doc(&self) -> &'static RuleDoc {
        self.doc
    }

    fn reads_code(&self) -> bool {
        true
    }

    fn read(&self, inspection: &Inspection, before: Option<&Inspection>, findings: &mut Findings) {
        let seen = Seen {
            now: inspection,
            before,
        };
        let weigh = |flow: &Flow| (self.weigh)(flow, inspection);
        for flow in &inspection.flows {
            let lost = own_host::contradicted(flow, &seen);
            let told = lost.as_ref().unwrap_or(flow);
            let weight = weigh(flow).max(weigh(told)).over(flow.path.len());
            let quieted = recognise::quieted(told, &seen, weigh)
                .filter(|quieted| quieted.alone >= Weight::Suspicious && quieted.alone > weight);
            let severity = match weight {
                Weight::None if quieted.is_none() => continue,
                Weight::None | Weight::Note => Severity::Note,
                Weight::Suspicious => Severity::Medium,
                Weight::Proof => Severity::Critical,
            };
            let mut message = format!("{}, {}", (self.says)(flow), flow.zone.words());
            if lost.is_some() && weight > weigh(flow) {
                message
                    .push_str("; its manifest names the host, that of the release before did not");
            }
            if flow.path.len() > LONG_WAY && weight > Weight::None {
                message.push_str(&format!(
                    " (over {} steps: that one run takes all of them is not shown)",
                    flow.path.len()
                ));
            }
            if let Some(quieted) = quieted {
                message.push_str(&format!(" (quieted by {})", quieted.because));
            }
            findings.add_path(self.doc, severity, message, flow.path.clone());
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        ask(self.doc, case)
    }
}

/// What a proof wants: the worst of its findings blocks or warns.
fn ask(doc: &RuleDoc, case: &Case<'_>) -> Option<Ask> {
    let found = case
        .verdict
        .findings
        .iter()
        .filter(|finding| finding.rule.as_str() == doc.id);
    let worst = found.max_by_key(|finding| finding.severity)?;
    match worst.severity {
        Severity::Critical => Some(Ask::block(worst.message.clone())),
        Severity::Note => None,
        Severity::Low | Severity::Medium | Severity::High => Some(Ask::warn(worst.message.clone())),
    }
}

/// Where proofs get their facts.
const FACTS: Facts = Facts {
    npm: "the tarball's code, scripts and binding.gyp",
    pypi: "the file's code, setup.py, build hooks and .pth files",
    cargo: "the crate's build script and macros",
};

/// Nobody asked for what runs in these zones.
fn unasked(zone: Zone) -> bool {
    zone >= Zone::Folder
}

/// Where it goes, for people; none when the caller gives it.
fn place(target: &Target) -> Option<String> {
    match target {
        Target::Constant(text) => Some(printable(text, 120)),
        Target::Opaque => Some("a place that the code hides".to_owned()),
        Target::Caller => None,
    }
}

fn to(target: &Target) -> String {
    place(target).unwrap_or_else(|| "a place that the caller gives".to_owned())
}

fn is_loopback(target: &Target) -> bool {
    matches!(target, Target::Constant(host) if own_machine::is_loopback(host))
}

fn is_network(sink: SinkKind) -> bool {
    matches!(sink, SinkKind::Network | SinkKind::NameLookup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_of_many_steps_is_no_proof() {
        assert_eq!(Weight::Proof.over(LONG_WAY), Weight::Proof);
        assert_eq!(Weight::Proof.over(LONG_WAY + 1), Weight::Suspicious);
        assert_eq!(Weight::Proof.over(LONGEST_WAY), Weight::Suspicious);
        assert_eq!(Weight::Proof.over(LONGEST_WAY + 1), Weight::Note);
        assert_eq!(Weight::Suspicious.over(LONG_WAY + 1), Weight::Note);
        assert_eq!(Weight::None.over(LONG_WAY + 1), Weight::None);
    }
}
