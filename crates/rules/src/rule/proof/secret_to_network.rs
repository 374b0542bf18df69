//! P1 of the proofs: a secret goes to the network.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to, unasked};
use crate::doc::RuleDoc;
use crate::recognise::{asked_backup, own_service};
use customs_model::{Flow, Inspection, Mark, SourceKind, Target, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "secret-to-network",
    title: "Secrets of whoever installs it are not a package's to send.",
    what: "The whole environment, a credential file, what a credential service gives, the clipboard or a \
           well-known token goes into a request, socket, name or command that sends, at install, at start, \
           at import or when a folder is opened, to a place that stands in the package or is hidden.",
    why: "Most malware takes credentials, and lives from them: the environment of a build server holds \
          the keys to the next hundred packages.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "`JSON.stringify(process.env)` is the body of a request in a postinstall script.",
        "`~/.npmrc` is read at import and posted.",
    ],
    silent: &[
        "An SDK sends the key that is named after its own service to that service.",
        "The token of a cloud's metadata service goes back to that service with the next question.",
        "The environment is passed on to a child process.",
        "The host is what the caller gives.",
    ],
    learnt_from: "Shai-Hulud (September 2025), Nx (August 2025), ctx (May 2022).",
};

/// Tokens that everybody knows, and that are nobody's but their owner's.
const WELL_KNOWN: [&str; 14] = [
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "PYPI_TOKEN",
    "TWINE_PASSWORD",
    "CARGO_REGISTRY_TOKEN",
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
    "AZURE_CLIENT_SECRET",
    "DOCKER_PASSWORD",
    "SSH_AUTH_SOCK",
];

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if !is_network(flow.sink) || is_loopback(&flow.target) || flow.marks.contains(&Mark::VendorHost)
    {
        return Weight::None;
    }
    if own_service::is_back(flow) {
        return Weight::Note;
    }
    let known = flow.target != Target::Caller;
    match flow.source {
        SourceKind::Environment
        | SourceKind::CredentialFile
        | SourceKind::CredentialService
        | SourceKind::InputDevice => {
            if unasked(flow.zone) && known {
                Weight::Proof
            } else if flow.source == SourceKind::CredentialFile
                && matches!(flow.target, Target::Constant(_))
                && flow.zone > Zone::Never
                && !flow.marks.contains(&Mark::OwnHost)
                && !own_service::is_of_the_service(flow)
                && !asked_backup::is_asked(flow)
            {
                // Somebody else's file, to a place that the caller did not give. Everybody may
                // read the list of accounts, and it holds no secret.
                if flow.source_name.ends_with("(accounts)") {
                    Weight::Suspicious
                } else {
                    Weight::Proof
                }
            } else if unasked(flow.zone) {
                Weight::Suspicious
            } else {
                Weight::Note
            }
        }
        SourceKind::NamedSecret => {
            let foreign = WELL_KNOWN.contains(&flow.source_name.as_str())
                && !flow.marks.contains(&Mark::OwnHost);
            if unasked(flow.zone) && known && foreign {
                Weight::Proof
            } else if unasked(flow.zone) && known && flow.marks.contains(&Mark::UnusualHost) {
                Weight::Suspicious
            } else {
                Weight::Note
            }
        }
        _ => Weight::None,
    }
}

fn says(flow: &Flow) -> String {
    format!(
        "it sends {} to {}",
        printable(&flow.source_name, 120),
        to(&flow.target)
    )
}
