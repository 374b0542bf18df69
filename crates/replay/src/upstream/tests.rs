use super::*;
use crate::catalogue::find;
use serde_json::Value;

const SHORT: &str = "application/vnd.npm.install-v1+json";
const SIMPLE: &str = "application/vnd.pypi.simple.v1+json";
const BASE: &str = "http://registry.example";

fn at(id: &str, epoch: Option<&str>) -> Upstream {
    let scenario = find(id).unwrap().unwrap();
    let epoch = epoch.map_or(scenario.epoch, |t| t.parse().unwrap());
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    Upstream::new(&scenario, Moment { epoch, now }, BASE).unwrap()
}

fn json(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    serde_json::from_str(&response.text()).unwrap()
}

/// The path of an address that a document names.
fn local(url: &Value) -> Request {
    Request::get(url.as_str().unwrap().strip_prefix(BASE).unwrap())
}

#[test]
fn the_full_npm_document_shows_that_mornings_ages() {
    let document = json(&at("axios", None).answer(&Request::get("/axios")));
    assert_eq!(
        document["dist-tags"],
        serde_json::json!({ "latest": "1.14.1", "legacy": "0.30.3" })
    );
    // 89 seconds before now.
    assert_eq!(document["time"]["1.14.1"], "2026-11-24T11:58:31.000Z");
    assert!(
        document["versions"].get("0.30.4").is_none() && document["time"].get("0.30.4").is_none()
    );
    let bad = &document["versions"]["1.14.1"];
    assert_eq!(bad["dependencies"]["plain-crypto-js"], "^4.2.1");
    assert_eq!(bad["_npmUser"]["email"], "ifstap@mail.invalid");
    assert!(
        bad["_npmUser"].get("trustedPublisher").is_none()
            && bad["dist"].get("attestations").is_none()
    );
    let good = &document["versions"]["1.14.0"];
    assert!(good["_npmUser"].get("trustedPublisher").is_some());
    assert_eq!(
        good["dist"]["attestations"]["provenance"]["predicateType"],
        "https://slsa.dev/provenance/v1"
    );
}

#[test]
fn the_short_npm_document_has_what_an_install_needs_and_no_times() {
    let answer = at("axios", None).answer(&Request::get("/plain-crypto-js").accept(SHORT));
    assert_eq!(
        (answer.header("content-type"), answer.header("vary")),
        (Some(SHORT), Some("Accept"))
    );
    let document = json(&answer);
    assert!(document.get("time").is_none());
    let bad = &document["versions"]["4.2.1"];
    assert_eq!(bad["hasInstallScript"], true);
    assert!(bad.get("scripts").is_none() && bad.get("_npmUser").is_none());
    assert!(
        document["versions"]["4.2.0"]
            .get("hasInstallScript")
            .is_none()
    );
}

#[test]
fn after_the_removal_the_version_is_gone_and_its_time_stays() {
    let document = json(&at("axios", Some("2026-03-31T03:16:00Z")).answer(&Request::get("/axios")));
    assert_eq!(document["dist-tags"]["latest"], "1.14.0");
    assert_eq!(document["dist-tags"]["legacy"], "0.30.3");
    assert!(document["versions"].get("1.14.1").is_none());
    assert!(document["time"].get("1.14.1").is_some());
    let stub = at("axios", Some("2026-03-31T03:30:00Z")).answer(&Request::get("/plain-crypto-js"));
    assert_eq!(stub.status, 404);
}

#[test]
fn every_npm_digest_is_that_of_the_bytes() {
    for id in ["axios", "mastra", "monorepo"] {
        let upstream = at(id, None);
        for name in upstream.packages.keys() {
            let document = json(&upstream.answer(&Request::get(&format!("/{name}"))));
            for (version, entry) in document["versions"].as_object().unwrap() {
                let file = upstream.answer(&local(&entry["dist"]["tarball"]));
                let bytes = file.body.slice(0, usize::MAX);
                let promised =
                    Digest::from_sri(entry["dist"]["integrity"].as_str().unwrap()).unwrap();
                let mut hasher = customs_model::Hasher::new(promised.algorithm());
                hasher.update(&bytes);
                assert_eq!(hasher.finish(), promised, "{name}@{version}");
            }
        }
    }
}

#[test]
fn scoped_names_are_found_in_every_spelling() {
    let upstream = at("mastra", None);
    for path in [
        "/@mastra/core",
        "/@mastra%2fcore",
        "/%40mastra%2Fcore",
        "/@mastra%2fcore?write=true",
    ] {
        assert_eq!(
            json(&upstream.answer(&Request::get(path)))["name"],
            "@mastra/core",
            "{path}"
        );
    }
    let one = json(&upstream.answer(&Request::get("/@mastra/core/1.42.0")));
    assert_eq!(one["version"], "1.42.0");
    let tag = json(&upstream.answer(&Request::get("/@mastra%2fcore/latest")));
    assert_eq!(tag["version"], "1.42.1");
    assert_eq!(
        upstream
            .answer(&Request::get("/@mastra/core/-/core-1.42.0.tgz"))
            .status,
        200
    );
}

#[test]
fn an_attestation_is_there_exactly_where_a_document_names_it() {
    let upstream = at("axios", None);
    let document = json(&upstream.answer(&Request::get("/axios")));
    let url = &document["versions"]["1.14.0"]["dist"]["attestations"]["url"];
    assert_eq!(upstream.answer(&local(url)).status, 200);
    assert_eq!(
        upstream
            .answer(&Request::get("/-/npm/v1/attestations/axios@1.14.1"))
            .status,
        404
    );
}

