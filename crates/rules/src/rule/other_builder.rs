use super::{Ask, Case, Rule, change};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Confidence, Dossier, Severity, SignedDuration, printable};

/// A release that somebody else built than the one before, as verified attestations say.
pub(super) struct OtherBuilder;

/// How old a release is at most whose attestation, and whose builder, are looked at before it is delivered.
pub const ORIGIN_LOOKED_AT: SignedDuration = SignedDuration::from_hours(30 * 24);

static ENDS: Setting = Setting {
    rule: "other-builder",
    key: "ends",
    what: "when the block ends, counted from the publish time; 30 d at most, since older releases are not looked at",
    default: Amount::Time(ORIGIN_LOOKED_AT),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "other-builder",
    title: "A release that another repository, workflow or machine built, and that brings something new, is blocked.",
    what: "Holds who built the release against who built the newest earlier one of its line that has an attestation \
           and is past the hold of new code (where none is, the newest), so that two poisoned releases in a row do not \
           vouch for each other; on PyPI a file of the same kind. Both attestations are verified, against roots of trust that are known here, before anything is believed of \
           them. Another issuer, repository (by its number, so that a new name is no other one), workflow, environment \
           or trigger, a branch in the place of a tag and a machine of one's own in the place of a hosted one count. \
           Alone that is a warning. With a new dependency, one from outside the registry, or a new or changed install \
           script the release is blocked. It is looked at before the first delivery of a release younger than 30 days, \
           for a few seconds at most, and told where the evidence did not come in time. Where the release adds nothing, \
           the earlier attestation is asked for afterwards. What comes later counts from the next delivery on.",
    why: "An attestation that holds says only who built it. Whoever publishes out of a copy of the repository, or \
          through another workflow of it, has one that holds as well. But pipelines are moved and renamed all the time, \
          so that this alone must not block.",
    effect: "block until reviewed; another builder alone warns",
    ends: "30 d after publication",
    settings: &[&ENDS],
    facts: Facts {
        npm: "the registry's document of attestations, of the release and of an earlier one",
        pypi: "the `provenance` objects of the files, of the release and of an earlier one",
        cargo: "not applicable: nothing is signed",
    },
    fires: &[
        "Built from a repository of the same name with another number, with a new dependency (blocked).",
        "Built by another workflow of the same repository, everything else as before (a warning).",
    ],
    silent: &[
        "A repository that was renamed or moved: its number is the same.",
        "A release without an attestation, which is the matter of `lost-origin`.",
        "On PyPI the second of two releases by another builder where the first brought what is new: an index does not \
         say what earlier files require.",
    ],
    learnt_from: "TanStack (May 2026) and Miasma (June 2026): malware with provenance that holds, Miasma's from the \
                  attacker's own branch.",
};

/// Differences that are repeated in a sentence.
const SHOWN: usize = 2;

impl Rule for OtherBuilder {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let (Some(message), Some(other)) = (message(dossier), &dossier.other_builder) else {
            return;
        };
        let others = others(dossier);
        let severity = if others.is_empty() {
            Severity::Low
        } else {
            Severity::High
        };
        let message = change::with_others(message, &others);
        let evidence = other.differs.iter().map(|line| printable(line, 400));
        let evidence = evidence.collect();
        findings.add_listed(&DOC, severity, Confidence::High, message, evidence);
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let message = message(case.dossier)?;
        let others = others(case.dossier);
        if others.is_empty() {
            return Some(Ask::warn(message));
        }
        let ends = case.policy.duration(&ENDS).min(ORIGIN_LOOKED_AT);
        let until = words::later(published, ends).min(case.window_end(published));
        case.block_until(until, || change::with_others(message, &others))
    }
}

/// For people, as a part of a sentence about the release.
fn message(dossier: &Dossier) -> Option<String> {
    let other = dossier.other_builder.as_ref()?;
    let shown: Vec<String> = other.differs.iter().take(SHOWN).cloned().collect();
    let more = match other.differs.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!(
        "it was built by somebody else than {}: {}{more}",
        other.before,
        printable(&shown.join("; "), 400)
    ))
}

