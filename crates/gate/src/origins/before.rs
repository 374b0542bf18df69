//! What is asked for before a young release is delivered for the first time: its own attestation, and
//! that of the release before, where it brings something new. Nobody waits for long, and what does not
//! come in time holds nothing: it is told that it was not looked at, and it counts once it is here.

use super::keep::{KEPT, Waited, counts, is_named, the_one};
use super::{Because, Wanted, lock};
use crate::server::Gate;
use customs_model::{Ecosystem, OtherBuilder, ReleaseId, SignedDuration, Timestamp};
use customs_registry::evidence::{ArtifactEvidence, Told, adds_to, built_before, other_builder};
use std::sync::Arc;
use std::time::Duration;

/// How long the first delivery of a young release waits for an attestation.
pub(crate) const FIRST: Duration = Duration::from_secs(3);
/// How old a release is at most whose attestation its first delivery waits for.
const YOUNG: SignedDuration = customs_rules::ORIGIN_LOOKED_AT;
/// When it is looked again whether an attestation has come that did not come in time.
const SOON: SignedDuration = SignedDuration::from_secs(10);

/// What was found, and when another look may find more.
pub(crate) struct Looked<T> {
    /// It.
    pub found: T,
    /// From when on another look may find more; none where it finds nothing else.
    pub again: Option<Timestamp>,
}

/// An attestation, as far as it is known.
pub(crate) enum Attestation {
    /// What is kept of the artifact, its registry's attestation among it.
    Here(Box<ArtifactEvidence>),
    /// Its registry has none.
    Absent,
    /// It is named, and was not handed out yet.
    Waited,
}

/// Who built a release in the place of who built the one before, or why that was not looked at.
pub(crate) type Builder = Result<Option<OtherBuilder>, String>;

impl<T> Looked<T> {
    const fn whole(found: T) -> Self {
        Self { found, again: None }
    }

    fn until(found: T, now: Timestamp, long: SignedDuration) -> Self {
        Self {
            found,
            again: Some(now.saturating_add(long).unwrap_or(now)),
        }
    }
}

impl Gate {
    /// Asks for the attestation of a young release, so that a false one holds it. None where nobody waits
    /// for it: it is asked for afterwards.
    pub(crate) async fn look_before_first(
        &self,
        wanted: &Wanted,
        published: Option<Timestamp>,
    ) -> Looked<Option<Attestation>> {
        if !self.waits_for(wanted, published) {
            return Looked::whole(None);
        }
        let looked = self.attestation(wanted, true).await;
        Looked {
            found: Some(looked.found),
            again: looked.again,
        }
    }

    /// Who built a young release in the place of who built the one before. Where the release adds something
    /// to its predecessor or to that one, its attestation is waited for, since only then it is kept from
    /// people; where not, it is asked for afterwards, and nothing is missing until it comes.
    pub(crate) async fn look_at_builder(
        &self,
        wanted: &Wanted,
        own: ArtifactEvidence,
        adds: bool,
    ) -> Looked<Builder> {
        let now = self.registry.clock.now();
        // Two poisoned releases in a row must not vouch for each other.
        let is_settled = |at: Option<Timestamp>| wanted.context.is_settled(at, now);
        let Some(release) = built_before(&own, is_settled) else {
            return Looked::whole(Ok(None));
        };
        let adds = adds || adds_to(&own, &release);
        let looked = self.builder_since(wanted, own, release, adds).await;
        match looked.found {
            Err(_) if !adds => Looked {
                found: Ok(None),
                ..looked
            },
            _ => looked,
        }
    }

