//! P10: the user's files are destroyed.

use super::{FACTS, Proof, Weight, to, unasked};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, SinkKind, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "destruction",
    title: "The user's files are not a package's to delete.",
    what: "Home, root, a drive or the project is deleted, overwritten or encrypted at install, start or import, \
           whatever guards it.",
    why: "Protestware and wipers hide behind a test of country, date or failed theft.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["`fs.rmSync(os.homedir(), {recursive: true})` behind a test of the locale."],
    silent: &["A cache folder of the package's own below the home folder is removed."],
    learnt_from: "node-ipc (March 2022), the second Shai-Hulud (November 2025).",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    match flow.sink {
        SinkKind::Destruction if unasked(flow.zone) => Weight::Proof,
        SinkKind::Destruction => Weight::Note,
        _ => Weight::None,
    }
}

fn says(flow: &Flow) -> String {
    format!(
        "it destroys {} with {}",
        to(&flow.target),
        printable(&flow.sink_name, 40)
    )
}
