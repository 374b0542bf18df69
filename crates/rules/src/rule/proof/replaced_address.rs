//! P8: what is sent, copied or signed is replaced.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to};
use crate::doc::RuleDoc;
use crate::recognise::wallet_library;
use customs_model::{Flow, Inspection, Mark, SinkKind, SourceKind, Target, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "replaced-address",
    title: "Nobody's payment goes elsewhere.",
    what: "A function of the platform that sends, copies or signs is replaced by one of the package's own, which \
           puts an address of its choice in the place of the one it was given. Or a function that is given the \
           key or the phrase of a wallet, or stands in for one that others send with, sends that to a host that \
           stands in the package.",
    why: "The victim sees the right address until the money is gone.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "`fetch` is replaced; the body's addresses are replaced by the nearest one of a list.",
        "`fromSecretKey` puts its argument into the header of a request.",
        "`XMLHttpRequest.prototype.send` is replaced, and each body goes to another host as well. Put on the client \
         of whoever calls for it, that is suspicious.",
        "`getpass.getpass` is replaced, and what is typed there is sent; so are the keys in the requests that \
         somebody else's client makes.",
    ],
    silent: &[
        "A wallet library checks the form of addresses.",
        "A tracing SDK adds a header.",
        "A client sends a key to the host that its caller names, or to the package's own.",
    ],
    learnt_from: "chalk and debug (September 2025), solana web3.js (December 2024).",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if flow.zone == Zone::Never {
        return Weight::None;
    }
    if flow.sink == SinkKind::Replacement {
        return Weight::Proof;
    }
    if !is_given_key(flow) || wallet_library::goes_to_its_caller(flow) || is_loopback(&flow.target)
    {
        return Weight::None;
    }
    let may_be_asked_for = is_put_on_by_its_caller(flow) || is_handed_on(flow);
    if flow.target == Target::Opaque || flow.marks.contains(&Mark::OwnHost) || may_be_asked_for {
        Weight::Suspicious
    } else {
        Weight::Proof
    }
}

/// Whether whoever calls a function has it put on his client: some do that to log answers.
fn is_put_on_by_its_caller(flow: &Flow) -> bool {
    flow.source_name
        .starts_with("what is given to interceptors.")
        && flow.zone == Zone::Called
}

/// Whether settings of a request go on as they came: so a request is led over a proxy.
fn is_handed_on(flow: &Flow) -> bool {
    const STEPS: usize = 2;
    flow.source_name == "what is given to fetch" && flow.path.len() <= STEPS
}

/// Whether the key that a caller gives for his account leaves, or what others send.
fn is_given_key(flow: &Flow) -> bool {
    flow.source == SourceKind::Intercepted && is_network(flow.sink)
}

fn says(flow: &Flow) -> String {
    if is_given_key(flow) {
        return format!(
            "it sends {} to {}",
            printable(&flow.source_name, 120),
            to(&flow.target)
        );
    }
    format!(
        "it replaces {} (by {})",
        printable(&flow.source_name, 120),
        to(&flow.target)
    )
}
