//! What a resolver would be shown of a package today.

use super::{Context, Registry, order};
use crate::http::FetchError;
use customs_ecosystem::pypi::Yanked;
use customs_model::{Ecosystem, PackageName, Version};
use std::cmp::Ordering;
use std::collections::BTreeSet;

impl Registry {
    /// The versions that a resolver may take today, the newest first: neither held nor blocked,
    /// and neither yanked nor withdrawn. On PyPI those with a file that may be taken. Empty: no
    /// upstream has the package, or nothing of it is offered.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn offered(
        &self,
        context: &Context,
        package: &PackageName,
    ) -> Result<Vec<Version>, FetchError> {
        let offered: BTreeSet<Version> = match package.ecosystem() {
            Ecosystem::Npm => match self.judge_npm(context, package).await? {
                Some(found) => {
                    let all = found.document.index.versions.iter();
                    all.map(|entry| &entry.version)
                        .filter(|version| found.judged.offers(version.as_str()))
                        .cloned()
                        .collect()
                }
                None => BTreeSet::new(),
            },
            Ecosystem::PyPi => match self.judge_pypi(context, package).await? {
                Some(found) => {
                    let files = found.document.index.0.files.iter();
                    files
                        .filter(|file| file.yanked == Yanked::No)
                        .filter(|file| found.judged.offers(&file.filename))
                        .filter_map(|file| file.version.clone())
                        .collect()
                }
                None => BTreeSet::new(),
            },
            Ecosystem::Cargo => match self.judge_cargo(context, package).await? {
                Some(found) => {
                    let lines = found.document.index.0.lines.iter();
                    lines
                        .filter(|line| !line.yanked && found.judged.offers(line.version.as_str()))
                        .map(|line| line.version.clone())
                        .collect()
                }
                None => BTreeSet::new(),
            },
        };
        let compare = order(package.ecosystem());
        let mut offered: Vec<Version> = offered.into_iter().collect();
        offered.sort_by(|a, b| compare(b.as_str(), a.as_str()).unwrap_or(Ordering::Equal));
        Ok(offered)
    }
}
