//! npm: the full document, and the registry's document of attestations.

use super::past::{Crowd, Dated, earlier};
use super::refuted;
use super::{
    AT_HAND, ArtifactEvidence, Asking, Missed, NOT_ASKED, Offer, SCHEMA, Told, Wanted, limit,
};
use crate::document::{Document, Found};
use crate::judge::{Context, Registry, npm_document_path};
use crate::upstream::Upstream;
use customs_ecosystem::npm::{NpmRelease, Packument, VersionEntry};
use customs_model::{Digest, Known, PackageName, ReleaseId, Timestamp, printable};
use customs_origin::history::{Proof, Provenance, Provider, Seen, Shown};
use customs_origin::signature::{self, Signature, limit as signature_limit};
use customs_origin::{Evidence, Trust};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is read of a version's object besides what every judgement reads.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub(super) signatures: Option<Vec<Signature>>,
    pub(super) attested: bool,
    user: Option<User>,
    commit: Option<String>,
    integrity: Option<String>,
}

/// The signatures of one release, held against the digest of its artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferedSignatures {
    /// Whether the document offers any.
    pub offered: bool,
    /// Those that are false, a sentence each, safe to print. By a key that is not known here,
    /// and over a digest that nobody can forge.
    pub refuted: Vec<String>,
}

/// What a document offers as signatures of a release, and which of them are false. They are held
/// against the integrity that the document promises; where `artifact` is given and that promise is
/// another kind of digest, nothing is held against it. `None`: nothing of the entry can be read,
/// which says nothing.
pub fn offered_signatures(
    document: &Document<Packument>,
    release: &ReleaseId,
    artifact: Option<&Digest>,
    trust: &Trust,
) -> Option<OfferedSignatures> {
    let entry = document.index.entry(&release.version)?;
    let bytes = document.span(entry.offset, entry.length).ok()?;
    let object = Object::read(&bytes).ok()?;
    let Some(signatures) = object.signatures else {
        return Some(OfferedSignatures::default());
    };
    let promised = object.integrity.as_deref().and_then(one_digest);
    let against = promised.filter(|promised| artifact.is_none_or(|artifact| artifact == promised));
    let refuted = against.map(|digest| {
        let published = document.index.published(&entry.version);
        let integrity = digest.to_sri();
        let signed = signature::check(&signatures, release, &integrity, published, &trust.keys);
        refuted::sentences(Evidence::RegistrySignature, &signed.refused)
    });
    Some(OfferedSignatures {
        offered: true,
        refuted: refuted.unwrap_or_default(),
    })
}

/// The one digest of an integrity. A registry signs what is written, so several together are
/// another message than each of them.
fn one_digest(integrity: &str) -> Option<Digest> {
    let mut all = integrity.split_ascii_whitespace();
    let (Some(one), None) = (all.next(), all.next()) else {
        return None;
    };
    Digest::from_sri(one).ok()
}

#[derive(Debug, Default)]
struct User {
    trusted: Option<String>,
    approver: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    dist: Value,
    #[serde(default, rename = "_npmUser")]
    user: Value,
    #[serde(default, rename = "gitHead")]
    commit: Value,
}

