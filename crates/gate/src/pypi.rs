//! Python's simple API: project pages in both forms, files, core metadata.

use crate::admit::{Admitted, newest_refused, status_of};
use crate::answer::{Body, Reader, empty, failure, for_pip};
use crate::away::{Away, mark};
use crate::deliver::{Delivery, Papers};
use crate::lately::Answered;
use crate::pieces::file_body;
use crate::report::Event;
use crate::route::file_url_to_gate;
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_ecosystem::pypi::{
    CoreMetadata, File, Format, Show, Yanked, compare, is_prerelease, release_line, render_html,
    render_json,
};
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, printable};
use customs_registry::http::Ask;
use customs_registry::{JudgedDocument, PypiPage};
use hyper::header::{ACCEPT, ACCEPT_RANGES, CONTENT_LENGTH, HeaderValue, USER_AGENT};
use hyper::{Response, StatusCode};
use std::collections::BTreeMap;
use std::io::{self, BufWriter};
use std::sync::Arc;
use std::time::Instant;
use url::Url;

const READER: Reader = Reader::Python;
/// What follows a file's name where its core metadata is asked for (PEP 658).
const METADATA: &str = ".metadata";
/// Bytes of core metadata.
const LONGEST: usize = 4 << 20;

impl Gate {
    /// A project's page with the files that policy admits.
    pub async fn pypi_project(
        &self,
        run: &Arc<Run>,
        request: &Request,
        project: PackageName,
    ) -> Response<Body> {
        let accept = request.headers.get(ACCEPT).and_then(|a| a.to_str().ok());
        let Some(format) = Format::wanted(accept) else {
            let why = "customs: a project's page is served as JSON or HTML only";
            return failure(READER, StatusCode::NOT_ACCEPTABLE, why);
        };
        let form = u8::from(format == Format::Json);
        let wants = self.wants(run, request, &project, form);
        if let Some(response) = self.answer_again(request, wants.as_ref()) {
            return response;
        }
        let (base, media) = (self.base(), format.content_type());
        let key = |document: &Digest, offer: &str| {
            format!("pypi 1 {project} {document} {offer} {format:?} {base}")
        };
        if let Some(response) = self.answer_undecided(run, request, wants.as_ref(), media, key) {
            return response;
        }
        let begun = Instant::now();
        let judged = match self.judged_pypi(run, &project).await {
            Ok(Some(judged)) => judged,
            Ok(None) => {
                let why = format!("customs: no configured index has a project {project}");
                return failure(READER, StatusCode::NOT_FOUND, &why);
            }
            Err(response) => return response,
        };
        if let Some(response) = self.no_file_left(run, request, &project, &judged).await {
            return response;
        }
        let key = key(&judged.document.digest, &judged.judged.offer_key());
        let (copy, base) = (judged.clone(), base.clone());
        let write = move |out: &mut dyn io::Write| write_page(&copy, format, &base, out);
        let answered = match self
            .renderings
            .get(&key, self.encoding(request), write)
            .await
        {
            Ok(rendering) => {
                let stale = judged.document.stale.as_deref();
                let answered = Answered { rendering, media };
                self.answer_document(request, answered, stale, wants, begun)
            }
            Err(error) => Err(error),
        };
        answered.unwrap_or_else(|error| {
            let why = format!("customs: the page of {project} could not be rendered: {error}");
            failure(READER, StatusCode::INSUFFICIENT_STORAGE, &why)
        })
    }

