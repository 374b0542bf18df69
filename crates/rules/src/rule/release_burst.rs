use super::{Ask, Case, Rule, change};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::policy::Policy;
use crate::words;
use customs_model::{Confidence, Dossier, Severity, SignedDuration};

/// Many releases at once, and something about who made them changed.
pub(super) struct ReleaseBurst;

static LINES: Setting = Setting {
    rule: "release-burst",
    key: "lines",
    what: "release lines of one package within 60 min that make a burst",
    default: Amount::Count(2),
    tighter: Tighter::Less,
};

static PACKAGES: Setting = Setting {
    rule: "release-burst",
    key: "packages",
    what: "packages of one identity within 60 min that make a burst",
    default: Amount::Count(5),
    tighter: Tighter::Less,
};

static HOLD: Setting = Setting {
    rule: "release-burst",
    key: "hold",
    what: "how long the release waits, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "release-burst",
    title: "Many releases within an hour, by somebody or in a way that is new.",
    what: "Two or more release lines of the package, or five or more packages of one identity, within 60 \
           minutes, together with a publisher or e-mail domain that is new to the package or weaker \
           evidence of origin. A burst alone is a note: monorepos release that way.",
    why: "An attacker with a stolen credential poisons every line and package in reach before he is seen: \
          axios 1.x and 0.30.x within 39 minutes, 144 packages of Mastra in 88.",
    effect: "hold; a burst alone is a note",
    ends: "7 d after publication",
    settings: &[&LINES, &PACKAGES, &HOLD],
    facts: Facts {
        npm: "`time` and `_npmUser` of the documents seen",
        pypi: "`upload-time`; the publisher where attestations name one",
        cargo: "`pubtime`; the index names no publisher",
    },
    fires: &[
        "1.14.1 and 0.30.4 within 39 minutes, from an e-mail domain that the package never had.",
    ],
    silent: &[
        "Twelve packages of a monorepo at once, by the pipeline that always releases them (a note).",
    ],
    learnt_from: "axios (March 2026), TanStack (May 2026), Mastra (June 2026).",
};

impl Rule for ReleaseBurst {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(burst) = burst(dossier, LINES.count(None), PACKAGES.count(None)) else {
            return;
        };
        let changes = changes(dossier);
        if changes.is_empty() {
            findings.add(&DOC, Severity::Note, Confidence::Medium, burst);
        } else {
            findings.add(
                &DOC,
                Severity::Medium,
                Confidence::Medium,
                joined(&burst, &changes),
            );
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let policy = Some(case.policy);
        let burst = burst(case.dossier, LINES.count(policy), PACKAGES.count(policy))?;
        let changes = changes(case.dossier);
        if changes.is_empty() {
            return None;
        }
        let until =
            words::later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || joined(&burst, &changes))
    }
}

impl Setting {
    fn count(&self, policy: Option<&Policy>) -> usize {
        match (policy, self.default) {
            (Some(policy), _) => policy.count(self),
            (None, Amount::Count(of)) => of as usize,
            (None, Amount::Time(_)) => usize::MAX,
        }
    }
}

fn joined(burst: &str, changes: &[String]) -> String {
    format!("{burst}, and {}", changes.join(", "))
}

fn burst(dossier: &Dossier, lines: usize, packages: usize) -> Option<String> {
    let found = dossier
        .activity
        .known()
        .map_or(0, |activity| activity.packages_within_hour);
    // One release is never a burst, whatever a policy file says.
    if found >= packages.max(2) {
        Some(format!("{found} packages of one identity within an hour"))
    } else if dossier.history.lines_within_hour >= lines.max(2) {
        Some(format!(
            "{} release lines within an hour",
            dossier.history.lines_within_hour
        ))
    } else {
        None
    }
}

fn changes(dossier: &Dossier) -> Vec<String> {
    let before = dossier.predecessor.as_ref();
    let mut changes = change::new_publisher(dossier, before);
    if let Some(loss) = before.and_then(|before| change::lost_evidence(dossier, before)) {
        changes.push(format!("it lost {}", loss.words()));
    }
    changes
}