#[test]
fn the_simple_api_speaks_json_and_html() {
    let upstream = at("litellm", None);
    let page = json(&upstream.answer(&Request::get("/simple/litellm/").accept(SIMPLE)));
    let last = &page["files"][3];
    assert_eq!(last["filename"], "litellm-1.82.8-py3-none-any.whl");
    assert_eq!(last["upload-time"], "2026-11-24T11:52:00.000000Z");
    let bytes = upstream
        .answer(&local(&last["url"]))
        .body
        .slice(0, usize::MAX);
    assert_eq!(last["hashes"]["sha256"], Digest::sha256(&bytes).to_hex());
    let metadata = upstream.answer(&Request::get(
        "/files/litellm-1.82.8-py3-none-any.whl.metadata",
    ));
    let metadata = metadata.body.slice(0, usize::MAX);
    assert_eq!(
        last["core-metadata"]["sha256"],
        Digest::sha256(&metadata).to_hex()
    );
    let html = upstream.answer(&Request::get("/simple/litellm/")).text();
    assert_eq!(html.matches("<a href=").count(), 4);
    assert!(html.contains(&format!("#sha256={}", Digest::sha256(&bytes).to_hex())));
    assert!(!html.contains("upload-time"), "the old form has no dates");
}

#[test]
fn a_name_that_is_not_normalised_is_sent_to_its_page() {
    let upstream = at("litellm", None);
    for path in ["/simple/LiteLLM/", "/simple/litellm"] {
        let answer = upstream.answer(&Request::get(path));
        assert_eq!(
            (answer.status, answer.header("location")),
            (301, Some("http://registry.example/simple/litellm/"))
        );
    }
}

#[test]
fn the_sparse_index_shows_yanks_and_times_and_its_own_addresses() {
    let upstream = at("arrayref", None);
    let config = json(&upstream.answer(&Request::get("/index/config.json")));
    assert_eq!(config["dl"], "http://registry.example/crates");
    let lines = upstream
        .answer(&Request::get("/index/ar/ra/arrayref"))
        .text();
    let lines: Vec<Value> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let live: Vec<&str> = lines
        .iter()
        .filter(|l| l["yanked"] == false)
        .map(|l| l["vers"].as_str().unwrap())
        .collect();
    assert_eq!(live, ["0.3.4", "0.3.10"]);
    let bad = lines.last().unwrap();
    assert_eq!(
        (&bad["pubtime"], &bad["deps"][0]["name"]),
        (&"2026-11-24T11:45:00Z".into(), &"proc-macro1".into())
    );
    let file = upstream.answer(&Request::get("/crates/arrayref/0.3.10/download"));
    assert_eq!(
        bad["cksum"],
        Digest::sha256(&file.body.slice(0, usize::MAX)).to_hex()
    );
    assert_eq!(
        file.header("last-modified"),
        Some("Tue, 24 Nov 2026 11:45:00 GMT")
    );
}

#[test]
fn before_the_yanks_nothing_was_yanked() {
    let lines = at("arrayref", Some("2026-08-20T07:15:00Z"))
        .answer(&Request::get("/index/ar/ra/arrayref"))
        .text();
    assert!(lines.contains(r#""vers":"0.3.10""#) && !lines.contains(r#""yanked":true"#));
}

#[test]
fn index_paths_follow_the_length_of_the_name() {
    let paths: Vec<String> = ["a", "ab", "Abc", "Abcd"]
        .into_iter()
        .map(cargo::index_path)
        .collect();
    assert_eq!(paths, ["1/a", "2/ab", "3/a/abc", "ab/cd/abcd"]);
}

#[test]
fn what_is_not_there_is_not_found() {
    for (id, paths) in [
        (
            "axios",
            &[
                "/",
                "/nothing",
                "/axios/9.9.9",
                "/axios/-/axios-9.9.9.tgz",
                "/axios/-/",
                "/../axios",
                "/%00",
                "/axios/-/../../x",
                "//",
                "",
                "/simple/axios/",
                "/-/all",
            ][..],
        ),
        (
            "litellm",
            &[
                "/simple/nothing/",
                "/simple/litellm/x",
                "/files/",
                "/files/../x",
                "/files/x.whl.metadata",
                "/integrity/litellm/1.82.8/litellm-1.82.8-py3-none-any.whl/provenance",
                "/litellm",
            ][..],
        ),
        (
            "arrayref",
            &[
                "/index/",
                "/index/arrayref",
                "/index/ar/ra/nothing",
                "/index/aa/aa/arrayref",
                "/crates/arrayref/9.9.9/download",
                "/crates/arrayref/0.3.9",
                "/crates/",
            ][..],
        ),
    ] {
        let upstream = at(id, None);
        for path in paths {
            assert_eq!(upstream.answer(&Request::get(path)).status, 404, "{path:?}");
        }
    }
}

#[test]
fn nothing_can_be_written() {
    let put = Request {
        method: "PUT".into(),
        ..Request::get("/axios")
    };
    assert_eq!(at("axios", None).answer(&put).status, 405);
}

#[test]
fn who_has_the_present_bytes_gets_no_body() {
    let upstream = at("axios", None);
    let first = upstream.answer(&Request::get("/axios"));
    let tag = first.header("etag").unwrap().to_owned();
    let again = Request {
        if_none_match: Some(tag.clone()),
        ..Request::get("/axios")
    };
    let answer = upstream.answer(&again);
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    // The short form is another representation and has another validator.
    assert_eq!(upstream.answer(&again.accept(SHORT)).status, 200);
}
