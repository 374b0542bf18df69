//! What a worker asks of the team's store. Where a gate goes its own way when the store is away, a
//! worker waits for it: what it does is worth nothing without.

use super::{Begun, Shared, Verdict};
use customs_store::StoreError;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the store is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked meanwhile.
const AGAIN: Duration = Duration::from_secs(1);

impl Shared {
    /// What the team knows of an artifact. None: the store is away.
    pub(crate) async fn known(self: &Arc<Self>, key: &str) -> Option<Option<Verdict>> {
        let key = key.to_owned();
        self.insist("look for an inspection", move |this| this.verdict(&key))
            .await
    }

    /// Writes down that an artifact is about to be read. None: the store is away.
    pub(crate) async fn begin(self: &Arc<Self>, key: &str) -> Option<Begun> {
        let key = key.to_owned();
        self.insist("begin an inspection", move |this| this.begin_now(&key))
            .await
    }

    /// Takes that back.
    pub(crate) async fn leave(self: &Arc<Self>, key: &str) {
        let (this, key) = (self.clone(), key.to_owned());
        // Where the store is away it counts as one that was not heard of again.
        self.ask("leave an inspection", move || this.leave_now(&key))
            .await;
    }

    /// Records what came of it; whether nobody had recorded anything before. None: the store is
    /// away.
    pub(crate) async fn record(self: &Arc<Self>, key: &str, verdict: &Verdict) -> Option<bool> {
        let (name, verdict) = (key.to_owned(), Arc::new(verdict.clone()));
        let record = move |this: &Self| this.record_now(&name, &verdict);
        let recorded = self.insist("record an inspection", record).await?;
        let (this, key) = (self.clone(), key.to_owned());
        // What is left there counts for an hour, and nobody looks once there is a verdict.
        self.ask("end an inspection", move || this.forget_attempts(&key))
            .await;
        Some(recorded)
    }

    async fn insist<T: Send + 'static>(
        self: &Arc<Self>,
        doing: &'static str,
        work: impl Fn(&Self) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Option<T> {
        let begun = Instant::now();
        loop {
            let (this, work) = (self.clone(), work.clone());
            if let Some(answer) = self.ask(doing, move || work(&this)).await {
                return Some(answer);
            }
            if begun.elapsed() >= PATIENCE {
                return None;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
