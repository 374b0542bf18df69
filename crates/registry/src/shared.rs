//! What gates of a team have in common beside the ledger and the memory: artifacts by digest, and
//! what one of them read of an artifact, for all.
//!
//! Everything here makes a gate faster and nothing needs it: what the team's store does not have,
//! or cannot give, is fetched from the upstream and read anew. Artifacts are believed by their
//! digest, as if they came from the upstream. Facts are believed as the team's own: whoever can
//! write to the database can say what code does.

use crate::queue::Queue;
use customs_model::Digest;
use customs_store::{Blobs, Entry, Lease, NewEntry, StoreError, Taken, Team, fetch_blob};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

#[cfg(feature = "nats")]
mod attempts;
mod counts;
mod documents;
mod elsewhere;
#[cfg(feature = "nats")]
mod insist;
mod verdict;

#[cfg(feature = "nats")]
pub(crate) use attempts::{Begun, MOST as MOST_ATTEMPTS};
pub use counts::{JobCounts, Jobs};
pub(crate) use elsewhere::ByWorker;
pub(crate) use verdict::Verdict;

/// The space of artifacts in the index. Keys are digests as documents promise them.
const ARTIFACTS: &str = "artifact";
/// The space of what was read of artifacts. A key names engine, kind and digest; its entry is
/// put once.
const FACTS: &str = "facts";

/// Questions to the team's store at once: each takes a thread that blocks.
const AT_ONCE: usize = 8;
/// Artifacts on their way to it: who asks for something must not wait behind all of them.
const SENDING: usize = 3;
/// After a failure nothing is asked for so long: no request is to wait for a store that is away
/// each time.
const PAUSE: Duration = Duration::from_secs(15);
/// The longest facts, as on disk.
const MOST_FACTS: u64 = 16 << 20;

/// How long somebody who reads an artifact for all may say nothing before others take over.
const TERM: Duration = Duration::from_secs(15);
/// How often who reads says that it still does.
const KEEP: Duration = Duration::from_secs(5);
/// How long another gate is waited for before the artifact is read here as well.
const WAIT: Duration = Duration::from_secs(30);
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(100);

/// What gates of a team share.
pub struct Shared {
    team: Arc<dyn Team>,
    blobs: Arc<dyn Blobs>,
    /// What this gate calls itself when it takes work.
    owner: String,
    at_once: Arc<Semaphore>,
    sending: Arc<Semaphore>,
    /// Documents that wait to be told to the others.
    telling: Arc<Semaphore>,
    failed: Mutex<Option<Instant>>,
    /// Where workers take jobs, if there are any.
    queue: Option<Arc<dyn Queue>>,
    /// Since when the queue, or who should answer, did not.
    unanswered: Mutex<Option<Instant>>,
    jobs: JobCounts,
}

/// Whose turn it is to read an artifact.
pub(crate) enum Turn {
    /// It was read elsewhere: what came of it.
    Done(Verdict),
    /// It is to be read here. Others wait as long as this is held, where it is a lease.
    Here(Option<Held>),
}

/// A lease that is kept until this is dropped.
pub(crate) struct Held {
    shared: Arc<Shared>,
    lease: Lease,
    keeping: tokio::task::JoinHandle<()>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keeping.abort();
        let (shared, lease) = (self.shared.clone(), self.lease.clone());
        // One that cannot be given back ends by itself.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn_blocking(move || {
            if let Err(error) = shared.team.return_lease(&lease) {
                tracing::debug!(%error, "a lease was not given back");
            }
        });
    }
}

impl Shared {
    /// Of a team's database and artifacts. `owner` names this gate to the others.
    pub fn new(team: Arc<dyn Team>, blobs: Arc<dyn Blobs>, owner: String) -> Arc<Self> {
        Self::with_workers(team, blobs, owner, None)
    }

