//! Proofs of origin: kept of what is delivered, held against it, and never waited for.

use crate::harness::{Gated, World, all_at, run_request, with as with_fault};
use crate::shelves::{Release, STALE, days, digest, hours, package, release, tarball_path, tgz};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use customs_gate::Waits;
use customs_model::{Answer, Digest, DigestAlgorithm, ReleaseId};
use customs_origin::{Offered, Trust, TrustFiles};
use customs_registry::evidence::{ArtifactEvidence, EvidenceStore, Offer, Told};
use customs_replay::{Fault, Faults, Response};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A registry's key.
struct Registrar(EcdsaKeyPair);

impl Registrar {
    fn new() -> Self {
        let random = SystemRandom::new();
        let how = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(how, key.as_ref(), &random).unwrap())
    }

    /// The digest of what OpenSSH writes of a key (RFC 5656, 3.1).
    fn id(&self) -> String {
        let mut wire = Vec::new();
        let point = self.0.public_key().as_ref();
        for part in [&b"ecdsa-sha2-nistp256"[..], b"nistp256", point] {
            wire.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            wire.extend(part);
        }
        let id = STANDARD_NO_PAD.encode(Digest::sha256(&wire).as_bytes());
        format!("SHA256:{id}")
    }

    /// The document of the keys endpoint.
    fn keys(&self) -> Vec<u8> {
        // SubjectPublicKeyInfo of a P-256 key, up to its point.
        let head = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
        let mut spki = STANDARD.decode(format!("{head}AAAA")).unwrap();
        spki.truncate(26);
        spki.extend(self.0.public_key().as_ref());
        let key = STANDARD.encode(spki);
        let keys = json!({"keys": [{"keyid": self.id(), "key": key, "expires": null}]});
        keys.to_string().into_bytes()
    }

    fn trust(&self) -> Trust {
        let files = TrustFiles {
            npm_keys: Some(self.keys()),
            ..TrustFiles::default()
        };
        Trust::from_files(&files).unwrap()
    }

    /// `dist.signatures` over a release with these bytes.
    fn signed(&self, name: &str, version: &str, bytes: &[u8]) -> Value {
        let integrity = digest(DigestAlgorithm::Sha512, bytes).to_sri();
        let message = format!("{name}@{version}:{integrity}");
        let signature = self
            .0
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        let sig = STANDARD.encode(signature.as_ref());
        json!({"dist": {"signatures": [{"keyid": self.id(), "sig": sig}]}})
    }
}

/// A world whose user trusts this key.
async fn trusting(registrar: &Registrar, faults: Faults) -> World {
    let mut world = World::with(faults, Waits::default()).await;
    let folder = world.gate.folder.path().join("data").join("trust");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("npm_keys.json"), registrar.keys()).unwrap();
    // What is trusted is read when a run begins.
    let reply = world
        .gate
        .begin(&run_request(all_at(&world.server.base())))
        .await;
    (world.gate.token, world.gate.id) = (reply.token, reply.id);
    world
}

