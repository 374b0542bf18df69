//! Upstreams that break off, fall silent, lie, fail, send elsewhere or never stop.

use crate::harness::{World, read, with};
use crate::shelves::{STALE, days, package, release};
use customs_gate::Waits;
use customs_replay::{Body, Fault, Faults, Response};
use customs_store::LedgerRecord;
use std::time::Duration;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

fn once(fault: Fault) -> Fault {
    with(fault, |f| f.times = Some(1))
}

#[tokio::test]
async fn a_tarball_that_breaks_off_is_not_delivered_and_the_next_try_gets_it_whole() {
    let fault = once(with(Fault::default(), |f| f.truncate = Some(9)));
    let world = World::with(Faults::none().below(TARBALL, fault), Waits::default()).await;
    world.publish_old("left", "sixteen bytes it");
    let broken = world.gate.get(TARBALL).await;
    broken.explained(502, &["left@1.0.0", "no whole answer", "127.0.0.1"]);
    let whole = world.gate.get(TARBALL).await;
    assert_eq!(
        (whole.status, whole.text().as_str()),
        (200, "sixteen bytes it")
    );
}

#[tokio::test]
async fn a_document_that_breaks_off_is_an_error_and_nothing_of_it_is_kept() {
    let fault = once(with(Fault::default(), |f| f.truncate = Some(40)));
    let world = World::with(Faults::none().below("/left", fault), Waits::default()).await;
    world.publish_old("left", "x");
    world
        .gate
        .get("/left")
        .await
        .explained(502, &["left", "no whole answer"]);
    let whole = world.gate.get("/left").await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.json()["dist-tags"]["latest"], "1.0.0");
}

#[tokio::test]
async fn a_slow_upstream_is_waited_for() {
    let fault = with(Fault::default(), |f| {
        f.latency = Some(Duration::from_millis(400));
        f.bandwidth = Some(40_000);
    });
    let world = World::with(Faults::everywhere(fault), Waits::default()).await;
    world.publish_old("left", "x".repeat(20_000));
    let whole = world.gate.get(TARBALL).await;
    assert_eq!((whole.status, whole.body.len()), (200, 20_000));
}

#[tokio::test]
async fn an_upstream_that_falls_silent_is_given_up_with_an_explanation() {
    let fault = with(Fault::default(), |f| f.hang_after = Some(5));
    let before_headers = with(Fault::default(), |f| f.hang_after = Some(0));
    let faults = Faults::none()
        .below("/left", fault.clone())
        .below("/right", before_headers);
    let waits = Waits {
        upstream: Duration::from_millis(300),
        ..Waits::default()
    };
    let world = World::with(faults, waits).await;
    world.publish_old("left", "x");
    world.publish_old("right", "x");
    for name in ["left", "right"] {
        let answered = world.gate.get(&format!("/{name}")).await;
        answered.explained(502, &[name, "silent for too long"]);
    }
}

#[tokio::test]
async fn bytes_that_are_not_the_promised_ones_are_refused_and_recorded() {
    let fault = with(Fault::default(), |f| f.wrong_bytes = true);
    let world = World::with(Faults::none().below(TARBALL, fault), Waits::default()).await;
    world.publish_old("left", "good bytes");
    let refused = world.gate.get(TARBALL).await;
    refused.explained(
        403,
        &["left@1.0.0", "digest-mismatch", "sha512:", "report it"],
    );
    let changed = |r: &LedgerRecord| matches!(r, LedgerRecord::DigestChanged(c) if c.artifact == "left-1.0.0.tgz");
    let records = world.gate.records();
    assert!(records.iter().any(changed), "{records:?}");
    let delivered = |r: &LedgerRecord| matches!(r, LedgerRecord::Delivered(_));
    assert!(!records.iter().any(delivered), "{records:?}");
}

#[tokio::test]
async fn a_body_longer_than_promised_is_refused() {
    let fault = with(Fault::default(), |f| f.overlong = Some(1));
    let world = World::with(Faults::none().below(TARBALL, fault), Waits::default()).await;
    world.publish_old("left", "good bytes");
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-mismatch"]);
}

