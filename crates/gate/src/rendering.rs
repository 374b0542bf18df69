//! Rendered documents on disk: made once per set of offered releases and per coding, served many
//! times, those of a team from memory where they are small.
//!
//! The key holds the digest of the upstream's bytes and of *what is offered*, not of the
//! policy: a new feed or policy that changes no decision changes no byte and no ETag.

use crate::answer::{Body, empty, full};
use crate::away::mark;
use crate::encoding::Encoding;
use crate::hot::Hot;
use crate::pieces::file_body;
use bytes::Bytes;
use customs_registry::Flights;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use hyper::{Response, StatusCode};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How often a document is asked for again whose bytes went away before they were read:
/// a newer one took its place, or the cache was emptied.
pub const TRIES: usize = 4;

/// Bytes of all renderings that a team's gate keeps in memory, and of one of them.
const MEMORY: usize = 32 << 20;
const IN_MEMORY: usize = 4 << 20;

/// Documents that are rendered and compressed at the same time, at most: each takes a processor, and some
/// megabytes. More than there are processors would only take more memory.
const MADE_TOGETHER: usize = 4;

fn made_together() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.min(MADE_TOGETHER)
}

/// The folder of renderings.
#[derive(Debug)]
pub struct Renderings {
    folder: PathBuf,
    hot: Hot,
    /// Who makes which.
    flights: Flights,
    makers: Arc<Semaphore>,
}

/// One rendering. It holds none of its bytes.
#[derive(Debug, Clone)]
pub struct Rendering {
    name: Arc<str>,
    etag: HeaderValue,
    length: u64,
    encoding: Option<Encoding>,
}

impl Renderings {
    /// Keeps them below `folder`; those that are served to many in memory, too.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: PathBuf, for_many: bool) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.path().is_dir() {
                customs_registry::clear_half_written(&entry.path())?;
            }
        }
        let memory = if for_many { MEMORY } else { 0 };
        Ok(Self {
            folder,
            hot: Hot::new(memory, IN_MEMORY),
            flights: Flights::default(),
            makers: Arc::new(Semaphore::new(made_together())),
        })
    }

    /// The rendering of `key` in a coding, made by `write` if it is not there.
    ///
    /// # Errors
    /// What `write` returns, or a full disk.
    pub async fn get(
        &self,
        key: &str,
        encoding: Option<Encoding>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Rendering> {
        let name = name_of(key, encoding);
        if let Some(found) = self.find(&name, encoding)? {
            return Ok(found);
        }
        let turn = self.flights.turn(&name).await;
        if let Some(found) = self.find(&name, encoding)? {
            return Ok(found);
        }
        let makes = self.makers.clone().acquire_owned().await;
        let target = self.path(&name);
        tokio::task::spawn_blocking(move || {
            // Both end with the work, also where nobody waits for it any more.
            let _both = (turn, makes);
            make(&target, |out| match encoding {
                None => write(out),
                Some(encoding) => encoding.write(out, write),
            })
        })
        .await
        .map_err(io::Error::other)??;
        let found = self.find(&name, encoding)?;
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The rendering of `key` in a coding, where it was made before.
    pub(crate) fn made(&self, key: &str, encoding: Option<Encoding>) -> Option<Rendering> {
        self.find(&name_of(key, encoding), encoding).ok()?
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2]).join(&name[2..40])
    }

    /// A rendering that is there.
    fn find(&self, name: &str, encoding: Option<Encoding>) -> io::Result<Option<Rendering>> {
        let length = match self.hot.get(name) {
            Some(bytes) => bytes.len() as u64,
            None => match std::fs::metadata(self.path(name)) {
                Ok(meta) => meta.len(),
                Err(_) => return Ok(None),
            },
        };
        let etag = HeaderValue::from_str(&format!("\"{}\"", &name[..32]));
        Ok(Some(Rendering {
            name: name.into(),
            etag: etag.map_err(io::Error::other)?,
            length,
            encoding,
        }))
    }

    /// The bytes of a rendering: small ones from memory.
    fn body(&self, rendering: &Rendering) -> io::Result<Body> {
        let Rendering { name, length, .. } = rendering;
        if let Some(bytes) = self.hot.get(name) {
            return Ok(full(bytes));
        }
        let path = self.path(name);
        if !self.hot.takes(*length) {
            return file_body(&path, 0, *length);
        }
        let bytes = Bytes::from(std::fs::read(&path)?);
        // Of another length it is not what was found.
        if bytes.len() as u64 != *length {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.hot.put(name, &bytes);
        Ok(full(bytes))
    }

    /// Answers a request with a rendering: 304, HEAD or the bytes.
    ///
    /// # Errors
    /// The cache was emptied meanwhile.
    pub fn answer(
        &self,
        rendering: &Rendering,
        request: &HeaderMap,
        head: bool,
        media: &'static str,
        stale: Option<&str>,
    ) -> io::Result<Response<Body>> {
        let Rendering {
            etag,
            length,
            encoding,
            ..
        } = rendering;
        let mut response = if is_known(request, etag) {
            empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = match head {
                true => empty(StatusCode::OK),
                false => Response::new(self.body(rendering)?),
            };
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(*length));
            if let Some(encoding) = encoding {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.word()));
            }
            response
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(ETAG, etag.clone());
        // A new block must show at once: ask again each time, answer 304 mostly.
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=0, must-revalidate"),
        );
        headers.insert(
            VARY,
            HeaderValue::from_static("Accept, Accept-Encoding, User-Agent"),
        );
        mark(&mut response, stale);
        Ok(response)
    }
}

