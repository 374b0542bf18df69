//! DSSE envelopes signed with Ed25519 (<https://github.com/secure-systems-lab/dsse>, version 1).
//!
//! Signed are the bytes of the payload as they are, behind its type; nothing is parsed before
//! the signature holds. An envelope has exactly one signature.

use crate::limit;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Digest, printable};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// What stands before the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo`
/// (RFC 8410, section 4).
pub(crate) const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why an envelope proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It is larger than [`limit::ENVELOPE`].
    #[error("the envelope has {0} bytes, more than {most} are not read", most = limit::ENVELOPE)]
    TooLarge(usize),
    /// It is no envelope.
    #[error("it is no DSSE envelope: {0}")]
    Form(String),
    /// It holds something else.
    #[error("the envelope holds {0:?}, which is not what was asked for")]
    PayloadType(String),
    /// It has none or several.
    #[error("the envelope has {0} signatures, where exactly one is expected")]
    Signatures(usize),
    /// Another key is named.
    #[error(
        "the envelope names the key {named:?}, and {expected} was given: give the key of whoever signed it"
    )]
    OtherKey {
        /// Safe to print.
        named: String,
        /// The id of the key that was given.
        expected: String,
    },
    /// It is not the signature of this key over these bytes.
    #[error("the signature does not hold: the envelope was changed, or signed with another key")]
    Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    keyid: String,
    sig: String,
}

/// Signs a payload and puts it in an envelope.
///
/// # Errors
/// None that JSON could have with these texts; passed on instead of assumed.
pub fn seal(
    payload_type: &str,
    payload: &[u8],
    key: &SigningKey,
) -> Result<String, serde_json::Error> {
    let signature = key.sign(&pae(payload_type, payload));
    let envelope = Envelope {
        payload: STANDARD.encode(payload),
        payload_type: payload_type.to_owned(),
        signatures: vec![Signed {
            keyid: key_id(&key.verifying_key()),
            sig: STANDARD.encode(signature.to_bytes()),
        }],
    };
    Ok(serde_json::to_string(&envelope)? + "\n")
}

/// The payload, if the owner of this key signed it as this type.
///
/// # Errors
/// The reason why it proves nothing. Members that nobody signed and nobody expects are one.
pub fn open(
    envelope: &[u8],
    payload_type: &str,
    key: &VerifyingKey,
) -> Result<Vec<u8>, EnvelopeError> {
    if envelope.len() > limit::ENVELOPE {
        return Err(EnvelopeError::TooLarge(envelope.len()));
    }
    let form = |why: String| EnvelopeError::Form(printable(&why, 400));
    let envelope: Envelope =
        serde_json::from_slice(envelope).map_err(|error| form(error.to_string()))?;
    if envelope.payload_type != payload_type {
        let other = printable(&envelope.payload_type, 100);
        return Err(EnvelopeError::PayloadType(other));
    }
    let [signed] = envelope.signatures.as_slice() else {
        return Err(EnvelopeError::Signatures(envelope.signatures.len()));
    };
    let expected = key_id(key);
    if signed.keyid != expected {
        let named = printable(&signed.keyid, 100);
        return Err(EnvelopeError::OtherKey { named, expected });
    }
    let decode = |what: &str, text: &str| {
        let decoded = STANDARD.decode(text);
        decoded.map_err(|error| form(format!("{what} is not base64: {error}")))
    };
    let payload = decode("payload", &envelope.payload)?;
    let signature = Signature::from_slice(&decode("sig", &signed.sig)?)
        .map_err(|_| form("sig has not 64 bytes".to_owned()))?;
    key.verify_strict(&pae(payload_type, &payload), &signature)
        .map_err(|_| EnvelopeError::Signature)?;
    Ok(payload)
}

/// What is signed: both parts, each behind its count of bytes, so that no other pair of parts
/// has the same encoding.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut all = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    all.extend_from_slice(payload);
    all
}

/// A key as X.509 and its tools write it.
pub fn spki(key: &VerifyingKey) -> Vec<u8> {
    let mut der = SPKI.to_vec();
    der.extend_from_slice(key.as_bytes());
    der
}

/// How an envelope names a key: the SHA-256 of its `SubjectPublicKeyInfo`, hexadecimal.
pub fn key_id(key: &VerifyingKey) -> String {
    Digest::sha256(&spki(key)).to_hex()
}

/// A public key for others, as PEM.
pub fn public_pem(key: &VerifyingKey) -> String {
    let body = STANDARD.encode(spki(key));
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

#[cfg(test)]
mod tests;
