//! From a verdict to a decision: a policy, at an instant.

use crate::age::{Age, future_ends};
use crate::policy::{Mode, Policy};
use crate::rule::{AGE_RULES, ALL, Ask, Case, find};
use crate::words;
use customs_model::{
    Action, Decision, Dossier, Epoch, Finding, Inputs, Reason, RuleId, Severity, Timestamp, Verdict,
};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Bound;

/// What a policy does with a release at an instant.
///
/// The same input gives the same output. `next_change` is the first instant after
/// `now` at which the action becomes another one by time alone. Where a publish time
/// lies in the future and the dossier has no first sight, the hold counts from `now`
/// and moves with it.
pub fn decide(
    dossier: &Dossier,
    verdict: &Verdict,
    policy: &Policy,
    now: Timestamp,
    epoch: &Epoch,
) -> Decision {
    let Weighed {
        action,
        reasons,
        edges,
    } = weigh(dossier, verdict, policy, now);
    let next_change = next_change(&action, edges, now, |at| {
        weigh(dossier, verdict, policy, at)
    });
    Decision {
        release: dossier.release.clone(),
        artifact: dossier.artifact.clone(),
        action,
        reasons,
        at: now,
        epoch: epoch.clone(),
        inputs: Inputs::of(dossier),
        next_change,
    }
}

/// The first instant at which the action is another one. What ends later may only be seen from the
/// instants before it: an exemption whose rule asks for nothing until a time that was ahead comes.
fn next_change(
    action: &Action,
    mut edges: BTreeSet<Timestamp>,
    now: Timestamp,
    weigh: impl Fn(Timestamp) -> Weighed,
) -> Option<Timestamp> {
    /// Instants that are looked at; each rule and exemption has one or two.
    const MOST: usize = 256;
    let mut at = now;
    for _ in 0..MOST {
        at = *edges
            .range((Bound::Excluded(at), Bound::Unbounded))
            .next()?;
        let then = weigh(at);
        if then.action != *action {
            return Some(at);
        }
        edges.extend(then.edges);
    }
    // What comes later is not known: to ask again then is right whatever it is.
    Some(at)
}

struct Weighed {
    action: Action,
    reasons: Vec<Reason>,
    /// Instants at which something ends.
    edges: BTreeSet<Timestamp>,
}

fn weigh(dossier: &Dossier, verdict: &Verdict, policy: &Policy, now: Timestamp) -> Weighed {
    let case = Case {
        dossier,
        verdict,
        policy,
        now,
        age: Age::of(dossier, now),
    };
    let mut edges: BTreeSet<Timestamp> = future_ends(dossier).collect();
    let mut reasons = Vec::new();
    for rule in ALL {
        let id = rule.doc().id;
        let mode = policy.mode(id);
        if mode == Mode::Off {
            continue;
        }
        if let Some(ask) = rule.ask(&case) {
            reasons.push(reason(&case, RuleId::of(id), mode, ask, &mut edges));
        }
    }
    for finding in foreign(verdict) {
        reasons.push(reason(
            &case,
            finding.rule.clone(),
            Mode::Enforce,
            foreign_ask(finding),
            &mut edges,
        ));
    }
    let action = combine(
        reasons
            .iter()
            .filter(|r| r.waived.is_none())
            .map(|r| &r.asks),
    );
    reasons.sort_by_key(weight);
    Weighed {
        action,
        reasons,
        edges,
    }
}

fn reason(
    case: &Case<'_>,
    rule: RuleId,
    mode: Mode,
    ask: Ask,
    edges: &mut BTreeSet<Timestamp>,
) -> Reason {
    edges.extend(ask.action.until());
    let waived = if ask.action.allows() {
        None
    } else {
        waiver(case, rule.as_str(), mode, edges).or(ask.waived)
    };
    Reason {
        rule,
        message: ask.message,
        asks: ask.action,
        waived,
    }
}

/// Why age rules have no effect on the user's own names.
pub(crate) const PRIVATE_NAME: &str = "private name";

/// The same for who does not ask when it ends.
pub(crate) fn waiver_under(case: &Case<'_>, rule: &str, mode: Mode) -> Option<String> {
    waiver(case, rule, mode, &mut BTreeSet::new())
}

