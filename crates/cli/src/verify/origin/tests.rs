//! Registries on a loopback port that hand evidence out, have none, strip it, or fail; a real
//! signature and a real bundle.

use super::*;
use crate::verify::fetch;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{DigestAlgorithm, Hasher, ReleaseId, Route};
use customs_origin::answer::Finding;
use customs_registry::{Upstream, Upstreams};
use customs_replay::{Answer as Answers, Bound, Faults, Request, Response, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A registry that answers what it was told to, path by path.
#[derive(Clone, Default)]
struct Shelves(Arc<Mutex<BTreeMap<String, Response>>>);

impl Answers for Shelves {
    fn answer(&self, request: &Request) -> Response {
        let shelves = self.0.lock().unwrap();
        let found = shelves.get(request.bare_path());
        found.cloned().unwrap_or_else(Response::not_found)
    }
}

struct World {
    shelves: Shelves,
    server: Server,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let shelves = Shelves::default();
        let bound = Bound::new().await.unwrap();
        let server = bound.serve(shelves.clone(), Faults::none());
        Self {
            shelves,
            server,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn put(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        let response = Response::of(status, "application/json", body.into());
        self.shelves.0.lock().unwrap().insert(path.into(), response);
    }

    /// An npm package with one version's object, laid over what every object has.
    fn npm(&self, name: &str, version: &str, more: &Value) {
        let mut object = json!({
            "name": name, "version": version,
            "dist": {"tarball": format!("{}/{name}/-/x-{version}.tgz", self.server.base())},
            "_npmUser": {"name": "somebody", "email": "s@mail.example"},
        });
        for (key, value) in more["dist"].as_object().into_iter().flatten() {
            object["dist"][key] = value.clone();
        }
        let document = json!({
            "name": name,
            "versions": {version: object},
            "time": {version: "2024-01-01T00:00:00.000Z"},
        });
        self.put(
            &format!("/{}", name.replace('/', "%2f")),
            200,
            document.to_string(),
        );
    }

    fn upstream(&self) -> Upstream {
        Upstream::parse(&self.server.base(), Route::Public).unwrap()
    }

    fn asker(&self) -> Asker {
        let upstreams = Upstreams {
            npm: Some(self.upstream()),
            pypi: vec![self.upstream()],
            ..Upstreams::default()
        };
        Asker::to(vec![upstreams], &self.folder.path().join("cache")).unwrap()
    }

    fn store(&self) -> EvidenceStore {
        EvidenceStore::new(self.folder.path().join("evidence"))
    }

    fn project(&self) -> PathBuf {
        let project = self.folder.path().join("project");
        std::fs::create_dir_all(&project).unwrap();
        project
    }

    async fn online(&self, locked: &[Locked]) -> Origins {
        self.ask(locked, Some(&self.asker()), &OriginOptions::default())
            .await
    }

    async fn offline(&self, locked: &[Locked]) -> Origins {
        self.ask(locked, None, &OriginOptions::default()).await
    }

    async fn ask(
        &self,
        locked: &[Locked],
        asker: Option<&Asker>,
        options: &OriginOptions<'_>,
    ) -> Origins {
        let (trust, store) = (Trust::embedded().unwrap(), self.store());
        let gathered = gather::gather(locked, &store, asker, &Pace::default()).await;
        let means = Means {
            trust: &trust,
            store: &store,
            at_hand: AtHand {
                places: options.at_hand,
                cargo_home: None,
            },
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
        };
        answer(locked, gathered, &self.project(), options, &means).unwrap()
    }
}

fn hash(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

fn locked(purl: &str, digest: Digest) -> Locked {
    Locked {
        release: purl.parse().unwrap(),
        source: customs_ecosystem::lockfile::Source::Registry,
        digests: vec![digest],
        resolved: None,
        has_install_script: None,
        line: None,
    }
}

fn of(purl: &str) -> Locked {
    locked(purl, hash(DigestAlgorithm::Sha512, purl.as_bytes()))
}

/// A release that the public registry signed; quoted in nodejs/corepack#612.
const SIGNED: &str = "sha512-yJhHsGZ92rUDlru9AIoqQ887WB79Wc9dmqiSPqH7S4EGwEHVQNCKywlQN1lNc+vFHh7InuQMiLMLimbA+uCsGw==";

fn signature() -> Value {
    json!({"dist": {"integrity": SIGNED, "signatures": [{
        "keyid": "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
        "sig": "MEUCIQDlkgmNyZjT7KUY8AO6jH7Gs3fyiXG8nbTnuLbd8fOS2AIgXyJ6SaYhumMFzUYQAZPJGhsnlaD5N0X2MZsbG+eS/Xo=",
    }]}})
}

fn signed() -> Locked {
    locked("pkg:npm/pnpm@10.1.0", Digest::from_sri(SIGNED).unwrap())
}

/// npm's provenance of sigstore@2.0.0, which ships with a crate that customs is built with.
fn bundle() -> Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|p| p["name"] == "sigstore-verify");
    let manifest = package.unwrap()["manifest_path"].as_str().unwrap();
    let file = Path::new(manifest)
        .with_file_name("test_data/bundles/sigstore.js@2.0.0-provenance.sigstore.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn attested(bundle: &Value) -> Locked {
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    let hex = payload["subject"][0]["digest"]["sha512"].as_str().unwrap();
    let digest = Digest::from_hex(DigestAlgorithm::Sha512, hex).unwrap();
    locked("pkg:npm/sigstore@2.0.0", digest)
}

const ATTESTATIONS: &str = "/-/npm/v1/attestations/sigstore@2.0.0";

fn offers_attestations() -> Value {
    json!({"dist": {"attestations": {"url": "x", "provenance": {"predicateType": "y"}}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_signature_holds_online_and_from_the_store() {
    let world = World::new().await;
    world.npm("pnpm", "10.1.0", &signature());
    let locked = [signed()];
    let online = world.online(&locked).await;
    assert_eq!(online.answer, Answer::Yes, "{online:?}");
    assert_eq!(online.packages[0].origin.signature, Answer::Yes);
    let asked = world.server.hits().len();
    let offline = world.offline(&locked).await;
    assert_eq!(offline.answer, Answer::Yes, "{offline:?}");
    // What is whole is not asked for again, with `--fetch` neither.
    world.online(&locked).await;
    assert_eq!(world.server.hits().len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_over_other_bytes_than_the_lockfile_promises_is_a_no() {
    let world = World::new().await;
    world.npm("pnpm", "10.1.0", &signature());
    let mut entry = signed();
    entry.digests = vec![hash(DigestAlgorithm::Sha512, b"other bytes")];
    let origins = world.online(&[entry]).await;
    assert_eq!(origins.answer, Answer::No, "{origins:?}");
    let findings = &origins.packages[0].origin.findings;
    assert!(
        matches!(findings[0], Finding::Refused { .. }),
        "{findings:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_attestation_names_who_built_the_release() {
    let world = World::new().await;
    let bundle = bundle();
    world.npm("sigstore", "2.0.0", &offers_attestations());
    let document = json!({"attestations": [
        {"predicateType": "https://slsa.dev/provenance/v0.2", "bundle": bundle},
    ]});
    world.put(ATTESTATIONS, 200, document.to_string());
    let origins = world.online(&[attested(&bundle)]).await;
    let package = &origins.packages[0];
    assert_eq!(package.origin.attestation, Answer::Yes, "{package:?}");
    let identity = package.origin.identity.as_ref().unwrap();
    let repository = identity.repository.as_ref().unwrap();
    assert_eq!(repository.uri, "https://github.com/sigstore/sigstore-js");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_built_the_release_before_is_fetched_and_verified_where_no_record_says_it() {
    let world = World::new().await;
    let bundle = bundle();
    let before = attested(&bundle);
    let object = |version: &str, integrity: &str| {
        json!({
            "name": "sigstore", "version": version,
            "dist": {
                "tarball": format!("{}/sigstore/-/x-{version}.tgz", world.server.base()),
                "integrity": integrity,
                "attestations": {"url": "x", "provenance": {"predicateType": "y"}},
            },
        })
    };
    let now = of("pkg:npm/sigstore@2.1.0");
    let document = json!({
        "name": "sigstore",
        "versions": {
            "2.0.0": object("2.0.0", &before.digests[0].to_sri()),
            "2.1.0": object("2.1.0", &now.digests[0].to_sri()),
        },
        "time": {"2.0.0": "2024-01-01T00:00:00.000Z", "2.1.0": "2024-02-01T00:00:00.000Z"},
    });
    world.put("/sigstore", 200, document.to_string());
    let attestations = json!({"attestations": [
        {"predicateType": "https://slsa.dev/provenance/v0.2", "bundle": bundle},
    ]});
    let (trust, store) = (Trust::embedded().unwrap(), world.store());
    let (asker, pace, locked) = (world.asker(), Pace::default(), [now]);
    let file = customs_origin::history::TrustFile::default();
    let mut shown = Vec::new();
    for here in [false, true] {
        if here {
            world.put(ATTESTATIONS, 200, attestations.to_string());
        }
        let mut gathered = gather::gather(&locked, &store, Some(&asker), &pace).await;
        earlier::ask(&locked, &mut gathered, &file, &asker, &pace).await;
        let mut origin = OriginAnswer::unseen();
        earlier::verify(&mut gathered[0], &mut origin, &trust);
        let before = gathered[0].evidence[0].earlier[0].clone();
        assert_eq!(before.release.version.as_str(), "2.0.0");
        let builder = before.identity().and_then(|it| it.repository.clone());
        shown.push((builder.map(|it| it.uri), origin.notes));
    }
    let unknown = "who built sigstore@2.0.0 is not known: its attestation was not verified";
    assert_eq!(shown[0], (None, vec![unknown.to_owned()]));
    let known = Some("https://github.com/sigstore/sigstore-js".to_owned());
    assert_eq!(shown[1], (known, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_a_document_promises_and_nobody_hands_out_is_stripped() {
    let world = World::new().await;
    world.npm("sigstore", "2.0.0", &offers_attestations());
    let origins = world.online(&[attested(&bundle())]).await;
    let Answer::NotChecked(why) = &origins.packages[0].origin.attestation else {
        panic!("{origins:?}");
    };
    assert!(why.contains("does not pass on"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_package_that_fails_fails_no_other_one() {
    let world = World::new().await;
    world.npm("pnpm", "10.1.0", &signature());
    world.npm("sigstore", "2.0.0", &offers_attestations());
    world.put(ATTESTATIONS, 503, "busy");
    world.put("/broken", 500, "no");
    let locked = [
        signed(),
        attested(&bundle()),
        of("pkg:npm/broken@1.0.0"),
        of("pkg:npm/gone@1.0.0"),
    ];
    let origins = world.online(&locked).await;
    let of = |name: &str| {
        let found = origins
            .packages
            .iter()
            .find(|p| p.release.package.as_str() == name);
        &found.unwrap().origin
    };
    assert_eq!(of("pnpm").signature, Answer::Yes);
    for (name, why) in [
        ("sigstore", "503"),
        ("broken", "500"),
        ("gone", "does not have it"),
    ] {
        let Answer::NotChecked(because) = &of(name).attestation else {
            panic!("{name}: {origins:?}");
        };
        assert!(because.contains(why), "{name}: {because}");
    }
    assert!(matches!(origins.answer, Answer::NotChecked(_)));
    assert!(
        origins.not_checked.iter().any(|line| line.contains("503")),
        "{origins:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_shows_evidence_for_nothing_is_told_once() {
    let world = World::new().await;
    let names = ["a", "b", "c", "d"];
    for name in names {
        world.npm(name, "1.0.0", &json!({}));
    }
    let locked: Vec<Locked> = names
        .iter()
        .map(|n| of(&format!("pkg:npm/{n}@1.0.0")))
        .collect();
    let origins = world.online(&locked).await;
    let told = |line: &&String| line.contains("for none of 4 packages");
    assert_eq!(
        origins.not_checked.iter().filter(told).count(),
        1,
        "{origins:?}"
    );
    for package in &origins.packages {
        let Answer::NotChecked(why) = &package.origin.signature else {
            panic!("{package:?}");
        };
        assert!(why.contains("does not pass on"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unsigned_release_of_a_registry_that_signs_is_absent_and_not_stripped() {
    let world = World::new().await;
    world.npm("pnpm", "10.1.0", &signature());
    let mut locked = vec![signed()];
    for name in ["a", "b", "c"] {
        world.npm(name, "1.0.0", &json!({}));
        locked.push(of(&format!("pkg:npm/{name}@1.0.0")));
    }
    let origins = world.online(&locked).await;
    let Answer::NotChecked(why) = &origins.packages[0].origin.signature else {
        panic!("{origins:?}");
    };
    assert_eq!(why, "the release has no signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_without_evidence_nothing_is_green_and_nobody_is_asked() {
    let world = World::new().await;
    let origins = world.offline(&[signed()]).await;
    assert!(matches!(origins.answer, Answer::NotChecked(_)));
    assert!(origins.not_checked[0].contains("--fetch"), "{origins:?}");
    assert!(origins.packages[0].history.is_none());
    assert_eq!(world.server.hits().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_is_recorded_and_a_later_strip_is_no_loss() {
    let world = World::new().await;
    world.npm("pnpm", "10.1.0", &signature());
    let options = OriginOptions {
        history: HistoryOptions {
            update: true,
            ..HistoryOptions::default()
        },
        ..OriginOptions::default()
    };
    let locked = [signed()];
    let first = world.ask(&locked, Some(&world.asker()), &options).await;
    assert!(
        first.recorded[0].contains("1 recorded for the first time"),
        "{first:?}"
    );
    let file = world.project().join(history::FILE);
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("pnpm") && written.contains("signature"),
        "{written}"
    );
    // A newer release, without anything: it is told, not blocked.
    world.npm("pnpm", "10.2.0", &json!({}));
    let newer = [of("pkg:npm/pnpm@10.2.0")];
    let second = world.online(&newer).await;
    let judgement = second.packages[0].history.as_ref().unwrap();
    assert!(
        matches!(judgement.outcome, Outcome::NotChecked(_) | Outcome::Warn),
        "{judgement:?}"
    );
    assert_ne!(second.answer, Answer::Yes);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        written,
        "nothing was updated"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_file_is_asked_about_where_its_page_says() {
    let world = World::new().await;
    let name = "a-1.0-py3-none-any.whl";
    let digest = hash(DigestAlgorithm::Sha256, b"wheel");
    let page = json!({
        "meta": {"api-version": "1.3"}, "name": "a", "versions": ["1.0"],
        "files": [{
            "filename": name, "url": format!("{}/files/{name}", world.server.base()),
            "hashes": {"sha256": digest.to_hex()}, "size": 5,
            "upload-time": "2024-01-01T00:00:00Z",
            "provenance": format!("{}/integrity/a", world.server.base()),
        }],
    });
    let mut response = Response::of(200, "application/vnd.pypi.simple.v1+json", page.to_string());
    world
        .shelves
        .0
        .lock()
        .unwrap()
        .insert("/a/".into(), response.clone());
    world.put(
        "/integrity/a",
        200,
        "{\"version\": 1, \"attestation_bundles\": []}",
    );
    let locked = [locked("pkg:pypi/a@1.0", digest)];
    let origins = world.online(&locked).await;
    let Answer::NotChecked(why) = &origins.packages[0].origin.attestation else {
        panic!("{origins:?}");
    };
    assert_eq!(why, "the file has no attestation");
    assert_eq!(world.server.count("/integrity/a"), 1);
    // A page may not send us to an inner address of another port.
    response = Response::of(
        200,
        "application/vnd.pypi.simple.v1+json",
        page.to_string().replace("/integrity/a", "/../x").replace(
            &format!("{}/../x", world.server.base()),
            "http://127.0.0.1:1/x",
        ),
    );
    let other = World::new().await;
    other
        .shelves
        .0
        .lock()
        .unwrap()
        .insert("/a/".into(), response);
    let origins = other.online(&locked).await;
    let Answer::NotChecked(why) = &origins.packages[0].origin.attestation else {
        panic!("{origins:?}");
    };
    assert!(why.contains("inner address"), "{why}");
}

/// A page that names a provenance object: it is gone, its host fails, or something else stands there.
#[tokio::test(flavor = "multi_thread")]
async fn a_provenance_object_that_a_page_names_and_that_does_not_come_is_not_checked() {
    let name = "a-1.0-py3-none-any.whl";
    let digest = hash(DigestAlgorithm::Sha256, b"wheel");
    for (status, body, words) in [
        (404, "", "does not pass on"),
        (410, "", "does not pass on"),
        (403, "", "403"),
        (500, "", "500"),
        (200, "<html>log in</html>", "is no JSON object"),
    ] {
        let world = World::new().await;
        let page = json!({
            "meta": {"api-version": "1.3"}, "name": "a", "versions": ["1.0"],
            "files": [{
                "filename": name, "url": format!("{}/files/{name}", world.server.base()),
                "hashes": {"sha256": digest.to_hex()}, "size": 5,
                "upload-time": "2024-01-01T00:00:00Z",
                "provenance": format!("{}/integrity/a", world.server.base()),
            }],
        });
        let kind = "application/vnd.pypi.simple.v1+json";
        let page = Response::of(200, kind, page.to_string());
        world.shelves.0.lock().unwrap().insert("/a/".into(), page);
        world.put("/integrity/a", status, body);
        let origins = world
            .online(&[locked("pkg:pypi/a@1.0", digest.clone())])
            .await;
        let origin = &origins.packages[0].origin;
        let Answer::NotChecked(why) = &origin.attestation else {
            panic!("{status}: {origins:?}");
        };
        assert!(why.contains(words), "{status}: {why}");
        assert!(origin.identity.is_none(), "{status}: {origins:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_fetched_only_if_it_is_what_the_lockfile_promises() {
    let world = World::new().await;
    world.put("/good/-/good-1.0.0.tgz", 200, "good bytes");
    world.put("/bad/-/bad-1.0.0.tgz", 200, "other bytes");
    let entry = |name: &str, bytes: &[u8]| {
        let purl = format!("pkg:npm/{name}@1.0.0");
        let resolved = format!("{}/{name}/-/{name}-1.0.0.tgz", world.server.base());
        Locked {
            resolved: Some(resolved),
            ..locked(&purl, hash(DigestAlgorithm::Sha512, bytes))
        }
    };
    let locked = [entry("good", b"good bytes"), entry("bad", b"bad bytes")];
    let into = world.folder.path().join("fetched");
    let none = fetch::Interpreters::new();
    let fetched = fetch::fetch(&world.asker(), &locked, &none, &into)
        .await
        .unwrap();
    assert_eq!(
        (fetched.fetched, fetched.missing.len()),
        (1, 1),
        "{fetched:?}"
    );
    assert!(fetched.missing[0].starts_with("bad@1.0.0: "), "{fetched:?}");
    let places: Vec<Box<dyn Source>> =
        vec![Box::new(customs_device::artifact::ByDigest::fetched(&into))];
    let at_hand = AtHand {
        places: &places,
        cargo_home: None,
    };
    let bytes = at_hand.bytes(&locked[0], &locked[0].digests).unwrap();
    assert_eq!(bytes.bytes, b"good bytes");
    assert!(at_hand.bytes(&locked[1], &locked[1].digests).is_err());
    let again = fetch::fetch(&world.asker(), &locked[..1], &none, &into)
        .await
        .unwrap();
    assert_eq!((again.there, again.fetched), (1, 0));
}

#[test]
fn a_reason_is_told_once_with_examples() {
    let mut reasons = Reasons::default();
    for n in 0..5 {
        reasons.add("it is not signed", &format!("a@{n}"));
    }
    reasons.add("it lies elsewhere", "b@1");
    insta::assert_snapshot!(reasons.sentences().join("\n"), @r"
    5 packages (a@0, a@1, a@2, …): it is not signed
    1 package (b@1): it lies elsewhere
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_of_what_is_not_in_the_lockfile_is_refused() {
    let world = World::new().await;
    let release: ReleaseId = "pkg:npm/other@1.0.0".parse().unwrap();
    let subjects: Vec<Subject<'_>> = Vec::new();
    let options = HistoryOptions {
        accept: Some((&release, "looked at it")),
        ..HistoryOptions::default()
    };
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let failure = history::judge(&world.project(), &subjects, &options, now)
        .err()
        .unwrap();
    assert_eq!(failure.code, 2);
    assert!(
        failure.to_string().contains("not in the lockfile"),
        "{failure}"
    );
}
