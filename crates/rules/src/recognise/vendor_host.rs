//! A key that goes to the service that it is for.

use super::{Recogniser, drop_mark, has};
use customs_model::{Mark, printable};

pub(super) static VENDOR_HOST: Recogniser = Recogniser {
    id: "vendor-host",
    what: "A secret of the environment goes to a host of the service that its name names.",
    why: "That is what a client of the service is for: `GITHUB_TOKEN` is sent to github.",
    twin: "The same secret goes to another host.",
    limits: "Hosts on which anybody can keep something, below the domain of a service, are the service's too; \
             and anybody can register a domain that begins with its name.",
    recognises: |flow, _| {
        has(flow, Mark::VendorHost).then(|| {
            format!(
                "the host is one of the service that {} is for",
                printable(&flow.source_name, 60)
            )
        })
    },
    without: |flow| drop_mark(flow, Mark::VendorHost),
};

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Mark, SinkKind, SourceKind};

    #[test]
    fn a_key_may_go_to_its_service_and_nowhere_else() {
        let sent = |host: &str, marks: &[Mark]| {
            flow(
                (SourceKind::NamedSecret, "GITHUB_TOKEN"),
                SinkKind::Network,
                host,
                marks,
            )
        };
        pair(
            "vendor-host",
            sent("api.github.example", &[Mark::VendorHost]),
            sent("collect.invalid", &[]),
        );
    }
}
