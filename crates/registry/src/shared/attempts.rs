//! How often somebody began to read an artifact and was not heard of again. What ends three workers
//! is not given to a fourth, nor to a gate.

use super::Shared;
use customs_model::{Clock as _, SystemClock};
use customs_store::{Entry, NewEntry, StoreError};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The space of what was begun. Keys are those of facts.
const ATTEMPTS: &str = "attempt";
/// How many may end over one artifact.
pub(crate) const MOST: u32 = 3;
/// What was begun so long ago says nothing any more.
const COUNTS: Duration = Duration::from_hours(1);
/// How often another worker may be faster with the same entry.
const TRIES: usize = 8;

/// Whether an artifact is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It is; so often it was begun now.
    Attempt(u32),
    /// Too many ended over it.
    TooOften,
}

#[derive(Serialize, Deserialize)]
struct Note {
    begun: u32,
    /// Who began it last, for who looks into the database.
    #[serde(default)]
    by: String,
}

impl Shared {
    /// Writes down that this artifact is about to be read.
    pub(super) fn begin_now(&self, key: &str) -> Result<Begun, StoreError> {
        for _ in 0..TRIES {
            let entry = self.team.entry(ATTEMPTS, key)?;
            let begun = entry.as_ref().map_or(0, begun);
            if begun >= MOST {
                return Ok(Begun::TooOften);
            }
            let known = entry.map(|entry| entry.revision);
            if self.put_attempts(key, begun + 1, known)? {
                return Ok(Begun::Attempt(begun + 1));
            }
        }
        Err(StoreError::Busy(0))
    }

    /// Takes one of them back: whoever began it is not gone, and leaves it to another one.
    pub(super) fn leave_now(&self, key: &str) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let Some(entry) = self.team.entry(ATTEMPTS, key)? else {
                return Ok(());
            };
            let left = begun(&entry).saturating_sub(1);
            if left == 0 {
                if self.team.remove_entry(ATTEMPTS, key, entry.revision)? {
                    return Ok(());
                }
            } else if self.put_attempts(key, left, Some(entry.revision))? {
                return Ok(());
            }
        }
        Err(StoreError::Busy(0))
    }

    /// Forgets them: there is a verdict.
    pub(super) fn forget_attempts(&self, key: &str) -> Result<(), StoreError> {
        if let Some(entry) = self.team.entry(ATTEMPTS, key)? {
            self.team.remove_entry(ATTEMPTS, key, entry.revision)?;
        }
        Ok(())
    }

    fn put_attempts(&self, key: &str, begun: u32, known: Option<u64>) -> Result<bool, StoreError> {
        let by = self.owner.clone();
        let note = serde_json::to_string(&Note { begun, by });
        let note = note.map_err(|error| StoreError::Database {
            doing: "write that an artifact is read",
            why: error.to_string(),
        })?;
        let entry = NewEntry {
            blob: None,
            note: &note,
        };
        Ok(self.team.put_entry(ATTEMPTS, key, &entry, known)?.is_some())
    }
}

fn begun(entry: &Entry) -> u32 {
    let age = SystemClock.now().duration_since(entry.at);
    let counts = Duration::try_from(age).map_or(true, |age| age < COUNTS);
    // What another program wrote there says nothing.
    let note = serde_json::from_str(&entry.note).map_or(0, |note: Note| note.begun);
    if counts { note } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::tests::House;

    #[test]
    fn what_ends_three_workers_is_not_read_by_a_fourth() {
        let house = House::new();
        for n in 1..=MOST {
            assert_eq!(house.one.begin_now("a").unwrap(), Begun::Attempt(n));
        }
        assert_eq!(house.two.begin_now("a").unwrap(), Begun::TooOften);
        assert_eq!(house.two.begin_now("b").unwrap(), Begun::Attempt(1));
        house.two.forget_attempts("a").unwrap();
        assert_eq!(house.two.begin_now("a").unwrap(), Begun::Attempt(1));
    }

    #[test]
    fn who_leaves_an_artifact_in_order_does_not_count() {
        let house = House::new();
        for _ in 0..2 * MOST {
            assert_eq!(house.one.begin_now("a").unwrap(), Begun::Attempt(1));
            house.one.leave_now("a").unwrap();
        }
        house.one.begin_now("a").unwrap();
        house.two.begin_now("a").unwrap();
        house.two.leave_now("a").unwrap();
        assert_eq!(house.two.begin_now("a").unwrap(), Begun::Attempt(2));
    }
}
