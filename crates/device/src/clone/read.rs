//! The tree of a commit, and contents of its files.

use super::batch::{Batch, Header};
use super::git::Git;
use super::layout::Layout;
use super::refs::Refs;
use super::{CloneError, limit, place, shown};
use customs_model::{ReleaseId, printable};
use customs_origin::source::object::{self, FolderEntry, FolderEntryKind};
use customs_origin::source::{
    Blobs, CommitPlace, EntryKind, ObjectId, ObjectKind, SourceTree, plain_path, wants_limit,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A clone, opened to read one commit.
pub struct GitClone {
    git: Git,
    refs: Refs,
    batch: Batch,
    commit: ObjectId,
    shown: String,
}

impl GitClone {
    /// Opens a clone and looks for the commit. Which hash function the repository has follows from
    /// the commit's id; one of the other kind is missing.
    ///
    /// # Errors
    /// No clone, no git, or no such commit.
    pub fn open(path: &Path, commit: ObjectId) -> Result<Self, CloneError> {
        let layout = Layout::find(path)?;
        let refs = Refs::read(&layout, commit.format())?;
        let git = Git::new(&layout, &refs, commit.format())?;
        let mut batch = Batch::start(&git)?;
        let header = batch.headers(&git, &[commit])?.pop().flatten();
        let shown = shown(path);
        let Some(header) = header else {
            return Err(CloneError::Missing {
                commit,
                path: shown,
            });
        };
        expect(&commit, ObjectKind::Commit, &header)?;
        Ok(Self {
            git,
            refs,
            batch,
            commit,
            shown,
        })
    }

    /// Every path of the commit.
    ///
    /// # Errors
    /// A folder is missing, damaged, or there are more than [`limit`] allows.
    pub fn tree(&mut self) -> Result<SourceTree, CloneError> {
        let format = self.commit.format();
        let commit = self.objects(&[self.commit], ObjectKind::Commit)?;
        let commit = commit.first().map(Vec::as_slice).unwrap_or_default();
        let mut walk = Walk {
            tree: SourceTree::new(self.commit),
            folders: 1,
            next: BTreeMap::new(),
        };
        let top = object::tree_of_commit(format, commit)?;
        walk.next.insert(top, vec![String::new()]);
        let mut bytes = 0;
        while !walk.next.is_empty() {
            let level: Vec<_> = std::mem::take(&mut walk.next).into_iter().collect();
            for part in level.chunks(256) {
                let ids: Vec<ObjectId> = part.iter().map(|(id, _)| *id).collect();
                for ((_, paths), content) in part.iter().zip(self.objects(&ids, ObjectKind::Tree)?)
                {
                    bytes += content.len() as u64;
                    if bytes > limit::FOLDERS_TOTAL {
                        return Err(CloneError::Limit("512 MiB of folders"));
                    }
                    let entries = object::read_folder(format, &content)?;
                    for path in paths {
                        entries.iter().try_for_each(|entry| walk.add(path, entry))?;
                    }
                }
            }
        }
        Ok(walk.tree)
    }

    /// The contents of blobs. Those that are missing (a partial clone) or too large are left out.
    ///
    /// # Errors
    /// git fails, or a blob has other bytes than its id says.
    pub fn blobs(&mut self, wanted: &BTreeSet<ObjectId>) -> Result<Blobs, CloneError> {
        let ids: Vec<ObjectId> = wanted.iter().copied().collect();
        let headers = self.batch.headers(&self.git, &ids)?;
        let mut total = 0;
        let fits: Vec<ObjectId> = ids
            .into_iter()
            .zip(headers)
            .filter_map(|(id, header)| Some((id, header?)))
            .filter(|(_, header)| {
                let fits = header.kind == ObjectKind::Blob.name()
                    && header.size <= wants_limit::BLOB
                    && total + header.size <= wants_limit::TOTAL;
                total += if fits { header.size } else { 0 };
                fits
            })
            .map(|(id, _)| id)
            .collect();
        let contents = self.batch.contents(&self.git, &fits, ObjectKind::Blob)?;
        Ok(fits.into_iter().zip(contents).collect())
    }

    /// The content of one blob of at most [`limit::OBJECT`] bytes.
    ///
    /// # Errors
    /// It is missing or too large, git fails, or it has other bytes than its id says.
    pub fn blob(&mut self, id: ObjectId) -> Result<Vec<u8>, CloneError> {
        let mut found = self.objects(&[id], ObjectKind::Blob)?;
        Ok(found.pop().unwrap_or_default())
    }

    /// Where the commit stands among the clone's branches and tags.
    pub fn place(&self, release: &ReleaseId) -> CommitPlace {
        place::find(&self.git, &self.refs, self.commit, release, &self.shown)
    }

    /// Objects that must be there.
    fn objects(&mut self, ids: &[ObjectId], kind: ObjectKind) -> Result<Vec<Vec<u8>>, CloneError> {
        for (id, header) in ids.iter().zip(self.batch.headers(&self.git, ids)?) {
            let header = header.ok_or_else(|| CloneError::Incomplete {
                kind: kind.name(),
                id: *id,
                path: self.shown.clone(),
            })?;
            expect(id, kind, &header)?;
        }
        self.batch.contents(&self.git, ids, kind)
    }
}

fn expect(id: &ObjectId, kind: ObjectKind, header: &Header) -> Result<(), CloneError> {
    if header.kind != kind.name() {
        return Err(CloneError::OtherKind {
            id: *id,
            found: printable(&header.kind, 20),
            wanted: kind.name(),
        });
    }
    if header.size > limit::OBJECT {
        return Err(CloneError::Limit("32 MiB in one object"));
    }
    Ok(())
}

/// A walk level by level, so that each level is one round of questions.
struct Walk {
    tree: SourceTree,
    folders: usize,
    /// Folders of the next level by id: the same folder at many paths is read once.
    next: BTreeMap<ObjectId, Vec<String>>,
}

impl Walk {
    fn add(&mut self, folder: &str, entry: &FolderEntry) -> Result<(), CloneError> {
        let Ok(name) = std::str::from_utf8(&entry.name) else {
            self.tree.count_unnamed();
            return Ok(());
        };
        let path = if folder.is_empty() {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        };
        if plain_path(&path).is_none() {
            return Err(CloneError::Limit("64 folders within each other"));
        }
        let kind = match entry.kind {
            FolderEntryKind::Folder => {
                self.folders += 1;
                if self.folders > limit::FOLDERS {
                    return Err(CloneError::Limit("300000 folders"));
                }
                self.next.entry(entry.id).or_default().push(path);
                return Ok(());
            }
            FolderEntryKind::File => EntryKind::File,
            FolderEntryKind::Executable => EntryKind::Executable,
            FolderEntryKind::Symlink => EntryKind::Symlink,
            FolderEntryKind::Submodule => EntryKind::Submodule,
        };
        if self.tree.insert(path, kind, entry.id) {
            Ok(())
        } else {
            Err(CloneError::Limit("1000000 files"))
        }
    }
}
