//! From the errors of `sigstore-verify` to our own cases.

use crate::why::{Refusal, Why};
use sigstore_verify::bundle::Error as BundleError;
use sigstore_verify::{CertificateError, Error, TimestampError, TransparencyLogError};

/// Keeps the category, and the library's words as particulars.
pub(super) fn refusal(error: &Error) -> Refusal {
    Refusal::new(why(error), error.to_string())
}

fn why(error: &Error) -> Why {
    match error {
        Error::IdentityMismatch { .. } | Error::IssuerMismatch { .. } => Why::Issuer,
        Error::SignatureInvalid(_) => Why::Signature,
        Error::ArtifactMismatch(_) => Why::Artifact,
        Error::UnsupportedArtifact(_) | Error::UnsupportedBundle(_) => Why::Unsupported,
        Error::Certificate(error) => of_certificate(error),
        Error::TransparencyLog(error) => of_log(error),
        Error::Timestamp(error) => of_timestamp(error),
        Error::Bundle(error) => of_bundle(error),
        // The library's enums are open: what a later version adds is no reason to accept.
        _ => Why::Unreadable,
    }
}

fn of_certificate(error: &CertificateError) -> Why {
    match error {
        CertificateError::ChainInvalid(detail) => of_chain(detail),
        CertificateError::NoValidAuthority { .. } => Why::CertificateAuthority,
        CertificateError::NotYetValid { .. } => Why::CertificateNotYetValid,
        CertificateError::Expired { .. } => Why::CertificateExpired,
        CertificateError::Sct(_) => Why::CertificateSct,
        _ => Why::CertificateMalformed,
    }
}

/// Two of the chain's errors are about time; only their text tells. Were it another one, the case
/// would be the chain's, which is a refusal too.
fn of_chain(detail: &str) -> Why {
    if detail.contains("CertNotValidYet") {
        Why::CertificateNotYetValid
    } else if detail.contains("CertExpired") {
        Why::CertificateExpired
    } else {
        Why::CertificateChain
    }
}

fn of_log(error: &TransparencyLogError) -> Why {
    match error {
        TransparencyLogError::UnknownLog { .. } => Why::UnknownLog,
        TransparencyLogError::InclusionProof(_) => Why::LogProof,
        TransparencyLogError::Checkpoint(_) => Why::LogCheckpoint,
        TransparencyLogError::InclusionPromise(_) => Why::LogPromise,
        TransparencyLogError::EntryMismatch(_) => Why::LogMismatch,
        TransparencyLogError::IntegratedTime(_) => Why::LogTime,
        _ => Why::LogEntry,
    }
}

fn of_timestamp(error: &TimestampError) -> Why {
    match error {
        TimestampError::OutsideAuthorityValidity { .. } => Why::TimestampOutside,
        TimestampError::NoVerifiedTimestamp(_) => Why::NoTime,
        _ => Why::TimestampInvalid,
    }
}

fn of_bundle(error: &BundleError) -> Why {
    match error {
        BundleError::MissingInclusionPromise(_) => Why::LogPromise,
        BundleError::MissingInclusionProof(_) | BundleError::LogIndexOutOfRange { .. } => {
            Why::LogProof
        }
        BundleError::MissingCheckpoint | BundleError::CheckpointRootMismatch => Why::LogCheckpoint,
        BundleError::MissingSigningTimeEvidence => Why::LogMissing,
        BundleError::MissingTimestamp => Why::NoTime,
        _ => Why::Form,
    }
}
