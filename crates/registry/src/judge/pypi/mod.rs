//! PyPI: dossiers of files from a project's page, core metadata and the files
//! themselves. Ages belong to files here: a wheel added to an old release is young.

mod case;
mod declared;
mod dependencies;

use super::again::{Asked, Entries};
use super::archive::{ArtifactFacts, Kind};
use super::gather::{self, Gaps};
use super::trail::Trail;
use super::unseen::{Unseen, Wish};
use super::{Context, Judged, JudgedDocument, Registry, judged_key};
use crate::document::{Document, Indexed};
use crate::http::FetchError;
use crate::upstream::Upstream;
pub(super) use case::precedes;
use case::{Case, newest_undated, origin, runs_by_page};
use customs_ecosystem::pypi::{
    File, FileKind, Format, Project, Yanked, parse_html, parse_json, release_line,
};
use customs_model::{
    Action, Digest, Dossier, Ecosystem, Inspection, Known, Origin, PackageName, ReleaseId,
    Timestamp, Unread, Version, printable,
};
use customs_store::Seen;
use declared::Manifests;
use dependencies::Added;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::io::BufReader;
use std::sync::Arc;
use url::Url;

/// A project's page.
#[derive(Debug)]
pub struct PypiPage(pub Project);

impl Indexed for PypiPage {
    const ACCEPT: &'static str = Format::ACCEPT;

    fn read(body: BufReader<std::fs::File>, media_type: &str, url: &Url) -> Result<Self, String> {
        let name = url
            .path()
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or("");
        let name = PackageName::new(Ecosystem::PyPi, name).map_err(|e| e.to_string())?;
        let page = match Format::of_content_type(media_type) {
            Some(Format::Json) => parse_json(body, url, &name),
            Some(Format::Html) => parse_html(body, url, &name),
            None => return Err(format!("it is of type {}", printable(media_type, 60))),
        };
        page.map(Self).map_err(|e| e.to_string())
    }

    fn weight(&self) -> usize {
        512 + self.0.files.len() * 420
    }
}

impl Entries for PypiPage {
    /// Files that belong to no version are never offered.
    fn entries(&self) -> Vec<Seen> {
        let files = self.0.files.iter();
        let mut all: Vec<_> = files
            .filter_map(|file| {
                Some(Seen {
                    version: file.version.clone()?,
                    artifact: Some(file.filename.clone()),
                    published: file.upload_time,
                })
            })
            .collect();
        all.sort_by_key(|one| one.published);
        all
    }
}

/// The path of a project's page below an index.
pub(super) fn page_path(package: &PackageName) -> String {
    format!("{package}/")
}

/// What a file is built for: the last tag of a wheel; nothing of a source distribution.
pub(super) fn platform(filename: &str) -> Option<&str> {
    filename.strip_suffix(".whl")?.rsplit('-').next()
}

/// What an installer does with a file, as far as reading it goes.
pub(super) fn kind(filename: &str) -> Kind {
    match FileKind::of(filename) {
        FileKind::Wheel => Kind::Wheel,
        _ => Kind::Sdist,
    }
}

impl Registry {
    /// The page of a project with a decision about each file that needs one. `None`: no
    /// index has such a project.
    ///
    /// # Errors
    /// An index gives no usable answer: then the next one is not asked, since the name
    /// may be the first one's.
    pub async fn judge_pypi(
        &self,
        context: &Context,
        package: &PackageName,
    ) -> Result<Option<JudgedDocument<PypiPage>>, FetchError> {
        self.judge_pypi_within(context, package.clone(), Trail::default())
            .await
    }

