//! PyPI: the provenance objects that a project's page names, one for each file (PEP 740).

use super::past::{Dated, earlier};
use super::{ArtifactEvidence, Asking, Missed, NOT_ASKED, Offer, SCHEMA, Told, Wanted, limit};
use crate::judge::{Context, PypiPage, Registry};
use crate::upstream::Upstream;
use customs_ecosystem::pypi::File;
use customs_model::{Digest, DigestAlgorithm, ReleaseId, Timestamp, Version, printable};
use customs_origin::history::{Provenance, Seen, Shown};
use std::collections::BTreeMap;
use url::Url;

/// The media type of the index's own integrity API; files that lie elsewhere are plain JSON.
const ACCEPT: &str = "application/vnd.pypi.integrity.v1+json, application/json;q=0.9";

impl Registry {
    pub(super) async fn pypi_evidence(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
        asking: Asking<'_>,
    ) -> Result<Vec<ArtifactEvidence>, Missed> {
        let release = wanted.release;
        if context.upstreams.pypi.is_empty() {
            return Err(Missed::NoRegistry(release.package.ecosystem()));
        }
        let Some((upstream, document)) = self.page(context, &release.package).await? else {
            return Err(Missed::Unknown("no configured index".to_owned()));
        };
        let page = &document.index;
        let mut files = page.0.files.iter().filter_map(|file| {
            let of_release = file.version.as_ref() == Some(&release.version);
            let digest = promised(file, wanted.digests).filter(|_| of_release)?;
            Some((file, digest.clone()))
        });
        let shown = shown(release, page);
        let earlier = earlier_releases(release, shown.published, page);
        let mut found = Vec::new();
        for (file, artifact) in files.by_ref().take(limit::FILES) {
            let provenance = match asking {
                Asking::AtHand if file.provenance.is_some() => Told::Failed(NOT_ASKED.to_owned()),
                Asking::AtHand => Told::Absent,
                Asking::All(_) => self.provenance(upstream, file).await,
            };
            found.push(ArtifactEvidence {
                schema: SCHEMA.to_owned(),
                release: release.clone(),
                file: file.filename.clone(),
                artifact,
                registry: upstream.shown(),
                asked: self.clock.now(),
                offer: Offer::Pypi { provenance },
                shown: shown.clone(),
                earlier: earlier.clone(),
                people: Seen::NotApplicable,
                repository: None,
                commit: None,
            });
        }
        let more = files.map(|(file, artifact)| ArtifactEvidence {
            schema: SCHEMA.to_owned(),
            release: release.clone(),
            file: file.filename.clone(),
            artifact,
            registry: upstream.shown(),
            asked: self.clock.now(),
            offer: Offer::Pypi {
                provenance: Told::Failed(format!(
                    "it is one of more than {} files of the release",
                    limit::FILES
                )),
            },
            shown: shown.clone(),
            earlier: Vec::new(),
            people: Seen::NotApplicable,
            repository: None,
            commit: None,
        });
        found.extend(more);
        if found.is_empty() {
            return Err(Missed::OtherFiles(upstream.shown()));
        }
        Ok(found)
    }

    /// The page names its address, which may be on another host: [`crate::guard`] decides whether
    /// it is asked, and a credential goes to the index's own host only.
    pub(super) async fn provenance(&self, upstream: &Upstream, file: &File) -> Told<String> {
        let Some(address) = &file.provenance else {
            return Told::Absent;
        };
        let url = match Url::parse(address) {
            Ok(url) => url,
            Err(error) => return Told::Failed(printable(&error.to_string(), 200)),
        };
        let mut told = self.piece(upstream, url, ACCEPT, limit::ATTESTATIONS).await;
        // The page says that there is one.
        told.strip();
        told
    }
}

/// The digest by which a lockfile means a file. Attestations speak of the SHA-256.
fn promised<'a>(file: &File, digests: &'a [Digest]) -> Option<&'a Digest> {
    let meant = |digest: &&Digest| file.digests.contains(digest);
    let strong = |digest: &&Digest| digest.algorithm() == DigestAlgorithm::Sha256;
    let all = digests.iter().filter(meant);
    all.clone().find(strong).or_else(|| all.clone().next())
}

fn shown(release: &ReleaseId, page: &PypiPage) -> Shown {
    let of_release = page
        .0
        .files
        .iter()
        .filter(|file| file.version.as_ref() == Some(&release.version));
    // What one of its files lacks the release lacks: one more file is how a release is poisoned.
    let offered = of_release.clone().next().is_some()
        && of_release.clone().all(|file| file.provenance.is_some());
    let published = of_release.filter_map(|file| file.upload_time).min();
    let not_read = "the page does not name them";
    Shown {
        release: release.clone(),
        published,
        signature: Seen::NotApplicable,
        provenance: if offered {
            Seen::Is(Provenance::Offered)
        } else {
            Seen::Absent
        },
        trusted_publisher: Seen::NotApplicable,
        approval: Seen::NotApplicable,
        publisher: Seen::NotApplicable,
        dependencies: Seen::not_asked(not_read),
        scripts: Seen::not_asked(not_read),
    }
}

fn earlier_releases(
    release: &ReleaseId,
    published: Option<Timestamp>,
    page: &PypiPage,
) -> Vec<Shown> {
    let mut first: BTreeMap<&Version, Option<Timestamp>> = BTreeMap::new();
    for file in &page.0.files {
        if let Some(version) = &file.version {
            let at = first.entry(version).or_insert(file.upload_time);
            *at = [*at, file.upload_time].into_iter().flatten().min();
        }
    }
    let all = first.into_iter().map(|(version, published)| Dated {
        version,
        published,
        what: (),
    });
    earlier(&release.package, release, published, all)
        .into_iter()
        .map(|one| {
            let id = ReleaseId::new(release.package.clone(), one.version.clone());
            shown(&id, page)
        })
        .collect()
}
