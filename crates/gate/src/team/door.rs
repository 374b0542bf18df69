//! Who comes in, and what everybody else is told.

use super::{Member, Role, Shown, Team};
use crate::answer::{Body, Reader, failure, full, json};
use crate::credential::presented;
use crate::metrics::{MEDIA_TYPE, NotOpened};
use crate::route::Route;
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_rules::show_instant;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};
use std::sync::Arc;

/// What a request comes to before it is routed.
pub(crate) enum Door {
    /// It is served under this run.
    In(Arc<Run>),
    /// It may look at the page, and at nothing else.
    Looks,
    /// It asks about exemptions: what of them, below the gate's own addresses.
    Exempts(Arc<Member>, String),
    /// It has its answer.
    Answered(Response<Body>),
}

impl Gate {
    /// Lets a request in, by its token.
    pub(crate) fn door(
        &self,
        team: &Team,
        request: &Request,
        route: &Route,
        reader: Reader,
    ) -> Door {
        let now = self.registry.clock.now();
        let secret = presented(&request.headers);
        let (why, sentence) = match team.shown(secret.as_deref(), now) {
            Shown::Good(member) => return self.entered(&member, request, route, reader),
            Shown::Nothing => (
                NotOpened::Missing,
                "customs: this gate asks for a token; `customs gate setup` gives it to your package \
                 managers"
                    .to_owned(),
            ),
            Shown::Unknown => (
                NotOpened::Unknown,
                "customs: this token is not known to this gate; ask those who look after it for one"
                    .to_owned(),
            ),
            Shown::Expired(member, at) => (
                NotOpened::Expired,
                format!(
                    "customs: the token {:?} expired on {}; ask those who look after the gate for a \
                     new one",
                    member.name,
                    show_instant(at)
                ),
            ),
            Shown::Revoked(member) => (
                NotOpened::Revoked,
                format!(
                    "customs: the token {:?} was revoked; ask those who look after the gate",
                    member.name
                ),
            ),
        };
        self.metrics.not_opened(why);
        let mut response = failure(reader, StatusCode::UNAUTHORIZED, &sentence);
        response.headers_mut().insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"customs\""),
        );
        Door::Answered(response)
    }

    fn entered(
        &self,
        member: &Arc<Member>,
        request: &Request,
        route: &Route,
        reader: Reader,
    ) -> Door {
        if let Route::Control(what) = route {
            if super::approvals::is_asked(what) {
                return Door::Exempts(member.clone(), what.clone());
            }
            return Door::Answered(self.told(member, request, what));
        }
        match member.role {
            Role::Install | Role::Publish => return Door::In(member.run()),
            Role::Monitor | Role::Read | Role::Approve if request.path == "/metrics" => {
                return Door::Answered(self.numbers());
            }
            Role::Read | Role::Approve => return Door::Looks,
            Role::Monitor => {}
        }
        self.metrics.not_opened(NotOpened::Role);
        let why = format!(
            "customs: the token {:?} is for /metrics only; packages need one with the role install",
            member.name
        );
        Door::Answered(failure(reader, StatusCode::FORBIDDEN, &why))
    }

    /// What a holder of a token is told about it: whose it is, and which probes arrived with it.
    fn told(&self, member: &Member, request: &Request, what: &str) -> Response<Body> {
        let parts: Vec<&str> = what.split('/').collect();
        match (&request.method, parts.as_slice()) {
            (&Method::GET, ["whoami"]) => json(
                StatusCode::OK,
                &serde_json::json!({
                    "token": member.name,
                    "role": member.role.word(),
                    "policy": member.policy,
                    "expires": member.expires,
                    "version": env!("CARGO_PKG_VERSION"),
                }),
            ),
            (&Method::GET, ["probe", name]) => {
                let arrived = member.run().has_arrived(name);
                json(StatusCode::OK, &serde_json::json!({ "arrived": arrived }))
            }
            _ => failure(
                Reader::Npm,
                StatusCode::NOT_FOUND,
                "customs: a team's gate has no such address",
            ),
        }
    }

    pub(super) fn numbers(&self) -> Response<Body> {
        let mut response = Response::new(full(self.metrics.render_with(&self.gauges())));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// Whether it is well, for who asks without a credential. With one these are names of
    /// packages.
    pub(crate) async fn health(self: &Arc<Self>, request: &Request) -> Option<Response<Body>> {
        let asks = matches!(request.path.as_str(), "/healthz" | "/readyz")
            && matches!(request.method, Method::GET | Method::HEAD)
            && !request.headers.contains_key(AUTHORIZATION);
        match asks {
            true => Some(self.probed(&request.path).await),
            false => None,
        }
    }
}
