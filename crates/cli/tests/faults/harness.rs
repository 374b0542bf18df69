//! A gate in this process, in front of an upstream that does what a test wants.

use crate::shelves::{Package, Shelves, days, package, release};
use customs_gate::{Gate, Options, RunEnd, RunReply, RunReport, RunRequest, Waits, serve};
use customs_model::{Clock as _, FixedClock, Route, SignedDuration, SystemClock, Timestamp};
use customs_registry::{Upstream, Upstreams};
use customs_replay::{Bound, Fault, Faults, Server};
use customs_store::{LedgerRecord, SqliteStore, Store};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What the controls of these gates are opened with.
pub const SECRET: &str = "the-secret-of-the-controls";

/// The media type of npm's short documents.
pub const SHORT: &str = "application/vnd.npm.install-v1+json";

/// A running gate with one run.
pub struct Gated {
    pub port: u16,
    pub token: String,
    pub id: String,
    pub client: reqwest::Client,
    pub clock: Arc<FixedClock>,
    pub store: Arc<SqliteStore>,
    pub folder: tempfile::TempDir,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Gated {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The answer to a request, read to its end.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answered {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |v| v.to_str().expect("a header of text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The sentence that npm prints.
    pub fn error(&self) -> String {
        self.json()["error"]
            .as_str()
            .unwrap_or_else(|| panic!("no sentence for people: {}", self.text()))
            .to_owned()
    }

    /// An answer that says what is wrong, with this status.
    #[track_caller]
    pub fn explained(&self, status: u16, words: &[&str]) -> String {
        let error = self.error();
        assert_eq!(self.status, status, "{error}");
        assert!(error.starts_with("customs: "), "{error}");
        for word in words {
            assert!(error.contains(word), "no {word:?} in: {error}");
        }
        error
    }
}

/// npm's registry at an address, open to everybody.
pub fn npm_at(base: &str) -> Upstreams {
    Upstreams {
        npm: Some(Upstream::parse(base, Route::Public).unwrap()),
        ..Upstreams::default()
    }
}

/// All three ecosystems at an address.
pub fn all_at(base: &str) -> Upstreams {
    let at = |path: &str| Upstream::parse(&format!("{base}{path}"), Route::Public).unwrap();
    Upstreams {
        npm: Some(at("/")),
        pypi: vec![at("/simple/")],
        cargo: Some(at("/index/")),
        ..Upstreams::default()
    }
}

/// A run under the default policy.
pub fn run_request(upstreams: Upstreams) -> RunRequest {
    // Read as the gate reads it: what it takes for granted is taken for granted here.
    let request = json!({ "command": "a test", "upstreams": upstreams, "read_only": false });
    serde_json::from_value(request).unwrap()
}

impl Gated {
    /// A gate on a free port, with one run.
    pub async fn with(run: RunRequest, waits: Waits) -> Self {
        Self::with_store(run, waits, |store| store).await
    }

    /// The same with something between the gate and its store.
    pub async fn with_store(
        run: RunRequest,
        waits: Waits,
        wrap: impl FnOnce(Arc<SqliteStore>) -> Arc<dyn Store>,
    ) -> Self {
        customs_registry::http::install_tls();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let store =
            Arc::new(SqliteStore::open(&folder.path().join("data"), clock.clone()).unwrap());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate = Gate::new(Options {
            cache: folder.path().join("cache"),
            trust: folder.path().join("data").join("trust"),
            lists: folder.path().join("data").join("files"),
            evidence: folder.path().join("data").join("evidence"),
            store: wrap(store.clone()),
            clock: clock.clone(),
            secret: SECRET.into(),
            port,
            waits,
        })
        .unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut gated = Self {
            port,
            token: String::new(),
            id: String::new(),
            client,
            clock,
            store,
            folder,
            task: tokio::spawn(serve(gate, listener, None)),
        };
        let reply = gated.begin(&run).await;
        gated.token = reply.token;
        gated.id = reply.id;
        gated
    }

    /// Begins another run.
    pub async fn begin(&self, run: &RunRequest) -> RunReply {
        let asked = self
            .client
            .post(self.url("/-/customs/runs"))
            .bearer_auth(SECRET)
            .body(serde_json::to_vec(run).unwrap());
        let answered = read(asked).await;
        assert_eq!(answered.status, 201, "{}", answered.text());
        serde_json::from_slice(&answered.body).unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// A request of the run, not sent yet.
    pub fn ask(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answered {
        read(self.ask(path)).await
    }

    pub async fn head(&self, path: &str) -> Answered {
        read(self.client.head(self.url(path)).bearer_auth(&self.token)).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        let mut asked = self.ask(path);
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        read(asked).await
    }

    /// Sends bytes as they are and reads the answer to its end. Clients tidy a path
    /// before they send it; attackers do not.
    pub async fn raw(&self, head: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port))
            .await
            .unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        // A reset after the answer is an end, too.
        let _ = stream.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    /// A raw `GET` of the run.
    pub async fn raw_get(&self, path: &str) -> String {
        let (port, token) = (self.port, &self.token);
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    pub async fn report(&self) -> RunReport {
        let asked = self
            .client
            .get(self.url(&format!("/-/customs/runs/{}", self.id)))
            .bearer_auth(SECRET);
        let end: RunEnd = serde_json::from_slice(&read(asked).await.body).unwrap();
        end.report
    }

    /// Everything that the ledger says.
    pub fn records(&self) -> Vec<LedgerRecord> {
        self.store.flush().unwrap();
        let rows = self.store.records_after(0, 10_000).unwrap();
        rows.into_iter().map(|row| row.record).collect()
    }

    /// Time passes: every document has to be asked for again.
    pub fn later(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Sends a request and reads the answer to its end.
pub async fn read(asked: reqwest::RequestBuilder) -> Answered {
    try_read(asked).await.expect("a whole answer")
}

/// The same, where the answer may break off.
pub async fn try_read(asked: reqwest::RequestBuilder) -> reqwest::Result<Answered> {
    let response = asked.send().await?;
    Ok(Answered {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await?.to_vec(),
    })
}

/// An upstream on a port, and a gate in front of it.
pub struct World {
    pub shelves: Shelves,
    pub server: Server,
    pub gate: Gated,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Faults::none(), Waits::default()).await
    }

    pub async fn with(faults: Faults, waits: Waits) -> Self {
        let shelves = Shelves::default();
        let server = Bound::new().await.unwrap().serve(shelves.clone(), faults);
        let gate = Gated::with(run_request(all_at(&server.base())), waits).await;
        Self {
            shelves,
            server,
            gate,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.gate.now()
    }

    /// Publishes an npm package.
    pub fn publish(&self, package: &Package<'_>) {
        self.shelves.npm(&self.server.base(), package);
    }

    /// Publishes `name` with one old release of these bytes.
    pub fn publish_old(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        let releases = vec![release("1.0.0", days(400)).bytes(bytes)];
        self.publish(&package(name, self.now(), releases).tags(&[("latest", "1.0.0")]));
    }

    /// How often the upstream was asked for a path.
    pub fn asked(&self, path: &str) -> usize {
        self.server.hits().iter().filter(|h| h.path == path).count()
    }
}

/// Bytes that differ everywhere, so that a piece at the wrong place is noticed.
pub fn many_bytes(length: usize) -> Vec<u8> {
    (0..length as u64)
        .flat_map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes())
        .take(length)
        .collect()
}

/// A fault with something more.
pub fn with(mut fault: Fault, more: impl FnOnce(&mut Fault)) -> Fault {
    more(&mut fault);
    fault
}

/// Short waits, for tests about them.
pub const fn impatient(check: u64) -> Waits {
    Waits {
        check: Duration::from_millis(check),
        upstream: Duration::from_secs(20),
        evidence: Duration::from_secs(3),
    }
}
