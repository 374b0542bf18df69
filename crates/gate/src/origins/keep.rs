//! Keeping evidence, one artifact at a time, while nobody waits for anything.

use super::line::Next;
use super::{Because, Known, Origins, Wanted, lock};
use crate::background::{Rest, ends_well};
use crate::report::{Event, Proof};
use crate::server::Gate;
use customs_model::{Digest, Ecosystem, ReleaseId, SignedDuration, Timestamp};
use customs_origin::Trust;
use customs_registry::Registry;
use customs_registry::evidence::{self, ArtifactEvidence, EvidenceStore, Told, false_attestations};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long what is kept of an artifact counts: what its registry had none of, it may have then.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The same where the registry could not be asked, or handed out what is false.
pub(super) const FAILED: SignedDuration = SignedDuration::from_hours(1);
/// How long one upstream may take to hand out the evidence of one artifact.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the clock is looked at while something waits for it.
const LOOK: Duration = Duration::from_secs(1);

/// Somebody who waits while an attestation is asked for. When it goes out of scope, nobody does.
pub(super) struct Waited(Arc<AtomicBool>);

/// Whether somebody still waits.
pub(super) struct Watched(Arc<AtomicBool>);

impl Waited {
    pub fn begun() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    pub fn watched(&self) -> Watched {
        Watched(Arc::clone(&self.0))
    }
}

impl Drop for Waited {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Watched {
    /// Nobody waits, from the beginning.
    fn by_nobody() -> Self {
        Self(Arc::default())
    }

