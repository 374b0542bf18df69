//! Cases of the public conformance suite, made again with an authority and logs of this test's own: the
//! form of a bundle, missing proofs and times, the ends of what a root trusts, roots in a chain. Each
//! is asked as a file and as a digest, as the suite does.

use super::*;
use crate::testing::synthetic::{WORKFLOW, World, github_claims};

const FILE: &[u8] = b"file";

fn statement() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "file", "digest": {"sha256": Digest::sha256(FILE).to_hex()}}],
        "predicateType": "https://predicate.example/v1",
        "predicate": {},
    })
}

/// A bundle of this world and the root that trusts it, for who changes either.
struct Case {
    world: World,
    bundle: Value,
    root: Value,
}

type Change = fn(&mut Case);

impl Case {
    fn new() -> Self {
        let world = World::new();
        let bundle = world.attest(WORKFLOW, &github_claims(), &statement());
        let root = world.root();
        Self {
            world,
            bundle,
            root,
        }
    }

    fn entry(&mut self, path: &str) -> &mut Value {
        entry(&mut self.bundle, path)
    }

    /// The same proof in the form of an earlier version.
    fn as_version(&mut self, version: &str) {
        let media = format!("application/vnd.dev.sigstore.bundle+json;version={version}");
        self.bundle["mediaType"] = media.into();
        let material = &mut self.bundle["verificationMaterial"];
        let leaf = material["certificate"].take();
        material.as_object_mut().unwrap().remove("certificate");
        material["x509CertificateChain"] = json!({"certificates": [leaf]});
    }

    fn remove(&mut self, path: &str, name: &str) {
        let found = self.entry(path).as_object_mut().unwrap().remove(name);
        found.expect("it was there");
    }

    /// One more certificate behind the leaf.
    fn chain(&mut self, certificate: Value) {
        let all = &mut self.bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
        all.as_array_mut().unwrap().push(certificate);
    }

    /// The only authority's own certificate.
    fn own_root(&self) -> Value {
        self.root["certificateAuthorities"][0]["certChain"]["certificates"][0].clone()
    }

    fn verify(&self, subject: Subject<'_>) -> Result<Proof, Refusal> {
        let root = self.root.to_string();
        let authority = Authority::from_json(root.as_bytes(), Instance::Own)
            .map_err(|why| Refusal::new(Why::Unreadable, why.to_string()))?;
        let bundle = Bundle::read(self.bundle.to_string().as_bytes())?;
        authority.verify(&bundle, subject, &[ACTIONS])
    }
}

/// What holds.
#[rustfmt::skip] // one line, one case
const GOOD: &[(&str, Change)] = &[
    ("version 0.3", |_| ()),
    ("version 0.2", |c| c.as_version("0.2")),
    ("version 0.1", |c| c.as_version("0.1")),
    ("version 0.1 without a proof", |c| { c.as_version("0.1"); c.remove("", "inclusionProof"); }),
    ("two authorities of one name", |c| {
        let other = World::new().root()["certificateAuthorities"][0].clone();
        c.root["certificateAuthorities"].as_array_mut().unwrap().insert(0, other);
    }),
    ("a second log beside", |c| {
        let other = World::new().root()["tlogs"][0].clone();
        c.root["tlogs"].as_array_mut().unwrap().insert(0, other);
    }),
    ("a state of the log that a witness signed as well", |c| {
        let note = c.entry("/inclusionProof/checkpoint/envelope");
        *note = format!("{}\u{2014} witness.example {}\n", note.as_str().unwrap(), STANDARD.encode([7; 68])).into();
    }),
];

