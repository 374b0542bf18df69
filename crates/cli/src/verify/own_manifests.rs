//! What artifacts say of themselves, before anything is installed: read out of the copies that are at
//! hand, and held against the lockfile and the registries' documents.

use super::origin::Asker;
use customs_device::artifact::{AtHand, Memory, Source as Place, Wanted, declared_in};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_origin::lockfile::OwnManifest;
use futures_util::StreamExt as _;

/// Documents that are asked for at the same time.
const TOGETHER: usize = 32;

/// Reads the manifests of all artifacts that are at hand and have the locked digest; of those that did not
/// change since they were read, what is remembered. Gives also what could not be remembered.
pub(super) fn read(
    locked: &[Locked],
    places: &[Box<dyn Place>],
    memory: Memory<'_>,
) -> (Vec<OwnManifest>, Vec<String>) {
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
    let AtHand { own, notes, .. } = declared_in(places, &wanted, memory);
    let own = numbers.into_iter().zip(own).filter_map(|(entry, own)| {
        Some(OwnManifest {
            entry,
            declared: own?,
            document: None,
        })
    });
    (own.collect(), notes)
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
    let entry_of = |one: &OwnManifest| locked.get(one.entry).filter(|_| one.declared.is_ok());
    let entries = own.iter().map(|one| entry_of(one).cloned());
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
