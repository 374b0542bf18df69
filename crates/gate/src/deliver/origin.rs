//! The proofs of origin of what is about to leave. One that is false keeps it here; one that is
//! absent does not.

use super::Checked;
use super::read::Reading;
use crate::answer::{Body, eligible_at};
use crate::origins::{Attestation, Because, Looked, Seen, Wanted};
use crate::report::{Event, warned};
use crate::server::Gate;
use customs_ecosystem::npm::Packument;
use customs_registry::Judgement;
use customs_registry::document::Document;
use customs_registry::evidence::{false_attestations, offered_signatures};
use customs_rules::LockedOutcome;
use hyper::Response;
use std::sync::Arc;

/// What is said of an attestation that was false and that the disk did not keep.
const NOT_KEPT: &str = "an attestation of it was false when it was last looked at";

/// What is said of a young release whose attestation did not come before it was delivered.
const NOT_COME: &str = "its attestation: its registry names one and did not hand it out in time";

/// The document that an artifact is delivered by, where it may hold signatures.
pub enum Papers {
    /// npm's.
    Npm(Arc<Document<Packument>>),
    /// Another ecosystem's: its documents sign nothing.
    Unsigned,
}

impl Gate {
    /// Holds what is offered as proof of origin against the digest of what is delivered.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub(super) async fn look_at_origin(
        &self,
        checked: &mut Checked<'_>,
    ) -> Result<(), Response<Body>> {
        let seen = self.seen(checked).await;
        checked.signed = seen.signed;
        if let Some(judgement) = &mut checked.delivery.admitted.judgement {
            judgement.not_checked.extend_from_slice(&seen.not_checked);
        }
        if seen.refuted.is_empty() && seen.builder.is_none() {
            return Ok(());
        }
        let reading = Reading::of(self, checked);
        let mut judgement = reading.with_origin(&seen);
        judgement.not_checked.extend_from_slice(&seen.not_checked);
        let reader = checked.delivery.reader;
        let refused = matches!(judgement.locked, LockedOutcome::Refuse { .. });
        if refused && !judgement.decision.action.allows() {
            // What the registry hands out may be another one by now.
            self.origins
                .keep(self.registry.clock.now(), self.wanted(checked));
            let (rule, why) = reading.note_of(&judgement);
            let record = reading.record_of(&judgement);
            let at = eligible_at(&judgement.decision.action);
            return Err(self.refused(record, reader, &rule, &why, at).await);
        }
        // Its document was offered without them.
        for line in warned(&judgement.decision) {
            checked.delivery.run.note(Event::Warned(line));
        }
        let admitted = &mut checked.delivery.admitted;
        let first = seen.refuted.first();
        admitted.although = admitted.although.take().or_else(|| first.cloned());
        admitted.judgement = Some(judgement);
        Ok(())
    }

    /// What its evidence shows: as it was seen before, or by one look for all who ask at once.
    async fn seen(&self, checked: &Checked<'_>) -> Seen {
        let judgement = checked.delivery.admitted.judgement.as_ref();
        let adds = judgement.is_some_and(Judgement::adds_content);
        let name = checked.name(adds);
        let recall = || {
            let (release, digest) = (&checked.delivery.release, &checked.digest);
            let now = self.registry.clock.now();
            self.origins.recall(&name, release, digest, now)
        };
        if let Some(seen) = recall() {
            return seen;
        }
        let _alone = self.origins.alone(&name).await;
        if let Some(seen) = recall() {
            return seen;
        }
        let looked = self.look(checked, adds).await;
        self.origins.remember(name, &looked);
        looked.found
    }

    async fn look(&self, checked: &Checked<'_>, adds: bool) -> Looked<Seen> {
        let delivery = &checked.delivery;
        let trusted = delivery.run.context.trust.clone();
        let mut refuted = Vec::new();
        let mut signed = None;
        if let (Papers::Npm(document), Some(trusted)) = (&delivery.papers, &trusted) {
            let artifact = Some(&checked.digest);
            let trust = trusted.trust();
            // An entry that cannot be read was delivered by nobody.
            let offered = offered_signatures(document, &delivery.release, artifact, trust);
            signed = offered.as_ref().map(|offered| offered.offered);
            refuted.extend(offered.into_iter().flat_map(|offered| offered.refuted));
        }
        let wanted = self.wanted(checked);
        let asked = self.look_before_first(&wanted, delivery.published).await;
        let is_suspect = self.origins.is_suspect(&delivery.release, &checked.digest);
        if let (true, Some(trusted)) = (is_suspect, trusted) {
            let store = self.origins.store().clone();
            let (release, digest) = (delivery.release.clone(), checked.digest.clone());
            let place = delivery.upstream.shown();
            let looked = tokio::task::spawn_blocking(move || {
                match store.read(&release, &digest) {
                    // What one registry says is not held against another's.
                    Ok(Some(stored)) if stored.registry != place => Vec::new(),
                    Ok(Some(stored)) => false_attestations(&stored, trusted.trust()),
                    Ok(None) | Err(_) => vec![NOT_KEPT.to_owned()],
                }
            });
            match looked.await {
                Ok(found) => refuted.extend(found),
                Err(error) => tracing::error!(%error, "an attestation was not looked at"),
            }
        }
        let mut again = asked.again;
        let mut not_checked = Vec::new();
        let mut builder = None;
        match asked.found {
            None | Some(Attestation::Absent) => {}
            Some(Attestation::Waited) => not_checked.push(NOT_COME.to_owned()),
            // What is false says nothing about who built it.
            Some(Attestation::Here(_)) if !refuted.is_empty() => {}
            Some(Attestation::Here(own)) => {
                let looked = self.look_at_builder(&wanted, *own, adds).await;
                again = [again, looked.again].into_iter().flatten().min();
                match looked.found {
                    Ok(other) => builder = other.map(Arc::new),
                    Err(why) => not_checked.push(why),
                }
            }
        }
        Looked {
            again,
            found: Seen {
                signed,
                refuted: refuted.into(),
                builder,
                not_checked: not_checked.into(),
            },
        }
    }

    /// What keeping its evidence needs.
    pub(super) fn wanted(&self, checked: &Checked<'_>) -> Wanted {
        let delivery = &checked.delivery;
        Wanted {
            run: Arc::downgrade(delivery.run),
            context: delivery.run.context.clone(),
            upstream: delivery.upstream.clone(),
            release: delivery.release.clone(),
            digest: checked.digest.clone(),
            because: Because::Delivered,
        }
    }
}

impl Checked<'_> {
    /// All that a look at its evidence rests on. What it is compared with is chosen under a policy, and
    /// waited for where it `adds` something.
    fn name(&self, adds: bool) -> String {
        let delivery = &self.delivery;
        let (place, scope) = (delivery.upstream.shown(), delivery.run.context.scope());
        let (release, digest) = (&delivery.release, &self.digest);
        let document = match &delivery.papers {
            Papers::Npm(document) => document.digest.to_string(),
            Papers::Unsigned => "-".to_owned(),
        };
        format!("{place} {release} {digest} {document} {scope} {adds}")
    }
}
