//! A closer look: what an artifact itself says, where its document could not tell.

use super::archive::ArtifactFacts;
use super::{Context, JudgedDocument, Judgement, Registry, archive, before, gather, pypi};
use crate::http::FetchError;
use crate::upstream::Upstream;
use customs_model::{
    Digest, Dossier, Ecosystem, Known, OtherBuilder, PackageName, ReleaseId, Timestamp, Unread,
    Version,
};
use customs_rules::LockedOutcome;
use std::collections::HashSet;
use std::sync::Arc;

/// An artifact that is about to be delivered.
#[derive(Debug)]
pub struct Read<'a> {
    /// Which release.
    pub release: &'a ReleaseId,
    /// Its file.
    pub file: &'a str,
    /// When it was published, as far as its document says.
    pub published: Option<Timestamp>,
    /// Where its bytes are.
    pub url: &'a str,
    /// What they are.
    pub digest: &'a Digest,
}

impl Read<'_> {
    fn kind(&self) -> archive::Kind {
        match self.release.package.ecosystem() {
            Ecosystem::Npm => archive::Kind::Tarball,
            Ecosystem::Cargo => archive::Kind::Crate,
            Ecosystem::PyPi => pypi::kind(self.file),
        }
    }
}

/// What was read of an earlier release.
struct Earlier {
    facts: Arc<ArtifactFacts>,
    /// It is built for the same platform.
    same_platform: bool,
    digest: Option<Digest>,
}

/// What is known of a release that is older than the window of rules about change: only
/// its code is asked about.
fn old(upstream: &Upstream, asked: &Read<'_>) -> Dossier {
    let published = match asked.published {
        Some(at) => Known::Is(at),
        None => Known::not_known("its document has no publish time for it"),
    };
    Dossier {
        artifact: (asked.release.package.ecosystem() == Ecosystem::PyPi)
            .then(|| asked.file.to_owned()),
        digests: vec![asked.digest.clone()],
        ..Dossier::bare(asked.release.clone(), published, upstream.route)
    }
}

fn known(upstream: &Upstream, asked: &Read<'_>, judgement: Option<&Judgement>) -> Dossier {
    match judgement {
        Some(judgement) => (*judgement.dossier).clone(),
        None => old(upstream, asked),
    }
}

