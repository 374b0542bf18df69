//! The server: one loopback port, one credential per run, one route per request.

use crate::ahead::Ahead;
use crate::answer::{Body, Reader, empty, failure, for_client};
use crate::background::Background;
use crate::credential::{is_own_host, presented};
use crate::deliver::PATIENCE;
use crate::lists::Lists;
use crate::origins::Origins;
use crate::rendering::Renderings;
use crate::report::Event;
use crate::route::Route;
use crate::run::Run;
use bytes::Bytes;
use customs_model::{Clock, Decision, Digest, ReleaseId};
use customs_registry::evidence::TrustFolder;
use customs_registry::http::{Fetcher, limit};
use customs_registry::{Judged, Registry, Shared, Upstream};
use customs_store::{LedgerRecord, Store, StoreError, Who};
use http_body_util::{BodyDataStream, BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How a gate is set up.
pub struct Options {
    /// Where documents, artifacts, renderings and evidence are kept. Safe to delete at any time.
    pub cache: PathBuf,
    /// The folder that `customs trust update` writes; it need not be there.
    pub trust: PathBuf,
    /// The folder of lists of what is in delivered artifacts. What lies there outlives the cache.
    pub lists: PathBuf,
    /// The ledger and the gate's memory.
    pub store: Arc<dyn Store>,
    /// Now.
    pub clock: Arc<dyn Clock>,
    /// The secret of the controls.
    pub secret: String,
    /// The port it listens on, for the addresses in documents.
    pub port: u16,
    /// How long it waits.
    pub waits: Waits,
}

/// How long a gate waits.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// For the check of an artifact, before its bytes start to flow.
    pub check: Duration,
    /// For the next byte of an upstream.
    pub upstream: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            check: PATIENCE,
            upstream: limit::SILENCE,
        }
    }
}

/// Why a gate does not start.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The cache folder.
    #[error("the cache folder cannot be used: {0}; move it with CUSTOMS_CACHE_DIR")]
    Cache(#[from] std::io::Error),
}

/// The gate.
pub struct Gate {
    /// Documents, decisions, artifacts.
    pub registry: Arc<Registry>,
    pub(crate) ahead: Ahead,
    pub(crate) background: Background,
    pub(crate) origins: Arc<Origins>,
    pub(crate) trust: Arc<TrustFolder>,
    pub(crate) lists: Arc<Lists>,
    /// Rendered documents.
    pub renderings: Renderings,
    /// How long an artifact's check is waited for before its bytes start to flow.
    pub patience: Duration,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runs: Mutex<HashMap<String, Arc<Run>>>,
    pub(crate) secret: String,
    port: u16,
    last_use: Mutex<Instant>,
    pub(crate) stop: tokio::sync::Notify,
}

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
    body: Incoming,
}

impl Request {
    /// Whether only headers are wanted.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Who asks.
    pub fn who(&self, run: &Run) -> Who {
        let client = self.headers.get(USER_AGENT).and_then(|v| v.to_str().ok());
        run.who(client, self.address.as_deref())
    }

    /// The body as it arrives and its length, if it has one: for who passes it on.
    pub fn into_stream(self) -> Option<(BodyDataStream<Incoming>, Option<u64>)> {
        let length = self.body.size_hint().exact();
        (!self.body.is_end_stream()).then(|| (self.body.into_data_stream(), length))
    }

    /// The whole body, bounded.
    pub async fn into_body(self, limit: usize) -> Result<Bytes, String> {
        Limited::new(self.body, limit)
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .map_err(|e| format!("the request's body could not be read: {e}"))
    }
}

impl Gate {
    /// A gate that listens nowhere yet.
    ///
    /// # Errors
    /// The cache folder cannot be used.
    pub fn new(options: Options) -> Result<Arc<Self>, GateError> {
        Self::of_team(options, None)
    }

    /// One of several gates: with artifacts and what was read of them in common. Their ledger
    /// and memory are what `options.store` is.
    ///
    /// # Errors
    /// The cache folder cannot be used.
    pub fn of_team(options: Options, shared: Option<Arc<Shared>>) -> Result<Arc<Self>, GateError> {
        let registry = Arc::new(Registry::open_shared(
            &options.cache,
            Fetcher::with_silence(options.waits.upstream),
            options.clock,
            options.store.clone(),
            shared,
        )?);
        Ok(Arc::new(Self {
            ahead: Ahead::new(registry.clone()),
            background: Background::new(),
            origins: Arc::new(Origins::new(&options.cache.join("evidence"))),
            trust: Arc::new(TrustFolder::new(options.trust)),
            lists: Lists::new(options.lists, registry.clone()),
            registry,
            patience: options.waits.check,
            renderings: Renderings::new(options.cache.join("rendered"))?,
            store: options.store,
            runs: Mutex::default(),
            secret: options.secret,
            port: options.port,
            last_use: Mutex::new(Instant::now()),
            stop: tokio::sync::Notify::new(),
        }))
    }

