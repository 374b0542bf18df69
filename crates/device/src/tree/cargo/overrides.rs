//! The folders of `paths` in cargo's settings. cargo compiles what lies there for every crate of the same name,
//! whatever Cargo.lock says, which still names the release of the registry.

use super::folder::{self, Folder};
use super::obeyed::Obeyed;
use crate::artifact::{Poisoned, Source};
use crate::tree::{PackageTree, TreeReport, disk};
use customs_ecosystem::lockfile::Locked;
use customs_model::printable;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders that are looked through for crates.
const FOLDERS: usize = 20_000;
/// Levels below one.
const LEVELS: usize = 16;
/// Crates that are compared.
const CRATES: usize = 1_000;

/// Compares each crate of such a folder with the release that is locked under its name.
pub(super) fn check(
    project: &Path,
    obeyed: &Obeyed,
    entries: &[&Locked],
    sources: &[Box<dyn Source>],
    report: &mut TreeReport,
) {
    let mut left = FOLDERS;
    let mut left_of_crates = CRATES;
    let mut seen = BTreeSet::new();
    for (file, folder) in obeyed.paths() {
        let named = printable(&file.path.to_string_lossy(), 200);
        let mut crates = Vec::new();
        if let Err(why) = find(&folder, 0, &mut left, &mut crates) {
            report.not_checked.push(format!(
                "{named}: `paths` puts {} in the place of locked crates, and not all of it could be looked \
                 through: {why}",
                printable(&folder.to_string_lossy(), 200)
            ));
        }
        for root in crates {
            if !seen.insert(root.clone()) {
                continue;
            }
            let Some((name, version)) = folder::named(&root) else {
                continue;
            };
            let of_name = |entry: &&&Locked| entry.release.package.as_str() == name;
            let fitting = entries.iter().filter(of_name);
            let same = |entry: &&&Locked| entry.release.version.as_str() == version;
            let Some(entry) = fitting
                .clone()
                .find(same)
                .or_else(|| fitting.clone().next())
            else {
                continue;
            };
            if left_of_crates == 0 {
                let why =
                    format!("{named}: of its `paths` no more than {CRATES} crates are compared");
                report.not_checked.push(why);
                return;
            }
            left_of_crates -= 1;
            let place = place(project, &root);
            report.packages.push(compared(
                &root,
                &place,
                entry,
                sources,
                &mut report.poisoned,
            ));
        }
    }
}

/// The folders that have a manifest, below one. The error is why some were not looked at.
fn find(
    folder: &Path,
    level: usize,
    left: &mut usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), String> {
    if *left == 0 || level > LEVELS {
        return Err("there are too many folders".to_owned());
    }
    *left -= 1;
    if folder.join("Cargo.toml").is_file() {
        found.push(folder.to_owned());
    }
    let entries = folder.read_dir().map_err(|why| why.to_string())?;
    let mut below = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|why| why.to_string())?;
        let kind = entry.file_type().map_err(|why| why.to_string())?;
        let name = entry.file_name();
        // cargo passes over what is hidden, and over its own outputs.
        if kind.is_dir() && !name.as_encoded_bytes().starts_with(b".") && name != "target" {
            below.push(entry.path());
        }
    }
    below.sort();
    let mut wrong = Ok(());
    for folder in below {
        wrong = wrong.and(find(&folder, level + 1, left, found));
    }
    wrong
}

/// Relative to the project where it lies in it.
fn place(project: &Path, root: &Path) -> String {
    let [project, real] = [project, root].map(|path| path.canonicalize());
    let below = match (&project, &real) {
        (Ok(project), Ok(real)) => real.strip_prefix(project).ok(),
        _ => None,
    };
    below.unwrap_or(root).to_string_lossy().into_owned()
}

fn compared(
    root: &Path,
    place: &str,
    entry: &Locked,
    sources: &[Box<dyn Source>],
    poisoned: &mut Vec<Poisoned>,
) -> PackageTree {
    let mut tree = PackageTree::new(entry.release.clone(), place);
    tree.decoy = folder::decoy(root, &entry.release);
    match disk::walk(root, &BTreeSet::new()) {
        Err(why) => tree
            .open
            .push(format!("its folder cannot be looked through: {why}")),
        Ok(found) => {
            let folder = Folder {
                root,
                found: &found,
                entry,
            };
            match folder.artifact(sources, poisoned) {
                Ok((of, against)) => {
                    folder.compare(&of, &|_| None, &mut tree);
                    tree.against = Some(against);
                }
                Err(why) => tree.open.push(format!(
                    "`paths` in cargo's settings puts this folder in its place; {why}"
                )),
            }
        }
    }
    tree.judge();
    tree
}
