//! Real bundles, as they are and with one thing changed. Each change must be refused for its own
//! reason: a bundle that fails for another one hides a check that is not made.

mod chain;
mod changes;
mod logged;
mod made_again;

use super::*;
use crate::testing::registry_file;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const ACTIONS: &str = "https://token.actions.githubusercontent.com";

/// npm's provenance of sigstore@2.0.0: version 0.1, `intoto`, promise and proof.
const NPM: &str = "bundles/sigstore.js@2.0.0-provenance.sigstore.json";
/// Version 0.3, `dsse`, promise and proof.
const DSSE: &str = "bundles/conda-attestation.sigstore.json";
/// Version 0.3, Rekor v2 and a timestamp, from Sigstore's test instance: no public bundle of Rekor
/// v2 ships with a crate. It is verified with that instance's root, which only this test can do.
const REKOR2: &str = "bundles/conda-attestation-rekor2.sigstore.json";
/// Version 0.2, a signature of a file.
const WHEEL: &str = "bundles/bundle_v3_github.whl.sigstore";
/// Version 0.3, a signature of a file by a person, promise and timestamp.
const PERSON: &str = "bundles/cosign-v3-blob.sigstore.json";
/// GitHub's own instance.
const GITHUB: &str = "bundles/github-private-attestation.sigstore.json";
/// Signed with a key.
const KEYED: &str = "managed-key/bundle.sigstore.json";
/// Sigstore's test instance, with Rekor v2.
const STAGING: &str = "upstream/sigstore-python/a.dsse.staging-rekor-v2.txt.sigstore.json";

fn json_of(file: &str) -> Value {
    serde_json::from_slice(&registry_file(
        "sigstore-verify",
        &format!("test_data/{file}"),
    ))
    .unwrap()
}

fn payload(bundle: &Value) -> Value {
    let text = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
}

/// What a bundle says that it is about, before anything was changed in it.
fn digest_of(bundle: &Value) -> Digest {
    if let Some(digest) = bundle.pointer("/messageSignature/messageDigest/digest") {
        let bytes = STANDARD.decode(digest.as_str().unwrap()).unwrap();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        return Digest::from_hex(DigestAlgorithm::Sha256, &hex).unwrap();
    }
    let statement = payload(bundle);
    let subjects = statement["subject"].as_array().unwrap();
    let digest = |algorithm: DigestAlgorithm| {
        let found = subjects
            .iter()
            .find_map(|s| s["digest"][algorithm.name()].as_str());
        found.map(|hex| Digest::from_hex(algorithm, hex).unwrap())
    };
    digest(DigestAlgorithm::Sha512)
        .or_else(|| digest(DigestAlgorithm::Sha256))
        .unwrap()
}

fn authority_for(file: &str) -> Authority {
    match file {
        GITHUB => Authority::github().unwrap(),
        REKOR2 => staging_authority(),
        _ => Authority::public_good().unwrap(),
    }
}

fn staging_authority() -> Authority {
    unguarded(&registry_file(
        "sigstore-trust-root",
        "src/trusted_root_staging.json",
    ))
}

/// What no program can make: [`Authority::from_json`] refuses these roots.
fn unguarded(root: &[u8]) -> Authority {
    Authority::read(root, Instance::Own).unwrap()
}

fn key() -> PublicKey {
    let pem = registry_file("sigstore-verify", "test_data/managed-key/key.pub");
    let text = String::from_utf8(pem).unwrap();
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect();
    PublicKey::from_spki(&STANDARD.decode(body).unwrap()).unwrap()
}

fn verify_as(file: &str, bundle: &Value, digest: &Digest) -> Result<Proof, Refusal> {
    let bundle = Bundle::read(bundle.to_string().as_bytes())?;
    let subject = Subject::Digest(digest);
    if file == KEYED {
        return authority_for(file).verify_with_key(&bundle, subject, &key());
    }
    let issuers = [ACTIONS, "https://github.com/login/oauth", GITHUB_RELEASES];
    authority_for(file).verify(&bundle, subject, &issuers)
}

