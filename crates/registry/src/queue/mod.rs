//! Jobs that gates put and workers take: which artifact is to be read, by which engine.
//!
//! Bytes and facts do not go this way, but by the team's store. Whoever can write to the queue can
//! cost time, and cannot say what code does.

#[cfg(feature = "nats")]
mod nats;

#[cfg(feature = "nats")]
pub use nats::{NatsAddress, NatsQueue};
#[cfg(feature = "nats")]
pub(crate) use nats::{PRESENT, Taken, WorkQueue};

use crate::judge::archive::Kind;
use customs_inspect::ENGINE_VERSION;
use customs_model::Digest;
use serde::{Deserialize, Serialize};
use std::pin::Pin;
use tokio::sync::mpsc;

/// Bounds on what the queue may say.
pub mod limit {
    /// Bytes of a job.
    pub const JOB: usize = 4 << 10;
    /// Bytes of what tells releases of one package.
    pub const FAMILY: usize = 512;
    /// Words about one job that wait to be heard.
    #[cfg(feature = "nats")]
    pub const WORDS: usize = 64;
}

/// The form of a job. A worker leaves those of another form.
const FORM: u32 = 1;

/// An artifact that is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    form: u32,
    engine: u32,
    /// Its bytes lie in the team's store under this digest.
    pub(crate) digest: Digest,
    kind: Box<str>,
    /// The same for releases of one package: a hint, which only makes it faster.
    pub(crate) family: Box<str>,
}

impl Job {
    /// Of an artifact, for the engine of this program.
    pub(crate) fn new(digest: &Digest, kind: Kind, family: &str) -> Self {
        Self {
            form: FORM,
            engine: ENGINE_VERSION,
            digest: digest.clone(),
            kind: kind.word().into(),
            family: customs_model::printable(family, limit::FAMILY).into(),
        }
    }

    /// What facts about it are known by, and the job itself: two of one key are one.
    pub fn key(&self) -> String {
        format!("engine-{} {} {}", self.engine, self.kind, self.digest)
    }

    /// What it is; none where this program knows no such thing, or is another engine.
    #[cfg(any(test, feature = "nats"))]
    pub(crate) fn kind(&self) -> Option<Kind> {
        let kinds = [Kind::Tarball, Kind::Wheel, Kind::Sdist, Kind::Crate];
        let kind = kinds.into_iter().find(|kind| kind.word() == &*self.kind);
        kind.filter(|_| self.form == FORM && self.engine == ENGINE_VERSION)
    }

    /// As it was written; none where it is something else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > limit::JOB {
            return None;
        }
        serde_json::from_slice(bytes).ok()
    }
}

/// What a worker says of a job on its way. Words may be lost, and nothing rests on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A worker begins with it.
    Taken,
    /// It works at it still.
    Working,
    /// What came of it stands in the team's index.
    Done,
    /// It gives it back.
    Left,
}

impl Word {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Working => "working",
            Self::Done => "done",
            Self::Left => "left",
        }
    }

    /// As it was written.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let words = [Self::Taken, Self::Working, Self::Done, Self::Left];
        words
            .into_iter()
            .find(|word| word.text().as_bytes() == bytes)
    }
}

/// What is said of one job from now on.
pub type Words = mpsc::Receiver<Word>;

/// An answer that is waited for.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where gates put jobs.
pub trait Queue: Send + Sync {
    /// Whether a worker of this engine was heard of lately. Where none was nothing is put.
    fn is_attended(&self) -> bool;

    /// Puts a job, unless it lies there already; it is on the queue's disk then. What is said of
    /// it is heard from before it was put.
    fn put<'a>(&'a self, job: &'a Job) -> Asking<'a, Result<Words, QueueError>>;
}

/// Why the queue did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueueError {
    /// Its address is none.
    #[error(
        "the address of the queue {why}. Write nats://host:4222, or tls://host:4222?credentials=FILE"
    )]
    Address {
        /// What is wrong with it.
        why: String,
    },
    /// A file that the address names cannot be used.
    #[error("the queue's {what} {path} cannot be used: {why}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// Which one.
        path: String,
        /// What the system said.
        why: String,
    },
    /// It does not answer, or refuses.
    #[error("the queue could not {doing}: {why}")]
    Away {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_known_by_engine_kind_and_digest_and_read_as_it_was_written() {
        let digest = Digest::sha256(b"bytes");
        let job = Job::new(&digest, Kind::Wheel, "pypi left");
        let bytes = serde_json::to_vec(&job).unwrap();
        let again = Job::read(&bytes).unwrap();
        assert_eq!(again, job);
        assert_eq!(again.kind(), Some(Kind::Wheel));
        assert_eq!(job.key(), format!("engine-{ENGINE_VERSION} wheel {digest}"));
    }

    #[test]
    fn a_job_of_another_form_engine_or_kind_is_not_taken() {
        let job = Job::new(&Digest::sha256(b"bytes"), Kind::Wheel, "left");
        let other = |change: fn(&mut Job)| {
            let mut job = job.clone();
            change(&mut job);
            job.kind()
        };
        assert_eq!(other(|job| job.form += 1), None);
        assert_eq!(other(|job| job.engine += 1), None);
        assert_eq!(other(|job| job.kind = "image".into()), None);
        assert_eq!(Job::read(&vec![b' '; limit::JOB + 1]), None);
        assert_eq!(Job::read(b"{}"), None);
    }

    #[test]
    fn words_are_read_as_they_were_written() {
        for word in [Word::Taken, Word::Working, Word::Done, Word::Left] {
            assert_eq!(Word::read(word.text().as_bytes()), Some(word));
        }
        assert_eq!(Word::read(b"malware"), None);
    }
}
