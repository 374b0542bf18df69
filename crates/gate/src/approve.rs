//! Exemptions that people grant and end while gates run: from what is asked for to the record of the
//! ledger, or to a sentence that says why not. It is the same whether a command on the gate's machine
//! asks or a token over the network.

mod list;

pub use list::{Listed, State, listed};

use crate::credential::fresh;
use crate::grants::grant;
use customs_model::{Digest, PackageSpec, RuleId, Severity, Timestamp, Verdict, printable};
use customs_rules::show_instant;
use customs_store::{
    DecisionRow, Ended, ExemptionChange, ExemptionRow, Granted, LedgerRecord, Store, StoreError,
    Who,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An exemption that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The release or the package, as a package URL or `name@version` of npm.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends: `2027-01-15` (its first instant, UTC) or `2027-01-15T12:00:00Z`.
    pub until: String,
    /// The rules that it waives; empty: those that hold the release now, as the ledger has it.
    #[serde(default)]
    pub rules: Vec<String>,
    /// It counts although the release is known or judged to be malicious, or its proof of origin is
    /// false.
    #[serde(default)]
    pub although_malicious: bool,
    /// The coding agent that the environment of who asks declares. Then nothing is granted.
    #[serde(default)]
    pub agent: Option<String>,
}

/// The end of one before its time, as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The coding agent that the environment of who asks declares.
    #[serde(default)]
    pub agent: Option<String>,
}

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    /// What was asked for cannot be.
    #[error("{0}")]
    Refused(String),
    /// The ledger does not answer, or takes nothing.
    #[error("{doing}: {error}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        error: StoreError,
    },
    /// The operating system gives no randomness.
    #[error("make a name for the exemption: {0}")]
    Random(std::io::Error),
}

impl NotApproved {
    fn store(doing: &'static str) -> impl FnOnce(StoreError) -> Self {
        move |error| Self::Store { doing, error }
    }
}

/// What a ledger would be told of an exemption, before anything is written.
///
/// # Errors
/// It could not count, or the ledger does not answer.
pub fn prepare(
    store: &dyn Store,
    target: &PackageSpec,
    wanted: &Wanted,
    who: Who,
    now: Timestamp,
) -> Result<Granted, NotApproved> {
    let decided = decided(store, target)?;
    let rules = match wanted.rules.as_slice() {
        [] => holding(target, &decided, now)?,
        named => named.to_vec(),
    };
    let digests = match target.version {
        Some(_) => digests(&decided),
        None => Vec::new(),
    };
    let granted = Granted {
        id: fresh_id()?,
        about: target.about(),
        digests,
        // One that is no id is refused below, by its own words.
        rules: rules
            .iter()
            .filter_map(|id| RuleId::parse(id).ok())
            .collect(),
        reason: wanted.reason.trim().to_owned(),
        owner: wanted.owner.trim().to_owned(),
        until: until(&wanted.until, now)?,
        although_malicious: wanted.although_malicious,
        who,
    };
    check(&granted, rules, now)?;
    Ok(granted)
}

/// The exemption of this name, where it can still be ended.
///
/// # Errors
/// There is none of that name, or it is over; or the ledger does not answer.
pub fn in_force(store: &dyn Store, id: &str, now: Timestamp) -> Result<ExemptionRow, NotApproved> {
    let rows = store.exemptions();
    let rows = rows.map_err(NotApproved::store("read the exemptions"))?;
    let shown = printable(id, 40);
    let row = rows.into_iter().find(|row| row.granted.id == id);
    let row = row.ok_or_else(|| {
        NotApproved::Refused(format!(
            "there is no exemption {shown}; customs policy exempt --list --all shows them"
        ))
    })?;
    let over = match &row.ended {
        Some((at, _)) => Some(format!("{shown} was ended {}", show_instant(*at))),
        None if row.is_in_force(now) => None,
        None => Some(format!(
            "{shown} ended by itself {}",
            show_instant(row.granted.until)
        )),
    };
    match over {
        Some(why) => Err(NotApproved::Refused(why)),
        None => Ok(row),
    }
}

/// The record that ends one.
pub fn end_of(row: &ExemptionRow, reason: Option<&str>, who: Who) -> ExemptionChange {
    ExemptionChange::Ended(Ended {
        id: row.granted.id.clone(),
        reason: reason.map(str::to_owned),
        who,
    })
}

