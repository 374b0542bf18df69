//! One record of the ledger, judged again.

use super::limit;
use crate::error::{Doing as _, Failure};
use crate::policy::memory::{Asked, Memory};
use customs_model::{ReleaseId, Timestamp, printable};
use customs_rules::{Again, Grant, LockedMode, Policy};
use customs_store::{Asked as AskedFor, Delivered, LedgerRecord, RecordRow, Refused};

/// An event, and what another policy makes of it.
#[derive(Debug)]
pub struct Outcome {
    /// The release, or what was asked for instead.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub who: String,
    /// What happened.
    pub was_delivered: bool,
    /// What would happen; or why that is not known, a clause each.
    pub would: Result<Would, Vec<String>>,
}

/// What would happen.
#[derive(Debug)]
pub struct Would {
    /// Whether the bytes would leave.
    pub delivers: bool,
    /// The rule that decides: the one that would hold it, or that held it.
    pub rule: String,
    /// Its words.
    pub why: String,
    /// Nothing but its age would hold it.
    pub only_its_age: bool,
}

/// Judges records again.
pub struct Testing {
    memory: Memory,
    policy: Policy,
    granted: Vec<Grant>,
}

impl Testing {
    /// Under a policy, with the exemptions of run time that the ledger has.
    pub fn new(memory: Memory, policy: Policy, granted: Vec<Grant>) -> Self {
        Self {
            memory,
            policy,
            granted,
        }
    }

    /// Every delivery and refusal since an instant, in the order of the ledger.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn all(&mut self, from: Timestamp, mut each: impl FnMut(Outcome)) -> Result<(), Failure> {
        let store = self.memory.store.clone();
        let mut position = store.position_before(from).doing("ask the ledger")?;
        loop {
            let rows = store
                .records_after(position, limit::PAGE)
                .doing("read the ledger")?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            position = last.position;
            for row in rows.iter().filter(|row| row.at >= from) {
                if let Some(outcome) = self.one(row)? {
                    each(outcome);
                }
            }
        }
    }

    fn one(&mut self, row: &RecordRow) -> Result<Option<Outcome>, Failure> {
        match &row.record {
            LedgerRecord::Delivered(delivered) => self.delivered(row.at, delivered).map(Some),
            LedgerRecord::Refused(refused) => self.refused(row.at, refused).map(Some),
            // What else happened is no answer to somebody who asked for a release.
            LedgerRecord::Opened(_)
            | LedgerRecord::Closed(_)
            | LedgerRecord::Decided(_)
            | LedgerRecord::DigestChanged(_)
            | LedgerRecord::Relayed(_)
            | LedgerRecord::Gap(_)
            | LedgerRecord::Exemption(_)
            | LedgerRecord::Note(_) => Ok(None),
        }
    }

    fn delivered(&mut self, at: Timestamp, record: &Delivered) -> Result<Outcome, Failure> {
        let epoch = Some(record.epoch.policy.as_str());
        let again = self.again(&record.release, Some(&record.artifact), epoch, at)?;
        // What was held then and left all the same was asked for by a lockfile: it would be
        // again, as long as nothing but its age speaks.
        let was_locked = record.action != "allow";
        let would = match again.offers() {
            Some(false) if was_locked && again.only_its_age && self.serves_lockfiles() => {
                Ok(would(true, &again, None))
            }
            Some(delivers) => Ok(would(delivers, &again, None)),
            None => Err(again.not_known),
        };
        Ok(Outcome {
            what: record.release.to_string(),
            at,
            who: record.who.to_string(),
            was_delivered: true,
            would,
        })
    }

    fn refused(&mut self, at: Timestamp, record: &Refused) -> Result<Outcome, Failure> {
        let release = match &record.asked {
            AskedFor::Release(release) => release,
            AskedFor::Path(path) => {
                return Ok(Outcome {
                    what: printable(path, 200),
                    at,
                    who: record.who.to_string(),
                    was_delivered: false,
                    would: Err(vec!["what was asked for names no release".to_owned()]),
                });
            }
        };
        let file = record.artifact.as_deref();
        let known = self.memory.package(&release.package)?;
        let would = match known.decision(release, file, at) {
            None => Err(vec![
                "the ledger has no decision behind the refusal".to_owned(),
            ]),
            Some(decision) => {
                let epoch = decision.decision.epoch.policy.clone();
                let again = self.again(release, file, Some(&epoch), at)?;
                let held = record.rules.first().map(ToString::to_string);
                match again.offers() {
                    // A lockfile may have asked, which the record does not say.
                    Some(false) if again.only_its_age && self.serves_lockfiles() => {
                        Self::locked(&again)
                    }
                    Some(delivers) => Ok(would(delivers, &again, held)),
                    None => Err(again.not_known),
                }
            }
        };
        Ok(Outcome {
            what: release.to_string(),
            at,
            who: record.who.to_string(),
            was_delivered: false,
            would,
        })
    }

    /// A refusal of something that only its age speaks against now. A lockfile may have named it,
    /// so something else spoke then.
    fn locked(again: &Again) -> Result<Would, Vec<String>> {
        match again.was_only_its_age {
            true => Ok(would(false, again, None)),
            false => Err(vec![
                "only its age would speak against it: a lockfile that names it may be served"
                    .to_owned(),
            ]),
        }
    }

    fn serves_lockfiles(&self) -> bool {
        self.policy.locked == LockedMode::CheckContent
    }

    fn again(
        &mut self,
        release: &ReleaseId,
        file: Option<&str>,
        epoch: Option<&str>,
        at: Timestamp,
    ) -> Result<Again, Failure> {
        let known = self.memory.package(&release.package)?;
        let (policy, _) = self.policy.with_grants(&self.granted, at);
        let asked = Asked {
            release,
            file,
            decision: known.decision(release, file, at),
            epoch,
            at,
        };
        self.memory.again(&asked, &policy)
    }
}

/// `held` is the rule that held it then, where that is known.
fn would(delivers: bool, again: &Again, held: Option<String>) -> Would {
    let speaks = again.reasons.iter().find(|reason| match delivers {
        true => Some(reason.rule.as_str()) == held.as_deref(),
        false => reason.waived.is_none() && !reason.asks.allows(),
    });
    let (rule, why) = match (speaks, delivers, held) {
        (Some(reason), true, _) => {
            let waived = reason.waived.as_deref().unwrap_or("it has no effect");
            (reason.rule.to_string(), printable(waived, 300))
        }
        (Some(reason), false, _) => (reason.rule.to_string(), reason.message.clone()),
        (None, true, Some(rule)) => {
            let why = format!("{rule} would not speak");
            (rule, why)
        }
        (None, ..) => ("policy".to_owned(), String::new()),
    };
    Would {
        delivers,
        rule,
        why,
        only_its_age: !delivers && again.only_its_age,
    }
}
