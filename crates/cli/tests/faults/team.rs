//! Several gates, processes of their own, on one PostgreSQL and one store of artifacts.

mod killed;
#[cfg(feature = "nats")]
#[allow(clippy::print_stderr, reason = "tests that did not run say why")]
mod queue;
#[cfg(feature = "nats")]
mod workers;
mod world;

#[path = "../../../store/src/tests/server.rs"]
#[allow(dead_code, reason = "tests of the store need more of it")]
#[allow(clippy::print_stderr, reason = "tests that did not run say why")]
pub mod server;

use crate::program::customs;
use customs_inspect::ENGINE_VERSION;
use customs_model::{DigestAlgorithm, Ecosystem, PackageName};
use customs_store::{DecisionRow, Store as _};
use std::time::{Duration, Instant};
use world::{GONE, TARBALL, Team, left, text};

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
