//! P1 of the proofs: a secret goes to the network.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to, unasked};
use crate::doc::RuleDoc;
use crate::recognise::well_known::is_well_known;
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
        "All cookies of a page, all that it stores, or each key that is pressed in it go to a host that stands in \
         the code.",
        "What is filled in anywhere in a page goes to a host that is not the package's own: that is suspicious.",
        "A function that anybody may call sends the whole environment to a host that is not the package's own: \
         that is suspicious.",
    ],
    silent: &[
        "An SDK sends the key that is named after its own service to that service. That a package names a \
         host as its own excuses no token that everybody knows.",
        "The token of a cloud's metadata service goes back to that service with the next question.",
        "The environment is passed on to a child process.",
        "The host is what the caller gives.",
        "A program of a cluster shows the cluster the token that it was given for that.",
    ],
    learnt_from: "Shai-Hulud (September 2025), Nx (August 2025), ctx (May 2022).",
};

/// Whether a file is one of the maker of the host that gets it: `~/.lk/auth.json` to `api.lk.example`.
fn is_of_the_host(flow: &Flow) -> bool {
    let Target::Constant(place) = &flow.target else {
        return false;
    };
    let host = place.split(['/', ':']).next().unwrap_or(place);
    let domain = host.rsplit('.').nth(1).unwrap_or_default();
    let name = flow.source_name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| !word.is_empty() && word == domain)
}

/// Whether a secret goes where the caller says, by a way that is made for it: clients look up in
/// `.netrc` what belongs to the host that they are told to ask; and a socket that is only connected is
/// told a place, often the name of a pipe, and no content.
fn is_to_who_asked(flow: &Flow) -> bool {
    flow.target == Target::Caller
        && (flow.source_name == "netrc.netrc" || flow.sink_name.ends_with("Socket().connect"))
}

/// Whether whoever calls a function of the package sends all of the environment to a host that stands in
/// the code and is not the package's own: nobody asks for that by calling something (ctx, May 2022).
fn takes_all_when_called(flow: &Flow) -> bool {
    flow.source == SourceKind::Environment
        && matches!(flow.target, Target::Constant(_))
        && flow.zone == Zone::Called
        && !flow.marks.contains(&Mark::OwnHost)
}

/// Whether what a cluster gives each of its programs goes to the cluster, or is what somebody logs in
/// with who calls for it: clients of vaults and clouds hand it in there.
fn is_login_of_a_cluster(flow: &Flow) -> bool {
    let of_cluster = matches!(&flow.target, Target::Constant(place)
    if place.split(['/', ':']).next().is_some_and(|host| {
        host == "kubernetes.default" || host.starts_with("kubernetes.default.svc")
    }));
    flow.source == SourceKind::CredentialFile
        && flow.source_name.ends_with("(Kubernetes service account)")
        && (of_cluster || matches!(flow.zone, Zone::Called | Zone::Command))
}

/// Whether it is what somebody fills in anywhere in a page. Some libraries send forms that are marked for
/// them, which no analysis of the code alone tells from all forms.
fn is_filled_in(flow: &Flow) -> bool {
    flow.source == SourceKind::InputDevice
        && ["input", "change", "submit"]
            .iter()
            .any(|event| flow.source_name.starts_with(&format!("the event {event} ")))
}

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if !is_network(flow.sink) || is_loopback(&flow.target) || flow.marks.contains(&Mark::VendorHost)
    {
        return Weight::None;
    }
    if own_service::is_back(flow) || is_to_who_asked(flow) || is_login_of_a_cluster(flow) {
        return Weight::Note;
    }
    let known = flow.target != Target::Caller;
    if is_filled_in(flow) {
        return match unasked(flow.zone) && known && !flow.marks.contains(&Mark::OwnHost) {
            true => Weight::Suspicious,
            false => Weight::Note,
        };
    }
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
                && !own_service::is_of_the_service(flow)
                && !asked_backup::is_asked(flow)
            {
                // Somebody else's file, to a place that the caller did not give. Everybody may
                // read the list of accounts, and it holds no secret.
                let own = flow.marks.contains(&Mark::OwnHost);
                if own && is_of_the_host(flow) {
                    Weight::Note
                } else if own || flow.source_name.ends_with("(accounts)") {
                    Weight::Suspicious
                } else {
                    Weight::Proof
                }
            } else if unasked(flow.zone) || takes_all_when_called(flow) {
                Weight::Suspicious
            } else {
                Weight::Note
            }
        }
        SourceKind::NamedSecret => {
            // That the host is the package's own says nothing: whoever made it names its hosts.
            if unasked(flow.zone) && known && is_well_known(&flow.source_name) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::SinkKind;

    fn sent(source: SourceKind, name: &str, host: &str, zone: Zone, mark: Option<Mark>) -> Weight {
        let flow = Flow {
            source,
            source_name: name.to_owned(),
            sink: SinkKind::Network,
            sink_name: "fetch".to_owned(),
            target: Target::Constant(host.to_owned()),
            zone,
            path: Vec::new(),
            marks: mark.into_iter().collect(),
        };
        weigh(&flow, &Inspection::default())
    }

    #[test]
    fn a_host_that_the_package_names_gets_no_token_of_others() {
        let own = Some(Mark::OwnHost);
        let named = SourceKind::NamedSecret;
        for zone in [Zone::Install, Zone::Import] {
            for token in ["NPM_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"] {
                assert_eq!(
                    sent(named, token, "t.own.example", zone, own),
                    Weight::Proof
                );
                assert_eq!(
                    sent(named, token, "t.own.example", zone, None),
                    Weight::Proof
                );
            }
            // Its own, and one that goes to whose it is.
            assert_eq!(
                sent(named, "OWN_API_KEY", "t.own.example", zone, own),
                Weight::Note
            );
            let vendor = Some(Mark::VendorHost);
            assert_eq!(
                sent(named, "GITHUB_TOKEN", "api.github.com", zone, vendor),
                Weight::None
            );
        }
        let called = sent(named, "NPM_TOKEN", "t.own.example", Zone::Called, own);
        assert_eq!(called, Weight::Note);
    }

    #[test]
    fn the_token_of_a_cluster_may_go_to_the_cluster_and_where_a_caller_logs_in() {
        let token =
            "/var/run/secrets/kubernetes.io/serviceaccount/token (Kubernetes service account)";
        let at = |host, zone| sent(SourceKind::CredentialFile, token, host, zone, None);
        assert_eq!(at("t.other.example", Zone::Import), Weight::Proof);
        assert_eq!(at("t.other.example", Zone::Called), Weight::Note);
        assert_eq!(at("kubernetes.default.svc", Zone::Import), Weight::Note);
        assert_eq!(
            at("kubernetes.default.evil.example", Zone::Import),
            Weight::Proof
        );
    }

    #[test]
    fn a_file_of_others_that_a_caller_has_sent_to_the_own_host_is_suspicious() {
        let (own, file) = (Some(Mark::OwnHost), SourceKind::CredentialFile);
        let called = |name, host, mark| sent(file, name, host, Zone::Called, mark);
        assert_eq!(called("~/.npmrc", "t.own.example", own), Weight::Suspicious);
        assert_eq!(called("~/.npmrc", "t.other.example", None), Weight::Proof);
        assert_eq!(
            called("~/.own/auth.json", "t.own.example", own),
            Weight::Note
        );
    }
}
