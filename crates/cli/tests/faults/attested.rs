//! Attestations that hold: delivered, and kept with who built it. The same ones about other bytes are
//! false, and what they name is not delivered again.

use crate::authority::synthetic::{self, WORKFLOW, github_claims};
use crate::harness::{World, all_at, run_request};
use crate::origins::{store, until};
use crate::shelves::{days, digest, package, release, tarball_path, tgz};
use customs_gate::Waits;
use customs_model::{Answer, Digest, DigestAlgorithm, ReleaseId};
use customs_origin::roots::Source;
use customs_origin::{OriginAnswer, Trust, TrustFiles, npm, pypi};
use customs_registry::evidence::{ArtifactEvidence, Offer};
use customs_replay::{Faults, Response};
use serde_json::{Value, json};
use std::time::Duration;

pub const NPM_PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
pub const SLSA: &str = "https://slsa.dev/provenance/v1";
const PYPI_PUBLISH: &str = "https://docs.index.example/attestations/publish/v1";

/// What a gate trusts besides what comes with it: this world's root and its registry's keys.
pub fn files(authorities: &synthetic::World) -> TrustFiles {
    TrustFiles {
        trusted_root: Some(authorities.root().to_string().into_bytes()),
        npm_keys: Some(authorities.keys().into_bytes()),
        ..TrustFiles::default()
    }
}

/// A gate whose user trusts these files.
pub async fn trusting(files: &TrustFiles) -> World {
    // Long, so that a busy machine changes nothing.
    trusting_through(Faults::none(), Duration::from_secs(60), files).await
}

/// The same in front of a registry that fails, with so much patience for its attestations.
pub async fn trusting_through(faults: Faults, evidence: Duration, files: &TrustFiles) -> World {
    let waits = Waits {
        evidence,
        ..Waits::default()
    };
    let mut world = World::with(faults, waits).await;
    let folder = world.gate.folder.path().join("data").join("trust");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in [
        ("trusted_root.json", &files.trusted_root),
        ("npm_keys.json", &files.npm_keys),
    ] {
        if let Some(bytes) = bytes {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
    // What is trusted is read when a run begins.
    let reply = world
        .gate
        .begin(&run_request(all_at(&world.server.base())))
        .await;
    (world.gate.token, world.gate.id) = (reply.token, reply.id);
    world
}

pub fn statement(subject: &str, digest: &Digest, kind: &str, predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": subject, "digest": {(digest.algorithm().name()): digest.to_hex()}}],
        "predicateType": kind,
        "predicate": predicate,
    })
}

/// A file that a registry hands out, with what is said of its origin.
struct Shelved {
    release: ReleaseId,
    file: String,
    bytes: Vec<u8>,
    /// Where the gate hands it out.
    path: String,
}

impl Shelved {
    fn digest(&self) -> Digest {
        let algorithm = match self.release.package.ecosystem() {
            customs_model::Ecosystem::Npm => DigestAlgorithm::Sha512,
            _ => DigestAlgorithm::Sha256,
        };
        digest(algorithm, &self.bytes)
    }

    /// The name under which attestations mean it.
    fn subject(&self) -> String {
        match self.release.package.ecosystem() {
            customs_model::Ecosystem::Npm => self.release.to_string(),
            _ => self.file.clone(),
        }
    }

    fn look(&self, evidence: &ArtifactEvidence, trust: &Trust) -> OriginAnswer {
        let digest = self.digest();
        let bytes = |text: &String| text.clone().into_bytes();
        match &evidence.offer {
            Offer::Npm {
                signatures,
                attestations,
            } => {
                let release = npm::Release {
                    id: &self.release,
                    integrity: &digest.to_sri(),
                    published: evidence.shown.published,
                };
                let signatures = signatures.offered(Clone::clone);
                npm::look(&release, &signatures, &attestations.offered(bytes), trust)
            }
            Offer::Pypi { provenance } => {
                let file = pypi::File {
                    release: &self.release,
                    name: &self.file,
                    digest: &digest,
                };
                pypi::look(&file, &provenance.offered(bytes), trust)
            }
            Offer::Cargo { .. } => panic!("cargo has none: {evidence:?}"),
        }
    }
}

/// Puts an old npm package with provenance and a publish attestation about a subject and a digest.
fn npm_package(
    world: &World,
    by: &synthetic::World,
    name: &str,
    about: impl Fn(&Shelved) -> (String, Digest),
) -> Shelved {
    npm_package_of(400, world, by, name, about)
}

