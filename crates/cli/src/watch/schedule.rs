//! Which package is asked about when: never more than the budget, nobody left out.
//!
//! Pure. Time is what has passed since the watch began, handed in by whoever asks, so
//! that a clock that jumps changes nothing and a test needs no waiting.
//!
//! With `n` packages a package is asked about once in `max(every, n / rate)`. One that a
//! change feed names goes first, but takes at most every second turn: a flood of changes
//! makes the others half as frequent and starves none.

#[cfg(test)]
mod tests;

use super::expected::Lane as Expected;
use customs_model::{Ecosystem, PackageName};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What was hurried and showed nothing new is looked at again so often: what serves
/// documents is often behind what announces changes.
const HINTS: u32 = 3;
/// Until the first of these looks; each further one waits twice as long.
const HINT_WAIT: Duration = Duration::from_secs(15);
/// A package that fails waits so long at first, and at most this long in the end.
const FAILED_WAIT: Duration = Duration::from_secs(15);
const FAILED_MOST: Duration = Duration::from_secs(15 * 60);
/// So many failures one after the other are the registry's own, and it is left alone.
const LANE_FAILURES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(30);
const PAUSE_MOST: Duration = Duration::from_secs(5 * 60);

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask about this package, once; then call [`Schedule::done`].
    Ask(PackageName),
    /// Nothing before this instant.
    Wait(Duration),
    /// Every package is being asked about, or there is none.
    Idle,
}

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing new.
    Quiet,
    /// Something new.
    News,
    /// No usable answer.
    Failed,
}

/// Due at, in the order of the tickets, which package.
type Slot = (Duration, u64, PackageName);

/// Who is next.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Between two requests.
    interval: Duration,
    /// When the next request may be sent.
    free: Duration,
    lanes: BTreeMap<Ecosystem, Lane>,
    packages: BTreeMap<PackageName, Entry>,
    /// Those whose turn comes.
    queue: BTreeSet<Slot>,
    /// Those that should not wait for it.
    hurried: BTreeSet<Slot>,
    tickets: u64,
    hurried_last: bool,
}

/// The packages of one ecosystem. Its registry fails or serves for all of them.
#[derive(Debug, Default)]
struct Lane {
    every: Duration,
    failures: u32,
    paused_until: Duration,
    /// The registry asked to be left alone until then; no answer to another look ends that.
    rests_until: Duration,
}

#[derive(Debug)]
struct Entry {
    place: Place,
    looks: u64,
    failures: u32,
    hints: u32,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Queued(Duration, u64),
    Hurried(Duration, u64),
    /// Being asked about since.
    Away(Duration),
}

