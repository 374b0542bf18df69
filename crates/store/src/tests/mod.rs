//! What holds on every database, asked of each of them.

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_every_database {
    ($($test:ident,)+) => {
        mod sqlite {
            $(
                #[test]
                fn $test() {
                    insta::allow_duplicates! { super::$test(&super::Folder::new()) }
                }
            )+
        }
        #[cfg(all(feature = "postgres", unix))]
        mod postgres {
            $(
                #[test]
                fn $test() {
                    if let Some(house) = crate::tests::database::Database::new() {
                        insta::allow_duplicates! { super::$test(&house) }
                    }
                }
            )+
        }
    };
}

mod backup;
mod collect;
#[cfg(all(feature = "postgres", unix))]
pub(crate) mod database;
mod decisions;
mod exemptions;
mod ledger;
mod lists;
mod looks;
mod retain;
#[cfg(all(feature = "postgres", unix))]
pub(crate) mod server;
mod team;

use crate::*;
use customs_model::{
    Action, Decision, Digest, Ecosystem, Epoch, FixedClock, Inputs, PackageName, Reason, ReleaseId,
    RuleId, SignedDuration, Timestamp, Version,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A place for a store, with a clock that stands still.
pub(crate) trait House {
    /// Opens a store in it for writing.
    fn open(&self) -> Box<dyn Team>;
    /// Opens it for questions.
    fn open_read_only(&self) -> Box<dyn Team>;
    /// Verifies its ledger.
    fn verify(&self) -> Verification;
    /// The clock of whoever opens it.
    fn clock(&self) -> &FixedClock;
    /// The folder of keys and heads.
    fn path(&self) -> &Path;
    /// Itself, for backing up and restoring.
    fn database(&self) -> Database<'_>;
    /// Another one, with nothing in it.
    fn another(&self) -> Box<dyn House>;
    /// Lets so much time pass by the database's clock.
    fn pass(&self, time: Duration);
}

/// A store on SQLite.
pub(crate) struct Folder {
    folder: TempDir,
    clock: Arc<FixedClock>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::new(day(0))),
        }
    }
}

impl House for Folder {
    fn open(&self) -> Box<dyn Team> {
        Box::new(SqliteStore::open(self.folder.path(), self.clock.clone()).unwrap())
    }

    fn open_read_only(&self) -> Box<dyn Team> {
        Box::new(SqliteStore::open_read_only(self.folder.path()).unwrap())
    }

    fn verify(&self) -> Verification {
        verify_folder(self.folder.path()).unwrap()
    }

    fn clock(&self) -> &FixedClock {
        &self.clock
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn database(&self) -> Database<'_> {
        Database::Sqlite(self.folder.path())
    }

    fn another(&self) -> Box<dyn House> {
        Box::new(Self::new())
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time.try_into().unwrap());
    }
}

/// Some day of November, and the ones after it.
pub(crate) fn day(days: i64) -> Timestamp {
    let start: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * days)
}

pub(crate) fn package(name: &str) -> PackageName {
    PackageName::new(Ecosystem::Npm, name).unwrap()
}

pub(crate) fn release(name: &str, version: &str) -> ReleaseId {
    ReleaseId::new(package(name), Version::new(version).unwrap())
}

pub(crate) fn note(text: &str) -> LedgerRecord {
    LedgerRecord::Note(Note {
        text: text.to_owned(),
    })
}

pub(crate) fn delivery(release: ReleaseId, to: &str) -> LedgerRecord {
    LedgerRecord::Delivered(Delivered {
        artifact: format!("{}.tgz", release.spoken()),
        digest: Digest::sha256(release.to_string().as_bytes()),
        release,
        bytes: 1_000,
        served: Served::Full,
        who: Who {
            credential: Some(to.to_owned()),
            client: Some("npm/12.0.0".to_owned()),
            ..Who::default()
        },
        action: "allow".to_owned(),
        rules: Vec::new(),
        not_checked: Vec::new(),
        epoch: Epoch::default(),
    })
}

pub(crate) fn decision(release: ReleaseId, action: Action) -> Decision {
    let reasons = if action.allows() {
        Vec::new()
    } else {
        vec![Reason {
            rule: RuleId::of("young-version"),
            message: "it is young".to_owned(),
            asks: action.clone(),
            waived: None,
        }]
    };
    Decision {
        release,
        artifact: None,
        next_change: action.until(),
        action,
        reasons,
        at: day(0),
        epoch: Epoch {
            policy: "p1".to_owned(),
            ..Epoch::default()
        },
        inputs: Inputs::default(),
    }
}

pub(crate) fn granted(id: &str, who: &str) -> LedgerRecord {
    LedgerRecord::Exemption(ExemptionChange::Granted(Granted {
        id: id.to_owned(),
        about: "pkg:npm/left@1.0.1".to_owned(),
        digests: vec![Digest::sha256(b"left")],
        rules: vec![RuleId::of("version-age")],
        reason: "hot fix".to_owned(),
        owner: "platform".to_owned(),
        until: day(10),
        although_malicious: false,
        who: Who {
            credential: Some(who.to_owned()),
            ..Who::default()
        },
    }))
}
