//! The one thread that writes.
//!
//! **When is a record safe?** A commit in WAL mode with `synchronous = NORMAL` writes
//! its pages to the log with `write(2)` and does not wait for the disk: from then on a
//! killed or crashed process loses nothing, since the pages are the system's. That is
//! when a record is acknowledged. The disk follows within 50 ms, in groups, from the
//! [`sync`](super::sync) thread, so a power failure costs at most those; the log's own
//! checksums then cut it at the last whole commit. `synchronous = FULL` would make
//! every delivery wait for the disk; `OFF` would let a checkpoint overwrite the database
//! before its log is on disk, and a power failure could spoil old records.
//!
//! **Why groups?** Whatever waits when the thread comes round goes into one commit: one
//! write and one lock for hundreds of records under load, and no added wait without.

use super::append;
use super::sync::Progress;
use crate::chain::{Tip, microseconds};
use crate::jobs::{Entry, Reply};
use crate::store::Receipt;
use crate::{ChainId, StoreError, decided};
use customs_model::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// The most jobs that one commit takes.
const LARGEST_GROUP: usize = 512;
/// Bytes written to the log after which it is copied into the database when nobody
/// waits, and after which it is copied even so.
const CHECKPOINT_IDLE: u64 = 4 << 20;
const CHECKPOINT_NOW: u64 = 32 << 20;

/// What the writer is asked to do.
pub(super) enum Job {
    Append(Entry, Reply<Receipt>),
    Decide(Vec<decided::Candidate>, Reply<usize>),
    /// Part of the memory. May be run twice, if the first commit fails.
    Run(Box<Work>, Reply<()>),
    Close,
}

/// A piece of work on the database, inside of a transaction.
pub(super) type Work = dyn Fn(&Connection) -> Result<(), StoreError> + Send;

/// The writer's state. Everything that is true only while it alone writes.
pub(super) struct Writer {
    pub connection: Connection,
    /// The row of the chain.
    pub chain_row: i64,
    pub tip: Tip,
    /// The tip may not be the one in the database: a commit failed in between.
    pub unsure: bool,
    pub progress: Arc<Progress>,
    pub latest: Arc<decided::Latest>,
    /// About how many bytes went to the log since it was last copied.
    pub log_bytes: u64,
}

/// What a job came to.
enum Outcome {
    Recorded(Receipt),
    Decided(usize),
    Ran,
}

