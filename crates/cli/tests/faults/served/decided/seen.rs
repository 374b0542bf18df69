//! Two gates of a team: what one of them was shown counts for the other one, whatever that remembers.

use super::{apply, asked, hours, old, policy, times_asked, token};
use crate::shelves::{STALE, days, package, release};
use customs_model::Clock as _;
use std::time::Duration;

/// What was answered under settings counts for a second of real time, and a little more.
const MOMENT: Duration = Duration::from_millis(1_100);

#[tokio::test]
async fn a_publish_time_that_another_gate_saw_move_counts_though_the_upstream_confirms_the_old_document()
 {
    let (one, _) = asked().await;
    let two = one.beside(vec![token("ci", "two")]).await;
    let mut settings = two.settings(vec![token("ci", "two")], Default::default());
    settings.policy = policy("deny = [\"pkg:npm/other\"]\n");
    two.gate.apply(settings).await.unwrap();
    // One of several machines of a registry tells another time, to the other gate only.
    let releases = vec![release("1.0.0", days(39))];
    let moved = package("old", one.clock.now(), releases).tags(&[("latest", "1.0.0")]);
    one.shelves.npm(&one.upstream.base(), &moved);
    two.get("/old", "two").await;
    one.shelves.npm(&one.upstream.base(), &old(one.clock.now()));
    assert_eq!(times_asked(&one, "/old"), 2);

    tokio::time::sleep(MOMENT).await;
    one.clock.advance(STALE);
    // The same bytes, asked for under the same settings as before.
    let held = one.get("/old", "one").await;
    held.explained(403, &["publish-time-anomaly"]);
    assert_eq!(times_asked(&one, "/old"), 3);
    // And under others: nothing is remembered that says there is nothing to decide.
    let other = "deny = [\"pkg:npm/other\"]\n";
    apply(&one, |settings| settings.policy = policy(other)).await;
    let held = one.get("/old", "one").await;
    held.explained(403, &["publish-time-anomaly"]);
}

#[tokio::test]
async fn what_another_gate_saw_beside_it_changes_nothing_of_what_is_remembered() {
    let (one, first) = asked().await;
    let two = one.beside(vec![token("ci", "two")]).await;
    let releases = vec![release("1.0.0", days(40)), release("2.0.0", hours(1))];
    let newer = package("old", one.clock.now(), releases).tags(&[("latest", "2.0.0")]);
    one.shelves.npm(&one.upstream.base(), &newer);
    let document = two.get("/old", "two").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
    one.shelves.npm(&one.upstream.base(), &old(one.clock.now()));

    tokio::time::sleep(MOMENT).await;
    one.clock.advance(STALE);
    assert_eq!(one.get("/old", "one").await.body, first.body);
    assert_eq!(times_asked(&one, "/old"), 3);
    // It counts on: no document is looked at for other settings.
    std::fs::remove_dir_all(one.folder.path().join("cache/documents/npm")).unwrap();
    let other = "deny = [\"pkg:npm/other\"]\n";
    apply(&one, |settings| settings.policy = policy(other)).await;
    assert_eq!(one.get("/old", "one").await.body, first.body);
    assert_eq!(times_asked(&one, "/old"), 3);
}