#[tokio::test]
async fn documents_beyond_their_bounds_are_refused_with_a_sentence() {
    let world = World::new().await;
    let long = |kind: &str, unit: &[u8], length| Response {
        status: 200,
        headers: vec![("content-type", kind.into())],
        body: Body::repeated(unit, length),
    };
    world.shelves.put(
        "/index/config.json",
        long("application/json", b"[", 100_000),
    );
    let config = world.gate.get("/-/cargo/index/config.json").await;
    assert_eq!(config.status, 502, "{}", config.text());
    assert!(config.text().contains("more than"), "{}", config.text());
    // Nested a million deep.
    world
        .shelves
        .put("/deep", long("application/json", b"{\"a\":", 5_000_000));
    world
        .gate
        .get("/deep")
        .await
        .explained(502, &["deep", "no usable document"]);
}

#[tokio::test]
async fn core_metadata_without_an_end_is_refused() {
    let world = World::new().await;
    let base = world.server.base();
    let file = format!("{base}/files/left-1.0.0-py3-none-any.whl");
    world.shelves.put(
        "/simple/left/",
        Response::of(
            200,
            "application/vnd.pypi.simple.v1+json",
            serde_json::json!({
                "meta": {"api-version": "1.1"}, "name": "left",
                "files": [{"filename": "left-1.0.0-py3-none-any.whl", "url": file, "hashes": {},
                    "core-metadata": true, "upload-time": (world.now() - days(400)).to_string()}],
            })
            .to_string(),
        ),
    );
    world.shelves.put(
        "/files/left-1.0.0-py3-none-any.whl.metadata",
        Response {
            status: 200,
            headers: Vec::new(),
            body: Body::repeated(b"Classifier: x\n", 6 << 20),
        },
    );
    let page = world
        .gate
        .get_with(
            "/-/pypi/simple/left/",
            &[("accept", "application/vnd.pypi.simple.v1+json")],
        )
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let url = page.json()["files"][0]["url"].as_str().unwrap().to_owned();
    let asked = world
        .gate
        .client
        .get(format!("{url}.metadata"))
        .bearer_auth(&world.gate.token);
    let answered = read(asked).await;
    answered.explained(502, &["longer than"]);
}

#[tokio::test]
async fn an_upstream_that_fails_is_an_explained_error_or_the_last_known_document() {
    let world = World::new().await;
    world.publish_old("left", "x");
    world.shelves.down(Some(503));
    world
        .gate
        .get("/left")
        .await
        .explained(502, &["left", "answered 503"]);
    world.shelves.down(None);
    assert_eq!(world.gate.get("/left").await.status, 200);
    world.shelves.down(Some(500));
    world.gate.later(STALE);
    let stale = world.gate.get("/left").await;
    assert_eq!(stale.status, 200);
    assert!(stale.header("customs-stale").contains("answered 500"));
    let said = world.gate.report().await.not_known;
    assert!(
        said.iter().any(|s| s.contains("last known document")),
        "{said:?}"
    );
    world.shelves.down(None);
    world.gate.later(STALE);
    let fresh = world.gate.get("/left").await;
    assert_eq!((fresh.status, fresh.header("customs-stale")), (200, ""));
}

#[tokio::test]
async fn a_package_that_was_taken_away_does_not_come_back_with_the_next_failure() {
    let world = World::new().await;
    world.publish_old("left", "x");
    assert_eq!(world.gate.get("/left").await.status, 200);
    world.shelves.take_away("/left");
    world.gate.later(STALE);
    world.gate.get("/left").await.explained(404, &["left"]);
    world.shelves.down(Some(503));
    world.gate.later(STALE);
    world
        .gate
        .get("/left")
        .await
        .explained(502, &["answered 503"]);
}

