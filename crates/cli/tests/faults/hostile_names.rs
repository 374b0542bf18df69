//! Names, versions and paths that nobody honest sends.

use crate::harness::World;
use crate::shelves::{bytes_of, days, hours, package, release};
use customs_replay::Response;
use serde_json::{Value, json};

/// The status of a raw answer.
fn status(answer: &str) -> u16 {
    let line = answer.lines().next().unwrap_or("");
    let code = line.split(' ').nth(1).and_then(|s| s.parse().ok());
    code.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

#[tokio::test]
async fn a_path_that_climbs_is_refused_and_the_upstream_never_hears_of_it() {
    let world = World::new().await;
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/left/../../secret",
        "/left/%2e%2e%2fsecret",
        "/@scope/../secret",
        "/@scope%2f..%2fsecret",
        "/left/-/../../secret.tgz",
        "/left/-/..%2f..%2fsecret.tgz",
        "/-/pypi/simple/../secret/",
        "/-/pypi/simple/%2e%2e/",
        "/-/pypi/files/Li4v/..%2fsecret",
        "/-/cargo/index/../config.json",
        "/-/cargo/index/le/ft/..",
        "/-/cargo/dl/../1.0.0/download",
        "/-/cargo/dl/left/..%2f1/download",
        "/-/cargo/api/v1/%2e%2e/secret",
    ] {
        let answer = world.gate.raw_get(path).await;
        assert!((400..500).contains(&status(&answer)), "{path}: {answer}");
        assert!(answer.contains("customs: "), "{path}: {answer}");
    }
    assert_eq!(world.server.hits(), []);
}

#[tokio::test]
async fn a_name_with_control_characters_or_of_ten_kilobytes_is_refused() {
    let world = World::new().await;
    let long = "a".repeat(10_000);
    for path in [
        "/a%00b".to_owned(),
        "/a%0d%0aset-cookie:%20x=1".to_owned(),
        "/a%1b%5b2J".to_owned(),
        "/-/pypi/simple/a%0ab/".to_owned(),
        "/-/cargo/index/le/ft/le%7fft".to_owned(),
        "/a%ff".to_owned(),
        format!("/{long}"),
        format!("/@a/{long}"),
        format!("/-/pypi/simple/{long}/"),
        format!("/-/cargo/index/aa/aa/{long}"),
        format!("/-/cargo/dl/{long}/1.0.0/download"),
        // Below the bound on paths, above the one on names.
        format!("/{}", "a".repeat(300)),
        format!("/-/pypi/simple/{}/", "a".repeat(300)),
        format!("/-/cargo/index/aa/aa/{}", "a".repeat(65)),
    ] {
        let answer = world.gate.raw_get(&path).await;
        assert_eq!(status(&answer), 404, "{path}: {answer}");
        assert!(answer.contains("customs: "), "{path}: {answer}");
        assert!(answer.len() < 2_000, "the name is not sent back whole");
        assert!(
            !answer.to_lowercase().contains("\r\nset-cookie"),
            "{answer}"
        );
    }
    assert_eq!(world.server.hits(), []);
}

#[tokio::test]
async fn a_version_that_is_no_version_is_never_offered_and_harms_no_other() {
    let world = World::new().await;
    let mut document = package("left", world.now(), vec![release("1.0.0", days(400))])
        .tags(&[("latest", "1.0.0")])
        .document(&world.server.base());
    let good = document["versions"]["1.0.0"].clone();
    let long = "1".repeat(10_000);
    for bad in [
        "../../../etc/passwd",
        "",
        "1.0.0\u{0}",
        "1.0.0\n",
        "1 0",
        "<script>",
        long.as_str(),
    ] {
        document["versions"][bad] = good.clone();
        document["time"][bad] = json!((world.now() - days(300)).to_string());
    }
    // Letters and digits, but no version of npm's.
    document["versions"]["latest-and-greatest"] = good.clone();
    document["versions"]["1.0.1"] = json!("no object");
    document["versions"]["1.0.2"] = Value::Null;
    document["time"]["1.0.1"] = json!((world.now() - days(300)).to_string());
    document["time"]["1.0.2"] = json!("the day before yesterday");
    world.shelves.put_json("/left", &document);
    world.shelves.put(
        "/left/-/left-1.0.0.tgz",
        Response::of(200, "application/octet-stream", bytes_of("1.0.0")),
    );
    let told = world.gate.get("/left").await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    assert_eq!(told["versions"]["1.0.0"]["version"], "1.0.0");
    for version in told["versions"].as_object().unwrap().keys() {
        let ok = |b: u8| b.is_ascii_alphanumeric() || b".+!_-".contains(&b);
        assert!(
            version.bytes().all(ok) && version.len() <= 256 && !version.is_empty(),
            "{version:?}"
        );
    }
    assert_eq!(world.gate.get("/left/-/left-1.0.0.tgz").await.status, 200);
    for asked in ["/left/latest-and-greatest2", "/left/1.0.1", "/left/..%00"] {
        assert!(
            (400..500).contains(&world.gate.get(asked).await.status),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn a_tag_that_points_nowhere_never_dangles_at_the_client() {
    let world = World::new().await;
    let releases = vec![release("1.0.0", days(400)), release("1.1.0", days(200))];
    let tags = [
        ("latest", "1.1.0"),
        ("gone", "9.9.9"),
        ("nonsense", "not a version"),
        ("climbing", "../../etc/passwd"),
        ("empty", ""),
        ("__proto__", "7.7.7"),
    ];
    world.publish(&package("left", world.now(), releases).tags(&tags));
    for accept in ["application/json", crate::harness::SHORT] {
        let told = world
            .gate
            .get_with("/left", &[("accept", accept)])
            .await
            .json();
        for (tag, target) in told["dist-tags"].as_object().unwrap() {
            let target = target.as_str().unwrap();
            assert!(
                told["versions"].get(target).is_some(),
                "{tag} dangles at {target:?}"
            );
        }
        assert_eq!(told["dist-tags"]["latest"], "1.1.0");
    }
    let bare = world.gate.get("/left/nonsense").await;
    bare.explained(404, &["left", "nonsense"]);
}

#[tokio::test]
async fn a_latest_that_points_nowhere_at_all_is_no_latest() {
    let world = World::new().await;
    let releases = vec![release("1.0.0", days(400))];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "0.0.1")]));
    let told = world.gate.get("/left").await.json();
    assert_eq!(told["dist-tags"], json!({}));
    assert!(told["versions"].get("1.0.0").is_some());
}

