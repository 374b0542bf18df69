//! An archive that readers understand differently.

use super::{Ask, Case, FACTS, Rule};
use crate::Findings;
use crate::doc::RuleDoc;
use customs_model::{Inspection, Severity, printable};

pub(in crate::rule) static RULE: ForgedArchive = ForgedArchive;

/// An archive that readers understand differently.
pub(in crate::rule) struct ForgedArchive;

static DOC: RuleDoc = RuleDoc {
    id: "forged-archive",
    title: "An archive says one thing to everybody.",
    what: "An archive has entries behind its end, entries that its directory does not list, two names for one \
           entry, entries over one another, paths that leave the folder or another archive behind it: no honest packer \
           makes these. So is a file of a wheel that runs unasked while RECORD, the wheel's own list of its files, does not name it or \
           gives it another digest, and a second such list.",
    why: "What a scanner reads and what a client unpacks must be the same.",
    effect: "warn",
    ends: "with the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "A wheel whose local header names another file than its directory.",
        "A wheel with a .pth file that its RECORD does not name.",
        "A tar archive with a zip archive behind it: pip opens the latter, npm the former.",
    ],
    silent: &[
        "Two names that differ only in upper and lower case, in how accents are written, or in dots and blanks at their end: a note.",
        "A licence that RECORD leaves out, or a file that only RECORD has: a note.",
    ],
    learnt_from: "the zip differences and the untrue RECORDs that PyPI refuses since August 2025.",
};

impl Rule for ForgedArchive {
    fn reads_code(&self) -> bool {
        true
    }

    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn read(&self, inspection: &Inspection, _before: Option<&Inspection>, findings: &mut Findings) {
        for oddity in &inspection.oddities {
            let severity = if oddity.never_honest {
                Severity::Medium
            } else {
                Severity::Note
            };
            let message = if oddity.path.is_empty() {
                format!("the archive: {}", oddity.words)
            } else {
                format!("{}: {}", printable(&oddity.path, 160), oddity.words)
            };
            findings.add_path(&DOC, severity, message, Vec::new());
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let found =
            case.verdict.findings.iter().find(|finding| {
                finding.rule.as_str() == DOC.id && finding.severity > Severity::Note
            })?;
        Some(Ask::warn(found.message.clone()))
    }
}
