//! Collecting what nobody needs: artifacts, and lists of what is in them, by age and size.
//!
//! **What was delivered in the last thirty days is never removed**, whatever the bounds say: it is
//! what somebody asks about when a release turns out to be bad. The ledger says what that is. It is
//! asked again before each few files are removed, so that what is delivered meanwhile stays. Nor is
//! anything removed that was stored within the hour: it may be on its way to somebody.

use crate::{Blob, Blobs, Index, Lease, Leases, StoreError, Taken, Upkeep};
use customs_model::{Clock, Digest, SignedDuration, Timestamp};
use std::path::PathBuf;

/// Bounds.
pub(crate) mod limit {
    use std::time::Duration;

    /// What was delivered so many days ago stays.
    pub const DAYS: i64 = 30;
    /// What was stored so many minutes ago stays.
    pub const MINUTES: i64 = 60;
    /// Files that are removed between two looks at the ledger.
    pub const FEW: usize = 64;
    /// Files of one page of a listing.
    pub const PAGE: usize = 10_000;
    /// The most files that are looked at: their names and times are in memory.
    pub const MOST: usize = 5_000_000;
    /// How long who collects may say nothing before others may.
    pub const TERM: Duration = Duration::from_mins(2);
}

/// How much may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// Bytes on a shelf; the oldest leave first.
    pub bytes: Option<u64>,
    /// How long something stays that nobody is delivered.
    pub age: Option<SignedDuration>,
}

/// What collecting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Files that were there, and their bytes.
    pub found: (u64, u64),
    /// Those that were removed, or would be.
    pub removed: (u64, u64),
    /// Those that the bounds would remove and that stay, because they were delivered or stored
    /// lately.
    pub kept: (u64, u64),
}

/// Where files lie that may be collected.
pub trait Shelf {
    /// Files behind this one in the order of their names.
    ///
    /// # Errors
    /// It cannot be read.
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError>;

    /// Removes a file. Whether it was there.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, digest: &Digest) -> Result<bool, StoreError>;
}

/// Artifacts that gates of a team share, with what names them in the index.
pub struct TeamShelf<'a> {
    /// The bytes.
    pub blobs: &'a dyn Blobs,
    /// What names them.
    pub index: &'a dyn Index,
}

impl Shelf for TeamShelf<'_> {
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError> {
        self.blobs.list(after, limit)
    }

    fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        // The entry first: a name without bytes sends whoever reads it to the upstream anyway, but
        // bytes without a name nobody would find.
        self.index.forget_blob(digest)?;
        self.blobs.remove(digest)
    }
}

/// A folder in the layout of a gate's cache: `sha256/ab/cdef…`, with an ending or none.
#[derive(Debug, Clone)]
pub struct FolderShelf {
    folder: PathBuf,
    ending: &'static str,
}

impl FolderShelf {
    /// Files below a folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>, ending: &'static str) -> Self {
        Self {
            folder: folder.into(),
            ending,
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let name = crate::blobs::name(digest) + self.ending;
        self.folder.join(name)
    }
}

impl Shelf for FolderShelf {
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError> {
        crate::blobs::listed(&self.folder, self.ending, after, limit)
    }

    fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        let path = self.path(digest);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(StoreError::io("remove", path)(e)),
        }
    }
}

/// The right to collect: one gate at a time has it.
pub struct Turn<'a> {
    leases: &'a dyn Leases,
    lease: Lease,
}

impl<'a> Turn<'a> {
    /// Takes it. None: another gate has it.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn take(
        leases: &'a dyn Leases,
        what: &str,
        owner: &str,
    ) -> Result<Option<Self>, StoreError> {
        let taken = leases.take_lease(&format!("upkeep {what}"), owner, limit::TERM)?;
        Ok(match taken {
            Taken::Mine(lease) => Some(Self { leases, lease }),
            Taken::Theirs { .. } => None,
        })
    }

    /// Keeps it. False: it was lost.
    fn keep(&mut self) -> Result<bool, StoreError> {
        let kept = self.leases.renew_lease(&self.lease, limit::TERM)?;
        let is_kept = kept.is_some();
        self.lease = kept.unwrap_or_else(|| self.lease.clone());
        Ok(is_kept)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // One that cannot be given back ends by itself.
        if let Err(error) = self.leases.return_lease(&self.lease) {
            tracing::debug!(%error, "a lease was not given back");
        }
    }
}