impl Writer {
    /// Works until it is told to close or nobody is left to ask.
    pub fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            let first = if self.log_bytes > CHECKPOINT_IDLE {
                match jobs.recv_timeout(Duration::from_millis(20)) {
                    Err(RecvTimeoutError::Timeout) => {
                        self.checkpoint();
                        continue;
                    }
                    job => job.ok(),
                }
            } else {
                jobs.recv().ok()
            };
            let mut group = Vec::new();
            let mut closing = first.is_none();
            for job in first.into_iter().chain(jobs.try_iter()) {
                if matches!(job, Job::Close) {
                    closing = true;
                    break;
                }
                group.push(job);
                if group.len() == LARGEST_GROUP {
                    break;
                }
            }
            self.group(group);
            if self.log_bytes > CHECKPOINT_NOW {
                self.checkpoint();
            }
            if closing {
                return;
            }
        }
    }

    /// Writes a group in one commit and answers everybody in it.
    fn group(&mut self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        match self.commit(&jobs) {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    answer(job, Ok(outcome));
                }
            }
            // One of them may be at fault; the others must not suffer. Where the disk is
            // full or the database locked, all of them would fail again, slowly.
            Err(error) if jobs.len() > 1 && !concerns_all(&error) => {
                for job in jobs {
                    self.group(vec![job]);
                }
            }
            Err(error) => {
                for job in jobs {
                    answer(job, Err(error.clone()));
                }
            }
        }
    }

    fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, StoreError> {
        if let Some(error) = self.progress.broken() {
            return Err(error);
        }
        let before = self.tip.clone();
        let result = self.try_commit(jobs);
        match &result {
            Ok(_) => self.progress.committed(&self.tip),
            Err(_) => {
                self.tip = before;
                self.unsure = true;
                self.latest.forget_pending();
            }
        }
        result
    }

    fn try_commit(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, StoreError> {
        let failed = StoreError::sqlite("write a record");
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        if self.unsure {
            // A commit that reported a failure may have happened even so.
            self.tip = append::tip(&transaction, self.chain_row, self.tip.chain)?;
            self.unsure = false;
        }
        let mut outcomes = Vec::with_capacity(jobs.len());
        let mut bytes = 0;
        let mut ledger = append::Appender {
            connection: &transaction,
            chain_row: self.chain_row,
            tip: &mut self.tip,
            bytes: &mut bytes,
        };
        for job in jobs {
            outcomes.push(match job {
                Job::Append(entry, _) => {
                    Outcome::Recorded(ledger.append(entry.at, entry.kind, &entry.body)?)
                }
                Job::Decide(candidates, _) => {
                    Outcome::Decided(decided::record(&mut ledger, &self.latest, candidates)?)
                }
                Job::Run(work, _) => {
                    work(ledger.connection)?;
                    Outcome::Ran
                }
                Job::Close => Outcome::Ran,
            });
        }
        if let Some(head) = self.progress.take_news() {
            append::remember_head(&transaction, self.chain_row, &head)?;
        }
        transaction.commit().map_err(&failed)?;
        self.latest.keep_pending();
        // A commit writes each touched page of 4 kB: the leaves of the table and of two
        // or three indexes, and then as many more as the bodies fill.
        self.log_bytes += 5 * 4096 + 2 * bytes;
        Ok(outcomes)
    }

    /// Copies the log into the database. Not a failure if it cannot: the log keeps all.
    fn checkpoint(&mut self) {
        let result = self
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            });
        match result {
            Ok((log, copied)) => tracing::trace!(log, copied, "checkpoint"),
            Err(error) => tracing::warn!(%error, "the ledger's log could not be copied"),
        }
        self.log_bytes = 0;
    }

    /// The last words of the chain.
    pub fn close(&mut self, at: Timestamp) {
        let record = crate::LedgerRecord::Closed(crate::Closed {
            records: self.tip.count,
        });
        let Ok(body) = record.body() else { return };
        let entry = Entry {
            at: microseconds(at),
            kind: "closed",
            body,
        };
        let row = self.chain_row;
        let end = Job::Run(
            Box::new(move |c| append::end_chain(c, row, "closed")),
            Reply::new(Box::new(|_| {})),
        );
        let told = Reply::new(Box::new(|result: Result<Receipt, _>| {
            if let Err(error) = result {
                tracing::warn!(%error, "the ledger could not be closed in order");
            }
        }));
        self.group(vec![Job::Append(entry, told), end]);
    }

    /// Tells the database of the last head, after the syncer has ended.
    pub fn remember_last_head(&mut self) {
        let Some(head) = self.progress.take_news() else {
            return;
        };
        if let Err(error) = append::remember_head(&self.connection, self.chain_row, &head) {
            tracing::debug!(%error, "the last head stands in the file of heads only");
        }
    }

    /// The chain.
    pub const fn chain(&self) -> ChainId {
        self.tip.chain
    }
}

fn concerns_all(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Full | StoreError::Busy(_) | StoreError::NotOnDisk(_) | StoreError::ReadOnly
    )
}

fn answer(job: Job, result: Result<Outcome, StoreError>) {
    match (job, result) {
        (Job::Append(_, reply), Ok(Outcome::Recorded(receipt))) => reply.give(Ok(receipt)),
        (Job::Decide(_, reply), Ok(Outcome::Decided(count))) => reply.give(Ok(count)),
        (Job::Run(_, reply), Ok(_)) => reply.give(Ok(())),
        (Job::Append(_, reply), Err(error)) => reply.give(Err(error)),
        (Job::Decide(_, reply), Err(error)) => reply.give(Err(error)),
        (Job::Run(_, reply), Err(error)) => reply.give(Err(error)),
        // An outcome is made by its job, so no other pair exists; `Reply` answers in any case.
        (Job::Append(..) | Job::Decide(..) | Job::Close, _) => {}
    }
}
