//! P2: who and where goes to the network at install.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to};
use crate::doc::RuleDoc;
use crate::recognise::telemetry;
use customs_model::{Flow, Inspection, Mark, SourceKind, Target, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "identity-to-network",
    title: "An installation does not tell strangers who installs.",
    what: "Host name, user, home or working folder, or network addresses go into a request or a name lookup \
           while a package is installed or an interpreter starts.",
    why: "Probes for dependency confusion do just that, and so do droppers that choose their victims.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["`os.hostname()` is a label of a name that a preinstall script looks up."],
    silent: &[
        "The platform and architecture are in the path of a download.",
        "The host is one that the package names as its own: then it is suspicious.",
    ],
    learnt_from: "the dependency-confusion probes since February 2021.",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if flow.source != SourceKind::Identity || !is_network(flow.sink) || is_loopback(&flow.target) {
        return Weight::None;
    }
    let known = flow.target != Target::Caller;
    match flow.zone {
        // An opt-out that is read first proves nothing: whoever attacks can write one.
        Zone::Install | Zone::Start if known && flow.marks.contains(&Mark::OwnHost) => {
            Weight::Suspicious
        }
        Zone::Install | Zone::Start if known => Weight::Proof,
        Zone::Install | Zone::Start => Weight::Note,
        _ if telemetry::is_of_an_sdk(flow) => Weight::Note,
        Zone::Import | Zone::Folder if known && flow.marks.contains(&Mark::UnusualHost) => {
            Weight::Suspicious
        }
        _ => Weight::Note,
    }
}

fn says(flow: &Flow) -> String {
    format!(
        "it sends {} to {}",
        printable(&flow.source_name, 120),
        to(&flow.target)
    )
}
