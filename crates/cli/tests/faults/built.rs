//! Who built a release, against who built the one before it: both by attestations that hold.

use crate::attested::{NPM_PUBLISH, SLSA, files, statement, trusting, trusting_through};
use crate::authority::synthetic::{self, WORKFLOW, github_claims};
use crate::harness::{World, with};
use crate::origins::{store, until};
use crate::shelves::{Release, days, digest, package, release, tarball_path, tgz};
use customs_model::{Digest, DigestAlgorithm, ReleaseId, SignedDuration};
use customs_replay::{Fault, Faults};
use serde_json::{Value, json};
use std::time::Duration;

/// A release as a test thinks of it.
struct Built<'a> {
    version: &'a str,
    /// Days.
    age: i64,
    /// The number of the repository that its workflow ran in.
    repository: &'a str,
    dependencies: Value,
}

impl Built<'_> {
    fn bytes(&self, name: &str) -> Vec<u8> {
        let Self {
            version,
            dependencies,
            ..
        } = self;
        let manifest = json!({"name": name, "version": version, "dependencies": dependencies});
        tgz(&[("package.json", &manifest.to_string())])
    }

    fn digest(&self, name: &str) -> Digest {
        digest(DigestAlgorithm::Sha512, &self.bytes(name))
    }

    /// Has it said that its repository built an artifact with this digest.
    fn attest(&self, world: &World, by: &synthetic::World, name: &str, digest: &Digest) {
        let version = self.version;
        let subject = format!("pkg:npm/{name}@{version}");
        let said =
            json!({"name": name, "version": version, "registry": "https://registry.example"});
        let mut claims = github_claims();
        for (number, claim) in &mut claims {
            // What a certificate calls the source repository's identifier.
            if *number == 15 {
                self.repository.clone_into(claim);
            }
        }
        let published = statement(&subject, digest, NPM_PUBLISH, &said);
        let provenance = statement(&subject, digest, SLSA, &json!({}));
        let document = json!({"attestations": [
            {"predicateType": NPM_PUBLISH, "bundle": by.attest_with_key(&published)},
            {"predicateType": SLSA, "bundle": by.attest(WORKFLOW, &claims, &provenance)},
        ]});
        let path = attestations(name, version);
        world.shelves.put_json(&path, &document);
    }
}

/// Puts a package whose releases are attested as built by their repositories.
fn publish(world: &World, by: &synthetic::World, name: &str, all: &[Built<'_>]) {
    let one = |built: &Built<'_>| -> Release {
        built.attest(world, by, name, &built.digest(name));
        let more = json!({
            "dependencies": built.dependencies,
            "dist": {"attestations": {"url": "x", "provenance": {"predicateType": SLSA}}},
        });
        let one = release(built.version, days(built.age));
        one.bytes(built.bytes(name)).more(more)
    };
    let last = all.last().unwrap().version;
    let releases = all.iter().map(one).collect();
    world.publish(&package(name, world.now(), releases).tags(&[("latest", last)]));
}

fn attestations(name: &str, version: &str) -> String {
    format!("/-/npm/v1/attestations/{name}@{version}")
}

/// An old release, and one of ten days ago.
fn two<'a>(repository: &'a str, dependencies: Value) -> [Built<'a>; 2] {
    let before = Built {
        version: "1.0.0",
        age: 400,
        repository: "11",
        dependencies: json!({}),
    };
    let now = Built {
        version: "1.0.1",
        age: 10,
        repository,
        dependencies,
    };
    [before, now]
}

#[tokio::test]
async fn another_builder_and_a_new_dependency_hold_the_first_delivery_of_a_young_release() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    world.publish_old("helper", "x");
    publish(&world, &by, "left", &two("99", json!({"helper": "1"})));
    let refused = world.gate.get(&tarball_path("left", "1.0.1")).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let why = refused.text();
    assert!(why.contains(ELSEWHERE), "{why}");
    assert!(why.contains("it adds dependency helper"), "{why}");
    let report = world.gate.report().await;
    let rules: Vec<&str> = report.refused.iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(rules, ["other-builder"], "{report:?}");
    // What was built before is as good as it was.
    let before = world.gate.get(&tarball_path("left", "1.0.0")).await;
    assert_eq!(before.status, 200, "{}", before.text());
}

#[tokio::test]
async fn another_builder_alone_and_a_new_dependency_alone_hold_nothing() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    world.publish_old("helper", "x");
    publish(&world, &by, "left", &two("99", json!({})));
    publish(&world, &by, "right", &two("11", json!({"helper": "1"})));
    for name in ["left", "right"] {
        let answered = world.gate.get(&tarball_path(name, "1.0.1")).await;
        assert_eq!(answered.status, 200, "{name}: {}", answered.text());
    }
    // Where it adds nothing, who built the one before is asked for afterwards, and told.
    let asked = || (world.server.count(&attestations("left", "1.0.0")) > 0).then_some(());
    until("it is asked who built the one before", asked).await;
    let path = tarball_path("left", "1.0.1");
    until_answered(&world, &path, 200, || async {
        let report = world.gate.report().await;
        report.warnings.iter().any(|line| line.contains(ELSEWHERE))
    })
    .await;
    for name in ["left", "right"] {
        assert_eq!(world.server.count(&attestations(name, "1.0.0")), 1);
    }
}

