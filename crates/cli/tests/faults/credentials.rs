//! Who may use the gate, and where credentials go.

use crate::harness::{Gated, SECRET, World, all_at, npm_at, read, run_request};
use crate::shelves::Shelves;
use customs_gate::Waits;
use customs_registry::{Credential, Secret};
use customs_replay::{Bound, Faults, Response, Server};

const UPSTREAMS_OWN: &str = "the-upstreams-own-credential";

/// A gate in front of an upstream that wants a credential.
async fn guarded() -> (Shelves, Server, Gated) {
    let shelves = Shelves::default();
    let server = Bound::new()
        .await
        .unwrap()
        .serve(shelves.clone(), Faults::none());
    let mut upstreams = npm_at(&server.base());
    let npm = upstreams.npm.as_mut().unwrap();
    npm.credential = Some(Credential::Bearer(Secret::new(UPSTREAMS_OWN)));
    let gate = Gated::with(run_request(upstreams), Waits::default()).await;
    (shelves, server, gate)
}

/// Where these addresses lead, and a request without any credential.
const PATHS: [&str; 8] = [
    "/left",
    "/left/1.0.0",
    "/left/-/left-1.0.0.tgz",
    "/-/whoami",
    "/-/pypi/simple/left/",
    "/-/cargo/index/config.json",
    "/-/cargo/dl/left/1.0.0/download",
    "/-/cargo/api/v1/crates",
];

#[tokio::test]
async fn without_a_credential_or_with_a_wrong_one_nobody_is_served() {
    let world = World::new().await;
    world.publish_old("left", "x");
    for path in PATHS {
        let plain = || world.gate.client.get(world.gate.url(path));
        let wrong = "0".repeat(64);
        let tries = [
            plain(),
            plain().bearer_auth(&wrong),
            plain().basic_auth("customs", Some(&wrong)),
            plain().basic_auth(&world.gate.token, Some("")),
            plain().header("authorization", format!("Digest {}", world.gate.token)),
            plain().header("authorization", "Basic !!!"),
            plain().bearer_auth(""),
            // The controls are something else.
            plain().bearer_auth(SECRET),
        ];
        for asked in tries {
            let refused = read(asked).await;
            assert_eq!(refused.status, 401, "{path}: {}", refused.text());
            assert!(
                refused.text().contains("customs run"),
                "{path}: {}",
                refused.text()
            );
            assert!(
                refused.header("www-authenticate").starts_with("Basic"),
                "{path}"
            );
        }
    }
    assert_eq!(world.server.hits(), []);
}

#[tokio::test]
async fn every_clients_way_to_show_the_credential_is_taken() {
    let world = World::new().await;
    world.publish_old("left", "x");
    let plain = || world.gate.client.get(world.gate.url("/left"));
    let token = &world.gate.token;
    for asked in [
        plain().bearer_auth(token),
        plain().basic_auth("customs", Some(token)),
        plain().header("authorization", token),
    ] {
        assert_eq!(read(asked).await.status, 200);
    }
}

#[tokio::test]
async fn a_run_that_has_ended_opens_nothing_any_more() {
    let world = World::new().await;
    world.publish_old("left", "x");
    assert_eq!(world.gate.get("/left").await.status, 200);
    let run = world
        .gate
        .url(&format!("/-/customs/runs/{}", world.gate.id));
    let ended = read(world.gate.client.delete(run).bearer_auth(SECRET)).await;
    assert_eq!(ended.status, 200);
    assert_eq!(world.gate.get("/left").await.status, 401);
}

#[tokio::test]
async fn a_runs_credential_does_not_open_the_controls() {
    let world = World::new().await;
    for path in [
        "/-/customs/health",
        "/-/customs/runs/x",
        "/-/customs/nothing",
    ] {
        assert_eq!(world.gate.get(path).await.status, 401, "{path}");
    }
    let stop = world.gate.client.post(world.gate.url("/-/customs/stop"));
    assert_eq!(read(stop.bearer_auth(&world.gate.token)).await.status, 401);
    assert_eq!(world.gate.get("/left").await.status, 404, "it still serves");
}

