//! Why a proof was not accepted: one word for programs, one sentence for people.

use customs_model::{Answer, printable};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest text of a stranger that a sentence repeats, in characters.
const SHOWN: usize = 300;

/// What stood against a piece of evidence. Each is its own case, so that a test can demand the
/// right one and a person can be told what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It is not the document that it should be.
    Unreadable,
    /// It exceeds a limit of its reader.
    TooLarge,
    /// It is well formed, and of a kind that is not verified here.
    Unsupported,
    /// A bundle that lacks, or has, what its version demands, or forbids.
    Form,
    /// The signature is not one over these bytes by this key.
    Signature,
    /// It speaks of another artifact.
    Artifact,
    /// The certificate cannot be read.
    CertificateMalformed,
    /// The certificate was not issued by an authority of the trust root, or not for signing code.
    CertificateChain,
    /// Its chain brings a root certificate that the trust root does not have.
    ForeignRoot,
    /// Its chain brings the trust root's own root, which bundles may not.
    RootInChain,
    /// No authority of the trust root was in office at that time.
    CertificateAuthority,
    /// It was signed before the certificate began.
    CertificateNotYetValid,
    /// It was signed after the certificate had ended.
    CertificateExpired,
    /// No proof that the certificate was published.
    CertificateSct,
    /// It has no entry of a transparency log.
    LogMissing,
    /// The entry is not proven to be in the log.
    LogProof,
    /// The log's signed state is missing, or not signed by the log.
    LogCheckpoint,
    /// The log's promise is missing, or not signed by the log.
    LogPromise,
    /// The log's entry describes another signature.
    LogMismatch,
    /// The log's time is not one at which this could be signed.
    LogTime,
    /// The log's entry cannot be read.
    LogEntry,
    /// A timestamp is not signed by an authority of the trust root.
    TimestampInvalid,
    /// A timestamp from before or after its authority's time in office.
    TimestampOutside,
    /// No time that anybody has confirmed.
    NoTime,
    /// The identity was confirmed by somebody whose word is not asked for.
    Issuer,
    /// The statement's `_type` is none that is known.
    StatementType,
    /// The statement has no subject, or more than one.
    SubjectCount,
    /// The statement is about another package, version or file.
    SubjectName,
    /// The statement is about other bytes.
    SubjectDigest,
    /// The statement says something else than what was asked for.
    PredicateType,
    /// The registry's statement that it accepted a release names another one.
    PublishPredicate,
    /// The index names another publisher than the certificate does.
    Publisher,
    /// The registry's key had ended when it signed.
    KeyExpired,
    /// A registry key that is not among those here: a newer one, or another registry's.
    UnknownKey,
    /// A transparency log that is not in the trust root.
    UnknownLog,
    /// A certificate or timestamp authority that is not in the trust root.
    UnknownAuthority,
    /// As either of the two, from after the trust root's newest entry.
    RootTooOld,
    /// Signed under Sigstore's public test instance, which proves nothing.
    Staging,
    /// The key has an end, and the time of signing that would be compared with it is not known.
    TimeNotKnown,
}

impl Why {
    /// Whether this says that customs could not judge, and not that the evidence is wrong.
    pub const fn is_not_checked(self) -> bool {
        match self {
            Self::Unsupported
            | Self::TooLarge
            | Self::RootInChain
            | Self::UnknownKey
            | Self::UnknownLog
            | Self::UnknownAuthority
            | Self::RootTooOld
            | Self::Staging
            | Self::TimeNotKnown => true,
            Self::Unreadable
            | Self::Form
            | Self::Signature
            | Self::Artifact
            | Self::CertificateMalformed
            | Self::CertificateChain
            | Self::ForeignRoot
            | Self::CertificateAuthority
            | Self::CertificateNotYetValid
            | Self::CertificateExpired
            | Self::CertificateSct
            | Self::LogMissing
            | Self::LogProof
            | Self::LogCheckpoint
            | Self::LogPromise
            | Self::LogMismatch
            | Self::LogTime
            | Self::LogEntry
            | Self::TimestampInvalid
            | Self::TimestampOutside
            | Self::NoTime
            | Self::Issuer
            | Self::StatementType
            | Self::SubjectCount
            | Self::SubjectName
            | Self::SubjectDigest
            | Self::PredicateType
            | Self::PublishPredicate
            | Self::Publisher
            | Self::KeyExpired => false,
        }
    }

