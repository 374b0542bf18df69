//! What PyPI's index offers as evidence for a file: the provenance object of PEP 740
//! (<https://peps.python.org/pep-0740/>).

mod publisher;

pub use publisher::Publisher;

use crate::answer::{Evidence, Offered, OriginAnswer};
use crate::predicate;
use crate::roots::Trust;
use crate::sigstore::{Bundle, Proof, Subject};
use crate::statement::Statement;
use crate::why::{Refusal, Why};
use customs_ecosystem::pypi::{compare, version_of};
use customs_model::{Answer, Digest, ReleaseId, printable};
use serde::Deserialize;
use serde_json::{Value, json};
use std::cmp::Ordering::Equal;

/// What is read of a provenance object.
pub mod limit {
    /// Bytes. Real ones have up to 40 KiB.
    pub const DOCUMENT: usize = 8 << 20;
    /// Attestations of one file. The index takes two.
    pub const ATTESTATIONS: usize = 16;
}

/// The end of the type of a publish attestation. Before it stands a host, which is no part of it:
/// another index has another one.
const PUBLISH_PATH: &str = "/attestations/publish/v1";

/// Who may confirm the identity of a publisher, by the index's kinds of publishers.
pub const ISSUERS: [&str; 4] = [
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://accounts.google.com",
    crate::identity::CIRCLECI,
];

/// What is known of a file before its evidence is looked at.
#[derive(Debug, Clone)]
pub struct File<'a> {
    /// The release that it belongs to.
    pub release: &'a ReleaseId,
    /// Its name, as the index and the lockfile write it.
    pub name: &'a str,
    /// Its SHA-256, by the lockfile.
    pub digest: &'a Digest,
}

#[derive(Deserialize)]
struct Object {
    version: u64,
    attestation_bundles: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    publisher: Option<Value>,
    attestations: Vec<Attestation>,
}

#[derive(Deserialize)]
struct Attestation {
    version: u64,
    envelope: Envelope,
    verification_material: Material,
}

#[derive(Deserialize)]
struct Envelope {
    statement: String,
    signature: String,
}

#[derive(Deserialize)]
struct Material {
    certificate: String,
    transparency_entries: Vec<Value>,
}

/// Looks at the provenance object of a file. PyPI itself signs nothing.
pub fn look(file: &File<'_>, provenance: &Offered<Vec<u8>>, trust: &Trust) -> OriginAnswer {
    let mut answer = OriginAnswer::unseen();
    answer.signature = Answer::not_checked("PyPI's index signs nothing");
    answer.attestation = match provenance.here("attestation") {
        Err(missing) => missing,
        Ok(document) => look_at_object(file, document, trust, &mut answer),
    };
    answer
}

fn look_at_object(
    file: &File<'_>,
    document: &[u8],
    trust: &Trust,
    answer: &mut OriginAnswer,
) -> Answer {
    let object = match read(document) {
        Ok(object) => object,
        Err(refusal) => {
            answer.refuse(Evidence::Other, &refusal);
            return refusal.answer();
        }
    };
    let mut sum: Option<Answer> = None;
    for group in object.attestation_bundles {
        let publisher = group.publisher.as_ref().map(Publisher::of);
        for attestation in group.attestations {
            let outcome = match look_at_one(file, attestation, trust) {
                Ok((statement, proof, spelling)) => {
                    accept(answer, &statement, proof, publisher.as_ref(), spelling)
                }
                Err(refusal) => {
                    answer.refuse(Evidence::Other, &refusal);
                    refusal.answer()
                }
            };
            sum = Some(sum.map_or(outcome.clone(), |sum| sum.and(outcome)));
        }
    }
    let sum = sum.unwrap_or_else(|| Answer::not_checked("the file has no attestation"));
    if sum != Answer::Yes {
        // What one attestation says is not believed beside another that is wrong.
        answer.identity = None;
    }
    sum
}

/// An attestation that holds, and whether the index's word about its publisher does.
fn accept(
    answer: &mut OriginAnswer,
    statement: &Statement,
    proof: Proof,
    publisher: Option<&Publisher>,
    spelling: Option<String>,
) -> Answer {
    let evidence = if is_publish(statement) {
        Evidence::Publish
    } else {
        Evidence::Provenance
    };
    answer.hold(evidence, &statement.predicate_type, &proof);
    answer
        .findings
        .extend(predicate::compare(statement, &proof));
    answer.notes.extend(spelling);
    let Some(identity) = proof.identity else {
        return Answer::Yes;
    };
    let differences = match publisher {
        None => {
            answer.notes.push("the index names no publisher".to_owned());
            Vec::new()
        }
        Some(Publisher::Unknown(kind)) => {
            answer.notes.push(format!(
                "the index names a publisher of the kind {kind}, which is not compared"
            ));
            Vec::new()
        }
        Some(publisher) => publisher.compare(&identity),
    };
    if !differences.is_empty() {
        answer.refuse(evidence, &Refusal::new(Why::Publisher, ""));
        answer.findings.extend(differences);
        return Answer::No;
    }
    answer.identify(identity);
    Answer::Yes
}

