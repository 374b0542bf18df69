//! Parts of a dossier that all three ecosystems gather in the same way.

use super::archive::{self, ArtifactFacts};
use super::unseen::Unseen;
use super::{Context, Judged, Registry, order};
use crate::audit::Audit;
use crate::upstream::Upstream;
use customs_intel::Snapshot;
use customs_model::{
    AdvisoryMatch, Digest, Dossier, FirstSight, FixesAdvisory, IdentityActivity, Known, Manifest,
    NameLikeness, Origin, PackageName, Predecessor, PublisherKind, ReleaseId, RunsCode,
    SignedDuration, Timestamp, Unread, Version, printable,
};
use customs_rules::PopularNames;
use customs_store::{Publication, Seen, Sight, Sights, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;

/// Two publications closer than this belong together.
pub(super) const TOGETHER: SignedDuration = SignedDuration::from_mins(60);
/// Bytes, unpacked, of an artifact that is read before anybody asks for it: several of them
/// may be read in front of one document, and most are never asked for.
pub(super) const LARGEST: u64 = 64 << 20;
/// The same, of the one release of a document that a resolver takes first: whoever installs
/// it fetches those bytes anyway. Programs for one platform come to 200 MB.
pub(super) const LARGEST_FIRST: u64 = 256 << 20;
/// The same, packed.
pub(super) const LARGEST_PACKED: u64 = 16 << 20;
/// Release lines of a document whose newest young release is read ahead.
pub(super) const LINES: usize = 6;
/// Artifacts of one release line that are read ahead, at most.
pub(super) const ARTIFACTS: usize = 4;
/// Artifacts that are read at the same time for one document.
pub(super) const TOGETHER_READ: usize = 3;
/// Releases without a publish time whose artifact is asked for its date.
pub(super) const DATES: usize = 8;
/// Whether a name imitates another is asked of names younger than this.
const YOUNG_NAME: SignedDuration = SignedDuration::from_hours(366 * 24);
/// Whether code runs at install is asked of dependencies that are younger; no rule asks
/// it of older ones.
pub(super) const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Young entries of one document that are judged. Nightly builds of large projects come to
/// some 1,500 files a month.
const YOUNG: usize = 4_000;

/// Of the young entries, oldest first, those that are too many to look at: all but the
/// newest. They are not offered.
pub(super) fn beyond(young: impl Iterator<Item = usize>) -> BTreeSet<usize> {
    let young: Vec<usize> = young.collect();
    let more = young.len().saturating_sub(YOUNG);
    young[..more].iter().copied().collect()
}

/// What one judgement could not see to its end.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    cut: AtomicBool,
    doubt: AtomicBool,
    unseen: Mutex<Vec<Unseen>>,
}

impl Gaps {
    /// A dependency was left out because it is on the way here already, or too deep.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// What was named as worth reading so far.
    pub(super) fn unseen_so_far(&self) -> MutexGuard<'_, Vec<Unseen>> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something could not be asked.
    pub(super) fn doubt(&self) {
        self.doubt.store(true, Ordering::Relaxed);
    }

    /// An artifact that could not be had may be there the next time.
    pub(super) fn doubt_if_not_fetched(&self, unread: &Unread) {
        if matches!(unread, Unread::NotFetched(_)) {
            self.doubt();
        }
    }

    /// A judgement rests on another one.
    pub(super) fn rests_on(&self, other: &Judged) {
        if other.doubtful {
            self.doubt();
        }
        if other.cut_short {
            self.cut();
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.doubt.load(Ordering::Relaxed)
    }
}

impl Registry {
    /// Remembers a look at a document; what is remembered of earlier ones.
    pub(super) async fn look(
        &self,
        upstream: &Upstream,
        package: &PackageName,
        seen: Vec<Seen>,
        at: Timestamp,
        gaps: &Gaps,
    ) -> Sights {
        let (store, package) = (self.store.clone(), package.clone());
        let place = upstream.shown();
        let look = move || store.record_sight(&place, &package, &seen, at);
        let looked = tokio::task::spawn_blocking(look).await;
        match looked {
            Ok(Ok(sights)) => sights,
            // Without a memory publish times are taken at their word; deliveries fail
            // anyway while nothing can be recorded.
            Ok(Err(error)) => {
                tracing::error!(%error, "first sights cannot be remembered");
                gaps.doubt();
                Sights::default()
            }
            Err(error) => {
                tracing::error!(%error, "first sights cannot be remembered");
                gaps.doubt();
                Sights::default()
            }
        }
    }

