//! Facts that documents lack, read from an artifact's manifest and list of entries.
//! Bounded; nothing is executed or written to disk.

use customs_ecosystem::cargo::facts_from_cargo_toml;
use customs_ecosystem::npm::NpmRelease;
use customs_ecosystem::pypi::{Metadata, facts_from_entries};
use customs_model::{Manifest, RunsCode};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bounds on an archive of a stranger.
mod limit {
    /// Entries.
    pub const ENTRIES: usize = 200_000;
    /// Bytes after inflating.
    pub const INFLATED: u64 = 1 << 30;
    /// Bytes of a path.
    pub const PATH: usize = 4096;
    /// Bytes of a manifest.
    pub const MANIFEST: u64 = 4 << 20;
}

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// npm's tarball.
    Tarball,
    /// A wheel.
    Wheel,
    /// A source distribution of Python.
    Sdist,
    /// A crate.
    Crate,
}

/// Facts of one artifact. They bind to its digest.
#[derive(Debug, Clone, Default)]
pub struct ArtifactFacts {
    /// What of it runs without being called.
    pub runs: RunsCode,
    /// What its own manifest declares, where it has one that can be read.
    pub manifest: Option<Manifest>,
}

/// Reads the facts of an artifact.
///
/// # Errors
/// Not such an archive, over a bound, or a manifest that says nothing.
pub fn read(path: &Path, kind: Kind) -> io::Result<ArtifactFacts> {
    match kind {
        Kind::Tarball => tarball(&list_tgz(path, "package.json")?),
        Kind::Crate => {
            let listing = list_tgz(path, "Cargo.toml")?;
            let manifest = listing.manifest.as_deref().unwrap_or_default();
            let entries = listing.entries.iter().map(String::as_str);
            let facts = facts_from_cargo_toml(manifest, entries).map_err(io::Error::other)?;
            Ok(ArtifactFacts {
                runs: facts.runs(),
                manifest: None,
            })
        }
        Kind::Wheel => {
            let listing = list_wheel(path)?;
            let facts = facts_from_entries(listing.entries.iter().map(String::as_str));
            Ok(ArtifactFacts {
                runs: facts.runs(),
                manifest: metadata(&listing),
            })
        }
        Kind::Sdist => {
            // Whatever it holds, its build back-end runs when it is installed.
            let runs = RunsCode {
                build_backend: Some(true),
                ..RunsCode::default()
            };
            let listing = list_tgz(path, "PKG-INFO");
            Ok(ArtifactFacts {
                runs,
                manifest: listing.ok().as_ref().and_then(metadata),
            })
        }
    }
}

/// The tarball's own manifest is what clients run scripts from; a document may say
/// less ("manifest confusion").
fn tarball(listing: &Listing) -> io::Result<ArtifactFacts> {
    let manifest = listing.manifest.as_deref().unwrap_or(b"{}");
    let release = NpmRelease::read(manifest).map_err(io::Error::other)?;
    let gyp = listing
        .inner()
        .any(|entry| entry.eq_ignore_ascii_case("binding.gyp"));
    let runs = RunsCode {
        binding_gyp: Some(gyp),
        ..release.manifest.runs.clone()
    };
    // What it depends on is the document's to say: clients install by that.
    Ok(ArtifactFacts {
        runs,
        manifest: None,
    })
}

fn metadata(listing: &Listing) -> Option<Manifest> {
    Metadata::parse(listing.manifest.as_deref()?)
        .ok()
        .map(|m| m.manifest())
}

/// What an archive holds.
#[derive(Debug, Default)]
struct Listing {
    /// Paths, as they stand in the archive.
    entries: Vec<String>,
    /// The manifest's bytes, if it was found.
    manifest: Option<Vec<u8>>,
}

impl Listing {
    /// Paths below the top folder that npm's, cargo's and source archives have.
    fn inner(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|path| inner(path))
    }
}

fn inner(path: &str) -> &str {
    path.split_once('/').map_or(path, |(_, inner)| inner)
}

/// A path as an unpacker resolves it: `package//a` and `./package/./a` are `package/a`.
fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

/// Lists a gzip-compressed tar archive. `manifest` is a path below the top folder.
fn list_tgz(path: &Path, manifest: &str) -> io::Result<Listing> {
    // Some unpackers read on behind a first member and behind blocks of zeros.
    let inflated = MultiGzDecoder::new(File::open(path)?);
    list_tar(inflated.take(limit::INFLATED), manifest)
}

fn list_tar(inflated: io::Take<impl Read>, manifest: &str) -> io::Result<Listing> {
    let mut archive = tar::Archive::new(inflated);
    archive.set_ignore_zeros(true);
    let mut listing = Listing::default();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if listing.entries.len() == limit::ENTRIES {
            return Err(too_many());
        }
        let path = entry.path_bytes();
        if path.len() > limit::PATH {
            return Err(io::Error::other("a path in the archive is over 4 kB"));
        }
        let path = plain(&String::from_utf8_lossy(&path));
        // Of two the last one is unpacked over the first.
        if inner(&path) == manifest {
            listing.manifest = Some(manifest_of(&mut entry)?);
        }
        listing.entries.push(path);
    }
    // An archive that is cut at the bound ends like one that is whole.
    if archive.into_inner().limit() == 0 {
        return Err(io::Error::other("the archive unpacks to more than a GiB"));
    }
    Ok(listing)
}

/// Lists a wheel by its central directory, and reads its `METADATA`.
fn list_wheel(path: &Path) -> io::Result<Listing> {
    let mut archive = zip::ZipArchive::new(File::open(path)?).map_err(io::Error::other)?;
    if archive.len() > limit::ENTRIES {
        return Err(too_many());
    }
    let entries: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .collect();
    let is_metadata = |path: &&String| {
        path.split_once('/')
            .is_some_and(|(folder, file)| folder.ends_with(".dist-info") && file == "METADATA")
    };
    let manifest = match entries.iter().find(is_metadata) {
        Some(name) => {
            let mut file = archive.by_name(name).map_err(io::Error::other)?;
            Some(manifest_of(&mut file)?)
        }
        None => None,
    };
    Ok(Listing { entries, manifest })
}

/// The whole of a manifest: what is cut says less than what is there.
fn manifest_of(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit::MANIFEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit::MANIFEST {
        return Err(io::Error::other("its manifest is over 4 MiB"));
    }
    Ok(bytes)
}

fn too_many() -> io::Error {
    io::Error::other("the archive has more than 200,000 entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_an_unpacker_resolves_it() {
        assert_eq!(inner(&plain("package//binding.gyp")), "binding.gyp");
        assert_eq!(inner(&plain("./package/./binding.gyp")), "binding.gyp");
        assert_eq!(inner(&plain("package/lib/binding.gyp")), "lib/binding.gyp");
    }

    #[test]
    fn an_archive_that_is_cut_at_the_bound_is_not_taken_for_whole() {
        let mut builder = tar::Builder::new(Vec::new());
        for name in ["package/package.json", "package/binding.gyp"] {
            let mut header = tar::Header::new_ustar();
            header.set_size(512);
            builder
                .append_data(&mut header, name, &[b' '; 512][..])
                .unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let within = |bound: u64| list_tar(bytes.as_slice().take(bound), "package.json");

        let whole = within(bytes.len() as u64 + 1).unwrap();
        assert_eq!(
            whole.entries,
            ["package/package.json", "package/binding.gyp"]
        );
        // Behind the first entry: what is left reads like the end of an archive.
        let error = within(1024).unwrap_err();
        assert!(error.to_string().contains("more than a GiB"), "{error}");
    }
}
