//! Artifacts: fetched once, hashed while they arrive, kept by digest.

use crate::http::{Ask, FetchError, Fetcher, host_of, limit, transport};
use crate::shared::Shared;
use crate::upstream::Upstream;
use bytes::Bytes;
use customs_model::{Digest, DigestAlgorithm, Hasher, Timestamp};
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;
use url::Url;

/// How far a download is.
#[derive(Debug, Clone)]
pub enum Progress {
    /// So many bytes are in the file; the length that the upstream announced.
    Arriving {
        /// Bytes written.
        have: u64,
        /// Bytes announced.
        total: Option<u64>,
    },
    /// All bytes are there, and they are what the document promised.
    Verified {
        /// Bytes.
        length: u64,
        /// The digest that was checked.
        digest: Digest,
    },
    /// The bytes are not what the document promised.
    Mismatch {
        /// What was promised.
        promised: Digest,
        /// What arrived.
        found: Digest,
    },
    /// It broke off.
    Failed(Arc<FetchError>),
}

/// A download that others may join.
#[derive(Debug, Clone)]
pub struct Download {
    /// Where the bytes are while they arrive; valid as long as somebody holds this.
    pub partial: PathBuf,
    /// How far it is.
    pub progress: watch::Receiver<Progress>,
}

/// An artifact, or the flight that brings it.
#[derive(Debug, Clone)]
pub enum Artifact {
    /// In the cache, verified when it was stored.
    Cached {
        /// The file.
        path: PathBuf,
        /// Bytes.
        length: u64,
        /// Its digest.
        digest: Digest,
    },
    /// Arriving.
    Arriving(Download),
}

/// The content-addressed store of artifacts.
pub struct Artifacts {
    folder: PathBuf,
    /// Where other gates look, and this one before it asks an upstream.
    shared: Option<Arc<Shared>>,
    fetcher: Fetcher,
    flights: Mutex<HashMap<String, Download>>,
    /// Files that had the right bytes when they were last looked at.
    sound: Mutex<HashMap<Digest, Look>>,
}

/// What tells that a file was not touched since: its length, and when it was written.
type Look = (u64, Option<SystemTime>);

/// Looks that are remembered.
const LOOKS: usize = 65_536;

