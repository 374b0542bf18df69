//! Who built a release, against who built the one before it: both by attestations that hold.

use crate::attested::{NPM_PUBLISH, SLSA, files, statement, trusting};
use crate::authority::synthetic::{self, WORKFLOW, github_claims};
use crate::harness::World;
use crate::origins::{store, until};
use crate::shelves::{Release, days, digest, package, release, tarball_path, tgz};
use customs_model::{DigestAlgorithm, ReleaseId};
use serde_json::{Value, json};

/// A release as a test thinks of it.
struct Built<'a> {
    version: &'a str,
    /// Days.
    age: i64,
    /// The number of the repository that its workflow ran in.
    repository: &'a str,
    dependencies: Value,
}

/// Puts a package whose releases are attested as built by their repositories.
fn publish(world: &World, by: &synthetic::World, name: &str, all: &[Built<'_>]) {
    let one = |built: &Built<'_>| -> Release {
        let Built { version, .. } = built;
        let manifest =
            json!({"name": name, "version": version, "dependencies": built.dependencies});
        let bytes = tgz(&[("package.json", &manifest.to_string())]);
        let sha512 = digest(DigestAlgorithm::Sha512, &bytes);
        let subject = format!("pkg:npm/{name}@{version}");
        let said =
            json!({"name": name, "version": version, "registry": "https://registry.example"});
        let mut claims = github_claims();
        for (number, claim) in &mut claims {
            // What a certificate calls the source repository's identifier.
            if *number == 15 {
                built.repository.clone_into(claim);
            }
        }
        let published = statement(&subject, &sha512, NPM_PUBLISH, &said);
        let provenance = statement(&subject, &sha512, SLSA, &json!({}));
        let document = json!({"attestations": [
            {"predicateType": NPM_PUBLISH, "bundle": by.attest_with_key(&published)},
            {"predicateType": SLSA, "bundle": by.attest(WORKFLOW, &claims, &provenance)},
        ]});
        let path = attestations(name, version);
        world.shelves.put_json(&path, &document);
        release(version, days(built.age)).bytes(bytes).more(json!({
            "dependencies": built.dependencies,
            "dist": {"attestations": {"url": "x", "provenance": {"predicateType": SLSA}}},
        }))
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
    let told = "it was built by somebody else than 1.0.0: the repository changed from";
    assert!(why.contains(told), "{why}");
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
    // Who built the one before is asked for only where it matters.
    assert_eq!(world.server.count(&attestations("left", "1.0.0")), 0);
    assert_eq!(world.server.count(&attestations("right", "1.0.0")), 1);
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
