//! From the operating system to the disk, and the heads that say so.
//!
//! A thread beside the writer, so that nobody who records waits for a disk: it syncs
//! the write-ahead log in groups and signs a head over what is on disk then.

use crate::StoreError;
use crate::chain::{Tip, microseconds};
use crate::folder::FolderLock;
use crate::head::{Head, HeadsFile};
use customs_model::Clock;
use ed25519_dalek::SigningKey;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long records gather before they are synced together. A sync itself takes up to
/// some 20 ms on the disks that we know, and 50 ms are promised.
const GATHER: Duration = Duration::from_millis(10);
/// At most one head in this time, unless somebody flushes.
const HEAD_EVERY: Duration = Duration::from_secs(1);

/// What writer and syncer tell each other.
#[derive(Debug)]
pub(super) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    tip: Tip,
    /// Commits so far, of records and of memory.
    commits: u64,
    synced: u64,
    /// When the oldest commit that is not on disk was made.
    waiting_since: Option<Instant>,
    head: Option<Head>,
    /// The newest head has not been told to the database yet.
    head_is_news: bool,
    flushing: bool,
    closing: bool,
    /// A sync failed; never forgiven.
    broken: Option<StoreError>,
    /// The last head could not be written; tried again.
    headless: Option<StoreError>,
}

impl Progress {
    pub fn new(tip: Tip) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                tip,
                commits: 0,
                synced: 0,
                waiting_since: None,
                head: None,
                head_is_news: false,
                flushing: false,
                closing: false,
                broken: None,
                headless: None,
            }),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer committed.
    pub fn committed(&self, tip: &Tip) {
        let mut state = self.lock();
        state.tip = tip.clone();
        state.commits += 1;
        // Who waits for the next sync knows when it is; to be woken by each commit only costs it.
        if state.waiting_since.is_none() {
            state.waiting_since = Some(Instant::now());
            self.changed.notify_all();
        }
    }

    /// Why nothing more may be recorded. After a failed sync the system may have
    /// dropped what it could not write and report success next time, so trying again
    /// would only hide the loss.
    pub fn broken(&self) -> Option<StoreError> {
        self.lock().broken.clone()
    }

    /// A head that the database has not been told of.
    pub fn take_news(&self) -> Option<Head> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.head_is_news) {
            return None;
        }
        state.head.clone()
    }

    /// Waits until what is committed now is on disk and covered by a head.
    pub fn flush(&self) -> Result<(), StoreError> {
        let mut state = self.lock();
        let (commits, records) = (state.commits, state.tip.count);
        state.headless = None;
        loop {
            if let Some(error) = state.broken.as_ref().or(state.headless.as_ref()) {
                return Err(error.clone());
            }
            let covered = state.head.as_ref().map_or(0, |head| head.count) >= records;
            if state.synced >= commits && covered {
                return Ok(());
            }
            if state.closing {
                return Err(StoreError::Closed);
            }
            state.flushing = true;
            self.changed.notify_all();
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The syncer is to bring the rest to disk and end.
    pub fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }
}

/// What the syncer works with.
pub(super) struct Syncer {
    pub progress: Arc<Progress>,
    /// The write-ahead log. It is safe to hold open a second time: SQLite's locks are on
    /// the database and on its shared memory, and these two must never be opened here,
    /// since closing them would let go of SQLite's own locks.
    pub log: File,
    pub heads: HeadsFile,
    pub folder: PathBuf,
    pub key: SigningKey,
    pub clock: Arc<dyn Clock>,
}

impl Syncer {
    pub fn run(self) {
        let mut last_head = None;
        loop {
            let round = self.wait(last_head);
            if let Err(error) = self.log.sync_data() {
                tracing::error!(%error, "the ledger cannot be brought to disk");
                let mut state = self.progress.lock();
                state.broken = Some(StoreError::NotOnDisk(error.to_string()));
                self.progress.changed.notify_all();
                return;
            }
            self.synced(&round);
            let due = last_head.is_none_or(|at: Instant| at.elapsed() >= HEAD_EVERY);
            if round.uncovered && (due || round.at_once) {
                last_head = Some(Instant::now());
                self.head(&round.tip);
            }
            if round.last {
                return;
            }
        }
    }

    /// Sleeps until something is to be done.
    fn wait(&self, last_head: Option<Instant>) -> Round {
        let mut state = self.progress.lock();
        loop {
            let uncovered = state.tip.count > state.head.as_ref().map_or(0, |h| h.count);
            let head_at = last_head.filter(|_| uncovered).map(|at| at + HEAD_EVERY);
            let sync_at = state.waiting_since.map(|at| at + GATHER);
            let next = [head_at, sync_at].into_iter().flatten().min();
            let now = Instant::now();
            if state.closing || state.flushing || next.is_some_and(|at| at <= now) {
                return Round {
                    tip: state.tip.clone(),
                    commits: state.commits,
                    since: state.waiting_since.take(),
                    uncovered,
                    at_once: state.closing || std::mem::take(&mut state.flushing),
                    last: state.closing,
                };
            }
            state = match next {
                None => self.progress.changed.wait(state),
                Some(at) => match self.progress.changed.wait_timeout(state, at - now) {
                    Ok((state, _)) => Ok(state),
                    Err(poisoned) => Ok(poisoned.into_inner().0),
                },
            }
            .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn synced(&self, round: &Round) {
        if let Some(late) = round.since.map(|since| since.elapsed())
            && late > Duration::from_millis(50)
        {
            tracing::debug!(?late, "the disk is slow: records were late on it");
        }
        let mut state = self.progress.lock();
        state.synced = state.synced.max(round.commits);
        self.progress.changed.notify_all();
    }

    /// Only what is on disk is signed: a head must never promise what a power failure
    /// could still take.
    fn head(&self, tip: &Tip) {
        let at = microseconds(self.clock.now());
        let head = Head::sign(&self.key, tip.chain, tip.count, tip.hash.clone(), at);
        let written = FolderLock::wait(&self.folder).and_then(|_lock| self.heads.add(&head));
        let mut state = self.progress.lock();
        match written {
            Ok(()) => {
                state.head = Some(head);
                state.head_is_news = true;
            }
            Err(error) => {
                tracing::warn!(%error, "a signed head of the ledger could not be written");
                state.headless = Some(error);
            }
        }
        self.progress.changed.notify_all();
    }
}

/// One round of the syncer.
struct Round {
    tip: Tip,
    commits: u64,
    since: Option<Instant>,
    uncovered: bool,
    at_once: bool,
    last: bool,
}
