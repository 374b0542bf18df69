//! One client that asks for much of a registry that hangs; others have what is here.

use super::world::{Site, token};
use crate::harness::{many_bytes, read, try_read, with};
use crate::shelves::{days, package, release};
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Fault, Faults};
use std::time::Duration;
use tokio::task::JoinSet;

/// More than are answered at the same time.
const MANY: u32 = 300;
/// Longer than the gate waits for a registry.
const HANGS: Duration = Duration::from_secs(600);
/// Less than the gate waits for a registry: nothing that hangs has ended by then.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_a_registry_that_hangs_for_much_holds_up_nobody_else() {
    let fault = with(Fault::default(), |fault| fault.latency = Some(HANGS));
    let site = Site::with(Faults::none().below("/hang", fault), many_bytes(3_000)).await;
    let (many, other) = (token("many", ""), token("other", ""));
    site.tokens(&[&many, &other]);
    let mut served = site.start().await;
    assert_eq!(served.get("/left", &other).await.status, 200);
    // What is on disk and not in memory is here as well.
    served.signal("TERM");
    assert!(served.ended().await.success());
    let served = site.start().await;
    let mut asked = JoinSet::new();
    for n in 0..MANY {
        asked.spawn(try_read(served.ask(&format!("/hang-{n}"), &many)));
    }
    served
        .until("customs_gate_requests_in_flight", f64::from(MANY))
        .await;
    // By a connection of its own.
    let url = format!("{}/left", served.base);
    let one = site.client().get(url).bearer_auth(&other.secret);
    let got = tokio::time::timeout(SOON, read(one)).await;
    assert_eq!(got.expect("an answer in time").status, 200);
    // What is not here yet comes from that very registry.
    let releases = vec![release("1.0.0", days(400))];
    let right = package("right", SystemClock.now(), releases);
    site.shelves.npm(&site.upstream.base(), &right);
    let url = format!("{}/right", served.base);
    let one = site.client().get(url).bearer_auth(&other.secret);
    let got = tokio::time::timeout(SOON, read(one)).await;
    assert_eq!(got.expect("an answer in time").status, 200);
    assert!(asked.try_join_next().is_none(), "they hang, all of them");
}
