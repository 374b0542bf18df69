//! Renewing the roots of trust from a TUF repository (The Update Framework, specification 1.0): bytes in,
//! values out. [`Walk`] says which file it needs next and verifies what it is handed, up to the target
//! `trusted_root.json`.
//!
//! The rules of the framework are those of the crate `sigstore-tuf`, which only this module knows:
//! canonical JSON, keys, thresholds, versions, expiry. What stands here is what it leaves to its callers or
//! does not look at: bounds, the order of files, a reason of its own for each refusal, one key under
//! several ids, ids that are not those of their keys, and what was seen in an earlier run.

mod error;
mod keys;
mod pin;

pub use error::{File, TufError};

use crate::sigstore;
use customs_model::Timestamp;
use pin::Pin;
use sigstore_tuf::{
    Error, Metadata, Role, Root, Snapshot, TargetFile, Targets, TrustedMetadataSet,
};
use std::str::FromStr;

/// What is read of a repository. What is kept of one fits into a file of trust, however it is written.
pub mod limit {
    /// Bytes of one root. Real ones have 7 KB.
    pub const ROOT: u64 = 192 << 10;
    /// Bytes of the timestamp. Real ones have 1 KB.
    pub const TIMESTAMP: u64 = 16 << 10;
    /// Bytes of the snapshot. Real ones have 1 KB.
    pub const SNAPSHOT: u64 = 192 << 10;
    /// Bytes of the list of targets. Real ones have 6 KB.
    pub const TARGETS: u64 = 1 << 20;
    /// Bytes of the target: what is read of a root of trust.
    pub const TARGET: u64 = super::sigstore::limit::ROOT as u64;
    /// Roots between the one that is trusted and the newest. Real ones have two in a year.
    pub const ROTATIONS: u64 = 64;
    /// Keys of a root, and signatures of a file. Real ones have eight.
    pub const KEYS: usize = 100;
}

/// The target that is taken.
pub const TARGET: &str = "trusted_root.json";

/// A time before everything: what was kept in an earlier run is a floor for versions, whether it has
/// expired by now or not.
const BEFORE_ALL: &str = "0001-01-01T00:00:00Z";

/// What an earlier run verified, as it came. Later ones never go back behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The newest root.
    pub root: Option<Vec<u8>>,
    /// The timestamp.
    pub timestamp: Option<Vec<u8>>,
    /// The snapshot.
    pub snapshot: Option<Vec<u8>>,
}

/// A file that a walk needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub file: File,
    /// Where it lies, below the repository's base: letters, digits, dots, slashes.
    pub path: String,
    /// Bytes that are read of it.
    pub most: u64,
    /// Whether the repository may have none: behind the newest root there is no other.
    pub may_lack: bool,
}

/// What a walk came to.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// The target: a `trusted_root.json`.
    pub trusted_root: Vec<u8>,
    /// The version of the newest root.
    pub version: u64,
    /// Roots that were walked through from the one that it began with.
    pub rotations: u64,
    /// When the newest root expires.
    pub root_expires: String,
    /// When the timestamp does: past that, the repository says nothing that counts.
    pub expires: String,
    /// What a later walk has to be given.
    pub kept: Kept,
}

/// The way from a root that is trusted to the target.
pub struct Walk {
    set: TrustedMetadataSet,
    now: Timestamp,
    began: u64,
    /// What an earlier run kept, and the version of its root.
    kept: Kept,
    floor: Option<u64>,
    stage: Stage,
    timestamp: Option<Vec<u8>>,
    snapshot: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Stage {
    Roots,
    Timestamp,
    Snapshot(Pin),
    Targets(Pin),
    Target(TargetFile),
    Done(Vec<u8>),
    /// Something was refused. Nothing follows.
    Failed,
}

impl Walk {
    /// Begins with a root that the user trusts.
    ///
    /// # Errors
    /// It is none, or is not signed by its own keys; or what was kept is no root.
    pub fn begin(root: &[u8], kept: Kept, now: Timestamp) -> Result<Self, TufError> {
        let file = File::Root(0);
        let first: Metadata<Root> = read(file, root)?;
        let file = File::Root(first.signed().version);
        check_root(file, &first)?;
        let set = TrustedMetadataSet::from_root(root).map_err(|error| refused(file, &error))?;
        let floor = match &kept.root {
            None => None,
            Some(bytes) => {
                let kept: Metadata<Root> = read(File::Root(0), bytes).map_err(TufError::of_kept)?;
                Some(kept.signed().version)
            }
        };
        Ok(Self {
            began: set.root().version,
            set,
            now,
            kept,
            floor,
            stage: Stage::Roots,
            timestamp: None,
            snapshot: None,
        })
    }

