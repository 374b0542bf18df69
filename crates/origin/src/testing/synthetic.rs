//! An authority, a log of certificates, a transparency log and a registry's key of our own, so that
//! every field of an attestation can be changed and signed again. The tests of the gate use this file,
//! too, with keys of another library.

use super::der::{Certificate, pem};
use super::{KeyPair, Trust, TrustFiles};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use customs_model::Digest;
use serde_json::{Value, json};

/// When everything is signed: 2026-01-01.
const NOW: i64 = 1_767_225_600;
const LOG_INDEX: u64 = 7;
/// When its logs and authorities took office: just before, so that a folder of trust with this root is
/// newer than the root that comes with the program.
const SINCE: &str = "2025-12-31T00:00:00Z";

/// All keys of a small world of its own.
pub(crate) struct World {
    authority: KeyPair,
    certificate_log: KeyPair,
    log: KeyPair,
    pub(crate) registry: KeyPair,
}

/// What the log's entry says of an envelope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logged {
    /// That it is an envelope, with this payload.
    Envelope,
    /// That its encoding was signed.
    Encoding,
    /// That its payload was signed, which nobody did.
    Payload,
}

/// The claims of a certificate, by the last number of their OID.
pub(crate) type Claims = Vec<(u8, String)>;

fn b64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

fn spki(key: &KeyPair) -> Vec<u8> {
    key.public_key_der().unwrap().as_bytes().to_vec()
}

fn id(key: &KeyPair) -> Digest {
    Digest::sha256(&spki(key))
}

fn sign(key: &KeyPair, bytes: &[u8]) -> Vec<u8> {
    key.sign(bytes).unwrap().as_bytes().to_vec()
}

impl World {
    pub(crate) fn new() -> Self {
        let key = || KeyPair::generate_ecdsa_p256().unwrap();
        Self {
            authority: key(),
            certificate_log: key(),
            log: key(),
            registry: key(),
        }
    }

    /// A trust that knows this world and nothing else, apart from the embedded registry keys.
    pub(crate) fn trust(&self) -> Trust {
        let files = TrustFiles {
            npm_keys: Some(self.keys().into_bytes()),
            ..TrustFiles::default()
        };
        Trust::from_files(&files)
            .unwrap()
            .with_own_root(self.root().to_string().as_bytes(), "own.json")
            .unwrap()
    }

    /// The document of the registry's keys.
    pub(crate) fn keys(&self) -> String {
        let key = b64(spki(&self.registry));
        json!({"keys": [{"keyid": self.key_id(), "key": key, "expires": null}]}).to_string()
    }

    /// The digest of what OpenSSH writes of a key (RFC 5656, 3.1).
    pub(crate) fn key_id(&self) -> String {
        let der = spki(&self.registry);
        let mut wire = Vec::new();
        for part in [
            &b"ecdsa-sha2-nistp256"[..],
            b"nistp256",
            &der[der.len() - 65..],
        ] {
            wire.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            wire.extend(part);
        }
        format!(
            "SHA256:{}",
            STANDARD_NO_PAD.encode(Digest::sha256(&wire).as_bytes())
        )
    }

