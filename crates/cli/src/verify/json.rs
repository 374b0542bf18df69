//! What was found, for programs.

use super::report::{Report, Sum};
use crate::error::{Doing as _, Failure};
use crate::output::plain_json;
use customs_model::Answer;
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
    #[serde(flatten)]
    report: &'a Report,
}

/// The JSON, with a line break at its end.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn text(report: &Report) -> Result<String, Failure> {
    let document = Document {
        version: env!("CARGO_PKG_VERSION"),
        rules: RULE_SET_VERSION,
        answer: report.answer(),
        sum: report.sum(),
        report,
    };
    let text = serde_json::to_string_pretty(&document).doing("write the report")?;
    Ok(plain_json(&text) + "\n")
}
