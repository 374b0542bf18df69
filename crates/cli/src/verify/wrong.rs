//! What is wrong, as one list: every format is made from it.

mod origin;

use super::report::{Report, Subject};
use super::rules;
use customs_device::tree::{Difference, PackageTree};
use customs_model::{Digest, ReleaseId, printable};
use customs_origin::lockfile::{LockFinding, LockRuleDoc, Outcome};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Something that a person has to look at.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    /// The rule's id.
    pub rule: String,
    /// Its page, where it is one of ours.
    pub doc: Option<&'static LockRuleDoc>,
    /// What follows.
    pub outcome: Outcome,
    /// One sentence. Safe to print.
    pub message: String,
    /// Evidence, one line each. Safe to print.
    pub evidence: Vec<String>,
    /// The release that it is about; none where it is about more or less than one.
    pub release: Option<ReleaseId>,
    /// Relative to the top of the repository. Not safe to print as it is.
    pub file: String,
    /// The line there, counted from 1.
    pub line: u32,
    /// What makes it this one and no other, whatever its line.
    pub key: String,
}

impl Wrong {
    /// Stays when lines move: the rule, the file, and what it is about.
    pub fn fingerprint(&self) -> String {
        let text = format!("{}\0{}\0{}", self.rule, self.file, self.key);
        let mut hex = Digest::sha256(text.as_bytes()).to_hex();
        hex.truncate(32);
        hex
    }

    /// The message with the evidence, a line each. Safe to print.
    pub fn lines(&self) -> Vec<&str> {
        let evidence = self.evidence.iter().map(String::as_str);
        std::iter::once(self.message.as_str())
            .chain(evidence)
            .collect()
    }
}

/// All that is wrong anywhere, what fails first. No two have the same fingerprint.
pub(super) fn all(report: &Report) -> Vec<Wrong> {
    let mut all: Vec<Wrong> = report.subjects.iter().flat_map(of).collect();
    all.extend(together(report));
    all.sort_by_key(|wrong| Reverse(wrong.outcome));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for wrong in &mut all {
        let before = seen.entry(wrong.fingerprint()).or_default();
        if *before > 0 {
            // Code hosts drop what they believe to have seen.
            wrong.key = format!("{}\0{before}", wrong.key);
        }
        *before += 1;
    }
    all
}

/// All that is wrong with a subject, what fails first.
pub(super) fn of(subject: &Subject) -> Vec<Wrong> {
    let mut all = beside_change(subject);
    let of_change = subject.change.iter().flat_map(|change| &change.findings);
    all.extend(of_change.map(|finding| lock(finding, &subject.in_repository)));
    all.sort_by_key(|wrong| Reverse(wrong.outcome));
    all
}

/// The same without what the change of the lockfile says of itself.
pub(super) fn beside_change(subject: &Subject) -> Vec<Wrong> {
    let mut all = tree(subject);
    let findings = subject.locked.findings.iter();
    all.extend(findings.map(|finding| lock(finding, &subject.in_repository)));
    all.extend(origin::origin(subject));
    all.extend(policy(subject));
    all.sort_by_key(|wrong| Reverse(wrong.outcome));
    all
}

/// What is wrong with all of them together, and with the settings beside them.
pub(super) fn together(report: &Report) -> Vec<Wrong> {
    let findings = report.together.findings.iter();
    let mut all: Vec<Wrong> = findings
        .map(|finding| {
            let of =
                |subject: &&Subject| subject.lockfile.as_deref() == Some(finding.file.as_str());
            let subject = report.subjects.iter().find(of);
            let file = subject.map_or(finding.file.as_str(), |s| s.in_repository.as_str());
            lock(finding, file)
        })
        .collect();
    all.extend(report.settings.iter().map(|change| Wrong {
        rule: "lock-settings".into(),
        doc: None,
        outcome: change.outcome(),
        message: change.message(),
        evidence: Vec::new(),
        release: None,
        file: change.file.clone(),
        line: 1,
        key: format!("{}\0{}", change.file, change.key),
    }));
    all.sort_by_key(|wrong| Reverse(wrong.outcome));
    all
}

