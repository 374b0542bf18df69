//! What is in artifacts that were delivered, written down file by file: it is kept with the ledger,
//! so that an installed tree can be held against it when the cache has dropped the bytes.

use customs_device::artifact::FileLists;
use customs_model::{Digest, ReleaseId};
use customs_registry::Registry;
use customs_registry::artifact::Artifact;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Artifacts that are written down at once: nobody waits for it.
const AT_ONCE: usize = 2;

/// The lists of this gate.
pub(crate) struct Lists {
    folder: FileLists,
    turns: Arc<Semaphore>,
    registry: Arc<Registry>,
}

impl Lists {
    pub fn new(folder: PathBuf, registry: Arc<Registry>) -> Arc<Self> {
        Arc::new(Self {
            folder: FileLists::new(folder),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            registry,
        })
    }

    /// Writes down what is in an artifact that was verified, when there is time for it. Where that
    /// fails an installed tree can be compared a little less, so it is no failure of the delivery.
    pub fn keep(self: &Arc<Self>, release: ReleaseId, file: String, digest: Digest) {
        let this = self.clone();
        tokio::spawn(async move {
            // Never closed.
            let _turn = this.turns.clone().acquire_owned().await;
            let lists = this.clone();
            let kept = tokio::task::spawn_blocking(move || {
                let Some(Artifact::Cached { path, .. }) = lists.registry.artifacts.cached(&digest)
                else {
                    // The cache may be emptied at any time.
                    return Ok(false);
                };
                lists.folder.keep(&release, &file, &path, &digest)
            });
            match kept.await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "what is in an artifact could not be written down");
                }
                Err(error) => {
                    tracing::error!(%error, "what is in an artifact could not be written down");
                }
            }
        });
    }
}
