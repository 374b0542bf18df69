//! Dist-tags after hiding, end to end. Seven peers get this wrong; each way is a test: at
//! the bare tag, in both forms of the document, and again after the cache was refreshed
//! and after the upstream failed.

use crate::harness::{SHORT, World};
use crate::shelves::{Package, Release, STALE, bytes_of, days, hours, package, release, tgz};
use customs_model::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A release that was published so many days ago. 0: an hour ago, and so held.
fn old(version: &str, age: i64) -> Release {
    let age = if age == 0 { hours(1) } else { days(age) };
    release(version, age)
}

type Tags<'a> = &'a [(&'a str, &'a str)];

/// Publishes the package and demands these tags of every way to ask, at four moments.
async fn demand(world: World, package: Package<'_>, wanted: Tags<'_>) {
    world.publish(&package);
    look(&world, &package, wanted, "at first").await;
    look(&world, &package, wanted, "again").await;
    world.gate.later(STALE);
    look(&world, &package, wanted, "after the upstream confirmed it").await;
    // The document is another one, its releases are the same.
    let mut document = package.document(&world.server.base());
    document["description"] = json!("more words");
    world.shelves.put_json("/pack", &document);
    world.gate.later(STALE);
    look(&world, &package, wanted, "after the cache was refreshed").await;
    world.shelves.down(Some(500));
    world.gate.later(STALE);
    look(&world, &package, wanted, "after the upstream failed").await;
    world.shelves.down(None);
    world.gate.later(STALE);
    look(&world, &package, wanted, "after it came back").await;
}

async fn look(world: &World, package: &Package<'_>, wanted: Tags<'_>, when: &str) {
    let wanted: BTreeMap<String, String> = wanted
        .iter()
        .map(|(tag, to)| ((*tag).to_owned(), (*to).to_owned()))
        .collect();
    let wanted_json = json!(wanted);
    for accept in ["application/json", SHORT] {
        let told = world.gate.get_with("/pack", &[("accept", accept)]).await;
        assert_eq!(told.status, 200, "{when}, {accept}: {}", told.text());
        let told = told.json();
        assert_eq!(told["dist-tags"], wanted_json, "{when}, {accept}");
        let versions = told["versions"].as_object().unwrap();
        for target in wanted.values() {
            assert!(
                versions.contains_key(target),
                "{when}, {accept}: {target} dangles"
            );
        }
        for held in package.releases.iter().filter(|r| r.age < days(1)) {
            assert!(
                !versions.contains_key(&held.version),
                "{when}: {} is shown",
                held.version
            );
            assert!(told["time"].get(&held.version).is_none(), "{when}");
        }
        let kept = package.releases.iter().filter(|r| r.age >= days(4)).count();
        assert_eq!(versions.len(), kept, "{when}, {accept}");
    }
    let tags = world.gate.get("/-/package/pack/dist-tags").await;
    assert_eq!(tags.json(), wanted_json, "{when}");
    for (tag, _) in &package.tags {
        let bare = world.gate.get(&format!("/pack/{tag}")).await;
        match wanted.get(*tag) {
            Some(to) => {
                assert_eq!(bare.status, 200, "{when}, {tag}: {}", bare.text());
                assert_eq!(bare.json()["version"], json!(to), "{when}, {tag}");
            }
            None => drop(bare.explained(404, &["pack", tag])),
        }
    }
}

fn pack<'a>(world: &World, releases: Vec<Release>, tags: Tags<'a>) -> Package<'a> {
    package("pack", world.now(), releases).tags(tags)
}

#[tokio::test]
async fn a_backport_published_after_latest_does_not_become_latest() {
    let world = World::new().await;
    let releases = vec![
        old("0.34.0", 300),
        old("1.20.0", 200),
        old("1.21.0", 90),
        // The newest by publish time: what two peers would take.
        old("0.35.0", 40),
        old("1.21.1", 0),
    ];
    let package = pack(&world, releases, &[("latest", "1.21.1")]);
    demand(world, package, &[("latest", "1.21.0")]).await;
}

#[tokio::test]
async fn versions_are_compared_as_numbers_not_as_text() {
    let world = World::new().await;
    let releases = vec![old("1.9.0", 300), old("1.21.0", 90), old("1.21.1", 0)];
    let package = pack(&world, releases, &[("latest", "1.21.1")]);
    demand(world, package, &[("latest", "1.21.0")]).await;
}

