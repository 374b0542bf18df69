//! Who built a release, held against who built the one before: both as their attestations say, and both
//! verified. What differs is judged as `customs verify` judges it.

use super::refuted::look;
use super::{ArtifactEvidence, people};
use customs_model::{Answer, OtherBuilder, ReleaseId};
use customs_origin::history::{Case, Past, Provenance, Seen, TrustFile, judge, to_verify};
use customs_origin::{Identity, Trust};

/// The earlier release whose attestation would tell who built the line before: the newest of its line
/// that offers one.
pub fn built_before(evidence: &ArtifactEvidence) -> Option<ReleaseId> {
    let past = past(evidence);
    let file = TrustFile::default();
    let case = Case {
        shown: &evidence.shown,
        registry: &evidence.registry,
        past: &past,
        file: &file,
    };
    to_verify(&case).cloned()
}

/// What differs between who built a release and who built the earlier one, where the attestations of
/// both hold. A repository that only has a new name is the same one.
pub fn other_builder(
    evidence: &ArtifactEvidence,
    before: &ArtifactEvidence,
    trust: &Trust,
) -> Option<OtherBuilder> {
    let verified = |one| Seen::Is(Provenance::Verified(Box::new(one)));
    let mut shown = evidence.shown.clone();
    shown.provenance = verified(identity(evidence, trust)?);
    let mut past = past(evidence);
    let earlier = past.earlier.iter_mut();
    let mut of_before = earlier.filter(|shown| shown.release == before.release);
    of_before.next()?.provenance = verified(identity(before, trust)?);
    let judgement = judge(&Case {
        shown: &shown,
        registry: &evidence.registry,
        past: &past,
        file: &TrustFile::default(),
    });
    let (before, differs) = judgement.other_builder()?;
    Some(OtherBuilder {
        before: before.clone(),
        differs,
    })
}

fn past(evidence: &ArtifactEvidence) -> Past {
    Past {
        earlier: evidence.earlier.clone(),
        people: people(&evidence.people),
        added: None,
    }
}

fn identity(evidence: &ArtifactEvidence, trust: &Trust) -> Option<Identity> {
    let answer = look(evidence, trust)?;
    match answer.attestation {
        Answer::Yes => answer.identity,
        Answer::No | Answer::NotChecked(_) => None,
    }
}
