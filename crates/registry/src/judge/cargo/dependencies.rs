//! New dependencies of a young release: how old they are, and whether their build runs
//! code.

use super::Case;
use crate::judge::Registry;
use crate::judge::gather::MONTH;
use crate::judge::trail::{End, Trail};
use customs_ecosystem::cargo::{Line, compare, satisfies};
use customs_model::{AddedDependency, Dossier, Ecosystem, Known, PackageName, printable};
use std::cmp::Ordering;

/// New dependencies of one release that are looked at.
const MOST: usize = 100;

impl Registry {
    /// Looks up the dependencies that the predecessor did not have. cargo backtracks, so
    /// nothing else is asked of them.
    pub(super) async fn look_at_crates(&self, case: &Case<'_>, dossier: &mut Dossier) {
        let Some(before) = &dossier.predecessor else {
            return;
        };
        let new: Vec<(String, String)> = dossier
            .manifest
            .dependencies
            .iter()
            .filter(|(name, _)| !before.manifest.dependencies.contains_key(*name))
            .map(|(name, req)| (name.clone(), req.clone()))
            .collect();
        let trail = case.trail.from(&dossier.release.package);
        for (at, (name, req)) in new.iter().enumerate() {
            let looked = if at < MOST {
                self.look_at_crate(case, name, req, &trail).await
            } else {
                None
            };
            match looked {
                Some(added) => dossier.added_dependencies.push(added),
                None => dossier.not_followed.push(printable(name, 64)),
            }
        }
    }

    async fn look_at_crate(
        &self,
        case: &Case<'_>,
        name: &str,
        req: &str,
        trail: &Trail,
    ) -> Option<AddedDependency> {
        let unknown = |because: &str| Some(AddedDependency::not_known(name, req, because));
        let Ok(package) = PackageName::new(Ecosystem::Cargo, name) else {
            return unknown("its name is no crate name");
        };
        if let Err(end) = trail.lead_to(&package) {
            case.gaps.cut();
            return match end {
                End::Cut => unknown("the chain of dependencies is too long to follow"),
                End::TooMany => None,
            };
        }
        let child = match self
            .judge_cargo_within(case.context, package, trail.clone())
            .await
        {
            Ok(Some(child)) => child,
            Ok(None) => return unknown("the index has no such crate"),
            Err(error) => {
                case.gaps.doubt();
                return unknown(&printable(&error.to_string(), 200));
            }
        };
        case.gaps.rests_on(&child.judged);
        let mut added =
            AddedDependency::not_known(name, req, "no release satisfies the requirement");
        let lines = &child.document.index.0.lines;
        let newest = lines
            .iter()
            .filter(|l| !l.yanked && satisfies(l.version.as_str(), req) == Some(true))
            .max_by(|a, b| {
                compare(a.version.as_str(), b.version.as_str()).unwrap_or(Ordering::Equal)
            });
        let earliest = lines.iter().filter_map(|l| l.pubtime).min();
        added.package_earliest =
            earliest.map_or_else(|| Known::not_known("the index has no times"), Known::Is);
        let Some(newest) = newest else {
            return Some(added);
        };
        added.newest = Some(newest.version.clone());
        added.artifact = Some(newest.cksum.clone());
        added.published = newest
            .pubtime
            .map_or_else(|| Known::not_known("it has no pubtime"), Known::Is);
        added.runs = self.runs_at_build(case, newest).await;
        Some(added)
    }

    async fn runs_at_build(&self, case: &Case<'_>, line: &Line) -> Known<bool> {
        if line
            .pubtime
            .is_some_and(|at| case.now.duration_since(at) > MONTH)
        {
            return Known::Is(false);
        }
        match self.crate_facts(case, line).await {
            Ok(found) => Known::Is(found.runs.at_install() == Some(true)),
            Err(unread) => {
                case.gaps.doubt_if_not_fetched(&unread);
                Known::not_known(format!("its crate could not be read: {}", unread.because()))
            }
        }
    }
}
