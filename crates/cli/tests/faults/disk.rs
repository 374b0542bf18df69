//! A disk that takes nothing more, and a cache that is deleted under the gate.

use crate::harness::World;
use crate::shelves::{STALE, days, package, release};
use std::path::Path;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

/// A file where a folder was: nothing can be written below it, whoever we are.
fn blocked(folder: &Path) {
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::write(folder, "in the way").unwrap();
}

#[tokio::test]
async fn a_disk_that_takes_no_document_is_an_explained_error() {
    let world = World::new().await;
    world.publish_old("left", "x");
    let documents = world.gate.cache().join("documents");
    blocked(&documents);
    let error = world
        .gate
        .get("/left")
        .await
        .explained(507, &["left", "cache", "free some space"]);
    assert!(error.contains("CUSTOMS_CACHE_DIR"), "{error}");
    for path in ["/-/pypi/simple/left/", "/-/cargo/index/le/ft/left"] {
        world.shelves.put(
            path.strip_prefix("/-/pypi")
                .or(path.strip_prefix("/-/cargo"))
                .unwrap(),
            customs_replay::Response::of(
                200,
                "text/html",
                "<a href='left-1.0.tar.gz'>left-1.0.tar.gz</a>",
            ),
        );
        let answered = world.gate.get(path).await;
        assert_eq!(answered.status, 507, "{path}: {}", answered.text());
        assert!(
            answered.text().contains("CUSTOMS_CACHE_DIR"),
            "{}",
            answered.text()
        );
    }
    // And over when there is space again.
    std::fs::remove_file(&documents).unwrap();
    assert_eq!(world.gate.get("/left").await.status, 200);
}

#[tokio::test]
async fn a_disk_that_takes_no_artifact_is_an_explained_error() {
    let world = World::new().await;
    world.publish_old("left", "x");
    let artifacts = world.gate.cache().join("artifacts");
    blocked(&artifacts);
    world
        .gate
        .get(TARBALL)
        .await
        .explained(507, &["left@1.0.0", "CUSTOMS_CACHE_DIR"]);
    std::fs::remove_file(&artifacts).unwrap();
    assert_eq!(world.gate.get(TARBALL).await.text(), "x");
}

#[tokio::test]
async fn a_disk_that_takes_no_rendering_is_an_explained_error() {
    let world = World::new().await;
    world.publish_old("left", "x");
    blocked(&world.gate.cache().join("rendered"));
    world
        .gate
        .get("/left")
        .await
        .explained(507, &["left", "could not be rendered"]);
}

#[tokio::test]
async fn a_cache_that_is_deleted_under_the_gate_is_filled_again() {
    let world = World::new().await;
    world.publish_old("left", "x");
    assert_eq!(world.gate.get("/left").await.status, 200);
    assert_eq!(world.gate.get(TARBALL).await.text(), "x");
    std::fs::remove_dir_all(world.gate.cache()).unwrap();
    let again = world.gate.get("/left").await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["dist-tags"]["latest"], "1.0.0");
    let again = world.gate.get(TARBALL).await;
    assert_eq!((again.status, again.text().as_str()), (200, "x"));
}

#[tokio::test]
async fn a_held_release_stays_held_when_the_cache_is_lost() {
    let world = World::new().await;
    let releases = vec![
        release("1.0.0", days(400)),
        release("1.1.0", crate::shelves::hours(2)),
    ];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.1.0")]));
    for _ in 0..2 {
        let told = world.gate.get("/left").await.json();
        assert_eq!(told["dist-tags"]["latest"], "1.0.0");
        assert!(told["versions"].get("1.1.0").is_none());
        let _ = std::fs::remove_dir_all(world.gate.cache());
        world.gate.later(STALE);
    }
}

#[tokio::test]
async fn a_half_written_file_of_a_crash_is_no_document() {
    let world = World::new().await;
    world.publish_old("left", "x");
    assert_eq!(world.gate.get("/left").await.status, 200);
    // What a power failure leaves: names without bytes.
    let folder = world.gate.cache().join("documents").join("npm");
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::write(entry.unwrap().path(), "").unwrap();
    }
    world.gate.later(STALE);
    let again = world.gate.get("/left").await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["dist-tags"]["latest"], "1.0.0");
}

#[tokio::test]
async fn a_file_of_the_cache_that_is_not_what_it_was_is_fetched_again() {
    let world = World::new().await;
    world.publish_old("left", "the right bytes");
    assert_eq!(world.gate.get(TARBALL).await.text(), "the right bytes");
    let file = only_file_below(&world.gate.cache().join("artifacts"));
    // A power failure's, a shorter one, and one of the same length.
    for (round, damage) in ["", "the right", "the wrong bytes"].into_iter().enumerate() {
        std::fs::write(&file, damage).unwrap();
        let got = world.gate.get(TARBALL).await;
        assert_eq!(
            (got.status, got.text().as_str()),
            (200, "the right bytes"),
            "{damage:?}"
        );
        assert_eq!(world.asked(TARBALL), round + 2);
    }
    assert_eq!(world.gate.get(TARBALL).await.text(), "the right bytes");
    assert_eq!(world.asked(TARBALL), 4);
}

fn only_file_below(folder: &Path) -> std::path::PathBuf {
    let mut at = folder.to_owned();
    while at.is_dir() {
        let mut inside = std::fs::read_dir(&at).unwrap().flatten();
        at = inside.next().unwrap().path();
        assert!(inside.next().is_none(), "more than one file");
    }
    at
}
