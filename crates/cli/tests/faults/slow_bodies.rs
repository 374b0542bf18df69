//! Large bodies that come slowly: they flow before they are checked, and still nobody
//! ever holds a whole wrong one.

use crate::harness::{World, impatient, many_bytes, try_read, with};
use customs_gate::RunReport;
use customs_model::DigestAlgorithm;
use customs_replay::{Fault, Faults};
use customs_store::LedgerRecord;
use std::time::Duration;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";
/// What may not leave before the check.
const KEPT_BACK: usize = 64 << 10;

fn slowly(bandwidth: u64) -> Fault {
    with(Fault::default(), |f| f.bandwidth = Some(bandwidth))
}

/// The report, once it says what is waited for: a check ends after its client's answer.
async fn settled(world: &World, wanted: impl Fn(&RunReport) -> bool) -> RunReport {
    for _ in 0..200 {
        let report = world.gate.report().await;
        if wanted(&report) {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came: {:?}", world.gate.report().await);
}

/// Reads until the end or the break.
async fn drain(mut response: reqwest::Response) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => all.extend_from_slice(&piece),
            Ok(None) => return (all, true),
            Err(_) => return (all, false),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_body_that_flows_already_is_broken_off_before_its_last_part() {
    for no_length in [false, true] {
        let bytes = many_bytes(700_000);
        let fault = with(slowly(500_000), |f| {
            f.wrong_bytes = true;
            f.no_length = no_length;
        });
        let world = World::with(Faults::none().below(TARBALL, fault), impatient(60)).await;
        world.publish_old("left", bytes.clone());
        let response = world.gate.ask(TARBALL).send().await.unwrap();
        assert_eq!(response.status(), 200, "it must have begun to flow");
        let (got, whole) = drain(response).await;
        assert!(!whole, "the client must not think that it has everything");
        assert!(
            got.len() <= bytes.len() - KEPT_BACK,
            "{} of {}",
            got.len(),
            bytes.len()
        );
        assert!(!got.is_empty() && got == bytes[..got.len()]);
        // What comes of it stands in report and ledger.
        let report = settled(&world, |r| !r.refused.is_empty()).await;
        assert!(
            report.refused.iter().any(|r| r.rule == "digest-mismatch"),
            "{report:?}"
        );
        assert_eq!(report.delivered, []);
        let records = world.gate.records();
        assert!(
            records
                .iter()
                .any(|r| matches!(r, LedgerRecord::DigestChanged(_)))
        );
        // And nothing of it is in the cache.
        let again = try_read(world.gate.ask(TARBALL)).await;
        assert!(again.is_err() || again.is_ok_and(|a| a.status != 200));
        assert_eq!(world.asked(TARBALL), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mismatch_pins_nothing_so_that_the_right_bytes_are_welcome_later() {
    let fault = with(slowly(500_000), |f| {
        f.wrong_bytes = true;
        f.times = Some(1);
    });
    let world = World::with(Faults::none().below(TARBALL, fault), impatient(30)).await;
    world.publish_old("left", many_bytes(300_000));
    let broken = try_read(world.gate.ask(TARBALL)).await;
    assert!(broken.is_err(), "{:?}", broken.map(|a| a.status));
    settled(&world, |r| !r.refused.is_empty()).await;
    // The registry says that its document was wrong, not its bytes.
    let right = many_bytes(299_999);
    world.publish_old("left", right.clone());
    world.gate.later(crate::shelves::STALE);
    let got = world.gate.get(TARBALL).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert!(got.body == right);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_body_flows_before_it_is_checked_and_arrives_whole() {
    for no_length in [false, true] {
        let bytes = many_bytes(700_000);
        let fault = with(slowly(500_000), |f| f.no_length = no_length);
        let world = World::with(Faults::none().below(TARBALL, fault), impatient(60)).await;
        world.publish_old("left", bytes.clone());
        let mut response = world.gate.ask(TARBALL).send().await.unwrap();
        let first = response.chunk().await.unwrap().unwrap();
        let (rest, whole) = drain(response).await;
        assert!(whole);
        assert!([first.to_vec(), rest].concat() == bytes);
        let pinned = world.gate.records().iter().any(|r| {
            matches!(r, LedgerRecord::Delivered(d)
                if d.digest == crate::shelves::digest(DigestAlgorithm::Sha512, &bytes))
        });
        assert!(pinned);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_part_never_leaves_before_the_check() {
    // The upstream holds its last byte back: the check cannot be done.
    let bytes = many_bytes(300_000);
    let fault = with(Fault::default(), |f| f.hang_after = Some(299_999));
    let world = World::with(Faults::none().below(TARBALL, fault), impatient(30)).await;
    world.publish_old("left", bytes.clone());
    let mut response = world.gate.ask(TARBALL).send().await.unwrap();
    let mut got = 0;
    while let Ok(Ok(Some(piece))) =
        tokio::time::timeout(Duration::from_millis(500), response.chunk()).await
    {
        got += piece.len();
    }
    assert_eq!(got, 299_999 - KEPT_BACK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_wrong_body_that_comes_slowly_sends_nothing_at_all() {
    let fault = with(slowly(200_000), |f| f.wrong_bytes = true);
    let world = World::with(Faults::none().below(TARBALL, fault), impatient(30)).await;
    world.publish_old("left", many_bytes(60_000));
    let response = world.gate.ask(TARBALL).send().await.unwrap();
    if response.status() == 200 {
        let (got, whole) = drain(response).await;
        assert!(!whole && got.is_empty(), "{} bytes", got.len());
    } else {
        assert_eq!(response.status(), 403);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_thinks_longer_than_the_gate_is_patient_still_delivers() {
    let fault = with(Fault::default(), |f| {
        f.latency = Some(Duration::from_millis(400))
    });
    let world = World::with(Faults::none().below(TARBALL, fault), impatient(50)).await;
    let bytes = many_bytes(200_000);
    world.publish_old("left", bytes.clone());
    let got = world.gate.get(TARBALL).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert!(got.body == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_off_while_it_flows_is_not_whole_at_the_client() {
    let fault = with(slowly(500_000), |f| f.truncate = Some(400_000));
    let world = World::with(Faults::none().below(TARBALL, fault), impatient(30)).await;
    world.publish_old("left", many_bytes(700_000));
    let (got, whole) = drain(world.gate.ask(TARBALL).send().await.unwrap()).await;
    assert!(!whole);
    assert!(got.len() <= 400_000 - KEPT_BACK);
    let report = settled(&world, |r| {
        r.not_known.iter().any(|s| s.contains("left@1.0.0"))
    })
    .await;
    assert!(
        report.not_known.iter().any(|s| s.contains("left@1.0.0")),
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_of_a_body_that_flows_is_no_delivery() {
    let world = World::with(
        Faults::none().below(TARBALL, slowly(500_000)),
        impatient(30),
    )
    .await;
    world.publish_old("left", many_bytes(300_000));
    let head = world.gate.head(TARBALL).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, "300000")
    );
    let delivered = |r: &LedgerRecord| matches!(r, LedgerRecord::Delivered(_));
    assert!(!world.gate.records().iter().any(delivered));
}