fn verify(file: &str, bundle: &Value) -> Result<Proof, Refusal> {
    verify_as(file, bundle, &digest_of(&json_of(file)))
}

#[test]
fn real_bundles_of_every_version_hold() {
    use std::fmt::Write as _;
    let mut shown = String::new();
    for file in [NPM, DSSE, REKOR2, WHEEL, PERSON, GITHUB, KEYED] {
        let proof = verify(file, &json_of(file)).unwrap_or_else(|why| panic!("{file}: {why}"));
        let Checked {
            certificate,
            sct,
            log,
            issuer,
        } = proof.checked;
        let flags = [
            ("certificate", certificate),
            ("sct", sct),
            ("log", log),
            ("issuer", issuer),
        ];
        let yes: Vec<&str> = flags
            .iter()
            .filter(|(_, yes)| *yes)
            .map(|(name, _)| *name)
            .collect();
        let who = match &proof.identity {
            None => "a key",
            Some(person) if !person.subject.contains("://") => "a person",
            Some(workflow) => &workflow.subject,
        };
        let name = file.rsplit('/').next().unwrap();
        let (instance, times) = (proof.instance, proof.times.len());
        writeln!(
            shown,
            "{name}: {instance:?}, {}, {times} times, {who}",
            yes.join("+")
        )
        .unwrap();
    }
    insta::assert_snapshot!(shown, @r"
    sigstore.js@2.0.0-provenance.sigstore.json: PublicGood, certificate+sct+log+issuer, 1 times, https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main
    conda-attestation.sigstore.json: PublicGood, certificate+sct+log+issuer, 1 times, https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main
    conda-attestation-rekor2.sigstore.json: Own, certificate+sct+log+issuer, 1 times, a person
    bundle_v3_github.whl.sigstore: PublicGood, certificate+sct+log+issuer, 1 times, https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2
    cosign-v3-blob.sigstore.json: PublicGood, certificate+sct+log+issuer, 2 times, a person
    github-private-attestation.sigstore.json: GitHub, certificate+issuer, 1 times, https://dotcom.releases.github.com
    bundle.sigstore.json: PublicGood, log, 2 times, a key
    ");
}

#[test]
fn an_identity_holds_the_numbers_that_survive_a_renaming() {
    let proof = verify(NPM, &json_of(NPM)).unwrap();
    let shown = serde_json::to_string_pretty(&(proof.identity, proof.workflow_ref)).unwrap();
    insta::assert_snapshot!(shown, @r#"
    [
      {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
        "repository": {
          "uri": "https://github.com/sigstore/sigstore-js",
          "id": "495574555"
        },
        "owner": {
          "uri": "https://github.com/sigstore",
          "id": "71096353"
        },
        "workflow": ".github/workflows/release.yml",
        "signer": null,
        "git_ref": "refs/heads/main",
        "commit": "f0b49a04e5a62250e0f60fb128004a73110fe311",
        "builder": "hosted",
        "trigger": "push",
        "environment": null,
        "run": "https://github.com/sigstore/sigstore-js/actions/runs/5904696764/attempts/1"
      },
      "refs/heads/main"
    ]
    "#);
}

#[test]
fn the_test_instance_proves_nothing() {
    for file in [
        STAGING,
        "upstream/sigstore-python/staging-rekor-v2.txt.sigstore.json",
        "sct-multi-intermediate/staging_bundle.sigstore.json",
    ] {
        let refused = verify(file, &json_of(file)).unwrap_err();
        assert!(
            staging_authority()
                .material
                .shares_a_key_with(material::staging())
        );
        assert_eq!(refused.why, Why::Staging, "{file}: {refused}");
        assert!(matches!(
            refused.answer(),
            customs_model::Answer::NotChecked(_)
        ));
    }
}

#[test]
fn bundles_that_were_made_to_fail_do() {
    for (file, why) in [
        (
            "bundles/bundle_invalid_version.txt.sigstore",
            Why::Unreadable,
        ),
        ("bundles/bundle_no_log_entry.txt.sigstore", Why::LogMissing),
        (
            "bundles/bundle_v3_no_signed_time.txt.sigstore.json",
            Why::NoTime,
        ),
        ("bundles/dsse-2sigs.sigstore.json", Why::Unreadable),
        ("timestamps/valid_bundle.json", Why::Staging),
    ] {
        let refused = verify(file, &json_of(file)).unwrap_err();
        assert_eq!(refused.why, why, "{file}: {refused}");
    }
}

#[test]
fn a_certificate_that_its_log_did_not_sign_is_refused() {
    let mut root: Value = serde_json::from_slice(&registry_file(
        "sigstore-trust-root",
        "src/trusted_root.json",
    ))
    .unwrap();
    // The log of certificates keeps its number and gets the key of another one.
    root["ctlogs"][1]["publicKey"]["rawBytes"] = root["ctlogs"][0]["publicKey"]["rawBytes"].clone();
    let own = Authority::from_json(root.to_string().as_bytes(), Instance::Own).unwrap();
    let json = json_of(DSSE);
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let refused = own.verify(&bundle, Subject::Digest(&digest_of(&json)), &[ACTIONS]);
    assert_eq!(refused.unwrap_err().why, Why::CertificateSct);
}

/// The fixture's root lacks the log that the certificate was published in, all of its entries are
/// older than the certificate, and it holds keys of the test instance, for which it is refused.
#[test]
fn a_log_of_certificates_that_a_root_lacks_is_not_a_forgery() {
    let root = registry_file(
        "sigstore-verify",
        "test_data/invalid-ct-key_fail/trusted_root.json",
    );
    assert!(matches!(
        Authority::from_json(&root, Instance::Own),
        Err(RootError::Staging)
    ));
    let json = json_of("invalid-ct-key_fail/bundle.sigstore.json");
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let subject = digest_of(&json);
    let refused = unguarded(&root).verify(&bundle, Subject::Digest(&subject), &[ACTIONS]);
    assert_eq!(refused.unwrap_err().why, Why::RootTooOld);
}

/// CVE-2022-36056: a log's entry that belongs to another signature.
#[test]
fn an_entry_that_was_swapped_is_seen() {
    let json = json_of("bundles/bundle_cve_2022_36056.txt.sigstore");
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let refused = staging_authority()
        .verify(&bundle, Subject::Digest(&digest_of(&json)), &[ACTIONS])
        .unwrap_err();
    assert_eq!(refused.why, Why::LogMismatch, "{refused}");
}

/// One entry of a log.
const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

fn at<'a>(bundle: &'a mut Value, path: &str) -> &'a mut Value {
    bundle
        .pointer_mut(path)
        .unwrap_or_else(|| panic!("no {path}"))
}

