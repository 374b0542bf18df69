//! What is sent often is kept in memory, within a bound: the least lately used leaves first.

use bytes::Bytes;
use customs_registry::Held;
use std::sync::{Mutex, PoisonError};

/// About what a body takes beside its bytes: its name twice, and its places in the tables. A
/// hundred thousand small ones take more of it than of bytes.
const BESIDE: usize = 400;

/// Bodies by name.
#[derive(Debug)]
pub(crate) struct Hot {
    /// Bytes of all together, with what each takes beside its own.
    room: usize,
    /// Bytes of one.
    most: usize,
    kept: Mutex<Held<String, Bytes>>,
}

impl Hot {
    /// Keeps so many bytes, none of more than `most`.
    pub fn new(room: usize, most: usize) -> Self {
        Self {
            room,
            most,
            kept: Mutex::new(Held::new(room)),
        }
    }

    /// Whether a body of this length is kept.
    pub const fn takes(&self, length: u64) -> bool {
        length <= self.most as u64 && length + BESIDE as u64 <= self.room as u64
    }

    /// A body that is kept.
    pub fn get(&self, name: &str) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&name.to_owned())
    }

    /// Keeps a body, and lets go of others where there is no room.
    pub fn put(&self, name: &str, bytes: &Bytes) {
        if self.takes(bytes.len() as u64) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.insert(name.to_owned(), bytes.clone(), bytes.len() + BESIDE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_leaves_first() {
        let hot = Hot::new(10_000, 6_000);
        let bytes = |count: usize| Bytes::from(vec![0; count]);
        hot.put("a", &bytes(4_000));
        hot.put("b", &bytes(4_000));
        hot.put("large", &bytes(7_000));
        assert!(hot.get("large").is_none() && hot.get("a").is_some());
        hot.put("c", &bytes(4_000));
        assert!(hot.get("b").is_none() && hot.get("a").is_some());
        // Again under the same name it is there once.
        hot.put("a", &bytes(5_000));
        assert_eq!(hot.get("a").map(|body| body.len()), Some(5_000));
        assert!(hot.get("c").is_some());
    }

    #[test]
    fn small_bodies_count_with_what_they_take_beside_their_bytes() {
        let hot = Hot::new(10 * BESIDE, 1_000);
        for at in 0..100 {
            hot.put(&format!("{at}"), &Bytes::from_static(b"small"));
        }
        let kept = (0..100).filter(|at| hot.get(&format!("{at}")).is_some());
        assert_eq!(kept.count(), 9);
        // What takes more than there is room for with it is never kept.
        assert!(!Hot::new(1_000, 1_000).takes(900) && !Hot::new(0, 1_000).takes(0));
    }
}
