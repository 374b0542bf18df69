//! A request, taken apart, and its body: bounded in bytes and in time.

use crate::run::Run;
use bytes::Bytes;
use customs_store::Who;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http_body_util::{BodyExt as _, Limited};
use hyper::Method;
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderMap, USER_AGENT};
use std::io;
use std::time::Duration;

/// A request, taken apart.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The path below the upstream, where it differs from the gate's.
    pub upstream_path: Option<String>,
    address: Option<String>,
    body: Sent,
}

/// What a request brings.
enum Sent {
    /// As it arrives.
    Arriving(Incoming),
    /// What stands in its place.
    Whole(Bytes),
}

impl Request {
    /// A request that a client at `address` sent.
    pub(crate) fn new(request: hyper::Request<Incoming>, address: String) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            upstream_path: None,
            address: Some(address),
            body: Sent::Arriving(body),
        }
    }

    /// Which of the clients of a gate it is: a token may be that of many machines.
    pub(crate) fn client_of(&self, run: &Run) -> String {
        format!("{} {}", run.id, self.address.as_deref().unwrap_or_default())
    }

    /// Whether only headers are wanted.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Whether it brings a body.
    pub(crate) fn has_body(&self) -> bool {
        match &self.body {
            Sent::Arriving(body) => !body.is_end_stream(),
            Sent::Whole(bytes) => !bytes.is_empty(),
        }
    }

    /// Lets go of the body that it brought.
    pub(crate) fn without_body(mut self) -> Self {
        self.body = Sent::Whole(Bytes::new());
        self
    }

    /// Who asks.
    pub fn who(&self, run: &Run) -> Who {
        let client = self.headers.get(USER_AGENT).and_then(|v| v.to_str().ok());
        run.who(client, self.address.as_deref())
    }

    /// The body as it arrives and its length, if it has one: for who passes it on. It ends with an
    /// error where the client says nothing for too long.
    pub fn into_stream(self) -> Option<(BoxStream<'static, io::Result<Bytes>>, Option<u64>)> {
        match self.body {
            Sent::Arriving(body) => {
                let length = body.size_hint().exact();
                let has_one = !body.is_end_stream();
                let pieces = futures_util::stream::unfold(body.into_data_stream(), next_piece);
                has_one.then(|| (pieces.boxed(), length))
            }
            Sent::Whole(bytes) if bytes.is_empty() => None,
            Sent::Whole(bytes) => {
                let length = bytes.len() as u64;
                let piece = futures_util::stream::once(std::future::ready(Ok(bytes)));
                Some((piece.boxed(), Some(length)))
            }
        }
    }

    /// The whole body, bounded.
    pub async fn into_body(self, limit: usize) -> Result<Bytes, String> {
        whole(self.body, limit).await
    }

    /// The whole body, bounded, and the request without it.
    pub async fn take_body(self, limit: usize) -> Result<(Self, Bytes), String> {
        let body = whole(self.body, limit).await?;
        let left = Self {
            body: Sent::Whole(Bytes::new()),
            ..self
        };
        Ok((left, body))
    }

    /// Puts another body in the place of the one that it brought.
    pub fn replace_body(&mut self, body: Bytes) {
        self.body = Sent::Whole(body);
    }
}

async fn whole(body: Sent, limit: usize) -> Result<Bytes, String> {
    let body = match body {
        Sent::Whole(bytes) => return Ok(bytes),
        Sent::Arriving(body) => body,
    };
    let read = Limited::new(body, limit).collect();
    let slow = "the request's body took too long";
    let read = tokio::time::timeout(SLOW_BODY, read)
        .await
        .map_err(|_| slow)?;
    read.map(http_body_util::Collected::to_bytes)
        .map_err(|e| format!("the request's body could not be read: {e}"))
}

/// How long a body may take that is read whole.
const SLOW_BODY: Duration = Duration::from_secs(120);
/// How long a client may say nothing in the middle of a body.
const SILENT_BODY: Duration = Duration::from_secs(60);

type Pieces = http_body_util::BodyDataStream<Incoming>;

async fn next_piece(mut body: Pieces) -> Option<(io::Result<Bytes>, Pieces)> {
    let piece = match tokio::time::timeout(SILENT_BODY, body.next()).await {
        Ok(piece) => piece?.map_err(io::Error::other),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client stopped in the middle of its request",
        )),
    };
    Some((piece, body))
}
