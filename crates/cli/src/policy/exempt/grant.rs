//! Granting one.

use super::Desk;
use crate::error::{Doing as _, Failure};
use crate::output;
use crate::policy::target::Target;
use crate::verify::verdicts;
use customs_gate::grant;
use customs_model::{Digest, Ecosystem, RuleId, Severity, Standing, Timestamp, printable};
use customs_rules::{RuleSet, judge_code, show_instant};
use customs_store::{DecisionRow, ExemptionChange, ExemptionRow, Granted};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for.
pub struct Wanted<'a> {
    /// The release or package.
    pub target: &'a str,
    /// The ecosystem of a name without one.
    pub ecosystem: Ecosystem,
    /// Why.
    pub reason: &'a str,
    /// Who answers for it.
    pub owner: &'a str,
    /// When it ends.
    pub until: &'a str,
    /// What it waives; empty: what holds the release now.
    pub rules: &'a [String],
    /// It counts although …
    pub although_malicious: bool,
}

impl Desk<'_> {
    pub(super) fn grant(&self, wanted: &Wanted<'_>) -> Result<u8, Failure> {
        let target = Target::parse(wanted.target, wanted.ecosystem)?;
        let decided = self.decided(&target)?;
        let rules = match wanted.rules {
            [] => holding(&target, &decided, self.now)?,
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
            until: until(wanted.until, self.now)?,
            although_malicious: wanted.although_malicious,
            who: self.who.clone(),
        };
        self.check(&granted, &rules)?;
        if !granted.although_malicious {
            malicious(&target, &granted.digests)?;
        }
        self.write(ExemptionChange::Granted(granted.clone()))?;
        if self.format.is_json() {
            let whole = serde_json::json!({
                "schema": "customs/policy-exempt-v1", "at": self.now, "granted": granted,
            });
            output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
        } else {
            output::result(&text(&granted, target.version.is_some()))?;
        }
        Ok(0)
    }

    /// The latest decision about each file of what is meant.
    fn decided(&self, target: &Target) -> Result<Vec<DecisionRow>, Failure> {
        let all = self.store.decisions_of(&target.package);
        let mut latest = BTreeMap::new();
        for row in all.doing("ask the ledger")? {
            if target
                .version
                .as_ref()
                .is_none_or(|v| *v == row.decision.release.version)
            {
                let key = (row.decision.release.clone(), row.decision.artifact.clone());
                latest.insert(key, row);
            }
        }
        Ok(latest.into_values().collect())
    }

    /// Refuses what no policy would apply.
    fn check(&self, granted: &Granted, rules: &[String]) -> Result<(), Failure> {
        let row = ExemptionRow {
            at: self.now,
            chain: String::new(),
            seq: 0,
            granted: granted.clone(),
            ended: None,
        };
        let mut asked = grant(row);
        // As they were written: what is no rule's id is named in the answer.
        asked.rules = rules.to_vec();
        asked
            .check()
            .map_err(|why| Failure::usage(format!("nothing was exempted: {why}")))
    }
}

/// The rules that hold a release now, as the ledger has it.
fn holding(
    target: &Target,
    decided: &[DecisionRow],
    now: Timestamp,
) -> Result<Vec<String>, Failure> {
    let reasons = decided.iter().flat_map(|row| &row.decision.reasons);
    let effective = reasons.filter(|reason| reason.waived.is_none() && !reason.asks.allows());
    let lasting = effective.filter(|reason| reason.asks.until().is_none_or(|at| now < at));
    let rules: BTreeSet<String> = lasting.map(|reason| reason.rule.to_string()).collect();
    if rules.is_empty() {
        return Err(Failure::usage(format!(
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

/// Refuses what was read and judged to be malicious.
fn malicious(target: &Target, digests: &[Digest]) -> Result<(), Failure> {
    let Some(release) = target.release() else {
        return Ok(());
    };
    let rules = RuleSet::standard();
    for (_, facts) in verdicts::kept(&verdicts::caches()?, &release, digests) {
        let verdict = judge_code(&facts.code, &rules);
        if verdict.standing != Standing::Malicious {
            continue;
        }
        let worst = verdict
            .findings
            .iter()
            .find(|f| f.severity == Severity::Critical);
        let found = worst.map_or_else(String::new, |finding| {
            format!(" ({}: {})", finding.rule, printable(&finding.message, 200))
        });
        return Err(Failure::usage(format!(
            "nothing was exempted: the code of {} was read and judged malicious{found}; if you \
             mean it all the same, add --although-malicious",
            release.spoken()
        )));
    }
    Ok(())
}

/// A name that was not used before.
fn fresh_id() -> Result<String, Failure> {
    let random = customs_gate::fresh_secret().doing("make a name for the exemption")?;
    let hex = Digest::sha256(random.as_bytes()).to_hex();
    Ok(format!("EX-{}", &hex[..10]))
}

/// A date ends at its first instant, as in a policy file.
fn until(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let text = text.trim();
    let instant = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    let at: Timestamp = instant.parse().map_err(|_| {
        Failure::usage(format!(
            "nothing was exempted: --until {} is not a date; write 2027-01-31 or 2027-01-31T12:00:00Z",
            printable(text, 40)
        ))
    })?;
    if at <= now {
        return Err(Failure::usage(format!(
            "nothing was exempted: --until {} is past",
            show_instant(at)
        )));
    }
    Ok(at)
}

fn text(granted: &Granted, is_release: bool) -> String {
    let rules: Vec<String> = granted.rules.iter().map(ToString::to_string).collect();
    let bound = match (granted.digests.as_slice(), is_release) {
        ([], true) => "its name and version alone: the ledger knows no artifact of it".to_owned(),
        ([], false) => "its name: every release of it".to_owned(),
        ([one], _) => one.to_string(),
        (all, _) => format!("{} digests that its document promised", all.len()),
    };
    let although = match granted.although_malicious {
        true => "\n  counts    ALTHOUGH it is or may be malicious; the record says so",
        false => "",
    };
    format!(
        "{}: {} is exempt from {} until {}\n  reason    {}\n  owner     {}\n  granted   by {}\n  bound to  {bound}{although}\nRuns that are open follow within a second. Take it back: customs policy exempt --end {}\n",
        granted.id,
        granted.about,
        rules.join(", "),
        show_instant(granted.until),
        printable(&granted.reason, 200),
        printable(&granted.owner, 200),
        granted.who,
        granted.id,
    )
}

#[cfg(test)]
mod tests;
