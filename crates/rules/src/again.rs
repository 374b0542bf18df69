//! A decision of the past, judged again under another policy.
//!
//! The ledger keeps decisions, not dossiers: which rules spoke and what each asked for. What
//! another policy makes of that is computed by the same rules where the facts are remembered
//! (age, denials, advisories), from what is recorded where they are not, and is *not known*
//! where the new policy asks for a fact that nobody kept. It is never taken for granted.

use crate::age::Age;
use crate::decide::{PRIVATE_NAME, combine, waiver_under, weight};
use crate::policy::{LockedMode, Mode, Policy};
use crate::rule::{ALL, Case, ONLY_ITS_AGE, Rule, find};
use crate::words;
use customs_model::{
    Action, Confidence, Dossier, Finding, Reason, RuleId, Severity, Standing, Timestamp, Verdict,
};
use std::collections::BTreeSet;

/// What is still known of a decision.
#[derive(Debug)]
pub struct Past<'a> {
    /// What is remembered of the release: its name, digests, age and advisories. The rest may
    /// be empty.
    pub dossier: &'a Dossier,
    /// Whether its advisories are known now: then known-malicious is asked again.
    pub asks_advisories: bool,
    /// What the rules said then; none where nothing had to be decided: the release was older
    /// than the window of rules about change, and nothing was known against it.
    pub reasons: Option<&'a [Reason]>,
    /// The policy that it was decided under, as far as it was kept; none: it was not.
    pub under: Option<&'a Policy>,
}

/// What another policy makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// What it would have done, from what is known.
    pub action: Action,
    /// The rules that speak, the decisive one first.
    pub reasons: Vec<Reason>,
    /// What is not known, and might have made it stricter, a sentence each.
    pub not_known: Vec<String>,
    /// Nothing but its age speaks: a lockfile that names it would be served all the same.
    pub only_its_age: bool,
    /// The same was true then, under a policy that serves lockfiles. If it was refused all the
    /// same, what it runs at install spoke against it, and still does.
    pub was_only_its_age: bool,
}

impl Again {
    /// Whether the release would be offered; none where that is not known.
    pub fn offers(&self) -> Option<bool> {
        match (&self.action, self.not_known.is_empty()) {
            (Action::Allow, true) => Some(true),
            (Action::Allow, false) => None,
            // Whatever else spoke could only make it stricter.
            (Action::Hold { .. } | Action::Block { .. }, _) => Some(false),
        }
    }
}

/// What `policy` would have decided at `now`, the instant of the past decision.
pub fn decide_again(past: &Past<'_>, policy: &Policy, now: Timestamp) -> Again {
    let verdict = blocks(past.reasons.unwrap_or_default());
    let case = Case {
        dossier: past.dossier,
        verdict: &verdict,
        policy,
        now,
        age: Age::of(past.dossier, now),
    };
    let mut again = Weighing {
        case,
        past,
        reasons: Vec::new(),
        not_known: BTreeSet::new(),
    };
    again.window();
    for rule in ALL {
        if policy.mode(rule.doc().id) != Mode::Off {
            again.rule(*rule);
        }
    }
    let listed = |reason: &&Reason| find(reason.rule.as_str()).is_none();
    for reason in past.reasons.into_iter().flatten().filter(listed) {
        again.recorded(reason);
    }
    again.finish()
}

struct Weighing<'a> {
    case: Case<'a>,
    past: &'a Past<'a>,
    reasons: Vec<Reason>,
    not_known: BTreeSet<String>,
}

