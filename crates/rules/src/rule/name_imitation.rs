use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words::{self, later};
use customs_model::{Confidence, Dossier, NameLikeness, Severity, SignedDuration, printable};

/// A young name that looks like a popular one.
pub(super) struct NameImitation;

static AGE: Setting = Setting {
    rule: "name-imitation",
    key: "age",
    what: "how old an imitating name must be",
    default: Amount::Time(SignedDuration::from_hours(30 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "name-imitation",
    title: "A young name that imitates a popular one waits until it is 30 days old.",
    what: "The name is one slip of the hand, a separator, a digit for a letter or a word such as `plain-`, \
           `node-` or `-js` away from a popular one, imitates its scope, or declares its source repository. \
           Siblings of the popular package's own monorepo or scope are not meant. Only releases within \
           `change-window` of names younger than 30 d.",
    why: "plain-crypto-js carried the metadata of crypto-js, easy-day-js that of dayjs, proc-macro1 the name \
          of proc-macro2. Typing errors and tired reviewers do the rest.",
    effect: "hold",
    ends: "30 d after the name's first release",
    settings: &[&AGE],
    facts: Facts {
        npm: "the name, `repository` and `time`, against a built-in list",
        pypi: "the name, project URLs and upload times, against a built-in list",
        cargo: "the name, `repository` of the manifest and `pubtime`, against a built-in list",
    },
    fires: &[
        "plain-crypto-js of yesterday, next to crypto-js.",
        "`axois`, registered last week.",
    ],
    silent: &[
        "`@types/new-thing`, a sibling in its own scope.",
        "A look-alike that has existed for years.",
    ],
    learnt_from: "plain-crypto-js, easy-day-js and proc-macro1 (2026).",
};

impl Rule for NameImitation {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        if let Some(likeness) = &dossier.likeness {
            findings.add(
                &DOC,
                Severity::Medium,
                Confidence::Medium,
                message(likeness),
            );
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let likeness = case.dossier.likeness.as_ref()?;
        let published = case.recent()?;
        // A name whose first release is not known is as old as this one.
        let earliest = case
            .dossier
            .history
            .earliest
            .map_or(published, |earliest| earliest.min(published));
        let until = later(earliest, case.policy.duration(&AGE)).min(case.window_end(published));
        case.hold_until(until, || {
            format!(
                "{}; the name exists since {}",
                message(likeness),
                words::instant(earliest)
            )
        })
    }
}

fn message(likeness: &NameLikeness) -> String {
    format!(
        "resembles {}: {}",
        likeness.of,
        printable(&likeness.how, 120)
    )
}
