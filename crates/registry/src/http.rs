//! The HTTP client towards upstreams: credentials to their own origin only, redirects
//! followed by hand so that each hop is checked, every wait bounded.

use crate::guard::{self, OuterResolver, Refusal};
use crate::trace;
use crate::upstream::{Upstream, UpstreamError};
use bytes::Bytes;
use futures_util::StreamExt as _;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Response};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// Bounds towards upstreams.
pub mod limit {
    use std::time::Duration;
    /// Until a connection stands.
    pub const CONNECT: Duration = Duration::from_secs(10);
    /// Between two pieces of an answer.
    pub const SILENCE: Duration = Duration::from_secs(30);
    /// Hops.
    pub const REDIRECTS: usize = 5;
    /// Bytes of a document.
    pub const DOCUMENT: u64 = 512 << 20;
    /// Bytes of an artifact.
    pub const ARTIFACT: u64 = 4 << 30;
}

/// Why an upstream gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It could not be reached, or the answer broke off.
    #[error("{host} gave no whole answer: {why}")]
    Transport {
        /// Which host.
        host: String,
        /// What went wrong, without the URL.
        why: String,
    },
    /// It answered with an unexpected status.
    #[error("{host} answered {status}{}", rest(.retry_after))]
    Status {
        /// Which host.
        host: String,
        /// The status.
        status: u16,
        /// How long it wants to be left alone, where it is too busy and says so.
        retry_after: Option<Duration>,
    },
    /// A URL of a document or redirect is not asked.
    #[error("{url} is not asked: {refusal}")]
    Refused {
        /// The URL, shortened, without credentials.
        url: String,
        /// Why.
        refusal: Refusal,
    },
    /// Too many redirects, or one without an address.
    #[error("{host} redirects without an end")]
    Redirects {
        /// Which host.
        host: String,
    },
    /// A bound of [`limit`].
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLong {
        /// Which host.
        host: String,
        /// The bound.
        limit: u64,
    },
    /// The address itself.
    #[error(transparent)]
    Address(#[from] UpstreamError),
    /// The client could not be set up (certificates).
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
    /// A document that is none.
    #[error("{host} sent no usable document: {why}")]
    Document {
        /// Which host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name's origin is a registry that is not asked any more.
    #[error(
        "{package} comes from {origin}, and that is none of the registries that may be asked for it \
         now; put that one back, or name the package under `moved` in the gate's config"
    )]
    Origin {
        /// The name.
        package: String,
        /// Where it comes from.
        origin: String,
    },
    /// Nobody could say where a name comes from.
    #[error("where {package} comes from could not be looked up: {why}")]
    OriginUnknown {
        /// The name.
        package: String,
        /// Why.
        why: String,
    },
    /// The cache could not be written.
    #[error(
        "the cache could not be written: {0}; free some space or move it with CUSTOMS_CACHE_DIR"
    )]
    Cache(String),
}

impl FetchError {
    /// An answer that was not expected.
    pub fn of_status(url: &Url, response: &Response) -> Self {
        Self::Status {
            host: host_of(url),
            status: response.status().as_u16(),
            retry_after: retry_after(response),
        }
    }

    /// How long the upstream wants to be left alone, where it says so.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// `Retry-After` of an upstream that is too busy, in seconds. The form with a date is rare,
/// and rests on its clock.
fn retry_after(response: &Response) -> Option<Duration> {
    if !matches!(response.status().as_u16(), 429 | 503) {
        return None;
    }
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

fn rest(retry_after: &Option<Duration>) -> String {
    retry_after
        .map(|rest| format!(" and asks to be left alone for {} s", rest.as_secs()))
        .unwrap_or_default()
}

/// What tells clients apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    /// They ask an upstream's own host.
    own: bool,
    /// They hand out bytes as they were sent.
    verbatim: bool,
    /// Certificates that they trust besides the system's.
    roots: Vec<PathBuf>,
}

/// Asks upstreams.
#[derive(Debug, Clone)]
pub struct Fetcher {
    clients: Arc<Mutex<HashMap<Kind, reqwest::Client>>>,
    silence: Duration,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::with_silence(limit::SILENCE)
    }
}

/// What is asked.
#[derive(Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Further headers; never `Authorization`, except what a relayed client sent itself.
    pub headers: HeaderMap,
    /// The body of a relayed write, as it arrives.
    pub body: Option<reqwest::Body>,
    /// Send the upstream's own credential (reads only).
    pub with_credential: bool,
    /// Bytes as they are sent: a server that calls a `.tgz` "encoded with gzip" must not
    /// have it unpacked on the way, or no digest matches.
    pub verbatim: bool,
}

