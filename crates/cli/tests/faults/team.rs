//! Several gates, processes of their own, on one PostgreSQL and one store of artifacts.

#[path = "../../../store/src/tests/server.rs"]
#[allow(dead_code, reason = "tests of the store need more of it")]
mod server;

use crate::harness::{many_bytes, npm_at, run_request, try_read};
use crate::program::{Program, customs};
use crate::shelves::{Shelves, days, hours, package, release, tgz};
use customs_gate::RunRequest;
use customs_inspect::ENGINE_VERSION;
use customs_model::{Clock as _, DigestAlgorithm, Ecosystem, PackageName, SystemClock};
use customs_replay::{Bound, Faults, Server as Upstream};
use customs_store::{DecisionRow, Index as _, LedgerRecord, PostgresStore, Store as _};
use server::Server;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const TARBALL: &str = "/left/-/left-1.0.0.tgz";
/// A gate that says nothing for thirty seconds is gone; the others look every five.
const GONE: Duration = Duration::from_secs(120);

/// A database, a folder for artifacts, and an upstream.
struct Team {
    server: Server,
    folder: tempfile::TempDir,
    upstream: Upstream,
    _shelves: Shelves,
    bytes: Vec<u8>,
    /// None: a folder.
    blobs: Option<String>,
}

impl Team {
    /// None: PostgreSQL is not installed.
    async fn new(bytes: Vec<u8>) -> Option<Self> {
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
            _shelves: shelves,
            bytes,
            blobs: None,
        })
    }

    fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self) -> String {
        self.server.url("postgres")
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let blobs = self.blobs.clone().unwrap_or_else(|| {
            let folder = self.home("blobs");
            folder.to_str().unwrap().to_owned()
        });
        vec![
            ("CUSTOMS_STORE", self.url()),
            ("CUSTOMS_BLOBS", blobs),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "hidden".to_owned()),
        ]
    }

    fn run(&self) -> RunRequest {
        run_request(npm_at(&self.upstream.base()))
    }

    async fn gate(&self, name: &str) -> Program {
        let environment = self.environment();
        let environment: Vec<_> = environment.iter().map(|(n, v)| (*n, v.as_str())).collect();
        Program::start(&self.home(name), &self.run(), &environment).await
    }

    /// A command of the program, at this gate's folders.
    fn ask(&self, name: &str, arguments: &[&str]) -> Output {
        let mut command = customs(&self.home(name), arguments);
        command.envs(self.environment());
        command.output().unwrap()
    }

    /// `customs ledger verify` against one gate's own heads.
    fn demand_intact(&self, name: &str) -> String {
        let output = self.ask(name, &["ledger", "verify"]);
        let told = text(&output);
        assert!(output.status.success(), "{told}");
        assert!(told.contains("ledger: intact"), "{told}");
        assert!(!told.contains("BROKEN") && !told.contains("CUT"), "{told}");
        told
    }

    /// How many deliveries of `left@1.0.0` all gates recorded.
    fn delivered(&self, name: &str) -> u64 {
        let who = ["ledger", "who", "pkg:npm/left@1.0.0", "--format", "json"];
        let output = self.ask(name, &who);
        assert!(output.status.success(), "{}", text(&output));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        told["total"].as_u64().unwrap()
    }

    fn store(&self) -> PostgresStore {
        PostgresStore::open_read_only(&self.url()).unwrap()
    }

    /// How many gaps all gates recorded.
    fn gaps(&self) -> usize {
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
    async fn until_named(&self, space: &str, key: &str) {
        let (store, begun) = (self.store(), Instant::now());
        while store.entry(space, key).unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{space} {key}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What a tarball of npm looks like that can be installed.
fn left() -> Vec<u8> {
    let manifest = r#"{"name": "left", "version": "1.0.0", "main": "index.js"}"#;
    let main = "exports.pad = (text) => ` ${text}`;\n";
    tgz(&[("package.json", manifest), ("index.js", main)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_gate_fetched_read_and_decided_the_other_one_has() {
    let Some(team) = Team::new(left()).await else {
        return;
    };
    let digest = crate::shelves::digest(DigestAlgorithm::Sha512, &team.bytes);
    let one = team.gate("one").await;
    let two = team.gate("two").await;
    let got = one.get(TARBALL).await;
    assert!(
        got.status == 200 && got.body == team.bytes,
        "{}",
        got.text()
    );
    team.until_named("artifact", &digest.to_string()).await;
    let facts = format!("engine-{ENGINE_VERSION} tarball {digest}");
    team.until_named("facts", &facts).await;
    let hex = digest.to_hex();
    let has_facts = |name: &str| {
        let engine = format!("cache/inspections/engine-{ENGINE_VERSION}");
        let file = format!("{}-tarball.json", &hex[2..]);
        let folder = team.home(name).join(engine).join(&hex[..2]);
        folder.join(file).is_file()
    };
    assert!(has_facts("one") && !has_facts("two"));

    let got = two.get(TARBALL).await;
    assert!(
        got.status == 200 && got.body == team.bytes,
        "{}",
        got.text()
    );
    assert_eq!(team.upstream.count(TARBALL), 1, "fetched twice");
    assert!(has_facts("two"), "what was read is at hand here, too");
    // What is decided is decided once: another gate says the same, and records nothing.
    for gate in [&one, &two] {
        let document = gate.get("/left").await.json();
        assert_eq!(document["dist-tags"]["latest"], "1.0.0");
        assert_eq!(document["versions"]["2.0.0"], serde_json::Value::Null);
    }
    let left = PackageName::new(Ecosystem::Npm, "left").unwrap();
    let decisions = team.store().decisions_of(&left).unwrap();
    let first = |row: &&DecisionRow| row.changed == "the first decision";
    let first: Vec<_> = decisions.iter().filter(first).collect();
    assert_eq!(first.len(), 1, "{decisions:?}");
    assert_eq!(first[0].decision.release.spoken(), "left@2.0.0");
    drop((one, two));

    assert_eq!((team.delivered("one"), team.delivered("two")), (2, 2));
    for name in ["one", "two"] {
        let told = team.demand_intact(name);
        let chains = told.lines().filter(|line| line.starts_with("chain "));
        assert_eq!(chains.count(), 2, "a chain each: {told}");
    }
    let data = team.home("one").join("data");
    assert!(!data.join(customs_store::LEDGER_FILE).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_put_into_the_common_store_under_a_digest_is_not_delivered() {
    let Some(team) = Team::new(left()).await else {
        return;
    };
    let digest = crate::shelves::digest(DigestAlgorithm::Sha512, &team.bytes);
    let one = team.gate("one").await;
    assert_eq!(one.get(TARBALL).await.status, 200);
    team.until_named("artifact", &digest.to_string()).await;
    let hex = digest.to_hex();
    let blob = team.home("blobs/sha512").join(&hex[..2]).join(&hex[2..]);
    std::fs::write(&blob, "other bytes").unwrap();
    let two = team.gate("two").await;
    let got = two.get(TARBALL).await;
    assert!(
        got.status == 200 && got.body == team.bytes,
        "{}",
        got.text()
    );
    assert_eq!(team.upstream.count(TARBALL), 2, "from the upstream");
}

#[cfg(feature = "s3-server")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn artifacts_in_s3_are_shared_and_a_store_that_is_away_is_done_without() {
    use customs_store::S3Server;
    let Some(mut team) = Team::new(left()).await else {
        return;
    };
    let bucket = S3Server::start().unwrap();
    let (name, endpoint) = (S3Server::BUCKET, bucket.endpoint());
    team.blobs = Some(format!("s3://{name}/team?endpoint={endpoint}"));
    let digest = crate::shelves::digest(DigestAlgorithm::Sha512, &team.bytes);
    let one = team.gate("one").await;
    assert_eq!(one.get(TARBALL).await.status, 200);
    team.until_named("artifact", &digest.to_string()).await;
    assert!(bucket.file("team", &digest).is_file());
    let two = team.gate("two").await;
    let got = two.get(TARBALL).await;
    assert!(
        got.status == 200 && got.body == team.bytes,
        "{}",
        got.text()
    );
    assert_eq!(team.upstream.count(TARBALL), 1, "fetched twice");
    drop(bucket);
    let three = team.gate("three").await;
    let got = three.get(TARBALL).await;
    assert!(
        got.status == 200 && got.body == team.bytes,
        "{}",
        got.text()
    );
    assert_eq!(team.upstream.count(TARBALL), 2, "from the upstream");
}

/// Clients that ask one gate until told to stop, or until it is gone; how many have it whole.
struct Load {
    stop: Arc<AtomicBool>,
    whole: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn on(program: &Program, bytes: &[u8]) -> Self {
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

    fn whole(&self) -> usize {
        self.whole.load(Ordering::Relaxed)
    }

    /// Waits until so many clients have it.
    async fn until(&self, enough: usize) {
        let begun = Instant::now();
        while self.whole() < enough {
            let refused = self.refused.load(Ordering::Relaxed);
            let whole = self.whole();
            assert!(begun.elapsed() < GONE, "{whole} have it, {refused} refused");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many have it in all.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        self.whole.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_is_killed_and_the_database_too_and_no_delivery_is_lost() {
    let Some(team) = Team::new(many_bytes(3_000)).await else {
        return;
    };
    let mut one = team.gate("one").await;
    let two = team.gate("two").await;
    let (on_one, on_two) = (Load::on(&one, &team.bytes), Load::on(&two, &team.bytes));
    on_one.until(30).await;
    on_two.until(30).await;
    one.kill();
    let mut whole = on_one.end().await;
    // The other one serves on.
    on_two.until(on_two.whole() + 30).await;
    team.server.signal("KILL");
    tokio::time::sleep(Duration::from_millis(500)).await;
    team.server.start();
    on_two.until(on_two.whole() + 30).await;
    // And the one that was killed comes back.
    let again = team.gate("one").await;
    let on_again = Load::on(&again, &team.bytes);
    on_again.until(30).await;
    whole += on_again.end().await;
    whole += on_two.end().await;

    // Both chains that were cut are said to be: by whoever cut its own, and by another one.
    let begun = Instant::now();
    while team.gaps() < 2 {
        assert!(begun.elapsed() < GONE, "{} gaps", team.gaps());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    drop((again, two));
    let recorded = team.delivered("one");
    assert!(
        recorded >= whole as u64,
        "{whole} have it, {recorded} are recorded"
    );
    for name in ["one", "two"] {
        team.demand_intact(name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_says_why_it_does_not_start_without_its_database() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = "postgres:///x?user=gate&host=/nowhere/at/all";
    let mut gate = customs(home.path(), &["gate", "--store", nowhere]);
    let output = gate.output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("cannot open the ledger"), "{told}");
    let log = std::fs::read_to_string(home.path().join("state/gate.log")).unwrap();
    assert!(log.contains("cannot open the ledger"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn npm_installs_through_two_gates_of_one_team() {
    let Some(team) = Team::new(left()).await else {
        return;
    };
    for name in ["one", "two"] {
        let home = team.home(name);
        let project = home.join("project");
        std::fs::create_dir_all(&project).unwrap();
        let manifest = r#"{"name": "app", "version": "1.0.0", "dependencies": {"left": "^1.0.0"}}"#;
        std::fs::write(project.join("package.json"), manifest).unwrap();
        let registry = format!("registry={}/\n", team.upstream.base());
        std::fs::write(home.join(".npmrc"), registry).unwrap();
        let install = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--loglevel=http",
        ];
        let report = home.join("report.json");
        let mut command = customs(&home, &["run", "--report"]);
        command.arg(&report).arg("--").args(install);
        command.envs(team.environment());
        command.env("HOME", &home).current_dir(&project);
        command.env("CUSTOMS_GATE_LINGER", "1");
        for name in ["NPM_CONFIG_USERCONFIG", "NPM_CONFIG_REGISTRY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        let installed = project.join("node_modules/left/index.js");
        assert!(installed.is_file(), "{}", text(&output));
        let report: serde_json::Value =
            serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        assert_eq!(report["delivered"][0], "pkg:npm/left@1.0.0", "{report}");
        let digest = crate::shelves::digest(DigestAlgorithm::Sha512, &team.bytes);
        team.until_named("artifact", &digest.to_string()).await;
    }
    assert_eq!(team.upstream.count(TARBALL), 1, "fetched twice");
    assert_eq!(team.delivered("two"), 2);
    // Gates that nobody needs any more have ended, and what they wrote is whole.
    let begun = Instant::now();
    while ["one", "two"].iter().any(|name| {
        let state = team.home(name).join("state/gate.json");
        state.exists()
    }) {
        assert!(begun.elapsed() < GONE, "a gate does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for name in ["one", "two"] {
        team.demand_intact(name);
    }
}
