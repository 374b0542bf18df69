//! cargo: the sparse index, its `config.json`, downloads, the web API.
//!
//! A hold is shown as a yank: cargo makes no new pick of it, and a lockfile that pins it
//! keeps working.

use crate::admit::status_of;
use crate::answer::{Body, Reader, failure};
use crate::away::{Away, mark};
use crate::deliver::{Delivery, Papers};
use crate::lately::Answered;
use crate::naming::may_be_told;
use crate::rendering::TRIES;
use crate::report::Event;
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_ecosystem::cargo::{
    Line, Show, compare, download_url, is_prerelease, release_line, render,
};
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Route, Version};
use customs_registry::http::FetchError;
use customs_registry::{CargoDocument, JudgedDocument, Upstream};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Instant;
use url::Url;

const READER: Reader = Reader::Cargo;
/// The media type of an index file.
const MEDIA: &str = "text/plain";

/// What the rendering of an index file is told apart by: its bytes, and what is offered of it.
fn rendering_key(package: &PackageName, document: &Digest, offer: &str) -> String {
    format!("cargo 1 {package} {document} {offer}")
}

impl Gate {
    /// `config.json`, with the gate's addresses in place of the upstream's.
    pub async fn cargo_config(&self, run: &Arc<Run>) -> Response<Body> {
        let Some(upstream) = first_index(run) else {
            return no_index();
        };
        match self.registry.cargo_config(upstream).await {
            Ok(Some(config)) => {
                let text = config.index.0.rendered(&format!("{}/-/cargo", self.base()));
                let mut response = Response::new(crate::answer::full(text));
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                response
            }
            Ok(None) => {
                let why = format!(
                    "customs: {} has no config.json; is it a sparse index?",
                    upstream.shown()
                );
                failure(READER, StatusCode::NOT_FOUND, &why)
            }
            Err(error) => failure(READER, status_of(&error), &format!("customs: {error}")),
        }
    }

