//! Delivery: an artifact is complete at the client only after its digest matched.
//!
//! Small bodies wait for the check. Past five seconds headers and body flow, except for
//! the last 64 KiB; on a mismatch the connection is reset, so that no client ever holds
//! a whole wrong artifact. The ledger's record is with the operating system before the
//! last byte leaves.

use crate::admit::{Admitted, status_of};
use crate::answer::{Body, Reader, failure};
use crate::pieces::file_body;
use crate::report::{Event, RefusedEntry};
use crate::run::Run;
use crate::server::Gate;
use bytes::Bytes;
use customs_model::{Digest, ReleaseId, Timestamp};
use customs_registry::Upstream;
use customs_registry::artifact::{Artifact, Download, Progress, digest_of};
use customs_store::{Delivered, DigestChanged, LedgerRecord, Served, Who};
use futures_util::FutureExt as _;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
};
use hyper::{Response, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

mod again;
mod asked;
mod flow;
mod origin;
mod read;
mod settle;

pub(crate) use again::{Again, FileName};
pub use origin::Papers;

/// How long a body waits for its check before it starts to flow.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What is delivered, to whom.
pub struct Delivery<'a> {
    /// The run that asks.
    pub run: &'a Arc<Run>,
    /// Who asks.
    pub who: Who,
    /// Which release.
    pub release: ReleaseId,
    /// Its file.
    pub file: String,
    /// Where it comes from.
    pub upstream: &'a Upstream,
    /// When it was published, as far as the document says.
    pub published: Option<Timestamp>,
    /// The address that the document names.
    pub url: Url,
    /// What the document promises, strongest first; some very old ones promise nothing.
    pub promised: Vec<Digest>,
    /// The document that it is delivered by.
    pub papers: Papers,
    /// Under what it is delivered.
    pub admitted: Admitted,
    /// Whether its document's upstream could be asked.
    pub confirmed: bool,
    /// Who reads a refusal.
    pub reader: Reader,
    /// The media type.
    pub media: &'static str,
}

/// How a whole artifact came to be here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// It was fetched for this delivery.
    Fetched,
    /// It was in the cache.
    Cached,
    /// It was delivered a moment ago, and all that follows from a delivery was done.
    Again,
}

/// A delivery with the digest that its bytes must have.
struct Checked<'a> {
    delivery: Delivery<'a>,
    digest: Digest,
    /// Whether a signature is offered with it, where its ecosystem has any.
    signed: Option<bool>,
}

impl Gate {
    /// Delivers an artifact that policy admits.
    pub async fn deliver(
        &self,
        delivery: Delivery<'_>,
        headers: &HeaderMap,
        head: bool,
    ) -> Response<Body> {
        let begun = Instant::now();
        let digest = match self.digest_to_check(&delivery).await {
            Ok(digest) => digest,
            Err(response) => return response,
        };
        let mut checked = Checked {
            delivery,
            digest,
            signed: None,
        };
        if !head && let Err(response) = self.look_at_origin(&mut checked).await {
            return response;
        }
        if asked::has_it(headers, &asked::etag(&checked.digest)) {
            // What would be refused now must not come from the client's own cache either.
            if !head && let Err(response) = self.read_code(&mut checked).await {
                return response;
            }
            let response = self.not_modified(&checked, head).await;
            if !head && response.status() == StatusCode::NOT_MODIFIED {
                self.remember_delivery(&checked, None, begun);
            }
            return response;
        }
        let (upstream, url) = (checked.delivery.upstream, &checked.delivery.url);
        let artifacts = &self.registry.artifacts;
        match artifacts.get_sound(upstream, url, &checked.digest).await {
            Artifact::Cached { path, length, .. } => {
                if !head && let Err(response) = self.read_code(&mut checked).await {
                    return response;
                }
                let sent = self.send_cached(&checked, &path, length, headers, head, How::Cached);
                let response = sent.await;
                if !head && response.status().is_success() {
                    self.remember_delivery(&checked, Some(&path), begun);
                }
                response
            }
            Artifact::Arriving(download) => {
                self.send_arriving(checked, download, headers, head).await
            }
        }
    }