impl Object {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        // Through a value: of a doubled key the last counts, as with every client.
        let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let raw: Raw = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let signatures = match raw.dist.get("signatures") {
            Some(Value::Array(all)) if !all.is_empty() => Some(read_signatures(all)?),
            Some(_) | None => None,
        };
        Ok(Self {
            signatures,
            attested: raw.dist.get("attestations").is_some_and(Value::is_object),
            user: raw.user.is_object().then(|| User {
                trusted: raw.user.get("trustedPublisher").and_then(provider),
                approver: raw.user.get("approver").and_then(person),
            }),
            commit: raw.commit.as_str().map(|text| printable(text, 80)),
            integrity: raw
                .dist
                .get("integrity")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}

fn read_signatures(all: &[Value]) -> Result<Vec<Signature>, String> {
    if all.len() > signature_limit::SIGNATURES {
        return Err(format!("it holds {} signatures", all.len()));
    }
    all.iter()
        .map(|one| Signature::deserialize(one).map_err(|error| error.to_string()))
        .collect()
}

fn provider(value: &Value) -> Option<String> {
    let id = value.as_object()?.get("id");
    let id = id.and_then(Value::as_str).unwrap_or("unnamed");
    Some(printable(id, 60))
}

/// A name, or an object with one.
fn person(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| value.get("name")?.as_str());
    match (name, value.is_object()) {
        (Some(name), _) => Some(printable(name, 100)),
        (None, true) => Some("somebody".to_owned()),
        (None, false) => None,
    }
}

impl Registry {
    pub(super) async fn npm_evidence(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
        asking: Asking<'_>,
    ) -> Result<Vec<ArtifactEvidence>, Missed> {
        let release = wanted.release;
        let upstream = self
            .settled_origin(context, &release.package)
            .ok_or(Missed::NoRegistry(release.package.ecosystem()))?;
        let path = npm_document_path(&release.package);
        let unknown = || Missed::Unknown(upstream.shown());
        let found = match asking {
            Asking::AtHand => self.npm.get_within(upstream, &path, AT_HAND).await?,
            Asking::All(_) => self.npm.get(upstream, &path).await?,
        };
        let Found::Document(document) = found else {
            return Err(unknown());
        };
        let entry = document.index.entry(&release.version).ok_or_else(unknown)?;
        let bytes = document
            .span(entry.offset, entry.length)
            .map_err(|error| Missed::Failed(format!("its document cannot be read: {error}")))?;
        let unreadable =
            |why: String| Missed::Failed(format!("its document: {}", printable(&why, 200)));
        let object = Object::read(&bytes).map_err(unreadable)?;
        let artifact = strongest(wanted.digests).ok_or(Missed::NoDigest)?.clone();
        let attestations = match asking {
            Asking::AtHand if object.attested => Told::Failed(NOT_ASKED.to_owned()),
            Asking::AtHand => Told::Absent,
            Asking::All(_) => self.attestations(upstream, release, object.attested).await,
        };
        let shown = shown(release, &document, entry).map_err(unreadable)?;
        let facts = NpmRelease::read(&bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok(vec![ArtifactEvidence {
            schema: SCHEMA.to_owned(),
            release: release.clone(),
            file: file_name(&facts),
            artifact,
            registry: upstream.shown(),
            asked: self.clock.now(),
            offer: Offer::Npm {
                signatures: object.signatures.map_or(Told::Absent, Told::Here),
                attestations,
            },
            earlier: earlier_releases(&release.package, release, shown.published, &document),
            people: people(&document, shown.published),
            repository: facts.manifest.repository.map(|text| printable(&text, 300)),
            commit: object.commit,
            shown,
        }])
    }

    /// What a document says of attestations is not signed; where it says that there are some and
    /// the registry has none, something between took them out.
    pub(super) async fn attestations(
        &self,
        upstream: &Upstream,
        release: &ReleaseId,
        attested: bool,
    ) -> Told<String> {
        if !attested {
            return Told::Absent;
        }
        let path = format!(
            "-/npm/v1/attestations/{}@{}",
            npm_document_path(&release.package),
            release.version.as_str().replace('+', "%2b")
        );
        let url = match upstream.join(&path) {
            Ok(url) => url,
            Err(error) => return Told::Failed(printable(&error.to_string(), 200)),
        };
        let accept = "application/json";
        let mut told = self.piece(upstream, url, accept, limit::ATTESTATIONS).await;
        told.strip();
        told
    }
}

fn strongest(digests: &[Digest]) -> Option<&Digest> {
    digests.iter().max_by_key(|digest| digest.algorithm())
}

fn file_name(facts: &NpmRelease) -> String {
    let url = facts.tarball.as_deref().unwrap_or_default();
    url.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What a version's object shows.
fn shown(
    release: &ReleaseId,
    document: &Document<Packument>,
    entry: &VersionEntry,
) -> Result<Shown, String> {
    let bytes = document
        .span(entry.offset, entry.length)
        .map_err(|error| error.to_string())?;
    let object = Object::read(&bytes)?;
    let facts = NpmRelease::read(&bytes).map_err(|error| error.to_string())?;
    let mut runs: BTreeSet<String> = facts.manifest.runs.scripts.keys().cloned().collect();
    if facts.manifest.runs.binding_gyp == Some(true) {
        runs.insert("binding.gyp".to_owned());
    }
    let nobody = "the document does not say who published it";
    let (trusted_publisher, approval) = match &object.user {
        None => (Seen::not_asked(nobody), Seen::not_asked(nobody)),
        Some(user) => (
            seen(user.trusted.as_deref().map(Provider::of)),
            seen(user.approver.clone()),
        ),
    };
    Ok(Shown {
        release: release.clone(),
        published: document.index.published(&entry.version),
        signature: seen(object.signatures.map(|_| Proof::Offered)),
        provenance: seen(object.attested.then_some(Provenance::Offered)),
        trusted_publisher,
        approval,
        publisher: match facts.origin.publisher {
            Known::Is(publisher) => Seen::Is(publisher),
            Known::NotKnown(_) | Known::NotApplicable => Seen::not_asked(nobody),
        },
        dependencies: Seen::Is(facts.manifest.dependencies.into_keys().collect()),
        scripts: Seen::Is(runs),
    })
}

fn seen<T>(value: Option<T>) -> Seen<T> {
    value.map_or(Seen::Absent, Seen::Is)
}

fn earlier_releases(
    package: &PackageName,
    release: &ReleaseId,
    published: Option<Timestamp>,
    document: &Document<Packument>,
) -> Vec<Shown> {
    let index = &document.index;
    let all = index.versions.iter().map(|entry| Dated {
        version: &entry.version,
        published: index.published(&entry.version),
        what: entry,
    });
    earlier(package, release, published, all)
        .into_iter()
        .map(|one| {
            let id = ReleaseId::new(package.clone(), one.version.clone());
            // An entry that cannot be read is one of which nothing is known, and is shown as that.
            shown(&id, document, one.what)
                .unwrap_or_else(|why| Shown::nothing_asked(id, &printable(&why, 200)))
        })
        .collect()
}

/// Everybody who published before, if the document names them all.
fn people(document: &Document<Packument>, published: Option<Timestamp>) -> Seen<Crowd> {
    let index = &document.index;
    let Some(at) = published else {
        return Seen::not_asked("the document has no publish time for it");
    };
    let mut crowd = Crowd::default();
    for entry in &index.versions {
        match index.published(&entry.version) {
            None => return Seen::not_asked("the document lacks publish times"),
            Some(other) if other >= at => continue,
            Some(_) => {}
        }
        let Some(publisher) = index.publisher(entry) else {
            return Seen::not_asked("the document does not name all publishers");
        };
        let whole =
            publisher.trusted || crowd.add(&publisher.name, publisher.mail_domain.as_deref());
        if !whole {
            return Seen::not_asked("it had more publishers than are remembered");
        }
    }
    Seen::Is(crowd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_shows_its_evidence_and_odd_fields_are_no_evidence() {
        let object = Object::read(
            br#"{"dist": {"signatures": [{"keyid": "k", "sig": "s"}], "attestations": {"url": "u"}},
                "_npmUser": {"name": "n", "trustedPublisher": {"id": "github"}, "approver": {"name": "p"}},
                "gitHead": "abc"}"#,
        )
        .unwrap();
        assert_eq!(object.signatures.unwrap()[0].keyid, "k");
        assert!(object.attested);
        let user = object.user.unwrap();
        assert_eq!(user.trusted.as_deref(), Some("github"));
        assert_eq!(user.approver.as_deref(), Some("p"));
        assert_eq!(object.commit.as_deref(), Some("abc"));
        let odd =
            Object::read(br#"{"dist": {"signatures": [], "attestations": true}, "_npmUser": 1}"#);
        let odd = odd.unwrap();
        assert!(odd.signatures.is_none() && !odd.attested && odd.user.is_none());
    }

    #[test]
    fn a_document_with_too_many_signatures_is_not_read() {
        let many = vec![serde_json::json!({"keyid": "k", "sig": "s"}); 9];
        let text = serde_json::json!({"dist": {"signatures": many}}).to_string();
        let error = Object::read(text.as_bytes()).unwrap_err();
        assert_eq!(error, "it holds 9 signatures");
    }
}
