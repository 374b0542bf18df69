//! Which files lie in an installed package. No link is followed, and nothing beyond the folder of
//! a project or an environment is listed, whatever a list of a package claims.

use super::{home, python};
use customs_device::tree::disk::{self, FoundKind};
use customs_device::tree::{PackageTree, TreeReport, each, python::environments};
use customs_model::{Ecosystem, printable};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What lies at the place of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The folder that the paths are below.
    pub folder: PathBuf,
    /// Regular files, relative to the package's place, with `/`.
    pub files: Vec<String>,
    /// Nothing lies there.
    pub is_absent: bool,
    /// Why not every file is here. Safe to print.
    pub because: Option<String>,
}

/// Lists the files of every package of a tree, in the order of the report. `cargo` is cargo's home.
pub fn all(folder: &Path, tree: &TreeReport, cargo: Option<&Path>) -> Vec<Listed> {
    let is_python = |package: &PackageTree| package.release.package.ecosystem() == Ecosystem::PyPi;
    let places: BTreeSet<&str> = tree.packages.iter().map(|one| one.place.as_str()).collect();
    let mut all = each(&tree.packages, None, |package| match is_python(package) {
        true => Listed::default(),
        false => {
            let (root, inside) = home::split(folder, &package.place, cargo);
            folder_of(root.join(inside), &package.place, &places)
        }
    });
    let pythons: Vec<usize> = tree
        .packages
        .iter()
        .enumerate()
        .filter_map(|(at, package)| is_python(package).then_some(at))
        .collect();
    if pythons.is_empty() {
        return all;
    }
    let packages: Vec<&PackageTree> = tree.packages.iter().filter(|one| is_python(one)).collect();
    let environment = environment_of(folder, &packages);
    let listed = python::all(&environment, &packages, &tree.loose);
    for (at, listed) in pythons.into_iter().zip(listed) {
        if let Some(place) = all.get_mut(at) {
            *place = listed;
        }
    }
    all
}

/// A report speaks of an environment by its folder, or by that of the project around it.
pub fn environment_of(folder: &Path, packages: &[&PackageTree]) -> PathBuf {
    let holds = |root: &Path| {
        packages
            .iter()
            .any(|one| std::fs::symlink_metadata(root.join(&one.place)).is_ok())
    };
    std::iter::once(folder.to_owned())
        .chain(environments(folder))
        .find(|root| holds(root))
        .unwrap_or_else(|| folder.to_owned())
}

fn folder_of(at: PathBuf, place: &str, places: &BTreeSet<&str>) -> Listed {
    let kind = match std::fs::symlink_metadata(&at) {
        Ok(meta) => disk::kind_of(&meta),
        Err(error) if is_absent(&error) => {
            return Listed {
                folder: at,
                is_absent: true,
                ..Listed::default()
            };
        }
        Err(error) => return unread(at, &error.to_string()),
    };
    match kind {
        FoundKind::Folder => walk(at, place, places),
        // Yarn uses packages out of their zips.
        FoundKind::File => Listed {
            folder: at.parent().unwrap_or(&at).to_owned(),
            files: at
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .into_iter()
                .collect(),
            ..Listed::default()
        },
        FoundKind::Link => unread(at, "a link lies in its place"),
        FoundKind::Other => unread(at, "no folder lies in its place"),
    }
}

fn walk(at: PathBuf, place: &str, places: &BTreeSet<&str>) -> Listed {
    let prefix = format!("{place}/");
    let mut outside: BTreeSet<String> = places
        .range(prefix.as_str()..)
        .map_while(|other| other.strip_prefix(&prefix))
        .map(str::to_owned)
        .collect();
    if home::is_checkout(place) {
        outside.insert(".git".to_owned());
    }
    match disk::walk(&at, &outside) {
        Ok(found) => {
            let files = found.entries.iter();
            let left_out = found.strange.len() + found.unread.len();
            Listed {
                files: files
                    .filter(|(_, entry)| entry.kind == FoundKind::File)
                    .map(|(path, _)| path.clone())
                    .collect(),
                because: (left_out > 0)
                    .then(|| format!("{left_out} of its files and folders cannot be read")),
                folder: at,
                is_absent: false,
            }
        }
        Err(error) => unread(at, &error.to_string()),
    }
}

fn unread(folder: PathBuf, why: &str) -> Listed {
    Listed {
        folder,
        because: Some(format!(
            "its files cannot be listed: {}",
            printable(why, 200)
        )),
        ..Listed::default()
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
