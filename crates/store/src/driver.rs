//! One thread that drives what is asynchronous below, for callers that block.
//!
//! Callers may themselves be tasks of another runtime, which must not be entered twice; so
//! they wait on a channel, and the work is done here.

use crate::StoreError;
use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The thread. It ends when this is dropped; work that is under way is dropped then.
#[derive(Debug)]
pub(crate) struct Driver {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    /// Starts it.
    pub fn start(name: &str) -> Result<Self, StoreError> {
        let failed = |e: std::io::Error| StoreError::Database {
            doing: "start its threads",
            why: e.to_string(),
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // An error says that the sender is gone, which means the same.
                let _ = runtime.block_on(stopped);
            })
            .map_err(failed)?;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Does a piece of work there and waits for it.
    ///
    /// # Errors
    /// The thread is gone.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (give, take) = sync_channel(1);
        self.handle.spawn(async move {
            // Nobody else holds the other end.
            let _ = give.send(work.await);
        });
        take.recv().map_err(|_| StoreError::Closed)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a thread of the store ended early");
        }
    }
}
