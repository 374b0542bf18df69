//! Where a clone keeps its objects and refs. Source: `gitrepository-layout(5)`.

use super::{CloneError, from, read_line, shown};
use std::path::{Path, PathBuf};

/// The two folders of a clone; they are one unless it is a linked work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Of the work tree: its `HEAD`.
    pub own: PathBuf,
    /// Shared: objects and refs.
    pub common: PathBuf,
    /// There is no work tree.
    pub bare: bool,
}

impl Layout {
    /// Finds them.
    pub fn find(path: &Path) -> Result<Self, CloneError> {
        let refuse = |why| CloneError::NotAClone {
            path: shown(path),
            why,
        };
        let dot_git = path.join(".git");
        let (own, bare) = if dot_git.is_dir() {
            (dot_git, false)
        } else if let Some(line) = read_line(&dot_git)? {
            // A work tree or a submodule.
            let target = line
                .strip_prefix("gitdir:")
                .ok_or_else(|| refuse("its .git is no pointer to a clone"))?;
            (from(path, target.trim()), false)
        } else if path.join("objects").is_dir() && path.join("HEAD").is_file() {
            (path.to_owned(), true)
        } else {
            return Err(refuse("there is no .git in it"));
        };
        let common = match read_line(&own.join("commondir"))? {
            Some(line) => from(&own, &line),
            None => own.clone(),
        };
        if !common.join("objects").is_dir() {
            return Err(refuse("it has no objects"));
        }
        Ok(Self { own, common, bare })
    }

    /// The objects, as a path from the root of the disk.
    pub fn objects(&self) -> Result<PathBuf, CloneError> {
        let objects = self.common.join("objects");
        std::path::absolute(&objects).map_err(CloneError::io(&objects))
    }
}
