//! Artifacts: whole and right for everybody, asked for once, and what clients ask besides.

use crate::harness::{World, impatient, many_bytes, read, with};
use crate::shelves::{STALE, days, package, release};
use customs_gate::Waits;
use customs_replay::{Fault, Faults};
use customs_store::{LedgerRecord, Served};
use std::time::Duration;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

/// The upstream sends the tarball so slowly that it takes about this long.
fn over(length: usize, time: Duration) -> Faults {
    let fault = with(Fault::default(), |f| {
        f.bandwidth = Some((length as f64 / time.as_secs_f64()) as u64)
    });
    Faults::none().below(TARBALL, fault)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_make_one_request_upstream_and_all_get_the_bytes() {
    let bytes = many_bytes(600_000);
    let faults = over(bytes.len(), Duration::from_millis(500));
    let world = World::with(faults, Waits::default()).await;
    world.publish_old("left", bytes.clone());
    let clients: Vec<_> = (0..40)
        .map(|_| tokio::spawn(read(world.gate.ask(TARBALL))))
        .collect();
    for client in clients {
        let got = client.await.unwrap();
        assert_eq!(got.status, 200);
        assert!(got.body == bytes, "other bytes");
    }
    assert_eq!(world.asked(TARBALL), 1);
    assert_eq!(world.asked("/left"), 1, "documents fly alone, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_stops_nobody_else_and_the_next_one_gets_the_bytes() {
    let bytes = many_bytes(800_000);
    let faults = over(bytes.len(), Duration::from_millis(800));
    let world = World::with(faults, impatient(50)).await;
    world.publish_old("left", bytes.clone());
    // One leaves before an answer, one in the middle of the body, one stays.
    let gone = tokio::time::timeout(Duration::from_millis(40), read(world.gate.ask(TARBALL))).await;
    assert!(gone.is_err(), "too fast for this test");
    let staying = tokio::spawn(read(world.gate.ask(TARBALL)));
    let mut leaving = world.gate.ask(TARBALL).send().await.unwrap();
    let piece = leaving.chunk().await.unwrap().unwrap();
    assert!(!piece.is_empty() && piece.len() < bytes.len());
    drop(leaving);
    assert!(staying.await.unwrap().body == bytes);
    let next = world.gate.get(TARBALL).await;
    assert!(next.body == bytes);
    assert_eq!(world.asked(TARBALL), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_goes_on_when_its_only_client_hangs_up() {
    let bytes = many_bytes(300_000);
    let faults = over(bytes.len(), Duration::from_millis(400));
    let world = World::with(faults, Waits::default()).await;
    world.publish_old("left", bytes.clone());
    let gone =
        tokio::time::timeout(Duration::from_millis(150), read(world.gate.ask(TARBALL))).await;
    assert!(gone.is_err(), "too fast for this test");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(world.gate.get(TARBALL).await.body == bytes);
    assert_eq!(world.asked(TARBALL), 1);
}

#[tokio::test]
async fn a_failed_flight_is_no_memory_the_next_client_asks_again() {
    let fault = with(Fault::default(), |f| {
        f.truncate = Some(5_000);
        f.times = Some(1);
    });
    let world = World::with(Faults::none().below(TARBALL, fault), Waits::default()).await;
    let bytes = many_bytes(20_000);
    world.publish_old("left", bytes.clone());
    let clients = [(); 8].map(|()| tokio::spawn(read(world.gate.ask(TARBALL))));
    for client in clients {
        let got = client.await.unwrap();
        match got.status {
            200 => assert!(got.body == bytes),
            _ => drop(got.explained(502, &["left@1.0.0", "no whole answer"])),
        }
    }
    assert!(world.gate.get(TARBALL).await.body == bytes);
}

#[tokio::test]
async fn a_range_is_sent_as_asked_and_recorded_as_one() {
    let world = World::new().await;
    let bytes = many_bytes(10_000);
    world.publish_old("left", bytes.clone());
    // The first one is not in the cache yet.
    for (range, from, to) in [
        ("bytes=100-199", 100, 200),
        ("bytes=9000-", 9_000, 10_000),
        ("bytes=-16", 9_984, 10_000),
        ("bytes=9990-20000", 9_990, 10_000),
        ("bytes=0-0", 0, 1),
    ] {
        let part = world.gate.get_with(TARBALL, &[("range", range)]).await;
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.body, bytes[from..to], "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {from}-{}/10000", to - 1)
        );
        assert_eq!(part.header("content-length"), (to - from).to_string());
    }
    let none = world
        .gate
        .get_with(TARBALL, &[("range", "bytes=10000-")])
        .await;
    assert_eq!(
        (none.status, none.header("content-range")),
        (416, "bytes */10000")
    );
    for all in ["bytes=5-1,7-8", "lines=1-2", "bytes=x-y", "bytes=-"] {
        let whole = world.gate.get_with(TARBALL, &[("range", all)]).await;
        assert_eq!((whole.status, whole.body.len()), (200, 10_000), "{all}");
    }
    let records = world.gate.records();
    let first = records.iter().find_map(|r| match r {
        LedgerRecord::Delivered(d) => Some((d.bytes, d.served)),
        _ => None,
    });
    assert_eq!(
        first,
        Some((
            100,
            Served::Range {
                first: 100,
                last: 199
            }
        ))
    );
    assert_eq!(world.asked(TARBALL), 1);
}

#[tokio::test]
async fn a_client_that_has_the_bytes_is_told_so_and_one_with_other_bytes_gets_all() {
    let world = World::new().await;
    world.publish_old("left", many_bytes(1_000));
    let first = world.gate.get(TARBALL).await;
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 20, "{etag}");
    let again = world
        .gate
        .get_with(TARBALL, &[("if-none-match", &etag)])
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), etag);
    let other = world
        .gate
        .get_with(TARBALL, &[("if-none-match", "\"else\"")])
        .await;
    assert_eq!((other.status, other.body.len()), (200, 1_000));
    let continued = [("range", "bytes=500-"), ("if-range", etag.as_str())];
    let part = world.gate.get_with(TARBALL, &continued).await;
    assert_eq!((part.status, part.body.len()), (206, 500));
    let broken = [("range", "bytes=500-"), ("if-range", "\"else\"")];
    let whole = world.gate.get_with(TARBALL, &broken).await;
    assert_eq!((whole.status, whole.body.len()), (200, 1_000));
    let records = world.gate.records();
    let served = |r: &LedgerRecord| matches!(r, LedgerRecord::Delivered(d) if d.served == Served::ClientCache);
    assert_eq!(records.iter().filter(|r| served(r)).count(), 1);
}

