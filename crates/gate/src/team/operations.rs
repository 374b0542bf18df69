//! Whether the gate is well, for probes of whatever runs it.

use crate::answer::{Body, full};
use crate::metrics::Gauges;
use crate::page::Asked;
use crate::server::Gate;
use customs_model::Timestamp;
use customs_store::{Store, StoreError};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How long the ledger may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer counts: whoever asks often must not be a load.
const COUNTS: Duration = Duration::from_secs(1);
/// How long a bad one counts: a question may still wait for its database.
const BAD_COUNTS: Duration = Duration::from_secs(3);

/// What the last look came to.
#[derive(Default)]
pub(crate) struct Readiness(tokio::sync::Mutex<Option<(Instant, Result<(), String>)>>);

impl Gate {
    /// Answers those who look after it, at their own address.
    pub(crate) async fn operations(
        self: &Arc<Self>,
        asked: Asked<'_>,
        is_loopback: bool,
    ) -> Response<Body> {
        match asked.path {
            "/metrics" | "/healthz" | "/readyz" => self.probed(asked.path).await,
            _ => self.page_of_operations(asked, is_loopback).await,
        }
    }

    /// Answers whatever runs it.
    pub(crate) async fn probed(self: &Arc<Self>, path: &str) -> Response<Body> {
        match path {
            "/metrics" => self.numbers(),
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            "/readyz" => match self.ready().await {
                Ok(()) => plain(StatusCode::OK, "ready\n"),
                Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, &format!("{why}\n")),
            },
            _ => plain(
                StatusCode::NOT_FOUND,
                "/metrics, /healthz and /readyz are here\n",
            ),
        }
    }

    /// What is so now.
    pub(super) fn gauges(&self) -> Gauges {
        let Some(team) = &self.team else {
            return Gauges::default();
        };
        Gauges {
            waiting: team.turns.waiting(),
            fetches: self.registry.waiting(),
            held: *team.held.lock().unwrap_or_else(PoisonError::into_inner),
            feed: *team.feed.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Counts what is held. Where the ledger does not answer, it is not known.
    pub(crate) async fn count_held(&self) {
        let Some(team) = &self.team else { return };
        let (store, now) = (self.store(), self.registry.clock.now());
        let counted = tokio::task::spawn_blocking(move || held(&*store, now)).await;
        let counted = match counted {
            Ok(Ok(counted)) => Some(counted),
            Ok(Err(error)) => {
                tracing::debug!(%error, "what is held could not be counted");
                None
            }
            Err(error) => {
                tracing::error!(%error, "what is held could not be counted");
                None
            }
        };
        *team.held.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    /// Whether requests should be sent here; why not, in words that give nothing away.
    async fn ready(self: &Arc<Self>) -> Result<(), String> {
        if self.draining.load(Ordering::Relaxed) || *self.stopping.borrow() {
            return Err("it stops".to_owned());
        }
        let mut last = self.readiness.0.lock().await;
        if let Some((at, answer)) = &*last {
            let counts = if answer.is_ok() { COUNTS } else { BAD_COUNTS };
            if at.elapsed() < counts {
                return answer.clone();
            }
        }
        let store = self.store();
        // Any question does: what cannot be asked cannot record deliveries either.
        let asked = tokio::task::spawn_blocking(move || store.meta("ready"));
        let answer = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "not ready: the ledger does not answer");
                Err("the ledger does not answer".to_owned())
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "not ready");
                Err("the ledger could not be asked".to_owned())
            }
            Err(_) => Err("the ledger takes too long to answer".to_owned()),
        };
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

/// Rows of one page of the list, and pages that are counted.
const ROWS: usize = 500;
const PAGES: usize = 10;

/// How much is held, up to 5,000.
fn held(store: &dyn Store, now: Timestamp) -> Result<u64, StoreError> {
    let (mut count, mut after) = (0, None);
    for _ in 0..PAGES {
        let page = store.held(now, after.as_ref(), ROWS)?;
        count += page.rows.len() as u64;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(count)
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(full(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
