//! A credential file that goes to the service that it is for.

use super::{Recogniser, Seen};
use customs_model::{Flow, SourceKind, Target, printable};

pub(super) static OWN_SERVICE: Recogniser = Recogniser {
    id: "own-service",
    what: "A credential file is sent to a host of the service that it belongs to, by code that somebody calls.",
    why: "Command lines and clients of a service log in with what the user keeps for it.",
    twin: "The same file goes to another host, or it goes unasked.",
    limits: "The service is told by a word in the host's name, which anybody can put into a name of their own.",
    recognises,
    without: |flow| flow.target = Target::Constant("another host".to_owned()),
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    (flow.source == SourceKind::CredentialFile && is_of_the_service(flow)).then(|| {
        format!(
            "the host is one of the service that {} is for",
            printable(&flow.source_name, 80)
        )
    })
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
}
