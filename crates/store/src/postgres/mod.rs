//! The store on PostgreSQL, for gates on several machines.
//!
//! What is shared lies in the database; the key that signs heads, and the file of heads, lie
//! in a folder of each gate, out of reach of whoever can edit the database.

mod backup;
mod chains;
mod group;
mod lists;
mod memory;
mod query;
mod retain;
mod schema;
mod store;
mod target;
mod team;
mod writer;

#[cfg(test)]
#[cfg(unix)]
mod tests;

use crate::chain::microseconds;
use crate::driver::Driver;
use crate::folder::{self, FolderLock};
use crate::head::{HeadsFile, PublicKey};
use crate::jobs::Reply;
use crate::memory::PUBLICATIONS_DAYS;
use crate::verify::{self, Part};
use crate::{ChainId, StoreError, Verification, decided};
use chains::Begin;
use customs_model::{Clock, SignedDuration};
use ed25519_dalek::SigningKey;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use target::{Session, Target};
use writer::{Job, Writer, within};

/// The most jobs that wait for the writer.
const QUEUE: usize = 16_384;
/// Sessions for questions. Each takes many at a time; a long answer holds up one.
const SESSIONS: usize = 4;
/// How often a database that went away is looked for.
const AGAIN: Duration = Duration::from_millis(100);
/// Records that one page of a verification has.
const PAGE: i64 = 2_000;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// A gate that says nothing for so long is gone, and its chain is ended.
    chain: Duration,
    /// How often it says that it lives, at least.
    tick: Duration,
    /// How long records and questions wait for a database that went away, as one does that is
    /// started again. After that they are told at once until it is back.
    patience: Duration,
    /// The longest that a question may take. The server gives up after eight seconds.
    answer: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            chain: Duration::from_secs(30),
            tick: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            answer: Duration::from_secs(10),
        }
    }
}

/// The store on PostgreSQL.
pub struct PostgresStore {
    target: Arc<Target>,
    sessions: [Mutex<Place>; SESSIONS],
    next: AtomicUsize,
    /// Whether it was ever reached.
    reached: AtomicBool,
    patience: Duration,
    /// None: it writes no ledger.
    writing: Option<Writing>,
    /// Whether leases and the index may be written.
    shares: bool,
    /// Behind everything that uses it.
    driver: Arc<Driver>,
}

/// A session for questions, or why there is none.
#[derive(Default)]
struct Place {
    session: Option<Arc<Session>>,
    away: Option<(Instant, StoreError)>,
}

/// The handle to the writing thread.
struct Writing {
    chain: Arc<Mutex<ChainId>>,
    /// Signs checkpoints.
    key: SigningKey,
    clock: Arc<dyn Clock>,
    jobs: SyncSender<Job>,
    latest: Arc<decided::Latest>,
    thread: Option<JoinHandle<()>>,
}

impl PostgresStore {
    /// Opens the database that a URL names, and brings its tables forward. Begins a chain;
    /// what gates could not finish that are gone is recorded as a gap. `folder` is this
    /// gate's own: its signing key and its file of heads.
    ///
    /// `postgres://user:password@host:port/database`. Other machines are spoken to by TLS
    /// with a checked certificate (`sslrootcert=FILE` for roots of one's own) unless
    /// `sslmode=disable` is said; `host=/run/postgresql` behind the `?` names a socket.
    ///
    /// # Errors
    /// The URL is none, the database does not answer or refuses, or has no place for a
    /// customs as old as this one; the folder cannot be used.
    pub fn open(url: &str, folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Self::open_with(url, folder, clock, Terms::default())
    }

