//! Where the artifacts of a release are, by its document alone: nothing is judged.

use super::archive::{ArtifactFacts, Kind};
use super::{Context, Registry, npm, order, pypi};
use crate::http::FetchError;
use crate::upstream::Upstream;
use customs_ecosystem::npm::{NpmVersion, Range, is_exotic, resolve_alias};
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Timestamp, Unread, Version};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// One artifact of a release.
#[derive(Debug, Clone)]
pub struct Located {
    /// The release.
    pub release: ReleaseId,
    /// Its file name.
    pub file: String,
    /// Where it comes from.
    pub upstream: Upstream,
    /// The address that the document names.
    pub url: String,
    /// What the document promises it to be, strongest first.
    pub digest: Option<Digest>,
    /// Its length, where the document says it.
    pub size: Option<u64>,
    /// When it was published, as far as the document says.
    pub published: Option<Timestamp>,
    /// What it requires, where its document says it: name and requirement as declared.
    pub dependencies: Option<BTreeMap<String, String>>,
    pub(super) kind: Kind,
}

impl Registry {
    /// The artifacts of a release. Empty: no upstream has it.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn locate(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Located>, FetchError> {
        match release.package.ecosystem() {
            Ecosystem::Npm => self.locate_npm(context, release).await,
            Ecosystem::PyPi => self.locate_pypi(context, release).await,
            Ecosystem::Cargo => self.locate_cargo(context, release).await,
        }
    }

    async fn locate_npm(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Located>, FetchError> {
        let Some((upstream, document)) = self.packument(context, &release.package).await? else {
            return Ok(Vec::new());
        };
        let facts = document
            .index
            .entry(&release.version)
            .and_then(|entry| npm::facts(&document, entry));
        let Some((url, facts)) = facts.and_then(|f| Some((f.tarball.clone()?, f))) else {
            return Ok(Vec::new());
        };
        Ok(vec![Located {
            release: release.clone(),
            file: url.rsplit('/').next().unwrap_or_default().to_owned(),
            upstream: upstream.clone(),
            url,
            digest: facts.digests.into_iter().next(),
            size: None,
            published: document.index.published(&release.version),
            dependencies: Some(facts.manifest.dependencies),
            kind: Kind::Tarball,
        }])
    }

    async fn locate_pypi(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Located>, FetchError> {
        let Some((upstream, document)) = self.page(context, &release.package).await? else {
            return Ok(Vec::new());
        };
        let files = document.index.0.files.iter();
        Ok(files
            .filter(|file| file.version.as_ref() == Some(&release.version))
            .map(|file| Located {
                release: release.clone(),
                file: file.filename.clone(),
                upstream: upstream.clone(),
                url: file.url.clone(),
                digest: file.digests.first().cloned(),
                size: file.size,
                published: file.upload_time,
                dependencies: None,
                kind: pypi::kind(&file.filename),
            })
            .collect())
    }

    async fn locate_cargo(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Located>, FetchError> {
        let Some((upstream, document)) = self.index_file(context, &release.package).await? else {
            return Ok(Vec::new());
        };
        let line = document.index.0.lines.iter();
        let Some(line) = line.clone().find(|line| line.version == release.version) else {
            return Ok(Vec::new());
        };
        let Some(url) = self.crate_address(upstream, line).await else {
            return Ok(Vec::new());
        };
        Ok(vec![Located {
            release: release.clone(),
            file: format!("{}-{}.crate", release.package, release.version),
            upstream: upstream.clone(),
            url,
            digest: Some(line.cksum.clone()),
            size: None,
            published: line.pubtime,
            dependencies: Some(line.manifest().dependencies),
            kind: Kind::Crate,
        }])
    }

    /// Fetches an artifact and reads it: where its verified bytes are, and its facts, with
    /// the layout in them.
    ///
    /// # Errors
    /// It could not be fetched or read.
    pub async fn read_located(
        &self,
        located: &Located,
    ) -> Result<(PathBuf, Arc<ArtifactFacts>), Unread> {
        let facts = self.facts_of(located).await?;
        let Located {
            upstream,
            url,
            digest,
            ..
        } = located;
        let fetched = |why: String| Unread::NotFetched(why);
        let url = Url::parse(url).map_err(|error| fetched(error.to_string()))?;
        let digest = digest
            .as_ref()
            .ok_or_else(|| Unread::NotPromised("its document promises no digest".to_owned()))?;
        let path = self
            .artifacts
            .whole(upstream, &url, digest)
            .await
            .map_err(|error| fetched(error.to_string()))?;
        Ok((path, facts))
    }

    /// All versions that the document of a package has, in no order.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn versions(
        &self,
        context: &Context,
        package: &PackageName,
    ) -> Result<Vec<Version>, FetchError> {
        Ok(match package.ecosystem() {
            Ecosystem::Npm => match self.packument(context, package).await? {
                Some((_, document)) => {
                    let all = document.index.versions.iter();
                    all.map(|entry| entry.version.clone()).collect()
                }
                None => Vec::new(),
            },
            Ecosystem::PyPi => match self.page(context, package).await? {
                Some((_, document)) => {
                    let files = document.index.0.files.iter();
                    files.filter_map(|file| file.version.clone()).collect()
                }
                None => Vec::new(),
            },
            Ecosystem::Cargo => match self.index_file(context, package).await? {
                Some((_, document)) => {
                    let lines = document.index.0.lines.iter();
                    lines.map(|line| line.version.clone()).collect()
                }
                None => Vec::new(),
            },
        })
    }

    /// The newest release that a declared requirement means. `None`: it means none of a
    /// registry.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn newest(
        &self,
        context: &Context,
        ecosystem: Ecosystem,
        name: &str,
        requirement: &str,
    ) -> Result<Option<ReleaseId>, FetchError> {
        let (name, wanted) = match ecosystem {
            Ecosystem::Npm if is_exotic(requirement) => return Ok(None),
            Ecosystem::Npm => resolve_alias(name, requirement),
            Ecosystem::PyPi => (name, requirement.split(';').next().unwrap_or("").trim()),
            Ecosystem::Cargo => (name, requirement),
        };
        let Ok(package) = PackageName::new(ecosystem, name) else {
            return Ok(None);
        };
        let range = (ecosystem == Ecosystem::Npm)
            .then(|| Range::parse(wanted))
            .flatten();
        let means = |version: &Version| {
            let text = version.as_str();
            match ecosystem {
                Ecosystem::Npm => NpmVersion::parse(text)
                    .zip(range.as_ref())
                    .is_some_and(|(version, range)| range.satisfied_by(&version)),
                Ecosystem::PyPi => customs_ecosystem::pypi::satisfies(text, wanted) == Some(true),
                Ecosystem::Cargo => customs_ecosystem::cargo::satisfies(text, wanted) == Some(true),
            }
        };
        let compare = order(ecosystem);
        let versions = self.versions(context, &package).await?.into_iter();
        let newest = versions
            .filter(means)
            .max_by(|a, b| compare(a.as_str(), b.as_str()).unwrap_or(Ordering::Equal));
        Ok(newest.map(|version| ReleaseId::new(package, version)))
    }
}
