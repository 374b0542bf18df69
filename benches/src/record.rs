//! A registry's answers, recorded once and served again from loopback.
//!
//! Bodies are served as they came, compressed if they came so. One thing is changed,
//! because it must be: where a document names the registry, it names the loopback address,
//! or tarballs would be fetched from the registry itself.

use crate::error::{Doing as _, Error};
use bytes::Bytes;
use customs_replay::{Answer, Body, Request, Response};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";
/// Headers that clients and gates look at.
const HEADERS: [&str; 6] = [
    "content-type",
    "content-encoding",
    "etag",
    "last-modified",
    "cache-control",
    "vary",
];

/// A path, and whether the abbreviated form was asked for.
type Key = (String, bool);

/// Answers by question. Shared by the recorder and whoever serves it afterwards.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<HashMap<Key, Response>>>);

impl Tape {
    fn get(&self, key: &Key) -> Option<Response> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(key).cloned()
    }

    fn put(&self, key: Key, response: Response) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(key, response);
    }

    /// Answers, and their bytes.
    pub fn size(&self) -> (usize, u64) {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = answers.values().map(|answer| answer.body.len()).sum();
        (answers.len(), bytes)
    }
}

fn key(request: &Request) -> Key {
    (request.path.clone(), request.accepts(ABBREVIATED))
}

/// Asks the registry what it has not been asked before.
pub struct Recorder {
    tape: Tape,
    registry: String,
    base: String,
    client: reqwest::Client,
    runtime: Handle,
}

impl Recorder {
    /// Records `registry` as it will be served at `base`, without a slash at its end.
    pub fn new(tape: Tape, registry: &str, base: &str) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .no_gzip()
            .no_brotli()
            .timeout(Duration::from_secs(60))
            .build()
            .doing("make an HTTP client")?;
        Ok(Self {
            tape,
            registry: registry.trim_end_matches('/').to_owned(),
            base: base.to_owned(),
            client,
            runtime: Handle::current(),
        })
    }

    async fn ask(&self, request: &Request) -> Result<Response, Error> {
        let accept = request.accept.as_deref().unwrap_or("*/*");
        let answer = self
            .client
            .get(format!("{}{}", self.registry, request.path))
            .header("accept", accept)
            .header("accept-encoding", "gzip")
            .send()
            .await
            .doing("ask the registry")?;
        let mut response = Response {
            status: answer.status().as_u16(),
            headers: HEADERS
                .iter()
                .filter_map(|name| {
                    let value = answer.headers().get(*name)?.to_str().ok()?;
                    Some((*name, value.to_owned()))
                })
                .collect(),
            body: Body::Bytes(Bytes::new()),
        };
        let bytes = answer.bytes().await.doing("read the registry's answer")?;
        let is_document = response
            .header("content-type")
            .is_some_and(|kind| kind.contains("json"));
        response.body = Body::Bytes(if is_document {
            let zipped = response.header("content-encoding") == Some("gzip");
            readdress(&bytes, zipped, &self.registry, &self.base)
                .doing("change the addresses of a document")?
        } else {
            bytes
        });
        Ok(response)
    }
}

impl Answer for Recorder {
    fn answer(&self, request: &Request) -> Response {
        // The audit is a question with a body, which depends on who asks: not recorded.
        if request.method != "GET" && request.method != "HEAD" {
            return Response::of(405, "application/json", "{}");
        }
        let key = key(request);
        if let Some(known) = self.tape.get(&key) {
            return known;
        }
        let asked = tokio::task::block_in_place(|| self.runtime.block_on(self.ask(request)));
        match asked {
            Ok(response) => {
                if response.status < 500 {
                    self.tape.put(key, response.clone());
                }
                response
            }
            // The installation that is being recorded fails with these words.
            Err(error) => Response::of(502, "text/plain", error.to_string()),
        }
    }
}

/// Serves a tape, and counts what is not on it.
#[derive(Debug, Clone)]
pub struct Player {
    tape: Tape,
    missing: Arc<AtomicUsize>,
}

impl Player {
    /// Of a finished tape.
    pub fn new(tape: Tape) -> Self {
        Self {
            tape,
            missing: Arc::default(),
        }
    }

    /// Questions that nobody had asked while it was recorded.
    pub fn missing(&self) -> usize {
        self.missing.load(Ordering::Relaxed)
    }
}

impl Answer for Player {
    fn answer(&self, request: &Request) -> Response {
        if request.method != "GET" && request.method != "HEAD" {
            return Response::of(405, "application/json", "{}");
        }
        self.tape.get(&key(request)).unwrap_or_else(|| {
            self.missing.fetch_add(1, Ordering::Relaxed);
            Response::not_found()
        })
    }
}

/// The same document with another address of the registry, compressed as it was.
fn readdress(bytes: &Bytes, zipped: bool, from: &str, to: &str) -> std::io::Result<Bytes> {
    let plain = if zipped {
        let mut plain = Vec::new();
        GzDecoder::new(&bytes[..]).read_to_end(&mut plain)?;
        plain
    } else {
        bytes.to_vec()
    };
    let text = String::from_utf8(plain).map_err(std::io::Error::other)?;
    let text = text.replace(from, to);
    if !zipped {
        return Ok(text.into());
    }
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_bytes())?;
    out.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_leads_to_loopback_whether_compressed_or_not() {
        let text = r#"{"tarball":"https://registry.example/npm/a/-/a-1.0.0.tgz"}"#;
        let (from, to) = ("https://registry.example/npm", "http://127.0.0.1:1");
        let plain = readdress(&Bytes::from(text), false, from, to).unwrap();
        assert_eq!(
            &plain[..],
            br#"{"tarball":"http://127.0.0.1:1/a/-/a-1.0.0.tgz"}"#
        );
        let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
        zipped.write_all(text.as_bytes()).unwrap();
        let zipped = readdress(&zipped.finish().unwrap().into(), true, from, to).unwrap();
        let mut unzipped = String::new();
        GzDecoder::new(&zipped[..])
            .read_to_string(&mut unzipped)
            .unwrap();
        assert_eq!(unzipped.as_bytes(), &plain[..]);
    }

    #[test]
    fn what_is_not_on_the_tape_is_counted() {
        let tape = Tape::default();
        let known = Request::get("/a");
        tape.put(key(&known), Response::of(200, "application/json", "{}"));
        let player = Player::new(tape);
        assert_eq!(player.answer(&known).status, 200);
        assert_eq!(player.answer(&known.accept(ABBREVIATED)).status, 404);
        assert_eq!(player.missing(), 1);
    }
}