    pub(crate) fn open_with(
        url: &str,
        folder: &Path,
        clock: Arc<dyn Clock>,
        terms: Terms,
    ) -> Result<Self, StoreError> {
        let mut store = Self::reading(url, terms.answer)?;
        store.patience = terms.patience;
        folder::make(folder)?;
        let lock = FolderLock::wait(folder)?;
        let key = folder::signing_key(folder)?;
        drop(lock);
        let target = Arc::clone(&store.target);
        let now = microseconds(clock.now());
        let session = store.driver.run(async move {
            let session = target.connect().await?;
            schema::migrate(&target, &session, schema::STEPS).await?;
            let old = SignedDuration::from_hours(24 * PUBLICATIONS_DAYS);
            if let Ok(before) = now.checked_sub(old) {
                memory::prune(&target, &session, before).await?;
            }
            Ok::<_, StoreError>(Arc::new(session))
        })??;
        let begin = Begin {
            chain: ChainId::random()?,
            at: now,
            public_key: PublicKey(key.verifying_key()).to_string(),
            term: terms.chain,
            before: None,
        };
        let begun = writer::first(&store.driver, &store.target, &session, begin)?;
        let chain = Arc::new(Mutex::new(begun.tip.chain));
        let latest = Arc::new(decided::Latest::default());
        let mut writer = Writer {
            driver: Arc::clone(&store.driver),
            target: Arc::clone(&store.target),
            terms,
            clock: Arc::clone(&clock),
            latest: Arc::clone(&latest),
            key: key.clone(),
            folder: folder.to_owned(),
            heads: HeadsFile::of(folder),
            chain: Arc::clone(&chain),
            session: Some(session),
            row: begun.row,
            tip: begun.tip,
            head: None,
            signed: None,
            renewed: Instant::now(),
            away: None,
        };
        let (jobs, queue) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("ledger-write".to_owned())
            .spawn(move || {
                writer.run(&queue);
                writer.close();
            })
            .map_err(|e| StoreError::Database {
                doing: "start its threads",
                why: e.to_string(),
            })?;
        store.shares = true;
        store.writing = Some(Writing {
            chain,
            key,
            clock,
            jobs,
            latest,
            thread: Some(thread),
        });
        Ok(store)
    }

    /// Opens the database for questions. Changes nothing in it.
    ///
    /// # Errors
    /// The URL is none, the database does not answer, or nothing was ever recorded there.
    pub fn open_read_only(url: &str) -> Result<Self, StoreError> {
        let store = Self::reading(url, Terms::default().answer)?;
        store.ask(|target, session| async move {
            let there = query::rows(
                &target,
                &session,
                "SELECT to_regclass('customs.version') IS NOT NULL",
                &[],
            )
            .await?;
            if !there.first().map_or(Ok(false), |row| query::get(row, 0))? {
                return Err(StoreError::NoLedger(target.shown.clone().into()));
            }
            schema::check(&target, &session, schema::STEPS).await
        })?;
        Ok(store)
    }