fn lock(finding: &LockFinding, file: &str) -> Wrong {
    let release = finding.release.as_ref().map(ToString::to_string);
    Wrong {
        rule: finding.rule.as_str().to_owned(),
        doc: None,
        outcome: finding.outcome(),
        message: finding.message.clone(),
        evidence: finding.evidence.clone(),
        release: finding.release.clone(),
        file: file.to_owned(),
        line: finding.line.unwrap_or(1).max(1),
        key: match release {
            Some(release) => format!("{release}\0{}", finding.evidence.join("\0")),
            None => finding.message.clone(),
        },
    }
}

fn tree(subject: &Subject) -> Vec<Wrong> {
    let Some(report) = &subject.installed else {
        return Vec::new();
    };
    let at = |doc: &'static LockRuleDoc,
              release: Option<&ReleaseId>,
              message: String,
              key: String| Wrong {
        rule: doc.id.to_owned(),
        doc: Some(doc),
        outcome: Outcome::Fails,
        message,
        evidence: Vec::new(),
        release: release.cloned(),
        file: subject.in_repository.clone(),
        line: release
            .and_then(|release| subject.lines.get(release))
            .copied()
            .unwrap_or(1),
        key,
    };
    let mut all = Vec::new();
    for package in &report.packages {
        if let Some(decoy) = &package.decoy {
            let message = format!(
                "{}: the lockfile has {}; by its own manifest it is {}",
                printable(&package.place, 300),
                package.release.spoken(),
                printable(decoy, 200)
            );
            let key = format!("{}\0{}", package.release, package.place);
            all.push(at(&rules::DECOY, Some(&package.release), message, key));
        }
    }
    for (package, difference) in report.differences() {
        let Some(doc) = rules::of(difference) else {
            continue;
        };
        let release = package.map(|package| &package.release);
        let (path, message) = difference_words(package, difference);
        let key = format!("{path}\0{}", digest(difference.found.as_ref()));
        let mut wrong = at(doc, release, message, key);
        wrong.evidence = evidence(difference);
        all.push(wrong);
    }
    for poisoned in &report.poisoned {
        let release = &poisoned.release;
        let message = format!(
            "{}: the copy of {} is another artifact",
            printable(&poisoned.cache, 80),
            release.spoken()
        );
        let key = format!("{release}\0{}\0{}", poisoned.cache, poisoned.found);
        let mut wrong = at(&rules::CACHE, Some(release), message, key);
        wrong.evidence = vec![
            printable(&poisoned.path, 300),
            format!("promised {}", poisoned.promised),
            format!("found    {}", poisoned.found),
        ];
        all.push(wrong);
    }
    all
}

fn difference_words(package: Option<&PackageTree>, difference: &Difference) -> (String, String) {
    let path = match package {
        Some(package) => package.path(difference),
        None => difference.path.clone(),
    };
    let whose = match package {
        Some(package) => format!(" ({})", package.release.spoken()),
        None => " (belongs to no package)".to_owned(),
    };
    let word = rules::word(difference.kind);
    let message = format!("{word}: {}{whose}", printable(&path, 300));
    (path, message)
}

fn evidence(difference: &Difference) -> Vec<String> {
    let expected = difference
        .expected
        .as_ref()
        .map(|is| format!("the artifact has {is}"));
    let found = difference
        .found
        .as_ref()
        .map(|is| format!("here lies {is}"));
    let why = difference.why.iter().cloned();
    why.chain(expected).chain(found).collect()
}

fn digest(digest: Option<&Digest>) -> String {
    digest.map(ToString::to_string).unwrap_or_default()
}

fn policy(subject: &Subject) -> Vec<Wrong> {
    let releases = subject.policy.iter().flat_map(|policy| &policy.releases);
    let told = releases.flat_map(|one| one.told.iter().map(move |told| (&one.release, told)));
    told.map(|(release, told)| Wrong {
        rule: told.rule.id.to_owned(),
        doc: Some(told.rule),
        outcome: told.outcome,
        message: told.message.clone(),
        evidence: told.evidence.clone(),
        release: Some(release.clone()),
        file: subject.in_repository.clone(),
        line: subject.lines.get(release).copied().unwrap_or(1),
        key: release.to_string(),
    })
    .collect()
}
