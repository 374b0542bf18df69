//! npm: dossiers from documents, and from tarballs where documents lack a fact.

mod ahead;
mod case;
mod dependencies;
mod past;

pub use dependencies::needs;

use super::again::{Asked, Entries};
use super::archive::{ArtifactFacts, Kind};
use super::gather::{self, Gaps};
use super::trail::Trail;
use super::{AUDIT_COUNTS, Context, Judged, JudgedDocument, Registry, judged_key, later};
use crate::document::{Document, Indexed};
use crate::http::FetchError;
use crate::upstream::Upstream;
use case::{Candidate, Case};
use customs_ecosystem::npm::{
    NpmRelease, NpmVersion, Packument, PublisherEntry, VersionEntry, release_line,
};
use customs_model::{
    Dossier, Known, PackageName, PublisherKind, ReleaseId, Timestamp, Unread, Version,
};
use customs_store::Seen;
use futures_util::future::BoxFuture;
use past::Past;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use url::Url;

/// Releases of a popular package that may show a name to be its sibling.
const SIBLING_RELEASES: usize = 5;
/// Young versions that an audit is asked about.
const AUDITED: usize = 50;
/// Releases of one document whose signatures are verified while it is judged, newest first. Every
/// other one is when it is delivered; nightly builds come to hundreds a month.
const SIGNATURES: usize = 100;

impl Indexed for Packument {
    // The full form: only it has publish times, scripts and publishers.
    const ACCEPT: &'static str = "application/json";

    fn read(body: BufReader<File>, _media_type: &str, _url: &Url) -> Result<Self, String> {
        Self::read(body.into_inner()).map_err(|e| e.to_string())
    }

    fn weight(&self) -> usize {
        512 + self.versions.len() * 160 + self.times.len() * 80
    }
}

impl Entries for Packument {
    fn entries(&self) -> Vec<Seen> {
        let mut all: Vec<_> = self
            .versions
            .iter()
            .map(|entry| Seen {
                version: entry.version.clone(),
                artifact: None,
                published: self.published(&entry.version),
            })
            .collect();
        all.sort_by_key(|one| one.published);
        all
    }
}

/// Version order for advisories.
pub fn order(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    Some(NpmVersion::parse(a)?.cmp(&NpmVersion::parse(b)?))
}

/// Whether a release may be what another one is compared with: lower, of the same line, and
/// no prerelease, which says little about the stable release behind it.
pub(super) fn precedes(version: &NpmVersion, of: &NpmVersion) -> bool {
    version < of
        && release_line(version) == release_line(of)
        && (of.is_prerelease() || !version.is_prerelease())
}

/// The path of a document below an npm registry: a scope's slash is encoded.
pub fn document_path(package: &PackageName) -> String {
    package.as_str().replace('/', "%2f")
}

/// The facts of one release, read from its span of the document.
pub fn facts(document: &Document<Packument>, entry: &VersionEntry) -> Option<NpmRelease> {
    let bytes = document.span(entry.offset, entry.length).ok()?;
    NpmRelease::read(&bytes).ok()
}

impl Registry {
    /// The document of a package with a decision about each release that needs one.
    /// `None`: the upstream has no such package.
    ///
    /// # Errors
    /// The upstream gives no usable answer.
    pub async fn judge_npm(
        &self,
        context: &Context,
        package: &PackageName,
    ) -> Result<Option<JudgedDocument<Packument>>, FetchError> {
        self.judge_npm_within(context, package.clone(), Trail::default())
            .await
    }

