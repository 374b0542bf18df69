//! An envelope whose entry in a log of Rekor v1 is a `hashedrekord`.
//!
//! An envelope's signature is one over its encoding (DSSE's PAE), and such an entry names the digest
//! of that encoding. The library accepts the pair in Rekor v2 alone; the specification of clients
//! allows it in both. So it is given to the library as what it is, a signature of the encoding's
//! bytes, and everything about certificate, times, log and signature is verified by it. Only what
//! the statement says of the artifact, which the library reads of envelopes, is read here.
//! Source: <https://github.com/sigstore/architecture-docs/blob/main/client-spec.md>.

use super::{Bundle, Subject, errors};
use crate::statement::Statement;
use crate::why::{Refusal, Why};
use customs_model::{Digest, DigestAlgorithm, Hasher};
use sigstore_verify::Error;
use sigstore_verify::types::bundle::MessageSignature;
use sigstore_verify::types::{Bundle as Theirs, DsseEnvelope, KindVersion, SignatureContent};

/// What the payload of an envelope must be for it to speak of an artifact.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// A bundle, as one about its envelope's encoding.
pub(super) struct Encoded {
    pub(super) bundle: Theirs,
    /// What was signed.
    pub(super) encoding: Vec<u8>,
}

impl Encoded {
    /// None where the library verifies the bundle as it is.
    pub(super) fn of(bundle: &Bundle) -> Option<Self> {
        let envelope = envelope(bundle)?;
        let entries = bundle.entries();
        let all = entries
            .iter()
            .all(|entry| entry.kind_version == KindVersion::HashedRekordV001);
        if entries.is_empty() || !all {
            return None;
        }
        let signature = MessageSignature::new(envelope.signature.sig.clone());
        let mut about = bundle.0.clone();
        about.content = SignatureContent::MessageSignature(signature);
        Some(Self {
            bundle: about,
            encoding: envelope.pae(),
        })
    }
}

/// What the library says of it: its artifact is the encoding, which the log's entry has to name.
pub(super) fn refusal(error: &Error) -> Refusal {
    match error {
        Error::ArtifactMismatch(_) => Refusal::new(Why::LogMismatch, error.to_string()),
        // The library's enum is open, and the rest is as for any other bundle.
        _ => errors::refusal(error),
    }
}

/// Whether the envelope's statement is about this artifact.
pub(super) fn check_artifact(bundle: &Bundle, subject: Subject<'_>) -> Result<(), Refusal> {
    let Some(envelope) = envelope(bundle) else {
        return Err(Refusal::new(Why::Unsupported, "it has no envelope"));
    };
    if envelope.payload_type != STATEMENT {
        let detail = format!("its payload is {:?}", envelope.payload_type);
        return Err(Refusal::new(Why::Unsupported, detail));
    }
    let statement = Statement::read(envelope.payload.as_bytes())?;
    let bytes = match subject {
        Subject::Digest(digest) => return statement.check_digest(digest),
        Subject::Bytes(bytes) => bytes,
    };
    let mut is_named = false;
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
        if statement.digests.contains_key(algorithm.name()) {
            statement.check_digest(&digest(algorithm, bytes))?;
            is_named = true;
        }
    }
    match is_named {
        true => Ok(()),
        // It says which ones are named in its place.
        false => statement.check_digest(&Digest::sha256(bytes)),
    }
}

fn envelope(bundle: &Bundle) -> Option<&DsseEnvelope> {
    match &bundle.0.content {
        SignatureContent::DsseEnvelope(envelope) => Some(envelope),
        _ => None,
    }
}

fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}
