//! Reading artifacts: each once, by digest, a few at a time, remembered on disk.
//!
//! A verdict is made anew from these facts whenever rules or policy change; the facts
//! themselves depend on the bytes and on the engine alone, so that is what they are kept by.

mod at_hand;
mod kept;
mod readers;
mod unreadable;

use crate::flights::Flights;
use crate::held::Held;
use crate::judge::archive::{ArtifactFacts, Kind};
use crate::queue;
use crate::shared::{ByWorker, Held as Turned, Shared, Turn, Verdict};
use customs_model::{Digest, Ecosystem, Unread, printable};
use kept::Kept;
use readers::{Job, Readers};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};
use unreadable::Unreadable;

/// Bytes of facts that are held in memory. A judgement that rests on some of them holds
/// those itself, for as long as it is remembered.
const HELD: usize = 64 << 20;
/// Packed bytes from which an artifact is read alone: it may fill the memory bound.
const LARGE: u64 = 8 << 20;

/// How often somebody who has time looks whether a reader is free, and how often before he
/// stands in line like everybody: another one may have come to wait for the same artifact.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 40;

/// Whether somebody waits for what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Awaited,
    WhenIdle,
}

/// What facts are known by: the engine beside it is always this one.
type Key = (Digest, Kind);

/// Facts in memory.
type Facts = Held<Key, Arc<ArtifactFacts>>;

/// What was read of artifacts.
pub(crate) struct Inspections {
    /// None: what was read is kept by who asked.
    kept: Option<Arc<Kept>>,
    held: Arc<Mutex<Facts>>,
    unreadable: Mutex<Unreadable>,
    flights: Flights,
    readers: Readers,
    /// The right to read: there are as many as readers at once.
    permits: Arc<Semaphore>,
    /// Who loads what was kept.
    loading: Arc<Semaphore>,
    most: u32,
    /// Where other gates look, and this one before it reads.
    shared: Option<Arc<Shared>>,
}

/// What artifacts of an ecosystem may be.
const fn kinds_of(ecosystem: Ecosystem) -> &'static [Kind] {
    match ecosystem {
        Ecosystem::Npm => &[Kind::Tarball],
        Ecosystem::PyPi => &[Kind::Wheel, Kind::Sdist],
        Ecosystem::Cargo => &[Kind::Crate],
    }
}

/// What was read of an artifact, looked up in the cache of a gate or of `customs inspect`. Nothing
/// is changed there, and nothing is read anew. None where nobody has read it with this engine.
pub fn kept_facts(cache: &Path, digest: &Digest, ecosystem: Ecosystem) -> Option<ArtifactFacts> {
    let folder = cache.join("inspections");
    kinds_of(ecosystem)
        .iter()
        .find_map(|kind| kept::look_up(&folder, digest, *kind))
}

impl Inspections {
    /// Keeps facts below `folder`.
    ///
    /// # Errors
    /// The folder cannot be made.
    #[cfg(test)]
    pub fn new(folder: &Path) -> io::Result<Self> {
        Self::shared(folder, None)
    }

