//! Clocks that jump: a hold neither vanishes nor lasts for ever, and nothing is served
//! stale for ever.

use crate::harness::World;
use crate::shelves::{bytes_of, days, hours, package, release};

/// A package whose newest release is an hour old.
fn young(world: &World) {
    let releases = vec![
        release("1.0.0", days(400)),
        release("1.1.0", days(100)),
        release("1.2.0", hours(1)),
    ];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.2.0")]));
}

async fn latest(world: &World) -> String {
    let told = world.gate.get("/left").await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    let latest = told["dist-tags"]["latest"].as_str().unwrap().to_owned();
    assert!(told["versions"].get(&latest).is_some(), "{latest} dangles");
    latest
}

#[tokio::test]
async fn a_hold_ends_at_its_time_and_not_before() {
    let world = World::new().await;
    young(&world);
    assert_eq!(latest(&world).await, "1.1.0");
    world.gate.later(hours(70));
    assert_eq!(latest(&world).await, "1.1.0");
    world.gate.later(hours(2));
    assert_eq!(latest(&world).await, "1.2.0");
    assert_eq!(
        world.gate.get("/left/-/left-1.2.0.tgz").await.body,
        bytes_of("1.2.0")
    );
}

#[tokio::test]
async fn a_clock_that_jumps_back_frees_nothing_and_holds_nothing_for_ever() {
    for back in [days(10), days(1000)] {
        let world = World::new().await;
        young(&world);
        assert_eq!(latest(&world).await, "1.1.0");
        world.gate.later(-back);
        let told = world.gate.get("/left").await;
        if told.status == 200 {
            assert!(
                told.json()["versions"].get("1.2.0").is_none(),
                "the hold vanished"
            );
        } else {
            told.explained(403, &["left"]);
        }
        world
            .gate
            .get("/left/1.2.0")
            .await
            .explained(403, &["1.2.0"]);
        // The clock is set right again.
        world.gate.later(back);
        assert_eq!(latest(&world).await, "1.1.0");
        world.gate.later(hours(73));
        assert_eq!(latest(&world).await, "1.2.0");
    }
}

#[tokio::test]
async fn a_clock_that_jumped_far_ahead_once_leaves_no_release_free_or_held_for_ever() {
    let world = World::new().await;
    young(&world);
    assert_eq!(latest(&world).await, "1.1.0");
    world.gate.later(days(3650));
    assert_eq!(latest(&world).await, "1.2.0");
    world.gate.later(-days(3650));
    assert_eq!(latest(&world).await, "1.1.0", "an hour old is an hour old");
    world
        .gate
        .get("/left/1.2.0")
        .await
        .explained(403, &["1.2.0"]);
    world.gate.later(hours(72));
    assert_eq!(latest(&world).await, "1.2.0");
}

#[tokio::test]
async fn a_document_is_not_served_unasked_for_ever_whichever_way_the_clock_jumps() {
    for jump in [hours(1), -hours(1), -days(3650), days(3650)] {
        let world = World::new().await;
        world.publish_old("left", "x");
        assert_eq!(world.gate.get("/left").await.status, 200);
        assert_eq!(world.gate.get("/left").await.status, 200);
        assert_eq!(
            world.asked("/left"),
            1,
            "fresh documents are not asked for again"
        );
        world.gate.later(jump);
        world.gate.get("/left").await;
        assert_eq!(world.asked("/left"), 2, "after a jump of {jump}");
        world.gate.later(hours(1));
        world.gate.get("/left").await;
        assert_eq!(world.asked("/left"), 3, "an hour after a jump of {jump}");
    }
}

#[tokio::test]
async fn a_release_from_the_future_is_held_and_says_so() {
    let world = World::new().await;
    let releases = vec![release("1.0.0", days(400)), release("1.1.0", -days(30))];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.1.0")]));
    assert_eq!(latest(&world).await, "1.0.0");
    world
        .gate
        .get("/left/1.1.0")
        .await
        .explained(403, &["left@1.1.0", "future"]);
}
