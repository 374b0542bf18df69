//! The queue on NATS JetStream. A stream with a work queue's retention holds the jobs, one subject
//! for each engine; each engine's workers share one durable consumer. Words about jobs, and that
//! workers are there, are plain messages.

mod address;
mod work;

pub use address::NatsAddress;
pub(crate) use work::{Taken, WorkQueue};

use super::{Asking, Job, Queue, QueueError, Word, Words, limit};
use async_nats::connection::State;
use async_nats::jetstream;
use async_nats::jetstream::message::PublishMessage;
use async_nats::{Client, Subscriber};
use customs_inspect::ENGINE_VERSION;
use customs_model::Digest;
use futures_util::StreamExt as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How often a worker says that it is there.
pub(crate) const PRESENT: Duration = Duration::from_secs(2);
/// After so long without hearing of any there is none.
const ABSENT: Duration = Duration::from_secs(7);
/// After a connection that could not be begun it is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// How long a job may take to be on the queue's disk.
const PUT: Duration = Duration::from_secs(3);

/// The name of the stream.
const STREAM: &str = "CUSTOMS_INSPECT";
/// Every job's subject begins so.
const JOBS: &str = "customs.inspect.job";

/// The subject, and the durable consumer's name, of this engine's jobs.
fn engine() -> String {
    format!("engine-{ENGINE_VERSION}")
}

fn subject_of_jobs() -> String {
    format!("{JOBS}.{}", engine())
}

fn subject_of_workers() -> String {
    format!("customs.inspect.worker.{}", engine())
}

/// What is said of a job. A digest of its key, which has spaces.
fn subject_of_words(key: &str) -> String {
    let hex = Digest::sha256(key.as_bytes()).to_hex();
    format!("customs.inspect.word.{}", hex.get(..32).unwrap_or(&hex))
}

fn away(doing: &'static str) -> impl Fn(&dyn std::fmt::Display) -> QueueError {
    move |why| QueueError::Away {
        doing,
        why: customs_model::printable(&why.to_string(), 200),
    }
}

/// A gate's side of the queue.
pub struct NatsQueue {
    state: Arc<Connected>,
    following: JoinHandle<()>,
}

#[derive(Default)]
struct Connected {
    client: OnceLock<(Client, jetstream::Context)>,
    /// When a worker was heard of.
    heard: Mutex<Option<Instant>>,
}

impl Drop for NatsQueue {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl NatsQueue {
    /// Connects when the server is there; until then nobody attends the queue. To be called where
    /// tokio runs.
    pub fn start(address: NatsAddress, name: &str) -> Arc<Self> {
        let (state, name) = (Arc::<Connected>::default(), name.to_owned());
        let following = tokio::spawn(follow(state.clone(), address, name));
        Arc::new(Self { state, following })
    }

    async fn put_now(&self, job: &Job) -> Result<Words, QueueError> {
        let Some((client, context)) = self.state.client.get() else {
            return Err(away("be reached")(&"there is no connection yet"));
        };
        let key = job.key();
        let failed = away("take a job");
        let words = client.subscribe(subject_of_words(&key)).await;
        let words = words.map_err(|error| failed(&error))?;
        let job = serde_json::to_vec(job).map_err(|error| failed(&error))?;
        // Who put it before, put the same: the server drops this one then.
        let message = PublishMessage::build().message_id(&key).payload(job.into());
        let put = context.send_publish(subject_of_jobs(), message).await;
        let put = put.map_err(|error| failed(&error))?;
        let kept = put.await.map_err(|error| failed(&error))?;
        tracing::debug!(key, duplicate = kept.duplicate, "a job was put");
        Ok(hear(words))
    }
}

impl Queue for NatsQueue {
    fn is_attended(&self) -> bool {
        let is_there = self
            .state
            .client
            .get()
            .is_some_and(|(client, _)| client.connection_state() == State::Connected);
        let heard = self
            .state
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        is_there && heard.is_some_and(|at| at.elapsed() < ABSENT)
    }

    fn put<'a>(&'a self, job: &'a Job) -> Asking<'a, Result<Words, QueueError>> {
        Box::pin(self.put_now(job))
    }
}

/// Connects, and hears which workers are there.
async fn follow(state: Arc<Connected>, address: NatsAddress, name: String) {
    let client = loop {
        match address.connect(&name).await {
            Ok(client) => break client,
            Err(error) => tracing::warn!("{error}; this gate reads artifacts itself"),
        }
        tokio::time::sleep(AGAIN).await;
    };
    let context = jetstream::ContextBuilder::new()
        .timeout(PUT)
        .ack_timeout(PUT)
        .build(client.clone());
    if state.client.set((client.clone(), context)).is_err() {
        return;
    }
    loop {
        match client.subscribe(subject_of_workers()).await {
            Ok(mut workers) => {
                while workers.next().await.is_some() {
                    let mut heard = state.heard.lock().unwrap_or_else(PoisonError::into_inner);
                    *heard = Some(Instant::now());
                }
            }
            Err(error) => tracing::warn!(%error, "the queue's workers cannot be heard of"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Words of one job, until nobody wants to hear them any more.
fn hear(mut words: Subscriber) -> Words {
    let (say, heard) = mpsc::channel(limit::WORDS);
    tokio::spawn(async move {
        loop {
            let message = tokio::select! {
                message = words.next() => message,
                () = say.closed() => None,
            };
            let Some(message) = message else { break };
            // One that finds no room is lost, as any may be.
            if let Some(word) = Word::read(&message.payload) {
                let _ = say.try_send(word);
            }
        }
        if let Err(error) = words.unsubscribe().await {
            tracing::debug!(%error, "words of a job are still sent");
        }
    });
    heard
}
