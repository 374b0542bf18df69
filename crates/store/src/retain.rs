//! How long the ledger keeps its records: what is older is closed by a [checkpoint] and removed.
//!
//! Records leave from the beginning of a chain only, in their order, and only after it was looked
//! whether they still hang together: what somebody edited must not be tidied away. What stays,
//! whatever its age: everything behind the first younger record of its chain, the last record of a
//! chain whose process lives, and every change of an exemption that may still count.
//!
//! [checkpoint]: crate::checkpoint::Checkpoint

use crate::chain::{Link, Tip};
use crate::exemption::ExemptionChange;
use crate::store::Store;
use crate::{LedgerRecord, Note, StoreError};
use customs_model::{Digest, SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Bounds.
pub(crate) mod limit {
    /// The shortest time that records are kept: collecting artifacts asks for the deliveries of
    /// the last thirty days.
    pub const LEAST_DAYS: i64 = 31;
    /// Records that one transaction removes: nobody is to wait for it.
    pub const STEP: i64 = 2_000;
}

/// What was removed, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retained {
    /// Records.
    pub records: u64,
    /// Chains that they were of.
    pub chains: u64,
    /// Chains of which older records stay, with the reason, a sentence each.
    pub kept: Vec<String>,
}

/// What a ledger needs from time to time.
pub trait Upkeep: Store {
    /// Closes and removes the records that were handed over before an instant, and notes it. With
    /// `dry_run` it only says what it would remove.
    ///
    /// # Errors
    /// The instant is less than 31 days ago; the database cannot be read or written.
    fn retain(&self, before: Timestamp, dry_run: bool) -> Result<Retained, StoreError>;

    /// What was delivered at or after an instant.
    ///
    /// # Errors
    /// The database cannot be read.
    fn delivered_since(&self, at: Timestamp) -> Result<BTreeSet<Digest>, StoreError>;
}

/// Refuses an instant that is too near.
pub(crate) fn check_before(before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let least = SignedDuration::from_hours(24 * limit::LEAST_DAYS);
    if now.duration_since(before) >= least {
        return Ok(());
    }
    Err(StoreError::Retention {
        days: limit::LEAST_DAYS,
    })
}

/// The exemptions whose changes must stay.
pub(crate) fn counting(
    store: &(impl Store + ?Sized),
    before: Timestamp,
) -> Result<BTreeSet<String>, StoreError> {
    let rows = store.exemptions()?.into_iter();
    Ok(rows
        .filter(|row| row.granted.until >= before)
        .map(|row| row.granted.id)
        .collect())
}

/// Says in the ledger what was removed.
pub(crate) fn note(
    store: &(impl Store + ?Sized),
    before: Timestamp,
    done: &Retained,
) -> Result<(), StoreError> {
    if done.records == 0 {
        return Ok(());
    }
    let text = format!(
        "{} records of {} chains from before {before} were removed, under signed checkpoints",
        done.records, done.chains
    );
    store.append_wait(LedgerRecord::Note(Note { text }))?;
    Ok(())
}

/// A record at the beginning of a chain.
pub(crate) struct Old {
    pub seq: i64,
    pub at: i64,
    pub kind: String,
    pub body: Vec<u8>,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Where a chain may be cut.
#[derive(Debug)]
pub(crate) struct Cut {
    /// Up to here.
    pub tip: Tip,
    /// The instant of the last record in front of the cut.
    pub until: Timestamp,
    /// Why no more is removed, if something keeps it that is not its age.
    pub kept: Option<String>,
}

/// What decides how far a chain is removed.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Microseconds since 1970.
    pub before: i64,
    /// Exemptions that may still count.
    pub exemptions: BTreeSet<String>,
}

impl Rule {
    /// How far the beginning of a chain may be removed: `from` is where it begins now, `rows` are
    /// its next records, `last` the place of one that stays because its process lives.
    pub fn cut(&self, from: &Tip, rows: &[Old], last: Option<i64>) -> Cut {
        let mut cut = Cut {
            tip: from.clone(),
            until: Timestamp::UNIX_EPOCH,
            kept: None,
        };
        for row in rows {
            if row.at >= self.before || Some(row.seq) == last {
                break;
            }
            if let Some(why) = self.stays(row) {
                cut.kept = Some(format!("record {} stays: {why}", row.seq));
                break;
            }
            let link = Link {
                chain: from.chain,
                seq: cut.tip.count + 1,
                at: row.at,
                kind: &row.kind,
                body: &row.body,
                prev: &cut.tip.hash,
            };
            let hash = link.hash();
            let is_next = i64::try_from(link.seq) == Ok(row.seq);
            if !is_next || row.prev != cut.tip.hash.as_bytes() || row.hash != hash.as_bytes() {
                cut.kept = Some(format!(
                    "record {} does not hang on the one before; nothing is removed from there on. \
                     Run `customs ledger verify`",
                    row.seq
                ));
                break;
            }
            cut.tip.count += 1;
            cut.tip.hash = hash;
            cut.until = Timestamp::from_microsecond(row.at).unwrap_or(cut.until);
        }
        cut
    }

    fn stays(&self, row: &Old) -> Option<String> {
        if row.kind != "exemption" {
            return None;
        }
        let id = match serde_json::from_slice(&row.body) {
            Ok(ExemptionChange::Granted(granted)) => granted.id,
            Ok(ExemptionChange::Ended(ended)) => ended.id,
            Err(_) => return Some("it is an exemption that cannot be read".to_owned()),
        };
        let counts = self.exemptions.contains(&id);
        counts.then(|| format!("the exemption {id} ends later"))
    }
}

/// Adds up what was done with one chain.
pub(crate) fn add(done: &mut Retained, chain: &str, removed: u64, kept: Option<String>) {
    done.records += removed;
    done.chains += u64::from(removed > 0);
    done.kept
        .extend(kept.map(|why| format!("chain {chain}: {why}")));
}
