//! The threads that read artifacts. One that has nothing to do waits a little for the next
//! artifact: it holds what the files said that it read, and adjacent releases have most files
//! in common.

use super::lock;
use crate::judge::archive::{self, ArtifactFacts, Kind};
use customs_inspect::Reader;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Bytes of stack: parsers go as deep as code is nested. Only what is touched is paid for.
const STACK: usize = 512 << 20;
/// How long a thread waits for the next artifact.
const IDLE: Duration = Duration::from_secs(10);
/// Artifacts that one thread reads: what deep code has touched of its stack is given back
/// when it ends.
const ARTIFACTS: usize = 64;
/// Bytes of what files said that one thread holds.
const SHARED: usize = 24 << 20;
/// The same of all threads together.
const SHARED_BY_ALL: usize = 96 << 20;

/// What became of an artifact: facts, why it cannot be read, or what this machine could not do.
pub(super) type Answer = io::Result<Result<ArtifactFacts, String>>;

/// An artifact to read.
pub(super) struct Job {
    /// Its bytes.
    pub file: File,
    /// What it is.
    pub kind: Kind,
    /// The same for releases of one package.
    pub family: Box<str>,
    /// The right to read it. There is a thread for each right that was given.
    pub permit: OwnedSemaphorePermit,
    /// Who waits for it; that one may be gone.
    pub asker: oneshot::Sender<Answer>,
}

/// The threads that have nothing to do, the last that became so at the end.
type Idle = Arc<Mutex<Vec<Waiting>>>;

/// A thread that waits for a job.
struct Waiting {
    number: u64,
    /// What it has read last.
    family: Box<str>,
    jobs: Sender<Job>,
}

/// The threads that read artifacts.
pub(super) struct Readers {
    idle: Idle,
    /// How many there were so far.
    made: AtomicU64,
    /// Bytes of what files said that each holds.
    shared: usize,
}

impl Readers {
    /// None yet; no more of them than this at once.
    pub fn new(most: usize) -> Self {
        Self {
            idle: Idle::default(),
            made: AtomicU64::new(0),
            shared: SHARED.min(SHARED_BY_ALL / most.max(1)),
        }
    }

    /// Reads an artifact on a thread that waits, if there is one: on that which has read one
    /// of the same family last, else on the last that read any.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn start(&self, job: Job) -> io::Result<()> {
        let waiting = {
            let mut list = lock(&self.idle);
            let same = |waiting: &Waiting| waiting.family == job.family;
            match list.iter().rposition(same) {
                Some(at) => Some(list.remove(at)),
                None => list.pop(),
            }
        };
        let job = match waiting {
            Some(waiting) => match waiting.jobs.send(job) {
                Ok(()) => return Ok(()),
                // It is there as long as it stands in the list; else another one is made.
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let (idle, shared) = (Arc::clone(&self.idle), self.shared);
        std::thread::Builder::new()
            .name("inspect".to_owned())
            .stack_size(STACK)
            .spawn(move || work(job, number, &idle, &Reader::new(shared)))
            .map(drop)
    }
}

/// Reads one artifact after the other, until none comes for a while.
fn work(first: Job, number: u64, idle: &Mutex<Vec<Waiting>>, reader: &Reader) {
    let (jobs, next) = mpsc::channel();
    let mut job = first;
    for left in (0..ARTIFACTS).rev() {
        let Job {
            file,
            kind,
            family,
            permit,
            asker,
        } = job;
        let answer = archive::read(file, kind, reader);
        // It waits again before anybody knows: whoever asks for one release after the other
        // gets the same thread.
        if left > 0 {
            let jobs = jobs.clone();
            lock(idle).push(Waiting {
                number,
                family,
                jobs,
            });
        }
        // Whoever asked may be gone.
        let _ = asker.send(answer);
        drop(permit);
        if left == 0 {
            return;
        }
        match await_next(&next, number, idle) {
            Some(next) => job = next,
            None => return,
        }
    }
}

/// The next job; none where nobody has one.
fn await_next(jobs: &Receiver<Job>, number: u64, idle: &Mutex<Vec<Waiting>>) -> Option<Job> {
    if let Ok(job) = jobs.recv_timeout(IDLE) {
        return Some(job);
    }
    let mut list = lock(idle);
    if let Some(at) = list.iter().position(|waiting| waiting.number == number) {
        list.remove(at);
        return None;
    }
    drop(list);
    // Somebody took it off the list, and sends.
    jobs.recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek as _, Write as _};
    use tokio::sync::Semaphore;

