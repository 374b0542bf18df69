//! Keeping evidence, one artifact at a time, while nobody waits for anything.

use super::line::Next;
use super::{Origins, Wanted, lock};
use crate::background::{Rest, ends_well};
use crate::report::{Event, Proof};
use crate::server::Gate;
use customs_model::{Ecosystem, SignedDuration, Timestamp};
use customs_registry::Registry;
use customs_registry::evidence::{self, ArtifactEvidence, EvidenceStore, Told, false_attestations};
use std::sync::Arc;
use std::time::Duration;

/// How long what is kept of an artifact counts: what its registry had none of, it may have then.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The same where the registry could not be asked, or handed out what is false.
pub(super) const FAILED: SignedDuration = SignedDuration::from_hours(1);
/// How long one upstream may take to hand out the evidence of one artifact.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the first delivery of a young release waits for the attestation that its document names.
const FIRST: Duration = Duration::from_secs(3);
/// How old a release is at most whose attestation its first delivery waits for.
const YOUNG: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often the clock is looked at while something waits for it.
const LOOK: Duration = Duration::from_secs(1);

/// When an attestation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Before the artifact is delivered for the first time.
    Before,
    /// Afterwards, while nobody waits.
    After,
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
    async fn stored(&self, wanted: &Wanted) -> Option<ArtifactEvidence> {
        let (release, digest) = (wanted.release.clone(), wanted.digest.clone());
        let read = on_disk(&self.store, move |store| store.read(&release, &digest)).await;
        // What cannot be read is written anew.
        read.ok().flatten()
    }

    /// Keeps what is known after another look; that is, with what was kept before. What was false
    /// then is not kept once its registry has taken it back.
    async fn write(&self, wanted: &Wanted, now: ArtifactEvidence) -> ArtifactEvidence {
        let failed = now.offer.attestation().and_then(Told::failed).is_some();
        let replaces = !failed && self.is_suspect(&wanted.release, &wanted.digest);
        let all = match self.stored(wanted).await {
            Some(before) if !replaces => now.or_before(before),
            Some(_) | None => now,
        };
        let copy = all.clone();
        if let Err(error) = on_disk(&self.store, move |store| store.write(&copy)).await {
            tracing::warn!(error, "evidence could not be kept");
        }
        all
    }
}

