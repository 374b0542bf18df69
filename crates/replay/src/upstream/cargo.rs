//! cargo's sparse index and downloads.

use super::{Shelf, Upstream};
use crate::http::Response;
use customs_model::Ecosystem;
use serde_json::{Value, json};

impl Upstream {
    pub(super) fn index(&self, path: &str) -> Option<Response> {
        if path == "config.json" {
            let config = json!({ "dl": format!("{}/crates", self.base), "api": self.base });
            return Some(Response::of(200, "application/json", config.to_string()));
        }
        let name = path.rsplit('/').next()?;
        // The index spells its paths in lower case and its lines as they were published.
        let (found, shelves) = self.packages.iter().find(|(n, _)| {
            n.ecosystem() == Ecosystem::Cargo && n.as_str().eq_ignore_ascii_case(name)
        })?;
        if path != index_path(found.as_str()) {
            return None;
        }
        let lines: String = shelves
            .iter()
            .filter(|s| s.offered)
            .map(|s| line(found.as_str(), s) + "\n")
            .collect();
        (!lines.is_empty()).then(|| Response::of(200, "text/plain", lines))
    }

    pub(super) fn download(&self, path: &str) -> Option<Response> {
        let parts: Vec<&str> = path.split('/').collect();
        let [name, version, "download"] = parts.as_slice() else {
            return None;
        };
        let (_, _, shelves) = self.named(Ecosystem::Cargo, name)?;
        let shelf = shelves
            .iter()
            .find(|s| s.offered && s.release.version == *version)?;
        Some(self.artifact_answer(shelf, "application/gzip"))
    }
}

/// `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcd`.
pub(super) fn index_path(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

fn line(name: &str, shelf: &Shelf) -> String {
    let release = &shelf.release;
    let required = release.dependencies.iter().map(|d| (d, false));
    let deps: Vec<Value> = required
        .chain(release.optional.iter().map(|d| (d, true)))
        .map(|((name, req), optional)| {
            json!({
                "name": name, "req": req, "features": [], "optional": optional,
                "default_features": true, "target": null, "kind": "normal",
            })
        })
        .collect();
    json!({
        "name": name,
        "vers": release.version,
        "deps": deps,
        "cksum": shelf.artifact.sha256.to_hex(),
        "features": {},
        "yanked": shelf.yanked,
        "pubtime": shelf.shown.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
    .to_string()
}