    /// What the bytes must hash to: the strongest of what the document promises and what
    /// was pinned at the first delivery. A digest that changes for a published version is
    /// refused and recorded: nothing honest does that. A document that now promises less
    /// (a weaker hash) does not loosen the pin.
    async fn digest_to_check(&self, delivery: &Delivery<'_>) -> Result<Digest, Response<Body>> {
        let pinned = self
            .pinned(delivery.upstream, &delivery.release, &delivery.file)
            .await;
        // Without a look at the pin nobody knows whether the bytes are the same as ever.
        let pinned = pinned.map_err(|error| {
            let spoken = delivery.release.spoken();
            let why = format!("customs: the pinned digest of {spoken} cannot be read: {error}");
            failure(delivery.reader, StatusCode::INTERNAL_SERVER_ERROR, &why)
        })?;
        let Some(strongest) = delivery
            .promised
            .iter()
            .chain(&pinned)
            .max_by_key(|d| d.algorithm())
        else {
            // What arrives first is pinned.
            return self.first_arrival(delivery).await;
        };
        let Some(pinned) = &pinned else {
            return Ok(strongest.clone());
        };
        let same = |d: &&Digest| d.algorithm() == pinned.algorithm();
        if let Some(promised) = delivery.promised.iter().find(same).filter(|d| *d != pinned) {
            return Err(self.changed(delivery, pinned, promised).await);
        }
        // A stronger promise than before says nothing about the weaker one, and the bytes
        // must be the ones that were delivered first: they are held against both.
        if pinned.algorithm() < strongest.algorithm() {
            self.hold_against_pin(delivery, strongest, pinned).await?;
        }
        Ok(strongest.clone())
    }

    async fn first_arrival(&self, delivery: &Delivery<'_>) -> Result<Digest, Response<Body>> {
        let artifacts = &self.registry.artifacts;
        let arrived = artifacts.unpromised(delivery.upstream, &delivery.url).await;
        arrived.map_err(|error| {
            let why = format!(
                "customs: {} could not be fetched: {error}",
                delivery.release.spoken()
            );
            failure(delivery.reader, status_of(&error), &why)
        })
    }

    async fn hold_against_pin(
        &self,
        delivery: &Delivery<'_>,
        strongest: &Digest,
        pinned: &Digest,
    ) -> Result<(), Response<Body>> {
        let failed = |status, error: &dyn std::fmt::Display| {
            let spoken = delivery.release.spoken();
            let why = format!("customs: {spoken} could not be compared with its pin: {error}");
            failure(delivery.reader, status, &why)
        };
        let artifacts = &self.registry.artifacts;
        let path = artifacts
            .whole(delivery.upstream, &delivery.url, strongest)
            .await
            .map_err(|error| failed(status_of(&error), &error))?;
        let found = digest_of(path, pinned.algorithm())
            .await
            .map_err(|error| failed(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
        if found == *pinned {
            return Ok(());
        }
        Err(self.changed(delivery, pinned, &found).await)
    }

    async fn changed(
        &self,
        delivery: &Delivery<'_>,
        pinned: &Digest,
        now: &Digest,
    ) -> Response<Body> {
        let why = format!(
            "customs: {} ({}) was {pinned} when it was first delivered, the registry now has {now} \
             (rule digest-changed). A published release never changes; retrying does not help. \
             Not delivered. Take another version, and report it to the registry.",
            delivery.release.spoken(),
            delivery.file
        );
        self.refuse_changed(delivery, pinned, now, "digest-changed", why)
            .await
    }

    async fn refuse_changed(
        &self,
        delivery: &Delivery<'_>,
        before: &Digest,
        after: &Digest,
        rule: &'static str,
        why: String,
    ) -> Response<Body> {
        let record = LedgerRecord::DigestChanged(DigestChanged {
            release: delivery.release.clone(),
            artifact: delivery.file.clone(),
            before: before.clone(),
            after: after.clone(),
        });
        delivery.run.note(Event::Refused(RefusedEntry {
            what: delivery.release.spoken(),
            rule: rule.into(),
            why: why.clone(),
        }));
        self.refused(record, delivery.reader, rule, &why, None)
            .await
    }

    async fn send_cached(
        &self,
        checked: &Checked<'_>,
        path: &std::path::Path,
        length: u64,
        headers: &HeaderMap,
        head: bool,
        how: How,
    ) -> Response<Body> {
        let delivery = &checked.delivery;
        let range = match asked::range(headers, &asked::etag(&checked.digest), length) {
            Ok(range) => range,
            Err(()) => {
                let mut response = crate::answer::empty(StatusCode::RANGE_NOT_SATISFIABLE);
                let value = format!("bytes */{length}");
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().insert(CONTENT_RANGE, value);
                }
                return response;
            }
        };
        let (from, count) = range.unwrap_or((0, length));
        let mut response = if head {
            crate::answer::empty(StatusCode::OK)
        } else {
            let served = match range {
                Some((first, count)) => Served::Range {
                    first,
                    last: first + count - 1,
                },
                None if how == How::Fetched => Served::Full,
                None => Served::FromCache,
            };
            if let Err(response) = self.record(checked, count, served).await {
                return response;
            }
            if how != How::Again {
                self.settle(checked).await;
            }
            match file_body(path, from, count) {
                Ok(body) => Response::new(body),
                Err(error) => {
                    let why = format!("customs: the cached artifact could not be read: {error}");
                    return failure(delivery.reader, StatusCode::INTERNAL_SERVER_ERROR, &why);
                }
            }
        };
        if range.is_some() && !head {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let value = format!("bytes {from}-{}/{length}", from + count - 1);
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(CONTENT_RANGE, value);
            }
        }
        artifact_headers(
            &mut response,
            checked,
            Some(if head { length } else { count }),
        );
        response
    }

