//! Work that several ask for at once is done once: the others wait and find it done.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

/// What those have in common who are about the same thing, as long as there is one of them.
#[derive(Debug)]
pub(crate) struct InCommon<T>(Mutex<HashMap<String, Weak<T>>>);

impl<T> Default for InCommon<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> InCommon<T> {
    /// What those have who are about `key`.
    pub fn of(&self, key: &str) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = all.get(key).and_then(Weak::upgrade) {
            return one;
        }
        all.retain(|_, one| one.strong_count() > 0);
        let one = Arc::new(T::default());
        all.insert(key.to_owned(), Arc::downgrade(&one));
        one
    }
}

/// Who works on what.
#[derive(Debug, Default)]
pub struct Flights(InCommon<tokio::sync::Mutex<()>>);

impl Flights {
    /// Waits until nobody else works on `key`; nobody else does until the turn is dropped.
    pub async fn turn(&self, key: &str) -> OwnedMutexGuard<()> {
        self.0.of(key).lock_owned().await
    }
}
