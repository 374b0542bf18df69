//! What npm's registry offers as evidence for a release: signatures, and a document of two
//! attestations, `{"attestations": [{"predicateType", "bundle"}]}`.

use crate::answer::{Evidence, Offered, OriginAnswer};
use crate::predicate;
use crate::roots::Trust;
use crate::signature::{self, Signature, Usage};
use crate::sigstore::{Bundle, Instance, Proof, Subject};
use crate::statement::{Statement, is_attested};
use crate::why::{Refusal, Why};
use customs_model::{Answer, Digest, ReleaseId, Timestamp, printable};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is read of a document of attestations.
pub mod limit {
    /// Bytes. Real ones have some 30 KiB.
    pub const DOCUMENT: usize = 8 << 20;
    /// Attestations. Real documents have two.
    pub const ATTESTATIONS: usize = 16;
}

/// The registry's statement that it accepted a release, signed with its key.
pub const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

/// Who may confirm the identity of a build: those that npm lets publish with provenance.
pub const ISSUERS: [&str; 3] = [
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    crate::identity::CIRCLECI,
];

/// What is known of a release before its evidence is looked at.
#[derive(Debug, Clone)]
pub struct Release<'a> {
    /// Which one.
    pub id: &'a ReleaseId,
    /// Its integrity, by the lockfile (not by the document that the evidence came with).
    pub integrity: &'a str,
    /// When it was published, by the registry's unsigned word; none where that is not known, or
    /// where it comes from somebody who rewrites times.
    pub published: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    attestations: Vec<Attestation<'a>>,
}

#[derive(Deserialize)]
struct Attestation<'a> {
    /// Unsigned: the statement's own counts.
    #[serde(rename = "predicateType")]
    predicate_type: Option<String>,
    #[serde(borrow)]
    bundle: Option<&'a RawValue>,
}

/// Looks at all evidence of a release.
pub fn look(
    release: &Release<'_>,
    signatures: &Offered<Vec<Signature>>,
    attestations: &Offered<Vec<u8>>,
    trust: &Trust,
) -> OriginAnswer {
    let mut answer = OriginAnswer::unseen();
    answer.signature = match signatures.here("signature") {
        Err(missing) => missing,
        Ok(signatures) => look_at_signatures(release, signatures, trust, &mut answer),
    };
    answer.attestation = match attestations.here("attestation") {
        Err(missing) => missing,
        Ok(document) => look_at_attestations(release, document, trust, &mut answer),
    };
    answer
}

fn look_at_signatures(
    release: &Release<'_>,
    signatures: &[Signature],
    trust: &Trust,
    answer: &mut OriginAnswer,
) -> Answer {
    let Release {
        id,
        integrity,
        published,
    } = release;
    let signed = signature::check(signatures, id, integrity, *published, &trust.keys);
    for refusal in &signed.refused {
        answer.refuse(Evidence::RegistrySignature, refusal);
    }
    signed.answer
}

/// *Yes* where provenance holds. What is wrong makes it *no*, whichever attestation it is; that
/// the registry's own key is not known here takes nothing away from provenance that holds.
fn look_at_attestations(
    release: &Release<'_>,
    document: &[u8],
    trust: &Trust,
    answer: &mut OriginAnswer,
) -> Answer {
    let attestations = match read(document) {
        Ok(attestations) => attestations,
        Err(refusal) => {
            answer.refuse(Evidence::Other, &refusal);
            return refusal.answer();
        }
    };
    let digest = match Digest::from_sri(release.integrity) {
        Ok(digest) if is_attested(digest.algorithm()) => digest,
        Ok(_) | Err(_) => {
            return Answer::not_checked("the lockfile holds no SHA-512 to compare with");
        }
    };
    let mut provenance = None;
    let mut wrong = false;
    for attestation in attestations {
        let named = attestation.predicate_type.as_deref().unwrap_or_default();
        let evidence = evidence_of(named);
        let result = match evidence {
            Evidence::Provenance => look_at_provenance(&attestation, release.id, &digest, trust),
            Evidence::RegistryPublish => look_at_publish(&attestation, release.id, &digest, trust),
            Evidence::RegistrySignature | Evidence::Publish | Evidence::Other => {
                let named = printable(named, 120);
                answer.notes.push(format!(
                    "an attestation of the kind {named} was not looked at"
                ));
                continue;
            }
        };
        let outcome = match result {
            Ok((statement, proof)) => {
                answer.hold(evidence, &statement.predicate_type, &proof);
                if proof.instance == Instance::GitHub {
                    answer.notes.push(format!(
                        "{} was confirmed by GitHub's own instance: it stands in no public log",
                        evidence.words()
                    ));
                }
                answer
                    .findings
                    .extend(predicate::compare(&statement, &proof));
                if let Some(identity) = proof.identity {
                    answer.identify(identity);
                }
                Answer::Yes
            }
            Err(refusal) => {
                answer.refuse(evidence, &refusal);
                refusal.answer()
            }
        };
        wrong |= outcome == Answer::No;
        if evidence == Evidence::Provenance {
            provenance =
                Some(provenance.map_or(outcome.clone(), |before: Answer| before.and(outcome)));
        }
    }
    if wrong || provenance.as_ref().is_some_and(|p| *p != Answer::Yes) {
        // What one attestation says is not believed beside another that is wrong.
        answer.identity = None;
    }
    match (wrong, provenance) {
        (true, _) => Answer::No,
        (false, Some(outcome)) => outcome,
        (false, None) => Answer::not_checked("the release has no provenance"),
    }
}

