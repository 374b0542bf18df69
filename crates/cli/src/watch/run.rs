//! The loop: looks when the schedule says so, has new releases inspected, tells.
//!
//! Looks and inspections run beside each other, a bounded number of each, so that one
//! registry that stays silent or one large artifact delays nothing else. A release counts
//! as seen only when it was told: what a crash interrupts is found again.

mod task;
#[cfg(test)]
mod tests;

use super::altered::{Altered, altered};
use super::delay::Summary;
use super::feed::Changed;
use super::fresh::{Fresh, new_releases};
use super::news::News;
use super::pins::Pins;
use super::release;
use super::schedule::{Next, Outcome, Schedule};
use super::seen::Seen;
use super::tell::{self, Tellers, Webhook};
use super::world::{Judged, Look, Missed, World};
use crate::error::Failure;
use crate::inspect::beside::Input;
use crate::inspect::files::not_judged;
use crate::output::say;
use customs_model::{Digest, Ecosystem, PackageName, Timestamp, Verdict};
use customs_rules::add_altered;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use task::{Done, early, say_unsent};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// Looks on their way at the same time.
const LOOKS: usize = 8;
/// Releases that are inspected at the same time: each takes a core and memory.
const INSPECTIONS: usize = 2;
/// New releases of one package that are taken up at once; the others at its next look.
const AT_ONCE: usize = 100;
/// Between two questions to a feed, and failures of it after which it is not relied on.
const FEED: Duration = Duration::from_secs(10);
const FEED_FAILURES: u32 = 3;
/// How long a registry is left alone at most because it asks for it.
const REST: Duration = Duration::from_secs(3600);
/// Webhook calls that may wait.
const SENDING: usize = 64;
/// What was seen is written at least so often while it changes.
const SAVE: Duration = Duration::from_secs(60);
/// How long the last webhook calls may take at the end.
const LAST: Duration = Duration::from_secs(15);

/// How a watch is to run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// End after so many looks at each package.
    pub(super) rounds: Option<u64>,
    /// The least time between two looks at one package.
    pub(super) every: Duration,
    /// The same where a feed tells of changes.
    pub(super) every_with_feed: Duration,
    /// Until an artifact is asked for again; the second time it is twice as long.
    pub(super) again: Duration,
    /// Where what was seen is kept.
    pub(super) state: PathBuf,
}

/// A watch.
pub(super) struct Watch<W> {
    world: Arc<W>,
    plan: Plan,
    schedule: Schedule,
    seen: Seen,
    pins: Pins,
    tellers: Tellers,
    webhook: Option<Webhook>,
    summary: Summary,
    begun: Instant,
    began: Timestamp,
    tasks: JoinSet<Done>,
    looks: usize,
    sending: JoinSet<Result<(), String>>,
    /// To inspect.
    turns: Arc<Semaphore>,
    /// What is being inspected: it is not seen yet, and not new again.
    busy: BTreeMap<PackageName, BTreeSet<String>>,
    /// What was said of a package that fails: once, until it says something else.
    said: BTreeMap<PackageName, String>,
    feed: FeedState,
    unsaved_since: Option<Duration>,
    rounds_said: u64,
    told_said: u64,
}

#[derive(Debug, Default)]
struct FeedState {
    next: Duration,
    is_away: bool,
    failures: u32,
}

impl<W: World> Watch<W> {
    /// Ready to run.
    pub(super) fn new(
        world: W,
        plan: Plan,
        schedule: Schedule,
        seen: Seen,
        pins: Pins,
        tellers: Tellers,
        webhook: Option<Webhook>,
    ) -> Self {
        Self {
            began: world.now(),
            world: Arc::new(world),
            plan,
            schedule,
            seen,
            pins,
            tellers,
            webhook,
            summary: Summary::default(),
            begun: Instant::now(),
            tasks: JoinSet::new(),
            looks: 0,
            sending: JoinSet::new(),
            turns: Arc::new(Semaphore::new(INSPECTIONS)),
            busy: BTreeMap::new(),
            said: BTreeMap::new(),
            feed: FeedState::default(),
            unsaved_since: None,
            rounds_said: 0,
            told_said: 0,
        }
    }

    /// Watches until `stop` or the last round.
    ///
    /// # Errors
    /// What was seen cannot be written.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<Summary, Failure> {
        let mut stop = std::pin::pin!(stop);
        self.tell_conflicts();
        loop {
            let wake = self.begin();
            if self.is_over() {
                break;
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(done) = self.tasks.join_next() => self.end(done),
                Some(sent) = self.sending.join_next() => say_unsent(sent),
                () = tokio::time::sleep_until(self.begun + wake) => {}
            }
            self.say_round();
            // A full disk is no reason to stop watching; the next watch tells again then.
            if let Err(failure) = self.save(false) {
                say(&format!("customs: {failure}"));
            }
        }
        // Artifacts can be looked at again by the next watch; a message would be lost.
        self.tasks.abort_all();
        let rest = async {
            while let Some(sent) = self.sending.join_next().await {
                say_unsent(sent);
            }
        };
        if tokio::time::timeout(LAST, rest).await.is_err() {
            say("customs: some messages to the webhook were not sent in time");
        }
        self.save(true)?;
        Ok(self.summary)
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn is_last_round_done(&self) -> bool {
        let rounds = self.schedule.rounds();
        self.plan.rounds.is_some_and(|last| rounds >= last)
    }

