//! Documents over HTTP: validators, conditional requests, HEAD, and the addresses in them.

use crate::harness::{Gated, SHORT, World, run_request};
use crate::shelves::{STALE, days, hours, package, release};
use customs_gate::NamedText;

/// A package with a release that is held.
async fn held() -> World {
    let world = World::new().await;
    let releases = vec![
        release("1.0.0", days(400)),
        release("1.1.0", days(100)),
        release("1.2.0", hours(1)),
    ];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.2.0")]));
    world
}

const FULL: &str = "application/json";

async fn etag(gate: &Gated, accept: &str) -> String {
    let told = gate.get_with("/left", &[("accept", accept)]).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let etag = told.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 10, "{etag:?}");
    etag
}

#[tokio::test]
async fn the_two_forms_of_a_document_have_different_validators_and_say_what_they_depend_on() {
    let world = held().await;
    let (full, short) = (
        etag(&world.gate, FULL).await,
        etag(&world.gate, SHORT).await,
    );
    assert_ne!(full, short);
    let told = world.gate.get_with("/left", &[("accept", SHORT)]).await;
    assert!(told.header("vary").contains("Accept"));
    assert_eq!(told.header("content-type"), SHORT);
    assert!(told.header("cache-control").contains("must-revalidate"));
    let time = &told.json()["time"];
    assert!(
        time["1.1.0"].is_string(),
        "the client's own age gate needs it"
    );
    assert!(time.get("1.2.0").is_none());
    // A validator of one form is no answer for the other.
    let crossed = world
        .gate
        .get_with("/left", &[("accept", SHORT), ("if-none-match", &full)])
        .await;
    assert_eq!(crossed.status, 200);
}

#[tokio::test]
async fn a_client_that_has_the_document_is_told_so_and_nothing_is_sent() {
    let world = held().await;
    for accept in [FULL, SHORT] {
        let etag = etag(&world.gate, accept).await;
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"x\", {etag}"),
            "*".into(),
        ] {
            let headers = [("accept", accept), ("if-none-match", known.as_str())];
            let told = world.gate.get_with("/left", &headers).await;
            assert_eq!((told.status, told.body.len()), (304, 0), "{known}");
            assert_eq!(told.header("etag"), etag);
        }
        let headers = [("accept", accept), ("if-none-match", "\"else\"")];
        assert_eq!(world.gate.get_with("/left", &headers).await.status, 200);
    }
}

#[tokio::test]
async fn a_validator_stays_while_nothing_changes_and_goes_when_a_hold_ends() {
    let world = held().await;
    let before = etag(&world.gate, SHORT).await;
    world.gate.later(STALE);
    assert_eq!(
        etag(&world.gate, SHORT).await,
        before,
        "asked again, not changed"
    );
    world.gate.later(hours(72));
    assert_ne!(etag(&world.gate, SHORT).await, before, "1.2.0 is free now");
}

#[tokio::test]
async fn a_policy_that_changes_no_decision_changes_no_validator() {
    let mut world = held().await;
    let before = etag(&world.gate, SHORT).await;
    let mut run = run_request(crate::harness::all_at(&world.server.base()));
    let policy = |text: &str| {
        let text = format!("version = 1\n{text}");
        Some(NamedText {
            name: "customs.toml".into(),
            text,
        })
    };
    // Another age that holds the same release, and a denial of something else.
    run.policy = policy("deny = [\"pkg:npm/right\"]\n[rules.version-age]\nage = \"96h\"\n");
    world.gate.token = world.gate.begin(&run).await.token;
    assert_eq!(etag(&world.gate, SHORT).await, before);
    // One that does change a decision.
    run.policy = policy("deny = [\"pkg:npm/left@1.1.0\"]\n");
    world.gate.token = world.gate.begin(&run).await.token;
    assert_ne!(etag(&world.gate, SHORT).await, before);
}

#[tokio::test]
async fn head_is_answered_wherever_get_is_with_the_same_validator() {
    let world = held().await;
    let config = serde_json::json!({ "dl": format!("{}/crates", world.server.base()) });
    world.shelves.put_json("/index/config.json", &config);
    let line = serde_json::json!({"name": "left", "vers": "1.0.0", "deps": [], "features": {},
        "yanked": false, "cksum": customs_model::Digest::sha256(b"x").to_hex(),
        "pubtime": (world.now() - days(400)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
    let text = |kind: &str, body: String| customs_replay::Response::of(200, kind, body);
    world
        .shelves
        .put("/index/le/ft/left", text("text/plain", format!("{line}\n")));
    let page = "<a href='/files/left-1.0.tar.gz'>left-1.0.tar.gz</a>";
    world
        .shelves
        .put("/simple/left/", text("text/html", page.into()));
    for path in [
        "/left",
        "/left/1.0.0",
        "/left/latest",
        "/-/package/left/dist-tags",
        "/-/pypi/simple/left/",
        "/-/cargo/index/config.json",
        "/-/cargo/index/le/ft/left",
    ] {
        let (head, get) = (world.gate.head(path).await, world.gate.get(path).await);
        assert_eq!(
            (head.status, get.status),
            (200, 200),
            "{path}: {}",
            get.text()
        );
        assert_eq!(head.body.len(), 0, "{path}");
        for name in ["etag", "content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    assert_eq!(world.gate.head("/nobody").await.status, 404);
}

#[tokio::test]
async fn tarballs_lead_to_the_gate_for_everybody_but_npm_which_asks_here_anyway() {
    let world = held().await;
    let (base, gate) = (world.server.base(), world.gate.url(""));
    for (agent, host) in [
        ("npm/11.0.0 node/v24", &base),
        ("pnpm/10.0.0 npm/?", &gate),
        ("", &gate),
    ] {
        for accept in [FULL, SHORT] {
            let headers = [("accept", accept), ("user-agent", agent)];
            let told = world.gate.get_with("/left", &headers).await.json();
            let tarball = told["versions"]["1.0.0"]["dist"]["tarball"]
                .as_str()
                .unwrap();
            assert_eq!(
                tarball,
                format!("{host}/left/-/left-1.0.0.tgz"),
                "{agent} {accept}"
            );
        }
        let told = world
            .gate
            .get_with("/left/1.0.0", &[("user-agent", agent)])
            .await
            .json();
        assert_eq!(
            told["dist"]["tarball"],
            format!("{host}/left/-/left-1.0.0.tgz")
        );
    }
}

#[tokio::test]
async fn addresses_in_a_page_are_relative_to_where_it_was_read_after_redirects() {
    let world = World::new().await;
    let moved = customs_replay::Response::of(302, "text/plain", "");
    world.shelves.put(
        "/simple/left/",
        moved.with("location", "/mirror/pages/left/"),
    );
    let page = "<a href='../../files/left-1.0.tar.gz'>left-1.0.tar.gz</a>";
    let page = customs_replay::Response::of(200, "text/html", page);
    world.shelves.put("/mirror/pages/left/", page);
    let file = customs_replay::Response::of(200, "application/octet-stream", "x");
    world.shelves.put("/mirror/files/left-1.0.tar.gz", file);
    // From the network, and from disk: a gate that was asked before still knows where.
    for _ in 0..2 {
        let told = world.gate.get("/-/pypi/simple/left/").await.text();
        let href = told
            .split("href=\"")
            .nth(1)
            .and_then(|t| t.split('"').next())
            .unwrap();
        let path = href.strip_prefix(&world.gate.url("")).unwrap();
        assert_eq!(world.gate.get(path).await.text(), "x", "{told}");
        world.shelves.down(Some(500));
        world.gate.later(STALE);
    }
}