    /// The client has exactly these bytes, by the validator that it got from here.
    async fn not_modified(&self, checked: &Checked<'_>, head: bool) -> Response<Body> {
        if !head && let Err(response) = self.record(checked, 0, Served::ClientCache).await {
            return response;
        }
        let mut response = crate::answer::empty(StatusCode::NOT_MODIFIED);
        artifact_headers(&mut response, checked, None);
        response
    }

    /// Waits for the check; past the gate's patience the bytes start to flow.
    async fn send_arriving(
        &self,
        mut checked: Checked<'_>,
        mut download: Download,
        headers: &HeaderMap,
        head: bool,
    ) -> Response<Body> {
        let patience = tokio::time::sleep(self.patience);
        tokio::pin!(patience);
        let mut is_patient = true;
        loop {
            let progress = download.progress.borrow_and_update().clone();
            match &progress {
                Progress::Verified { .. } => {
                    if !head && let Err(response) = self.read_code(&mut checked).await {
                        return response;
                    }
                    return self.send_verified(&checked, headers, head).await;
                }
                Progress::Mismatch { .. } | Progress::Failed(_) => {
                    return self.not_delivered(&checked.delivery, &progress).await;
                }
                // Without a byte there is nothing to send, and no file to send it from.
                Progress::Arriving { have: 0, .. } => {}
                Progress::Arriving { total, .. } if !is_patient => {
                    // An open file stays when the download renames it. If that has
                    // happened just now, the next look finds it verified.
                    if let Ok(file) = std::fs::File::open(&download.partial) {
                        return self
                            .send_flowing(checked, *total, file, download, head)
                            .await;
                    }
                }
                Progress::Arriving { .. } => {}
            }
            tokio::select! {
                changed = download.progress.changed() => {
                    if changed.is_err() {
                        return self.not_delivered(&checked.delivery, &progress).await;
                    }
                }
                () = &mut patience, if is_patient => is_patient = false,
            }
        }
    }

