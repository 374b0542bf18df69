//! Artifacts that nobody can read: known for a while, so that not everyone who asks has
//! them read again.

use super::Key;
use crate::held::Held;
use std::time::{Duration, Instant};

/// Bytes of keys and reasons.
const MOST: usize = 1 << 20;
/// How long one counts as unreadable. The same bytes give the same answer; but it may be
/// the reader that ended early, and that is not for ever.
const COUNTS: Duration = Duration::from_mins(10);

/// Which ones, and why. Only of this process, and so of this engine.
pub(super) struct Unreadable(Held<Key, (String, Instant)>);

impl Unreadable {
    pub fn new() -> Self {
        Self(Held::new(MOST))
    }

    /// Why this one cannot be read, where that is known and still counts.
    pub fn why(&mut self, key: &Key, now: Instant) -> Option<String> {
        let (why, since) = self.0.get(key)?;
        if now.saturating_duration_since(since) < COUNTS {
            return Some(why);
        }
        self.0.remove(key);
        None
    }

    /// Remembers why this one cannot be read.
    pub fn insert(&mut self, key: Key, why: &str, now: Instant) {
        let weight = 2 * size_of::<Key>() + size_of::<(String, Instant)>() + why.len();
        self.0.insert(key, (why.to_owned(), now), weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::archive::Kind;
    use customs_model::Digest;

    fn key(text: &str) -> Key {
        (Digest::sha256(text.as_bytes()), Kind::Tarball)
    }

    #[test]
    fn the_reason_counts_for_a_while_and_no_longer() {
        let mut all = Unreadable::new();
        let now = Instant::now();
        all.insert(key("a"), "it is empty", now);
        let why = all.why(&key("a"), now + Duration::from_mins(9));
        assert_eq!(why.as_deref(), Some("it is empty"));
        assert_eq!(all.why(&key("a"), now + COUNTS), None);
        assert_eq!(all.why(&key("a"), now), None);
    }

    #[test]
    fn the_same_bytes_as_another_kind_are_asked_anew() {
        let mut all = Unreadable::new();
        let now = Instant::now();
        all.insert(key("a"), "it is empty", now);
        assert_eq!(all.why(&(key("a").0, Kind::Wheel), now), None);
        assert_eq!(all.why(&key("b"), now), None);
    }
}
