//! A refusal says which rule, why, until when and what to do, where each client prints it.

use crate::harness::{Answered, Gated, World, all_at, run_request};
use crate::shelves::{Shelves, days, hours, package, release};
use customs_gate::{NamedText, Waits};
use customs_model::{Digest, SignedDuration};
use customs_replay::{Bound, Faults, Response};
use serde_json::json;

/// An hour old in all three ecosystems, and lockfiles get no way round.
async fn young() -> World {
    let shelves = Shelves::default();
    let server = Bound::new()
        .await
        .unwrap()
        .serve(shelves.clone(), Faults::none());
    let mut run = run_request(all_at(&server.base()));
    run.policy = Some(NamedText {
        name: "customs.toml".into(),
        text: "version = 1\nlocked = \"enforce\"\ndeny = [\"pkg:npm/bad\", \"pkg:pypi/bad\", \"pkg:cargo/bad\"]\n".into(),
    });
    let gate = Gated::with(run, Waits::default()).await;
    let world = World {
        shelves,
        server,
        gate,
    };
    let base = world.server.base();
    for name in ["left", "bad"] {
        let releases = vec![release("1.0.0", days(400)), release("1.1.0", hours(1))];
        world.publish(&package(name, world.now(), releases).tags(&[("latest", "1.1.0")]));
        let file = |version: &str, age: SignedDuration| {
            let filename = format!("{name}-{version}-py3-none-any.whl");
            json!({"filename": filename, "url": format!("{base}/files/{filename}"),
                "hashes": {"sha256": Digest::sha256(b"x").to_hex()},
                "upload-time": (world.now() - age).to_string()})
        };
        let page = json!({"meta": {"api-version": "1.1"}, "name": name,
            "files": [file("1.0.0", days(400)), file("1.1.0", hours(1))]});
        let kind = "application/vnd.pypi.simple.v1+json";
        let path = format!("/simple/{name}/");
        world
            .shelves
            .put(&path, Response::of(200, kind, page.to_string()));
        let line = |version: &str, age: SignedDuration| {
            json!({"name": name, "vers": version, "deps": [], "features": {}, "yanked": false,
                "cksum": Digest::sha256(b"x").to_hex(),
                "pubtime": (world.now() - age).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()})
        };
        let lines = format!(
            "{}\n{}\n",
            line("1.0.0", days(400)),
            line("1.1.0", hours(1))
        );
        let path = if name == "bad" {
            "/index/3/b/bad"
        } else {
            "/index/le/ft/left"
        };
        world
            .shelves
            .put(path, Response::of(200, "text/plain", lines));
    }
    world.shelves.put_json(
        "/index/config.json",
        &json!({"dl": format!("{base}/crates")}),
    );
    world
}

/// The parts of a sentence about a release that is too young.
fn tells_all(world: &World, sentence: &str, name: &str) {
    let until = (world.now() + hours(71)).strftime("%Y-%m-%d").to_string();
    for part in [
        name,
        "version-age",
        &until,
        "72 h",
        "customs explain version-age",
        "retrying does not help",
    ] {
        assert!(sentence.contains(part), "no {part:?} in: {sentence}");
    }
}

fn wheel(world: &World, name: &str, version: &str) -> String {
    let gate = world.gate.url("");
    let url = format!(
        "{}/files/{name}-{version}-py3-none-any.whl",
        world.server.base()
    );
    let there = customs_gate::file_url_to_gate(&gate, &url).unwrap();
    there.strip_prefix(&gate).unwrap().to_owned()
}

