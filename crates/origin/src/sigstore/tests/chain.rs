//! Bundles that bring more than the certificate that signed.

use super::*;
use customs_model::Answer;

/// Version 0.1 of November 2022, with the whole chain, as clients wrote it then.
const OLD: &str = "bundles/dsse.sigstore.json";
/// Where a chain stands.
const CHAIN: &str = "/verificationMaterial/x509CertificateChain/certificates";

/// The certificates of a root's newest authority of a kind: the last one is its root.
fn authority(file: &str, kind: &str) -> Vec<Value> {
    let root: Value = serde_json::from_slice(&registry_file("sigstore-trust-root", file)).unwrap();
    let authority = root[kind].as_array().unwrap().last().unwrap();
    let certificates = authority["certChain"]["certificates"].as_array().unwrap();
    assert!(certificates.len() > 1, "{file} {kind}");
    certificates.clone()
}

fn root_of(file: &str, kind: &str) -> Value {
    authority(file, kind).last().unwrap().clone()
}

/// A bundle of npm's or of a wheel's with something more in its chain.
fn with(file: &str, more: &[Value]) -> Result<Proof, Refusal> {
    let mut bundle = json_of(file);
    at(&mut bundle, CHAIN)
        .as_array_mut()
        .unwrap()
        .extend_from_slice(more);
    verify(file, &bundle)
}

const PUBLIC: &str = "src/trusted_root.json";
const TEST_INSTANCE: &str = "src/trusted_root_staging.json";
const ISSUERS: &str = "certificateAuthorities";

#[test]
fn a_root_that_is_not_the_trust_roots_is_refused_before_anything_else() {
    for (name, root) in [
        ("of another instance", root_of(TEST_INSTANCE, ISSUERS)),
        (
            "of an authority that issues no certificates",
            root_of(TEST_INSTANCE, "timestampAuthorities"),
        ),
    ] {
        for file in [NPM, WHEEL] {
            let refused = with(file, std::slice::from_ref(&root)).unwrap_err();
            assert_eq!(refused.why, Why::ForeignRoot, "{name}, {file}: {refused}");
            assert_eq!(refused.answer(), Answer::No);
        }
    }
    // Nor does it help to hide it behind a chain that is in order.
    let mut chain = authority(PUBLIC, ISSUERS);
    chain.push(root_of(TEST_INSTANCE, ISSUERS));
    assert_eq!(with(NPM, &chain).unwrap_err().why, Why::ForeignRoot);
}

#[test]
fn one_byte_makes_another_root_of_it() {
    let mut root = root_of(PUBLIC, ISSUERS);
    let text = root["rawBytes"].as_str().unwrap();
    let mut bytes = STANDARD.decode(text).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    root["rawBytes"] = STANDARD.encode(bytes).into();
    assert_eq!(with(NPM, &[root]).unwrap_err().why, Why::ForeignRoot);
}

#[test]
fn the_trust_roots_own_root_is_passed_over_in_what_clients_of_before_the_rule_wrote() {
    let old = json_of(OLD);
    let chain = at(&mut old.clone(), CHAIN).as_array().unwrap().clone();
    assert_eq!(chain.len(), 3);
    let proof = verify(OLD, &old).unwrap_or_else(|why| panic!("{why}"));
    assert!(proof.times[0].as_second() < 1_688_169_600, "{proof:?}");
}

#[test]
fn the_trust_roots_own_root_in_a_younger_bundle_is_not_used() {
    let root = root_of(PUBLIC, ISSUERS);
    for file in [NPM, WHEEL] {
        let refused = with(file, std::slice::from_ref(&root)).unwrap_err();
        assert_eq!(refused.why, Why::RootInChain, "{file}: {refused}");
        assert!(matches!(refused.answer(), Answer::NotChecked(_)));
    }
    let refused = with(NPM, &[root]).unwrap_err();
    insta::assert_snapshot!(refused, @"its chain brings a root, which bundles may not: clients leave it out since May 2023; whoever published it used an older one");
}

#[test]
fn an_intermediate_certificate_is_superfluous_and_no_more() {
    let intermediate = authority(PUBLIC, ISSUERS)[0].clone();
    for file in [NPM, WHEEL] {
        with(file, std::slice::from_ref(&intermediate)).unwrap();
    }
}

#[test]
fn what_does_not_hold_is_not_excused_by_a_root() {
    let mut bundle = json_of(OLD);
    let signature = at(&mut bundle, "/dsseEnvelope/signatures/0/sig");
    let mut bytes = STANDARD.decode(signature.as_str().unwrap()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    *signature = STANDARD.encode(bytes).into();
    assert_eq!(verify(OLD, &bundle).unwrap_err().why, Why::Signature);
}

#[test]
fn a_chain_that_cannot_be_read_is_refused() {
    let garbage = json!({"rawBytes": STANDARD.encode([0x30, 0x83, 1, 2, 3])});
    let refused = with(NPM, &[garbage]).unwrap_err();
    assert_eq!(refused.why, Why::CertificateMalformed, "{refused}");
}