/// Whether what was kept before still counts.
fn counts(before: &ArtifactEvidence, now: Timestamp) -> bool {
    let failed = before.offer.attestation().and_then(Told::failed).is_some();
    let long = if failed { FAILED } else { KEPT };
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
                    gate.ask_for_evidence(wanted, Asked::After).await;
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
        let is_named = found.offer.attestation().and_then(Told::failed).is_some();
        let all = self.origins.write(&wanted, found).await;
        let has_it = all.offer.attestation().and_then(Told::here).is_some();
        if has_it || suspect && !is_named {
            self.hold_against(&wanted, &all, Asked::After).await;
        }
        // cargo's web API says who published, unsigned, and asks not to be asked often.
        let may_ask = wanted.release.package.ecosystem() != Ecosystem::Cargo;
        if is_named && may_ask && (suspect || !has_it) {
            let upstream = wanted.upstream.shown();
            lock(&self.origins.line).ask(upstream, wanted);
        }
    }

    /// Asks for the attestation of a young release before it is delivered for the first time, so that
    /// a false one holds it. What does not come in time is asked for afterwards, as that of others is.
    pub(crate) async fn look_before_first(&self, wanted: Wanted, published: Option<Timestamp>) {
        let now = self.registry.clock.now();
        let is_young = published.is_none_or(|at| now.duration_since(at) < YOUNG);
        let is_npm_or_pypi = wanted.release.package.ecosystem() != Ecosystem::Cargo;
        if !is_young || !is_npm_or_pypi || wanted.context.trust.is_none() {
            return;
        }
        let before = self.origins.stored(&wanted).await;
        if before.is_some_and(|before| counts(&before, now)) {
            return;
        }
        let found = self
            .registry
            .evidence_at_hand(&wanted.context, wanted.asked());
        let named = the_one(found.await, &wanted);
        let is_named = |one: &ArtifactEvidence| {
            let told = one.offer.attestation();
            told.and_then(Told::failed).is_some()
        };
        if !named.as_ref().is_some_and(is_named) {
            return;
        }
        let upstream = wanted.upstream.shown();
        if !lock(&self.origins.line).may_ask_now(&upstream, now) {
            return;
        }
        let asked = self.ask_for_evidence(wanted, Asked::Before);
        if tokio::time::timeout(FIRST, asked).await.is_err() {
            lock(&self.origins.line).kept_waiting(upstream, now);
        }
    }

    /// What its registry has to be asked for.
    async fn ask_for_evidence(&self, wanted: Wanted, when: Asked) {
        let pace = evidence::Pace::default();
        let asked = self
            .registry
            .evidence(&wanted.context, wanted.asked(), &pace);
        let found = tokio::time::timeout(PATIENCE, asked).await;
        let upstream = wanted.upstream.shown();
        let now = self.registry.clock.now();
        let soon = now.saturating_add(FAILED).unwrap_or(now);
        let Some(found) = found.ok().and_then(|found| the_one(found, &wanted)) else {
            self.origins.counts_until(&wanted, soon);
            return lock(&self.origins.line).failed(upstream, now);
        };
        let told = found.offer.attestation();
        let (failed, shown) = match told {
            Some(Told::Failed(_)) => (true, None),
            Some(Told::Here(_)) => (false, Some(true)),
            Some(Told::Stripped) => (false, Some(false)),
            Some(Told::Absent) | None => (false, None),
        };
        {
            let mut line = lock(&self.origins.line);
            if failed {
                line.failed(upstream.clone(), now);
            } else {
                line.answered(&upstream);
            }
        }
        if failed {
            self.origins.counts_until(&wanted, soon);
        }
        if let (Some(run), Some(shown)) = (wanted.run.upgrade(), shown) {
            run.note(Event::Proof {
                registry: upstream,
                package: wanted.release.package.clone(),
                proof: Proof::Attestation,
                shown,
            });
        }
        let all = self.origins.write(&wanted, found).await;
        if !failed {
            self.hold_against(&wanted, &all, when).await;
        }
    }

    /// Holds attestations against the artifact. What is false is marked, and held against each
    /// delivery from then on.
    async fn hold_against(&self, wanted: &Wanted, all: &ArtifactEvidence, when: Asked) {
        let Some(trusted) = wanted.context.trust.clone() else {
            return;
        };
        let evidence = all.clone();
        let looked =
            tokio::task::spawn_blocking(move || false_attestations(&evidence, trusted.trust()));
        let refuted = match looked.await {
            Ok(refuted) => refuted,
            Err(error) => return tracing::error!(%error, "an attestation was not looked at"),
        };
        let (release, digest) = (wanted.release.clone(), wanted.digest.clone());
        let key = (release.clone(), digest.clone());
        let is_suspect = !refuted.is_empty();
        let changed = {
            let mut suspects = lock(&self.origins.suspects);
            if is_suspect {
                suspects.insert(key)
            } else {
                suspects.remove(&key)
            }
        };
        if !changed {
            return;
        }
        // What was seen without it has to be seen again.
        lock(&self.origins.seen).clear();
        let mark = move |store: &EvidenceStore| store.suspect(&release, &digest, is_suspect);
        if let Err(error) = on_disk(&self.origins.store, mark).await {
            tracing::error!(error, "a false attestation could not be marked");
        }
        let Some(first) = refuted.first() else {
            return;
        };
        // Its registry may have handed out another one's by mistake: it is asked again.
        let now = self.registry.clock.now();
        let soon = now.saturating_add(FAILED).unwrap_or(now);
        self.origins.counts_until(wanted, soon);
        if when == Asked::Before {
            // The refusal tells it.
            return;
        }
        let said = format!(
            "{} was delivered before its attestation had come, and {first}; it is not delivered again (false-origin)",
            wanted.release.spoken()
        );
        tracing::warn!("{said}");
        if let Some(run) = wanted.run.upgrade() {
            run.note(Event::Warned(said));
        }
    }
}

impl Wanted {
    fn asked(&self) -> evidence::Wanted<'_> {
        evidence::Wanted {
            release: &self.release,
            digests: std::slice::from_ref(&self.digest),
        }
    }
}

/// The evidence of the artifact itself. A document that changed since may have none.
fn the_one(
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
        let release: customs_model::ReleaseId = "pkg:npm/n@1.0.0".parse().unwrap();
        ArtifactEvidence {
            schema: SCHEMA.to_owned(),
            file: "n-1.0.0.tgz".to_owned(),
            artifact: customs_model::Digest::sha256(b"tarball"),
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