    /// The same, where workers read artifacts for the gates: they take jobs from this queue.
    pub fn with_workers(
        team: Arc<dyn Team>,
        blobs: Arc<dyn Blobs>,
        owner: String,
        queue: Option<Arc<dyn Queue>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            team,
            blobs,
            owner,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            sending: Arc::new(Semaphore::new(SENDING)),
            telling: Arc::new(Semaphore::new(documents::WAITING)),
            failed: Mutex::default(),
            queue,
            unanswered: Mutex::default(),
            jobs: JobCounts::default(),
        })
    }

    /// What became of the jobs that this gate put; none where no worker reads for it.
    pub fn jobs(&self) -> Option<Jobs> {
        self.queue.as_ref().map(|_| self.jobs.now())
    }

    /// Brings an artifact that another gate fetched into a file, which is there whole or not at
    /// all; its length. None: the team has none, or cannot give it now.
    pub(crate) async fn bring(self: &Arc<Self>, digest: &Digest, file: &Path) -> Option<u64> {
        let (this, digest, file) = (self.clone(), digest.clone(), file.to_owned());
        let work = move || this.bring_now(&digest, &file);
        self.ask("bring an artifact", work).await.flatten()
    }

    fn bring_now(&self, digest: &Digest, file: &Path) -> Result<Option<u64>, StoreError> {
        let key = digest.to_string();
        self.bring_of(ARTIFACTS, &key, digest, file)
    }

    /// Brings the bytes that an entry names.
    fn bring_of(
        &self,
        space: &str,
        key: &str,
        digest: &Digest,
        file: &Path,
    ) -> Result<Option<u64>, StoreError> {
        let Some(entry) = self.team.entry(space, key)? else {
            return Ok(None);
        };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|e| StoreError::Folder {
                doing: "make",
                path: folder.to_owned(),
                why: e.to_string(),
            })?;
        }
        match fetch_blob(&*self.blobs, digest, file) {
            Ok(Some(length)) => Ok(Some(length)),
            Ok(None) => {
                self.lost(space, key, &entry)?;
                Ok(None)
            }
            Err(error) => self.spoiled(space, key, &entry, error),
        }
    }

    /// Hands an artifact over to the others, when there is time for it.
    pub(crate) fn hand_over(self: &Arc<Self>, digest: &Digest, file: &Path) {
        let (this, digest, file) = (self.clone(), digest.clone(), file.to_owned());
        tokio::spawn(async move {
            // Never closed.
            let _turn = this.sending.clone().acquire_owned().await;
            let asker = this.clone();
            let work = move || this.hand_over_now(&digest, &file);
            asker.ask("hand an artifact over", work).await;
        });
    }

    fn hand_over_now(&self, digest: &Digest, path: &Path) -> Result<(), StoreError> {
        let Ok(mut file) = std::fs::File::open(path) else {
            // The cache may be emptied at any time.
            return Ok(());
        };
        let length = file.metadata().map_or(0, |meta| meta.len());
        self.blobs.put(digest, &mut file)?;
        let note = format!("{{\"length\":{length}}}");
        let entry = NewEntry {
            blob: Some(digest),
            note: &note,
        };
        // Where another gate was faster it has said the same.
        self.team
            .put_entry(ARTIFACTS, &digest.to_string(), &entry, None)?;
        Ok(())
    }

    /// Whose turn it is to read an artifact. Waits for another gate that is about it.
    pub(crate) async fn turn(self: &Arc<Self>, key: &str) -> Turn {
        let begun = Instant::now();
        loop {
            let (this, name) = (self.clone(), key.to_owned());
            let asked = self.ask("share an inspection", move || this.turn_now(&name));
            match asked.await {
                Some(Step::Done(verdict)) => return Turn::Done(verdict),
                Some(Step::Mine(lease)) => return Turn::Here(Some(self.hold(lease))),
                // Reading it twice costs time and nothing else.
                Some(Step::Theirs) if begun.elapsed() < WAIT => tokio::time::sleep(LOOK).await,
                Some(Step::Theirs) | None => return Turn::Here(None),
            }
        }
    }

    fn turn_now(&self, key: &str) -> Result<Step, StoreError> {
        if let Some(verdict) = self.verdict(key)? {
            return Ok(Step::Done(verdict));
        }
        let name = format!("{FACTS} {key}");
        match self.team.take_lease(&name, &self.owner, TERM)? {
            Taken::Theirs { .. } => Ok(Step::Theirs),
            // Who had it before may have finished between the two questions.
            Taken::Mine(lease) => match self.verdict(key)? {
                None => Ok(Step::Mine(lease)),
                Some(verdict) => {
                    self.team.return_lease(&lease)?;
                    Ok(Step::Done(verdict))
                }
            },
        }
    }

    /// Whether facts are few enough to be shared.
    #[cfg(feature = "nats")]
    pub(crate) fn takes(facts: &[u8]) -> bool {
        facts.len() as u64 <= MOST_FACTS
    }

    /// Tells the others what was read, and gives the turn back then.
    pub(crate) fn read(self: &Arc<Self>, key: String, facts: Vec<u8>, turn: Option<Held>) {
        if facts.len() as u64 > MOST_FACTS {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            let asker = this.clone();
            // Where another gate was faster its facts count: they are about the same bytes.
            let work = move || this.record_now(&key, &Verdict::Facts(facts));
            asker.ask("share an inspection", work).await;
            drop(turn);
        });
    }

    fn hold(self: &Arc<Self>, lease: Lease) -> Held {
        let (shared, mut kept) = (self.clone(), lease.clone());
        let keeping = tokio::spawn(async move {
            loop {
                tokio::time::sleep(KEEP).await;
                let (this, old) = (shared.clone(), kept.clone());
                let renew = move || this.team.renew_lease(&old, TERM);
                match shared.ask("keep a lease", renew).await.flatten() {
                    Some(lease) => kept = lease,
                    // Lost: another gate reads it too, and both say the same.
                    None => return,
                }
            }
        });
        Held {
            shared: self.clone(),
            lease,
            keeping,
        }
    }

    /// What the index names is not there any more: the next one who has it puts it anew.
    fn lost(&self, space: &str, key: &str, entry: &Entry) -> Result<(), StoreError> {
        tracing::warn!(space, key, "what the team's index names is not there");
        self.team.remove_entry(space, key, entry.revision)?;
        Ok(())
    }

    /// Takes away what has other bytes than its name says, so that it can be put again.
    fn spoiled<T>(
        &self,
        space: &str,
        key: &str,
        entry: &Entry,
        error: StoreError,
    ) -> Result<Option<T>, StoreError> {
        let (StoreError::Spoiled { .. }, Some(blob)) = (&error, &entry.blob) else {
            return Err(error);
        };
        tracing::error!(%error, space, key, "somebody changed what the team stores; it is removed");
        self.blobs.remove(blob)?;
        self.team.remove_entry(space, key, entry.revision)?;
        Ok(None)
    }

    /// Asks the team's store on a thread that may block. None: it cannot answer now.
    async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        doing: &'static str,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let _permit = self.at_once.clone().acquire_owned().await.ok()?;
        if self.pauses() {
            return None;
        }
        let why = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(
            why,
            "the team's store could not {doing}; this gate does it alone"
        );
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        None
    }

    fn pauses(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| at.elapsed() < PAUSE)
    }
}

/// What one look for a turn came to.
enum Step {
    Done(Verdict),
    Mine(Lease),
    Theirs,
}

#[cfg(test)]
mod tests;
