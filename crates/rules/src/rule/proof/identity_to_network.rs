//! P2: who and where goes to the network at install.

use super::{FACTS, Proof, Weight, is_loopback, is_network, to};
use crate::doc::RuleDoc;
use crate::recognise::telemetry;
use customs_model::{Flow, Inspection, Mark, SourceKind, Target, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "identity-to-network",
    title: "An installation does not tell strangers who installs.",
    what: "Host name, user, home or working folder, or network addresses go into a request or a name lookup \
           while a package is installed or an interpreter starts.",
    why: "Probes for dependency confusion do just that, and so do droppers that choose their victims.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["`os.hostname()` is a label of a name that a preinstall script looks up."],
    silent: &[
        "The platform and architecture are in the path of a download.",
        "The host is one that the package names as its own: then it is suspicious.",
        "Only the project that a build server builds is told (`GITHUB_REPOSITORY`), or eight letters of a name at \
         most: then it is suspicious.",
        "Only the path of a file in the home or working folder is told, as by who looks a file up that may as \
         well have an address: then it is suspicious.",
    ],
    learnt_from: "the dependency-confusion probes since February 2021.",
};

/// Variables of build servers that name the project which is built. They are public for most
/// projects, and say neither on which machine nor for whom something is installed.
const OF_A_BUILD: [&str; 5] = [
    "GITHUB_REPOSITORY",
    "CI_PROJECT_PATH",
    "BITBUCKET_REPO_FULL_NAME",
    "BUILD_REPOSITORY_NAME",
    "TRAVIS_REPO_SLUG",
];

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if flow.source != SourceKind::Identity || !is_network(flow.sink) || is_loopback(&flow.target) {
        return Weight::None;
    }
    let known = flow.target != Target::Caller;
    let is_weak = OF_A_BUILD.contains(&flow.source_name.as_str())
        || flow.source_name.starts_with("the first ")
        || flow.source_name.starts_with("a path in ");
    match flow.zone {
        // An opt-out that is read first proves nothing: whoever attacks can write one.
        Zone::Install | Zone::Start
            if known && (is_weak || flow.marks.contains(&Mark::OwnHost)) =>
        {
            Weight::Suspicious
        }
        Zone::Install | Zone::Start if known => Weight::Proof,
        Zone::Install | Zone::Start => Weight::Note,
        _ if telemetry::is_of_an_sdk(flow) => Weight::Note,
        Zone::Import | Zone::Folder if known && flow.marks.contains(&Mark::UnusualHost) => {
            Weight::Suspicious
        }
        _ => Weight::Note,
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
    use crate::recognise::tests::{flow, verdict};
    use customs_model::{SinkKind, SourceKind, Standing};

    fn told(name: &str) -> Standing {
        let told = flow(
            (SourceKind::Identity, name),
            SinkKind::Network,
            "in.metrics.example",
            &[],
        );
        verdict(told).standing
    }

    #[test]
    fn the_project_of_a_build_server_or_a_path_is_suspicious_and_the_name_of_a_host_is_proof() {
        assert_eq!(told("GITHUB_REPOSITORY"), Standing::Suspicious);
        assert_eq!(
            told("the first 8 letters of HOSTNAME"),
            Standing::Suspicious
        );
        assert_eq!(told("a path in os.homedir"), Standing::Suspicious);
        assert_eq!(told("os.homedir"), Standing::Malicious);
        assert_eq!(told("HOSTNAME"), Standing::Malicious);
        assert_eq!(told("os.hostname()"), Standing::Malicious);
        assert_eq!(told("USER"), Standing::Malicious);
    }
}
