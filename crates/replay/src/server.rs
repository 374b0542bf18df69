//! An upstream on a loopback port, with faults on demand.

use crate::http::{Answer, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

mod fault;
mod stream;

pub use fault::{Fault, Faults};

/// A port that is taken and not served yet: documents name the address, so it must be
/// known before they are made.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    hits: Arc<Mutex<Vec<Hit>>>,
    task: AbortHandle,
}

/// A request that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The `Authorization` header, for tests about credentials.
    pub authorization: Option<String>,
    /// The `traceparent` header, for tests about traces.
    pub traceparent: Option<String>,
    /// The status of the answer; 0 where a fault gave none.
    pub status: u16,
}

/// Requests that are remembered. A benchmark sends more than a test looks at.
const MOST_HITS: usize = 100_000;

impl Bound {
    /// Takes a free loopback port.
    ///
    /// # Errors
    /// The system has none.
    pub async fn new() -> io::Result<Self> {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Takes a given address.
    ///
    /// # Errors
    /// It is taken, or not of this machine.
    pub async fn at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address that documents must name, without a slash at its end.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves, on the present runtime, until the server is dropped.
    pub fn serve(self, answer: impl Answer, faults: Faults) -> Server {
        let hits = Arc::new(Mutex::new(Vec::new()));
        let inside = Arc::new(Inside {
            answer,
            faults,
            hits: Arc::clone(&hits),
        });
        let address = self.address;
        let task = tokio::spawn(accept(self.listener, inside)).abort_handle();
        Server {
            address,
            hits,
            task,
        }
    }
}

impl Server {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that documents name.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request until now, in the order of the answers.
    pub fn hits(&self) -> Vec<Hit> {
        self.hits
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many requests a path (with all below it) got.
    pub fn count(&self, prefix: &str) -> usize {
        let hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        hits.iter().filter(|h| h.path.starts_with(prefix)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Inside<A> {
    answer: A,
    faults: Faults,
    hits: Arc<Mutex<Vec<Hit>>>,
}

async fn accept<A: Answer>(listener: TcpListener, inside: Arc<Inside<A>>) {
    // Connections end with the task that owns this set.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((socket, _)) = listener.accept().await else {
            continue;
        };
        // Small answers must not wait for the acknowledgement of the last ones.
        let _ = socket.set_nodelay(true);
        let inside = Arc::clone(&inside);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let inside = Arc::clone(&inside);
                async move { inside.respond(&request).await }
            });
            // A client that hangs up, or a body that breaks on purpose, is no news.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

impl<A: Answer> Inside<A> {
    async fn respond(
        &self,
        request: &hyper::Request<Incoming>,
    ) -> Result<hyper::Response<stream::Pieces>, Infallible> {
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        let traceparent = request.headers().get("traceparent");
        let traceparent = traceparent.and_then(|v| v.to_str().ok().map(str::to_owned));
        let request = Request {
            method: request.method().to_string(),
            path: request
                .uri()
                .path_and_query()
                .map_or("/", |p| p.as_str())
                .to_owned(),
            accept: header(hyper::header::ACCEPT),
            if_none_match: header(hyper::header::IF_NONE_MATCH),
            authorization: header(hyper::header::AUTHORIZATION),
        };
        let fault = self.faults.of(&request.path);
        if let Some(latency) = fault.latency {
            tokio::time::sleep(latency).await;
        }
        let answer = fault.apply_to_head(self.answer.answer(&request));
        let hanging = fault.hang_after == Some(0);
        let status = if hanging { 0 } else { answer.status };
        self.note(&request, traceparent, status);
        if hanging {
            std::future::pending::<()>().await;
        }
        Ok(build(&request, answer, &fault))
    }

    fn note(&self, request: &Request, traceparent: Option<String>, status: u16) {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        if hits.len() < MOST_HITS {
            hits.push(Hit {
                method: request.method.clone(),
                path: request.path.clone(),
                authorization: request.authorization.clone(),
                traceparent,
                status,
            });
        }
    }
}

fn build(request: &Request, answer: Response, fault: &Fault) -> hyper::Response<stream::Pieces> {
    let length = answer.body.len();
    let mut builder = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(*name, value);
    }
    // A body without a length is sent in chunks; an answer without a body has none.
    let silent = request.method == "HEAD" || matches!(answer.status, 204 | 304);
    if answer.status != 304 && (silent || !fault.no_length) {
        builder = builder.header("content-length", length);
    }
    let body = if silent {
        stream::nothing()
    } else {
        stream::pieces(answer.body, fault)
    };
    builder.body(body).unwrap_or_else(|_| {
        let mut broken = hyper::Response::new(stream::nothing());
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

#[cfg(test)]
mod tests;
