//! Files of a commit that is named as people name it: a branch, a tag, `HEAD`, a full id.

use super::git::{Git, REFS};
use super::layout::Layout;
use super::read::GitClone;
use super::refs::Refs;
use super::{CloneError, read_line, shown};
use customs_model::printable;
use customs_origin::source::{ObjectFormat, ObjectId, SourceTree};
use std::path::Path;

/// A commit of a clone, with its paths.
pub struct Revision {
    clone: GitClone,
    tree: SourceTree,
    commit: ObjectId,
}

impl Revision {
    /// Opens the commit that a name means.
    ///
    /// # Errors
    /// No clone, no git, no such commit, or one that cannot be read.
    pub fn open(path: &Path, name: &str) -> Result<Self, CloneError> {
        let commit = resolve(path, name)?;
        let mut clone = GitClone::open(path, commit)?;
        let tree = clone.tree()?;
        Ok(Self {
            clone,
            tree,
            commit,
        })
    }

    /// Which commit it is.
    pub const fn commit(&self) -> ObjectId {
        self.commit
    }

    /// Every path of it, sorted, with `/`. Not safe to print as they are.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.tree.iter().map(|(path, _)| path)
    }

    /// A file of it; none where it has no plain file of that path.
    ///
    /// # Errors
    /// It is not whole in this clone, larger than what is read, or git fails.
    pub fn file(&mut self, path: &str) -> Result<Option<Vec<u8>>, CloneError> {
        match self.tree.file(path) {
            Some(id) => self.clone.blob(id).map(Some),
            None => Ok(None),
        }
    }
}

/// Which commit a name means, in the order in which git itself looks; at last the branch of
/// `origin`, which is all that a checkout for CI has.
fn resolve(path: &Path, name: &str) -> Result<ObjectId, CloneError> {
    let layout = Layout::find(path)?;
    if let Ok(id) = ObjectId::parse(name) {
        return Ok(id);
    }
    let mut full = name.to_owned();
    if name == "HEAD" || name == "@" {
        let line = read_line(&layout.own.join("HEAD"))?.unwrap_or_default();
        match line.strip_prefix("ref:") {
            Some(reference) => full = reference.trim().to_owned(),
            None => {
                if let Ok(id) = ObjectId::parse(&line) {
                    return Ok(id);
                }
            }
        }
    }
    let mut why = None;
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let refs = Refs::read(&layout, format)?;
        let candidates = [
            full.clone(),
            format!("refs/{full}"),
            format!("refs/tags/{full}"),
            format!("refs/heads/{full}"),
            format!("refs/remotes/{full}"),
            format!("refs/remotes/origin/{full}"),
        ];
        let number = candidates
            .iter()
            .find_map(|name| refs.all.keys().position(|known| known == name));
        if let Some(number) = number {
            return peeled(&Git::new(&layout, &refs, format)?, number, name);
        }
        why = why.or(refs.cut);
    }
    Err(CloneError::NoRevision {
        name: printable(name, 120),
        path: shown(path),
        why: why.map(|why| format!(" ({why})")).unwrap_or_default(),
    })
}

/// The commit behind a ref: a tag may be an object of its own.
fn peeled(git: &Git, number: usize, name: &str) -> Result<ObjectId, CloneError> {
    let format = "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname)";
    let out = git.run(&["for-each-ref", format, &format!("{REFS}/{number}")])?;
    let words: Vec<&str> = out.split_whitespace().collect();
    let id = match words.as_slice() {
        ["commit", id, ..] | ["tag", _, "commit", id] => id,
        _ => {
            return Err(CloneError::Git(format!(
                "{} names no commit",
                printable(name, 120)
            )));
        }
    };
    Ok(ObjectId::parse(id)?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Repo;
    use super::*;

    #[test]
    fn a_branch_a_tag_head_and_an_id_name_a_commit_whose_files_can_be_read() {
        let repo = Repo::new();
        let first = repo.commit(&[("web/yarn.lock", "one\n")]);
        repo.tag("v1");
        repo.git(&["branch", "side"]);
        repo.commit(&[("web/yarn.lock", "two\n")]);
        let read = |name: &str| {
            let mut revision = Revision::open(repo.path(), name).unwrap();
            String::from_utf8(revision.file("web/yarn.lock").unwrap().unwrap()).unwrap()
        };
        for old in ["v1", "side", "refs/heads/side", &first.to_string()] {
            assert_eq!(read(old), "one\n", "{old}");
        }
        assert_eq!(read("HEAD"), "two\n");
        assert_eq!(read("main"), "two\n");
    }

    #[test]
    fn what_is_not_there_is_said_and_a_missing_file_is_none() {
        let repo = Repo::new();
        repo.commit(&[("a", "b")]);
        let refused = Revision::open(repo.path(), "gone\u{1b}").err().unwrap();
        assert!(refused.to_string().contains("\\u{1b}"), "{refused}");
        let mut revision = Revision::open(repo.path(), "main").unwrap();
        assert_eq!(revision.file("none").unwrap(), None);
        assert_eq!(revision.paths().collect::<Vec<_>>(), ["a"]);
    }
}