    async fn builder_since(
        &self,
        wanted: &Wanted,
        own: ArtifactEvidence,
        release: ReleaseId,
        adds: bool,
    ) -> Looked<Builder> {
        let now = self.registry.clock.now();
        let Some(trusted) = wanted.context.trust.clone() else {
            return Looked::whole(Ok(None));
        };
        let spoken = release.spoken();
        let not_looked_at = |why: &str| Err(format!("who built {spoken} was not looked at: {why}"));
        let (release_of, version) = (&wanted.release, &release.version);
        let file = self
            .registry
            .file_before(&wanted.context, release_of, &wanted.digest, version);
        let digest = match file.await {
            Ok(Some(file)) if file.upstream.shown() == wanted.upstream.shown() => file.digest,
            // It has no file of this kind: what builds another kind may be somebody else.
            Ok(_) => None,
            Err(error) => {
                return Looked::until(not_looked_at(&error.to_string()), now, SOON);
            }
        };
        let Some(digest) = digest else {
            return Looked::whole(Ok(None));
        };
        let earlier = Wanted {
            release,
            digest,
            because: Because::Compared,
            ..wanted.clone()
        };
        let looked = self.attestation(&earlier, adds).await;
        let before = match looked.found {
            Attestation::Here(before) => before,
            Attestation::Absent => {
                return Looked {
                    found: not_looked_at("its registry has no attestation of it"),
                    again: looked.again,
                };
            }
            Attestation::Waited => {
                return Looked {
                    found: not_looked_at("its attestation did not come in time"),
                    again: looked.again,
                };
            }
        };
        let compared =
            tokio::task::spawn_blocking(move || other_builder(&own, &before, trusted.trust()));
        match compared.await {
            Ok(Ok(other)) => Looked::whole(Ok(other)),
            Ok(Err(why)) => Looked::until(Err(why), now, KEPT),
            Err(error) => {
                tracing::error!(%error, "who built a release was not looked at");
                Looked::until(not_looked_at("looking at it failed"), now, SOON)
            }
        }
    }

    /// Whether a first delivery waits for what is asked of this one's origin.
    fn waits_for(&self, wanted: &Wanted, published: Option<Timestamp>) -> bool {
        let now = self.registry.clock.now();
        let is_young = published.is_none_or(|at| now.duration_since(at) < YOUNG);
        let is_npm_or_pypi = wanted.release.package.ecosystem() != Ecosystem::Cargo;
        is_young && is_npm_or_pypi && wanted.context.trust.is_some()
    }

    /// An attestation: as it is kept, else asked for, in time or afterwards.
    async fn attestation(&self, wanted: &Wanted, in_time: bool) -> Looked<Attestation> {
        if let Some(known) = self.kept(wanted).await {
            return known;
        }
        let now = self.registry.clock.now();
        let found = self
            .registry
            .evidence_at_hand(&wanted.context, wanted.asked());
        if !the_one(found.await, wanted).as_ref().is_some_and(is_named) {
            return Looked::until(Attestation::Absent, now, KEPT);
        }
        if in_time && self.ask_in_time(wanted.clone()).await {
            if let Some(known) = self.kept(wanted).await {
                return known;
            }
        } else {
            self.origins.keep(now, wanted.clone());
        }
        Looked::until(Attestation::Waited, now, SOON)
    }

    /// What is kept of an artifact, where that still counts.
    async fn kept(&self, wanted: &Wanted) -> Option<Looked<Attestation>> {
        let now = self.registry.clock.now();
        let place = wanted.upstream.shown();
        let stored = self.origins.stored(wanted).await;
        // What one registry says is not held against another's.
        let one = stored.filter(|one| one.registry == place)?;
        if one.offer.attestation().and_then(Told::here).is_some() {
            return Some(Looked::whole(Attestation::Here(Box::new(one))));
        }
        let is_left_out = one.offer.attestation().is_some_and(Told::is_left_out);
        if is_left_out || !counts(&one, now) {
            return None;
        }
        Some(if is_named(&one) {
            // It failed a moment ago.
            Looked::until(Attestation::Waited, now, SOON)
        } else {
            Looked::until(Attestation::Absent, now, KEPT)
        })
    }

    /// Asks for evidence while somebody waits, if that may be asked for now; whether it was asked for. It
    /// is asked to its end, and kept, also where nobody waits any more.
    async fn ask_in_time(&self, wanted: Wanted) -> bool {
        let now = self.registry.clock.now();
        let upstream = wanted.upstream.shown();
        if !lock(&self.origins.line).may_ask_now(&upstream, now) {
            return false;
        }
        let waited = Waited::begun();
        let origins = Arc::clone(&self.origins);
        let asked = origins.ask(Arc::clone(&self.registry), wanted, waited.watched());
        let asked = tokio::spawn(asked);
        match tokio::time::timeout(self.origins.patience, asked).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "an attestation was not asked for"),
            Err(_) => lock(&self.origins.line).kept_waiting(upstream, now),
        }
        true
    }
}