/// Why a rule speaks without effect.
fn waiver(
    case: &Case<'_>,
    rule: &str,
    mode: Mode,
    edges: &mut BTreeSet<Timestamp>,
) -> Option<String> {
    if case.policy.observe {
        return Some("observe mode".to_owned());
    }
    if mode == Mode::Warn {
        return Some("mode warn".to_owned());
    }
    if AGE_RULES.contains(&rule) && case.policy.is_private(case.dossier) {
        return Some(PRIVATE_NAME.to_owned());
    }
    let exemption = case
        .policy
        .exemption_for(case.dossier, case.verdict, rule, case.now)?;
    edges.extend(exemption.expires());
    Some(exemption.words())
}

/// Findings of rules that live elsewhere: what reading the content of an artifact
/// says joins here, by severity, until such a rule has settings of its own.
fn foreign(verdict: &Verdict) -> impl Iterator<Item = &Finding> {
    verdict
        .findings
        .iter()
        .filter(|f| f.severity > Severity::Note && find(f.rule.as_str()).is_none())
}

fn foreign_ask(finding: &Finding) -> Ask {
    let action = match finding.severity {
        Severity::Critical => Action::Block { until: None },
        Severity::Note | Severity::Low | Severity::Medium | Severity::High => Action::Allow,
    };
    Ask {
        action,
        message: customs_model::printable(&finding.message, 200),
        waived: None,
    }
}

/// The strictest of all, with the latest end of all.
pub(crate) fn combine<'a>(asks: impl Iterator<Item = &'a Action>) -> Action {
    asks.fold(Action::Allow, |sum, ask| match (sum, ask) {
        (sum, Action::Allow) => sum,
        (Action::Allow, ask) => ask.clone(),
        (Action::Hold { until }, Action::Hold { until: other }) => Action::Hold {
            until: until.max(*other),
        },
        (Action::Block { until }, Action::Block { until: other }) => Action::Block {
            until: until.zip(*other).map(|(a, b)| a.max(b)),
        },
        (Action::Block { until }, Action::Hold { until: other }) => Action::Block {
            until: until.map(|until| until.max(*other)),
        },
        (Action::Hold { until: other }, Action::Block { until }) => Action::Block {
            until: until.map(|until| until.max(other)),
        },
    })
}

/// Decisive first: what has effect before what has not, blocks before holds, the
/// later end first. The sort is stable, so that the list's order breaks ties.
pub(crate) fn weight(reason: &Reason) -> (bool, u8, Reverse<Timestamp>) {
    let kind = match reason.asks {
        Action::Block { .. } => 0,
        Action::Hold { .. } => 1,
        Action::Allow => 2,
    };
    (
        reason.waived.is_some(),
        kind,
        Reverse(reason.asks.until().unwrap_or(Timestamp::MAX)),
    )
}

/// The text of a refusal: what, which rule, why, until when, what to do. One line,
/// safe to print, the same for every client and every front door.
pub fn sentence(
    decision: &Decision,
    release: &customs_model::ReleaseId,
    took: Option<&customs_model::Version>,
) -> String {
    let name = release.spoken();
    let state = match decision.action {
        Action::Allow => return format!("customs: {name} is admitted."),
        Action::Hold { until } => format!("is held until {}", words::end(until)),
        Action::Block { until: Some(until) } => {
            format!(
                "is blocked until somebody reviews it, at the latest until {}",
                words::end(until)
            )
        }
        Action::Block { until: None } => "is blocked".to_owned(),
    };
    let (why, ask) = match decision.decisive() {
        Some(reason) => (
            format!(" (rule {}: {})", reason.rule, reason.message),
            format!(" Ask: customs explain {}", reason.rule),
        ),
        None => (String::new(), String::new()),
    };
    let took = took
        .map(|version| format!(" Taken instead: {version}."))
        .unwrap_or_default();
    let line = format!(
        "customs: {name} {state}{why}. Blocked by policy, not by permissions; retrying does not help.{took}{ask}"
    );
    customs_model::printable(&line, 1000)
}
