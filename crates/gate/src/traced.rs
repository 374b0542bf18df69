//! Requests as parts of traces: the one that a client names, or one of their own.

use crate::answer::Body;
use crate::route::{Route, decode};
use crate::server::Gate;
use customs_registry::trace::{Parent, Span, TRACEPARENT, Traces};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use std::borrow::Cow;
use std::sync::Arc;
use tracing::Instrument as _;

/// The header that tells a client which trace its request is part of.
const TRACE: &str = "customs-trace";

impl Gate {
    /// Answers as part of a trace, which the client and the log are told.
    pub(crate) async fn traced(
        self: Arc<Self>,
        span: Span,
        request: hyper::Request<Incoming>,
        route: Route,
        address: String,
    ) -> Response<Body> {
        let trace = span.trace();
        let logged = tracing::info_span!("request", trace = %trace);
        let answer = self.answer(request, route, address).instrument(logged);
        let mut response = span.around(answer).await;
        if let Ok(value) = HeaderValue::from_str(&trace) {
            response.headers_mut().insert(TRACE, value);
        }
        span.end(Some(response.status().as_u16()), None);
        response
    }

    /// Writes from now on which request asked whom, and takes over the traces of clients.
    pub fn trace_to(&self, traces: Traces) {
        if self.traces.set(traces).is_err() {
            tracing::warn!("traces are written already; where to does not change");
        }
    }
}

/// A path without the secret that npm's `logout` has in it: `/-/user/token/TOKEN`.
pub(crate) fn without_token(path: &str) -> Cow<'_, str> {
    const BEFORE: &str = "/-/user/token/";
    // Escapes may stand for any letter of it.
    let plain = decode(path).unwrap_or_default();
    match plain.find(BEFORE) {
        Some(at) => Cow::Owned(format!("{}{BEFORE}…", &plain[..at])),
        None => Cow::Borrowed(path),
    }
}

/// Begins the span of a request. It is called by its path, without a query, which may hold secrets.
pub(crate) fn begin(traces: &Traces, request: &hyper::Request<Incoming>) -> Span {
    let mut named = request.headers().get_all(TRACEPARENT).iter();
    let parent = named.next().and_then(|value| value.to_str().ok());
    // Two of them name none.
    let parent = parent.filter(|_| named.next().is_none());
    let name = format!(
        "{} {}",
        request.method(),
        without_token(request.uri().path())
    );
    traces.begin(parent.and_then(Parent::parse), &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_without_the_token_that_it_has_in_it() {
        for (path, told) in [
            ("/-/user/token/s3cret", "/-/user/token/…"),
            ("/api/npm/-/user/token/s3cret", "/api/npm/-/user/token/…"),
            ("/-/user/%74oken/s3cret", "/-/user/token/…"),
            ("/-%2fuser%2ftoken%2fs3cret", "/-/user/token/…"),
            ("/@acme%2fx", "/@acme%2fx"),
            ("/-/user/org.couchdb.user:me", "/-/user/org.couchdb.user:me"),
        ] {
            assert_eq!(without_token(path), told);
        }
    }
}
