//! From a dossier to a verdict: what is there, whoever asks and whenever.

use crate::doc::RuleDoc;
use crate::rule::{self, Rule};
use customs_model::{Confidence, Dossier, Finding, RuleId, Severity, Standing, Verdict};

/// The version of the built-in rules, as it stands in [`customs_model::Epoch`]. It is
/// raised whenever the same dossier could get another verdict or decision.
pub const RULE_SET_VERSION: u32 = 2;

/// The rules that judge.
#[derive(Clone)]
pub struct RuleSet {
    rules: &'static [&'static dyn Rule],
}

impl RuleSet {
    /// The built-in rules.
    pub fn standard() -> Self {
        Self { rules: rule::ALL }
    }

    /// What each rule says about itself, in the order of the list.
    pub fn docs(&self) -> impl Iterator<Item = &'static RuleDoc> {
        self.rules.iter().map(|rule| rule.doc())
    }

    /// The rule with an id.
    pub fn doc(&self, id: &str) -> Option<&'static RuleDoc> {
        self.docs().find(|doc| doc.id == id)
    }

    /// Its version.
    pub const fn version(&self) -> u32 {
        RULE_SET_VERSION
    }
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::standard()
    }
}

impl std::fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.docs().map(|doc| doc.id))
            .finish()
    }
}

/// Collects what rules say.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    not_checked: Vec<String>,
}

impl Findings {
    /// Adds a finding of a rule.
    pub fn add(
        &mut self,
        doc: &RuleDoc,
        severity: Severity,
        confidence: Confidence,
        message: String,
    ) {
        let rule = RuleId::of(doc.id);
        self.list.push(Finding {
            rule,
            severity,
            confidence,
            message,
            evidence: Vec::new(),
        });
    }

    /// Adds something that could not be looked at. One sentence, printable.
    pub fn not_checked(&mut self, what: String) {
        self.not_checked.push(what);
    }
}

/// What can be said about a release, without clock and without policy.
pub fn judge(dossier: &Dossier, rules: &RuleSet) -> Verdict {
    let mut findings = Findings::default();
    for rule in rules.rules {
        rule.judge(dossier, &mut findings);
    }
    let worst = findings.list.iter().map(|finding| finding.severity).max();
    let standing = match worst {
        Some(Severity::Critical) => Standing::Malicious,
        Some(Severity::Low | Severity::Medium | Severity::High) => Standing::Suspicious,
        Some(Severity::Note) | None => Standing::Clean,
    };
    Verdict {
        standing,
        findings: findings.list,
        not_checked: findings.not_checked,
    }
}