#[tokio::test]
async fn a_stable_tag_never_becomes_a_prerelease() {
    let world = World::new().await;
    let releases = vec![
        old("9.5.6-canary.9", 300),
        old("15.5.29", 60),
        old("16.4.5", 90),
        old("16.5.0-canary.7", 50),
        old("16.4.6-rc.1", 45),
        old("16.4.6", 0),
        old("16.5.0-canary.8", 0),
    ];
    let tags = [("latest", "16.4.6"), ("canary", "16.5.0-canary.8")];
    let package = pack(&world, releases, &tags);
    demand(
        world,
        package,
        &[("latest", "16.4.5"), ("canary", "16.5.0-canary.7")],
    )
    .await;
}

#[tokio::test]
async fn a_tag_never_points_to_an_unpublished_version() {
    let world = World::new().await;
    let releases = vec![old("1.20.0", 300), old("1.21.2", 0)];
    let mut package = pack(&world, releases, &[("latest", "1.21.2")]);
    // They stand in `time` only: the highest, and the newest, below the old target.
    package.unpublished = vec![("1.21.0", days(90)), ("1.21.1", days(60))];
    demand(world, package, &[("latest", "1.20.0")]).await;
}

#[tokio::test]
async fn a_tag_whose_target_was_not_hidden_does_not_move() {
    let world = World::new().await;
    // Higher ones are there on purpose: the publisher holds latest back.
    let releases = vec![
        old("1.0.0", 300),
        old("1.2.0", 250).more(json!({ "deprecated": "but somebody wants it" })),
        old("1.5.0", 200),
        old("2.0.0", 100),
        old("1.5.1", 0),
    ];
    let tags = [
        ("latest", "1.0.0"),
        ("next", "2.0.0"),
        ("patch", "1.5.1"),
        ("wanted", "1.2.0"),
    ];
    let package = pack(&world, releases, &tags);
    let wanted = [
        ("latest", "1.0.0"),
        ("next", "2.0.0"),
        ("patch", "1.5.0"),
        ("wanted", "1.2.0"),
    ];
    demand(world, package, &wanted).await;
}

#[tokio::test]
async fn other_tags_are_kept_since_packages_depend_on_them() {
    let world = World::new().await;
    let releases = vec![old("3.3.1", 200), old("2.6.7-cjs", 150), old("3.3.2", 0)];
    let tags = [
        ("latest", "3.3.2"),
        ("cjs", "2.6.7-cjs"),
        ("beta", "2.6.7-cjs"),
    ];
    let package = pack(&world, releases, &tags);
    let wanted = [
        ("latest", "3.3.1"),
        ("cjs", "2.6.7-cjs"),
        ("beta", "2.6.7-cjs"),
    ];
    demand(world, package, &wanted).await;
}

#[tokio::test]
async fn a_tag_of_an_old_line_stays_in_its_line() {
    let world = World::new().await;
    let releases = vec![
        old("3.9.9", 300),
        old("4.21.0", 200),
        old("5.1.0", 100),
        old("4.22.1", 0),
        old("3.10.0", 0),
        old("5.1.1", 0),
    ];
    let tags = [
        ("latest", "5.1.1"),
        ("latest-4", "4.22.1"),
        ("v3-lts", "3.10.0"),
    ];
    let package = pack(&world, releases, &tags);
    let wanted = [
        ("latest", "5.1.0"),
        ("latest-4", "4.21.0"),
        ("v3-lts", "3.9.9"),
    ];
    demand(world, package, &wanted).await;
}

#[tokio::test]
async fn a_tag_named_after_a_line_without_a_survivor_is_dropped() {
    let world = World::new().await;
    let releases = vec![old("3.9.9", 300), old("4.0.0", 0)];
    let tags = [("latest", "3.9.9"), ("latest-4", "4.0.0")];
    let package = pack(&world, releases, &tags);
    demand(world, package, &[("latest", "3.9.9")]).await;
}

#[tokio::test]
async fn a_tag_without_its_line_does_not_climb_to_a_newer_one() {
    let world = World::new().await;
    let releases = vec![old("0.9.0", 300), old("2.0.0", 200), old("1.0.0", 0)];
    let package = pack(&world, releases, &[("latest", "1.0.0")]);
    demand(world, package, &[("latest", "0.9.0")]).await;
}

#[tokio::test]
async fn latest_falls_to_the_line_below_when_its_own_has_nothing_left() {
    let world = World::new().await;
    let releases = vec![old("1.8.0", 300), old("1.9.0", 200), old("2.0.0", 0)];
    let package = pack(&world, releases, &[("latest", "2.0.0")]);
    demand(world, package, &[("latest", "1.9.0")]).await;
}

