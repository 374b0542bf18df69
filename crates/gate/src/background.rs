//! What is held, and what came before a release, is read while nobody waits for anything.
//!
//! A hold is the time in which a release can be read: its facts are there when the hold
//! ends, and the report says already what its code shows. Nobody's request waits for it:
//! one artifact is read at a time, begun only when no request is being answered and no
//! artifact is on its way to a client. The line is bounded, so are the requests to upstreams
//! in a minute; it ends with the run that it is for, and with the server. What was not read
//! stands in the report.

mod queue;

use crate::report::Event;
use crate::run::Run;
use crate::server::Gate;
use customs_model::{Ecosystem, PackageName, Timestamp};
use customs_registry::{Judged, Registry, Unseen, Upstream};
use queue::{Added, Next, Queue};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long nobody asks before something is begun: clients ask for one thing after the
/// other, with a pause in between that is no rest.
const QUIET: Duration = Duration::from_millis(250);
/// How often the clock is looked at while the minute's budget is spent.
const LOOK: Duration = Duration::from_secs(1);

/// What a report says of what was begun and did not come to its end.
const FAILED: &str = "reading or judging it ended early; please report this";

/// An artifact that is read for a run.
struct Wanted {
    /// The run, as long as it lasts.
    run: Weak<Run>,
    /// Its name.
    id: String,
    upstream: Upstream,
    package: PackageName,
    unseen: Unseen,
}

/// What is read while nobody waits.
pub(crate) struct Background {
    queue: Mutex<Queue<Wanted>>,
    added: Notify,
    /// Requests that are being answered.
    answering: watch::Sender<usize>,
}

/// A request that is being answered; over when this is dropped.
pub(crate) struct Answering<'a>(&'a watch::Sender<usize>);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.send_if_modified(|count| {
            *count = count.saturating_sub(1);
            *count == 0
        });
    }
}

impl Background {
    pub fn new() -> Self {
        Self {
            queue: Mutex::default(),
            added: Notify::new(),
            answering: watch::Sender::new(0),
        }
    }

