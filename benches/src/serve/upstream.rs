//! The registry behind the gate: generated documents, artifacts of 0.6 MB, and small packages
//! without end.

use crate::document::{self, Setting, Shape};
use crate::error::{Doing as _, Error};
use bytes::Bytes;
use customs_model::{DigestAlgorithm, Hasher, SignedDuration, Timestamp};
use customs_replay::{Bound, Faults, Request, Response, Server};
use std::collections::HashMap;

/// The sizes of documents: express, vite, typescript and next, as the lab of the reference has
/// them.
pub const SHAPES: [Shape; 4] = [
    document::shape("serve-half", 560_000, 6, 6),
    document::shape("serve-three", 2_900_000, 8, 20),
    document::shape("serve-ten", 10_500_000, 0, 30),
    document::shape("serve-twenty", 21_000_000, 12, 60),
];
/// Bytes of an artifact, about.
const ARTIFACT: usize = 600_000;
/// How old everything is that is asked for as an artifact: no rule about young releases is asked.
const OLD: &str = "2020-01-01T00:00:00.000Z";

/// How names begin of packages that have a release of the last hour.
const YOUNG: &str = "young-";

/// The path of the document of such a package.
pub fn young_path(at: usize) -> String {
    format!("/{YOUNG}{at}")
}

/// The name of an artifact's package.
pub fn artifact_name(at: usize) -> String {
    format!("serve-artifact-{at}")
}

/// The path of its tarball.
pub fn artifact_path(at: usize) -> String {
    let name = artifact_name(at);
    format!("/{name}/-/{name}-1.0.0.tgz")
}

/// A registry with these documents and so many artifacts. Any other name is a small package of
/// its own, whose tarball is `tiny`.
pub async fn start(shapes: &[Shape], artifacts: usize) -> Result<Server, Error> {
    let bound = Bound::new().await.doing("take a loopback port")?;
    let base = bound.base();
    let tiny = tarball(0, 200).doing("pack a tarball")?;
    let tiny_integrity = integrity(&tiny);
    let newest = Timestamp::now()
        .checked_sub(SignedDuration::from_hours(1))
        .doing("count back an hour")?;
    let mut documents = HashMap::new();
    let mut files = HashMap::new();
    for shape in shapes {
        let setting = Setting {
            base: &base,
            newest,
            integrity: &tiny_integrity,
        };
        let mut bytes = Vec::with_capacity(shape.bytes as usize + (1 << 20));
        document::write(shape, setting, &mut bytes).doing("generate a document")?;
        documents.insert(shape.name.to_owned(), Bytes::from(bytes));
    }
    for at in 0..artifacts {
        let name = artifact_name(at);
        let bytes = tarball(at as u64 + 1, ARTIFACT).doing("pack a tarball")?;
        let text = small(&name, "1.0.0", &base, &integrity(&bytes));
        documents.insert(name, text.into());
        files.insert(artifact_path(at), bytes);
    }
    let answer = move |request: &Request| {
        if request.method != "GET" && request.method != "HEAD" {
            return Response::of(405, "application/json", "{}");
        }
        let path = request.bare_path();
        if path.ends_with(".tgz") {
            let bytes = files.get(path).unwrap_or(&tiny).clone();
            return Response::of(200, "application/octet-stream", bytes);
        }
        let name = path.trim_start_matches('/');
        let text = match documents.get(name) {
            Some(bytes) => return Response::of(200, "application/json", bytes.clone()),
            None if name.starts_with(YOUNG) => with_young(name, newest, &base, &tiny_integrity),
            None => small(name, "1.99.0", &base, &tiny_integrity),
        };
        Response::of(200, "application/json", text)
    };
    Ok(bound.serve(answer, Faults::none()))
}

/// A document with one old version.
fn small(name: &str, version: &str, base: &str, integrity: &str) -> String {
    serde_json::json!({
        "name": name,
        "dist-tags": { "latest": version },
        "versions": { version: object(name, version, base, integrity) },
        "time": { "created": OLD, version: OLD },
    })
    .to_string()
}

/// A document with one old version, and one of the last hour.
fn with_young(name: &str, newest: Timestamp, base: &str, integrity: &str) -> String {
    serde_json::json!({
        "name": name,
        "dist-tags": { "latest": "1.99.1" },
        "versions": {
            "1.99.0": object(name, "1.99.0", base, integrity),
            "1.99.1": object(name, "1.99.1", base, integrity),
        },
        "time": { "created": OLD, "1.99.0": OLD, "1.99.1": newest.to_string() },
    })
    .to_string()
}

fn object(name: &str, version: &str, base: &str, integrity: &str) -> serde_json::Value {
    serde_json::json!({
        "name": name,
        "version": version,
        "dist": {
            "tarball": format!("{base}/{name}/-/{name}-{version}.tgz"),
            "integrity": integrity,
        },
    })
}

fn integrity(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(bytes);
    hasher.finish().to_sri()
}

/// A manifest, a small module, and a file that does not compress.
fn tarball(seed: u64, bytes: usize) -> std::io::Result<Bytes> {
    let zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(zipped);
    let manifest: &[u8] = br#"{"name":"bench","version":"1.0.0","main":"index.js"}"#;
    let noise = document::noise(seed, bytes);
    let files = [
        ("package/package.json", manifest),
        ("package/index.js", b"module.exports = 1;\n"),
        ("package/data.bin", &noise),
    ];
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content)?;
    }
    archive.into_inner()?.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_differ_and_are_of_the_size_that_is_told() {
        let (one, two) = (tarball(1, ARTIFACT).unwrap(), tarball(2, ARTIFACT).unwrap());
        assert_ne!(integrity(&one), integrity(&two));
        assert!((590_000..650_000).contains(&one.len()), "{}", one.len());
    }

    #[test]
    fn a_small_package_has_one_old_release() {
        let text = small("a", "1.99.0", "http://127.0.0.1:1", "sha512-AA==");
        let index = customs_ecosystem::npm::Packument::read(text.as_bytes()).unwrap();
        assert_eq!(index.versions.len(), 1);
        let text = with_young(
            "a",
            Timestamp::UNIX_EPOCH,
            "http://127.0.0.1:1",
            "sha512-AA==",
        );
        let index = customs_ecosystem::npm::Packument::read(text.as_bytes()).unwrap();
        assert_eq!(index.versions.len(), 2);
    }
}