impl Schedule {
    /// All packages are due at once, in their order. `rate` is in requests a second;
    /// `every` is the least time between two looks at one package.
    pub(super) fn new(
        packages: impl IntoIterator<Item = PackageName>,
        rate: f64,
        every: Duration,
    ) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::from_secs(1));
        let lane = |ecosystem| {
            let lane = Lane {
                every,
                ..Lane::default()
            };
            (ecosystem, lane)
        };
        let mut schedule = Self {
            interval,
            free: Duration::ZERO,
            lanes: Ecosystem::ALL.into_iter().map(lane).collect(),
            packages: BTreeMap::new(),
            queue: BTreeSet::new(),
            hurried: BTreeSet::new(),
            tickets: 0,
            hurried_last: false,
        };
        for package in packages {
            if !schedule.packages.contains_key(&package) {
                schedule.enqueue(&package, Duration::ZERO);
            }
        }
        schedule
    }

    /// How many packages it knows.
    pub(super) fn len(&self) -> usize {
        self.packages.len()
    }

    /// How long it takes to ask about each package once, by ecosystem. All of them share one
    /// budget.
    pub(super) fn lanes(&self) -> Vec<Expected> {
        let packages = u32::try_from(self.packages.len()).unwrap_or(u32::MAX);
        let by_rate = self.interval.saturating_mul(packages);
        let mut counts: BTreeMap<Ecosystem, usize> = BTreeMap::new();
        for package in self.packages.keys() {
            *counts.entry(package.ecosystem()).or_default() += 1;
        }
        let lanes = counts.into_iter().map(|(ecosystem, packages)| Expected {
            ecosystem,
            packages,
            round: by_rate.max(self.every(ecosystem)),
        });
        lanes.collect()
    }

    /// So many times each package was asked about.
    pub(super) fn rounds(&self) -> u64 {
        let looks = self.packages.values().map(|entry| entry.looks);
        looks.min().unwrap_or(0)
    }

    /// Who is asked about now. The request is paid for.
    pub(super) fn take(&mut self, now: Duration) -> Next {
        if now < self.free {
            return Next::Wait(self.free);
        }
        let hurried = self.first(&self.hurried, now);
        let queued = self.first(&self.queue, now);
        let (slot, is_hurried) = match (hurried, queued) {
            (Some(_), Some(queued)) if self.hurried_last => (queued, false),
            (Some(hurried), _) => (hurried, true),
            (None, Some(queued)) => (queued, false),
            (None, None) => return self.soonest(),
        };
        if is_hurried {
            self.hurried.remove(&slot);
        } else {
            self.queue.remove(&slot);
        }
        self.hurried_last = is_hurried;
        self.free = now + self.interval;
        let package = slot.2;
        if let Some(entry) = self.packages.get_mut(&package) {
            entry.place = Place::Away(now);
        }
        Next::Ask(package)
    }

    /// Pays for requests that belong to no turn: the change feed, artifacts, a second
    /// index. Those to come wait for it.
    pub(super) fn charge(&mut self, now: Duration, requests: u32) {
        self.free = self.free.max(now) + self.interval.saturating_mul(requests);
    }

    /// A look has ended: when is the next one?
    pub(super) fn done(&mut self, package: &PackageName, now: Duration, outcome: Outcome) {
        let every = self.every(package.ecosystem());
        let Some(entry) = self.packages.get_mut(package) else {
            return;
        };
        let Place::Away(asked) = entry.place else {
            return;
        };
        entry.looks += 1;
        let failed = outcome == Outcome::Failed;
        if failed {
            entry.failures = entry.failures.saturating_add(1);
            let wait = doubled(FAILED_WAIT.max(every), entry.failures - 1);
            let wait = wait.min(FAILED_MOST.max(every));
            self.enqueue(package, now + wait);
        } else {
            entry.failures = 0;
            let hints = match outcome {
                Outcome::News => 0,
                Outcome::Quiet | Outcome::Failed => entry.hints,
            };
            entry.hints = hints.saturating_sub(1);
            if hints > 0 {
                let at = now + doubled(HINT_WAIT, HINTS.saturating_sub(hints));
                self.enqueue_hurried(package, at);
            } else {
                self.enqueue(package, (asked + every).max(now));
            }
        }
        self.note(package.ecosystem(), now, failed);
    }

    /// The registry of an ecosystem wants to be left alone until then.
    pub(super) fn rest(&mut self, ecosystem: Ecosystem, until: Duration) {
        let lane = self.lanes.entry(ecosystem).or_default();
        lane.rests_until = lane.rests_until.max(until);
    }

    /// Somebody says that it changed.
    pub(super) fn hurry(&mut self, package: &PackageName, now: Duration) {
        let Some(entry) = self.packages.get_mut(package) else {
            return;
        };
        entry.hints = HINTS;
        let at = match entry.place {
            // It is asked about at this moment, perhaps too early: once more afterwards.
            Place::Away(_) => return,
            Place::Queued(due, _) | Place::Hurried(due, _) => due.min(now),
        };
        self.dequeue(package);
        self.enqueue_hurried(package, at);
    }

    /// Changes the least time between two looks, for those that wait as well.
    pub(super) fn set_every(&mut self, ecosystem: Ecosystem, every: Duration, now: Duration) {
        self.lanes.entry(ecosystem).or_default().every = every;
        let late: Vec<PackageName> = self
            .queue
            .iter()
            .filter(|(due, _, name)| name.ecosystem() == ecosystem && *due > now + every)
            .filter(|(_, _, name)| self.packages.get(name).is_some_and(|e| e.failures == 0))
            .map(|(_, _, name)| name.clone())
            .collect();
        for package in late {
            self.dequeue(&package);
            self.enqueue(&package, now + every);
        }
    }

    fn every(&self, ecosystem: Ecosystem) -> Duration {
        let lane = self.lanes.get(&ecosystem);
        lane.map(|lane| lane.every).unwrap_or_default()
    }

    fn paused_until(&self, package: &PackageName) -> Duration {
        let lane = self.lanes.get(&package.ecosystem());
        lane.map(|lane| lane.paused_until.max(lane.rests_until))
            .unwrap_or_default()
    }

    /// One registry that is down is asked seldom, whatever stands in the queue.
    fn note(&mut self, ecosystem: Ecosystem, now: Duration, failed: bool) {
        let lane = self.lanes.entry(ecosystem).or_default();
        if !failed {
            lane.failures = 0;
            lane.paused_until = Duration::ZERO;
        } else if now >= lane.paused_until {
            // Several that were on their way when it went down are one failure.
            lane.failures = lane.failures.saturating_add(1);
            if let Some(more) = lane.failures.checked_sub(LANE_FAILURES) {
                lane.paused_until = now + doubled(PAUSE, more).min(PAUSE_MOST);
            }
        }
    }

    fn first(&self, among: &BTreeSet<Slot>, now: Duration) -> Option<Slot> {
        among
            .iter()
            .take_while(|(due, _, _)| *due <= now)
            .find(|(_, _, package)| self.paused_until(package) <= now)
            .cloned()
    }

    /// When somebody is due whose registry is not left alone.
    fn soonest(&self) -> Next {
        self.queue
            .iter()
            .chain(&self.hurried)
            .map(|(due, _, package)| (*due).max(self.paused_until(package)))
            .min()
            .map_or(Next::Idle, Next::Wait)
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    fn enqueue(&mut self, package: &PackageName, due: Duration) {
        let ticket = self.ticket();
        self.queue.insert((due, ticket, package.clone()));
        self.put(package, Place::Queued(due, ticket));
    }

    fn enqueue_hurried(&mut self, package: &PackageName, due: Duration) {
        let ticket = self.ticket();
        self.hurried.insert((due, ticket, package.clone()));
        self.put(package, Place::Hurried(due, ticket));
    }

    fn put(&mut self, package: &PackageName, place: Place) {
        match self.packages.get_mut(package) {
            Some(entry) => entry.place = place,
            None => {
                let entry = Entry {
                    place,
                    looks: 0,
                    failures: 0,
                    hints: 0,
                };
                self.packages.insert(package.clone(), entry);
            }
        }
    }

    fn dequeue(&mut self, package: &PackageName) {
        match self.packages.get(package).map(|entry| entry.place) {
            Some(Place::Queued(due, ticket)) => {
                self.queue.remove(&(due, ticket, package.clone()));
            }
            Some(Place::Hurried(due, ticket)) => {
                self.hurried.remove(&(due, ticket, package.clone()));
            }
            Some(Place::Away(_)) | None => {}
        }
    }
}

/// `of`, doubled so often.
fn doubled(of: Duration, times: u32) -> Duration {
    of.saturating_mul(2_u32.saturating_pow(times.min(16)))
}