    /// Remembers who published young releases.
    pub(super) async fn note_publications(&self, publications: Vec<Publication>) {
        if publications.is_empty() {
            return;
        }
        let store = self.store.clone();
        let noted =
            tokio::task::spawn_blocking(move || store.record_publications(&publications)).await;
        match noted {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "publications cannot be remembered"),
            Err(error) => tracing::error!(%error, "publications cannot be remembered"),
        }
    }

    /// How many packages an identity published around an instant, as far as this gate saw.
    pub(super) async fn activity(
        &self,
        identity: Option<&str>,
        at: Option<Timestamp>,
    ) -> Known<IdentityActivity> {
        let (Some(identity), Some(at)) = (identity, at) else {
            return Known::NotApplicable;
        };
        let bound = |by: SignedDuration| at.saturating_add(by).unwrap_or(at);
        let (store, identity) = (self.store.clone(), identity.to_owned());
        let (from, to) = (bound(-TOGETHER), bound(TOGETHER));
        let ask = move || store.packages_by_identity(&identity, from, to);
        match tokio::task::spawn_blocking(ask)
            .await
            .unwrap_or(Err(StoreError::Closed))
        {
            Ok(packages) => Known::Is(IdentityActivity {
                packages_within_hour: packages.len().max(1),
            }),
            Err(error) => Known::not_known(error.to_string()),
        }
    }

    /// What an artifact's own manifest and entries say.
    ///
    /// # Errors
    /// It could not be fetched or read, which leaves the fact unknown.
    pub(super) async fn artifact_facts(
        &self,
        upstream: &Upstream,
        url: Option<&str>,
        digest: Option<&Digest>,
        kind: archive::Kind,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        let not_fetched = |because: &str| Unread::NotFetched(printable(because, 200));
        let not_promised = |because: &str| Unread::NotPromised(because.to_owned());
        let url = url
            .and_then(|url| Url::parse(url).ok())
            .ok_or_else(|| not_promised("its document names no address for it"))?;
        let digest = digest.ok_or_else(|| not_promised("its document promises no digest"))?;
        if let Some(answer) = self.inspections.answer(digest, kind).await {
            return answer;
        }
        let path = self
            .artifacts
            .whole(upstream, &url, digest)
            .await
            .map_err(|error| not_fetched(&error.to_string()))?;
        self.inspections
            .read(path, digest, kind, family(&url))
            .await
    }

    /// The same for an artifact that nobody waits for: whoever waits for another one is
    /// served first.
    ///
    /// # Errors
    /// It could not be fetched or read.
    pub(super) async fn facts_when_idle(
        &self,
        upstream: &Upstream,
        url: &str,
        digest: &Digest,
        kind: archive::Kind,
    ) -> Result<Arc<ArtifactFacts>, Unread> {
        if let Some(answer) = self.inspections.answer(digest, kind).await {
            return answer;
        }
        let not_fetched = |because: String| Unread::NotFetched(printable(&because, 200));
        let url = Url::parse(url).map_err(|error| not_fetched(error.to_string()))?;
        let path = self
            .artifacts
            .whole(upstream, &url, digest)
            .await
            .map_err(|error| not_fetched(error.to_string()))?;
        self.inspections
            .read_when_idle(path, digest, kind, family(&url))
            .await
    }

    /// `Last-Modified` of an artifact.
    pub(super) async fn last_modified(
        &self,
        upstream: &Upstream,
        url: Option<&str>,
    ) -> Option<Timestamp> {
        let url = Url::parse(url?).ok()?;
        self.artifacts.last_modified(upstream, &url).await
    }
}

/// What the names of one package's artifacts begin with, as far as an address tells: what
/// stands in front of the version.
fn family(url: &Url) -> &str {
    let file = url.path().rsplit('/').next().unwrap_or_default();
    let is_version = |at: usize| file.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    let mut dashes = file.match_indices('-').map(|(at, _)| at);
    let name = dashes.find(|at| is_version(*at));
    name.and_then(|at| file.get(..at)).unwrap_or(file)
}

