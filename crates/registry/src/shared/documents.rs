//! Documents that upstreams gave to one of the gates, for the others while an upstream is away.

use super::Shared;
use customs_model::{Digest, SignedDuration, Timestamp};
use customs_store::{Entry, NewEntry, StoreError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The space of documents in the index. A key says which document, asked for as whom; its entry is
/// the last one that an upstream confirmed.
const DOCUMENTS: &str = "document";
/// How many wait to be told to the others. One more is not told: its next reader tells it.
pub(super) const WAITING: usize = 256;
/// A word of the upstream that is newer by less is not told: the bytes are the same.
const NEWER: SignedDuration = SignedDuration::from_mins(30);

impl Shared {
    /// Tells the others what an upstream said at `said`, when there is time for it.
    pub(crate) fn tell_document(
        self: &Arc<Self>,
        key: String,
        note: String,
        said: Timestamp,
        digest: &Digest,
        file: PathBuf,
    ) {
        let Ok(place) = self.telling.clone().try_acquire_owned() else {
            return;
        };
        let (this, digest) = (self.clone(), digest.clone());
        tokio::spawn(async move {
            let _place = place;
            // Never closed.
            let _turn = this.sending.clone().acquire_owned().await;
            let asker = this.clone();
            let work = move || this.tell_document_now(&key, &note, said, &digest, &file);
            asker.ask("keep a document", work).await;
        });
    }

    fn tell_document_now(
        &self,
        key: &str,
        note: &str,
        said: Timestamp,
        digest: &Digest,
        file: &Path,
    ) -> Result<(), StoreError> {
        let old = self.team.entry(DOCUMENTS, key)?;
        let is_same = old.as_ref().and_then(|old| old.blob.as_ref()) == Some(digest);
        if let Some(known) = old.as_ref().and_then(said_at) {
            let newer = said.duration_since(known);
            // Another gate asked later, or so shortly before that nobody needs to know.
            if newer.is_negative() || (is_same && newer < NEWER) {
                return Ok(());
            }
        }
        if !is_same {
            let Ok(mut bytes) = std::fs::File::open(file) else {
                // The cache may be emptied at any time.
                return Ok(());
            };
            self.blobs.put(digest, &mut bytes)?;
        }
        let entry = NewEntry {
            blob: Some(digest),
            note,
        };
        let known = old.as_ref().map(|old| old.revision);
        let put = self.team.put_entry(DOCUMENTS, key, &entry, known)?;
        match (put, old.and_then(|old| old.blob)) {
            // One document for each name: what nobody names any more goes.
            (Some(_), Some(before)) if !is_same => self.let_go(&before),
            // Another gate was faster: what was put for nothing goes, unless it said the same.
            (None, _) if !is_same => self.let_go(digest),
            _ => Ok(()),
        }
    }

    fn let_go(&self, blob: &Digest) -> Result<(), StoreError> {
        let named = self.team.named_blobs(std::slice::from_ref(blob))?;
        match named.is_empty() {
            true => self.blobs.remove(blob).map(drop),
            false => Ok(()),
        }
    }

    /// The last document that an upstream gave to one of the gates: its bytes' name, and what is
    /// known of it. None: there is none, or the team's store cannot say now.
    pub(crate) async fn document(self: &Arc<Self>, key: &str) -> Option<(Digest, String)> {
        let (this, key) = (self.clone(), key.to_owned());
        let work = move || this.team.entry(DOCUMENTS, &key);
        let entry = self.ask("give a document", work).await.flatten()?;
        Some((entry.blob?, entry.note))
    }

    /// Brings its bytes into a file, which is there whole or not at all; its length.
    pub(crate) async fn bring_document(
        self: &Arc<Self>,
        key: &str,
        digest: &Digest,
        file: &Path,
    ) -> Option<u64> {
        let (this, key) = (self.clone(), key.to_owned());
        let (digest, file) = (digest.clone(), file.to_owned());
        let work = move || this.bring_of(DOCUMENTS, &key, &digest, &file);
        self.ask("bring a document", work).await.flatten()
    }
}

/// When the upstream said what an entry holds.
fn said_at(entry: &Entry) -> Option<Timestamp> {
    let note: serde_json::Value = serde_json::from_str(&entry.note).ok()?;
    note.get("confirmed")?.as_str()?.parse().ok()
}
