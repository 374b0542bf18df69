//! Delivery: an artifact is complete at the client only after its digest matched.
//!
//! Small bodies wait for the check. Past five seconds headers and body flow, except for
//! the last 64 KiB; on a mismatch the connection is reset, so that no client ever holds
//! a whole wrong artifact. The ledger's record is with the operating system before the
//! last byte leaves.

use crate::admit::{Admitted, status_of};
use crate::answer::{Body, Reader, failure, refusal};
use crate::rendering::file_body;
use crate::report::{Event, RefusedEntry};
use crate::run::Run;
use crate::server::Gate;
use bytes::Bytes;
use customs_model::{Digest, ReleaseId};
use customs_registry::Upstream;
use customs_registry::artifact::{Artifact, Download, Progress};
use customs_store::{Delivered, DigestChanged, LedgerRecord, Served, Who};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, RANGE,
};
use hyper::{Response, StatusCode};
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a body waits for its check before it starts to flow.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is kept back until the check is done.
const KEPT_BACK: u64 = 64 << 10;
/// Bytes read at a time.
const PIECE: u64 = 256 << 10;

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
    /// The address that the document names.
    pub url: Url,
    /// What the document promises; some very old documents promise nothing.
    pub promised: Option<Digest>,
    /// Under what it is delivered.
    pub admitted: Admitted,
    /// Who reads a refusal.
    pub reader: Reader,
    /// The media type.
    pub media: &'static str,
}

/// A delivery with the digest that its bytes must have.
struct Checked<'a> {
    delivery: Delivery<'a>,
    digest: Digest,
}

impl Gate {
    /// Delivers an artifact that policy admits.
    pub async fn deliver(
        &self,
        delivery: Delivery<'_>,
        headers: &HeaderMap,
        head: bool,
    ) -> Response<Body> {
        let digest = match self.digest_to_check(&delivery).await {
            Ok(digest) => digest,
            Err(response) => return response,
        };
        let artifacts = &self.registry.artifacts;
        let checked = Checked { delivery, digest };
        match artifacts.get(
            checked.delivery.upstream,
            &checked.delivery.url,
            &checked.digest,
        ) {
            Artifact::Cached { path, length, .. } => {
                self.send_cached(&checked, &path, length, headers, head, true)
                    .await
            }
            Artifact::Arriving(download) => {
                self.send_arriving(checked, download, headers, head).await
            }
        }
    }

    /// What the bytes must hash to. A digest that changes for a published version is
    /// refused and recorded: nothing honest does that. A document that now promises less
    /// (a weaker hash) does not loosen what was pinned at the first delivery.
    async fn digest_to_check(&self, delivery: &Delivery<'_>) -> Result<Digest, Response<Body>> {
        let pinned = self.pinned(delivery.upstream, &delivery.release, &delivery.file);
        match (pinned, &delivery.promised) {
            (None, Some(promised)) => Ok(promised.clone()),
            (Some(pinned), None) => Ok(pinned),
            // What arrives first is pinned.
            (None, None) => {
                let artifacts = &self.registry.artifacts;
                match artifacts.unpromised(delivery.upstream, &delivery.url).await {
                    Ok(digest) => Ok(digest),
                    Err(error) => {
                        let why = format!("customs: {error}");
                        Err(failure(delivery.reader, status_of(&error), &why))
                    }
                }
            }
            (Some(pinned), Some(promised)) if pinned == *promised => Ok(pinned),
            (Some(pinned), Some(promised)) if pinned.algorithm() > promised.algorithm() => {
                Ok(pinned)
            }
            // A stronger promise than before: both cannot be compared without the bytes,
            // which are checked against the stronger one and then pinned anew.
            (Some(pinned), Some(promised)) if pinned.algorithm() < promised.algorithm() => {
                Ok(promised.clone())
            }
            (Some(pinned), Some(promised)) => {
                let why = format!(
                    "customs: {} ({}) was {pinned} when it was first delivered, the registry now promises {promised}. \
                     A published release never changes. Not delivered; report it to the registry.",
                    delivery.release.spoken(),
                    delivery.file
                );
                Err(self
                    .refuse_changed(delivery, &pinned, promised, "digest-changed", why)
                    .await)
            }
        }
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
        self.append_or_log(record).await;
        delivery.run.note(Event::Refused(RefusedEntry {
            what: delivery.release.spoken(),
            rule: rule.into(),
            why: why.clone(),
        }));
        refusal(delivery.reader, StatusCode::FORBIDDEN, rule, &why)
    }

