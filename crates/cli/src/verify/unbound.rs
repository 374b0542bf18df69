//! What registries promise of what the lockfile has no digest of, so that there are bytes to compare
//! with: Yarn 4 writes no checksum for a package with `conditions`, which is where native programs lie.

use super::origin::Asker;
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Digest, DigestAlgorithm, Ecosystem, ReleaseId, printable};
use customs_registry::evidence::{EvidenceStore, Wanted};
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Releases that are asked about at the same time.
const TOGETHER: usize = 16;

/// What is promised, by release. It binds nothing to the lockfile.
pub(super) type Promises = BTreeMap<ReleaseId, Vec<Digest>>;

/// Whether the lockfile has no digest of an entry, and a registry may.
fn is_unbound(entry: &Locked) -> bool {
    entry.digests.is_empty()
        && entry.source == Source::Registry
        && entry.release.package.ecosystem() == Ecosystem::Npm
}

/// What registries promised when evidence of these was kept. Nobody is asked.
pub(super) fn kept(store: &EvidenceStore, open: &[Locked]) -> Promises {
    let unbound = open.iter().filter(|entry| is_unbound(entry));
    let releases: BTreeSet<ReleaseId> = unbound.map(|entry| entry.release.clone()).collect();
    let mut found = store.artifacts_of(&releases);
    found.retain(|_, digests| is_strong(digests));
    found
}

/// Asks registries what they promise of entries without a digest, and puts it into them. Those of which
/// nothing is promised are taken out, with the reason for each. Safe to print.
pub(super) async fn ask(asker: &Asker, wanted: &mut Vec<Locked>) -> (Promises, Vec<String>) {
    let unbound: Vec<Locked> = wanted.iter().filter(|e| is_unbound(e)).cloned().collect();
    let answers: Vec<Result<Vec<Digest>, String>> = futures_util::stream::iter(&unbound)
        .map(|entry| promised(asker, entry))
        .buffered(TOGETHER)
        .collect()
        .await;
    let (mut promises, mut missing) = (Promises::new(), Vec::new());
    for (entry, answer) in unbound.iter().zip(answers) {
        match answer {
            Ok(digests) => {
                promises.insert(entry.release.clone(), digests);
            }
            Err(why) => missing.push(format!(
                "{}: the lockfile promises no digest for it, and {}",
                entry.release.spoken(),
                printable(&why, 300)
            )),
        }
    }
    wanted.retain_mut(|entry| {
        if !is_unbound(entry) {
            return true;
        }
        let digests = promises.get(&entry.release);
        entry.digests = digests.cloned().unwrap_or_default();
        !entry.digests.is_empty()
    });
    missing.sort();
    missing.dedup();
    (promises, missing)
}

async fn promised(asker: &Asker, entry: &Locked) -> Result<Vec<Digest>, String> {
    let context = asker.context_for(entry)?;
    let wanted = Wanted {
        release: &entry.release,
        digests: &[],
    };
    let digests = asker.registry().promised(&context, wanted).await;
    let digests = digests.map_err(|why| why.to_string())?;
    match is_strong(&digests) {
        true => Ok(digests),
        false => Err("its registry promises no strong one".to_owned()),
    }
}

/// Whoever can make two files with one SHA-1 could hand out either.
fn is_strong(digests: &[Digest]) -> bool {
    let mut digests = digests.iter();
    digests.any(|digest| digest.algorithm() != DigestAlgorithm::Sha1)
}
