//! What came of reading an artifact, in the team's index: one entry for each key, put once.

use super::{FACTS, MOST_FACTS, Shared};
use customs_model::{Clock as _, Digest, SystemClock};
use customs_store::{Entry, NewEntry, StoreError};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long it counts that an artifact could not be read. The same bytes give the same answer; but
/// it may be the reader that ended early, and that is not for ever.
const UNREAD: Duration = Duration::from_hours(1);

/// What came of reading an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its facts, as they are written.
    Facts(Vec<u8>),
    /// It cannot be read, because …
    Unread(String),
}

/// What stands in an entry beside the digest of facts; in one without, why there are none.
#[derive(Serialize, Deserialize)]
struct Note {
    unread: String,
}

impl Shared {
    /// What the team knows of an artifact.
    pub(crate) fn verdict(&self, key: &str) -> Result<Option<Verdict>, StoreError> {
        let Some(entry) = self.team.entry(FACTS, key)? else {
            return Ok(None);
        };
        let Some(blob) = &entry.blob else {
            return Ok(unread(&entry).map(Verdict::Unread));
        };
        if self.blobs.length(blob)?.is_some_and(|l| l > MOST_FACTS) {
            return Ok(None);
        }
        let mut facts = Vec::new();
        match self.blobs.read(blob, &mut facts) {
            Ok(Some(_)) => Ok(Some(Verdict::Facts(facts))),
            Ok(None) => {
                self.lost(FACTS, key, &entry)?;
                Ok(None)
            }
            Err(error) => self.spoiled(FACTS, key, &entry, error),
        }
    }

    /// Puts what came of it, if nobody has put anything that counts. Whether it was put.
    pub(super) fn record_now(&self, key: &str, verdict: &Verdict) -> Result<bool, StoreError> {
        let known = match self.team.entry(FACTS, key)? {
            None => None,
            Some(entry) if entry.blob.is_some() || unread(&entry).is_some() => return Ok(false),
            // That it could not be read once counts no more.
            Some(entry) => Some(entry.revision),
        };
        let (blob, note) = match verdict {
            Verdict::Facts(facts) => {
                let digest = Digest::sha256(facts);
                self.blobs.put(&digest, &mut facts.as_slice())?;
                (Some(digest), String::new())
            }
            Verdict::Unread(why) => (None, written(why)?),
        };
        let entry = NewEntry {
            blob: blob.as_ref(),
            note: &note,
        };
        Ok(self.team.put_entry(FACTS, key, &entry, known)?.is_some())
    }
}

fn written(why: &str) -> Result<String, StoreError> {
    let unread = customs_model::printable(why, 200);
    serde_json::to_string(&Note { unread }).map_err(|error| StoreError::Database {
        doing: "write why an artifact cannot be read",
        why: error.to_string(),
    })
}

/// Why it cannot be read, where an entry says so and that counts yet.
fn unread(entry: &Entry) -> Option<String> {
    let note: Note = serde_json::from_str(&entry.note).ok()?;
    let age = SystemClock.now().duration_since(entry.at);
    // An entry from the future is one of a clock that goes ahead of this one.
    let counts = Duration::try_from(age).map_or(true, |age| age < UNREAD);
    counts.then(|| customs_model::printable(&note.unread, 200))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::tests::House;

    #[test]
    fn one_verdict_is_recorded_for_each_key_and_the_first_stays() {
        let house = House::new();
        let (facts, other) = (b"facts".to_vec(), b"other".to_vec());
        let (facts, other) = (Verdict::Facts(facts), Verdict::Facts(other));
        let unread = Verdict::Unread("it is no archive".to_owned());
        assert!(house.one.record_now("a", &facts).unwrap());
        assert!(!house.two.record_now("a", &other).unwrap());
        assert!(!house.two.record_now("a", &unread).unwrap());
        assert_eq!(house.two.verdict("a").unwrap(), Some(facts.clone()));
        assert!(house.two.record_now("b", &unread).unwrap());
        assert!(!house.one.record_now("b", &facts).unwrap());
        assert_eq!(house.one.verdict("b").unwrap(), Some(unread));
        assert_eq!(house.one.verdict("c").unwrap(), None);
    }

    #[test]
    fn that_it_could_not_be_read_counts_for_a_while_and_no_longer() {
        let at = |seconds: i64| Entry {
            blob: None,
            note: r#"{"unread":"it is no archive"}"#.to_owned(),
            revision: 1,
            at: SystemClock.now() - customs_model::SignedDuration::from_secs(seconds),
        };
        assert_eq!(unread(&at(3_000)).as_deref(), Some("it is no archive"));
        // The database's clock may go ahead of this one.
        assert!(unread(&at(-60)).is_some());
        assert_eq!(unread(&at(3_700)), None);
        let other = Entry {
            note: String::new(),
            ..at(0)
        };
        assert_eq!(unread(&other), None);
    }
}
