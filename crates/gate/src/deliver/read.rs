//! Reading what is delivered: the verdict stands before the first byte leaves, or, where a
//! long body flows already, before the last ones do. Young releases were read when they were
//! decided; here everything else is.

use super::Checked;
use crate::answer::{Body, eligible_at, failure};
use crate::origins::Seen;
use crate::report::{Event, RefusedEntry};
use crate::run::Run;
use crate::server::Gate;
use customs_model::{Digest, ReleaseId, Timestamp};
use customs_registry::{Judgement, Read, Registry, Upstream};
use customs_rules::LockedOutcome;
use customs_store::{Asked, LedgerRecord, Refused, Store, Who};
use hyper::{Response, StatusCode};
use std::sync::Arc;

/// What came of it.
pub(super) enum Outcome {
    /// Nothing that was not known.
    Nothing,
    /// It is delivered, and something is said about it.
    Said(Box<Judgement>),
    /// It is not delivered.
    Refused(Box<Judgement>),
    /// It could not be read now, because …
    NotRead(String),
}

/// A delivery, as far as reading it needs, apart from its request.
pub(super) struct Reading {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    run: Arc<Run>,
    who: Who,
    upstream: Upstream,
    release: ReleaseId,
    file: String,
    published: Option<Timestamp>,
    url: String,
    digest: Digest,
    judgement: Option<Judgement>,
}

impl Reading {
    pub fn of(gate: &Gate, checked: &Checked<'_>) -> Self {
        let Checked {
            delivery, digest, ..
        } = checked;
        Self {
            registry: gate.registry.clone(),
            store: gate.store(),
            run: delivery.run.clone(),
            who: delivery.who.clone(),
            upstream: delivery.upstream.clone(),
            release: delivery.release.clone(),
            file: delivery.file.clone(),
            published: delivery.published,
            url: delivery.url.to_string(),
            digest: digest.clone(),
            judgement: delivery.admitted.judgement.clone(),
        }
    }

    /// Reads the artifact, whose bytes are there.
    pub async fn outcome(&self) -> Outcome {
        let asked = self.asked();
        let read = self
            .registry
            .read(
                &self.run.context,
                &self.upstream,
                &asked,
                self.judgement.as_ref(),
            )
            .await;
        match read {
            Ok(None) => Outcome::Nothing,
            Err(unread) => Outcome::NotRead(unread.because().to_owned()),
            Ok(Some(judgement)) => {
                let refused = matches!(judgement.locked, LockedOutcome::Refuse { .. });
                if refused && !judgement.decision.action.allows() {
                    Outcome::Refused(Box::new(judgement))
                } else {
                    Outcome::Said(Box::new(judgement))
                }
            }
        }
    }

    /// The decision where proofs of its origin are false, or say that somebody else built it.
    pub fn with_origin(&self, seen: &Seen) -> Judgement {
        let (context, judgement) = (&self.run.context, self.judgement.as_ref());
        let (asked, refuted) = (self.asked(), seen.refuted.to_vec());
        let builder = seen.builder.as_deref().cloned();
        self.registry
            .with_origin(context, &self.upstream, &asked, judgement, refuted, builder)
    }

    fn asked(&self) -> Read<'_> {
        Read {
            release: &self.release,
            file: &self.file,
            published: self.published,
            url: &self.url,
            digest: &self.digest,
        }
    }

    /// The same where the body flows already: why its last bytes are kept, if so.
    pub async fn objection(self) -> Option<String> {
        match self.outcome().await {
            Outcome::Nothing => None,
            Outcome::Said(judgement) => {
                if !judgement.not_checked.is_empty() {
                    self.run.note(Event::NotChecked {
                        release: self.release.clone(),
                        what: judgement.not_checked.clone(),
                    });
                }
                None
            }
            Outcome::Refused(judgement) => {
                let log = |done: Result<_, customs_store::StoreError>| {
                    if let Err(error) = done {
                        tracing::error!(%error, "the ledger takes no records");
                    }
                };
                self.store.append(self.record_of(&judgement), Box::new(log));
                Some(self.note_of(&judgement).1)
            }
            Outcome::NotRead(because) => Some(self.not_read(&because)),
        }
    }

    pub(super) fn record_of(&self, judgement: &Judgement) -> LedgerRecord {
        let decision = &judgement.decision;
        LedgerRecord::Refused(Refused {
            asked: Asked::Release(decision.release.clone()),
            artifact: decision.artifact.clone(),
            who: self.who.clone(),
            rules: decision.reasons.iter().map(|r| r.rule.clone()).collect(),
            status: StatusCode::FORBIDDEN.as_u16(),
        })
    }

    /// Tells the run; the rule and the sentence.
    pub(super) fn note_of(&self, judgement: &Judgement) -> (String, String) {
        let decision = &judgement.decision;
        let why = customs_rules::sentence(decision, &decision.release, None);
        let rule = decision
            .decisive()
            .map_or_else(|| "policy".to_owned(), |r| r.rule.to_string());
        self.run.note(Event::Refused(RefusedEntry {
            what: decision.release.spoken(),
            rule: rule.clone(),
            why: why.clone(),
        }));
        (rule, why)
    }

    /// Delivered now it would be unseen. Not a refusal: the next try may succeed.
    fn not_read(&self, because: &str) -> String {
        let what = self.release.spoken();
        let why = format!("customs: {what} could not be looked at: {because}; ask again");
        self.run.note(Event::NotKnown(why.clone()));
        why
    }
}

impl Gate {
    /// Reads an artifact whose bytes are there.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub(super) async fn read_code(&self, checked: &mut Checked<'_>) -> Result<(), Response<Body>> {
        let reading = Reading::of(self, checked);
        let reader = checked.delivery.reader;
        match reading.outcome().await {
            Outcome::Nothing => Ok(()),
            Outcome::Said(judgement) => {
                checked.delivery.admitted.judgement = Some(*judgement);
                Ok(())
            }
            Outcome::Refused(judgement) => {
                let (rule, why) = reading.note_of(&judgement);
                let record = reading.record_of(&judgement);
                let at = eligible_at(&judgement.decision.action);
                Err(self.refused(record, reader, &rule, &why, at).await)
            }
            Outcome::NotRead(because) => {
                let why = reading.not_read(&because);
                Err(failure(reader, StatusCode::BAD_GATEWAY, &why))
            }
        }
    }
}
