//! Who built the release before. A document says of earlier releases only that they have an attestation:
//! where no record says who built a line, that of the newest earlier release is fetched and verified, so
//! that another builder is told on first use, too.

use super::ask::Asker;
use super::gather::{Before, Gathered, strongest};
use super::look;
use crate::verify::history;
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, Timestamp, printable};
use customs_origin::history::{Case, Provenance, Seen, TrustFile, to_verify};
use customs_origin::{OriginAnswer, Trust};
use customs_registry::evidence::{Pace, Wanted, limit};
use futures_util::StreamExt as _;

/// Packages whose earlier release is asked for: those with the youngest releases.
const MOST: usize = 50;

/// Asks for it, where the history has no record of who built a line.
pub(super) async fn ask(
    locked: &[Locked],
    gathered: &mut [Gathered],
    file: &TrustFile,
    asker: &Asker,
    pace: &Pace,
) {
    let mut wanted: Vec<(Timestamp, usize, Locked)> = Vec::new();
    for (at, (entry, one)) in locked.iter().zip(gathered.iter()).enumerate() {
        let Some(first) = one.evidence.first() else {
            continue;
        };
        let past = history::past(first);
        let case = Case {
            shown: &first.shown,
            registry: &first.registry,
            past: &past,
            file,
        };
        if let (Some(published), Some(release)) = (first.shown.published, to_verify(&case)) {
            let before = Locked {
                release: release.clone(),
                digests: Vec::new(),
                ..entry.clone()
            };
            wanted.push((published, at, before));
        }
    }
    wanted.sort_by_key(|(published, at, _)| (std::cmp::Reverse(*published), *at));
    wanted.truncate(MOST);
    let one = |(_, at, entry): (Timestamp, usize, Locked)| async move {
        let spoken = entry.release.spoken();
        let told = of_entry(entry, asker, pace).await;
        let why = |why| format!("who built {spoken} was not looked at: {why}");
        (at, told.map_err(why))
    };
    let found: Vec<(usize, Result<Before, String>)> = futures_util::stream::iter(wanted)
        .map(one)
        .buffer_unordered(limit::TOGETHER)
        .collect()
        .await;
    for (at, before) in found {
        if let Some(gathered) = gathered.get_mut(at) {
            gathered.before = Some(before);
        }
    }
}

async fn of_entry(mut entry: Locked, asker: &Asker, pace: &Pace) -> Result<Before, String> {
    let context = asker.context_for(&entry)?;
    let wanted = Wanted {
        release: &entry.release,
        digests: &[],
    };
    let promised = asker.registry().promised(&context, wanted).await;
    let promised = promised.map_err(|why| printable(&why.to_string(), 300))?;
    // One file of several tells: whoever built it published the release.
    let digest = strongest(&promised).ok_or("its registry promises no digest of it")?;
    entry.digests = vec![digest.clone()];
    let wanted = Wanted {
        release: &entry.release,
        digests: &entry.digests,
    };
    let evidence = asker.registry().evidence(&context, wanted, pace).await;
    let evidence = evidence.map_err(|why| printable(&why.to_string(), 300))?;
    Ok(Before { entry, evidence })
}

/// Verifies what was fetched, and says of the earlier release who built it. Where that is not known a note
/// is added.
pub(super) fn verify(gathered: &mut Gathered, origin: &mut OriginAnswer, trust: &Trust) {
    let Before { entry, evidence } = match gathered.before.take() {
        None => return,
        Some(Err(why)) => return origin.notes.push(why),
        Some(Ok(before)) => before,
    };
    let offered = Gathered {
        evidence,
        ..Gathered::default()
    };
    let found = look::look(&entry, &offered, None, trust);
    let (Answer::Yes, Some(identity)) = (found.attestation, found.identity) else {
        let spoken = entry.release.spoken();
        let why = format!("who built {spoken} is not known: its attestation was not verified");
        return origin.notes.push(why);
    };
    let earlier = gathered
        .evidence
        .iter_mut()
        .flat_map(|one| &mut one.earlier);
    for shown in earlier.filter(|shown| shown.release == entry.release) {
        shown.provenance = Seen::Is(Provenance::Verified(Box::new(identity.clone())));
    }
}
