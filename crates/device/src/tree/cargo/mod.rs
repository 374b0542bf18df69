//! What cargo compiles: the registry sources that it unpacked, and vendored crates.
//!
//! cargo checks a `.crate` when it downloads it and never again; of a vendored crate it checks the
//! files that `.cargo-checksum.json` lists, whose digests nobody binds to anything, and compiles
//! what is not listed as well (a `build.rs` that was added is run). Here the folder is held against
//! the `.crate` whose digest Cargo.lock names.

mod folder;
mod git;
mod list;
mod manifest;
mod obeyed;
mod overrides;
mod registry;
mod repository;
mod vendor;

#[cfg(test)]
mod tests;

pub use obeyed::{config_files, of_home};
pub use registry::check_registry;
pub use vendor::check_vendor;

use super::Options;
use crate::artifact::{ByDigest, CargoRegistryCache, FileLists, Source};
use customs_ecosystem::lockfile::{self, Locked};
use customs_model::{Digest, DigestAlgorithm, Ecosystem};

/// The entries of a lockfile that cargo takes from somewhere else than the project, sorted.
fn of_cargo(locked: &[Locked]) -> Vec<&Locked> {
    use lockfile::Source;
    let mut found: Vec<&Locked> = locked
        .iter()
        .filter(|entry| entry.release.package.ecosystem() == Ecosystem::Cargo)
        .filter(|entry| match entry.source {
            Source::Registry | Source::Git | Source::Url => true,
            Source::Path | Source::Bundled => false,
        })
        .collect();
    found.sort_by(|a, b| (&a.release, &a.resolved).cmp(&(&b.release, &b.resolved)));
    found
}

/// The `checksum` of an entry.
fn checksum(entry: &Locked) -> Option<&Digest> {
    entry
        .digests
        .iter()
        .find(|digest| digest.algorithm() == DigestAlgorithm::Sha256)
}

/// In the order in which they are asked.
fn sources(options: &Options) -> Vec<Box<dyn Source>> {
    let mut all: Vec<Box<dyn Source>> = Vec::new();
    if let Some(folder) = &options.gate_store {
        all.push(Box::new(ByDigest::gate(folder)));
    }
    if let Some(home) = &options.caches.cargo_home {
        all.push(Box::new(CargoRegistryCache::new(home)));
    }
    if let Some(folder) = &options.fetched {
        all.push(Box::new(ByDigest::fetched(folder)));
    }
    if let Some(folder) = &options.gate_lists {
        all.push(Box::new(FileLists::new(folder)));
    }
    all
}

/// `name-version`, as cargo names files and folders.
fn file_stem(entry: &Locked) -> String {
    format!("{}-{}", entry.release.package, entry.release.version)
}
