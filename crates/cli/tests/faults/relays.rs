//! What is passed on as it is: reads that deliver no artifact, and writes.

use crate::harness::{Gated, World, all_at, read, run_request};
use crate::shelves::Shelves;
use customs_gate::Waits;
use customs_registry::{Credential, Secret};
use customs_replay::{Bound, Faults, Response, Server};
use customs_store::LedgerRecord;
use serde_json::json;

const UPSTREAMS_OWN: &str = "the-upstreams-own-credential";

async fn writable(read_only: bool) -> (Shelves, Server, Gated) {
    let shelves = Shelves::default();
    let server = Bound::new()
        .await
        .unwrap()
        .serve(shelves.clone(), Faults::none());
    let mut upstreams = all_at(&server.base());
    upstreams.npm.as_mut().unwrap().credential =
        Some(Credential::Bearer(Secret::new(UPSTREAMS_OWN)));
    upstreams.cargo.as_mut().unwrap().credential =
        Some(Credential::Verbatim(Secret::new(UPSTREAMS_OWN)));
    shelves.put_json(
        "/index/config.json",
        &json!({"dl": server.base(), "api": server.base()}),
    );
    for (_, path) in WRITES {
        let path = path.strip_prefix("/-/cargo/api").unwrap_or(path);
        shelves.put(
            path,
            Response::of(201, "application/json", "{\"ok\": true}"),
        );
    }
    let mut run = run_request(upstreams);
    run.read_only = read_only;
    let gate = Gated::with(run, Waits::default()).await;
    (shelves, server, gate)
}

const WRITES: [(&str, &str); 7] = [
    ("PUT", "/left"),
    ("PUT", "/@scope%2fleft"),
    ("PUT", "/-/package/left/dist-tags/next"),
    ("DELETE", "/left/-/left-1.0.0.tgz/-rev/1-0"),
    ("POST", "/-/npm/v1/tokens"),
    ("PUT", "/-/cargo/api/api/v1/crates/new"),
    ("DELETE", "/-/cargo/api/api/v1/crates/left/1.0.0/yank"),
];

fn write(gate: &Gated, method: &str, path: &str) -> reqwest::RequestBuilder {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    gate.client.request(method, gate.url(path)).body("{}")
}

/// The run's credential with the user's own one behind it, as `customs run` hands it to
/// clients that write.
fn with_own(token: &str, registry: &str, own: &str) -> String {
    let registry = registry.parse().unwrap();
    let header = own.to_owned();
    customs_gate::Own { registry, header }.behind(token)
}

#[tokio::test]
async fn a_write_carries_the_credential_that_the_client_itself_sent() {
    let (_shelves, server, gate) = writable(false).await;
    for (method, path) in WRITES {
        for own in [
            "Bearer my-own-token",
            "Basic bWU6bXktb3duLXRva2Vu",
            "my-own-token",
        ] {
            let before = server.hits().len();
            let both = with_own(&gate.token, &server.base(), own);
            let answered = read(write(&gate, method, path).bearer_auth(both)).await;
            assert_eq!(answered.status, 201, "{method} {path}: {}", answered.text());
            assert_eq!(answered.json()["ok"], true);
            let hits = server.hits();
            let hit = hits[before..]
                .iter()
                .find(|h| h.method == method)
                .expect("a write");
            assert_eq!(hit.authorization.as_deref(), Some(own), "{path}");
        }
    }
    let records = gate.records();
    let relayed = records.iter().filter_map(|r| match r {
        LedgerRecord::Relayed(relayed) => Some(relayed.status),
        _ => None,
    });
    assert_eq!(relayed.collect::<Vec<_>>(), [201; 3 * WRITES.len()]);
    let text = format!("{records:?} {:?}", gate.report().await);
    assert!(
        !text.contains("my-own-token") && !text.contains("bWU6"),
        "{text}"
    );
}

