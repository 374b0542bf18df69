//! How often each rule may speak of honest releases, and how often it does.
//!
//! A rule that is wrong more often than this is no proof: it is made stricter, or it says
//! less. Counted are archives, over T, H and R together: an archive that stands on several
//! lists counts once, however many findings a rule has in it.

use customs_model::{Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Honest archives that may be called malicious by a rule: none, whatever the rule.
pub const MALICIOUS: usize = 0;

/// How often a rule may be wrong.
#[derive(Debug)]
pub struct Budget {
    /// The rule's id.
    pub rule: &'static str,
    /// Honest archives that it may make suspicious.
    pub suspicious: usize,
}

/// Two in ten thousand, of the 12,981 archives of T, H and R together.
const FEW: usize = 3;

/// The rules that go by code. A rule without a row has no budget at all.
pub const BUDGETS: &[Budget] = &[
    // Agents and publishers on the command line, which send the files of the project to where
    // the user's settings say; one file of each holds all of it, so it counts as imported.
    budget("secret-to-network", 5),
    budget("identity-to-network", FEW),
    // Installers that run what they fetch where the package of their platform is missing:
    // few packages, of which the lists hold several releases each. And nx, whose hook runs the
    // client of its cloud; and programs of Python that run a script from where their user says.
    budget("remote-code", 24),
    budget("hidden-code", FEW),
    budget("collect-and-send", FEW),
    budget("self-publishing", FEW),
    budget("unguarded-agent", FEW),
    // Programs whose business the files of shells and editors are.
    budget("planted-configuration", 6),
    budget("replaced-address", FEW),
    budget("download-cradle", FEW),
    budget("destruction", FEW),
    budget("build-time-network", FEW),
    budget("new-binary", FEW),
    budget("forged-archive", FEW),
    // It is no proof and stops nothing: the half percent that may be suspicious.
    budget("score", 64),
    // They tell, and accuse nobody.
    budget("not-judged", 0),
    budget("not-followed", 0),
    budget("novelty", 0),
];

const fn budget(rule: &'static str, suspicious: usize) -> Budget {
    Budget { rule, suspicious }
}

/// What a rule says of an archive, where it is more than a note.
#[derive(Debug, Clone)]
pub struct Said {
    /// The rule's id.
    pub rule: String,
    /// How bad it says it is.
    pub severity: Severity,
    /// The sentence, safe to print.
    pub words: String,
    /// The way to where it ends, a line each, safe to print.
    pub way: Vec<String>,
}

impl Said {
    /// All that stands in a verdict.
    pub fn all(verdict: &Verdict) -> Vec<Self> {
        verdict
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .map(|finding| Self {
                rule: finding.rule.to_string(),
                severity: finding.severity,
                words: finding.message.clone(),
                way: finding.evidence.clone(),
            })
            .collect()
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            severity,
            words,
            way,
        } = self;
        let at = way.last().map_or("", String::as_str);
        write!(f, "{rule} {severity:?}: {words} @ {at}")
    }
}

/// The three sets of honest releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// T: popular ones.
    Popular,
    /// H: those that look guilty.
    Hard,
    /// R: the newer ones of adjacent pairs.
    Releases,
}

/// Archives, each with the sets in which it stands.
#[derive(Debug, Default)]
pub struct Archives(BTreeMap<String, BTreeSet<Set>>);

impl Archives {
    /// How many stand in a set.
    pub fn of(&self, set: Set) -> usize {
        self.0.values().filter(|sets| sets.contains(&set)).count()
    }

    /// How many there are.
    pub fn together(&self) -> usize {
        self.0.len()
    }
}

/// Of which archives a rule speaks.
#[derive(Debug, Default)]
pub struct Spent {
    /// Those that it calls malicious.
    pub malicious: Archives,
    /// Those that it finds suspicious, and no more than that.
    pub suspicious: Archives,
}

/// What every rule spends of its budget.
#[derive(Debug, Default)]
pub struct Spending(BTreeMap<String, Spent>);

