//! The store as its callers see it.

mod crash;
mod decisions;
mod exemptions;
mod ledger;
mod looks;
mod tamper;

use crate::*;
use customs_model::{
    Action, Clock, Decision, Digest, Ecosystem, Epoch, FixedClock, Inputs, PackageName, Reason,
    ReleaseId, RuleId, SignedDuration, Timestamp, Version,
};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A store in a folder of its own, with a clock that stands still.
struct House {
    folder: TempDir,
    clock: Arc<FixedClock>,
}

impl House {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::new(day(0))),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path(), self.clock.clone()).unwrap()
    }

    fn verify(&self) -> Verification {
        verify_folder(self.path()).unwrap()
    }

    /// Does to the database what no customs does.
    fn spoil(&self, sql: &str) {
        let connection = Connection::open(self.path().join(LEDGER_FILE)).unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {sql}"
            ))
            .unwrap();
    }
}

/// Some day of November, and the ones after it.
fn day(days: i64) -> Timestamp {
    let start: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * days)
}

fn package(name: &str) -> PackageName {
    PackageName::new(Ecosystem::Npm, name).unwrap()
}

fn release(name: &str, version: &str) -> ReleaseId {
    ReleaseId::new(package(name), Version::new(version).unwrap())
}

fn note(text: &str) -> LedgerRecord {
    LedgerRecord::Note(Note {
        text: text.to_owned(),
    })
}

fn delivery(release: ReleaseId, to: &str) -> LedgerRecord {
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

fn decision(release: ReleaseId, action: Action) -> Decision {
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
