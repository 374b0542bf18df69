//! `customs inspect --worker`: reads artifacts for the gates of a team, until it is told to stop.

use crate::error::Failure;
use crate::place::Place;

/// What a program without the features says.
#[cfg(not(all(feature = "nats", feature = "postgres")))]
pub fn main(_: &Place, _: bool) -> Result<u8, Failure> {
    Err(Failure::usage(
        "this customs cannot be a worker: build it with `cargo build --features postgres,nats`",
    ))
}

#[cfg(all(feature = "nats", feature = "postgres"))]
pub use working::main;

#[cfg(all(feature = "nats", feature = "postgres"))]
mod working {
    use super::{Failure, Place};
    use crate::error::Doing as _;
    use crate::{daemon, output, paths};
    use customs_registry::{Came, Finished, Worker};
    use serde::Serialize;
    use std::fs::File;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;
    use tokio::sync::watch;

    /// How often it is said what was done so far.
    const SAY: Duration = Duration::from_mins(1);
    /// Workers of one user on one machine.
    const AT_MOST: u32 = 256;

    /// Works until it is told to stop.
    pub fn main(place: &Place, json: bool) -> Result<u8, Failure> {
        log_to_stderr();
        customs_registry::http::install_tls();
        let (folder, _lock) = folder()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .doing("start the worker")?;
        let (shared, address, name) = place.open_for_work()?;
        runtime.block_on(async {
            let counted = Arc::new(Counted::default());
            let counts = counted.clone();
            let told = move |job: &Finished| {
                counts.count(&job.came);
                tell(job, json);
            };
            let worker = Worker::new(&folder, shared, &address, &name, told);
            let worker = worker.await.doing("start the worker")?;
            let (say, stop) = watch::channel(false);
            tokio::spawn(stop_when_told(say));
            let saying = tokio::spawn(say_counts(counted.clone()));
            tracing::info!(
                name,
                at_once = worker.at_once(),
                "the worker waits for jobs"
            );
            worker.run(stop).await;
            saying.abort();
            counted.say("the worker has ended");
            Ok(0)
        })
    }

    /// A folder of this worker's own, for artifacts while they are read, and the lock on it. What
    /// one that was killed left there is removed.
    fn folder() -> Result<(PathBuf, File), Failure> {
        let all = paths::cache()?.join("workers");
        for number in 0..AT_MOST {
            let folder = all.join(number.to_string());
            paths::private_folder(&folder)?;
            let Some(lock) = daemon::lock(&folder)? else {
                continue;
            };
            let artifacts = folder.join("artifacts");
            if artifacts.exists() {
                std::fs::remove_dir_all(&artifacts)
                    .doing(format_args!("empty {}", artifacts.display()))?;
            }
            return Ok((artifacts, lock));
        }
        Err(Failure::work(format!(
            "{AT_MOST} workers use {}; stop some of them",
            all.display()
        )))
    }

    /// What was done so far.
    #[derive(Default)]
    struct Counted {
        read: AtomicU64,
        unread: AtomicU64,
        known: AtomicU64,
        left: AtomicU64,
        dropped: AtomicU64,
    }

    impl Counted {
        fn count(&self, came: &Came) {
            let counter = match came {
                Came::Read => &self.read,
                Came::Unread(_) => &self.unread,
                Came::Known => &self.known,
                Came::Left(_) => &self.left,
                Came::Dropped(_) => &self.dropped,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }

        fn say(&self, what: &str) {
            let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            tracing::info!(
                read = of(&self.read),
                unread = of(&self.unread),
                known = of(&self.known),
                left = of(&self.left),
                dropped = of(&self.dropped),
                "{what}"
            );
        }
    }

    async fn say_counts(counted: Arc<Counted>) {
        loop {
            tokio::time::sleep(SAY).await;
            counted.say("jobs so far");
        }
    }

    /// A job, for programs.
    #[derive(Serialize)]
    struct Line<'a> {
        schema: &'static str,
        /// Engine, kind and digest of the artifact.
        key: &'a str,
        came: &'static str,
        because: Option<&'a str>,
        milliseconds: u64,
        deliveries: i64,
    }

    fn tell(job: &Finished, json: bool) {
        let (came, because) = words(&job.came);
        let milliseconds = u64::try_from(job.took.as_millis()).unwrap_or(u64::MAX);
        let line = Line {
            schema: "customs.worker/1",
            key: &job.key,
            came,
            because,
            milliseconds,
            deliveries: job.deliveries,
        };
        match &job.came {
            Came::Read | Came::Known => tracing::info!(came, milliseconds, key = job.key, "a job"),
            Came::Unread(_) | Came::Left(_) | Came::Dropped(_) => {
                let key = &job.key;
                tracing::warn!(came, because, milliseconds, key, "a job");
            }
        }
        if !json {
            return;
        }
        let written = serde_json::to_string(&line)
            .doing("write a job")
            .and_then(|text| output::result(&format!("{text}\n")));
        if let Err(failure) = written {
            tracing::warn!("{failure}");
        }
    }

    fn words(came: &Came) -> (&'static str, Option<&str>) {
        match came {
            Came::Read => ("read", None),
            Came::Unread(why) => ("unread", Some(why)),
            Came::Known => ("known", None),
            Came::Left(why) => ("left", Some(why)),
            Came::Dropped(why) => ("dropped", Some(why)),
        }
    }

    /// Ends the worker in order when the system asks for it.
    async fn stop_when_told(stop: watch::Sender<bool>) {
        crate::stop::told().await;
        tracing::info!("the worker stops: what it reads is finished, the rest given back");
        stop.send_replace(true);
        // A dropped sender would say the same; it is kept so that this is the only word.
        std::future::pending::<()>().await;
    }

    /// What runs services collects what they say on stderr.
    fn log_to_stderr() {
        let filter = tracing_subscriber::EnvFilter::try_from_env("CUSTOMS_LOG")
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,customs=info"));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .init();
    }
}
