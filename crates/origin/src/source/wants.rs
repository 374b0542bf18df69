//! Which files of a commit must be read, not only known by their id.

use super::artifact::Artifact;
use super::object::ObjectId;
use super::tree::{EntryKind, SourceTree};
use super::{build, manifest_python, path};
use std::collections::{BTreeMap, BTreeSet};

/// Bounds on what is asked for.
pub mod limit {
    /// Files that may say how the package is built.
    pub const CONFIGS: usize = 3_000;
    /// Symbolic links.
    pub const LINKS: usize = 5_000;
    /// Files that stand where a file of the artifact is expected, with other bytes.
    pub const DIFFERENT: usize = 2_000;
    /// Bytes of one file that is worth reading.
    pub const BLOB: u64 = 1 << 20;
    /// Bytes of all of them.
    pub const TOTAL: u64 = 128 << 20;
}

/// The blobs to read before [`super::compare`]: attributes, manifests, build configurations, links,
/// and files that differ. Those that are missing from the answer count as not read.
pub fn wants(artifact: &Artifact, tree: &SourceTree) -> BTreeSet<ObjectId> {
    let mut wanted = BTreeSet::new();
    let configs = tree.iter().filter(|(at, _)| is_config(path::name(at)));
    wanted.extend(configs.map(|(_, entry)| entry.id).take(limit::CONFIGS));
    let links = tree
        .iter()
        .filter(|(_, entry)| entry.kind == EntryKind::Symlink);
    wanted.extend(links.map(|(_, entry)| entry.id).take(limit::LINKS));
    wanted.extend(different(artifact, tree));
    wanted
}

fn is_config(name: &str) -> bool {
    name == ".gitattributes" || build::is_config(name) || manifest_python::is_build_file(name)
}

/// Files whose path ends in that of a file of the artifact whose bytes stand nowhere in the tree.
fn different(artifact: &Artifact, tree: &SourceTree) -> Vec<ObjectId> {
    let unknown: BTreeMap<&str, Vec<&str>> = artifact
        .files
        .iter()
        .filter(|(_, file)| tree.places_of(&file.id).is_empty())
        .fold(BTreeMap::new(), |mut by_name, (path, _)| {
            by_name
                .entry(path::name(path))
                .or_insert_with(Vec::new)
                .push(path.as_str());
            by_name
        });
    tree.iter()
        .filter(|(at, entry)| {
            matches!(entry.kind, EntryKind::File | EntryKind::Executable)
                && unknown
                    .get(path::name(at))
                    .is_some_and(|paths| paths.iter().any(|end| path::before(at, end).is_some()))
        })
        .map(|(_, entry)| entry.id)
        .take(limit::DIFFERENT)
        .collect()
}
