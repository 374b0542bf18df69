//! What the page shows of the last hours: kept in memory, bounded, and lost with the gate.

use crate::metrics::{BOUNDS, SERVED, Totals};
use customs_model::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bounds of what is kept.
pub mod limit {
    /// Seconds that one bar stands for.
    pub const BAR: i64 = 300;
    /// Bars: three hours.
    pub const BARS: usize = 36;
    /// Registries whose state is kept; a config has a handful.
    pub const UPSTREAMS: usize = 256;
    /// Characters of a reason.
    pub const REASON: usize = 300;
    /// Seconds after which a registry that could not be asked is not said to be away any more.
    pub const AWAY: i64 = 900;
}

/// What happened within one bar's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its first instant.
    pub from: Timestamp,
    /// Artifacts from the gate's own copy.
    pub cache: u64,
    /// Artifacts that were fetched from a registry.
    pub upstream: u64,
    /// Artifacts of which a part was asked for, or that the client had.
    pub other: u64,
    /// Requests for documents and artifacts.
    pub requests: u64,
    /// The time within which half of them had the headers of their answer.
    pub half: Option<Within>,
    /// The time within which 95 of 100 had.
    pub most: Option<Within>,
}

/// A time within which something was answered: the upper bound of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Within {
    /// Seconds.
    Seconds(f64),
    /// Longer than every bound.
    Longer {
        /// The largest bound, in seconds.
        longer_than: f64,
    },
}

impl Eq for Within {}

impl Within {
    /// The place of its bucket.
    pub fn bucket(self) -> usize {
        match self {
            Self::Seconds(seconds) => BOUNDS.iter().position(|bound| *bound >= seconds),
            Self::Longer { .. } => None,
        }
        .unwrap_or(BOUNDS.len())
    }

    fn of(bucket: usize) -> Self {
        match BOUNDS.get(bucket) {
            Some(bound) => Self::Seconds(*bound),
            None => Self::Longer {
                longer_than: BOUNDS.last().copied().unwrap_or_default(),
            },
        }
    }
}

/// How one registry answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpstreamState {
    /// Its host and path.
    pub registry: String,
    /// `answers`, `away`, `was away` (within the last quarter of an hour) or `not asked since`.
    pub state: &'static str,
    /// When a document of it was last served that it had confirmed.
    pub confirmed: Option<Timestamp>,
    /// When one was last served that it could not confirm.
    pub stale: Option<Timestamp>,
    /// Why.
    pub because: Option<String>,
    /// Documents that it could not confirm, since the gate began.
    pub stale_documents: u64,
}

#[derive(Default)]
struct Seen {
    confirmed: Option<Timestamp>,
    stale: Option<(Timestamp, String)>,
    stale_documents: u64,
}

#[derive(Default)]
struct Kept {
    /// What was counted up to the last look.
    before: Totals,
    bars: VecDeque<(i64, Totals)>,
    upstreams: BTreeMap<String, Seen>,
}

/// What was seen of the last hours.
#[derive(Default)]
pub struct Watch(Mutex<Kept>);

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew.
    #[cfg(test)]
    pub fn forget(&self) {
        *self.lock() = Kept::default();
    }

    /// A document of a registry was served; `stale` says why it could not be confirmed.
    pub fn document(&self, registry: &str, stale: Option<&str>, now: Timestamp) {
        let mut kept = self.lock();
        if !kept.upstreams.contains_key(registry) {
            if kept.upstreams.len() >= limit::UPSTREAMS {
                return;
            }
            kept.upstreams.insert(registry.to_owned(), Seen::default());
        }
        let Some(seen) = kept.upstreams.get_mut(registry) else {
            return;
        };
        match stale {
            None => seen.confirmed = Some(now),
            Some(because) => {
                let because = customs_model::printable(because, limit::REASON);
                seen.stale = Some((now, because));
                seen.stale_documents += 1;
            }
        }
    }

    /// Counts what happened since the last look to the bar of this one.
    pub fn look(&self, totals: &Totals, now: Timestamp) {
        let bar = now.as_second().div_euclid(limit::BAR);
        let mut kept = self.lock();
        let since = totals.since(&kept.before);
        kept.before = totals.clone();
        match kept.bars.back_mut() {
            // A clock that was set back adds to the newest bar.
            Some((newest, sum)) if *newest >= bar => sum.add(&since),
            _ => kept.bars.push_back((bar, since)),
        }
        while kept.bars.len() > limit::BARS {
            kept.bars.pop_front();
        }
    }

    /// The last three hours, the oldest first. A bar in which nothing happened is there, one from
    /// before the gate began is not.
    pub fn bars(&self, now: Timestamp) -> Vec<Bar> {
        let newest = now.as_second().div_euclid(limit::BAR);
        let kept = self.lock();
        let Some((begun, _)) = kept.bars.front() else {
            return Vec::new();
        };
        let count = i64::try_from(limit::BARS).unwrap_or(i64::MAX);
        let first = (*begun).max(newest - count + 1);
        let nothing = Totals::default();
        (first..=newest)
            .filter_map(|bar| {
                let found = kept.bars.iter().find(|(at, _)| *at == bar);
                let totals = found.map_or(&nothing, |(_, totals)| totals);
                let from = Timestamp::from_second(bar * limit::BAR).ok()?;
                Some(shown(from, totals))
            })
            .collect()
    }

    /// How the registries answer.
    pub fn upstreams(&self, now: Timestamp) -> Vec<UpstreamState> {
        let kept = self.lock();
        let states = kept.upstreams.iter().map(|(registry, seen)| {
            let stale = seen.stale.as_ref().map(|(at, _)| *at);
            let is_lately = |at: Timestamp| now.as_second() - at.as_second() < limit::AWAY;
            let state = match (stale, seen.confirmed) {
                (None, _) => "answers",
                (Some(stale), Some(confirmed)) if confirmed > stale => match is_lately(stale) {
                    true => "was away",
                    false => "answers",
                },
                (Some(stale), _) if is_lately(stale) => "away",
                (Some(_), _) => "not asked since",
            };
            UpstreamState {
                registry: registry.clone(),
                state,
                confirmed: seen.confirmed,
                stale,
                because: seen.stale.as_ref().map(|(_, because)| because.clone()),
                stale_documents: seen.stale_documents,
            }
        });
        states.collect()
    }
}

