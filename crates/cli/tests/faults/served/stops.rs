//! A gate that is told to stop: what was asked is answered, and nothing new is begun.

use super::world::{LONG, Served, Site, TARBALL, client, token};
use crate::harness::{many_bytes, try_read, with};
use crate::program::customs;
use customs_replay::{Fault, Faults};
use std::time::{Duration, Instant};

/// The upstream tells of a request when it answers it, so the gate is asked.
const ANSWERING: &str = "customs_gate_requests_in_flight";

fn late(by: Duration) -> Faults {
    let fault = with(Fault::default(), |fault| fault.latency = Some(by));
    Faults::none().below(TARBALL, fault)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_answered_is_answered_and_the_ledger_is_whole() {
    let site = Site::with(late(Duration::from_secs(3)), many_bytes(3_000)).await;
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let mut served = site.start().await;
    let asked = tokio::spawn(try_read(served.ask(TARBALL, &ci)));
    let begun = Instant::now();
    served.until(ANSWERING, 1.0).await;
    served.signal("TERM");
    let plain = client(std::iter::empty());
    let health = format!("{}/healthz", served.base);
    while try_read(plain.get(&health)).await.is_ok() {
        assert!(begun.elapsed() < LONG, "it still takes connections");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let got = asked.await.unwrap().unwrap();
    assert!(
        got.status == 200 && got.body == site.bytes,
        "{}",
        got.text()
    );
    assert!(served.ended().await.success(), "{}", served.log());
    let mut verify = customs(site.folder.path(), &["ledger", "verify"]);
    verify.env("CUSTOMS_DATA_DIR", site.at("home/data"));
    verify.env("CUSTOMS_STATE_DIR", site.at("home/state"));
    let output = verify.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && told.contains("intact"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_too_long_is_cut_off() {
    let mut site = Site::with(late(Duration::from_secs(600)), many_bytes(3_000)).await;
    site.more = "limits = { stop = \"1s\" }\n".to_owned();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let mut served = site.start().await;
    let asked = tokio::spawn(try_read(served.ask(TARBALL, &ci)));
    served.until(ANSWERING, 1.0).await;
    served.signal("TERM");
    let told = Instant::now();
    assert!(served.ended().await.success(), "{}", served.log());
    assert!(told.elapsed() < Duration::from_secs(60));
    assert!(asked.await.unwrap().is_err());
    assert!(served.log().contains("cut off"), "{}", served.log());
}

/// Waits until whoever sends requests there is told not to.
async fn until_not_ready(served: &Served) {
    let begun = Instant::now();
    while served.operations("/readyz").await.status != 503 {
        assert!(
            begun.elapsed() < LONG,
            "it is still ready: {}",
            served.log()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_that_it_is_not_ready_while_it_still_serves_and_then_stops() {
    let drain = Duration::from_secs(8);
    let mut site = Site::new().await;
    site.more = "limits = { drain = \"8s\" }\n".to_owned();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let mut served = site.start().await;
    let told = Instant::now();
    served.signal("TERM");
    until_not_ready(&served).await;
    // By a connection that did not stand before.
    let url = format!("{}{TARBALL}", served.base);
    let asked = site.client().get(url).bearer_auth(&ci.secret);
    let got = try_read(asked).await.unwrap();
    assert!(got.status == 200 && got.body == site.bytes);
    assert!(served.ended().await.success(), "{}", served.log());
    assert!(told.elapsed() >= drain, "{:?}", told.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_twice_it_waits_no_longer() {
    let mut site = Site::new().await;
    site.more = "limits = { drain = \"10m\" }\n".to_owned();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let mut served = site.start().await;
    served.signal("TERM");
    until_not_ready(&served).await;
    served.signal("TERM");
    assert!(served.ended().await.success(), "{}", served.log());
}
