//! A credential file that goes to the service that it is for.

use super::{Recogniser, Seen};
use customs_model::{Flow, SinkKind, SourceKind, Target, owner_of, printable};

pub(super) static OWN_SERVICE: Recogniser = Recogniser {
    id: "own-service",
    what: "A credential file is sent to a host of the service that it belongs to, by code that somebody calls. \
           Or what a cloud's metadata service gave goes back to the address of such a service.",
    why: "Command lines and clients of a service log in with what the user keeps for it; a metadata service \
          hands out a token that it wants back with each question. It is heard on the same machine alone.",
    twin: "The same file or token goes to another host, or the file goes unasked.",
    limits: "The service is told by the word that its domain begins with, and anybody can register a domain that \
             begins with it.",
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
    let Target::Constant(place) = &flow.target else {
        return false;
    };
    let host = place.split(['/', ':']).next().unwrap_or(place);
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
        ("GitLab", "gitlab"),
        ("Netlify", "netlify"),
        ("Vercel", "vercel"),
        ("DigitalOcean", "digitalocean"),
        ("Fly", "fly"),
        ("Railway", "railway"),
        ("Claude", "anthropic"),
        ("Codex", "openai"),
        ("Codex", "chatgpt"),
        ("Gemini", "google"),
        ("RubyGems", "rubygems"),
        ("Pulumi", "pulumi"),
        ("Snowflake", "snowflake"),
        ("Databricks", "databricks"),
        ("Kaggle", "kaggle"),
        ("HuggingFace", "huggingface"),
    ]
    .iter()
    .any(|(file, vendor)| flow.source_name.contains(file) && is_host_of(host, vendor))
}

/// Whether a host is one of a service: its domain begins with the service's word, and it is no
/// place that a customer of the service has there. What stands in front of a domain is chosen
/// by whoever has the domain, and too short a word stands in any.
fn is_host_of(host: &str, vendor: &str) -> bool {
    const SHORTEST: usize = 3;
    /// Domains, and parts in front of them, that services rent out.
    const RENTED: [&str; 8] = [
        "azurewebsites",
        "azurestaticapps",
        "azureedge",
        "azurefd",
        "execute-api",
        "elb",
        "compute",
        "compute-1",
    ];
    /// Under which countries register companies.
    const SECOND: [&str; 4] = ["com", "co", "org", "net"];
    let host = host.to_ascii_lowercase();
    // `lk.github.io`, `lk.s3.amazonaws.com`: who has it stands in front.
    let is_customers = owner_of(&host).is_some_and(|owner| owner.contains('/'))
        || host.split('.').any(|part| RENTED.contains(&part));
    if vendor.len() < SHORTEST || is_customers {
        return false;
    }
    let mut parts = host.rsplit('.').skip(1);
    let mut domain = parts.next().unwrap_or_default();
    if SECOND.contains(&domain) {
        domain = parts.next().unwrap_or_default();
    }
    domain
        .strip_prefix(vendor)
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair, verdict};
    use customs_model::{SinkKind, SourceKind, Standing, Zone};

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
        pair(
            "own-service",
            sent("sts.amazonaws.example"),
            sent("amazonaws.collect.invalid"),
        );
    }

    #[test]
    fn a_service_is_told_by_its_domain_and_by_a_word_of_some_length() {
        for (host, vendor) in [
            ("api.github.com", "github"),
            ("registry.npmlk.example", "npm"),
            ("sts.eu-west-1.amazonaws.com", "amazonaws"),
            ("sts.cn-north-1.amazonaws.com.cn", "amazonaws"),
            ("google.co.uk", "google"),
        ] {
            assert!(super::is_host_of(host, vendor), "{host} {vendor}");
        }
        for (host, vendor) in [
            ("collect.invalid", ""),
            ("a.collect.invalid", "a"),
            ("vault.collect.invalid", "vault"),
            ("github.collect.invalid", "github"),
            ("github-stats.example", "github"),
            ("lk.github.io", "github"),
            ("lk.s3.amazonaws.com", "amazonaws"),
            ("lk.azurewebsites.net", "azure"),
            ("lk.execute-api.eu-west-1.amazonaws.com", "amazonaws"),
        ] {
            assert!(!super::is_host_of(host, vendor), "{host} {vendor}");
        }
    }

    #[test]
    fn the_list_of_accounts_is_no_services_own() {
        let mut sent = flow(
            (SourceKind::CredentialFile, "/etc/passwd (accounts)"),
            SinkKind::Network,
            "collect.invalid",
            &[],
        );
        sent.zone = Zone::Called;
        let verdict = verdict(sent);
        assert_eq!(verdict.standing, Standing::Suspicious, "{verdict:?}");
        assert!(!format!("{verdict:?}").contains("own-service"));
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