/// What is told of another builder.
const ELSEWHERE: &str = "it was built by somebody else than 1.0.0: the repository changed from";

/// Asks again, later and later, until an answer has this status and something is so.
async fn until_answered<F: Future<Output = bool>>(
    world: &World,
    path: &str,
    status: u16,
    is_so: impl Fn() -> F,
) {
    for _ in 0..600 {
        world.gate.later(SignedDuration::from_secs(11));
        let answered = world.gate.get(path).await;
        if answered.status == status && is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let report = world.gate.report().await;
    panic!("{path} was not answered with {status}: {report:?}");
}

#[tokio::test]
async fn two_releases_in_a_row_do_not_vouch_for_each_other() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    world.publish_old("helper", "x");
    let of_days = |version, age| Built {
        version,
        age,
        repository: "99",
        dependencies: json!({"helper": "1"}),
    };
    let [before, _] = two("11", json!({}));
    let all = [before, of_days("1.0.1", 6), of_days("1.0.2", 5)];
    publish(&world, &by, "left", &all);
    for version in ["1.0.2", "1.0.1"] {
        let refused = world.gate.get(&tarball_path("left", version)).await;
        let why = refused.text();
        assert_eq!(refused.status, 403, "{version}: {why}");
        assert!(why.contains(ELSEWHERE), "{version}: {why}");
    }
    // Only the one that they are compared with is asked for beside them, once.
    assert_eq!(world.server.count(&attestations("left", "1.0.0")), 1);
}

#[tokio::test]
async fn an_earlier_attestation_that_comes_late_is_told_and_counts_from_then_on() {
    let by = synthetic::World::new();
    let path = attestations("left", "1.0.0");
    let slow = with(Fault::default(), |fault| {
        fault.latency = Some(Duration::from_secs(6));
    });
    let faults = Faults::none().below(&path, slow);
    let world = trusting_through(faults, Duration::from_secs(3), &files(&by)).await;
    world.publish_old("helper", "x");
    publish(&world, &by, "left", &two("99", json!({"helper": "1"})));
    let asked = tarball_path("left", "1.0.1");
    let answered = world.gate.get(&asked).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    let report = world.gate.report().await;
    let told = "who built left@1.0.0 was not looked at: its attestation did not come in time";
    let told = report.not_checked.iter().any(|one| one.what == told);
    assert!(told, "{report:?}");
    until_answered(&world, &asked, 403, || async { true }).await;
    // It was asked to its end, although nobody waited any more.
    assert_eq!(world.server.count(&path), 1);
}

#[tokio::test]
async fn an_earlier_release_whose_attestation_is_false_is_told_and_not_delivered() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    world.publish_old("helper", "x");
    let both = two("99", json!({"helper": "1"}));
    publish(&world, &by, "left", &both);
    let others = digest(DigestAlgorithm::Sha512, b"other bytes");
    both[0].attest(&world, &by, "left", &others);
    // It says nothing about who built the one before.
    let answered = world.gate.get(&tarball_path("left", "1.0.1")).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    let report = world.gate.report().await;
    let not_compared = report.not_checked.iter().any(|one| {
        one.what
            .contains("left@1.0.0 was not looked at: its attestation does not hold")
    });
    assert!(not_compared, "{report:?}");
    let told = "left@1.0.0, which a later release of it was to be compared with: ";
    let told = report.warnings.iter().any(|line| line.contains(told));
    assert!(told, "{report:?}");
    let refused = world.gate.get(&tarball_path("left", "1.0.0")).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let report = world.gate.report().await;
    let rules: Vec<&str> = report.refused.iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(rules, ["false-origin"], "{report:?}");
}

#[tokio::test]
async fn an_attestation_that_is_not_to_be_had_holds_nothing() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    world.publish_old("helper", "x");
    publish(&world, &by, "left", &two("99", json!({"helper": "1"})));
    world.shelves.take_away(&attestations("left", "1.0.0"));
    let answered = world.gate.get(&tarball_path("left", "1.0.1")).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
}

#[tokio::test]
async fn many_who_ask_at_once_for_a_first_delivery_ask_its_registry_once() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    publish(&world, &by, "left", &two("11", json!({})));
    let path = tarball_path("left", "1.0.1");
    let all = (0..8).map(|_| world.gate.get(&path));
    for answered in futures_util::future::join_all(all).await {
        assert_eq!(answered.status, 200, "{}", answered.text());
    }
    let release: ReleaseId = "pkg:npm/left@1.0.1".parse().unwrap();
    let kept = || {
        let all = store(&world.gate).files().unwrap();
        (!all.is_empty()).then_some(())
    };
    until(&format!("the evidence of {release} is kept"), kept).await;
    assert_eq!(world.server.count(&attestations("left", "1.0.1")), 1);
}