    fn judge_pypi_within<'a>(
        &'a self,
        context: &'a Context,
        package: PackageName,
        trail: Trail,
    ) -> BoxFuture<'a, Result<Option<JudgedDocument<PypiPage>>, FetchError>> {
        Box::pin(async move {
            let Some((upstream, document)) = self.page(context, &package).await? else {
                return Ok(None);
            };
            let now = self.clock.now();
            let path = page_path(&package);
            let place = (&self.pypi, upstream, path.as_str());
            if let Some(judged) = self.undecided(context, &package, place, &document, now) {
                return Ok(Some(JudgedDocument {
                    upstream: upstream.clone(),
                    document,
                    judged,
                }));
            }
            let key = judged_key(context, &package, upstream, &document.digest);
            let asked = Asked {
                package: &package,
                documents: &self.pypi,
                upstream,
                path: &path,
                document: &document,
                key: &key,
                now,
                trail: &trail,
            };
            let judged = match self.judged_before(&asked).await {
                Ok(judged) => judged,
                Err(_turn) => {
                    let case = self
                        .pypi_case(context, upstream, &package, &document, now, &trail)
                        .await;
                    let mut judged = self.judge_page(&case).await;
                    judged.newest = case.newest();
                    let judged = self.keep(key, judged, now, &case.gaps, &trail);
                    if let Some(newest) = judged.newest {
                        self.pypi.note_dated(upstream, &path, &document, newest);
                    }
                    judged
                }
            };
            Ok(Some(JudgedDocument {
                upstream: upstream.clone(),
                document,
                judged,
            }))
        })
    }

    /// Where a project comes from: one index, the user's own ones first. A name that the
    /// user's own index has is never taken from the public one.
    pub(crate) async fn page<'a>(
        &self,
        context: &'a Context,
        package: &PackageName,
    ) -> Result<Option<(&'a Upstream, Arc<Document<PypiPage>>)>, FetchError> {
        self.origin_document(context, package, &self.pypi, &page_path(package))
            .await
    }

    async fn pypi_case<'a>(
        &self,
        context: &'a Context,
        upstream: &'a Upstream,
        package: &'a PackageName,
        document: &'a Document<PypiPage>,
        now: Timestamp,
        trail: &'a Trail,
    ) -> Case<'a> {
        let files = document.index.0.files.iter();
        let mut all: Vec<(&File, &Version)> = files
            .filter_map(|file| Some((file, file.version.as_ref()?)))
            .collect();
        all.sort_by_key(|(file, _)| file.upload_time);
        let gaps = Gaps::default();
        let (seen, at) = (document.index.entries(), document.confirmed);
        let sights = self.look(upstream, package, seen, at, &gaps).await;
        let known = context.advisories.known().is_some_and(|s| s.knows(package));
        Case {
            context,
            newest_undated: newest_undated(&all),
            gaps,
            upstream,
            now,
            trail,
            package,
            document: document.digest.clone(),
            all,
            sights,
            known,
        }
    }

    async fn judge_page(&self, case: &Case<'_>) -> Judged {
        let may_deny = case.context.policy.may_deny(case.package);
        let young: Vec<bool> = (0..case.all.len()).map(|at| case.is_young(at)).collect();
        let manifests = self.young_manifests(case, &young).await;
        let mut judged = Judged::default();
        let (mut undecided, mut held) = (Vec::new(), Vec::new());
        let mut dates = gather::DATES;
        let beyond = gather::beyond((0..case.all.len()).filter(|at| young[*at]));
        // Wheels of one version mostly declare the same.
        let mut looked: Vec<(Dependencies, Added)> = Vec::new();
        for (at, (file, _)) in case.all.iter().copied().enumerate() {
            if beyond.contains(&at) {
                judged.hidden.insert(file.filename.clone());
                continue;
            }
            if !(young[at] || may_deny || case.known) {
                continue;
            }
            let mut dossier = self.pypi_dossier(case, at, young[at], &judged, &manifests);
            if young[at] && dossier.published.known().is_none() && dates > 0 {
                dates -= 1;
                dossier.last_modified = self.last_modified(case.upstream, Some(&file.url)).await;
            }
            if young[at] {
                let key = dependencies_of(&dossier);
                let added = match looked.iter().find(|(k, _)| *k == key) {
                    Some((_, added)) => added.clone(),
                    None => {
                        let added = self.look_at_projects(case, &dossier).await;
                        looked.push((key, added.clone()));
                        added
                    }
                };
                dossier.added_dependencies = added.looked_up;
                dossier.not_followed = added.not_followed;
                dossier.not_followed.extend(manifests.left_out(file));
            }
            // A fix is let through early only if it is known to run nothing new.
            if !dossier.fixes.is_empty() {
                self.look_into_file(case, at, &mut dossier).await;
            }
            judged
                .exemptions
                .extend(case.context.policy.exemptions_matching(&dossier));
            let judgement = self.decide(case.context, &dossier, case.now);
            let action = &judgement.decision.action;
            if young[at] && action.allows() {
                undecided.push((at, dossier));
            } else if young[at] && action.until().is_some() {
                held.push((at, dossier));
            }
            judged.insert(file.filename.clone(), judgement);
        }
        self.look_at_files(case, undecided, &mut judged).await;
        self.look_at_held_files(case, held, &mut judged).await;
        judged
    }

    /// Reads one wheel of the newest young versions, and their source distribution, before
    /// the page is rendered. Wheels of one version hold the same modules, so one that is
    /// proven malicious speaks for its siblings: an installer would take the next of them.
    /// Each is read by itself when it is delivered.
    async fn look_at_files(
        &self,
        case: &Case<'_>,
        undecided: Vec<(usize, Dossier)>,
        judged: &mut Judged,
    ) {
        for mut files in newest_versions(case, undecided) {
            let mut proven: Option<(Arc<Inspection>, Option<Digest>)> = None;
            for index in self.worth_reading(case, &files) {
                let (at, dossier) = &mut files[index];
                if !self.look_into_file(case, *at, dossier).await {
                    continue;
                }
                let judgement = self.decide(case.context, dossier, case.now);
                if matches!(judgement.decision.action, Action::Block { until: None }) {
                    let code = dossier.code.clone();
                    proven = code.map(|code| (code, dossier.read.clone()));
                }
                judged.insert(case.all[*at].0.filename.clone(), judgement);
            }
            let Some((code, read)) = proven else {
                continue;
            };
            for (at, mut dossier) in files {
                if dossier.code.is_none() {
                    dossier.code = Some(code.clone());
                    dossier.read = read.clone();
                    let judgement = self.decide(case.context, &dossier, case.now);
                    judged.insert(case.all[at].0.filename.clone(), judgement);
                }
            }
        }
    }

    /// What is held is not read in front of anybody. What is known of it already is said
    /// now; the rest is named, so that it is there when the hold ends.
    async fn look_at_held_files(
        &self,
        case: &Case<'_>,
        held: Vec<(usize, Dossier)>,
        judged: &mut Judged,
    ) {
        for mut files in newest_versions(case, held) {
            for index in self.worth_reading(case, &files) {
                let (at, dossier) = &mut files[index];
                if dossier.looked_into {
                    continue;
                }
                let (file, version) = case.all[*at];
                let Some(found) = self.known_file(file).await else {
                    let release = dossier.release.clone();
                    case.gaps.unseen(wish(release, Wish::Held, file));
                    continue;
                };
                compare(file, dossier, &found);
                gather::add(dossier, &found);
                self.add_known_file(case, file, version, dossier).await;
                let judgement = self.decide(case.context, dossier, case.now);
                judged.insert(file.filename.clone(), judgement);
            }
        }
    }

    /// Adds what is known of the predecessor's file, without fetching it.
    async fn add_known_file(
        &self,
        case: &Case<'_>,
        file: &File,
        version: &Version,
        dossier: &mut Dossier,
    ) {
        let Some(before) = &mut dossier.predecessor else {
            return;
        };
        let Some(other) = earlier_file(case, file, before.by_artifact()) else {
            return gather::had_none(before);
        };
        match self.known_file(other).await {
            Some(found) => {
                gather::add_earlier(before, Ok(found), other.digests.first(), &case.gaps);
                if platform(&other.filename) != platform(&file.filename) {
                    before.code = None;
                }
            }
            None => {
                let release = ReleaseId::new(case.package.clone(), before.by_artifact().clone());
                let wish = wish(release, Wish::Before(version.clone()), other);
                case.gaps.unseen(wish);
            }
        }
    }

    async fn known_file(&self, file: &File) -> Option<Arc<ArtifactFacts>> {
        let digest = file.digests.first()?;
        self.inspections.known(digest, kind(&file.filename)).await
    }

    /// Of the files of one version: a wheel, for every platform if there is one, and the
    /// source distribution.
    fn worth_reading(&self, case: &Case<'_>, files: &[(usize, Dossier)]) -> Vec<usize> {
        let file = |index: &usize| case.all[files[*index].0].0;
        let small = |index: &usize| {
            file(index)
                .size
                .is_none_or(|size| size <= gather::LARGEST_PACKED)
        };
        let of_kind = |kind: FileKind| {
            (0..files.len()).filter(move |index| small(index) && file(index).kind() == kind)
        };
        let any = |index: &usize| !file(index).filename.ends_with("-none-any.whl");
        let wheel = of_kind(FileKind::Wheel)
            .min_by_key(|index| (any(index), file(index).size, file(index).filename.as_str()));
        wheel
            .into_iter()
            .chain(of_kind(FileKind::Sdist).next())
            .collect()
    }

    fn pypi_dossier(
        &self,
        case: &Case<'_>,
        at: usize,
        young: bool,
        judged: &Judged,
        manifests: &Manifests<'_>,
    ) -> Dossier {
        let (file, version) = case.all[at];
        let release = ReleaseId::new(case.package.clone(), version.clone());
        let (first_seen, published_before) =
            gather::sight(&case.sights, version, Some(&file.filename));
        let mut manifest = manifests.of(file);
        manifest.withdrawn = file.yanked != Yanked::No;
        manifest.runs = runs_by_page(file);
        let own = release_line(version.as_str());
        let others = case
            .all
            .iter()
            .filter(|(_, v)| release_line(v.as_str()) == own)
            .map(|(_, version)| *version);
        Dossier {
            artifact: Some(file.filename.clone()),
            digests: file.digests.clone(),
            published: match file.upload_time {
                Some(at) => Known::Is(at),
                None => Known::not_known("the page has no upload time for it"),
            },
            last_modified: None,
            first_seen,
            published_before,
            history: case.history(at),
            predecessor: young
                .then(|| case.predecessor(at, judged, manifests))
                .flatten(),
            added_dependencies: Vec::new(),
            not_followed: Vec::new(),
            unmet: Vec::new(),
            origin: origin(file, case.carries_provenance()),
            // The page names no publisher.
            activity: Known::NotApplicable,
            likeness: gather::likeness(&release.package, &manifest, case.earliest(), case.now),
            advisories: gather::advisories(
                case.context,
                &Known::NotApplicable,
                case.upstream,
                &release,
            ),
            fixes: if young {
                gather::fixes(case.context, &release, others)
            } else {
                Vec::new()
            },
            looked_into: false,
            unread: None,
            code: None,
            contradictions: Vec::new(),
            false_origin: Vec::new(),
            other_builder: None,
            read: None,
            document: Some(case.document.clone()),
            lane_sibling_of: self.lane_of(
                case.context,
                &release,
                file.upload_time,
                &Origin::default(),
            ),
            route: case.upstream.route,
            manifest,
            release,
        }
    }

    /// Reads a wheel for `.pth` files, which Python runs at every start. Returns whether
    /// the dossier knows more then.
    async fn look_into_file(&self, case: &Case<'_>, at: usize, dossier: &mut Dossier) -> bool {
        let file = case.all[at].0;
        let found = match self.file_facts(case, file).await {
            Ok(found) => found,
            Err(unread) => return gather::unread(dossier, unread, &case.gaps),
        };
        compare(file, dossier, &found);
        gather::add(dossier, &found);
        if let Some(before) = &mut dossier.predecessor {
            match earlier_file(case, file, before.by_artifact()) {
                Some(other) => {
                    let earlier = self.file_facts(case, other).await;
                    gather::add_earlier(before, earlier, other.digests.first(), &case.gaps);
                    // A wheel of another platform holds other binaries: that is no news.
                    if platform(&other.filename) != platform(&file.filename) {
                        before.code = None;
                    }
                }
                None => gather::had_none(before),
            }
        }
        true
    }

    async fn file_facts(&self, case: &Case<'_>, file: &File) -> Result<Arc<ArtifactFacts>, Unread> {
        let digest = file.digests.first();
        let kind = kind(&file.filename);
        self.artifact_facts(case.upstream, Some(&file.url), digest, kind)
            .await
    }
}

