//! What an SDK tells its service about the machine that it runs on.

use super::{Recogniser, Seen, has, own_machine};
use customs_model::{Flow, Mark, SinkKind, SourceKind, Target, Zone, printable};

pub(super) static TELEMETRY: Recogniser = Recogniser {
    id: "telemetry",
    what: "Host name, user, folder or addresses go to a service that stands in the package by a domain name \
           of its own, when the package is imported or its folder is opened.",
    why: "SDKs for errors, metrics and traces say on which machine something happened, and a program that \
          imports one wants that.",
    twin: "The same data goes to a bare address, a tunnel or a message service, or it goes while the package \
           is installed.",
    limits: "Whose service it is is not known, and anybody can register a domain. Whether an opt-out is read \
             first does not count: whoever attacks can write one.",
    recognises,
    without: |flow| {
        if is_of_an_sdk(flow) {
            flow.marks.push(Mark::UnusualHost);
        }
    },
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    let Target::Constant(host) = &flow.target else {
        return None;
    };
    is_of_an_sdk(flow).then(|| {
        format!(
            "{} is a host with a name, and nothing is told while it is installed",
            printable(host, 80)
        )
    })
}

/// Whether a flow tells a service with a name of its own who and where, and not at install.
pub(crate) fn is_of_an_sdk(flow: &Flow) -> bool {
    flow.source == SourceKind::Identity
        && matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup)
        && matches!(flow.zone, Zone::Import | Zone::Folder)
        && !has(flow, Mark::UnusualHost)
        && matches!(&flow.target, Target::Constant(host) if !own_machine::is_loopback(host))
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, verdict};
    use customs_model::{Flow, Mark, SinkKind, SourceKind, Standing, Zone};

    fn told(host: &str, zone: Zone, marks: &[Mark]) -> Flow {
        let mut flow = flow(
            (SourceKind::Identity, "os.hostname()"),
            SinkKind::Network,
            host,
            marks,
        );
        flow.zone = zone;
        flow
    }

    fn is_named(flow: Flow) -> (Standing, bool) {
        let verdict = verdict(flow);
        let named = verdict
            .findings
            .iter()
            .any(|f| f.message.contains("quieted by telemetry: "));
        (verdict.standing, named)
    }

    #[test]
    fn a_service_with_a_name_is_recognised_at_import_and_a_bare_address_is_suspicious() {
        let honest = told("in.metrics.example", Zone::Import, &[]);
        assert_eq!(is_named(honest), (Standing::Clean, true));
        let bare = told("203.0.113.7", Zone::Import, &[Mark::UnusualHost]);
        assert_eq!(is_named(bare), (Standing::Suspicious, false));
    }

    #[test]
    fn what_is_told_at_install_is_no_telemetry_and_no_opt_out_makes_it_one() {
        let early = told("in.metrics.example", Zone::Install, &[]);
        assert_eq!(is_named(early), (Standing::Malicious, false));
        let asked = told("in.metrics.example", Zone::Install, &[Mark::OptOut]);
        assert_eq!(is_named(asked), (Standing::Malicious, false));
    }
}
