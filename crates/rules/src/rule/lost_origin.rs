use super::{Ask, Case, Rule, change};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Confidence, Dossier, Severity, SignedDuration, printable};

/// Evidence of origin that the release line had and this release has not.
pub(super) struct LostOrigin;

static ENDS: Setting = Setting {
    rule: "lost-origin",
    key: "ends",
    what: "when the block ends, counted from the publish time",
    default: Amount::Time(SignedDuration::from_hours(30 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "lost-origin",
    title: "A release that lost its line's evidence of origin, and changed in another way, is blocked.",
    what: "Compares with the predecessor in the release line: a trusted publisher became a person's account, or \
           provenance is gone. Alone that is a warning. With a publisher or e-mail domain that is new to \
           the package, a new dependency, one from outside the registry, or a new or changed install script, the \
           release is blocked. Evidence that could not be read is *not checked*, not lost.",
    why: "A thief has the account, seldom the pipeline. But maintainers also publish by hand when a pipeline \
          fails (axios@1.13.3), so the loss alone must not block.",
    effect: "block until reviewed; loss alone warns",
    ends: "30 d after publication",
    settings: &[&ENDS],
    facts: Facts {
        npm: "`dist.attestations`, `_npmUser` and its `trustedPublisher`",
        pypi: "`provenance` of the file",
        cargo: "not applicable: the index carries no evidence",
    },
    fires: &[
        "axios@1.14.1: provenance gone, e-mail domain new, dependency new (blocked).",
        "axios@1.13.3: provenance gone, everything else as before (a warning).",
    ],
    silent: &[
        "axios@0.30.4: its line never had evidence.",
        "A release with the same evidence, good or bad.",
    ],
    learnt_from: "axios (March 2026) and its false alarm of January 2026.",
};

impl Rule for LostOrigin {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(before) = &dossier.predecessor else {
            return;
        };
        if let Some(because) = change::evidence_not_known(dossier, before) {
            findings.not_checked(format!("evidence of origin: {}", printable(because, 120)));
        }
        let Some(loss) = loss(dossier) else { return };
        let others = others(dossier);
        let severity = if others.is_empty() {
            Severity::Low
        } else {
            Severity::High
        };
        findings.add(
            &DOC,
            severity,
            Confidence::High,
            change::with_others(loss, &others),
        );
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let loss = loss(case.dossier)?;
        let others = others(case.dossier);
        if others.is_empty() {
            return Some(Ask::warn(loss));
        }
        let until =
            words::later(published, case.policy.duration(&ENDS)).min(case.window_end(published));
        case.block_until(until, || change::with_others(loss, &others))
    }
}

fn loss(dossier: &Dossier) -> Option<String> {
    let before = dossier.predecessor.as_ref()?;
    let loss = change::lost_evidence(dossier, before)?;
    Some(format!(
        "{} came with {}, this one does not",
        before.version,
        loss.words()
    ))
}

/// What else changed.
fn others(dossier: &Dossier) -> Vec<String> {
    let Some(before) = &dossier.predecessor else {
        return Vec::new();
    };
    let mut others = change::new_publisher(dossier, Some(before));
    others.extend(change::new_content(dossier, before));
    others
}
