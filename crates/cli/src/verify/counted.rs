//! What is told in numbers.

use super::policy::PolicyAnswer;
use super::report::{Report, Subject};
use customs_device::tree::{Against, Cause, DifferenceKind, Standing, TreeReport};
use customs_model::{Answer, printable};
use customs_origin::history::Outcome;
use std::collections::BTreeMap;

/// Names that are told one by one.
const NAMED: usize = 6;
/// Characters of a reason.
const REASON: usize = 600;

/// A tree in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Packages of which everything is as it should be.
    pub equal: usize,
    /// Others of which all is as a list of the manager's own says, which proves nothing.
    pub by_own_list: usize,
    /// Files that were compared.
    pub files: usize,
    /// Differences that are explained, by what explains them.
    pub explained: BTreeMap<String, usize>,
    /// Files that were made here.
    pub made: usize,
    /// Those of them that are as they were pinned.
    pub pinned: usize,
}

/// Counts a tree.
pub(super) fn of(report: &TreeReport) -> Counted {
    let mut counted = Counted::default();
    for package in &report.packages {
        let equal = package.answer == Answer::Yes;
        counted.equal += usize::from(equal);
        let by_own_list = matches!(package.against, Some(Against::OwnList { .. }));
        counted.by_own_list += usize::from(by_own_list && package.answer != Answer::No);
        counted.files += usize::try_from(package.files).unwrap_or(usize::MAX);
    }
    for (_, difference) in report.differences() {
        match &difference.standing {
            Standing::Explained(why) => *counted.explained.entry(group(why)).or_default() += 1,
            Standing::MadeHere { pinned, .. } => {
                counted.made += 1;
                counted.pinned += usize::from(*pinned == Some(true));
            }
            Standing::Unexplained => {}
        }
    }
    counted
}

/// What explains a difference, without its particulars.
fn group(cause: &Cause) -> String {
    match cause {
        Cause::Manager { what } | Cause::Installer { what } => printable(what, 120),
        Cause::CopyOf { .. } => "a copy of a file of another verified package".into(),
        Cause::Patch { .. } => "a patch file of the project".into(),
        Cause::Bytecode { .. } => "compiled from a source that is as it should be".into(),
        Cause::OtherPlatform => "rightly absent: for another system or processor".into(),
    }
}

/// What explains a difference, in words. Safe to print.
pub(super) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Manager { .. } | Cause::Installer { .. } | Cause::OtherPlatform => group(cause),
        Cause::CopyOf { release, path } => {
            format!("equal to {} of {}", printable(path, 200), release.spoken())
        }
        Cause::Patch { file } => format!("the patch {}", printable(file, 200)),
        Cause::Bytecode { source } => format!("compiled from {}", printable(source, 200)),
    }
}

/// What was not checked of a subject, by reason, the most frequent first.
pub(super) fn not_checked(subject: &Subject) -> Vec<(String, usize)> {
    let mut reasons = of_tree(subject);
    reasons.extend(subject.locked.not_checked.iter().cloned());
    reasons.extend(of_origin(subject));
    reasons.extend(subject.policy.iter().flat_map(PolicyAnswer::reasons));
    grouped(reasons.iter())
}

/// All that was not checked, one line each: the questions without an answer with their subject, then
/// what nobody looked at. Safe to print.
pub(super) fn unanswered(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    for subject in &report.subjects {
        for (question, answer) in subject.answers() {
            if let Some(because) = because(answer) {
                let name = printable(subject.name(), 300);
                let because = printable(&because, REASON);
                all.push(format!("{name}: {question} not checked: {because}"));
            }
        }
    }
    for (question, answer) in report.across() {
        if let Some(because) = because(&answer) {
            let because = printable(&because, REASON);
            all.push(format!("{question} not checked: {because}"));
        }
    }
    let notes = report.not_checked.iter();
    all.extend(notes.map(|note| printable(note, REASON)));
    all
}

fn because(answer: &Answer) -> Option<String> {
    match answer {
        Answer::NotChecked(because) => Some(because.clone()),
        Answer::Yes | Answer::No => None,
    }
}

fn of_tree(subject: &Subject) -> Vec<String> {
    let Some(installed) = &subject.installed else {
        return because(&subject.tree).into_iter().collect();
    };
    let packages = installed.packages.iter();
    let packages = packages.filter_map(|package| because(&package.answer));
    let loose = installed.loose.iter();
    let loose = loose.filter_map(|one| because(&one.answer()));
    let unread = installed
        .differences()
        .filter(|(_, one)| one.kind == DifferenceKind::Unreadable)
        .map(|(package, one)| {
            let path = package.map_or_else(|| one.path.clone(), |package| package.path(one));
            format!("it cannot be read: {}", printable(&path, 300))
        });
    let notes = installed.not_checked.iter().cloned();
    packages.chain(loose).chain(unread).chain(notes).collect()
}

fn of_origin(subject: &Subject) -> Vec<String> {
    if subject.packages.is_empty() {
        return because(&subject.origin).into_iter().collect();
    }
    let mut reasons = Vec::new();
    for package in &subject.packages {
        reasons.extend(because(&package.origin.signature));
        reasons.extend(because(&package.origin.attestation));
        if let Some(history) = &package.history
            && matches!(history.outcome, Outcome::NotChecked(_))
        {
            // The same for every version of which it is said.
            let version = package.release.version.to_string();
            let sentence = &history.sentence;
            let rest = sentence.strip_prefix(&version).unwrap_or(sentence);
            reasons.push(format!(
                "its history {}",
                rest.trim_start().trim_end_matches('.')
            ));
        }
    }
    reasons
}

/// Equal texts once, with their number, the most frequent first.
pub(super) fn grouped<'a>(all: impl Iterator<Item = &'a String>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let mut out: Vec<(String, usize)> = counts
        .into_iter()
        .map(|(text, number)| (printable(text, REASON), number))
        .collect();
    out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    out
}

/// `1 file`, `2 files`.
pub(super) fn count(of: usize, one: &str, many: &str) -> String {
    match of {
        1 => format!("1 {one}"),
        of => format!("{of} {many}"),
    }
}

/// Names of strangers, the first few of them.
pub(super) fn list(names: &[String], all: bool) -> String {
    let most = if all { names.len() } else { NAMED };
    let shown: Vec<String> = names
        .iter()
        .take(most)
        .map(|name| printable(name, 120))
        .collect();
    match names.len() > most {
        true => format!("{} and {} more", shown.join(", "), names.len() - most),
        false => shown.join(", "),
    }
}
