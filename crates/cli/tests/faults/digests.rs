//! A published artifact never changes: what was delivered first is pinned.

use crate::harness::World;
use crate::shelves::{STALE, days, digest, package, release};
use customs_model::{DigestAlgorithm, PackageName, ReleaseId, Version};
use customs_replay::Response;
use customs_store::{LedgerRecord, Store as _};
use serde_json::{Value, json};

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

impl World {
    /// Publishes `left@1.0.0` with these bytes and these promises.
    fn promise(&self, bytes: &str, dist: Value) {
        let more = json!({ "dist": dist });
        let releases = vec![release("1.0.0", days(400)).bytes(bytes).more(more)];
        self.publish(&package("left", self.now(), releases).tags(&[("latest", "1.0.0")]));
        self.gate.later(STALE);
    }

    /// Only npm's old, weak promise.
    fn promise_weakly(&self, bytes: &str) {
        self.promise(bytes, json!({ "integrity": null }));
    }

    fn forget_artifacts(&self) {
        std::fs::remove_dir_all(self.gate.cache().join("artifacts")).unwrap();
    }
}

#[tokio::test]
async fn a_digest_that_changes_for_a_published_version_is_refused_and_recorded() {
    let world = World::new().await;
    world.promise("first", json!({}));
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    world.promise("second", json!({}));
    let refused = world.gate.get(TARBALL).await;
    refused.explained(
        403,
        &[
            "left@1.0.0",
            "digest-changed",
            "never changes",
            "report it",
            "sha512:",
        ],
    );
    let changed = world.gate.records().into_iter().find_map(|r| match r {
        LedgerRecord::DigestChanged(changed) => Some(changed),
        _ => None,
    });
    let changed = changed.expect("a record");
    assert_eq!(changed.before, digest(DigestAlgorithm::Sha512, b"first"));
    assert_eq!(changed.after, digest(DigestAlgorithm::Sha512, b"second"));
    let report = world.gate.report().await;
    assert!(
        report.refused.iter().any(|r| r.rule == "digest-changed"),
        "{report:?}"
    );
    // The right bytes still come.
    world.promise("first", json!({}));
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
}

#[tokio::test]
async fn a_weaker_promise_later_does_not_loosen_the_pin() {
    let world = World::new().await;
    world.promise("first", json!({}));
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    world.forget_artifacts();
    world.promise_weakly("second");
    let refused = world.gate.get(TARBALL).await;
    refused.explained(403, &["left@1.0.0", "digest-mismatch"]);
    world.promise_weakly("first");
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
}

#[tokio::test]
async fn no_promise_at_all_later_does_not_loosen_the_pin() {
    let world = World::new().await;
    world.promise("first", json!({}));
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    world.forget_artifacts();
    world.promise("second", json!({ "integrity": null, "shasum": null }));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-mismatch"]);
}

#[tokio::test]
async fn a_stronger_promise_later_does_not_let_other_bytes_in() {
    let world = World::new().await;
    world.promise_weakly("first");
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    // With the weak one beside it, and without.
    world.promise("second", json!({}));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-changed", "sha1:"]);
    world.promise("second", json!({ "shasum": null }));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-changed", "sha1:"]);
    let shasum = digest(DigestAlgorithm::Sha1, b"first").to_hex();
    world.promise("second", json!({ "shasum": shasum }));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-changed", "sha1:"]);
    // For the same bytes it is welcome, and pinned from now on.
    world.promise("first", json!({ "shasum": null }));
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    world.promise("second", json!({ "shasum": null }));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-changed", "sha512:"]);
}

#[tokio::test]
async fn where_nothing_is_promised_the_first_bytes_are_the_right_ones() {
    let world = World::new().await;
    let nothing = json!({ "integrity": null, "shasum": null });
    world.promise("first", nothing.clone());
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    world.forget_artifacts();
    world.promise("second", nothing);
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-mismatch"]);
}

#[tokio::test]
async fn a_refused_mismatch_pins_nothing() {
    let world = World::new().await;
    world.promise("first", json!({}));
    let kind = "application/octet-stream";
    world.shelves.put(TARBALL, Response::of(200, kind, "wrong"));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-mismatch"]);
    let npm = customs_model::Ecosystem::Npm;
    let left = ReleaseId::new(
        PackageName::new(npm, "left").unwrap(),
        Version::new("1.0.0").unwrap(),
    );
    let place = format!("{}/", world.server.address());
    let pinned = world
        .gate
        .store
        .digest_seen(&place, &left, "left-1.0.0.tgz")
        .unwrap();
    assert_eq!(pinned, None);
    world.promise("first", json!({}));
    assert_eq!(world.gate.get(TARBALL).await.text(), "first");
    let pinned = world
        .gate
        .store
        .digest_seen(&place, &left, "left-1.0.0.tgz")
        .unwrap();
    assert_eq!(pinned, Some(digest(DigestAlgorithm::Sha512, b"first")));
}
