//! What is asked for before a young release is delivered for the first time: its own attestation, and
//! that of the release before, where it brings something new. Nobody waits for long, and what does not
//! come in time holds nothing.

use super::keep::{Asked, counts, the_one};
use super::{Wanted, lock};
use crate::server::Gate;
use customs_model::{Ecosystem, OtherBuilder, SignedDuration, Timestamp};
use customs_registry::evidence::{self, ArtifactEvidence, Told, built_before, other_builder};
use std::time::Duration;

/// How long the first delivery of a young release waits for an attestation.
pub(crate) const FIRST: Duration = Duration::from_secs(3);
/// How old a release is at most whose attestation its first delivery waits for.
const YOUNG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What was found, and whether another look at once would find nothing more.
pub(crate) struct Looked<T> {
    /// It.
    pub found: T,
    /// Nothing of it did not come in time.
    pub whole: bool,
}

impl<T> Looked<T> {
    const fn whole(found: T) -> Self {
        Self { found, whole: true }
    }

    const fn in_part(found: T) -> Self {
        Self {
            found,
            whole: false,
        }
    }
}

impl Gate {
    /// Asks for the attestation of a young release, so that a false one holds it. What does not come in
    /// time is asked for afterwards, as that of others is.
    pub(crate) async fn look_before_first(
        &self,
        wanted: &Wanted,
        published: Option<Timestamp>,
    ) -> Looked<()> {
        if !self.waits_for(wanted, published) {
            return Looked::whole(());
        }
        let now = self.registry.clock.now();
        let before = self.origins.stored(wanted).await;
        if let Some(before) = before.filter(|before| counts(before, now)) {
            return if is_named(&before) {
                Looked::in_part(())
            } else {
                Looked::whole(())
            };
        }
        let found = self
            .registry
            .evidence_at_hand(&wanted.context, wanted.asked());
        if !the_one(found.await, wanted).as_ref().is_some_and(is_named) {
            return Looked::whole(());
        }
        self.ask_in_time(wanted.clone()).await
    }

    /// Who built a young release in the place of who built the one before. That one's attestation is asked
    /// for where the release adds something to it, since only then it would be kept from people.
    pub(crate) async fn look_at_builder(
        &self,
        wanted: &Wanted,
        published: Option<Timestamp>,
        adds: bool,
    ) -> Looked<Option<OtherBuilder>> {
        let Some(trusted) = wanted.context.trust.clone() else {
            return Looked::whole(None);
        };
        if !self.waits_for(wanted, published) {
            return Looked::whole(None);
        }
        let Some(own) = self.attested(wanted).await else {
            return Looked::whole(None);
        };
        let Some(release) = built_before(&own) else {
            return Looked::whole(None);
        };
        let earlier = evidence::Wanted {
            release: &release,
            digests: &[],
        };
        let promised = self.registry.promised(&wanted.context, earlier).await;
        let digest = promised
            .ok()
            .and_then(|all| all.into_iter().max_by_key(|one| one.algorithm()));
        let Some(digest) = digest else {
            return Looked {
                found: None,
                whole: !adds,
            };
        };
        let earlier = Wanted {
            release,
            digest,
            ..wanted.clone()
        };
        let mut before = self.attested(&earlier).await;
        if before.is_none() && adds {
            self.ask_in_time(earlier.clone()).await;
            before = self.attested(&earlier).await;
        }
        let Some(before) = before else {
            return Looked {
                found: None,
                whole: !adds,
            };
        };
        let compared =
            tokio::task::spawn_blocking(move || other_builder(&own, &before, trusted.trust()));
        match compared.await {
            Ok(other) => Looked::whole(other),
            Err(error) => {
                tracing::error!(%error, "who built a release was not looked at");
                Looked::in_part(None)
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

    /// What is kept of an artifact, where its registry's attestation is there.
    async fn attested(&self, wanted: &Wanted) -> Option<ArtifactEvidence> {
        let place = wanted.upstream.shown();
        let stored = self.origins.stored(wanted).await;
        // What one registry says is not held against another's.
        stored.filter(|one| {
            let told = one.offer.attestation();
            one.registry == place && told.and_then(Told::here).is_some()
        })
    }

    /// Asks for evidence while somebody waits, if that may be asked for now.
    async fn ask_in_time(&self, wanted: Wanted) -> Looked<()> {
        let now = self.registry.clock.now();
        let upstream = wanted.upstream.shown();
        if !lock(&self.origins.line).may_ask_now(&upstream, now) {
            return Looked::in_part(());
        }
        let asked = self.ask_for_evidence(wanted.clone(), Asked::Before);
        if tokio::time::timeout(self.origins.patience, asked)
            .await
            .is_err()
        {
            lock(&self.origins.line).kept_waiting(upstream, now);
            return Looked::in_part(());
        }
        let came = self.origins.stored(&wanted).await;
        if came.is_some_and(|one| !is_named(&one)) {
            Looked::whole(())
        } else {
            Looked::in_part(())
        }
    }
}

/// Whether its document names an attestation that was not handed out yet.
fn is_named(one: &ArtifactEvidence) -> bool {
    let told = one.offer.attestation();
    told.and_then(Told::failed).is_some()
}