#[tokio::test]
async fn a_tarball_that_fails_upstream_is_never_told_as_policy() {
    for (status, told) in [(500, 502), (404, 404), (410, 404), (429, 502)] {
        let fault = with(Fault::default(), |f| f.status = Some(status));
        let world = World::with(Faults::none().below(TARBALL, fault), Waits::default()).await;
        world.publish_old("left", "x");
        let words = format!("answered {status}");
        let error = world
            .gate
            .get(TARBALL)
            .await
            .explained(told, &["left@1.0.0", &words]);
        assert!(!error.contains("policy"), "{error}");
    }
}

#[tokio::test]
async fn redirects_without_an_end_are_left_after_a_few() {
    let fault = with(Fault::default(), |f| {
        f.redirect = Some("/round/and/round".into())
    });
    let world = World::with(Faults::everywhere(fault), Waits::default()).await;
    world
        .gate
        .get("/left")
        .await
        .explained(502, &["left", "redirects without an end"]);
    let hops = world.server.hits().len();
    assert!((2..=6).contains(&hops), "{hops} requests");
}

#[tokio::test]
async fn a_redirect_on_the_same_host_is_followed_and_the_bytes_are_checked() {
    let fault = with(Fault::default(), |f| {
        f.redirect = Some("/elsewhere.tgz".into())
    });
    let world = World::with(Faults::none().below(TARBALL, fault), Waits::default()).await;
    world.publish_old("left", "x");
    let blob = |bytes: &'static str| Response::of(200, "application/octet-stream", bytes);
    world.shelves.put("/elsewhere.tgz", blob("not x"));
    world
        .gate
        .get(TARBALL)
        .await
        .explained(403, &["digest-mismatch"]);
    world.shelves.put("/elsewhere.tgz", blob("x"));
    assert_eq!(world.gate.get(TARBALL).await.text(), "x");
}

