//! Who reads artifacts for the gates of a team: takes jobs from the queue, brings the bytes from
//! the team's store, and records there what it read.
//!
//! A job is the queue's again when the worker says nothing for ten seconds, and it is done when the
//! verdict stands in the index. So no job is lost with a worker, and whoever gets it a second time
//! finds the verdict there.

use crate::inspections::Inspections;
use crate::judge::archive::Kind;
use crate::queue::{Job, NatsAddress, QueueError, Taken, Word, WorkQueue};
use crate::shared::{Begun, Shared, Verdict};
use customs_model::Unread;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How often it is said that a job is worked at. The queue waits three times as long.
const KEEP: Duration = Duration::from_secs(3);
/// How long one artifact may take. What reads has bounds of its own, which are counted and not
/// timed; this one is for a machine that stands still.
const LONGEST: Duration = Duration::from_mins(5);
/// How long what is being read may take when the worker is told to stop.
const STOP: Duration = Duration::from_secs(20);
/// After how long a job that could not be done now is given to somebody again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long a worker waits after a queue that did not answer.
const AWAY: Duration = Duration::from_secs(1);

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Its facts were recorded.
    Read,
    /// That it cannot be read, and why, was recorded.
    Unread(String),
    /// There was a verdict already, or somebody was faster with one.
    Known,
    /// Another worker gets it, because …
    Left(String),
    /// Nobody gets it, because …
    Dropped(String),
}

/// A job that came to an end.
#[derive(Debug)]
pub struct Finished {
    /// What it was about: engine, kind, digest.
    pub key: String,
    /// What came of it.
    pub came: Came,
    /// How long it took.
    pub took: Duration,
    /// How often it was delivered, this time included.
    pub deliveries: i64,
}

/// A worker.
pub struct Worker {
    inspections: Arc<Inspections>,
    shared: Arc<Shared>,
    queue: WorkQueue,
    folder: PathBuf,
    files: AtomicU64,
    /// Whether the queue gave an answer when it was asked last.
    is_ready: AtomicBool,
    told: Box<dyn Fn(&Finished) + Send + Sync>,
}

impl Worker {
    /// Reads what the queue says, with what the gates share. `folder` is this worker's own, for
    /// artifacts while they are read; `told` hears of each job.
    ///
    /// # Errors
    /// The folder cannot be made, or a file that the queue's address names cannot be read. A queue
    /// that is away is waited for.
    pub async fn new(
        folder: &Path,
        shared: Arc<Shared>,
        queue: &NatsAddress,
        name: &str,
        told: impl Fn(&Finished) + Send + Sync + 'static,
    ) -> Result<Arc<Self>, QueueError> {
        std::fs::create_dir_all(folder).map_err(|error| QueueError::File {
            what: "folder",
            path: folder.display().to_string(),
            why: error.to_string(),
        })?;
        queue.check()?;
        Ok(Arc::new(Self {
            inspections: Arc::new(Inspections::of_worker()),
            shared,
            queue: WorkQueue::connect(queue, name).await?,
            folder: folder.to_owned(),
            files: AtomicU64::new(0),
            is_ready: AtomicBool::new(false),
            told: Box::new(told),
        }))
    }

    /// How many jobs it does at once: as many as the machine has processors.
    pub fn at_once(&self) -> usize {
        self.inspections.at_once()
    }

