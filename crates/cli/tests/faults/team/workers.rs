//! Workers, processes of their own, that read artifacts for the gates of a team.

use super::queue::Nats;
use super::world::{Team, left};
use crate::program::{Program, customs};
use crate::shelves::{days, package, release, tarball_path, tgz};
use customs_inspect::ENGINE_VERSION;
use customs_model::{Clock as _, Digest, DigestAlgorithm, SystemClock};
use customs_store::{Entry, Index as _, NewEntry, PostgresStore};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(240);

/// A worker. Killed when this is dropped.
struct Worker {
    child: Child,
    home: PathBuf,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Worker {
    fn start(team: &Team, name: &str) -> Self {
        let home = team.home(name);
        std::fs::create_dir_all(&home).unwrap();
        let out = File::options()
            .create(true)
            .append(true)
            .open(home.join("out"));
        let log = File::create(home.join("log")).unwrap();
        let mut command = customs(&home, &["inspect", "--worker", "--format", "json"]);
        command.envs(team.environment());
        command.stdout(out.unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        Self { child, home }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.join("log")).unwrap()
    }

    /// What it said of jobs. The last line may be cut where it was killed.
    fn jobs(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.home.join("out")).unwrap();
        let read = |line| serde_json::from_str::<serde_json::Value>(line).ok();
        text.lines().filter_map(read).collect()
    }

    /// How many of them came so.
    fn came(&self, how: &str) -> usize {
        self.jobs().iter().filter(|job| job["came"] == how).count()
    }

    /// How often it read one of these.
    fn read(&self, keys: &[String]) -> usize {
        let one_of = |key: &serde_json::Value| keys.iter().any(|known| key == known.as_str());
        let jobs = self.jobs();
        let read = jobs.iter().filter(|job| job["came"] == "read");
        read.filter(|job| one_of(&job["key"])).count()
    }

