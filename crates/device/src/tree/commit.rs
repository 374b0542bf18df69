//! A folder held against the commit that a lockfile names.
//!
//! The commit's id is a digest of everything in it, and the lockfile promises it: what a clone says is believed as
//! far as its objects have the ids that lead there from the commit ([`crate::clone`]). So a folder that a manager
//! checked out is proven like an unpacked artifact. Git's ids are SHA-1 in nearly all repositories. Who makes two
//! files of one id has to own the repository that the lockfile names.

use super::disk::{self, Found, FoundEntry, FoundKind, There};
use super::{
    Cause, Compared, Difference, DifferenceKind, Expected, ExpectedEntry, Explain, Proven,
    Standing, compare,
};
use crate::clone::GitClone;
use customs_model::{Digest, printable};
use customs_origin::source::{Blobs, Entry, EntryKind, ObjectId, ObjectKind, SourceTree, object};
use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Bytes of a file whose line ends are looked at.
const TEXT: u64 = 4 << 20;
/// Submodules that are named.
const NAMED: usize = 5;

/// The commit that an address in a lockfile names: behind its `#` (cargo, uv, npm; `commit=` of Yarn), or behind
/// an `@` (pip). None where it names a branch or a tag, or only a part of an id.
pub(crate) fn named(resolved: &str) -> Option<ObjectId> {
    let (before, fragment) = resolved.split_once('#').unwrap_or((resolved, ""));
    let fragment = fragment.strip_prefix("commit=").unwrap_or(fragment);
    let behind = before.split('?').next()?.rsplit_once('@');
    let behind = behind.map(|(_, id)| id);
    [Some(fragment), behind]
        .into_iter()
        .flatten()
        // What is no full id names no commit for certain.
        .find_map(|id| ObjectId::parse(id).ok())
}

/// A commit, read from a clone.
pub(crate) struct Commit {
    clone: GitClone,
    tree: SourceTree,
}

/// Which part of a commit a folder is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// The folder in the commit; `""` for all of it.
    pub below: &'a str,
    /// Whoever wrote the folder wrote what links lead to in their place.
    pub follows: bool,
}

impl Part<'_> {
    /// All of a commit, as git checks it out.
    const WHOLE: Self = Self {
        below: "",
        follows: false,
    };

    /// A path of the commit, relative to the part; none for what lies elsewhere.
    pub fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.below {
            "" => Some(path),
            below => path.strip_prefix(below)?.strip_prefix('/'),
        }
    }

    /// The path in the commit of what lies in the part.
    pub fn whole(&self, inside: &str) -> String {
        match self.below {
            "" => inside.to_owned(),
            below => format!("{below}/{inside}"),
        }
    }
}

/// What a comparison with a commit found.
pub(crate) struct Checked {
    /// Files and differences.
    pub compared: Compared,
    /// What could not be compared, and why. Safe to print.
    pub open: Vec<String>,
    /// Files that are as the commit has them, links too.
    pub same: BTreeSet<String>,
}

