use super::{Ask, Case, Rule, change};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Confidence, Dossier, Severity, SignedDuration, Unread, printable};

/// A young release whose artifact cannot be read, or cannot be compared.
pub(super) struct UnreadableArtifact;

static HOLD: Setting = Setting {
    rule: "unreadable-artifact",
    key: "hold",
    what: "how long the release waits, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "unreadable-artifact",
    title: "What cannot be looked at is not waved through.",
    what: "The bytes of a young release are what its document promises, and its list of entries or its \
           manifest cannot be read to the end: no archive, a broken one, or one over a bound. Also where the \
           release runs code at install and its predecessor's artifact, which would tell whether that is new, \
           could not be read. An artifact that could not be fetched is said as not checked.",
    why: "Archives that readers understand differently are a way past every scanner; and a gate that lets \
          through what it could not open says yes without having looked.",
    effect: "hold; a warning afterwards",
    ends: "7 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "the tarball's entries and its package.json",
        pypi: "the wheel's entries and its METADATA",
        cargo: "the crate's entries and its Cargo.toml",
    },
    fires: &[
        "A tarball that is cut off in the middle, with the digest that its document promises.",
        "A wheel whose directory is missing.",
    ],
    silent: &[
        "A release that can be read, whatever its age.",
        "A registry that does not answer: then nothing is delivered.",
    ],
    learnt_from: "differences between zip and tar readers (PyPI's wheel checks of August 2025).",
};

impl Rule for UnreadableArtifact {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        if let Some(message) = message(dossier) {
            findings.add(&DOC, Severity::Medium, Confidence::High, message);
        }
        if let Some(Unread::NotFetched(because) | Unread::NotPromised(because)) = &dossier.unread {
            findings.not_checked(format!("its artifact: {}", printable(because, 200)));
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let message = message(case.dossier)?;
        let Some(published) = case.recent() else {
            return Some(Ask::warn(message));
        };
        let until =
            words::later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || message.clone())
            .or_else(|| Some(Ask::warn(message)))
    }
}

fn message(dossier: &Dossier) -> Option<String> {
    if let Some(Unread::NotReadable(because)) = &dossier.unread {
        return Some(format!(
            "its artifact cannot be read: {}",
            printable(because, 200)
        ));
    }
    let before = dossier.predecessor.as_ref()?;
    let unread = before.unread.as_ref()?;
    let ecosystem = dossier.release.package.ecosystem();
    let (runs, ran) = (&dossier.manifest.runs, &before.manifest.runs);
    let open: Vec<String> = change::not_looked_at(ecosystem, runs, ran)
        .into_iter()
        .map(str::to_owned)
        .collect();
    (!open.is_empty()).then(|| {
        format!(
            "whether its {} is new cannot be told: the artifact of {} cannot be read ({})",
            words::list(&open, 3),
            before.by_artifact(),
            printable(unread.because(), 160)
        )
    })
}