/// Files by version, those of the newest versions first.
fn newest_versions(case: &Case<'_>, files: Vec<(usize, Dossier)>) -> Vec<Vec<(usize, Dossier)>> {
    let mut versions: Vec<(&Version, Vec<(usize, Dossier)>)> = Vec::new();
    for (at, dossier) in files.into_iter().rev() {
        let version = case.all[at].1;
        match versions.iter().position(|(known, _)| *known == version) {
            Some(index) => versions[index].1.push((at, dossier)),
            None if versions.len() == gather::ARTIFACTS => {}
            None => versions.push((version, vec![(at, dossier)])),
        }
    }
    versions.into_iter().map(|(_, files)| files).collect()
}

/// The file of an earlier version that a file is compared with: of the same kind, for the
/// same platform where there is one.
fn earlier_file<'a>(case: &Case<'a>, file: &File, version: &Version) -> Option<&'a File> {
    let of_kind = case
        .all
        .iter()
        .filter(|(f, v)| *v == version && f.kind() == file.kind());
    of_kind
        .max_by_key(|(f, _)| platform(&f.filename) == platform(&file.filename))
        .map(|(f, _)| *f)
}

fn wish(release: ReleaseId, wish: Wish, file: &File) -> Option<Unseen> {
    let kind = kind(&file.filename);
    Unseen::new(
        release,
        wish,
        Some(file.url.clone()),
        file.digests.first(),
        kind,
    )
}

/// Compares what a file says of itself with what the index says of it. Where the index
/// offers no metadata of its own, resolvers read the file itself.
fn compare(file: &File, dossier: &mut Dossier, found: &ArtifactFacts) {
    if declared::promised(file).is_some() && file.kind() == FileKind::Wheel {
        gather::compare(dossier, found);
    }
}

/// What a file depends on, beside what its predecessor did.
type Dependencies = (BTreeMap<String, String>, Option<BTreeMap<String, String>>);

fn dependencies_of(dossier: &Dossier) -> Dependencies {
    let before = dossier.predecessor.as_ref();
    (
        dossier.manifest.dependencies.clone(),
        before.map(|b| b.manifest.dependencies.clone()),
    )
}