/// Notes that an artifact could not be read. Returns whether that says something.
pub(super) fn unread(dossier: &mut Dossier, unread: Unread, gaps: &Gaps) -> bool {
    let says = matches!(unread, Unread::NotReadable(_));
    gaps.doubt_if_not_fetched(&unread);
    dossier.unread = Some(unread);
    says
}

/// An earlier release that offered no file of this kind had no `.pth` file to run.
pub(super) fn had_none(before: &mut Predecessor) {
    before.manifest.runs.startup_hook.get_or_insert(false);
}

/// Compares what an artifact says of itself with what the document of the dossier does.
/// Has to be asked before [`add`], which lets both speak with one voice.
pub(super) fn compare(dossier: &mut Dossier, found: &ArtifactFacts) {
    if let Some(declared) = &found.declared {
        dossier.contradictions = declared.contradictions(&dossier.release, &dossier.manifest);
    }
}

/// Adds what an artifact says of itself.
pub(super) fn add(dossier: &mut Dossier, found: &ArtifactFacts) {
    dossier.looked_into = true;
    dossier.unread = None;
    add_runs(&mut dossier.manifest.runs, &found.runs);
    dossier.code = Some(found.code.clone());
    dossier.read = dossier.digests.first().cloned();
}

/// Adds what the artifact of an earlier release says, which has this digest, or why that is
/// not known.
pub(super) fn add_earlier(
    before: &mut Predecessor,
    found: Result<Arc<ArtifactFacts>, Unread>,
    digest: Option<&Digest>,
    gaps: &Gaps,
) {
    match found {
        Ok(found) => {
            add_runs(&mut before.manifest.runs, &found.runs);
            before.code = Some(found.code.clone());
            before.read = digest.cloned();
        }
        Err(unread) => {
            gaps.doubt_if_not_fetched(&unread);
            before.unread = Some(unread);
        }
    }
}

/// What an earlier look says about an entry: first sight, and a publish time that the
/// registry told before.
pub(super) fn sight(
    sights: &Sights,
    version: &Version,
    artifact: Option<&str>,
) -> (Option<FirstSight>, Option<Timestamp>) {
    match sights.get(version, artifact) {
        Some(Sight {
            first,
            published_before,
            ..
        }) => (Some(*first), *published_before),
        None => (None, None),
    }
}

/// The instant after which no entry of a document was published or first seen; of each the publish
/// time and its [`sight`]. None where one is undated, or its registry told another time before: rules
/// about change look at such ones whatever time it is.
pub(super) fn newest(
    entries: impl Iterator<Item = (Option<Timestamp>, (Option<FirstSight>, Option<Timestamp>))>,
) -> Option<Timestamp> {
    let mut newest: Option<Timestamp> = None;
    for (published, (first, before)) in entries {
        if before.is_some() {
            return None;
        }
        let appeared = first.filter(|first| !first.baseline).map(|first| first.at);
        newest = newest.max(Some(published?)).max(appeared);
    }
    newest
}

/// Advisories about a release, from the configured source or the upstream's own audit.
pub(super) fn advisories(
    context: &Context,
    audit: &Audit,
    upstream: &Upstream,
    release: &ReleaseId,
) -> Known<Vec<AdvisoryMatch>> {
    match (&context.advisories, audit) {
        (Known::Is(snapshot), _) => {
            Known::Is(snapshot.matches(release, &order(release.package.ecosystem())))
        }
        (Known::NotKnown(because), _) => Known::NotKnown(because.clone()),
        (Known::NotApplicable, Known::Is(entries)) => {
            let version = release.version.as_str();
            let source = upstream.shown();
            Known::Is(
                entries
                    .iter()
                    .filter_map(|e| e.about(version, &source))
                    .collect(),
            )
        }
        (Known::NotApplicable, Known::NotKnown(because)) => Known::NotKnown(because.clone()),
        (Known::NotApplicable, Known::NotApplicable) => Known::NotApplicable,
    }
}

