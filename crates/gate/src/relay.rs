//! What the gate passes on: reads of endpoints that deliver no artifact, and writes.
//!
//! A write (publish, login, tags, owners, yank) goes to its one upstream with the
//! credential that the client itself sent, never with the gate's: a project that talks a
//! package manager into publishing must not borrow the user's token from here.

use crate::admit::{Unknown, status_of};
use crate::answer::{Body, Reader, failure};
use crate::credential;
use crate::naming::{body_may_be_told, may_go_along};
use crate::run::Run;
use crate::server::{Gate, Request};
use crate::traced::without_token;
use bytes::Bytes;
use customs_model::Route;
use customs_registry::Upstream;
use customs_registry::http::Ask;
use customs_store::{LedgerRecord, Relayed};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    HeaderMap, HeaderName, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{Method, Response, StatusCode};
use std::sync::Arc;

/// Headers of a client that an upstream may see.
/// npm packs what it sends with an audit, and says so.
const FORWARDED: [HeaderName; 5] = [
    ACCEPT,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    USER_AGENT,
    AUTHORIZATION,
];
/// npm's own headers, without which a two-factor prompt or a login does not work.
const FORWARDED_NAMED: [&str; 5] = [
    "npm-otp",
    "npm-auth-type",
    "npm-command",
    "npm-session",
    SCOPE,
];
/// The scope of the project that npm runs in: a public registry may not be told each.
const SCOPE: &str = "npm-scope";

impl Gate {
    /// Relays a read. `POST` counts as one where the protocol only asks by it (audit).
    /// An answer that is an artifact after all is not passed on: it was neither decided
    /// upon nor checked.
    pub async fn relay_read(
        &self,
        run: &Arc<Run>,
        upstream: &Upstream,
        request: Request,
        reader: Reader,
    ) -> Response<Body> {
        // Nobody asks by a body what only reads, and nobody looks into one.
        let request = match request.method {
            Method::POST => request,
            _ => request.without_body(),
        };
        let (path, who) = (request.path.clone(), request.who(run));
        let response = self.relay(run, upstream, request, reader, true).await;
        if !response.status().is_success() || !carries_artifact(response.headers()) {
            return response;
        }
        let asked = Unknown {
            path: &path,
            who,
            what: &path,
        };
        let why = format!(
            "{} answers with an artifact that no document of the configured registry names",
            customs_model::printable(&path, 200)
        );
        self.refuse_asked(run, reader, asked, "unknown-artifact", &why)
            .await
    }

    /// Relays a write, or refuses it.
    pub async fn relay_write(
        &self,
        run: &Arc<Run>,
        upstream: &Upstream,
        request: Request,
        reader: Reader,
    ) -> Response<Body> {
        let path = without_token(&request.path).into_owned();
        let what = format!(
            "{} {}",
            request.method,
            customs_model::printable(&path, 200)
        );
        if run.read_only {
            let why = format!(
                "{what} is a write, and this run is read-only; to allow it, run the command without --read-only"
            );
            let asked = Unknown {
                path: &path,
                who: request.who(run),
                what: &what,
            };
            return self
                .refuse_asked(run, reader, asked, "read-only", &why)
                .await;
        }
        let who = request.who(run);
        if path != request.path && self.is_own_credential(&request.headers) {
            // Its token is for this gate: no registry knows it, and none is to hear of it.
            let why = format!(
                "{what} would tell a registry the token of this gate; a token ends where it was made"
            );
            let asked = Unknown {
                path: &path,
                who,
                what: &what,
            };
            return self
                .refuse_asked(run, reader, asked, "own-token", &why)
                .await;
        }
        let (method, endpoint) = (request.method.to_string(), endpoint(&request));
        // What is in memory of the body counts until the registry has taken it.
        let (request, _in_memory) = match upstream.route {
            Route::Private => (request, None),
            Route::Public => {
                let upstreams = &run.context.upstreams;
                match body_may_be_told(upstreams, reader.ecosystem(), request).await {
                    Ok(told) => told,
                    Err(why) => {
                        let asked = Unknown {
                            path: &path,
                            who,
                            what: &what,
                        };
                        return self
                            .refuse_asked(run, reader, asked, "internal-name", &why)
                            .await;
                    }
                }
            }
        };
        let response = self.relay(run, upstream, request, reader, false).await;
        let record = LedgerRecord::Relayed(Relayed {
            method,
            endpoint,
            who,
            status: response.status().as_u16(),
        });
        self.append_or_log(record).await;
        response
    }

