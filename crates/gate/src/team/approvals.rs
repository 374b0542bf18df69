//! Exemptions over the network: a token with the role `approve` grants and ends them, one with the
//! role `read` sees them. What is granted is a record of the ledger like every other.

use super::{Member, Role};
use crate::answer::{Body, Reader, empty, failure, json};
use crate::approve::{self, Ending, NotApproved, Wanted};
use crate::server::{Gate, Request};
use customs_model::{Ecosystem, PackageSpec, Standing, printable};
use customs_rules::{RuleSet, judge_code};
use customs_store::{ExemptionChange, Granted, Who};
use hyper::header::AUTHORIZATION;
use hyper::{Method, Response, StatusCode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where they are, below the gate's own addresses.
const ADDRESS: &str = "exemptions";
/// The most that a request about one may have, in bytes.
const BODY: usize = 64 << 10;

/// Why a request comes to nothing: what its answer says.
struct Refused(StatusCode, String);

impl From<NotApproved> for Refused {
    fn from(why: NotApproved) -> Self {
        let status = match &why {
            NotApproved::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            NotApproved::Store { .. } | NotApproved::Random(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, why.to_string())
    }
}

/// What of the gate's own addresses is about exemptions.
pub(super) fn is_asked(what: &str) -> bool {
    what.split('/').next() == Some(ADDRESS)
}

impl Gate {
    /// Grants, ends and lists, for a holder of a token.
    pub(crate) async fn exemptions(
        self: &Arc<Self>,
        member: &Member,
        request: Request,
        what: &str,
    ) -> Response<Body> {
        let parts: Vec<&str> = what.split('/').skip(1).collect();
        let done = match (request.method.clone(), parts.as_slice()) {
            (Method::GET, []) => self.list_exemptions(member, &request).await,
            (Method::POST, []) => self.grant_exemption(member, request).await,
            (Method::DELETE, [id]) => {
                let id = (*id).to_owned();
                self.end_exemption(member, request, id).await
            }
            _ => return empty(StatusCode::METHOD_NOT_ALLOWED),
        };
        done.unwrap_or_else(|Refused(status, why)| {
            failure(Reader::Npm, status, &format!("customs: {why}"))
        })
    }

    async fn list_exemptions(
        &self,
        member: &Member,
        request: &Request,
    ) -> Result<Response<Body>, Refused> {
        if !matches!(member.role, Role::Approve | Role::Read) {
            return Err(not_allowed(member, "see exemptions", "approve or read"));
        }
        let all = request.query.as_deref() == Some("all");
        let store = self.store.clone();
        let rows = blocking(move || {
            let rows = store.exemptions();
            rows.map_err(|error| NotApproved::Store {
                doing: "read the exemptions",
                error,
            })
        });
        let rows = rows.await?;
        let now = self.registry.clock.now();
        let policy = &member.run().context.policy;
        let problems = policy.problems(now);
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Ok(json(
            StatusCode::OK,
            &serde_json::json!({
                "schema": "customs/policy-exemptions-v1", "at": now,
                "exemptions": approve::listed(policy, rows, all, now), "problems": problems,
            }),
        ))
    }

    async fn grant_exemption(
        self: &Arc<Self>,
        member: &Member,
        request: Request,
    ) -> Result<Response<Body>, Refused> {
        is_let_in(member, &request)?;
        let (request, wanted) = asked::<Wanted>(request).await?;
        let who = may_change(member, &request, wanted.agent.clone())?;
        let target = PackageSpec::parse(&wanted.target, Ecosystem::Npm);
        let target = target.map_err(|why| unfit(why.to_string()))?;
        let now = self.registry.clock.now();
        let gate = self.clone();
        let granted = blocking(move || {
            let granted = approve::prepare(&*gate.store, &target, &wanted, who, now)?;
            if !granted.although_malicious
                && target.version.is_some()
                && let Some(why) = gate.judged_malicious(&target, &granted)
            {
                return Err(why);
            }
            approve::write(&*gate.store, ExemptionChange::Granted(granted.clone()))?;
            Ok(granted)
        });
        let granted = granted.await?;
        self.put_in_force(&granted.id).await?;
        let not_followed = self.not_followed(&granted.who);
        Ok(json(
            StatusCode::CREATED,
            &serde_json::json!({
                "schema": "customs/policy-exempt-v1", "at": now, "granted": granted,
                "not_followed": not_followed,
            }),
        ))
    }

    async fn end_exemption(
        self: &Arc<Self>,
        member: &Member,
        request: Request,
        id: String,
    ) -> Result<Response<Body>, Refused> {
        is_let_in(member, &request)?;
        let (request, ending) = asked::<Ending>(request).await?;
        let who = may_change(member, &request, ending.agent.clone())?;
        let now = self.registry.clock.now();
        let store = self.store.clone();
        let by = who.clone();
        let row = blocking(move || {
            let row = approve::in_force(&*store, &id, now)?;
            approve::write(&*store, approve::end_of(&row, ending.reason.as_deref(), by))?;
            Ok(row)
        });
        let row = row.await?;
        self.put_in_force(&row.granted.id).await?;
        Ok(json(
            StatusCode::OK,
            &serde_json::json!({
                "schema": "customs/policy-exempt-v1", "ended": row.granted.id,
                "about": row.granted.about, "at": now, "who": who,
            }),
        ))
    }

    /// Puts everybody under what the ledger says now: whoever is told that something counts may ask
    /// for it at once.
    async fn put_in_force(&self, id: &str) -> Result<(), Refused> {
        self.refresh_grants().await.map_err(|why| {
            Refused(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("the change of {id} is recorded, and this gate cannot read it yet: {why}"),
            )
        })
    }

    /// Policies of this gate under which an exemption of this author does not count, and why.
    fn not_followed(&self, who: &Who) -> BTreeMap<String, String> {
        let members = self.team.iter().flat_map(|team| {
            let members = team.members();
            members.all().cloned().collect::<Vec<_>>()
        });
        let refused = members.filter_map(|member| {
            let policy = &member.run().context.policy;
            let may = policy.may_grant(who.credential.as_deref(), who.agent.as_deref());
            let name = member.policy.clone();
            may.err()
                .map(|why| (name.unwrap_or_else(|| "the gate's own".to_owned()), why))
        });
        refused.collect()
    }

    /// Why a release is not exempted without a word for it, where its code was read and judged.
    fn judged_malicious(&self, target: &PackageSpec, granted: &Granted) -> Option<NotApproved> {
        let rules = RuleSet::standard();
        let ecosystem = target.package.ecosystem();
        let known = granted
            .digests
            .iter()
            .filter_map(|digest| self.registry.known_code(digest, ecosystem));
        known
            .map(|facts| judge_code(&facts.code, &rules))
            .find(|verdict| verdict.standing == Standing::Malicious)
            .map(|verdict| approve::malicious(&granted.about, &verdict))
    }
}

/// Whether a request may change anything at all, before its body is read.
fn is_let_in(member: &Member, request: &Request) -> Result<(), Refused> {
    if member.role != Role::Approve {
        return Err(not_allowed(member, "change exemptions", "approve"));
    }
    // A browser that was once told the token sends it as `Basic` by itself, also with what a
    // strange page has it ask for. Nothing sends `Bearer` by itself.
    let shown = request.headers.get(AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok());
    let is_bearer = shown
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if is_bearer {
        return Ok(());
    }
    Err(Refused(
        StatusCode::FORBIDDEN,
        "a change of exemptions wants the token as Bearer".to_owned(),
    ))
}

/// Who changes something, where the policy of this token lets it.
fn may_change(member: &Member, request: &Request, agent: Option<String>) -> Result<Who, Refused> {
    let run = member.run();
    let who = Who {
        agent: agent.map(|name| printable(&name, 60)),
        ..request.who(&run)
    };
    let policy = &run.context.policy;
    let may = policy.may_grant(who.credential.as_deref(), who.agent.as_deref());
    may.map_err(|why| Refused(StatusCode::FORBIDDEN, format!("nothing was changed: {why}")))?;
    Ok(who)
}

fn not_allowed(member: &Member, what: &str, role: &str) -> Refused {
    let (name, own) = (&member.name, member.role.word());
    Refused(
        StatusCode::FORBIDDEN,
        format!("the token {name:?} has the role {own}; to {what} takes the role {role}"),
    )
}

fn unfit(why: String) -> Refused {
    Refused(StatusCode::UNPROCESSABLE_ENTITY, why)
}

/// What a request has in its body.
async fn asked<T: serde::de::DeserializeOwned>(request: Request) -> Result<(Request, T), Refused> {
    let (request, bytes) = request.take_body(BODY).await.map_err(unfit)?;
    let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    let read = serde_json::from_slice(bytes);
    let read = read.map_err(|error| unfit(format!("the request cannot be read: {error}")))?;
    Ok((request, read))
}

/// Asks the ledger where nobody waits for the thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NotApproved> + Send + 'static,
) -> Result<T, Refused> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Refused::from),
        Err(error) => Err(Refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the change broke off: {error}"),
        )),
    }
}
