//! What artifacts say of themselves, before anything is installed: read out of the copies that are at
//! hand, and held against the lockfile and the registries' documents.

use super::origin::Asker;
use customs_device::artifact::{Source as Place, Wanted, declared_in};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_origin::lockfile::OwnManifest;
use futures_util::StreamExt as _;

/// Documents that are asked for at the same time.
const TOGETHER: usize = 32;

/// Reads the manifests of all artifacts that are at hand and have the locked digest.
pub(super) fn read(locked: &[Locked], places: &[Box<dyn Place>]) -> Vec<OwnManifest> {
    let is_bound = |entry: &Locked| entry.source == Source::Registry && !entry.digests.is_empty();
    let numbers: Vec<usize> = locked
        .iter()
        .enumerate()
        .filter(|(_, entry)| is_bound(entry))
        .map(|(number, _)| number)
        .collect();
    let wanted: Vec<Wanted<'_>> = numbers
        .iter()
        .filter_map(|number| locked.get(*number))
        .map(|entry| Wanted {
            release: &entry.release,
            digests: &entry.digests,
            archive: None,
            resolved: entry.resolved.as_deref(),
        })
        .collect();
    let declared = declared_in(places, &wanted);
    let own = numbers.into_iter().zip(declared);
    own.filter_map(|(entry, declared)| {
        Some(OwnManifest {
            entry,
            declared: declared?,
            document: None,
        })
    })
    .collect()
}

/// Asks registries what their documents say of these. Of what nobody can be asked about nothing is
/// said here: its digests are held against the same documents, and that tells why.
pub(super) async fn ask(asker: &Asker, locked: &[Locked], own: &mut [OwnManifest]) {
    let one = |entry: Option<Locked>| async move {
        let entry = entry?;
        let context = asker.context_for(&entry).ok()?;
        let told = asker.registry().told(&context, &entry.release).await;
        told.ok().flatten()
    };
    let entries = own.iter().map(|one| locked.get(one.entry).cloned());
    let entries: Vec<Option<Locked>> = entries.collect();
    let documents: Vec<_> = futures_util::stream::iter(entries)
        .map(one)
        .buffered(TOGETHER)
        .collect()
        .await;
    for (own, document) in own.iter_mut().zip(documents) {
        own.document = document;
    }
}
