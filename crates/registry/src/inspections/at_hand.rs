//! What was read of artifacts before: in memory, or else on disk. The facts of one artifact may be
//! megabytes, and a disk may be slow, so no thread that others wait for reads or writes them.

use super::{Facts, Inspections, Key, lock};
use crate::judge::archive::{ArtifactFacts, Kind};
use customs_model::{Digest, Unread, Weigh as _};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Facts that are loaded at the same time.
pub(super) const LOADING: usize = 4;

impl Inspections {
    /// Whether it is known and at hand. What is known on disk alone says no.
    pub fn holds(&self, digest: &Digest, kind: Kind) -> bool {
        lock(&self.held).contains(&(digest.clone(), kind))
    }

    /// What is known already. What is not in memory is read and taken apart on a thread that may
    /// wait for a disk: it may be megabytes.
    pub async fn known(&self, digest: &Digest, kind: Kind) -> Option<Arc<ArtifactFacts>> {
        let key = (digest.clone(), kind);
        if let Some(held) = self.held(&key) {
            return Some(held);
        }
        let (kept, of) = (self.kept.clone()?, digest.clone());
        // Each takes memory while it is taken apart. Never closed.
        let turn = self.loading.clone().acquire_owned().await;
        if let Some(held) = self.held(&key) {
            return Some(held);
        }
        let all = self.held.clone();
        let load = move || {
            // It loads to its end, also where nobody waits any more, and has its turn as long.
            let _turn = turn;
            let facts = Arc::new(kept.load(&of, kind)?);
            hold(&all, key, &facts);
            Some(facts)
        };
        // One that ends early has read nothing.
        tokio::task::spawn_blocking(load).await.ok().flatten()
    }

    /// The same for who may wait for a disk.
    pub(super) fn known_on_disk(&self, digest: &Digest, kind: Kind) -> Option<Arc<ArtifactFacts>> {
        let key = (digest.clone(), kind);
        self.held(&key).or_else(|| {
            let facts = self.kept.as_ref()?.load(digest, kind)?;
            Some(self.held_from_now(key, facts))
        })
    }

    fn held(&self, key: &Key) -> Option<Arc<ArtifactFacts>> {
        lock(&self.held).get(key)
    }

    fn held_from_now(&self, key: Key, facts: ArtifactFacts) -> Arc<ArtifactFacts> {
        let facts = Arc::new(facts);
        self.hold(key, &facts);
        facts
    }

    /// What came of reading it, where that is known already: that it cannot be read is
    /// known for a while.
    pub async fn answer(
        &self,
        digest: &Digest,
        kind: Kind,
    ) -> Option<Result<Arc<ArtifactFacts>, Unread>> {
        match self.unreadable(digest, kind) {
            Some(unread) => Some(Err(unread)),
            None => self.known(digest, kind).await.map(Ok),
        }
    }

    /// Whether there is an answer, for who may wait for a disk.
    pub fn is_answered(&self, digest: &Digest, kind: Kind) -> bool {
        self.unreadable(digest, kind).is_some() || self.known_on_disk(digest, kind).is_some()
    }

    fn unreadable(&self, digest: &Digest, kind: Kind) -> Option<Unread> {
        let key = (digest.clone(), kind);
        let why = lock(&self.unreadable).why(&key, Instant::now());
        why.map(Unread::NotReadable)
    }

    /// In memory and on disk.
    pub(super) async fn keep(&self, digest: &Digest, kind: Kind, facts: &Arc<ArtifactFacts>) {
        self.hold((digest.clone(), kind), facts);
        let Some(kept) = self.kept.clone() else {
            return;
        };
        let (of, facts) = (digest.clone(), facts.clone());
        let save = tokio::task::spawn_blocking(move || kept.save(&of, kind, &facts));
        let error = match save.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        // It is read again by the next gate.
        tracing::warn!(error, %digest, "what was read of an artifact cannot be kept");
    }

    pub(super) fn hold(&self, key: Key, facts: &Arc<ArtifactFacts>) {
        hold(&self.held, key, facts);
    }
}

fn hold(held: &Mutex<Facts>, key: Key, facts: &Arc<ArtifactFacts>) {
    let weight = 2 * size_of::<Key>() + facts.weight();
    lock(held).insert(key, facts.clone(), weight);
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// How long the disk takes.
    const SLOW: Duration = Duration::from_secs(3);

    /// What was read of artifacts, and a disk that says nothing for a while about this one.
    fn slow_disk(
        folder: &std::path::Path,
        digest: &Digest,
    ) -> (
        Arc<Inspections>,
        std::thread::JoinHandle<std::io::Result<()>>,
    ) {
        let all = Arc::new(Inspections::new(folder).unwrap());
        let path = all.kept.as_ref().unwrap().path(digest, Kind::Tarball);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Who reads it waits until somebody writes.
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let disk = std::thread::spawn(move || {
            std::thread::sleep(SLOW);
            std::fs::write(path, "no facts")
        });
        (all, disk)
    }

    /// On one thread: what keeps it waiting keeps everybody waiting.
    #[tokio::test]
    async fn a_slow_disk_keeps_nobody_waiting_but_who_asks_for_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (all, disk) = slow_disk(folder.path(), &Digest::sha256(b"slow"));
        let begun = Instant::now();
        let asks = all.clone();
        let asked =
            tokio::spawn(async move { asks.answer(&Digest::sha256(b"slow"), Kind::Tarball).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let another = all.answer(&Digest::sha256(b"another"), Kind::Tarball).await;
        assert!(another.is_none() && !asked.is_finished());
        assert!(begun.elapsed() < SLOW, "{:?}", begun.elapsed());
        assert!(asked.await.unwrap().is_none());
        disk.join().unwrap().unwrap();
    }
    #[tokio::test]
    async fn a_load_that_nobody_waits_for_any_more_has_its_turn_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (all, disk) = slow_disk(folder.path(), &Digest::sha256(b"slow"));
        let asks = all.clone();
        let asked =
            tokio::spawn(async move { asks.answer(&Digest::sha256(b"slow"), Kind::Tarball).await });
        while all.loading.available_permits() == LOADING {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(all.loading.available_permits(), LOADING - 1);
        disk.join().unwrap().unwrap();
        while all.loading.available_permits() < LOADING {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
