//! What a database gives back, made into answers: the same for every database.

use crate::exemption::{self, Change, ExemptionRow};
use crate::lists::RefusalRow;
use crate::record::{Decided, Delivered, Refused};
use crate::store::{DecisionRow, DeliveryRow};
use crate::{ChainId, Head, StoreError};
use customs_model::{Action, Decision, PackageName, ReleaseId, SignedDuration, Timestamp};

/// The most deliveries that one answer lists.
pub(crate) const MOST_DELIVERIES: i64 = 10_000;
/// The most rows that any other answer lists.
pub(crate) const MOST_ROWS: usize = 100_000;
/// The most changes of exemptions that are read: more of them nobody makes by hand.
pub(crate) const MOST_CHANGES: i64 = 20_000;

/// How much later than others a record may stand although it was handed over earlier:
/// processes write at the same time, and clocks are set.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// A delivery, from its columns.
pub(crate) fn delivery(
    at: i64,
    chain_name: Option<String>,
    place: i64,
    body: &str,
) -> Result<DeliveryRow, StoreError> {
    let delivered: Delivered = serde_json::from_str(body).map_err(|e| StoreError::Unreadable {
        what: "a delivery".to_owned(),
        why: e.to_string(),
    })?;
    Ok(DeliveryRow {
        at: instant(at)?,
        chain: chain(chain_name),
        seq: seq(place)?,
        release: delivered.release,
        artifact: delivered.artifact,
        digest: delivered.digest,
        bytes: delivered.bytes,
        served: delivered.served,
        who: delivered.who,
        action: delivered.action,
        rules: delivered.rules,
        epoch: delivered.epoch,
    })
}

/// A decision, from its columns.
pub(crate) fn decision(at: i64, body: &str) -> Result<DecisionRow, StoreError> {
    let decided: Decided = serde_json::from_str(body).map_err(|e| StoreError::Unreadable {
        what: "a decision".to_owned(),
        why: e.to_string(),
    })?;
    Ok(DecisionRow {
        at: instant(at)?,
        decision: decided.decision,
        digests: decided.digests,
        changed: decided.changed,
    })
}

/// A refusal, from its columns.
pub(crate) fn refusal(at: i64, body: &str) -> Result<RefusalRow, StoreError> {
    let refused: Refused = serde_json::from_str(body).map_err(|e| StoreError::Unreadable {
        what: "a refusal".to_owned(),
        why: e.to_string(),
    })?;
    Ok(RefusalRow {
        at: instant(at)?,
        refused,
    })
}

/// Whether a decision holds its release at an instant.
pub(crate) fn is_held(decision: &Decision, now: Timestamp) -> bool {
    matches!(decision.action, Action::Hold { until } if now < until)
}

/// A change of the exemptions, from its columns.
pub(crate) fn change(
    at: i64,
    chain_name: Option<String>,
    place: i64,
    body: &str,
) -> Result<Change, StoreError> {
    let change = serde_json::from_str(body).map_err(|e| StoreError::Unreadable {
        what: "an exemption".to_owned(),
        why: e.to_string(),
    })?;
    Ok((instant(at)?, chain(chain_name), seq(place)?, change))
}

/// What the changes amount to. An end that is not read would leave in force what somebody
/// ended, so too many are an error.
pub(crate) fn exemptions(changes: Vec<Change>) -> Result<Vec<ExemptionRow>, StoreError> {
    if changes.len() as i64 > MOST_CHANGES {
        return Err(StoreError::Unreadable {
            what: "the exemptions".to_owned(),
            why: format!("there are more than {MOST_CHANGES} changes"),
        });
    }
    Ok(exemption::fold(changes))
}

/// The instant before which no record was handed over that stands behind one of `at`.
pub(crate) fn slack(at: Timestamp) -> i64 {
    let from = at.saturating_sub(SLACK).unwrap_or(Timestamp::MIN);
    from.as_microsecond()
}

/// A head, from its columns.
pub(crate) fn head(
    name: &str,
    count: i64,
    hash: &str,
    at: i64,
    signature: String,
) -> Result<Head, StoreError> {
    let unreadable = |why: &str| StoreError::Unreadable {
        what: "a head".to_owned(),
        why: why.to_owned(),
    };
    Ok(Head {
        chain: ChainId::parse(name).ok_or_else(|| unreadable("the chain's name"))?,
        count: seq(count)?,
        hash: hash.parse().map_err(|_| unreadable("the hash"))?,
        at: instant(at)?,
        signature,
    })
}

/// All package URLs of a package lie between `pkg:npm/name@` and `pkg:npm/nameA`: `A`
/// comes right behind `@`.
pub(crate) fn releases_of(package: &PackageName) -> Result<(String, String), StoreError> {
    let version = customs_model::Version::new("0").map_err(|e| StoreError::Unreadable {
        what: "a version".to_owned(),
        why: e.to_string(),
    })?;
    let mut from = ReleaseId::new(package.clone(), version).to_string();
    from.pop();
    let mut to = from.clone();
    to.pop();
    to.push('A');
    Ok((from, to))
}

/// A bound on rows, as databases take it.
pub(crate) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit.min(MOST_ROWS)).unwrap_or(i64::MAX)
}

/// A record of no chain is still a record; `verify` complains about it.
pub(crate) fn chain(name: Option<String>) -> String {
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// A place in a chain.
pub(crate) fn seq(seq: i64) -> Result<u64, StoreError> {
    u64::try_from(seq).map_err(|_| StoreError::Unreadable {
        what: "a record".to_owned(),
        why: format!("{seq} is no place in a chain"),
    })
}

/// A stored instant.
pub(crate) fn instant(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|e| StoreError::Unreadable {
        what: "an instant".to_owned(),
        why: e.to_string(),
    })
}