fn look_at_one(
    file: &File<'_>,
    attestation: Attestation,
    trust: &Trust,
) -> Result<(Statement, Proof, Option<String>), Refusal> {
    let bundle = bundle(attestation)?;
    let subject = Subject::Digest(file.digest);
    let proof = trust.public.authority.verify(&bundle, subject, &ISSUERS)?;
    let payload = proof.payload.as_deref().unwrap_or_default();
    let statement = Statement::read(payload)?;
    statement.check_digest(file.digest)?;
    let spelling = check_name(&statement, file)?;
    if !is_publish(&statement) {
        statement.check_predicate_type(&[predicate::SLSA_1])?;
    }
    Ok((statement, proof, spelling))
}

fn is_publish(statement: &Statement) -> bool {
    statement.predicate_type.starts_with("https://")
        && statement.predicate_type.ends_with(PUBLISH_PATH)
}

/// Whether the file is one of the release; and its name, byte for byte. Where that differs, whether it
/// is the same file in another spelling (`Name-1.0.tar.gz`, `name-1.0.0.tar.gz`), which is said.
fn check_name(statement: &Statement, file: &File<'_>) -> Result<Option<String>, Refusal> {
    let release = file.release;
    let own = version_of(file.name, &release.package);
    let version = release.version.as_str();
    // The index says which release a file belongs to; what is signed is the file's name.
    if own.is_none_or(|own| compare(own.as_str(), version) != Some(Equal)) {
        let name = printable(file.name, 120);
        let release = printable(&release.spoken(), 200);
        let detail = format!("asked for {release}, the file is {name}");
        return Err(Refusal::new(Why::SubjectName, detail));
    }
    let named = statement.subject.as_str();
    if named == file.name {
        return Ok(None);
    }
    let detail = format!(
        "asked for {}, it names {named:?}",
        printable(file.name, 120)
    );
    let differs = || Refusal::new(Why::SubjectName, &detail);
    let package = &file.release.package;
    let versions = version_of(named, package).zip(version_of(file.name, package));
    let same = versions.is_some_and(|(a, b)| compare(a.as_str(), b.as_str()) == Some(Equal));
    if !same || kind(named) != kind(file.name) {
        return Err(differs());
    }
    Ok(Some(format!(
        "the attestation spells the file's name as {}, the index as {}",
        printable(named, 120),
        printable(file.name, 120)
    )))
}

/// What is left of a file's name without name and version: a wheel's build and tags, an sdist's
/// ending. Another wheel of the same release is another file.
fn kind(name: &str) -> Option<&str> {
    match name.strip_suffix(".whl") {
        Some(stem) => stem.splitn(3, '-').nth(2),
        None => name
            .find(".tar.")
            .map(|at| &name[at..])
            .or_else(|| name.rfind('.').map(|at| &name[at..])),
    }
}

fn read(document: &[u8]) -> Result<Object, Refusal> {
    if document.len() > limit::DOCUMENT {
        return Err(Refusal::new(
            Why::TooLarge,
            format!("{} bytes", document.len()),
        ));
    }
    let object: Object = serde_json::from_slice(document)
        .map_err(|error| Refusal::new(Why::Unreadable, error.to_string()))?;
    if object.version != 1 {
        let detail = format!("a provenance object of version {}", object.version);
        return Err(Refusal::new(Why::Unsupported, detail));
    }
    let count: usize = object
        .attestation_bundles
        .iter()
        .map(|g| g.attestations.len())
        .sum();
    if count.max(object.attestation_bundles.len()) > limit::ATTESTATIONS {
        return Err(Refusal::new(Why::TooLarge, format!("{count} attestations")));
    }
    Ok(object)
}

/// The same bytes under the names of a Sigstore bundle of version 0.3.
fn bundle(attestation: Attestation) -> Result<Bundle, Refusal> {
    if attestation.version != 1 {
        let detail = format!("an attestation of version {}", attestation.version);
        return Err(Refusal::new(Why::Unsupported, detail));
    }
    Bundle::from_value(json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": attestation.verification_material.certificate},
            "tlogEntries": attestation.verification_material.transparency_entries,
        },
        "dsseEnvelope": {
            "payload": attestation.envelope.statement,
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": attestation.envelope.signature}],
        },
    }))
}

#[cfg(test)]
mod tests;
