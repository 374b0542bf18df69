use super::world::{HOSTILE, World, now};
use customs_model::Clock as _;
use serde_json::Value;

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

const VIEWS: [&str; 6] = [
    "/",
    "/held",
    "/blocked",
    "/refusals",
    "/received",
    "/received?ecosystem=npm&name=axios",
];

#[tokio::test]
async fn whoever_looks_after_the_gate_sees_the_page_and_nothing_of_it_is_a_script() {
    let world = World::new().await;
    world.fill();
    for view in VIEWS {
        let answer = world
            .ask_operations(&format!("GET {view}"), "127.0.0.1:1")
            .await;
        assert_eq!(status(&answer), "200", "{view}");
        let (head, html) = answer.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "content-type: text/html; charset=utf-8",
        ] {
            assert!(head.contains(header), "{view}: {header}\n{head}");
        }
        for word in [
            "<script",
            "<img",
            " style=",
            "onerror=alert(1)>",
            "\u{202e}",
            "\u{1b}",
        ] {
            assert!(!html.contains(word), "{view}: {word}");
        }
    }
    let overview = world.ask_operations("GET /", "localhost").await;
    assert!(
        overview.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "it is shown"
    );
    let head = world.ask_operations("HEAD /", "localhost").await;
    assert_eq!((status(&head), body(&head)), ("200", ""));
}

#[tokio::test]
async fn the_same_is_there_as_json_and_pages_follow_each_other() {
    let world = World::new().await;
    world.fill();
    let get = async |address: &str| -> Value {
        let answer = world
            .ask_operations(&format!("GET {address}"), "localhost")
            .await;
        assert_eq!(status(&answer), "200", "{answer}");
        serde_json::from_str(body(&answer)).unwrap()
    };
    let overview = get("/?format=json").await;
    assert_eq!(overview["schema"], "customs/gate-page-v1");
    assert_eq!(overview["at"], now().to_string());
    assert_eq!(overview["held"]["rows"].as_array().unwrap().len(), 10);
    assert_eq!(
        overview["blocked"]["rows"][0]["release"],
        "pkg:npm/evil@1.0.0"
    );
    assert_eq!(overview["registries"][1]["state"], "away");
    assert_eq!(overview["hours"].as_array().unwrap().len(), 36);
    let refusal = &overview["refusals"]["rows"][0];
    assert_eq!(refusal["who"]["credential"], "token:agents");
    assert_eq!(
        refusal["why"].as_str().unwrap().split('\\').next(),
        HOSTILE.split('\u{202e}').next()
    );

    let (mut address, mut held) = ("/held?format=json".to_owned(), Vec::new());
    loop {
        let page = get(&address).await;
        let rows = page["held"]["rows"].as_array().unwrap().clone();
        held.extend(
            rows.iter()
                .map(|row| row["until"].as_str().unwrap().to_owned()),
        );
        match page["held"]["next"].as_str() {
            Some(next) => {
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                address = format!("/held?format=json&after={next}");
            }
            None => break,
        }
    }
    assert_eq!(held.len(), 71);
    assert!(held.is_sorted(), "what ends first stands first");

    let received = get("/received?ecosystem=npm&name=axios&version=1.14.1&format=json").await;
    assert_eq!(received["received_in_all"]["count"], 120);
    assert_eq!(received["received"]["rows"].as_array().unwrap().len(), 50);
    assert!(received["received"]["next"].is_string());
    let nobody = get("/received?ecosystem=npm&name=axios&version=1.14.0&format=json").await;
    assert_eq!(nobody["received_in_all"]["count"], 0);
    let wrong = get("/received?ecosystem=npm&name=..%2Fx&format=json").await;
    assert!(wrong["wrong"].is_string() && wrong.get("received").is_none());
}

#[tokio::test]
async fn time_ends_what_is_held() {
    let world = World::new().await;
    world.fill();
    world.at(now() + customs_model::SignedDuration::from_hours(10_000));
    let answer = world.ask_operations("GET /held", "localhost").await;
    assert!(answer.contains("Nothing is held."), "{answer}");
    assert!(world.clock.now() > now());
}

#[tokio::test]
async fn the_page_has_its_own_address_and_its_own_role() {
    let world = World::new().await;
    world.fill();
    let is_page = |answer: &str| answer.contains("<title>");
    // A name that was bound to the address so that a browser asks it.
    let rebound = world.ask_operations("GET /", "rebound.example:9464").await;
    assert_eq!(status(&rebound), "421");
    assert!(!rebound.contains("young-"));
    for head in ["POST /", "DELETE /held"] {
        let answer = world.ask_operations(head, "localhost").await;
        assert_eq!(status(&answer), "405");
    }
    for (address, wanted) in [
        ("/left", "404"),
        ("/held?after=x", "400"),
        ("/?format=xml", "400"),
    ] {
        let answer = world
            .ask_operations(&format!("GET {address}"), "localhost")
            .await;
        assert_eq!(
            (status(&answer), is_page(&answer)),
            (wanted, true),
            "{address}"
        );
    }
    // The address of clients.
    for role in ["install", "publish", "monitor"] {
        for view in VIEWS {
            let answer = world.ask(&format!("GET {view}"), role).await;
            assert!(
                !is_page(&answer) && status(&answer) != "200",
                "{role} {view}: {answer}"
            );
        }
    }
    assert_eq!(status(&world.ask("GET /", "nobody").await), "401");
    for view in VIEWS {
        let answer = world.ask(&format!("GET {view}"), "read").await;
        assert_eq!((status(&answer), is_page(&answer)), ("200", true), "{view}");
    }
    assert_eq!(status(&world.ask("GET /metrics", "read").await), "200");
    // No package, and no write.
    for head in [
        "GET /left/-/left-1.0.0.tgz",
        "GET /-/pypi/simple/left/",
        "GET /-/cargo/index/config.json",
    ] {
        assert_eq!(status(&world.ask(head, "read").await), "404", "{head}");
    }
    assert_eq!(status(&world.ask("PUT /left", "read").await), "405");
}

#[tokio::test]
async fn an_address_that_others_reach_shows_no_page_without_a_token() {
    let world = World::new().await;
    world.fill();
    let headers = hyper::HeaderMap::from_iter([(
        hyper::header::HOST,
        hyper::header::HeaderValue::from_static("localhost"),
    )]);
    let asked = || crate::page::Asked {
        method: &hyper::Method::GET,
        path: "/",
        query: None,
        headers: &headers,
    };
    let elsewhere = world.gate.page_of_operations(asked(), false).await;
    assert_eq!(elsewhere.status(), 403);
    let here = world.gate.page_of_operations(asked(), true).await;
    assert_eq!(here.status(), 200);
    // The probes are there all the same.
    let probe = crate::page::Asked {
        path: "/healthz",
        ..asked()
    };
    assert_eq!(world.gate.operations(probe, false).await.status(), 200);
}

#[tokio::test]
async fn who_looks_is_not_counted_as_who_waits_for_a_package() {
    let world = World::new().await;
    let before = world.gate.metrics.totals();
    for view in VIEWS {
        world.ask(&format!("GET {view}"), "read").await;
    }
    assert_eq!(world.gate.metrics.totals(), before);
}
