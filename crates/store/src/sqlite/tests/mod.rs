//! The store as its callers see it.

mod crash;
mod exemptions;
mod ledger;
mod lists;
mod older;
mod power;
mod slow;
mod tamper;
mod versions;

use crate::tests::{day, decision, delivery, note, package, release};
use crate::*;
use customs_model::{Action, Clock, Digest, FixedClock};
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
