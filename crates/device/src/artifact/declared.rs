//! What an artifact says of itself: the manifest that lies in it.

#[cfg(test)]
mod tests;

use super::unpacked::{Inside, Reading, Unpacked};
use super::{Wanted, limit, tarball, zip};
use customs_ecosystem::cargo::declared_by_cargo_toml;
use customs_ecosystem::npm::NpmRelease;
use customs_ecosystem::pypi::Metadata;
use customs_model::{Declared, DigestAlgorithm, Ecosystem, PackageName, printable};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// What an artifact says of itself, or why that could not be read: one clause, safe to print.
pub type Own = Result<Declared, String>;

/// Names that are told of one artifact.
const TOLD: usize = 4;

/// Reads the manifest in a copy of an artifact. None where the copy is not what is promised, which is
/// told by who compares its files.
pub fn declared(path: &Path, wanted: &Wanted<'_>) -> Option<Own> {
    let ecosystem = wanted.release.package.ecosystem();
    let algorithms: Vec<DigestAlgorithm> = wanted
        .strongest()
        .map(|one| one.algorithm())
        .into_iter()
        .collect();
    let is_zip = starts_as_zip(path);
    let keep = |path: &str| u64::from(is_manifest(ecosystem, is_zip, path)) * limit::MANIFEST;
    let reading = Reading {
        algorithms: &algorithms,
        inside: match is_zip {
            true => Inside::Whole,
            false => Inside::FirstPart,
        },
        keep: &keep,
    };
    let read = match is_zip {
        true => zip::read(path, &reading).map_err(|why| why.to_string()),
        false => tarball::read(path, &reading).map_err(|why| why.to_string()),
    };
    let read = match read {
        Ok(read) => read,
        Err(why) => return Some(Err(unread(&why))),
    };
    if !read.digests.iter().any(|one| wanted.digests.contains(one)) {
        return None;
    }
    if let Some(why) = &read.fault {
        return Some(Err(unread(why)));
    }
    Some(manifest(&read, is_zip, &wanted.release.package))
}

fn unread(why: &str) -> String {
    format!("its archive cannot be read: {}", printable(why, 200))
}

fn starts_as_zip(path: &Path) -> bool {
    let mut head = [0; 2];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && &head == b"PK"
}

fn is_manifest(ecosystem: Ecosystem, is_zip: bool, path: &str) -> bool {
    match ecosystem {
        Ecosystem::Npm => path == "package.json",
        Ecosystem::Cargo => path == "Cargo.toml",
        Ecosystem::PyPi if is_zip => match path.split_once('/') {
            Some((folder, "METADATA")) => folder.ends_with(INFO),
            // Old source archives are zips, too.
            Some((_, "PKG-INFO")) => true,
            _ => false,
        },
        Ecosystem::PyPi => path == "PKG-INFO",
    }
}

/// How the folder of a wheel ends that says what it is.
const INFO: &str = ".dist-info";

fn manifest(read: &Unpacked, is_zip: bool, package: &PackageName) -> Own {
    match package.ecosystem() {
        Ecosystem::Npm => of_npm(bytes_of(read, "package.json")?)
            .ok_or_else(|| "its package.json is no manifest of npm".to_owned()),
        Ecosystem::Cargo => declared_by_cargo_toml(bytes_of(read, "Cargo.toml")?)
            .ok_or_else(|| "its Cargo.toml is no manifest of cargo".to_owned()),
        Ecosystem::PyPi if is_zip => of_zip(read, package),
        Ecosystem::PyPi => of_python("PKG-INFO", bytes_of(read, "PKG-INFO")?),
    }
}

/// The content of a manifest.
fn bytes_of<'r>(read: &'r Unpacked, path: &str) -> Result<&'r [u8], String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let there = read.entries.iter().filter(|entry| entry.path == path);
    match (there.count(), read.kept.get(path)) {
        (0, _) => Err(format!("it has no {name}")),
        (_, None) => Err(format!(
            "its {name} is no file of at most {} bytes",
            limit::MANIFEST
        )),
        (_, Some(bytes)) => Ok(bytes),
    }
}

/// A wheel, as at least one of pip and uv takes it: of its folders `.dist-info` one has METADATA, and that
/// one's name begins with the package's. pip refuses a second folder whatever lies in it, uv does not look
/// at one without METADATA; what one of the two takes is read. Without such a folder it is a source archive.
fn of_zip(read: &Unpacked, package: &PackageName) -> Own {
    let parts = read.entries.iter().filter_map(|entry| {
        let (folder, file) = entry.path.split_once('/')?;
        folder.ends_with(INFO).then_some((folder, file))
    });
    let parts: Vec<(&str, &str)> = parts.collect();
    if parts.is_empty() {
        let mut found = read.kept.iter();
        return match (found.next(), found.next()) {
            (Some((path, bytes)), None) => of_python(path, bytes),
            (Some(_), Some(_)) => Err("it has several PKG-INFO".to_owned()),
            (None, _) => Err("it has neither METADATA nor PKG-INFO that can be read".to_owned()),
        };
    }
    let with_metadata = parts.iter().filter(|(_, file)| *file == "METADATA");
    let folders: BTreeSet<&str> = with_metadata.map(|(folder, _)| *folder).collect();
    let mut all = folders.iter();
    let (Some(folder), others) = (all.next(), all.len()) else {
        return Err("it has no METADATA".to_owned());
    };
    if others > 0 {
        let told: Vec<String> = folders
            .iter()
            .take(TOLD)
            .map(|one| printable(one, 100))
            .collect();
        return Err(format!(
            "it has {} folders {INFO} with METADATA, which installers refuse ({})",
            others + 1,
            told.join(", ")
        ));
    }
    let path = format!("{folder}/METADATA");
    let times = read.entries.iter().filter(|entry| entry.path == path);
    if times.count() > 1 {
        return Err("it has METADATA several times".to_owned());
    }
    let declared = of_python("METADATA", bytes_of(read, &path)?)?;
    let is_own = |name: &str| {
        let name = PackageName::new(Ecosystem::PyPi, name);
        name.is_ok_and(|name| name == *package)
    };
    // The end of the name is not what they look at.
    let named = PackageName::new(
        Ecosystem::PyPi,
        folder.strip_suffix(INFO).unwrap_or_default(),
    );
    let is_named = named.is_ok_and(|named| named.as_str().starts_with(package.as_str()));
    // One that also calls itself something else is told as that.
    if !is_named && declared.name.as_deref().is_none_or(is_own) {
        let folder = printable(folder, 100);
        return Err(format!(
            "its folder {folder} is not that of {package}, which installers refuse"
        ));
    }
    Ok(declared)
}

fn of_python(name: &str, bytes: &[u8]) -> Own {
    let read = Metadata::parse(bytes);
    let read = read.map_err(|why| {
        let name = printable(name, 200);
        format!("its {name}: {}", printable(&why.to_string(), 200))
    })?;
    Ok(read.declared())
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