#[tokio::test]
async fn an_answer_that_is_no_document_is_named_and_replaces_nothing() {
    let nonsense = [
        ("application/json", "{\"name\": \"left\", \"versions\": {]}"),
        ("text/html", "<!doctype html><title>Please log in</title>"),
        (
            "application/json",
            "<!doctype html><title>Please log in</title>",
        ),
        (
            "application/x-ndjson",
            "{\"name\":\"left\"}\n{\"name\":\"left\"}\n",
        ),
        ("application/json", ""),
        ("application/json", "[]"),
        ("application/json", "null"),
    ];
    for (kind, body) in nonsense {
        let world = World::new().await;
        let good = package("left", world.now(), vec![release("1.0.0", days(400))]);
        world.shelves.put("/left", Response::of(200, kind, body));
        let error = world
            .gate
            .get("/left")
            .await
            .explained(502, &["left", "no usable document"]);
        assert!(!error.contains("Please log in"), "{error}");
        world.publish(&good.tags(&[("latest", "1.0.0")]));
        assert_eq!(world.gate.get("/left").await.status, 200, "{body}");
        world.shelves.put("/left", Response::of(200, kind, body));
        world.gate.later(STALE);
        let stale = world.gate.get("/left").await;
        assert_eq!(stale.json()["dist-tags"]["latest"], "1.0.0", "{body}");
        assert!(
            stale.header("customs-stale").contains("no usable document"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_page_or_index_file_that_is_none_is_named() {
    let world = World::new().await;
    let html = || Response::of(200, "text/html", "<!doctype html><title>Log in</title>");
    let json = |body: &'static str| Response::of(200, "application/vnd.pypi.simple.v1+json", body);
    world
        .shelves
        .put("/simple/left/", json("{\"name\": \"left\""));
    world
        .gate
        .get("/-/pypi/simple/left/")
        .await
        .explained(502, &["left", "no usable document"]);
    world.shelves.put(
        "/simple/left/",
        json("{\"name\": \"right\", \"files\": []}"),
    );
    world
        .gate
        .get("/-/pypi/simple/left/")
        .await
        .explained(502, &["left", "no usable document"]);
    for body in ["{\"name\": \"left\"}", "{\"files\": 7}", "7"] {
        world.shelves.put("/simple/left/", json(body));
        world
            .gate
            .get("/-/pypi/simple/left/")
            .await
            .explained(502, &["no usable document"]);
    }
    world.shelves.put("/index/le/ft/left", html());
    let index = world.gate.get("/-/cargo/index/le/ft/left").await;
    assert_eq!(index.status, 502);
    assert!(
        index.text().contains("is this a sparse index?"),
        "{}",
        index.text()
    );
    world.shelves.put("/index/config.json", html());
    let config = world.gate.get("/-/cargo/index/config.json").await;
    assert_eq!(config.status, 502);
    assert!(
        config.text().contains("config.json cannot be read"),
        "{}",
        config.text()
    );
}

#[tokio::test]
async fn a_status_that_makes_no_sense_is_an_explained_error() {
    for status in [204, 206, 304, 418] {
        let world = World::new().await;
        world
            .shelves
            .put("/left", Response::of(status, "application/json", ""));
        let words = format!("answered {status}");
        world
            .gate
            .get("/left")
            .await
            .explained(502, &["left", &words]);
    }
}

#[tokio::test]
async fn a_server_that_calls_a_tarball_encoded_does_not_have_it_unpacked() {
    let world = World::new().await;
    // "hello" as gzip.
    let packed = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10,
        0x36, 5, 0, 0, 0,
    ];
    world.publish_old("left", packed);
    let answer = Response::of(200, "application/x-gzip", packed.to_vec());
    world
        .shelves
        .put(TARBALL, answer.with("content-encoding", "gzip"));
    let got = world.gate.get(TARBALL).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert_eq!(
        (got.body.as_slice(), got.header("content-encoding")),
        (&packed[..], "")
    );
}

#[tokio::test]
async fn wrong_bytes_are_refused_in_the_words_of_each_client() {
    let world = World::new().await;
    let base = world.server.base();
    let promised = customs_model::Digest::sha256(b"right").to_hex();
    let at = world.now() - days(400);
    let file = "left-1.0.0-py3-none-any.whl";
    let page = serde_json::json!({"meta": {"api-version": "1.1"}, "name": "left",
        "files": [{"filename": file, "url": format!("{base}/files/{file}"),
            "hashes": {"sha256": promised}, "core-metadata": {"sha256": promised},
            "upload-time": at.to_string()}]});
    let kind = "application/vnd.pypi.simple.v1+json";
    world
        .shelves
        .put("/simple/left/", Response::of(200, kind, page.to_string()));
    let line = serde_json::json!({"name": "left", "vers": "1.0.0", "deps": [], "features": {},
        "yanked": false, "cksum": promised,
        "pubtime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
    world.shelves.put(
        "/index/le/ft/left",
        Response::of(200, "text/plain", format!("{line}\n")),
    );
    let config = serde_json::json!({"dl": format!("{base}/crates")});
    world.shelves.put_json("/index/config.json", &config);
    let wrong = || Response::of(200, "application/octet-stream", "wrong");
    for path in [
        format!("/files/{file}"),
        format!("/files/{file}.metadata"),
        "/crates/left/1.0.0/download".into(),
    ] {
        world.shelves.put(&path, wrong());
    }
    let gate = world.gate.url("");
    let there = customs_gate::file_url_to_gate(&gate, &format!("{base}/files/{file}")).unwrap();
    let path = there.strip_prefix(&gate).unwrap();
    let raw = world.gate.raw_get(path).await;
    let line = raw.lines().next().unwrap();
    assert!(
        line.starts_with("HTTP/1.1 403 ") && line.contains("digest-mismatch"),
        "{raw}"
    );
    world
        .gate
        .get(&format!("{path}.metadata"))
        .await
        .explained(502, &["sha256:", "promises"]);
    let refused = world.gate.get("/-/cargo/dl/left/1.0.0/download").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text().contains("digest-mismatch"),
        "{}",
        refused.text()
    );
}
