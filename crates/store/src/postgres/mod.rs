//! The store on PostgreSQL, for gates on several machines.
//!
//! What is shared lies in the database; the key that signs heads, and the file of heads, lie
//! in a folder of each gate, out of reach of whoever can edit the database.

mod chains;
mod memory;
mod query;
mod schema;
mod target;
mod team;
mod writer;

#[cfg(test)]
#[cfg(unix)]
mod tests;

use crate::chain::microseconds;
use crate::driver::Driver;
use crate::folder::{self, FolderLock};
use crate::head::{Head, HeadsFile, PublicKey};
use crate::jobs::{Entry, Reply};
use crate::memory::{PUBLICATIONS_DAYS, Pin, Publication, Seen, Sights};
use crate::store::{DecisionRow, Deliveries, Done, Judged, Receipt, RecordRow, Store};
use crate::{ChainId, LedgerRecord, StoreError, Verification, decided, verify};
use chains::Begin;
use customs_model::{Clock, Digest, PackageName, ReleaseId, SignedDuration, Timestamp};
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use target::{Session, Target};
use writer::{Job, Writer, within};

/// The most jobs that wait for the writer.
const QUEUE: usize = 16_384;
/// Sessions for questions. Each takes many at a time; a long answer holds up one.
const SESSIONS: usize = 4;
/// Records that one page of a verification has.
const PAGE: i64 = 2_000;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// A gate that says nothing for so long is gone, and its chain is ended.
    chain: Duration,
    /// How often it says that it lives, at least.
    tick: Duration,
    /// How long records wait for a database that went away.
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
    sessions: [Mutex<Option<Arc<Session>>>; SESSIONS],
    next: AtomicUsize,
    /// None: opened for reading.
    writing: Option<Writing>,
    /// Behind everything that uses it.
    driver: Arc<Driver>,
}