    /// Keeps facts below `folder`, and in common with other gates.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn shared(folder: &Path, shared: Option<Arc<Shared>>) -> io::Result<Self> {
        let kept = Arc::new(Kept::open(folder)?);
        Ok(Self::over(Some(kept), shared))
    }

    /// For who reads and keeps nothing.
    #[cfg(feature = "nats")]
    pub fn of_worker() -> Self {
        Self::over(None, None)
    }

    fn over(kept: Option<Arc<Kept>>, shared: Option<Arc<Shared>>) -> Self {
        let most = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            kept,
            held: Arc::new(Mutex::new(Held::new(HELD))),
            unreadable: Mutex::new(Unreadable::new()),
            flights: Flights::default(),
            readers: Readers::new(most),
            permits: Arc::new(Semaphore::new(most)),
            loading: Arc::new(Semaphore::new(at_hand::LOADING)),
            most: most.try_into().unwrap_or(1),
            shared,
        }
    }

    /// How many artifacts are read at once.
    #[cfg(feature = "nats")]
    pub fn at_once(&self) -> usize {
        self.most as usize
    }

    /// What is known already of an artifact of this ecosystem, to this gate or to another one of
    /// the team. It waits for the team's store, and reads no artifact.
    pub fn known_of(&self, digest: &Digest, ecosystem: Ecosystem) -> Option<Arc<ArtifactFacts>> {
        let kinds = kinds_of(ecosystem);
        let here = kinds
            .iter()
            .find_map(|kind| self.known_on_disk(digest, *kind));
        here.or_else(|| {
            let mut keys = kinds
                .iter()
                .map(|kind| queue::Job::new(digest, *kind, "").key());
            keys.find_map(|key| self.known_elsewhere(&key))
        })
    }

    fn known_elsewhere(&self, key: &str) -> Option<Arc<ArtifactFacts>> {
        match self.shared.as_ref()?.verdict(key) {
            Ok(Some(Verdict::Facts(bytes))) => kept::facts_of(&bytes).map(Arc::new),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, key, "the team's store does not say what was read");
                None
            }
        }
    }

    /// What the artifact at `path`, whose bytes have this digest, says and does. `family` is
    /// the same for releases of one package: a hint, which only makes it faster.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(
        self: &Arc<Self>,
        path: PathBuf,
        digest: &Digest,
        kind: Kind,
        family: &str,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        self.read_at(path, digest, kind, family, Pace::Awaited)
            .await
    }

    /// The same for who has time: readers that others wait for go first.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read_when_idle(
        self: &Arc<Self>,
        path: PathBuf,
        digest: &Digest,
        kind: Kind,
        family: &str,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        self.read_at(path, digest, kind, family, Pace::WhenIdle)
            .await
    }

    async fn read_at(
        self: &Arc<Self>,
        path: PathBuf,
        digest: &Digest,
        kind: Kind,
        family: &str,
        pace: Pace,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        // It goes on when the asker hangs up: whoever asks again finds it done.
        let (this, digest, family) = (self.clone(), digest.clone(), Box::<str>::from(family));
        tokio::spawn(async move { this.read_now(path, &digest, kind, family, pace).await })
            .await
            .unwrap_or_else(|error| Err(Unread::NotFetched(error.to_string())))
    }

    /// The right to read. Who has time does not stand in line: a large artifact in front
    /// would keep everybody behind it waiting until all readers are free.
    async fn permit(&self, wanted: u32, pace: Pace) -> Result<OwnedSemaphorePermit, AcquireError> {
        if pace == Pace::WhenIdle {
            for _ in 0..LOOKS {
                if let Ok(permit) = self.permits.clone().try_acquire_many_owned(wanted) {
                    return Ok(permit);
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        self.permits.clone().acquire_many_owned(wanted).await
    }

    async fn read_now(
        &self,
        path: PathBuf,
        digest: &Digest,
        kind: Kind,
        family: Box<str>,
        pace: Pace,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        let _turn = self
            .flights
            .turn(&format!("{digest} {}", kind.word()))
            .await;
        if let Some(answer) = self.answer(digest, kind).await {
            return answer;
        }
        let job = queue::Job::new(digest, kind, &family);
        let turn = match self.elsewhere(&job, digest, kind, &path).await {
            Ok(answer) => return answer,
            Err(turn) => turn,
        };
        let file = File::open(&path)
            .map_err(|error| Unread::NotFetched(format!("its file cannot be opened: {error}")))?;
        let large = file.metadata().is_ok_and(|meta| meta.len() > LARGE);
        let wanted = if large { self.most } else { 1 };
        let permit = self.permit(wanted, pace).await;
        let permit = permit.map_err(|error| Unread::NotFetched(error.to_string()))?;
        let (asker, answer) = oneshot::channel();
        let job = Job {
            file,
            kind,
            family,
            permit,
            asker,
        };
        if let Err(error) = self.readers.start(job) {
            return Err(Unread::NotFetched(format!("no thread to read it: {error}")));
        }
        let facts = match answer.await {
            Ok(Ok(Ok(facts))) => Arc::new(facts),
            Ok(Ok(Err(why))) => return Err(self.cannot_be_read(digest, kind, &why)),
            // That this machine could not read its own disk says nothing of the artifact.
            Ok(Err(error)) => return Err(Unread::NotFetched(error.to_string())),
            // One that a reader cannot bear is one that cannot be read.
            Err(_) => return Err(self.cannot_be_read(digest, kind, "the reader ended early")),
        };
        self.keep(digest, kind, &facts).await;
        self.tell(digest, kind, &facts, turn);
        Ok(facts)
    }

    /// What another gate or a worker read of it; else the turn to read it, where one could be
    /// had.
    async fn elsewhere(
        &self,
        job: &queue::Job,
        digest: &Digest,
        kind: Kind,
        path: &Path,
    ) -> Result<Result<Arc<ArtifactFacts>, Unread>, Option<Turned>> {
        let Some(shared) = &self.shared else {
            return Err(None);
        };
        let (verdict, turn) = match shared.turn(&job.key()).await {
            Turn::Done(verdict) => (verdict, None),
            Turn::Here(turn) => match shared.by_worker(job, path).await {
                ByWorker::Done(verdict) => (verdict, turn),
                ByWorker::Here => return Err(turn),
            },
        };
        let bytes = match verdict {
            Verdict::Facts(bytes) => bytes,
            Verdict::Unread(why) => return Ok(Err(self.cannot_be_read(digest, kind, &why))),
        };
        // What somebody else wrote and this one cannot understand is read here.
        let Some(facts) = kept::facts_of(&bytes) else {
            return Err(turn);
        };
        let facts = Arc::new(facts);
        self.keep(digest, kind, &facts).await;
        Ok(Ok(facts))
    }

    /// Tells other gates what was read.
    fn tell(&self, digest: &Digest, kind: Kind, facts: &ArtifactFacts, turn: Option<Turned>) {
        let Some(shared) = &self.shared else { return };
        let key = queue::Job::new(digest, kind, "").key();
        match serde_json::to_vec(facts) {
            Ok(bytes) => shared.read(key, bytes, turn),
            Err(error) => tracing::warn!(%error, %digest, "an inspection cannot be shared"),
        }
    }

    /// It says so to whoever asks next, too.
    fn cannot_be_read(&self, digest: &Digest, kind: Kind, why: &str) -> Unread {
        tracing::warn!(why, %digest, "an artifact could not be read");
        let why = printable(why, 200);
        lock(&self.unreadable).insert((digest.clone(), kind), &why, Instant::now());
        Unread::NotReadable(why)
    }
}

/// A panic elsewhere leaves nothing half-done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_artifact_that_cannot_be_read_is_not_read_again_by_who_asks_next() {
        let folder = tempfile::tempdir().unwrap();
        let all = Arc::new(Inspections::new(&folder.path().join("facts")).unwrap());
        let (path, digest) = (folder.path().join("a.tgz"), Digest::sha256(b"no archive"));
        assert!(all.answer(&digest, Kind::Tarball).await.is_none());
        std::fs::write(&path, "no archive").unwrap();
        let first = all.read(path.clone(), &digest, Kind::Tarball, "a").await;
        let first = first.unwrap_err();
        assert!(matches!(first, Unread::NotReadable(_)), "{first:?}");
        std::fs::remove_file(&path).unwrap();
        let again = all.read(path, &digest, Kind::Tarball, "a").await;
        assert_eq!(again.unwrap_err(), first);
        let answer = all.answer(&digest, Kind::Tarball).await.unwrap();
        assert_eq!(answer.unwrap_err(), first);
        assert!(all.answer(&digest, Kind::Wheel).await.is_none());
    }

    #[tokio::test]
    async fn what_this_machine_could_not_read_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let all = Arc::new(Inspections::new(&folder.path().join("facts")).unwrap());
        let (path, digest) = (folder.path().join("a.tgz"), Digest::sha256(b"no archive"));
        let first = all.read(path.clone(), &digest, Kind::Tarball, "a").await;
        assert!(matches!(first, Err(Unread::NotFetched(_))), "{first:?}");
        assert!(all.answer(&digest, Kind::Tarball).await.is_none());
        std::fs::write(&path, "no archive").unwrap();
        let again = all.read(path, &digest, Kind::Tarball, "a").await;
        assert!(matches!(again, Err(Unread::NotReadable(_))), "{again:?}");
    }

    #[tokio::test]
    async fn facts_are_held_by_what_they_weigh() {
        let folder = tempfile::tempdir().unwrap();
        let all = Inspections::new(folder.path()).unwrap();
        let heavy = Arc::new(ArtifactFacts {
            code: Arc::new(customs_model::Inspection {
                unimported: vec!["a".repeat(HELD / 2 + 1)],
                ..customs_model::Inspection::default()
            }),
            ..ArtifactFacts::default()
        });
        let (one, two) = (Digest::sha256(b"one"), Digest::sha256(b"two"));
        all.hold((one.clone(), Kind::Tarball), &heavy);
        assert!(all.known(&one, Kind::Tarball).await.is_some());
        all.hold((two.clone(), Kind::Tarball), &heavy);
        assert!(all.known(&one, Kind::Tarball).await.is_none());
        assert!(all.known(&two, Kind::Tarball).await.is_some());
    }
}