/// What else changed.
fn others(dossier: &Dossier) -> Vec<String> {
    let other = dossier.other_builder.as_ref();
    other.map_or_else(Vec::new, |other| change::new_since_builder(dossier, other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{at, dossier, predecessor, version};
    use crate::{LockedOutcome, Policy, RuleSet, decide, judge, locked_decision};
    use customs_model::{Action, Epoch};
    use std::collections::BTreeSet;

    const PUBLISHED: &str = "2026-02-20T00:00:00Z";

    fn built_elsewhere() -> Dossier {
        let mut dossier = dossier("npm", "pkg", "1.2.4", PUBLISHED);
        dossier.predecessor = Some(predecessor(&dossier, "1.2.3"));
        dossier.other_builder = Some(customs_model::OtherBuilder {
            before: version("1.2.3"),
            differs: vec!["the workflow changed from a.yml to b.yml\u{1b}[31m".to_owned()],
            dependencies: BTreeSet::new(),
            scripts: BTreeSet::new(),
        });
        dossier
    }

    fn with_a_script(mut dossier: Dossier) -> Dossier {
        let scripts = &mut dossier.manifest.runs.scripts;
        scripts.insert("postinstall".to_owned(), "node x.js".to_owned());
        dossier
    }

    /// With nothing to say of ages.
    fn decided(dossier: &Dossier, now: &str) -> (customs_model::Decision, LockedOutcome) {
        let policy = "version = 1\n[rules.version-age]\nmode = \"off\"\n[rules.new-install-script]\nmode = \"off\"\n";
        let policy = Policy::parse(policy, "policy.toml").unwrap();
        let verdict = judge(dossier, &RuleSet::standard());
        let decision = decide(dossier, &verdict, &policy, at(now), &Epoch::default());
        let locked = locked_decision(dossier, &decision, &verdict, &policy);
        (decision, locked)
    }

    #[test]
    fn another_builder_alone_is_a_warning() {
        let (decision, _) = decided(&built_elsewhere(), "2026-03-01T00:00:00Z");
        assert_eq!(decision.action, Action::Allow);
        let said = decision.reasons.iter().any(|r| r.rule.as_str() == DOC.id);
        assert!(said, "{decision:?}");
    }

    #[test]
    fn another_builder_and_a_new_script_are_a_block_until_the_release_is_a_month_old() {
        let dossier = with_a_script(built_elsewhere());
        let (decision, locked) = decided(&dossier, "2026-03-01T00:00:00Z");
        let until = Some(at("2026-03-22T00:00:00Z"));
        assert_eq!(decision.action, Action::Block { until });
        assert!(matches!(locked, LockedOutcome::Refuse { .. }), "{locked:?}");
        let why = customs_model::Reason::clone(decision.decisive().unwrap());
        assert_eq!(why.rule.as_str(), DOC.id);
        assert!(why.message.contains("it adds postinstall"), "{why:?}");
        assert!(!why.message.contains('\u{1b}'), "{why:?}");
        let (decision, _) = decided(&dossier, "2026-03-23T00:00:00Z");
        assert_eq!(decision.action, Action::Allow);
    }

    #[test]
    fn what_is_new_since_the_earlier_builder_counts_and_so_does_a_changed_script() {
        let published = "2026-03-01T00:00:00Z";
        let blocked = |dossier: &Dossier| {
            let (decision, _) = decided(dossier, published);
            assert!(
                matches!(decision.action, Action::Block { .. }),
                "{decision:?}"
            );
            let why = decision.decisive().unwrap();
            assert_eq!(why.rule.as_str(), DOC.id);
            why.message.clone()
        };
        // The release between the two, of the other builder, brought it.
        let mut dossier = built_elsewhere();
        dossier.predecessor = Some(predecessor(&dossier, "1.2.3"));
        let other = dossier.other_builder.as_mut().unwrap();
        other.dependencies.insert("helper".to_owned());
        let why = blocked(&dossier);
        assert!(why.ends_with("and it adds dependency helper"), "{why}");
        let mut dossier = with_a_script(built_elsewhere());
        let before = dossier.predecessor.as_mut().unwrap();
        let scripts = &mut before.manifest.runs.scripts;
        scripts.insert("postinstall".to_owned(), "node y.js".to_owned());
        let why = blocked(&dossier);
        assert!(why.ends_with("and it changes postinstall"), "{why}");
    }

    #[test]
    fn the_same_builder_and_a_new_script_are_none_of_its_business() {
        let mut dossier = with_a_script(built_elsewhere());
        dossier.other_builder = None;
        let (decision, _) = decided(&dossier, "2026-03-01T00:00:00Z");
        assert!(decision.reasons.iter().all(|r| r.rule.as_str() != DOC.id));
    }
}