    fn archive(version: &str) -> File {
        let packed = flate2::write::GzEncoder::new(
            tempfile::tempfile().unwrap(),
            flate2::Compression::fast(),
        );
        let mut builder = tar::Builder::new(packed);
        let manifest = format!(r#"{{"name": "a", "version": "{version}", "main": "a.js"}}"#);
        let code = format!("module.exports = 1;{}", "\n".repeat(1_000));
        for (name, text) in [("package/package.json", &manifest), ("package/a.js", &code)] {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            builder
                .append_data(&mut header, name, text.as_bytes())
                .unwrap();
        }
        rewound(builder.into_inner().unwrap().finish().unwrap())
    }

    fn rewound(mut file: File) -> File {
        file.rewind().unwrap();
        file
    }

    async fn read(readers: &Readers, permits: &Arc<Semaphore>, family: &str, file: File) -> Answer {
        let permit = permits.clone().acquire_owned().await.unwrap();
        let (asker, answer) = oneshot::channel();
        let job = Job {
            file,
            kind: Kind::Tarball,
            family: family.into(),
            permit,
            asker,
        };
        readers.start(job).unwrap();
        answer.await.unwrap()
    }

    #[tokio::test]
    async fn one_release_after_the_other_is_read_by_one_thread_until_it_has_read_enough() {
        let (readers, permits) = (Readers::new(2), Arc::new(Semaphore::new(2)));
        for version in 0..=ARTIFACTS {
            let version = format!("1.0.{version}");
            let answer = read(&readers, &permits, "a", archive(&version)).await;
            let facts = answer.unwrap().unwrap();
            assert_eq!(facts.declared.unwrap().version, Some(version));
            assert!(lock(&readers.idle).len() <= 1);
        }
        assert_eq!(readers.made.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn two_at_a_time_are_read_by_two_threads() {
        let (readers, permits) = (Readers::new(2), Arc::new(Semaphore::new(2)));
        for _ in 0..20 {
            let (a, b) = tokio::join!(
                read(&readers, &permits, "a", archive("1.0.0")),
                read(&readers, &permits, "b", archive("2.0.0"))
            );
            assert!(a.unwrap().is_ok() && b.unwrap().is_ok());
        }
        assert!(readers.made.load(Ordering::Relaxed) <= 2);
        // Each goes on with its own.
        let last = |family: &str| {
            let list = lock(&readers.idle);
            let waiting = list.iter().find(|waiting| &*waiting.family == family);
            waiting.map(|waiting| waiting.number).unwrap()
        };
        let (of_a, of_b) = (last("a"), last("b"));
        for _ in 0..3 {
            let facts = read(&readers, &permits, "a", archive("1.0.1")).await;
            assert!(facts.unwrap().is_ok());
            assert_eq!((last("a"), last("b")), (of_a, of_b));
            let facts = read(&readers, &permits, "b", archive("2.0.1")).await;
            assert!(facts.unwrap().is_ok());
            assert_eq!((last("a"), last("b")), (of_a, of_b));
        }
    }

    #[tokio::test]
    async fn what_is_no_archive_ends_no_thread() {
        let (readers, permits) = (Readers::new(1), Arc::new(Semaphore::new(1)));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"no archive").unwrap();
        let none = read(&readers, &permits, "a", rewound(file)).await;
        assert!(!matches!(none, Ok(Ok(_))));
        let facts = read(&readers, &permits, "a", archive("1.0.0")).await;
        assert!(facts.unwrap().is_ok());
        assert_eq!(readers.made.load(Ordering::Relaxed), 1);
    }
}