impl Commit {
    /// Reads a commit from the first of several clones that has it whole. The error is why none has, safe to
    /// print.
    pub fn read(clones: &[PathBuf], id: ObjectId) -> Result<Self, String> {
        let mut why = "there is no clone of its repository here".to_owned();
        for path in clones {
            let read = GitClone::open(path, id).and_then(|mut clone| {
                let tree = clone.tree()?;
                Ok(Self { clone, tree })
            });
            match read {
                Ok(commit) => return Ok(commit),
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }

    /// Every path of it.
    pub const fn tree(&self) -> &SourceTree {
        &self.tree
    }

    /// The bytes of a file of the commit; none where it has no such file. The error is why they could not be read,
    /// safe to print.
    pub fn bytes(&mut self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let Some(id) = self.tree.file(path) else {
            return Ok(None);
        };
        let read = self.clone.blob(id).map(Some);
        read.map_err(|why| why.to_string())
    }

    /// Compares a folder with it, as a walk found the folder. `explain` is asked of what differs otherwise than
    /// in its line ends. The error is why it could not be compared, safe to print.
    pub fn compare(
        &mut self,
        root: &Path,
        found: &Found,
        explain: &dyn Fn(&Difference) -> Option<Cause>,
    ) -> Result<Checked, String> {
        self.compare_part(&Part::WHOLE, root, found, explain)
    }

    /// As [`Self::compare`], with a part of it.
    pub fn compare_part(
        &mut self,
        part: &Part<'_>,
        root: &Path,
        found: &Found,
        explain: &dyn Fn(&Difference) -> Option<Cause>,
    ) -> Result<Checked, String> {
        let (mut proven, mut wants) = (Proven::new(), BTreeSet::new());
        let mut rest = Vec::new();
        let mut submodules = Vec::new();
        let led = match part.follows {
            true => self.led(part, found)?,
            false => Vec::new(),
        };
        let led = led.iter().map(|(path, entry)| (path.as_str(), entry));
        let is_link = |(_, entry): &(&str, &Entry)| entry.kind == EntryKind::Symlink;
        let listed = self
            .tree
            .iter()
            .filter_map(|(path, entry)| Some((part.inside(path)?, entry)))
            .filter(|one| !part.follows || !is_link(one));
        for (path, entry) in listed.chain(led) {
            match entry.kind {
                EntryKind::Submodule => {
                    submodules.push(path.to_owned());
                    continue;
                }
                EntryKind::File | EntryKind::Executable => {
                    if let There::Entry(there) = found.at(path)
                        && is_blob(&root.join(path), &there, &entry.id)
                    {
                        proven.insert(path.to_owned(), None);
                        continue;
                    }
                }
                EntryKind::Symlink => {}
            }
            wants.insert(entry.id);
            rest.push((path.to_owned(), *entry));
        }
        let blobs = self.clone.blobs(&wants).map_err(|why| why.to_string())?;
        let mut expected = Expected::default();
        let mut unread = BTreeSet::new();
        for (path, entry) in rest {
            match expect(&blobs, &entry.id, entry.kind) {
                Some(one) => _ = expected.entries.insert(path, one),
                None => _ = unread.insert(path),
            }
        }
        let mut ends = LineEnds {
            tree: &self.tree,
            part,
            explain,
        };
        let mut compared = compare(&expected, &proven, root, found, &mut ends);
        let mut open = std::mem::take(&mut compared.notes);
        self.aside(part, found, &submodules, &mut compared, &mut open);
        told_without_bytes(&unread, found, &mut compared);
        let mut same: BTreeSet<String> = proven.into_keys().collect();
        same.extend(expected.entries.into_keys());
        for difference in &compared.differences {
            same.remove(&difference.path);
        }
        Ok(Checked {
            compared,
            open,
            same,
        })
    }

    /// The files that links of a part lead to, by their paths in it: those that are links themselves, and those
    /// below a link to a folder that a walk found.
    fn led(&mut self, part: &Part<'_>, found: &Found) -> Result<Vec<(String, Entry)>, String> {
        let links = self.tree.iter();
        let links: BTreeSet<ObjectId> = links
            .filter(|(_, entry)| entry.kind == EntryKind::Symlink)
            .map(|(_, entry)| entry.id)
            .collect();
        if links.is_empty() {
            return Ok(Vec::new());
        }
        let blobs = self.clone.blobs(&links).map_err(|why| why.to_string())?;
        let own = self.tree.iter();
        let own = own.filter(|(_, entry)| entry.kind == EntryKind::Symlink);
        let own = own.filter_map(|(path, _)| part.inside(path).map(str::to_owned));
        let paths: BTreeSet<String> = own.chain(found.entries.keys().cloned()).collect();
        let led = paths.into_iter().filter_map(|inside| {
            let path = part.whole(&inside);
            if self.tree.file(&path).is_some() {
                return None;
            }
            let (at, id) = self.tree.follow(&path, &blobs)?;
            let kind = self.tree.get(&at)?.kind;
            Some((inside, Entry { kind, id }))
        });
        Ok(led.collect())
    }

    /// What the commit does not hold itself is not compared, and said.
    fn aside(
        &self,
        part: &Part<'_>,
        found: &Found,
        submodules: &[String],
        compared: &mut Compared,
        open: &mut Vec<String>,
    ) {
        if !submodules.is_empty() {
            let of_submodule = |path: &str| self.tree.submodule_above(&part.whole(path)).is_some();
            compared
                .differences
                .retain(|difference| !of_submodule(&difference.path));
            let names: Vec<String> = submodules
                .iter()
                .take(NAMED)
                .map(|path| printable(path, 100))
                .collect();
            open.push(format!(
                "{} of its folders are other repositories, whose commits this one only names, and were not \
                 compared: {}",
                submodules.len(),
                names.join(", ")
            ));
        }
        if self.tree.unnamed() > 0 {
            compared
                .differences
                .retain(|difference| !found.strange.contains(&difference.path));
            open.push(format!(
                "{} of its files have names that are no text, and were not compared",
                self.tree.unnamed()
            ));
        }
    }
}

/// A file whose bytes in the commit were not read, for they are too many or not in the clone, differs from it
/// all the same: it does not have its id.
fn told_without_bytes(unread: &BTreeSet<String>, found: &Found, compared: &mut Compared) {
    if unread.is_empty() {
        return;
    }
    compared
        .differences
        .retain(|difference| !unread.contains(&difference.path));
    let told = unread.iter().map(|path| {
        let kind = match found.at(path) {
            There::Nothing => DifferenceKind::Missing,
            There::Unknown => DifferenceKind::Unreadable,
            There::Entry(_) => DifferenceKind::Modified,
        };
        Difference::new(path, kind)
    });
    compared.differences.extend(told);
    compared
        .differences
        .sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
}

/// What should lie there. None where its bytes were not read.
fn expect(blobs: &Blobs, id: &ObjectId, kind: EntryKind) -> Option<ExpectedEntry> {
    let bytes = blobs.get(id)?;
    if kind == EntryKind::Symlink {
        let target = String::from_utf8_lossy(bytes).into_owned();
        return Some(ExpectedEntry::Link { target });
    }
    let sha256: [u8; 32] = Digest::sha256(bytes).as_bytes().try_into().ok()?;
    Some(ExpectedEntry::File {
        size: bytes.len() as u64,
        sha256,
        executable: None,
    })
}

/// Whether a file is this blob. One that cannot be read is not; the comparison says what is wrong with it.
pub(crate) fn is_blob(path: &Path, there: &FoundEntry, id: &ObjectId) -> bool {
    there.kind == FoundKind::File && id_of(path, there, id).is_ok_and(|found| found == *id)
}

fn id_of(path: &Path, there: &FoundEntry, like: &ObjectId) -> io::Result<ObjectId> {
    let size = there.stamp.size;
    let mut hasher = object::ObjectHasher::new(like.format(), ObjectKind::Blob, size);
    let (file, _) = disk::open_seen(path, &there.stamp)?;
    // One byte more than it had would make another id of it.
    let mut file = file.take(size.saturating_add(1));
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(hasher.finish());
        };
        hasher.update(bytes);
    }
}

