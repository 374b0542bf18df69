//! What `customs verify` found, as one value: every format and `customs included` are made from it.
//! What a person has to look at in it is one list too ([`super::wrong`]).

use super::policy::PolicyAnswer;
use customs_device::tree::TreeReport;
use customs_model::{Answer, Digest, Known, ReleaseId, Standing, Timestamp};
use customs_origin::history::{FileChange, Judgement as HistoryJudgement};
use customs_origin::lockfile::{Judgement as LockJudgement, LockChange, Outcome, SettingChange};
use customs_origin::source::SourceReport;
use customs_origin::{OriginAnswer, roots::Age};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the schema of the JSON.
pub const SCHEMA: &str = "customs/verify-v1";

/// Everything that was asked in one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of the schema.
    pub schema: &'static str,
    /// When it was looked.
    pub made: Timestamp,
    /// What was looked at, by path.
    pub subjects: Vec<Subject>,
    /// The commit that everything was compared with, with `--base`.
    pub base: Option<String>,
    /// What a change of the settings does, with `--base`.
    pub settings: Vec<SettingChange>,
    /// What was done to `customs.lock`, with `--base`.
    pub trust: Vec<FileChange>,
    /// What several lockfiles together show.
    pub together: LockJudgement,
    /// How old the roots of trust are that were used.
    pub roots: Vec<Age>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
    /// Which of that is of one question only.
    #[serde(skip)]
    pub only: Only,
}

/// Sentences of [`Report::not_checked`] that are of one question only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// Of the trees: artifacts that could not be fetched.
    pub tree: BTreeSet<String>,
    /// Of the origins.
    pub origin: BTreeSet<String>,
}

/// How many subjects have each answer to a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// It is so.
    pub yes: usize,
    /// It is not so.
    pub no: usize,
    /// It was not looked at, or not all of it.
    pub not_checked: usize,
}

/// The answers of all subjects, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Of the trees.
    pub tree: Count,
    /// Of the lockfiles.
    pub lockfile: Count,
    /// Of the origins.
    pub origin: Count,
    /// Of what policy says; nothing where nobody asked.
    pub policy: Count,
}

impl Count {
    fn add(&mut self, answer: &Answer) {
        match answer {
            Answer::Yes => self.yes += 1,
            Answer::No => self.no += 1,
            Answer::NotChecked(_) => self.not_checked += 1,
        }
    }
}

impl Report {
    /// The answers, counted.
    pub fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        for subject in &self.subjects {
            sum.tree.add(&subject.tree);
            sum.lockfile.add(&subject.lock);
            sum.origin.add(&subject.origin);
            if let Some(policy) = &subject.policy {
                sum.policy.add(&policy.answer);
            }
        }
        sum
    }

    /// Each question with how many subjects have which answer to it, in the order in which they
    /// are told.
    pub fn questions(&self) -> Vec<(&'static str, Count)> {
        let mut all: Vec<(&'static str, Count)> = Vec::new();
        for (question, answer) in self.subjects.iter().flat_map(Subject::answers) {
            let known = all.iter().position(|(name, _)| *name == question);
            let at = known.unwrap_or_else(|| {
                all.push((question, Count::default()));
                all.len() - 1
            });
            if let Some((_, count)) = all.get_mut(at) {
                count.add(answer);
            }
        }
        all
    }

    /// What is asked of all subjects together: what a change does to settings, and what several
    /// lockfiles show beside each other.
    pub fn across(&self) -> [(&'static str, Answer); 2] {
        let fails = self
            .settings
            .iter()
            .any(|change| change.outcome() == Outcome::Fails);
        let settings = match fails {
            true => Answer::No,
            false => Answer::Yes,
        };
        [
            ("settings", settings),
            ("lockfiles together", self.together.answer()),
        ]
    }

    /// Everything together.
    pub fn answer(&self) -> Answer {
        let notes = self.not_checked.iter().cloned().map(Answer::NotChecked);
        let answers = self.subjects.iter().flat_map(Subject::answers);
        answers
            .map(|(_, answer)| answer.clone())
            .chain(self.across().map(|(_, answer)| answer))
            .chain(notes)
            .fold(Answer::Yes, Answer::and)
    }
}

impl Subject {
    /// What people know it by: its lockfile, else its folder. Not safe to print as it is.
    pub fn name(&self) -> &str {
        self.lockfile.as_deref().unwrap_or(&self.folder)
    }

    /// Each question with its answer, in the order in which they are told. Every format goes by
    /// it, so that a question that is added here is told everywhere.
    pub fn answers(&self) -> Vec<(&'static str, &Answer)> {
        let mut all = vec![
            ("tree", &self.tree),
            ("lockfile", &self.lock),
            ("origin", &self.origin),
        ];
        all.extend(self.policy.iter().map(|policy| ("policy", &policy.answer)));
        all
    }
}

/// One lockfile with the tree that was installed from it, one Python environment, or one folder
/// of vendored crates.
#[derive(Debug, Serialize)]
pub struct Subject {
    /// The folder, relative to where it was asked, `.` for that itself. Not safe to print as it is.
    pub folder: String,
    /// The lockfile, relative to where it was asked.
    pub lockfile: Option<String>,
    /// The lockfile (the folder where there is none), relative to the top of the repository: what
    /// code hosts go by. Not safe to print as it is.
    #[serde(skip)]
    pub in_repository: String,
    /// The line of each release in the lockfile.
    #[serde(skip)]
    pub lines: BTreeMap<ReleaseId, u32>,
    /// Folders of the workspace's members, which have no lockfile of their own. Not safe to print
    /// as they are.
    pub members: Vec<String>,
    /// What it is, for people ("npm", "Python environment", "cargo vendor").
    pub kind: String,
    /// Whether what lies there is what the lockfile says.
    pub tree: Answer,
    /// What was found of it; none where nothing was looked at.
    pub installed: Option<TreeReport>,
    /// Whether the lockfile says what it should.
    pub lock: Answer,
    /// What was found in it.
    pub locked: LockJudgement,
    /// What changed since `--base`.
    pub change: Option<LockChange>,
    /// Whether every package comes from where it should.
    pub origin: Answer,
    /// What is known of where each package comes from, in the order of the releases.
    pub packages: Vec<PackageOrigin>,
    /// Whether policy admits what the lockfile names; none where nobody asked (`customs check` does).
    pub policy: Option<PolicyAnswer>,
}

/// Where one package comes from.
#[derive(Debug, Serialize)]
pub struct PackageOrigin {
    /// Which release.
    pub release: ReleaseId,
    /// The digest that the evidence was held against.
    pub artifact: Option<Digest>,
    /// What the evidence says.
    pub origin: OriginAnswer,
    /// What its history says to that; none where nothing was asked.
    pub history: Option<HistoryJudgement>,
    /// What its source says, with `--source`.
    pub source: Option<SourceReport>,
    /// What its code was judged to be, where somebody has read it.
    pub verdict: Known<Standing>,
}
