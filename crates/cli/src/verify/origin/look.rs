//! The evidence of one package, verified against the digests of its lockfile.

use super::gather::{Gathered, strongest};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, DigestAlgorithm, Ecosystem, printable};
use customs_origin::answer::Finding;
use customs_origin::vcs::{TrustedPublisher, VcsInfo};
use customs_origin::{Identity, OriginAnswer, Trust, npm, pypi, vcs};
use customs_registry::evidence::{ArtifactEvidence, Offer, Told};

/// Looks at all evidence of an entry.
pub(super) fn look(
    entry: &Locked,
    gathered: &Gathered,
    info: Option<&VcsInfo>,
    trust: &Trust,
) -> OriginAnswer {
    let answers: Vec<OriginAnswer> = gathered
        .evidence
        .iter()
        .map(|evidence| of_artifact(entry, evidence, info, trust))
        .collect();
    let files = answers.len();
    let Some(mut sum) = answers.into_iter().reduce(together) else {
        return nothing(entry, gathered, info);
    };
    if files > 1 {
        sum.notes.push(format!(
            "{files} files that the lockfile promises were looked at"
        ));
    }
    sum.notes.dedup();
    sum.findings.dedup();
    sum
}

/// Nothing was said by a registry. What a crate says of itself is there without one.
fn nothing(entry: &Locked, gathered: &Gathered, info: Option<&VcsInfo>) -> OriginAnswer {
    let because = gathered.because.as_deref().unwrap_or("nothing is at hand");
    let mut answer = match info {
        Some(info) => vcs::look(Some(info), None),
        None => OriginAnswer::unseen(),
    };
    answer.attestation = Answer::not_checked(because);
    answer.signature = match entry.release.package.ecosystem() {
        Ecosystem::Cargo if info.is_some() => answer.signature,
        _ => Answer::not_checked(because),
    };
    answer
}

fn of_artifact(
    entry: &Locked,
    evidence: &ArtifactEvidence,
    info: Option<&VcsInfo>,
    trust: &Trust,
) -> OriginAnswer {
    match &evidence.offer {
        Offer::Npm {
            signatures,
            attestations,
        } => {
            let integrity = strongest(&entry.digests).map(ToString::to_string);
            let sri = strongest(&entry.digests).map(customs_model::Digest::to_sri);
            let release = npm::Release {
                id: &entry.release,
                integrity: sri.as_deref().unwrap_or_default(),
                published: evidence.shown.published,
            };
            let mut answer = npm::look(
                &release,
                &signatures.offered(Clone::clone),
                &attestations.offered(|text| text.clone().into_bytes()),
                trust,
            );
            explain(&mut answer.signature, signatures, evidence);
            explain(&mut answer.attestation, attestations, evidence);
            tell_against(&mut answer, integrity);
            answer
        }
        Offer::Pypi { provenance } => {
            if evidence.artifact.algorithm() != DigestAlgorithm::Sha256 {
                let mut answer = OriginAnswer::unseen();
                answer.attestation = Answer::not_checked(
                    "the lockfile holds no SHA-256, of which attestations speak",
                );
                return answer;
            }
            let file = pypi::File {
                release: &entry.release,
                name: &evidence.file,
                digest: &evidence.artifact,
            };
            let offered = provenance.offered(|text| text.clone().into_bytes());
            let mut answer = pypi::look(&file, &offered, trust);
            explain(&mut answer.attestation, provenance, evidence);
            answer
        }
        Offer::Cargo { publisher } => {
            let mut unread = None;
            let named = publisher.here().and_then(|text| {
                let read = TrustedPublisher::read(text.as_bytes());
                read.map_err(|why| unread = Some(why.to_string())).ok()
            });
            let mut answer = vcs::look(info, named.as_ref());
            if let Some(why) = publisher.failed().map(str::to_owned).or(unread) {
                answer
                    .notes
                    .push(format!("which pipeline published it was not asked: {why}"));
            }
            answer
        }
    }
}

