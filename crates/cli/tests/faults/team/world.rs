//! A team: a database, a store of artifacts, gates as processes, and clients that ask them.

use super::server::Server;
use crate::harness::{npm_at, run_request, try_read};
use crate::program::{Program, customs};
use crate::shelves::{Shelves, days, hours, package, release, tgz};
use customs_gate::RunRequest;
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Bound, Faults, Server as Upstream};
use customs_store::{Index as _, LedgerRecord, PostgresStore, Store as _};
use std::collections::BTreeMap;
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

    /// How many deliveries of `left@1.0.0` all gates recorded, as this one tells it.
    pub fn delivered(&self, name: &str) -> u64 {
        let who = ["ledger", "who", "pkg:npm/left@1.0.0", "--format", "json"];
        let output = self.ask(name, &who);
        assert!(output.status.success(), "{}", text(&output));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        told["total"].as_u64().unwrap()
    }

    /// How often all gates recorded a delivery of `left@1.0.0`, client by client.
    pub fn delivered_to(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        self.each_record(|record| {
            if let LedgerRecord::Delivered(delivered) = record {
                assert_eq!(delivered.release.spoken(), "left@1.0.0");
                let client = delivered.who.client.clone().unwrap_or_default();
                *all.entry(client).or_default() += 1;
            }
        });
        all
    }

    pub fn store(&self) -> PostgresStore {
        PostgresStore::open_read_only(&self.url()).unwrap()
    }

    /// How many gaps all gates recorded.
    pub fn gaps(&self) -> usize {
        let mut gaps = 0;
        self.each_record(|record| gaps += usize::from(matches!(record, LedgerRecord::Gap(_))));
        gaps
    }

    fn each_record(&self, mut look: impl FnMut(&LedgerRecord)) {
        let (store, mut position) = (self.store(), 0);
        loop {
            let page = store.records_after(position, 10_000).unwrap();
            let Some(last) = page.last() else { return };
            position = last.position;
            page.iter().for_each(|row| look(&row.record));
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

/// What one client got.
#[derive(Debug)]
pub struct Got {
    /// How often it has it whole.
    pub whole: u64,
    /// How often that was refused. A database that goes away may have kept the record all the same.
    pub refused: u64,
    /// Its last request, where it was cut off: it may be recorded.
    pub open: u64,
}

/// Clients that ask one gate until told to stop, or until it is gone. Each has a name of its own in the
/// ledger.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<Client>,
}

struct Client {
    name: String,
    whole: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    /// Whether it was cut off.
    task: tokio::task::JoinHandle<bool>,
}

impl Client {
    fn on(program: &Program, bytes: &[u8], stop: &Arc<AtomicBool>) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("load/{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let (whole, refused) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let asked = program.ask(TARBALL).header("user-agent", &name);
        let (bytes, stop) = (bytes.to_vec(), stop.clone());
        let counts = (whole.clone(), refused.clone());
        let task = tokio::spawn(async move {
            let (whole, refused) = counts;
            while !stop.load(Ordering::Relaxed) {
                let Ok(got) = try_read(asked.try_clone().unwrap()).await else {
                    return true;
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
            false
        });
        Self {
            name,
            whole,
            refused,
            task,
        }
    }
}

impl Load {
    pub fn on(program: &Program, bytes: &[u8]) -> Self {
        let stop = Arc::default();
        let clients = (0..4).map(|_| Client::on(program, bytes, &stop)).collect();
        Self { stop, clients }
    }

    fn sum(&self, of: impl Fn(&Client) -> &AtomicUsize) -> usize {
        let all = self.clients.iter();
        all.map(|client| of(client).load(Ordering::Relaxed)).sum()
    }

    /// How often clients have it whole.
    pub fn whole(&self) -> usize {
        self.sum(|client| &client.whole)
    }

    /// Waits until clients have it so often.
    pub async fn until(&self, enough: usize) {
        let begun = Instant::now();
        while self.whole() < enough {
            let refused = self.sum(|client| &client.refused);
            let whole = self.whole();
            assert!(begun.elapsed() < GONE, "{whole} have it, {refused} refused");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What each client got, by its name.
    pub async fn end(self) -> BTreeMap<String, Got> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = BTreeMap::new();
        for client in self.clients {
            let open = u64::from(client.task.await.unwrap());
            let count = |of: &AtomicUsize| of.load(Ordering::Relaxed) as u64;
            let (whole, refused) = (count(&client.whole), count(&client.refused));
            let got = Got {
                whole,
                refused,
                open,
            };
            all.insert(client.name, got);
        }
        all
    }
}
