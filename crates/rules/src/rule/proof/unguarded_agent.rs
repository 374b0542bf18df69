//! An agent of the user's is given work that nobody asked for.

use super::{FACTS, Proof, Weight, unasked};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, Mark, SinkKind, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "unguarded-agent",
    title: "Installing a package gives no work to an agent.",
    what: "An agent that is installed on the machine is started with a prompt at install, start or import. \
           One that is told to ask nobody before it acts is proof.",
    why: "An agent can read every file and run every command of its user. A prompt is code in plain words, \
          and what it leads to stands nowhere.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "A postinstall script starts `claude --dangerously-skip-permissions -p` with a list of files to look for.",
    ],
    silent: &["A command that reviews code starts an agent when it is run."],
    learnt_from: "The s1ngularity attack on Nx (August 2025): its hook had three agents search for wallets and keys.",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    match flow.sink {
        SinkKind::Agent if unasked(flow.zone) && asks_nobody(flow) => Weight::Proof,
        SinkKind::Agent if unasked(flow.zone) => Weight::Suspicious,
        SinkKind::Agent => Weight::Note,
        _ => Weight::None,
    }
}

fn asks_nobody(flow: &Flow) -> bool {
    flow.marks.contains(&Mark::AsksNobody)
}

fn says(flow: &Flow) -> String {
    let name = printable(&flow.sink_name, 80);
    match asks_nobody(flow) {
        true => format!("it gives work to the agent {name}, and tells it to ask nobody"),
        false => format!("it gives work to the agent {name}"),
    }
}
