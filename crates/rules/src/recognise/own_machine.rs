//! What stays on the machine.

use super::{Recogniser, Seen};
use customs_model::{Flow, SourceKind, Target};

pub(super) static OWN_MACHINE: Recogniser = Recogniser {
    id: "own-machine",
    what: "Data goes to the loopback interface, or comes from there.",
    why: "Nobody but programs of the same machine hears it.",
    twin: "The same data goes to an address of the network.",
    limits: "A program of the machine that hands it on is not seen.",
    recognises,
    without: |flow| {
        if is_here(&flow.target) {
            flow.target = Target::Opaque;
        }
        if answers_here(flow) {
            flow.source_name = "the answer of another machine".to_owned();
        }
    },
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    (is_here(&flow.target) || answers_here(flow)).then(|| "it stays on the machine".to_owned())
}

/// Whether a target is the machine itself.
fn is_here(target: &Target) -> bool {
    matches!(target, Target::Constant(host) if is_loopback(host))
}

fn answers_here(flow: &Flow) -> bool {
    flow.source == SourceKind::Remote
        && flow
            .source_name
            .strip_prefix("the answer of ")
            .is_some_and(is_loopback)
}

/// Whether a host is the machine itself, with a port or without. A name that only begins as
/// an address does, `127.0.0.1.evil.example`, is one of the network.
pub(crate) fn is_loopback(host: &str) -> bool {
    if matches!(host, "::1" | "[::1]") || host.starts_with("[::1]:") {
        return true;
    }
    let name = match host.split_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        Some(_) => return false,
        None => host,
    };
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let is_address = name.split('.').all(is_number);
    name.eq_ignore_ascii_case("localhost")
        || name == "0.0.0.0"
        || is_address && name.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{SinkKind, SourceKind};

    #[test]
    fn what_stays_here_is_recognised_and_what_leaves_is_proof() {
        let sent = |host: &str| {
            flow(
                (SourceKind::Environment, "process.env"),
                SinkKind::Network,
                host,
                &[],
            )
        };
        pair("own-machine", sent("127.0.0.1"), sent("collect.invalid"));
        pair(
            "own-machine",
            sent("localhost:8080"),
            sent("127.0.0.1.collect.invalid"),
        );
    }

    #[test]
    fn only_addresses_and_the_name_itself_are_the_machine() {
        for here in [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1",
            "127.1:80",
            "0.0.0.0:1",
            "::1",
            "[::1]:8080",
        ] {
            assert!(super::is_loopback(here), "{here}");
        }
        for other in [
            "127.evil.example",
            "127.0.0.1.evil.example:80",
            "localhost.evil.example",
            "127.",
            "[::1].evil.example",
            "",
        ] {
            assert!(!super::is_loopback(other), "{other}");
        }
    }
}