    /// The file that is needed next; none where the target is here.
    pub fn wants(&self) -> Option<Wanted> {
        let versioned = |version: u64, name: &str| match self.set.root().consistent_snapshot {
            true => format!("{version}.{name}"),
            false => name.to_owned(),
        };
        let (file, path, most) = match &self.stage {
            Stage::Roots => {
                let next = self.set.root().version.saturating_add(1);
                (File::Root(next), format!("{next}.root.json"), limit::ROOT)
            }
            Stage::Timestamp => (
                File::Timestamp,
                "timestamp.json".to_owned(),
                limit::TIMESTAMP,
            ),
            Stage::Snapshot(pin) => (
                File::Snapshot,
                versioned(pin.version, "snapshot.json"),
                limit::SNAPSHOT,
            ),
            Stage::Targets(pin) => (
                File::Targets,
                versioned(pin.version, "targets.json"),
                limit::TARGETS,
            ),
            Stage::Target(target) => (File::Target, self.place(target), limit::TARGET),
            Stage::Done(_) | Stage::Failed => return None,
        };
        let may_lack = matches!(file, File::Root(_));
        Some(Wanted {
            file,
            path,
            most,
            may_lack,
        })
    }

    /// Takes the file that was wanted; none where the repository has no such file.
    ///
    /// # Errors
    /// The first thing that stands against it. The walk ends there, and wants nothing more.
    pub fn take(&mut self, bytes: Option<&[u8]>) -> Result<(), TufError> {
        let Some(wanted) = self.wants() else {
            return Ok(());
        };
        let stage = std::mem::replace(&mut self.stage, Stage::Failed);
        self.stage = self.next(stage, &wanted, bytes)?;
        Ok(())
    }

    fn next(
        &mut self,
        stage: Stage,
        wanted: &Wanted,
        bytes: Option<&[u8]>,
    ) -> Result<Stage, TufError> {
        let file = wanted.file;
        let bytes = match bytes {
            Some(bytes) => bytes,
            None if wanted.may_lack => return self.newest_root(),
            None => return Err(TufError::Missing { file }),
        };
        if bytes.len() as u64 > wanted.most {
            let limit = wanted.most;
            return Err(TufError::TooLong { file, limit });
        }
        match stage {
            Stage::Roots => self.root(file, bytes),
            Stage::Timestamp => self.timestamp(bytes),
            Stage::Snapshot(pin) => self.snapshot(&pin, bytes),
            Stage::Targets(pin) => self.targets(&pin, bytes),
            Stage::Target(target) => target_file(&target, bytes),
            last @ (Stage::Done(_) | Stage::Failed) => Ok(last),
        }
    }

    /// What the walk came to; none where it has not ended.
    pub fn end(self) -> Option<Renewed> {
        let Stage::Done(trusted_root) = self.stage else {
            return None;
        };
        let root = self.set.root();
        Some(Renewed {
            trusted_root,
            version: root.version,
            rotations: root.version.saturating_sub(self.began),
            root_expires: root.expires.to_string(),
            expires: self.set.timestamp()?.expires.to_string(),
            kept: Kept {
                root: Some(self.set.root_bytes().to_vec()),
                timestamp: self.timestamp,
                snapshot: self.snapshot,
            },
        })
    }

