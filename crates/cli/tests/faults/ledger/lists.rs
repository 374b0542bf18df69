//! Lists of a ledger that fills up: what is there can be read.

use super::Filling;
use customs_model::Timestamp;
use customs_store::{
    Count, DecisionRow, DeliveryRow, Listed, Lists, Next, RefusalRow, StoreError, Subject,
};

impl Lists for Filling {
    fn held(
        &self,
        now: Timestamp,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError> {
        self.store.held(now, after, most)
    }
    fn blocked(
        &self,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError> {
        self.store.blocked(after, most)
    }
    fn refusals(
        &self,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<RefusalRow>, StoreError> {
        self.store.refusals(after, most)
    }
    fn received(
        &self,
        of: &Subject,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DeliveryRow>, StoreError> {
        self.store.received(of, after, most)
    }
    fn count_received(&self, of: &Subject) -> Result<Count, StoreError> {
        self.store.count_received(of)
    }
}
