//! What is known of a document without reading it: that each of its entries is dated, and since
//! when nothing in it is new. Where no rule about change, no denial and no advisory is about such a
//! package, nothing of it has to be decided, whatever else a policy or a list says.
//!
//! It is a fact about bytes and first sights, not a decision, so no change of settings makes it
//! wrong. It is forgotten with the bytes, and does not count longer than the document does without
//! a question to its upstream.

use super::{Document, Documents, FRESH, Indexed, cache_key};
use crate::upstream::Upstream;
use customs_model::{Digest, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Documents of which it is remembered, at 64 bytes each. A table of this many is three quarters
/// full, so it is never larger than the next power of two.
const REMEMBERED: usize = 100_000;

/// A document whose entries are all dated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dated {
    /// Of its bytes.
    pub digest: Digest,
    /// No entry was published or first seen later.
    pub newest: Timestamp,
}

/// What is remembered of one. Instants are in seconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Row {
    sha256: [u8; 32],
    /// Rounded down: it counts no longer than the document.
    confirmed: i64,
    /// Rounded up: it is young no shorter than its entries.
    newest: i64,
}

/// Those of one kind.
#[derive(Debug, Default)]
pub(super) struct AllDated(Mutex<HashMap<u128, Row>>);

impl AllDated {
    fn lock(&self) -> MutexGuard<'_, HashMap<u128, Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, key: u128, row: Row) {
        let mut all = self.lock();
        if all.len() >= REMEMBERED && !all.contains_key(&key) {
            // What was confirmed before the latest is asked for anew the soonest.
            let since = row.confirmed - FRESH.as_secs();
            all.retain(|_, other| other.confirmed > since);
            if all.len() >= REMEMBERED {
                all.clear();
            }
        }
        all.insert(key, row);
    }

    /// Other bytes take its place, or none do.
    pub(super) fn forget(&self, key: &str) {
        self.lock().remove(&short(key));
    }
}

/// The first half of a key: 128 bits of its digest.
fn short(key: &str) -> u128 {
    let half = key.get(..32).unwrap_or(key);
    u128::from_str_radix(half, 16).unwrap_or_default()
}

impl<T: Indexed> Documents<T> {
    /// Remembers that no entry of a document was published or first seen after `newest`, and that
    /// each of them says when it was.
    pub(crate) fn note_dated(
        &self,
        upstream: &Upstream,
        path: &str,
        document: &Document<T>,
        newest: Timestamp,
    ) {
        if document.stale.is_some() || document.of_team {
            return;
        }
        let Ok(sha256) = <[u8; 32]>::try_from(document.digest.as_bytes()) else {
            return;
        };
        let Ok(url) = upstream.join(path) else { return };
        let key = cache_key(upstream, &url);
        let row = Row {
            sha256,
            confirmed: document.confirmed.as_second(),
            newest: newest.as_second().saturating_add(1),
        };
        self.dated.put(short(&key), row);
        // Other bytes may have come meanwhile. Who brings them removes these and then forgets, so
        // one of both sees what the other one did.
        if !document.body.exists() {
            self.dated.forget(&key);
        }
    }

    /// The upstream confirmed a document once more: what is remembered of these bytes counts on. Of
    /// others nothing is, also where they come back: in between something else may have been told.
    pub(crate) fn confirm_dated(&self, upstream: &Upstream, path: &str, document: &Document<T>) {
        if document.stale.is_some() || document.of_team {
            return;
        }
        let Ok(url) = upstream.join(path) else { return };
        let key = short(&cache_key(upstream, &url));
        if let Some(row) = self.dated.lock().get_mut(&key)
            && row.sha256[..] == *document.digest.as_bytes()
        {
            row.confirmed = document.confirmed.as_second();
        }
    }

    /// What is remembered of a document that was confirmed lately. Nobody is asked, and nothing is
    /// read.
    pub(crate) fn dated(&self, upstream: &Upstream, path: &str) -> Option<Dated> {
        let url = upstream.join(path).ok()?;
        let key = short(&cache_key(upstream, &url));
        let row = self.dated.lock().get(&key).copied()?;
        let instant = |second| Timestamp::from_second(second).ok();
        if !self.is_fresh(instant(row.confirmed)?, FRESH) {
            return None;
        }
        Some(Dated {
            digest: Digest::from_sha256(row.sha256),
            newest: instant(row.newest)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(confirmed: i64) -> Row {
        Row {
            sha256: [7; 32],
            confirmed,
            newest: 0,
        }
    }

    #[test]
    fn one_takes_64_bytes() {
        assert_eq!(size_of::<(u128, Row)>(), 64);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_what_is_old_leaves_first() {
        let all = AllDated::default();
        for at in 0..REMEMBERED as u128 {
            let old = if at < 10 { FRESH.as_secs() } else { 0 };
            all.put(at, row(1_000 - old));
        }
        all.put(u128::MAX, row(1_000));
        assert_eq!(all.lock().len(), REMEMBERED - 9);
        for at in 0..10 {
            assert!(all.lock().get(&at).is_none());
            all.put(at, row(1_000));
        }
        assert!(all.lock().len() <= REMEMBERED);
        assert!(all.lock().contains_key(&9));
    }

    #[test]
    fn keys_that_differ_are_told_apart_by_half_of_them() {
        let key = |text: &str| Digest::sha256(text.as_bytes()).to_hex()[..40].to_owned();
        assert_ne!(short(&key("a")), short(&key("b")));
        assert_eq!(short(&key("a")), short(&key("a")));
        assert_ne!(short(&key("a")), 0);
    }
}