    /// The address that documents carry.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Runs that have not ended.
    pub fn active(&self) -> usize {
        self.runs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// How long nothing was asked.
    pub fn idle(&self) -> Duration {
        self.last_use
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// Whether a request carries a credential of this gate.
    pub fn is_own_credential(&self, headers: &HeaderMap) -> bool {
        self.run_of(headers).is_some()
    }

    /// Appends a record and waits until it is with the operating system.
    pub async fn append(&self, record: LedgerRecord) -> Result<(), StoreError> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.store.append(
            record,
            Box::new(move |done| {
                // Nobody waits any more when the client hung up.
                let _ = sender.send(done);
            }),
        );
        receiver.await.map_err(|_| StoreError::Closed)?.map(|_| ())
    }

    /// Records decisions that are new or changed.
    pub async fn record_decisions(&self, judged: &Arc<Judged>) {
        if !judged.is_new() || judged.decisions.is_empty() {
            return;
        }
        let made = judged.decisions.values();
        let made = made.map(|j| (j.decision.clone(), j.digests.clone()));
        if !self.record_made(made.collect()).await {
            judged.still_new();
        }
    }

    /// Records those of these decisions that are new or changed. Returns whether it could.
    pub async fn record_made(&self, made: Vec<(Decision, Vec<Digest>)>) -> bool {
        let store = self.store.clone();
        let recorded = tokio::task::spawn_blocking(move || {
            let all: Vec<_> = made
                .iter()
                .map(|(decision, digests)| customs_store::Judged { decision, digests })
                .collect();
            store.record_judged(&all)
        });
        let error = match recorded.await {
            Ok(Ok(_)) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error, "decisions could not be recorded");
        false
    }

    /// The digest that an artifact had when it was first delivered.
    pub async fn pinned(
        &self,
        upstream: &Upstream,
        release: &ReleaseId,
        file: &str,
    ) -> Result<Option<Digest>, StoreError> {
        let (store, place) = (self.store.clone(), upstream.shown());
        let (release, file) = (release.clone(), file.to_owned());
        // A database elsewhere may take its time; other requests must not wait for it.
        tokio::task::spawn_blocking(move || store.digest_seen(&place, &release, &file))
            .await
            .unwrap_or(Err(StoreError::Closed))
    }

    /// The ledger and the gate's memory.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn run_of(&self, headers: &HeaderMap) -> Option<Arc<Run>> {
        let token = presented(headers)?;
        self.runs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&token)
            .cloned()
    }

    async fn handle(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        address: String,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let route = Route::of(parts.uri.path());
        let request = Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            upstream_path: None,
            address: Some(address),
            body,
        };
        *self.last_use.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let reader = reader_of(&route);
        if !is_own_host(&request.headers, self.port) {
            return failure(
                reader,
                StatusCode::MISDIRECTED_REQUEST,
                "customs: this gate answers to its loopback address only",
            );
        }
        if let Route::Control(what) = &route {
            let what = what.clone();
            return self.control(&what, request).await;
        }
        let Some(run) = self.run_of(&request.headers) else {
            let mut response = failure(
                reader,
                StatusCode::UNAUTHORIZED,
                "customs: this gate serves only commands that were started with `customs run`",
            );
            response.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"customs\""),
            );
            return response;
        };
        run.touch();
        if let Some(name) = canary(&route) {
            // Nobody else is asked for it: it exists nowhere.
            run.note(Event::Canary(name.to_owned()));
            return failure(reader, StatusCode::NOT_FOUND, "customs: the probe arrived");
        }
        let _waiting = run.wait(customs_model::printable(&request.path, 120));
        let _answering = self.background.answering();
        let client = request.headers.get(USER_AGENT).cloned();
        let mut response = self.route(&run, request, route).await;
        for_client(&mut response, client.as_ref().and_then(|c| c.to_str().ok()));
        response
    }

    async fn route(&self, run: &Arc<Run>, request: Request, route: Route) -> Response<Body> {
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        match route {
            Route::Nothing(why) => failure(
                reader_of(&route),
                StatusCode::NOT_FOUND,
                &format!("customs: {why}"),
            ),
            Route::Control(_) => empty(StatusCode::NOT_FOUND),
            Route::NpmOther(path) if reads || is_question(&request.method, &path) => {
                self.npm_other(run, request, &path).await
            }
            _ if !reads => self.write(run, request, route).await,
            Route::NpmDocument(package) => self.npm_document(run, &request, package).await,
            Route::NpmVersion(package, version) => {
                self.npm_version(run, &request, package, &version).await
            }
            Route::NpmTarball(package, file) => {
                self.npm_tarball(run, &request, package, &file).await
            }
            Route::NpmTags(package) => self.npm_tags(run, package).await,
            Route::NpmOther(path) => self.npm_other(run, request, &path).await,
            Route::PyPiProject(project) => self.pypi_project(run, &request, project).await,
            Route::PyPiFile(folder, file) => self.pypi_file(run, &request, &folder, &file).await,
            Route::CargoConfig => self.cargo_config(run).await,
            Route::CargoIndex(name) => self.cargo_index(run, &request, name).await,
            Route::CargoDownload(name, version) => {
                self.cargo_download(run, &request, name, version).await
            }
            Route::CargoApi(path) => self.cargo_api(run, request, &path).await,
        }
    }

    async fn write(&self, run: &Arc<Run>, request: Request, route: Route) -> Response<Body> {
        match route {
            Route::CargoApi(path) => self.cargo_api(run, request, &path).await,
            Route::NpmDocument(package)
            | Route::NpmVersion(package, _)
            | Route::NpmTarball(package, _)
            | Route::NpmTags(package) => match run.context.upstreams.npm_for(&package).cloned() {
                Some(upstream) => self.relay_write(run, &upstream, request, Reader::Npm).await,
                None => failure(
                    Reader::Npm,
                    StatusCode::NOT_FOUND,
                    "customs: no npm registry is configured",
                ),
            },
            Route::NpmOther(_) => match run.context.upstreams.npm.clone() {
                Some(upstream) => self.relay_write(run, &upstream, request, Reader::Npm).await,
                None => failure(
                    Reader::Npm,
                    StatusCode::NOT_FOUND,
                    "customs: no npm registry is configured",
                ),
            },
            other => failure(
                reader_of(&other),
                StatusCode::METHOD_NOT_ALLOWED,
                "customs: this address only answers GET and HEAD",
            ),
        }
    }
}

