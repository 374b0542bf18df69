//! `customs policy test`: the deliveries and refusals of the last days, judged again under
//! another policy or with further advisories. What cannot be judged again is said, with why.

mod judged;
mod text;

use super::memory::Memory;
use super::under::{self, Under};
use crate::error::{Doing as _, Failure};
use crate::output;
use customs_gate::{advisories, grants};
use customs_model::{Clock as _, Known, SignedDuration, SystemClock, Timestamp, printable};
use customs_rules::Grant;
use judged::{Outcome, Testing};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Bounds of one test.
mod limit {
    /// Records that are read at once.
    pub const PAGE: usize = 5_000;
    /// Releases of one kind that are listed; all are counted.
    pub const LISTED: usize = 200;
    /// Askers of one release that are named; all are counted.
    pub const ASKERS: usize = 5;
    /// Days, at most: a ledger is seldom older.
    pub const DAYS: i64 = 3_660;
}

/// Arguments of `customs policy test`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    under: under::Arguments,
    /// Advisories to try: an OSV folder, file or export
    #[arg(long, value_name = "PATH", env = "CUSTOMS_ADVISORIES")]
    advisories: Option<PathBuf>,
    /// How many days back
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=limit::DAYS))]
    days: i64,
    #[command(flatten)]
    format: output::Format,
}

/// What would change.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// `customs/policy-test-v1`.
    schema: &'static str,
    /// What the policy is called.
    policy: String,
    /// Its digest.
    digest: String,
    /// The snapshot of advisories; none where none was given.
    advisories: Option<String>,
    from: Timestamp,
    to: Timestamp,
    /// Deliveries that were looked at.
    deliveries: u64,
    /// Refusals that were looked at.
    refusals: u64,
    /// Events that would be as they were.
    unchanged: u64,
    /// Delivered, and would be held or refused.
    stricter: Group,
    /// Refused, and would be delivered.
    looser: Group,
    /// What cannot be judged again.
    not_judged: NotJudged,
    /// What is to be said of the policy itself, a sentence each.
    notes: Vec<String>,
}

/// Events that would go the other way.
#[derive(Debug, Default, Serialize)]
pub struct Group {
    /// How many.
    events: u64,
    /// How many releases.
    releases: usize,
    /// How many of the events each rule decides: the one that would hold, or that held.
    by_rule: BTreeMap<String, u64>,
    /// The releases, at most 200, those with the most events first.
    listed: Vec<Changed>,
}

/// A release whose events would go the other way.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    release: String,
    rule: String,
    why: String,
    /// Held for nothing but its age: a lockfile that names it would be served.
    only_its_age: bool,
    events: u64,
    last: Timestamp,
    /// Who asked, at most five.
    asked_by: Vec<String>,
    /// Requests of others.
    more_askers: usize,
}

/// Events that cannot be judged again.
#[derive(Debug, Default, Serialize)]
pub struct NotJudged {
    events: u64,
    /// By reason: how many, and some releases.
    because: BTreeMap<String, Unknown>,
}

/// Those with one reason.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Unknown {
    events: u64,
    /// Some of the releases, at most five.
    releases: Vec<String>,
}

