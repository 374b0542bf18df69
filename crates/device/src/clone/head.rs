//! Which commit is checked out, read as text: no program is asked, and nothing of the clone is
//! obeyed.

use super::layout::Layout;
use super::{CloneError, limit, read_file, read_line};
use customs_origin::source::ObjectId;
use std::path::{Path, PathBuf};

/// Folders that are looked through upwards for a clone.
const UP: usize = 64;

/// What is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The folder of the work tree.
    pub folder: PathBuf,
    /// The commit. None before the first one.
    pub commit: Option<ObjectId>,
}

/// What is checked out of the clone that a folder lies in. None where it lies in none, or where
/// its refs are in tables (`reftable`), which are not read.
///
/// The nearest `.git` counts, whoever put it there: the commit is a claim of the folder.
///
/// # Errors
/// A file of the clone cannot be read.
pub fn head(start: &Path) -> Result<Option<Head>, CloneError> {
    for folder in start.ancestors().take(UP) {
        if std::fs::symlink_metadata(folder.join(".git")).is_err() {
            continue;
        }
        let layout = match Layout::find(folder) {
            Ok(layout) => layout,
            // An empty folder of that name, a mark for tools: git goes on upwards too.
            Err(CloneError::NotAClone { .. }) => continue,
            Err(error) => return Err(error),
        };
        if layout.common.join("reftable").is_dir() {
            return Ok(None);
        }
        return Ok(Some(Head {
            folder: folder.to_owned(),
            commit: commit(&layout)?,
        }));
    }
    Ok(None)
}

fn commit(layout: &Layout) -> Result<Option<ObjectId>, CloneError> {
    let Some(line) = read_line(&layout.own.join("HEAD"))? else {
        return Ok(None);
    };
    let Some(name) = line.strip_prefix("ref:").map(str::trim) else {
        // What is no id says nothing.
        return Ok(ObjectId::parse(&line).ok());
    };
    if !is_plain(name) {
        return Ok(None);
    }
    // A loose ref is newer than a packed one.
    if let Some(line) = read_line(&layout.common.join(name))? {
        return Ok(ObjectId::parse(&line).ok());
    }
    let Some(packed) = read_file(&layout.common.join("packed-refs"), limit::REFS)? else {
        return Ok(None);
    };
    let packed = String::from_utf8_lossy(&packed);
    let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
    let id = lines.find_map(|(id, other)| (other == name).then_some(id));
    Ok(id.and_then(|id| ObjectId::parse(id).ok()))
}

/// A name that leads nowhere but below `refs`.
fn is_plain(name: &str) -> bool {
    name.starts_with("refs/")
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
        && !name.contains(['\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";
    const OTHER: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn clone() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".git/objects")).unwrap();
        fs::create_dir_all(folder.path().join(".git/refs/heads")).unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        folder
    }

    fn commit_at(folder: &Path) -> Option<String> {
        head(folder)
            .unwrap()
            .unwrap()
            .commit
            .map(|id| id.to_string())
    }

    #[test]
    fn a_branch_a_packed_branch_and_a_commit_are_followed_from_a_folder_below() {
        let folder = clone();
        let git = folder.path().join(".git");
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        let below = folder.path().join("a/b");
        assert_eq!(commit_at(&below), None);
        let packed = format!("# pack-refs with: peeled\n{OTHER} refs/heads/main\n");
        fs::write(git.join("packed-refs"), packed).unwrap();
        assert_eq!(commit_at(&below).as_deref(), Some(OTHER));
        fs::write(git.join("refs/heads/main"), format!("{ID}\n")).unwrap();
        assert_eq!(commit_at(&below).as_deref(), Some(ID));
        fs::write(git.join("HEAD"), format!("{OTHER}\n")).unwrap();
        assert_eq!(commit_at(&below).as_deref(), Some(OTHER));
    }

    #[test]
    fn a_ref_that_leads_elsewhere_is_not_followed() {
        let folder = clone();
        let git = folder.path().join(".git");
        fs::write(folder.path().join("secret"), ID).unwrap();
        for name in ["refs/../../secret", "../secret", "/etc/passwd", "refs//a"] {
            fs::write(git.join("HEAD"), format!("ref: {name}\n")).unwrap();
            assert_eq!(commit_at(folder.path()), None, "{name}");
        }
    }

    #[test]
    fn no_clone_is_no_commit() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let found = head(folder.path()).unwrap();
        assert!(found.is_none_or(|head| !head.folder.starts_with(folder.path())));
    }
}