    /// Whether an authority that the trust root does not know could be the cause.
    pub(crate) const fn may_be_of_a_stale_root(self) -> bool {
        matches!(
            self,
            Self::CertificateChain
                | Self::CertificateAuthority
                | Self::CertificateNotYetValid
                | Self::CertificateExpired
                | Self::CertificateSct
                | Self::LogCheckpoint
                | Self::LogPromise
                | Self::TimestampInvalid
                | Self::NoTime
                | Self::UnknownLog
        )
    }

    /// What it means, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "it cannot be read",
            Self::TooLarge => "it is larger than what is read",
            Self::Unsupported => "it is of a kind that is not verified here",
            Self::Form => "it breaks the rules of its own version",
            Self::Signature => "the signature does not hold",
            Self::Artifact => "it speaks of another artifact",
            Self::CertificateMalformed => "its certificate cannot be read",
            Self::CertificateChain => "its certificate comes from no trusted authority",
            Self::ForeignRoot => "its chain brings a root that is not one of the trust root's",
            Self::RootInChain => "its chain brings a root, which bundles may not",
            Self::CertificateAuthority => "no trusted authority was in office at that time",
            Self::CertificateNotYetValid => "it was signed before its certificate began",
            Self::CertificateExpired => "it was signed after its certificate had ended",
            Self::CertificateSct => "its certificate is not proven to be published",
            Self::LogMissing => "it has no entry of a transparency log",
            Self::LogProof => "it is not proven to be in the log",
            Self::LogCheckpoint => "the log's state is not signed by the log",
            Self::LogPromise => "the log's promise does not hold",
            Self::LogMismatch => "the log's entry describes another signature",
            Self::LogTime => "the log's time cannot be that of the signature",
            Self::LogEntry => "the log's entry cannot be read",
            Self::TimestampInvalid => "its timestamp comes from no trusted authority",
            Self::TimestampOutside => "its timestamp is outside of its authority's time",
            Self::NoTime => "nobody has confirmed when it was signed",
            Self::Issuer => "its identity was confirmed by nobody who is asked for",
            Self::StatementType => "it is a statement of an unknown type",
            Self::SubjectCount => "it does not speak of exactly one artifact",
            Self::SubjectName => "it speaks of another package, version or file",
            Self::SubjectDigest => "it speaks of other bytes",
            Self::PredicateType => "it says something else than what was asked for",
            Self::PublishPredicate => "the registry accepted another release by it",
            Self::Publisher => "the index names another publisher than its certificate",
            Self::KeyExpired => "it was signed with a key that had ended",
            Self::UnknownKey => "its key is not among those known here",
            Self::UnknownLog => "its transparency log is not in the trust root",
            Self::UnknownAuthority => "its authority is not in the trust root",
            Self::RootTooOld => "the trust root here is too old for it",
            Self::Staging => "it was signed under Sigstore's test instance",
            Self::TimeNotKnown => "whether its key was valid then is not known",
        }
    }
}

/// A piece of evidence that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub struct Refusal {
    /// The case.
    pub why: Why,
    /// The particulars; safe to print. May be empty.
    pub detail: String,
}

impl Refusal {
    /// With its particulars, which may hold text of strangers.
    pub fn new(why: Why, detail: impl AsRef<str>) -> Self {
        Self {
            why,
            detail: printable(detail.as_ref(), SHOWN),
        }
    }

    /// *No*, or *not checked* where customs could not judge.
    pub fn answer(&self) -> Answer {
        if self.why.is_not_checked() {
            Answer::not_checked(self.to_string())
        } else {
            Answer::No
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why.words())?;
        if self.detail.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.detail)
        }
    }
}
