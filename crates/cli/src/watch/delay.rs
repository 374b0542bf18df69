//! What a watch achieved: how much it told, and the delay from publication to the moment
//! the verdict is there.

use super::span;
use std::time::Duration;

/// Delays that are kept for the median; the worst one is kept for ever.
const MOST: usize = 10_000;

/// What a watch told.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// New releases.
    pub(super) told: u64,
    /// Releases whose content is not what it was.
    pub(super) altered: u64,
    /// Those of both that are suspicious or malicious.
    pub(super) objected: u64,
    /// From publication to verdict.
    pub(super) delays: Delays,
}

/// The delays of one watch.
#[derive(Debug, Clone, Default)]
pub(super) struct Delays {
    all: Vec<Duration>,
    oldest: usize,
    worst: Duration,
}

impl Delays {
    /// Notes one.
    pub(super) fn add(&mut self, delay: Duration) {
        self.worst = self.worst.max(delay);
        if self.all.len() < MOST {
            self.all.push(delay);
            return;
        }
        // A ring: a watch that runs for a year tells of its last ten thousand.
        self.all[self.oldest] = delay;
        self.oldest = (self.oldest + 1) % MOST;
    }

    /// The middle one; of two in the middle the longer one.
    pub(super) fn median(&self) -> Option<Duration> {
        let mut sorted = self.all.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The longest one.
    pub(super) fn worst(&self) -> Option<Duration> {
        (!self.all.is_empty()).then_some(self.worst)
    }

    /// For people, a part of a sentence.
    pub(super) fn words(&self) -> String {
        match (self.median(), self.worst()) {
            (Some(median), Some(worst)) => format!(
                "from publication to verdict: median {}, worst {}",
                span::words(median),
                span::words(worst)
            ),
            _ => "no delay was measured: nothing new with a publish time appeared".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[u64]) -> Delays {
        let mut delays = Delays::default();
        for one in seconds {
            delays.add(Duration::from_secs(*one));
        }
        delays
    }

    #[test]
    fn the_median_and_the_worst_are_told() {
        let words = of(&[30, 2_000, 50]).words();
        assert_eq!(
            words,
            "from publication to verdict: median 50 s, worst 33 min"
        );
    }

    #[test]
    fn without_a_release_no_delay_is_claimed() {
        assert!(of(&[]).words().starts_with("no delay was measured"));
        assert_eq!(of(&[]).worst(), None);
    }

    #[test]
    fn the_worst_is_remembered_when_it_is_long_past() {
        let mut delays = of(&[9_999]);
        for _ in 0..2 * MOST {
            delays.add(Duration::from_secs(1));
        }
        assert_eq!(delays.median(), Some(Duration::from_secs(1)));
        assert_eq!(delays.worst(), Some(Duration::from_secs(9_999)));
    }
}
