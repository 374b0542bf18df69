//! A ledger that vanishes and returns, that is slow, or has no room: nothing is delivered without a
//! record, and nobody has to start the gate again.

use super::world::{LONG, Served, Site, TARBALL, TestToken, token};
use crate::harness::try_read;
use crate::team::server::Server;
use std::time::{Duration, Instant};

async fn until(served: &Served, path: &str, status: u16) {
    let begun = Instant::now();
    while served.operations(path).await.status != status {
        assert!(begun.elapsed() < LONG, "{path}: {}", served.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn status(served: &Served, ci: &TestToken) -> u16 {
    try_read(served.ask(TARBALL, ci)).await.unwrap().status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_vanishes_and_returns_stops_deliveries_and_not_the_gate() {
    let Some(database) = Server::new() else {
        return;
    };
    let mut site = Site::new().await;
    let url = database.url("postgres");
    site.environment = vec![("CUSTOMS_STORE".to_owned(), url)];
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let mut served = site.start().await;
    assert_eq!(status(&served, &ci).await, 200);
    database.signal("KILL");
    until(&served, "/readyz", 503).await;
    assert_eq!(served.operations("/healthz").await.status, 200);
    let refused = served.get(TARBALL, &ci).await;
    assert!([500, 507].contains(&refused.status), "{}", refused.text());
    let told = refused.text();
    assert!(told.contains("customs: "), "{told}");
    database.start();
    until(&served, "/readyz", 200).await;
    let begun = Instant::now();
    while status(&served, &ci).await != 200 {
        assert!(begun.elapsed() < LONG, "{}", served.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    served.signal("TERM");
    assert!(served.ended().await.success(), "{}", served.log());
}

/// A database whose process stands still is as slow as a disk that does: questions have an end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stands_still_is_waited_for_so_long_and_no_longer() {
    let Some(database) = Server::new() else {
        return;
    };
    let mut site = Site::new().await;
    let url = database.url("postgres");
    site.environment = vec![("CUSTOMS_STORE".to_owned(), url)];
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    assert_eq!(status(&served, &ci).await, 200);
    database.signal("STOP");
    let begun = Instant::now();
    let answered = status(&served, &ci).await;
    assert!([500, 507].contains(&answered), "{answered}");
    assert!(
        begun.elapsed() < Duration::from_secs(90),
        "{:?}",
        begun.elapsed()
    );
    until(&served, "/readyz", 503).await;
    database.signal("CONT");
    until(&served, "/readyz", 200).await;
    let begun = Instant::now();
    while status(&served, &ci).await != 200 {
        assert!(begun.elapsed() < LONG, "{}", served.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
