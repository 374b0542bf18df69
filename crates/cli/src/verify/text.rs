//! What was found, for people: per project one line with three answers, then what is wrong, with
//! why it matters and what to do; then what is as it should be in counts, and what nobody looked
//! at with the reasons.

use super::counted::{self, Counted};
use super::report::{Report, Subject};
use super::wrong::{self, Wrong};
use customs_device::tree::Standing;
use customs_model::{Answer, printable};
use customs_origin::history::Look;
use customs_origin::lockfile::{self, Outcome};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Findings of one rule that are told one by one.
const MANY: usize = 20;
/// Lines of evidence of one finding.
const EVIDENCE: usize = 6;
/// Reasons for which something was not checked.
const REASONS: usize = 12;

/// All of it. `verbose` lists what is otherwise counted.
pub(super) fn text(report: &Report, verbose: bool) -> String {
    let mut out = String::new();
    for subject in &report.subjects {
        one(&mut out, subject, verbose);
        out.push('\n');
    }
    let together = wrong::together(report);
    if !together.is_empty() {
        out.push_str("All projects together, and the settings beside them\n");
        wrongs(&mut out, &together, verbose);
        out.push('\n');
    }
    trust(&mut out, report, verbose);
    if !report.not_checked.is_empty() {
        out.push_str("Not looked at\n");
        reasons(
            &mut out,
            &counted::grouped(report.not_checked.iter()),
            verbose,
        );
        out.push('\n');
    }
    policy(&mut out, report);
    roots(&mut out, report);
    sum(&mut out, report);
    out
}

fn one(out: &mut String, subject: &Subject, verbose: bool) {
    let answers = subject.answers().into_iter();
    let answers = answers.map(|(question, answer)| format!("{question} {}", word(answer)));
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        out,
        "{} ({}): {}",
        printable(subject.name(), 300),
        subject.kind,
        answers.collect::<Vec<_>>().join(" · ")
    );
    if !subject.members.is_empty() {
        let _ = writeln!(
            out,
            "  it also covers {} of the workspace: {}",
            counted::count(subject.members.len(), "member", "members"),
            counted::list(&subject.members, verbose)
        );
    }
    wrongs(out, &wrong::of(subject), verbose);
    if let Some(change) = &subject.change
        && !change.is_empty()
    {
        out.push_str("\n  Since the base\n");
        indented(out, &lockfile::text(change), 4);
    }
    fine(out, subject, verbose);
    let unseen = counted::not_checked(subject);
    if !unseen.is_empty() {
        out.push_str("  not checked\n");
        reasons(out, &unseen, verbose);
    }
}

const fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "NO",
        Answer::NotChecked(_) => "not checked",
    }
}

/// By rule, so that why and what to do stand there once.
fn wrongs(out: &mut String, all: &[Wrong], verbose: bool) {
    let mut rules: Vec<(&str, Outcome)> = Vec::new();
    for wrong in all {
        if !rules.contains(&(wrong.rule.as_str(), wrong.outcome)) {
            rules.push((&wrong.rule, wrong.outcome));
        }
    }
    for (rule, outcome) in rules {
        let is_of = |wrong: &&Wrong| wrong.rule == rule && wrong.outcome == outcome;
        let of_rule: Vec<&Wrong> = all.iter().filter(is_of).collect();
        if outcome == Outcome::Notes && !verbose {
            continue;
        }
        let most = if verbose { usize::MAX } else { MANY };
        let _ = writeln!(out, "\n  {}[{rule}]", outcome.word());
        for wrong in of_rule.iter().take(most) {
            let _ = writeln!(out, "    {}{}", wrong.message, place(wrong));
            for line in wrong.evidence.iter().take(EVIDENCE) {
                let _ = writeln!(out, "      {line}");
            }
        }
        if of_rule.len() > most {
            let _ = writeln!(out, "    and {} more (--verbose)", of_rule.len() - most);
        }
        if let Some(doc) = super::rules().find(|doc| doc.id == rule) {
            let _ = writeln!(out, "    why: {}", doc.why);
            let _ = writeln!(out, "    do:  {}", doc.to_do);
        }
    }
    let notes = all.iter().filter(|wrong| wrong.outcome == Outcome::Notes);
    let notes = notes.count();
    if notes > 0 && !verbose {
        let notes = counted::count(notes, "note", "notes");
        let _ = writeln!(out, "\n  {notes} on what is worth knowing (--verbose)");
    }
}

/// Files of a tree have no line of their own.
fn place(wrong: &Wrong) -> String {
    match wrong.doc {
        Some(_) => String::new(),
        None => format!("  {}:{}", printable(&wrong.file, 200), wrong.line),
    }
}