/// The beginning of names that `customs doctor` makes its clients ask for.
pub const CANARY: &str = "customs-canary-";

fn canary(route: &Route) -> Option<&str> {
    match route {
        Route::NpmDocument(name) | Route::PyPiProject(name) | Route::CargoIndex(name) => {
            Some(name.as_str()).filter(|name| name.starts_with(CANARY))
        }
        _ => None,
    }
}

/// POST requests that only ask: npm's audit sends its question as a body.
fn is_question(method: &Method, path: &str) -> bool {
    let audits = [
        "-/npm/v1/security/advisories/bulk",
        "-/npm/v1/security/audits",
        "-/npm/v1/security/audits/quick",
    ];
    *method == Method::POST && audits.contains(&path)
}

fn reader_of(route: &Route) -> Reader {
    match route {
        Route::PyPiProject(_) | Route::PyPiFile(..) => Reader::Python,
        Route::CargoConfig
        | Route::CargoIndex(_)
        | Route::CargoDownload(..)
        | Route::CargoApi(_) => Reader::Cargo,
        _ => Reader::Npm,
    }
}

/// Serves until it is told to stop, or nothing was asked for `linger` and no run is open.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    gate: Arc<Gate>,
    listener: TcpListener,
    linger: Option<Duration>,
) -> std::io::Result<()> {
    // Ends with this: a set of tasks that is dropped aborts them.
    let mut background = tokio::task::JoinSet::new();
    background.spawn(gate.clone().read_in_background());
    background.spawn(gate.clone().keep_evidence());
    background.spawn(gate.clone().follow_grants());
    let served = serve_clients(&gate, &listener, linger).await;
    background.shutdown().await;
    gate.background.stop();
    gate.origins.stop();
    served
}

async fn serve_clients(
    gate: &Arc<Gate>,
    listener: &TcpListener,
    linger: Option<Duration>,
) -> std::io::Result<()> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => spawn_connection(gate.clone(), stream, address.ip().to_string()),
                // Out of descriptors, or a client that went away: not the end of the gate.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
            () = gate.stop.notified() => return Ok(()),
            _ = tick.tick() => {
                gate.forget_abandoned();
                if linger.is_some_and(|linger| gate.active() == 0 && gate.idle() > linger) {
                    return Ok(());
                }
            }
        }
    }
}

fn spawn_connection(gate: Arc<Gate>, stream: tokio::net::TcpStream, address: String) {
    let _ = stream.set_nodelay(true);
    tokio::spawn(async move {
        let service = service_fn(move |request| {
            let (gate, address) = (gate.clone(), address.clone());
            async move { Ok::<_, std::convert::Infallible>(gate.handle(request, address).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(30))
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}