fn read(document: &[u8]) -> Result<Vec<Attestation<'_>>, Refusal> {
    if document.len() > limit::DOCUMENT {
        return Err(Refusal::new(
            Why::TooLarge,
            format!("{} bytes", document.len()),
        ));
    }
    let read: Document<'_> = serde_json::from_slice(document)
        .map_err(|error| Refusal::new(Why::Unreadable, error.to_string()))?;
    if read.attestations.len() > limit::ATTESTATIONS {
        let detail = format!("{} attestations", read.attestations.len());
        return Err(Refusal::new(Why::TooLarge, detail));
    }
    Ok(read.attestations)
}

fn evidence_of(predicate_type: &str) -> Evidence {
    match predicate_type {
        PUBLISH => Evidence::RegistryPublish,
        predicate::SLSA_02 | predicate::SLSA_1 => Evidence::Provenance,
        _ => Evidence::Other,
    }
}

fn look_at_provenance(
    attestation: &Attestation<'_>,
    release: &ReleaseId,
    digest: &Digest,
    trust: &Trust,
) -> Result<(Statement, Proof), Refusal> {
    let bundle = attestation.bundle()?;
    let authority = trust.authority_for(&bundle);
    let proof = authority.verify(&bundle, Subject::Digest(digest), &ISSUERS)?;
    let statement = statement(&proof, release, digest)?;
    statement.check_predicate_type(&[predicate::SLSA_02, predicate::SLSA_1])?;
    Ok((statement, proof))
}

fn look_at_publish(
    attestation: &Attestation<'_>,
    release: &ReleaseId,
    digest: &Digest,
    trust: &Trust,
) -> Result<(Statement, Proof), Refusal> {
    let bundle = attestation.bundle()?;
    let hint = bundle
        .key_hint()
        .ok_or_else(|| Refusal::new(Why::Unsupported, "the registry did not sign it with a key"))?;
    let key = trust.keys.find(hint, Usage::Attestations)?;
    let subject = Subject::Digest(digest);
    let proof = trust
        .public
        .authority
        .verify_with_key(&bundle, subject, &key.public)?;
    check_key_time(key, &proof)?;
    let statement = statement(&proof, release, digest)?;
    statement.check_predicate_type(&[PUBLISH])?;
    statement.check_publish_predicate(release)?;
    Ok((statement, proof))
}

/// A key signs from its beginning to its end, by the time that the log confirmed.
fn check_key_time(key: &signature::Key, proof: &Proof) -> Result<(), Refusal> {
    if key.ended.is_none() && key.began.is_none() {
        return Ok(());
    }
    let Some((first, last)) = proof.times.first().zip(proof.times.last()) else {
        return Err(Refusal::new(Why::TimeNotKnown, "the log confirmed no time"));
    };
    let early = key.began.is_some_and(|began| *first < began);
    let late = key.ended.is_some_and(|ended| *last >= ended);
    if early || late {
        let detail = format!("the key {}, signed {last}", key.id);
        return Err(Refusal::new(Why::KeyExpired, detail));
    }
    Ok(())
}

fn statement(proof: &Proof, release: &ReleaseId, digest: &Digest) -> Result<Statement, Refusal> {
    let payload = proof
        .payload
        .as_deref()
        .ok_or_else(|| Refusal::new(Why::Unsupported, "it holds no statement"))?;
    let statement = Statement::read(payload)?;
    statement.check_digest(digest)?;
    statement.check_npm_subject(release)?;
    Ok(statement)
}

impl Attestation<'_> {
    fn bundle(&self) -> Result<Bundle, Refusal> {
        let json = self
            .bundle
            .ok_or_else(|| Refusal::new(Why::Unreadable, "the document holds no bundle"))?;
        Bundle::read(json.get().as_bytes())
    }
}

#[cfg(test)]
mod tests;
