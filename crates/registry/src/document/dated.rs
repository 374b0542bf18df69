//! What is known of a document without reading it: that each of its entries is dated, and since
//! when nothing in it is new. Where no rule about change, no denial and no advisory is about such a
//! package, nothing of it has to be decided, whatever else a policy or a list says.
//!
//! It is a fact about bytes and first sights, not a decision, so no change of settings makes it
//! wrong. It is forgotten with the bytes, and does not count longer than the document does without
//! a question to its upstream. First sights may be another gate's, which saw other bytes meanwhile:
//! when the upstream confirms the document, it counts on only once they were looked at again.

mod generations;

use super::{Document, Documents, FRESH, Indexed, cache_key};
use crate::upstream::Upstream;
use customs_model::{Digest, Timestamp};
use generations::Generations;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
pub(super) struct AllDated(Mutex<Generations>);

impl AllDated {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other bytes take its place, or none do.
    pub(super) fn forget(&self, key: &str) {
        self.lock().forget(short(key));
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
        self.dated.lock().put(short(&key), row);
        // Other bytes may have come meanwhile. Who brings them removes these and then forgets, so
        // one of both sees what the other one did.
        if !document.body.exists() {
            self.dated.forget(&key);
        }
    }

    /// Whether the upstream confirmed a document since first sights were looked at for what is
    /// remembered of it, or nothing is remembered of these bytes: then who wants to go by what was
    /// found before looks at them again.
    pub(crate) fn awaits_look(
        &self,
        upstream: &Upstream,
        path: &str,
        document: &Document<T>,
    ) -> bool {
        if document.stale.is_some() || document.of_team {
            return false;
        }
        let Ok(url) = upstream.join(path) else {
            return false;
        };
        let key = short(&cache_key(upstream, &url));
        let row = self.dated.lock().get(key);
        !row.is_some_and(|row| {
            row.sha256[..] == *document.digest.as_bytes()
                && row.confirmed >= document.confirmed.as_second()
        })
    }

    /// Forgets what is remembered of a document: first sights say otherwise now.
    pub(crate) fn forget_dated(&self, upstream: &Upstream, path: &str) {
        if let Ok(url) = upstream.join(path) {
            self.dated.forget(&cache_key(upstream, &url));
        }
    }

    /// What is remembered of a document that was confirmed lately. Nobody is asked, and nothing is
    /// read.
    pub(crate) fn dated(&self, upstream: &Upstream, path: &str) -> Option<Dated> {
        let url = upstream.join(path).ok()?;
        let key = short(&cache_key(upstream, &url));
        let row = self.dated.lock().get(key)?;
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

    #[test]
    fn keys_that_differ_are_told_apart_by_half_of_them() {
        let key = |text: &str| Digest::sha256(text.as_bytes()).to_hex()[..40].to_owned();
        assert_ne!(short(&key("a")), short(&key("b")));
        assert_eq!(short(&key("a")), short(&key("a")));
        assert_ne!(short(&key("a")), 0);
    }
}