/// The same, published so many days ago.
fn npm_package_of(
    age: i64,
    world: &World,
    by: &synthetic::World,
    name: &str,
    about: impl Fn(&Shelved) -> (String, Digest),
) -> Shelved {
    let manifest = format!(r#"{{"name": "{name}", "version": "1.0.0"}}"#);
    let shelved = Shelved {
        release: format!("pkg:npm/{name}@1.0.0").parse().unwrap(),
        file: format!("{name}-1.0.0.tgz"),
        bytes: tgz(&[("package.json", &manifest)]),
        path: tarball_path(name, "1.0.0"),
    };
    let (subject, digest) = about(&shelved);
    let published =
        json!({"name": name, "version": "1.0.0", "registry": "https://registry.example"});
    let publish = statement(&subject, &digest, NPM_PUBLISH, &published);
    let built = statement(&subject, &digest, SLSA, &json!({}));
    let document = json!({"attestations": [
        {"predicateType": NPM_PUBLISH, "bundle": by.attest_with_key(&publish)},
        {"predicateType": SLSA, "bundle": by.attest(WORKFLOW, &github_claims(), &built)},
    ]});
    let path = format!("/-/npm/v1/attestations/{name}@1.0.0");
    world.shelves.put_json(&path, &document);
    let named =
        json!({"dist": {"attestations": {"url": "x", "provenance": {"predicateType": SLSA}}}});
    let one = release("1.0.0", days(age))
        .bytes(shelved.bytes.clone())
        .more(named);
    world.publish(&package(name, world.now(), vec![one]).tags(&[("latest", "1.0.0")]));
    shelved
}

/// Puts an old source distribution with a provenance object (PEP 740), in the same way.
fn pypi_file(
    world: &World,
    by: &synthetic::World,
    name: &str,
    about: impl Fn(&Shelved) -> (String, Digest),
) -> Shelved {
    let base = world.server.base();
    let file = format!("{name}-1.0.0.tar.gz");
    let url = format!("{base}/files/{file}");
    let gate = world.gate.url("");
    let there = customs_gate::file_url_to_gate(&gate, &url).unwrap();
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n");
    let shelved = Shelved {
        release: format!("pkg:pypi/{name}@1.0.0").parse().unwrap(),
        file: file.clone(),
        bytes: tgz(&[("PKG-INFO", &metadata)]),
        path: there.strip_prefix(&gate).unwrap().to_owned(),
    };
    let (subject, digest) = about(&shelved);
    let said = statement(&subject, &digest, PYPI_PUBLISH, &Value::Null);
    let bundle = by.attest(WORKFLOW, &github_claims(), &said);
    let attestation = json!({
        "version": 1,
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
        "verification_material": {
            "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
            "transparency_entries": bundle["verificationMaterial"]["tlogEntries"],
        },
    });
    let publisher = json!({"kind": "GitHub", "repository": "o/r", "workflow": "release.yml", "environment": null});
    let object = json!({"version": 1, "attestation_bundles": [
        {"publisher": publisher, "attestations": [attestation]},
    ]});
    let provenance = format!("/integrity/{name}/1.0.0/{file}/provenance");
    world.shelves.put_json(&provenance, &object);
    let page = json!({"meta": {"api-version": "1.3"}, "name": name, "files": [{
        "filename": file, "url": url, "hashes": {"sha256": shelved.digest().to_hex()},
        "provenance": format!("{base}{provenance}"),
        "upload-time": (world.now() - days(400)).to_string(),
    }]});
    let kind = "application/vnd.pypi.simple.v1+json";
    world.shelves.put(
        &format!("/simple/{name}/"),
        Response::of(200, kind, page.to_string()),
    );
    let kind = "application/octet-stream";
    world.shelves.put(
        &format!("/files/{file}"),
        Response::of(200, kind, shelved.bytes.clone()),
    );
    shelved
}

/// What is said of itself.
fn truly(shelved: &Shelved) -> (String, Digest) {
    (shelved.subject(), shelved.digest())
}

/// What is said of other bytes under its name.
fn of_other_bytes(shelved: &Shelved) -> (String, Digest) {
    let algorithm = shelved.digest().algorithm();
    (shelved.subject(), digest(algorithm, b"other bytes"))
}

/// Its own bytes under another name.
fn under_another_name(shelved: &Shelved) -> (String, Digest) {
    let name = shelved.subject().replace("1.0.0", "1.0.1");
    (name, shelved.digest())
}

/// The evidence of it, once what it names was asked for.
async fn kept(world: &World, shelved: &Shelved) -> ArtifactEvidence {
    let (release, digest) = (&shelved.release, shelved.digest());
    let look = || {
        let found = store(&world.gate).read(release, &digest).unwrap()?;
        let here = found.offer.attestation()?.here().is_some();
        here.then_some(found)
    };
    until("its evidence is kept", look).await
}

/// Waits until everything that was delivered before was looked at: one follows the other.
async fn all_looked_at(world: &World, by: &synthetic::World, name: &str) {
    let last = npm_package(world, by, name, truly);
    assert_eq!(world.gate.get(&last.path).await.status, 200);
    kept(world, &last).await;
}

#[tokio::test]
async fn what_holds_is_delivered_and_kept_with_who_built_it() {
    let by = synthetic::World::new();
    let files = files(&by);
    let world = trusting(&files).await;
    let trust = Trust::from_files(&files).unwrap();
    assert_eq!(trust.public.source, Source::Updated, "it is the newer one");
    let all = [
        npm_package(&world, &by, "left", truly),
        pypi_file(&world, &by, "right", truly),
    ];
    for shelved in &all {
        let name = &shelved.release;
        let answered = world.gate.get(&shelved.path).await;
        assert_eq!(answered.status, 200, "{name}: {}", answered.text());
        assert_eq!(answered.body, shelved.bytes, "{name}");
        let evidence = kept(&world, shelved).await;
        let answer = shelved.look(&evidence, &trust);
        assert_eq!(answer.attestation, Answer::Yes, "{name}: {answer:?}");
        // As `--trusted-root` has it, the root stands alone.
        let alone = shelved.look(&evidence, &by.trust());
        assert_eq!(alone.attestation, Answer::Yes, "{name}: {alone:?}");
        let identity = answer.identity.unwrap();
        assert_eq!(identity.subject, WORKFLOW, "{name}");
        assert_eq!(
            identity.issuer, "https://token.actions.githubusercontent.com",
            "{name}"
        );
    }
    all_looked_at(&world, &by, "last").await;
    assert!(store(&world.gate).suspects().unwrap().is_empty());
    for shelved in &all {
        assert_eq!(world.gate.get(&shelved.path).await.status, 200);
    }
    let report = world.gate.report().await;
    assert!(report.refused.is_empty(), "{report:?}");
    assert!(
        !report.warnings.iter().any(|line| line.contains("origin")),
        "{report:?}"
    );
}

#[tokio::test]
async fn what_holds_of_other_bytes_or_of_another_name_is_false_and_not_delivered_again() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    for shelved in [
        npm_package(&world, &by, "left", of_other_bytes),
        npm_package(&world, &by, "middle", under_another_name),
        pypi_file(&world, &by, "right", of_other_bytes),
        pypi_file(&world, &by, "further", under_another_name),
    ] {
        let name = &shelved.release;
        // Nobody waits for it.
        let answered = world.gate.get(&shelved.path).await;
        assert_eq!(answered.status, 200, "{name}: {}", answered.text());
        let marked = (shelved.release.clone(), shelved.digest());
        let is_marked = || {
            let suspects = store(&world.gate).suspects().unwrap();
            suspects.contains(&marked).then_some(())
        };
        until("it is marked", is_marked).await;
        let refused = world.gate.get(&shelved.path).await;
        assert_eq!(refused.status, 403, "{name}: {}", refused.text());
        let report = world.gate.report().await;
        let told = report.refused.iter().any(|entry| {
            entry.rule == "false-origin" && entry.what.contains(name.package.as_str())
        });
        assert!(told, "{name}: {report:?}");
    }
}