/// What does not, and what must stand against it.
#[rustfmt::skip] // one line, one case
const BAD: &[(&str, Change, &[Why])] = &[
    // The form.
    ("version 0.3 with a chain", |c| {
        c.as_version("0.3");
        c.bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json".into();
    }, &[Why::Form]),
    ("version 0.1 without a promise", |c| { c.as_version("0.1"); c.remove("", "inclusionPromise"); }, &[Why::LogPromise]),
    ("version 0.2 without a proof", |c| { c.as_version("0.2"); c.remove("", "inclusionProof"); }, &[Why::LogProof]),
    ("version 0.3 without a proof", |c| c.remove("", "inclusionProof"), &[Why::LogProof]),
    ("no state of the log", |c| c.remove("/inclusionProof", "checkpoint"), &[Why::LogCheckpoint]),
    ("no entry of the log", |c| c.bundle["verificationMaterial"]["tlogEntries"] = json!([]), &[Why::LogMissing]),
    ("no certificate", |c| {
        let material = &mut c.bundle["verificationMaterial"];
        material.as_object_mut().unwrap().remove("certificate");
    }, &[Why::Unreadable]),
    // Times.
    ("no time that anybody promised", |c| c.remove("", "inclusionPromise"), &[Why::NoTime]),
    ("no time at all", |c| { c.remove("", "inclusionPromise"); c.remove("", "integratedTime"); }, &[Why::NoTime]),
    ("a time that the promise is not about", |c| *c.entry("/integratedTime") = "1767225601".into(), &[Why::LogPromise]),
    // The ends of what the root trusts.
    ("the authority had ended", |c| c.root["certificateAuthorities"][0]["validFor"] = json!({"start": "2025-01-01T00:00:00Z", "end": "2025-12-31T12:00:00Z"}), &[Why::CertificateAuthority]),
    ("the authority had not begun", |c| c.root["certificateAuthorities"][0]["validFor"] = json!({"start": "2026-06-01T00:00:00Z"}), &[Why::CertificateAuthority]),
    ("the log's key had ended", |c| c.root["tlogs"][0]["publicKey"]["validFor"] = json!({"start": "2025-01-01T00:00:00Z", "end": "2025-12-31T12:00:00Z"}), &[Why::LogTime, Why::LogPromise, Why::UnknownLog]),
    ("the log's key had not begun", |c| c.root["tlogs"][0]["publicKey"]["validFor"] = json!({"start": "2026-06-01T00:00:00Z"}), &[Why::LogTime, Why::LogPromise, Why::UnknownLog]),
    ("the key of the log of certificates had ended", |c| c.root["ctlogs"][0]["publicKey"]["validFor"] = json!({"start": "2025-01-01T00:00:00Z", "end": "2025-12-31T12:00:00Z"}), &[Why::CertificateSct]),
    ("another authority of the same name", |c| c.root["certificateAuthorities"] = World::new().root()["certificateAuthorities"].clone(), &[Why::RootTooOld]),
    ("another log", |c| c.root["tlogs"] = World::new().root()["tlogs"].clone(), &[Why::RootTooOld]),
    ("another log's key under this one's number", |c| {
        let number = c.root["tlogs"][0]["logId"].clone();
        c.root["tlogs"] = World::new().root()["tlogs"].clone();
        c.root["tlogs"][0]["logId"] = number;
    }, &[Why::LogPromise, Why::LogCheckpoint, Why::Unreadable]),
    // Proofs of another log.
    ("the promise of another log", |c| {
        let other = World::new().attest(WORKFLOW, &github_claims(), &statement());
        *c.entry("/inclusionPromise") = other["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"].clone();
    }, &[Why::LogPromise]),
    ("a state that another log signed", |c| {
        let other = World::new().attest(WORKFLOW, &github_claims(), &statement());
        *c.entry("/inclusionProof/checkpoint") = other["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"].clone();
    }, &[Why::LogCheckpoint]),
    ("the entry of another statement", |c| {
        let mut said = statement();
        said["predicate"] = json!({"other": true});
        let other = c.world.attest(WORKFLOW, &github_claims(), &said);
        *c.entry("") = other["verificationMaterial"]["tlogEntries"][0].clone();
    }, &[Why::LogMismatch]),
    ("a state without the line of its log", |c| {
        let note = c.entry("/inclusionProof/checkpoint/envelope");
        let text = note.as_str().unwrap().replace("\u{2014} log.example ", "\u{2014} witness.example ");
        *note = text.into();
    }, &[Why::LogCheckpoint]),
    // Roots in the chain.
    ("a root that nobody trusts behind the leaf", |c| {
        c.as_version("0.1");
        let foreign = World::new().root()["certificateAuthorities"][0]["certChain"]["certificates"][0].clone();
        c.chain(foreign);
    }, &[Why::ForeignRoot]),
    ("the trusted root itself behind the leaf", |c| {
        c.as_version("0.1");
        let own = c.own_root();
        c.chain(own);
    }, &[Why::RootInChain]),
];

#[test]
fn cases_that_hold_do_as_a_file_and_as_a_digest() {
    let digest = Digest::sha256(FILE);
    for (name, change) in GOOD {
        let mut case = Case::new();
        change(&mut case);
        for subject in [Subject::Bytes(FILE), Subject::Digest(&digest)] {
            let proof = case.verify(subject);
            let proof =
                proof.unwrap_or_else(|refused| panic!("{name}: {:?}, {refused}", refused.why));
            assert_eq!(proof.identity.unwrap().subject, WORKFLOW, "{name}");
        }
    }
}

#[test]
fn cases_that_must_not_hold_are_refused_for_their_own_reason() {
    let digest = Digest::sha256(FILE);
    let mut wrong = Vec::new();
    for (name, change, expected) in BAD {
        let mut case = Case::new();
        change(&mut case);
        for subject in [Subject::Bytes(FILE), Subject::Digest(&digest)] {
            match case.verify(subject) {
                Ok(_) => wrong.push(format!("{name}: accepted")),
                Err(refused) if expected.contains(&refused.why) => {}
                Err(refused) => wrong.push(format!("{name}: {:?}, {refused}", refused.why)),
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
