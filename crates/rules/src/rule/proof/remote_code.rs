//! P3: bytes from the network are run.

use super::{FACTS, Proof, Weight, unasked};
use crate::doc::RuleDoc;
use crate::recognise::own_machine;
use customs_model::{Flow, Inspection, Mark, SinkKind, SourceKind, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "remote-code",
    title: "What was not published is not run.",
    what: "Bytes from the network reach an evaluator, a process, a module loader or a file that is then run, \
           at install, start, import or when a folder is opened, and no digest that stands in the package guards \
           it.",
    why: "Whoever controls the host decides on every installation anew what runs; nobody can review it.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["A postinstall script downloads a file, sets its execution bit and starts it."],
    silent: &[
        "The download is compared with a digest in the package before it is run.",
        "The host is one that the package names as its own: then it is suspicious.",
        "A command that the user runs looks for updates.",
    ],
    learnt_from: "axios (March 2026), Mastra, ua-parser-js (October 2021).",
};

pub(super) fn runs(sink: SinkKind) -> bool {
    matches!(
        sink,
        SinkKind::DynamicCode
            | SinkKind::Process
            | SinkKind::Module
            | SinkKind::ExecutedFile
            | SinkKind::ForeignMemory
    )
}

fn weigh(flow: &Flow, inspection: &Inspection) -> Weight {
    if flow.source != SourceKind::Remote
        || !runs(flow.sink)
        || super::download_cradle::is_cradle(flow)
    {
        return Weight::None;
    }
    weigh_remote(flow, inspection)
}

pub(super) fn weigh_remote(flow: &Flow, _inspection: &Inspection) -> Weight {
    let host = flow
        .source_name
        .strip_prefix("the answer of ")
        .unwrap_or("a host");
    let known = host != "a host" && !host.is_empty();
    if own_machine::is_loopback(host) {
        return Weight::None;
    }
    if !unasked(flow.zone) {
        return Weight::Note;
    }
    if flow.marks.contains(&Mark::PinnedByDigest) {
        return Weight::Note;
    }
    if flow.marks.contains(&Mark::OwnHost) || !known {
        return Weight::Suspicious;
    }
    Weight::Proof
}

fn says(flow: &Flow) -> String {
    let how = match flow.sink {
        SinkKind::ExecutedFile => "runs a file that it downloaded",
        SinkKind::Process => "starts a process from",
        SinkKind::Module => "loads a module from",
        _ => "runs code from",
    };
    format!("it {how} ({})", printable(&flow.source_name, 120))
}
