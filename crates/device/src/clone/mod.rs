//! Reads a commit from a clone that may be a stranger's, and compares an artifact with it.
//!
//! The program `git` reads the objects, because it reads every form that packs have had and is on
//! every machine that has a clone. It never sees the clone's own configuration: it is started in a
//! folder that this module makes, with a configuration that this module writes, and is given only
//! the clone's folder of objects. So there are no hooks, filters, file-system monitors, aliases,
//! replaced objects, lazy fetches or included files of the clone, whatever it says. The refs of the
//! clone are read here, as text. Every object is hashed again before it is believed: an index of a
//! pack can name any object by any id.
//!
//! The library gix would do without a second program. It was weighed: its smallest part that reads
//! objects and refs brings 88 packages, and it would obey the clone's alternates and indexes in our
//! own process, with our own memory. A process can be ended.
//!
//! Git refuses clones that belong to somebody else (`safe.directory`), because of what their
//! configuration may run. Nothing of it is obeyed here, so such clones are read.

mod batch;
mod git;
mod head;
mod layout;
mod place;
mod read;
mod refs;
mod revision;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_hostile;

use customs_model::printable;
use customs_origin::source::{
    Artifact, Context, ObjectId, PhantomSet, SourceReport, compare, object, report, wants,
};
use std::io;
use std::path::{Path, PathBuf};

pub use head::{Head, head};
pub use read::GitClone;
pub use revision::Revision;

/// Bounds on a clone.
pub mod limit {
    use std::time::Duration;

    /// Time for everything that is asked of one clone.
    pub const TIME: Duration = Duration::from_secs(120);
    /// Bytes of a small file of a clone (`HEAD`, `.git`, `commondir`, one ref).
    pub const SMALL: u64 = 4 << 10;
    /// Bytes of `packed-refs` and of `shallow`.
    pub const REFS: u64 = 64 << 20;
    /// Branches and tags.
    pub const REF_COUNT: usize = 100_000;
    /// Folders within each other below `refs`.
    pub const REF_DEPTH: usize = 16;
    /// Bytes of one folder's object or one commit.
    pub const OBJECT: u64 = 32 << 20;
    /// Bytes of all folders of a commit together.
    pub const FOLDERS_TOTAL: u64 = 512 << 20;
    /// Folders of a commit. A repository of a few hundred bytes can hold billions.
    pub const FOLDERS: usize = 300_000;
    /// Bytes that git may print in answer to one question about refs.
    pub const ANSWER: u64 = 64 << 20;
    /// Tags that are named for one version.
    pub const VERSION_TAGS: usize = 16;
    /// Branches and tags that are listed as holding a commit.
    pub const HELD_BY: usize = 8;
}

/// Why a clone could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CloneError {
    /// No clone there.
    #[error("{path} is no git clone: {why}; give the folder that holds .git, or a bare clone")]
    NotAClone {
        /// The path, safe to print.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// git is not there or does not start.
    #[error(
        "git could not be started ({0}); it is needed to read a clone: install it, or set PATH"
    )]
    NoGit(io::Error),
    /// git gave up.
    #[error("git could not read the clone: {0}")]
    Git(String),
    /// The commit is not in the clone.
    #[error("commit {commit} is not in this clone: git -C {path} fetch origin {commit}")]
    Missing {
        /// The commit.
        commit: ObjectId,
        /// The clone, safe to print.
        path: String,
    },
    /// No branch or tag has that name.
    #[error(
        "{name} is no branch, tag or full id of a commit in this clone{why}; git -C {path} fetch origin, or give the full id"
    )]
    NoRevision {
        /// What was named, safe to print.
        name: String,
        /// The clone, safe to print.
        path: String,
        /// What else is known, in brackets, or nothing.
        why: String,
    },
    /// An object that the commit needs is not in the clone.
    #[error(
        "{kind} {id} is not in this clone, which is not whole: git -C {path} fetch --refetch origin"
    )]
    Incomplete {
        /// What it should be.
        kind: &'static str,
        /// Its id.
        id: ObjectId,
        /// The clone, safe to print.
        path: String,
    },
    /// An object is not what it should be.
    #[error(transparent)]
    Object(#[from] object::ObjectError),
    /// The id names something else.
    #[error("{id} is a {found}, not a {wanted}")]
    OtherKind {
        /// The id.
        id: ObjectId,
        /// What it is, safe to print.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A bound of [`limit`].
    #[error("the clone is larger than what is read: more than {0}")]
    Limit(&'static str),
    /// Too slow.
    #[error("reading the clone took longer than {} s", limit::TIME.as_secs())]
    Time,
    /// The disk.
    #[error("{path} could not be read: {source}")]
    Io {
        /// The path, safe to print.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl CloneError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = shown(path);
        move |source| Self::Io { path, source }
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 300)
}

/// Compares an artifact with the commit that [`Context`] names, in a clone. Whatever hinders it is
/// in the report as *not checked*, with what to do.
///
/// `before` are the [`PhantomSet`]s of earlier releases, from their reports.
pub fn compare_with_clone(
    clone: &Path,
    artifact: &[u8],
    context: &Context,
    before: &[PhantomSet],
) -> SourceReport {
    let artifact = match Artifact::read(artifact, context.kind, context.commit.format()) {
        Ok(artifact) => artifact,
        Err(error) => return SourceReport::not_checked(context, sentence(&error.to_string())),
    };
    let compared = || -> Result<SourceReport, CloneError> {
        let mut clone = GitClone::open(clone, context.commit)?;
        let tree = clone.tree()?;
        let blobs = clone.blobs(&wants(&artifact, &tree))?;
        let place = clone.place(&context.release);
        let comparison = compare(&artifact, &tree, &blobs, context);
        Ok(report(comparison, &artifact, &tree, place, context, before))
    };
    compared()
        .unwrap_or_else(|error| SourceReport::not_checked(context, sentence(&error.to_string())))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Reads a file that has at most `most` bytes. Anything but a plain file (a pipe would never end)
/// is refused; none where there is none.
fn read_file(path: &Path, most: u64) -> Result<Option<Vec<u8>>, CloneError> {
    use std::io::Read as _;
    match std::fs::metadata(path) {
        Ok(facts) if facts.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(CloneError::io(path)(error)),
    }
    let file = std::fs::File::open(path).map_err(CloneError::io(path))?;
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(CloneError::io(path))?;
    if bytes.len() as u64 > most {
        return Err(CloneError::Limit("a file of refs holds"));
    }
    Ok(Some(bytes))
}

/// A short file of one line.
fn read_line(path: &Path) -> Result<Option<String>, CloneError> {
    let bytes = read_file(path, limit::SMALL)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// A path that a file of the clone names, from where that file lies.
fn from(folder: &Path, written: &str) -> PathBuf {
    folder.join(written)
}
