//! What lies among packages and belongs to none: caches, build outputs, what somebody put there.

use super::list::environment_of;
use super::package::standing;
use super::record::below;
use super::{hash, home};
use customs_device::tree::{Difference, DifferenceKind, PackageTree, Standing, TreeReport};
use customs_inclusion::record::IncludedFile;
use customs_model::{Ecosystem, printable};
use std::path::{Path, PathBuf};

/// Names that a line lists; the record itself has all files.
const FEW: usize = 3;

/// The files, and what must be said of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loose {
    /// By path from the folder that was asked about.
    pub files: Vec<IncludedFile>,
    /// Safe to print.
    pub notes: Vec<String>,
}

/// The files of a tree that belong to no package. `name` is the subject's folder in the report, `cargo` is
/// cargo's home.
pub fn of(folder: &Path, name: &str, tree: &TreeReport, cargo: Option<&Path>) -> Loose {
    let (root, name) = root_of(folder, name, tree);
    let there: Vec<&Difference> = tree
        .loose
        .iter()
        .filter(|one| one.kind != DifferenceKind::Missing)
        .collect();
    let paths: Vec<(&Path, &str)> = there
        .iter()
        .map(|one| home::split(&root, &one.path, cargo))
        .collect();
    let mut loose = Loose::default();
    let mut no_files = Vec::new();
    for (one, hashed) in there.iter().zip(hash::all(&paths)) {
        let path = spoken(&name, &one.path);
        match hashed {
            Ok(hashed) => loose.files.push(IncludedFile {
                path,
                size: hashed.size,
                sha1: hashed.sha1,
                sha256: hashed.sha256,
                standing: standing(Some(one), false).to_owned(),
            }),
            // A link, a folder, a pipe, or nobody may read it: it has no digest.
            Err(_) if matches!(one.standing, Standing::Explained(_)) => {}
            Err(_) => no_files.push(path),
        }
    }
    let unpinned = unpinned(&there, &name);
    let notes = [
        line(
            &no_files,
            "what belongs to no package and is no file that can be read",
        ),
        line(
            &unpinned,
            "files that were made here and that nobody has pinned",
        ),
    ];
    loose.notes = notes.into_iter().flatten().collect();
    loose
}

fn unpinned(there: &[&Difference], name: &str) -> Vec<String> {
    let made = there
        .iter()
        .filter(|one| matches!(one.standing, Standing::MadeHere { pinned: None, .. }));
    made.map(|one| spoken(name, &one.path)).collect()
}

/// A path from the folder that was asked about, or from cargo's home.
fn spoken(name: &str, path: &str) -> String {
    match home::is_of_home(path) {
        true => path.to_owned(),
        false => below(name, path),
    }
}

fn line(paths: &[String], what: &str) -> Option<String> {
    if paths.is_empty() {
        return None;
    }
    let few: Vec<String> = paths
        .iter()
        .take(FEW)
        .map(|path| printable(path, 200))
        .collect();
    let more = if paths.len() > FEW { ", …" } else { "" };
    Some(format!(
        "{what} ({}): {}{more}",
        paths.len(),
        few.join(", ")
    ))
}

/// Paths of an environment are relative to it, and a report may name the project around it.
fn root_of(folder: &Path, name: &str, tree: &TreeReport) -> (PathBuf, String) {
    let pythons: Vec<&PackageTree> = tree
        .packages
        .iter()
        .filter(|one| one.release.package.ecosystem() == Ecosystem::PyPi)
        .collect();
    if pythons.is_empty() {
        return (folder.to_owned(), name.to_owned());
    }
    let root = environment_of(folder, &pythons);
    let inside = root
        .strip_prefix(folder)
        .map(|rest| rest.to_string_lossy().into_owned());
    let name = below(name, &inside.unwrap_or_default());
    (root, name)
}
