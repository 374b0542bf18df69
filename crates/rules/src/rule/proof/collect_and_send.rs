//! P5: several kinds of secrets are collected and sent.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, SourceKind, Target, Zone, printable};
use std::collections::BTreeSet;

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "collect-and-send",
    title: "Nobody needs the keys of three services at once.",
    what: "Three or more kinds of credential files or services are read, and go to one place that stands in the \
           package or is hidden, in any zone that users run.",
    why: "One key may be a package's own business; a list of browsers, wallets and clouds is a list of victims.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["A function reads `~/.aws`, `~/.ssh` and `~/.npmrc`, packs them and posts them."],
    silent: &["A backup program whose destination is the caller's."],
    learnt_from: "Nx (August 2025), TruffleHog as a stage of Shai-Hulud.",
};

fn weigh(flow: &Flow, inspection: &Inspection) -> Weight {
    if !is_network(flow.sink)
        || flow.target == Target::Caller
        || is_loopback(&flow.target)
        || flow.zone == Zone::Never
        || !is_store(flow.source)
    {
        return Weight::None;
    }
    let kinds: BTreeSet<&str> = inspection
        .flows
        .iter()
        .filter(|other| {
            other.target == flow.target && is_network(other.sink) && is_store(other.source)
        })
        .map(|other| other.source_name.as_str())
        .collect();
    let first = inspection.flows.iter().find(|other| {
        other.target == flow.target && is_network(other.sink) && is_store(other.source)
    });
    if kinds.len() >= 3 && first == Some(flow) {
        Weight::Proof
    } else {
        Weight::None
    }
}

fn is_store(source: SourceKind) -> bool {
    matches!(
        source,
        SourceKind::CredentialFile | SourceKind::CredentialService
    )
}

fn says(flow: &Flow) -> String {
    format!(
        "it collects credentials of several services ({} among them) and sends them to {}",
        printable(&flow.source_name, 100),
        to(&flow.target)
    )
}
