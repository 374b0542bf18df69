//! What the page draws: sums over kinds, as they stand at an instant.

use super::{BOUNDS, KINDS, Metrics, SERVED};

/// Counts since the gate began, or within some time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Requests for documents and artifacts, by the bucket of their duration.
    pub durations: [u64; BOUNDS.len() + 1],
    /// Artifacts, by where their bytes come from.
    pub served: [u64; SERVED.len()],
}

impl Totals {
    /// What was added since an earlier look.
    pub fn since(&self, before: &Self) -> Self {
        let mut since = self.clone();
        for (now, before) in since.all().zip(before.clone().all()) {
            *now = now.saturating_sub(*before);
        }
        since
    }

    /// Adds what happened meanwhile.
    pub fn add(&mut self, more: &Self) {
        for (sum, more) in self.all().zip(more.clone().all()) {
            *sum = sum.saturating_add(*more);
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut u64> {
        self.durations.iter_mut().chain(self.served.iter_mut())
    }
}

impl Metrics {
    /// The sums of now.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (histogram, kind) in self.durations.iter().zip(KINDS) {
            if !kind.ends_with("document") && !kind.ends_with("artifact") {
                continue;
            }
            for (at, sum) in totals.durations.iter_mut().enumerate() {
                *sum += histogram.buckets.get(at);
            }
        }
        for (at, sum) in totals.served.iter_mut().enumerate() {
            *sum = self.deliveries.get(at);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn totals_are_those_of_what_clients_wait_for() {
        let metrics = Metrics::default();
        metrics.answered(0, 200, Duration::from_millis(3));
        metrics.answered(1, 404, Duration::from_secs(900));
        metrics.answered(8, 200, Duration::ZERO);
        metrics.delivered(1);
        let totals = metrics.totals();
        assert_eq!(totals.durations, [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(totals.served, [0, 1, 0, 0]);
        metrics.delivered(1);
        let mut since = metrics.totals().since(&totals);
        assert_eq!(since.served, [0, 1, 0, 0]);
        since.add(&totals);
        assert_eq!(since, metrics.totals());
    }
}
