//! A credential file that goes to the service that it is for.

use super::{Recogniser, Seen};
use customs_model::{Flow, SinkKind, SourceKind, Target, printable};

pub(super) static OWN_SERVICE: Recogniser = Recogniser {
    id: "own-service",
    what: "A credential file is sent to a host of the service that it belongs to, by code that somebody calls. \
           Or what a cloud's metadata service gave goes back to the address of such a service.",
    why: "Command lines and clients of a service log in with what the user keeps for it; a metadata service \
          hands out a token that it wants back with each question. It is heard on the same machine alone.",
    twin: "The same file or token goes to another host, or the file goes unasked.",
    limits: "The service is told by a word in the host's name, which anybody can put into a name of their own.",
    recognises,
    without: |flow| flow.target = Target::Constant("another host".to_owned()),
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    if is_back(flow) {
        return Some("the metadata service gets back what it gave".to_owned());
    }
    (flow.source == SourceKind::CredentialFile && is_of_the_service(flow)).then(|| {
        format!(
            "the host is one of the service that {} is for",
            printable(&flow.source_name, 80)
        )
    })
}

/// Addresses at which clouds hand out credentials to the machine that asks, and to no other.
const METADATA: [&str; 5] = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "metadata.google.internal",
    "[fd00:ec2::254]",
];

/// Whether what a cloud's metadata service gave goes back to such a service.
pub(crate) fn is_back(flow: &Flow) -> bool {
    flow.source == SourceKind::CredentialService
        && flow.source_name == "cloud metadata"
        && flow.sink == SinkKind::Network
        && matches!(&flow.target, Target::Constant(host) if METADATA.contains(&host.as_str()))
}

/// Whether a host is the one that a credential file is for.
pub(crate) fn is_of_the_service(flow: &Flow) -> bool {
    let Target::Constant(host) = &flow.target else {
        return false;
    };
    [
        ("AWS", "amazonaws"),
        ("Google", "google"),
        ("GitHub", "github"),
        ("npm", "npm"),
        ("Docker", "docker"),
        ("PyPI", "pypi"),
        ("Azure", "azure"),
        ("cargo", "crates"),
        ("Vault", "vault"),
        ("Terraform", "terraform"),
        ("accounts", ""),
    ]
    .iter()
    .any(|(place, vendor)| flow.source_name.contains(place) && host.contains(vendor))
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{SinkKind, SourceKind, Zone};

    #[test]
    fn a_file_may_go_to_its_service_when_somebody_asks() {
        let sent = |host: &str| {
            let mut flow = flow(
                (SourceKind::CredentialFile, "~/.aws/credentials (AWS keys)"),
                SinkKind::Network,
                host,
                &[],
            );
            flow.zone = Zone::Called;
            flow
        };
        pair(
            "own-service",
            sent("sts.amazonaws.example"),
            sent("collect.invalid"),
        );
    }

    #[test]
    fn a_token_may_go_back_to_the_metadata_service_and_nowhere_else() {
        let sent = |host: &str| {
            flow(
                (SourceKind::CredentialService, "cloud metadata"),
                SinkKind::Network,
                host,
                &[],
            )
        };
        pair(
            "own-service",
            sent("169.254.169.254"),
            sent("169.254.169.254.collect.invalid"),
        );
    }
}
