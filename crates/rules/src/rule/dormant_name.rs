use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::policy::Mode;
use crate::words;
use customs_model::{Confidence, Dossier, RuleId, Severity, SignedDuration, Timestamp};

/// A package that wakes after a long silence.
pub(super) struct DormantName;

const ID: &str = "dormant-name";

static AFTER: Setting = Setting {
    rule: ID,
    key: "after",
    what: "the silence after which a package counts as dormant",
    default: Amount::Time(SILENCE),
    tighter: Tighter::Less,
};

static HOLD: Setting = Setting {
    rule: ID,
    key: "hold",
    what: "how long it waits with a second finding, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

const SILENCE: SignedDuration = SignedDuration::from_hours(365 * 24);

static DOC: RuleDoc = RuleDoc {
    id: ID,
    title: "A package that wakes after a year of silence is watched.",
    what: "The release before this one, of any line, is more than 365 d older. Alone that is a warning; with \
           any second finding that is more than a note, the release is held. Being young is not a finding.",
    why: "Rights that nobody uses are rights that nobody watches. The account behind Mastra's 144 poisoned \
          packages had been inactive for 16 months.",
    effect: "warn; hold with any second finding",
    ends: "7 d after publication",
    settings: &[&AFTER, &HOLD],
    facts: Facts {
        npm: "`time` of the document",
        pypi: "`upload-time` of all files",
        cargo: "`pubtime` of all versions",
    },
    fires: &[
        "1.0.4, two years after 1.0.3 (a warning).",
        "The same, and 1.0.4 adds a postinstall (held).",
    ],
    silent: &[
        "A release eleven months after the one before.",
        "A package's first release.",
    ],
    learnt_from: "event-stream (2018), Mastra (June 2026).",
};

impl Rule for DormantName {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(published) = dossier.published.known().copied().or(dossier.last_modified) else {
            return;
        };
        if let Some(message) = silence(dossier, published, SILENCE) {
            findings.add(&DOC, Severity::Low, Confidence::High, message);
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let message = silence(case.dossier, published, case.policy.duration(&AFTER))?;
        let Some(second) = second(case) else {
            return Some(Ask::warn(message));
        };
        let until =
            words::later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || format!("{message}, and {second} speaks too"))
    }
}

fn silence(dossier: &Dossier, published: Timestamp, after: SignedDuration) -> Option<String> {
    let previous = dossier.history.previous_publication?;
    let silence = published.duration_since(previous);
    (silence > after).then(|| format!("first release after {} of silence", words::span(silence)))
}

/// Another rule that found something, and that policy wants to hear.
fn second<'a>(case: &Case<'a>) -> Option<&'a RuleId> {
    case.verdict
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note && finding.rule.as_str() != ID)
        .map(|finding| &finding.rule)
        .find(|rule| case.policy.mode(rule.as_str()) != Mode::Off)
}
