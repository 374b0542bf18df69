//! npm: documents, exact versions, tags, tarballs.

mod other;

use crate::admit::{newest_refused, status_of};
use crate::answer::{Body, Reader, failure, json};
use crate::away::{Away, mark};
use crate::deliver::{Delivery, Papers};
use crate::lately::Answered;
use crate::rendering::TRIES;
use crate::report::Event;
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_ecosystem::npm::{
    Form, NpmVersion, Packument, Tarballs, VersionEntry, release_line, render, repair_tags,
    tarball_url,
};
use customs_model::{Digest, PackageName, ReleaseId, Timestamp, Version, printable};
use customs_registry::{JudgedDocument, npm_facts};
use hyper::header::{ACCEPT, HeaderMap, USER_AGENT};
use hyper::{Response, StatusCode};
use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::sync::Arc;
use std::time::Instant;
use url::Url;

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

impl Gate {
    /// A document with what policy admits.
    pub async fn npm_document(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: PackageName,
    ) -> Response<Body> {
        let wants = self.wants(run, request, &package, form_of(&request.headers));
        if let Some(response) = self.answer_again(request, wants.as_ref()) {
            return response;
        }
        let media = form(request).1;
        let undecided =
            self.answer_undecided(run, request, wants.as_ref(), media, |document, offer| {
                self.npm_key(request, &package, document, offer)
            });
        if let Some(response) = undecided {
            return response;
        }
        for left in (0..TRIES).rev() {
            let begun = Instant::now();
            let judged = match self.judged_npm(run, &package).await {
                Ok(judged) => judged,
                Err(response) => return response,
            };
            if let Some(response) = self.nothing_left(run, request, &package, &judged).await {
                return response;
            }
            // Who looks at one package needs no other.
            if installs(&request.headers) {
                self.ahead.follow(run, &package, &judged);
            }
            let rendered = self.rendered_npm(request, &package, &judged).await;
            let stale = judged.document.stale.as_deref();
            let answered = rendered.and_then(|answered| {
                self.answer_document(request, answered, stale, wants.clone(), begun)
            });
            match answered {
                Ok(response) => return response,
                Err(error) if left > 0 && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return not_rendered(&package, &error),
            }
        }
        not_rendered(&package, &"its bytes go away again and again")
    }

    pub(crate) async fn judged_npm(
        &self,
        run: &Arc<Run>,
        package: &PackageName,
    ) -> Result<JudgedDocument<Packument>, Response<Body>> {
        if run.context.upstreams.origins_of(package).is_empty() {
            return Err(failure(
                Reader::Npm,
                StatusCode::NOT_FOUND,
                "customs: no npm registry is configured that may be asked for this name; `npm config \
                 get registry` names none",
            ));
        }
        match self.registry.judge_npm(&run.context, package).await {
            Ok(Some(judged)) => {
                self.record_decisions(&judged.judged).await;
                self.read_later(run, package, &judged.upstream, &judged.judged);
                // Nobody is told at the end of a token's run, which has none.
                if !run.is_tokens() {
                    run.note(Event::Offered {
                        package: package.clone(),
                        judged: judged.judged.clone(),
                        wanted: wanted(&judged),
                    });
                }
                let stale = judged.document.stale.as_deref();
                let now = self.registry.clock.now();
                self.watch.document(&judged.upstream.shown(), stale, now);
                if let Some(because) = stale {
                    self.metrics.stale();
                    run.note(Event::NotKnown(format!(
                        "{package}: last known document, {because}"
                    )));
                }
                Ok(judged)
            }
            Ok(None) => Err(failure(
                Reader::Npm,
                StatusCode::NOT_FOUND,
                &format!("customs: the registry has no package {package}"),
            )),
            Err(error) => {
                let why = format!("customs: the document of {package} could not be had: {error}");
                run.note(Event::NotKnown(why.clone()));
                Err(failure(Reader::Npm, status_of(&error), &why))
            }
        }
    }

    /// Every version is hidden: say so, with the reason, where the client prints it.
    async fn nothing_left(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: &PackageName,
        judged: &JudgedDocument<Packument>,
    ) -> Option<Response<Body>> {
        let index = &judged.document.index;
        if index.versions.is_empty()
            || index
                .versions
                .iter()
                .any(|e| judged.judged.offers(e.version.as_str()))
        {
            return None;
        }
        let latest = index.tags.get("latest").map(String::as_str);
        let decision = newest_refused(judged.judged.decisions.values(), latest)?;
        Some(
            self.refuse(run, request, Reader::Npm, package.as_str(), decision)
                .await,
        )
    }

