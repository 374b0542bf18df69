//! An envelope whose entry of the log is a `hashedrekord`.

use super::*;
use crate::testing::synthetic::{Logged, WORKFLOW, World, github_claims};

const FILE: &[u8] = b"file";

fn statement(file: &[u8]) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "file", "digest": {"sha256": Digest::sha256(file).to_hex()}}],
        "predicateType": "https://predicate.example/v1",
        "predicate": {},
    })
}

/// What the log knows of the envelope is `logged` of it.
fn ask(logged: Logged, change: impl Fn(&World, &mut Value)) -> Result<Proof, Refusal> {
    let world = World::new();
    let said = statement(FILE);
    let mut bundle = world.attest_as(logged, WORKFLOW, &github_claims(), &said);
    change(&world, &mut bundle);
    let authority = Authority::from_json(world.root().to_string().as_bytes(), Instance::Own);
    let bundle = Bundle::read(bundle.to_string().as_bytes())?;
    authority
        .unwrap()
        .verify(&bundle, Subject::Bytes(FILE), &[ACTIONS])
}

fn why(logged: Logged, change: impl Fn(&World, &mut Value)) -> Why {
    ask(logged, change).unwrap_err().why
}

#[test]
fn an_envelope_may_stand_in_the_log_as_the_signature_of_its_encoding() {
    let proof = ask(Logged::Encoding, |_, _| ()).unwrap();
    let said = statement(FILE).to_string().into_bytes();
    assert_eq!(proof.payload, Some(said));
    assert_eq!(proof.identity.unwrap().subject, WORKFLOW);
    let Checked {
        certificate,
        sct,
        log,
        issuer,
    } = proof.checked;
    assert!(certificate && sct && log && issuer);
}

#[test]
fn the_log_must_know_this_very_envelope() {
    let other = |world: &World, bundle: &mut Value| {
        let statement = statement(b"other");
        let other = world.attest_as(Logged::Encoding, WORKFLOW, &github_claims(), &statement);
        bundle["verificationMaterial"]["tlogEntries"] =
            other["verificationMaterial"]["tlogEntries"].clone();
    };
    assert_eq!(why(Logged::Encoding, other), Why::LogMismatch);
    // The same statement, signed again with another key.
    let again = |world: &World, bundle: &mut Value| {
        let said = statement(FILE);
        let again = world.attest_as(Logged::Encoding, WORKFLOW, &github_claims(), &said);
        bundle["verificationMaterial"]["tlogEntries"] =
            again["verificationMaterial"]["tlogEntries"].clone();
    };
    assert_eq!(why(Logged::Encoding, again), Why::LogMismatch);
    // The file's own digest, and the payload's, are not the encoding's.
    assert_eq!(why(Logged::Payload, |_, _| ()), Why::LogMismatch);
}

#[test]
fn the_signature_of_such_an_envelope_must_hold() {
    let change = |_: &World, bundle: &mut Value| {
        let mut said = statement(FILE);
        said["predicate"] = json!({"more": true});
        bundle["dsseEnvelope"]["payload"] = STANDARD.encode(said.to_string()).into();
    };
    assert_eq!(why(Logged::Encoding, change), Why::Signature);
    let kind = |_: &World, bundle: &mut Value| {
        bundle["dsseEnvelope"]["payloadType"] = "text/plain".into();
    };
    assert_eq!(why(Logged::Encoding, kind), Why::Unsupported);
}

#[test]
fn such_an_envelope_must_speak_of_the_artifact() {
    let world = World::new();
    let authority =
        Authority::from_json(world.root().to_string().as_bytes(), Instance::Own).unwrap();
    let of = |said: &Value, subject: Subject<'_>| {
        let bundle = world.attest_as(Logged::Encoding, WORKFLOW, &github_claims(), said);
        let bundle = Bundle::read(bundle.to_string().as_bytes()).unwrap();
        let result = authority.verify(&bundle, subject, &[ACTIONS]);
        result.map(drop).map_err(|refusal| refusal.why)
    };
    let said = statement(FILE);
    let digest = Digest::sha256(FILE);
    assert_eq!(of(&said, Subject::Digest(&digest)), Ok(()));
    let wrong = Err(Why::SubjectDigest);
    assert_eq!(of(&said, Subject::Bytes(b"other")), wrong);
    assert_eq!(of(&said, Subject::Digest(&Digest::sha256(b"other"))), wrong);
    // Each digest that it names counts, and one has to be of a kind that is asked for.
    let mut two = said.clone();
    two["subject"][0]["digest"]["sha512"] = "0".repeat(128).into();
    assert_eq!(of(&two, Subject::Bytes(FILE)), wrong);
    let mut none = said.clone();
    none["subject"][0]["digest"] = json!({"md5": "0".repeat(32)});
    assert_eq!(of(&none, Subject::Bytes(FILE)), wrong);
    let mut unknown = said;
    unknown["_type"] = "https://in-toto.io/Statement/v2".into();
    assert_eq!(of(&unknown, Subject::Bytes(FILE)), Err(Why::StatementType));
}
