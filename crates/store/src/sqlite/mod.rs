//! The store on SQLite: one thread writes, a second one syncs, any number ask.

mod append;
pub(crate) mod backup;
mod lists;
mod memory;
mod open;
mod query;
mod readers;
pub(crate) mod retain;
pub(crate) mod scan;
mod schema;
mod sync;
mod team;
mod writer;

#[cfg(test)]
mod tests;

use crate::chain::microseconds;
use crate::exemption::ExemptionRow;
use crate::folder::{self, ChainLock, FolderLock, LEDGER_FILE};
use crate::head::{Head, HeadsFile};
use crate::jobs::{Entry, Reply};
use crate::memory::{Pin, Publication, Seen, Sights};
use crate::store::{DecisionRow, Deliveries, Done, Judged, Receipt, RecordRow, Store};
use crate::{ChainId, LedgerRecord, StoreError, decided, memory as remembered};
use customs_model::{Clock, Digest, PackageName, ReleaseId, Timestamp};
use ed25519_dalek::SigningKey;
use readers::Readers;
use rusqlite::Connection;
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use sync::{Progress, Syncer};
use writer::{Job, Writer};

/// How long a process waits for another one's commit.
pub(crate) const BUSY_SECONDS: u64 = 5;
/// The most jobs that wait for the writer.
const QUEUE: usize = 8_192;
/// Rows of a look that one commit takes: records must not wait behind 100,000 versions.
const LOOK_ROWS: usize = 2_000;
/// The store on SQLite.
pub struct SqliteStore {
    readers: Readers,
    /// None: opened for reading.
    writing: Option<Writing>,
}

/// The handle to the threads.
struct Writing {
    chain: ChainId,
    /// Signs checkpoints.
    key: SigningKey,
    clock: Arc<dyn Clock>,
    jobs: SyncSender<Job>,
    latest: Arc<decided::Latest>,
    progress: Arc<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the ledger of a data folder for writing, and makes it if there is none.
    /// Begins a chain; what an earlier process could not finish is recorded as a gap.
    ///
    /// # Errors
    /// The folder cannot be used, the disk is full, or the database is a newer one's or
    /// something else's.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        folder::make(folder)?;
        let lock = FolderLock::wait(folder)?;
        let key = folder::signing_key(folder)?;
        let mut connection = open::writer(folder)?;
        team::prepare(&connection, clock.now())?;
        lists::prepare(&connection)?;
        let begun = open::begin(&mut connection, folder, clock.now())?;
        drop(lock);

        let path = folder.join(LEDGER_FILE);
        let readers = Readers::open(path.clone())?;
        let progress = Progress::new(begun.tip.clone());
        let latest = Arc::new(decided::Latest::default());
        let writer = Writer {
            connection,
            chain_row: begun.row,
            tip: begun.tip,
            unsure: false,
            progress: Arc::clone(&progress),
            latest: Arc::clone(&latest),
            log_bytes: 0,
        };
        let syncer = Syncer {
            progress: Arc::clone(&progress),
            log: open_log(&path)?,
            heads: HeadsFile::of(folder),
            folder: folder.to_owned(),
            key: key.clone(),
            clock: Arc::clone(&clock),
        };
        progress.committed(&writer.tip);
        let chain = writer.chain();
        let (jobs, thread) = start(writer, syncer, begun.lock, &clock)?;
        Ok(Self {
            readers,
            writing: Some(Writing {
                chain,
                key,
                clock,
                jobs,
                latest,
                progress,
                thread: Some(thread),
            }),
        })
    }

    /// Opens the ledger of a data folder for questions. Leaves no trace in it.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open_read_only(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LEDGER_FILE);
        if !path.exists() {
            return Err(StoreError::NoLedger(folder.to_owned()));
        }
        Ok(Self {
            readers: Readers::open(path)?,
            writing: None,
        })
    }

    /// The chain that this process writes.
    pub fn chain(&self) -> Option<ChainId> {
        self.writing.as_ref().map(|writing| writing.chain)
    }

    fn writing(&self) -> Result<&Writing, StoreError> {
        self.writing.as_ref().ok_or(StoreError::ReadOnly)
    }
}

/// Starts the two threads. The writer ends the syncer.
fn start(
    mut writer: Writer,
    syncer: Syncer,
    lock: ChainLock,
    clock: &Arc<dyn Clock>,
) -> Result<(SyncSender<Job>, JoinHandle<()>), StoreError> {
    let failed = |e: std::io::Error| StoreError::Database {
        doing: "start its threads",
        why: e.to_string(),
    };
    let progress = Arc::clone(&writer.progress);
    let (jobs, queue) = sync_channel(QUEUE);
    let clock = Arc::clone(clock);
    let syncing = std::thread::Builder::new()
        .name("ledger-sync".to_owned())
        .spawn(move || syncer.run())
        .map_err(failed)?;
    let thread = std::thread::Builder::new()
        .name("ledger-write".to_owned())
        .spawn(move || {
            writer.run(&queue);
            writer.close(clock.now());
            writer.progress.close();
            if syncing.join().is_err() {
                tracing::error!("the thread that syncs the ledger ended early");
            }
            writer.remember_last_head();
            drop(writer);
            drop(lock);
        })
        .inspect_err(|_| progress.close())
        .map_err(failed)?;
    Ok((jobs, thread))
}