/// What a rendering is called.
fn name_of(key: &str, encoding: Option<Encoding>) -> String {
    let digest = match encoding {
        None => customs_model::Digest::sha256(key.as_bytes()),
        // Other bytes are another rendering, with an ETag of its own.
        Some(one) => customs_model::Digest::sha256(format!("{key}\n{}", one.word()).as_bytes()),
    };
    digest.to_hex()
}

fn make(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("no folder"))?;
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    {
        let mut out = BufWriter::with_capacity(128 << 10, &mut file);
        write(&mut out)?;
        out.flush()?;
    }
    // Two processes that made it at once made the same bytes.
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request
        .get(IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|t| t.trim().trim_start_matches("W/") == etag || t.trim() == "*")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use hyper::header::HeaderName;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn headers(name: HeaderName, value: &HeaderValue) -> HeaderMap {
        HeaderMap::from_iter([(name, value.clone())])
    }

    #[tokio::test]
    async fn each_coding_is_made_once_and_has_a_validator_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let renderings = Renderings::new(folder.path().to_owned(), true).unwrap();
        let made = Arc::new(AtomicUsize::new(0));
        let mut tags = std::collections::HashSet::new();
        for encoding in [None, Some(Encoding::Gzip), Some(Encoding::Zstd)] {
            for _ in 0..2 {
                let count = made.clone();
                let rendering = renderings.get("key", encoding, move |out| {
                    count.fetch_add(1, Ordering::Relaxed);
                    out.write_all(&b"text ".repeat(1_000))
                });
                let rendering = rendering.await.unwrap();
                let answer = |request: &HeaderMap, head| {
                    renderings
                        .answer(&rendering, request, head, "text/plain", None)
                        .unwrap()
                };
                let whole = answer(&HeaderMap::new(), false);
                let coding = whole.headers().get(CONTENT_ENCODING).cloned();
                assert_eq!(
                    coding.as_ref().map(|c| c.as_bytes()),
                    encoding.map(|e| e.word().as_bytes())
                );
                let etag = whole.headers()[ETAG].clone();
                let length = whole.headers()[CONTENT_LENGTH].clone();
                let body = whole.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(length, body.len().to_string());
                let known = answer(&headers(IF_NONE_MATCH, &etag), false);
                assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
                assert_eq!(
                    answer(&HeaderMap::new(), true).headers()[CONTENT_LENGTH],
                    length
                );
                tags.insert(etag);
            }
        }
        assert_eq!((made.load(Ordering::Relaxed), tags.len()), (3, 3));
    }

    #[tokio::test]
    async fn what_is_asked_for_at_the_same_time_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let renderings = Renderings::new(folder.path().to_owned(), false).unwrap();
        let made = AtomicUsize::new(0);
        let made: &'static AtomicUsize = Box::leak(Box::new(made));
        let ask = || {
            renderings.get("key", None, move |out| {
                made.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(20));
                out.write_all(b"text")
            })
        };
        let (one, two) = tokio::join!(ask(), ask());
        assert_eq!(one.unwrap().length, two.unwrap().length);
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
