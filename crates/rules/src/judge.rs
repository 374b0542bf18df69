//! From a dossier to a verdict: what is there, whoever asks and whenever.

use crate::altered;
use crate::doc::RuleDoc;
use crate::own;
use crate::rule::{self, Rule};
use crate::words;
use customs_model::{
    Confidence, Dossier, Finding, Hop, Inspection, RuleId, Severity, Standing, Verdict, printable,
};

/// The version of the built-in rules, as it stands in [`customs_model::Epoch`]. It is
/// raised whenever the same dossier could get another verdict or decision.
pub const RULE_SET_VERSION: u32 = 14;

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

    /// The rule with an id; those that do not judge a dossier are known as well.
    pub fn doc(&self, id: &str) -> Option<&'static RuleDoc> {
        let beside = [&own::DOC, &altered::DOC];
        self.docs().chain(beside).find(|doc| doc.id == id)
    }

    /// The ids of the rules that go by what code does.
    pub fn reading_code(&self) -> impl Iterator<Item = &'static str> {
        self.rules
            .iter()
            .filter(|rule| rule.reads_code())
            .map(|rule| rule.doc().id)
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
        self.add_listed(doc, severity, confidence, message, Vec::new());
    }

    /// Adds a finding with lines that show it, each safe to print.
    pub fn add_listed(
        &mut self,
        doc: &RuleDoc,
        severity: Severity,
        confidence: Confidence,
        message: String,
        evidence: Vec<String>,
    ) {
        self.list.push(Finding {
            rule: RuleId::of(doc.id),
            severity,
            confidence,
            message,
            evidence,
            path: Vec::new(),
        });
    }

    /// Adds a finding with the way that leads to it.
    pub fn add_path(&mut self, doc: &RuleDoc, severity: Severity, message: String, path: Vec<Hop>) {
        let evidence = path
            .iter()
            .map(|hop| format!("{}: {}", hop.at, printable(&hop.what, 160)))
            .collect();
        self.list.push(Finding {
            rule: RuleId::of(doc.id),
            severity,
            confidence: Confidence::High,
            message,
            evidence,
            path,
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
    let before = dossier.predecessor.as_ref().and_then(|b| b.code.as_deref());
    let beside = before.zip(dossier.code.as_deref());
    for rule in rules.rules {
        rule.judge(dossier, &mut findings);
        if let Some((before, after)) = beside {
            rule.compare(before, after, &mut findings);
        }
    }
    let Some(code) = &dossier.code else {
        return verdict(findings);
    };
    for rule in rules.rules {
        rule.read(code, before, &mut findings);
    }
    as_far_as_read(verdict(findings), code)
}

/// What can be said about the code of an artifact alone, whoever published it.
pub fn judge_code(inspection: &Inspection, rules: &RuleSet) -> Verdict {
    of_code(None, inspection, rules)
}

/// The same beside the code of the release before it: what only the comparison shows, a
/// binary that is new or a host that only the new manifest names, is said as well. [`judge`]
/// says it of a dossier that has a predecessor.
///
/// ```
/// # use customs_model::Inspection;
/// # use customs_rules::{judge_code, judge_code_against, RuleSet};
/// let (before, after) = (Inspection::default(), Inspection::default());
/// let rules = RuleSet::standard();
/// assert_eq!(judge_code_against(&before, &after, &rules), judge_code(&after, &rules));
/// ```
pub fn judge_code_against(before: &Inspection, after: &Inspection, rules: &RuleSet) -> Verdict {
    of_code(Some(before), after, rules)
}

fn of_code(before: Option<&Inspection>, inspection: &Inspection, rules: &RuleSet) -> Verdict {
    let mut findings = Findings::default();
    if let Some(before) = before {
        for rule in rules.rules {
            rule.compare(before, inspection, &mut findings);
        }
    }
    for rule in rules.rules {
        rule.read(inspection, before, &mut findings);
    }
    for part in &inspection.unread {
        findings.not_checked(words::unread_part(part));
    }
    as_far_as_read(verdict(findings), inspection)
}

/// Nothing was found in what was read; that is no verdict where something that runs was not.
fn as_far_as_read(mut verdict: Verdict, inspection: &Inspection) -> Verdict {
    let unjudged = inspection.unread.iter().any(|part| part.reached);
    if unjudged && verdict.standing < Standing::Malicious {
        verdict.standing = Standing::NotJudged;
    }
    verdict
}

/// What findings come to.
pub(crate) fn verdict(findings: Findings) -> Verdict {
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
