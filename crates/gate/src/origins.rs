//! Evidence of origin of what is delivered: kept for `customs verify`, and held against the artifact
//! before it leaves.
//!
//! A signature stands in a document that is at hand, so it is verified before the delivery.
//! Attestations have to be asked for: of a young release, and of the release that it is compared with,
//! before its first delivery, which waits for a few seconds at most, and of all others afterwards, while
//! nobody waits; once for each artifact, bounded in number and time, and an upstream that fails is left alone for a while. One
//! that turns out to be false is marked on disk, and held against each later delivery. What was
//! looked at is remembered, so that delivering it again costs a look-up.

mod before;
mod keep;
mod line;

pub(crate) use before::{Attestation, FIRST, Looked};

use customs_model::{Digest, OtherBuilder, ReleaseId, Timestamp};
use customs_registry::Context;
use customs_registry::Upstream;
use customs_registry::evidence::EvidenceStore;
use line::Line;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, OwnedMutexGuard};

use crate::run::Run;

/// Artifacts whose look is remembered.
const REMEMBERED: usize = 20_000;

/// What was seen of an artifact's evidence before it was delivered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Whether its document offers a signature; none where the ecosystem has none.
    pub signed: Option<bool>,
    /// What of its evidence is false, a sentence each.
    pub refuted: Arc<[String]>,
    /// Who built it, where that is somebody else than who built the release before.
    pub builder: Option<Arc<OtherBuilder>>,
    /// What was not looked at and would have been, a sentence each.
    pub not_checked: Arc<[String]>,
}

/// Why evidence of an artifact is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// Somebody was given the artifact, or asked for it.
    Delivered,
    /// A later release is compared with it.
    Compared,
}

/// An artifact that was delivered, and whose evidence is to be kept.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// The run that it was delivered to, as long as it lasts.
    pub run: Weak<Run>,
    /// Upstreams and roots of trust.
    pub context: Context,
    /// Where it comes from.
    pub upstream: Upstream,
    /// Which release.
    pub release: ReleaseId,
    /// What its bytes hash to.
    pub digest: Digest,
    /// Why.
    pub because: Because,
}

/// What a gate knows of evidence.
pub(crate) struct Origins {
    store: EvidenceStore,
    /// Shared with what looks at evidence, which ends nothing half done.
    known: Arc<Known>,
    /// Artifacts whose evidence is kept, or waits to be, and until when that counts.
    kept: Mutex<HashMap<String, Timestamp>>,
    line: Mutex<Line<Wanted>>,
    added: Notify,
    /// Artifacts that are being looked at: others who ask for one wait for what comes of it.
    looking: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
    /// How long an attestation is waited for before a first delivery.
    patience: Duration,
}

/// What came of looking at evidence.
struct Known {
    /// What was seen of artifacts, by all that it rests on, and from when on another look may find more.
    seen: Mutex<HashMap<String, (Seen, Option<Timestamp>)>>,
    /// Artifacts whose attestations are false.
    suspects: Mutex<BTreeSet<(ReleaseId, Digest)>>,
}

impl Origins {
    /// Keeps evidence in this folder, which `customs verify` reads, and waits so long for an attestation
    /// before a first delivery.
    pub fn new(folder: &Path, patience: Duration) -> Self {
        let store = EvidenceStore::new(folder);
        let suspects = store.suspects().unwrap_or_else(|error| {
            tracing::error!(%error, "artifacts with false attestations are not all known");
            Vec::new()
        });
        Self {
            store,
            known: Arc::new(Known {
                seen: Mutex::default(),
                suspects: Mutex::new(suspects.into_iter().collect()),
            }),
            kept: Mutex::default(),
            line: Mutex::default(),
            added: Notify::new(),
            looking: Mutex::default(),
            patience,
        }
    }

    /// What was seen under this name before. What was marked since is looked at again, and what may be
    /// more by now.
    pub fn recall(
        &self,
        name: &str,
        release: &ReleaseId,
        digest: &Digest,
        now: Timestamp,
    ) -> Option<Seen> {
        let (seen, again) = lock(&self.known.seen).get(name).cloned()?;
        // A clock that was set back keeps nothing for longer than it should be.
        let counts = |again: Timestamp| now < again && again.duration_since(now) <= keep::KEPT;
        if !again.is_none_or(counts) {
            return None;
        }
        let is_news = seen.refuted.is_empty() && self.is_suspect(release, digest);
        (!is_news).then_some(seen)
    }

    /// Remembers it, until another look may find more.
    pub fn remember(&self, name: String, looked: &Looked<Seen>) {
        let mut all = lock(&self.known.seen);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(name, (looked.found.clone(), looked.again));
    }

    /// Held by who looks at an artifact, under the name of all that the look rests on.
    pub async fn alone(&self, name: &str) -> OwnedMutexGuard<()> {
        let one = {
            let mut looking = lock(&self.looking);
            let known = looking.get(name).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                looking.retain(|_, one| one.strong_count() > 0);
                let one = Arc::default();
                looking.insert(name.to_owned(), Arc::downgrade(&one));
                one
            })
        };
        one.lock_owned().await
    }

    /// Whether an attestation of an artifact was false when it was last looked at.
    pub fn is_suspect(&self, release: &ReleaseId, digest: &Digest) -> bool {
        let suspects = lock(&self.known.suspects);
        !suspects.is_empty() && suspects.contains(&(release.clone(), digest.clone()))
    }

    /// Where it is kept.
    pub const fn store(&self) -> &EvidenceStore {
        &self.store
    }

    /// Has the evidence of a delivered artifact kept, if it is not.
    pub fn keep(&self, now: Timestamp, wanted: Wanted) {
        let name = wanted.name();
        {
            let mut kept = lock(&self.kept);
            // A clock that was set back keeps nothing for longer than it should be.
            let counts =
                |until: &Timestamp| now < *until && until.duration_since(now) <= keep::KEPT;
            if kept.get(&name).is_some_and(counts) {
                return;
            }
            if kept.len() >= REMEMBERED {
                kept.clear();
            }
            let suspect = self.is_suspect(&wanted.release, &wanted.digest);
            let long = if suspect { keep::FAILED } else { keep::KEPT };
            kept.insert(name, now.saturating_add(long).unwrap_or(now));
        }
        if lock(&self.line).add(wanted) {
            self.added.notify_one();
        }
    }

    /// What was kept of an artifact counts no longer than this.
    fn counts_until(&self, wanted: &Wanted, until: Timestamp) {
        lock(&self.kept).insert(wanted.name(), until);
    }

    /// What waits when the server stops is kept when it is delivered again.
    pub fn stop(&self) {
        let left = lock(&self.line).len();
        if left > 0 {
            tracing::info!(left, "evidence of delivered artifacts was not kept");
        }
    }
}

impl Wanted {
    fn name(&self) -> String {
        let Self {
            upstream,
            release,
            digest,
            ..
        } = self;
        format!("{} {release} {digest}", upstream.shown())
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