impl Artifacts {
    /// Keeps them below `folder`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: PathBuf, fetcher: Fetcher) -> std::io::Result<Arc<Self>> {
        Self::shared(folder, fetcher, None)
    }

    /// The same, in common with other gates.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn shared(
        folder: PathBuf,
        fetcher: Fetcher,
        shared: Option<Arc<Shared>>,
    ) -> std::io::Result<Arc<Self>> {
        std::fs::create_dir_all(&folder)?;
        crate::clear_half_written(&folder)?;
        Ok(Arc::new(Self {
            folder,
            shared,
            fetcher,
            flights: Mutex::default(),
            sound: Mutex::default(),
        }))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        self.folder
            .join(digest.algorithm().name())
            .join(&hex[..2])
            .join(&hex[2..])
    }

    /// Downloads that are on their way.
    pub fn arriving(&self) -> usize {
        let flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.len()
    }

    /// An artifact that is in the cache.
    pub fn cached(&self, digest: &Digest) -> Option<Artifact> {
        let path = self.path(digest);
        let length = std::fs::metadata(&path).ok()?.len();
        Some(Artifact::Cached {
            path,
            length,
            digest: digest.clone(),
        })
    }

    /// Whether a cached file still has the bytes that it was stored for. A power failure
    /// leaves names without bytes, and other programs reach the folder too; so each file
    /// is hashed once per process, and again when it was touched. A file that fails is
    /// removed.
    pub async fn is_sound(&self, digest: &Digest) -> bool {
        let path = self.path(digest);
        let Some(now) = look(&path) else {
            return false;
        };
        let sound = |this: &Self| {
            let looks = this.sound.lock().unwrap_or_else(PoisonError::into_inner);
            looks.get(digest) == Some(&now)
        };
        if sound(self) {
            return true;
        }
        match digest_of(path.clone(), digest.algorithm()).await {
            Ok(found) if found == *digest => {
                self.remember(digest, now);
                true
            }
            Ok(_) | Err(_) => {
                tracing::warn!(%digest, "a file of the cache is not what it was; fetched again");
                let _ = std::fs::remove_file(path);
                false
            }
        }
    }

    fn remember(&self, digest: &Digest, look: Look) {
        let mut looks = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= LOOKS {
            looks.clear();
        }
        looks.insert(digest.clone(), look);
    }

    /// The artifact with this digest, from the cache or from `url`. Downloads of the
    /// same digest are joined. The download goes on when the asker hangs up.
    pub fn get(self: &Arc<Self>, upstream: &Upstream, url: &Url, digest: &Digest) -> Artifact {
        if let Some(cached) = self.cached(digest) {
            return cached;
        }
        let key = digest.to_string();
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key) {
            return Artifact::Arriving(flight.clone());
        }
        // Between the first look and this one a flight may have landed.
        if let Some(cached) = self.cached(digest) {
            return cached;
        }
        let (sender, progress) = watch::channel(Progress::Arriving {
            have: 0,
            total: None,
        });
        let partial = self.folder.join(format!(
            ".tmp-{}-{}",
            digest.algorithm().name(),
            digest.to_hex()
        ));
        let download = Download {
            partial: partial.clone(),
            progress,
        };
        flights.insert(key.clone(), download.clone());
        drop(flights);
        let (this, upstream, url, digest) =
            (self.clone(), upstream.clone(), url.clone(), digest.clone());
        let flight = async move {
            let end = match this
                .download(&upstream, &url, &digest, &partial, &sender)
                .await
            {
                Ok(progress) => progress,
                Err(error) => Progress::Failed(Arc::new(error)),
            };
            // Before the next flight may begin: its file has the same name.
            if !matches!(end, Progress::Verified { .. }) {
                let _ = std::fs::remove_file(&partial);
            }
            this.flights
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&key);
            sender.send_replace(end);
        };
        tokio::spawn(crate::trace::carry(flight));
        Artifact::Arriving(download)
    }

    /// The same, where what is cached was looked at.
    pub async fn get_sound(
        self: &Arc<Self>,
        upstream: &Upstream,
        url: &Url,
        digest: &Digest,
    ) -> Artifact {
        if self.cached(digest).is_some() {
            self.is_sound(digest).await;
        }
        self.get(upstream, url, digest)
    }

    /// Waits for the whole artifact.
    ///
    /// # Errors
    /// The download failed or the bytes are not what was promised.
    pub async fn whole(
        self: &Arc<Self>,
        upstream: &Upstream,
        url: &Url,
        digest: &Digest,
    ) -> Result<PathBuf, FetchError> {
        match self.get_sound(upstream, url, digest).await {
            Artifact::Cached { path, .. } => Ok(path),
            Artifact::Arriving(mut download) => {
                let host = host_of(url);
                loop {
                    let progress = download.progress.borrow_and_update().clone();
                    match progress {
                        Progress::Arriving { .. } => {}
                        Progress::Verified { .. } => return Ok(self.path(digest)),
                        Progress::Mismatch { promised, found } => {
                            let why =
                                format!("the bytes are {found}, the document promises {promised}");
                            return Err(FetchError::Document { host, why });
                        }
                        Progress::Failed(error) => {
                            return Err(FetchError::Transport {
                                host,
                                why: error.to_string(),
                            });
                        }
                    }
                    if download.progress.changed().await.is_err() {
                        let why = "the download was given up".into();
                        return Err(FetchError::Transport { host, why });
                    }
                }
            }
        }
    }

    async fn download(
        &self,
        upstream: &Upstream,
        url: &Url,
        digest: &Digest,
        partial: &std::path::Path,
        sender: &watch::Sender<Progress>,
    ) -> Result<Progress, FetchError> {
        let disk = |e: std::io::Error| FetchError::Cache(e.to_string());
        if let Some(length) = self.bring(digest).await {
            let digest = digest.clone();
            return Ok(Progress::Verified { length, digest });
        }
        let response = self
            .fetcher
            .ask(upstream, Ask::artifact(url.clone()))
            .await?;
        if response.status().as_u16() != 200 {
            return Err(FetchError::of_status(url, &response));
        }
        let total = response.content_length();
        // The cache may be deleted at any time.
        std::fs::create_dir_all(&self.folder).map_err(disk)?;
        let mut file = std::fs::File::create(partial).map_err(disk)?;
        let mut hasher = Hasher::new(digest.algorithm());
        let mut have = 0u64;
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk: Bytes = chunk.map_err(|e| transport(url, e))?;
            have += chunk.len() as u64;
            if have > limit::ARTIFACT {
                return Err(FetchError::TooLong {
                    host: host_of(url),
                    limit: limit::ARTIFACT,
                });
            }
            hasher.update(&chunk);
            file.write_all(&chunk).map_err(disk)?;
            sender.send_replace(Progress::Arriving { have, total });
        }
        let found = hasher.finish();
        if found != *digest {
            return Ok(Progress::Mismatch {
                promised: digest.clone(),
                found,
            });
        }
        let target = self.path(digest);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(disk)?;
        }
        std::fs::rename(partial, &target).map_err(disk)?;
        if let Some(look) = look(&target) {
            self.remember(&found, look);
        }
        if let Some(shared) = &self.shared {
            shared.hand_over(&found, &target);
        }
        Ok(Progress::Verified {
            length: have,
            digest: found,
        })
    }

    /// The artifact as another gate fetched it; its bytes are checked on the way.
    async fn bring(&self, digest: &Digest) -> Option<u64> {
        let target = self.path(digest);
        let length = self.shared.as_ref()?.bring(digest, &target).await?;
        if let Some(look) = look(&target) {
            self.remember(digest, look);
        }
        Some(length)
    }

    /// `Last-Modified` of an artifact, asked with HEAD.
    pub async fn last_modified(&self, upstream: &Upstream, url: &Url) -> Option<Timestamp> {
        let ask = Ask {
            method: reqwest::Method::HEAD,
            ..Ask::get(url.clone())
        };
        let response = self.fetcher.ask(upstream, ask).await.ok()?;
        let text = response
            .headers()
            .get(reqwest::header::LAST_MODIFIED)?
            .to_str()
            .ok()?
            .to_owned();
        jiff_http_date(&text)
    }

    /// An artifact for which the document promises no digest: fetched whole, pinned to
    /// what arrived.
    ///
    /// # Errors
    /// As a download.
    pub async fn unpromised(&self, upstream: &Upstream, url: &Url) -> Result<Digest, FetchError> {
        let response = self
            .fetcher
            .ask(upstream, Ask::artifact(url.clone()))
            .await?;
        if response.status().as_u16() != 200 {
            return Err(FetchError::of_status(url, &response));
        }
        let disk = |e: std::io::Error| FetchError::Cache(e.to_string());
        std::fs::create_dir_all(&self.folder).map_err(disk)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(disk)?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut have = 0u64;
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk: Bytes = chunk.map_err(|e| transport(url, e))?;
            have += chunk.len() as u64;
            if have > limit::ARTIFACT {
                return Err(FetchError::TooLong {
                    host: host_of(url),
                    limit: limit::ARTIFACT,
                });
            }
            hasher.update(&chunk);
            file.write_all(&chunk).map_err(disk)?;
        }
        let digest = hasher.finish();
        let target = self.path(&digest);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(disk)?;
        }
        file.persist(target).map_err(|e| disk(e.error))?;
        Ok(digest)
    }
}