/// Removes from a shelf what is older than the bounds allow, and then the oldest until it has no more
/// bytes than they allow; never what was delivered in the last thirty days. With `dry_run` it only
/// says what it would remove. Ends early, with what was done by then, when the turn is lost.
///
/// # Errors
/// The shelf cannot be read or changed, the ledger cannot be asked, or there are more than five
/// million files.
pub fn collect(
    shelf: &dyn Shelf,
    ledger: &dyn Upkeep,
    bounds: &Bounds,
    clock: &dyn Clock,
    turn: &mut Turn<'_>,
    dry_run: bool,
) -> Result<Collected, StoreError> {
    let now = clock.now();
    let files = all(shelf)?;
    let delivered = ledger.delivered_since(days_before(now))?;
    let mut done = Collected::default();
    for file in &files {
        count(&mut done.found, file);
    }
    let mut doomed = Vec::new();
    let mut bytes = done.found.1;
    for file in files {
        let old = bounds.age.is_some_and(|age| is_older(&file, now, age));
        let over = bounds.bytes.is_some_and(|most| bytes > most);
        if !old && !over {
            continue;
        }
        let lately = !is_older(&file, now, SignedDuration::from_mins(limit::MINUTES));
        if lately || delivered.contains(&file.digest) {
            count(&mut done.kept, &file);
            continue;
        }
        bytes -= file.length;
        doomed.push(file);
    }
    if dry_run {
        doomed
            .iter()
            .for_each(|file| count(&mut done.removed, file));
        return Ok(done);
    }
    for few in doomed.chunks(limit::FEW) {
        if !turn.keep()? {
            tracing::info!("another gate collects; this one ends here");
            break;
        }
        // Since it was asked first.
        let lately = ledger.delivered_since(minutes_before(now))?;
        for file in few {
            if lately.contains(&file.digest) {
                count(&mut done.kept, file);
            } else if shelf.remove(&file.digest)? {
                count(&mut done.removed, file);
            }
        }
    }
    Ok(done)
}

/// Everything on a shelf, the oldest first. What has no time counts as new.
fn all(shelf: &dyn Shelf) -> Result<Vec<Blob>, StoreError> {
    let mut files: Vec<Blob> = Vec::new();
    loop {
        let after = files.last().map(|file| file.digest.clone());
        let page = shelf.list(after.as_ref(), limit::PAGE)?;
        if page.is_empty() {
            break;
        }
        files.extend(page);
        if files.len() > limit::MOST {
            return Err(StoreError::TooLarge {
                what: "the list of files that may be collected",
                bytes: files.len(),
                limit: limit::MOST,
            });
        }
    }
    files.sort_by(|a, b| {
        let time = |file: &Blob| file.at.unwrap_or(Timestamp::MAX);
        time(a).cmp(&time(b)).then_with(|| a.digest.cmp(&b.digest))
    });
    Ok(files)
}

fn is_older(file: &Blob, now: Timestamp, age: SignedDuration) -> bool {
    file.at.is_some_and(|at| now.duration_since(at) > age)
}

fn count(sum: &mut (u64, u64), file: &Blob) {
    sum.0 += 1;
    sum.1 += file.length;
}

/// Thirty days ago, and no later.
fn days_before(now: Timestamp) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24 * limit::DAYS))
        .unwrap_or(Timestamp::MIN)
}

/// A while ago: clocks of gates differ.
fn minutes_before(now: Timestamp) -> Timestamp {
    now.saturating_sub(SignedDuration::from_mins(limit::MINUTES))
        .unwrap_or(Timestamp::MIN)
}
