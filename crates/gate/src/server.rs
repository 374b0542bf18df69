//! The server: one loopback port, one credential per run, one route per request.

use crate::ahead::Ahead;
use crate::answer::{Body, Reader, empty, failure, for_client};
use crate::background::Background;
use crate::credential::{is_own_host, presented};
use crate::deliver::{Again, FileName, PATIENCE};
use crate::encoding::Encoding;
use crate::lately::{Answered, Lately, Wants};
use crate::lists::Lists;
use crate::metrics::{Metrics, kind_of};
use crate::naming::package_of;
use crate::origins::Origins;
use crate::page::{Asked, Looked, Lookers, Watch};
use crate::rendering::Renderings;
use crate::report::Event;
pub use crate::request::Request;
use crate::route::Route;
use crate::run::Run;
use crate::team::{Door, Readiness, Team};
use crate::traced::begin;
use customs_model::{Clock, Decision, Digest, ReleaseId};
use customs_registry::evidence::TrustFolder;
use customs_registry::http::{Fetcher, limit};
use customs_registry::trace::Traces;
use customs_registry::{Judged, ONLY_ONE, Registry, Shared, Upstream, on_behalf};
use customs_store::{LedgerRecord, Receipt, Store, StoreError};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use url::Url;

/// How a gate is set up.
pub struct Options {
    /// Where documents, artifacts and renderings are kept. Safe to delete at any time.
    pub cache: PathBuf,
    /// The folder that `customs trust update` writes; it need not be there.
    pub trust: PathBuf,
    /// The folder of lists of what is in delivered artifacts. What lies there outlives the cache.
    pub lists: PathBuf,
    /// The folder of evidence of origin of delivered artifacts. It outlives the cache, too.
    pub evidence: PathBuf,
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
    /// For an attestation, before a young release is delivered for the first time.
    pub evidence: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            check: PATIENCE,
            upstream: limit::SILENCE,
            evidence: crate::origins::FIRST,
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
    pub(crate) stopping: watch::Sender<bool>,
    /// It stops soon, and says so.
    pub(crate) draining: AtomicBool,
    /// Whom it serves in place of runs.
    pub(crate) team: Option<Team>,
    /// Held while policies are put under what the ledger exempts: one after the other.
    pub(crate) granting: tokio::sync::Mutex<()>,
    pub(crate) readiness: Readiness,
    /// What happens here, in numbers.
    pub metrics: Arc<Metrics>,
    /// Where it is written which request asked whom.
    pub(crate) traces: OnceLock<Traces>,
    /// What the page shows of the last hours.
    pub(crate) watch: Watch,
    pub(crate) lookers: Lookers,
    /// Documents that were answered a moment ago.
    pub(crate) answered: Lately<Wants, Answered>,
    /// Artifacts that were delivered a moment ago.
    pub(crate) delivered: Lately<FileName, Arc<Again>>,
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
        Self::build(options, shared, None)
    }

    /// A gate that serves whoever shows a token, at the address `public`; nobody, until
    /// [`Gate::apply`] says who that is.
    ///
    /// # Errors
    /// The cache folder cannot be used.
    pub fn for_team(
        options: Options,
        shared: Option<Arc<Shared>>,
        public: &Url,
    ) -> Result<Arc<Self>, GateError> {
        Self::build(options, shared, Some(public))
    }

    fn build(
        options: Options,
        shared: Option<Arc<Shared>>,
        public: Option<&Url>,
    ) -> Result<Arc<Self>, GateError> {
        let metrics = Arc::new(Metrics::default());
        if let Some(shared) = &shared {
            metrics.count_jobs_of(shared.clone());
        }
        let registry = Registry::open_shared(
            &options.cache,
            Fetcher::with_silence(options.waits.upstream),
            options.clock,
            options.store.clone(),
            shared.clone(),
        )?;
        // A run of one person is delivered what its document offers; what stands in the team's store
        // must not be able to say that.
        let registry = match public {
            Some(_) => registry.with_documents_in_common(shared),
            None => registry,
        };
        // What is read in the background must not keep them waiting.
        let registry = Arc::new(registry.for_people());
        Ok(Arc::new(Self {
            ahead: Ahead::new(registry.clone()),
            background: Background::new(),
            origins: Arc::new(Origins::new(&options.evidence, options.waits.evidence)),
            trust: Arc::new(TrustFolder::new(options.trust)),
            lists: Lists::new(options.lists, registry.clone()),
            registry,
            patience: options.waits.check,
            renderings: Renderings::new(options.cache.join("rendered"), public.is_some())?,
            store: options.store,
            runs: Mutex::default(),
            secret: options.secret,
            port: options.port,
            last_use: Mutex::new(Instant::now()),
            stopping: watch::Sender::new(false),
            draining: AtomicBool::new(false),
            team: public.map(|public| Team::new(public, options.port)),
            granting: tokio::sync::Mutex::default(),
            readiness: Readiness::default(),
            metrics,
            traces: OnceLock::new(),
            watch: Watch::default(),
            lookers: Lookers::default(),
            answered: Lately::default(),
            delivered: Lately::default(),
        }))
    }

    /// The address that documents carry.
    pub fn base(&self) -> String {
        match &self.team {
            Some(team) => team.base.clone(),
            None => format!("http://127.0.0.1:{}", self.port),
        }
    }

    /// In which coding a document is sent. On the way to a command on this machine there is nothing
    /// to save: both sides would only spend time on it.
    pub(crate) fn encoding(&self, request: &Request) -> Option<Encoding> {
        self.team.as_ref()?;
        Encoding::accepted(&request.headers)
    }

    /// Says that it is not ready from now on, and serves on: whoever sends requests here has time to send
    /// them elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Takes no connection any more, and ends when what is being answered is answered.
    pub fn stop_serving(&self) {
        self.stopping.send_replace(true);
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
        match &self.team {
            // Nobody gets here without one.
            Some(_) => true,
            None => self.run_of(headers).is_some(),
        }
    }

    /// Appends a record and waits until it is with the operating system.
    pub async fn append(&self, record: LedgerRecord) -> Result<Receipt, StoreError> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.store.append(
            record,
            Box::new(move |done| {
                // Nobody waits any more when the client hung up.
                let _ = sender.send(done);
            }),
        );
        receiver.await.map_err(|_| StoreError::Closed)?
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

    pub(crate) async fn handle(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        address: String,
    ) -> Response<Body> {
        let begun = Instant::now();
        let metrics = self.metrics.clone();
        let _answering = metrics.answering();
        let route = Route::of(request.uri().path());
        let kind = kind_of(&route);
        let response = match self.traces.get() {
            None => self.answer(request, route, address).await,
            Some(traces) => {
                let span = begin(traces, &request);
                self.traced(span, request, route, address).await
            }
        };
        // Whoever looks waits for no package.
        let is_page = response.extensions().get::<Looked>().is_some();
        let kind = if is_page {
            kind_of(&Route::Control(String::new()))
        } else {
            kind
        };
        metrics.answered(kind, response.status().as_u16(), begun.elapsed());
        response
    }

    pub(crate) async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        route: Route,
        address: String,
    ) -> Response<Body> {
        let request = Request::new(request, address);
        *self.last_use.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let reader = reader_of(&route);
        let run = match &self.team {
            Some(team) => {
                if let Some(response) = self.health(&request).await {
                    return response;
                }
                if !team.is_own_host(&request.headers) {
                    let why = format!("customs: this gate answers to {} only", team.base);
                    return failure(reader, StatusCode::MISDIRECTED_REQUEST, &why);
                }
                match self.door(team, &request, &route, reader) {
                    Door::In(run) => run,
                    Door::Looks => {
                        let asked = Asked {
                            method: &request.method,
                            path: &request.path,
                            query: request.query.as_deref(),
                            headers: &request.headers,
                        };
                        return self.page(asked).await;
                    }
                    Door::Exempts(member, what) => {
                        return self.exemptions(&member, request, &what).await;
                    }
                    Door::Answered(response) => return response,
                }
            }
            None => {
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
                match self.run_of(&request.headers) {
                    Some(run) => run,
                    None => return no_run(reader),
                }
            }
        };
        run.touch();
        if let Some(name) = canary(&route) {
            // Nobody else is asked for it: it exists nowhere.
            run.note(Event::Canary(name.to_owned()));
            return failure(reader, StatusCode::NOT_FOUND, "customs: the probe arrived");
        }
        let who = match &self.team {
            Some(_) => request.client_of(&run),
            None => ONLY_ONE.to_owned(),
        };
        let _turn = match &self.team {
            Some(team) => Some(team.turns.take(&who).await),
            None => None,
        };
        // The command that waits for a run's end asks what takes so long.
        let _waiting = match run.is_tokens() {
            true => None,
            false => Some(run.wait(customs_model::printable(&request.path, 120))),
        };
        let _answering = self.background.answering();
        let client = request.headers.get(USER_AGENT).cloned();
        let mut response = on_behalf(who.into(), self.route(&run, request, route)).await;
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
            | Route::NpmTags(package) => self.npm_write(run, request, Some(package)).await,
            Route::NpmOther(path) => {
                let package = package_of(&path);
                self.npm_write(run, request, package).await
            }
            other => failure(
                reader_of(&other),
                StatusCode::METHOD_NOT_ALLOWED,
                "customs: this address only answers GET and HEAD",
            ),
        }
    }
}

/// The npm registry that stands for all in what is about none of their packages.
pub(crate) fn npm_of_team(run: &Run) -> Option<&Upstream> {
    let upstreams = &run.context.upstreams;
    upstreams.npm.as_ref().or(upstreams.npm_private.first())
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

fn no_run(reader: Reader) -> Response<Body> {
    let mut response = failure(
        reader,
        StatusCode::UNAUTHORIZED,
        "customs: this gate serves only commands that were started with `customs run`",
    );
    response.headers_mut().insert(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"customs\""),
    );
    response
}