    /// An index file, with held releases marked yanked.
    pub async fn cargo_index(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: PackageName,
    ) -> Response<Body> {
        let wants = self.wants(run, request, &package, 0);
        if let Some(response) = self.answer_again(request, wants.as_ref()) {
            return response;
        }
        let undecided =
            self.answer_undecided(run, request, wants.as_ref(), MEDIA, |document, offer| {
                rendering_key(&package, document, offer)
            });
        if let Some(response) = undecided {
            return response;
        }
        for left in (0..TRIES).rev() {
            let begun = Instant::now();
            let judged = match self.judged_cargo(run, &package).await {
                Ok(judged) => judged,
                Err(response) => return response,
            };
            let rendered = self.rendered_cargo(request, &package, &judged).await;
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

    async fn rendered_cargo(
        &self,
        request: &Request,
        package: &PackageName,
        judged: &JudgedDocument<CargoDocument>,
    ) -> io::Result<Answered> {
        let offer = judged.judged.offer_key();
        let key = rendering_key(package, &judged.document.digest, &offer);
        let copy = judged.clone();
        let write = move |out: &mut dyn io::Write| {
            let mut body = Vec::new();
            copy.document.open()?.read_to_end(&mut body)?;
            let shown = |line: &Line| match copy.judged.offers(line.version.as_str()) {
                true => Show::AsIs,
                false => Show::Yanked,
            };
            out.write_all(&render(&copy.document.index.0, &body, shown))
        };
        let rendering = self
            .renderings
            .get(&key, self.encoding(request), write)
            .await?;
        Ok(Answered {
            rendering,
            media: MEDIA,
        })
    }

    /// A crate. Lockfile builds ask for it without an index file, so this route decides
    /// alone.
    pub async fn cargo_download(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: PackageName,
        version: Version,
    ) -> Response<Body> {
        let file = format!("{package}-{version}.crate");
        if let Some(response) = self.deliver_again(run, request, &package, &file).await {
            return response;
        }
        let judged = match self.judged_cargo(run, &package).await {
            Ok(judged) => judged,
            Err(response) => return response,
        };
        let lines = &judged.document.index.0.lines;
        let Some(line) = lines
            .iter()
            .find(|l| l.version == version && l.name == package)
        else {
            let file = format!("{version}");
            return self
                .not_published(run, request, READER, package.as_str(), &file)
                .await;
        };
        let url = match self.download_address(&judged.upstream, line).await {
            Ok(url) => url,
            Err(error) => return failure(READER, status_of(&error), &format!("customs: {error}")),
        };
        let stale = judged.document.stale.as_deref();
        let away = Away {
            stale,
            upstream: &judged.upstream,
            release: ReleaseId::new(package.clone(), version.clone()),
            file: &file,
        };
        if let Err(response) = self.only_what_was_delivered(run, READER, away).await {
            return response;
        }
        let entry = (&*judged.judged, version.as_str());
        let source = (&judged.upstream, url.as_str());
        let admitted = match self.admit(run, request, READER, entry, source).await {
            Ok(admitted) => admitted,
            Err(response) => return response,
        };
        let delivery = Delivery {
            run,
            who: request.who(run),
            file,
            release: ReleaseId::new(package, version),
            upstream: &judged.upstream,
            published: line.pubtime,
            url,
            promised: vec![line.cksum.clone()],
            papers: Papers::Unsigned,
            admitted,
            confirmed: stale.is_none(),
            reader: READER,
            media: "application/gzip",
        };
        let mut response = self
            .deliver(delivery, &request.headers, request.is_head())
            .await;
        mark(&mut response, stale);
        response
    }

    /// cargo's web API: reads with the user's credential, writes with what cargo sent.
    pub async fn cargo_api(
        &self,
        run: &Arc<Run>,
        mut request: Request,
        path: &str,
    ) -> Response<Body> {
        let Some(index) = first_index(run) else {
            return no_index();
        };
        let config = match self.registry.cargo_config(index).await {
            Ok(config) => config,
            Err(error) => return failure(READER, status_of(&error), &format!("customs: {error}")),
        };
        let api = config.and_then(|c| c.index.0.api.clone());
        let Some(Ok(mut upstream)) = api.map(|api| Upstream::parse(&api, index.route)) else {
            return failure(
                READER,
                StatusCode::NOT_FOUND,
                "customs: this registry has no web API",
            );
        };
        // `config.json` comes from the network; it must not name an inner address.
        if let Err(refusal) = customs_registry::guard::check(index, &upstream.base) {
            let why = format!(
                "customs: the web API of {} is not asked, because {refusal}; its config.json names {}",
                index.shown(),
                upstream.shown()
            );
            return failure(READER, StatusCode::BAD_GATEWAY, &why);
        }
        let reads = matches!(request.method, hyper::Method::GET | hyper::Method::HEAD);
        if reads && path.split('/').any(|segment| segment == "download") {
            let why = "a crate is delivered by the gate's own download address; not relayed";
            return self
                .refuse_unknown(run, &request, READER, path, "unknown-artifact", why)
                .await;
        }
        if index.route == Route::Public {
            let (upstreams, query) = (&run.context.upstreams, request.query.as_deref());
            if let Err(why) = may_be_told(upstreams, Ecosystem::Cargo, path, query) {
                return failure(READER, StatusCode::NOT_FOUND, &format!("customs: {why}"));
            }
        }
        upstream.extra_roots.clone_from(&index.extra_roots);
        // As it was sent: what is decoded twice may say something else.
        let sent = request.path.strip_prefix("/-/cargo/api/").unwrap_or(path);
        request.upstream_path = Some(sent.to_owned());
        if reads {
            return self.relay_read(run, &upstream, request, READER).await;
        }
        self.relay_write(run, &upstream, request, READER).await
    }

    async fn download_address(&self, upstream: &Upstream, line: &Line) -> Result<Url, FetchError> {
        let host = customs_registry::http::host_of(&upstream.base);
        let unusable = |why: String| FetchError::Document {
            host: host.clone(),
            why,
        };
        let config = self.registry.cargo_config(upstream).await?;
        let config = config.ok_or_else(|| unusable("it has no config.json".to_owned()))?;
        let dl = &config.index.0.dl;
        let cksum = line.cksum.to_hex();
        let url = download_url(dl, line.name.as_str(), line.version.as_str(), &cksum);
        Url::parse(&url).map_err(|e| unusable(format!("its download address is none: {e}")))
    }

    pub(crate) async fn judged_cargo(
        &self,
        run: &Arc<Run>,
        package: &PackageName,
    ) -> Result<JudgedDocument<CargoDocument>, Response<Body>> {
        if run.context.upstreams.origins_of(package).is_empty() {
            return Err(no_index());
        }
        match self.registry.judge_cargo(&run.context, package).await {
            Ok(Some(judged)) => {
                self.record_decisions(&judged.judged).await;
                self.read_later(run, package, &judged.upstream, &judged.judged);
                run.note(Event::Offered {
                    package: package.clone(),
                    judged: judged.judged.clone(),
                    wanted: wanted(&judged),
                });
                let stale = judged.document.stale.as_deref();
                let now = self.registry.clock.now();
                self.watch.document(&judged.upstream.shown(), stale, now);
                if let Some(because) = stale {
                    self.metrics.stale();
                    run.note(Event::NotKnown(format!(
                        "{package}: last known index file, {because}"
                    )));
                }
                Ok(judged)
            }
            // cargo tries several spellings of a name and expects this.
            Ok(None) => Err(failure(
                READER,
                StatusCode::NOT_FOUND,
                &format!("customs: the index has no crate {package}"),
            )),
            Err(error) => {
                let why = format!("customs: the index file of {package} could not be had: {error}");
                run.note(Event::NotKnown(why.clone()));
                Err(failure(READER, status_of(&error), &why))
            }
        }
    }
}

fn not_rendered(package: &PackageName, error: &dyn std::fmt::Display) -> Response<Body> {
    let why = format!("customs: the index file of {package} could not be rendered: {error}");
    failure(READER, StatusCode::INSUFFICIENT_STORAGE, &why)
}

/// The index that stands for all: writes go there, so a private one comes first.
fn first_index(run: &Run) -> Option<&Upstream> {
    let upstreams = &run.context.upstreams;
    upstreams.cargo_private.first().or(upstreams.cargo.as_ref())
}

fn no_index() -> Response<Body> {
    let why = "customs: no sparse index is configured for cargo";
    failure(READER, StatusCode::NOT_FOUND, why)
}

/// What a resolver looks at first: the newest version, and the newest of each line.
fn wanted(judged: &JudgedDocument<CargoDocument>) -> Vec<String> {
    let mut newest: BTreeMap<String, &str> = BTreeMap::new();
    for line in judged.document.index.0.lines.iter().filter(|l| !l.yanked) {
        let version = line.version.as_str();
        let Some(of) = release_line(version).filter(|_| !is_prerelease(version)) else {
            continue;
        };
        let slot = newest.entry(of).or_insert(version);
        if compare(version, slot).is_some_and(|o| o.is_gt()) {
            *slot = version;
        }
    }
    let mut all: Vec<&str> = newest.into_values().collect();
    all.sort_by(|a, b| compare(b, a).unwrap_or(std::cmp::Ordering::Equal));
    all.into_iter().map(str::to_owned).collect()
}
