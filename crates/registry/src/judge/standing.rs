//! Where every release of a package stands today, for whoever explains it.

use super::{Context, Judged, Judgement, Registry};
use crate::http::FetchError;
use customs_ecosystem::npm::repair_tags;
use customs_ecosystem::pypi::Yanked;
use customs_model::{Ecosystem, PackageName, Timestamp, Version};

/// One entry of a document, and what is decided about it.
#[derive(Debug, Clone)]
pub struct Stands {
    /// The version.
    pub version: Version,
    /// The file, where files of one release are decided on their own (PyPI).
    pub file: Option<String>,
    /// When it was published, as the document says.
    pub published: Option<Timestamp>,
    /// Its registry has withdrawn it (yanked).
    pub withdrawn: bool,
    /// Nobody could look at it; it is not offered.
    pub hidden: bool,
    /// What is decided; none: nothing had to be decided, it is offered.
    pub judgement: Option<Judgement>,
}

/// A package as its registry and the policy have it today.
#[derive(Debug, Clone, Default)]
pub struct PackageStands {
    /// Its entries, in the order of the document.
    pub entries: Vec<Stands>,
    /// Where npm's `latest` leads after what is held was taken out.
    pub latest: Option<Version>,
}

impl Registry {
    /// Where every release of a package stands. `None`: no upstream has it.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn stands(
        &self,
        context: &Context,
        package: &PackageName,
    ) -> Result<Option<PackageStands>, FetchError> {
        let found = match package.ecosystem() {
            Ecosystem::Npm => {
                let Some(found) = self.judge_npm(context, package).await? else {
                    return Ok(None);
                };
                let index = &found.document.index;
                let offered = index.versions.iter();
                let offered = offered
                    .filter(|entry| found.judged.offers(entry.version.as_str()))
                    .map(|entry| (entry.version.as_str(), entry.deprecated));
                let tags = repair_tags(&index.tags, offered);
                let entries = index.versions.iter().map(|entry| {
                    let published = index.published(&entry.version);
                    let key = entry.version.as_str();
                    stands(&found.judged, &entry.version, key, None, published, false)
                });
                PackageStands {
                    entries: entries.collect(),
                    latest: tags.get("latest").and_then(|text| Version::new(text).ok()),
                }
            }
            Ecosystem::PyPi => {
                let Some(found) = self.judge_pypi(context, package).await? else {
                    return Ok(None);
                };
                let files = found.document.index.0.files.iter();
                let entries = files.filter_map(|file| {
                    let version = file.version.as_ref()?;
                    let (name, withdrawn) = (&file.filename, file.yanked != Yanked::No);
                    let named = Some(name.clone());
                    let at = file.upload_time;
                    Some(stands(&found.judged, version, name, named, at, withdrawn))
                });
                PackageStands {
                    entries: entries.collect(),
                    latest: None,
                }
            }
            Ecosystem::Cargo => {
                let Some(found) = self.judge_cargo(context, package).await? else {
                    return Ok(None);
                };
                let lines = found.document.index.0.lines.iter();
                let entries = lines.map(|line| {
                    let key = line.version.as_str();
                    let (at, withdrawn) = (line.pubtime, line.yanked);
                    stands(&found.judged, &line.version, key, None, at, withdrawn)
                });
                PackageStands {
                    entries: entries.collect(),
                    latest: None,
                }
            }
        };
        Ok(Some(found))
    }
}

fn stands(
    judged: &Judged,
    version: &Version,
    key: &str,
    file: Option<String>,
    published: Option<Timestamp>,
    withdrawn: bool,
) -> Stands {
    Stands {
        version: version.clone(),
        file,
        published,
        withdrawn,
        hidden: judged.hides(key),
        judgement: judged.decisions.get(key).cloned(),
    }
}
