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

/// Bytes of all renderings that a team's gate keeps in memory, and of one of them. The largest
/// documents of npm come to about that, compressed.
const MEMORY: usize = 32 << 20;
const IN_MEMORY: usize = 4 << 20;

/// Documents that are rendered and compressed at the same time: each takes a processor, and some
/// megabytes.
const MADE_TOGETHER: usize = 4;

/// The folder of renderings.
#[derive(Debug)]
pub struct Renderings {
    folder: PathBuf,
    hot: Hot,
    /// Who makes which.
    flights: Flights,
    makers: Arc<Semaphore>,
}

/// One rendering.
#[derive(Debug, Clone)]
pub struct Rendering {
    etag: HeaderValue,
    length: u64,
    encoding: Option<Encoding>,
    bytes: Kept,
}

/// Where its bytes are.
#[derive(Debug, Clone)]
enum Kept {
    Memory(Bytes),
    Disk(PathBuf),
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
            makers: Arc::new(Semaphore::new(MADE_TOGETHER)),
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
        let digest = match encoding {
            None => customs_model::Digest::sha256(key.as_bytes()),
            // Other bytes are another rendering, with an ETag of its own.
            Some(one) => customs_model::Digest::sha256(format!("{key}\n{}", one.word()).as_bytes()),
        };
        let name = digest.to_hex();
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

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2]).join(&name[2..40])
    }

    /// A rendering that is there.
    fn find(&self, name: &str, encoding: Option<Encoding>) -> io::Result<Option<Rendering>> {
        let etag = HeaderValue::from_str(&format!("\"{}\"", &name[..32]));
        let of = |bytes, length| Rendering {
            etag: etag.unwrap_or(HeaderValue::from_static("")),
            length,
            encoding,
            bytes,
        };
        if let Some(bytes) = self.hot.get(name) {
            let length = bytes.len() as u64;
            return Ok(Some(of(Kept::Memory(bytes), length)));
        }
        let path = self.path(name);
        let Ok(meta) = std::fs::metadata(&path) else {
            return Ok(None);
        };
        if !self.hot.takes(meta.len()) {
            return Ok(Some(of(Kept::Disk(path), meta.len())));
        }
        let bytes = Bytes::from(std::fs::read(&path)?);
        self.hot.put(name, &bytes);
        let length = bytes.len() as u64;
        Ok(Some(of(Kept::Memory(bytes), length)))
    }
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

impl Rendering {
    /// Answers a request for it: 304, HEAD or the bytes.
    ///
    /// # Errors
    /// The cache was emptied meanwhile.
    pub fn answer(
        &self,
        request: &HeaderMap,
        head: bool,
        media: &str,
        stale: Option<&str>,
    ) -> io::Result<Response<Body>> {
        let mut response = if is_known(request, &self.etag) {
            empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = match (&self.bytes, head) {
                (_, true) => empty(StatusCode::OK),
                (Kept::Memory(bytes), false) => Response::new(full(bytes.clone())),
                (Kept::Disk(path), false) => Response::new(file_body(path, 0, self.length)?),
            };
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(self.length));
            if let Some(encoding) = self.encoding {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.word()));
            }
            response
        };
        let headers = response.headers_mut();
        if let Ok(media) = HeaderValue::from_str(media) {
            headers.insert(CONTENT_TYPE, media);
        }
        headers.insert(ETAG, self.etag.clone());
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

fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request
        .get(IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|t| t.trim().trim_start_matches("W/") == etag || t.trim() == "*")
        })
}
