//! What was found, for programs.

use super::report::{Report, Sum};
use super::wrong::{self, Wrong};
use crate::error::{Doing as _, Failure};
use crate::output::plain_json;
use customs_model::{Answer, ReleaseId};
use customs_origin::lockfile::Outcome;
use customs_rules::RULE_SET_VERSION;
use serde::Serialize;

/// The report with what a reader would compute from it.
#[derive(Serialize)]
struct Document<'a> {
    /// The program's version, and that of its rules.
    version: &'static str,
    rules: u32,
    /// All answers together.
    answer: Answer,
    sum: Sum,
    /// What a person has to look at: the list that every other format is made from.
    findings: Vec<Finding<'a>>,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    outcome: Outcome,
    message: &'a str,
    evidence: &'a [String],
    release: Option<&'a ReleaseId>,
    /// From the top of the repository. Not safe to print as it is.
    file: &'a str,
    /// Counted from 1.
    line: u32,
    /// Stays when lines move.
    fingerprint: String,
}

impl<'a> Finding<'a> {
    fn of(wrong: &'a Wrong) -> Self {
        Self {
            rule: &wrong.rule,
            outcome: wrong.outcome,
            message: &wrong.message,
            evidence: &wrong.evidence,
            release: wrong.release.as_ref(),
            file: &wrong.file,
            line: wrong.line.max(1),
            fingerprint: wrong.fingerprint(),
        }
    }
}

/// The JSON, with a line break at its end.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn text(report: &Report) -> Result<String, Failure> {
    let all = wrong::all(report);
    let document = Document {
        version: env!("CARGO_PKG_VERSION"),
        rules: RULE_SET_VERSION,
        answer: report.answer(),
        sum: report.sum(),
        findings: all.iter().map(Finding::of).collect(),
        report,
    };
    let text = serde_json::to_string_pretty(&document).doing("write the report")?;
    Ok(plain_json(&text) + "\n")
}
