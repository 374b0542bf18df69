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

/// Whether a host is the machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "::1" | "0.0.0.0") || host.starts_with("127.")
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
    }
}
