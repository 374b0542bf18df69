//! A team: a database, a store of artifacts, gates as processes, and clients that ask them.

use super::server::Server;
use crate::harness::{npm_at, run_request, try_read};
use crate::program::{Program, customs};
use crate::shelves::{Shelves, days, hours, package, release, tgz};
use customs_gate::RunRequest;
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Bound, Faults, Server as Upstream};
use customs_store::{Index as _, LedgerRecord, PostgresStore, Store as _};
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub const TARBALL: &str = "/left/-/left-1.0.0.tgz";
/// A gate that says nothing for thirty seconds is gone; the others look every five.
pub const GONE: Duration = Duration::from_secs(120);

/// A database, a folder for artifacts, and an upstream.
pub struct Team {
    pub server: Server,
    folder: tempfile::TempDir,
    pub upstream: Upstream,
    pub shelves: Shelves,
    pub bytes: Vec<u8>,
    /// None: a folder.
    pub blobs: Option<String>,
    /// Where workers take jobs; none: gates read themselves.
    pub nats: Option<String>,
}

impl Team {
    /// None: PostgreSQL is not installed.
    pub async fn new(bytes: Vec<u8>) -> Option<Self> {
        let server = Server::new()?;
        let shelves = Shelves::default();
        let upstream = Bound::new().await.unwrap();
        let upstream = upstream.serve(shelves.clone(), Faults::none());
        // One that everybody gets, and one that is too young.
        let releases = vec![
            release("1.0.0", days(400)).bytes(bytes.clone()),
            release("2.0.0", hours(1)),
        ];
        let package = package("left", SystemClock.now(), releases);
        shelves.npm(&upstream.base(), &package.tags(&[("latest", "1.0.0")]));
        Some(Self {
            server,
            folder: tempfile::tempdir().unwrap(),
            upstream,
            shelves,
            bytes,
            blobs: None,
            nats: None,
        })
    }

    pub fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn url(&self) -> String {
        self.server.url("postgres")
    }

    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let blobs = self.blobs.clone().unwrap_or_else(|| {
            let folder = self.home("blobs");
            folder.to_str().unwrap().to_owned()
        });
        vec![
            ("CUSTOMS_STORE", self.url()),
            ("CUSTOMS_BLOBS", blobs),
            ("CUSTOMS_NATS", self.nats.clone().unwrap_or_default()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "hidden".to_owned()),
        ]
    }

    pub fn run(&self) -> RunRequest {
        run_request(npm_at(&self.upstream.base()))
    }

    pub async fn gate(&self, name: &str) -> Program {
        let environment = self.environment();
        let environment: Vec<_> = environment.iter().map(|(n, v)| (*n, v.as_str())).collect();
        Program::start(&self.home(name), &self.run(), &environment).await
    }

    /// A command of the program, at this gate's folders.
    pub fn ask(&self, name: &str, arguments: &[&str]) -> Output {
        let mut command = customs(&self.home(name), arguments);
        command.envs(self.environment());
        command.output().unwrap()
    }

    /// `customs ledger verify` against one gate's own heads.
    pub fn demand_intact(&self, name: &str) -> String {
        let output = self.ask(name, &["ledger", "verify"]);
        let told = text(&output);
        assert!(output.status.success(), "{told}");
        assert!(told.contains("ledger: intact"), "{told}");
        assert!(!told.contains("BROKEN") && !told.contains("CUT"), "{told}");
        told
    }

    /// How many deliveries of `left@1.0.0` all gates recorded.
    pub fn delivered(&self, name: &str) -> u64 {
        let who = ["ledger", "who", "pkg:npm/left@1.0.0", "--format", "json"];
        let output = self.ask(name, &who);
        assert!(output.status.success(), "{}", text(&output));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        told["total"].as_u64().unwrap()
    }

    pub fn store(&self) -> PostgresStore {
        PostgresStore::open_read_only(&self.url()).unwrap()
    }

    /// How many gaps all gates recorded.
    pub fn gaps(&self) -> usize {
        let (store, mut position, mut gaps) = (self.store(), 0, 0);
        loop {
            let page = store.records_after(position, 10_000).unwrap();
            let Some(last) = page.last() else {
                return gaps;
            };
            position = last.position;
            let is_gap = |record: &&LedgerRecord| matches!(record, LedgerRecord::Gap(_));
            gaps += page.iter().map(|row| &row.record).filter(is_gap).count();
        }
    }

    /// Waits until the index has an entry.
    pub async fn until_named(&self, space: &str, key: &str) {
        let (store, begun) = (self.store(), Instant::now());
        while store.entry(space, key).unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{space} {key}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What a tarball of npm looks like that can be installed.
pub fn left() -> Vec<u8> {
    let manifest = r#"{"name": "left", "version": "1.0.0", "main": "index.js"}"#;
    let main = "exports.pad = (text) => ` ${text}`;\n";
    tgz(&[("package.json", manifest), ("index.js", main)])
}

/// Clients that ask one gate until told to stop, or until it is gone; how many have it whole.
pub struct Load {
    stop: Arc<AtomicBool>,
    whole: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    pub fn on(program: &Program, bytes: &[u8]) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            whole: Arc::default(),
            refused: Arc::default(),
            clients: Vec::new(),
        };
        for _ in 0..4 {
            let (asked, bytes) = (program.ask(TARBALL), bytes.to_vec());
            let (stop, whole) = (load.stop.clone(), load.whole.clone());
            let refused = load.refused.clone();
            load.clients.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let Ok(got) = try_read(asked.try_clone().unwrap()).await else {
                        return;
                    };
                    if got.status == 200 {
                        assert!(got.body == bytes, "other bytes");
                        whole.fetch_add(1, Ordering::Relaxed);
                    } else {
                        // What cannot be recorded is not delivered, and that is explained.
                        let error = got.error();
                        assert!(got.status >= 500, "{} {error}", got.status);
                        assert!(error.contains("left@1.0.0"), "{error}");
                        refused.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            }));
        }
        load
    }

    pub fn whole(&self) -> usize {
        self.whole.load(Ordering::Relaxed)
    }

    /// Waits until so many clients have it.
    pub async fn until(&self, enough: usize) {
        let begun = Instant::now();
        while self.whole() < enough {
            let refused = self.refused.load(Ordering::Relaxed);
            let whole = self.whole();
            assert!(begun.elapsed() < GONE, "{whole} have it, {refused} refused");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many ask at once.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// How many have it in all.
    pub async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        self.whole.load(Ordering::Relaxed)
    }
}
