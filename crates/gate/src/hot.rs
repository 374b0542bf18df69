//! What is sent often is kept in memory, within a bound: the least lately used leaves first.

use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bodies by name.
#[derive(Debug)]
pub(crate) struct Hot {
    /// Bytes of all together.
    room: usize,
    /// Bytes of one.
    most: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    kept: HashMap<String, (Bytes, u64)>,
    bytes: usize,
    tick: u64,
}

impl Hot {
    /// Keeps so many bytes, none of more than `most`.
    pub fn new(room: usize, most: usize) -> Self {
        Self {
            room,
            most,
            inside: Mutex::default(),
        }
    }

    /// Whether a body of this length is kept.
    pub const fn takes(&self, length: u64) -> bool {
        length <= self.most as u64 && length <= self.room as u64
    }

    /// A body that is kept.
    pub fn get(&self, name: &str) -> Option<Bytes> {
        let mut inside = self.lock();
        inside.tick += 1;
        let tick = inside.tick;
        let (bytes, used) = inside.kept.get_mut(name)?;
        *used = tick;
        Some(bytes.clone())
    }

    /// Keeps a body, and lets go of others where there is no room.
    pub fn put(&self, name: &str, bytes: &Bytes) {
        if !self.takes(bytes.len() as u64) {
            return;
        }
        let mut inside = self.lock();
        inside.tick += 1;
        let tick = inside.tick;
        inside.bytes += bytes.len();
        let old = inside.kept.insert(name.to_owned(), (bytes.clone(), tick));
        inside.bytes -= old.map_or(0, |(old, _)| old.len());
        while inside.bytes > self.room {
            let oldest = inside.kept.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                return;
            };
            let gone = inside.kept.remove(&oldest);
            inside.bytes -= gone.map_or(0, |(gone, _)| gone.len());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_leaves_first() {
        let hot = Hot::new(10, 6);
        let bytes = |count: usize| Bytes::from(vec![0; count]);
        hot.put("a", &bytes(4));
        hot.put("b", &bytes(4));
        hot.put("large", &bytes(7));
        assert!(hot.get("large").is_none() && hot.get("a").is_some());
        hot.put("c", &bytes(4));
        assert!(hot.get("b").is_none() && hot.get("a").is_some());
        // Again under the same name it is there once.
        hot.put("a", &bytes(6));
        assert_eq!(hot.get("a").map(|body| body.len()), Some(6));
        assert!(hot.get("c").is_some());
        assert_eq!(hot.lock().bytes, 10);
    }
}
