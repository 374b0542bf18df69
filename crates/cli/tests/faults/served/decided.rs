//! Packages of which nothing has to be decided: new settings are put to them without their
//! documents. Each test changes one of the things that such an answer rests on, and would fail if
//! the gate did not look at it.

mod kinds;
mod seen;

use super::tokens::{Team, token};
use crate::harness::{Answered, npm_at};
use crate::shelves::{Package, STALE, Shelves, days, hours, package, release};
use customs_gate::TeamSettings;
use customs_intel::Snapshot;
use customs_model::{Clock as _, Ecosystem, Known, SignedDuration, Timestamp};
use customs_replay::{Bound, Faults};
use customs_rules::Policy;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A package whose only release is older than the window of rules about change.
fn old(now: Timestamp) -> Package<'static> {
    package("old", now, vec![release("1.0.0", days(40))]).tags(&[("latest", "1.0.0")])
}

/// A gate that has answered with it.
async fn asked() -> (Team, Answered) {
    let team = Team::new(vec![token("ci", "one")]).await;
    team.shelves
        .npm(&team.upstream.base(), &old(team.clock.now()));
    let first = team.get("/old", "one").await;
    assert_eq!(first.status, 200, "{}", first.text());
    (team, first)
}

fn policy(lines: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{lines}"), "policy.toml").unwrap()
}

/// Malware, by an advisory that names every version of a package.
fn advisory(name: &str) -> Known<Arc<Snapshot>> {
    advisory_of(Ecosystem::Npm, name)
}

fn advisory_of(ecosystem: Ecosystem, name: &str) -> Known<Arc<Snapshot>> {
    // As OSV's schema calls them.
    let ecosystem = match ecosystem {
        Ecosystem::Npm => "npm",
        Ecosystem::PyPi => "PyPI",
        Ecosystem::Cargo => "crates.io",
    };
    let record = json!({
        "id": "MAL-2026-1", "modified": "2026-11-30T00:00:00Z", "summary": "inert, for a test",
        "affected": [{ "package": { "ecosystem": ecosystem, "name": name }, "versions": ["1.0.0"] }],
    });
    let records = [("a.json", record.to_string())];
    Known::Is(Arc::new(Snapshot::from_records(
        records,
        Timestamp::UNIX_EPOCH,
    )))
}

async fn apply(team: &Team, change: impl FnOnce(&mut TeamSettings)) {
    let mut settings = team.settings(vec![token("ci", "one")], BTreeMap::new());
    change(&mut settings);
    team.gate.apply(settings).await.unwrap();
}

fn times_asked(team: &Team, path: &str) -> usize {
    team.upstream
        .hits()
        .iter()
        .filter(|hit| hit.path == path)
        .count()
}

#[tokio::test]
async fn what_no_new_setting_is_about_is_decided_anew_without_its_document() {
    let (team, first) = asked().await;
    std::fs::remove_dir_all(team.folder.path().join("cache/documents/npm")).unwrap();
    let changes: [fn(&mut TeamSettings); 3] = [
        |settings| settings.policy = policy("deny = [\"pkg:npm/other\"]\n"),
        |settings| settings.policy = policy("[rules.version-age]\nage = \"200h\"\n"),
        |settings| settings.advisories = advisory("other"),
    ];
    for change in changes {
        apply(&team, change).await;
        let again = team.get("/old", "one").await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("etag"), first.header("etag"));
    }
    assert_eq!(times_asked(&team, "/old"), 1, "its document was gone");
}

#[tokio::test]
async fn a_denial_by_policy_counts_at_once_by_name_version_and_digest() {
    let digest = format!("sha256:{}", "0".repeat(64));
    for (denied, status) in [
        ("pkg:npm/old", 403),
        ("pkg:npm/old@1.0.0", 403),
        // Another one's digest denies nothing of it; whose it is the document has to say.
        (digest.as_str(), 200),
    ] {
        let (team, _) = asked().await;
        apply(&team, |settings| {
            settings.policy = policy(&format!("deny = [\"{denied}\"]\n"));
        })
        .await;
        assert_eq!(team.get("/old", "one").await.status, status, "{denied}");
        // And is over at once.
        apply(&team, |_| {}).await;
        assert_eq!(team.get("/old", "one").await.status, 200, "{denied}");
    }
}

#[tokio::test]
async fn a_longer_window_of_rules_about_change_makes_an_old_release_young() {
    let (team, _) = asked().await;
    let longer = "change-window = \"60d\"\n";
    let held = "[rules.version-age]\nage = \"50d\"\n";
    apply(&team, |settings| {
        settings.policy = policy(&format!("{longer}{held}"))
    })
    .await;
    team.get("/old", "one")
        .await
        .explained(403, &["version-age"]);
    // An exemption of that policy lets it through.
    let until = (team.clock.now() + days(20)).to_string();
    let exemption = format!(
        "[[exemption]]\nmatch = \"pkg:npm/old@1.0.0\"\nrules = [\"version-age\"]\nreason = \"known\"\n\
         owner = \"platform@acme.example\"\nexpires = {}\n",
        &until[..10]
    );
    apply(&team, |settings| {
        settings.policy = policy(&format!("{longer}{held}{exemption}"));
    })
    .await;
    assert_eq!(team.get("/old", "one").await.status, 200);
}