#[tokio::test]
async fn a_write_never_carries_the_gates_credential_for_the_upstream_or_the_runs() {
    let (_shelves, server, gate) = writable(false).await;
    for (method, path) in WRITES {
        for token in [
            gate.token.clone(),
            with_own(&gate.token, &server.base(), ""),
            format!("{}~!", gate.token),
        ] {
            let before = server.hits().len();
            let answered = read(write(&gate, method, path).bearer_auth(&token)).await;
            assert_eq!(answered.status, 201, "{method} {path}: {}", answered.text());
            let hits = server.hits();
            let hit = hits[before..]
                .iter()
                .find(|h| h.method == method)
                .expect("a write");
            assert_eq!(hit.authorization.as_deref().unwrap_or(""), "", "{path}");
        }
    }
}

#[tokio::test]
async fn a_users_own_credential_is_for_writes_and_opens_nothing_alone() {
    let (shelves, server, gate) = writable(false).await;
    shelves.put_json("/-/whoami", &json!({}));
    let both = with_own(&gate.token, &server.base(), "Bearer my-own-token");
    let asked = gate.client.get(gate.url("/-/whoami")).bearer_auth(&both);
    assert_eq!(read(asked).await.status, 200);
    let hits = server.hits();
    let sent = hits[0].authorization.as_deref();
    assert_eq!(sent, Some(format!("Bearer {UPSTREAMS_OWN}").as_str()));
    let strangers = [
        String::new(),
        "my-own-token".into(),
        with_own("", &server.base(), "Bearer my-own-token"),
        with_own("wrong", &server.base(), "Bearer my-own-token"),
        with_own(
            crate::harness::SECRET,
            &server.base(),
            "Bearer my-own-token",
        ),
    ];
    for stranger in strangers {
        let refused = read(write(&gate, "PUT", "/left").bearer_auth(&stranger)).await;
        assert_eq!(refused.status, 401, "{stranger}");
    }
    assert_eq!(read(write(&gate, "PUT", "/left")).await.status, 401);
    assert_eq!(server.hits().len(), 1);
}

#[tokio::test]
async fn a_read_only_run_refuses_every_write_with_a_sentence() {
    let (_shelves, server, gate) = writable(true).await;
    for (method, path) in WRITES {
        for token in [
            gate.token.clone(),
            with_own(&gate.token, &server.base(), "Bearer mine"),
        ] {
            let answered = read(write(&gate, method, path).bearer_auth(&token)).await;
            assert_eq!(answered.status, 403, "{method} {path}");
            let text = answered.text();
            for word in ["read-only", method, "--read-only"] {
                assert!(text.contains(word), "no {word:?} in: {text}");
            }
        }
    }
    assert!(
        server.hits().iter().all(|h| h.method == "GET"),
        "{:?}",
        server.hits()
    );
    let refused = |r: &&LedgerRecord| matches!(r, LedgerRecord::Refused(_));
    assert_eq!(
        gate.records().iter().filter(refused).count(),
        2 * WRITES.len()
    );
}

#[tokio::test]
async fn a_read_only_run_still_asks_what_is_asked_by_post() {
    let (shelves, _server, gate) = writable(true).await;
    shelves.put_json("/-/npm/v1/security/advisories/bulk", &json!({}));
    let asked = write(&gate, "POST", "/-/npm/v1/security/advisories/bulk").bearer_auth(&gate.token);
    assert_eq!(read(asked).await.status, 200);
}

