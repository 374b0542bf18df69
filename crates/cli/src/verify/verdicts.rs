//! What the code of packages was judged to be, where somebody has read it: the gate when it
//! delivered them, or `customs inspect`. Nothing is read anew for it.

use super::report::Report;
use crate::error::Failure;
use crate::paths;
use customs_model::Known;
use customs_registry::kept_facts;
use customs_rules::{RuleSet, judge_code};
use std::path::PathBuf;

/// Fills in the verdicts.
///
/// # Errors
/// There is no folder for caches.
pub(super) fn fill(report: &mut Report) -> Result<(), Failure> {
    let own = paths::cache()?;
    let caches = [own.clone(), own.join("inspect/cache")];
    fill_from(report, &caches);
    Ok(())
}

fn fill_from(report: &mut Report, caches: &[PathBuf]) {
    let rules = RuleSet::standard();
    for package in report
        .subjects
        .iter_mut()
        .flat_map(|subject| &mut subject.packages)
    {
        let Some(digest) = &package.artifact else {
            package.verdict = Known::not_known("no digest of the artifact is known");
            continue;
        };
        let ecosystem = package.release.package.ecosystem();
        let facts = caches
            .iter()
            .find_map(|cache| kept_facts(cache, digest, ecosystem));
        package.verdict = match facts {
            Some(facts) => Known::Is(judge_code(&facts.code, &rules).standing),
            None => Known::not_known(
                "nobody has read its code with this version: customs inspect --all",
            ),
        };
    }
}
