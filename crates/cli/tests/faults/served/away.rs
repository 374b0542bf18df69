//! A registry that is away: what was delivered is delivered on, marked, under the denials of now; and
//! nothing new comes in.

use super::world::{Served, Site, TARBALL, TestToken, put, token};
use crate::shelves::{days, package, release};
use customs_model::{Clock as _, SystemClock};

const SETTINGS: &str = "customs_gate_reloads_total{what=\"settings\",outcome=\"ok\"}";

async fn started(site: &Site) -> (Served, TestToken) {
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    put(&site.at("policy.toml"), "version = 1\n");
    (site.start().await, ci)
}

async fn away(site: &mut Site) -> (Served, TestToken) {
    site.more = "policy = \"policy.toml\"\n".to_owned();
    let releases = ["1.0.0", "1.1.0"].map(|version| release(version, days(400)));
    let two = package("two", SystemClock.now(), releases.into());
    site.shelves
        .npm(&site.upstream.base(), &two.tags(&[("latest", "1.1.0")]));
    let (served, ci) = started(site).await;
    assert_eq!(served.get(TARBALL, &ci).await.status, 200);
    assert_eq!(served.get("/two/-/two-1.0.0.tgz", &ci).await.status, 200);
    site.shelves.down(Some(503));
    (served, ci)
}

/// Makes every kept document six minutes older: they are fresh for five, and the clock of another
/// process is out of reach.
fn set_back(site: &Site) {
    let folder = site.at("home/cache/documents/npm");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut meta: serde_json::Value = serde_json::from_str(&text).unwrap();
            let at = meta["confirmed"].as_str().unwrap();
            let at: customs_model::Timestamp = at.parse().unwrap();
            let before = at - customs_model::SignedDuration::from_mins(6);
            meta["confirmed"] = before.to_string().into();
            std::fs::write(&path, meta.to_string()).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_delivered_is_delivered_on_and_nothing_new_comes_in() {
    let mut site = Site::new().await;
    let (mut served, ci) = away(&mut site).await;
    served.signal("TERM");
    assert!(served.ended().await.success());
    set_back(&site);
    let mut served = site.start().await;
    let got = served.get(TARBALL, &ci).await;
    assert!(
        got.status == 200 && got.body == site.bytes,
        "{}",
        got.text()
    );
    assert!(got.header("customs-stale").contains("503"), "{got:?}");
    let document = served.get("/two", &ci).await;
    assert_eq!(document.status, 200);
    assert!(document.header("customs-stale").contains("503"));
    let new = served.get("/two/-/two-1.1.0.tgz", &ci).await;
    new.explained(502, &["never delivered here", "nothing new is admitted"]);
    assert!(served.number("customs_gate_stale_documents_total").await >= 3.0);

    put(
        &site.at("policy.toml"),
        "version = 1\ndeny = [\"pkg:npm/left\"]\n",
    );
    served.until(SETTINGS, 1.0).await;
    assert_eq!(
        served.get(TARBALL, &ci).await.status,
        403,
        "denied meanwhile"
    );

    // It flaps, and is back. What it said counts for five minutes, so each time is six minutes later.
    for status in [None, Some(500), None] {
        served.signal("TERM");
        assert!(served.ended().await.success());
        set_back(&site);
        site.shelves.down(status);
        let before = site.upstream.hits().len();
        served = site.start().await;
        let got = served.get("/two/-/two-1.0.0.tgz", &ci).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let hits = site.upstream.hits().into_iter().skip(before);
        let mut asked = hits.filter(|hit| hit.path == "/two");
        let away = status.is_some();
        let said = asked.next().expect("the registry is asked").status;
        assert_eq!(said == 500, away, "{said}");
        assert_eq!(got.header("customs-stale").contains("500"), away, "{got:?}");
    }
    assert_eq!(served.get("/two/-/two-1.1.0.tgz", &ci).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_could_confirm_for_too_long_is_served_no_more() {
    let mut site = Site::new().await;
    let (mut served, ci) = away(&mut site).await;
    served.signal("TERM");
    assert!(served.ended().await.success());
    site.more.push_str("stale-for = \"1min\"\n");
    set_back(&site);
    let served = site.start().await;
    let got = served.get(TARBALL, &ci).await;
    got.explained(502, &["503"]);
}