#[tokio::test]
async fn endpoints_that_the_gate_does_not_know_are_read_from_the_upstream() {
    let world = World::new().await;
    for path in [
        "/-/npm/v1/keys",
        "/-/v1/search",
        "/-/whoami",
        "/-/ping",
        "/some/other/endpoint",
    ] {
        world.shelves.put(
            path,
            Response::of(200, "application/json", format!("{{\"at\": \"{path}\"}}")),
        );
        let relayed = world.gate.get(path).await;
        assert_eq!(
            (relayed.status, relayed.json()["at"].as_str()),
            (200, Some(path))
        );
        assert_eq!(world.gate.head(path).await.status, 200);
    }
    let missing = world.gate.get("/-/nothing").await;
    assert_eq!(missing.status, 404);
    let query = world.gate.get("/-/v1/search?text=a&size=2").await;
    assert_eq!(query.status, 200);
    assert_eq!(world.asked("/-/v1/search?text=a&size=2"), 1);
}

#[tokio::test]
async fn an_artifact_is_never_relayed_however_its_address_is_written() {
    let world = World::new().await;
    let archive = || Response::of(200, "application/octet-stream", "ungated bytes");
    for path in [
        "/left/-/left-1.0.0.tgz/",
        "/left/-/left-1.0.0.tgz%20",
        "/left/-/left-1.0.0.tgz%3f",
        "/left/-/left-1.0.0.tgz;x",
        "/left/-/left-1.0.0.TGZ",
        "/left/-/left-1.0.0",
        "/-/left/-/left-1.0.0.tgz",
        "/a/b/c/left-1.0.0.tgz",
        "/a/b/c/left-1.0.0.tar.gz",
        "/download/left/1.0.0/abc",
        "/files/of/left",
        "/-/v1/blob",
    ] {
        world.shelves.put(path, archive());
        let refused = world.gate.raw_get(path).await;
        assert!(!refused.contains("ungated bytes"), "{path}: {refused}");
        assert!(refused.starts_with("HTTP/1.1 4"), "{path}: {refused}");
        assert!(refused.contains("customs: "), "{path}: {refused}");
    }
    world.shelves.put(
        "/-/moved",
        Response::of(302, "text/plain", "").with("location", "/blob"),
    );
    world.shelves.put(
        "/blob",
        Response::of(200, "application/gzip", "ungated bytes"),
    );
    world
        .gate
        .get("/-/moved")
        .await
        .explained(403, &["unknown-artifact"]);
    let report = world.gate.report().await;
    assert!(
        report.refused.iter().any(|r| r.rule == "unknown-artifact"),
        "{report:?}"
    );
    assert_eq!(report.delivered, []);
}

#[tokio::test]
async fn a_crate_is_never_relayed_by_the_web_api() {
    let world = World::new().await;
    let base = world.server.base();
    world
        .shelves
        .put_json("/index/config.json", &json!({"dl": base, "api": base}));
    world
        .shelves
        .put_json("/api/v1/crates", &json!({"crates": []}));
    assert_eq!(
        world.gate.get("/-/cargo/api/api/v1/crates").await.status,
        200
    );
    for path in [
        "api/v1/crates/left/1.0.0/download",
        "api/v1/crates/left/1.0.0/download/",
        "api/v1/crates/left/1.0.0/downloa%2564",
        "api/v1/crates/left/1.0.0/%64ownload",
    ] {
        for upstream in [
            path.to_owned(),
            path.replace("%25", "%"),
            "api/v1/crates/left/1.0.0/download".into(),
        ] {
            let bytes = Response::of(200, "application/gzip", "ungated bytes");
            world.shelves.put(&format!("/{upstream}"), bytes);
        }
        let refused = world.gate.raw_get(&format!("/-/cargo/api/{path}")).await;
        assert!(!refused.contains("ungated bytes"), "{path}: {refused}");
        assert!(refused.contains("customs: "), "{path}: {refused}");
    }
}

#[tokio::test]
async fn cookies_of_an_upstream_do_not_reach_the_client() {
    let world = World::new().await;
    let answer = Response::of(200, "application/json", "{}").with("set-cookie", "session=1");
    world.shelves.put("/-/whoami", answer);
    let relayed = world.gate.get("/-/whoami").await;
    assert_eq!((relayed.status, relayed.header("set-cookie")), (200, ""));
}
