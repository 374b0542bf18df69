use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Dossier, Inspection, Severity, SignedDuration, printable};

/// A release whose code could not be read where it runs.
pub(super) struct NotJudged;

static HOLD: Setting = Setting {
    rule: "not-judged",
    key: "hold",
    what: "how long a young release waits, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "not-judged",
    title: "Code that runs unasked and could not be read is told, and held while it is young.",
    what: "A file of the artifact that runs at install, at start, at import or as a command could not be read: \
           it is over a bound, or no dialect of its language allows it. What nothing that runs reaches does not \
           count.",
    why: "Who can make a scanner give up must not be let through for it. After a week others have looked, and a \
          file of a dialect that is not read would be held for ever.",
    effect: "hold; a warning afterwards",
    ends: "7 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "the tarball's code",
        pypi: "the file's code",
        cargo: "the crate's build script and macros",
    },
    fires: &["The hook of a young release is nested deeper than any parser goes."],
    silent: &["A large data file, or a test in an unknown dialect, that nothing reaches."],
    learnt_from: "padding against scanners: files of many megabytes around a loader of one line.",
};

impl Rule for NotJudged {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn reads_code(&self) -> bool {
        true
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(code) = &dossier.code else {
            return;
        };
        for part in &code.unread {
            findings.not_checked(words::unread_part(part));
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let code = case.dossier.code.as_ref()?;
        let message = message(code)?;
        let warn = || Some(Ask::warn(message.clone()));
        // One that is proven malicious is not held for what could not be read beside it.
        let proven = |f: &customs_model::Finding| f.severity == Severity::Critical;
        let Some(published) = case
            .recent()
            .filter(|_| !case.verdict.findings.iter().any(proven))
        else {
            return warn();
        };
        let until =
            words::later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || message.clone()).or_else(warn)
    }
}

fn message(code: &Inspection) -> Option<String> {
    let unread = code.unread.iter().find(|part| part.reached)?;
    let what = if unread.path.is_empty() {
        "its code".to_owned()
    } else {
        format!("{}, which runs unasked,", printable(&unread.path, 160))
    };
    Some(format!(
        "{what} could not be read: {}",
        printable(&unread.because, 160)
    ))
}
