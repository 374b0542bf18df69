//! The evidence of everything that a lockfile names: what is stored, and with `--fetch` what
//! registries say now. One package that fails fails no other one.

use super::ask::{Asker, not_of_a_registry};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Digest, Ecosystem, printable};
use customs_registry::evidence::{ArtifactEvidence, EvidenceStore, Pace, Wanted, limit};
use futures_util::StreamExt as _;

/// What is at hand for one entry, in the order of its digests.
#[derive(Debug, Clone, Default)]
pub(in crate::verify) struct Gathered {
    /// What registries said, one for each file.
    pub evidence: Vec<ArtifactEvidence>,
    /// Why there is nothing, or not all. One clause, safe to print.
    pub because: Option<String>,
    /// What is offered of the release before; or why it was not asked for, safe to print.
    pub before: Option<Result<Before, String>>,
}

/// An earlier release of the same line.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Before {
    /// As its registry promises it.
    pub entry: Locked,
    /// What the registry offers of it.
    pub evidence: Vec<ArtifactEvidence>,
}

/// Why nothing is at hand offline.
const OFFLINE: &str = "no evidence is at hand; fetch it with `--fetch`";

/// Reads what is stored, and asks where an asker is given.
pub(super) async fn gather(
    locked: &[Locked],
    store: &EvidenceStore,
    asker: Option<&Asker>,
    pace: &Pace,
) -> Vec<Gathered> {
    let one = |(at, entry): (usize, &Locked)| {
        let entry = entry.clone();
        async move { (at, of_entry(&entry, store, asker, pace).await) }
    };
    let mut found: Vec<(usize, Gathered)> = futures_util::stream::iter(locked.iter().enumerate())
        .map(one)
        .buffer_unordered(limit::TOGETHER)
        .collect()
        .await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, gathered)| gathered).collect()
}

async fn of_entry(
    entry: &Locked,
    store: &EvidenceStore,
    asker: Option<&Asker>,
    pace: &Pace,
) -> Gathered {
    if let Some(why) = not_of_a_registry(entry.source) {
        return Gathered {
            because: Some(why.to_owned()),
            ..Gathered::default()
        };
    }
    let mut gathered = stored(entry, store);
    let Some(asker) = asker else {
        if gathered.evidence.is_empty() {
            gathered.because.get_or_insert_with(|| OFFLINE.to_owned());
        }
        return gathered;
    };
    if is_settled(entry, &gathered.evidence) {
        return gathered;
    }
    let context = match asker.context_for(entry) {
        Ok(context) => context,
        Err(why) => {
            gathered.because = Some(why);
            return gathered;
        }
    };
    let wanted = Wanted {
        release: &entry.release,
        digests: &entry.digests,
    };
    match asker.registry().evidence(&context, wanted, pace).await {
        Ok(fresh) => merge(fresh, gathered, store),
        Err(missed) => {
            gathered.because = Some(printable(&missed.to_string(), 300));
            gathered
        }
    }
}

/// Together with what was stored; what is new is stored.
fn merge(fresh: Vec<ArtifactEvidence>, stored: Gathered, store: &EvidenceStore) -> Gathered {
    let mut out = Gathered::default();
    for evidence in fresh {
        let before = stored
            .evidence
            .iter()
            .find(|old| old.artifact == evidence.artifact);
        let evidence = match before {
            Some(before) => evidence.or_before(before.clone()),
            None => evidence,
        };
        if let Err(error) = store.write(&evidence) {
            // It is used all the same; the next run has to fetch it again.
            tracing::warn!(%error, "evidence could not be stored");
        }
        out.evidence.push(evidence);
    }
    out
}

fn stored(entry: &Locked, store: &EvidenceStore) -> Gathered {
    let mut out = Gathered::default();
    for digest in of_interest(entry) {
        match store.read(&entry.release, digest) {
            Ok(found) => out.evidence.extend(found),
            Err(error) => out.because = Some(error.to_string()),
        }
    }
    out
}

/// The digests by which evidence is kept: of an npm release, which has one file, the strongest.
fn of_interest(entry: &Locked) -> Vec<&Digest> {
    match entry.release.package.ecosystem() {
        Ecosystem::Npm => strongest(&entry.digests).into_iter().collect(),
        Ecosystem::PyPi | Ecosystem::Cargo => entry.digests.iter().take(limit::FILES).collect(),
    }
}

/// The strongest digest of a list.
pub(super) fn strongest(digests: &[Digest]) -> Option<&Digest> {
    digests.iter().max_by_key(|digest| digest.algorithm())
}

fn is_settled(entry: &Locked, stored: &[ArtifactEvidence]) -> bool {
    let all = stored.len() >= of_interest(entry).len();
    all && !stored.is_empty() && stored.iter().all(|evidence| evidence.offer.is_settled())
}