    async fn relay(
        &self,
        run: &Run,
        upstream: &Upstream,
        request: Request,
        reader: Reader,
        read: bool,
    ) -> Response<Body> {
        let path = request
            .upstream_path
            .clone()
            .unwrap_or_else(|| request.path.trim_start_matches('/').to_owned());
        let query = request
            .query
            .as_deref()
            .map(|q| format!("?{q}"))
            .unwrap_or_default();
        let url = match upstream.join(&format!("{path}{query}")) {
            Ok(url) => url,
            Err(error) => {
                return failure(
                    reader,
                    StatusCode::BAD_REQUEST,
                    &format!("customs: {error}"),
                );
            }
        };
        let mut headers = forwarded(&request.headers);
        if read || self.is_own_credential(&request.headers) {
            // The run's credential is for this gate; it leaves to nobody.
            headers.remove(AUTHORIZATION);
        }
        let (upstreams, ecosystem) = (&run.context.upstreams, reader.ecosystem());
        let may_go = headers.get(SCOPE).is_none_or(|scope| {
            let scope = scope.to_str();
            scope.is_ok_and(|scope| may_go_along(upstreams, ecosystem, scope))
        });
        if upstream.route == Route::Public && !may_go {
            headers.remove(SCOPE);
        }
        let own = credential::own(&request.headers, &upstream.base);
        if let Some(own) = own.filter(|_| !read) {
            headers.insert(AUTHORIZATION, own);
        }
        let method = request.method.clone();
        let body = request.into_stream();
        // Registries want to know how long a package is before it comes.
        if let Some(length) = body.as_ref().and_then(|(_, length)| *length) {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        let ask = Ask {
            method: method.clone(),
            url,
            headers,
            body: body.map(|(stream, _)| reqwest_response::Body::wrap_stream(stream)),
            with_credential: read,
            verbatim: false,
        };
        match self.registry.fetcher.ask(upstream, ask).await {
            Ok(response) => pass_on(response, method == Method::HEAD),
            Err(error) => failure(reader, status_of(&error), &format!("customs: {error}")),
        }
    }
}

/// What kind of write it is, for the ledger. Paths hold names and tokens; kinds do not.
fn endpoint(request: &Request) -> String {
    let path = request.path.as_str();
    let kind = if path.contains("/dist-tags/") {
        "dist-tag"
    } else if path.contains("/-/user/") || path.contains("/login") {
        "login"
    } else if path.contains("/owners") || path.contains("/collaborators") {
        "owners"
    } else if path.ends_with("/yank") || path.ends_with("/unyank") {
        "yank"
    } else if request.method == Method::DELETE {
        "delete"
    } else if request.method == Method::PUT {
        "publish"
    } else {
        "other"
    };
    kind.to_owned()
}

/// Media types of the archives that packages come in.
fn carries_artifact(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media = media.and_then(|m| m.split(';').next()).unwrap_or_default();
    matches!(
        media.trim().to_ascii_lowercase().as_str(),
        "application/octet-stream"
            | "binary/octet-stream"
            | "application/gzip"
            | "application/x-gzip"
            | "application/x-compressed"
            | "application/x-compressed-tar"
            | "application/tar"
            | "application/x-tar"
            | "application/tar+gzip"
            | "application/zip"
    )
}

fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let named = FORWARDED_NAMED
        .iter()
        .map(|name| HeaderName::from_static(name));
    FORWARDED
        .into_iter()
        .chain(named)
        .filter_map(|name| headers.get(&name).map(|value| (name, value.clone())))
        .collect()
}

fn pass_on(response: reqwest_response::Response, head: bool) -> Response<Body> {
    let status = response.status();
    let headers = response.headers().clone();
    let body = if head {
        crate::answer::full(Bytes::new())
    } else {
        StreamBody::new(response.bytes_stream().map(|piece| {
            piece
                .map(Frame::data)
                .map_err(|e| std::io::Error::other(e.without_url().to_string()))
        }))
        .boxed_unsync()
    };
    let mut out = Response::new(body);
    *out.status_mut() = status;
    for (name, value) in &headers {
        let hop = [
            TRANSFER_ENCODING,
            CONTENT_LENGTH,
            ACCEPT_ENCODING,
            hyper::header::CONNECTION,
            hyper::header::SET_COOKIE,
        ];
        if !hop.contains(name) {
            out.headers_mut().append(name, value.clone());
        }
    }
    out
}

use customs_registry::reqwest as reqwest_response;
