//! cargo: dossiers from the sparse index, and from crates for what the index lacks.

mod dependencies;

use super::again::{Asked, Entries};
use super::archive::{ArtifactFacts, Kind};
use super::before::nearest;
use super::gather::{self, Gaps};
use super::trail::Trail;
use super::unseen::{Unseen, Wish};
use super::{Context, Judged, JudgedDocument, Registry, judged_key};
use crate::document::{Document, Found, Indexed};
use crate::http::FetchError;
use crate::upstream::Upstream;
use customs_ecosystem::cargo::{
    Config, Index, Line, compare, download_url, index_path, is_prerelease, release_line,
};
use customs_model::{
    Dossier, Features, History, Known, Origin, PackageName, Predecessor, ReleaseId, Timestamp,
    Unread, Version,
};
use customs_store::{Seen, Sights};
use futures_util::future::BoxFuture;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::sync::Arc;
use url::Url;

/// Bytes of an index file.
const LONGEST: u64 = 64 << 20;
/// Releases that are looked through for a predecessor, backwards in time.
const FARTHEST: usize = 2_000;

/// Whether an entry may be what a version of this line is compared with: lower, not yanked,
/// and no prerelease, which says little about the stable release behind it.
pub(super) fn precedes(entry: &Line, of: &Version, line: &str) -> bool {
    let (version, of) = (entry.version.as_str(), of.as_str());
    !entry.yanked
        && compare(version, of) == Some(Ordering::Less)
        && release_line(version).as_deref() == Some(line)
        && (is_prerelease(of) || !is_prerelease(version))
}

/// The path of a crate's file below a sparse index.
pub(super) fn file_path(package: &PackageName) -> String {
    index_path(package.as_str())
}

/// A file of the sparse index.
#[derive(Debug)]
pub struct CargoDocument(pub Index);

impl Indexed for CargoDocument {
    const ACCEPT: &'static str = "text/plain, */*;q=0.1";

    fn read(body: BufReader<File>, _media_type: &str, _url: &Url) -> Result<Self, String> {
        let mut bytes = Vec::new();
        body.take(LONGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| e.to_string())?;
        let index = Index::parse(&bytes).map_err(|e| e.to_string())?;
        if index.lines.is_empty() && index.malformed > 0 {
            return Err("none of its lines is a release; is this a sparse index?".to_owned());
        }
        Ok(Self(index))
    }

    fn weight(&self) -> usize {
        let deps: usize = self.0.lines.iter().map(|l| l.deps.len()).sum();
        512 + self.0.lines.len() * 240 + deps * 180
    }
}

impl Entries for CargoDocument {
    fn entries(&self) -> Vec<Seen> {
        let lines = self.0.lines.iter();
        let mut all: Vec<_> = lines
            .map(|line| Seen {
                version: line.version.clone(),
                artifact: None,
                published: line.pubtime,
            })
            .collect();
        all.sort_by_key(|one| one.published);
        all
    }
}

/// An index's `config.json`.
#[derive(Debug)]
pub struct CargoConfig(pub Config);

impl Indexed for CargoConfig {
    const ACCEPT: &'static str = "application/json, */*;q=0.1";

    fn read(body: BufReader<File>, _media_type: &str, _url: &Url) -> Result<Self, String> {
        let mut bytes = Vec::new();
        body.take(1 << 20)
            .read_to_end(&mut bytes)
            .map_err(|e| e.to_string())?;
        Config::parse(&bytes).map(Self).map_err(|e| e.to_string())
    }

    fn weight(&self) -> usize {
        512
    }
}

/// What one index file is judged with.
struct Case<'a> {
    context: &'a Context,
    upstream: &'a Upstream,
    now: Timestamp,
    trail: &'a Trail,
    /// The index file.
    document: &'a Document<CargoDocument>,
    /// Oldest first.
    all: Vec<&'a Line>,
    sights: Sights,
    known: bool,
    gaps: Gaps,
    newest_undated: Option<usize>,
    /// Where crates are downloaded.
    dl: Option<String>,
}

impl Registry {
    /// The index file of a crate with a decision about each release that needs one.
    /// `None`: the index has no such crate.
    ///
    /// # Errors
    /// The upstream gives no usable answer.
    pub async fn judge_cargo(
        &self,
        context: &Context,
        package: &PackageName,
    ) -> Result<Option<JudgedDocument<CargoDocument>>, FetchError> {
        self.judge_cargo_within(context, package.clone(), Trail::default())
            .await
    }

