//! Room for what is remembered of documents, in two generations: what is put or asked for is of the
//! young one. When that is full it becomes the old one, and what was the old one is forgotten. So
//! what is in use stays, and no question waits until all of it was looked through.

use super::Row;
use std::collections::HashMap;

/// Documents of which it is remembered, at 64 bytes each. A table of this many is three quarters
/// full, so both together are never larger than the next power of two.
const REMEMBERED: usize = 100_000;
/// Those of one generation.
const GENERATION: usize = REMEMBERED / 2;

#[derive(Debug, Default)]
pub(super) struct Generations {
    young: HashMap<u128, Row>,
    old: HashMap<u128, Row>,
}

impl Generations {
    pub fn put(&mut self, key: u128, row: Row) {
        self.old.remove(&key);
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            // Rows own nothing: a table is emptied without a look at them, and used again.
            self.old.clear();
            std::mem::swap(&mut self.young, &mut self.old);
        }
        self.young.insert(key, row);
    }

    /// What is remembered under a key; it stays for another generation then.
    pub fn get(&mut self, key: u128) -> Option<Row> {
        if let Some(row) = self.young.get(&key) {
            return Some(*row);
        }
        let row = self.old.remove(&key)?;
        self.put(key, row);
        Some(row)
    }

    pub fn forget(&mut self, key: u128) {
        self.young.remove(&key);
        self.old.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        sha256: [7; 32],
        confirmed: 1_000,
        newest: 0,
    };

    #[test]
    fn one_takes_64_bytes() {
        assert_eq!(size_of::<(u128, Row)>(), 64);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_never_less_than_half_of_it() {
        let mut all = Generations::default();
        for at in 0..3 * REMEMBERED {
            all.put(at as u128, ROW);
            let remembered = all.young.len() + all.old.len();
            assert!(remembered <= REMEMBERED, "{remembered} at {at}");
            assert!(remembered >= at.min(GENERATION), "{remembered} at {at}");
        }
        // All of the same instant: what came last is there.
        let last = 3 * REMEMBERED as u128;
        assert!((last - GENERATION as u128..last).all(|at| all.get(at).is_some()));
        assert!(all.get(0).is_none());
    }

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_leaves() {
        let mut all = Generations::default();
        all.put(0, ROW);
        all.put(1, ROW);
        for at in 2..4 * REMEMBERED {
            all.put(at as u128, ROW);
            if at % (GENERATION / 2) == 0 {
                assert!(all.get(0).is_some(), "at {at}");
            }
        }
        assert!(all.get(1).is_none());
        all.forget(0);
        assert!(all.get(0).is_none());
    }

    #[test]
    fn what_is_put_again_is_there_once_and_as_it_is_now() {
        let mut all = Generations::default();
        all.put(0, ROW);
        for at in 1..=GENERATION {
            all.put(at as u128, ROW);
        }
        assert!(all.old.contains_key(&0));
        let later = Row {
            confirmed: 2_000,
            ..ROW
        };
        all.put(0, later);
        assert!(!all.old.contains_key(&0));
        assert_eq!(all.get(0).map(|row| row.confirmed), Some(2_000));
    }
}