    /// The `trusted_root.json` of this world.
    pub(crate) fn root(&self) -> Value {
        let log = |key: &KeyPair| {
            json!({
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": b64(spki(key)),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": {"start": SINCE},
                },
                "logId": {"keyId": b64(id(key).as_bytes())},
            })
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.log)],
            "ctlogs": [log(&self.certificate_log)],
            "timestampAuthorities": [],
            "certificateAuthorities": [{
                "subject": {"organization": "own", "commonName": "own"},
                "uri": "https://authority.example",
                "certChain": {"certificates": [{"rawBytes": b64(self.own_certificate())}]},
                "validFor": {"start": SINCE},
            }],
        })
    }

    fn own_certificate(&self) -> Vec<u8> {
        let own = spki(&self.authority);
        Certificate::authority(&own).sign(|body| sign(&self.authority, body))
    }

    /// A leaf, published in the log of certificates.
    fn leaf(&self, key: &KeyPair, subject: &str, claims: &Claims) -> Vec<u8> {
        let issuer = spki(&self.authority);
        let mut leaf = Certificate::leaf(&spki(key), &issuer, subject, claims);
        leaf.publish(&issuer, id(&self.certificate_log).as_bytes(), |bytes| {
            sign(&self.certificate_log, bytes)
        });
        leaf.sign(|body| sign(&self.authority, body))
    }

    /// A bundle of version 0.3 about a statement, signed with a certificate of these claims.
    pub(crate) fn attest(&self, subject: &str, claims: &Claims, statement: &Value) -> Value {
        self.attest_as(Logged::Envelope, subject, claims, statement)
    }

    /// The same, and how the log knows it.
    pub(crate) fn attest_as(
        &self,
        logged: Logged,
        subject: &str,
        claims: &Claims,
        statement: &Value,
    ) -> Value {
        let key = KeyPair::generate_ecdsa_p256().unwrap();
        let leaf = self.leaf(&key, subject, claims);
        let verifier = pem("CERTIFICATE", &leaf);
        let material = json!({"certificate": {"rawBytes": b64(&leaf)}});
        self.bundle(logged, &key, material, &verifier, statement)
    }

    /// The same, signed with the registry's key.
    pub(crate) fn attest_with_key(&self, statement: &Value) -> Value {
        let verifier = pem("PUBLIC KEY", &spki(&self.registry));
        let material = json!({"publicKey": {"hint": self.key_id()}});
        let key = &self.registry;
        self.bundle(Logged::Envelope, key, material, &verifier, statement)
    }

    fn bundle(
        &self,
        logged: Logged,
        key: &KeyPair,
        mut material: Value,
        verifier: &str,
        said: &Value,
    ) -> Value {
        let payload = said.to_string();
        let kind = "application/vnd.in-toto+json";
        let signed = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let signature = b64(sign(key, signed.as_bytes()));
        let hash =
            |bytes: &[u8]| json!({"algorithm": "sha256", "value": Digest::sha256(bytes).to_hex()});
        let of_signed = |bytes: &[u8]| {
            json!({
                "data": {"hash": hash(bytes)},
                "signature": {"content": signature, "publicKey": {"content": b64(verifier)}},
            })
        };
        let (of, spec) = match logged {
            Logged::Envelope => (
                "dsse",
                json!({
                    "envelopeHash": hash(b""),
                    "payloadHash": hash(payload.as_bytes()),
                    "signatures": [{"signature": signature, "verifier": b64(verifier)}],
                }),
            ),
            Logged::Encoding => ("hashedrekord", of_signed(signed.as_bytes())),
            Logged::Payload => ("hashedrekord", of_signed(payload.as_bytes())),
        };
        let body = json!({"apiVersion": "0.0.1", "kind": of, "spec": spec});
        material["tlogEntries"] = json!([self.entry(of, body.to_string().as_bytes())]);
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
            "dsseEnvelope": {
                "payload": b64(&payload),
                "payloadType": kind,
                "signatures": [{"sig": signature}],
            },
        })
    }

    /// The only entry of a tree: its leaf is the root.
    fn entry(&self, kind: &str, body: &[u8]) -> Value {
        let log = id(&self.log);
        let promised = format!(
            r#"{{"body":"{}","integratedTime":{NOW},"logID":"{}","logIndex":{LOG_INDEX}}}"#,
            b64(body),
            log.to_hex()
        );
        let root = Digest::sha256(&[b"\0", body].concat());
        let tree = format!("log.example - 1\n1\n{}\n", b64(root.as_bytes()));
        let hint = log.as_bytes()[..4].to_vec();
        let note = b64([hint, sign(&self.log, tree.as_bytes())].concat());
        json!({
            "logIndex": LOG_INDEX.to_string(),
            "logId": {"keyId": b64(log.as_bytes())},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": NOW.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": b64(sign(&self.log, promised.as_bytes()))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(root.as_bytes()),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": format!("{tree}\n\u{2014} log.example {note}\n")},
            },
            "canonicalizedBody": b64(body),
        })
    }
}

/// What a workflow of GitHub's is certified as.
pub(crate) fn github_claims() -> Claims {
    let repository = "https://github.com/o/r";
    [
        (8, "https://token.actions.githubusercontent.com".to_owned()),
        (
            9,
            format!("{repository}/.github/workflows/release.yml@refs/tags/v1"),
        ),
        (11, "github-hosted".to_owned()),
        (12, repository.to_owned()),
        (13, "0123456789abcdef0123456789abcdef01234567".to_owned()),
        (14, "refs/tags/v1".to_owned()),
        (15, "11".to_owned()),
        (16, "https://github.com/o".to_owned()),
        (17, "22".to_owned()),
        (
            18,
            format!("{repository}/.github/workflows/release.yml@refs/tags/v1"),
        ),
        (20, "push".to_owned()),
        (21, format!("{repository}/actions/runs/5/attempts/1")),
    ]
    .to_vec()
}

/// The subject of such a certificate.
pub(crate) const WORKFLOW: &str =
    "https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1";
