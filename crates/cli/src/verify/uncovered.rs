//! Manifests that no lockfile covers: what they ask for is whatever is newest on the day.

use super::lock::{Read, bytes};
use super::root::{Root, below};
use customs_ecosystem::lockfile::{Manifest, ManifestKind, SETTINGS_BYTES};
use customs_model::{Ecosystem, printable};
use std::path::{Path, PathBuf};

/// Manifests that are read.
const READ: usize = 2_000;
/// Folders that are named.
const NAMED: usize = 12;

/// Says which folders have a manifest that asks for something, and no lockfile. Safe to print.
pub(super) fn uncovered(
    root: &Root,
    manifests: &[PathBuf],
    read: &[(PathBuf, &Read)],
) -> Option<String> {
    let mut names: Vec<String> = manifests
        .iter()
        .take(READ)
        .filter(|path| !is_covered(path, read) && asks(path))
        .map(|path| printable(&root.told(path), 200))
        .collect();
    let count = names.len();
    if count == 0 {
        return None;
    }
    names.truncate(NAMED);
    Some(format!(
        "{count} manifests ask for packages that no lockfile names: {}{}",
        names.join(", "),
        if count > NAMED { ", …" } else { "" }
    ))
}

fn kind(path: &Path) -> Option<(ManifestKind, Ecosystem)> {
    let name = path.file_name()?.to_str()?;
    match name {
        "package.json" => Some((ManifestKind::PackageJson, Ecosystem::Npm)),
        "Cargo.toml" => Some((ManifestKind::CargoToml, Ecosystem::Cargo)),
        "pyproject.toml" => Some((ManifestKind::Pyproject, Ecosystem::PyPi)),
        _ => None,
    }
}

fn is_covered(path: &Path, read: &[(PathBuf, &Read)]) -> bool {
    let (Some((_, ecosystem)), Some(folder)) = (kind(path), path.parent()) else {
        return true;
    };
    read.iter()
        .filter(|(_, read)| read.graph.kind().ecosystem() == ecosystem)
        .any(|(of_lock, read)| match below(of_lock, folder) {
            None => false,
            Some(inner) if inner.is_empty() => true,
            // Cargo.lock names members without their folders, others do not name them at all.
            Some(_) if ecosystem == Ecosystem::Cargo || !read.graph.roots_known => true,
            Some(inner) => read.members().contains(&inner),
        })
}

/// One that cannot be read asks for nothing that could be told.
fn asks(path: &Path) -> bool {
    kind(path).is_some_and(|(kind, _)| {
        let read = bytes(path, SETTINGS_BYTES as u64).ok();
        let manifest = read.and_then(|bytes| Manifest::read(kind, &bytes).ok());
        manifest.is_some_and(|manifest| !manifest.asks.is_empty())
    })
}