    fn is_over(&self) -> bool {
        self.is_last_round_done() && self.tasks.is_empty() && self.sending.is_empty()
    }

    /// Begins what is due; when there is more to begin.
    fn begin(&mut self) -> Duration {
        let far = self.now() + SAVE;
        if self.is_last_round_done() {
            return far;
        }
        let mut wake = far;
        if self.world.has_feed() && !self.feed.is_away {
            if self.now() >= self.feed.next {
                self.ask_feed();
            } else {
                wake = wake.min(self.feed.next);
            }
        }
        while self.looks < LOOKS {
            match self.schedule.take(self.now()) {
                Next::Ask(package) => self.look(package),
                Next::Wait(at) => return wake.min(at),
                Next::Idle => break,
            }
        }
        // Whoever ends wakes it.
        wake
    }

    fn look(&mut self, package: PackageName) {
        self.looks += 1;
        self.tasks.spawn(task::look(self.world.clone(), package));
    }

    fn ask_feed(&mut self) {
        self.feed.is_away = true;
        self.tasks.spawn(task::changes(self.world.clone()));
    }

    fn end(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done::Looked(package, looked)) => {
                self.looks -= 1;
                self.looked(&package, looked);
            }
            Ok(Done::Judged(fresh, judged)) => self.judged(&fresh, judged),
            Ok(Done::Changes(changes)) => self.changed(changes),
            Err(error) => say(&format!("customs: {}", early(&error))),
        }
    }

    fn looked(&mut self, package: &PackageName, looked: Result<Look, Missed>) {
        let now = self.now();
        let look = match looked {
            Ok(look) => look,
            Err(Missed { why, rest }) => {
                self.schedule.done(package, now, Outcome::Failed);
                if let Some(rest) = rest {
                    self.schedule
                        .rest(package.ecosystem(), now + rest.min(REST));
                }
                if self.said.get(package) != Some(&why) {
                    let ecosystem = package.ecosystem();
                    say(&format!("customs: {package} ({ecosystem}): {why}"));
                    self.said.insert(package.clone(), why);
                }
                return;
            }
        };
        self.said.remove(package);
        self.schedule.charge(now, look.requests.saturating_sub(1));
        let digests = look.listed.digests();
        let before = self.seen.before(package, &look.from).cloned();
        let before = match before {
            Some(before) => {
                if self.seen.adopt(package, &look.from, digests) {
                    self.changed_state();
                }
                before
            }
            // The first look is what later ones are compared with.
            None => {
                self.begin_at(package, &look, digests);
                look.listed.keys()
            }
        };
        let altered = self.altered(package, &look);
        let none = BTreeSet::new();
        let busy = self.busy.get(package).unwrap_or(&none);
        let before: BTreeSet<String> = before.union(busy).cloned().collect();
        let mut found = new_releases(&before, package, &look.listed);
        let outcome = if found.is_empty() {
            Outcome::Quiet
        } else {
            Outcome::News
        };
        self.schedule.done(package, now, outcome);
        found.splice(0..0, altered);
        for fresh in found.into_iter().take(AT_ONCE) {
            self.inspect(fresh);
        }
    }

    /// The first look at a package at a registry.
    fn begin_at(&mut self, package: &PackageName, look: &Look, digests: BTreeMap<String, Digest>) {
        let keys = look.listed.keys();
        if let Some(other) = self.seen.begin(package, &look.from, keys, digests) {
            let ecosystem = package.ecosystem();
            say(&format!(
                "customs: {package} ({ecosystem}) comes from {} now, before from {other}: what is \
                 listed there already is not told as new, and is compared by content",
                look.from
            ));
        }
        self.changed_state();
    }

    /// What has another content than it had, and was not told yet.
    fn altered(&self, package: &PackageName, look: &Look) -> Vec<Fresh> {
        let busy = self.busy.get(package);
        let is_new = |fresh: &Fresh| {
            fresh.keys.iter().all(|key| {
                let is_busy = busy.is_some_and(|busy| busy.contains(key));
                let told = |altered: &Altered| self.seen.was_told(package, key, &altered.now);
                !is_busy && !fresh.altered.as_deref().is_some_and(told)
            })
        };
        let seen = self.seen.firsts(package, &look.from);
        let mut found = altered(package, &look.listed, self.pins.of(package).chain(seen));
        found.retain(is_new);
        found
    }

    /// Lockfiles that promise two contents of one release: at most one of them is what the
    /// registry has.
    fn tell_conflicts(&mut self) {
        for (release, words) in self.pins.conflicts() {
            let fresh = Fresh {
                release,
                keys: BTreeSet::new(),
                published: None,
                digests: BTreeMap::new(),
                altered: None,
            };
            let mut verdict = not_judged("its code was not read for this".to_owned());
            add_altered(&mut verdict, words);
            self.summary.altered += 1;
            self.tell(&fresh, verdict, Vec::new());
        }
    }

    fn inspect(&mut self, fresh: Fresh) {
        let package = fresh.release.package.clone();
        let busy = self.busy.entry(package).or_default();
        busy.extend(fresh.keys.iter().cloned());
        // Each beside the one of the release before it.
        let artifacts = 2 * fresh.keys.len().min(release::MOST);
        let now = self.now();
        self.schedule
            .charge(now, u32::try_from(artifacts).unwrap_or(1));
        self.tasks.spawn(task::inspection(
            self.world.clone(),
            self.turns.clone(),
            fresh,
            self.plan.again,
        ));
    }

    fn judged(&mut self, fresh: &Fresh, judged: Judged) {
        let Judged {
            mut verdict,
            predecessors,
        } = judged;
        let package = &fresh.release.package;
        match &fresh.altered {
            None => self.summary.told += 1,
            Some(altered) => {
                add_altered(&mut verdict, altered.words());
                self.summary.altered += 1;
            }
        }
        self.tell(fresh, verdict, predecessors);
        match &fresh.altered {
            None => self.seen.add(package, &fresh.keys, &fresh.digests),
            Some(altered) => {
                for key in &fresh.keys {
                    self.seen.told(package, key, &altered.now);
                }
            }
        }
        if let Some(busy) = self.busy.get_mut(package) {
            busy.retain(|key| !fresh.keys.contains(key));
            if busy.is_empty() {
                self.busy.remove(package);
            }
        }
        self.changed_state();
    }

    fn tell(&mut self, fresh: &Fresh, verdict: Verdict, predecessors: Vec<Input>) {
        let mut news = News::new(fresh, verdict, self.world.now(), self.began);
        news.predecessors = predecessors;
        self.summary.objected += u64::from(news.objects());
        if let Some(delay) = news.delay() {
            self.summary.delays.add(delay);
        }
        if let Err(failures) = self.tellers.tell(&news) {
            for failure in failures {
                say(&format!("customs: {}: {failure}", fresh.release.spoken()));
            }
        }
        self.send(&news);
    }

    fn send(&mut self, news: &News) {
        let Some(webhook) = self.webhook.clone() else {
            return;
        };
        if self.sending.len() >= SENDING {
            say(&format!(
                "customs: the webhook is too slow; it is not told of {}",
                news.release.spoken()
            ));
            return;
        }
        match tell::line(news) {
            Ok(line) => {
                self.sending
                    .spawn(async move { webhook.send(line.into_bytes()).await });
            }
            Err(failure) => say(&format!("customs: {failure}")),
        }
    }

    /// A feed is believed when it names something, and not when it is silent: each package
    /// is still looked at, only less often. One that breaks brings back the short rounds.
    fn changed(&mut self, changes: Result<Changed, String>) {
        let now = self.now();
        self.feed.is_away = false;
        self.feed.next = now + FEED;
        match changes {
            Ok(changed) => {
                self.schedule.charge(now, changed.requests);
                for package in &changed.packages {
                    self.schedule.hurry(package, now);
                }
                if self.feed.failures >= FEED_FAILURES {
                    say("customs: the feed of changes answers again");
                    let every = self.plan.every_with_feed;
                    self.schedule.set_every(Ecosystem::Npm, every, now);
                }
                self.feed.failures = 0;
            }
            Err(why) => {
                self.schedule.charge(now, 1);
                self.feed.failures = self.feed.failures.saturating_add(1);
                self.feed.next = now + FEED * self.feed.failures.min(30);
                if self.feed.failures == FEED_FAILURES {
                    say(&format!(
                        "customs: the feed of changes fails ({why}); each package is asked about"
                    ));
                    let every = self.plan.every;
                    self.schedule.set_every(Ecosystem::Npm, every, now);
                }
            }
        }
    }

    /// A line when a round is done in which something was told.
    fn say_round(&mut self) {
        let rounds = self.schedule.rounds();
        let is_new = rounds > self.rounds_said && self.summary.told > self.told_said;
        self.rounds_said = rounds;
        if is_new {
            self.told_said = self.summary.told;
            say(&format!(
                "customs: {} new releases since the watch began; {}",
                self.summary.told,
                self.summary.delays.words()
            ));
        }
    }

    fn changed_state(&mut self) {
        let now = self.now();
        self.unsaved_since.get_or_insert(now);
    }

    fn save(&mut self, at_once: bool) -> Result<(), Failure> {
        let Some(since) = self.unsaved_since else {
            return Ok(());
        };
        let now = self.now();
        if !at_once && now < since + SAVE {
            return Ok(());
        }
        self.unsaved_since = Some(now);
        self.seen.save(&self.plan.state)?;
        self.unsaved_since = None;
        Ok(())
    }
}
