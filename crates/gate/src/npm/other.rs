//! What is neither document nor artifact: it is asked of the registry that the package comes from, or
//! of the one that stands for all; and no public one is told a name of the team's own by it.

use crate::answer::{Body, Reader, failure};
use crate::audit::without_internal;
use crate::naming::{may_be_told, package_of};
use crate::run::Run;
use crate::server::{Gate, Request, npm_of_team};
use customs_model::{Ecosystem, PackageName, Route, printable};
use customs_registry::Upstream;
use hyper::{Method, Response, StatusCode};
use std::sync::Arc;

impl Gate {
    /// Everything else below an npm registry: read from the upstream, never an artifact.
    pub async fn npm_other(&self, run: &Arc<Run>, request: Request, path: &str) -> Response<Body> {
        if is_artifact(path) {
            let why = format!(
                "{} is the address of an artifact that no document of the configured registry names; not relayed",
                printable(path, 200)
            );
            return self
                .refuse_unknown(run, &request, Reader::Npm, path, "unknown-artifact", &why)
                .await;
        }
        let upstream = match self.npm_asked(run, path).await {
            Ok(upstream) => upstream,
            Err(response) => return response,
        };
        if let Some(response) = not_told(run, &upstream, &request) {
            return response;
        }
        let request = match request.method {
            Method::POST => match without_internal(run, &upstream, request, path).await {
                Ok(request) => request,
                Err(response) => return response,
            },
            _ => request,
        };
        self.relay_read(run, &upstream, request, Reader::Npm).await
    }

    /// A write: to where its package comes from.
    pub(crate) async fn npm_write(
        &self,
        run: &Arc<Run>,
        request: Request,
        package: Option<PackageName>,
    ) -> Response<Body> {
        let upstream = match &package {
            Some(package) => written_to(run, package),
            None => npm_of_team(run).cloned(),
        };
        let Some(upstream) = upstream else {
            return none_configured();
        };
        match not_told(run, &upstream, &request) {
            Some(response) => response,
            None => self.relay_write(run, &upstream, request, Reader::Npm).await,
        }
    }

    /// Who is asked.
    async fn npm_asked(&self, run: &Arc<Run>, path: &str) -> Result<Upstream, Response<Body>> {
        let Some(package) = package_of(path) else {
            return npm_of_team(run).cloned().ok_or_else(none_configured);
        };
        if let [one] = run.context.upstreams.origins_of(&package).as_slice() {
            return Ok((*one).clone());
        }
        // Which of several it is the document says; that none may be asked is said there, too.
        let judged = self.judged_npm(run, &package).await?;
        Ok(judged.upstream)
    }
}

/// Where a package is published: a private registry before a public one, and an internal name never at
/// a public one.
fn written_to(run: &Run, package: &PackageName) -> Option<Upstream> {
    let all = run.context.upstreams.origins_of(package);
    all.first().copied().cloned()
}

/// Why this upstream is not told what a request says.
fn not_told(run: &Run, upstream: &Upstream, request: &Request) -> Option<Response<Body>> {
    if upstream.route == Route::Private {
        return None;
    }
    let query = request.query.as_deref();
    let told = may_be_told(&run.context.upstreams, Ecosystem::Npm, &request.path, query);
    let why = told.err()?;
    let why = format!("customs: {why}");
    Some(failure(Reader::Npm, StatusCode::NOT_FOUND, &why))
}

fn none_configured() -> Response<Body> {
    failure(
        Reader::Npm,
        StatusCode::NOT_FOUND,
        "customs: no npm registry is configured that may be told this",
    )
}

/// Addresses below which registries keep artifacts: what stands behind a name's `/-/`,
/// and whatever is called like an archive, also with something behind it that a server
/// may overlook.
fn is_artifact(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let is_archive = |end: &str| {
        path.match_indices(end).any(|(at, _)| {
            let behind = path[at + end.len()..].chars().next();
            behind.is_none_or(|c| !c.is_ascii_alphanumeric())
        })
    };
    [".tgz", ".tar"].into_iter().any(is_archive)
        || path.starts_with("download/")
        || (!path.starts_with("-/") && path.contains("/-/"))
}
