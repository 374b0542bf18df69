//! The built program, ended by the hardest signal, and what the next one finds.

use crate::harness::{many_bytes, npm_at, run_request, try_read, with};
use crate::program::{Program, customs};
use crate::shelves::{Shelves, days, package, release};
use customs_model::{Clock as _, SystemClock};
use customs_registry::{Credential, Secret};
use customs_replay::{Bound, Fault, Faults, Response, Server};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// `customs ledger verify` says that nothing is wrong, and exits so.
fn demand_intact(home: &Path) -> String {
    let output = customs(home, &["ledger", "verify"]).output().unwrap();
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("ledger: intact"), "{told}");
    assert!(!told.contains("BROKEN") && !told.contains("CUT"), "{told}");
    told
}

/// How many deliveries of `left@1.0.0` the ledger knows.
fn delivered(home: &Path) -> u64 {
    let arguments = ["ledger", "who", "pkg:npm/left@1.0.0", "--format", "json"];
    let output = customs(home, &arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    told["total"].as_u64().unwrap()
}

/// Waits for what must come; how long it takes is the machine's business.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "not yet: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a client has ended, which none does before its gate.
fn is_over(clients: &[JoinHandle<()>]) -> bool {
    clients.iter().any(JoinHandle::is_finished)
}

/// What was not finished, anywhere below a folder.
fn half_written(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(half_written(&entry.path()));
        } else if entry.file_name().to_string_lossy().starts_with(".tmp") {
            found.push(entry.path());
        }
    }
    found
}

