//! What was found, as SARIF 2.1.0. A file of a tree has no line in the repository: what is wrong
//! with it stands at the lockfile's entry of its package, and the message names the file.

use super::counted;
use super::report::Report;
use super::wrong::{self, Wrong};
use crate::error::{Doing as _, Failure};
use crate::inspect::sarif::{SCHEMA, add_links, fingerprints, pascal, plain_descriptor};
use crate::link;
use crate::safe::{self, uri};
use customs_origin::lockfile::{LockRuleDoc, Outcome, page};
use serde_json::{Value, json};

/// What code hosts take. GitHub: "SARIF support for code scanning", as read in 2026.
pub(super) mod limit {
    /// Results that are kept of one run; above 25,000 the file is refused.
    pub const RESULTS: usize = 5_000;
    /// Bytes of all results together. The file may have 10 MB when it is compressed; text of
    /// strangers may be such that nothing compresses it.
    pub const BYTES: usize = 9_000_000;
    /// Characters of a message, and of a rule's description.
    pub const MESSAGE: usize = 1_000;
    /// Notes on what was not checked.
    pub const NOTES: usize = 100;
}

/// The log, as text.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn text(report: &Report) -> Result<String, Failure> {
    let text = serde_json::to_string(&log(report)).doing("write the SARIF log")?;
    Ok(text + "\n")
}

pub(super) fn log(report: &Report) -> Value {
    let all = wrong::all(report);
    let mut ids: Vec<&str> = all.iter().map(|wrong| wrong.rule.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let results = results(&all, &ids);
    let left_out = all.len() - results.len();
    let rules: Vec<Value> = ids.iter().map(|id| descriptor(id)).collect();
    let mut notes = not_checked(report);
    if left_out > 0 {
        notes.push(note(&format!(
            "{left_out} results are left out, since code hosts do not keep as many; the JSON has all of them"
        )));
    }
    let mut driver = json!({
        "name": "customs",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    add_links(&mut driver, link::home(), link::of_verify);
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "automationDetails": { "id": "customs-verify/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    })
}

/// The worst ones, as many as a code host takes.
fn results(all: &[Wrong], ids: &[&str]) -> Vec<Value> {
    let mut bytes = 0;
    let results = all.iter().take(limit::RESULTS);
    results
        .map(|wrong| result(wrong, ids))
        .take_while(|result| {
            bytes += result.to_string().len();
            bytes <= limit::BYTES
        })
        .collect()
}

fn result(wrong: &Wrong, ids: &[&str]) -> Value {
    json!({
        "ruleId": wrong.rule,
        "ruleIndex": ids.iter().position(|id| *id == wrong.rule),
        "level": level(wrong.outcome),
        "message": { "text": message(&wrong.lines().join("; ")) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&wrong.file) },
                "region": { "startLine": wrong.line.max(1) },
            },
        }],
        "partialFingerprints": fingerprints("customs/v1", &wrong.fingerprint()),
    })
}

/// Safe to show, and no longer than what is taken: what steers a terminal gets longer when it is
/// made safe.
fn message(text: &str) -> String {
    let text = safe::message(text, limit::MESSAGE);
    match text.char_indices().nth(limit::MESSAGE) {
        None => text,
        Some(_) => text.chars().take(limit::MESSAGE - 1).chain(['…']).collect(),
    }
}

const fn level(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fails => "error",
        Outcome::Warns => "warning",
        Outcome::Notes => "note",
    }
}

/// A code host shows no rule that lacks one of the texts.
fn descriptor(id: &str) -> Value {
    let doc = super::rules().find(|doc| doc.id == id);
    let mut rule = match doc {
        None => plain_descriptor(id),
        Some(doc) => json!({
            "id": id,
            "name": pascal(id),
            "shortDescription": { "text": message(doc.title) },
            "fullDescription": { "text": message(doc.what) },
            "help": {
                "text": format!("{} {} More: customs explain {id}", doc.why, doc.to_do),
                "markdown": page(doc),
            },
        }),
    };
    let (level, security) = doc.map_or(("warning", "5.0"), weight);
    rule["defaultConfiguration"] = json!({ "level": level });
    rule["properties"] = json!({
        "tags": ["security", "supply-chain"],
        "security-severity": security,
    });
    rule
}

/// A rule's usual level, and its severity on the scale that makes a result one about security. Both
/// belong to the rule there, whatever a single result says.
fn weight(doc: &LockRuleDoc) -> (&'static str, &'static str) {
    let usual = doc.effect.split([';', ',', ' ']).next();
    match usual {
        Some("fails") => ("error", "8.0"),
        Some("warns") => ("warning", "5.0"),
        Some(_) | None => ("note", "2.0"),
    }
}

fn not_checked(report: &Report) -> Vec<Value> {
    let mut notes = counted::unanswered(report);
    let more = notes.len().saturating_sub(limit::NOTES);
    notes.truncate(limit::NOTES);
    if more > 0 {
        notes.push(format!("{more} more things were not checked"));
    }
    notes.iter().map(|text| note(text)).collect()
}

fn note(text: &str) -> Value {
    json!({ "level": "warning", "message": { "text": message(text) } })
}