fn entry<'a>(bundle: &'a mut Value, path: &str) -> &'a mut Value {
    at(bundle, &format!("{ENTRY}{path}"))
}

#[test]
fn another_artifact_is_not_the_one() {
    for file in [NPM, DSSE, REKOR2, GITHUB, WHEEL] {
        let bundle = json_of(file);
        let mut bytes = digest_of(&bundle).as_bytes().to_vec();
        bytes[7] ^= 1;
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let other = Digest::from_hex(digest_of(&bundle).algorithm(), &hex).unwrap();
        assert_eq!(
            verify_as(file, &bundle, &other).unwrap_err().why,
            Why::Artifact,
            "{file}"
        );
    }
    // The artifact itself, and one byte more.
    let artifact = registry_file(
        "sigstore-verify",
        "test_data/bundles/signed-package-2.1.0-hb0f4dca_0.conda",
    );
    let bundle = Bundle::read(json_of(DSSE).to_string().as_bytes()).unwrap();
    let verify = |bytes: &[u8]| {
        authority_for(DSSE)
            .verify(&bundle, Subject::Bytes(bytes), &[ACTIONS])
            .map(|_| ())
    };
    assert_eq!(verify(&artifact), Ok(()));
    assert_eq!(
        verify(&[&*artifact, b"\0"].concat()).unwrap_err().why,
        Why::Artifact
    );
}