async fn upstream(bytes: Vec<u8>, faults: Faults) -> (Shelves, Server) {
    let shelves = Shelves::default();
    let server = Bound::new().await.unwrap().serve(shelves.clone(), faults);
    let releases = vec![release("1.0.0", days(400)).bytes(bytes)];
    let package = package("left", SystemClock.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
    (shelves, server)
}

/// The first fetch of the tarball comes at so many bytes a second.
fn slow_once(bandwidth: u64) -> Faults {
    let slow = with(Fault::default(), |f| {
        f.bandwidth = Some(bandwidth);
        f.times = Some(1);
    });
    Faults::none().below(TARBALL, slow)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_killed_in_the_middle_of_a_delivery_leaves_no_wrong_bytes_behind() {
    let home = tempfile::tempdir().unwrap();
    let bytes = many_bytes(2_000_000);
    let (_shelves, server) = upstream(bytes.clone(), slow_once(2_000_000)).await;
    let run = run_request(npm_at(&server.base()));
    let mut first = Program::start(home.path(), &run, &[]).await;
    let asked = tokio::spawn(try_read(first.ask(TARBALL)));
    // It takes a second to arrive, from when it is asked for.
    until("the upstream is asked", || server.count(TARBALL) == 1).await;
    first.kill();
    assert!(
        asked.await.unwrap().is_err(),
        "the client must see that it broke off"
    );
    demand_intact(home.path());
    let second = Program::start(home.path(), &run, &[]).await;
    assert_eq!(
        second.state.port, first.state.port,
        "clients keep its address"
    );
    for _ in 0..2 {
        let got = second.get(TARBALL).await;
        assert_eq!(got.status, 200, "{}", got.text());
        assert!(got.body == bytes, "other bytes");
    }
    assert_eq!(server.count(TARBALL), 2, "once each, then from the cache");
    assert_eq!(
        half_written(&home.path().join("cache")),
        Vec::<PathBuf>::new()
    );
    drop(second);
    demand_intact(home.path());
    assert_eq!(delivered(home.path()), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_killed_while_a_body_flows_leaves_a_client_that_knows_it_has_not_all() {
    let home = tempfile::tempdir().unwrap();
    let bytes = many_bytes(2_400_000);
    // Nine seconds: after five, what has arrived flows on to the client.
    let (_shelves, server) = upstream(bytes.clone(), slow_once(270_000)).await;
    let run = run_request(npm_at(&server.base()));
    let mut first = Program::start(home.path(), &run, &[]).await;
    let mut response = first.ask(TARBALL).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let mut received = response.chunk().await.unwrap().unwrap().to_vec();
    first.kill();
    let rest = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => received.extend_from_slice(&chunk),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(rest.is_err(), "the client must see that it broke off");
    let length = bytes.len() - (64 << 10);
    assert!(
        !received.is_empty() && received.len() <= length,
        "{}",
        received.len()
    );
    assert_eq!(received, bytes[..received.len()], "and never wrong bytes");
    demand_intact(home.path());

    let second = Program::start(home.path(), &run, &[]).await;
    let answered = second.get(TARBALL).await;
    assert_eq!((answered.status, answered.body == bytes), (200, true));
    assert!(delivered(home.path()) >= 1);
    demand_intact(home.path());
    assert_eq!(
        half_written(&home.path().join("cache")),
        Vec::<PathBuf>::new()
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_in_the_middle_of_an_artifact_delivers_nothing_of_it() {
    let home = tempfile::tempdir().unwrap();
    let bytes = many_bytes(8_000_000);
    let (shelves, server) = upstream(bytes, Faults::none()).await;
    let small = vec![release("1.0.0", days(400))];
    let small = package("small", SystemClock.now(), small);
    shelves.npm(&server.base(), &small.tags(&[("latest", "1.0.0")]));
    let run = run_request(npm_at(&server.base()));
    let gate = Program::start_with_little_space(home.path(), &run, 4 << 20).await;
    let answered = gate.get(TARBALL).await;
    answered.explained(507, &["left@1.0.0", "free some space", "CUSTOMS_CACHE_DIR"]);
    assert_eq!(delivered(home.path()), 0, "nothing left");
    assert_eq!(
        half_written(&home.path().join("cache/artifacts")),
        Vec::<PathBuf>::new()
    );
    assert_eq!(gate.get("/small/-/small-1.0.0.tgz").await.status, 200);
    demand_intact(home.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_killed_while_it_fetches_a_document_leaves_no_half_of_it_behind() {
    let home = tempfile::tempdir().unwrap();
    let hanging = with(Fault::default(), |f| {
        f.hang_after = Some(200);
        f.times = Some(1);
    });
    let (_shelves, server) = upstream(b"x".to_vec(), Faults::none().below("/left", hanging)).await;
    let run = run_request(npm_at(&server.base()));
    let mut first = Program::start(home.path(), &run, &[]).await;
    let asked = tokio::spawn(try_read(first.ask("/left")));
    let cache = home.path().join("cache");
    until("half of it is written", || !half_written(&cache).is_empty()).await;
    first.kill();
    assert!(asked.await.unwrap().is_err());
    assert!(
        !half_written(&cache).is_empty(),
        "it was finished after all"
    );
    let second = Program::start(home.path(), &run, &[]).await;
    assert_eq!(half_written(&cache), Vec::<PathBuf>::new());
    let told = second.get("/left").await;
    assert_eq!(
        (told.status, told.json()["dist-tags"]["latest"].as_str()),
        (200, Some("1.0.0"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_killed_while_it_writes_its_ledger_loses_no_delivery_and_forks_no_chain() {
    let home = tempfile::tempdir().unwrap();
    let bytes = many_bytes(3_000);
    let (_shelves, server) = upstream(bytes.clone(), Faults::none()).await;
    let run = run_request(npm_at(&server.base()));
    let whole = Arc::new(AtomicUsize::new(0));
    for round in 0..3 {
        let mut program = Program::start(home.path(), &run, &[]).await;
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let asked = program.ask(TARBALL);
                let (whole, bytes) = (whole.clone(), bytes.clone());
                tokio::spawn(async move {
                    while let Ok(got) = try_read(asked.try_clone().unwrap()).await {
                        assert!(got.status == 200 && got.body == bytes, "{}", got.status);
                        whole.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // In the middle of it on every machine, and each time at another place.
        let enough = whole.load(Ordering::Relaxed) + 20 + 7 * round;
        let has_enough = || whole.load(Ordering::Relaxed) >= enough || is_over(&clients);
        until("clients have it", has_enough).await;
        program.kill();
        for client in clients {
            client.await.unwrap();
        }
        demand_intact(home.path());
    }
    let (whole, recorded) = (whole.load(Ordering::Relaxed) as u64, delivered(home.path()));
    assert!(
        recorded >= whole,
        "{whole} clients have it, {recorded} stand in the ledger"
    );
    // One each that was recorded and did not arrive any more.
    assert!(
        recorded <= whole + 12,
        "{whole} clients have it, {recorded} stand in the ledger"
    );
    let told = demand_intact(home.path());
    assert_eq!(
        told.matches("chain ").count(),
        3,
        "a chain per process: {told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_digest_and_a_pin_survive_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let (shelves, server) = upstream(b"first".to_vec(), Faults::none()).await;
    let run = run_request(npm_at(&server.base()));
    let mut program = Program::start(home.path(), &run, &[]).await;
    assert_eq!(program.get(TARBALL).await.text(), "first");
    program.kill();
    std::fs::remove_dir_all(home.path().join("cache")).unwrap();
    let releases = vec![release("1.0.0", days(400)).bytes("second")];
    let package = package("left", SystemClock.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
    let program = Program::start(home.path(), &run, &[]).await;
    program
        .get(TARBALL)
        .await
        .explained(403, &["left@1.0.0", "digest-changed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_stays_at_its_own_origin_and_out_of_the_loudest_log() {
    let home = tempfile::tempdir().unwrap();
    let moved = with(Fault::default(), |f| {
        f.redirect = Some("http://files.example/elsewhere.tgz?signature=of-the-redirect".into())
    });
    let faults = Faults::none().below(TARBALL, moved);
    let (shelves, server) = upstream(b"x".to_vec(), faults).await;
    let releases = vec![
        release("1.0.0", days(400)).bytes("x"),
        release("2.0.0", days(300))
            .bytes("y")
            .more(serde_json::json!({
                "dist": {"tarball": "http://files.example/left-2.0.0.tgz"}
            })),
    ];
    let package = package("left", SystemClock.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
    // Stands for the rest of the world: an HTTP proxy is asked by whole addresses.
    let world = Shelves::default();
    world.put(
        "/elsewhere.tgz",
        Response::of(200, "application/octet-stream", "x"),
    );
    world.put(
        "/left-2.0.0.tgz",
        Response::of(200, "application/octet-stream", "y"),
    );
    let proxy = Bound::new().await.unwrap().serve(world, Faults::none());
    let mut upstreams = npm_at(&server.base());
    let secret = "the-upstreams-own-credential";
    upstreams.npm.as_mut().unwrap().credential = Some(Credential::Bearer(Secret::new(secret)));
    let proxy_base = proxy.base();
    let environment = [
        ("http_proxy", proxy_base.as_str()),
        ("HTTP_PROXY", proxy_base.as_str()),
        ("no_proxy", "127.0.0.1"),
        ("NO_PROXY", "127.0.0.1"),
        ("CUSTOMS_LOG", "trace"),
    ];
    let program = Program::start(home.path(), &run_request(upstreams), &environment).await;
    let (one, two) = (
        program.get(TARBALL).await,
        program.get("/left/-/left-2.0.0.tgz").await,
    );
    assert_eq!((one.status, one.text().as_str()), (200, "x"));
    assert_eq!((two.status, two.text().as_str()), (200, "y"));
    let hits = proxy.hits();
    assert!(
        hits.iter().any(|h| h.path.starts_with("/elsewhere.tgz")),
        "{hits:?}"
    );
    assert!(hits.iter().any(|h| h.path == "/left-2.0.0.tgz"), "{hits:?}");
    for hit in hits {
        assert_eq!(hit.authorization, None, "{}", hit.path);
    }
    let own = format!("Bearer {secret}");
    for hit in server.hits() {
        assert_eq!(
            hit.authorization.as_deref(),
            Some(own.as_str()),
            "{}",
            hit.path
        );
    }
    // Failures are what logs are full of.
    shelves.down(Some(500));
    program
        .get("/right")
        .await
        .explained(502, &["right", "answered 500"]);
    drop(server);
    program.get("/wrong").await.explained(502, &["wrong"]);
    let log = std::fs::read_to_string(home.path().join("state").join("gate.log")).unwrap();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG"),
        "the log is not loud: {log}"
    );
    for word in [secret, &program.token, &program.state.secret] {
        assert!(!log.contains(word), "a secret stands in the log");
    }
}
