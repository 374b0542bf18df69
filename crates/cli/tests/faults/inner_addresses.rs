//! Addresses in documents and redirects come from strangers. The gate stands inside a
//! network and must not ask for them what they cannot ask themselves.

use crate::harness::{World, with};
use crate::shelves::{Shelves, days, package, release};
use customs_gate::Waits;
use customs_replay::{Bound, Fault, Faults, Response, Server};
use serde_json::json;

/// A service of this machine that is nobody's registry.
async fn inner() -> Server {
    let shelves = Shelves::default();
    for path in [
        "/secret.tgz",
        "/left/-/left-1.0.0.tgz",
        "/left/1.0.0/download",
        "/left",
    ] {
        shelves.put(
            path,
            Response::of(200, "application/json", "{\"secret\": true}"),
        );
    }
    Bound::new().await.unwrap().serve(shelves, Faults::none())
}

#[tokio::test]
async fn a_tarball_at_an_inner_address_is_refused_with_a_sentence_and_nothing_is_asked() {
    let inner = inner().await;
    let port = inner.address().port();
    for url in [
        "http://169.254.169.254/latest/meta-data/left-1.0.0.tgz".to_owned(),
        format!("http://127.0.0.1:{port}/secret.tgz"),
        format!("http://localhost:{port}/secret.tgz"),
        format!("http://[::1]:{port}/secret.tgz"),
        format!("http://2130706433:{port}/secret.tgz"),
        format!("http://0x7f.1:{port}/secret.tgz"),
        format!("http://[::ffff:127.0.0.1]:{port}/secret.tgz"),
        "http://10.0.0.7/secret.tgz".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/x".to_owned(),
        "http://user:word@files.example/secret.tgz".to_owned(),
    ] {
        let world = World::new().await;
        let releases = vec![release("1.0.0", days(400)).more(json!({"dist": {"tarball": url}}))];
        world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.0.0")]));
        let refused = world.gate.get("/left/-/left-1.0.0.tgz").await;
        let error = refused.explained(502, &["left@1.0.0", "is not asked"]);
        assert!(!error.contains("word"), "{error}");
    }
    assert_eq!(inner.hits(), []);
}

#[tokio::test]
async fn a_redirect_to_an_inner_address_is_not_followed() {
    let inner = inner().await;
    let targets = [
        format!("{}/secret.tgz", inner.base()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("//127.0.0.1:{}/secret.tgz", inner.address().port()),
    ];
    for target in targets {
        let fault = |redirect: &str| with(Fault::default(), |f| f.redirect = Some(redirect.into()));
        let faults = Faults::none()
            .below("/left/-/", fault(&target))
            .below("/right", fault(&target))
            .below("/-/v1/search", fault(&target));
        let world = World::with(faults, Waits::default()).await;
        world.publish_old("left", "x");
        let tarball = world.gate.get("/left/-/left-1.0.0.tgz").await;
        tarball.explained(502, &["left@1.0.0", "is not asked"]);
        world
            .gate
            .get("/right")
            .await
            .explained(502, &["right", "is not asked"]);
        world
            .gate
            .get("/-/v1/search?text=x")
            .await
            .explained(502, &["is not asked"]);
    }
    assert_eq!(inner.hits(), []);
}

#[tokio::test]
async fn a_young_release_does_not_make_the_gate_look_into_an_inner_address() {
    let inner = inner().await;
    let world = World::new().await;
    let url = format!("{}/secret.tgz", inner.base());
    // Ten days old: it is admitted, and its tarball is looked into for what it runs.
    let releases = vec![
        release("1.0.0", days(400)),
        release("1.1.0", days(10)).more(json!({"dist": {"tarball": url}})),
    ];
    let mut document = package("left", world.now(), releases)
        .tags(&[("latest", "1.1.0")])
        .document(&world.server.base());
    // Without a publish time its tarball's date is asked for.
    document["versions"]["1.2.0"] = document["versions"]["1.1.0"].clone();
    world.shelves.put_json("/left", &document);
    assert_eq!(world.gate.get("/left").await.status, 200);
    assert_eq!(inner.hits(), []);
}

#[tokio::test]
async fn an_index_cannot_send_downloads_or_its_web_api_to_an_inner_address() {
    let inner = inner().await;
    let world = World::new().await;
    let config = json!({"dl": inner.base(), "api": inner.base()});
    world.shelves.put_json("/index/config.json", &config);
    let line = json!({"name": "left", "vers": "1.0.0", "deps": [], "features": {}, "yanked": false,
        "cksum": customs_model::Digest::sha256(b"x").to_hex(),
        "pubtime": (world.now() - days(400)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
    world.shelves.put(
        "/index/le/ft/left",
        Response::of(200, "text/plain", format!("{line}\n")),
    );
    for path in ["/-/cargo/dl/left/1.0.0/download", "/-/cargo/api/left"] {
        let refused = world.gate.get(path).await;
        assert_eq!(refused.status, 502, "{path}: {}", refused.text());
        assert!(
            refused.text().contains("is not asked"),
            "{path}: {}",
            refused.text()
        );
        assert!(
            refused.text().contains("inner address"),
            "{path}: {}",
            refused.text()
        );
    }
    assert_eq!(inner.hits(), []);
}

#[tokio::test]
async fn a_python_file_at_an_inner_address_is_not_fetched() {
    let inner = inner().await;
    let world = World::new().await;
    let file = |name: &str, url: String| {
        json!({"filename": name, "url": url, "core-metadata": true,
            "hashes": {"sha256": customs_model::Digest::sha256(b"x").to_hex()},
            "upload-time": (world.now() - days(400)).to_string()})
    };
    let files = json!([
        file(
            "left-1.0.0-py3-none-any.whl",
            format!("{}/secret.tgz", inner.base())
        ),
        file(
            "left-1.1.0-py3-none-any.whl",
            "file:///etc/left-1.1.0-py3-none-any.whl".into()
        ),
    ]);
    let page = json!({"meta": {"api-version": "1.1"}, "name": "left", "files": files});
    let kind = "application/vnd.pypi.simple.v1+json";
    world
        .shelves
        .put("/simple/left/", Response::of(200, kind, page.to_string()));
    let told = world
        .gate
        .get_with("/-/pypi/simple/left/", &[("accept", kind)])
        .await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert!(!told.text().contains("file:"), "{}", told.text());
    let gate = world.gate.url("");
    for end in ["", ".metadata"] {
        let url = format!("http://x.invalid/left-1.0.0-py3-none-any.whl{end}");
        let path = customs_gate::file_url_to_gate(&gate, &url).unwrap();
        let refused = world.gate.get(path.strip_prefix(&gate).unwrap()).await;
        refused.explained(502, &["is not asked", "inner address"]);
    }
    assert_eq!(inner.hits(), []);
}
