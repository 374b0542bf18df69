//! What is asked of each package, and the sums of the answers.

use crate::record::{Included, Record};
use customs_model::{Answer, Known, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked of each package. Each is answered yes, no, or *not checked, because …*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Is what lies there what the artifact holds?
    Tree,
    /// Did the registry sign this name, version and digest?
    Signature,
    /// Is there a verified attestation of how this digest was built?
    Attestation,
    /// Was its code judged, and nothing found?
    Verdict,
}

impl Question {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [
        Self::Tree,
        Self::Signature,
        Self::Attestation,
        Self::Verdict,
    ];

    /// Its name in machine formats and column heads.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Verdict => "verdict",
        }
    }

    /// What a *yes* means, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tree => "what lies there is what the artifact holds",
            Self::Signature => "the registry signed this name, version and digest",
            Self::Attestation => "an attestation of how it was built is verified",
            Self::Verdict => "its code was judged, and nothing was found",
        }
    }

    /// What a *no* means, in words.
    pub const fn refusal(self) -> &'static str {
        match self {
            Self::Tree => "what lies there is not what the artifact holds",
            Self::Signature => "no signature of the registry holds for it",
            Self::Attestation => "no attestation of how it was built holds for it",
            Self::Verdict => "something was found in its code",
        }
    }

    /// The answer for one package.
    pub fn answer(self, package: &Included) -> Answer {
        match self {
            Self::Tree => package.tree.clone(),
            Self::Signature => package.origin.signature.clone(),
            Self::Attestation => package.origin.attestation.clone(),
            Self::Verdict => of_verdict(&package.verdict),
        }
    }
}

/// A verdict as an answer. Only *clean* is a yes.
fn of_verdict(verdict: &Known<Standing>) -> Answer {
    match verdict {
        Known::Is(Standing::Clean) => Answer::Yes,
        Known::Is(Standing::Suspicious | Standing::Malicious) => Answer::No,
        Known::Is(Standing::NotJudged) => Answer::not_checked("its code could not be judged"),
        Known::NotKnown(because) => Answer::not_checked(because.clone()),
        Known::NotApplicable => Answer::not_checked("no verdict applies to it"),
    }
}

/// A verdict in words.
pub(crate) const fn verdict_words(verdict: &Known<Standing>) -> &'static str {
    match verdict {
        Known::Is(Standing::Clean) => "clean",
        Known::Is(Standing::Suspicious) => "suspicious",
        Known::Is(Standing::Malicious) => "malicious",
        Known::Is(Standing::NotJudged) => "not judged",
        Known::NotKnown(_) => "not checked",
        Known::NotApplicable => "not applicable",
    }
}

/// An answer in words; why it was not checked stands elsewhere.
pub(crate) const fn answer_words(answer: &Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::NotChecked(_) => "not checked",
    }
}

/// How many packages have which answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// It is so.
    pub yes: usize,
    /// It is not so.
    pub no: usize,
    /// Nobody looked.
    pub not_checked: usize,
    /// It is locked and rightly lies nowhere, so that there is nothing to ask about.
    #[serde(default, skip_serializing_if = "is_none")]
    pub absent: usize,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "what is skipped is asked by reference"
)]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Tally {
    /// Whether every package that is there has a yes, and there is one.
    pub const fn is_all_yes(self) -> bool {
        self.yes > 0 && self.no == 0 && self.not_checked == 0
    }

    fn add(&mut self, answer: &Answer, is_absent: bool) {
        match answer {
            // What is wrong with it is wrong wherever it lies.
            Answer::No => self.no += 1,
            Answer::Yes | Answer::NotChecked(_) if is_absent => self.absent += 1,
            Answer::Yes => self.yes += 1,
            Answer::NotChecked(_) => self.not_checked += 1,
        }
    }
}

/// The sums of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Packages.
    pub packages: usize,
    /// Packages that are locked and lie nowhere.
    pub not_installed: usize,
    /// Files of all packages.
    pub files: usize,
    /// Files that belong to no package.
    pub loose: usize,
    /// Packages to which an exemption applies.
    pub exempted: usize,
    /// Parts of the project that were not looked at.
    pub not_looked_at: usize,
    /// The answers to each question.
    pub answers: BTreeMap<Question, Tally>,
}

impl Counts {
    /// Counts.
    pub fn of(record: &Record) -> Self {
        let count = |is: fn(&Included) -> bool| record.packages.iter().filter(|p| is(p)).count();
        let mut answers = BTreeMap::new();
        for question in Question::ALL {
            let tally: &mut Tally = answers.entry(question).or_default();
            for package in &record.packages {
                tally.add(&question.answer(package), package.is_rightly_absent());
            }
        }
        Self {
            packages: record.packages.len(),
            not_installed: count(|p| p.places.is_empty()),
            files: record.packages.iter().map(|p| p.files.len()).sum(),
            loose: record.loose.len(),
            exempted: count(|p| !p.exemptions.is_empty()),
            not_looked_at: record.not_checked.len(),
            answers,
        }
    }

    /// The answers to one question.
    pub fn of_question(&self, question: Question) -> Tally {
        self.answers.get(&question).copied().unwrap_or_default()
    }

    /// All but the answers, in one line.
    pub(crate) fn line(&self) -> String {
        let loose = match self.loose {
            0 => String::new(),
            loose => format!(" and {loose} of no package"),
        };
        format!(
            "{} ({} not installed), {}{loose}, {} exempted; {} of the project not looked at",
            many(self.packages, "package"),
            self.not_installed,
            many(self.files, "file"),
            self.exempted,
            many(self.not_looked_at, "part"),
        )
    }
}

/// `1 file`, `2 files`.
pub(crate) fn many(count: usize, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clean_verdict_is_a_yes() {
        let not_checked = |v| matches!(of_verdict(&v), Answer::NotChecked(_));
        assert_eq!(of_verdict(&Known::Is(Standing::Clean)), Answer::Yes);
        assert_eq!(of_verdict(&Known::Is(Standing::Suspicious)), Answer::No);
        assert_eq!(of_verdict(&Known::Is(Standing::Malicious)), Answer::No);
        assert!(not_checked(Known::Is(Standing::NotJudged)));
        assert!(not_checked(Known::not_known("the cache is empty")));
        assert!(not_checked(Known::NotApplicable));
    }

    #[test]
    fn each_package_is_counted_once_for_each_question() {
        let record = crate::testing::record();
        let counts = Counts::of(&record);
        for question in Question::ALL {
            let tally = counts.of_question(question);
            let sum = tally.yes + tally.no + tally.not_checked + tally.absent;
            assert_eq!(sum, record.packages.len(), "{question:?}");
        }
    }

    #[test]
    fn nothing_is_not_all() {
        assert!(!Tally::default().is_all_yes());
    }
}