    async fn rendered_npm(
        &self,
        request: &Request,
        package: &PackageName,
        judged: &JudgedDocument<Packument>,
    ) -> io::Result<Answered> {
        let (form, media) = form(request);
        let to_gate = !keeps_upstream_urls(&request.headers);
        let base = self.base();
        let offer = judged.judged.offer_key();
        let key = self.npm_key(request, package, &judged.document.digest, &offer);
        let (copy, name) = (judged.clone(), package.clone());
        let rendering = self
            .renderings
            .get(&key, self.encoding(request), move |out| {
                let tarballs = if to_gate {
                    Tarballs::Gate(&base)
                } else {
                    Tarballs::Upstream
                };
                let offers = |v: &Version| copy.judged.offers(v.as_str());
                let body = BufReader::with_capacity(64 << 10, copy.document.open()?);
                render(
                    body,
                    &copy.document.index,
                    &name,
                    form,
                    tarballs,
                    &offers,
                    out,
                )
                .map_err(io::Error::other)
            })
            .await?;
        Ok(Answered { rendering, media })
    }

    /// What a rendering is told apart by: its document, what is offered of it, and its form.
    fn npm_key(
        &self,
        request: &Request,
        package: &PackageName,
        document: &Digest,
        offer: &str,
    ) -> String {
        let (form, _) = form(request);
        let base = match keeps_upstream_urls(&request.headers) {
            true => "upstream".to_owned(),
            false => self.base(),
        };
        format!("npm 1 {package} {document} {offer} {form:?} {base}")
    }

    /// One version's object, by version or tag. Clients that ask for it skip the
    /// document, so it is gated on its own.
    pub async fn npm_version(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: PackageName,
        wanted: &str,
    ) -> Response<Body> {
        let judged = match self.judged_npm(run, &package).await {
            Ok(judged) => judged,
            Err(response) => return response,
        };
        let index = &judged.document.index;
        let tags = offered_tags(&judged);
        let version = tags.get(wanted).map_or(wanted, String::as_str);
        let entry = Version::new(version).ok().and_then(|v| index.entry(&v));
        let Some(entry) = entry else {
            let why = format!(
                "customs: {package} has no version or tag {}",
                printable(wanted, 80)
            );
            return failure(Reader::Npm, StatusCode::NOT_FOUND, &why);
        };
        if let Some(judgement) = judged
            .judged
            .about(&entry.version)
            .filter(|j| !j.decision.action.allows())
        {
            let what = judgement.decision.release.spoken();
            return self
                .refuse(run, request, Reader::Npm, &what, &judgement.decision)
                .await;
        }
        let object = judged.document.span(entry.offset, entry.length).ok();
        let value =
            object.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let Some(mut value) = value else {
            return failure(
                Reader::Npm,
                StatusCode::BAD_GATEWAY,
                "customs: the version's object could not be read",
            );
        };
        if !keeps_upstream_urls(&request.headers)
            && let Some(tarball) = value.pointer_mut("/dist/tarball")
        {
            *tarball = tarball_url(&self.base(), &package, &entry.version).into();
        }
        json(StatusCode::OK, &value)
    }

    /// Dist-tags, repaired.
    pub async fn npm_tags(&self, run: &Arc<Run>, package: PackageName) -> Response<Body> {
        match self.judged_npm(run, &package).await {
            Ok(judged) => json(StatusCode::OK, &offered_tags(&judged)),
            Err(response) => response,
        }
    }

    /// A tarball. Lockfile installs never read a document, so this route decides alone.
    pub async fn npm_tarball(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: PackageName,
        file: &str,
    ) -> Response<Body> {
        if let Some(response) = self.deliver_again(run, request, &package, file).await {
            return response;
        }
        let judged = match self.judged_npm(run, &package).await {
            Ok(judged) => judged,
            Err(response) => return response,
        };
        let Some(tarball) = find_tarball(&package, &judged, file) else {
            return self
                .not_published(run, request, Reader::Npm, package.as_str(), file)
                .await;
        };
        let stale = judged.document.stale.as_deref();
        let away = Away {
            stale,
            upstream: &judged.upstream,
            release: ReleaseId::new(package.clone(), tarball.version.clone()),
            file,
        };
        if let Err(response) = self.only_what_was_delivered(run, Reader::Npm, away).await {
            return response;
        }
        let entry = (&*judged.judged, tarball.version.as_str());
        let source = (&judged.upstream, tarball.url.as_str());
        let admitted = match self.admit(run, request, Reader::Npm, entry, source).await {
            Ok(admitted) => admitted,
            Err(response) => return response,
        };
        let delivery = Delivery {
            run,
            who: request.who(run),
            release: ReleaseId::new(package, tarball.version),
            file: file.to_owned(),
            upstream: &judged.upstream,
            published: tarball.published,
            url: tarball.url,
            promised: tarball.digests,
            papers: Papers::Npm(judged.document.clone()),
            admitted,
            confirmed: stale.is_none(),
            reader: Reader::Npm,
            media: "application/octet-stream",
        };
        let mut response = self
            .deliver(delivery, &request.headers, request.is_head())
            .await;
        mark(&mut response, stale);
        response
    }
}

