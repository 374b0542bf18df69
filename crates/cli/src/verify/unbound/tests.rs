use super::*;
use crate::verify::testing::{Scene, sha512, tarball};
use customs_model::{Answer, Route};
use customs_origin::history::{Seen, Shown};
use customs_registry::evidence::{ArtifactEvidence, Offer, SCHEMA, Told};
use customs_registry::{Upstream, Upstreams};
use customs_replay::{Bound, Faults, Request, Response, Server};
use serde_json::json;
use std::path::Path;

const RELEASE: &str = "pkg:npm/%40w/here@1.0.0";

/// A tree of Yarn 4 with a program for this machine, whose artifact lies in npm's cache, and that
/// artifact's digest.
fn scene() -> (Scene, Digest) {
    let scene = Scene::empty().asking();
    let manifest = br#"{"name":"@w/here","version":"1.0.0"}"#;
    let files: [(&str, &[u8]); 2] = [
        ("package/package.json", manifest),
        ("package/w", b"\x7fELF the program"),
    ];
    let artifact = tarball(&files);
    let digest = sha512(&artifact);
    let hex = digest.to_hex();
    let (first, rest) = hex.split_at(2);
    let (second, rest) = rest.split_at(2);
    let content = format!("cache/npm/_cacache/content-v2/sha512/{first}/{second}/{rest}");
    scene.write(&content, &artifact);
    scene.write(
        "app/package.json",
        br#"{"name":"app","optionalDependencies":{"@w/here":"1.0.0"}}"#,
    );
    let lock = r#"__metadata:
  version: 8
  cacheKey: 10c0

"@w/here@npm:1.0.0":
  version: 1.0.0
  resolution: "@w/here@npm:1.0.0"
  conditions: os=!none
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    "@w/here": "npm:1.0.0"
  dependenciesMeta:
    "@w/here":
      optional: true
  languageName: unknown
  linkType: soft
"#;
    scene.write("app/yarn.lock", lock.as_bytes());
    scene.write("app/node_modules/@w/here/package.json", manifest);
    scene.write("app/node_modules/@w/here/w", b"\x7fELF the program");
    (scene, digest)
}

/// What its registry handed out when the gate delivered it.
fn kept_of(artifact: Digest) -> ArtifactEvidence {
    let release: ReleaseId = RELEASE.parse().unwrap();
    ArtifactEvidence {
        schema: SCHEMA.into(),
        shown: Shown::nothing_asked(release.clone(), "nobody asked"),
        release,
        file: String::new(),
        artifact,
        registry: "registry.example/".into(),
        asked: "2026-11-24T12:00:00Z".parse().unwrap(),
        offer: Offer::Npm {
            signatures: Told::Absent,
            attestations: Told::Absent,
        },
        earlier: Vec::new(),
        people: Seen::not_asked("nobody asked"),
        repository: None,
        commit: None,
    }
}

#[test]
fn a_native_program_of_yarn_4_is_held_against_what_the_gate_delivered() {
    let (scene, digest) = scene();
    let tree = |scene: &Scene| scene.look(&[]).subjects[0].tree.clone();
    scene.write("app/node_modules/@w/here/w", b"\x7fELF another one");
    // Nobody promises its bytes.
    assert!(matches!(tree(&scene), Answer::NotChecked(_)));
    scene.keep(&kept_of(digest));
    assert_eq!(tree(&scene), Answer::No);
    scene.write("app/node_modules/@w/here/w", b"\x7fELF the program");
    let Answer::NotChecked(why) = tree(&scene) else {
        panic!("green though the lockfile binds nothing")
    };
    assert!(why.contains("not bound to the lockfile"), "{why}");
}

/// A registry that promises this of the release.
async fn registry(dist: serde_json::Value) -> Server {
    let document = json!({
        "name": "@w/here", "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {"name": "@w/here", "version": "1.0.0", "dist": dist}},
    });
    let text = document.to_string();
    let answer = move |_: &Request| Response::of(200, "application/json", text.clone());
    Bound::new().await.unwrap().serve(answer, Faults::none())
}

fn asker(server: &Server, cache: &Path) -> Asker {
    let base = format!("{}/", server.base());
    let upstreams = Upstreams {
        npm: Some(Upstream::parse(&base, Route::Public).unwrap()),
        ..Upstreams::default()
    };
    Asker::to(vec![upstreams], cache).unwrap()
}

fn entry(release: &str, digests: Vec<Digest>) -> Locked {
    Locked {
        release: release.parse().unwrap(),
        source: Source::Registry,
        digests,
        resolved: None,
        has_install_script: None,
        line: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_asked_what_it_promises_of_what_the_lockfile_does_not_bind() {
    let folder = tempfile::tempdir().unwrap();
    let good = sha512(b"artifact");
    let dist = json!({
        "tarball": "https://registry.example/@w/here/-/here-1.0.0.tgz", "integrity": good.to_sri(),
    });
    let server = registry(dist).await;
    let asker = asker(&server, folder.path());
    let bound = entry("pkg:npm/bound@1.0.0", vec![sha512(b"bound")]);
    let mut wanted = vec![
        entry(RELEASE, Vec::new()),
        bound.clone(),
        entry("pkg:npm/%40w/here@2.0.0", Vec::new()),
    ];
    let (promises, missing) = ask(&asker, &mut wanted).await;
    assert_eq!(wanted, [entry(RELEASE, vec![good.clone()]), bound]);
    assert_eq!(promises[&RELEASE.parse().unwrap()], [good]);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("@w/here@2.0.0: the lockfile promises no digest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sha1_alone_is_no_promise() {
    let folder = tempfile::tempdir().unwrap();
    let dist = json!({
        "tarball": "https://registry.example/@w/here/-/here-1.0.0.tgz", "shasum": "0a".repeat(20),
    });
    let server = registry(dist).await;
    let asker = asker(&server, folder.path());
    let mut wanted = vec![entry(RELEASE, Vec::new())];
    let (promises, missing) = ask(&asker, &mut wanted).await;
    assert!(wanted.is_empty() && promises.is_empty());
    assert!(
        missing[0].ends_with("its registry promises no strong one"),
        "{missing:?}"
    );
}
