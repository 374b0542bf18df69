//! P8: what is sent, copied or signed is replaced.

use super::{FACTS, Proof, Weight, to};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, SinkKind, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "replaced-address",
    title: "Nobody's payment goes elsewhere.",
    what: "A function of the platform that sends, copies or signs is replaced by one of the package's own, which \
           puts an address of its choice in the place of the one it was given.",
    why: "The victim sees the right address until the money is gone.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "`fetch` is replaced; the body's addresses are replaced by the nearest one of a list.",
    ],
    silent: &[
        "A wallet library checks the form of addresses.",
        "A tracing SDK adds a header.",
    ],
    learnt_from: "chalk and debug (September 2025), solana web3.js (December 2024).",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if flow.sink == SinkKind::Replacement && flow.zone > Zone::Never {
        Weight::Proof
    } else {
        Weight::None
    }
}

fn says(flow: &Flow) -> String {
    format!(
        "it replaces {} (by {})",
        printable(&flow.source_name, 120),
        to(&flow.target)
    )
}
