//! Whether a registry hands on evidence of origin at all. Mirrors and proxies drop signatures,
//! attestations and provenance objects without a word, and then nothing that comes from them can be
//! verified.
//!
//! It is asked for one public package that is known to be published with such evidence. What it shows
//! of that one says what it does with all; where it does not have it, nothing is known.

use super::npm::Object;
use super::{Told, because};
use crate::document::Found;
use crate::judge::{Registry, npm_document_path};
use crate::upstream::Upstream;
use customs_ecosystem::pypi::File;
use customs_model::{Answer, Ecosystem, PackageName, ReleaseId, Version};
use serde::{Deserialize, Serialize};

/// A package whose releases npm's registry signs, as it signs all, and whose pipeline attests them:
/// Sigstore's own client.
const ON_NPM: &str = "sigstore";
/// A project whose files were uploaded with attestations from the first (PEP 740): the library that
/// reads those.
const ON_PYPI: &str = "pypi-attestations";
/// Releases that are looked at, the newest first.
const RELEASES: usize = 500;

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The registry's signatures in npm's documents (`dist.signatures`).
    Signatures,
    /// npm's attestations: named in documents (`dist.attestations`), handed out by the registry.
    Attestations,
    /// PyPI's provenance objects: named in a project's page, handed out by the index (PEP 740).
    Provenance,
}

impl Kind {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Signatures => "signatures",
            Self::Attestations => "attestations",
            Self::Provenance => "provenance objects",
        }
    }
}

/// Whether one kind of evidence is handed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOn {
    /// Which kind.
    pub kind: Kind,
    /// Yes: it is; no: it is stripped.
    #[serde(flatten)]
    pub answer: Answer,
    /// What was seen, one clause, safe to print; none where nothing was looked at.
    pub seen: Option<String>,
}

/// What a document names of evidence.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    /// Releases or files that it shows.
    of: usize,
    /// Those that could not be read.
    unread: usize,
    /// Whether any is signed.
    signed: bool,
    /// One that has an attestation.
    attested: Option<Version>,
}

impl Registry {
    /// Whether this registry hands on evidence of origin, kind by kind. cargo's documents hold none, so
    /// of a cargo registry there is nothing to ask.
    pub async fn hands_on(&self, ecosystem: Ecosystem, upstream: &Upstream) -> Vec<HandedOn> {
        match ecosystem {
            Ecosystem::Npm => self.npm_hands_on(upstream).await,
            Ecosystem::PyPi => vec![self.pypi_hands_on(upstream).await],
            Ecosystem::Cargo => Vec::new(),
        }
    }

    async fn npm_hands_on(&self, upstream: &Upstream) -> Vec<HandedOn> {
        let both = |why: &str| {
            let of = |kind| HandedOn::not_checked(kind, why);
            vec![of(Kind::Signatures), of(Kind::Attestations)]
        };
        let package = match PackageName::new(Ecosystem::Npm, ON_NPM) {
            Ok(package) => package,
            Err(error) => return both(&error.to_string()),
        };
        let document = match self.npm.get(upstream, &npm_document_path(&package)).await {
            Ok(Found::Document(document)) => document,
            Ok(Found::Missing) => return both(&lacks(ON_NPM)),
            Err(error) => return both(&because(&error)),
        };
        let newest = document.index.versions.iter().rev().take(RELEASES);
        let named = of_objects(newest.map(|entry| {
            let bytes = document.span(entry.offset, entry.length);
            let object = bytes.map_err(|error| error.to_string());
            let object = object.and_then(|bytes| Object::read(&bytes));
            (&entry.version, object)
        }));
        let told = match &named.attested {
            None => None,
            Some(version) => {
                let release = ReleaseId::new(package, version.clone());
                Some(self.attestations(upstream, &release, true).await)
            }
        };
        vec![
            signatures(&named),
            attestations(Kind::Attestations, ON_NPM, &named, told.as_ref()),
        ]
    }

