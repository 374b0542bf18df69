//! Evidence that is false: offered, by somebody whose word is taken here, and not about the artifact.
//!
//! Narrower than the *no* of `customs verify`, since a release is kept from people by it: a chain of
//! certificates that does not end at a root known here may be of an authority that is newer than the
//! root, and the end of a key is held against a publish time that mirrors rewrite.

use super::{ArtifactEvidence, Offer};
use customs_model::{DigestAlgorithm, printable};
use customs_origin::answer::Finding;
use customs_origin::npm::Release;
use customs_origin::{Evidence, OriginAnswer, Refusal, Trust, Why, npm, pypi};

/// The attestations of an artifact that are false, a sentence each, safe to print. They are held
/// against the digest that it is kept under, of bytes that were hashed.
pub fn false_attestations(evidence: &ArtifactEvidence, trust: &Trust) -> Vec<String> {
    let Some(answer) = look(evidence, trust) else {
        return Vec::new();
    };
    let refused = |finding: &Finding| match finding {
        Finding::Refused { why, .. } if is_false(*why) => Some(printable(&finding.words(), 400)),
        Finding::Refused { .. }
        | Finding::PredicateDiffers { .. }
        | Finding::PublisherDiffers { .. }
        | Finding::SeveralIdentities { .. }
        | Finding::CommitDiffers { .. } => None,
    };
    answer.findings.iter().filter_map(refused).collect()
}

/// Holds attestations against the digest that they are kept under. None where there can be none.
pub(super) fn look(evidence: &ArtifactEvidence, trust: &Trust) -> Option<OriginAnswer> {
    match &evidence.offer {
        Offer::Npm { attestations, .. } => {
            let integrity = evidence.artifact.to_sri();
            let release = Release {
                id: &evidence.release,
                integrity: &integrity,
                published: evidence.shown.published,
            };
            let signatures = customs_origin::Offered::NotAsked;
            let offered = attestations.offered(|text| text.clone().into_bytes());
            Some(npm::look(&release, &signatures, &offered, trust))
        }
        Offer::Pypi { provenance } => {
            // Attestations speak of the SHA-256.
            if evidence.artifact.algorithm() != DigestAlgorithm::Sha256 {
                return None;
            }
            let file = pypi::File {
                release: &evidence.release,
                name: &evidence.file,
                digest: &evidence.artifact,
            };
            let offered = provenance.offered(|text| text.clone().into_bytes());
            Some(pypi::look(&file, &offered, trust))
        }
        Offer::Cargo { .. } => None,
    }
}

/// Those of some refusals that say that the evidence is false.
pub(super) fn sentences(evidence: Evidence, refused: &[Refusal]) -> Vec<String> {
    let of_false = refused.iter().filter(|refusal| is_false(refusal.why));
    of_false
        .map(|refusal| {
            let finding = Finding::Refused {
                evidence,
                why: refusal.why,
                detail: refusal.detail.clone(),
            };
            printable(&finding.words(), 400)
        })
        .collect()
}

const fn is_false(why: Why) -> bool {
    match why {
        Why::Signature
        | Why::Artifact
        | Why::SubjectName
        | Why::SubjectDigest
        | Why::PublishPredicate => true,
        // An odd document proves nothing, in either way.
        Why::Unreadable
        | Why::TooLarge
        | Why::Unsupported
        | Why::Form
        | Why::StatementType
        | Why::SubjectCount
        | Why::PredicateType
        | Why::Publisher
        // Roots and logs that may be newer than those here, and times.
        | Why::CertificateMalformed
        | Why::CertificateChain
        | Why::ForeignRoot
        | Why::RootInChain
        | Why::CertificateAuthority
        | Why::CertificateNotYetValid
        | Why::CertificateExpired
        | Why::CertificateSct
        | Why::LogMissing
        | Why::LogProof
        | Why::LogCheckpoint
        | Why::LogPromise
        | Why::LogMismatch
        | Why::LogTime
        | Why::LogEntry
        | Why::TimestampInvalid
        | Why::TimestampOutside
        | Why::NoTime
        | Why::Issuer
        | Why::KeyExpired
        | Why::UnknownKey
        | Why::UnknownLog
        | Why::UnknownAuthority
        | Why::RootTooOld
        | Why::Staging
        | Why::TimeNotKnown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_newer_than_the_roots_here_is_not_called_false() {
        let refused = [
            Refusal::new(Why::UnknownKey, "k"),
            Refusal::new(Why::CertificateChain, "c"),
            Refusal::new(Why::KeyExpired, "e"),
        ];
        assert!(sentences(Evidence::RegistrySignature, &refused).is_empty());
        let refused = [Refusal::new(Why::Signature, "over \"x\"")];
        assert_eq!(
            sentences(Evidence::RegistrySignature, &refused),
            ["the registry's signature was not accepted: the signature does not hold: over \"x\""]
        );
    }
}
