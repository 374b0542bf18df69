//! What was judged of a document before counts again when its upstream confirms the document, if first
//! sights are what they were: another gate of the team may have been shown other bytes meanwhile, and
//! what it saw in them is known to all. So they are looked at once for each word of the upstream.

use super::gather::{newest, sight};
use super::trail::Trail;
use super::{DOUBT_COUNTS, Judged, Registry};
use crate::document::{Document, Documents, Indexed};
use crate::upstream::Upstream;
use customs_model::{PackageName, Timestamp};
use customs_store::{Seen, Sights};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::OwnedMutexGuard;

/// A document that says of its entries when they were published.
pub(super) trait Entries: Indexed {
    /// Its entries, oldest first.
    fn entries(&self) -> Vec<Seen>;
}

/// A document about which somebody asks.
pub(super) struct Asked<'a, T> {
    pub package: &'a PackageName,
    pub documents: &'a Documents<T>,
    pub upstream: &'a Upstream,
    pub path: &'a str,
    pub document: &'a Document<T>,
    /// What it is remembered under once it is judged.
    pub key: &'a str,
    pub now: Timestamp,
    pub trail: &'a Trail,
}

impl<T: Entries> Asked<'_, T> {
    fn awaits_look(&self) -> bool {
        self.documents
            .awaits_look(self.upstream, self.path, self.document)
    }
}

impl Registry {
    /// What was judged before of a document, where it counts; else the turn to judge it.
    pub(super) async fn judged_before<T: Entries>(
        &self,
        asked: &Asked<'_, T>,
    ) -> Result<Arc<Judged>, Option<OwnedMutexGuard<()>>> {
        let (key, now) = (asked.key, asked.now);
        let judged = self.recall_or_turn(key, now, asked.trail).await?;
        if !judged.may_be_looked_at(now) || !asked.awaits_look() {
            return Ok(judged);
        }
        // One looks for all. On the way to another document nobody waits.
        let turn = match asked.trail.is_start() {
            true => Some(self.judging.turn(key).await),
            false => None,
        };
        let Some(judged) = self.recall(key, now) else {
            return Err(turn);
        };
        let Some(newest) = judged.newest.filter(|_| asked.awaits_look()) else {
            return Ok(judged);
        };
        match self.sights_say(asked, newest).await {
            Some(true) => {
                asked
                    .documents
                    .note_dated(asked.upstream, asked.path, asked.document, newest);
                Ok(judged)
            }
            Some(false) => {
                asked.documents.forget_dated(asked.upstream, asked.path);
                self.unjudge(key);
                Err(turn)
            }
            None => {
                judged.looked.store(now.as_second(), Ordering::Relaxed);
                Ok(judged)
            }
        }
    }

    /// Whether first sights say of each entry of a document what the document says, and that none
    /// was published or first seen after `newest`. None: they cannot be asked for now.
    async fn sights_say<T: Entries>(
        &self,
        asked: &Asked<'_, T>,
        newest: Timestamp,
    ) -> Option<bool> {
        let (store, package) = (self.store.clone(), asked.package.clone());
        let place = asked.upstream.shown();
        let ask = move || store.sights(&place, &package);
        let sights = match tokio::task::spawn_blocking(ask).await {
            Ok(Ok(sights)) => sights,
            Ok(Err(error)) => {
                tracing::error!(%error, "first sights cannot be asked for");
                return None;
            }
            Err(error) => {
                tracing::error!(%error, "first sights cannot be asked for");
                return None;
            }
        };
        let entries = asked.document.index.entries();
        Some(agree(&entries, &sights, newest))
    }

    /// Forgets what was judged of the bytes that a key names, whatever it was judged by.
    fn unjudge(&self, key: &str) {
        let of_document = key.splitn(4, ' ').take(3).map(|part| part.len() + 1).sum();
        let Some(prefix) = key.get(..of_document) else {
            return;
        };
        let mut all = self.judged();
        all.retain(|other, _| !other.starts_with(prefix));
    }
}

impl Judged {
    /// Whether it rests on first sights that may be looked at once more: each entry is dated, and
    /// nobody failed to ask for them a moment ago.
    fn may_be_looked_at(&self, now: Timestamp) -> bool {
        let since = now.as_second() - self.looked.load(Ordering::Relaxed);
        self.newest.is_some() && !(0..DOUBT_COUNTS.as_secs()).contains(&since)
    }
}

/// Whether a look at these entries would find what one found after which `newest` was the last to
/// appear.
fn agree(entries: &[Seen], sights: &Sights, last: Timestamp) -> bool {
    let is_told = |one: &Seen| {
        let known = sights.get(&one.version, one.artifact.as_deref());
        let told = known.and_then(|sight| sight.published);
        told.map(Timestamp::as_microsecond) == one.published.map(Timestamp::as_microsecond)
    };
    let each = entries.iter().map(|one| {
        let sight = sight(sights, &one.version, one.artifact.as_deref());
        (one.published, sight)
    });
    entries.iter().all(is_told) && newest(each) == Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Ecosystem, SystemClock, Version};
    use customs_store::{SqliteStore, Store as _};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seen(version: &str, published: Option<Timestamp>) -> Seen {
        Seen {
            version: Version::new(version).unwrap(),
            artifact: None,
            published,
        }
    }

    #[test]
    fn a_look_agrees_as_long_as_nobody_was_told_anything_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let name = PackageName::new(Ecosystem::Npm, "left").unwrap();
        let look = |seen: &[Seen], now| store.record_sight("", &name, seen, at(now)).unwrap();
        let is_told = |seen: &[Seen], last| {
            let sights = store.sights("", &name).unwrap();
            agree(seen, &sights, at(last))
        };
        let first = [seen("1.0.0", Some(at(100))), seen("1.1.0", Some(at(200)))];
        assert!(!is_told(&first, 200), "nobody has looked");
        look(&first, 1_000);
        assert!(is_told(&first, 200));
        assert!(!is_told(&first, 100), "it was another one that came last");
        // Somebody sees one more: of these it says nothing.
        let more = [&first[..], &[seen("2.0.0", Some(at(300)))]].concat();
        look(&more, 2_000);
        assert!(is_told(&first, 200));
        assert!(is_told(&more, 2_000), "when it was first seen");
        // Somebody is told another time of one of them, and then the first one again.
        look(&[seen("1.0.0", Some(at(150)))], 3_000);
        assert!(!is_told(&first, 200));
        look(&first, 4_000);
        assert!(!is_told(&first, 200), "it was told otherwise before");
        assert!(!is_told(&[seen("2.0.0", None)], 300), "undated");
    }

    #[test]
    fn first_sights_that_cannot_be_asked_for_are_not_asked_for_again_at_once() {
        let judged = Judged {
            newest: Some(at(0)),
            ..Judged::default()
        };
        assert!(judged.may_be_looked_at(at(1_000)));
        judged.looked.store(1_000, Ordering::Relaxed);
        assert!(!judged.may_be_looked_at(at(1_000)));
        assert!(!judged.may_be_looked_at(at(1_059)));
        assert!(judged.may_be_looked_at(at(1_060)));
        assert!(judged.may_be_looked_at(at(999)), "a clock that went back");
        assert!(!Judged::default().may_be_looked_at(at(1_000)), "undated");
    }
}
