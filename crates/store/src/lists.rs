//! Lists of the ledger, a page at a time: for whoever looks at it while gates write to it.
//!
//! Each page is read by an index and costs what stands on it, however large the ledger is.

use crate::store::{DecisionRow, DeliveryRow};
use crate::{Refused, StoreError, rows};
use customs_model::{PackageName, ReleaseId, Timestamp};
use std::fmt;
use std::str::FromStr;

/// Bounds of one page.
pub(crate) mod limit {
    /// The most rows of one page.
    pub const ROWS: usize = 500;
    /// How often a database is asked for more of one page: some of what an index names does not
    /// belong to the list.
    pub const ROUNDS: usize = 8;
    /// The most deliveries that are counted.
    pub const COUNTED: i64 = 10_000;
    /// Bytes of a written [`super::Next`]: a package URL has at most some six hundred.
    pub const NEXT: usize = 1_024;
}

/// Lists of the ledger. Its calls block, as those of [`Store`](crate::Store).
pub trait Lists {
    /// What is held at an instant: the latest decision about each release or file, where that is a
    /// hold that has not ended. What ends first stands first.
    ///
    /// # Errors
    /// The database cannot be read.
    fn held(
        &self,
        now: Timestamp,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError>;

    /// What is blocked: the latest decision about each release or file, where that is a block. The
    /// newest first; one that ended by itself stands there until somebody asks for the release.
    ///
    /// # Errors
    /// The database cannot be read.
    fn blocked(&self, after: Option<&Next>, most: usize)
    -> Result<Listed<DecisionRow>, StoreError>;

    /// Who was refused what, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    fn refusals(&self, after: Option<&Next>, most: usize)
    -> Result<Listed<RefusalRow>, StoreError>;

    /// Who received something, by release, and the newest of each first.
    ///
    /// # Errors
    /// The database cannot be read.
    fn received(
        &self,
        of: &Subject,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DeliveryRow>, StoreError>;

    /// How many deliveries of it there are, up to 10,000; more are [`Count::More`].
    ///
    /// # Errors
    /// The database cannot be read.
    fn count_received(&self, of: &Subject) -> Result<Count, StoreError>;
}

/// What somebody may have received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One release.
    Release(ReleaseId),
    /// Any release of a package.
    Package(PackageName),
}

impl Subject {
    /// The first and the last package URL that belong to it.
    pub(crate) fn range(&self) -> Result<(String, String), StoreError> {
        match self {
            Self::Release(release) => Ok((release.to_string(), release.to_string())),
            Self::Package(package) => rows::releases_of(package),
        }
    }
}

/// A number that is not counted to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u64),
    /// More than so many.
    More(u64),
}

impl Count {
    pub(crate) fn of(counted: i64) -> Self {
        let most = u64::try_from(limit::COUNTED).unwrap_or(u64::MAX);
        match u64::try_from(counted).unwrap_or(0) {
            more if more > most => Self::More(most),
            exactly => Self::Exactly(exactly),
        }
    }
}

/// A recorded refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// When.
    pub at: Timestamp,
    /// What, by whom, and why.
    pub refused: Refused,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// What stands on it.
    pub rows: Vec<T>,
    /// Where the next one begins; none: this was the last. A page may be short, or empty, and have
    /// a next one.
    pub next: Option<Next>,
}

/// Where a page begins: behind the row with this place in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    pub(crate) key: String,
    pub(crate) id: i64,
}

/// As it stands in an address.
impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.id, self.key)
    }
}

/// It is no place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in a list; begin with its first page")]
pub struct NextError;

impl FromStr for Next {
    type Err = NextError;

    fn from_str(text: &str) -> Result<Self, NextError> {
        if text.len() > limit::NEXT || text.chars().any(char::is_control) {
            return Err(NextError);
        }
        let (id, key) = text.split_once('~').ok_or(NextError)?;
        Ok(Self {
            key: key.to_owned(),
            id: id.parse().map_err(|_| NextError)?,
        })
    }
}

/// A row with its place.
pub(crate) type Placed<T> = (Next, T);

/// Reads a page, asking for more as long as rows are left out of it: `read` gives rows behind a
/// place, `belongs` says which of them are in the list.
pub(crate) fn page<T>(
    after: Option<&Next>,
    most: usize,
    mut read: impl FnMut(Option<&Next>, i64) -> Result<Vec<Placed<T>>, StoreError>,
    belongs: impl Fn(&T) -> bool,
) -> Result<Listed<T>, StoreError> {
    let most = most.clamp(1, limit::ROWS);
    let batch = most + 1;
    let mut rows = Vec::new();
    let mut place = after.cloned();
    for _ in 0..limit::ROUNDS {
        let found = read(place.as_ref(), rows::bounded(batch))?;
        let is_last = found.len() < batch;
        for (here, row) in found {
            if belongs(&row) {
                if rows.len() == most {
                    // One more than the page has: there is a next one.
                    return Ok(Listed { rows, next: place });
                }
                rows.push(row);
            }
            place = Some(here);
        }
        if is_last {
            return Ok(Listed { rows, next: None });
        }
    }
    Ok(Listed { rows, next: place })
}

/// The second of an instant, as the index of what is held compares it.
pub(crate) fn second(at: Timestamp) -> String {
    at.to_string().chars().take(19).collect()
}

/// The key of a place that is an instant.
pub(crate) fn instant_key(after: Option<&Next>) -> (i64, i64) {
    match after {
        // What is no number is behind everything: nothing is found.
        Some(next) => (next.key.parse().unwrap_or(i64::MIN), next.id),
        None => (i64::MAX, i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(id: i64) -> Next {
        Next {
            key: "k~1".to_owned(),
            id,
        }
    }

    #[test]
    fn a_place_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!(next(7).to_string().parse(), Ok(next(7)));
        for text in [
            "",
            "7",
            "x~y",
            "~",
            "7~a\nb",
            &format!("7~{}", "x".repeat(2_000)),
        ] {
            assert_eq!(text.parse::<Next>(), Err(NextError), "{text:?}");
        }
    }

    /// Numbers below 1,000, of which every tenth belongs to the list.
    fn tenths(after: Option<&Next>, most: usize) -> (Vec<i64>, Option<i64>, usize) {
        let mut asked = 0;
        let read = |after: Option<&Next>, many: i64| {
            asked += 1;
            let from = after.map_or(0, |next| next.id + 1);
            let upto = (from + many).min(1_000);
            Ok((from..upto).map(|n| (next(n), n)).collect())
        };
        let listed = page(after, most, read, |n| n % 10 == 0).unwrap();
        (listed.rows, listed.next.map(|next| next.id), asked)
    }

    #[test]
    fn pages_follow_each_other_without_a_gap_and_without_doubles() {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (rows, behind, asked) = tenths(after.as_ref(), 25);
            assert!(rows.len() <= 25 && asked <= limit::ROUNDS);
            all.extend(rows);
            match behind {
                Some(id) => after = Some(next(id)),
                None => break,
            }
        }
        let wanted: Vec<i64> = (0..1_000).step_by(10).collect();
        assert_eq!(all, wanted);
    }

    #[test]
    fn a_second_has_the_length_that_the_index_compares() {
        for text in ["2026-11-10T00:00:00Z", "2026-11-10T00:00:00.123456Z"] {
            assert_eq!(second(text.parse().unwrap()), "2026-11-10T00:00:00");
        }
    }
}
