//! The Python simple repository API.

use super::{Shelf, Upstream};
use crate::http::{Request, Response};
use customs_model::{Digest, Ecosystem, PackageName};
use serde_json::{Value, json};

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const HTML: &str = "application/vnd.pypi.simple.v1+html";

impl Upstream {
    pub(super) fn simple(&self, path: &str, request: &Request) -> Option<Response> {
        let as_json = request.accepts(JSON);
        if path.is_empty() {
            return Some(self.projects(as_json));
        }
        let (wanted, rest) = path.split_once('/').unwrap_or((path, "/"));
        let (name, _, shelves) = self.named(Ecosystem::PyPi, wanted)?;
        // Names that are not normalised, or without their slash, are sent to where
        // the page is.
        if name.as_str() != wanted || rest == "/" {
            let to = format!("{}/simple/{name}/", self.base);
            return Some(Response::of(301, "text/plain", "").with("location", to));
        }
        if !rest.is_empty() {
            return None;
        }
        let offered = shelves.iter().filter(|s| s.offered);
        Some(if as_json {
            let page = json!({
                "meta": { "api-version": "1.1" },
                "name": name.as_str(),
                "versions": offered.clone().map(|s| s.release.version.as_str()).collect::<Vec<_>>(),
                "files": offered.map(|s| self.entry_json(name, s)).collect::<Vec<_>>(),
            });
            Response::of(200, JSON, page.to_string())
        } else {
            let lines: String = offered.map(|s| self.entry_html(s)).collect();
            let page = format!(
                "<!DOCTYPE html>\n<html><head><meta name=\"pypi:repository-version\" content=\"1.1\">\
                 <title>Links for {name}</title></head><body>\n{lines}</body></html>\n"
            );
            Response::of(200, kind_of_html(request), page)
        }
        .with("vary", "Accept"))
    }

    fn projects(&self, as_json: bool) -> Response {
        let names = self
            .packages
            .keys()
            .filter(|n| n.ecosystem() == Ecosystem::PyPi);
        if as_json {
            let projects: Vec<Value> = names.map(|n| json!({ "name": n.as_str() })).collect();
            let page = json!({ "meta": { "api-version": "1.1" }, "projects": projects });
            return Response::of(200, JSON, page.to_string());
        }
        let lines: String = names
            .map(|n| format!("<a href=\"/simple/{n}/\">{n}</a><br>\n"))
            .collect();
        Response::of(
            200,
            "text/html",
            format!("<!DOCTYPE html>\n<html><body>\n{lines}</body></html>\n"),
        )
    }

    fn address(&self, shelf: &Shelf) -> String {
        format!("{}/files/{}", self.base, shelf.artifact.file_name)
    }

    fn entry_json(&self, name: &PackageName, shelf: &Shelf) -> Value {
        let artifact = &shelf.artifact;
        let mut entry = json!({
            "filename": artifact.file_name,
            "url": self.address(shelf),
            "hashes": { "sha256": artifact.sha256.to_hex() },
            "size": artifact.bytes.len(),
            "upload-time": shelf.shown.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
            "yanked": shelf.yanked,
        });
        if let Some(entry) = entry.as_object_mut() {
            if let Some(metadata) = &artifact.metadata {
                let hash = json!({ "sha256": Digest::sha256(metadata).to_hex() });
                entry.insert("core-metadata".into(), hash);
            }
            if shelf.release.provenance {
                let to = format!(
                    "{}/integrity/{name}/{}/{}/provenance",
                    self.base, shelf.release.version, artifact.file_name
                );
                entry.insert("provenance".into(), json!(to));
            }
        }
        entry
    }

    fn entry_html(&self, shelf: &Shelf) -> String {
        let artifact = &shelf.artifact;
        let metadata = artifact.metadata.as_ref().map_or_else(String::new, |m| {
            format!(
                " data-core-metadata=\"sha256={}\"",
                Digest::sha256(m).to_hex()
            )
        });
        let yanked = if shelf.yanked {
            " data-yanked=\"\""
        } else {
            ""
        };
        format!(
            "<a href=\"{}#sha256={}\"{metadata}{yanked}>{}</a><br>\n",
            self.address(shelf),
            artifact.sha256.to_hex(),
            artifact.file_name
        )
    }

    pub(super) fn file(&self, path: &str) -> Option<Response> {
        let (wanted, metadata) = match path.strip_suffix(".metadata") {
            Some(file) => (file, true),
            None => (path, false),
        };
        let pypi = self
            .packages
            .iter()
            .filter(|(n, _)| n.ecosystem() == Ecosystem::PyPi);
        let shelf = pypi
            .flat_map(|(_, shelves)| shelves)
            .find(|s| s.offered && s.artifact.file_name == wanted)?;
        if metadata {
            let text = shelf.artifact.metadata.clone()?;
            return Some(Response::of(200, "application/octet-stream", text));
        }
        Some(self.artifact_answer(shelf, "application/octet-stream"))
    }

    /// What stands behind `provenance` (PEP 740), without a signature inside: nobody
    /// here checks one.
    pub(super) fn integrity(&self, path: &str) -> Option<Response> {
        let parts: Vec<&str> = path.split('/').collect();
        let [name, version, file, "provenance"] = parts.as_slice() else {
            return None;
        };
        let (_, _, shelves) = self.named(Ecosystem::PyPi, name)?;
        let shelf = shelves.iter().find(|s| {
            s.offered
                && s.release.provenance
                && s.release.version == *version
                && s.artifact.file_name == *file
        })?;
        let publisher = shelf.publisher.as_ref().map(|p| p.name.as_str());
        let page = json!({
            "version": 1,
            "attestation_bundles": [{ "publisher": { "kind": "GitHub", "repository": publisher }, "attestations": [] }],
        });
        Some(Response::of(
            200,
            "application/vnd.pypi.integrity.v1+json",
            page.to_string(),
        ))
    }
}

/// Old clients ask for plain HTML, newer ones by the versioned name.
fn kind_of_html(request: &Request) -> &'static str {
    if request.accepts(HTML) {
        HTML
    } else {
        "text/html"
    }
}