#[tokio::test]
async fn of_a_young_release_what_is_false_holds_its_first_delivery() {
    let by = synthetic::World::new();
    let world = trusting(&files(&by)).await;
    let good = npm_package_of(10, &world, &by, "left", truly);
    let answered = world.gate.get(&good.path).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    let evidence = kept(&world, &good).await;
    let trust = Trust::from_files(&files(&by)).unwrap();
    assert_eq!(good.look(&evidence, &trust).attestation, Answer::Yes);
    for bad in [
        npm_package_of(10, &world, &by, "middle", of_other_bytes),
        npm_package_of(10, &world, &by, "right", under_another_name),
    ] {
        let name = &bad.release;
        let refused = world.gate.get(&bad.path).await;
        assert_eq!(refused.status, 403, "{name}: {}", refused.text());
        let report = world.gate.report().await;
        let told = report.refused.iter().any(|entry| {
            entry.rule == "false-origin" && entry.what.contains(name.package.as_str())
        });
        assert!(told, "{name}: {report:?}");
    }
}

#[tokio::test]
async fn what_an_authority_says_that_is_not_trusted_here_holds_nothing_and_proves_nothing() {
    let (by, others) = (synthetic::World::new(), synthetic::World::new());
    let known = files(&others);
    let world = trusting(&known).await;
    let trust = Trust::from_files(&known).unwrap();
    for shelved in [
        npm_package(&world, &by, "left", of_other_bytes),
        pypi_file(&world, &by, "right", of_other_bytes),
    ] {
        let name = &shelved.release;
        assert_eq!(world.gate.get(&shelved.path).await.status, 200, "{name}");
        let evidence = kept(&world, &shelved).await;
        let answer = shelved.look(&evidence, &trust);
        assert_ne!(answer.attestation, Answer::Yes, "{name}: {answer:?}");
        assert!(answer.identity.is_none(), "{name}: {answer:?}");
        all_looked_at(&world, &others, &format!("after-{}", name.package.as_str())).await;
        assert_eq!(world.gate.get(&shelved.path).await.status, 200, "{name}");
    }
    assert!(store(&world.gate).suspects().unwrap().is_empty());
}
