//! A group of records while it is made.

use super::chains::Rows;
use crate::chain::Tip;
use crate::decided::Book;
use crate::store::DecisionRow;
use crate::{LedgerRecord, StoreError};
use customs_model::{ReleaseId, Timestamp};
use std::collections::HashMap;

/// A release, and a file of it.
pub(super) type Subject = (String, Option<String>);

/// A group while it is made.
pub(super) struct Open {
    pub rows: Rows,
    pub tip: Tip,
    /// The latest decisions that its own are compared with.
    pub before: HashMap<Subject, DecisionRow>,
}

impl Book for Open {
    fn latest(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError> {
        let subject = (release.to_string(), artifact.map(str::to_owned));
        Ok(self.before.get(&subject).cloned())
    }

    fn add(&mut self, at: Timestamp, record: LedgerRecord) -> Result<(), StoreError> {
        if let LedgerRecord::Decided(decided) = &record {
            let decision = decided.decision.clone();
            let subject = (decision.release.to_string(), decision.artifact.clone());
            let row = DecisionRow {
                at,
                decision,
                digests: decided.digests.clone(),
                changed: decided.changed.clone(),
            };
            self.before.insert(subject, row);
        }
        self.rows.add_record(&mut self.tip, at, record)
    }
}
