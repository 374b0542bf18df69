//! One package as a component, with its files in it.

use super::Refs;
use super::bom::{Component, Evidence, ExternalReference, Hash, Kind, Occurrence, Property};
use crate::question::{Question, answer_words, verdict_words};
use crate::record::{Included, IncludedFile};
use customs_model::{Answer, Digest, DigestAlgorithm};

pub(super) fn library(package: &Included, own: &str, refs: &Refs) -> Component {
    let release = &package.release;
    let occurrences: Vec<Occurrence> = package
        .places
        .iter()
        .map(|place| Occurrence {
            location: place.clone(),
        })
        .collect();
    Component {
        bom_ref: Some(own.to_owned()),
        group: release.package.scope().map(str::to_owned),
        version: Some(release.version.to_string()),
        hashes: package.artifact.iter().map(hash).collect(),
        purl: Some(release.to_string()),
        external_references: source(package).into_iter().collect(),
        components: package.files.iter().map(file).collect(),
        evidence: (!occurrences.is_empty()).then_some(Evidence { occurrences }),
        properties: properties(package, refs),
        ..Component::new(Kind::Library, release.package.unscoped())
    }
}

pub(super) fn file(file: &IncludedFile) -> Component {
    let property = |name, value| Property { name, value };
    Component {
        hashes: vec![hash(&file.sha1), hash(&file.sha256)],
        properties: vec![
            property("customs:size", file.size.to_string()),
            property("customs:standing", file.standing.clone()),
        ],
        ..Component::new(Kind::File, &file.path)
    }
}

fn hash(digest: &Digest) -> Hash {
    let alg = match digest.algorithm() {
        DigestAlgorithm::Sha1 => "SHA-1",
        DigestAlgorithm::Sha256 => "SHA-256",
        DigestAlgorithm::Sha384 => "SHA-384",
        DigestAlgorithm::Sha512 => "SHA-512",
    };
    Hash {
        alg,
        content: digest.to_hex(),
    }
}

/// The repository, only where a verified attestation names it: readers follow this address.
fn source(package: &Included) -> Option<ExternalReference> {
    let repository = package.origin.repository.as_ref()?;
    let is_verified = package.origin.attestation == Answer::Yes;
    (is_verified && is_plain_address(repository)).then(|| ExternalReference {
        url: repository.clone(),
        kind: "vcs",
        comment: "named by a verified attestation",
    })
}

/// An address of only those characters that every reader takes for the same address.
fn is_plain_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.strip_prefix("https://")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

fn properties(package: &Included, refs: &Refs) -> Vec<Property> {
    let mut all = Vec::new();
    let mut say = |name: &'static str, value: &str| {
        let value = value.to_owned();
        all.push(Property { name, value });
    };
    for question in Question::ALL {
        let answer = question.answer(package);
        say(answer_name(question), answer_words(&answer));
        if let Answer::NotChecked(because) = &answer {
            say(because_name(question), because);
        }
    }
    say("customs:verdict:standing", verdict_words(&package.verdict));
    let origin = &package.origin;
    for (name, value) in [
        ("customs:artifact-from", &package.artifact_from),
        ("customs:origin:identity", &origin.identity),
        ("customs:origin:repository", &origin.repository),
        ("customs:origin:commit", &origin.commit),
    ] {
        if let Some(value) = value {
            say(name, value);
        }
    }
    for exemption in &package.exemptions {
        say("customs:exemption", exemption);
    }
    let absent = package.depends_on.iter();
    for release in absent.filter(|release| !refs.by_release.contains_key(release)) {
        say("customs:depends-on-absent", &release.to_string());
    }
    all
}

const fn answer_name(question: Question) -> &'static str {
    match question {
        Question::Tree => "customs:tree",
        Question::Signature => "customs:signature",
        Question::Attestation => "customs:attestation",
        Question::Verdict => "customs:verdict",
    }
}

const fn because_name(question: Question) -> &'static str {
    match question {
        Question::Tree => "customs:tree:because",
        Question::Signature => "customs:signature:because",
        Question::Attestation => "customs:attestation:because",
        Question::Verdict => "customs:verdict:because",
    }
}

pub(super) const fn count_name(question: Question) -> &'static str {
    match question {
        Question::Tree => "customs:count:tree",
        Question::Signature => "customs:count:signature",
        Question::Attestation => "customs:count:attestation",
        Question::Verdict => "customs:count:verdict",
    }
}
