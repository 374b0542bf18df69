use super::{Ask, Case, Rule};
use crate::Findings;
use crate::age::{CLOCK_SLACK, is_backdated};
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words::{self, later};
use customs_model::{Confidence, Dossier, Severity, SignedDuration, Timestamp};

/// A publish time that cannot be true.
pub(super) struct PublishTimeAnomaly;

static HOLD: Setting = Setting {
    rule: "publish-time-anomaly",
    key: "hold",
    what: "how long it waits, counted from first sight",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "publish-time-anomaly",
    title: "A publish time that moved backwards or lies in the future is not believed.",
    what: "Speaks when the registry tells an earlier publish time than it told before, a publish time before \
           a look at the document in which the release did not stand yet, or one that lies more than \
           ten minutes in the future. The release then counts from first sight.",
    why: "Whoever can choose the publish time can make a fresh release look old and pass every age rule.",
    effect: "hold, reported",
    ends: "7 d after first sight (after now, where nobody keeps first sights)",
    settings: &[&HOLD],
    facts: Facts {
        npm: "`time`, compared with what it was and with earlier looks",
        pypi: "`upload-time`, compared likewise",
        cargo: "`pubtime`, compared likewise",
    },
    fires: &[
        "A version that appeared today and claims to be of last month, though yesterday's document did not list it.",
        "A publish time of next week.",
    ],
    silent: &[
        "A version of last month in a package that was last looked at two months ago.",
        "A publish time three minutes ahead of the local clock.",
    ],
    learnt_from: "mirrors that substitute publish times (seen in the lab); tag rewrites with older dates.",
};

impl Rule for PublishTimeAnomaly {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        if let Some(message) = anomaly(dossier, None) {
            findings.add(&DOC, Severity::Medium, Confidence::Medium, message);
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let message = anomaly(case.dossier, Some(case.now))?;
        let from = case.dossier.first_seen.map_or(case.now, |seen| seen.at);
        case.hold_for(from, case.policy.duration(&HOLD), || message)
    }
}

fn anomaly(dossier: &Dossier, now: Option<Timestamp>) -> Option<String> {
    let told = *dossier.published.known()?;
    if let Some(before) = dossier.published_before.filter(|before| told < *before) {
        let (before, told) = (words::instant(before), words::instant(told));
        return Some(format!(
            "its publish time was {before} and is now told as {told}"
        ));
    }
    if let Some(look) = dossier
        .first_seen
        .and_then(|seen| seen.not_before)
        .filter(|l| is_backdated(told, *l))
    {
        let (look, told) = (words::instant(look), words::instant(told));
        return Some(format!(
            "it claims to be of {told} and was not there yet on {look}"
        ));
    }
    // A time that moved forwards was true when it was first told.
    let first_told = dossier
        .published_before
        .map_or(told, |before| before.min(told));
    let reference = dossier.first_seen.map(|seen| seen.at).or(now)?;
    (first_told > later(reference, CLOCK_SLACK)).then(|| {
        format!(
            "its publish time {} lies in the future",
            words::instant(first_told)
        )
    })
}