/// The write-ahead log, for syncing; see [`Syncer::log`]. It is there: the chain has begun.
fn open_log(database: &Path) -> Result<std::fs::File, StoreError> {
    // SQLite puts it beside the real file, where the database is a symbolic link.
    let database = database
        .canonicalize()
        .map_err(StoreError::io("find", database))?;
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    // Windows syncs only what is open for writing.
    let log = std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .map_err(StoreError::io("open", &path))?;
    #[cfg(unix)]
    if let Some(folder) = database.parent() {
        // A new file's name is on disk only when its folder is.
        std::fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(StoreError::io("sync", folder))?;
    }
    Ok(log)
}

impl Writing {
    /// Sends a job, and waits for room in the queue.
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

    /// Runs a piece of work on the writer's connection.
    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        self.send(|reply| {
            let work = move |connection: &Connection| {
                let value = work(connection)?;
                *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            };
            Job::Run(Box::new(work), reply)
        })?;
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or(StoreError::Closed)
    }

    fn entry(&self, record: LedgerRecord) -> Result<Entry, StoreError> {
        Entry::of(record, &*self.clock)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.readers.close();
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

impl Store for SqliteStore {
    fn append(&self, record: LedgerRecord, done: Done) {
        let ready = self
            .writing()
            .and_then(|writing| Ok((writing, writing.entry(record)?)));
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
        let entry = writing.entry(record)?;
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
        self.readers
            .ask(|c| query::latest_decision(c, release, artifact))
    }

    fn decisions_since(&self, at: Timestamp, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        self.readers.ask(|c| query::decisions_since(c, at, limit))
    }

    fn who(&self, release: &ReleaseId) -> Result<Deliveries, StoreError> {
        self.readers.ask(|c| query::who(c, release))
    }

    fn who_package(&self, package: &PackageName) -> Result<Deliveries, StoreError> {
        self.readers.ask(|c| query::who_package(c, package))
    }

    fn decisions_of(&self, package: &PackageName) -> Result<Vec<DecisionRow>, StoreError> {
        self.readers.ask(|c| query::decisions_of(c, package))
    }

    fn exemptions(&self) -> Result<Vec<ExemptionRow>, StoreError> {
        self.readers.ask(query::exemptions)
    }

    fn position_before(&self, at: Timestamp) -> Result<i64, StoreError> {
        self.readers.ask(|c| query::position_before(c, at))
    }

    fn records_after(&self, position: i64, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        self.readers
            .ask(|c| query::records_after(c, position, limit))
    }

    fn flush(&self) -> Result<(), StoreError> {
        let writing = self.writing()?;
        // Everything sent before this has been committed when this has run.
        writing.write(|_| Ok(()))?;
        writing.progress.flush()
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.readers.ask(query::heads)
    }

    fn sights(&self, upstream: &str, package: &PackageName) -> Result<Sights, StoreError> {
        self.readers.ask(|c| memory::sights(c, upstream, package))
    }

    fn all_sights(&self, package: &PackageName) -> Result<Vec<(String, Sights)>, StoreError> {
        self.readers.ask(|c| memory::all_sights(c, package))
    }

    fn record_sight(
        &self,
        upstream: &str,
        package: &PackageName,
        seen: &[Seen],
        at: Timestamp,
    ) -> Result<Sights, StoreError> {
        let writing = self.writing()?;
        let at = microseconds(at);
        let known = self.sights(upstream, package)?;
        let changed = remembered::compare(&known, seen, at);
        let noted = known.noted_lately(at);
        // New entries need a note, whatever the minute: the next ones came after them.
        if changed.is_empty() && noted {
            return Ok(known);
        }
        for rows in changed.chunks(LOOK_ROWS) {
            let (upstream, package, rows) = (upstream.to_owned(), package.clone(), rows.to_vec());
            writing.write(move |c| memory::write(c, &upstream, &package, &rows))?;
        }
        let (place, looked) = (upstream.to_owned(), package.clone());
        writing.write(move |c| memory::looked(c, &place, &looked, at))?;
        self.sights(upstream, package)
    }

    fn digest_seen(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
    ) -> Result<Option<Digest>, StoreError> {
        self.readers
            .ask(|c| memory::digest_seen(c, upstream, release, artifact))
    }

    fn pin_digest(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Pin, StoreError> {
        let writing = self.writing()?;
        if self.digest_seen(upstream, release, artifact)?.as_ref() == Some(digest) {
            return Ok(Pin::Same);
        }
        let (upstream, release) = (upstream.to_owned(), release.clone());
        let artifact = artifact.to_owned();
        let digest = digest.clone();
        writing.write(move |c| memory::pin_digest(c, &upstream, &release, &artifact, &digest, at))
    }

    fn record_publications(&self, publications: &[Publication]) -> Result<(), StoreError> {
        let publications = publications.to_vec();
        self.writing()?
            .write(move |c| memory::record_publications(c, &publications))
    }

    fn packages_by_identity(
        &self,
        identity: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<PackageName>, StoreError> {
        self.readers
            .ask(|c| memory::packages_by_identity(c, identity, from, to))
    }

    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.readers.ask(|c| memory::meta(c, key))
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        remembered::check_meta(key, value)?;
        let (key, value) = (key.to_owned(), value.to_owned());
        self.writing()?
            .write(move |c| memory::set_meta(c, &key, &value))
    }
}
