//! Reading artifacts: each once, by digest, a few at a time, remembered on disk.
//!
//! A verdict is made anew from these facts whenever rules or policy change; the facts
//! themselves depend on the bytes and on the engine alone, so that is what they are kept by.

use crate::flights::Flights;
use crate::judge::archive::{self, ArtifactFacts, Kind};
use customs_inspect::ENGINE_VERSION;
use customs_model::{Digest, Unread, printable};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Artifacts whose facts are held in memory.
const HELD: usize = 1_024;
/// Bytes of stack: parsers go as deep as code is nested. Only what is touched is paid for.
const STACK: usize = 512 << 20;
/// Packed bytes from which an artifact is read alone: it may fill the memory bound.
const LARGE: u64 = 8 << 20;
/// Bytes of the facts of one artifact on disk.
const FACTS: u64 = 16 << 20;

/// What was read of artifacts.
pub(crate) struct Inspections {
    folder: PathBuf,
    held: Mutex<HashMap<(Digest, Kind), Arc<ArtifactFacts>>>,
    flights: Flights,
    readers: Arc<Semaphore>,
    most: u32,
}

impl Inspections {
    /// Keeps facts below `folder`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let folder = folder.join(format!("engine-{ENGINE_VERSION}"));
        std::fs::create_dir_all(&folder)?;
        crate::clear_half_written(&folder)?;
        let most = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            folder,
            held: Mutex::default(),
            flights: Flights::default(),
            readers: Arc::new(Semaphore::new(most)),
            most: most.try_into().unwrap_or(1),
        })
    }

    /// What is known already.
    pub fn known(&self, digest: &Digest, kind: Kind) -> Option<Arc<ArtifactFacts>> {
        let key = (digest.clone(), kind);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = held.get(&key) {
            return Some(facts.clone());
        }
        drop(held);
        let facts = Arc::new(remembered(&self.path(digest, kind))?);
        self.hold(key, &facts);
        Some(facts)
    }

    /// What the artifact at `path`, whose bytes have this digest, says and does.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(
        self: &Arc<Self>,
        path: PathBuf,
        digest: &Digest,
        kind: Kind,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        // It goes on when the asker hangs up: whoever asks again finds it done.
        let (this, digest) = (self.clone(), digest.clone());
        tokio::spawn(async move { this.read_now(path, &digest, kind).await })
            .await
            .unwrap_or_else(|error| Err(Unread::NotFetched(error.to_string())))
    }

    async fn read_now(
        &self,
        path: PathBuf,
        digest: &Digest,
        kind: Kind,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        let _turn = self
            .flights
            .turn(&format!("{digest} {}", kind.word()))
            .await;
        if let Some(known) = self.known(digest, kind) {
            return Ok(known);
        }
        let file = File::open(&path)
            .map_err(|error| Unread::NotFetched(format!("its file cannot be opened: {error}")))?;
        let large = file.metadata().is_ok_and(|meta| meta.len() > LARGE);
        let wanted = if large { self.most } else { 1 };
        let permit = self.readers.clone().acquire_many_owned(wanted).await;
        let permit = permit.map_err(|error| Unread::NotFetched(error.to_string()))?;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let work = move || {
            // Whoever asked may be gone.
            let _ = sender.send(archive::read(file, kind));
            drop(permit);
        };
        let started = std::thread::Builder::new()
            .name("inspect".to_owned())
            .stack_size(STACK)
            .spawn(work);
        if let Err(error) = started {
            return Err(Unread::NotFetched(format!("no thread to read it: {error}")));
        }
        let facts = match receiver.await {
            Ok(Ok(Ok(facts))) => Arc::new(facts),
            Ok(Ok(Err(why))) => {
                tracing::warn!(why, %digest, "an artifact could not be read");
                return Err(Unread::NotReadable(printable(&why, 200)));
            }
            // That this machine could not read its own disk says nothing of the artifact.
            Ok(Err(error)) => return Err(Unread::NotFetched(error.to_string())),
            // One that a reader cannot bear is one that cannot be read.
            Err(_) => return Err(Unread::NotReadable("the reader ended early".to_owned())),
        };
        if let Err(error) = self.remember(digest, kind, &facts) {
            // It is read again by the next gate.
            tracing::warn!(%error, %digest, "what was read of an artifact cannot be kept");
        }
        self.hold((digest.clone(), kind), &facts);
        Ok(facts)
    }

    fn hold(&self, key: (Digest, Kind), facts: &Arc<ArtifactFacts>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD {
            held.clear();
        }
        held.insert(key, facts.clone());
    }

    fn path(&self, digest: &Digest, kind: Kind) -> PathBuf {
        let hex = digest.to_hex();
        self.folder
            .join(&hex[..2])
            .join(format!("{}-{}.json", &hex[2..], kind.word()))
    }

    fn remember(&self, digest: &Digest, kind: Kind, facts: &ArtifactFacts) -> io::Result<()> {
        let target = self.path(digest, kind);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(&self.folder)?;
        serde_json::to_writer(io::BufWriter::new(&file), facts)?;
        file.persist(target).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What was kept; a file that another program left there says nothing.
fn remembered(path: &Path) -> Option<ArtifactFacts> {
    let length = std::fs::metadata(path).ok()?.len();
    if length > FACTS {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