    /// Notes that a request is being answered: nothing is begun meanwhile.
    pub fn answering(&self) -> Answering<'_> {
        // Only the first and the last of them make a difference to who waits for rest.
        self.answering.send_if_modified(|count| {
            *count += 1;
            *count == 1
        });
        Answering(&self.answering)
    }

    /// The time in which nobody asks.
    pub fn rest(&self) -> Rest {
        Rest {
            answering: self.answering.subscribe(),
            has_begun: false,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue<Wanted>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what a judgement would know more by in line.
    fn want(&self, run: &Arc<Run>, package: &PackageName, upstream: &Upstream, judged: &Judged) {
        for unseen in judged.unseen() {
            let wanted = Wanted {
                run: Arc::downgrade(run),
                id: run.id.clone(),
                upstream: upstream.clone(),
                package: package.clone(),
                unseen: unseen.clone(),
            };
            let added = {
                let mut queue = self.queue();
                // A judgement that was begun before its run ended must leave nothing behind.
                if run.is_over() {
                    return;
                }
                if run.is_tokens() {
                    queue.renew(&run.id);
                }
                queue.add(&run.id, unseen.key(), wanted)
            };
            if let Added::Full(wanted) = added {
                run.note(wanted.not_read("too many others wait already"));
            }
        }
        if !judged.unseen().is_empty() {
            self.added.notify_one();
        }
    }

    /// Lets go of what waits for a run that is over, and tells the run what that was.
    pub fn end(&self, run: &Run) {
        run.end();
        let left = self.queue().end(&run.id);
        for wanted in left {
            run.note(wanted.not_read("the run ended first"));
        }
    }

    /// Forgets what was asked for under a token: its run is another one now, and asks again.
    pub fn forget(&self, token: &str) {
        self.queue().end(token);
    }

    /// What waits when the server stops is read by the next one that is asked.
    pub fn stop(&self) {
        let left = self.queue().len();
        if left > 0 {
            tracing::info!(left, "artifacts of held releases were not read");
        }
    }

    fn next(&self, registry: &Registry, now: Timestamp) -> Next<Wanted> {
        let costs = |wanted: &Wanted| registry.must_be_fetched(&wanted.unseen);
        self.queue().next(now, costs)
    }

    async fn take(&self, registry: &Registry, rest: &mut Rest) -> Wanted {
        loop {
            rest.wait(registry).await;
            match self.next(registry, registry.clock.now()) {
                Next::Take(wanted) => return wanted,
                Next::Later => tokio::time::sleep(LOOK).await,
                Next::Nothing => self.added.notified().await,
            }
        }
    }
}

/// The time in which nobody asks for anything.
pub(crate) struct Rest {
    answering: watch::Receiver<usize>,
    /// Nobody had asked for a while at the last look.
    has_begun: bool,
}

impl Rest {
    /// Waits until nobody has asked for a while, and nothing is on its way to anybody.
    pub async fn wait(&mut self, registry: &Registry) {
        loop {
            if self.answering.has_changed().unwrap_or(true) {
                self.has_begun = false;
            }
            if self.has_begun && registry.artifacts.arriving() == 0 {
                return;
            }
            // The sender lives as long as the gate.
            let is_open = self.answering.wait_for(|count| *count == 0).await.is_ok();
            if !is_open {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(QUIET) => self.has_begun = true,
                _ = self.answering.changed() => self.has_begun = false,
            }
        }
    }
}

impl Wanted {
    fn not_read(&self, because: &str) -> Event {
        Event::NotRead {
            release: self.unseen.about(),
            what: format!("{}: {because}", self.unseen.spoken()),
        }
    }
}

/// Whether a task comes to its end. One that panics is told in the log, and ends nothing else.
/// It ends with whoever waits for it.
pub(crate) async fn ends_well(task: impl Future<Output = ()> + Send + 'static) -> bool {
    let mut one = JoinSet::new();
    one.spawn(task);
    match one.join_next().await {
        Some(Err(error)) => {
            tracing::error!(%error, "what was read in the background ended early; please report this");
            false
        }
        Some(Ok(())) | None => true,
    }
}

impl Gate {
    /// Has read what a judgement would know more by, when there is time for it.
    pub(crate) fn read_later(
        &self,
        run: &Arc<Run>,
        package: &PackageName,
        upstream: &Upstream,
        judged: &Judged,
    ) {
        self.background.want(run, package, upstream, judged);
    }

    /// Reads what waits, one after the other, for ever.
    pub(crate) async fn read_in_background(self: Arc<Self>) {
        let mut rest = self.background.rest();
        loop {
            let wanted = self.background.take(&self.registry, &mut rest).await;
            let run = wanted.run.clone();
            let failed = wanted.not_read(FAILED);
            let gate = Arc::clone(&self);
            let ended = ends_well(async move { gate.read_one(wanted).await }).await;
            if let Some(run) = run.upgrade().filter(|_| !ended) {
                run.note(failed);
            }
        }
    }

    async fn read_one(&self, wanted: Wanted) {
        if wanted.run.strong_count() == 0 {
            return;
        }
        let read = self
            .registry
            .read_unseen(&wanted.upstream, &wanted.unseen)
            .await;
        // Whoever began it may be gone by now.
        let Some(run) = wanted.run.upgrade() else {
            return;
        };
        if let Err(unread) = read {
            run.note(wanted.not_read(unread.because()));
        }
        // A document is judged again once, when all that is worth it was read.
        let same = |other: &Wanted| other.id == wanted.id && other.package == wanted.package;
        let more = self.background.queue().any(same);
        if !more {
            self.judge_again(&run, &wanted.package).await;
        }
    }

    /// What is known now goes to the ledger and to the report without anybody's asking.
    async fn judge_again(&self, run: &Arc<Run>, package: &PackageName) {
        // A document that cannot be had now stands in the report already.
        match package.ecosystem() {
            Ecosystem::Npm => drop(self.judged_npm(run, package).await),
            Ecosystem::PyPi => drop(self.judged_pypi(run, package).await),
            Ecosystem::Cargo => drop(self.judged_cargo(run, package).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    async fn panics() {
        panic!("as a test wants");
    }

    #[tokio::test]
    async fn what_panics_is_told_and_ends_nothing_else() {
        assert!(!ends_well(panics()).await);
        let reached = Arc::new(AtomicBool::new(false));
        let next = Arc::clone(&reached);
        assert!(ends_well(async move { next.store(true, Ordering::Relaxed) }).await);
        assert!(reached.load(Ordering::Relaxed));
    }

    /// What is being read when the server stops does not go on without it.
    #[tokio::test]
    async fn a_task_ends_with_whoever_waits_for_it() {
        let (held, gone) = tokio::sync::oneshot::channel::<()>();
        let endless = async move {
            let _held = held;
            std::future::pending::<()>().await;
        };
        let waited = tokio::time::timeout(Duration::from_millis(20), ends_well(endless)).await;
        assert!(waited.is_err());
        assert!(gone.await.is_err());
    }
}
