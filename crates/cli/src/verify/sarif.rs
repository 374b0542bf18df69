//! What was found, as SARIF 2.1.0. A file of a tree has no line in the repository: what is wrong
//! with it stands at the lockfile's entry of its package, and the message names the file.

use super::report::Report;
use super::wrong::{self, Wrong};
use crate::error::{Doing as _, Failure};
use crate::inspect::sarif::SCHEMA;
use crate::safe::{message, uri};
use customs_model::{Answer, Digest};
use customs_origin::lockfile::{Outcome, page};
use serde_json::{Value, json};

/// Results that code hosts keep of one run.
const RESULTS: usize = 5000;
/// Characters of a message.
const MESSAGE: usize = 1000;
/// Notes on what was not checked.
const NOTES: usize = 100;

/// The log, as text.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn text(report: &Report) -> Result<String, Failure> {
    let text = serde_json::to_string(&log(report)).doing("write the SARIF log")?;
    Ok(text + "\n")
}

pub(super) fn log(report: &Report) -> Value {
    let mut all: Vec<Wrong> = report.subjects.iter().flat_map(wrong::of).collect();
    all.extend(wrong::together(report));
    all.sort_by_key(|wrong| std::cmp::Reverse(wrong.outcome));
    let left_out = all.len().saturating_sub(RESULTS);
    all.truncate(RESULTS);
    let mut ids: Vec<&str> = all.iter().map(|wrong| wrong.rule.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: Vec<Value> = ids.iter().map(|id| descriptor(id)).collect();
    let results: Vec<Value> = all.iter().map(|wrong| result(wrong, &ids)).collect();
    let mut notes = not_checked(report);
    if left_out > 0 {
        notes.push(note(&format!(
            "{left_out} results are left out, since code hosts keep {RESULTS}; the JSON has all of them"
        )));
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "customs",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
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

fn result(wrong: &Wrong, ids: &[&str]) -> Value {
    let mut text = wrong.message.clone();
    for line in &wrong.evidence {
        text.push_str("; ");
        text.push_str(line);
    }
    json!({
        "ruleId": wrong.rule,
        "ruleIndex": ids.iter().position(|id| *id == wrong.rule),
        "level": level(wrong.outcome),
        "message": { "text": message(&text, MESSAGE) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&wrong.file) },
                "region": { "startLine": wrong.line.max(1) },
            },
        }],
        "partialFingerprints": { "customs/v1": fingerprint(wrong) },
    })
}

/// Stays when lines move: the rule, the file, and what it is about.
fn fingerprint(wrong: &Wrong) -> String {
    let text = format!("{}\0{}\0{}", wrong.rule, wrong.file, wrong.key);
    let mut hex = Digest::sha256(text.as_bytes()).to_hex();
    hex.truncate(32);
    hex
}

const fn level(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fails => "error",
        Outcome::Warns => "warning",
        Outcome::Notes => "note",
    }
}

fn descriptor(id: &str) -> Value {
    let doc = super::rules().find(|doc| doc.id == id);
    let Some(doc) = doc else {
        return json!({ "id": id });
    };
    json!({
        "id": id,
        "shortDescription": { "text": doc.title },
        "fullDescription": { "text": message(doc.what, MESSAGE) },
        "help": {
            "text": format!("{} {} More: customs explain {id}", doc.why, doc.to_do),
            "markdown": page(doc),
        },
    })
}

fn not_checked(report: &Report) -> Vec<Value> {
    let mut notes = Vec::new();
    let mut add = |what: &str, answer: &Answer| {
        if let Answer::NotChecked(because) = answer {
            notes.push(format!("{what} not checked: {because}"));
        }
    };
    for subject in &report.subjects {
        let name = subject.lockfile.as_ref().unwrap_or(&subject.folder);
        add(&format!("{name}: tree"), &subject.tree);
        add(&format!("{name}: lockfile"), &subject.lock);
        add(&format!("{name}: origin"), &subject.origin);
        if let Some(policy) = &subject.policy {
            add(&format!("{name}: policy"), &policy.answer);
        }
    }
    notes.extend(report.not_checked.iter().cloned());
    let more = notes.len().saturating_sub(NOTES);
    notes.truncate(NOTES);
    if more > 0 {
        notes.push(format!("{more} more things were not checked"));
    }
    notes.iter().map(|text| note(text)).collect()
}

fn note(text: &str) -> Value {
    json!({ "level": "warning", "message": { "text": message(text, MESSAGE) } })
}
