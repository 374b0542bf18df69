//! Who gets an artifact, and the words for who does not.

use crate::answer::{About, Body, Reader, eligible_at, failure, refusal};
use crate::report::{Event, RefusedEntry};
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_model::{Decision, ReleaseId, Timestamp, printable};
use customs_registry::http::FetchError;
use customs_registry::{Judged, Judgement, Upstream};
use customs_rules::LockedOutcome;
use customs_store::{Asked, LedgerRecord, Receipt, Refused, Who};
use hyper::{Response, StatusCode};
use std::sync::Arc;

/// Under what an artifact is delivered.
#[derive(Default)]
pub struct Admitted {
    /// The decision, where one was needed.
    pub judgement: Option<Judgement>,
    /// A sentence, when it is delivered although it is held.
    pub although: Option<String>,
}

impl Admitted {
    /// What the rules could not look at.
    pub fn not_checked(&self) -> &[String] {
        self.judgement
            .as_ref()
            .map_or(&[], |judgement| &judgement.not_checked)
    }
}

/// What was asked for, where no policy is about it.
pub struct Unknown<'a> {
    /// The path.
    pub path: &'a str,
    /// By whom.
    pub who: Who,
    /// In words.
    pub what: &'a str,
}

impl Gate {
    /// Whether an artifact is delivered: offered, and holding nothing that its document
    /// did not tell, or locked and held for nothing but its
    /// age. Every route that delivers bytes asks here.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub async fn admit(
        &self,
        run: &Arc<Run>,
        request: &Request,
        reader: Reader,
        (judged, key): (&Judged, &str),
        source: (&Upstream, &str),
    ) -> Result<Admitted, Response<Body>> {
        if judged.hides(key) {
            let why = format!(
                "{} is not offered: its entry cannot be read, or its document has more young \
                 releases than are looked at",
                printable(key, 120)
            );
            return Err(self
                .refuse_unknown(run, request, reader, key, "not-looked-at", &why)
                .await);
        }
        let Some(judgement) = judged.decisions.get(key) else {
            return Ok(Admitted::default());
        };
        let (upstream, url) = source;
        let closer = self
            .registry
            .closer(&run.context, upstream, url, judgement)
            .await;
        let refused = matches!(closer.locked, LockedOutcome::Refuse { .. });
        let delivers = closer.decision.action.allows() || !refused;
        if let Some(because) = closer.not_fetched().filter(|_| delivers) {
            // Delivered now it would be unseen. Not a refusal: the next try may succeed.
            let what = closer.decision.release.spoken();
            let why = format!("customs: {what} could not be looked at: {because}; ask again");
            run.note(Event::NotKnown(why.clone()));
            return Err(failure(reader, StatusCode::BAD_GATEWAY, &why));
        }
        if closer.decision.action.allows() {
            return Ok(Admitted {
                judgement: Some(closer),
                although: None,
            });
        }
        match &closer.locked {
            LockedOutcome::Deliver { reported } => Ok(Admitted {
                although: reported.clone(),
                judgement: Some(closer),
            }),
            LockedOutcome::Refuse { .. } => {
                let what = closer.decision.release.spoken();
                Err(self
                    .refuse(run, request, reader, &what, &closer.decision)
                    .await)
            }
        }
    }

    /// Records and answers a refusal by policy.
    pub async fn refuse(
        &self,
        run: &Arc<Run>,
        request: &Request,
        reader: Reader,
        what: &str,
        decision: &Decision,
    ) -> Response<Body> {
        let why = customs_rules::sentence(decision, &decision.release, None);
        let rule = decision
            .decisive()
            .map_or_else(|| "policy".to_owned(), |r| r.rule.to_string());
        run.note(Event::Refused(RefusedEntry {
            what: what.to_owned(),
            rule: rule.clone(),
            why: why.clone(),
        }));
        let record = LedgerRecord::Refused(Refused {
            asked: Asked::Release(decision.release.clone()),
            artifact: decision.artifact.clone(),
            who: request.who(run),
            rules: decision.reasons.iter().map(|r| r.rule.clone()).collect(),
            status: StatusCode::FORBIDDEN.as_u16(),
        });
        let at = eligible_at(&decision.action);
        self.refused(record, reader, &rule, &why, at).await
    }

    /// Refuses something that no policy is about: an artifact that nobody promised.
    pub async fn refuse_unknown(
        &self,
        run: &Arc<Run>,
        request: &Request,
        reader: Reader,
        what: &str,
        rule: &'static str,
        why: &str,
    ) -> Response<Body> {
        let asked = Unknown {
            path: &request.path,
            who: request.who(run),
            what,
        };
        self.refuse_asked(run, reader, asked, rule, why).await
    }

    /// The same, where the request is gone already.
    pub async fn refuse_asked(
        &self,
        run: &Arc<Run>,
        reader: Reader,
        asked: Unknown<'_>,
        rule: &'static str,
        why: &str,
    ) -> Response<Body> {
        let why = format!("customs: {why} (rule {rule})");
        run.note(Event::Refused(RefusedEntry {
            what: printable(asked.what, 200),
            rule: rule.to_owned(),
            why: why.clone(),
        }));
        let record = LedgerRecord::Refused(Refused {
            asked: Asked::Path(asked.path.to_owned()),
            artifact: None,
            who: asked.who,
            rules: Vec::new(),
            status: StatusCode::FORBIDDEN.as_u16(),
        });
        self.refused(record, reader, rule, &why, None).await
    }

    /// Records a refusal, counts it, and answers with it.
    pub(crate) async fn refused(
        &self,
        record: LedgerRecord,
        reader: Reader,
        rule: &str,
        sentence: &str,
        eligible_at: Option<Timestamp>,
    ) -> Response<Body> {
        self.metrics.refused(rule);
        let recorded = self.append_or_log(record).await;
        let about = About {
            rule: rule.to_owned(),
            eligible_at,
            decision: recorded.map(|receipt| {
                let chain = receipt.chain.to_string();
                format!("DEC-{}-{}", &chain[..8], receipt.seq)
            }),
            url: self
                .team
                .as_ref()
                .map(|team| format!("{}/refusals", team.base)),
        };
        refusal(reader, StatusCode::FORBIDDEN, sentence, &about)
    }

    /// Records what does not hold up an answer that refuses anyway; where it stands then.
    pub async fn append_or_log(&self, record: LedgerRecord) -> Option<Receipt> {
        match self.append(record).await {
            Ok(receipt) => Some(receipt),
            Err(error) => {
                tracing::error!(%error, "the ledger takes no records");
                None
            }
        }
    }

    /// What a client is told about a release that its registry does not have.
    pub async fn not_published(
        &self,
        run: &Arc<Run>,
        request: &Request,
        reader: Reader,
        package: &str,
        file: &str,
    ) -> Response<Body> {
        let what = format!("{package} {}", printable(file, 120));
        let why = format!(
            "{package} has no {} in its registry's document; it was withdrawn or never published",
            printable(file, 120)
        );
        self.refuse_unknown(run, request, reader, &what, "not-published", &why)
            .await
    }
}

/// The status for an upstream that failed. Never one that clients read as policy.
pub fn status_of(error: &FetchError) -> StatusCode {
    match error {
        FetchError::Status {
            status: 401 | 403, ..
        } => StatusCode::FORBIDDEN,
        FetchError::Status {
            status: 404 | 410, ..
        } => StatusCode::NOT_FOUND,
        FetchError::Cache(_) => StatusCode::INSUFFICIENT_STORAGE,
        FetchError::OriginUnknown { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// The release of a decision, for messages.
pub fn newest_refused<'a>(
    decisions: impl Iterator<Item = &'a Judgement>,
    preferred: Option<&str>,
) -> Option<&'a Decision> {
    let all: Vec<&Decision> = decisions.map(|j| &j.decision).collect();
    let is = |release: &ReleaseId| Some(release.version.as_str()) == preferred;
    all.iter().find(|d| is(&d.release)).or(all.last()).copied()
}