/// Advisories that name this release as the fix of what a resolver would take without
/// it: `instead` are the other releases of its line.
pub(super) fn fixes<'a>(
    context: &Context,
    release: &ReleaseId,
    instead: impl Iterator<Item = &'a Version> + Clone,
) -> Vec<FixesAdvisory> {
    let Some(snapshot) = context.advisories.known() else {
        return Vec::new();
    };
    let order = order(release.package.ecosystem());
    let named = snapshot.fixes(release, &order);
    let covered = |snapshot: &Snapshot, id: &str, version: &Version| {
        let other = ReleaseId::new(release.package.clone(), version.clone());
        snapshot.matches(&other, &order).iter().any(|m| m.id == id)
    };
    named
        .into_iter()
        .filter_map(|fix| {
            let for_version = instead
                .clone()
                .filter(|version| **version != release.version)
                .filter(|version| covered(snapshot, &fix.id, version))
                .max_by(|a, b| {
                    order(a.as_str(), b.as_str()).unwrap_or(std::cmp::Ordering::Equal)
                })?;
            Some(FixesAdvisory {
                source: snapshot.name().to_owned(),
                reviewed: fix.reviewed,
                for_version: for_version.clone(),
                id: fix.id,
            })
        })
        .collect()
}

/// The popular package that a young name or its metadata resembles.
pub(super) fn likeness(
    package: &PackageName,
    manifest: &Manifest,
    earliest: Option<Timestamp>,
    now: Timestamp,
) -> Option<NameLikeness> {
    if earliest.is_none_or(|at| now.duration_since(at) > YOUNG_NAME) {
        return None;
    }
    let popular = PopularNames::built_in(package.ecosystem());
    customs_rules::imitates(package, manifest, popular, |_| false)
}

/// Whom a publication is counted for. All pipelines of a code host share one account
/// name, so there the source repository tells them apart.
pub(super) fn identity(origin: &Origin, manifest: &Manifest) -> Option<String> {
    let publisher = origin.publisher.known()?;
    Some(match publisher.kind {
        PublisherKind::Account => format!("account {}", publisher.name),
        PublisherKind::TrustedPublisher => format!("pipeline {}", manifest.repository.as_deref()?),
    })
}

/// Adds what an artifact runs to what its document says of it.
fn add_runs(runs: &mut RunsCode, found: &RunsCode) {
    for (name, command) in &found.scripts {
        runs.scripts
            .entry(name.clone())
            .or_insert_with(|| command.clone());
    }
    let parts = [
        (&mut runs.binding_gyp, found.binding_gyp),
        (&mut runs.build_script, found.build_script),
        (&mut runs.proc_macro, found.proc_macro),
        (&mut runs.build_backend, found.build_backend),
        (&mut runs.startup_hook, found.startup_hook),
    ];
    for (known, found) in parts {
        *known = match (*known, found) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (known, found) => found.or(known),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_as_new_as_the_last_that_appeared_in_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (old, young) = (at("2020-01-01T00:00:00Z"), at("2026-11-30T00:00:00Z"));
        let first = |at, baseline| FirstSight {
            at,
            baseline,
            not_before: None,
        };
        let of = |entries: &[(Option<Timestamp>, Option<FirstSight>, Option<Timestamp>)]| {
            newest(
                entries
                    .iter()
                    .map(|(published, first, before)| (*published, (*first, *before))),
            )
        };
        let plain = (Some(old), Some(first(young, true)), None);
        assert_eq!(of(&[plain]), Some(old), "it stood there at the first look");
        assert_eq!(of(&[plain, (Some(young), None, None)]), Some(young));
        // It came lately, whatever time it claims.
        let late = (Some(old), Some(first(young, false)), None);
        assert_eq!(of(&[late, plain]), Some(young));
        assert_eq!(of(&[plain, (None, Some(first(old, true)), None)]), None);
        assert_eq!(of(&[plain, (Some(old), None, Some(old))]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn releases_of_one_package_are_of_one_family() {
        let of = |path: &str| {
            let url = Url::parse(&format!("https://registry.example/{path}")).unwrap();
            family(&url).to_owned()
        };
        assert_eq!(of("axios/-/axios-1.14.0.tgz"), "axios");
        assert_eq!(of("%40a/b-c/-/b-c-2.0.0-rc.1.tgz"), "b-c");
        assert_eq!(of("ab/cd/a_b-1.0-py3-none-any.whl"), "a_b");
        assert_eq!(of("crates/a/1.0.0/download"), "download");
        assert_eq!(of(""), "");
    }
}
