use super::limit;
use crate::worst::{Worst, keep_worst};
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

/// Takes the findings of one rule. Of more than [`limit::FINDINGS`] the worst are kept: who can
/// fill a lockfile with small faults must not hide a large one behind them.
pub(super) struct Findings<'a> {
    id: &'static str,
    into: &'a mut Judgement,
    /// With their number, in the order in which they were said.
    kept: Vec<(usize, LockFinding)>,
    said: usize,
    left_out: Worst<Severity>,
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
            kept: Vec::new(),
            said: 0,
            left_out: Worst::default(),
        }
    }

    pub fn add(&mut self, said: Said<'_>) {
        let mut evidence = said.evidence;
        if evidence.len() > limit::EVIDENCE {
            let more = evidence.len() - limit::EVIDENCE;
            evidence.truncate(limit::EVIDENCE);
            evidence.push(format!("and {more} more"));
        }
        let finding = LockFinding {
            rule: RuleId::of(self.id),
            severity: said.severity,
            message: said.message,
            file: said.file.to_owned(),
            line: said.line,
            release: said.release.cloned(),
            evidence,
        };
        self.kept.push((self.said, finding));
        self.said += 1;
        // Now and then, so that what is held stays small and the sorting cheap.
        if self.kept.len() >= limit::FINDINGS * 2 {
            self.cut();
        }
    }

    /// Says what could not be looked at.
    pub fn not_checked(&mut self, what: String) {
        self.into.not_checked.push(what);
    }

    fn cut(&mut self) {
        let severity = |(_, finding): &(usize, LockFinding)| finding.severity;
        self.left_out
            .take(keep_worst(&mut self.kept, limit::FINDINGS, severity));
    }

    /// Hands the findings over, and says how many were left out.
    pub fn finish(mut self) {
        self.cut();
        self.kept.sort_by_key(|(number, _)| *number);
        let findings = self.kept.into_iter().map(|(_, finding)| finding);
        self.into.findings.extend(findings);
        let (Some(severity), Some(last)) = (self.left_out.worst, self.into.findings.last()) else {
            return;
        };
        let rest = LockFinding {
            rule: RuleId::of(self.id),
            severity,
            message: format!(
                "{} further findings of this rule are left out, and none of them is worse than {}",
                self.left_out.count,
                word(severity)
            ),
            file: last.file.clone(),
            line: None,
            release: None,
            evidence: Vec::new(),
        };
        self.into.findings.push(rest);
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "a note",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(severities: impl IntoIterator<Item = Severity>) -> Judgement {
        let mut judgement = Judgement::default();
        let mut findings = Findings::of("lock-address", &mut judgement);
        for (number, severity) in severities.into_iter().enumerate() {
            findings.add(Said {
                severity,
                message: number.to_string(),
                file: "a",
                line: None,
                release: None,
                evidence: Vec::new(),
            });
        }
        findings.finish();
        judgement
    }

    #[test]
    fn a_severe_finding_behind_very_many_small_ones_is_kept_in_its_place() {
        let small = std::iter::repeat_n(Severity::Low, 5_000);
        let all = small.clone().chain([Severity::High]).chain(small);
        let judgement = judged(all);
        assert_eq!(judgement.findings.len(), limit::FINDINGS + 1);
        assert_eq!(judgement.answer(), Answer::No);
        let [.., severe, rest] = judgement.findings.as_slice() else {
            panic!("two at least");
        };
        assert_eq!(
            (severe.message.as_str(), severe.severity),
            ("5000", Severity::High)
        );
        // The first of the small ones stay, in their order.
        assert_eq!(judgement.findings[1].message, "1");
        assert_eq!(
            rest.message,
            "9801 further findings of this rule are left out, and none of them is worse than low"
        );
    }

    #[test]
    fn of_too_many_severe_findings_the_severity_of_those_left_out_is_told() {
        let judgement = judged(std::iter::repeat_n(Severity::High, limit::FINDINGS + 1));
        let rest = judgement.findings.last().unwrap();
        assert_eq!(rest.severity, Severity::High);
        assert_eq!(
            rest.message,
            "1 further findings of this rule are left out, and none of them is worse than high"
        );
        let few = judged([Severity::Low, Severity::High]);
        assert_eq!(few.findings.len(), 2);
        assert_eq!(few.findings[0].severity, Severity::Low);
    }
}