    pub(crate) async fn judged_pypi(
        &self,
        run: &Arc<Run>,
        project: &PackageName,
    ) -> Result<Option<JudgedDocument<PypiPage>>, Response<Body>> {
        if run.context.upstreams.pypi.is_empty() {
            let why = "customs: no Python index is configured; `pip config list` names none";
            return Err(failure(READER, StatusCode::NOT_FOUND, why));
        }
        match self.registry.judge_pypi(&run.context, project).await {
            Ok(Some(judged)) => {
                self.record_decisions(&judged.judged).await;
                self.read_later(run, project, &judged.upstream, &judged.judged);
                // Nobody is told at the end of a token's run, which has none.
                if !run.is_tokens() {
                    run.note(Event::Offered {
                        package: project.clone(),
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
                        "{project}: last known page, {because}"
                    )));
                }
                Ok(Some(judged))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                let why = format!("customs: the page of {project} could not be had: {error}");
                run.note(Event::NotKnown(why.clone()));
                Err(failure(READER, status_of(&error), &why))
            }
        }
    }

    /// Every file is hidden: say so, with the reason.
    async fn no_file_left(
        &self,
        run: &Arc<Run>,
        request: &Request,
        project: &PackageName,
        judged: &JudgedDocument<PypiPage>,
    ) -> Option<Response<Body>> {
        let files = &judged.document.index.0.files;
        if files.is_empty() || files.iter().any(|f| offered(judged, f)) {
            return None;
        }
        let newest = wanted(judged).into_iter().next();
        let decision = newest_refused(judged.judged.decisions.values(), newest.as_deref())?;
        let refused = self
            .refuse(run, request, READER, project.as_str(), decision)
            .await;
        let agent = request
            .headers
            .get(USER_AGENT)
            .and_then(|a| a.to_str().ok());
        let is_pip = agent.is_some_and(|agent| agent.starts_with("pip/"));
        Some(for_pip(&refused).filter(|_| is_pip).unwrap_or(refused))
    }

    /// A distribution file, or its core metadata. The address that was asked is not
    /// trusted: the file is the one that its project's page lists under this name.
    pub async fn pypi_file(
        &self,
        run: &Arc<Run>,
        request: &Request,
        _folder: &Url,
        asked: &str,
    ) -> Response<Body> {
        let (name, is_metadata) = match asked.strip_suffix(METADATA) {
            Some(name) => (name, true),
            None => (asked, false),
        };
        if let Some(project) = projects_of(name).first().filter(|_| !is_metadata)
            && let Some(response) = self.deliver_again(run, request, project, name).await
        {
            return response;
        }
        let (judged, at) = match self.find_file(run, name).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                let project = name.split('-').next().unwrap_or(name);
                return self
                    .not_published(run, request, READER, &printable(project, 80), name)
                    .await;
            }
            Err(response) => return response,
        };
        let file = &judged.document.index.0.files[at];
        let (Some(version), Ok(url)) = (&file.version, Url::parse(&file.url)) else {
            let why = format!(
                "customs: the page's entry of {} cannot be used",
                printable(name, 120)
            );
            return failure(READER, StatusCode::NOT_FOUND, &why);
        };
        let stale = judged.document.stale.as_deref();
        let away = Away {
            stale,
            upstream: &judged.upstream,
            release: ReleaseId::new(judged.document.index.0.name.clone(), version.clone()),
            file: &file.filename,
        };
        if let Err(response) = self.only_what_was_delivered(run, READER, away).await {
            return response;
        }
        let entry = (&*judged.judged, file.filename.as_str());
        let source = (&judged.upstream, file.url.as_str());
        // Only who takes the bytes has them looked into.
        let asks = is_metadata || request.is_head();
        let offered = judged.judged.offers(&file.filename);
        let admitted = if asks && offered {
            Admitted::default()
        } else {
            match self.admit(run, request, READER, entry, source).await {
                Ok(admitted) => admitted,
                Err(response) => return response,
            }
        };
        if is_metadata {
            return self.core_metadata(request, &judged, file).await;
        }
        if let (true, Some(size)) = (request.is_head(), file.size) {
            // uv asks how long a wheel is; it need not be fetched to answer that.
            let mut response = empty(StatusCode::OK);
            response
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(size));
            response
                .headers_mut()
                .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            return response;
        }
        let delivery = Delivery {
            run,
            who: request.who(run),
            release: ReleaseId::new(judged.document.index.0.name.clone(), version.clone()),
            file: file.filename.clone(),
            upstream: &judged.upstream,
            published: file.upload_time,
            url,
            promised: file.digests.clone(),
            papers: Papers::Unsigned,
            admitted,
            confirmed: stale.is_none(),
            reader: READER,
            media: "application/octet-stream",
        };
        let mut response = self
            .deliver(delivery, &request.headers, request.is_head())
            .await;
        mark(&mut response, stale);
        response
    }

    /// Core metadata, only with the hash that the page promises.
    async fn core_metadata(
        &self,
        request: &Request,
        judged: &JudgedDocument<PypiPage>,
        file: &File,
    ) -> Response<Body> {
        let failed = |error: &customs_registry::http::FetchError| {
            failure(READER, status_of(error), &format!("customs: {error}"))
        };
        let url = match Url::parse(&format!("{}{METADATA}", file.url)) {
            Ok(url) => url,
            Err(error) => {
                return failure(
                    READER,
                    StatusCode::BAD_GATEWAY,
                    &format!("customs: {error}"),
                );
            }
        };
        let body = match &file.core_metadata {
            CoreMetadata::Absent => return empty(StatusCode::NOT_FOUND),
            CoreMetadata::Offered(Some(digest)) => {
                match self
                    .registry
                    .artifacts
                    .whole(&judged.upstream, &url, digest)
                    .await
                {
                    Ok(path) => std::fs::metadata(&path)
                        .and_then(|m| Ok((file_body(&path, 0, m.len())?, m.len()))),
                    Err(error) => return failed(&error),
                }
            }
            CoreMetadata::Offered(None) => {
                let response = match self
                    .registry
                    .fetcher
                    .ask(&judged.upstream, Ask::get(url))
                    .await
                {
                    Ok(response) if response.status().as_u16() == 200 => response,
                    Ok(_) => return empty(StatusCode::NOT_FOUND),
                    Err(error) => return failed(&error),
                };
                match customs_registry::http::bounded(response, LONGEST).await {
                    Ok(bytes) => {
                        let length = bytes.len() as u64;
                        Ok((crate::answer::full(bytes), length))
                    }
                    Err(error) => return failed(&error),
                }
            }
        };
        match body {
            Ok((body, length)) => {
                let body = if request.is_head() {
                    crate::answer::full("")
                } else {
                    body
                };
                let mut response = Response::new(body);
                response
                    .headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from(length));
                response
            }
            Err(error) => {
                let why = format!("customs: the cached metadata could not be read: {error}");
                failure(READER, StatusCode::INTERNAL_SERVER_ERROR, &why)
            }
        }
    }

    /// The page that lists a file. A wheel's name tells its project; that of a source
    /// distribution can be split in several ways.
    async fn find_file(
        &self,
        run: &Arc<Run>,
        filename: &str,
    ) -> Result<Option<(JudgedDocument<PypiPage>, usize)>, Response<Body>> {
        let mut refused = None;
        for project in projects_of(filename) {
            match self.judged_pypi(run, &project).await {
                Ok(Some(judged)) => {
                    let files = &judged.document.index.0.files;
                    if let Some(at) = files.iter().position(|f| f.filename == filename) {
                        return Ok(Some((judged, at)));
                    }
                }
                Ok(None) => {}
                Err(response) => refused = Some(response),
            }
        }
        match refused {
            Some(response) => Err(response),
            None => Ok(None),
        }
    }
}