    /// The upstream's `config.json`. `None`: it has none.
    ///
    /// # Errors
    /// The upstream gives no usable answer.
    pub async fn cargo_config(
        &self,
        upstream: &Upstream,
    ) -> Result<Option<Arc<Document<CargoConfig>>>, FetchError> {
        Ok(
            match self.cargo_config.get(upstream, "config.json").await? {
                Found::Document(config) => Some(config),
                Found::Missing => None,
            },
        )
    }

    /// Where a crate is downloaded.
    pub(crate) async fn crate_address(&self, upstream: &Upstream, line: &Line) -> Option<String> {
        let config = self.cargo_config(upstream).await.ok()??;
        Some(download_url(
            &config.index.0.dl,
            line.name.as_str(),
            line.version.as_str(),
            &line.cksum.to_hex(),
        ))
    }

    /// The index file of a crate. `None`: no upstream has it.
    pub(super) async fn index_file<'a>(
        &self,
        context: &'a Context,
        package: &PackageName,
    ) -> Result<Option<(&'a Upstream, Arc<Document<CargoDocument>>)>, FetchError> {
        self.origin_document(context, package, &self.cargo, &file_path(package))
            .await
    }

    fn judge_cargo_within<'a>(
        &'a self,
        context: &'a Context,
        package: PackageName,
        trail: Trail,
    ) -> BoxFuture<'a, Result<Option<JudgedDocument<CargoDocument>>, FetchError>> {
        Box::pin(async move {
            let Some((upstream, document)) = self.index_file(context, &package).await? else {
                return Ok(None);
            };
            let now = self.clock.now();
            let path = file_path(&package);
            let place = (&self.cargo, upstream, path.as_str());
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
                documents: &self.cargo,
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
                        .cargo_case(context, upstream, &package, &document, now, &trail)
                        .await;
                    let mut judged = self.judge_index(&case, &package).await;
                    judged.newest = case.newest();
                    let judged = self.keep(key, judged, now, &case.gaps, &trail);
                    if let Some(newest) = judged.newest {
                        self.cargo.note_dated(upstream, &path, &document, newest);
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

    async fn cargo_case<'a>(
        &self,
        context: &'a Context,
        upstream: &'a Upstream,
        package: &'a PackageName,
        document: &'a Document<CargoDocument>,
        now: Timestamp,
        trail: &'a Trail,
    ) -> Case<'a> {
        let mut all: Vec<&Line> = document.index.0.lines.iter().collect();
        // Lines stand in the order of their publication.
        all.sort_by_key(|line| line.pubtime);
        let gaps = Gaps::default();
        let (seen, at) = (document.index.entries(), document.confirmed);
        let sights = self.look(upstream, package, seen, at, &gaps).await;
        let known = context.advisories.known().is_some_and(|s| s.knows(package));
        let config = self.cargo_config(upstream).await;
        if config.is_err() {
            gaps.doubt();
        }
        let config = config.ok().flatten();
        let dl = config.map(|c| c.index.0.dl.clone());
        Case {
            context,
            newest_undated: newest_undated(&all),
            gaps,
            upstream,
            now,
            trail,
            document,
            all,
            sights,
            known,
            dl,
        }
    }

    async fn judge_index(&self, case: &Case<'_>, package: &PackageName) -> Judged {
        let may_deny = case.context.policy.may_deny(package);
        let mut judged = Judged::default();
        let (mut undecided, mut held) = (Vec::new(), Vec::new());
        let mut dates = gather::DATES;
        let beyond = gather::beyond((0..case.all.len()).filter(|at| case.is_young(*at)));
        for at in 0..case.all.len() {
            if beyond.contains(&at) {
                judged
                    .hidden
                    .insert(case.all[at].version.as_str().to_owned());
                continue;
            }
            let young = case.is_young(at);
            if !(young || may_deny || case.known) {
                continue;
            }
            let mut dossier = self.cargo_dossier(case, at, &judged);
            if young && dossier.published.known().is_none() && dates > 0 {
                dates -= 1;
                let url = case.download(case.all[at]);
                dossier.last_modified = self.last_modified(case.upstream, url.as_deref()).await;
            }
            if young {
                self.look_at_crates(case, &mut dossier).await;
            }
            // A fix is let through early only if it is known to run nothing new.
            if !dossier.fixes.is_empty() {
                self.look_into_crate(case, at, &mut dossier).await;
            }
            judged
                .exemptions
                .extend(case.context.policy.exemptions_matching(&dossier));
            let judgement = self.decide(case.context, &dossier, case.now);
            let action = &judgement.decision.action;
            if young && action.allows() {
                undecided.push((at, dossier));
            } else if young && action.until().is_some() {
                held.push((at, dossier));
            }
            judged.insert(case.all[at].version.as_str().to_owned(), judgement);
        }
        for (at, mut dossier) in newest(undecided) {
            if self.look_into_crate(case, at, &mut dossier).await {
                let judgement = self.decide(case.context, &dossier, case.now);
                judged.insert(dossier.release.version.as_str().to_owned(), judgement);
            }
        }
        for (at, dossier) in newest(held) {
            self.look_at_held_crate(case, at, dossier, &mut judged)
                .await;
        }
        judged
    }

    /// What is held is not read in front of anybody. What is known of it already is said
    /// now; the rest is named, so that it is there when the hold ends.
    async fn look_at_held_crate(
        &self,
        case: &Case<'_>,
        at: usize,
        mut dossier: Dossier,
        judged: &mut Judged,
    ) {
        if dossier.looked_into {
            return;
        }
        let line = case.all[at];
        let Some(found) = self.inspections.known(&line.cksum, Kind::Crate).await else {
            return case.gaps.unseen(case.wish(line, Wish::Held));
        };
        gather::compare(&mut dossier, &found);
        gather::add(&mut dossier, &found);
        if let Some(before) = &mut dossier.predecessor
            && let Some(earlier) = case.all.iter().find(|l| l.version == *before.by_artifact())
        {
            match self.inspections.known(&earlier.cksum, Kind::Crate).await {
                Some(found) => {
                    gather::add_earlier(before, Ok(found), Some(&earlier.cksum), &case.gaps);
                }
                None => case
                    .gaps
                    .unseen(case.wish(earlier, Wish::Before(line.version.clone()))),
            }
        }
        let judgement = self.decide(case.context, &dossier, case.now);
        judged.insert(line.version.as_str().to_owned(), judgement);
    }

    fn cargo_dossier(&self, case: &Case<'_>, at: usize, judged: &Judged) -> Dossier {
        let line = case.all[at];
        let release = ReleaseId::new(line.name.clone(), line.version.clone());
        let mut manifest = line.manifest();
        let (first_seen, published_before) = gather::sight(&case.sights, &line.version, None);
        let young = case.is_young(at);
        if young {
            manifest.offers.features = case.features(line);
        }
        let own = release_line(line.version.as_str());
        let others = case
            .all
            .iter()
            .filter(|l| release_line(l.version.as_str()) == own)
            .map(|l| &l.version);
        Dossier {
            artifact: None,
            digests: vec![line.cksum.clone()],
            published: match line.pubtime {
                Some(at) => Known::Is(at),
                None => Known::not_known("the index line has no pubtime"),
            },
            last_modified: None,
            first_seen,
            published_before,
            history: case.history(at),
            predecessor: young.then(|| case.predecessor(at, judged)).flatten(),
            added_dependencies: Vec::new(),
            not_followed: Vec::new(),
            unmet: Vec::new(),
            // The index names no publisher and carries no evidence.
            origin: Origin::default(),
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
            document: Some(case.document.digest.clone()),
            lane_sibling_of: self.lane_of(case.context, &release, line.pubtime, &Origin::default()),
            route: case.upstream.route,
            manifest,
            release,
        }
    }

    /// Reads the crate for `build.rs` and procedural macros, which the index does not
    /// know. Returns whether the dossier knows more then.
    async fn look_into_crate(&self, case: &Case<'_>, at: usize, dossier: &mut Dossier) -> bool {
        let found = match self.crate_facts(case, case.all[at]).await {
            Ok(found) => found,
            Err(unread) => return gather::unread(dossier, unread, &case.gaps),
        };
        gather::compare(dossier, &found);
        gather::add(dossier, &found);
        if let Some(before) = &mut dossier.predecessor {
            let line = case.all.iter().find(|l| l.version == *before.by_artifact());
            if let Some(line) = line {
                let earlier = self.crate_facts(case, line).await;
                gather::add_earlier(before, earlier, Some(&line.cksum), &case.gaps);
            }
        }
        true
    }

    async fn crate_facts(
        &self,
        case: &Case<'_>,
        line: &Line,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        let url = case.download(line);
        let facts = self.artifact_facts(
            case.upstream,
            url.as_deref(),
            Some(&line.cksum),
            Kind::Crate,
        );
        facts.await
    }
}