/// A proof that fails is a proof of something: it helps to know against what it was held.
fn tell_against(answer: &mut OriginAnswer, integrity: Option<String>) {
    let failed = answer.signature == Answer::No || answer.attestation == Answer::No;
    if let (true, Some(integrity)) = (failed, integrity) {
        let integrity = printable(&integrity, 200);
        let note = format!("it was held against {integrity}, which the lockfile promises");
        answer.notes.push(note);
    }
}

/// That a registry gave no answer is another thing than that nobody asked.
fn explain<T>(answer: &mut Answer, told: &Told<T>, evidence: &ArtifactEvidence) {
    if let Some(why) = told.failed() {
        let registry = printable(&evidence.registry, 120);
        *answer = Answer::not_checked(format!("{registry} gave no answer: {why}"));
    }
}

/// Both files of a release. Who built them is said where it is the same.
fn together(mut first: OriginAnswer, second: OriginAnswer) -> OriginAnswer {
    let run_apart = |identity: &Identity| Identity {
        run: None,
        ..identity.clone()
    };
    first.signature = first.signature.and(second.signature);
    first.attestation = first.attestation.and(second.attestation);
    first.findings.extend(second.findings);
    first.identity = match (first.identity, second.identity) {
        (Some(a), Some(b)) if run_apart(&a) == run_apart(&b) => Some(a),
        (Some(_), Some(b)) => {
            first
                .findings
                .push(Finding::SeveralIdentities { other: b.subject });
            None
        }
        // One file without a proven identity: nobody built all of the release.
        (_, _) => None,
    };
    for verified in second.verified {
        if !first.verified.contains(&verified) {
            first.verified.push(verified);
        }
    }
    for note in second.notes {
        if !first.notes.contains(&note) {
            first.notes.push(note);
        }
    }
    first
}

/// Whether a package comes from where it should, by its proofs alone: each that is offered holds,
/// and there is one. What could not be looked at is never a *yes*.
pub(super) fn answer(entry: &Locked, gathered: &Gathered, origin: &OriginAnswer) -> Answer {
    if origin.signature == Answer::No || origin.attestation == Answer::No {
        return Answer::No;
    }
    let open = |answer: &Answer, fallback: &str| match answer {
        Answer::NotChecked(why) => Answer::not_checked(why),
        Answer::Yes | Answer::No => Answer::not_checked(fallback),
    };
    let looked_at = gathered.evidence.len();
    let mut whole = looked_at > 0;
    let promised = entry.digests.len();
    let pypi = entry.release.package.ecosystem() == Ecosystem::PyPi;
    if pypi && whole && looked_at < promised && origin.attestation == Answer::Yes {
        return Answer::not_checked(format!(
            "of the {promised} files that the lockfile promises, evidence of {looked_at} was looked at"
        ));
    }
    for evidence in &gathered.evidence {
        match &evidence.offer {
            Offer::Npm {
                signatures,
                attestations,
            } => {
                // That something which is offered was not looked at is the better reason.
                let attested = match attestations {
                    Told::Here(_) => origin.attestation == Answer::Yes,
                    Told::Absent => true,
                    Told::Stripped | Told::Failed(_) => false,
                };
                if !attested {
                    return open(&origin.attestation, "its attestation was not looked at");
                }
                let signed = match signatures {
                    Told::Here(_) => origin.signature == Answer::Yes,
                    Told::Absent | Told::Stripped | Told::Failed(_) => false,
                };
                if !signed && origin.attestation != Answer::Yes {
                    return open(&origin.signature, "it is not signed");
                }
            }
            Offer::Pypi { .. } => whole &= origin.attestation == Answer::Yes,
            Offer::Cargo { .. } => whole = false,
        }
    }
    if whole {
        Answer::Yes
    } else {
        match (&origin.signature, &origin.attestation) {
            (Answer::NotChecked(why), Answer::Yes) => Answer::not_checked(why),
            (_, other) => open(other, "it has no proof of its origin"),
        }
    }
}
