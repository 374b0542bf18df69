//! An artifact that a worker reads in place of this gate.
//!
//! What a worker says on its way only keeps the gate waiting, for a bounded time; what it read
//! stands in the team's index, and nowhere else. When no worker answers, the gate reads.

use super::counts::Waited;
use super::{ARTIFACTS, Shared, Verdict};
use crate::queue::{Job, Word, Words};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long the queue may take to have a job on its disk.
const PUT: Duration = Duration::from_secs(3);
/// How long a job may lie there before this gate does it itself.
const ANSWER: Duration = Duration::from_secs(5);
/// How long who works at it may say nothing. Longer than the queue waits before it gives the job of
/// a worker that is gone to another one.
const SILENCE: Duration = Duration::from_secs(15);
/// How long it is waited for in all.
const LONGEST: Duration = Duration::from_secs(90);
/// How often the index is looked at while nobody says anything: words may be lost.
const LOOK: Duration = Duration::from_secs(1);
/// After a job that nobody answered none is put for so long.
const PAUSE: Duration = Duration::from_secs(15);

/// What came of asking workers.
pub(crate) enum ByWorker {
    /// A worker read it, or could not.
    Done(Verdict),
    /// It is to be read here.
    Here,
}

impl Shared {
    /// Has an artifact read by a worker, where there are any.
    pub(crate) async fn by_worker(self: &Arc<Self>, job: &Job, file: &Path) -> ByWorker {
        let Some(queue) = &self.queue else {
            return ByWorker::Here;
        };
        if !queue.is_attended() || self.is_unanswered() {
            return ByWorker::Here;
        }
        let (this, digest, path) = (self.clone(), job.digest.clone(), file.to_owned());
        // Workers have it from the team's store. Mostly it lies there already.
        let hand_over = move || match this.team.entry(ARTIFACTS, &digest.to_string())? {
            Some(_) => Ok(()),
            None => this.hand_over_now(&digest, &path),
        };
        if self.ask("hand an artifact over", hand_over).await.is_none() {
            return ByWorker::Here;
        }
        let words = match timeout(PUT, queue.put(job)).await {
            Ok(Ok(words)) => words,
            Ok(Err(error)) => return self.unanswered(&error.to_string()),
            Err(_) => return self.unanswered("the queue took too long"),
        };
        let mut waited = self.jobs.wait();
        match self.wait_for(&job.key(), words, &mut waited).await {
            Ok(verdict) => {
                self.jobs.done();
                ByWorker::Done(verdict)
            }
            Err(why) => self.unanswered(why),
        }
    }

    /// Waits for what a worker records.
    async fn wait_for(
        self: &Arc<Self>,
        key: &str,
        mut words: Words,
        waited: &mut Waited<'_>,
    ) -> Result<Verdict, &'static str> {
        let begun = Instant::now();
        let (mut heard, mut patience, mut is_open) = (begun, ANSWER, true);
        loop {
            let left = patience.saturating_sub(heard.elapsed());
            let left = left.min(LONGEST.saturating_sub(begun.elapsed()));
            let word = match is_open {
                true => timeout(LOOK.min(left), words.recv()).await,
                false => {
                    tokio::time::sleep(LOOK.min(left)).await;
                    Ok(None)
                }
            };
            match word {
                Ok(Some(Word::Taken | Word::Working)) if begun.elapsed() < LONGEST => {
                    waited.taken();
                    (heard, patience) = (Instant::now(), SILENCE);
                    continue;
                }
                // Another one takes it, if there is one.
                Ok(Some(Word::Left)) if begun.elapsed() < LONGEST => {
                    (heard, patience) = (Instant::now(), ANSWER);
                    continue;
                }
                Ok(None) => is_open = false,
                Ok(Some(_)) | Err(_) => {}
            }
            let (this, name) = (self.clone(), key.to_owned());
            let look = self.ask("look for an inspection", move || this.verdict(&name));
            match look.await {
                Some(Some(verdict)) => return Ok(verdict),
                Some(None) => {}
                None => return Err("the team's store does not answer"),
            }
            if heard.elapsed() >= patience {
                return Err("no worker answers");
            }
            if begun.elapsed() >= LONGEST {
                return Err("a worker takes too long");
            }
        }
    }

    fn unanswered(&self, why: &str) -> ByWorker {
        self.jobs.failed();
        tracing::warn!(why, "no worker read an artifact; this gate does it itself");
        let mut since = self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *since = Some(Instant::now());
        ByWorker::Here
    }

    fn is_unanswered(&self) -> bool {
        let since = self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|at| at.elapsed() < PAUSE)
    }
}

#[cfg(test)]
mod tests;