/// What is as it should be, and what was made here.
fn fine(out: &mut String, subject: &Subject, verbose: bool) {
    let Some(installed) = &subject.installed else {
        return;
    };
    let Counted {
        equal,
        by_own_list,
        files,
        explained,
        made,
        pinned,
    } = counted::of(installed);
    let _ = writeln!(
        out,
        "\n  as they should be: {equal} of {}; {} compared",
        counted::count(installed.packages.len(), "package", "packages"),
        counted::count(files, "file", "files")
    );
    if by_own_list > 0 {
        let _ = writeln!(
            out,
            "    as the package manager's own list says, which is not bound to the lockfile: {}",
            counted::count(by_own_list, "package", "packages")
        );
    }
    for (what, number) in &explained {
        let _ = writeln!(out, "    explained: {number} × {what}");
    }
    if made > 0 {
        let open = made - pinned;
        let _ = writeln!(
            out,
            "    made here: {}, {pinned} as pinned{}",
            counted::count(made, "file", "files"),
            match open {
                0 => String::new(),
                open => format!(
                    ", {open} not pinned (look at them: --verbose; then customs verify --pin)"
                ),
            }
        );
    }
    if verbose {
        listed(out, installed);
    }
}

fn listed(out: &mut String, installed: &customs_device::tree::TreeReport) {
    for (package, difference) in installed.differences() {
        let path = package.map_or_else(|| difference.path.clone(), |one| one.path(difference));
        let path = printable(&path, 300);
        let found = difference.found.as_ref().map(ToString::to_string);
        let found = found.unwrap_or_default();
        let _ = match &difference.standing {
            Standing::Explained(cause) => {
                writeln!(out, "      explained  {path}  {}", counted::cause(cause))
            }
            Standing::MadeHere { maker, .. } => {
                writeln!(
                    out,
                    "      made here  {path}  {found}  ({})",
                    printable(maker, 80)
                )
            }
            Standing::Unexplained => Ok(()),
        };
    }
}

fn reasons(out: &mut String, all: &[(String, usize)], verbose: bool) {
    let most = if verbose { usize::MAX } else { REASONS };
    for (reason, number) in all.iter().take(most) {
        let _ = match number {
            1 => writeln!(out, "    {reason}"),
            number => writeln!(out, "    {number} × {reason}"),
        };
    }
    if all.len() > most {
        let _ = writeln!(out, "    and {} more reasons (--verbose)", all.len() - most);
    }
}

fn trust(out: &mut String, report: &Report, verbose: bool) {
    let told = |look: Look| {
        report
            .trust
            .iter()
            .filter(move |change| change.look == look)
    };
    let ordinary = told(Look::Ordinary).count();
    if report.trust.is_empty() {
        return;
    }
    out.push_str("customs.lock since the base\n");
    for change in told(Look::Must) {
        let _ = writeln!(out, "    look at: {}", change.sentence);
    }
    if verbose {
        for change in told(Look::Ordinary) {
            let _ = writeln!(out, "    {}", change.sentence);
        }
    } else if ordinary > 0 {
        let _ = writeln!(out, "    {ordinary} ordinary changes (--verbose)");
    }
    out.push('\n');
}

/// What nobody configured is said once.
fn policy(out: &mut String, report: &Report) {
    let asked = report
        .subjects
        .iter()
        .filter_map(|subject| subject.policy.as_ref());
    let notes: BTreeSet<&String> = asked.flat_map(|policy| &policy.notes).collect();
    if notes.is_empty() {
        return;
    }
    out.push_str("Policy\n");
    for note in notes {
        let _ = writeln!(out, "    {}", printable(note, 600));
    }
    out.push('\n');
}

fn roots(out: &mut String, report: &Report) {
    for age in report.roots.iter().filter(|age| age.old) {
        let _ = writeln!(
            out,
            "{} is old: take a newer customs, or renew it with customs trust update --tuf URL (or --from FOLDER)",
            printable(&age.what, 120)
        );
    }
}

fn sum(out: &mut String, report: &Report) {
    let questions = report.questions().into_iter().map(|(question, count)| {
        format!(
            "{question} {} yes, {} no, {} not checked",
            count.yes, count.no, count.not_checked
        )
    });
    let _ = writeln!(
        out,
        "{}: {}",
        counted::count(report.subjects.len(), "project", "projects"),
        questions.collect::<Vec<_>>().join("; ")
    );
}

fn indented(out: &mut String, text: &str, by: usize) {
    for line in text.lines() {
        let _ = match line.is_empty() {
            true => writeln!(out),
            false => writeln!(out, "{:by$}{line}", ""),
        };
    }
}