#[tokio::test]
async fn a_tag_never_rises_above_its_old_target() {
    let world = World::new().await;
    let releases = vec![
        old("0.9.0", 400),
        old("1.8.0", 300),
        old("1.10.0", 200),
        old("2.0.0", 100),
        old("3.0.0", 60),
        old("1.9.0", 0),
        old("2.5.0-rc.1", 50),
    ];
    // Nothing is left below the last one.
    let tags = [("latest", "1.9.0"), ("next", "2.5.0"), ("old", "0.8.0")];
    let mut package = pack(&world, releases, &tags);
    package.releases.push(old("2.5.0", 0));
    package.releases.push(old("0.8.0", 0));
    package.releases.push(old("0.7.0", 0));
    demand(world, package, &[("latest", "1.8.0"), ("next", "2.0.0")]).await;
}

#[tokio::test]
async fn a_deprecated_version_is_the_last_choice_of_its_line() {
    let world = World::new().await;
    let deprecated = old("2.2.0", 100).more(json!({ "deprecated": "broken" }));
    let releases = vec![
        old("1.0.0", 300),
        old("2.1.0", 200),
        deprecated,
        old("2.3.0", 0),
    ];
    let package = pack(&world, releases, &[("latest", "2.3.0")]);
    demand(world, package, &[("latest", "2.1.0")]).await;
}

#[tokio::test]
async fn nothing_is_repaired_in_a_plain_install_by_answering_an_error() {
    // The peer that hides nothing answers 403 at the tarball of `latest`.
    let world = World::new().await;
    let releases = vec![old("6.5.0", 200), old("6.6.0", 0)];
    world.publish(&pack(&world, releases, &[("latest", "6.6.0")]));
    let told = world
        .gate
        .get_with("/pack", &[("accept", SHORT)])
        .await
        .json();
    let latest = told["dist-tags"]["latest"].as_str().unwrap();
    let tarball = told["versions"][latest]["dist"]["tarball"]
        .as_str()
        .unwrap();
    let path = tarball.strip_prefix(&world.gate.url("")).unwrap();
    assert_eq!(world.gate.get(path).await.body, bytes_of("6.5.0"));
}

#[tokio::test]
async fn the_young_versions_own_addresses_are_closed_too() {
    let world = World::new().await;
    // Held for its age alone it would be delivered to who asks by a lockfile.
    let hook = tgz(&[("package.json", r#"{"scripts": {"postinstall": "x"}}"#)]);
    let releases = vec![old("1.0.0", 200), old("1.1.0", 0).bytes(hook)];
    world.publish(&pack(&world, releases, &[("latest", "1.1.0")]));
    for moment in 0..3 {
        world
            .gate
            .get("/pack/1.1.0")
            .await
            .explained(403, &["pack@1.1.0", "is held until"]);
        world
            .gate
            .get("/pack/-/pack-1.1.0.tgz")
            .await
            .explained(403, &["pack@1.1.0"]);
        world.shelves.down((moment == 1).then_some(503));
        world.gate.later(SignedDuration::from_mins(6));
    }
}

#[tokio::test]
async fn the_upstreams_short_form_without_times_is_never_what_is_judged() {
    let world = World::new().await;
    let releases = vec![old("1.0.0", 200), old("1.1.0", 0)];
    world.publish(&pack(&world, releases, &[("latest", "1.1.0")]));
    for _ in 0..2 {
        let told = world
            .gate
            .get_with("/pack", &[("accept", SHORT)])
            .await
            .json();
        assert_eq!(told["dist-tags"]["latest"], "1.0.0");
    }
    // An upstream that answers without times: what stood there first is a baseline, what
    // comes later is held from its first sight.
    let bare = |versions: Value, latest: &str| json!({"name": "bare", "dist-tags": {"latest": latest}, "versions": versions});
    let one = json!({"name": "bare", "version": "1.0.0",
        "dist": {"tarball": format!("{}/bare/-/bare-1.0.0.tgz", world.server.base())}});
    let mut two = one.clone();
    two["version"] = json!("1.1.0");
    world
        .shelves
        .put_json("/bare", &bare(json!({"1.0.0": one}), "1.0.0"));
    assert_eq!(
        world.gate.get("/bare").await.json()["dist-tags"]["latest"],
        "1.0.0"
    );
    world
        .shelves
        .put_json("/bare", &bare(json!({"1.0.0": one, "1.1.0": two}), "1.1.0"));
    world.gate.later(STALE);
    assert_eq!(
        world.gate.get("/bare").await.json()["dist-tags"]["latest"],
        "1.0.0"
    );
}