    async fn pypi_hands_on(&self, upstream: &Upstream) -> HandedOn {
        let kind = Kind::Provenance;
        let pages = &self.pypi;
        let document = match pages.get(upstream, &format!("{ON_PYPI}/")).await {
            Ok(Found::Document(document)) => document,
            Ok(Found::Missing) => return HandedOn::not_checked(kind, lacks(ON_PYPI)),
            Err(error) => return HandedOn::not_checked(kind, because(&error)),
        };
        let (named, file) = of_files(&document.index.0.files);
        let told = match file {
            None => None,
            Some(file) => Some(self.provenance(upstream, file).await),
        };
        attestations(kind, ON_PYPI, &named, told.as_ref())
    }
}

fn lacks(package: &str) -> String {
    format!("it does not have the package {package}, by which it would be seen")
}

fn of_objects<'a>(all: impl Iterator<Item = (&'a Version, Result<Object, String>)>) -> Named {
    let mut named = Named::default();
    for (version, object) in all {
        named.of += 1;
        match object {
            Err(_) => named.unread += 1,
            Ok(object) => {
                named.signed |= object.signatures.is_some();
                if object.attested && named.attested.is_none() {
                    named.attested = Some(version.clone());
                }
            }
        }
    }
    named
}

fn of_files(files: &[File]) -> (Named, Option<&File>) {
    let named = |file: &&File| file.provenance.is_some() && file.version.is_some();
    let newest = files.iter().rev().take(RELEASES);
    let of = newest.clone().count();
    let file = newest.clone().find(named);
    let found = Named {
        of,
        attested: file.and_then(|file| file.version.clone()),
        ..Named::default()
    };
    (found, file)
}

/// Nothing that was read says it, and something was not: then nobody knows.
fn unknown(kind: Kind, package: &str, named: &Named) -> Option<HandedOn> {
    let why = match (named.of, named.unread) {
        (0, _) => format!("it shows no release of {package}, by which it would be seen"),
        (_, 0) => return None,
        (_, unread) => {
            format!("{unread} of the releases of {package} that it shows cannot be read")
        }
    };
    Some(HandedOn::not_checked(kind, why))
}

fn signatures(named: &Named) -> HandedOn {
    let kind = Kind::Signatures;
    if named.signed {
        return HandedOn::of(kind, Answer::Yes, None);
    }
    unknown(kind, ON_NPM, named).unwrap_or_else(|| none_of(kind, ON_NPM, named))
}

fn attestations(kind: Kind, package: &str, named: &Named, told: Option<&Told<String>>) -> HandedOn {
    match told {
        None => unknown(kind, package, named).unwrap_or_else(|| none_of(kind, package, named)),
        Some(Told::Here(_)) => HandedOn::of(kind, Answer::Yes, None),
        Some(Told::Absent | Told::Stripped) => {
            let seen = format!("it names one of {package}, and does not hand it out");
            HandedOn::of(kind, Answer::No, Some(seen))
        }
        Some(Told::Failed(why)) => HandedOn::not_checked(kind, why.as_str()),
    }
}

fn none_of(kind: Kind, package: &str, named: &Named) -> HandedOn {
    let seen = format!(
        "{package} is published with them, and of its {} {} here none has any",
        named.of,
        match kind {
            Kind::Signatures | Kind::Attestations => "releases",
            Kind::Provenance => "files",
        }
    );
    HandedOn::of(kind, Answer::No, Some(seen))
}

impl HandedOn {
    /// Not looked at, because … One clause, safe to print.
    pub fn not_checked(kind: Kind, because: impl Into<String>) -> Self {
        Self::of(kind, Answer::not_checked(because), None)
    }

    const fn of(kind: Kind, answer: Answer, seen: Option<String>) -> Self {
        Self { kind, answer, seen }
    }
}

#[cfg(test)]
mod tests;
