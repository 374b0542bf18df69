use super::*;
use crate::judge::archive::Kind;
use crate::queue::{Asking, Queue, QueueError};
use crate::shared::tests::House;
use customs_model::Digest;
use customs_store::FolderBlobs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// A queue without a server, and whoever takes jobs from it.
#[derive(Default)]
struct Desk {
    is_attended: AtomicBool,
    refuses: AtomicBool,
    put: AtomicUsize,
    words: Mutex<Vec<mpsc::Sender<Word>>>,
}

impl Queue for Desk {
    fn is_attended(&self) -> bool {
        self.is_attended.load(Ordering::Relaxed)
    }

    fn put<'a>(&'a self, _: &'a Job) -> Asking<'a, Result<Words, QueueError>> {
        self.put.fetch_add(1, Ordering::Relaxed);
        let (say, words) = mpsc::channel(8);
        self.words.lock().unwrap().push(say);
        let refused = QueueError::Away {
            doing: "take a job",
            why: "it is full".to_owned(),
        };
        let answer = match self.refuses.load(Ordering::Relaxed) {
            true => Err(refused),
            false => Ok(words),
        };
        Box::pin(async move { answer })
    }
}

/// A gate with such a queue, beside others of its team.
struct World {
    house: House,
    desk: Arc<Desk>,
    gate: Arc<Shared>,
    job: Job,
}

impl World {
    fn new() -> Self {
        let (house, desk) = (House::new(), Arc::new(Desk::default()));
        desk.is_attended.store(true, Ordering::Relaxed);
        let blobs = FolderBlobs::open(&house.at("blobs")).unwrap();
        let queue: Arc<dyn Queue> = desk.clone();
        let name = "gate".to_owned();
        let team = house.team.clone();
        let gate = Shared::with_workers(team, Arc::new(blobs), name, Some(queue));
        std::fs::write(house.at("own"), b"bytes").unwrap();
        let job = Job::new(&Digest::sha256(b"bytes"), Kind::Tarball, "left");
        Self {
            house,
            desk,
            gate,
            job,
        }
    }

    async fn asked(&self) -> ByWorker {
        self.gate.by_worker(&self.job, &self.house.at("own")).await
    }

    fn put(&self) -> usize {
        self.desk.put.load(Ordering::Relaxed)
    }

    /// Waits until a job was put, and says something of it.
    async fn say(&self, word: Word) {
        while self.desk.words.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let say = self.desk.words.lock().unwrap()[0].clone();
        say.send(word).await.unwrap();
    }

    /// As a worker does it.
    async fn record(&self, verdict: Verdict) {
        let (two, key) = (self.house.two.clone(), self.job.key());
        let recorded = tokio::task::spawn_blocking(move || two.record_now(&key, &verdict));
        assert!(recorded.await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn what_a_worker_records_is_the_answer_and_it_has_the_bytes_from_the_common_store() {
    let world = World::new();
    let working = async {
        world.say(Word::Taken).await;
        let file = world.house.at("brought");
        assert_eq!(
            world.house.two.bring(&world.job.digest, &file).await,
            Some(5)
        );
        world.say(Word::Working).await;
        world.record(Verdict::Facts(b"facts".to_vec())).await;
        world.say(Word::Done).await;
    };
    let (answer, ()) = tokio::join!(world.asked(), working);
    let ByWorker::Done(Verdict::Facts(facts)) = answer else {
        panic!("the gate goes its own way");
    };
    assert_eq!(facts, b"facts");
    let jobs = world.gate.jobs().unwrap();
    let numbers = (jobs.put, jobs.taken, jobs.done, jobs.failed, jobs.waiting);
    assert_eq!(numbers, (1, 1, 1, 0, 0));
}

#[tokio::test]
async fn a_word_that_is_lost_keeps_nobody_waiting_for_long() {
    let world = World::new();
    let begun = Instant::now();
    let working = async {
        world.say(Word::Taken).await;
        world
            .record(Verdict::Unread("it is no archive".to_owned()))
            .await;
    };
    let (answer, ()) = tokio::join!(world.asked(), working);
    let ByWorker::Done(Verdict::Unread(why)) = answer else {
        panic!("the gate goes its own way");
    };
    assert_eq!(why, "it is no archive");
    assert!(begun.elapsed() < SILENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_word_that_it_is_done_is_not_believed() {
    let world = World::new();
    let lying = async {
        world.say(Word::Done).await;
        world.say(Word::Done).await;
    };
    let (answer, ()) = tokio::join!(world.asked(), lying);
    assert!(matches!(answer, ByWorker::Here));
}

#[tokio::test]
async fn where_no_worker_is_nothing_is_put_and_nobody_waits() {
    let world = World::new();
    world.desk.is_attended.store(false, Ordering::Relaxed);
    let begun = Instant::now();
    assert!(matches!(world.asked().await, ByWorker::Here));
    assert_eq!(world.put(), 0);
    let own = world.house.at("own");
    let alone = world.house.one.by_worker(&world.job, &own);
    assert!(matches!(alone.await, ByWorker::Here));
    assert!(begun.elapsed() < ANSWER);
}

#[tokio::test]
async fn a_queue_that_refuses_is_not_asked_by_every_request() {
    let world = World::new();
    world.desk.refuses.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        assert!(matches!(world.asked().await, ByWorker::Here));
    }
    assert_eq!(world.put(), 1);
}

#[tokio::test]
async fn a_job_that_nobody_takes_is_done_here_after_a_while() {
    let world = World::new();
    let begun = Instant::now();
    assert!(matches!(world.asked().await, ByWorker::Here));
    assert!(begun.elapsed() >= ANSWER && world.put() == 1);
    let jobs = world.gate.jobs().unwrap();
    let numbers = (jobs.put, jobs.taken, jobs.done, jobs.failed, jobs.waiting);
    assert_eq!(numbers, (1, 0, 0, 1, 0));
    assert!(matches!(world.asked().await, ByWorker::Here));
    assert_eq!(world.put(), 1, "everybody waits");
}
