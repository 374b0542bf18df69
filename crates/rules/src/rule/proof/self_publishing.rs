//! P6: a package publishes packages.

use super::{FACTS, Proof, Weight, to, unasked};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, SinkKind, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "self-publishing",
    title: "Installing a package publishes none.",
    what: "A release is published, by a command or by a request to a registry, at install, start or import.",
    why: "That is how a worm spreads: with the token of whoever installed it.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["A postinstall script rewrites a manifest and runs `npm publish`."],
    silent: &["A release tool publishes when its command is run."],
    learnt_from: "Shai-Hulud (September and November 2025).",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    match flow.sink {
        SinkKind::Publication if unasked(flow.zone) => Weight::Proof,
        SinkKind::Publication => Weight::Note,
        _ => Weight::None,
    }
}

fn says(flow: &Flow) -> String {
    format!(
        "it publishes a release ({}) to {}",
        printable(&flow.source_name, 80),
        to(&flow.target)
    )
}
