//! What cargo compiles: the registry sources that it unpacked, and vendored crates.
//!
//! cargo checks a `.crate` when it downloads it and never again; of a vendored crate it checks the
//! files that `.cargo-checksum.json` lists, whose digests nobody binds to anything, and compiles
//! what is not listed as well (a `build.rs` that was added is run). Here the folder is held against
//! the `.crate` whose digest Cargo.lock names.

mod crate_file;
mod folder;
mod registry;
mod vendor;

#[cfg(test)]
mod tests;

pub use registry::check_registry;
pub use vendor::check_vendor;

use super::Options;
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Digest, DigestAlgorithm, Ecosystem};
use std::collections::BTreeSet;

/// The entries of a lockfile that cargo takes from somewhere else than the project, sorted.
fn of_cargo(locked: &[Locked]) -> Vec<&Locked> {
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

fn wanted(locked: &[&Locked]) -> BTreeSet<Digest> {
    locked
        .iter()
        .filter_map(|entry| checksum(entry))
        .cloned()
        .collect()
}

/// `name-version`, as cargo names files and folders.
fn file_stem(entry: &Locked) -> String {
    format!("{}-{}", entry.release.package, entry.release.version)
}
