//! What follows from a check: bytes that were right are pinned, wrong ones recorded.

use super::Checked;
use super::flow::Objection;
use crate::lists::Lists;
use crate::origins::{Origins, Wanted};
use crate::report::{Event, Proof, RefusedEntry};
use crate::run::Run;
use crate::server::Gate;
use customs_model::{Digest, ReleaseId, Timestamp};
use customs_registry::artifact::{Download, Progress};
use customs_store::{DigestChanged, LedgerRecord, Store};
use std::sync::Arc;

/// The rule of a delivery whose bytes are not the promised ones.
pub const MISMATCH: &str = "digest-mismatch";

/// What is said about bytes that are not the promised ones.
pub fn mismatch(release: &ReleaseId, file: &str, promised: &Digest, found: &Digest) -> String {
    format!(
        "customs: {} ({file}): the upstream's bytes are {found}, its document promises {promised} \
         (rule {MISMATCH}). Not delivered. Ask again later; if it stays so, report it to the registry.",
        release.spoken()
    )
}

/// What is known of a delivery, apart from its request.
struct Settling {
    store: Arc<dyn Store>,
    run: Arc<Run>,
    place: String,
    release: ReleaseId,
    file: String,
    although: Option<String>,
    not_checked: Vec<String>,
    signed: Option<bool>,
    origins: Arc<Origins>,
    wanted: Wanted,
    lists: Arc<Lists>,
    at: Timestamp,
}

impl Gate {
    /// After the check: pins the digest, and the run knows of the delivery.
    pub(super) async fn settle(&self, checked: &Checked<'_>) {
        let settling = self.settling(checked);
        settling.verified(checked.digest.clone()).await;
    }

    /// The same for bytes that flow already, once their check is done. It does not
    /// depend on the client, which may hang up before.
    pub(super) fn settle_later(
        &self,
        checked: &Checked<'_>,
        mut download: Download,
        objection: Objection,
    ) {
        let settling = self.settling(checked);
        tokio::spawn(async move {
            loop {
                let progress = download.progress.borrow_and_update().clone();
                match progress {
                    Progress::Arriving { .. } => {}
                    // What is refused at its end is not delivered.
                    Progress::Verified { .. } if objection.clone().await.is_some() => return,
                    Progress::Verified { digest, .. } => return settling.verified(digest).await,
                    Progress::Mismatch { promised, found } => {
                        return settling.mismatched(&promised, &found);
                    }
                    Progress::Failed(error) => {
                        let spoken = settling.release.spoken();
                        let why = format!("customs: {spoken} could not be fetched: {error}");
                        return settling.run.note(Event::NotKnown(why));
                    }
                }
                if download.progress.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    fn settling(&self, checked: &Checked<'_>) -> Settling {
        let delivery = &checked.delivery;
        Settling {
            store: self.store(),
            run: delivery.run.clone(),
            place: delivery.upstream.shown(),
            release: delivery.release.clone(),
            file: delivery.file.clone(),
            although: delivery.admitted.although.clone(),
            not_checked: delivery.admitted.not_checked().to_vec(),
            signed: checked.signed,
            origins: self.origins.clone(),
            wanted: self.wanted(checked),
            lists: self.lists.clone(),
            at: self.registry.clock.now(),
        }
    }
}

impl Settling {
    async fn verified(self, digest: Digest) {
        self.run.note(Event::Delivered {
            release: self.release.clone(),
            although: self.although.clone(),
        });
        if !self.not_checked.is_empty() {
            self.run.note(Event::NotChecked {
                release: self.release.clone(),
                what: self.not_checked.clone(),
            });
        }
        if let Some(shown) = self.signed {
            self.run.note(Event::Proof {
                registry: self.place.clone(),
                package: self.release.package.clone(),
                proof: Proof::Signature,
                shown,
            });
        }
        // Under the digest by which a lockfile means it, which is the one that was promised.
        self.origins.keep(self.at, self.wanted);
        let (release, file) = (self.release.clone(), self.file.clone());
        self.lists.keep(release, file, digest.clone());
        let pin = move || {
            self.store
                .pin_digest(&self.place, &self.release, &self.file, &digest, self.at)
        };
        match tokio::task::spawn_blocking(pin).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the digest could not be pinned"),
            Err(error) => tracing::error!(%error, "the digest could not be pinned"),
        }
    }

    fn mismatched(self, promised: &Digest, found: &Digest) {
        let record = LedgerRecord::DigestChanged(DigestChanged {
            release: self.release.clone(),
            artifact: self.file.clone(),
            before: promised.clone(),
            after: found.clone(),
        });
        let log = |done: Result<_, customs_store::StoreError>| {
            if let Err(error) = done {
                tracing::error!(%error, "the ledger takes no records");
            }
        };
        self.store.append(record, Box::new(log));
        self.run.note(Event::Refused(RefusedEntry {
            what: self.release.spoken(),
            rule: MISMATCH.to_owned(),
            why: mismatch(&self.release, &self.file, promised, found),
        }));
    }
}
