//! npm's registry protocol.

use super::{Shelf, Upstream, unescape};
use crate::archive::npm::file_name;
use crate::http::{Request, Response};
use crate::scenario::{Package, PublishedBy};
use customs_model::{Ecosystem, Timestamp};
use serde_json::{Map, Value, json};

/// The media type that asks for the short form of a document.
const SHORT: &str = "application/vnd.npm.install-v1+json";
/// What the short form keeps of a manifest.
const SHORT_FIELDS: [&str; 5] = [
    "name",
    "version",
    "dependencies",
    "optionalDependencies",
    "deprecated",
];

impl Upstream {
    pub(super) fn npm(&self, path: &str, request: &Request) -> Option<Response> {
        let path = unescape(path);
        if path == "-/ping" {
            return Some(Response::of(200, "application/json", "{}"));
        }
        if let Some(rest) = path.strip_prefix("-/npm/v1/attestations/") {
            return self.attestations(rest);
        }
        if let Some((name, file)) = path.split_once("/-/") {
            let (_, package, _) = self.named(Ecosystem::Npm, name)?;
            let shelf = self
                .packages_of(name)
                .find(|s| s.offered && file == file_name(&package.name, &s.release.version))?;
            return Some(self.artifact_answer(shelf, "application/octet-stream"));
        }
        if let Some((_, package, shelves)) = self.named(Ecosystem::Npm, &path) {
            return self.document(package, shelves, request.accepts(SHORT));
        }
        // `/name/version` or `/name/tag`; the name may have a scope and so a slash.
        let (name, wanted) = path.rsplit_once('/')?;
        let (_, package, shelves) = self.named(Ecosystem::Npm, name)?;
        let tags = tags(shelves);
        let version = tags.get(wanted).and_then(Value::as_str).unwrap_or(wanted);
        let shelf = shelves
            .iter()
            .find(|s| s.offered && s.release.version == version)?;
        Some(Response::of(
            200,
            "application/json",
            self.entry(package, shelf).to_string(),
        ))
    }

    fn packages_of(&self, name: &str) -> impl Iterator<Item = &Shelf> {
        self.named(Ecosystem::Npm, name)
            .map(|(_, _, s)| s)
            .unwrap_or_default()
            .iter()
    }

    fn document(&self, package: &Package, shelves: &[Shelf], short: bool) -> Option<Response> {
        let mut versions = Map::new();
        for shelf in shelves.iter().filter(|s| s.offered) {
            let entry = self.entry(package, shelf);
            versions.insert(
                shelf.release.version.clone(),
                if short { shorten(&entry) } else { entry },
            );
        }
        let modified = shelves.iter().map(|s| s.shown).max()?;
        if versions.is_empty() {
            return None;
        }
        if short {
            let document = json!({
                "name": package.name,
                "modified": instant(modified),
                "dist-tags": tags(shelves),
                "versions": versions,
            });
            return Some(Response::of(200, SHORT, document.to_string()).with("vary", "Accept"));
        }
        let mut time = Map::new();
        time.insert("created".into(), json!(instant(shelves.first()?.shown)));
        time.insert("modified".into(), json!(instant(modified)));
        // Unpublished versions keep their time.
        for shelf in shelves {
            time.insert(shelf.release.version.clone(), json!(instant(shelf.shown)));
        }
        let mut document = json!({
            "_id": package.name,
            "_rev": format!("{}-0", shelves.len()),
            "name": package.name,
            "dist-tags": tags(shelves),
            "versions": versions,
            "time": time,
        });
        if let (Some(document), Some(last)) = (document.as_object_mut(), shelves.last()) {
            let maintainers: Vec<Value> = last.publisher.iter().map(person).collect();
            document.insert("maintainers".into(), json!(maintainers));
            for key in ["description", "repository", "author"] {
                let value = last.artifact.manifest.as_ref().and_then(|m| m.get(key));
                document.extend(value.map(|v| (key.to_owned(), v.clone())));
            }
        }
        Some(Response::of(200, "application/json", document.to_string()).with("vary", "Accept"))
    }

    /// A release as documents carry it: its manifest, and what the registry adds.
    fn entry(&self, package: &Package, shelf: &Shelf) -> Value {
        let artifact = &shelf.artifact;
        let spoken = format!("{}@{}", package.name, shelf.release.version);
        let mut dist = json!({
            "integrity": artifact.sha512.to_sri(),
            "shasum": artifact.sha1.to_hex(),
            "tarball": format!("{}/{}/-/{}", self.base, package.name, artifact.file_name),
            "fileCount": artifact.contents.0,
            "unpackedSize": artifact.contents.1,
        });
        if let (true, Some(dist)) = (shelf.release.provenance, dist.as_object_mut()) {
            dist.insert(
                "attestations".into(),
                json!({
                    "url": format!("{}/-/npm/v1/attestations/{}", self.base, spoken.replace('/', "%2f")),
                    "provenance": { "predicateType": "https://slsa.dev/provenance/v1" },
                }),
            );
        }
        let mut entry = artifact.manifest.clone().unwrap_or_default();
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("_id".into(), json!(spoken));
            entry.insert("dist".into(), dist);
            if let Some(publisher) = &shelf.publisher {
                entry.insert("_npmUser".into(), person(publisher));
                entry.insert("maintainers".into(), json!([person(publisher)]));
            }
            if let Some(sentence) = &shelf.release.deprecated {
                entry.insert("deprecated".into(), json!(sentence));
            }
        }
        entry
    }

    /// What stands behind `dist.attestations`. Its content is empty: who reads the
    /// document sees *that* there is an attestation, and nobody here checks one.
    fn attestations(&self, spoken: &str) -> Option<Response> {
        let (name, version) = spoken.rsplit_once('@')?;
        let shelf = self
            .packages_of(name)
            .find(|s| s.offered && s.release.version == version)?;
        shelf
            .release
            .provenance
            .then(|| Response::of(200, "application/json", r#"{"attestations":[]}"#))
    }
}

/// A tag points to the last release that took it and is still offered.
fn tags(shelves: &[Shelf]) -> Map<String, Value> {
    let mut tags = Map::new();
    for shelf in shelves.iter().filter(|s| s.offered) {
        for tag in &shelf.release.tags {
            tags.insert(tag.clone(), json!(shelf.release.version));
        }
    }
    tags
}

fn shorten(entry: &Value) -> Value {
    let mut short = Map::new();
    for key in SHORT_FIELDS {
        short.extend(entry.get(key).map(|v| (key.to_owned(), v.clone())));
    }
    short.extend(entry.get("dist").map(|v| ("dist".to_owned(), v.clone())));
    let hook = |name: &str| entry.get("scripts").is_some_and(|s| s.get(name).is_some());
    if ["preinstall", "install", "postinstall"]
        .into_iter()
        .any(hook)
    {
        short.insert("hasInstallScript".into(), json!(true));
    }
    Value::Object(short)
}

fn person(publisher: &PublishedBy) -> Value {
    let mut person = json!({ "name": publisher.name, "email": publisher.email });
    if let (true, Some(person)) = (publisher.trusted, person.as_object_mut()) {
        person.insert(
            "trustedPublisher".into(),
            json!({ "id": "github", "oidcConfigId": "oidc:inert" }),
        );
    }
    person
}

/// JavaScript's form, always with milliseconds.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