#[tokio::test]
async fn npm_reads_it_in_the_error_of_the_answer() {
    let world = young().await;
    for path in ["/left/1.1.0", "/left/-/left-1.1.0.tgz"] {
        let refused = world.gate.get(path).await;
        assert_eq!(refused.status, 403, "{path}");
        tells_all(&world, &refused.error(), "left@1.1.0");
        let about = refused.json();
        assert_eq!(about["rule"], "version-age");
        // The place of its record in the ledger. Who runs a command has no page to look at.
        let decision = about["decision"].as_str().unwrap();
        let place = decision
            .strip_prefix("DEC-")
            .and_then(|at| at.split_once('-'));
        assert!(place.is_some_and(|(chain, seq)| chain.len() == 8 && seq.parse::<u64>().is_ok()));
        assert!(about["url"].is_null() && about["eligible_at"].is_string());
        assert!(refused.header("content-type").contains("json"));
        assert_eq!(refused.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn pip_reads_it_in_the_status_line_and_uv_in_the_problem() {
    let world = young().await;
    let path = wheel(&world, "left", "1.1.0");
    let raw = world.gate.raw_get(&path).await;
    let line = raw.lines().next().unwrap();
    assert!(line.starts_with("HTTP/1.1 403 "), "{line}");
    tells_all(&world, line, "left@1.1.0");
    assert!(line.is_ascii());
    let refused = world.gate.get(&path).await;
    assert_eq!(refused.header("content-type"), "application/problem+json");
    tells_all(
        &world,
        refused.json()["detail"].as_str().unwrap(),
        "left@1.1.0",
    );
    assert!(
        refused.json()["title"]
            .as_str()
            .unwrap()
            .contains("version-age")
    );
    assert_eq!(refused.json()["status"], 403);
}

#[tokio::test]
async fn cargo_reads_it_in_the_body() {
    let world = young().await;
    let refused = world.gate.get("/-/cargo/dl/left/1.1.0/download").await;
    assert_eq!(refused.status, 403);
    tells_all(&world, &refused.text(), "left@1.1.0");
    assert!(refused.header("content-type").starts_with("text/plain"));
    let index = world.gate.get("/-/cargo/index/le/ft/left").await.text();
    let yanked =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["yanked"].clone();
    assert_eq!(
        index.lines().map(yanked).collect::<Vec<_>>(),
        [json!(false), json!(true)]
    );
}

#[tokio::test]
async fn a_block_says_that_it_does_not_end_and_whom_to_ask() {
    let world = young().await;
    let told = |answered: &Answered, sentence: &str| {
        assert_eq!(answered.status, 403, "{sentence}");
        for part in ["bad", "denied", "is blocked", "customs explain denied"] {
            assert!(sentence.contains(part), "no {part:?} in: {sentence}");
        }
        assert!(!sentence.contains(" until "), "{sentence}");
    };
    for path in ["/bad", "/bad/1.0.0", "/bad/-/bad-1.0.0.tgz"] {
        let answered = world.gate.get(path).await;
        told(&answered, &answered.error());
    }
    let json = [("accept", "application/vnd.pypi.simple.v1+json")];
    let page = world.gate.get_with("/-/pypi/simple/bad/", &json).await;
    told(&page, page.json()["detail"].as_str().unwrap());
    let file = world.gate.get(&wheel(&world, "bad", "1.0.0")).await;
    told(&file, file.json()["detail"].as_str().unwrap());
    let download = world.gate.get("/-/cargo/dl/bad/1.0.0/download").await;
    told(&download, &download.text());
}

#[tokio::test]
async fn a_package_with_nothing_left_says_why_instead_of_not_found() {
    let world = World::new().await;
    let releases = vec![release("1.0.0", hours(2))];
    world.publish(&package("fresh", world.now(), releases).tags(&[("latest", "1.0.0")]));
    let refused = world.gate.get("/fresh").await;
    refused.explained(403, &["fresh@1.0.0", "is held until", "customs explain"]);
}

#[tokio::test]
async fn what_python_cannot_be_given_is_explained_in_the_status_line_too() {
    let world = World::new().await;
    world.shelves.down(Some(503));
    let raw = world.gate.raw_get("/-/pypi/simple/left/").await;
    let line = raw.lines().next().unwrap();
    assert!(line.starts_with("HTTP/1.1 502 "), "{line}");
    assert!(
        line.contains("left") && line.contains("answered 503"),
        "{line}"
    );
    world.shelves.down(None);
    let raw = world.gate.raw_get("/-/pypi/simple/left/").await;
    let line = raw.lines().next().unwrap();
    assert!(
        line.starts_with("HTTP/1.1 404 ") && line.contains("left"),
        "{line}"
    );
}

#[tokio::test]
async fn an_artifact_that_no_document_names_is_refused_with_a_sentence() {
    let world = young().await;
    for path in ["/left/-/left-9.9.9.tgz", "/left/-/right-1.0.0.tgz"] {
        world
            .gate
            .get(path)
            .await
            .explained(403, &["left", "not-published", "never published"]);
    }
    let missing = world.gate.get("/-/cargo/dl/left/9.9.9/download").await;
    assert_eq!(missing.status, 403);
    assert!(
        missing.text().contains("never published"),
        "{}",
        missing.text()
    );
    let missing = world.gate.get(&wheel(&world, "left", "9.9.9")).await;
    missing.explained(403, &["left", "never published"]);
    let hits = world.server.hits();
    assert!(!hits.iter().any(|h| h.path.contains("9.9.9")), "{hits:?}");
}