#[tokio::test]
async fn a_host_of_another_name_is_refused_whatever_the_credential() {
    let world = World::new().await;
    world.publish_old("left", "x");
    let (port, token) = (world.gate.port, &world.gate.token);
    let evil = [
        format!("host: evil.example:{port}\r\n"),
        "host: evil.example\r\n".into(),
        format!("host: 127.0.0.1.evil.example:{port}\r\n"),
        format!("host: 0.0.0.0:{port}\r\n"),
        "host: 127.0.0.1\r\n".into(),
        "host: 127.0.0.1:1\r\n".into(),
        String::new(),
    ];
    for host in evil {
        for (path, secret) in [("/left", token.as_str()), ("/-/customs/health", SECRET)] {
            let answer = world
                .gate
                .raw(&format!(
                    "GET {path} HTTP/1.1\r\n{host}authorization: Bearer {secret}\r\nconnection: close\r\n\r\n"
                ))
                .await;
            let refused = answer.starts_with("HTTP/1.1 421") || answer.starts_with("HTTP/1.1 400");
            assert!(refused, "{host}: {answer}");
        }
    }
    assert_eq!(world.server.hits(), []);
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let answer = world
            .gate
            .raw(&format!(
                "GET /left HTTP/1.1\r\nhost: {host}:{port}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
}

#[tokio::test]
async fn the_upstream_gets_its_own_credential_and_never_the_runs() {
    let (shelves, server, gate) = guarded().await;
    let releases = vec![crate::shelves::release("1.0.0", crate::shelves::days(400))];
    let package = crate::shelves::package("left", gate.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
    shelves.put("/-/whoami", Response::of(200, "application/json", "{}"));
    for path in ["/left", "/left/-/left-1.0.0.tgz", "/-/whoami"] {
        assert_eq!(gate.get(path).await.status, 200, "{path}");
    }
    let hits = server.hits();
    assert!(hits.len() >= 3);
    for hit in hits {
        let sent = hit.authorization.as_deref();
        assert_eq!(
            sent,
            Some(format!("Bearer {UPSTREAMS_OWN}").as_str()),
            "{}",
            hit.path
        );
    }
}

#[tokio::test]
async fn another_origin_gets_neither_the_credential_nor_a_request_it_should_not_get() {
    let (shelves, server, gate) = guarded().await;
    let other = Bound::new()
        .await
        .unwrap()
        .serve(shelves.clone(), Faults::none());
    let releases = vec![crate::shelves::release("1.0.0", crate::shelves::days(400))];
    let package = crate::shelves::package("left", gate.now(), releases);
    // The document names tarballs of the other one.
    shelves.npm(&other.base(), &package.tags(&[("latest", "1.0.0")]));
    gate.get("/left/-/left-1.0.0.tgz")
        .await
        .explained(502, &["is not asked"]);
    assert_eq!(other.hits(), []);
    assert!(server.hits().iter().all(|h| h.path == "/left"));
}

#[tokio::test]
async fn no_error_message_holds_a_credential() {
    let (shelves, server, gate) = guarded().await;
    let secrets = [UPSTREAMS_OWN, SECRET, gate.token.as_str()];
    let clean = |text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{text}");
        }
    };
    for status in [401, 403, 500] {
        shelves.down(Some(status));
        for path in PATHS {
            clean(&gate.raw_get(path).await);
        }
    }
    drop(server);
    for path in PATHS {
        clean(&gate.raw_get(path).await);
    }
    clean(&format!("{:?}", gate.report().await));
    clean(&format!("{:?}", gate.records()));
}

#[tokio::test]
async fn an_upstream_that_wants_another_credential_is_told_apart_from_policy() {
    let world = World::new().await;
    world.shelves.down(Some(401));
    let error = world
        .gate
        .get("/left")
        .await
        .explained(403, &["left", "answered 401"]);
    assert!(!error.contains("policy"), "{error}");
}

#[tokio::test]
async fn two_runs_with_different_credentials_do_not_see_each_others_documents() {
    let (shelves, server, gate) = guarded().await;
    let releases = vec![crate::shelves::release("1.0.0", crate::shelves::days(400))];
    let package = crate::shelves::package("left", gate.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
    assert_eq!(gate.get("/left").await.status, 200);
    // The other one has none, and the upstream refuses it.
    let poor = gate.begin(&run_request(all_at(&server.base()))).await;
    shelves.down(Some(401));
    let asked = gate.client.get(gate.url("/left")).bearer_auth(&poor.token);
    assert_eq!(read(asked).await.status, 403);
    assert_eq!(
        gate.get("/left").await.status,
        200,
        "still fresh for the first"
    );
}
