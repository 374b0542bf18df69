//! The lockfiles of a project and of the projects in it, found by a bounded walk. What the
//! walk leaves out is said: it may hold a lockfile.

use crate::error::Failure;
use crate::inspect::is_lockfile;
use customs_model::printable;
use std::path::{Path, PathBuf};

/// How far a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub(crate) struct Walk {
    /// Levels of folders that are looked through for lockfiles
    #[arg(long, requires = "all", value_name = "NUMBER", default_value_t = Walk::default().depth)]
    pub depth: usize,
    /// Folders that are looked through for lockfiles, at most
    #[arg(long, requires = "all", value_name = "NUMBER", default_value_t = Walk::default().folders)]
    pub folders: usize,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            depth: 12,
            folders: 20_000,
        }
    }
}

/// What a walk found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lockfiles {
    /// The lockfiles, by path.
    pub found: Vec<PathBuf>,
    /// The manifests, by path.
    pub manifests: Vec<PathBuf>,
    /// What was not looked through: where, and why. Safe to print.
    pub left_out: Vec<(String, String)>,
}

/// Sentences about folders that cannot be listed, at most.
const TOLD: usize = 50;

/// The lockfiles below a folder, and the manifests beside them. What is installed, built or hidden (`node_modules`,
/// `site-packages`, `target`, names that begin with a dot) is not the project's own.
///
/// # Errors
/// The folder itself cannot be listed.
pub(crate) fn look(root: &Path, walk: Walk) -> Result<Lockfiles, Failure> {
    let mut out = Lockfiles::default();
    let mut waiting = vec![(root.to_owned(), 0)];
    let (mut seen, mut deeper) = (0, 0_usize);
    while let Some((folder, depth)) = waiting.pop() {
        if seen == walk.folders {
            let because = format!(
                "{} folders of it were looked through, and at least {} more were not; a higher \
                 --folders goes on",
                walk.folders,
                waiting.len() + 1
            );
            out.left_out.push((shown(root), because));
            break;
        }
        seen += 1;
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => {
                return Err(Failure::nothing(format!(
                    "cannot list {}: {error}",
                    shown(root)
                )));
            }
            Err(error) => {
                if out.left_out.len() < TOLD {
                    let because = format!("it cannot be listed: {error}");
                    out.left_out.push((shown(&folder), because));
                }
                continue;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder {
                if is_lockfile(&path) {
                    out.found.push(path);
                } else if is_manifest(&path) {
                    out.manifests.push(path);
                }
            } else if !is_installed(&entry.file_name().to_string_lossy()) {
                if depth < walk.depth {
                    waiting.push((path, depth + 1));
                } else {
                    deeper += 1;
                }
            }
        }
    }
    if deeper > 0 {
        let because = format!(
            "{deeper} folders more than {} levels below it were not looked through; a higher \
             --depth goes on",
            walk.depth
        );
        out.left_out.push((shown(root), because));
    }
    out.found.sort();
    out.manifests.sort();
    Ok(out)
}

/// As [`look`], for whoever has nothing to do without a lockfile.
///
/// # Errors
/// The folder itself cannot be listed, or there is no lockfile.
pub(crate) fn lockfiles(root: &Path, walk: Walk) -> Result<Lockfiles, Failure> {
    let out = look(root, walk)?;
    if out.found.is_empty() {
        let mut message = format!("{} has no lockfile", shown(root));
        for (what, because) in &out.left_out {
            message.push_str(&format!("; {what}: {because}"));
        }
        message.push_str("; name a release, an archive or a folder");
        return Err(Failure::nothing(message));
    }
    Ok(out)
}

fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    ["package.json", "Cargo.toml", "pyproject.toml"]
        .iter()
        .any(|manifest| name == *manifest)
}

fn is_installed(name: &str) -> bool {
    matches!(name, "node_modules" | "target" | "site-packages") || name.starts_with('.')
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a lockfile on each of these levels.
    fn project(levels: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for level in levels {
            let folder = root.path().join(level);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("requirements.txt"), "flask==3.0.0\n").unwrap();
        }
        root
    }

    fn walk(depth: usize, folders: usize) -> Walk {
        Walk { depth, folders }
    }

    #[test]
    fn every_lockfile_of_a_project_is_found_and_none_of_what_it_installed() {
        let root = project(&[".", "a/b/c/d/e/f", "node_modules/x", ".venv"]);
        let found = lockfiles(root.path(), Walk::default()).unwrap();
        assert_eq!(found.found.len(), 2);
        assert_eq!(found.left_out, []);
    }

    #[test]
    fn folders_that_lie_too_deep_are_told() {
        let root = project(&[".", "a/b/c"]);
        let found = lockfiles(root.path(), walk(1, 100)).unwrap();
        assert_eq!(found.found.len(), 1);
        assert_eq!(found.left_out.len(), 1);
        assert!(found.left_out[0].1.contains("--depth"), "{found:?}");
    }

    #[test]
    fn folders_that_are_too_many_are_told() {
        let root = project(&[".", "a", "b"]);
        let found = lockfiles(root.path(), walk(9, 2)).unwrap();
        assert_eq!(found.left_out.len(), 1);
        assert!(found.left_out[0].1.contains("--folders"), "{found:?}");
    }

    #[test]
    fn where_none_is_found_what_was_left_out_is_told_as_well() {
        let root = project(&["a/b/c"]);
        let failure = lockfiles(root.path(), walk(1, 100)).unwrap_err();
        assert_eq!(failure.code, 3);
        assert!(failure.to_string().contains("--depth"), "{failure}");
    }
}
