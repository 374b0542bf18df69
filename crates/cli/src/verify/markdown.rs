//! One comment for a change: what changed, and what is wrong with it. What is wrong with the rest is
//! counted, so that a reviewer sees his own change and nobody believes that all is well.

use super::counted;
use super::report::{Count, Report, Subject};
use super::wrong::{self, Wrong};
use customs_model::{Answer, ReleaseId, plain_markdown, printable};
use customs_origin::history::Look;
use customs_origin::lockfile::{self, LockChange, Outcome};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Lines of what is wrong, and of what changed in `customs.lock`.
const MANY: usize = 20;
/// Reasons for which something was not checked.
const REASONS: usize = 10;
/// Bytes of the comment; code hosts take 65,536 characters.
const BYTES: usize = 60_000;

/// The comment. Its first line lets a program find it again.
pub(super) fn text(report: &Report) -> String {
    let mut out = format!("<!-- customs:verify -->\n{}\n\n", headline(report));
    let changes = report.subjects.iter().filter_map(|s| s.change.as_ref());
    let parts: Vec<String> = changes
        .map(|change| lockfile::markdown(change, &[]))
        .filter(|part| !part.is_empty())
        .collect();
    if let Some(base) = &report.base
        && parts.is_empty()
        && report.settings.is_empty()
        && report.trust.is_empty()
    {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            out,
            "Nothing that is locked changed since {}.\n",
            code(base)
        );
    }
    let mut ends = findings(report);
    ends.push_str(&trust(report));
    ends.push_str(&not_checked(report));
    let mut left_out = 0;
    for part in &parts {
        // What is wrong has its place; long tables of what is new give way.
        match out.len() + part.len() + ends.len() > BYTES {
            true => left_out += 1,
            false => out.push_str(part),
        }
    }
    if left_out > 0 {
        let lockfiles = counted::count(left_out, "lockfile", "lockfiles");
        let _ = writeln!(
            out,
            "What changed in {lockfiles} more is too long for a comment.\n"
        );
    }
    out.push_str(&ends);
    out
}

fn headline(report: &Report) -> String {
    let word = match report.answer() {
        Answer::Yes => "yes",
        Answer::No => "NO",
        Answer::NotChecked(_) => "not checked",
    };
    let questions = report.questions().into_iter();
    let mut parts: Vec<String> = questions
        .map(|(question, count)| format!("{question} {}", counts(count)))
        .collect();
    let across = report.across().into_iter();
    parts.extend(across.filter_map(|(question, answer)| match answer {
        Answer::Yes => None,
        Answer::No => Some(format!("{question} no")),
        Answer::NotChecked(_) => Some(format!("{question} not checked")),
    }));
    format!("**customs verify: {word}.** {}", parts.join("; "))
}

fn counts(count: Count) -> String {
    let all = [
        (count.no, "no"),
        (count.yes, "yes"),
        (count.not_checked, "not checked"),
    ];
    let told = all.iter().filter(|(number, _)| *number > 0);
    let told: Vec<String> = told
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    told.join(", ")
}

/// What fails, then what somebody should look at. With a base only of what changed.
fn findings(report: &Report) -> String {
    let mut own = Vec::new();
    let mut elsewhere = Vec::new();
    for subject in &report.subjects {
        let (of_change, others) = by_change(report, subject);
        own.extend(of_change);
        elsewhere.extend(others);
    }
    own.extend(wrong::together(report));
    own.sort_by_key(|wrong| std::cmp::Reverse(wrong.outcome));
    let mut out = String::new();
    for outcome in [Outcome::Fails, Outcome::Warns] {
        let of_it = own.iter().filter(|wrong| wrong.outcome == outcome);
        lines(&mut out, of_it.map(line));
    }
    let failed = elsewhere.iter().filter(|one| one.outcome == Outcome::Fails);
    let failed = failed.count();
    if failed > 0 {
        let findings = counted::count(failed, "finding fails", "findings fail");
        let _ = writeln!(
            out,
            "{findings} in what this change does not touch; the full report has them.\n"
        );
    }
    out
}

/// What the change brought in, and the rest. What is about no single release belongs to it where
/// the lockfile changed at all; what could not be compared belongs to it as a whole.
fn by_change(report: &Report, subject: &Subject) -> (Vec<Wrong>, Vec<Wrong>) {
    // What the change says of itself stands in its own part.
    let all = wrong::beside_change(subject);
    let (Some(_), Some(change)) = (&report.base, &subject.change) else {
        return (all, Vec::new());
    };
    let touched = touched(change);
    all.into_iter().partition(|wrong| match &wrong.release {
        Some(release) => touched.contains(release),
        None => !change.is_empty(),
    })
}

fn touched(change: &LockChange) -> BTreeSet<&ReleaseId> {
    let added = change.added.iter().map(|added| &added.installed.release);
    let moved = change.moved.iter().map(|moved| &moved.installed.release);
    let rewritten = change.rewritten.iter().map(|one| &one.release);
    added.chain(moved).chain(rewritten).flatten().collect()
}

fn line(wrong: &Wrong) -> String {
    let word = wrong.outcome.word();
    format!("**{word}** {}: {}", wrong.rule, escaped(&wrong.message))
}

fn trust(report: &Report) -> String {
    let mut out = String::new();
    let must = report.trust.iter();
    let must = must.filter(|change| change.look == Look::Must);
    lines(
        &mut out,
        must.map(|change| format!("**customs.lock**: {}", escaped(&change.sentence))),
    );
    out
}

/// Folded, since it is no part of a change; never left out.
fn not_checked(report: &Report) -> String {
    let all = counted::unanswered(report);
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("<details><summary>{} not checked</summary>\n\n", all.len());
    for reason in all.iter().take(REASONS) {
        let _ = writeln!(out, "- {}", escaped(reason));
    }
    if all.len() > REASONS {
        let _ = writeln!(out, "- and {} more", all.len() - REASONS);
    }
    out.push_str("\n</details>\n");
    out
}

fn lines(out: &mut String, all: impl Iterator<Item = String>) {
    let mut count = 0_usize;
    for line in all {
        count += 1;
        if count <= MANY {
            let _ = writeln!(out, "- {line}");
        }
    }
    if count > MANY {
        let _ = writeln!(out, "- and {} more", count - MANY);
    }
    if count > 0 {
        out.push('\n');
    }
}

/// A name as code, without what would end it.
fn code(text: &str) -> String {
    format!("`{}`", printable(text, 100).replace('`', "'"))
}

/// Our own sentence with text of strangers in it.
fn escaped(text: &str) -> String {
    plain_markdown(text, 600)
}
