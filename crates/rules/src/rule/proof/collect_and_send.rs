//! P5: several kinds of secrets are collected and sent.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to, unasked};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, Mark, SourceKind, Target, Zone, printable};
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
           package or is hidden, in any zone that users run. Of variables of the environment that are named \
           after other vendors' secrets three count at install, at start and at import; two are suspicious.",
    why: "One key may be a package's own business; a list of browsers, wallets and clouds is a list of victims.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "A function reads `~/.aws`, `~/.ssh` and `~/.npmrc`, packs them and posts them.",
        "`OPENAI_API_KEY`, `STRIPE_SECRET_KEY` and `SLACK_TOKEN` go to one host at import.",
    ],
    silent: &[
        "A backup program whose destination is the caller's.",
        "A client sends each vendor its own key.",
        "A client sends its two keys, `OWN_CLIENT_SECRET` and `OWN_API_KEY`, to its service.",
    ],
    learnt_from: "Nx (August 2025), TruffleHog as a stage of Shai-Hulud.",
};

fn weigh(flow: &Flow, inspection: &Inspection) -> Weight {
    if !is_network(flow.sink)
        || flow.target == Target::Caller
        || is_loopback(&flow.target)
        || flow.zone == Zone::Never
    {
        return Weight::None;
    }
    if flow.source == SourceKind::NamedSecret {
        return of_vendors(flow, inspection);
    }
    if !is_store(flow.source) {
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

/// Secrets of the environment that are named after several vendors and go to one place that is none
/// of theirs, before anybody asked for anything.
fn of_vendors(flow: &Flow, inspection: &Inspection) -> Weight {
    let counts = |other: &&Flow| {
        other.source == SourceKind::NamedSecret
            && other.target == flow.target
            && is_network(other.sink)
            && unasked(other.zone)
            && !other.marks.contains(&Mark::VendorHost)
            && vendor(&other.source_name).is_some()
    };
    let mut sent = inspection.flows.iter().filter(counts);
    let vendors: BTreeSet<String> = sent
        .clone()
        .filter_map(|other| vendor(&other.source_name))
        .collect();
    if sent.next() != Some(flow) {
        return Weight::None;
    }
    match vendors.len() {
        0 | 1 => Weight::None,
        2 => Weight::Suspicious,
        _ => Weight::Proof,
    }
}

/// The vendor that the name of a secret begins with. Some names begin with no vendor.
fn vendor(name: &str) -> Option<String> {
    const OF_ANY: [&str; 16] = [
        "api", "app", "access", "auth", "bearer", "client", "key", "login", "my", "private",
        "secret", "session", "token", "user", "password", "public",
    ];
    let first = name.split('_').next()?.to_ascii_lowercase();
    (name.contains('_') && !OF_ANY.contains(&first.as_str())).then_some(first)
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

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::SinkKind;

    fn judged(names: &[&str], zone: Zone, mark: Option<Mark>) -> Weight {
        let flow = |name: &&str| Flow {
            source: SourceKind::NamedSecret,
            source_name: (*name).to_owned(),
            sink: SinkKind::Network,
            sink_name: "fetch".to_owned(),
            target: Target::Constant("c.invalid".to_owned()),
            zone,
            path: Vec::new(),
            marks: mark.into_iter().collect(),
        };
        let inspection = Inspection {
            flows: names.iter().map(flow).collect(),
            ..Inspection::default()
        };
        weigh(&inspection.flows[0], &inspection)
    }

    #[test]
    fn keys_of_several_vendors_go_to_none_of_them() {
        let three = ["OPENAI_API_KEY", "STRIPE_SECRET_KEY", "SLACK_TOKEN"];
        assert_eq!(judged(&three, Zone::Import, None), Weight::Proof);
        assert_eq!(judged(&three[..2], Zone::Import, None), Weight::Suspicious);
        assert_eq!(judged(&three[..1], Zone::Import, None), Weight::None);
        assert_eq!(judged(&three, Zone::Called, None), Weight::None);
        let vendor = Some(Mark::VendorHost);
        assert_eq!(judged(&three, Zone::Import, vendor), Weight::None);
        let own = [
            "OWN_CLIENT_SECRET",
            "OWN_API_KEY",
            "CLIENT_SECRET",
            "API_KEY",
        ];
        assert_eq!(judged(&own, Zone::Import, None), Weight::None);
    }
}