#[tokio::test]
async fn an_advisory_that_names_it_counts_at_once_and_so_does_its_end() {
    let (team, first) = asked().await;
    apply(&team, |settings| settings.advisories = advisory("old")).await;
    let refused = team.get("/old", "one").await;
    refused.explained(403, &["MAL-2026-1"]);
    assert_eq!(refused.json()["url"], "https://gate.example:8443/refusals");
    let counted = "customs_gate_refusals_total{rule=\"known-malicious\"} 1\n";
    assert!(team.gate.metrics.render().contains(counted));
    apply(&team, |settings| settings.advisories = advisory("other")).await;
    let again = team.get("/old", "one").await;
    assert_eq!((again.status, again.body), (200, first.body));
}

#[tokio::test]
async fn a_release_that_appears_later_is_decided_by_the_newer_document() {
    let (team, first) = asked().await;
    let releases = vec![release("1.0.0", days(40)), release("2.0.0", hours(1))];
    let newer = package("old", team.clock.now(), releases).tags(&[("latest", "2.0.0")]);
    team.shelves.npm(&team.upstream.base(), &newer);
    team.clock.advance(STALE);
    apply(&team, |settings| {
        settings.policy = policy("deny = [\"pkg:npm/other\"]\n")
    })
    .await;
    let document = team.get("/old", "one").await;
    assert_eq!(times_asked(&team, "/old"), 2);
    let document = document.json();
    assert_eq!(document["versions"]["2.0.0"], serde_json::Value::Null);
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
    // It is young as long as it is: no policy passes over it.
    let other = "deny = [\"pkg:npm/another\"]\n";
    apply(&team, |settings| settings.policy = policy(other)).await;
    let document = team.get("/old", "one").await;
    assert_eq!(document.body, first.body);
    // Once it is old enough it is there: it was the newer document that was decided. What was
    // answered under a policy counts for a second of real time, so it is another one again.
    team.clock.advance(days(35));
    let third = "deny = [\"pkg:npm/third\"]\n";
    apply(&team, |settings| settings.policy = policy(third)).await;
    let document = team.get("/old", "one").await.json();
    assert_ne!(document["versions"]["2.0.0"], serde_json::Value::Null);
    assert_eq!(document["dist-tags"]["latest"], "2.0.0");
}

#[tokio::test]
async fn a_release_that_claims_to_be_old_and_was_not_there_is_young_for_every_policy() {
    let (team, _) = asked().await;
    let releases = vec![release("1.0.0", days(40)), release("0.9.0", days(300))];
    let newer = package("old", team.clock.now(), releases).tags(&[("latest", "1.0.0")]);
    team.shelves.npm(&team.upstream.base(), &newer);
    team.clock.advance(days(2));
    let hidden = |document: Answered| document.json()["versions"]["0.9.0"].is_null();
    assert!(hidden(team.get("/old", "one").await));
    for lines in [
        "deny = [\"pkg:npm/other\"]\n",
        "deny = [\"pkg:npm/another\"]\n",
    ] {
        apply(&team, |settings| settings.policy = policy(lines)).await;
        assert!(hidden(team.get("/old", "one").await), "{lines}");
    }
}

#[tokio::test]
async fn what_was_taken_away_is_not_answered_from_memory() {
    let (team, _) = asked().await;
    team.shelves.take_away("/old");
    team.clock.advance(STALE);
    apply(&team, |settings| {
        settings.policy = policy("deny = [\"pkg:npm/other\"]\n")
    })
    .await;
    assert_eq!(team.get("/old", "one").await.status, 404);
    // Under settings that nothing was answered under: that would count for a second.
    let other = "deny = [\"pkg:npm/another\"]\n";
    apply(&team, |settings| settings.policy = policy(other)).await;
    assert_eq!(team.get("/old", "one").await.status, 404);
}

#[tokio::test]
async fn another_registry_is_asked_itself_and_an_internal_name_nobody() {
    let (team, first) = asked().await;
    let shelves = Shelves::default();
    let other = Bound::new().await.unwrap();
    let other = other.serve(shelves.clone(), Faults::none());
    let releases = vec![release("1.0.0", days(40)), release("1.1.0", days(35))];
    let theirs = package("old", team.clock.now(), releases).tags(&[("latest", "1.1.0")]);
    shelves.npm(&other.base(), &theirs);
    apply(&team, |settings| settings.upstreams = npm_at(&other.base())).await;
    let document = team.get("/old", "one").await;
    assert_eq!(document.json()["dist-tags"]["latest"], "1.1.0");
    apply(&team, |_| {}).await;
    assert_eq!(team.get("/old", "one").await.body, first.body);
    apply(&team, |settings| {
        settings.upstreams.internal = vec!["pkg:npm/old".to_owned()]
    })
    .await;
    assert_eq!(team.get("/old", "one").await.status, 404);
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_a_release_young_again() {
    let (team, _) = asked().await;
    team.clock.advance(-days(15));
    let held = "[rules.version-age]\nage = \"27d\"\n";
    apply(&team, |settings| settings.policy = policy(held)).await;
    // 25 days old.
    team.get("/old", "one")
        .await
        .explained(403, &["version-age"]);
    team.clock.advance(days(15) + SignedDuration::from_secs(1));
    assert_eq!(team.get("/old", "one").await.status, 200);
}