fn shown(from: Timestamp, totals: &Totals) -> Bar {
    let [upstream, cache, range, client] = totals.served;
    const { assert!(SERVED.len() == 4) };
    let within = |share: f64| quantile(&totals.durations, share).map(Within::of);
    Bar {
        from,
        cache,
        upstream,
        other: range + client,
        requests: totals.durations.iter().sum(),
        half: within(0.5),
        most: within(0.95),
    }
}

/// The bucket within which this share of all lies.
fn quantile(buckets: &[u64], share: f64) -> Option<usize> {
    let all: u64 = buckets.iter().sum();
    let mut sum = 0;
    #[expect(clippy::cast_precision_loss, reason = "counts of five minutes")]
    let reaches = |sum: u64| sum as f64 >= all as f64 * share;
    let found = buckets.iter().position(|count| {
        sum += count;
        reaches(sum)
    });
    found.filter(|_| all > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn totals(cache: u64, durations: &[(usize, u64)]) -> Totals {
        let mut totals = Totals::default();
        totals.served[1] = cache;
        for (bucket, count) in durations {
            totals.durations[*bucket] = *count;
        }
        totals
    }

    #[test]
    fn bars_have_what_happened_in_their_time_and_silence_is_a_bar_too() {
        let watch = Watch::default();
        watch.look(&totals(3, &[(0, 90), (4, 10)]), at(0));
        watch.look(&totals(5, &[(0, 90), (4, 10)]), at(60));
        watch.look(&totals(6, &[(0, 91), (4, 10)]), at(650));
        let bars = watch.bars(at(650));
        let counts: Vec<_> = bars.iter().map(|bar| (bar.cache, bar.requests)).collect();
        assert_eq!(counts, [(5, 100), (0, 0), (1, 1)]);
        assert_eq!(bars[0].half, Some(Within::Seconds(0.001)));
        assert_eq!(bars[0].most, Some(Within::Seconds(0.5)));
        assert_eq!(bars[1].half, None, "silence has no latency");
    }

    #[test]
    fn a_gate_that_runs_for_days_keeps_three_hours() {
        let watch = Watch::default();
        for n in 0..2_000_u32 {
            watch.look(&totals(u64::from(n), &[]), at(i64::from(n) * 60));
        }
        let now = at(1_999 * 60);
        assert_eq!(watch.bars(now).len(), limit::BARS);
        assert_eq!(watch.lock().bars.len(), limit::BARS);
        // A clock that jumps is no reason for more, either.
        assert_eq!(watch.bars(at(100_000_000)).len(), limit::BARS);
        for n in 0..1_000 {
            watch.document(&format!("r{n}.example/"), None, now);
        }
        assert_eq!(watch.upstreams(now).len(), limit::UPSTREAMS);
    }

    #[test]
    fn a_registry_is_away_until_it_confirms_a_document_or_nobody_asks_it() {
        let watch = Watch::default();
        let state = |now| watch.upstreams(now)[0].state;
        watch.document("r.example/", None, at(0));
        assert_eq!(state(at(1)), "answers");
        watch.document("r.example/", Some("no answer\u{202e}"), at(10));
        assert_eq!(state(at(11)), "away");
        let shown = &watch.upstreams(at(11))[0];
        assert_eq!(shown.because.as_deref(), Some("no answer\\u{202e}"));
        assert_eq!(state(at(10 + limit::AWAY)), "not asked since");
        watch.document("r.example/", None, at(20));
        assert_eq!(state(at(21)), "was away");
        assert_eq!(state(at(10 + limit::AWAY)), "answers");
    }
}
