//! What the code of packages was judged to be, where somebody has read it: the gate when it
//! delivered them, or `customs inspect`. Nothing is read anew for it.

use super::report::Report;
use crate::error::Failure;
use crate::paths;
use customs_model::{Digest, Known, ReleaseId};
use customs_registry::{ArtifactFacts, kept_facts};
use customs_rules::{RuleSet, judge_code};
use std::path::PathBuf;

/// Digests of one release that are looked up: it may have a file for each platform.
const FILES: usize = 200;

/// Where the gate and `customs inspect` keep what they read.
///
/// # Errors
/// There is no folder for caches.
pub(crate) fn caches() -> Result<Vec<PathBuf>, Failure> {
    let own = paths::cache()?;
    let others = ["inspect/cache", "verify/cache"].map(|name| own.join(name));
    Ok([own].into_iter().chain(others).collect())
}

/// What was kept of a release's artifacts.
pub(crate) fn kept(
    caches: &[PathBuf],
    release: &ReleaseId,
    digests: &[Digest],
) -> Vec<(Digest, ArtifactFacts)> {
    let ecosystem = release.package.ecosystem();
    let of = |digest: &Digest| {
        let mut caches = caches.iter();
        let facts = caches.find_map(|cache| kept_facts(cache, digest, ecosystem))?;
        Some((digest.clone(), facts))
    };
    digests.iter().take(FILES).filter_map(of).collect()
}

/// Fills in the verdicts.
///
/// # Errors
/// There is no folder for caches.
pub(super) fn fill(report: &mut Report) -> Result<(), Failure> {
    let caches = caches()?;
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
        let facts = kept(&caches, &package.release, std::slice::from_ref(digest));
        package.verdict = match facts.first() {
            Some((_, facts)) => Known::Is(judge_code(&facts.code, &rules).standing),
            None => Known::not_known(
                "nobody has read its code with this version: customs inspect --all",
            ),
        };
    }
    Ok(())
}