/// The newest release without a publish time.
fn newest_undated(all: &[&Line]) -> Option<usize> {
    let undated = (0..all.len()).filter(|at| all[*at].pubtime.is_none());
    undated.max_by(|a, b| {
        let (a, b) = (all[*a].version.as_str(), all[*b].version.as_str());
        compare(a, b).unwrap_or(Ordering::Equal)
    })
}

/// The newest of them. A resolver goes by the version, not by when it was published.
fn newest(mut all: Vec<(usize, Dossier)>) -> impl Iterator<Item = (usize, Dossier)> {
    all.sort_by(|(_, a), (_, b)| {
        let (a, b) = (a.release.version.as_str(), b.release.version.as_str());
        compare(a, b).unwrap_or(Ordering::Equal)
    });
    all.into_iter().rev().take(gather::ARTIFACTS)
}

impl Case<'_> {
    /// The features that a line of the index file says.
    fn features(&self, line: &Line) -> Option<Features> {
        let (from, length) = (line.range.start, line.range.len());
        let bytes = self.document.span(from as u64, length as u64).ok()?;
        Line::features_of(&bytes)
    }

    fn wish(&self, line: &Line, wish: Wish) -> Option<Unseen> {
        let release = ReleaseId::new(line.name.clone(), line.version.clone());
        let url = self.download(line);
        Unseen::new(release, wish, url, Some(&line.cksum), Kind::Crate)
    }

    fn download(&self, line: &Line) -> Option<String> {
        let dl = self.dl.as_deref()?;
        let cksum = line.cksum.to_hex();
        Some(download_url(
            dl,
            line.name.as_str(),
            line.version.as_str(),
            &cksum,
        ))
    }

    /// Young, or not old for certain. A line without a time that stood in the first
    /// index file seen is a baseline: only the newest of them is judged, for the report.
    fn is_young(&self, at: usize) -> bool {
        let window = self.context.policy.change_window;
        let (first, before) = gather::sight(&self.sights, &self.all[at].version, None);
        let appeared = first.is_some_and(|f| !f.baseline && self.now.duration_since(f.at) < window);
        match self.all[at].pubtime {
            Some(published) => {
                self.now.duration_since(published) < window || before.is_some() || appeared
            }
            None => appeared || self.newest_undated == Some(at),
        }
    }

    /// When the last release appeared, where each is dated.
    fn newest(&self) -> Option<Timestamp> {
        gather::newest(self.all.iter().map(|line| {
            let sight = gather::sight(&self.sights, &line.version, None);
            (line.pubtime, sight)
        }))
    }

    fn earliest(&self) -> Option<Timestamp> {
        self.all.iter().filter_map(|l| l.pubtime).min()
    }

    fn predecessor(&self, at: usize, judged: &Judged) -> Option<Predecessor> {
        let of = &self.all[at].version;
        let line = release_line(of.as_str())?;
        let earlier = || {
            let before = self.all[..at].iter().rev().take(FARTHEST);
            before.filter(|l| precedes(l, of, &line) && judged.offers(l.version.as_str()))
        };
        let (before, settled) = nearest(
            earlier,
            |a: &&&Line, b: &&&Line| {
                compare(b.version.as_str(), a.version.as_str()).unwrap_or(Ordering::Equal)
            },
            |l: &&&Line| self.context.is_settled(l.pubtime, self.now),
        )?;
        Some(Predecessor {
            version: before.version.clone(),
            published: before.pubtime,
            manifest: before.manifest(),
            origin: Origin::default(),
            unread: None,
            code: None,
            read: None,
            settled: settled.map(|l| l.version.clone()),
        })
    }

    fn history(&self, at: usize) -> History {
        let published = self.all[at].pubtime;
        let near = |l: &&&Line| match (l.pubtime, published) {
            (Some(a), Some(b)) => a.duration_since(b).abs() <= gather::TOGETHER,
            _ => false,
        };
        let lines: BTreeSet<_> = self
            .all
            .iter()
            .filter(near)
            .filter_map(|l| release_line(l.version.as_str()))
            .collect();
        History {
            earliest: self.earliest(),
            previous_publication: self.all[..at]
                .iter()
                .rev()
                .filter_map(|l| l.pubtime)
                .find(|p| Some(*p) < published),
            lines_within_hour: lines.len().max(1),
            ..History::default()
        }
    }
}
