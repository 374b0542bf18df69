//! Several who want the same document: one of them fetches it for all.
//!
//! That is whoever has a turn to ask the upstream first. A client may wait long for its turns, where
//! what it asked for before hangs; nobody waits for that who wants the same document and may ask.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::futures::Notified;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// Those who want one document.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// Held by who looks on disk, and by who fetches; never by who waits for a turn.
    inside: Mutex<()>,
    fetching: AtomicBool,
    landed: Notify,
}

/// Somebody fetches, as long as this is there.
pub(super) struct Fetches<'a>(&'a Flight);

impl Drop for Fetches<'_> {
    fn drop(&mut self) {
        self.0.fetching.store(false, Ordering::Release);
        self.0.landed.notify_waiters();
    }
}

impl Flight {
    /// Waits until nobody else looks or fetches.
    pub async fn enter(&self) -> MutexGuard<'_, ()> {
        self.inside.lock().await
    }

    /// Becomes who fetches, if nobody does.
    pub fn fetch(&self) -> Option<Fetches<'_>> {
        let is_first = !self.fetching.swap(true, Ordering::AcqRel);
        is_first.then(|| Fetches(self))
    }

    /// Ends when somebody has fetched, or given up, since this was called.
    pub fn landed(&self) -> Notified<'_> {
        self.landed.notified()
    }
}

#[cfg(test)]
mod tests;
