//! What was found a moment ago counts for a moment: of a thousand clients that ask for the same in
//! one second, one is answered from the beginning.
//!
//! Found under other settings is found under another name, so a new policy, advisory or token counts
//! at once. What changes without them (a newer document, the end of a hold, what was read of an
//! artifact meanwhile) counts a second later.

use crate::answer::Body;
use crate::encoding::Encoding;
use crate::rendering::Rendering;
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_model::{Digest, PackageName};
use customs_registry::Judged;
use hyper::Response;
use std::collections::HashMap;
use std::hash::Hash;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long it counts. An advisory is to be in force within a second in any case.
const COUNTS: Duration = Duration::from_secs(1);
/// How much of one kind is remembered.
const REMEMBERED: usize = 4_096;

/// What was found lately, by what it was found for.
pub(crate) struct Lately<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Lately<K, V> {
    /// What counts now.
    pub fn get(&self, key: &K) -> Option<V> {
        let all = self.lock();
        let (at, found) = all.get(key)?;
        (at.elapsed() < COUNTS).then(|| found.clone())
    }

    /// Remembers what was found since `begun`, when it was begun to be looked for.
    pub fn put(&self, key: K, begun: Instant, found: V) {
        let mut all = self.lock();
        if all.len() >= REMEMBERED && !all.contains_key(&key) {
            all.retain(|_, (at, _)| at.elapsed() < COUNTS);
            if all.len() >= REMEMBERED {
                all.clear();
            }
        }
        all.insert(key, (begun, found));
    }

    /// Lets go of what does not count any more: it may hold much.
    pub fn tidy(&self) {
        self.lock().retain(|_, (at, _)| at.elapsed() < COUNTS);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document as one client wants it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wants {
    /// The name of everything that is decided by.
    scope: Arc<str>,
    package: PackageName,
    form: u8,
    encoding: Option<Encoding>,
}

/// A document that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    /// Which bytes.
    pub rendering: Rendering,
    /// Its media type.
    pub media: &'static str,
}

impl Gate {
    /// What a document is remembered under; `form` tells forms of one ecosystem apart. None: the run
    /// is told at its end what was offered to it, so each of its questions counts.
    pub(crate) fn wants(
        &self,
        run: &Run,
        request: &Request,
        package: &PackageName,
        form: u8,
    ) -> Option<Wants> {
        run.is_tokens().then(|| Wants {
            scope: run.context.scope().clone(),
            package: package.clone(),
            form,
            encoding: self.encoding(request),
        })
    }

    /// Answers with a document that was answered a moment ago.
    pub(crate) fn answer_again(
        &self,
        request: &Request,
        wants: Option<&Wants>,
    ) -> Option<Response<Body>> {
        let Answered { rendering, media } = self.answered.get(wants?)?;
        let head = request.is_head();
        let answer = self
            .renderings
            .answer(&rendering, &request.headers, head, media, None);
        // One whose bytes went away is made again.
        answer.ok()
    }

    /// Answers with a document of which nothing has to be decided, under the settings of now and at
    /// this instant, where its rendering is there: the document is not read for it. `key` names the
    /// rendering by the digest of the document and by what is offered of it, which is all.
    pub(crate) fn answer_undecided(
        &self,
        run: &Run,
        request: &Request,
        wants: Option<&Wants>,
        media: &'static str,
        key: impl FnOnce(&Digest, &str) -> String,
    ) -> Option<Response<Body>> {
        let begun = Instant::now();
        let wants = wants?;
        let (upstream, digest) = self
            .registry
            .nothing_to_decide(&run.context, &wants.package)?;
        let key = key(&digest, &Judged::default().offer_key());
        let rendering = self.renderings.made(&key, wants.encoding)?;
        let now = self.registry.clock.now();
        self.watch.document(&upstream.shown(), None, now);
        let answered = Answered { rendering, media };
        // One whose bytes went away is made again.
        self.answer_document(request, answered, None, Some(wants.clone()), begun)
            .ok()
    }

    /// Answers with a document, and remembers it where its upstream could be asked.
    ///
    /// # Errors
    /// Its bytes went away.
    pub(crate) fn answer_document(
        &self,
        request: &Request,
        answered: Answered,
        stale: Option<&str>,
        wants: Option<Wants>,
        begun: Instant,
    ) -> io::Result<Response<Body>> {
        let Answered { rendering, media } = &answered;
        let head = request.is_head();
        let response = self
            .renderings
            .answer(rendering, &request.headers, head, media, stale)?;
        if let Some(wants) = wants.filter(|_| stale.is_none()) {
            self.answered.put(wants, begun, answered);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_counts_for_a_second_from_when_it_was_looked_for() {
        let lately = Lately::default();
        let now = Instant::now();
        lately.put("new", now, 1);
        assert_eq!(lately.get(&"new"), Some(1));
        let Some(before) = now.checked_sub(COUNTS) else {
            return;
        };
        lately.put("old", before, 2);
        assert_eq!(lately.get(&"old"), None);
        lately.tidy();
        assert_eq!(lately.lock().len(), 1);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let lately = Lately::default();
        for at in 0..2 * REMEMBERED {
            lately.put(at, Instant::now(), at);
        }
        assert!(lately.lock().len() <= REMEMBERED);
        assert_eq!(lately.get(&(2 * REMEMBERED - 1)), Some(2 * REMEMBERED - 1));
    }
}