fn not_rendered(package: &PackageName, error: &dyn std::fmt::Display) -> Response<Body> {
    failure(
        Reader::Npm,
        StatusCode::INSUFFICIENT_STORAGE,
        &format!("customs: the document of {package} could not be rendered: {error}"),
    )
}

fn asks_abbreviated(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|a| a.to_str().ok())
        .is_some_and(|a| a.contains(ABBREVIATED))
}

/// The form that is asked for, and its media type.
fn form(request: &Request) -> (Form, &'static str) {
    match asks_abbreviated(&request.headers) {
        true => (Form::Abbreviated, ABBREVIATED),
        false => (Form::Full, "application/json"),
    }
}

/// Tells apart what one document may be rendered to.
fn form_of(headers: &HeaderMap) -> u8 {
    u8::from(asks_abbreviated(headers)) + 2 * u8::from(keeps_upstream_urls(headers))
}

/// Whether this is part of an installation. Most installers ask for the short form; npm 11
/// asks for the full one and says which of its commands it is.
fn installs(headers: &HeaderMap) -> bool {
    let command = headers.get("npm-command").and_then(|c| c.to_str().ok());
    match command {
        Some(command) => INSTALL.contains(&command),
        None => asks_abbreviated(headers),
    }
}

/// npm's commands that resolve a tree.
const INSTALL: [&str; 6] = [
    "install",
    "install-test",
    "update",
    "exec",
    "dedupe",
    "link",
];

/// npm asks its registry's host for the upstream's addresses and writes them into the
/// lockfile; every other client follows an address as it stands, past the gate.
fn keeps_upstream_urls(headers: &HeaderMap) -> bool {
    headers
        .get(USER_AGENT)
        .and_then(|a| a.to_str().ok())
        .is_some_and(|a| a.starts_with("npm/"))
}

fn offered_tags(judged: &JudgedDocument<Packument>) -> BTreeMap<String, String> {
    let index = &judged.document.index;
    let offered = index
        .versions
        .iter()
        .filter(|e| judged.judged.offers(e.version.as_str()))
        .map(|e| (e.version.as_str(), e.deprecated));
    repair_tags(&index.tags, offered)
}

/// What a resolver looks at first: `latest`, and the newest version of each line.
fn wanted(judged: &JudgedDocument<Packument>) -> Vec<String> {
    let index = &judged.document.index;
    let latest = index.tags.get("latest").cloned();
    let mut newest: BTreeMap<(u64, u64), (NpmVersion, &str)> = BTreeMap::new();
    for entry in &index.versions {
        let text = entry.version.as_str();
        let Some(version) = NpmVersion::parse(text).filter(|v| !v.is_prerelease()) else {
            continue;
        };
        let slot = newest
            .entry(release_line(&version))
            .or_insert_with(|| (version.clone(), text));
        if version > slot.0 {
            *slot = (version, text);
        }
    }
    latest
        .into_iter()
        .chain(newest.into_values().map(|(_, text)| text.to_owned()))
        .collect()
}

/// Where a tarball is, and what it must be.
struct Tarball {
    version: Version,
    published: Option<Timestamp>,
    url: Url,
    digests: Vec<Digest>,
}

/// Tarballs of unconventional names that are looked through.
const LOOKED_THROUGH: usize = 2_000;

/// The tarball of a file name: by the conventional name, which says the version; else
/// by the end of the address that the document names.
fn find_tarball(
    package: &PackageName,
    judged: &JudgedDocument<Packument>,
    file: &str,
) -> Option<Tarball> {
    let document = &judged.document;
    let conventional = file
        .strip_suffix(".tgz")
        .and_then(|stem| stem.strip_prefix(package.unscoped())?.strip_prefix('-'))
        .and_then(|version| Version::new(version).ok())
        .and_then(|version| document.index.entry(&version));
    let tarball = |entry: &VersionEntry| {
        let facts = npm_facts(document, entry)?;
        Some(Tarball {
            version: entry.version.clone(),
            published: document.index.published(&entry.version),
            url: Url::parse(&facts.tarball?).ok()?,
            digests: facts.digests,
        })
    };
    if let Some(entry) = conventional {
        return tarball(entry);
    }
    let newest = document.index.versions.iter().rev().take(LOOKED_THROUGH);
    newest
        .filter_map(tarball)
        .find(|t| t.url.path().rsplit('/').next() == Some(file))
}
