use super::{Ask, Case, Rule};
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::SignedDuration;

/// A package name that is too young.
pub(super) struct NameAge;

static AGE: Setting = Setting {
    rule: "name-age",
    key: "age",
    what: "how old a package name must be",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "name-age",
    title: "A package name must have been public for a while before it is offered.",
    what: "The time since the earliest publish time of any release of the package, unpublished ones included.",
    why: "Attackers register a fresh name for their payload and publish a clean decoy first, so that the \
          second release looks like an update. plain-crypto-js was 18 h old when axios began to depend on it; \
          easy-day-js was one day old. Names that language models invent are young too.",
    effect: "hold",
    ends: "at 7 d after the name's first release",
    settings: &[&AGE],
    facts: Facts {
        npm: "earliest entry of `time`",
        pypi: "earliest `upload-time` of any file",
        cargo: "earliest `pubtime` of any version",
    },
    fires: &["Any release of a package whose first release is 6 d 23 h old."],
    silent: &[
        "Any release of a package whose first release is 7 d old.",
        "A private name.",
    ],
    learnt_from: "axios and plain-crypto-js (March 2026), Mastra and easy-day-js (June 2026), \
                  proc-macro1 (August 2026).",
};

impl Rule for NameAge {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        // A name is at least as old as each of its releases, whatever a broken
        // document tells about the first.
        let earliest = case.dossier.history.earliest?;
        let earliest = case
            .age
            .since()
            .map_or(earliest, |since| earliest.min(since));
        let wanted = case.policy.duration(&AGE);
        case.hold_for(earliest, wanted, || {
            format!(
                "{} exists since {}, policy wants {}",
                case.dossier.release.package,
                words::instant(earliest),
                words::duration(wanted)
            )
        })
    }
}