/// Tests a policy.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let now = SystemClock.now();
    let under = arguments.under.read(None)?;
    let Some(memory) = Memory::open()? else {
        return Err(Failure::nothing(
            "nothing to test with: there is no ledger yet; the first `customs run` begins one",
        ));
    };
    let snapshot = match &arguments.advisories {
        None => None,
        Some(path) => match advisories(Some(path), now) {
            (Known::Is(snapshot), _) => Some(snapshot),
            (_, why) => {
                let why = why.unwrap_or_else(|| "nothing is there".to_owned());
                return Err(Failure::work(format!("cannot test advisories: {why}")));
            }
        },
    };
    let Under {
        policy,
        name,
        in_force,
        ..
    } = under;
    let mut notes: Vec<String> = policy
        .problems(now)
        .iter()
        .map(ToString::to_string)
        .collect();
    let granted: Vec<Grant> = grants(&*memory.store).doing("read the exemptions")?;
    notes.extend(policy.with_grants(&granted, now).1);
    let days = SignedDuration::from_hours(24 * arguments.days);
    let mut report = Report {
        schema: "customs/policy-test-v1",
        policy: printable(&name, 300),
        digest: policy.digest().to_string(),
        advisories: snapshot.as_ref().map(|one| one.name().to_owned()),
        from: now.saturating_sub(days).unwrap_or(Timestamp::MIN),
        to: now,
        notes,
        ..Report::default()
    };
    let mut memory = memory.with_advisories(snapshot);
    // Whether or not a run of today has kept it.
    for policy in &in_force {
        memory.take_for(policy.digest().to_string(), policy);
    }
    let mut testing = Testing::new(memory, policy, granted);
    testing.all(report.from, |outcome| report.take(outcome))?;
    report.finish();
    if arguments.format.is_json() {
        let whole = serde_json::to_string_pretty(&report).doing("write the result")?;
        output::result(&(output::plain_json(&whole) + "\n"))?;
    } else {
        output::result(&text::text(&report))?;
    }
    report.code()
}

impl Report {
    fn take(&mut self, outcome: Outcome) {
        match outcome.was_delivered {
            true => self.deliveries += 1,
            false => self.refusals += 1,
        }
        match outcome.would {
            Err(because) => self.not_judged.take(&outcome.what, because),
            Ok(would) if would.delivers == outcome.was_delivered => self.unchanged += 1,
            Ok(would) => {
                let group = match would.delivers {
                    true => &mut self.looser,
                    false => &mut self.stricter,
                };
                group.take(Changed {
                    release: outcome.what,
                    rule: would.rule,
                    why: would.why,
                    only_its_age: would.only_its_age,
                    events: 1,
                    last: outcome.at,
                    asked_by: vec![outcome.who],
                    more_askers: 0,
                });
            }
        }
    }

    fn finish(&mut self) {
        self.stricter.finish();
        self.looser.finish();
    }

    /// Nothing is green of which something is not known.
    fn code(&self) -> Result<u8, Failure> {
        if self.deliveries + self.refusals == 0 {
            return Err(Failure::nothing(format!(
                "nothing to test with: the ledger has no delivery and no refusal since {}",
                customs_rules::show_instant(self.from)
            )));
        }
        let changed = self.stricter.events + self.looser.events;
        Ok(match (changed, self.not_judged.events) {
            (0, 0) => 0,
            (0, _) => 3,
            _ => 1,
        })
    }
}

impl Group {
    fn take(&mut self, one: Changed) {
        self.events += 1;
        *self.by_rule.entry(one.rule.clone()).or_default() += 1;
        let known = self.listed.iter_mut();
        let mut known = known.filter(|c| c.release == one.release && c.rule == one.rule);
        match known.next() {
            Some(known) => {
                known.events += 1;
                known.last = known.last.max(one.last);
                known.only_its_age &= one.only_its_age;
                let new = one
                    .asked_by
                    .into_iter()
                    .filter(|who| !known.asked_by.contains(who));
                let new: Vec<String> = new.collect();
                let room = limit::ASKERS.saturating_sub(known.asked_by.len());
                known.more_askers += new.len().saturating_sub(room);
                known.asked_by.extend(new.into_iter().take(room));
            }
            None => self.listed.push(one),
        }
    }

    fn finish(&mut self) {
        let releases = self.listed.iter().map(|one| one.release.as_str());
        self.releases = releases.collect::<std::collections::BTreeSet<_>>().len();
        self.listed
            .sort_by(|a, b| (b.events, &a.release, &a.rule).cmp(&(a.events, &b.release, &b.rule)));
        self.listed.truncate(limit::LISTED);
    }
}

impl NotJudged {
    fn take(&mut self, what: &str, because: Vec<String>) {
        self.events += 1;
        for why in because {
            let unknown = self.because.entry(why).or_default();
            unknown.events += 1;
            if unknown.releases.len() < limit::ASKERS
                && !unknown.releases.iter().any(|one| one == what)
            {
                unknown.releases.push(what.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests;
