//! What a lockfile asks for although the present document does not offer it.

use crate::policy::{LockedMode, Mode, Policy};
use crate::rule::{ONLY_ITS_AGE, at_install_words};
use crate::words;
use customs_model::{Action, Decision, Dossier, Severity, Verdict};

/// What happens to a locked artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockedOutcome {
    /// It is delivered.
    Deliver {
        /// What the report says about it; nothing when it was admitted anyway.
        reported: Option<String>,
    },
    /// It is refused, for the reason that the decision gives, and …
    Refuse {
        /// Why being locked does not help, for people.
        because: String,
    },
}

/// Whether an artifact that a lockfile names is delivered.
///
/// `check-content` delivers what is held for its age alone: it runs nothing at
/// install, its name is not young and no rule found anything. `enforce` refuses
/// whatever is not admitted.
pub fn locked_decision(
    dossier: &Dossier,
    decision: &Decision,
    verdict: &Verdict,
    policy: &Policy,
) -> LockedOutcome {
    let refuse = |because: String| LockedOutcome::Refuse { because };
    let until = match decision.action {
        Action::Allow => return LockedOutcome::Deliver { reported: None },
        Action::Block { .. } => return refuse("it is blocked".to_owned()),
        Action::Hold { until } => until,
    };
    if policy.locked == LockedMode::Enforce {
        return refuse("the policy holds locked releases too (locked = \"enforce\")".to_owned());
    }
    let effective = decision
        .reasons
        .iter()
        .filter(|reason| reason.waived.is_none());
    if let Some(other) = effective
        .map(|r| &r.rule)
        .find(|rule| !ONLY_ITS_AGE.contains(&rule.as_str()))
    {
        return refuse(format!(
            "it is not held for its age alone: {other} speaks too"
        ));
    }
    let waived = |rule: &str| {
        decision
            .reasons
            .iter()
            .any(|r| r.rule.as_str() == rule && r.waived.is_some())
            || policy
                .exemption_for(dossier, verdict, rule, decision.at)
                .is_some()
    };
    let finding = verdict.findings.iter().find(|finding| {
        let rule = finding.rule.as_str();
        finding.severity > Severity::Note && policy.mode(rule) == Mode::Enforce && !waived(rule)
    });
    if let Some(finding) = finding {
        return refuse(format!(
            "it is not held for its age alone: {} speaks too",
            finding.rule
        ));
    }
    match dossier.manifest.runs.at_install() {
        Some(false) => {}
        Some(true) => {
            let runs = words::list(&at_install_words(&dossier.manifest.runs), 3);
            return refuse(format!("it is young and runs code at install ({runs})"));
        }
        None => {
            return refuse(
                "it is young, and whether it runs code at install is not known".to_owned(),
            );
        }
    }
    LockedOutcome::Deliver {
        reported: Some(format!(
            "{} is in the lockfile and younger than the policy wants until {}; delivered, as nothing but its age speaks against it",
            dossier.release.spoken(),
            words::end(until)
        )),
    }
}
