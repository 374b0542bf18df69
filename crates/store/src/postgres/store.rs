//! The trait, for PostgreSQL: what is recorded goes through the writer, the rest is asked.

use super::writer::Job;
use super::{PostgresStore, QUEUE, memory, query};
use crate::chain::microseconds;
use crate::exemption::ExemptionRow;
use crate::jobs::Entry;
use crate::memory::{Pin, Publication, Seen, Sights};
use crate::store::{DecisionRow, Deliveries, Done, Judged, Receipt, RecordRow, Store};
use crate::{Head, LedgerRecord, StoreError, decided};
use customs_model::{Digest, PackageName, ReleaseId, Timestamp};
use std::sync::mpsc::TrySendError;

impl Store for PostgresStore {
    fn append(&self, record: LedgerRecord, done: Done) {
        let ready = self
            .writing()
            .and_then(|writing| Ok((writing, Entry::of(record, &*writing.clock)?)));
        match ready {
            Err(error) => done(Err(error)),
            Ok((writing, entry)) => {
                let job = Job::Append(entry, done.into());
                if let Err(TrySendError::Full(Job::Append(_, reply))) = writing.jobs.try_send(job) {
                    reply.give(Err(StoreError::QueueFull(QUEUE)));
                }
            }
        }
    }

    fn append_wait(&self, record: LedgerRecord) -> Result<Receipt, StoreError> {
        let writing = self.writing()?;
        let entry = Entry::of(record, &*writing.clock)?;
        writing.send(|reply| Job::Append(entry, reply))
    }

    fn record_judged(&self, judged: &[Judged<'_>]) -> Result<usize, StoreError> {
        let writing = self.writing()?;
        let at = microseconds(writing.clock.now());
        let candidates = decided::candidates(&writing.latest, judged, at);
        if candidates.is_empty() {
            return Ok(0);
        }
        writing.send(|reply| Job::Decide(candidates, reply))
    }

    fn latest_decision(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError> {
        let asked = [(release.to_string(), artifact.map(str::to_owned))];
        self.ask(|target, session| async move {
            let found = query::latest_decisions(&target, &session, &asked).await?;
            Ok(found.into_values().next())
        })
    }

    fn decisions_since(&self, at: Timestamp, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        self.ask(move |target, session| async move {
            query::decisions_since(&target, &session, at, limit).await
        })
    }

    fn who(&self, release: &ReleaseId) -> Result<Deliveries, StoreError> {
        let release = release.clone();
        self.ask(|target, session| async move { query::who(&target, &session, &release).await })
    }

    fn who_package(&self, package: &PackageName) -> Result<Deliveries, StoreError> {
        let package = package.clone();
        self.ask(
            |target, session| async move { query::who_package(&target, &session, &package).await },
        )
    }

    fn decisions_of(&self, package: &PackageName) -> Result<Vec<DecisionRow>, StoreError> {
        let package = package.clone();
        self.ask(
            |target, session| async move { query::decisions_of(&target, &session, &package).await },
        )
    }

    fn exemptions(&self) -> Result<Vec<ExemptionRow>, StoreError> {
        self.ask(|target, session| async move { query::exemptions(&target, &session).await })
    }

    fn position_before(&self, at: Timestamp) -> Result<i64, StoreError> {
        self.ask(move |target, session| async move {
            query::position_before(&target, &session, at).await
        })
    }

    fn records_after(&self, position: i64, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        self.ask(move |target, session| async move {
            query::records_after(&target, &session, position, limit).await
        })
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.writing()?.send(Job::Flush)
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.ask(|target, session| async move { query::heads(&target, &session).await })
    }

    fn sights(&self, upstream: &str, package: &PackageName) -> Result<Sights, StoreError> {
        let (upstream, package) = (upstream.to_owned(), package.clone());
        self.ask(|target, session| async move {
            memory::sights(&target, &session, &upstream, &package).await
        })
    }

    fn all_sights(&self, package: &PackageName) -> Result<Vec<(String, Sights)>, StoreError> {
        let package = package.clone();
        self.ask(
            |target, session| async move { memory::all_sights(&target, &session, &package).await },
        )
    }

    fn record_sight(
        &self,
        upstream: &str,
        package: &PackageName,
        seen: &[Seen],
        at: Timestamp,
    ) -> Result<Sights, StoreError> {
        self.writing()?;
        let at = microseconds(at);
        let known = self.sights(upstream, package)?;
        let changed = crate::memory::compare(&known, seen, at);
        // New entries need a note, whatever the minute: the next ones came after them.
        if changed.is_empty() && known.noted_lately(at) {
            return Ok(known);
        }
        let (upstream, package) = (upstream.to_owned(), package.clone());
        self.ask(move |target, session| async move {
            memory::write(&target, &session, &upstream, &package, &changed, at).await?;
            memory::sights(&target, &session, &upstream, &package).await
        })
    }

    fn digest_seen(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
    ) -> Result<Option<Digest>, StoreError> {
        let (upstream, release) = (upstream.to_owned(), release.clone());
        let artifact = artifact.to_owned();
        self.ask(|target, session| async move {
            memory::digest_seen(&target, &session, &upstream, &release, &artifact).await
        })
    }

    fn pin_digest(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Pin, StoreError> {
        self.writing()?;
        if self.digest_seen(upstream, release, artifact)?.as_ref() == Some(digest) {
            return Ok(Pin::Same);
        }
        let (upstream, release) = (upstream.to_owned(), release.clone());
        let (artifact, digest) = (artifact.to_owned(), digest.clone());
        self.ask(move |target, session| async move {
            memory::pin_digest(
                &target, &session, &upstream, &release, &artifact, &digest, at,
            )
            .await
        })
    }

    fn record_publications(&self, publications: &[Publication]) -> Result<(), StoreError> {
        self.writing()?;
        let publications = publications.to_vec();
        self.ask(|target, session| async move {
            memory::record_publications(&target, &session, &publications).await
        })
    }

    fn packages_by_identity(
        &self,
        identity: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<PackageName>, StoreError> {
        let identity = identity.to_owned();
        self.ask(move |target, session| async move {
            memory::packages_by_identity(&target, &session, &identity, from, to).await
        })
    }

    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.ask(|target, session| async move { memory::meta(&target, &session, &key).await })
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        crate::memory::check_meta(key, value)?;
        self.writing()?;
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask(|target, session| async move {
            memory::set_meta(&target, &session, &key, &value).await
        })
    }
}