impl Weighing<'_> {
    /// Rules about change judge only young releases: a longer window asks about releases that
    /// nobody looked at.
    fn window(&mut self) {
        let Some(before) = self.past.under.map(|policy| policy.change_window) else {
            return;
        };
        let wanted = self.case.policy.change_window;
        let looked_at = self.case.age.since().is_some_and(|since| {
            let end = |window| words::later(since, window);
            self.case.now < end(before) || end(wanted) <= self.case.now
        });
        if wanted > before && !looked_at {
            self.not_known.insert(format!(
                "change-window was {}, would be {}: rules about change did not look at it",
                words::duration(before),
                words::duration(wanted)
            ));
        }
    }

    fn rule(&mut self, rule: &dyn Rule) {
        let id = rule.doc().id;
        let mut recorded = self.past.reasons.into_iter().flatten();
        let recorded = recorded.find(|reason| reason.rule.as_str() == id);
        match id {
            "denied" => self.asked_again(rule, None),
            // What was known then is known still; a feed may have learnt more since.
            "known-malicious" => match recorded {
                Some(reason) => self.recorded(reason),
                None if self.past.asks_advisories => self.asked_again(rule, None),
                None => self.was_silent(rule),
            },
            "version-age" if matches!(self.case.age, Age::Published(_)) => {
                self.asked_again(rule, recorded);
            }
            _ => match recorded {
                Some(reason) => self.spoke(rule, reason),
                None => self.was_silent(rule),
            },
        }
    }

    /// A rule whose facts are at hand.
    fn asked_again(&mut self, rule: &dyn Rule, recorded: Option<&Reason>) {
        let Some(ask) = rule.ask(&self.case) else {
            return;
        };
        if recorded.is_some_and(|reason| self.was_private(reason)) {
            return;
        }
        // The lane of an urgent fix was opened by an advisory of then.
        let lane = recorded.and_then(own_word);
        let lane = lane.filter(|_| self.case.policy.urgent_fix);
        self.add(Reason {
            rule: RuleId::of(rule.doc().id),
            message: ask.message,
            asks: ask.action,
            waived: ask.waived.or(lane),
        });
    }

    /// A rule that spoke then, for a fact that is not kept.
    fn spoke(&mut self, rule: &dyn Rule, reason: &Reason) {
        match self.changed(rule, true) {
            None => self.recorded(reason),
            Some(why) => {
                self.not_known.insert(why);
            }
        }
    }

    /// A rule that said nothing then.
    fn was_silent(&mut self, rule: &dyn Rule) {
        if self.past.reasons.is_none() && !rule.reads_code() && self.is_old() {
            // Of an older release nobody asks the rules about change, whatever their settings.
            return;
        }
        if let Some(why) = self.changed(rule, false) {
            self.not_known.insert(why);
        }
    }

    /// Whether it is past the window of rules about change under the new policy.
    fn is_old(&self) -> bool {
        let end = |since| words::later(since, self.case.policy.change_window);
        self.case
            .age
            .since()
            .is_some_and(|since| end(since) <= self.case.now)
    }

    /// Why a rule that spoke (or was silent) may say something else now; none: it does not.
    fn changed(&self, rule: &dyn Rule, spoke: bool) -> Option<String> {
        let doc = rule.doc();
        let Some(under) = self.past.under else {
            // That it spoke is recorded; only its settings are not.
            let is_certain = spoke && doc.settings.is_empty();
            return (!is_certain)
                .then(|| "the policy that it was decided under was not kept".to_owned());
        };
        if !spoke && under.mode(doc.id) == Mode::Off {
            return Some(format!("{} was off, and did not look", doc.id));
        }
        let policy = self.case.policy;
        let loosened = |setting| crate::policy::is_looser_in(policy, under, setting);
        let tightened = |setting| crate::policy::is_looser_in(under, policy, setting);
        let changed = doc.settings.iter().copied().find(|setting| match spoke {
            true => loosened(setting),
            false => tightened(setting),
        })?;
        Some(format!(
            "{}.{} was {}, would be {}: what it goes by is not kept",
            doc.id,
            changed.key,
            under.amount(changed).written(),
            policy.amount(changed).written()
        ))
    }

    /// What was said then counts, if it still did at this instant.
    fn recorded(&mut self, reason: &Reason) {
        let over = |until: Timestamp| until <= self.case.now;
        if reason.asks.until().is_some_and(over) || self.was_private(reason) {
            return;
        }
        self.add(Reason {
            waived: own_word(reason),
            ..reason.clone()
        });
    }

    /// Whether it was waived as the user's own, and whether that still holds is not known: the
    /// kind of its upstream is not kept.
    fn was_private(&mut self, reason: &Reason) -> bool {
        let was = reason.waived.as_deref() == Some(PRIVATE_NAME);
        if !was || self.case.policy.is_private(self.case.dossier) {
            return false;
        }
        self.not_known.insert(format!(
            "{} was waived as a private name: of which upstream is not kept",
            reason.rule
        ));
        true
    }

    fn add(&mut self, mut reason: Reason) {
        if !reason.asks.allows() {
            let mode = self.case.policy.mode(reason.rule.as_str());
            let waived = waiver_under(&self.case, reason.rule.as_str(), mode);
            reason.waived = waived.or(reason.waived);
        }
        self.reasons.push(reason);
    }

    fn finish(mut self) -> Again {
        let effective = || self.reasons.iter().filter(|r| r.waived.is_none());
        let action = combine(effective().map(|reason| &reason.asks));
        let only_its_age = effective().all(of_age);
        let mut then = self.past.reasons.into_iter().flatten();
        let served = self.past.under.map(|policy| policy.locked) == Some(LockedMode::CheckContent);
        let was_only_its_age =
            served && then.all(|r| r.waived.is_some() || r.asks.allows() || of_age(r));
        self.reasons.sort_by_key(weight);
        Again {
            only_its_age: only_its_age && self.not_known.is_empty(),
            was_only_its_age,
            action,
            reasons: self.reasons,
            not_known: self.not_known.into_iter().collect(),
        }
    }
}

/// What blocked then, as bad as it can be: findings are not kept, and an exemption of run time
/// waives a proof only where that was asked for.
fn blocks(reasons: &[Reason]) -> Verdict {
    let blocks = reasons
        .iter()
        .filter(|reason| matches!(reason.asks, Action::Block { .. }));
    let findings = blocks.map(|reason| Finding {
        rule: reason.rule.clone(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        message: reason.message.clone(),
        evidence: Vec::new(),
        path: Vec::new(),
    });
    Verdict {
        standing: Standing::NotJudged,
        findings: findings.collect(),
        not_checked: Vec::new(),
    }
}

/// Whether a reason is about nothing but the age.
fn of_age(reason: &Reason) -> bool {
    ONLY_ITS_AGE.contains(&reason.rule.as_str())
}

/// Why a rule stepped back by itself, where it did: not because of a policy.
fn own_word(reason: &Reason) -> Option<String> {
    let waived = reason.waived.as_ref()?;
    waived.starts_with("urgent fix: ").then(|| waived.clone())
}

#[cfg(test)]
mod tests;
