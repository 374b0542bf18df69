//! Archives of releases, built in memory, the same bytes every time.

use crate::payload;
use crate::scenario::{Package, Release};
use bytes::Bytes;
use customs_model::{Digest, DigestAlgorithm, Ecosystem};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write as _};

pub mod cargo;
pub mod npm;
pub mod pypi;

/// The instant that npm, too, writes into every entry: 26 October 1985.
const ENTRY_TIME: u64 = 499_162_500;

/// What kind of archive it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    /// npm's `.tgz`.
    NpmTarball,
    /// PyPI's built form.
    Wheel,
    /// PyPI's source form.
    Sdist,
    /// cargo's `.crate`.
    Crate,
}

/// The downloadable file of a release, with the digests that documents promise.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Its kind.
    pub kind: ArtifactKind,
    /// Its file name.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// SHA-1 of the bytes (npm's `shasum`).
    pub sha1: Digest,
    /// SHA-256 of the bytes (PyPI, cargo).
    pub sha256: Digest,
    /// SHA-512 of the bytes (npm's `integrity`).
    pub sha512: Digest,
    /// How many files it holds, and their bytes in all.
    pub contents: (usize, usize),
    /// PyPI: its `METADATA`, which the index also serves on its own.
    pub metadata: Option<Bytes>,
    /// npm: its manifest.
    pub manifest: Option<Value>,
}

/// What a release consists of, before it is packed.
pub struct Contents {
    /// Path to text.
    pub files: BTreeMap<String, String>,
    /// npm's scripts.
    pub scripts: BTreeMap<String, String>,
}

impl Contents {
    /// The declared files and scripts, and what the marker needs.
    pub fn of(ecosystem: Ecosystem, package: &Package, release: &Release) -> Self {
        let mut files = release.files.clone();
        let mut scripts = release.scripts.clone();
        let module = pypi::module(&package.name);
        match ecosystem {
            Ecosystem::Npm => {
                files
                    .entry("index.js".into())
                    .or_insert_with(|| "module.exports = {};\n".into());
            }
            Ecosystem::PyPi => {
                files.entry(format!("{module}/__init__.py")).or_default();
                if release.sdist {
                    files.insert(
                        "backend.py".into(),
                        pypi::backend(&module, package, release),
                    );
                }
            }
            Ecosystem::Cargo => {
                files.entry("src/lib.rs".into()).or_default();
            }
        }
        if let Some(marker) = release.marker {
            let line = format!("{}@{}", package.name, release.version);
            let shape = release.payload.as_deref().unwrap_or_default();
            let left = payload::Left { line: &line, shape };
            payload::plant(marker, ecosystem, &module, &left, &mut files, &mut scripts);
        }
        Self { files, scripts }
    }
}

impl Artifact {
    /// Packs one release.
    ///
    /// # Errors
    /// The packing libraries' own; none are known for contents in memory.
    pub fn of(ecosystem: Ecosystem, package: &Package, release: &Release) -> io::Result<Self> {
        let contents = Contents::of(ecosystem, package, release);
        match ecosystem {
            Ecosystem::Npm => npm::pack(package, release, contents),
            Ecosystem::PyPi if release.sdist => pypi::sdist(package, release, contents),
            Ecosystem::PyPi => pypi::wheel(package, release, contents),
            Ecosystem::Cargo => cargo::pack(package, release, contents),
        }
    }

    fn new(
        kind: ArtifactKind,
        file_name: String,
        bytes: Vec<u8>,
        contents: (usize, usize),
    ) -> Self {
        let digest = |algorithm| {
            let mut hasher = customs_model::Hasher::new(algorithm);
            hasher.update(&bytes);
            hasher.finish()
        };
        Self {
            kind,
            file_name,
            sha1: digest(DigestAlgorithm::Sha1),
            sha256: digest(DigestAlgorithm::Sha256),
            sha512: digest(DigestAlgorithm::Sha512),
            bytes: bytes.into(),
            contents,
            metadata: None,
            manifest: None,
        }
    }
}

/// Files and their bytes in all.
fn measure(files: &BTreeMap<String, String>) -> (usize, usize) {
    (files.len(), files.values().map(String::len).sum())
}

/// A gzip-compressed tar archive with every path below `root`.
fn tar_gz(root: &str, files: &BTreeMap<String, String>) -> io::Result<Vec<u8>> {
    let gz = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gz);
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(ENTRY_TIME);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, format!("{root}/{path}"), text.as_bytes())?;
    }
    tar.into_inner()?.finish()
}

/// A zip archive.
fn zip(files: &BTreeMap<String, String>) -> io::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    // The default time of an entry is fixed: 1 January 1980.
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o644);
    for (path, text) in files {
        zip.start_file(path.as_str(), options)
            .map_err(io::Error::other)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

/// Puts a value into an object if there is one.
fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(key.into(), value);
    }
}

/// A map as an object; none when it is empty, as npm writes it.
fn object(map: &BTreeMap<String, String>) -> Option<Value> {
    (!map.is_empty()).then(|| json!(map))
}

#[cfg(test)]
mod tests;