    async fn send_cached(
        &self,
        checked: &Checked<'_>,
        path: &std::path::Path,
        length: u64,
        headers: &HeaderMap,
        head: bool,
        was_cached: bool,
    ) -> Response<Body> {
        let delivery = &checked.delivery;
        let range = match range(headers, length) {
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
                None if was_cached => Served::FromCache,
                None => Served::Full,
            };
            if let Err(response) = self.record(checked, count, served).await {
                return response;
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

    async fn send_arriving(
        &self,
        checked: Checked<'_>,
        mut download: Download,
        headers: &HeaderMap,
        head: bool,
    ) -> Response<Body> {
        // The file must be open before the download renames it: an open file stays.
        let whole = async {
            loop {
                let progress = download.progress.borrow_and_update().clone();
                match progress {
                    Progress::Arriving { .. } => {}
                    done => return done,
                }
                if download.progress.changed().await.is_err() {
                    let progress = download.progress.borrow().clone();
                    return progress;
                }
            }
        };
        match tokio::time::timeout(PATIENCE, whole).await {
            Ok(Progress::Verified { .. }) => {
                match self.registry.artifacts.cached(&checked.digest) {
                    Some(Artifact::Cached { path, length, .. }) => {
                        self.send_cached(&checked, &path, length, headers, head, false)
                            .await
                    }
                    _ => failure(
                        checked.delivery.reader,
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "customs: the artifact left the cache before it could be sent; ask again",
                    ),
                }
            }
            Ok(end) => self.not_delivered(&checked.delivery, &end).await,
            Err(_) => self.send_flowing(checked, download, head).await,
        }
    }

    /// What a client is told when an upstream's bytes are wrong or do not come.
    async fn not_delivered(&self, delivery: &Delivery<'_>, end: &Progress) -> Response<Body> {
        match end {
            Progress::Mismatch { promised, found } => {
                let why = format!(
                    "customs: {} ({}): the upstream's bytes are {found}, its document promises {promised}. Not delivered.",
                    delivery.release.spoken(),
                    delivery.file
                );
                self.refuse_changed(delivery, promised, found, "digest-mismatch", why)
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
        download: Download,
        head: bool,
    ) -> Response<Body> {
        let file = match std::fs::File::open(&download.partial) {
            Ok(file) => file,
            Err(_) => {
                let progress = download.progress.borrow().clone();
                return self.not_delivered(&checked.delivery, &progress).await;
            }
        };
        let total = match &*download.progress.borrow() {
            Progress::Arriving { total, .. } => *total,
            Progress::Verified { length, .. } => Some(*length),
            Progress::Mismatch { .. } | Progress::Failed(_) => None,
        };
        // Recorded before it flows: what has begun to leave may arrive.
        if let Err(response) = self
            .record(&checked, total.unwrap_or(0), Served::Full)
            .await
        {
            return response;
        }
        let body = if head {
            crate::answer::full(Bytes::new())
        } else {
            flowing(file, download)
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
        let Checked { delivery, digest } = checked;
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
            epoch: (*delivery.run.context.epoch).clone(),
        });
        if let Err(error) = self.append(record).await {
            // Without a record nothing leaves: the ledger is the truth about the past.
            let why = format!(
                "customs: {} is not delivered because the ledger takes no records: {error}",
                delivery.release.spoken()
            );
            tracing::error!(%error, "the ledger takes no records");
            return Err(failure(
                delivery.reader,
                StatusCode::INSUFFICIENT_STORAGE,
                &why,
            ));
        }
        self.pin(delivery.upstream, &delivery.release, &delivery.file, digest)
            .await;
        delivery.run.note(Event::Delivered {
            release: delivery.release.clone(),
            although: delivery.admitted.although.clone(),
        });
        Ok(())
    }
}

fn artifact_headers(response: &mut Response<Body>, checked: &Checked<'_>, length: Option<u64>) {
    let Checked { delivery, digest } = checked;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(delivery.media));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Clients keep artifacts themselves; what the gate refuses must not come from there
    // without a question, so it is asked again.
    headers.insert(
        hyper::header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=0, must-revalidate"),
    );
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", &digest.to_hex()[..40])) {
        headers.insert(ETAG, etag);
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

/// Bytes as they arrive, except the last ones, which wait for the check.
fn flowing(file: std::fs::File, download: Download) -> Body {
    struct State {
        file: std::fs::File,
        sent: u64,
        download: Download,
        over: bool,
    }
    let state = State {
        file,
        sent: 0,
        download,
        over: false,
    };
    let pieces = futures_util::stream::unfold(state, |mut state| async move {
        if state.over {
            return None;
        }
        loop {
            let progress = state.download.progress.borrow_and_update().clone();
            let may = match progress {
                Progress::Arriving { have, .. } => have.saturating_sub(KEPT_BACK),
                Progress::Verified { length, .. } if length == state.sent => return None,
                Progress::Verified { length, .. } => length,
                Progress::Mismatch { .. } => {
                    state.over = true;
                    let error = io::Error::other("the bytes are not what the document promised");
                    return Some((Err(error), state));
                }
                Progress::Failed(error) => {
                    state.over = true;
                    return Some((Err(io::Error::other(error.to_string())), state));
                }
            };
            if may > state.sent {
                let mut bytes = vec![0; (may - state.sent).min(PIECE) as usize];
                let read = state.file.read_exact(&mut bytes);
                state.sent += bytes.len() as u64;
                state.over = read.is_err();
                return Some((read.map(|()| Frame::data(bytes.into())), state));
            }
            if state.download.progress.changed().await.is_err() {
                state.over = true;
                return Some((Err(io::Error::other("the download was given up")), state));
            }
        }
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// One byte range; `Ok(None)` where none is asked for or several are (then all is sent).
fn range(headers: &HeaderMap, length: u64) -> Result<Option<(u64, u64)>, ()> {
    let Some(spec) = headers
        .get(RANGE)
        .and_then(|r| r.to_str().ok())
        .and_then(|r| r.strip_prefix("bytes="))
    else {
        return Ok(None);
    };
    let Some((from, to)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
        return Ok(None);
    };
    let (from, to) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(from), Ok(to)) => (from, to.min(length.saturating_sub(1))),
        (Ok(from), Err(_)) if to.trim().is_empty() => (from, length.saturating_sub(1)),
        (Err(_), Ok(last)) if from.trim().is_empty() => {
            (length.saturating_sub(last), length.saturating_sub(1))
        }
        _ => return Ok(None),
    };
    if from > to || from >= length {
        Err(())
    } else {
        Ok(Some((from, to - from + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_specification_says() {
        let of = |text: &str| {
            range(
                &HeaderMap::from_iter([(RANGE, HeaderValue::from_str(text).unwrap())]),
                100,
            )
        };
        assert_eq!(of("bytes=0-9"), Ok(Some((0, 10))));
        assert_eq!(of("bytes=90-"), Ok(Some((90, 10))));
        assert_eq!(of("bytes=-16"), Ok(Some((84, 16))));
        assert_eq!(of("bytes=50-500"), Ok(Some((50, 50))));
        assert_eq!(of("bytes=100-"), Err(()));
        assert_eq!(of("bytes=0-1,5-6"), Ok(None));
        assert_eq!(of("lines=1-2"), Ok(None));
    }
}
