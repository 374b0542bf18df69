//! A page to look at: what is held and until when, what was blocked and why, who received a
//! release, how the caches do, and which registries cannot be asked.
//!
//! It reads, and changes nothing. It is HTML that is made here, with one style sheet and no script;
//! the same stands there as JSON. It says who received what, so not everybody may see it: see
//! [`Gate::page_of_operations`] and the role `read`.

mod address;
mod draw;
mod frame;
mod hours;
mod html;
mod plot;
mod search;
mod sheet;
mod table;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use watch::Watch;

use crate::answer::{Body, full};
use crate::server::Gate;
use address::{Address, NoAddress, View};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Method, Response, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Pages that are made at the same time: who looks must not be a load.
const TOGETHER: usize = 2;
/// How often what happened is counted to its bar.
const LOOK: Duration = Duration::from_secs(60);

/// Nothing but what this gate serves itself, and no script at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// An answer that is a part of the page, for whoever counts requests.
#[derive(Clone)]
pub(crate) struct Looked;

/// Who is answered next.
pub(crate) struct Lookers(Semaphore);

impl Default for Lookers {
    fn default() -> Self {
        Self(Semaphore::new(TOGETHER))
    }
}

/// What of a request the page goes by.
pub(crate) struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path.
    pub path: &'a str,
    /// The query.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl Gate {
    /// The page at the address of those who look after the gate: without a token, so only where
    /// that address is reached from this machine alone, and only by a name of this machine: another
    /// one may have been bound to it by somebody who wants a browser to read the page.
    pub(crate) async fn page_of_operations(
        self: &Arc<Self>,
        asked: Asked<'_>,
        is_loopback: bool,
    ) -> Response<Body> {
        if !is_loopback {
            let why = "The page is here only where this address is one of the gate's own machine \
                       (operations = \"127.0.0.1:9464\"). Elsewhere a token with the role read \
                       shows it, at the address that clients use.";
            return refused(StatusCode::FORBIDDEN, why);
        }
        if !is_this_machine(asked.headers) {
            let why = "The page is shown at 127.0.0.1 and localhost, and under no other name.";
            return refused(StatusCode::MISDIRECTED_REQUEST, why);
        }
        self.page(asked).await
    }

    /// The page, for who may see it.
    pub(crate) async fn page(self: &Arc<Self>, asked: Asked<'_>) -> Response<Body> {
        if !matches!(*asked.method, Method::GET | Method::HEAD) {
            let why = "The page is read with GET, and changes nothing.";
            let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, why);
            let headers = response.headers_mut();
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let address = match Address::of(asked.path, asked.query) {
            Ok(address) => address,
            Err(NoAddress::Unknown) => {
                return refused(StatusCode::NOT_FOUND, "There is no such page.");
            }
            Err(NoAddress::Query(why)) => {
                let why = format!("The address cannot be read: {why}.");
                return refused(StatusCode::BAD_REQUEST, &why);
            }
        };
        match address.view {
            View::Style => return answer(StatusCode::OK, "text/css; charset=utf-8", STYLE),
            View::Icon => return answer(StatusCode::OK, "image/svg+xml", ICON),
            _ => {}
        }
        // Never closed; without it the page is made all the same.
        let _turn = self.lookers.0.acquire().await.ok();
        let sheet = self.sheet(&address.view).await;
        match address.json {
            true => match serde_json::to_string(&sheet) {
                Ok(text) => answer(StatusCode::OK, "application/json", text),
                Err(error) => {
                    tracing::error!(%error, "the page could not be written as JSON");
                    refused(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "It could not be written.",
                    )
                }
            },
            false => {
                let html = draw::html(&sheet, &address.view);
                answer(StatusCode::OK, "text/html; charset=utf-8", html)
            }
        }
    }

    /// Counts what happens to the bars of the page, and what is held, for ever.
    pub(crate) async fn watch_numbers(self: Arc<Self>) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            let now = self.registry.clock.now();
            self.watch.look(&self.metrics.totals(), now);
            self.count_held().await;
        }
    }
}

/// Whether `Host` is a name of the machine itself, with any port: one may be passed on to another.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        ["127.0.0.1", "localhost", "[::1]"].contains(&&*name.to_ascii_lowercase())
    })
}

/// A page that says why there is none.
fn refused(status: StatusCode, why: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or("No page");
    let html = frame::page(title, "", None, None, |h| draw::lead(h, why));
    answer(status, "text/html; charset=utf-8", html)
}

fn answer(
    status: StatusCode,
    media_type: &'static str,
    text: impl Into<bytes::Bytes>,
) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    response.extensions_mut().insert(Looked);
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        // It says who received what: nothing of it is kept anywhere.
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
