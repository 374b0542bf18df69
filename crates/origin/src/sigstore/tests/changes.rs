//! Real bundles with one thing changed.

use super::*;

type Change = fn(&mut Value);

fn remove(bundle: &mut Value, parent: &str, name: &str) {
    at(bundle, parent)
        .as_object_mut()
        .unwrap()
        .remove(name)
        .expect("it was there");
}

/// Flips one bit of what is written in base64, counted from the end.
fn flip(value: &mut Value, from_end: usize) {
    let mut bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    *value = Value::String(STANDARD.encode(bytes));
}

fn change_payload(bundle: &mut Value, change: impl Fn(&mut Value)) {
    let mut statement = payload(bundle);
    change(&mut statement);
    *at(bundle, "/dsseEnvelope/payload") = STANDARD.encode(statement.to_string()).into();
}

fn rewrite(value: &mut Value, from: &str, to: &str) {
    let text = value.as_str().unwrap();
    assert!(text.contains(from), "no {from:?} in {text}");
    *value = text.replacen(from, to, 1).into();
}

fn body(bundle: &mut Value, change: impl Fn(String) -> String) {
    let value = entry(bundle, "/canonicalizedBody");
    let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
    *value = STANDARD
        .encode(change(String::from_utf8(bytes).unwrap()))
        .into();
}

