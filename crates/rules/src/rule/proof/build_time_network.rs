//! P11: a build script or macro uses the network.

use super::remote_code::runs;
use super::{FACTS, Proof, Weight, is_loopback, is_network, to};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, Mark, SinkKind, SourceKind, Target, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "build-time-network",
    title: "A build takes nothing from strangers and tells them nothing.",
    what: "A build script or procedural macro sends what it reads of the environment or machine, or compiles, \
           includes or runs what it downloaded without comparing it with a digest in the crate.",
    why: "Three of 159 build scripts of popular crates use the network at all; no other scanner reads them.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["`build.rs` posts `std::env::vars()`."],
    silent: &["A `-sys` crate compares the archive that it downloads with a digest."],
    learnt_from: "arrayref and arone (August 2026).",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    let in_rust = flow
        .path
        .last()
        .is_some_and(|hop| hop.at.file.ends_with(".rs"));
    if !in_rust || flow.zone != Zone::Install || flow.marks.contains(&Mark::PinnedByDigest) {
        return Weight::None;
    }
    match flow.source {
        SourceKind::Environment
        | SourceKind::NamedSecret
        | SourceKind::Identity
        | SourceKind::CredentialFile
        | SourceKind::CredentialService
            if is_network(flow.sink) =>
        {
            // A tool that fetches for its own project is started in a folder of the machine.
            let tells_its_own =
                flow.source == SourceKind::Identity && flow.marks.contains(&Mark::OwnHost);
            if is_loopback(&flow.target) || flow.target == Target::Caller || tells_its_own {
                Weight::Suspicious
            } else {
                Weight::Proof
            }
        }
        SourceKind::Remote if runs(flow.sink) => {
            let compared = flow.marks.contains(&Mark::ComparedWithDigest);
            if flow.marks.contains(&Mark::OwnHost) || compared {
                Weight::Suspicious
            } else {
                Weight::Proof
            }
        }
        _ => Weight::None,
    }
}

fn says(flow: &Flow) -> String {
    match flow.sink {
        SinkKind::Network | SinkKind::NameLookup => format!(
            "its build sends {} to {}",
            printable(&flow.source_name, 100),
            to(&flow.target)
        ),
        _ => format!(
            "its build runs or compiles {}",
            printable(&flow.source_name, 100)
        ),
    }
}
