//! The record for people: a line for each package, and the three values in every sum.

use crate::limit;
use crate::question::{Counts, Question, answer_words, many, verdict_words};
use crate::record::{Included, IncludedFile, Record};
use crate::shown::{Columns, shown};
use crate::write::seconds;
use customs_model::Answer;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Every package in one line; below it what is wrong, what was not checked and why, what is
/// exempted, and the sums.
pub fn packages(record: &Record) -> String {
    let record = record.sorted();
    let mut out = head(&record);
    let mut columns = Columns::default();
    columns.row([
        "",
        "package",
        "tree",
        "signature",
        "attestation",
        "verdict",
        "built by",
        "places",
    ]);
    for package in &record.packages {
        columns.row(cells(package));
    }
    out.push_str(&columns.text(0));
    // What nothing explains stands below, under what is not so.
    let is_odd = |file: &&IncludedFile| file.standing != "explained" && !file.is_unexplained();
    let odd = || record.loose.iter().filter(is_odd);
    if odd().next().is_some() {
        out.push('\n');
        add_loose(&mut out, odd().take(limit::FEW));
        // It ends with a blank line, and what follows begins with one.
        out.truncate(out.trim_end().len());
        out.push('\n');
        let more = odd().count().saturating_sub(limit::FEW);
        if more > 0 {
            let _ = writeln!(out, "    and {more} more: --files shows every file");
        }
    }
    end(&mut out, &record);
    out
}

/// Every package with its artifact and every file that lies there; the same end.
pub fn files(record: &Record) -> String {
    let record = record.sorted();
    let mut out = head(&record);
    for package in &record.packages {
        add_package(&mut out, package);
    }
    add_loose(&mut out, record.loose.iter());
    // What follows begins with a blank line of its own.
    out.truncate(out.trim_end().len());
    out.push('\n');
    end(&mut out, &record);
    out
}

fn head(record: &Record) -> String {
    let mut out = format!(
        "What {} contains, seen at {}",
        shown(&record.project),
        seconds(record.made)
    );
    if let Some(commit) = &record.commit {
        let _ = write!(out, ", commit {}", shown(commit));
    }
    out.push('\n');
    let mut columns = Columns::default();
    for (path, digest) in &record.lockfiles {
        columns.row(["from", path, &digest.to_string()]);
    }
    out.push_str(&columns.text(2));
    out.push('\n');
    out
}

fn cells(package: &Included) -> [String; 8] {
    let answer = |question: Question| answer_words(&question.answer(package)).to_owned();
    [
        package.release.package.ecosystem().to_string(),
        package.release.spoken(),
        answer(Question::Tree),
        answer(Question::Signature),
        answer(Question::Attestation),
        verdict_words(&package.verdict).to_owned(),
        built_by(package).unwrap_or_else(|| "-".to_owned()),
        places(package),
    ]
}

/// Who built it. What no verified attestation says is only a claim.
fn built_by(package: &Included) -> Option<String> {
    let identity = package.origin.identity.as_ref()?;
    Some(match package.origin.attestation {
        Answer::Yes => identity.clone(),
        Answer::No | Answer::NotChecked(_) => format!("claimed: {identity}"),
    })
}

fn places(package: &Included) -> String {
    if package.places.is_empty() {
        return "(locked, not installed)".to_owned();
    }
    package.places.join(", ")
}

fn name(package: &Included) -> String {
    format!(
        "{} {}",
        package.release.package.ecosystem(),
        package.release.spoken()
    )
}

fn add_package(out: &mut String, package: &Included) {
    let _ = writeln!(out, "{}", shown(&name(package)));
    let mut columns = Columns::default();
    for place in &package.places {
        columns.row(["at", place]);
    }
    if package.places.is_empty() {
        columns.row(["at", "(locked, not installed)"]);
    }
    for digest in &package.artifact {
        columns.row(["artifact", &digest.to_string()]);
    }
    for (what, text) in [
        ("bytes from", &package.artifact_from),
        ("built by", &built_by(package)),
        ("source", &package.origin.repository),
        ("commit", &package.origin.commit),
    ] {
        if let Some(text) = text {
            columns.row([what, text]);
        }
    }
    for question in Question::ALL {
        let answer = match question.answer(package) {
            Answer::NotChecked(because) => format!("not checked: {because}"),
            Answer::No if question == Question::Verdict => {
                format!("no: {}", verdict_words(&package.verdict))
            }
            answer @ (Answer::Yes | Answer::No) => answer_words(&answer).to_owned(),
        };
        columns.row([question.key(), &answer]);
    }
    out.push_str(&columns.text(2));
    out.push_str(&file_rows(package.files.iter()).text(4));
    out.push('\n');
}