    fn by_somebody(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What became of evidence that came.
struct Kept {
    /// All that is known of the artifact.
    all: ArtifactEvidence,
    /// What of it is false, a sentence each.
    refuted: Vec<String>,
    /// Whether that is news.
    changed: bool,
}

impl Origins {
    async fn take(&self, registry: &Registry, rest: &mut Rest) -> (Wanted, bool) {
        loop {
            rest.wait(registry).await;
            let next = lock(&self.line).next(registry.clock.now());
            match next {
                Next::AtHand(wanted) => return (wanted, false),
                Next::Ask(wanted) => return (wanted, true),
                Next::Later => tokio::time::sleep(LOOK).await,
                Next::Nothing => self.added.notified().await,
            }
        }
    }

    /// What is stored of an artifact.
    pub(super) async fn stored(&self, wanted: &Wanted) -> Option<ArtifactEvidence> {
        let (release, digest) = (wanted.release.clone(), wanted.digest.clone());
        let read = on_disk(&self.store, move |store| store.read(&release, &digest)).await;
        // What cannot be read is written anew.
        read.ok().flatten()
    }

    /// Keeps what is known after another look, together with what was kept before, and holds attestations
    /// against the artifact. One that is false is marked first, in memory and on disk, and is held
    /// against each delivery from then on. All of it happens or none, also where nobody waits any more.
    async fn settle(&self, wanted: &Wanted, now: ArtifactEvidence) -> Option<Kept> {
        let (known, trust) = (Arc::clone(&self.known), wanted.context.trust.clone());
        let key = (wanted.release.clone(), wanted.digest.clone());
        let settled = on_disk(&self.store, move |store| {
            let kept = known.settle(store, &key, now, trust.as_ref().map(|one| one.trust()));
            Ok::<_, std::convert::Infallible>(kept)
        });
        match settled.await {
            Ok(kept) => Some(kept),
            Err(error) => {
                tracing::error!(error, "evidence was not looked at");
                None
            }
        }
    }
}

impl Known {
    fn settle(
        &self,
        store: &EvidenceStore,
        key: &(ReleaseId, Digest),
        now: ArtifactEvidence,
        trust: Option<&Trust>,
    ) -> Kept {
        let failed = is_named(&now);
        // What cannot be read is written anew. What was false is not kept once its registry has
        // taken it back.
        let replaces = !failed && lock(&self.suspects).contains(key);
        let before = store.read(&key.0, &key.1).ok().flatten();
        let all = match before.filter(|_| !replaces) {
            Some(before) => now.or_before(before),
            None => now,
        };
        let is_here = all.offer.attestation().and_then(Told::here).is_some();
        let trust = trust.filter(|_| is_here || !failed);
        let refuted = trust.map(|trust| false_attestations(&all, trust));
        let changed = refuted
            .as_ref()
            .is_some_and(|refuted| self.mark(store, key, !refuted.is_empty()));
        if let Err(error) = store.write(&all) {
            tracing::warn!(%error, "evidence could not be kept");
        }
        Kept {
            all,
            refuted: refuted.unwrap_or_default(),
            changed,
        }
    }

    /// Marks an artifact, or takes the mark off; whether that is news.
    fn mark(&self, store: &EvidenceStore, key: &(ReleaseId, Digest), is_suspect: bool) -> bool {
        let changed = {
            let mut suspects = lock(&self.suspects);
            if is_suspect {
                suspects.insert(key.clone())
            } else {
                suspects.remove(key)
            }
        };
        if changed {
            if let Err(error) = store.suspect(&key.0, &key.1, is_suspect) {
                tracing::error!(%error, "a false attestation could not be marked");
            }
            // What was seen without it has to be seen again.
            lock(&self.seen).clear();
        }
        changed
    }
}

/// Whether what was kept before still counts.
pub(super) fn counts(before: &ArtifactEvidence, now: Timestamp) -> bool {
    let long = if is_named(before) { FAILED } else { KEPT };
    let age = now.duration_since(before.asked);
    before.offer.is_settled() || (age < long && age > -long)
}

impl Gate {
    /// Keeps the evidence of what was delivered, one artifact after the other, for ever.
    pub(crate) async fn keep_evidence(self: Arc<Self>) {
        let mut rest = self.background.rest();
        loop {
            let (wanted, ask) = self.origins.take(&self.registry, &mut rest).await;
            let gate = Arc::clone(&self);
            // One that fails is told in the log, and ends nothing else.
            ends_well(async move {
                if ask {
                    let origins = Arc::clone(&gate.origins);
                    let registry = Arc::clone(&gate.registry);
                    origins.ask(registry, wanted, Watched::by_nobody()).await;
                } else {
                    gate.keep_at_hand(wanted).await;
                }
            })
            .await;
        }
    }

    /// What the document says that an artifact was delivered by.
    async fn keep_at_hand(&self, wanted: Wanted) {
        let now = self.registry.clock.now();
        let before = self.origins.stored(&wanted).await;
        let suspect = self.origins.is_suspect(&wanted.release, &wanted.digest);
        if !suspect && before.is_some_and(|before| counts(&before, now)) {
            return;
        }
        let found = self
            .registry
            .evidence_at_hand(&wanted.context, wanted.asked());
        let Some(found) = the_one(found.await, &wanted) else {
            return;
        };
        let is_named = is_named(&found);
        let Some(kept) = self.origins.settle(&wanted, found).await else {
            return;
        };
        let has_it = kept.all.offer.attestation().and_then(Told::here);
        let has_it = has_it.is_some();
        self.origins.tell(&wanted, &kept, now, false);
        // cargo's web API says who published, unsigned, and asks not to be asked often.
        let may_ask = wanted.release.package.ecosystem() != Ecosystem::Cargo;
        if is_named && may_ask && (suspect || !has_it) {
            let upstream = wanted.upstream.shown();
            lock(&self.origins.line).ask(upstream, wanted);
        }
    }
}

impl Origins {
    /// What its registry has to be asked for. Safe to give up only where nobody waits for what comes of it.
    pub(super) async fn ask(
        self: Arc<Self>,
        registry: Arc<Registry>,
        wanted: Wanted,
        waited: Watched,
    ) {
        let begun = registry.clock.now();
        // Whoever delivers it meanwhile does not ask for it again.
        let long = begun.saturating_add(KEPT).unwrap_or(begun);
        self.counts_until(&wanted, long);
        let pace = evidence::Pace::default();
        let asked = registry.evidence(&wanted.context, wanted.asked(), &pace);
        let found = tokio::time::timeout(PATIENCE, asked).await;
        let upstream = wanted.upstream.shown();
        let now = registry.clock.now();
        let soon = now.saturating_add(FAILED).unwrap_or(now);
        let Some(found) = found.ok().and_then(|found| the_one(found, &wanted)) else {
            self.counts_until(&wanted, soon);
            return lock(&self.line).failed(upstream, now);
        };
        let told = found.offer.attestation();
        let (failed, shown) = match told {
            Some(Told::Failed(_)) => (true, None),
            Some(Told::Here(_)) => (false, Some(true)),
            Some(Told::Stripped) => (false, Some(false)),
            Some(Told::Absent) | None => (false, None),
        };
        {
            let mut line = lock(&self.line);
            if failed {
                line.failed(upstream.clone(), now);
            } else {
                line.answered(&upstream);
            }
        }
        if failed {
            self.counts_until(&wanted, soon);
        }
        if let (Some(run), Some(shown)) = (wanted.run.upgrade(), shown) {
            run.note(Event::Proof {
                registry: upstream,
                package: wanted.release.package.clone(),
                proof: Proof::Attestation,
                shown,
            });
        }
        if let Some(kept) = self.settle(&wanted, found).await {
            self.tell(&wanted, &kept, now, waited.by_somebody());
        }
    }

    /// Says what is false, where that is news and no refusal says it to who waits.
    fn tell(&self, wanted: &Wanted, kept: &Kept, now: Timestamp, is_waited_for: bool) {
        if !kept.changed {
            return;
        }
        let Some(first) = kept.refuted.first() else {
            return;
        };
        // Its registry may have handed out another one's by mistake: it is asked again.
        let soon = now.saturating_add(FAILED).unwrap_or(now);
        self.counts_until(wanted, soon);
        let spoken = wanted.release.spoken();
        let said = match wanted.because {
            Because::Delivered if is_waited_for => return,
            Because::Delivered => format!(
                "{spoken} was asked for before its attestation had come, and {first}; it is not delivered again \
                 (false-origin)"
            ),
            Because::Compared => format!(
                "{spoken}, which a later release of it was to be compared with: {first}; it is not delivered \
                 (false-origin)"
            ),
        };
        tracing::warn!("{said}");
        if let Some(run) = wanted.run.upgrade() {
            run.note(Event::Warned(said));
        }
    }
}

/// Whether its document names an attestation that was not handed out yet.
pub(super) fn is_named(one: &ArtifactEvidence) -> bool {
    let told = one.offer.attestation();
    told.and_then(Told::failed).is_some()
}

impl Wanted {
    pub(super) fn asked(&self) -> evidence::Wanted<'_> {
        evidence::Wanted {
            release: &self.release,
            digests: std::slice::from_ref(&self.digest),
        }
    }
}

/// The evidence of the artifact itself. A document that changed since may have none.
pub(super) fn the_one(
    found: Result<Vec<ArtifactEvidence>, evidence::Missed>,
    wanted: &Wanted,
) -> Option<ArtifactEvidence> {
    match found {
        Ok(all) => all.into_iter().find(|one| one.artifact == wanted.digest),
        Err(missed) => {
            let release = wanted.release.spoken();
            tracing::info!(release, %missed, "its evidence was not kept");
            None
        }
    }
}

/// What the store is asked, where waiting for a disk holds nobody up.
async fn on_disk<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
    store: &EvidenceStore,
    ask: impl FnOnce(&EvidenceStore) -> Result<T, E> + Send + 'static,
) -> Result<T, String> {
    let store = store.clone();
    match tokio::task::spawn_blocking(move || ask(&store)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_origin::history::{Seen, Shown};
    use customs_registry::evidence::{Crowd, Offer, SCHEMA};

    fn asked_at(seconds: i64, attestations: Told<String>) -> ArtifactEvidence {
        let release: ReleaseId = "pkg:npm/n@1.0.0".parse().unwrap();
        ArtifactEvidence {
            schema: SCHEMA.to_owned(),
            file: "n-1.0.0.tgz".to_owned(),
            artifact: Digest::sha256(b"tarball"),
            registry: "registry.example/".to_owned(),
            asked: Timestamp::from_second(seconds).unwrap(),
            offer: Offer::Npm {
                signatures: Told::Here(Vec::new()),
                attestations,
            },
            shown: Shown::nothing_asked(release.clone(), "x"),
            earlier: Vec::new(),
            people: Seen::Is(Crowd::default()),
            repository: None,
            commit: None,
            release,
        }
    }

    #[test]
    fn what_a_registry_has_none_of_is_asked_for_again_after_a_day_and_a_failure_after_an_hour() {
        let begun = 1_800_000_000;
        let after = |told: Told<String>, hours: i64| {
            let now = Timestamp::from_second(begun + hours * 3_600).unwrap();
            counts(&asked_at(begun, told), now)
        };
        assert!(after(Told::Stripped, 23) && !after(Told::Stripped, 25));
        let failed = || Told::Failed("x".to_owned());
        assert!(after(failed(), 0) && !after(failed(), 2));
        // A clock that was set back keeps nothing for ever.
        assert!(!after(Told::Stripped, -48));
        assert!(after(Told::Absent, 1_000) && after(Told::Here(String::new()), 1_000));
    }
}
