//! New dependencies of a young release: how old they are, and whether they run code.

use super::Case;
use crate::judge::Registry;
use crate::judge::archive::Kind;
use crate::judge::gather::MONTH;
use crate::judge::trail::{End, Trail};
use crate::upstream::Upstream;
use customs_ecosystem::pypi::{File, FileKind, compare, satisfies};
use customs_model::{AddedDependency, Dossier, Ecosystem, Known, PackageName, printable};
use std::cmp::Ordering;

/// New dependencies of one release that are looked at.
const MOST: usize = 100;

/// What a release adds.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub looked_up: Vec<AddedDependency>,
    /// More than are looked at.
    pub not_followed: Vec<String>,
}

impl Registry {
    /// Looks up the dependencies that the predecessor did not have. pip and uv backtrack,
    /// so nothing else is asked of them.
    pub(super) async fn look_at_projects(&self, case: &Case<'_>, dossier: &Dossier) -> Added {
        let mut all = Added::default();
        let Some(before) = &dossier.predecessor else {
            return all;
        };
        let trail = case.trail.from(case.package);
        let new = dossier
            .manifest
            .dependencies
            .iter()
            .filter(|(name, _)| !before.manifest.dependencies.contains_key(*name));
        for (at, (name, requirement)) in new.enumerate() {
            let looked = if at < MOST {
                self.look_at_project(case, name, requirement, &trail).await
            } else {
                None
            };
            match looked {
                Some(added) => all.looked_up.push(added),
                None => all.not_followed.push(printable(name, 214)),
            }
        }
        all
    }

    async fn look_at_project(
        &self,
        case: &Case<'_>,
        name: &str,
        requirement: &str,
        trail: &Trail,
    ) -> Option<AddedDependency> {
        let unknown = |because: &str| Some(AddedDependency::not_known(name, requirement, because));
        let Ok(package) = PackageName::new(Ecosystem::PyPi, name) else {
            return unknown("its name is no project name");
        };
        if let Err(end) = trail.lead_to(&package) {
            case.gaps.cut();
            return match end {
                End::Cut => unknown("the chain of dependencies is too long to follow"),
                End::TooMany => None,
            };
        }
        let child = match self
            .judge_pypi_within(case.context, package, trail.clone())
            .await
        {
            Ok(Some(child)) => child,
            Ok(None) => return unknown("no index has such a project"),
            Err(error) => {
                case.gaps.doubt();
                return unknown(&printable(&error.to_string(), 200));
            }
        };
        case.gaps.rests_on(&child.judged);
        let mut added =
            AddedDependency::not_known(name, requirement, "no release satisfies the requirement");
        let specifier = requirement.split(';').next().unwrap_or("").trim();
        let files = &child.document.index.0.files;
        let newest = files
            .iter()
            .filter_map(|f| f.version.as_ref())
            .filter(|v| satisfies(v.as_str(), specifier) == Some(true))
            .max_by(|a, b| compare(a.as_str(), b.as_str()).unwrap_or(Ordering::Equal));
        let earliest = files.iter().filter_map(|f| f.upload_time).min();
        added.package_earliest =
            earliest.map_or_else(|| Known::not_known("the page has no times"), Known::Is);
        let Some(newest) = newest else {
            return Some(added);
        };
        let of_newest = || files.iter().filter(|f| f.version.as_ref() == Some(newest));
        added.newest = Some(newest.clone());
        added.published = match of_newest().filter_map(|f| f.upload_time).max() {
            Some(at) => Known::Is(at),
            None => Known::not_known("the page has no times"),
        };
        let wheel = of_newest().find(|f| f.kind() == FileKind::Wheel);
        let file = wheel.or_else(|| of_newest().next());
        added.artifact = file.and_then(|file| file.digests.first().cloned());
        added.runs = match wheel {
            // Without a wheel its build runs.
            None => Known::Is(true),
            Some(wheel) => self.runs_at_start(case, &child.upstream, wheel).await,
        };
        Some(added)
    }

    async fn runs_at_start(
        &self,
        case: &Case<'_>,
        upstream: &Upstream,
        wheel: &File,
    ) -> Known<bool> {
        if wheel
            .upload_time
            .is_some_and(|at| case.now.duration_since(at) > MONTH)
        {
            return Known::Is(false);
        }
        let digest = wheel.digests.first();
        match self
            .artifact_facts(upstream, Some(&wheel.url), digest, Kind::Wheel)
            .await
        {
            Ok(facts) => Known::Is(facts.runs.at_install() == Some(true)),
            Err(unread) => {
                case.gaps.doubt_if_not_fetched(&unread);
                Known::not_known(format!("its wheel could not be read: {}", unread.because()))
            }
        }
    }
}