/// Git writes other line ends than a commit has where `.gitattributes` asks for it.
struct LineEnds<'a> {
    tree: &'a SourceTree,
    part: &'a Part<'a>,
    explain: &'a dyn Fn(&Difference) -> Option<Cause>,
}

impl Explain for LineEnds<'_> {
    fn explain(&mut self, difference: &Difference, at: &Path) -> Standing {
        let cause = (self.explain)(difference).or_else(|| self.of_ends(difference, at));
        cause.map_or(Standing::Unexplained, Standing::Explained)
    }
}

impl LineEnds<'_> {
    fn of_ends(&self, difference: &Difference, at: &Path) -> Option<Cause> {
        let asked = self
            .tree
            .iter()
            .any(|(path, _)| path.rsplit('/').next() == Some(".gitattributes"));
        let id = self.tree.file(&self.part.whole(&difference.path))?;
        if !asked || difference.kind != DifferenceKind::Modified {
            return None;
        }
        // What cannot be read stays unexplained.
        let bytes = disk::read_up_to(at, TEXT).ok()??;
        if difference.found.as_ref() != Some(&Digest::sha256(&bytes)) {
            return None;
        }
        let mut plain = Vec::with_capacity(bytes.len());
        let mut rest = bytes.iter().peekable();
        while let Some(byte) = rest.next() {
            if *byte != b'\r' || rest.peek() != Some(&&b'\n') {
                plain.push(*byte);
            }
        }
        let is_it = ObjectId::of(id.format(), ObjectKind::Blob, &plain) == id;
        is_it.then(|| Cause::Manager {
            what: "git writes the line ends that .gitattributes asks for".into(),
        })
    }
}

#[cfg(test)]
mod tests;
