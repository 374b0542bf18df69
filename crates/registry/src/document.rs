//! Documents of upstreams: fetched once, indexed in one pass, kept on disk.
//!
//! The body never stays in memory. It lies in a file that is named by its digest and
//! is never changed, so a rendering that still reads an old one reads old bytes, not
//! mixed ones.

use crate::flights::InCommon;
use crate::held::Held;
use crate::http::{Ask, FetchError, Fetcher, host_of, limit, transport};
use crate::turns;
use crate::upstream::Upstream;
use customs_model::{Clock, Digest, DigestAlgorithm, Hasher, SignedDuration, Timestamp};
use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::Url;

mod dated;
mod fetching;
mod flight;
mod team;
#[cfg(test)]
mod text;

pub(crate) use dated::Dated;

/// How long a document is served without asking the upstream again.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// A document and its index. Its bytes go away when another document takes its place or
/// the cache is emptied; who finds them gone asks for the document again.
#[derive(Debug)]
pub struct Document<T> {
    /// What is in it.
    pub index: T,
    /// The bytes, in a file that never changes.
    pub body: PathBuf,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Bytes.
    pub length: u64,
    /// The media type that the upstream named.
    pub media_type: String,
    /// When the upstream last confirmed it.
    pub confirmed: Timestamp,
    /// When this package's document was first seen.
    pub first_document: Timestamp,
    /// The upstream could not be asked; this is what it said last.
    pub stale: Option<String>,
    /// How long the upstream wants to be left alone, where it said so instead of an answer.
    pub retry_after: Option<Duration>,
    /// Another gate was given it: the upstream is asked the next time all the same.
    pub of_team: bool,
}

/// Why an upstream could not be asked.
#[derive(Debug, Clone)]
struct Stale {
    why: String,
    retry_after: Option<Duration>,
}

impl<T> Document<T> {
    /// Opens the bytes.
    ///
    /// # Errors
    /// The cache was emptied meanwhile.
    pub fn open(&self) -> std::io::Result<File> {
        File::open(&self.body)
    }

    /// Reads one span of the bytes, at most 8 MiB.
    ///
    /// # Errors
    /// The cache was emptied meanwhile, or the span is no part of it.
    pub fn span(&self, offset: u64, length: u64) -> std::io::Result<Vec<u8>> {
        use std::io::{Read as _, Seek as _};
        if length > 8 << 20 {
            return Err(std::io::Error::other("one version's object is over 8 MiB"));
        }
        let mut file = self.open()?;
        file.seek(std::io::SeekFrom::Start(offset))?;
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// How a kind of document is read.
pub trait Indexed: Sized + Send + Sync + 'static {
    /// What the upstream is asked for.
    const ACCEPT: &'static str;

    /// Reads it. `media_type` is what the upstream named, `url` where it came from.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    fn read(body: BufReader<File>, media_type: &str, url: &Url) -> Result<Self, String>;

    /// Rough bytes of memory that the index takes.
    fn weight(&self) -> usize;
}

/// What lies beside a body on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Meta {
    body: String,
    digest: Digest,
    length: u64,
    media_type: String,
    /// Where it was read, after redirects: addresses in it are relative to that.
    #[serde(default)]
    address: Option<Url>,
    etag: Option<String>,
    last_modified: Option<String>,
    confirmed: Timestamp,
    first_document: Timestamp,
    /// Another gate of the team was given it, and this one was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    of_team: bool,
}

/// What an upstream says about a name.
#[derive(Debug)]
pub enum Found<T> {
    /// The document.
    Document(Arc<Document<T>>),
    /// It has none (404, 410).
    Missing,
}

impl<T> Clone for Found<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Document(d) => Self::Document(d.clone()),
            Self::Missing => Self::Missing,
        }
    }
}

/// Fetches and keeps the documents of one kind.
pub struct Documents<T> {
    folder: PathBuf,
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    memory: Mutex<Held<String, Arc<Document<T>>>>,
    flights: InCommon<flight::Flight>,
    fetching: fetching::Fetching,
    readers: tokio::sync::Semaphore,
    /// How many seconds a document is served that nobody can confirm.
    stale_for: AtomicI64,
    /// What is known of documents without reading them.
    dated: dated::AllDated,
    /// Where other gates find these, and this one theirs.
    team: Option<team::OfTeam>,
}

/// Bytes of indexes that stay in memory; the rest is indexed again from disk.
const MEMORY: usize = 12 << 20;
/// Documents indexed again from disk at the same time.
const READERS: usize = 8;