/// Writes a change, whole and on disk before anybody is told of it.
///
/// # Errors
/// The ledger takes nothing.
pub fn write(store: &dyn Store, change: ExemptionChange) -> Result<(), NotApproved> {
    let written = store.append_wait(LedgerRecord::Exemption(change));
    written.map_err(NotApproved::store("write the exemption into the ledger"))?;
    let flushed = store.flush();
    flushed.map_err(NotApproved::store("bring the ledger to disk"))
}

/// Why a release is not exempted without a word for it: its code was read, and judged.
pub fn malicious(about: &str, verdict: &Verdict) -> NotApproved {
    let mut findings = verdict.findings.iter();
    let worst = findings.find(|found| found.severity == Severity::Critical);
    let found = worst.map_or_else(String::new, |finding| {
        format!(" ({}: {})", finding.rule, printable(&finding.message, 200))
    });
    NotApproved::Refused(format!(
        "nothing was exempted: the code of {} was read and judged malicious{found}; if you mean it \
         all the same, add --although-malicious",
        printable(about, 300)
    ))
}

/// The latest decision about each file of what is meant.
fn decided(store: &dyn Store, target: &PackageSpec) -> Result<Vec<DecisionRow>, NotApproved> {
    let all = store.decisions_of(&target.package);
    let all = all.map_err(NotApproved::store("ask the ledger"))?;
    let mut latest = BTreeMap::new();
    for row in all {
        let is_meant = target.version.as_ref();
        if is_meant.is_none_or(|version| *version == row.decision.release.version) {
            let key = (row.decision.release.clone(), row.decision.artifact.clone());
            latest.insert(key, row);
        }
    }
    Ok(latest.into_values().collect())
}

/// Refuses what no policy would apply.
fn check(granted: &Granted, rules: Vec<String>, now: Timestamp) -> Result<(), NotApproved> {
    let row = ExemptionRow {
        at: now,
        chain: String::new(),
        seq: 0,
        granted: granted.clone(),
        ended: None,
    };
    let mut asked = grant(row);
    // As they were written: what is no rule's id is named in the answer.
    asked.rules = rules;
    asked
        .check()
        .map_err(|why| NotApproved::Refused(format!("nothing was exempted: {why}")))
}

/// The rules that hold a release now, as the ledger has it.
fn holding(
    target: &PackageSpec,
    decided: &[DecisionRow],
    now: Timestamp,
) -> Result<Vec<String>, NotApproved> {
    let reasons = decided.iter().flat_map(|row| &row.decision.reasons);
    let effective = reasons.filter(|reason| reason.waived.is_none() && !reason.asks.allows());
    let lasting = effective.filter(|reason| reason.asks.until().is_none_or(|at| now < at));
    let rules: BTreeSet<String> = lasting.map(|reason| reason.rule.to_string()).collect();
    if rules.is_empty() {
        return Err(NotApproved::Refused(format!(
            "the ledger knows nothing that holds {} now; name what is to be waived: --rule RULE \
             (customs policy explain {})",
            target.about(),
            target.about()
        )));
    }
    Ok(rules.into_iter().collect())
}

/// What the release is known by, so that another artifact under its name is not exempt.
fn digests(decided: &[DecisionRow]) -> Vec<Digest> {
    // The strongest of each file: a document that promises less later loosens nothing.
    let strongest = decided.iter().filter_map(|row| {
        let digests = row.digests.iter();
        digests.max_by_key(|digest| digest.algorithm())
    });
    let all: BTreeSet<&Digest> = strongest.collect();
    all.into_iter().cloned().collect()
}

/// A name that was not used before.
fn fresh_id() -> Result<String, NotApproved> {
    let random = fresh().map_err(NotApproved::Random)?;
    let hex = Digest::sha256(random.as_bytes()).to_hex();
    Ok(format!("EX-{}", &hex[..10]))
}

/// A date ends at its first instant, as in a policy file.
fn until(text: &str, now: Timestamp) -> Result<Timestamp, NotApproved> {
    let text = text.trim();
    let instant = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    let at: Timestamp = instant.parse().map_err(|_| {
        NotApproved::Refused(format!(
            "nothing was exempted: --until {} is not a date; write 2027-01-31 or 2027-01-31T12:00:00Z",
            printable(text, 40)
        ))
    })?;
    if at <= now {
        return Err(NotApproved::Refused(format!(
            "nothing was exempted: --until {} is past",
            show_instant(at)
        )));
    }
    Ok(at)
}