fn bytes_of(name: &str, version: &str) -> Vec<u8> {
    let manifest = format!(r#"{{"name": "{name}", "version": "{version}"}}"#);
    tgz(&[("package.json", &manifest)])
}

fn old(name: &str, version: &str, more: Value) -> Release {
    release(version, days(400))
        .bytes(bytes_of(name, version))
        .more(more)
}

impl World {
    fn publish_one(&self, name: &str, release: Release) {
        let version = release.version.clone();
        let package = package(name, self.now(), vec![release]);
        self.publish(&package.tags(&[("latest", &version)]));
    }
}

pub fn store(gate: &Gated) -> EvidenceStore {
    EvidenceStore::new(gate.folder.path().join("data/evidence"))
}

fn key(name: &str, version: &str) -> (ReleaseId, Digest) {
    let release = format!("pkg:npm/{name}@{version}").parse().unwrap();
    let bytes = bytes_of(name, version);
    (release, digest(DigestAlgorithm::Sha512, &bytes))
}

/// Waits until something is so.
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The evidence of a release, once it is kept and is like this.
async fn kept(
    gate: &Gated,
    name: &str,
    version: &str,
    like: impl Fn(&Told<String>) -> bool,
) -> ArtifactEvidence {
    let (release, digest) = key(name, version);
    let store = store(gate);
    let look = || {
        let found = store.read(&release, &digest).unwrap()?;
        let told = found.offer.attestation().unwrap();
        like(told).then(|| found.clone())
    };
    until("its evidence is kept", look).await
}

fn any(_: &Told<String>) -> bool {
    true
}

/// The real attestation of another artifact, which ships with a crate that customs is built with.
fn bundle() -> Value {
    let output = Command::new(env!("CARGO"))
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

const ATTESTATIONS: &str = "/-/npm/v1/attestations/sigstore@2.0.0";

fn attested() -> Value {
    json!({"dist": {"attestations": {"url": "x", "provenance": {"predicateType": "y"}}}})
}

fn tarball(name: &str) -> String {
    tarball_path(name, "1.0.0")
}

#[tokio::test]
async fn what_was_delivered_is_verified_from_the_store_without_a_question_to_anybody() {
    let registrar = Registrar::new();
    let world = trusting(&registrar, Faults::none()).await;
    let more = registrar.signed("left", "1.0.0", &bytes_of("left", "1.0.0"));
    world.publish_one("left", old("left", "1.0.0", more));
    assert_eq!(world.gate.get(&tarball("left")).await.status, 200);
    let evidence = kept(&world.gate, "left", "1.0.0", any).await;
    assert_eq!(world.asked("/left"), 1, "the document is at hand");
    assert_eq!(world.server.count("/-/"), 0, "it names no attestation");

    let Offer::Npm {
        signatures,
        attestations,
    } = &evidence.offer
    else {
        panic!("{evidence:?}");
    };
    assert_eq!(*attestations, Told::Absent);
    let (release, digest) = key("left", "1.0.0");
    let integrity = digest.to_sri();
    let release = customs_origin::npm::Release {
        id: &release,
        integrity: &integrity,
        published: evidence.shown.published,
    };
    let signatures = signatures.offered(Clone::clone);
    let trust = registrar.trust();
    let answer = customs_origin::npm::look(&release, &signatures, &Offered::Absent, &trust);
    assert_eq!(answer.signature, Answer::Yes, "{answer:?}");
}

#[tokio::test]
async fn an_old_release_whose_signature_is_of_other_bytes_is_not_even_fetched() {
    let registrar = Registrar::new();
    let world = trusting(&registrar, Faults::none()).await;
    let more = registrar.signed("left", "1.0.0", b"the true tarball");
    world.publish_one("left", old("left", "1.0.0", more));
    let refused = world.gate.get(&tarball("left")).await;
    let words = ["left@1.0.0", "false-origin", "signature does not hold"];
    refused.explained(403, &words);
    assert_eq!(world.asked(&tarball("left")), 0);
    let report = world.gate.report().await;
    assert_eq!(report.refused[0].rule, "false-origin", "{report:?}");
    // The registry corrects itself: no trace of it is left.
    let more = registrar.signed("left", "1.0.0", &bytes_of("left", "1.0.0"));
    world.publish_one("left", old("left", "1.0.0", more));
    world.gate.later(STALE);
    assert_eq!(world.gate.get(&tarball("left")).await.status, 200);
}

#[tokio::test]
async fn a_young_release_with_a_false_signature_is_not_offered_and_the_one_before_is_taken() {
    let registrar = Registrar::new();
    let world = trusting(&registrar, Faults::none()).await;
    let good = registrar.signed("left", "1.0.0", &bytes_of("left", "1.0.0"));
    let copied = good.clone();
    let releases = vec![
        old("left", "1.0.0", good),
        release("1.0.1", days(10))
            .bytes(bytes_of("left", "1.0.1"))
            .more(copied),
    ];
    let left = package("left", world.now(), releases);
    world.publish(&left.tags(&[("latest", "1.0.1")]));
    let document = world.gate.get("/left").await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
    assert!(document["versions"].get("1.0.1").is_none(), "{document}");
    assert_eq!(world.gate.get(&tarball("left")).await.status, 200);
    let held = world.gate.report().await.held;
    assert_eq!(held[0].rule, "false-origin", "{held:?}");
}

#[tokio::test]
async fn evidence_that_is_absent_or_by_a_key_that_nobody_knows_holds_nothing() {
    let world = trusting(&Registrar::new(), Faults::none()).await;
    let stranger = Registrar::new();
    let odd = json!({"dist": {"signatures": [{"keyid": 1}]}});
    let unknown = stranger.signed("strange", "1.0.0", b"other bytes");
    for (name, more) in [("bare", json!({})), ("strange", unknown), ("odd", odd)] {
        world.publish_one(name, old(name, "1.0.0", more));
        let answered = world.gate.get(&tarball(name)).await;
        assert_eq!(answered.status, 200, "{name}: {}", answered.text());
    }
}

#[tokio::test]
async fn an_attestation_of_another_artifact_is_held_against_the_next_delivery() {
    let world = trusting(&Registrar::new(), Faults::none()).await;
    world.publish_one("sigstore", old("sigstore", "2.0.0", attested()));
    let predicate = "https://slsa.dev/provenance/v0.2";
    let document = json!({"attestations": [{"predicateType": predicate, "bundle": bundle()}]});
    world.shelves.put_json(ATTESTATIONS, &document);
    let path = tarball_path("sigstore", "2.0.0");
    // Nobody waits for it.
    assert_eq!(world.gate.get(&path).await.status, 200);
    let marked = key("sigstore", "2.0.0");
    let all = || store(&world.gate).suspects().unwrap();
    until("it is marked", || all().contains(&marked).then_some(())).await;
    let refused = world.gate.get(&path).await;
    refused.explained(403, &["sigstore@2.0.0", "false-origin"]);
    let report = world.gate.report().await;
    let told = |w: &String| w.contains("false-origin") && w.contains("before its attestation");
    assert!(report.warnings.iter().any(told), "{report:?}");

    // The registry takes it back; it is asked again, not at once.
    world.shelves.take_away(ATTESTATIONS);
    world.gate.later(hours(2));
    assert_eq!(world.gate.get(&path).await.status, 403);
    until("the mark is off", || all().is_empty().then_some(())).await;
    assert_eq!(world.gate.get(&path).await.status, 200);
}

#[tokio::test]
async fn what_a_registry_names_and_does_not_hand_out_is_remembered_with_the_time() {
    let world = trusting(&Registrar::new(), Faults::none()).await;
    world.publish_one("sigstore", old("sigstore", "2.0.0", attested()));
    let path = tarball_path("sigstore", "2.0.0");
    let stripped = |told: &Told<String>| *told == Told::Stripped;
    for _ in 0..3 {
        assert_eq!(world.gate.get(&path).await.status, 200);
        let evidence = kept(&world.gate, "sigstore", "2.0.0", stripped).await;
        assert_eq!(evidence.asked, world.now());
    }
    assert_eq!(world.asked(ATTESTATIONS), 1);
}

#[tokio::test]
async fn evidence_that_is_huge_is_not_kept_and_what_came_with_the_document_is() {
    let registrar = Registrar::new();
    let world = trusting(&registrar, Faults::none()).await;
    let mut more = registrar.signed("sigstore", "2.0.0", &bytes_of("sigstore", "2.0.0"));
    more["dist"]["attestations"] = attested()["dist"]["attestations"].clone();
    world.publish_one("sigstore", old("sigstore", "2.0.0", more));
    let huge = vec![b' '; 9 << 20];
    world
        .shelves
        .put(ATTESTATIONS, Response::of(200, "application/json", huge));
    let path = tarball_path("sigstore", "2.0.0");
    assert_eq!(world.gate.get(&path).await.status, 200);
    let long = |told: &Told<String>| told.failed().is_some_and(|why| why.contains("longer than"));
    let evidence = kept(&world.gate, "sigstore", "2.0.0", long).await;
    let Offer::Npm { signatures, .. } = evidence.offer else {
        panic!("{evidence:?}");
    };
    assert!(signatures.here().is_some());
}

#[tokio::test]
async fn an_upstream_that_is_slow_with_evidence_delays_no_delivery() {
    let silent = with_fault(Fault::default(), |f| f.hang_after = Some(0));
    let faults = Faults::none().below("/-/npm/v1/attestations", silent);
    let world = trusting(&Registrar::new(), faults).await;
    world.publish_one("sigstore", old("sigstore", "2.0.0", attested()));
    let path = tarball_path("sigstore", "2.0.0");
    assert_eq!(world.gate.get(&path).await.status, 200);
    let asked = || (world.server.count("/-/npm/v1/attestations") > 0).then_some(());
    until("it is asked", asked).await;
    // While it is waited for, others are delivered.
    for name in ["a", "b", "c"] {
        world.publish_one(name, old(name, "1.0.0", json!({})));
        let begun = Instant::now();
        assert_eq!(world.gate.get(&tarball(name)).await.status, 200);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    let pending = |told: &Told<String>| told.failed().is_some();
    kept(&world.gate, "sigstore", "2.0.0", pending).await;
}

#[tokio::test]
async fn a_registry_that_signs_nothing_is_told_once_for_a_run() {
    let registrar = Registrar::new();
    let world = trusting(&registrar, Faults::none()).await;
    let said = async || {
        let not_known = world.gate.report().await.not_known;
        let about = not_known
            .iter()
            .filter(|line| line.contains("serves no signatures"));
        about.count()
    };
    for (count, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        world.publish_one(name, old(name, "1.0.0", json!({})));
        assert_eq!(world.gate.get(&tarball(name)).await.status, 200);
        assert_eq!(said().await, usize::from(count >= 2), "{name}");
    }
    let more = registrar.signed("e", "1.0.0", &bytes_of("e", "1.0.0"));
    world.publish_one("e", old("e", "1.0.0", more));
    assert_eq!(world.gate.get(&tarball("e")).await.status, 200);
    assert_eq!(said().await, 0, "it signs something");
}

#[tokio::test]
async fn roots_that_cannot_be_used_are_said_and_stop_nothing() {
    let world = World::new().await;
    let folder = world.gate.folder.path().join("data").join("trust");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("npm_keys.json"), b"{}").unwrap();
    let reply = world
        .gate
        .begin(&run_request(all_at(&world.server.base())))
        .await;
    let told = |line: &String| line.contains("npm_keys.json") && line.contains("cannot be used");
    assert!(reply.not_known.iter().any(told), "{:?}", reply.not_known);
}