#[test]
fn an_issuer_that_is_not_asked_for_is_refused() {
    let json = json_of(DSSE);
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let digest = digest_of(&json);
    for issuers in [&[][..], &["https://accounts.google.com"], &[""]] {
        let refused = authority_for(DSSE).verify(&bundle, Subject::Digest(&digest), issuers);
        assert_eq!(refused.unwrap_err().why, Why::Issuer);
    }
}

#[test]
fn githubs_instance_is_never_taken_for_the_public_one() {
    let json = json_of(GITHUB);
    let digest = digest_of(&json);
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let public = Authority::public_good().unwrap();
    assert!(!public.knows_issuer_of(&bundle));
    assert!(Authority::github().unwrap().knows_issuer_of(&bundle));
    let refused = public
        .verify(&bundle, Subject::Digest(&digest), &[ACTIONS])
        .unwrap_err();
    assert_eq!(refused.why, Why::LogMissing);
    // A public bundle gets nothing easier by GitHub's rules.
    let json = json_of(DSSE);
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let refused = Authority::github()
        .unwrap()
        .verify(&bundle, Subject::Digest(&digest_of(&json)), &[ACTIONS])
        .unwrap_err();
    assert_eq!(refused.why, Why::NoTime);
}

#[test]
fn a_root_from_before_the_authority_is_too_old_and_says_how_old() {
    // The public root, as if both of its logs were younger than it.
    let mut root: Value = serde_json::from_slice(&registry_file(
        "sigstore-trust-root",
        "src/trusted_root.json",
    ))
    .unwrap();
    root["tlogs"] = json!([]);
    let old = Authority::from_json(root.to_string().as_bytes(), Instance::PublicGood).unwrap();
    let json = json_of(DSSE);
    let bundle = Bundle::read(json.to_string().as_bytes()).unwrap();
    let refused = old
        .verify(&bundle, Subject::Digest(&digest_of(&json)), &[ACTIONS])
        .unwrap_err();
    insta::assert_snapshot!(refused, @"the trust root here is too old for it: log c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d; the root's newest entry is of 2025-07-04: run `customs trust update --tuf URL` (or `--from FOLDER`)");
    assert!(matches!(
        refused.answer(),
        customs_model::Answer::NotChecked(_)
    ));
}

#[test]
fn nulls_and_numbers_are_read_like_what_they_stand_for() {
    let mut bundle = json_of(DSSE);
    for path in ["/logIndex", "/integratedTime", "/inclusionProof/treeSize"] {
        let value = entry(&mut bundle, path);
        let number: u64 = value.as_str().unwrap().parse().unwrap();
        *value = number.into();
    }
    bundle["verificationMaterial"]["timestampVerificationData"] = Value::Null;
    bundle["messageSignature"] = Value::Null;
    bundle["verificationMaterial"]["publicKey"] = Value::Null;
    assert!(verify(DSSE, &bundle).is_ok());
    // Nothing at all where a proof must be.
    *entry(&mut bundle, "/inclusionProof") = Value::Null;
    assert_eq!(verify(DSSE, &bundle).unwrap_err().why, Why::LogProof);
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let large = vec![b' '; limit::BUNDLE + 1];
    assert_eq!(Bundle::read(&large).unwrap_err().why, Why::TooLarge);
    let deep = "[".repeat(100_000);
    assert_eq!(
        Bundle::read(deep.as_bytes()).unwrap_err().why,
        Why::Unreadable
    );
    let root = vec![b' '; limit::ROOT + 1];
    let error = Authority::from_json(&root, Instance::Own).unwrap_err();
    assert!(matches!(error, RootError::TooLarge(_)));
}
