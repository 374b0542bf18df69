//! What became of the jobs that this gate put into the queue, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Jobs of this gate. Those of other gates are in the numbers of those.
#[derive(Debug, Default)]
pub struct JobCounts {
    put: AtomicU64,
    taken: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    waiting: AtomicU64,
}

/// The numbers at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jobs {
    /// Put into the queue.
    pub put: u64,
    /// Of which a worker said that it began. Words may be lost: then it is not counted.
    pub taken: u64,
    /// Of which a worker recorded what came of it.
    pub done: u64,
    /// Which nobody answered in time, or the queue did not take: the gate read itself.
    pub failed: u64,
    /// Which this gate waits for now.
    pub waiting: u64,
}

/// A job that is waited for, until this is dropped.
pub(super) struct Waited<'a> {
    counts: &'a JobCounts,
    taken: bool,
}

impl JobCounts {
    /// The numbers of now.
    pub fn now(&self) -> Jobs {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Jobs {
            put: of(&self.put),
            taken: of(&self.taken),
            done: of(&self.done),
            failed: of(&self.failed),
            waiting: of(&self.waiting),
        }
    }

    /// A job was put, and is waited for.
    pub(super) fn wait(&self) -> Waited<'_> {
        self.put.fetch_add(1, Ordering::Relaxed);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waited {
            counts: self,
            taken: false,
        }
    }

    /// Somebody recorded what came of a job.
    pub(super) fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Nobody did a job.
    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Waited<'_> {
    /// A worker says that it works at it. A job counts once, also where it is taken again.
    pub fn taken(&mut self) {
        if !std::mem::replace(&mut self.taken, true) {
            self.counts.taken.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Waited<'_> {
    fn drop(&mut self) {
        self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