/// The handle to the writing thread.
struct Writing {
    chain: Arc<Mutex<ChainId>>,
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
            key,
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
        store.writing = Some(Writing {
            chain,
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

    pub(crate) fn reading(url: &str, answer: Duration) -> Result<Self, StoreError> {
        let mut target = Target::parse(url)?;
        target.answer = answer;
        Ok(Self {
            target: Arc::new(target),
            sessions: Default::default(),
            next: AtomicUsize::new(0),
            writing: None,
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
            let mut place = (i64::MIN, i64::MIN);
            loop {
                let page = self.ask(move |target, session| async move {
                    query::scan(&target, &session, place, PAGE).await
                })?;
                let Some(last) = page.last() else {
                    return Ok(None);
                };
                place = (last.chain_row, last.seq);
                page.iter().for_each(&mut *each);
            }
        })
    }

    fn writing(&self) -> Result<&Writing, StoreError> {
        self.writing.as_ref().ok_or(StoreError::ReadOnly)
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
        if let Some(session) = place.as_ref().filter(|s| !s.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        let target = Arc::clone(&self.target);
        let session = self.driver.run(async move { target.connect().await })??;
        let session = Arc::new(session);
        *place = Some(Arc::clone(&session));
        Ok(session)
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

impl Store for PostgresStore {
    fn append(&self, record: LedgerRecord, done: Done) {
        let ready = self
            .writing()
            .and_then(|writing| Ok((writing, Entry::of(record, &*writing.clock)?)));
        match ready {
            Err(error) => done(Err(error)),
            Ok((writing, entry)) => {
                let job = Job::Append(entry, done.into());
                if let Err(TrySendError::Full(Job::Append(_, reply))) = writing.jobs.try_send(job) {
                    reply.give(Err(StoreError::QueueFull(QUEUE)));
                }
            }
        }
    }

    fn append_wait(&self, record: LedgerRecord) -> Result<Receipt, StoreError> {
        let writing = self.writing()?;
        let entry = Entry::of(record, &*writing.clock)?;
        writing.send(|reply| Job::Append(entry, reply))
    }

    fn record_judged(&self, judged: &[Judged<'_>]) -> Result<usize, StoreError> {
        let writing = self.writing()?;
        let at = microseconds(writing.clock.now());
        let candidates = decided::candidates(&writing.latest, judged, at);
        if candidates.is_empty() {
            return Ok(0);
        }
        writing.send(|reply| Job::Decide(candidates, reply))
    }

    fn latest_decision(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError> {
        let asked = [(release.to_string(), artifact.map(str::to_owned))];
        self.ask(|target, session| async move {
            let found = query::latest_decisions(&target, &session, &asked).await?;
            Ok(found.into_values().next())
        })
    }

    fn decisions_since(&self, at: Timestamp, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        self.ask(move |target, session| async move {
            query::decisions_since(&target, &session, at, limit).await
        })
    }

    fn who(&self, release: &ReleaseId) -> Result<Deliveries, StoreError> {
        let release = release.clone();
        self.ask(|target, session| async move { query::who(&target, &session, &release).await })
    }

    fn who_package(&self, package: &PackageName) -> Result<Deliveries, StoreError> {
        let package = package.clone();
        self.ask(
            |target, session| async move { query::who_package(&target, &session, &package).await },
        )
    }

    fn records_after(&self, position: i64, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        self.ask(move |target, session| async move {
            query::records_after(&target, &session, position, limit).await
        })
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.writing()?.send(Job::Flush)
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.ask(|target, session| async move { query::heads(&target, &session).await })
    }

    fn sights(&self, upstream: &str, package: &PackageName) -> Result<Sights, StoreError> {
        let (upstream, package) = (upstream.to_owned(), package.clone());
        self.ask(|target, session| async move {
            memory::sights(&target, &session, &upstream, &package).await
        })
    }

    fn record_sight(
        &self,
        upstream: &str,
        package: &PackageName,
        seen: &[Seen],
        at: Timestamp,
    ) -> Result<Sights, StoreError> {
        self.writing()?;
        let at = microseconds(at);
        let known = self.sights(upstream, package)?;
        let changed = crate::memory::compare(&known, seen, at);
        // New entries need a note, whatever the minute: the next ones came after them.
        if changed.is_empty() && known.noted_lately(at) {
            return Ok(known);
        }
        let (upstream, package) = (upstream.to_owned(), package.clone());
        self.ask(move |target, session| async move {
            memory::write(&target, &session, &upstream, &package, &changed, at).await?;
            memory::sights(&target, &session, &upstream, &package).await
        })
    }

    fn digest_seen(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
    ) -> Result<Option<Digest>, StoreError> {
        let (upstream, release) = (upstream.to_owned(), release.clone());
        let artifact = artifact.to_owned();
        self.ask(|target, session| async move {
            memory::digest_seen(&target, &session, &upstream, &release, &artifact).await
        })
    }

    fn pin_digest(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Pin, StoreError> {
        self.writing()?;
        if self.digest_seen(upstream, release, artifact)?.as_ref() == Some(digest) {
            return Ok(Pin::Same);
        }
        let (upstream, release) = (upstream.to_owned(), release.clone());
        let (artifact, digest) = (artifact.to_owned(), digest.clone());
        self.ask(move |target, session| async move {
            memory::pin_digest(
                &target, &session, &upstream, &release, &artifact, &digest, at,
            )
            .await
        })
    }

    fn record_publications(&self, publications: &[Publication]) -> Result<(), StoreError> {
        self.writing()?;
        let publications = publications.to_vec();
        self.ask(|target, session| async move {
            memory::record_publications(&target, &session, &publications).await
        })
    }

    fn packages_by_identity(
        &self,
        identity: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<PackageName>, StoreError> {
        let identity = identity.to_owned();
        self.ask(move |target, session| async move {
            memory::packages_by_identity(&target, &session, &identity, from, to).await
        })
    }

    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.ask(|target, session| async move { memory::meta(&target, &session, &key).await })
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        crate::memory::check_meta(key, value)?;
        self.writing()?;
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask(|target, session| async move {
            memory::set_meta(&target, &session, &key, &value).await
        })
    }
}
