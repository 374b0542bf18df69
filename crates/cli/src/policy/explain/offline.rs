//! From the gate's ledger and memory alone.

use super::{Answer, Question, Release, Source, State};
use crate::error::Failure;
use crate::policy::memory::{Asked, Memory, Remembered};
use customs_inspect::ENGINE_VERSION;
use customs_model::{Ecosystem, Epoch, Known, ReleaseId, SignedDuration, Timestamp, Version};
use customs_rules::{Again, RULE_SET_VERSION};
use customs_store::DecisionRow;
use std::collections::{BTreeMap, BTreeSet};

/// How long a look at a document counts: longer ago it may have become another one.
pub const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// What the ledger and the memory know; none where they know nothing of the package.
///
/// # Errors
/// They cannot be read.
pub fn ask(question: &Question, memory: &mut Memory) -> Result<Option<Answer>, Failure> {
    let package = &question.target.package;
    let known = memory.package(package)?;
    if known.sights.is_empty() && known.decisions.is_empty() {
        return Ok(None);
    }
    // Nothing was decided about most releases: that is under the policy of today as well.
    let digest = question.policy.digest().to_string();
    memory.take_for(digest.clone(), &question.policy);
    let snapshot = match &question.advisories {
        Known::Is(snapshot) => Some(snapshot.clone()),
        Known::NotKnown(_) | Known::NotApplicable => None,
    };
    memory.set_advisories(snapshot);
    let mut releases: BTreeMap<Version, Release> = BTreeMap::new();
    for (version, file) in entries(&known, package.ecosystem()) {
        let release = ReleaseId::new(package.clone(), version.clone());
        let decision = known.decision(&release, file.as_deref(), question.now);
        let epoch = decision.map_or(digest.as_str(), |row| row.decision.epoch.policy.as_str());
        let asked = Asked {
            release: &release,
            file: file.as_deref(),
            decision,
            epoch: Some(epoch),
            at: question.now,
        };
        let mut again = memory.again(&asked, &question.policy)?;
        if decision.is_some_and(|row| !is_by_present_rules(&row.decision.epoch)) {
            let why = "it was decided by the rules of another version of customs";
            again.not_known.push(why.to_owned());
        }
        let published = published(&known, &version, file.as_deref());
        let since = since(&known, &release, file.as_deref(), question.now);
        let one = one(&version, again, published, since);
        // Files stand for their release: one that is offered is enough.
        match releases.get(&version) {
            Some(known) if known.state <= one.state => {}
            _ => {
                releases.insert(version, one);
            }
        }
    }
    let looked = known.latest_look().and_then(|(_, sights)| sights.last_look);
    Ok(Some(Answer {
        source: Source::Ledger { looked },
        releases: releases.into_values().collect(),
        latest: None,
        notes: vec![
            "from the gate's ledger and memory: what its registry withdrew is not told, and tags \
             are not known; --online asks the registry"
                .to_owned(),
        ],
    }))
}

/// Whether a decision was made by the rules, and the reader of code, of this program.
fn is_by_present_rules(epoch: &Epoch) -> bool {
    epoch.rules == RULE_SET_VERSION && epoch.engine == ENGINE_VERSION
}

/// Every release that is known, with its files where those are decided on their own.
fn entries(known: &Remembered, ecosystem: Ecosystem) -> BTreeSet<(Version, Option<String>)> {
    let named = |file: Option<&str>| match ecosystem {
        Ecosystem::PyPi => file.map(str::to_owned),
        Ecosystem::Npm | Ecosystem::Cargo => None,
    };
    let sights = known.latest_look().map(|(_, sights)| sights);
    let seen = sights.into_iter().flat_map(|sights| sights.iter());
    let seen = seen.map(|(version, file, _)| (version.clone(), named(file)));
    let decided = known.decisions.iter().map(|row| {
        let decision = &row.decision;
        (
            decision.release.version.clone(),
            named(decision.artifact.as_deref()),
        )
    });
    seen.chain(decided).collect()
}

fn published(known: &Remembered, version: &Version, file: Option<&str>) -> Option<Timestamp> {
    let (_, sights) = known.latest_look()?;
    sights.get(version, file)?.published
}

/// Since when the ledger has it in its present state.
pub fn since(
    known: &Remembered,
    release: &ReleaseId,
    file: Option<&str>,
    now: Timestamp,
) -> Option<Timestamp> {
    let present = known.decision(release, file, now)?.decision.action.word();
    let about = |row: &&DecisionRow| {
        let named = row.decision.artifact.as_deref();
        row.decision.release == *release && (named.is_none() || file.is_none() || named == file)
    };
    let rows = known.decisions.iter().rev().filter(about);
    let same = rows.take_while(|row| row.decision.action.word() == present);
    same.last().map(|row| row.at)
}

fn one(
    version: &Version,
    again: Again,
    published: Option<Timestamp>,
    since: Option<Timestamp>,
) -> Release {
    let state = match again.offers() {
        Some(true) => State::Offered,
        Some(false) => State::of(&again.action),
        None => State::NotKnown,
    };
    let until = again.action.until();
    Release {
        version: version.clone(),
        state,
        published,
        since: (state != State::Offered).then_some(since).flatten(),
        until,
        reasons: again.reasons,
        not_known: again.not_known,
    }
}
