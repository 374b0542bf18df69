//! What was found, as GitLab's report on code quality: one array, shown beside the changed lines of a
//! merge request. Only what is new since the target branch is shown there, by its fingerprint.

use super::report::Report;
use super::wrong::{self, Wrong};
use super::{Manner, counted};
use crate::error::{Doing as _, Failure};
use crate::output::plain_json;
use customs_model::{Digest, printable};
use customs_origin::lockfile::Outcome;
use serde::Serialize;

/// Findings that are written.
const MOST: usize = 5_000;
/// Characters of a description.
const DESCRIPTION: usize = 1_000;

/// One finding, by GitLab's names.
#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The array, with a line break at its end.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn text(report: &Report, manner: Manner) -> Result<String, Failure> {
    let all = wrong::all(report);
    let left_out = all.len().saturating_sub(MOST);
    let mut issues: Vec<Issue> = all.iter().take(MOST).map(found).collect();
    // Without a place of its own it stands at the first thing that was looked at.
    let place = report.subjects.first();
    let place = place.map_or(".", |subject| &subject.in_repository);
    let unanswered = counted::unanswered(report);
    let not_checked = unanswered.iter().take(MOST);
    issues.extend(not_checked.map(|text| open(text, place, manner)));
    if left_out > 0 {
        let text = format!("{left_out} more findings are left out; the JSON has all of them");
        issues.push(open(&text, place, manner));
    }
    let text = serde_json::to_string_pretty(&issues).doing("write the report for GitLab")?;
    Ok(plain_json(&text) + "\n")
}

fn found(wrong: &Wrong) -> Issue {
    Issue {
        description: printable(&wrong.lines().join("; "), DESCRIPTION),
        check_name: wrong.rule.clone(),
        fingerprint: wrong.fingerprint(),
        severity: match wrong.outcome {
            Outcome::Fails => "critical",
            Outcome::Warns => "minor",
            Outcome::Notes => "info",
        },
        location: place(&wrong.file, wrong.line),
    }
}

/// What was not checked is no finding, and never silent.
fn open(text: &str, file: &str, manner: Manner) -> Issue {
    let mut fingerprint = Digest::sha256(format!("not-checked\0{text}").as_bytes()).to_hex();
    fingerprint.truncate(32);
    Issue {
        description: printable(text, DESCRIPTION),
        check_name: "not-checked".to_owned(),
        fingerprint,
        severity: if manner.strict { "critical" } else { "info" },
        location: place(file, 1),
    }
}

fn place(file: &str, line: u32) -> Location {
    Location {
        path: file.to_owned(),
        lines: Lines { begin: line.max(1) },
    }
}
