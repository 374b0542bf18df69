//! Who fetches from which upstream: one that hangs takes no turn of another one, and who asks it for
//! much none of another client's.

use crate::turns::Turns;
use crate::upstream::Upstream;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Documents of one upstream that are fetched and indexed at the same time.
const CONCURRENT: usize = 24;
/// Upstreams whose turns are kept while nobody fetches from them.
const UPSTREAMS: usize = 64;

/// The turns of each upstream.
#[derive(Default)]
pub(super) struct Fetching {
    all: Mutex<HashMap<String, Arc<Turns>>>,
    /// People ask, beside what is done for nobody in particular.
    for_people: bool,
}

impl Fetching {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Turns>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// People ask from now on.
    pub fn for_people(&mut self) {
        self.for_people = true;
    }

    pub fn at(&self, upstream: &Upstream) -> Arc<Turns> {
        let mut all = self.lock();
        if all.len() >= UPSTREAMS {
            // Whose turns somebody holds or waits for stay.
            all.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = all
            .entry(upstream.shown())
            .or_insert_with(|| match self.for_people {
                true => Turns::new(CONCURRENT),
                false => Turns::for_one(CONCURRENT),
            });
        turns.clone()
    }

    pub fn waiting(&self) -> usize {
        self.lock().values().map(|turns| turns.waiting()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Route;

    /// How many documents are fetched at once for nobody in particular.
    async fn in_the_background(fetching: &Fetching) -> usize {
        let upstream = Upstream::parse("http://registry.invalid/", Route::Public).unwrap();
        let turns = fetching.at(&upstream);
        let mut held = Vec::new();
        let wait = std::time::Duration::from_millis(20);
        while let Ok(turn) = tokio::time::timeout(wait, turns.take("")).await {
            held.push(turn);
        }
        held.len()
    }

    #[tokio::test]
    async fn the_background_of_a_gate_leaves_half_to_people_and_a_command_uses_all() {
        let mut fetching = Fetching::default();
        assert_eq!(in_the_background(&fetching).await, CONCURRENT);
        fetching = Fetching::default();
        fetching.for_people();
        assert_eq!(in_the_background(&fetching).await, CONCURRENT / 2);
    }
}