#[tokio::test]
async fn head_tells_of_an_artifact_and_is_no_delivery() {
    let world = World::new().await;
    world.publish_old("left", many_bytes(1_000));
    let head = world.gate.head(TARBALL).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), "1000");
    assert_eq!(head.header("accept-ranges"), "bytes");
    let got = world.gate.get(TARBALL).await;
    assert_eq!(head.header("etag"), got.header("etag"));
    let delivered = |r: &&LedgerRecord| matches!(r, LedgerRecord::Delivered(_));
    assert_eq!(world.gate.records().iter().filter(delivered).count(), 1);
    let missing = world.gate.head("/left/-/left-9.0.0.tgz").await;
    assert_eq!(missing.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_during_a_document_leaves_nothing_half_done() {
    let slow = with(Fault::default(), |f| f.hang_after = Some(100));
    let slow = with(slow, |f| f.times = Some(1));
    let world = World::with(Faults::none().below("/left", slow), Waits::default()).await;
    world.publish_old("left", "x");
    let gone =
        tokio::time::timeout(Duration::from_millis(300), read(world.gate.ask("/left"))).await;
    assert!(gone.is_err(), "too fast for this test");
    // The next one does not wait behind the dead one.
    let next = tokio::time::timeout(Duration::from_secs(5), world.gate.get("/left")).await;
    let next = next.expect("an answer in time");
    assert_eq!(
        (next.status, next.json()["dist-tags"]["latest"].as_str()),
        (200, Some("1.0.0"))
    );
    let folder = world.gate.cache().join("documents").join("npm");
    let names = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|e| e.file_name());
    let half: Vec<_> = names
        .filter(|n| n.to_string_lossy().starts_with(".tmp"))
        .collect();
    assert!(half.is_empty(), "{half:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_is_replaced_while_it_is_judged_is_answered_all_the_same() {
    // What a young release runs is looked up in its tarball, and that takes time.
    let slow = with(Fault::default(), |f| {
        f.latency = Some(Duration::from_secs(3));
    });
    let world = World::with(Faults::none().below("/left/-/", slow), Waits::default()).await;
    let old = || release("1.0.0", days(400));
    let young = release("1.1.0", days(10));
    let tags = [("latest", "1.0.0")];
    world.publish(&package("left", world.now(), vec![old(), young]).tags(&tags));
    let first = tokio::spawn(read(world.gate.ask("/left")));
    while world.asked("/left") == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.publish(&package("left", world.now(), vec![old()]).tags(&tags));
    world.gate.later(STALE);
    assert_eq!(world.gate.get("/left").await.status, 200);
    assert!(!first.is_finished(), "too fast for this test");
    let first = first.await.unwrap();
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.json()["dist-tags"]["latest"], "1.0.0");
}