/// Ways to split a name that are tried.
const SPLITS: usize = 6;

/// The projects that a file may belong to, the likeliest first.
fn projects_of(filename: &str) -> Vec<PackageName> {
    let is_wheel = filename.ends_with(".whl");
    let ends: Vec<usize> = filename.match_indices('-').map(|(at, _)| at).collect();
    // A version starts with a digit.
    let is_version =
        |at: &&usize| filename[**at + 1..].starts_with(|c: char| c.is_ascii_digit() || c == 'v');
    let likely = ends.iter().filter(is_version);
    let all = if is_wheel {
        ends.iter().take(1).collect::<Vec<_>>()
    } else {
        likely.collect()
    };
    all.into_iter()
        .take(SPLITS)
        .filter_map(|at| PackageName::new(Ecosystem::PyPi, &filename[..*at]).ok())
        .collect()
}

fn offered(judged: &JudgedDocument<PypiPage>, file: &File) -> bool {
    // An address that the gate cannot stand for would lead past it.
    file.version.is_some()
        && judged.judged.offers(&file.filename)
        && file_url_to_gate("", &file.url).is_some()
}

fn write_page(
    judged: &JudgedDocument<PypiPage>,
    format: Format,
    base: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let keep = |file: &File| match offered(judged, file) {
        true => Show::Offer,
        false => Show::Hide,
    };
    let url_of = |file: &File| file_url_to_gate(base, &file.url).unwrap_or_default();
    let project = &judged.document.index.0;
    let mut out = BufWriter::new(out);
    match format {
        Format::Json => render_json(project, keep, url_of, &mut out)?,
        Format::Html => render_html(project, keep, url_of, &mut out)?,
    }
    io::Write::flush(&mut out)
}

/// What a resolver looks at first: the newest version, and the newest of each line.
fn wanted(judged: &JudgedDocument<PypiPage>) -> Vec<String> {
    let mut newest: BTreeMap<String, &str> = BTreeMap::new();
    let files = judged.document.index.0.files.iter();
    for file in files.filter(|f| f.yanked == Yanked::No) {
        let Some(version) = file.version.as_ref().map(|v| v.as_str()) else {
            continue;
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_project_is_found_in_its_name() {
        let names = |file: &str| -> Vec<String> {
            projects_of(file).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            names("typing_extensions-4.1-py3-none-any.whl"),
            ["typing-extensions"]
        );
        assert_eq!(names("zope.interface-6.0.tar.gz"), ["zope-interface"]);
        assert_eq!(names("a-2-b-1.0.tar.gz"), ["a", "a-2-b"]);
        assert!(names("nothing.tar.gz").is_empty());
    }
}
