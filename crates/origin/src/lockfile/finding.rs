use super::limit;
use customs_model::{Answer, ReleaseId, RuleId, Severity};
use serde::{Deserialize, Serialize};

/// What a rule says about a lockfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockFinding {
    /// The rule.
    pub rule: RuleId,
    /// How bad it is if it is right.
    pub severity: Severity,
    /// One sentence for people, with the names, safe to print.
    pub message: String,
    /// The lockfile (or file of configuration), as its view names it.
    pub file: String,
    /// Where, counted from 1; none where it is about the whole file.
    pub line: Option<u32>,
    /// Which release, where it is about one.
    pub release: Option<ReleaseId>,
    /// Evidence, one line each, safe to print.
    pub evidence: Vec<String>,
}

/// What follows from a finding where no policy says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is worth knowing.
    Notes,
    /// Somebody should look.
    Warns,
    /// It must not pass.
    Fails,
}

impl LockFinding {
    /// What follows from it: high and critical fail, a note notes, the rest warns.
    pub const fn outcome(&self) -> Outcome {
        Outcome::of(self.severity)
    }
}

impl Outcome {
    pub(super) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Notes,
            Severity::Low | Severity::Medium => Self::Warns,
            Severity::High | Severity::Critical => Self::Fails,
        }
    }

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notes => "note",
            Self::Warns => "warning",
            Self::Fails => "failed",
        }
    }
}

/// What all rules say about one or more lockfiles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// In the order of the rules, within a rule in the order of the file.
    pub findings: Vec<LockFinding>,
    /// What could not be looked at, and why. One sentence each, safe to print.
    pub not_checked: Vec<String>,
}

impl Judgement {
    /// Whether what the lockfile names is what was meant: *no* where a finding fails, *not
    /// checked* where something could not be looked at.
    pub fn answer(&self) -> Answer {
        if self.findings.iter().any(|f| f.outcome() == Outcome::Fails) {
            return Answer::No;
        }
        match self.not_checked.is_empty() {
            true => Answer::Yes,
            false => Answer::not_checked(self.not_checked.join("; ")),
        }
    }

    /// Adds what else was said.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.not_checked.extend(other.not_checked);
    }
}

/// Takes the findings of one rule, within [`limit::FINDINGS`].
pub(super) struct Findings<'a> {
    id: &'static str,
    into: &'a mut Judgement,
    count: usize,
    more: usize,
}

/// A finding before its rule is written on it.
pub(super) struct Said<'a> {
    pub severity: Severity,
    pub message: String,
    pub file: &'a str,
    pub line: Option<u32>,
    pub release: Option<&'a ReleaseId>,
    pub evidence: Vec<String>,
}

impl<'a> Findings<'a> {
    pub fn of(id: &'static str, into: &'a mut Judgement) -> Self {
        Self {
            id,
            into,
            count: 0,
            more: 0,
        }
    }

    pub fn add(&mut self, said: Said<'_>) {
        self.count += 1;
        if self.count > limit::FINDINGS {
            self.more += 1;
            return;
        }
        let mut evidence = said.evidence;
        if evidence.len() > limit::EVIDENCE {
            let more = evidence.len() - limit::EVIDENCE;
            evidence.truncate(limit::EVIDENCE);
            evidence.push(format!("and {more} more"));
        }
        self.into.findings.push(LockFinding {
            rule: RuleId::of(self.id),
            severity: said.severity,
            message: said.message,
            file: said.file.to_owned(),
            line: said.line,
            release: said.release.cloned(),
            evidence,
        });
    }

    /// Says what could not be looked at.
    pub fn not_checked(&mut self, what: String) {
        self.into.not_checked.push(what);
    }

    /// Says how many findings were left out.
    pub fn finish(self) {
        if self.more == 0 {
            return;
        }
        if let Some(last) = self.into.findings.last_mut() {
            last.evidence
                .push(format!("{} further findings of this rule", self.more));
        }
    }
}