fn look(path: &std::path::Path) -> Option<Look> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.len(), meta.modified().ok()))
}

/// The digest of a file by one algorithm.
///
/// # Errors
/// It cannot be read.
pub async fn digest_of(path: PathBuf, algorithm: DigestAlgorithm) -> std::io::Result<Digest> {
    let hash = move || {
        let mut file = std::fs::File::open(path)?;
        let mut hasher = Hasher::new(algorithm);
        let mut piece = vec![0; 256 << 10];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hasher.finish()),
                n => hasher.update(&piece[..n]),
            }
        }
    };
    tokio::task::spawn_blocking(hash)
        .await
        .map_err(std::io::Error::other)?
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn jiff_http_date(text: &str) -> Option<Timestamp> {
    let mut parts = text.split_ascii_whitespace().skip(1);
    let day: u8 = parts.next()?.parse().ok()?;
    let month = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    .iter()
    .position(|m| Some(*m) == text.split_ascii_whitespace().nth(2))?
        + 1;
    let year: u16 = parts.nth(1)?.parse().ok()?;
    let time = parts.next()?;
    format!("{year:04}-{month:02}-{day:02}T{time}Z")
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_read() {
        let at = jiff_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(at, "1994-11-06T08:49:37Z".parse().unwrap());
        assert_eq!(jiff_http_date("yesterday"), None);
    }
}
