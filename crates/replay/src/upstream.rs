//! A registry as it stood at one instant of a scenario: requests in, answers out.
//!
//! npm lives at `/`, PyPI's index at `/simple/` with its files at `/files/`, cargo's
//! sparse index at `/index/` with its downloads at `/crates/`.

use crate::Moment;
use crate::archive::Artifact;
use crate::http::{Answer, Body, Request, Response};
use crate::scenario::{Package, PublishedBy, Release, Scenario};
use customs_model::{Digest, Ecosystem, PackageName, Timestamp};
use std::collections::BTreeMap;
use std::io;

mod cargo;
mod npm;
mod pypi;

/// The registry of a scenario at a moment.
#[derive(Debug, Clone)]
pub struct Upstream {
    base: String,
    packages: BTreeMap<PackageName, Vec<Shelf>>,
    about: BTreeMap<PackageName, Package>,
}

/// One published release with its archive.
#[derive(Debug, Clone)]
struct Shelf {
    release: Release,
    /// When it was published, on the present.
    shown: Timestamp,
    /// Not taken away yet.
    offered: bool,
    /// Already yanked.
    yanked: bool,
    publisher: Option<PublishedBy>,
    artifact: Artifact,
}

impl Upstream {
    /// Builds everything that the scenario has published until the moment. `base` is
    /// the address that documents name, without a slash at its end.
    ///
    /// # Errors
    /// An archive could not be packed.
    pub fn new(scenario: &Scenario, moment: Moment, base: &str) -> io::Result<Self> {
        let mut packages = BTreeMap::new();
        let mut about = BTreeMap::new();
        for package in &scenario.packages {
            let ecosystem = scenario.ecosystem_of(package);
            let name = PackageName::new(ecosystem, &package.name).map_err(io::Error::other)?;
            let mut shelves = Vec::new();
            for release in package
                .by_time()
                .into_iter()
                .filter(|r| moment.happened(r.published))
            {
                shelves.push(Shelf {
                    shown: moment.shown(release.published),
                    offered: release.offered(moment),
                    yanked: release.yanked.is_some_and(|at| moment.happened(at)),
                    publisher: release
                        .publisher
                        .clone()
                        .or_else(|| package.publisher.clone()),
                    artifact: Artifact::of(ecosystem, package, release)?,
                    release: release.clone(),
                });
            }
            // A name without a publication does not exist yet.
            if !shelves.is_empty() {
                about.insert(name.clone(), package.clone());
                packages.insert(name, shelves);
            }
        }
        Ok(Self {
            base: base.trim_end_matches('/').into(),
            packages,
            about,
        })
    }

    /// The address of npm's registry.
    pub fn npm_registry(&self) -> String {
        format!("{}/", self.base)
    }

    /// The address of PyPI's index.
    pub fn pypi_index(&self) -> String {
        format!("{}/simple/", self.base)
    }

    /// The address of cargo's index, as cargo's configuration wants it.
    pub fn cargo_index(&self) -> String {
        format!("sparse+{}/index/", self.base)
    }

    /// The artifact of a release, if it is offered.
    pub fn artifact(&self, package: &PackageName, version: &str) -> Option<&Artifact> {
        self.offered(package)
            .find(|s| s.release.version == version)
            .map(|s| &s.artifact)
    }

    /// The answer to a request.
    pub fn answer(&self, request: &Request) -> Response {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::of(405, "application/json", r#"{"error":"Method not allowed"}"#);
        }
        let path = request.bare_path();
        let answer = match path.strip_prefix('/').and_then(|p| p.split_once('/')) {
            Some(("simple", rest)) => self.simple(rest, request),
            Some(("files", rest)) => self.file(rest),
            Some(("integrity", rest)) => self.integrity(rest),
            Some(("index", rest)) => self.index(rest),
            Some(("crates", rest)) => self.download(rest),
            _ => self.npm(path.strip_prefix('/').unwrap_or(path), request),
        };
        conditional(answer.unwrap_or_else(Response::not_found), request)
    }

    fn offered(&self, package: &PackageName) -> impl Iterator<Item = &Shelf> {
        self.packages
            .get(package)
            .into_iter()
            .flatten()
            .filter(|s| s.offered)
    }

    fn named(
        &self,
        ecosystem: Ecosystem,
        name: &str,
    ) -> Option<(&PackageName, &Package, &[Shelf])> {
        let name = PackageName::new(ecosystem, name).ok()?;
        let (name, shelves) = self.packages.get_key_value(&name)?;
        Some((name, self.about.get(name)?, shelves))
    }

    fn artifact_answer(&self, shelf: &Shelf, kind: &str) -> Response {
        Response::of(200, kind, shelf.artifact.bytes.clone())
            .with("last-modified", http_date(shelf.shown))
    }
}

impl Answer for Upstream {
    fn answer(&self, request: &Request) -> Response {
        self.answer(request)
    }
}

/// A strong validator for what was found, and *not modified* for who has it.
fn conditional(response: Response, request: &Request) -> Response {
    let Body::Bytes(bytes) = &response.body else {
        return response;
    };
    if response.status != 200 {
        return response;
    }
    let tag = format!("\"{}\"", &Digest::sha256(bytes).to_hex()[..32]);
    let have = request.if_none_match.as_deref();
    if have.is_some_and(|have| have.split(',').any(|t| t.trim() == tag || t.trim() == "*")) {
        return Response {
            status: 304,
            headers: vec![("etag", tag)],
            body: Body::Bytes(Default::default()),
        };
    }
    response.with("etag", tag)
}

/// The form of HTTP's date headers.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Undoes `%2f` and `%40`, which clients write in scoped names, and nothing else: no
/// other escape occurs in a name or version that a scenario may have.
fn unescape(part: &str) -> String {
    part.replace("%2f", "/")
        .replace("%2F", "/")
        .replace("%40", "@")
        .replace("%2B", "+")
        .replace("%2b", "+")
}

#[cfg(test)]
mod tests;
