//! A closer look: what an artifact itself says, where its document could not tell.

use super::archive::ArtifactFacts;
use super::{Context, JudgedDocument, Judgement, Registry, archive, gather, npm, pypi};
use crate::http::FetchError;
use crate::upstream::Upstream;
use customs_model::{
    Digest, Dossier, Ecosystem, History, Known, Manifest, Origin, PackageName, ReleaseId, Timestamp,
    Unread, Version,
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

/// What is known of a release that is older than the window of rules about change: only
/// its code is asked about.
fn old(upstream: &Upstream, asked: &Read<'_>) -> Dossier {
    Dossier {
        release: asked.release.clone(),
        artifact: (asked.release.package.ecosystem() == Ecosystem::PyPi)
            .then(|| asked.file.to_owned()),
        digests: vec![asked.digest.clone()],
        published: match asked.published {
            Some(at) => Known::Is(at),
            None => Known::not_known("its document has no publish time for it"),
        },
        last_modified: None,
        first_seen: None,
        published_before: None,
        history: History::default(),
        manifest: Manifest::default(),
        origin: Origin::default(),
        predecessor: None,
        added_dependencies: Vec::new(),
        not_followed: Vec::new(),
        unmet: Vec::new(),
        activity: Known::NotApplicable,
        likeness: None,
        advisories: Known::NotApplicable,
        fixes: Vec::new(),
        lane_sibling_of: None,
        looked_into: false,
        unread: None,
        code: None,
        route: upstream.route,
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
            Ecosystem::Npm => {
                let Some(found) = self.judge_npm(context, package).await? else {
                    return Ok(None);
                };
                let url = npm::tarball_address(&found.document, &release.version);
                self.closer_about(context, &found, release.version.as_str(), url)
                    .await
            }
            Ecosystem::Cargo => {
                let Some(found) = self.judge_cargo(context, package).await? else {
                    return Ok(None);
                };
                let url = self.crate_address(&found, &release.version).await;
                self.closer_about(context, &found, release.version.as_str(), url)
                    .await
            }
            Ecosystem::PyPi => {
                let Some(found) = self.judge_pypi(context, package).await? else {
                    return Ok(None);
                };
                let mut speaks = None;
                // A question is not worth every platform's wheel: one of each kind speaks
                // for the others, and each is looked into when it is delivered.
                let mut opened = HashSet::new();
                for (file, url) in pypi::addresses(&found.document, &release.version) {
                    if !opened.insert(pypi::kind(&file)) {
                        continue;
                    }
                    let judgement = self.closer_about(context, &found, &file, Some(url)).await?;
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
        gather::add(&mut dossier, &found);
        if found.runs.at_install() == Some(true)
            && let Some(before) = &mut dossier.predecessor
        {
            let earlier = self
                .facts_of_predecessor(context, &release.package, before.by_artifact(), kind)
                .await;
            // Nothing of this look is kept, so no doubt has to be.
            let gaps = gather::Gaps::default();
            match earlier.transpose() {
                Some(earlier) => gather::add_earlier(before, earlier, &gaps),
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
        if judgement.is_some_and(|j| j.dossier.looked_into || j.dossier.unread.is_some()) {
            return Ok(None);
        }
        let kind = match asked.release.package.ecosystem() {
            Ecosystem::Npm => archive::Kind::Tarball,
            Ecosystem::Cargo => archive::Kind::Crate,
            Ecosystem::PyPi => pypi::kind(asked.file),
        };
        let found = self
            .artifact_facts(upstream, Some(asked.url), Some(asked.digest), kind)
            .await;
        let mut dossier = match judgement {
            Some(judgement) => judgement.dossier.clone(),
            None => Box::new(old(upstream, asked)),
        };
        match found {
            Ok(found) => gather::add(&mut dossier, &found),
            Err(unread @ Unread::NotReadable(_)) => dossier.unread = Some(unread),
            Err(unread) => return Err(unread),
        }
        let judgement = self.decide(context, &dossier, self.clock.now());
        let silent = judgement.decision.action.allows() && judgement.not_checked.is_empty();
        Ok((!silent).then_some(judgement))
    }

    /// What the artifact of an earlier release says. `None`: it has none of this kind.
    async fn facts_of_predecessor(
        &self,
        context: &Context,
        package: &PackageName,
        version: &Version,
        kind: archive::Kind,
    ) -> Result<Option<Arc<ArtifactFacts>>, Unread> {
        let failed = |error: FetchError| Unread::NotFetched(error.to_string());
        let place = match package.ecosystem() {
            Ecosystem::Npm => self
                .judge_npm(context, package)
                .await
                .map_err(failed)?
                .and_then(|found| {
                    let entry = found.document.index.entry(version)?;
                    let facts = npm::facts(&found.document, entry)?;
                    Some((
                        found.upstream,
                        facts.tarball?,
                        facts.digests.into_iter().next(),
                    ))
                }),
            Ecosystem::Cargo => match self.judge_cargo(context, package).await.map_err(failed)? {
                Some(found) => {
                    let url = self.crate_address(&found, version).await;
                    let lines = &found.document.index.0.lines;
                    let line = lines.iter().find(|line| line.version == *version);
                    let cksum = line.map(|line| line.cksum.clone());
                    url.map(|url| (found.upstream, url, cksum))
                }
                None => None,
            },
            Ecosystem::PyPi => {
                let found = self.judge_pypi(context, package).await.map_err(failed)?;
                let of_kind = |file: &&customs_ecosystem::pypi::File| {
                    file.version.as_ref() == Some(version) && pypi::kind(&file.filename) == kind
                };
                match found {
                    Some(found) => {
                        let Some(file) = found.document.index.0.files.iter().find(of_kind) else {
                            return Ok(None);
                        };
                        let digest = file.digests.first().cloned();
                        Some((found.upstream, file.url.clone(), digest))
                    }
                    None => None,
                }
            }
        };
        let gone = || Unread::NotFetched("its document no longer has it".to_owned());
        let (upstream, url, digest) = place.ok_or_else(gone)?;
        let facts = self.artifact_facts(&upstream, Some(&url), digest.as_ref(), kind);
        Ok(Some(facts.await?))
    }
}
