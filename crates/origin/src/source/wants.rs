//! Which files of a commit must be read, not only known by their id.

use super::artifact::Artifact;
use super::object::ObjectId;
use super::tree::{EntryKind, SourceTree};
use super::{build, manifest_python, path};
use std::collections::{BTreeSet, HashSet};

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
    // Those near the top first: copies for tests stand deep.
    let mut configs: Vec<_> = configs
        .map(|(at, e)| (at.matches('/').count(), at, e.id))
        .collect();
    configs.sort_unstable();
    wanted.extend(configs.iter().map(|(_, _, id)| *id).take(limit::CONFIGS));
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
    let unknown: HashSet<&str> = artifact
        .files
        .iter()
        .filter(|(_, file)| tree.places_of(&file.id).is_empty())
        .map(|(path, _)| path.as_str())
        .collect();
    tree.iter()
        .filter(|(at, entry)| {
            matches!(entry.kind, EntryKind::File | EntryKind::Executable)
                && path::ends(at).any(|end| unknown.contains(end))
        })
        .map(|(_, entry)| entry.id)
        .take(limit::DIFFERENT)
        .collect()
}
