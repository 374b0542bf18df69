use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Facts, RuleDoc};
use customs_model::{AdvisoryMatch, Confidence, Dossier, Known, Severity, printable};

/// A release that an advisory calls malware.
pub(super) struct KnownMalicious;

static DOC: RuleDoc = RuleDoc {
    id: "known-malicious",
    title: "A release that an advisory calls malicious is never offered.",
    what: "Any advisory that matches the release and says malicious, not merely vulnerable. Withdrawn \
           advisories do not count. No exemption of a policy file waives it; one that is granted while gates \
           run does only where that was asked for by name. When a configured source cannot be read, the \
           report says *not checked*; a source that nobody configured is said once and holds nothing. \
           A vulnerability blocks nothing here.",
    why: "What is known to be bad must stay away at any age: caches and mirrors kept serving axios@1.14.1 \
          after its removal. Alone it is not enough, as feeds come hours late.",
    effect: "block",
    ends: "never",
    settings: &[],
    facts: Facts {
        npm: "advisory folder or OSV export; else the upstream's audit endpoint",
        pypi: "advisory folder or OSV export",
        cargo: "advisory folder or OSV export",
    },
    fires: &["axios@1.14.1 with MAL-2026-2307 in the snapshot, however old."],
    silent: &[
        "A release with a vulnerability.",
        "A release whose malware advisory was withdrawn.",
    ],
    learnt_from: "every incident; the late feeds of March 2026.",
};

impl Rule for KnownMalicious {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        if let Known::NotKnown(because) = &dossier.advisories {
            findings.not_checked(format!("advisories: {}", printable(because, 200)));
        }
        for advisory in malicious(dossier) {
            findings.add(
                &DOC,
                Severity::Critical,
                Confidence::High,
                message(advisory),
            );
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        malicious(case.dossier)
            .next()
            .map(|advisory| Ask::block(message(advisory)))
    }
}

fn malicious(dossier: &Dossier) -> impl Iterator<Item = &AdvisoryMatch> {
    dossier
        .advisories
        .known()
        .into_iter()
        .flatten()
        .filter(|advisory| advisory.malicious)
}

fn message(advisory: &AdvisoryMatch) -> String {
    format!(
        "{} ({}): {}",
        printable(&advisory.id, 40),
        printable(&advisory.source, 60),
        printable(&advisory.summary, 160)
    )
}