impl Ask {
    /// A plain read.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
            with_credential: true,
            verbatim: false,
        }
    }

    /// An artifact.
    pub fn artifact(url: Url) -> Self {
        let ask = Self {
            verbatim: true,
            ..Self::get(url)
        };
        ask.header(ACCEPT_ENCODING, "identity")
    }

    /// Adds a header; a value that is no header value is left out.
    #[must_use]
    pub fn header(mut self, name: reqwest::header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

impl Fetcher {
    /// Gives an upstream up that says nothing for so long.
    pub fn with_silence(silence: Duration) -> Self {
        Self {
            clients: Arc::default(),
            silence,
        }
    }

    /// Asks, follows redirects, and hands out the answer with any status.
    ///
    /// # Errors
    /// Transport, refused addresses, redirects without an end.
    pub async fn ask(&self, upstream: &Upstream, mut ask: Ask) -> Result<Response, FetchError> {
        let span = trace::child(&format!("{} {}", ask.method, host_of(&ask.url)));
        let Some(span) = span else {
            return self.ask_now(upstream, ask).await;
        };
        if let Ok(value) = HeaderValue::from_str(&span.header()) {
            ask.headers.insert(trace::TRACEPARENT, value);
        }
        let answered = self.ask_now(upstream, ask).await;
        match &answered {
            Ok(response) => span.end(Some(response.status().as_u16()), None),
            Err(error) => span.end(None, Some(&error.to_string())),
        }
        answered
    }

    async fn ask_now(&self, upstream: &Upstream, mut ask: Ask) -> Result<Response, FetchError> {
        let mut url = ask.url.clone();
        let host = host_of(&url);
        for _ in 0..=limit::REDIRECTS {
            guard::check(upstream, &url).map_err(|refusal| FetchError::Refused {
                url: customs_model::printable(&format!("{}{}", host_of(&url), url.path()), 200),
                refusal,
            })?;
            let own = upstream.owns(&url);
            let kind = Kind {
                own,
                verbatim: ask.verbatim,
                roots: upstream.extra_roots.clone(),
            };
            let mut request = self.client(kind)?.request(ask.method.clone(), url.clone());
            let mut headers = ask.headers.clone();
            if !own {
                headers.remove(AUTHORIZATION);
            } else if let (true, Some(credential)) = (ask.with_credential, &upstream.credential)
                && let Ok(mut value) = HeaderValue::from_str(&credential.header())
            {
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
            request = request.headers(headers);
            // It can be sent once; what is sent with one is not redirected.
            if let Some(body) = ask.body.take() {
                request = request.body(body);
            }
            let response = request.send().await.map_err(|e| transport(&url, e))?;
            let moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            if !moved || ask.method != Method::GET && ask.method != Method::HEAD {
                return Ok(response);
            }
            url = response
                .headers()
                .get(LOCATION)
                .and_then(|l| l.to_str().ok())
                .and_then(|l| url.join(l).ok())
                .ok_or_else(|| FetchError::Redirects { host: host.clone() })?;
        }
        Err(FetchError::Redirects { host })
    }

    fn client(&self, kind: Kind) -> Result<reqwest::Client, FetchError> {
        let mut clients = self
            .clients
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = clients.get(&kind) {
            return Ok(client.clone());
        }
        let client = build(&kind, self.silence)?;
        clients.insert(kind, client.clone());
        Ok(client)
    }
}

/// Chooses the one TLS provider of this process. Every HTTP client needs it.
pub fn install_tls() {
    // A second call finds the provider in place, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn build(kind: &Kind, silence: Duration) -> Result<reqwest::Client, FetchError> {
    install_tls();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("customs/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(limit::CONNECT)
        .read_timeout(silence)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true);
    if kind.verbatim {
        builder = builder.no_gzip().no_brotli();
    }
    if !kind.own {
        builder = builder.dns_resolver(Arc::new(OuterResolver));
    }
    let mut certificates = Vec::new();
    for path in &kind.roots {
        // A file that the client names and that is not there is the client's own problem.
        let Ok(pem) = std::fs::read(path) else {
            continue;
        };
        let found = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|e| FetchError::Setup(format!("{}: {e}", path.display())))?;
        certificates.extend(found);
    }
    if !certificates.is_empty() {
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .build()
        .map_err(|e| FetchError::Setup(e.to_string()))
}

/// A whole answer, up to `limit` bytes.
///
/// # Errors
/// It breaks off or is longer.
pub async fn bounded(response: Response, limit: usize) -> Result<Bytes, FetchError> {
    let url = response.url().clone();
    let mut body = response.bytes_stream();
    let mut all = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| transport(&url, e))?;
        if all.len() + chunk.len() > limit {
            return Err(FetchError::TooLong {
                host: host_of(&url),
                limit: limit as u64,
            });
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}

/// Host and port, for messages.
pub fn host_of(url: &Url) -> String {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or("?"))
}

/// The innermost cause: reqwest's own text repeats the URL, which may hold secrets.
pub(crate) fn transport(url: &Url, error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut why = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        why = "it stayed silent for too long".into();
    }
    FetchError::Transport {
        host: host_of(url),
        why,
    }
}
