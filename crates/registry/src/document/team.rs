//! What an upstream said last, in common with the other gates of a team: a gate that never had a
//! document serves that of another one while the upstream is away, marked stale like its own.
//!
//! It is never taken for the upstream's word: what comes from here is asked for at the upstream each
//! time, and a team is delivered nothing new by it.

use super::{Documents, Indexed, Meta};
use crate::shared::Shared;
use customs_model::DigestAlgorithm;
use std::path::Path;
use std::sync::Arc;

/// The longest description of a document, and the longest document that is shared.
const MOST_NOTE: usize = 16 << 10;
const MOST_BYTES: u64 = 32 << 20;

/// Where the team keeps the documents of one kind.
pub(super) struct OfTeam {
    /// What tells them apart from those of another kind.
    kind: &'static str,
    shared: Arc<Shared>,
}

impl OfTeam {
    fn key(&self, key: &str) -> String {
        format!("{} {key}", self.kind)
    }
}

impl<T: Indexed> Documents<T> {
    /// In common with other gates; `kind` tells these documents apart from others.
    #[must_use]
    pub(crate) fn in_common(mut self, kind: &'static str, shared: Option<Arc<Shared>>) -> Self {
        self.team = shared.map(|shared| OfTeam { kind, shared });
        self
    }

    /// Tells the other gates what the upstream said, when there is time for it.
    pub(super) fn tell_team(&self, key: &str, meta: &Meta) {
        let Some(team) = &self.team else { return };
        let Ok(note) = serde_json::to_string(meta) else {
            return;
        };
        if note.len() <= MOST_NOTE && meta.length <= MOST_BYTES {
            let said = meta.confirmed;
            let file = self.folder.join(&meta.body);
            team.shared
                .tell_document(team.key(key), note, said, &meta.digest, file);
        }
    }

    /// What another gate was told by the upstream, its bytes brought here. None: nothing that bears.
    pub(super) async fn of_team(&self, key: &str) -> Option<Meta> {
        let team = self.team.as_ref()?;
        let name = team.key(key);
        let (blob, note) = team.shared.document(&name).await?;
        let mut meta: Meta = serde_json::from_str(&note).ok()?;
        let fits = meta.digest == blob
            && blob.algorithm() == DigestAlgorithm::Sha256
            && meta.length <= MOST_BYTES;
        if !fits || !self.bears(&meta) {
            return None;
        }
        // Of what was written elsewhere no path is taken over, and nothing that would let an upstream
        // say "as before" of bytes that it did not send here.
        meta.body = Self::body_name(key, &meta.digest);
        (meta.etag, meta.last_modified) = (None, None);
        meta.of_team = true;
        let body = self.folder.join(&meta.body);
        let length = team.shared.bring_document(&name, &blob, &body).await?;
        if length != meta.length {
            remove(&body);
            return None;
        }
        // Without it the next question brings it again.
        if let Err(error) = self.write_meta(key, &meta) {
            tracing::debug!(%error, "a document of the team is not kept");
        }
        Some(meta)
    }
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!(%error, "a document of the team was not removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Found;
    use crate::document::text::Text;
    use crate::http::Fetcher;
    use crate::upstream::Upstream;
    use customs_model::{Route, SystemClock};
    use customs_store::{FolderBlobs, Index as _, SqliteStore};
    use std::sync::Mutex;
    use std::time::{Duration, Instant};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// An upstream that answers each request with the same words.
    async fn upstream(answer: Arc<Mutex<&'static str>>) -> Upstream {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let answer = *answer.lock().unwrap();
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Upstream::parse(&base, Route::Public).unwrap()
    }

    const FIRST: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nfirst";
    const LATER: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nlater";
    const AWAY: &str = "HTTP/1.1 503 Away\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    struct House {
        folder: tempfile::TempDir,
        team: Arc<SqliteStore>,
    }

    impl House {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let team = SqliteStore::open(&folder.path().join("data"), Arc::new(SystemClock));
            let team = Arc::new(team.unwrap());
            Self { folder, team }
        }

        fn gate(&self, name: &str) -> Documents<Text> {
            let blobs = FolderBlobs::open(&self.folder.path().join("blobs")).unwrap();
            let shared = Shared::new(self.team.clone(), Arc::new(blobs), name.to_owned());
            let folder = self.folder.path().join(name);
            let documents = Documents::new(folder, Fetcher::default(), Arc::new(SystemClock));
            documents.unwrap().in_common("text", Some(shared))
        }

        /// Waits until the team has a document whose bytes these are.
        async fn until_told(&self, bytes: &str) {
            let digest = customs_model::Digest::sha256(bytes.as_bytes());
            let named = || {
                self.team
                    .named_blobs(std::slice::from_ref(&digest))
                    .unwrap()
            };
            let begun = Instant::now();
            while named().is_empty() {
                assert!(begun.elapsed() < Duration::from_secs(60));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    async fn got(documents: &Documents<Text>, upstream: &Upstream) -> (String, Option<String>) {
        match documents.get(upstream, "a").await.unwrap() {
            Found::Document(document) => (document.index.0.clone(), document.stale.clone()),
            Found::Missing => panic!("missing"),
        }
    }

    #[tokio::test]
    async fn what_only_another_gate_was_told_is_served_marked_until_the_upstream_is_back() {
        let (house, answer) = (House::new(), Arc::new(Mutex::new(FIRST)));
        let upstream = upstream(answer.clone()).await;
        let (one, two) = (house.gate("one"), house.gate("two"));
        assert_eq!(got(&one, &upstream).await, ("first".to_owned(), None));
        house.until_told("first").await;

        *answer.lock().unwrap() = AWAY;
        for _ in 0..2 {
            let (text, stale) = got(&two, &upstream).await;
            assert_eq!(text, "first");
            assert!(stale.unwrap().contains("503"));
        }
        // A gate that was told nothing, of a team that was not: nothing to serve.
        let alone = House::new();
        assert!(alone.gate("one").get(&upstream, "a").await.is_err());

        // However young it is, the upstream counts as soon as it answers; its word takes the place.
        *answer.lock().unwrap() = LATER;
        assert_eq!(got(&two, &upstream).await, ("later".to_owned(), None));
        house.until_told("later").await;
        let first = customs_model::Digest::sha256(b"first");
        let blobs = FolderBlobs::open(&house.folder.path().join("blobs")).unwrap();
        let begun = Instant::now();
        while blobs.path(&first).exists() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "one for each name"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn what_somebody_changed_in_the_common_store_is_not_served() {
        let (house, answer) = (House::new(), Arc::new(Mutex::new(FIRST)));
        let upstream = upstream(answer.clone()).await;
        assert_eq!(got(&house.gate("one"), &upstream).await.0, "first");
        house.until_told("first").await;
        let blobs = FolderBlobs::open(&house.folder.path().join("blobs")).unwrap();
        let first = customs_model::Digest::sha256(b"first");
        std::fs::write(blobs.path(&first), "other").unwrap();
        *answer.lock().unwrap() = AWAY;
        assert!(house.gate("two").get(&upstream, "a").await.is_err());
    }

    #[tokio::test]
    async fn what_was_confirmed_too_long_ago_is_not_served() {
        let (house, answer) = (House::new(), Arc::new(Mutex::new(FIRST)));
        let upstream = upstream(answer.clone()).await;
        assert_eq!(got(&house.gate("one"), &upstream).await.0, "first");
        house.until_told("first").await;
        *answer.lock().unwrap() = AWAY;
        let two = house.gate("two");
        two.serve_stale_for(customs_model::SignedDuration::from_secs(-1));
        assert!(two.get(&upstream, "a").await.is_err());
    }
}
