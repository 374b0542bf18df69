//! The one thread of a gate that writes to its chain.
//!
//! **When is a record safe?** A group is one statement with `synchronous_commit` on: when
//! the database answers, the group is on its disk, and no crash of the gate, the network or the
//! database takes it back. Under load a group is whatever came while the one before was on
//! its way, so that a disk that syncs a hundred times a second is no bound on records.
//!
//! **When the database goes away** in the middle of a group, nobody knows whether that group
//! was written. The next session ends the old chain, in the same transaction in which a new
//! one begins, and looks: all of the group is there, and its records are acknowledged where
//! they stand, or none is, and they are written to the new chain. The old one is recorded as a
//! gap. Records wait [`Terms::patience`] for that, and are then refused.

use super::chains::{self, Begin, Begun, Rows};
use super::group::{Open, Subject};
use super::target::{Session, Target};
use super::{Terms, query};
use crate::chain::{Tip, microseconds};
use crate::decided::{self, Candidate, Latest};
use crate::driver::Driver;
use crate::folder::FolderLock;
use crate::head::{Head, HeadsFile, PublicKey};
use crate::jobs::{Entry, Reply};
use crate::store::{DecisionRow, Receipt};
use crate::{ChainId, Closed, LedgerRecord, StoreError};
use customs_model::Clock;
use ed25519_dalek::SigningKey;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most jobs that one group takes.
const LARGEST_GROUP: usize = 2_048;
/// At most one head in this time, unless somebody flushes.
const HEAD_EVERY: Duration = Duration::from_secs(1);
/// Between two attempts to reach a database that is away.
const AGAIN: Duration = Duration::from_millis(100);

/// What the writer is asked to do.
pub(super) enum Job {
    Append(Entry, Reply<Receipt>),
    Decide(Vec<Candidate>, Reply<usize>),
    Flush(Reply<()>),
    Close,
}

/// What a job came to.
enum Outcome {
    Recorded(Receipt),
    Decided(usize),
    Ran,
}

/// The writer's state.
pub(super) struct Writer {
    pub driver: Arc<Driver>,
    pub target: Arc<Target>,
    pub terms: Terms,
    pub clock: Arc<dyn Clock>,
    pub latest: Arc<Latest>,
    pub key: SigningKey,
    pub folder: PathBuf,
    pub heads: HeadsFile,
    /// What others see of it.
    pub chain: Arc<Mutex<ChainId>>,
    /// None: the connection broke.
    pub session: Option<Arc<Session>>,
    pub row: i64,
    pub tip: Tip,
    pub head: Option<Head>,
    pub signed: Option<Instant>,
    pub renewed: Instant,
    /// When the database was last looked for in vain, and what was seen.
    pub away: Option<(Instant, StoreError)>,
}

/// Begins the first chain of a writer.
pub(super) fn first(
    driver: &Driver,
    target: &Arc<Target>,
    session: &Arc<Session>,
    begin: Begin,
) -> Result<Begun, StoreError> {
    let (target, session) = (Arc::clone(target), Arc::clone(session));
    driver.run(async move { within(&target, chains::begin(&target, &session, &begin)).await })?
}