    fn root(&mut self, file: File, bytes: &[u8]) -> Result<Stage, TufError> {
        let old = self.set.root();
        if old.version.saturating_sub(self.began) >= limit::ROTATIONS {
            let limit = limit::ROTATIONS;
            return Err(TufError::EndlessRoots { limit });
        }
        let new: Metadata<Root> = read(file, bytes)?;
        let (had, got) = (old.version, new.signed().version);
        if had.checked_add(1) != Some(got) {
            return Err(TufError::RootVersion { had, got });
        }
        check_root(file, &new)?;
        keys::stay(old, new.signed())?;
        // The library asks for both, too, and does not say which of them failed.
        signed_by(&new, old).map_err(|error| match error {
            Error::ThresholdNotMet {
                found, threshold, ..
            } => TufError::NotByTheOld {
                file,
                found,
                needed: threshold,
            },
            other => refused(file, &other),
        })?;
        self.set
            .update_root(bytes)
            .map_err(|error| refused(file, &error))?;
        Ok(Stage::Roots)
    }

    /// There is no newer root: what follows is signed by the keys of this one.
    fn newest_root(&mut self) -> Result<Stage, TufError> {
        let version = self.set.root().version;
        let file = File::Root(version);
        if let Some(had) = self.floor.filter(|floor| version < *floor) {
            return Err(TufError::Rollback {
                file,
                what: "the root".to_owned(),
                had,
                got: version,
            });
        }
        let expired = self.set.check_root_expired(at(self.now)?);
        expired.map_err(|error| refused(file, &error))?;
        self.remember()?;
        Ok(Stage::Timestamp)
    }

    /// What was kept counts as far as it is signed by the keys of this root: a repository that lost a
    /// key replaces it and begins anew (5.3.11 of the specification).
    fn remember(&mut self) -> Result<(), TufError> {
        let rotated = self
            .floor
            .is_none_or(|floor| self.set.root().version > floor);
        let Some(bytes) = self.kept.timestamp.take() else {
            return Ok(());
        };
        match self.set.update_timestamp(&bytes, long_ago()?) {
            Ok(()) => self.timestamp = Some(bytes),
            Err(Error::ThresholdNotMet { .. }) if rotated => return Ok(()),
            Err(error) => return Err(refused(File::Timestamp, &error).of_kept()),
        }
        let Some(bytes) = self.kept.snapshot.take() else {
            return Ok(());
        };
        match self.set.update_snapshot(&bytes, long_ago()?) {
            Ok(()) => self.snapshot = Some(bytes),
            Err(Error::ThresholdNotMet { .. }) if rotated => {}
            Err(error) => return Err(refused(File::Snapshot, &error).of_kept()),
        }
        Ok(())
    }

    fn timestamp(&mut self, bytes: &[u8]) -> Result<Stage, TufError> {
        let file = File::Timestamp;
        let _: Metadata<sigstore_tuf::Timestamp> = read(file, bytes)?;
        match self.set.update_timestamp(bytes, at(self.now)?) {
            Ok(()) => self.timestamp = Some(bytes.to_vec()),
            // The one that was kept counts, whatever this one says.
            Err(Error::EqualVersion { .. }) => {
                let expired = self.set.check_timestamp_expired(at(self.now)?);
                expired.map_err(|error| refused(file, &error))?;
            }
            Err(error) => return Err(refused(file, &error)),
        }
        let meta = self.set.timestamp().and_then(|kept| kept.snapshot_meta());
        let pin = meta.ok_or_else(|| TufError::unreadable(file, "it names no snapshot.json"))?;
        Ok(Stage::Snapshot(Pin::of(pin)))
    }