    /// A package's document from where its name comes from. `None`: no registry has it.
    pub(crate) async fn packument<'a>(
        &self,
        context: &'a Context,
        package: &PackageName,
    ) -> Result<Option<(&'a Upstream, Arc<Document<Packument>>)>, FetchError> {
        let path = document_path(package);
        self.origin_document(context, package, &self.npm, &path)
            .await
    }

    fn judge_npm_within<'a>(
        &'a self,
        context: &'a Context,
        package: PackageName,
        trail: Trail,
    ) -> BoxFuture<'a, Result<Option<JudgedDocument<Packument>>, FetchError>> {
        Box::pin(async move {
            let Some((upstream, document)) = self.packument(context, &package).await? else {
                return Ok(None);
            };
            let now = self.clock.now();
            let path = document_path(&package);
            let place = (&self.npm, upstream, path.as_str());
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
                documents: &self.npm,
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
                        .npm_case(context, upstream, &package, &document, now, &trail)
                        .await;
                    let mut judged = self.judge_packument(&case).await;
                    judged.newest = case.newest();
                    match &case.audit {
                        Known::Is(_) => judged.expire(later(now, AUDIT_COUNTS)),
                        Known::NotKnown(_) => case.gaps.doubt(),
                        Known::NotApplicable => {}
                    }
                    // One whose document vanished while it was read says too little.
                    if document.body.exists() {
                        let judged = self.keep(key, judged, now, &case.gaps, &trail);
                        if let Some(newest) = judged.newest {
                            self.npm.note_dated(upstream, &path, &document, newest);
                        }
                        judged
                    } else {
                        judged.doubtful = true;
                        judged.newest = None;
                        Arc::new(judged)
                    }
                }
            };
            Ok(Some(JudgedDocument {
                upstream: upstream.clone(),
                document,
                judged,
            }))
        })
    }

    async fn npm_case<'a>(
        &self,
        context: &'a Context,
        upstream: &'a Upstream,
        package: &'a PackageName,
        document: &'a Document<Packument>,
        now: Timestamp,
        trail: &'a Trail,
    ) -> Case<'a> {
        let index = &document.index;
        let mut all: Vec<Candidate<'_>> = index
            .versions
            .iter()
            .map(|entry| Candidate {
                entry,
                parsed: NpmVersion::parse(entry.version.as_str()),
                published: index.published(&entry.version),
            })
            .collect();
        all.sort_by(|a, b| (a.published, &a.parsed).cmp(&(b.published, &b.parsed)));
        let gaps = Gaps::default();
        let (seen, at) = (index.entries(), document.confirmed);
        let sights = self.look(upstream, package, seen, at, &gaps).await;
        let window = context.policy.change_window;
        let young: Vec<&str> = all
            .iter()
            .rev()
            .filter(|c| c.published.is_some_and(|p| now.duration_since(p) < window))
            .map(|c| c.entry.version.as_str())
            .take(AUDITED)
            .collect();
        let audit = if matches!(context.advisories, Known::NotApplicable) && !young.is_empty() {
            self.audits.about(upstream, package, &young, now).await
        } else {
            Known::NotApplicable
        };
        Case {
            context,
            upstream,
            package,
            document,
            now,
            trail,
            all,
            sights,
            audit,
            gaps,
        }
    }

    async fn judge_packument(&self, case: &Case<'_>) -> Judged {
        let chosen = case.chosen();
        self.note_publications(case.publications(&chosen)).await;
        let mut judged = Judged::default();
        let mut past = Past::default();
        let (mut undecided, mut held) = (Vec::new(), Vec::new());
        let mut dates = gather::DATES;
        let beyond = gather::beyond(chosen.iter().copied().filter(|at| case.is_young(*at)));
        let signed: BTreeSet<usize> = chosen.iter().rev().take(SIGNATURES).copied().collect();
        for at in 0..case.all.len() {
            past.advance(case, at, &judged);
            if !chosen.contains(&at) {
                continue;
            }
            if beyond.contains(&at) {
                judged.hidden.insert(case.version(at).to_owned());
                continue;
            }
            let Some(mut dossier) = self.npm_dossier(case, at, &judged, &past).await else {
                judged.hidden.insert(case.version(at).to_owned());
                continue;
            };
            if signed.contains(&at) {
                dossier.false_origin = case.false_signatures(at);
            }
            if dossier.published.known().is_none()
                && dates > 0
                && !case.context.policy.is_private(&dossier)
            {
                dates -= 1;
                let url = facts(case.document, case.all[at].entry).and_then(|f| f.tarball);
                dossier.last_modified = self.last_modified(case.upstream, url.as_deref()).await;
            }
            // A fix is let through early only if it is known to run nothing new, and so are
            // those that it brings along.
            if !dossier.fixes.is_empty() || dossier.lane_sibling_of.is_some() {
                self.look_into_tarball(case, &mut dossier).await;
            }
            if case.is_young(at) {
                self.look_at_dependencies(case, &mut dossier).await;
                self.drop_siblings_likeness(case.context, &mut dossier)
                    .await;
            }
            judged
                .exemptions
                .extend(case.context.policy.exemptions_matching(&dossier));
            let judgement = self.decide(case.context, &dossier, case.now);
            let action = &judgement.decision.action;
            if case.is_young(at) && action.allows() {
                undecided.push(dossier);
            } else if case.is_young(at) && action.until().is_some() {
                held.push(dossier);
            }
            judged.insert(case.version(at).to_owned(), judgement);
        }
        self.look_at_newest(case, undecided, &mut judged).await;
        self.look_at_held(case, held, &mut judged).await;
        judged
    }

    async fn npm_dossier(
        &self,
        case: &Case<'_>,
        at: usize,
        judged: &Judged,
        past: &Past,
    ) -> Option<Dossier> {
        let candidate = &case.all[at];
        let release = ReleaseId::new(case.package.clone(), candidate.entry.version.clone());
        // An object that cannot be read says nothing, which is not "nothing bad".
        let facts = facts(case.document, candidate.entry)?;
        let (manifest, origin, digests) = (facts.manifest, facts.origin, facts.digests);
        let (first_seen, published_before) = gather::sight(&case.sights, &release.version, None);
        let line = candidate.line();
        let others = case
            .all
            .iter()
            .filter(|c| c.line() == line)
            .map(|c| &c.entry.version);
        let identity = gather::identity(&origin, &manifest);
        let young = case.is_young(at);
        Some(Dossier {
            artifact: None,
            published: match candidate.published {
                Some(published) => Known::Is(published),
                None => Known::not_known("the document has no publish time for it"),
            },
            last_modified: None,
            first_seen,
            published_before,
            history: past.history(case, at),
            predecessor: young.then(|| case.predecessor(at, judged)).flatten(),
            added_dependencies: Vec::new(),
            not_followed: Vec::new(),
            unmet: Vec::new(),
            activity: if young {
                self.activity(identity.as_deref(), candidate.published)
                    .await
            } else {
                Known::NotApplicable
            },
            likeness: gather::likeness(
                &release.package,
                &manifest,
                case.document.index.earliest(),
                case.now,
            ),
            advisories: gather::advisories(case.context, &case.audit, case.upstream, &release),
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
            lane_sibling_of: self.lane_of(case.context, &release, candidate.published, &origin),
            route: case.upstream.route,
            digests,
            manifest,
            origin,
            release,
        })
    }

    /// A name that looks like a popular one and is published by the same identity is a
    /// sibling and imitates nobody.
    async fn drop_siblings_likeness(&self, context: &Context, dossier: &mut Dossier) {
        let Some(likeness) = &dossier.likeness else {
            return;
        };
        let Ok(Some((_, other))) = self.packument(context, &likeness.of).await else {
            return;
        };
        // Only its own maintainers make a popular package depend on a name.
        let newest = other.index.versions.iter().rev().take(SIBLING_RELEASES);
        let depends = newest
            .filter_map(|entry| facts(&other, entry))
            .any(|facts| {
                let name = dossier.release.package.as_str();
                let manifest = &facts.manifest;
                manifest.dependencies.contains_key(name)
                    || manifest.optional_dependencies.contains_key(name)
            });
        if depends {
            dossier.likeness = None;
            return;
        }
        let Some(publisher) = dossier.origin.publisher.known() else {
            return;
        };
        let theirs = other
            .index
            .versions
            .iter()
            .filter_map(|e| other.index.publisher(e));
        let is_account = |p: &PublisherEntry| !p.trusted && p.name == publisher.name;
        if publisher.kind == PublisherKind::Account && theirs.into_iter().any(is_account) {
            dossier.likeness = None;
        }
    }

    /// Reads the tarball for what the document does not say: `binding.gyp`, which npm
    /// builds although no script says so. Returns whether the dossier knows more then.
    async fn look_into_tarball(&self, case: &Case<'_>, dossier: &mut Dossier) -> bool {
        let version = dossier.release.version.clone();
        let found = match self
            .tarball_facts(case.upstream, case.document, &version)
            .await
        {
            Ok(found) => found,
            Err(unread) => return gather::unread(dossier, unread, &case.gaps),
        };
        gather::compare(dossier, &found);
        gather::add(dossier, &found);
        if let Some(before) = &mut dossier.predecessor {
            // Nothing that runs is nothing new that runs: then it is compared with what is
            // known, and nothing is fetched for it while somebody waits.
            if found.runs.at_install() == Some(false) {
                self.add_known_tarball(case, before, &version).await;
            } else {
                let earlier = before.by_artifact().clone();
                let facts = ahead::facts_of(case, &earlier);
                let digest = facts.as_ref().and_then(|facts| facts.digests.first());
                let found = self
                    .tarball_facts(case.upstream, case.document, &earlier)
                    .await;
                gather::add_earlier(before, found, digest, &case.gaps);
            }
        }
        true
    }

    async fn tarball_facts(
        &self,
        upstream: &Upstream,
        document: &Document<Packument>,
        version: &Version,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        let facts = document
            .index
            .entry(version)
            .and_then(|entry| facts(document, entry))
            .ok_or_else(|| Unread::NotFetched("its object cannot be read".to_owned()))?;
        let digest = facts.digests.first();
        self.artifact_facts(upstream, facts.tarball.as_deref(), digest, Kind::Tarball)
            .await
    }
}