impl Writer {
    /// Works until it is told to close or nobody is left to ask.
    pub fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            let wait = match self.signed {
                Some(at) if self.uncovered() => HEAD_EVERY.saturating_sub(at.elapsed()),
                _ if self.uncovered() => Duration::ZERO,
                _ => self.terms.tick.saturating_sub(self.renewed.elapsed()),
            };
            let first = match jobs.recv_timeout(wait) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => {
                    self.idle();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => None,
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
            if closing {
                return;
            }
            if self.renewed.elapsed() >= self.terms.tick
                || self.signed.is_none_or(|at| at.elapsed() >= HEAD_EVERY)
            {
                self.idle();
            }
        }
    }

    /// What is to be done now and then: heads, and a sign of life.
    fn idle(&mut self) {
        if self.uncovered() && self.signed.is_none_or(|at| at.elapsed() >= HEAD_EVERY) {
            self.signed = Some(Instant::now());
            if let Err(error) = self.sign() {
                tracing::warn!(%error, "a signed head of the ledger could not be written");
            }
        }
        if self.renewed.elapsed() < self.terms.tick {
            return;
        }
        self.renewed = Instant::now();
        if let Err(error) = self.live() {
            tracing::warn!(%error, "the database could not be told that this gate lives");
        }
    }

    /// Renews the chain's time, and looks for gates that are gone.
    fn live(&mut self) -> Result<(), StoreError> {
        let session = self.ready(Instant::now())?;
        let (row, term, target) = (self.row, self.terms.chain, Arc::clone(&self.target));
        let (at, tip) = (microseconds(self.clock.now()), self.tip.clone());
        let looked = self.driver.run(async move {
            let work = async {
                let failed = target.failed("keep its chain");
                if !chains::alive(&session, row, term).await.map_err(failed)? {
                    return Ok(None);
                }
                let mut tip = tip;
                chains::sweep(&target, &session, row, &mut tip, at, term).await?;
                Ok(Some(tip))
            };
            within(&target, work).await
        })?;
        match looked {
            Ok(Some(tip)) => {
                self.tip = tip;
                Ok(())
            }
            Ok(None) => self.begin_anew(),
            Err(error) => {
                // It may be in the middle of a transaction, and where the chain ends is not
                // known any more.
                self.session = None;
                Err(error)
            }
        }
    }

    /// Records that no head covers.
    fn uncovered(&self) -> bool {
        self.tip.count > self.head.as_ref().map_or(0, |head| head.count)
    }

    /// Signs a head over what is in the database, and keeps it in the file and there.
    fn sign(&mut self) -> Result<(), StoreError> {
        let at = microseconds(self.clock.now());
        let Tip { chain, count, hash } = self.tip.clone();
        let head = Head::sign(&self.key, chain, count, hash, at);
        FolderLock::wait(&self.folder).and_then(|_lock| self.heads.add(&head))?;
        self.head = Some(head.clone());
        if let Some(session) = self.session.clone() {
            let (row, target) = (self.row, Arc::clone(&self.target));
            let kept = self.driver.run(async move {
                let work = async {
                    let failed = target.failed("keep a head");
                    chains::remember_head(&session, row, &head)
                        .await
                        .map_err(failed)
                };
                within(&target, work).await
            })?;
            if let Err(error) = kept {
                tracing::debug!(%error, "a head stands in the file of heads only");
            }
        }
        Ok(())
    }

    /// Writes a group and answers everybody in it.
    fn group(&mut self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        match self.commit(&jobs) {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    self.answer(job, Ok(outcome));
                }
            }
            // One of them may be at fault; the others must not suffer.
            Err(error) if jobs.len() > 1 && !concerns_all(&error) => {
                for job in jobs {
                    self.group(vec![job]);
                }
            }
            Err(error) => {
                for job in jobs {
                    self.answer(job, Err(error.clone()));
                }
            }
        }
    }

    fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, StoreError> {
        let end = Instant::now() + self.terms.patience;
        loop {
            let session = self.ready(end)?;
            let (rows, tip, outcomes) = match self.prepare(jobs, &session) {
                Ok(prepared) => prepared,
                Err(error) => {
                    self.latest.forget_pending();
                    if !matches!(error, StoreError::Away { .. }) || Instant::now() >= end {
                        return Err(error);
                    }
                    self.session = None;
                    continue;
                }
            };
            let count = rows.len() as u64;
            if count == 0 {
                self.latest.keep_pending();
                return Ok(outcomes);
            }
            let (row, term, target) = (self.row, self.terms.chain, Arc::clone(&self.target));
            let sent = self.driver.run(async move {
                let work = async {
                    let failed = target.failed("write a record");
                    chains::insert(&session, row, term, &rows)
                        .await
                        .map_err(failed)
                };
                within(&target, work).await
            })?;
            match sent {
                Ok(written) if written == count => {
                    self.tip = tip;
                    self.renewed = Instant::now();
                    self.latest.keep_pending();
                    return Ok(outcomes);
                }
                // Another gate believed this one to be gone.
                Ok(_) => {
                    self.latest.forget_pending();
                    self.begin_anew()?;
                }
                Err(error) => {
                    self.latest.forget_pending();
                    // The statement as a whole did nothing, and the chain is where it was.
                    if matches!(error, StoreError::Busy(_) | StoreError::Full) {
                        return Err(error);
                    }
                    self.session = None;
                    if !matches!(error, StoreError::Away { .. }) {
                        return Err(error);
                    }
                    tracing::warn!(%error, "the database went away while records were written");
                    let before = self.recover(end)?;
                    if before.is_some_and(|before| before == tip) {
                        return Ok(outcomes);
                    }
                }
            }
        }
    }

    /// Makes rows of jobs.
    fn prepare(
        &mut self,
        jobs: &[Job],
        session: &Arc<Session>,
    ) -> Result<(Rows, Tip, Vec<Outcome>), StoreError> {
        let before = self.before(jobs, session)?;
        let mut open = Open {
            rows: Rows::default(),
            tip: self.tip.clone(),
            before,
        };
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(match job {
                Job::Append(entry, _) => Outcome::Recorded(open.rows.add(
                    &mut open.tip,
                    entry.at,
                    entry.kind,
                    &entry.body,
                )),
                Job::Decide(candidates, _) => {
                    Outcome::Decided(decided::record(&mut open, &self.latest, candidates)?)
                }
                Job::Flush(_) | Job::Close => Outcome::Ran,
            });
        }
        Ok((open.rows, open.tip, outcomes))
    }

    /// The latest decisions that the candidates of a group are compared with.
    fn before(
        &self,
        jobs: &[Job],
        session: &Arc<Session>,
    ) -> Result<HashMap<Subject, DecisionRow>, StoreError> {
        let asked: Vec<Subject> = jobs
            .iter()
            .filter_map(|job| match job {
                Job::Decide(candidates, _) => Some(candidates),
                Job::Append(..) | Job::Flush(_) | Job::Close => None,
            })
            .flatten()
            .map(|candidate| {
                let decision = candidate.decision();
                (decision.release.to_string(), decision.artifact.clone())
            })
            .collect();
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        let (target, session) = (Arc::clone(&self.target), Arc::clone(session));
        self.driver.run(async move {
            within(&target, query::latest_decisions(&target, &session, &asked)).await
        })?
    }

    /// A session on which the own chain is open. Waits for the database until `end`; looks
    /// once in any case, unless it was just looked for.
    fn ready(&mut self, end: Instant) -> Result<Arc<Session>, StoreError> {
        if let Some(session) = self.session.as_ref().filter(|s| !s.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        self.session = None;
        if let Some((at, error)) = &self.away
            && at.elapsed() < AGAIN
        {
            return Err(error.clone());
        }
        // Who has been away for a while is not waited for again by every group.
        let end = if self.away.is_some() {
            Instant::now()
        } else {
            end
        };
        self.recover(end)?;
        self.session.clone().ok_or(StoreError::Closed)
    }

    /// Finds the database again and begins a new chain; where the old one stood.
    fn recover(&mut self, end: Instant) -> Result<Option<Tip>, StoreError> {
        loop {
            match self.try_recover() {
                Ok(before) => {
                    self.away = None;
                    return Ok(before);
                }
                Err(error) => {
                    let over = Instant::now() + AGAIN >= end;
                    if over || !matches!(error, StoreError::Away { .. }) {
                        self.away = Some((Instant::now(), error.clone()));
                        return Err(error);
                    }
                    std::thread::sleep(AGAIN);
                }
            }
        }
    }

    fn try_recover(&mut self) -> Result<Option<Tip>, StoreError> {
        let target = Arc::clone(&self.target);
        let session = self.driver.run(async move { target.connect().await })??;
        self.session = Some(Arc::new(session));
        self.begin()
    }

    fn begin_anew(&mut self) -> Result<(), StoreError> {
        self.begin().map(|_| ())
    }

    /// Begins a new chain on the session; where the one before stood.
    fn begin(&mut self) -> Result<Option<Tip>, StoreError> {
        let session = self.session.clone().ok_or(StoreError::Closed)?;
        let begin = Begin {
            chain: ChainId::random()?,
            at: microseconds(self.clock.now()),
            public_key: PublicKey(self.key.verifying_key()).to_string(),
            term: self.terms.chain,
            before: Some((self.row, self.tip.chain)),
        };
        match first(&self.driver, &self.target, &session, begin) {
            Ok(begun) => {
                tracing::info!(old = %self.tip.chain, new = %begun.tip.chain, "a new chain");
                *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = begun.tip.chain;
                self.row = begun.row;
                self.tip = begun.tip;
                self.head = None;
                self.renewed = Instant::now();
                Ok(begun.before)
            }
            Err(error) => {
                self.session = None;
                Err(error)
            }
        }
    }

    /// The last words of the chain.
    pub fn close(&mut self) {
        let record = LedgerRecord::Closed(Closed {
            records: self.tip.count,
        });
        let Ok(entry) = Entry::of(record, &*self.clock) else {
            return;
        };
        let row = self.row;
        let told = Reply::new(Box::new(|result: Result<Receipt, _>| {
            if let Err(error) = result {
                tracing::warn!(%error, "the ledger could not be closed in order");
            }
        }));
        // Nobody waits for a database that is away when a gate is stopped.
        self.terms.patience = Duration::ZERO;
        self.group(vec![Job::Append(entry, told)]);
        if self.row != row {
            // A new chain was begun for it, which now ends as it should.
            tracing::debug!("the last record stands in a chain of its own");
        }
        if let Err(error) = self.sign() {
            tracing::warn!(%error, "the last head could not be written");
        }
        let Some(session) = self.session.clone() else {
            return;
        };
        let (row, target) = (self.row, Arc::clone(&self.target));
        let ended = self.driver.run(async move {
            let failed = target.failed("end its chain");
            let work = async { chains::end(&session, row).await.map_err(failed) };
            within(&target, work).await
        });
        if let Ok(Err(error)) | Err(error) = ended {
            tracing::debug!(%error, "another gate will end the chain");
        }
    }

    fn answer(&mut self, job: Job, result: Result<Outcome, StoreError>) {
        match (job, result) {
            (Job::Append(_, reply), Ok(Outcome::Recorded(receipt))) => reply.give(Ok(receipt)),
            (Job::Decide(_, reply), Ok(Outcome::Decided(count))) => reply.give(Ok(count)),
            // What came before it in the group is in the database by now.
            (Job::Flush(reply), Ok(_)) => {
                let signed = if self.uncovered() {
                    self.sign()
                } else {
                    Ok(())
                };
                reply.give(signed);
            }
            (Job::Append(_, reply), Err(error)) => reply.give(Err(error)),
            (Job::Decide(_, reply), Err(error)) => reply.give(Err(error)),
            (Job::Flush(reply), Err(error)) => reply.give(Err(error)),
            // An outcome is made by its job, so no other pair exists; `Reply` answers in any case.
            (Job::Append(..) | Job::Decide(..) | Job::Close, _) => {}
        }
    }
}

fn concerns_all(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Full
            | StoreError::Busy(_)
            | StoreError::Away { .. }
            | StoreError::Closed
            | StoreError::ReadOnly
    )
}

/// Waits for the database as long as it makes sense.
pub(super) async fn within<T>(
    target: &Target,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(target.answer, work).await {
        Ok(result) => result,
        Err(_) => Err(target.away("it does not answer")),
    }
}