    fn snapshot(&mut self, pin: &Pin, bytes: &[u8]) -> Result<Stage, TufError> {
        let file = File::Snapshot;
        pin.check(file, bytes)?;
        let new: Metadata<Snapshot> = read(file, bytes)?;
        pin.check_version(file, new.signed().version)?;
        if let Some(before) = self.set.snapshot() {
            let lost = |name: &&String| !new.signed().meta.contains_key(*name);
            if let Some(name) = before.meta.keys().find(lost) {
                return Err(TufError::Lost {
                    name: customs_model::printable(name, 100),
                });
            }
        }
        self.set
            .update_snapshot(bytes, at(self.now)?)
            .map_err(|error| refused(file, &error))?;
        self.snapshot = Some(bytes.to_vec());
        let pin = new.signed().meta.get("targets.json");
        let pin = pin.ok_or_else(|| TufError::unreadable(file, "it names no targets.json"))?;
        Ok(Stage::Targets(Pin::of(pin)))
    }

    fn targets(&mut self, pin: &Pin, bytes: &[u8]) -> Result<Stage, TufError> {
        let file = File::Targets;
        pin.check(file, bytes)?;
        let new: Metadata<Targets> = read(file, bytes)?;
        pin.check_version(file, new.signed().version)?;
        self.set
            .update_targets(bytes, at(self.now)?)
            .map_err(|error| refused(file, &error))?;
        let target = new.signed().target(TARGET).ok_or(TufError::NoTarget)?;
        if target.length > limit::TARGET {
            return Err(TufError::TooLong {
                file: File::Target,
                limit: limit::TARGET,
            });
        }
        if self.set.root().consistent_snapshot && pin::name_of(&target.hashes).is_none() {
            return Err(TufError::unreadable(
                file,
                "the target has no SHA-256 or SHA-512",
            ));
        }
        Ok(Stage::Target(target.clone()))
    }

    fn place(&self, target: &TargetFile) -> String {
        let digest = pin::name_of(&target.hashes);
        match digest.filter(|_| self.set.root().consistent_snapshot) {
            Some(digest) => format!("targets/{digest}.{TARGET}"),
            None => format!("targets/{TARGET}"),
        }
    }
}

fn target_file(target: &TargetFile, bytes: &[u8]) -> Result<Stage, TufError> {
    Pin::of_target(target).check(File::Target, bytes)?;
    Ok(Stage::Done(bytes.to_vec()))
}

/// Reads a file within its bounds. Nothing of it is believed yet.
fn read<T: Role>(file: File, bytes: &[u8]) -> Result<Metadata<T>, TufError> {
    if bytes.len() as u64 > limit::TARGETS {
        let limit = limit::TARGETS;
        return Err(TufError::TooLong { file, limit });
    }
    let read = Metadata::<T>::from_slice(bytes).map_err(|error| refused(file, &error))?;
    if read.signatures().len() > limit::KEYS {
        let why = format!("it has {} signatures", read.signatures().len());
        return Err(TufError::unreadable(file, &why));
    }
    Ok(read)
}

/// A root is signed by its own keys, and those are what they are called.
fn check_root(file: File, root: &Metadata<Root>) -> Result<(), TufError> {
    keys::check(file, root.signed())?;
    signed_by(root, root.signed()).map_err(|error| refused(file, &error))
}

/// Whether a root is signed by the keys that this one has for roots.
fn signed_by(root: &Metadata<Root>, by: &Root) -> Result<(), Error> {
    let unknown = || Error::UnknownRole("root".to_owned());
    let role = by.role("root").ok_or_else(unknown)?;
    root.verify_threshold(&by.keys, role, "root")
}

/// The library has an earlier version of the type of instants, under no name that could be written here.
fn at<T: FromStr>(now: Timestamp) -> Result<T, TufError> {
    let unknown =
        |_| TufError::unreadable(File::Timestamp, "the clock shows no time that is known");
    now.to_string().parse().map_err(unknown)
}

fn long_ago<T: FromStr>() -> Result<T, TufError> {
    let unknown = |_| TufError::unreadable(File::Timestamp, "there is no such time");
    BEFORE_ALL.parse().map_err(unknown)
}

fn refused(file: File, error: &Error) -> TufError {
    TufError::of(file, error)
}

impl std::fmt::Debug for Walk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Walk(root {}, {:?})",
            self.set.root().version,
            self.stage
        )
    }
}

#[cfg(test)]
mod tests;
