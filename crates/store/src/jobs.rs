//! What a writing thread is handed, and how it answers.

use crate::StoreError;
use crate::chain::microseconds;
use crate::record::LedgerRecord;
use crate::store::{Done, Receipt};
use customs_model::{Clock, Timestamp};

/// A record ready to be written.
pub(crate) struct Entry {
    pub at: Timestamp,
    pub kind: &'static str,
    pub body: String,
}

impl Entry {
    /// A record, at this instant.
    pub fn of(record: LedgerRecord, clock: &dyn Clock) -> Result<Self, StoreError> {
        Ok(Self {
            at: microseconds(clock.now()),
            kind: record.kind(),
            body: record.body()?,
        })
    }
}

/// An answer that is given exactly once, even if the writer goes away before.
pub(crate) struct Reply<T>(Option<Told<T>>);

/// Whom an answer is given to.
pub(crate) type Told<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

impl<T> Reply<T> {
    pub fn new(done: Told<T>) -> Self {
        Self(Some(done))
    }

    pub fn give(mut self, result: Result<T, StoreError>) {
        if let Some(done) = self.0.take() {
            done(result);
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(Err(StoreError::Closed));
        }
    }
}

impl From<Done> for Reply<Receipt> {
    fn from(done: Done) -> Self {
        Self::new(done)
    }
}
