use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Facts, RuleDoc};
use customs_model::{Confidence, Dossier, Severity, printable};

/// A release with a proof of origin that is false.
pub(super) struct FalseOrigin;

static DOC: RuleDoc = RuleDoc {
    id: "false-origin",
    title: "A release whose own proof of origin is false is not delivered.",
    what: "The registry offers a signature or an attestation with the release, its key or authority is one that is \
           trusted here, and it is not over the artifact that would be delivered: another digest, another name or \
           version, or a signature that does not hold. Signatures are checked wherever the release is decided, \
           attestations after the first delivery, and before each later one. Evidence that is absent, that was \
           stripped on the way, that could not be asked for, or whose key nobody here knows says nothing and \
           holds nothing.",
    why: "Whoever swaps an artifact on a mirror, in a cache or on the way can change the document with it, but \
          not the signature over it. Leaving the signature out is no way around: that is told of the registry.",
    effect: "block",
    ends: "when the registry offers evidence that holds; an exemption names the release",
    settings: &[],
    facts: Facts {
        npm: "`dist.signatures` of the document; the registry's document of attestations",
        pypi: "the `provenance` object of the file",
        cargo: "not applicable: nothing is signed",
    },
    fires: &[
        "A mirror with another tarball and another `integrity`, and the signature of the true one.",
        "An attestation that was copied from another version.",
    ],
    silent: &[
        "A release without a signature, or of a registry that passes none on.",
        "A signature by a key that is not known here: `customs trust update` brings newer ones.",
    ],
    learnt_from: "Artifacts that were replaced behind registries and in caches; the signatures were there and nobody compared.",
};

/// Sentences that are repeated.
const SHOWN: usize = 4;

impl Rule for FalseOrigin {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        if let Some(message) = message(dossier) {
            let shown = dossier.false_origin.iter().take(SHOWN);
            let evidence = shown.map(|line| printable(line, 400)).collect();
            findings.add_listed(&DOC, Severity::High, Confidence::High, message, evidence);
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        message(case.dossier).map(Ask::block)
    }
}

/// For people, as a part of a sentence about the release.
fn message(dossier: &Dossier) -> Option<String> {
    let first = dossier.false_origin.first()?;
    Some(format!(
        "its proof of origin is not of this artifact: {}",
        printable(first, 400)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{at, dossier};
    use crate::{LockedOutcome, Policy, RuleSet, decide, judge, locked_decision};
    use customs_model::{Action, Epoch, Standing};

    /// Published years before it is asked for.
    fn old(false_origin: &[&str]) -> Dossier {
        let mut dossier = dossier("npm", "pkg", "1.2.4", "2020-03-01T00:00:00Z");
        dossier.false_origin = false_origin.iter().map(ToString::to_string).collect();
        dossier
    }

    fn decided(dossier: &Dossier, policy: &str) -> (Action, LockedOutcome) {
        let policy = Policy::parse(policy, "policy.toml").unwrap();
        let verdict = judge(dossier, &RuleSet::standard());
        let now = at("2026-03-01T00:00:00Z");
        let decision = decide(dossier, &verdict, &policy, now, &Epoch::default());
        let locked = locked_decision(dossier, &decision, &verdict, &policy);
        (decision.action, locked)
    }

    #[test]
    fn a_false_proof_blocks_at_any_age_and_in_a_lockfile_too() {
        let dossier = old(&["the registry's signature was not accepted"]);
        let (action, locked) = decided(&dossier, "version = 1");
        assert_eq!(action, Action::Block { until: None });
        assert!(matches!(locked, LockedOutcome::Refuse { .. }), "{locked:?}");
    }

    #[test]
    fn a_policy_may_let_it_speak_only() {
        let dossier = old(&["the registry's signature was not accepted"]);
        let warn = "version = 1\n[rules.false-origin]\nmode = \"warn\"\n";
        assert_eq!(decided(&dossier, warn).0, Action::Allow);
    }

    #[test]
    fn a_false_proof_is_no_proof_of_malware_and_each_is_shown() {
        let dossier = old(&["first", "second\u{1b}[31m"]);
        let verdict = judge(&dossier, &RuleSet::standard());
        assert_eq!(verdict.standing, Standing::Suspicious);
        let of_rule = |f: &&customs_model::Finding| f.rule.as_str() == DOC.id;
        let finding = verdict.findings.iter().find(of_rule).unwrap();
        assert_eq!(
            finding.message,
            "its proof of origin is not of this artifact: first"
        );
        assert_eq!(finding.evidence, ["first", "second\\u{1b}[31m"]);
    }

    #[test]
    fn evidence_that_is_absent_says_nothing() {
        let (action, _) = decided(&old(&[]), "version = 1");
        assert_eq!(action, Action::Allow);
    }
}
