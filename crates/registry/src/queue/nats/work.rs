//! A worker's side of the queue.

use super::{JOBS, STREAM, away, engine, subject_of_jobs, subject_of_words, subject_of_workers};
use crate::queue::{Job, NatsAddress, QueueError, Word, limit};
use async_nats::Client;
use async_nats::jetstream::consumer::pull::Config as Pull;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, AckKind, Message};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long a job may be worked at without a word. Then it is another worker's.
const SILENT: Duration = Duration::from_secs(10);
/// How often a job is delivered before it is left where it lies. Who ends over it is counted apart,
/// and sooner.
const DELIVERIES: i64 = 20;
/// Jobs that lie longer are dropped: whoever wanted to know has read it itself.
const AGE: Duration = Duration::from_hours(24);
/// Jobs at most; what comes then is refused, and the gates do it themselves.
const JOBS_AT_MOST: i64 = 100_000;
/// In this time the same job is not put twice.
const SAME: Duration = Duration::from_mins(2);
/// An engine without workers is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(7 * 24);
/// How long a question for a job stands.
const ASK: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// The queue, as who takes jobs sees it.
pub(crate) struct WorkQueue {
    client: Client,
    context: jetstream::Context,
    consumer: Mutex<Option<PullConsumer>>,
}

/// A job that was taken, and what the queue is to know of it.
pub(crate) struct Taken {
    message: Message,
    words: String,
    client: Client,
    /// How often it was delivered, this time included.
    pub deliveries: i64,
    /// None: it is no job for this program.
    pub job: Option<Job>,
}

impl WorkQueue {
    /// Begins to connect.
    pub async fn connect(address: &NatsAddress, name: &str) -> Result<Self, QueueError> {
        let client = address.connect(name).await?;
        let context = jetstream::ContextBuilder::new()
            .timeout(ANSWER)
            .build(client.clone());
        Ok(Self {
            client,
            context,
            consumer: Mutex::default(),
        })
    }

    /// Says that a worker is there.
    pub async fn attend(&self) -> Result<(), QueueError> {
        let failed = away("hear that a worker is there");
        let said = self.client.publish(subject_of_workers(), "".into()).await;
        said.map_err(|error| failed(&error))
    }

    /// Makes what jobs lie in where it is missing: whoever comes first makes it.
    pub async fn prepare(&self) -> Result<(), QueueError> {
        self.consumer().await.map(drop)
    }

    /// The next job; none when none came for a while.
    pub async fn take(&self) -> Result<Option<Taken>, QueueError> {
        let failed = away("give a job");
        let consumer = self.consumer().await?;
        let asked = async {
            let batch = consumer.batch().max_messages(1).expires(ASK);
            let mut jobs = batch.messages().await.map_err(|error| failed(&error))?;
            let message = jobs.next().await.transpose();
            message.map_err(|error| failed(&error))
        };
        let message = match timeout(ASK + ANSWER, asked).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => {
                self.look_again().await;
                return Err(error);
            }
            Err(_) => {
                self.look_again().await;
                return Err(failed(&"it does not answer"));
            }
        };
        Ok(message.map(|message| {
            let job = Job::read(&message.payload);
            let words = job
                .as_ref()
                .map_or_else(String::new, |job| subject_of_words(&job.key()));
            let deliveries = message.info().map_or(0, |info| info.delivered);
            Taken {
                message,
                words,
                deliveries,
                client: self.client.clone(),
                job,
            }
        }))
    }

    /// What is asked for jobs.
    async fn consumer(&self) -> Result<PullConsumer, QueueError> {
        let mut known = self.consumer.lock().await;
        if let Some(consumer) = &*known {
            return Ok(consumer.clone());
        }
        let failed = away("be set up");
        let made = async {
            let stream = self.context.get_or_create_stream(stream()).await;
            let stream = stream.map_err(|error| failed(&error))?;
            let consumer = stream.get_or_create_consumer(&engine(), pull()).await;
            consumer.map_err(|error| failed(&error))
        };
        let made = timeout(2 * ANSWER, made).await;
        let consumer = made.map_err(|_| failed(&"it does not answer"))??;
        *known = Some(consumer.clone());
        Ok(consumer)
    }

    /// A server that lost its disk has neither stream nor consumer any more.
    async fn look_again(&self) {
        *self.consumer.lock().await = None;
    }
}

impl Taken {
    /// Says something to the gates that wait. Words may be lost.
    pub async fn say(&self, word: Word) {
        let said = self.client.publish(self.words.clone(), word.text().into());
        if let Err(error) = said.await {
            tracing::debug!(%error, "the gates do not hear of a job");
        }
    }

    /// It is worked at still: nobody else is to get it.
    pub async fn keep(&self) {
        if let Err(error) = self.message.ack_with(AckKind::Progress).await {
            tracing::debug!(%error, "the queue does not hear of a job");
        }
        self.say(Word::Working).await;
    }

    /// It is done: the queue has written that down when this returns.
    pub async fn done(&self) -> Result<(), QueueError> {
        let failed = away("hear that a job is done");
        let heard = timeout(ANSWER, self.message.double_ack()).await;
        let heard = heard.map_err(|_| failed(&"it does not answer"))?;
        heard.map_err(|error| failed(&error))
    }

    /// Another worker is to have it, after a while.
    pub async fn leave(&self, after: Duration) -> Result<(), QueueError> {
        let failed = away("take a job back");
        let after = Some(after).filter(|after| !after.is_zero());
        let left = self.message.ack_with(AckKind::Nak(after)).await;
        left.map_err(|error| failed(&error))?;
        self.say(Word::Left).await;
        Ok(())
    }

    /// Nobody is to have it.
    pub async fn discard(&self) -> Result<(), QueueError> {
        let failed = away("drop a job");
        let dropped = self.message.ack_with(AckKind::Term).await;
        dropped.map_err(|error| failed(&error))
    }
}

fn stream() -> Config {
    Config {
        name: STREAM.to_owned(),
        description: Some("artifacts that workers of customs are to read".to_owned()),
        subjects: vec![format!("{JOBS}.*")],
        retention: RetentionPolicy::WorkQueue,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_messages: JOBS_AT_MOST,
        max_age: AGE,
        // With what stands in its head.
        max_message_size: i32::try_from(2 * limit::JOB).unwrap_or(i32::MAX),
        duplicate_window: SAME,
        ..Config::default()
    }
}

fn pull() -> Pull {
    Pull {
        durable_name: Some(engine()),
        filter_subject: subject_of_jobs(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: SILENT,
        max_deliver: DELIVERIES,
        inactive_threshold: FORGOTTEN,
        ..Pull::default()
    }
}
