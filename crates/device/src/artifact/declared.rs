//! What an artifact says of itself: the manifest that lies in it.

use super::unpacked::{Inside, Reading, Unpacked};
use super::{Form, Source, Wanted, limit, tarball, zip};
use crate::tree::each;
use customs_ecosystem::cargo::declared_by_cargo_toml;
use customs_ecosystem::npm::NpmRelease;
use customs_ecosystem::pypi::Metadata;
use customs_model::{Declared, DigestAlgorithm, Ecosystem};
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// What each of these artifacts says of itself, in their order: the first copy in these places that is
/// what is promised. None where none is at hand.
pub fn declared_in(places: &[Box<dyn Source>], wanted: &[Wanted<'_>]) -> Vec<Option<Declared>> {
    let one = |wanted: &Wanted<'_>| {
        // A place that cannot be read is told by the tree check, which needs it more.
        let found = places.iter().filter_map(|place| place.find(wanted).ok()?);
        let mut artifacts = found.filter(|candidate| candidate.form == Form::Artifact);
        artifacts.find_map(|candidate| declared(&candidate.path, wanted))
    };
    each(wanted, None, one)
}

/// Reads the manifest in a copy of an artifact. None where the copy is not what is promised, or has
/// no manifest that can be read: both are told by who compares its files.
pub fn declared(path: &Path, wanted: &Wanted<'_>) -> Option<Declared> {
    let ecosystem = wanted.release.package.ecosystem();
    let algorithms: Vec<DigestAlgorithm> = wanted
        .strongest()
        .map(|one| one.algorithm())
        .into_iter()
        .collect();
    let is_zip = starts_as_zip(path)?;
    let keep = |path: &str| u64::from(is_manifest(ecosystem, is_zip, path)) * limit::MANIFEST;
    let reading = Reading {
        algorithms: &algorithms,
        inside: match is_zip {
            true => Inside::Whole,
            false => Inside::FirstPart,
        },
        keep: &keep,
    };
    let read: Unpacked = match is_zip {
        true => zip::read(path, &reading).ok()?,
        false => tarball::read(path, &reading).ok()?,
    };
    if !read.digests.iter().any(|one| wanted.digests.contains(one)) {
        return None;
    }
    let bytes = read.kept.values().next()?;
    match ecosystem {
        Ecosystem::Npm => of_npm(bytes),
        Ecosystem::Cargo => declared_by_cargo_toml(bytes),
        Ecosystem::PyPi => Some(Metadata::parse(bytes).ok()?.declared()),
    }
}

fn starts_as_zip(path: &Path) -> Option<bool> {
    let mut head = [0; 2];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    Some(&head == b"PK")
}

fn is_manifest(ecosystem: Ecosystem, is_zip: bool, path: &str) -> bool {
    match ecosystem {
        Ecosystem::Npm => path == "package.json",
        Ecosystem::Cargo => path == "Cargo.toml",
        Ecosystem::PyPi if is_zip => {
            let folder = path.strip_suffix("/METADATA");
            folder.is_some_and(|it| it.ends_with(".dist-info") && !it.contains('/'))
        }
        Ecosystem::PyPi => path == "PKG-INFO",
    }
}

/// Without what comes inside of the artifact: no lockfile has to tell of it.
fn of_npm(bytes: &[u8]) -> Option<Declared> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let release = NpmRelease::read(bytes).ok()?;
    let mut manifest = release.manifest;
    let written: Value = serde_json::from_slice(bytes).ok()?;
    let bundles = ["bundleDependencies", "bundledDependencies"];
    for bundled in bundles.iter().filter_map(|key| written.get(*key)) {
        match bundled {
            Value::Bool(true) => manifest.dependencies.clear(),
            Value::Array(names) => {
                for name in names.iter().filter_map(Value::as_str) {
                    manifest.dependencies.remove(name);
                }
            }
            _ => {}
        }
    }
    Some(Declared {
        name: release.name,
        version: release.version,
        manifest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Digest, ReleaseId};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn tgz(name: &str, text: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn read(release: &str, bytes: &[u8], promised: &Digest) -> Option<Declared> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let release: ReleaseId = release.parse().unwrap();
        let wanted = Wanted {
            release: &release,
            digests: std::slice::from_ref(promised),
            archive: None,
            resolved: None,
        };
        declared(file.path(), &wanted)
    }

    #[test]
    fn a_manifest_is_read_out_of_the_bytes_that_are_promised_and_out_of_no_others() {
        let text = r#"{"name":"a","version":"1.0.0","dependencies":{"b":"^1","in":"1"},"bundledDependencies":["in"],"scripts":{"postinstall":"node a.js"}}"#;
        let bytes = tgz("package/package.json", text);
        let found = read("pkg:npm/a@1.0.0", &bytes, &Digest::sha256(&bytes)).unwrap();
        assert_eq!(found.name.as_deref(), Some("a"));
        let asks: Vec<&String> = found.manifest.dependencies.keys().collect();
        assert_eq!(asks, ["b"]);
        assert!(found.manifest.runs.scripts.contains_key("postinstall"));
        assert!(read("pkg:npm/a@1.0.0", &bytes, &Digest::sha256(b"other")).is_none());
    }

    #[test]
    fn a_crate_and_a_source_archive_name_themselves() {
        let text =
            "[package]\nname = \"b\"\nversion = \"2.0.0\"\n[dependencies.c]\nversion = \"1\"\n";
        let bytes = tgz("a-1.0.0/Cargo.toml", text);
        let found = read("pkg:cargo/a@1.0.0", &bytes, &Digest::sha256(&bytes)).unwrap();
        assert_eq!(
            (found.name.as_deref(), found.version.as_deref()),
            (Some("b"), Some("2.0.0"))
        );
        let text = "Metadata-Version: 2.1\nName: b\nVersion: 2.0\n";
        let bytes = tgz("a-1.0/PKG-INFO", text);
        let found = read("pkg:pypi/a@1.0", &bytes, &Digest::sha256(&bytes)).unwrap();
        assert_eq!(found.name.as_deref(), Some("b"));
    }
}