    /// Works until it is told to stop; finishes then what it began, for twenty seconds, and gives
    /// the rest back.
    pub async fn run(self: &Arc<Self>, stop: watch::Receiver<bool>) {
        let mut hands = JoinSet::new();
        for _ in 0..self.at_once() {
            let (this, stop) = (self.clone(), stop.clone());
            hands.spawn(async move { this.work(stop).await });
        }
        let this = self.clone();
        let present = tokio::spawn(async move {
            loop {
                if this.is_ready.load(Ordering::Relaxed)
                    && let Err(error) = this.queue.attend().await
                {
                    tracing::debug!("{error}");
                }
                tokio::time::sleep(crate::queue::PRESENT).await;
            }
        });
        let mut told = stop;
        stopped(&mut told).await;
        present.abort();
        while let Some(ended) = hands.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a hand of this worker ended early");
            }
        }
    }

    async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            // A job that arrives just when this stops is the queue's again in ten seconds.
            let taken = tokio::select! {
                taken = self.take() => taken,
                () = stopped(&mut stop) => return,
            };
            match taken {
                Ok(Some(taken)) => self.finish(&taken, &mut stop).await,
                Ok(None) => {}
                Err(error) => {
                    self.is_ready.store(false, Ordering::Relaxed);
                    tracing::warn!("{error}");
                    tokio::time::sleep(AWAY).await;
                }
            }
        }
    }

    async fn take(&self) -> Result<Option<Taken>, QueueError> {
        self.queue.prepare().await?;
        // Only now gates are told that a worker is there: what they put has a place.
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            self.queue.attend().await?;
        }
        self.queue.take().await
    }

    /// Does a job, and tells the queue, the gates, and who listens.
    async fn finish(&self, taken: &Taken, stop: &mut watch::Receiver<bool>) {
        let begun = Instant::now();
        let (key, came) = match taken.job.as_ref().and_then(|job| Some((job, job.kind()?))) {
            Some((job, kind)) => {
                let key = job.key();
                taken.say(Word::Taken).await;
                let came = self.attended(taken, job, kind, stop).await;
                (key, came)
            }
            None => {
                let why = "it is no job for this program".to_owned();
                (String::new(), Came::Dropped(why))
            }
        };
        let told = match &came {
            Came::Read | Came::Unread(_) | Came::Known => {
                taken.say(Word::Done).await;
                taken.done().await
            }
            Came::Left(_) if *stop.borrow() => taken.leave(Duration::ZERO).await,
            Came::Left(_) => taken.leave(AGAIN).await,
            Came::Dropped(_) => {
                taken.say(Word::Left).await;
                taken.discard().await
            }
        };
        if let Err(error) = told {
            // It is delivered again, and what was recorded is found then.
            tracing::warn!("{error}");
        }
        (self.told)(&Finished {
            key,
            came,
            took: begun.elapsed(),
            deliveries: taken.deliveries,
        });
    }

    /// Does a job, and says meanwhile that it does.
    async fn attended(
        &self,
        taken: &Taken,
        job: &Job,
        kind: Kind,
        stop: &mut watch::Receiver<bool>,
    ) -> Came {
        let key = job.key();
        let work = self.judge(&key, job, kind);
        let stopped = async {
            stopped(stop).await;
            tokio::time::sleep(STOP).await;
        };
        tokio::pin!(work, stopped);
        loop {
            tokio::select! {
                came = &mut work => return came,
                () = &mut stopped => {
                    self.shared.leave(&key).await;
                    return Came::Left("this worker stops".to_owned());
                }
                () = tokio::time::sleep(KEEP) => taken.keep().await,
            }
        }
    }

    async fn judge(&self, key: &str, job: &Job, kind: Kind) -> Came {
        let away = || Came::Left("the team's store does not answer".to_owned());
        match self.shared.known(key).await {
            None => return away(),
            Some(Some(_)) => return Came::Known,
            Some(None) => {}
        }
        match self.shared.begin(key).await {
            None => return away(),
            Some(Begun::TooOften) => {
                let most = crate::shared::MOST_ATTEMPTS;
                let why = format!("{most} workers ended while they read it");
                return self.recorded(key, Verdict::Unread(why)).await;
            }
            Some(Begun::Attempt(_)) => {}
        }
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("{number}"));
        if self.shared.bring(&job.digest, &file).await.is_none() {
            self.shared.leave(key).await;
            return Came::Left("its bytes do not come from the team's store".to_owned());
        }
        let reading = self
            .inspections
            .read(file.clone(), &job.digest, kind, &job.family);
        let read = timeout(LONGEST, reading).await;
        if let Err(error) = std::fs::remove_file(&file) {
            tracing::warn!(%error, "an artifact that was read cannot be removed");
        }
        match read {
            // Counted as one that was not heard of again.
            Err(_) => Came::Left("it takes too long".to_owned()),
            Ok(Err(Unread::NotReadable(why))) => self.recorded(key, Verdict::Unread(why)).await,
            Ok(Err(other)) => {
                self.shared.leave(key).await;
                Came::Left(other.because().to_owned())
            }
            Ok(Ok(facts)) => match serde_json::to_vec(&*facts) {
                Ok(bytes) if Shared::takes(&bytes) => {
                    self.recorded(key, Verdict::Facts(bytes)).await
                }
                // A gate that reads it itself needs not share it.
                Ok(_) => {
                    self.shared.leave(key).await;
                    Came::Dropped("what was read of it is too much to share".to_owned())
                }
                Err(error) => {
                    self.shared.leave(key).await;
                    Came::Left(error.to_string())
                }
            },
        }
    }

    async fn recorded(&self, key: &str, verdict: Verdict) -> Came {
        match (self.shared.record(key, &verdict).await, verdict) {
            (None, _) => Came::Left("the team's store does not answer".to_owned()),
            (Some(false), _) => Came::Known,
            (Some(true), Verdict::Facts(_)) => Came::Read,
            (Some(true), Verdict::Unread(why)) => Came::Unread(why),
        }
    }
}

/// Waits until it is told to stop, or until nobody can tell any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that whoever could tell is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