    /// Signal 9: nothing is finished, nothing is given back.
    fn kill(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    fn terminate(&mut self) -> Option<i32> {
        let mut kill = Command::new("kill");
        kill.arg(self.child.id().to_string()).stdin(Stdio::null());
        assert!(kill.status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

/// A package that takes a worker a while.
fn bytes_of(name: &str) -> Vec<u8> {
    let manifest = format!(r#"{{"name": "{name}", "version": "1.0.0", "main": "index.js"}}"#);
    let mut main = String::new();
    for n in 0..400 {
        main += &format!(
            "function {}_{n}(a, b) {{ const c = a.map((x) => x + {n}); return c.concat(b).join('{n}'); }}\n",
            name.replace('-', "_"),
        );
    }
    tgz(&[("package.json", &manifest), ("index.js", &main)])
}

/// Puts packages upstream; the key of each.
fn publish(team: &Team, names: &[String]) -> Vec<String> {
    let publish = |name: &String| {
        let bytes = bytes_of(name);
        let digest = crate::shelves::digest(DigestAlgorithm::Sha512, &bytes);
        let releases = vec![release("1.0.0", days(400)).bytes(bytes)];
        let package = package(name, SystemClock.now(), releases);
        let package = package.tags(&[("latest", "1.0.0")]);
        team.shelves.npm(&team.upstream.base(), &package);
        key(&digest)
    };
    names.iter().map(publish).collect()
}

fn key(digest: &Digest) -> String {
    format!("engine-{ENGINE_VERSION} tarball {digest}")
}

fn names(of: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{of}-{n}")).collect()
}

/// Clients ask each of these gates for each of these packages, four at a time; all are served.
async fn all_are_served(gates: &[&Program], names: &[String]) {
    for some in names.chunks(2) {
        let mut asked = Vec::new();
        for name in some {
            for gate in gates {
                let request = gate.ask(&tarball_path(name, "1.0.0"));
                asked.push(tokio::spawn(crate::harness::read(request)));
            }
        }
        for answer in asked {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
}

/// Asks a gate for one thing after the other until a worker reads for it.
async fn until_heard(team: &Team, gate: &Program, of: &str, workers: &[&Worker]) {
    let begun = Instant::now();
    for n in 0.. {
        let name = format!("{of}-{n}");
        let key = publish(team, std::slice::from_ref(&name)).remove(0);
        all_are_served(&[gate], &[name]).await;
        let has = |worker: &&Worker| worker.jobs().iter().any(|job| job["key"] == key.as_str());
        if workers.iter().any(has) {
            return;
        }
        let logs: Vec<_> = workers.iter().map(|worker| worker.log()).collect();
        assert!(begun.elapsed() < LONG, "no worker is heard of: {logs:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The verdicts of all of these keys, when all are there.
async fn verdicts(team: &Team, keys: &[String]) -> Vec<Entry> {
    let (store, begun) = (team.store(), Instant::now());
    loop {
        let found = keys
            .iter()
            .filter_map(|key| store.entry("facts", key).unwrap());
        let found: Vec<Entry> = found.collect();
        if found.len() == keys.len() {
            return found;
        }
        let missing = keys.len() - found.len();
        assert!(begun.elapsed() < LONG, "{missing} verdicts are missing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What was begun and not ended.
fn attempts(team: &Team, keys: &[String]) -> usize {
    let store = team.store();
    let begun = |key: &&String| store.entry("attempt", key).unwrap().is_some();
    keys.iter().filter(begun).count()
}

/// Waits until this worker, or any, is in the middle of one of these.
async fn until_begun(team: &Team, keys: &[String], by: Option<&Worker>) {
    let (store, begun) = (team.store(), Instant::now());
    let number = by.map_or_else(String::new, |worker| format!(" {} ", worker.child.id()));
    let is_begun = |key: &String| {
        let entry = store.entry("attempt", key).unwrap();
        entry.is_some_and(|entry| entry.note.contains(&number))
    };
    while !keys.iter().any(is_begun) {
        assert!(begun.elapsed() < LONG, "nothing is begun");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn gate_log(team: &Team, name: &str) -> String {
    std::fs::read_to_string(team.home(name).join("state/gate.log")).unwrap_or_default()
}

async fn world() -> Option<(Team, Nats)> {
    let nats = Nats::new(&[])?;
    let mut team = Team::new(left()).await?;
    team.nats = Some(nats.url());
    Some((team, nats))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_read_for_two_gates_and_each_artifact_once() {
    let Some((team, nats)) = world().await else {
        return;
    };
    let (one, two) = (team.gate("one").await, team.gate("two").await);
    let mut workers = [
        Worker::start(&team, "worker-one"),
        Worker::start(&team, "worker-two"),
    ];
    for (gate, of) in [(&one, "warm-one"), (&two, "warm-two")] {
        until_heard(&team, gate, of, &[&workers[0], &workers[1]]).await;
    }
    let names = names("wide", 8);
    let keys = publish(&team, &names);
    all_are_served(&[&one, &two], &names).await;
    let first = verdicts(&team, &keys).await;
    nats.until_empty().await;
    for worker in &mut workers {
        assert_eq!(worker.terminate(), Some(0), "{}", worker.log());
    }
    let read: usize = workers.iter().map(|worker| worker.read(&keys)).sum();
    let logs = gate_log(&team, "one") + &gate_log(&team, "two");
    if logs.contains("no worker read an artifact") {
        // On a machine that stands still for seconds a gate goes its own way.
        assert!(read <= keys.len(), "{logs}");
    } else {
        assert_eq!(read, keys.len(), "{logs}");
    }
    assert_eq!(
        verdicts(&team, &keys).await,
        first,
        "a verdict was recorded again"
    );
    assert_eq!(attempts(&team, &keys), 0);
    drop((one, two));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_is_killed_in_the_middle_and_no_job_is_lost_and_none_judged_twice() {
    let Some((team, nats)) = world().await else {
        return;
    };
    let (one, two) = (team.gate("one").await, team.gate("two").await);
    let mut killed = Worker::start(&team, "worker-one");
    until_heard(&team, &one, "warm-one", &[&killed]).await;
    until_heard(&team, &two, "warm-two", &[&killed]).await;
    let names = names("wide", 8);
    let keys = publish(&team, &names);
    let other = Worker::start(&team, "worker-two");
    let gates = [&one, &two];
    let serving = all_are_served(&gates, &names);
    let killing = async {
        until_begun(&team, &keys, Some(&killed)).await;
        killed.kill();
    };
    tokio::join!(serving, killing);
    let first = verdicts(&team, &keys).await;
    nats.until_empty().await;
    assert_eq!(
        verdicts(&team, &keys).await,
        first,
        "a verdict was recorded again"
    );
    let read = killed.read(&keys) + other.read(&keys);
    assert!(
        other.read(&keys) > 0 && read <= keys.len(),
        "{}",
        other.log()
    );
    assert_eq!(other.came("left"), 0, "{}", other.log());
    for entry in first {
        assert!(entry.blob.is_some(), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_killed_in_the_middle_and_comes_back() {
    let Some((team, mut nats)) = world().await else {
        return;
    };
    let (one, two) = (team.gate("one").await, team.gate("two").await);
    let workers = [
        Worker::start(&team, "worker-one"),
        Worker::start(&team, "worker-two"),
    ];
    until_heard(&team, &one, "warm-one", &[&workers[0], &workers[1]]).await;
    until_heard(&team, &two, "warm-two", &[&workers[0], &workers[1]]).await;
    let names = names("wide", 8);
    let keys = publish(&team, &names);
    let gates = [&one, &two];
    let serving = all_are_served(&gates, &names);
    let killing = async {
        until_begun(&team, &keys, None).await;
        nats.kill();
        tokio::time::sleep(Duration::from_secs(2)).await;
        nats.start();
    };
    tokio::join!(serving, killing);
    let first = verdicts(&team, &keys).await;
    nats.until_empty().await;
    assert_eq!(
        verdicts(&team, &keys).await,
        first,
        "a verdict was recorded again"
    );
    // And it goes on as before.
    until_heard(&team, &one, "again", &[&workers[0], &workers[1]]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_queue_and_without_workers_gates_read_themselves_and_nobody_waits() {
    let Some((mut team, nats)) = world().await else {
        return;
    };
    let unattended = team.gate("one").await;
    team.nats = Some("nats://127.0.0.1:1".to_owned());
    let alone = team.gate("two").await;
    for (gate, of) in [(&unattended, "one"), (&alone, "two")] {
        let names = names(of, 2);
        let keys = publish(&team, &names);
        all_are_served(&[gate], &names).await;
        verdicts(&team, &keys).await;
        let log = gate_log(&team, of);
        assert!(!log.contains("no worker read an artifact"), "{log}");
    }
    // Nobody put a job that nobody would take.
    assert_eq!(nats.jobs().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_three_workers_is_not_judged_and_the_gate_does_not_read_it_either() {
    let Some((team, nats)) = world().await else {
        return;
    };
    let gate = team.gate("one").await;
    let worker = Worker::start(&team, "worker-one");
    until_heard(&team, &gate, "warm", &[&worker]).await;
    // As three workers leave it that are killed in the middle.
    let name = "grave".to_owned();
    let bytes = bytes_of(&name);
    let digest = crate::shelves::digest(DigestAlgorithm::Sha512, &bytes);
    let store = PostgresStore::open_shared(&team.url()).unwrap();
    let begun = NewEntry {
        blob: None,
        note: r#"{"begun":3}"#,
    };
    let put = store.put_entry("attempt", &key(&digest), &begun, None);
    assert!(put.unwrap().is_some());
    let releases = vec![
        release("0.9.0", days(100)),
        release("1.0.0", days(5)).bytes(bytes),
    ];
    let package = package(&name, SystemClock.now(), releases);
    let package = package.tags(&[("latest", "1.0.0")]);
    team.shelves.npm(&team.upstream.base(), &package);
    let answered = gate.get(&tarball_path(&name, "1.0.0")).await;
    answered.explained(403, &["grave@1.0.0", "3 workers ended while they read it"]);
    let entry = store.entry("facts", &key(&digest)).unwrap().unwrap();
    assert!(
        entry.blob.is_none() && entry.note.contains("3 workers"),
        "{entry:?}"
    );
    nats.until_empty().await;
    let unread: Vec<_> = worker.jobs();
    let unread = unread.iter().filter(|job| job["came"] == "unread");
    assert_eq!(unread.count(), 1, "{}", worker.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_without_the_right_password_takes_nothing_and_says_why() {
    let Some((mut team, nats)) = world().await else {
        return;
    };
    let gate = team.gate("one").await;
    team.nats = Some(nats.url().replace("hid", "wrong"));
    let mut worker = Worker::start(&team, "worker-one");
    let begun = Instant::now();
    while !worker.log().contains("queue") || !worker.log().to_lowercase().contains("authoriz") {
        assert!(begun.elapsed() < LONG, "{}", worker.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!worker.log().contains("wrong"), "{}", worker.log());
    let names = names("wide", 1);
    let keys = publish(&team, &names);
    all_are_served(&[&gate], &names).await;
    verdicts(&team, &keys).await;
    assert!(worker.jobs().is_empty());
    assert_eq!(worker.terminate(), Some(0), "{}", worker.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_is_spoken_to_by_tls_with_a_checked_certificate() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/faults/served/certificates"
    );
    let (certificate, key) = (format!("{folder}/one.pem"), format!("{folder}/one-key.pem"));
    let more = ["--tls", "--tlscert", &certificate, "--tlskey", &key];
    let Some(nats) = Nats::new(&more) else { return };
    let Some(mut team) = Team::new(left()).await else {
        return;
    };
    let at = |root: &str| {
        let url = nats.url().replace("nats://", "tls://");
        format!("{url}?roots={folder}/{root}")
    };
    team.nats = Some(at("two-root.pem"));
    let stranger = Worker::start(&team, "stranger");
    team.nats = Some(at("one-root.pem"));
    let gate = team.gate("one").await;
    let worker = Worker::start(&team, "worker-one");
    until_heard(&team, &gate, "warm", &[&worker]).await;
    assert!(stranger.jobs().is_empty());
    assert!(stranger.log().contains("queue"), "{}", stranger.log());
}
