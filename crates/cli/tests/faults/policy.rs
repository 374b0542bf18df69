//! `customs policy`: the built program beside a running gate and its ledger.

use crate::harness::{World, npm_at, run_request};
use crate::program::{Program, customs};
use crate::shelves::{Shelves, days, hours, package, release, tarball_path, tgz};
use customs_model::{Clock as _, RuleId, SystemClock};
use customs_replay::{Bound, Faults, Server};
use customs_store::{ExemptionChange, Granted, LedgerRecord, Store as _, Who};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

const MANIFEST: (&str, &str) = ("package.json", r#"{"name": "left", "main": "index.js"}"#);
const CALM: (&str, &str) = ("index.js", "exports.left = 1;");

/// Variables by which an agent says that it is there.
const AGENTS: [&str; 6] = [
    "AI_AGENT",
    "CLAUDECODE",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "CODEX_SANDBOX",
    "OPENCODE",
];

/// What a person gets.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn policy_as(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let all: Vec<&str> = ["policy"].iter().chain(arguments).copied().collect();
    let mut command = customs(home, &all);
    for name in AGENTS {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn policy(home: &Path, arguments: &[&str]) -> Said {
    policy_as(home, arguments, &[])
}

impl Said {
    #[track_caller]
    fn demand(&self, code: i32, words: &[&str]) -> &Self {
        let Self { out, err, .. } = self;
        assert_eq!(self.code, code, "{out}{err}");
        for word in words {
            assert!(
                out.contains(word) || err.contains(word),
                "no {word:?} in: {out}{err}"
            );
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

/// A gate in front of `left`, whose 1.0.1 is an hour old and does nothing.
async fn world(home: &Path) -> (Program, Server) {
    let shelves = Shelves::default();
    let server = Bound::new()
        .await
        .unwrap()
        .serve(shelves.clone(), Faults::none());
    let releases = vec![
        release("1.0.0", days(400)).bytes(tgz(&[MANIFEST, CALM])),
        release("1.0.1", hours(1)).bytes(tgz(&[MANIFEST, CALM])),
    ];
    let left = package("left", SystemClock.now(), releases);
    shelves.npm(&server.base(), &left.tags(&[("latest", "1.0.1")]));
    let run = run_request(npm_at(&server.base()));
    (Program::start(home, &run, &[]).await, server)
}

/// Waits until the open run is offered this as the latest.
async fn latest(gate: &Program, wanted: &str) {
    let mut seen = String::new();
    for _ in 0..200 {
        seen = gate.get("/left").await.json()["dist-tags"]["latest"].to_string();
        if seen.trim_matches('"') == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{wanted} is not the latest within ten seconds, but {seen}");
}

const EXEMPT: [&str; 8] = [
    "exempt",
    "left@1.0.1",
    "--reason",
    "hot fix, reviewed by hand",
    "--owner",
    "platform",
    "--until",
    "2099-01-01",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exemption_reaches_a_run_that_is_open_and_its_end_does_too() {
    let home = tempfile::tempdir().unwrap();
    let (gate, _server) = world(home.path()).await;
    latest(&gate, "1.0.0").await;
    let held = policy(home.path(), &["explain", "left@1.0.1", "--offline"]);
    held.demand(
        1,
        &[
            "1.0.1  held until",
            "version-age: published",
            "A resolver gets 1.0.0",
        ],
    );

    let granted = policy(home.path(), &EXEMPT);
    granted.demand(
        0,
        &["pkg:npm/left@1.0.1 is exempt from version-age until 2099-01-01"],
    );
    latest(&gate, "1.0.1").await;
    let offered = policy(
        home.path(),
        &["explain", "left@1.0.1", "--offline", "--format", "json"],
    );
    let told = offered.demand(0, &[]).json();
    assert_eq!(told["schema"], "customs/policy-explain-v1");
    assert_eq!(told["releases"][0]["state"], "offered");
    let reasons = told["releases"][0]["reasons"].as_array().unwrap();
    let age = reasons.iter().find(|one| one["rule"] == "version-age");
    let waived = age.unwrap()["waived"].as_str().unwrap();
    assert!(
        waived.starts_with("exempted by platform until 2099-01-01"),
        "{waived}"
    );

    let listed = policy(home.path(), &["exempt", "--list", "--format", "json"]).json();
    assert_eq!(listed["schema"], "customs/policy-exemptions-v1");
    let one = &listed["exemptions"][0];
    assert_eq!(
        (&one["state"], &one["rules"][0]),
        (&"in force".into(), &"version-age".into())
    );
    assert!(one["by"].as_str().unwrap().contains("user:"), "{one}");
    let id = one["id"].as_str().unwrap();
    policy(
        home.path(),
        &["exempt", "--end", id, "--reason", "not needed"],
    )
    .demand(0, &[id]);
    latest(&gate, "1.0.0").await;
    policy(home.path(), &["exempt", "--list"]).demand(0, &["nothing is exempted"]);
    policy(home.path(), &["exempt", "--list", "--all"]).demand(0, &["ended: ", "not needed"]);
    drop(gate);
    let verified = customs(home.path(), &["ledger", "verify"])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn an_exemption_ends_at_its_instant_by_the_gates_own_clock() {
    let world = World::new().await;
    let releases = vec![
        release("1.0.0", days(400)).bytes(tgz(&[MANIFEST, CALM])),
        release("1.0.1", hours(1)).bytes(tgz(&[MANIFEST, CALM])),
    ];
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", "1.0.1")]));
    let latest = async || world.gate.get("/left").await.json()["dist-tags"]["latest"].to_string();
    assert_eq!(latest().await, "\"1.0.0\"");
    let granted = Granted {
        id: "EX-1".to_owned(),
        about: "pkg:npm/left@1.0.1".to_owned(),
        digests: Vec::new(),
        rules: vec![RuleId::of("version-age")],
        reason: "hot fix".to_owned(),
        owner: "platform".to_owned(),
        until: world.now() + hours(2),
        although_malicious: false,
        who: Who {
            credential: Some("user:ann".to_owned()),
            ..Who::default()
        },
    };
    let record = LedgerRecord::Exemption(ExemptionChange::Granted(granted));
    world.gate.store.append_wait(record).unwrap();
    let mut tries = 0;
    while latest().await != "\"1.0.1\"" {
        tries += 1;
        assert!(tries < 200, "the open run does not follow");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.gate.later(hours(3));
    assert_eq!(latest().await, "\"1.0.0\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_and_who_is_no_approver_exempt_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (gate, _server) = world(home.path()).await;
    latest(&gate, "1.0.0").await;
    policy_as(home.path(), &EXEMPT, &[("AI_AGENT", "some-agent")]).demand(
        2,
        &["nothing was changed: an agent (some-agent) never grants exemptions"],
    );
    let file = home.path().join("roles.toml");
    std::fs::write(
        &file,
        "version = 1\n[roles]\napprovers = [\"user:nobody-here\"]\n",
    )
    .unwrap();
    let named = [("CUSTOMS_POLICY", file.to_str().unwrap())];
    policy_as(home.path(), &EXEMPT, &named).demand(
        2,
        &["is none of the policy's approvers; ask user:nobody-here"],
    );
    policy(home.path(), &["exempt", "--list"]).demand(0, &["nothing is exempted"]);
    // Granted under another policy, it does not count under this one.
    policy(home.path(), &EXEMPT).demand(0, &[]);
    policy_as(home.path(), &["exempt", "--list"], &named)
        .demand(0, &["not applied", "is none of the policy's approvers"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_policy_is_tried_on_what_was_delivered() {
    let home = tempfile::tempdir().unwrap();
    let (gate, _server) = world(home.path()).await;
    latest(&gate, "1.0.0").await;
    let path = tarball_path("left", "1.0.0");
    assert_eq!(gate.get(&path).await.status, 200);
    policy(home.path(), &["test"]).demand(
        0,
        &[
            "1 delivery and 0 refusals looked at",
            "1 event would be as they were",
        ],
    );
    let file = home.path().join("stricter.toml");
    std::fs::write(&file, "version = 1\ndeny = [\"pkg:npm/left\"]\n").unwrap();
    let tried = [
        "test",
        "--policy",
        file.to_str().unwrap(),
        "--format",
        "json",
    ];
    let told = policy(home.path(), &tried).demand(1, &[]).json();
    assert_eq!(told["schema"], "customs/policy-test-v1");
    assert_eq!(told["stricter"]["events"], 1);
    assert_eq!(told["stricter"]["by_rule"]["denied"], 1);
    assert_eq!(
        told["stricter"]["listed"][0]["release"],
        "pkg:npm/left@1.0.0"
    );
    let asker = told["stricter"]["listed"][0]["asked_by"][0]
        .as_str()
        .unwrap();
    assert!(asker.starts_with("credential run:"), "{asker}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_ledger_does_not_know_the_clients_registry_is_asked() {
    let home = tempfile::tempdir().unwrap();
    let (gate, server) = world(home.path()).await;
    drop(gate);
    policy(home.path(), &["explain", "left", "--offline"]).demand(3, &["know nothing of"]);
    let registry = server.base();
    let environment = [("npm_config_registry", registry.as_str())];
    let told = policy_as(home.path(), &["explain", "left"], &environment);
    told.demand(
        0,
        &[
            "asked at its registry now",
            "1.0.1  held until",
            "A resolver gets 1.0.0",
        ],
    );
    policy_as(home.path(), &["explain", "left@1.0.1"], &environment).demand(1, &["version-age"]);
    policy_as(home.path(), &["explain", "nothing"], &environment).demand(3, &["has nothing"]);
}
