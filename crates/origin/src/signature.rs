//! Registry signatures of npm: the registry's word that a release has this digest.
//!
//! ECDSA P-256 with SHA-256 over `<name>@<version>:<integrity>`, the signature in DER and base64.
//! It covers neither time, tags nor deprecation, and tells nothing about who built the artifact: a
//! release that was published with stolen rights is signed like any other.

mod keys;

pub use keys::{Key, Keys, KeysError, Rejected, Usage};

use crate::why::{Refusal, Why};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Answer, Digest, ReleaseId, Timestamp, printable};
use serde::{Deserialize, Serialize};

/// What is read of a release's signatures.
pub mod limit {
    /// Signatures of one release. The registry writes one.
    pub const SIGNATURES: usize = 8;
    /// Characters of a signature. Real ones have 96.
    pub const SIGNATURE: usize = 400;
    /// Characters of a key's id. Real ones have 50.
    pub const KEY_ID: usize = 200;
    /// Bytes of a document of keys.
    pub const DOCUMENT: usize = 1 << 20;
    /// Keys of one document.
    pub const KEYS: usize = 100;
}

/// One entry of `dist.signatures`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which key, by the registry's word.
    pub keyid: String,
    /// DER in base64.
    pub sig: String,
}

/// What was found about the signatures of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Whether the registry's signature holds over this very digest.
    pub answer: Answer,
    /// What stood against each signature that was not accepted.
    pub refused: Vec<Refusal>,
    /// Keys whose signatures hold.
    pub keys: Vec<String>,
}

/// Checks the signatures of a release over the integrity that the *lockfile* holds, not over that
/// of a document that came with the signatures.
///
/// One that is wrong makes the answer *no*, whatever others say. A key that is not known makes
/// *not checked*: the registry changes its keys (as in January 2025), and another registry has others.
/// `published` is the registry's unsigned word; it is needed only for keys that have ended.
pub fn check(
    signatures: &[Signature],
    release: &ReleaseId,
    integrity: &str,
    published: Option<Timestamp>,
    keys: &Keys,
) -> Signed {
    let mut signed = Signed {
        answer: Answer::not_checked("the document holds no signature of the registry"),
        refused: Vec::new(),
        keys: Vec::new(),
    };
    if let Err(refusal) = one_strong_digest(integrity) {
        signed.answer = refusal.answer();
        signed.refused.push(refusal);
        return signed;
    }
    if signatures.len() > limit::SIGNATURES {
        let detail = format!(
            "{} signatures, {} are read",
            signatures.len(),
            limit::SIGNATURES
        );
        let refusal = Refusal::new(Why::TooLarge, detail);
        signed.answer = refusal.answer();
        signed.refused.push(refusal);
        return signed;
    }
    for signature in signatures {
        match check_one(signature, &message(release, integrity), published, keys) {
            Ok(key) => signed.keys.push(key),
            Err(refusal) => signed.refused.push(refusal),
        }
    }
    let wrong = signed
        .refused
        .iter()
        .find(|refusal| !refusal.why.is_not_checked());
    signed.answer = match (wrong, signed.keys.is_empty(), signed.refused.first()) {
        (Some(_), _, _) => Answer::No,
        (None, false, _) => Answer::Yes,
        (None, true, Some(unknown)) => unknown.answer(),
        (None, true, None) => signed.answer,
    };
    signed
}

/// The bytes that are signed. A scoped name stays as it is.
pub fn message(release: &ReleaseId, integrity: &str) -> String {
    format!("{}@{}:{integrity}", release.package, release.version)
}

fn check_one(
    signature: &Signature,
    message: &str,
    published: Option<Timestamp>,
    keys: &Keys,
) -> Result<String, Refusal> {
    if signature.sig.len() > limit::SIGNATURE || signature.keyid.len() > limit::KEY_ID {
        return Err(Refusal::new(
            Why::Unreadable,
            "the signature is far too long",
        ));
    }
    let key = keys.find(&signature.keyid, Usage::Signatures)?;
    let bytes = STANDARD
        .decode(&signature.sig)
        .map_err(|error| Refusal::new(Why::Unreadable, format!("its base64: {error}")))?;
    if !key.public.verifies(message.as_bytes(), &bytes) {
        let detail = format!("over {:?} by the key {}", printable(message, 200), key.id);
        return Err(Refusal::new(Why::Signature, detail));
    }
    // Signatures were made for releases of years before the first key, so only the end counts.
    match (key.ended, published) {
        (None, _) => Ok(key.id.clone()),
        (Some(end), Some(published)) if published < end => Ok(key.id.clone()),
        (Some(end), Some(published)) => {
            let detail = format!("the key {} ended {end}, published {published}", key.id);
            Err(Refusal::new(Why::KeyExpired, detail))
        }
        (Some(end), None) => {
            let detail = format!(
                "the key {} ended {end}, and when the release was published is not known",
                key.id
            );
            Err(Refusal::new(Why::TimeNotKnown, detail))
        }
    }
}

/// Only one digest can stand in the message, and SHA-1 promises nothing.
fn one_strong_digest(integrity: &str) -> Result<(), Refusal> {
    let unsupported = |detail: &str| Err(Refusal::new(Why::Unsupported, detail));
    if integrity.split_ascii_whitespace().count() != 1 {
        return unsupported("the lockfile holds no integrity, or several");
    }
    match Digest::from_sri(integrity) {
        Ok(digest) if digest.algorithm() == customs_model::DigestAlgorithm::Sha1 => {
            unsupported("the lockfile holds a SHA-1 only, which can be forged")
        }
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::new(Why::Unsupported, error.to_string())),
    }
}

#[cfg(test)]
mod tests;