impl<T: Indexed> Documents<T> {
    /// Keeps bodies below `folder`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: PathBuf, fetcher: Fetcher, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        crate::clear_half_written(&folder)?;
        Ok(Self {
            folder,
            fetcher,
            clock,
            memory: Mutex::new(Held::new(MEMORY)),
            flights: InCommon::default(),
            fetching: fetching::Fetching::default(),
            readers: tokio::sync::Semaphore::new(READERS),
            stale_for: AtomicI64::new(i64::MAX),
            dated: dated::AllDated::default(),
            team: None,
        })
    }

    /// How long a document is served that its upstream cannot confirm. Without a word for ever.
    pub fn serve_stale_for(&self, time: SignedDuration) {
        self.stale_for.store(time.as_secs(), Ordering::Relaxed);
    }

    /// People ask for them from now on, beside what is done in the background.
    pub(crate) fn for_people(&mut self) {
        self.fetching.for_people();
    }

    /// How many wait for a turn to ask an upstream.
    pub(crate) fn waiting(&self) -> usize {
        self.fetching.waiting()
    }

    /// The document as it was said last, where its upstream is not to be asked now, because of
    /// `why`; none where it was not confirmed for too long, or never asked for.
    pub(crate) async fn kept(
        &self,
        upstream: &Upstream,
        path: &str,
        why: String,
    ) -> Option<Arc<Document<T>>> {
        let url = upstream.join(path).ok()?;
        let key = cache_key(upstream, &url);
        let flight = self.flights.of(&key);
        let _inside = flight.enter().await;
        let meta = self.meta(&key).filter(|meta| self.bears(meta))?;
        let stale = Stale {
            why,
            retry_after: None,
        };
        // One that cannot be read is as good as none.
        self.index(&url, &key, meta, Some(stale)).await.ok()
    }

    /// Whether a document was confirmed lately enough to be served unconfirmed.
    fn bears(&self, meta: &Meta) -> bool {
        let age = self.clock.now().duration_since(meta.confirmed);
        age.as_secs() <= self.stale_for.load(Ordering::Relaxed)
    }

    /// The document at `path` below the upstream's base.
    ///
    /// # Errors
    /// The upstream gives no usable answer and none was kept.
    pub async fn get(&self, upstream: &Upstream, path: &str) -> Result<Found<T>, FetchError> {
        self.get_within(upstream, path, FRESH).await
    }

    /// The same, for who bears less: the upstream confirmed it within `age`, and is asked
    /// again otherwise, with the `ETag` of what is kept. With zero it is always asked.
    ///
    /// # Errors
    /// As [`Documents::get`].
    pub async fn get_within(
        &self,
        upstream: &Upstream,
        path: &str,
        age: SignedDuration,
    ) -> Result<Found<T>, FetchError> {
        let url = upstream.join(path)?;
        let key = cache_key(upstream, &url);
        if let Some(kept) = self.usable(&key, age) {
            return Ok(Found::Document(kept));
        }
        let (flight, turns) = (self.flights.of(&key), self.fetching.at(upstream));
        let client = turns::client();
        loop {
            // From here on: what lands between the look and the wait is heard of.
            let mut landed = std::pin::pin!(flight.landed());
            let inside = flight.enter().await;
            if let Ok(kept) = self.at_hand(&url, &key, age).await {
                return Ok(Found::Document(kept));
            }
            drop(inside);
            let turn = tokio::select! {
                biased;
                () = &mut landed => continue,
                turn = turns.take(&client) => turn,
            };
            let Some(_fetches) = flight.fetch() else {
                // Somebody had a turn before; others have a use for this one meanwhile.
                drop(turn);
                landed.await;
                continue;
            };
            // Whoever is there looks, and does not wait.
            let _inside = flight.enter().await;
            return match self.at_hand(&url, &key, age).await {
                Ok(kept) => Ok(Found::Document(kept)),
                Err(old) => self.load(upstream, url, &key, old).await,
            };
        }
    }

    /// The document, where nobody has to be asked for it.
    ///
    /// # Errors
    /// Somebody has; what the upstream said last.
    async fn at_hand(
        &self,
        url: &Url,
        key: &str,
        age: SignedDuration,
    ) -> Result<Arc<Document<T>>, Option<Meta>> {
        if let Some(kept) = self.usable(key, age) {
            return Ok(kept);
        }
        let old = self.meta(key);
        match self.on_disk(url, key, old.as_ref(), age).await {
            Some(kept) => Ok(kept),
            None => Err(old),
        }
    }

    /// On disk, confirmed lately. Who reads it does not wait for those who wait for a registry.
    async fn on_disk(
        &self,
        url: &Url,
        key: &str,
        meta: Option<&Meta>,
        age: SignedDuration,
    ) -> Option<Arc<Document<T>>> {
        let meta = meta.filter(|meta| !meta.of_team && self.is_fresh(meta.confirmed, age))?;
        let _permit = self.readers.acquire().await;
        self.index(url, key, meta.clone(), None).await.ok()
    }

    /// In memory, confirmed lately, and its bytes are still on disk: the cache may be
    /// emptied at any time.
    fn usable(&self, key: &str, age: SignedDuration) -> Option<Arc<Document<T>>> {
        self.recall(key)
            .filter(|d| !d.of_team && self.is_fresh(d.confirmed, age) && d.body.exists())
    }

    async fn load(
        &self,
        upstream: &Upstream,
        url: Url,
        key: &str,
        old: Option<Meta>,
    ) -> Result<Found<T>, FetchError> {
        match self.fetch(upstream, &url, key, old.as_ref()).await {
            Ok(Some(meta)) => self.index(&url, key, meta, None).await.map(Found::Document),
            Ok(None) => Ok(Found::Missing),
            Err(error) => {
                // Stay up with what was said last: nothing new is admitted by it.
                let Some(meta) = self.said_last(key, old, &error).await else {
                    return Err(error);
                };
                tracing::warn!(upstream = %upstream.shown(), %error, "serving the last known document");
                let stale = Stale {
                    retry_after: error.retry_after(),
                    why: error.to_string(),
                };
                self.index(&url, key, meta, Some(stale))
                    .await
                    .map(Found::Document)
            }
        }
    }

    /// What the upstream said last, to this gate or to another one of the team.
    async fn said_last(&self, key: &str, old: Option<Meta>, error: &FetchError) -> Option<Meta> {
        if matches!(error, FetchError::Cache(_)) {
            return None;
        }
        match old.filter(|meta| self.bears(meta)) {
            Some(meta) => Some(meta),
            None => self.of_team(key).await,
        }
    }

    fn is_fresh(&self, confirmed: Timestamp, within: SignedDuration) -> bool {
        let age = self.clock.now().duration_since(confirmed);
        // A clock that jumped back must not keep a document for ever.
        age < within && age > -within
    }

    async fn fetch(
        &self,
        upstream: &Upstream,
        url: &Url,
        key: &str,
        old: Option<&Meta>,
    ) -> Result<Option<Meta>, FetchError> {
        let mut ask = Ask::get(url.clone()).header(ACCEPT, T::ACCEPT);
        if let Some(old) = old {
            if let Some(etag) = &old.etag {
                ask = ask.header(IF_NONE_MATCH, etag);
            }
            if let Some(at) = &old.last_modified {
                ask = ask.header(IF_MODIFIED_SINCE, at);
            }
        }
        let response = self.fetcher.ask(upstream, ask).await?;
        let now = self.clock.now();
        match (response.status().as_u16(), old) {
            (200, _) => {}
            (304, Some(old)) => {
                let meta = Meta {
                    confirmed: now,
                    ..old.clone()
                };
                self.write_meta(key, &meta)?;
                self.tell_team(key, &meta);
                return Ok(Some(meta));
            }
            (404 | 410, _) => {
                // What was taken away must not come back with the upstream's next failure.
                self.forget(key);
                return Ok(None);
            }
            _ => return Err(FetchError::of_status(url, &response)),
        }
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|v: &reqwest::header::HeaderValue| v.to_str().ok())
                .map(str::to_owned)
        };
        let mut meta = Meta {
            body: String::new(),
            digest: Digest::sha256(b""),
            length: 0,
            media_type: header(reqwest::header::CONTENT_TYPE).unwrap_or_default(),
            address: Some(response.url().clone()),
            etag: header(ETAG),
            last_modified: header(LAST_MODIFIED),
            confirmed: now,
            first_document: old.filter(|m| !m.of_team).map_or(now, |m| m.first_document),
            of_team: false,
        };
        let mut file = self.temporary()?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|e| transport(url, e))?;
            meta.length += chunk.len() as u64;
            if meta.length > limit::DOCUMENT {
                return Err(FetchError::TooLong {
                    host: host_of(url),
                    limit: limit::DOCUMENT,
                });
            }
            hasher.update(&chunk);
            file.write_all(&chunk).map_err(cache)?;
        }
        meta.digest = hasher.finish();
        meta.body = Self::body_name(key, &meta.digest);
        // Read it before it replaces anything: a page of HTML must not.
        let path = file.path().to_owned();
        let document = self.read(url, &path, &meta, None).await?;
        file.persist(self.folder.join(&meta.body))
            .map_err(|e| cache(e.error))?;
        self.write_meta(key, &meta)?;
        if let Some(old) = old.filter(|old| old.body != meta.body) {
            let _ = std::fs::remove_file(self.folder.join(&old.body));
        }
        self.dated.forget(key);
        self.remember(
            key,
            Arc::new(Document {
                body: self.folder.join(&meta.body),
                ..document
            }),
        );
        self.tell_team(key, &meta);
        Ok(Some(meta))
    }

    /// The file of a body: under the name of its bytes, so that it never changes.
    fn body_name(key: &str, digest: &Digest) -> String {
        format!("{key}.{}", &digest.to_hex()[..16])
    }

    async fn index(
        &self,
        url: &Url,
        key: &str,
        meta: Meta,
        stale: Option<Stale>,
    ) -> Result<Arc<Document<T>>, FetchError> {
        let known = self
            .recall(key)
            .filter(|d| d.digest == meta.digest && d.stale.is_none() && stale.is_none());
        if let Some(known) = known.filter(|d| d.confirmed == meta.confirmed) {
            return Ok(known);
        }
        let document = Arc::new(
            self.read(url, &self.folder.join(&meta.body), &meta, stale)
                .await?,
        );
        self.remember(key, document.clone());
        Ok(document)
    }

    async fn read(
        &self,
        url: &Url,
        path: &Path,
        meta: &Meta,
        stale: Option<Stale>,
    ) -> Result<Document<T>, FetchError> {
        let (path, media) = (path.to_owned(), meta.media_type.clone());
        let at = meta.address.as_ref().unwrap_or(url).clone();
        let read = move || -> Result<T, FetchError> {
            let file = File::open(&path).map_err(cache)?;
            T::read(BufReader::with_capacity(64 << 10, file), &media, &at).map_err(|why| {
                FetchError::Document {
                    host: host_of(&at),
                    why,
                }
            })
        };
        // A small document is read faster than a thread is found for it.
        let index = if meta.length < 256 << 10 {
            read()?
        } else {
            tokio::task::spawn_blocking(read)
                .await
                .map_err(|e| FetchError::Cache(e.to_string()))??
        };
        Ok(Document {
            index,
            body: self.folder.join(&meta.body),
            digest: meta.digest.clone(),
            length: meta.length,
            media_type: meta.media_type.clone(),
            confirmed: meta.confirmed,
            first_document: meta.first_document,
            retry_after: stale.as_ref().and_then(|stale| stale.retry_after),
            stale: stale.map(|stale| stale.why),
            of_team: meta.of_team,
        })
    }

    fn meta(&self, key: &str) -> Option<Meta> {
        let bytes = std::fs::read(self.folder.join(format!("{key}.json"))).ok()?;
        let meta: Meta = serde_json::from_slice(&bytes).ok()?;
        self.folder.join(&meta.body).exists().then_some(meta)
    }

    fn write_meta(&self, key: &str, meta: &Meta) -> Result<(), FetchError> {
        // In one piece: each write is a call to the system, on a thread that others wait for.
        let text = serde_json::to_vec(meta).map_err(|e| cache(e.into()))?;
        let mut file = self.temporary()?;
        file.write_all(&text).map_err(cache)?;
        file.persist(self.folder.join(format!("{key}.json")))
            .map_err(|e| cache(e.error))?;
        Ok(())
    }

    fn forget(&self, key: &str) {
        if let Some(meta) = self.meta(key) {
            let _ = std::fs::remove_file(self.folder.join(meta.body));
        }
        let _ = std::fs::remove_file(self.folder.join(format!("{key}.json")));
        self.dated.forget(key);
        self.memory().remove(&key.to_owned());
    }

    /// A file that becomes part of the cache. The folder may have been deleted meanwhile.
    fn temporary(&self) -> Result<tempfile::NamedTempFile, FetchError> {
        std::fs::create_dir_all(&self.folder).map_err(cache)?;
        tempfile::NamedTempFile::new_in(&self.folder).map_err(cache)
    }

    fn memory(&self) -> MutexGuard<'_, Held<String, Arc<Document<T>>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recall(&self, key: &str) -> Option<Arc<Document<T>>> {
        self.memory().get(&key.to_owned())
    }

    fn remember(&self, key: &str, document: Arc<Document<T>>) {
        // One that is heavier than all may be is held alone: whoever asked will ask again.
        let weight = document.index.weight().min(MEMORY);
        self.memory().insert(key.to_owned(), document, weight);
    }
}

/// Who asks with which credential sees which document: both are part of the key.
fn cache_key(upstream: &Upstream, url: &Url) -> String {
    let credential = upstream
        .credential
        .as_ref()
        .map(|c| c.header())
        .unwrap_or_default();
    Digest::sha256(format!("{url}\n{credential}").as_bytes()).to_hex()[..40].to_owned()
}

fn cache(error: std::io::Error) -> FetchError {
    FetchError::Cache(error.to_string())
}