impl Spending {
    /// Adds what is said of an archive.
    pub fn add(&mut self, set: Set, file: &str, said: &[Said]) {
        let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
        for one in said {
            let known = worst.entry(&one.rule).or_insert(one.severity);
            *known = (*known).max(one.severity);
        }
        for (rule, severity) in worst {
            let spent = self.0.entry(rule.to_owned()).or_default();
            let archives = if severity == Severity::Critical {
                &mut spent.malicious
            } else {
                &mut spent.suspicious
            };
            archives.0.entry(file.to_owned()).or_default().insert(set);
        }
    }

    /// Each rule, its budget and what it spends of it; those without a budget come last.
    pub fn rows(&self) -> Vec<(&str, usize, Option<&Spent>)> {
        let known = BUDGETS
            .iter()
            .map(|budget| (budget.rule, budget.suspicious, self.0.get(budget.rule)));
        let others = self
            .0
            .iter()
            .filter(|(rule, _)| BUDGETS.iter().all(|budget| budget.rule != rule.as_str()))
            .map(|(rule, spent)| (rule.as_str(), 0, Some(spent)));
        known.chain(others).collect()
    }

    /// The rules that spend more than they have.
    pub fn over(&self) -> Vec<&str> {
        self.rows()
            .into_iter()
            .filter(|(_, budget, spent)| spent.is_some_and(|spent| spent.is_over(*budget)))
            .map(|(rule, _, _)| rule)
            .collect()
    }
}

impl Spent {
    /// Whether it is more than this many suspicious ones, or any malicious one.
    pub fn is_over(&self, suspicious: usize) -> bool {
        self.malicious.together() > MALICIOUS || self.suspicious.together() > suspicious
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_rules::RuleSet;

    fn said(rule: &str, severity: Severity) -> Said {
        Said {
            rule: rule.to_owned(),
            severity,
            words: String::new(),
            way: Vec::new(),
        }
    }

    #[test]
    fn every_rule_that_reads_code_has_a_budget_and_no_other() {
        let rules: BTreeSet<&str> = RuleSet::standard().reading_code().collect();
        let budgets: BTreeSet<&str> = BUDGETS.iter().map(|budget| budget.rule).collect();
        assert_eq!(rules, budgets);
        assert_eq!(budgets.len(), BUDGETS.len(), "a rule has two rows");
    }

    #[test]
    fn an_archive_counts_once_for_a_rule_whatever_its_lists_and_findings() {
        let mut spending = Spending::default();
        let twice = [
            said("hidden-code", Severity::Medium),
            said("hidden-code", Severity::Low),
        ];
        spending.add(Set::Popular, "a-1.0.0.tgz", &twice);
        spending.add(Set::Releases, "a-1.0.0.tgz", &twice);
        spending.add(Set::Hard, "b-1.0.0.tgz", &twice);
        let rows = spending.rows();
        let (_, _, spent) = rows.iter().find(|row| row.0 == "hidden-code").unwrap();
        let suspicious = &spent.unwrap().suspicious;
        assert_eq!(suspicious.together(), 2);
        assert_eq!(suspicious.of(Set::Popular), 1);
        assert_eq!(suspicious.of(Set::Hard), 1);
        assert_eq!(suspicious.of(Set::Releases), 1);
        assert_eq!(spending.over(), Vec::<&str>::new());
    }

    #[test]
    fn one_malicious_archive_is_over_every_budget() {
        let mut spending = Spending::default();
        let both = [
            said("score", Severity::Medium),
            said("remote-code", Severity::Medium),
            said("remote-code", Severity::Critical),
        ];
        spending.add(Set::Hard, "a-1.0.0.tgz", &both);
        assert_eq!(spending.over(), ["remote-code"]);
    }

    #[test]
    fn more_suspicious_ones_than_the_budget_are_over_it() {
        let mut spending = Spending::default();
        for number in 0..=FEW {
            assert_eq!(spending.over(), Vec::<&str>::new());
            let file = format!("a-1.0.{number}.tgz");
            spending.add(Set::Popular, &file, &[said("destruction", Severity::High)]);
        }
        assert_eq!(spending.over(), ["destruction"]);
    }

    #[test]
    fn a_rule_without_a_row_has_no_budget() {
        let mut spending = Spending::default();
        spending.add(Set::Popular, "a.tgz", &[said("new-rule", Severity::Low)]);
        assert_eq!(spending.over(), ["new-rule"]);
    }
}