    /// Opens what gates share beside the ledger, leases and the index, for who does work for them
    /// and has nothing to say in the ledger. No chain begins. The tables are brought forward.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub fn open_shared(url: &str) -> Result<Self, StoreError> {
        let mut store = Self::reading(url, Terms::default().answer)?;
        store.ask(|target, session| async move {
            schema::migrate(&target, &session, schema::STEPS).await
        })?;
        store.shares = true;
        Ok(store)
    }

    pub(crate) fn reading(url: &str, answer: Duration) -> Result<Self, StoreError> {
        let mut target = Target::parse(url)?;
        target.answer = answer;
        Ok(Self {
            target: Arc::new(target),
            sessions: Default::default(),
            next: AtomicUsize::new(0),
            reached: AtomicBool::new(false),
            patience: Terms::default().patience,
            writing: None,
            shares: false,
            driver: Arc::new(Driver::start("ledger-ask")?),
        })
    }

    /// The chain that this gate writes now. Another one begins when the database went away.
    pub fn chain(&self) -> Option<ChainId> {
        let chain = &self.writing.as_ref()?.chain;
        Some(*chain.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Verifies the ledger of all gates. Heads and key are one gate's; the tails of the
    /// others' chains are not checked by it, and are said not to be.
    ///
    /// # Errors
    /// The database or the file of heads cannot be read.
    pub fn verify(
        &self,
        heads: Option<&Path>,
        key: Option<&PublicKey>,
    ) -> Result<Verification, StoreError> {
        verify::verify_records(heads, key, |each| {
            let snapshot = self.snapshot()?;
            for checkpoint in self.on(&snapshot, |target, session| async move {
                retain::checkpoints(&target, &session).await
            })? {
                each(Part::Checkpoint(checkpoint));
            }
            let mut place = (i64::MIN, i64::MIN);
            loop {
                let page = self.on(&snapshot, move |target, session| async move {
                    query::scan(&target, &session, place, PAGE).await
                })?;
                let Some(last) = page.last() else {
                    return Ok(None);
                };
                place = (last.chain_row, last.seq);
                page.iter().for_each(|record| each(Part::Record(record)));
            }
        })
    }

    /// A session that sees the database as it was at one instant, whatever others do meanwhile.
    fn snapshot(&self) -> Result<Arc<Session>, StoreError> {
        let target = Arc::clone(&self.target);
        self.driver.run(async move {
            let session = target.connect().await?;
            session
                .client
                .batch_execute(
                    "SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = 0;
                     BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                )
                .await
                .map_err(target.failed("be read"))?;
            Ok(Arc::new(session))
        })?
    }

    /// Asks on this session, however long it takes.
    fn on<T, F>(
        &self,
        session: &Arc<Session>,
        question: impl FnOnce(Arc<Target>, Arc<Session>) -> F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let work = question(Arc::clone(&self.target), Arc::clone(session));
        self.driver.run(work)?
    }

    fn writing(&self) -> Result<&Writing, StoreError> {
        self.writing.as_ref().ok_or(StoreError::ReadOnly)
    }

    fn sharing(&self) -> Result<(), StoreError> {
        self.shares.then_some(()).ok_or(StoreError::ReadOnly)
    }

    /// Asks on one of the sessions, and opens it where it is not there or broke.
    pub(crate) fn ask<T, F>(
        &self,
        question: impl FnOnce(Arc<Target>, Arc<Session>) -> F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let session = self.session()?;
        let target = Arc::clone(&self.target);
        let work = question(Arc::clone(&target), session);
        self.driver
            .run(async move { within(&target, work).await })?
    }

    fn session(&self) -> Result<Arc<Session>, StoreError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % SESSIONS;
        let Some(place) = self.sessions.get(number) else {
            return Err(StoreError::Closed);
        };
        // Held while one is opened: who comes meanwhile waits for it, and opens none.
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = place.session.as_ref().filter(|s| !s.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        if let Some((at, error)) = &place.away
            && at.elapsed() < AGAIN
        {
            return Err(error.clone());
        }
        place.session = None;
        // Who was never there, or has been away for a while, is not waited for.
        let mut end = Instant::now();
        if self.reached.load(Ordering::Relaxed) && place.away.is_none() {
            end += self.patience;
        }
        loop {
            let target = Arc::clone(&self.target);
            let error = match self.driver.run(async move { target.connect().await })? {
                Ok(session) => {
                    let session = Arc::new(session);
                    place.session = Some(Arc::clone(&session));
                    place.away = None;
                    self.reached.store(true, Ordering::Relaxed);
                    return Ok(session);
                }
                Err(error) => error,
            };
            if !matches!(error, StoreError::Away { .. }) || Instant::now() + AGAIN >= end {
                place.away = Some((Instant::now(), error.clone()));
                return Err(error);
            }
            std::thread::sleep(AGAIN);
        }
    }
}

impl Writing {
    /// Sends a job, and waits for room in the queue and for the answer.
    fn send<T: Send + 'static>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (answer, answered) = sync_channel(1);
        let reply = Reply::new(Box::new(move |result| {
            // Nobody else holds the other end.
            let _ = answer.send(result);
        }));
        // A queue that nobody reads gives the job back, and its reply says "closed".
        let _ = self.jobs.send(job(reply));
        answered.recv().unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        let Some(mut writing) = self.writing.take() else {
            return;
        };
        let _ = writing.jobs.send(Job::Close);
        if let Some(thread) = writing.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the ledger ended early");
        }
    }
}