    async fn send_verified(
        &self,
        checked: &Checked<'_>,
        headers: &HeaderMap,
        head: bool,
    ) -> Response<Body> {
        match self.registry.artifacts.cached(&checked.digest) {
            Some(Artifact::Cached { path, length, .. }) => {
                self.send_cached(checked, &path, length, headers, head, How::Fetched)
                    .await
            }
            _ => failure(
                checked.delivery.reader,
                StatusCode::INTERNAL_SERVER_ERROR,
                "customs: the artifact left the cache before it could be sent; ask again",
            ),
        }
    }

    /// What a client is told when an upstream's bytes are wrong or do not come.
    async fn not_delivered(&self, delivery: &Delivery<'_>, end: &Progress) -> Response<Body> {
        match end {
            Progress::Mismatch { promised, found } => {
                let why = settle::mismatch(&delivery.release, &delivery.file, promised, found);
                self.refuse_changed(delivery, promised, found, settle::MISMATCH, why)
                    .await
            }
            Progress::Failed(error) => {
                let why = format!(
                    "customs: {} could not be fetched: {error}",
                    delivery.release.spoken()
                );
                delivery.run.note(Event::NotKnown(why.clone()));
                failure(delivery.reader, status_of(error), &why)
            }
            Progress::Arriving { .. } | Progress::Verified { .. } => failure(
                delivery.reader,
                StatusCode::BAD_GATEWAY,
                "customs: the download was given up; ask again",
            ),
        }
    }

    async fn send_flowing(
        &self,
        checked: Checked<'_>,
        total: Option<u64>,
        file: std::fs::File,
        download: Download,
        head: bool,
    ) -> Response<Body> {
        let body = if head {
            crate::answer::full(Bytes::new())
        } else {
            // Recorded before it flows: what has begun to leave may arrive.
            let bytes = total.unwrap_or(0);
            if let Err(response) = self.record(&checked, bytes, Served::Full).await {
                return response;
            }
            let objection = read::Reading::of(self, &checked).objection();
            let objection: flow::Objection = objection.boxed().shared();
            self.settle_later(&checked, download.clone(), objection.clone());
            flow::flowing(file, download, objection)
        };
        let mut response = Response::new(body);
        artifact_headers(&mut response, &checked, total);
        response
    }

    async fn record(
        &self,
        checked: &Checked<'_>,
        bytes: u64,
        served: Served,
    ) -> Result<(), Response<Body>> {
        let Checked {
            delivery, digest, ..
        } = checked;
        let decision = delivery.admitted.judgement.as_ref().map(|j| &j.decision);
        let record = LedgerRecord::Delivered(Delivered {
            release: delivery.release.clone(),
            artifact: delivery.file.clone(),
            digest: digest.clone(),
            bytes,
            served,
            who: delivery.who.clone(),
            action: decision.map_or("allow", |d| d.action.word()).to_owned(),
            rules: decision
                .map(|d| d.reasons.iter().map(|r| r.rule.clone()).collect())
                .unwrap_or_default(),
            not_checked: delivery.admitted.not_checked().to_vec(),
            epoch: (*delivery.run.context.epoch).clone(),
        });
        let how = match served {
            Served::Full => 0,
            Served::FromCache => 1,
            Served::Range { .. } => 2,
            Served::ClientCache => 3,
        };
        if let Err(error) = self.append(record).await {
            // Without a record nothing leaves: the ledger is the truth about the past.
            let why = format!(
                "customs: {} is not delivered because the ledger takes no records: {error}",
                delivery.release.spoken()
            );
            tracing::error!(%error, "the ledger takes no records");
            self.metrics.unrecorded();
            return Err(failure(
                delivery.reader,
                StatusCode::INSUFFICIENT_STORAGE,
                &why,
            ));
        }
        self.metrics.delivered(how);
        Ok(())
    }
}

fn artifact_headers(response: &mut Response<Body>, checked: &Checked<'_>, length: Option<u64>) {
    let Checked {
        delivery, digest, ..
    } = checked;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(delivery.media));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Clients keep artifacts themselves; what the gate refuses must not come from there
    // without a question, so it is asked again.
    headers.insert(
        hyper::header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=0, must-revalidate"),
    );
    if let Ok(etag) = HeaderValue::from_str(&asked::etag(digest)) {
        headers.insert(ETAG, etag);
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}