#[tokio::test]
async fn a_hundred_thousand_versions_are_answered_and_what_is_young_is_hidden() {
    let world = World::new().await;
    let old = (world.now() - days(400)).to_string();
    let young = (world.now() - hours(1)).to_string();
    let tarball = format!("{}/many/-/many-1.0.0.tgz", world.server.base());
    let mut versions = String::new();
    let mut time = format!(r#""created":"{old}","modified":"{young}""#);
    for n in 0..100_000 {
        let at = if n == 99_999 { &young } else { &old };
        if n > 0 {
            versions.push(',');
        }
        versions += &format!(
            r#""1.{n}.0":{{"name":"many","version":"1.{n}.0","dist":{{"tarball":"{tarball}"}}}}"#
        );
        time += &format!(r#","1.{n}.0":"{at}""#);
    }
    let document = format!(
        r#"{{"name":"many","dist-tags":{{"latest":"1.99999.0"}},"versions":{{{versions}}},"time":{{{time}}}}}"#
    );
    world
        .shelves
        .put("/many", Response::of(200, "application/json", document));
    let told = world
        .gate
        .get_with("/many", &[("accept", crate::harness::SHORT)])
        .await;
    assert_eq!(told.status, 200, "{}", &told.text()[..200]);
    let told = told.json();
    assert_eq!(told["dist-tags"]["latest"], "1.99998.0");
    let versions = told["versions"].as_object().unwrap();
    assert_eq!(versions.len(), 99_999);
    assert!(!versions.contains_key("1.99999.0"));
    world
        .gate
        .get("/many/1.99999.0")
        .await
        .explained(403, &["version-age"]);
}

#[tokio::test]
async fn a_python_files_folder_in_the_address_is_not_believed() {
    let world = World::new().await;
    let base = world.server.base();
    let page = json!({
        "meta": {"api-version": "1.1"}, "name": "left",
        "files": [{"filename": "left-1.0.0-py3-none-any.whl",
            "url": format!("{base}/files/left-1.0.0-py3-none-any.whl"),
            "hashes": {"sha256": customs_model::Digest::sha256(b"wheel").to_hex()},
            "upload-time": (world.now() - days(400)).to_string()}],
    });
    world.shelves.put(
        "/simple/left/",
        Response::of(200, "application/vnd.pypi.simple.v1+json", page.to_string()),
    );
    world.shelves.put(
        "/files/left-1.0.0-py3-none-any.whl",
        Response::of(200, "application/octet-stream", "wheel"),
    );
    // Somebody else's folder in the address, our file's name behind it.
    let gate = world.gate.url("");
    let there = customs_gate::file_url_to_gate(
        &gate,
        "http://169.254.169.254/latest/left-1.0.0-py3-none-any.whl",
    )
    .unwrap();
    let got = world.gate.get(there.strip_prefix(&gate).unwrap()).await;
    assert_eq!((got.status, got.text().as_str()), (200, "wheel"));
    assert_eq!(world.asked("/files/left-1.0.0-py3-none-any.whl"), 1);
}

#[tokio::test]
async fn nothing_in_a_python_page_can_write_a_link_of_its_own() {
    let world = World::new().await;
    let base = world.server.base();
    let link = "\"></a><a href=\"http://evil.example/left-9.0.tar.gz\">left-9.0.tar.gz</a><a x=\"";
    let file = |name: &str, more: Value| {
        let mut file = json!({"filename": name, "url": format!("{base}/files/{name}"),
            "hashes": {"sha256": customs_model::Digest::sha256(b"x").to_hex()},
            "upload-time": (world.now() - days(400)).to_string()});
        for (key, value) in more.as_object().unwrap() {
            file[key] = value.clone();
        }
        file
    };
    let files = json!([
        file("left-1.0.tar.gz", json!({})),
        file(
            "left-1.1.tar.gz",
            json!({ "requires-python": format!(">=3{link}") })
        ),
        file("left-1.2.tar.gz", json!({ "yanked": format!("bad{link}") })),
        file(
            "left-1.3.tar.gz",
            json!({ "url": format!("{base}/files/left-1.3.tar.gz{link}") })
        ),
        file(
            "left-1.4.tar.gz",
            json!({ "url": format!("{base}/{link}/left-1.4.tar.gz") })
        ),
        file(&format!("left-1.5{link}.tar.gz"), json!({})),
        file("left-1.6.tar.gz", json!({ "hashes": { "sha256": link } })),
        file("left-1.7.tar.gz", json!({ "hashes": { link: "00" } })),
        file(
            "left-1.8.tar.gz",
            json!({ "core-metadata": { "sha256": link } })
        ),
        file(
            "left-1.9.tar.gz",
            json!({ "url": "javascript:alert(1)//left-1.9.tar.gz" })
        ),
    ]);
    let page = json!({"meta": {"api-version": "1.1"}, "name": "left", "files": files});
    let kind = "application/vnd.pypi.simple.v1+json";
    world
        .shelves
        .put("/simple/left/", Response::of(200, kind, page.to_string()));
    let told = world
        .gate
        .get_with("/-/pypi/simple/left/", &[("accept", "text/html")])
        .await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.text();
    assert!(told.contains("left-1.0.tar.gz"), "{told}");
    let gate = world.gate.url("/-/pypi/files/");
    for link in told.split("<a ").skip(1) {
        let href = link
            .split("href=\"")
            .nth(1)
            .and_then(|l| l.split('"').next());
        assert!(href.is_some_and(|href| href.starts_with(&gate)), "{link}");
    }
    assert!(
        !told.contains("<a href=\"http://evil") && !told.contains("javascript:"),
        "{told}"
    );
    let told = world
        .gate
        .get_with("/-/pypi/simple/left/", &[("accept", kind)])
        .await
        .json();
    for file in told["files"].as_array().unwrap() {
        assert!(file["url"].as_str().unwrap().starts_with(&gate), "{file}");
    }
}

#[tokio::test]
async fn of_a_version_that_stands_twice_only_the_judged_one_is_shown() {
    let world = World::new().await;
    let at = |path: &str| format!("{}{path}", world.server.base());
    let old = (world.now() - days(400)).to_string();
    let object = |what: &str| {
        let dist = json!({"tarball": at("/twice/-/twice-1.0.0.tgz"),
            "shasum": crate::shelves::digest(customs_model::DigestAlgorithm::Sha1, what.as_bytes()).to_hex()});
        json!({"name": "twice", "version": "1.0.0", "description": what, "dist": dist})
    };
    let (first, last) = (object("first"), object("last"));
    for body in [
        format!(
            r#"{{"name":"twice","versions":{{"1.0.0":{first},"1.0.0":{last}}},"time":{{"1.0.0":"{old}"}}}}"#
        ),
        format!(
            r#"{{"name":"twice","versions":{{"1.0.0":{first}}},"versions":{{"1.0.0":{last}}},"time":{{"1.0.0":"{old}"}}}}"#
        ),
        format!(
            r#"{{"name":"twice","versions":{{"1.0.0":{first}}},"time":{{"1.0.0":"{old}"}},"versions":{{"1.0.0":{last}}}}}"#
        ),
    ] {
        world.shelves.put(
            "/twice",
            Response::of(200, "application/json", body.clone()),
        );
        world.shelves.put(
            "/twice/-/twice-1.0.0.tgz",
            Response::of(200, "application/gzip", "last"),
        );
        world.gate.later(crate::shelves::STALE);
        for accept in ["application/json", crate::harness::SHORT] {
            let told = world.gate.get_with("/twice", &[("accept", accept)]).await;
            assert_eq!(told.status, 200, "{body}: {}", told.text());
            let shasum = &told.json()["versions"]["1.0.0"]["dist"]["shasum"];
            assert_eq!(*shasum, last["dist"]["shasum"], "{accept}: {body}");
            assert!(
                !told
                    .text()
                    .contains(first["dist"]["shasum"].as_str().unwrap()),
                "{body}"
            );
        }
        assert_eq!(
            world.gate.get("/twice/-/twice-1.0.0.tgz").await.text(),
            "last"
        );
    }
}
