//! Rendered documents on disk: made once per set of offered releases, served many times.
//!
//! The key holds the digest of the upstream's bytes and of *what is offered*, not of the
//! policy: a new feed or policy that changes no decision changes no byte and no ETag.

use crate::answer::{Body, empty, full};
use crate::away::mark;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use hyper::{Response, StatusCode};
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};

/// How often a document is asked for again whose bytes went away before they were read:
/// a newer one took its place, or the cache was emptied.
pub const TRIES: usize = 4;

/// Documents up to this size are sent from memory in one piece.
const SMALL: u64 = 256 << 10;

/// The folder of renderings.
#[derive(Debug, Clone)]
pub struct Renderings {
    folder: PathBuf,
}

/// One rendering.
#[derive(Debug, Clone)]
pub struct Rendering {
    path: PathBuf,
    etag: String,
    length: u64,
}

impl Renderings {
    /// Keeps them below `folder`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.path().is_dir() {
                customs_registry::clear_half_written(&entry.path())?;
            }
        }
        Ok(Self { folder })
    }

    /// The rendering of `key`, made by `write` if it is not there.
    ///
    /// # Errors
    /// What `write` returns, or a full disk.
    pub async fn get(
        &self,
        key: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Rendering> {
        let name = customs_model::Digest::sha256(key.as_bytes()).to_hex();
        let path = self.folder.join(&name[..2]).join(&name[2..40]);
        let etag = format!("\"{}\"", &name[..32]);
        if let Ok(meta) = std::fs::metadata(&path) {
            return Ok(Rendering {
                path,
                etag,
                length: meta.len(),
            });
        }
        let target = path.clone();
        let length = tokio::task::spawn_blocking(move || make(&target, write))
            .await
            .map_err(io::Error::other)??;
        Ok(Rendering { path, etag, length })
    }
}

fn make(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<u64> {
    let folder = path.parent().ok_or_else(|| io::Error::other("no folder"))?;
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    {
        let mut out = BufWriter::with_capacity(128 << 10, &mut file);
        write(&mut out)?;
        out.flush()?;
    }
    let length = file.as_file().metadata()?.len();
    // Two that made it at once made the same bytes.
    file.persist(path).map_err(|e| e.error)?;
    Ok(length)
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
        } else if head {
            let mut response = empty(StatusCode::OK);
            response
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(self.length));
            response
        } else {
            Response::new(file_body(&self.path, 0, self.length)?)
        };
        let headers = response.headers_mut();
        if let Ok(media) = HeaderValue::from_str(media) {
            headers.insert(CONTENT_TYPE, media);
        }
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(ETAG, etag);
        }
        // A new block must show at once: ask again each time, answer 304 mostly.
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=0, must-revalidate"),
        );
        headers.insert(
            VARY,
            HeaderValue::from_static("Accept, Accept-Encoding, User-Agent"),
        );
        headers.remove(ACCEPT_RANGES);
        mark(&mut response, stale);
        Ok(response)
    }
}

fn is_known(request: &HeaderMap, etag: &str) -> bool {
    request
        .get(IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|t| t.trim().trim_start_matches("W/") == etag || t.trim() == "*")
        })
}

/// A file, or a part of it, as a body; memory stays bounded whatever its size.
///
/// # Errors
/// It cannot be opened.
pub fn file_body(path: &Path, from: u64, length: u64) -> io::Result<Body> {
    let mut file = File::open(path)?;
    if from > 0 {
        file.seek(io::SeekFrom::Start(from))?;
    }
    if length <= SMALL {
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes)?;
        return Ok(full(bytes));
    }
    let pieces = futures_util::stream::unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return None;
        }
        // From the page cache as a rule; a slow disk costs this connection, not others.
        let mut bytes = vec![0; left.min(SMALL) as usize];
        match file.read_exact(&mut bytes) {
            Ok(()) => {
                let left = left - bytes.len() as u64;
                Some((Ok(Frame::data(bytes.into())), (file, left)))
            }
            Err(error) => Some((Err(error), (file, 0))),
        }
    });
    Ok(StreamBody::new(pieces).boxed_unsync())
}
