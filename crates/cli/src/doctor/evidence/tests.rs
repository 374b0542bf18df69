use super::*;
use customs_model::Route;
use customs_registry::Upstreams;
use customs_registry::evidence::Kind;
use customs_replay::{Bound, Faults, Request, Response, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn at(address: &str) -> Upstream {
    Upstream::parse(address, Route::Public).unwrap()
}

#[test]
fn each_registry_is_asked_once_for_all_clients_that_have_it() {
    let mirror = Upstreams {
        npm: Some(at("https://mirror.example/npm/")),
        ..Upstreams::default()
    };
    let discovered = Discovered {
        upstreams: Upstreams {
            npm: Some(at("https://npm.example/")),
            pypi: vec![
                at("https://one.example/simple/"),
                at("https://two.example/simple/"),
            ],
            cargo: Some(at("https://index.example/")),
            ..Upstreams::default()
        },
        of_client: BTreeMap::from([("yarn".to_owned(), mirror)]),
        missing: Vec::new(),
        from_project: Vec::new(),
    };
    let clients = ["npm", "pnpm", "yarn", "pip", "uv", "cargo"];
    let found: Vec<String> = registries(&discovered, &clients)
        .into_iter()
        .map(|(_, upstream, clients)| format!("{} {clients:?}", upstream.shown()))
        .collect();
    assert_eq!(
        found,
        [
            "npm.example/ [\"npm\", \"pnpm\"]",
            "mirror.example/npm/ [\"yarn\"]",
            "one.example/simple/ [\"pip\", \"uv\"]",
            "two.example/simple/ [\"pip\", \"uv\"]",
        ]
    );
}

fn told(kind: Kind, answer: Answer, seen: Option<&str>) -> HandedOn {
    HandedOn {
        kind,
        answer,
        seen: seen.map(str::to_owned),
    }
}

fn shown() -> Vec<OfRegistry> {
    let of = |registry: &str, ecosystem, clients: &[&'static str], hands_on| OfRegistry {
        registry: registry.to_owned(),
        ecosystem,
        clients: clients.to_vec(),
        hands_on,
        not_checked: None,
    };
    let none = "sigstore is published with them, and of its 40 releases here none has any";
    let withheld = "it names one of sigstore, and does not hand it out";
    let mut all = vec![
        of(
            "npm.example/",
            Ecosystem::Npm,
            &["npm", "pnpm"],
            vec![
                told(Kind::Signatures, Answer::Yes, None),
                told(Kind::Attestations, Answer::No, Some(withheld)),
            ],
        ),
        of(
            "mirror.example/npm/",
            Ecosystem::Npm,
            &["yarn"],
            vec![
                told(Kind::Signatures, Answer::No, Some(none)),
                told(
                    Kind::Attestations,
                    Answer::not_checked("mirror.example answered 503"),
                    None,
                ),
            ],
        ),
        of(
            "index.example/simple/",
            Ecosystem::PyPi,
            &["pip"],
            Vec::new(),
        ),
    ];
    all[2].not_checked = Some("it did not answer within 60 s".to_owned());
    all
}

#[test]
fn each_answer_is_one_of_three_and_says_what_was_seen() {
    insta::assert_snapshot!(text(&shown()), @"
    evidence npm.example/ (npm, pnpm): signatures: yes, it hands them on
    evidence npm.example/ (npm, pnpm): attestations: no, it strips them: it names one of sigstore, and does not hand it out. Nothing that comes from there can be verified by them; take a registry that passes them on
    evidence mirror.example/npm/ (yarn): signatures: no, it strips them: sigstore is published with them, and of its 40 releases here none has any. Nothing that comes from there can be verified by them; take a registry that passes them on
    evidence mirror.example/npm/ (yarn): attestations: not checked, because mirror.example answered 503
    evidence index.example/simple/ (pip): not checked, because it did not answer within 60 s
    ");
}

#[test]
fn programs_read_the_same_three_answers() {
    let value = serde_json::to_value(shown()).unwrap();
    let answers: Vec<&str> = value
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["hands_on"].as_array().unwrap())
        .map(|one| one["answer"].as_str().unwrap())
        .collect();
    assert_eq!(answers, ["yes", "no", "no", "not_checked"]);
}

/// A registry that has the packages which are asked for, or answers everything with a status.
async fn served(dist: Value, attestations: u16, page: Value, down: Option<u16>) -> Server {
    let bound = Bound::new().await.unwrap();
    let document = json!({
        "name": "sigstore",
        "dist-tags": {"latest": "2.0.0"},
        "versions": {"1.0.0": {"name": "sigstore", "version": "1.0.0", "dist": {}},
            "2.0.0": {"name": "sigstore", "version": "2.0.0", "dist": dist}},
        "time": {"1.0.0": "2024-01-01T00:00:00Z", "2.0.0": "2025-01-01T00:00:00Z"},
    });
    let answer = move |request: &Request| {
        let simple = "application/vnd.pypi.simple.v1+json";
        match (down, request.bare_path()) {
            (Some(status), _) => Response::of(status, "text/plain", "down"),
            (None, "/sigstore") => Response::of(200, "application/json", document.to_string()),
            (None, "/simple/pypi-attestations/") => Response::of(200, simple, page.to_string()),
            (None, "/-/npm/v1/attestations/sigstore@2.0.0" | "/integrity/one") => {
                Response::of(attestations, "application/json", "{}")
            }
            (None, _) => Response::not_found(),
        }
    };
    bound.serve(answer, Faults::none())
}

async fn seen(server: &Server) -> Vec<Answer> {
    let discovered = Discovered {
        upstreams: Upstreams {
            npm: Some(at(&format!("{}/", server.base()))),
            pypi: vec![at(&format!("{}/simple/", server.base()))],
            ..Upstreams::default()
        },
        of_client: BTreeMap::new(),
        missing: Vec::new(),
        from_project: Vec::new(),
    };
    let all = examine(&discovered, &["npm", "pip"]).await.unwrap();
    let all = all.into_iter().flat_map(|one| one.hands_on);
    all.map(|one| one.answer).collect()
}

fn page(provenance: &Value) -> Value {
    let name = "pypi_attestations-1.0.0.tar.gz";
    json!({"meta": {"api-version": "1.3"}, "name": "pypi-attestations", "files": [{
        "filename": name, "url": format!("https://files.example/{name}"),
        "hashes": {"sha256": "00".repeat(32)}, "provenance": provenance,
    }]})
}

#[tokio::test]
async fn registries_are_told_apart_by_what_they_show_of_one_package() {
    let dist = json!({
        "signatures": [{"keyid": "k", "sig": "s"}],
        "attestations": {"url": "u"},
    });
    let whole = served(dist.clone(), 200, json!({}), None).await;
    assert_eq!(seen(&whole).await[..2], [Answer::Yes, Answer::Yes]);
    let withheld = served(dist.clone(), 404, json!({}), None).await;
    assert_eq!(seen(&withheld).await[..2], [Answer::Yes, Answer::No]);
    let bare = served(json!({}), 200, page(&Value::Null), None).await;
    assert_eq!(seen(&bare).await, [Answer::No, Answer::No, Answer::No]);
    let broken = served(dist, 500, json!({}), None).await;
    assert!(matches!(seen(&broken).await[1], Answer::NotChecked(_)));
    for status in [404, 503] {
        let down = served(json!({}), 200, json!({}), Some(status)).await;
        let answers = seen(&down).await;
        assert_eq!(answers.len(), 3);
        for answer in answers {
            assert!(matches!(answer, Answer::NotChecked(_)), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn an_index_that_names_a_provenance_object_has_to_hand_it_out() {
    for (status, expected) in [(200, Answer::Yes), (404, Answer::No)] {
        // Its own address is known once it is there.
        let place = Arc::new(std::sync::OnceLock::new());
        let known = place.clone();
        let answer = move |request: &Request| {
            let simple = "application/vnd.pypi.simple.v1+json";
            let base: &String = known.get().unwrap();
            match request.bare_path() {
                "/simple/pypi-attestations/" => {
                    let page = page(&json!(format!("{base}/integrity/one")));
                    Response::of(200, simple, page.to_string())
                }
                "/integrity/one" => Response::of(status, "application/json", "{}"),
                _ => Response::not_found(),
            }
        };
        let server = Bound::new().await.unwrap().serve(answer, Faults::none());
        place.set(server.base()).unwrap();
        assert_eq!(seen(&server).await.last(), Some(&expected));
    }
}