impl Registry {
    /// The decision about one release, whatever its ecosystem, for who asks by a lockfile
    /// or a tree. `None`: nothing had to be decided. On PyPI, where files are decided on
    /// their own, the first file that would be refused speaks.
    ///
    /// # Errors
    /// The upstream gives no usable answer.
    pub async fn judge_release(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Option<Judgement>, FetchError> {
        let package = &release.package;
        match package.ecosystem() {
            Ecosystem::Npm => match self.judge_npm(context, package).await? {
                Some(found) => self.closer_alone(context, &found, release).await,
                None => Ok(None),
            },
            Ecosystem::Cargo => match self.judge_cargo(context, package).await? {
                Some(found) => self.closer_alone(context, &found, release).await,
                None => Ok(None),
            },
            Ecosystem::PyPi => {
                let Some(found) = self.judge_pypi(context, package).await? else {
                    return Ok(None);
                };
                let mut speaks = None;
                // A question is not worth every platform's wheel: one of each kind speaks
                // for the others, and each is looked into when it is delivered.
                let mut opened = HashSet::new();
                for place in self.locate(context, release).await? {
                    if !opened.insert(place.kind) {
                        continue;
                    }
                    let judgement = self
                        .closer_about(context, &found, &place.file, Some(place.url))
                        .await?;
                    let refused = |j: &Judgement| matches!(j.locked, LockedOutcome::Refuse { .. });
                    if judgement.as_ref().is_some_and(refused) {
                        return Ok(judgement);
                    }
                    speaks = speaks.or(judgement);
                }
                Ok(speaks)
            }
        }
    }

    /// The same, where a release has one artifact.
    async fn closer_alone<T>(
        &self,
        context: &Context,
        found: &JudgedDocument<T>,
        release: &ReleaseId,
    ) -> Result<Option<Judgement>, FetchError> {
        let place = self.locate(context, release).await?.into_iter().next();
        let url = place.map(|place| place.url);
        self.closer_about(context, found, release.version.as_str(), url)
            .await
    }

    async fn closer_about<T>(
        &self,
        context: &Context,
        found: &JudgedDocument<T>,
        key: &str,
        url: Option<String>,
    ) -> Result<Option<Judgement>, FetchError> {
        if found.judged.hides(key) {
            return Err(FetchError::Document {
                host: found.upstream.shown(),
                why: "its entry cannot be read, or is one of more than are looked at".to_owned(),
            });
        }
        let Some(judgement) = found.judged.decisions.get(key) else {
            return Ok(None);
        };
        // What is offered is looked into when it is delivered, not before.
        let held = !judgement.decision.action.allows();
        Ok(Some(match url.filter(|_| held) {
            Some(url) => self.closer(context, &found.upstream, &url, judgement).await,
            None => judgement.clone(),
        }))
    }

    /// A judgement with what the artifact itself says, for who delivers it: its manifest
    /// and its entries, where the document could not tell whether it runs code. Releases
    /// outside the window of rules about change are left alone.
    pub async fn closer(
        &self,
        context: &Context,
        upstream: &Upstream,
        url: &str,
        judgement: &Judgement,
    ) -> Judgement {
        let release = &judgement.decision.release;
        let now = self.clock.now();
        let window = context.policy.change_window;
        let published = judgement.dossier.published.known();
        let is_old = published.is_some_and(|at| now.duration_since(*at) > window);
        // Whatever a document says of its artifact is said by who published both.
        if is_old || judgement.dossier.looked_into {
            return judgement.clone();
        }
        let kind = match release.package.ecosystem() {
            Ecosystem::Npm => archive::Kind::Tarball,
            Ecosystem::Cargo => archive::Kind::Crate,
            Ecosystem::PyPi => pypi::kind(judgement.decision.artifact.as_deref().unwrap_or("")),
        };
        let digest = judgement.digests.first();
        let mut dossier = judgement.dossier.clone();
        let found = match self.artifact_facts(upstream, Some(url), digest, kind).await {
            Ok(found) => found,
            Err(unread) => {
                dossier.unread = Some(unread);
                return self.decide(context, &dossier, now);
            }
        };
        // Of a file of PyPI only its page knows whether there is metadata to compare it with.
        if release.package.ecosystem() != Ecosystem::PyPi {
            gather::compare(&mut dossier, &found);
        }
        gather::add(&mut dossier, &found);
        if found.runs.at_install() == Some(true)
            && let Some(before) = &mut dossier.predecessor
        {
            let built = judgement
                .decision
                .artifact
                .as_deref()
                .and_then(pypi::platform);
            let earlier = self
                .facts_of_predecessor(context, &release.package, before.by_artifact(), kind, built)
                .await;
            // Nothing of this look is kept, so no doubt has to be.
            let gaps = gather::Gaps::default();
            match earlier.transpose() {
                Some(earlier) => {
                    let same = earlier.as_ref().is_ok_and(|earlier| earlier.same_platform);
                    let digest = earlier.as_ref().ok().and_then(|e| e.digest.clone());
                    let found = earlier.map(|earlier| earlier.facts);
                    gather::add_earlier(before, found, digest.as_ref(), &gaps);
                    // A wheel of another platform holds other binaries: that is no news.
                    if !same {
                        before.code = None;
                    }
                }
                None => gather::had_none(before),
            }
        }
        self.decide(context, &dossier, now)
    }

    /// What the code of an artifact adds to a decision, for who delivers it: also of releases
    /// so old that there was nothing to decide. `None`: nothing that is not known already.
    ///
    /// # Errors
    /// Its bytes could not be had.
    pub async fn read(
        &self,
        context: &Context,
        upstream: &Upstream,
        asked: &Read<'_>,
        judgement: Option<&Judgement>,
    ) -> Result<Option<Judgement>, Unread> {
        // What had no promised digest before has the one of its bytes now.
        let done = |j: &Judgement| {
            j.dossier.looked_into || matches!(j.dossier.unread, Some(Unread::NotReadable(_)))
        };
        if judgement.is_some_and(done) {
            return Ok(None);
        }
        let found = self
            .artifact_facts(upstream, Some(asked.url), Some(asked.digest), asked.kind())
            .await;
        match found {
            Ok(found) => Ok(self.with_facts(context, upstream, asked, &found, judgement)),
            Err(unread @ Unread::NotReadable(_)) => {
                let mut dossier = known(upstream, asked, judgement);
                dossier.unread = Some(unread);
                Ok(self.unless_silent(context, &dossier))
            }
            Err(unread) => Err(unread),
        }
    }

    /// The same with facts that somebody has read already. `None`: nothing that is not known
    /// without them.
    pub fn with_facts(
        &self,
        context: &Context,
        upstream: &Upstream,
        asked: &Read<'_>,
        found: &ArtifactFacts,
        judgement: Option<&Judgement>,
    ) -> Option<Judgement> {
        let mut dossier = known(upstream, asked, judgement);
        // Without a judgement no document was read for it.
        if judgement.is_some() && asked.kind() != archive::Kind::Wheel {
            gather::compare(&mut dossier, found);
        }
        gather::add(&mut dossier, found);
        dossier.read = Some(asked.digest.clone());
        self.unless_silent(context, &dossier)
    }

    fn unless_silent(&self, context: &Context, dossier: &Dossier) -> Option<Judgement> {
        let judgement = self.decide(context, dossier, self.clock.now());
        let silent = judgement.decision.action.allows()
            && judgement.not_checked.is_empty()
            && judgement.decision.reasons.is_empty();
        (!silent).then_some(judgement)
    }

    /// A decision with what is known of the artifact's proofs of origin, for who delivers it:
    /// also of releases so old that there was nothing to decide.
    pub fn with_origin(
        &self,
        context: &Context,
        upstream: &Upstream,
        asked: &Read<'_>,
        judgement: Option<&Judgement>,
        false_origin: Vec<String>,
        other_builder: Option<OtherBuilder>,
    ) -> Judgement {
        let mut dossier = match judgement {
            Some(judgement) => judgement.dossier.clone(),
            None => Box::new(old(upstream, asked)),
        };
        dossier.false_origin = false_origin;
        dossier.other_builder = other_builder;
        self.decide(context, &dossier, self.clock.now())
    }

    /// What the artifact of an earlier release says, and whether it is built for the same
    /// platform. `None`: it has none of this kind.
    async fn facts_of_predecessor(
        &self,
        context: &Context,
        package: &PackageName,
        version: &Version,
        kind: archive::Kind,
        built: Option<&str>,
    ) -> Result<Option<Earlier>, Unread> {
        let release = ReleaseId::new(package.clone(), version.clone());
        let places = self
            .locate(context, &release)
            .await
            .map_err(|error| Unread::NotFetched(error.to_string()))?;
        if places.is_empty() {
            let gone = "its document no longer has it".to_owned();
            return Err(Unread::NotFetched(gone));
        }
        let Some((place, same)) = before::of_kind(places, kind, built) else {
            return Ok(None);
        };
        let facts = self
            .artifact_facts(
                &place.upstream,
                Some(&place.url),
                place.digest.as_ref(),
                kind,
            )
            .await?;
        Ok(Some(Earlier {
            facts,
            same_platform: same,
            digest: place.digest,
        }))
    }
}
