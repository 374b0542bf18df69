//! Whether the digests of a lockfile are those that its registries promise today. One document is
//! asked for a package, and each of them once in a run.

use super::origin::Asker;
use customs_ecosystem::lockfile::{Locked, Source};
use customs_origin::lockfile::{Judgement, Promised, judge_registry};
use customs_registry::evidence::Wanted;
use futures_util::StreamExt as _;

#[cfg(test)]
mod tests;

/// Releases that are asked about at the same time.
const TOGETHER: usize = 32;

/// Holds what a lockfile names against what registries promise; of what no registry speaks for
/// nothing is said. `file` is the lockfile's path, for people.
pub(super) async fn judge(asker: &Asker, file: &str, locked: &[Locked]) -> Judgement {
    let wanted = of_registries(locked);
    let promised: Vec<Promised> = futures_util::stream::iter(&wanted)
        .map(|entry| promised(asker, entry))
        .buffered(TOGETHER)
        .collect()
        .await;
    judge_registry(file, wanted.into_iter().zip(&promised))
}

/// What comes from a registry and has a digest to compare (Yarn 4 promises none of an artifact, only
/// of its own archive; that no digest stands there is for the rules of the lockfile); what is locked in
/// several places and says the same there, once.
fn of_registries(locked: &[Locked]) -> Vec<&Locked> {
    let mut wanted: Vec<&Locked> = locked
        .iter()
        .filter(|entry| entry.source == Source::Registry && !entry.digests.is_empty())
        .collect();
    let says = |entry: &&Locked| (entry.release.clone(), entry.resolved.clone());
    // The sort is stable: the first place of several is the one that is told.
    wanted.sort_by_cached_key(says);
    wanted.dedup_by(|b, a| says(a) == says(b) && a.digests == b.digests);
    wanted
}

async fn promised(asker: &Asker, entry: &Locked) -> Promised {
    let context = asker.context_for(entry)?;
    let wanted = Wanted {
        release: &entry.release,
        digests: &entry.digests,
    };
    let promised = asker.registry().promised(&context, wanted).await;
    promised.map_err(|why| why.to_string())
}