/// Every change, of what, and what must stand against it.
#[rustfmt::skip] // one line, one case
const CHANGES: &[(&str, &str, Change, Why)] = &[
    // The envelope.
    ("signature, one bit", DSSE, |b| flip(at(b, "/dsseEnvelope/signatures/0/sig"), 1), Why::Signature),
    ("signature of npm's, one bit", NPM, |b| flip(at(b, "/dsseEnvelope/signatures/0/sig"), 1), Why::Signature),
    ("no signature", DSSE, |b| *at(b, "/dsseEnvelope/signatures") = json!([]), Why::Unreadable),
    ("two signatures", DSSE, |b| {
        let one = at(b, "/dsseEnvelope/signatures/0").clone();
        at(b, "/dsseEnvelope/signatures").as_array_mut().unwrap().push(one);
    }, Why::Unreadable),
    ("payload written anew", DSSE, |b| change_payload(b, |_| ()), Why::Signature),
    ("another name", NPM, |b| change_payload(b, |s| s["subject"][0]["name"] = "pkg:npm/x@1.0.0".into()), Why::Signature),
    ("another digest", NPM, |b| change_payload(b, |s| rewrite(&mut s["subject"][0]["digest"]["sha512"], "a", "b")), Why::Signature),
    ("a second subject", NPM, |b| change_payload(b, |s| {
        let one = s["subject"][0].clone();
        s["subject"].as_array_mut().unwrap().push(one);
    }), Why::Signature),
    ("digest under another algorithm", NPM, |b| change_payload(b, |s| {
        let hex = s["subject"][0]["digest"]["sha512"].as_str().unwrap()[..64].to_owned();
        s["subject"][0]["digest"] = json!({"sha256": hex});
    }), Why::Signature),
    ("no subject", DSSE, |b| change_payload(b, |s| s["subject"] = json!([])), Why::Unreadable),
    ("another predicate type", NPM, |b| change_payload(b, |s| s["predicateType"] = "https://slsa.dev/provenance/v9".into()), Why::Signature),
    ("another _type", DSSE, |b| change_payload(b, |s| s["_type"] = "https://in-toto.io/Statement/v9".into()), Why::Signature),
    ("payload type", DSSE, |b| *at(b, "/dsseEnvelope/payloadType") = "application/json".into(), Why::Unsupported),
    ("payload is no JSON", DSSE, |b| *at(b, "/dsseEnvelope/payload") = STANDARD.encode("{").into(), Why::Unreadable),
    // The certificate.
    ("certificate, its signature", DSSE, |b| flip(at(b, "/verificationMaterial/certificate/rawBytes"), 1), Why::CertificateChain),
    ("certificate, cut", DSSE, |b| {
        let value = at(b, "/verificationMaterial/certificate/rawBytes");
        let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
        *value = STANDARD.encode(&bytes[..bytes.len() - 9]).into();
    }, Why::CertificateMalformed),
    ("certificate, its subject", DSSE, |b| {
        let value = at(b, "/verificationMaterial/certificate/rawBytes");
        let mut bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
        let at = der::find(&bytes, b"https://github.com/").expect("a subject");
        bytes[at + 20] ^= 1;
        *value = STANDARD.encode(bytes).into();
    }, Why::CertificateChain),
    ("certificate of another run", DSSE, |b| {
        *at(b, "/verificationMaterial/certificate/rawBytes") =
            json_of(WHEEL)["verificationMaterial"]["x509CertificateChain"]["certificates"][0]["rawBytes"].clone();
    }, Why::CertificateExpired),
    ("certificate of the test instance", DSSE, |b| {
        *at(b, "/verificationMaterial/certificate/rawBytes") =
            json_of(STAGING)["verificationMaterial"]["certificate"]["rawBytes"].clone();
    }, Why::Staging),
    ("no certificate in version 0.1", NPM, |b| *at(b, "/verificationMaterial/x509CertificateChain/certificates") = json!([]), Why::Unreadable),
    ("no certificate", DSSE, |b| remove(b, "/verificationMaterial", "certificate"), Why::Unreadable),
    ("a chain in version 0.3", DSSE, |b| {
        let one = at(b, "/verificationMaterial/certificate").clone();
        remove(b, "/verificationMaterial", "certificate");
        b["verificationMaterial"]["x509CertificateChain"] = json!({"certificates": [one]});
    }, Why::Form),
    ("a key instead of a certificate", DSSE, |b| {
        remove(b, "/verificationMaterial", "certificate");
        b["verificationMaterial"]["publicKey"] = json!({"hint": "x"});
    }, Why::Unsupported),
    // The log.
    ("time of the log, a minute later", DSSE, |b| {
        let value = entry(b, "/integratedTime");
        let seconds: i64 = value.as_str().unwrap().parse().unwrap();
        *value = (seconds + 60).to_string().into();
    }, Why::LogPromise),
    ("time of the log, removed", DSSE, |b| remove(b, ENTRY, "integratedTime"), Why::NoTime),
    ("promise, one bit", DSSE, |b| flip(entry(b, "/inclusionPromise/signedEntryTimestamp"), 1), Why::LogPromise),
    ("promise of another entry", DSSE, |b| {
        *entry(b, "/inclusionPromise") =
            json_of(NPM)["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"].clone();
    }, Why::LogPromise),
    ("promise, removed", DSSE, |b| remove(b, ENTRY, "inclusionPromise"), Why::NoTime),
    ("promise, removed in version 0.1", NPM, |b| remove(b, ENTRY, "inclusionPromise"), Why::LogPromise),
    ("proof, removed", DSSE, |b| remove(b, ENTRY, "inclusionProof"), Why::LogProof),
    ("proof, removed in version 0.2", WHEEL, |b| remove(b, ENTRY, "inclusionProof"), Why::LogProof),
    ("proof and promise, removed", DSSE, |b| {
        remove(b, ENTRY, "inclusionProof");
        remove(b, ENTRY, "inclusionPromise");
    }, Why::LogProof),
    ("hashes of the proof, swapped", DSSE, |b| entry(b, "/inclusionProof/hashes").as_array_mut().unwrap().swap(0, 1), Why::LogProof),
    ("hash of the proof, dropped", DSSE, |b| {
        entry(b, "/inclusionProof/hashes").as_array_mut().unwrap().pop();
    }, Why::LogProof),
    ("hash of the proof, one bit in version 0.1", NPM, |b| flip(entry(b, "/inclusionProof/hashes/0"), 1), Why::LogProof),
    ("root of the proof", DSSE, |b| flip(entry(b, "/inclusionProof/rootHash"), 1), Why::LogCheckpoint),
    ("size of the tree", DSSE, |b| *entry(b, "/inclusionProof/treeSize") = "9".into(), Why::LogProof),
    ("index in the tree", DSSE, |b| *entry(b, "/inclusionProof/logIndex") = "9".into(), Why::LogProof),
    ("index in the log", DSSE, |b| *entry(b, "/logIndex") = "9".into(), Why::LogPromise),
    ("checkpoint, its origin", DSSE, |b| rewrite(entry(b, "/inclusionProof/checkpoint/envelope"), "rekor", "rekOr"), Why::LogCheckpoint),
    ("state of the log signed under another name", REKOR2, |b| rewrite(entry(b, "/inclusionProof/checkpoint/envelope"), "— ", "— other."), Why::LogCheckpoint),
    ("state of a log of Rekor v1 signed under another name", DSSE, |b| rewrite(entry(b, "/inclusionProof/checkpoint/envelope"), "— rekor", "— other.rekor"), Why::LogCheckpoint),
    ("checkpoint, its key", DSSE, |b| rewrite(entry(b, "/inclusionProof/checkpoint/envelope"), "wNI9a", "xNI9a"), Why::LogCheckpoint),
    ("checkpoint of another log", DSSE, |b| {
        *entry(b, "/inclusionProof/checkpoint") =
            json_of(NPM)["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"].clone();
    }, Why::LogCheckpoint),
    ("checkpoint, removed", DSSE, |b| remove(b, &format!("{ENTRY}/inclusionProof"), "checkpoint"), Why::LogCheckpoint),
    ("body, written anew", DSSE, |b| body(b, |body| format!("{body} ")), Why::LogPromise),
    ("kind of the entry", DSSE, |b| *entry(b, "/kindVersion/kind") = "hashedrekord".into(), Why::LogEntry),
    ("unknown kind of entry", DSSE, |b| *entry(b, "/kindVersion/version") = "9.9.9".into(), Why::Unreadable),
    ("another log's number", DSSE, |b| flip(entry(b, "/logId/keyId"), 1), Why::UnknownLog),
    ("log of the test instance", DSSE, |b| {
        *entry(b, "/logId") = json_of(STAGING)["verificationMaterial"]["tlogEntries"][0]["logId"].clone();
    }, Why::Staging),
    ("entry of another bundle", DSSE, |b| {
        *entry(b, "") = json_of(WHEEL)["verificationMaterial"]["tlogEntries"][0].clone();
    }, Why::CertificateNotYetValid),
    ("entry, removed", DSSE, |b| *at(b, "/verificationMaterial/tlogEntries") = json!([]), Why::LogMissing),
    ("entries beyond the limit", DSSE, |b| {
        let one = entry(b, "").clone();
        *at(b, "/verificationMaterial/tlogEntries") = vec![one; limit::ENTRIES + 1].into();
    }, Why::TooLarge),
    // Timestamps.
    ("timestamp, removed in Rekor v2", REKOR2, |b| remove(b, "/verificationMaterial", "timestampVerificationData"), Why::NoTime),
    ("timestamp, one bit", REKOR2, |b| flip(at(b, "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp"), 1), Why::TimestampInvalid),
    ("timestamp of another signature", REKOR2, |b| {
        *at(b, "/verificationMaterial/timestampVerificationData") =
            json_of(STAGING)["verificationMaterial"]["timestampVerificationData"].clone();
    }, Why::TimestampInvalid),
    ("timestamp of GitHub's, removed", GITHUB, |b| remove(b, "/verificationMaterial", "timestampVerificationData"), Why::NoTime),
    ("timestamp of GitHub's, none in the list", GITHUB, |b| {
        *at(b, "/verificationMaterial/timestampVerificationData/rfc3161Timestamps") = json!([]);
    }, Why::NoTime),
    ("timestamp of GitHub's, one bit", GITHUB, |b| flip(at(b, "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp"), 1), Why::TimestampInvalid),
    ("timestamp of another authority for GitHub's", GITHUB, |b| {
        *at(b, "/verificationMaterial/timestampVerificationData") =
            json_of(PERSON)["verificationMaterial"]["timestampVerificationData"].clone();
    }, Why::UnknownAuthority),
    ("the public log's time for GitHub's timestamp", GITHUB, |b| {
        remove(b, "/verificationMaterial", "timestampVerificationData");
        b["verificationMaterial"]["tlogEntries"] = json_of(DSSE)["verificationMaterial"]["tlogEntries"].clone();
    }, Why::NoTime),
    ("certificate of GitHub's, its signature", GITHUB, |b| flip(at(b, "/verificationMaterial/certificate/rawBytes"), 1), Why::CertificateChain),
    ("signature of GitHub's, one bit", GITHUB, |b| flip(at(b, "/dsseEnvelope/signatures/0/sig"), 1), Why::TimestampInvalid),
    ("body in Rekor v2", REKOR2, |b| body(b, |body| format!("{body} ")), Why::LogProof),
    ("checkpoint in Rekor v2", REKOR2, |b| rewrite(entry(b, "/inclusionProof/checkpoint/envelope"), "\n", "x\n"), Why::LogCheckpoint),
    // The rest.
    ("media type", DSSE, |b| b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json".into(), Why::Unreadable),
    ("signature of a file", WHEEL, |b| flip(at(b, "/messageSignature/signature"), 1), Why::Signature),
    ("digest of a file", WHEEL, |b| flip(at(b, "/messageSignature/messageDigest/digest"), 1), Why::Artifact),
    ("signature by a key", KEYED, |b| {
        remove(b, "/verificationMaterial", "timestampVerificationData");
        flip(at(b, "/messageSignature/signature"), 1);
    }, Why::Signature),
    ("signature by a key, with a timestamp", KEYED, |b| flip(at(b, "/messageSignature/signature"), 1), Why::TimestampInvalid),
];

#[test]
fn every_change_of_a_real_bundle_is_refused_for_its_own_reason() {
    let mut wrong = Vec::new();
    for (name, file, change, expected) in CHANGES {
        let mut bundle = json_of(file);
        change(&mut bundle);
        match verify(file, &bundle) {
            Ok(_) => wrong.push(format!("{name}: accepted")),
            Err(refused) if refused.why == *expected => {}
            Err(refused) => wrong.push(format!("{name}: {:?}, {refused}", refused.why)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(CHANGES.len() >= 30);
}