/// What lies among the packages and is of none.
fn add_loose<'a>(out: &mut String, files: impl Iterator<Item = &'a IncludedFile>) {
    let rows = file_rows(files).text(4);
    if !rows.is_empty() {
        let _ = write!(out, "of no package\n{rows}\n");
    }
}

fn file_rows<'a>(files: impl Iterator<Item = &'a IncludedFile>) -> Columns {
    let mut columns = Columns::default();
    for file in files {
        columns.row([
            format!("file {}", file.standing),
            file.size.to_string(),
            file.sha256.to_string(),
            file.path.clone(),
        ]);
    }
    columns
}

fn end(out: &mut String, record: &Record) {
    add_wrong(out, record);
    add_not_checked(out, record);
    add_exemptions(out, record);
    let counts = Counts::of(record);
    let mut columns = Columns::default();
    columns.row(["", "yes", "no", "not checked"]);
    for question in Question::ALL {
        let tally = counts.of_question(question);
        let numbers = [tally.yes, tally.no, tally.not_checked].map(|n| n.to_string());
        let [yes, no, not_checked] = &numbers;
        columns.row([question.key(), yes, no, not_checked]);
    }
    let _ = write!(out, "\n{}{}\n", columns.text(0), counts.line());
}

/// What has a *no*, with the files that nobody can explain.
fn add_wrong(out: &mut String, record: &Record) {
    let mut lines = String::new();
    for package in &record.packages {
        for question in Question::ALL {
            if question.answer(package) != Answer::No {
                continue;
            }
            let _ = writeln!(lines, "  {}: {}", shown(&name(package)), question.refusal());
            if question == Question::Tree {
                add_unexplained(&mut lines, &package.files);
            }
        }
    }
    if record.loose.iter().any(IncludedFile::is_unexplained) {
        lines.push_str("  of no package: nothing explains these files\n");
        add_unexplained(&mut lines, &record.loose);
    }
    if !lines.is_empty() {
        let _ = write!(out, "\nNot so:\n{lines}");
    }
}

fn add_unexplained(out: &mut String, files: &[IncludedFile]) {
    let unexplained = || files.iter().filter(|file| file.is_unexplained());
    out.push_str(&file_rows(unexplained().take(limit::FEW)).text(4));
    let more = unexplained().count().saturating_sub(limit::FEW);
    if more > 0 {
        let _ = writeln!(out, "    and {more} more: --files shows every file");
    }
}

/// What nobody looked at, one line for each reason.
fn add_not_checked(out: &mut String, record: &Record) {
    let mut reasons: BTreeMap<(Question, String), Vec<&Included>> = BTreeMap::new();
    for package in &record.packages {
        for question in Question::ALL {
            if let Answer::NotChecked(because) = question.answer(package) {
                reasons
                    .entry((question, because))
                    .or_default()
                    .push(package);
            }
        }
    }
    if reasons.is_empty() && record.not_checked.is_empty() {
        return;
    }
    out.push_str("\nNot checked:\n");
    for ((question, because), packages) in reasons {
        let whose = match packages.as_slice() {
            [one] => name(one),
            all => many(all.len(), "package"),
        };
        let _ = writeln!(
            out,
            "  {} of {}, because {}",
            question.key(),
            shown(&whose),
            shown(&because)
        );
    }
    for part in &record.not_checked {
        let _ = writeln!(out, "  of the project: {}", shown(part));
    }
}

fn add_exemptions(out: &mut String, record: &Record) {
    let mut columns = Columns::default();
    for package in &record.packages {
        for exemption in &package.exemptions {
            columns.row([name(package), exemption.clone()]);
        }
    }
    let rows = columns.text(2);
    if !rows.is_empty() {
        let _ = write!(out, "\nExempted:\n{rows}");
    }
}

#[cfg(test)]
mod tests;
