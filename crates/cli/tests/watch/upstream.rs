//! A registry of npm's kind that publishes while it is watched, with a feed of changes.

use crate::shelves::{Release, Shelves, digest, package};
use customs_model::{Clock as _, DigestAlgorithm, SystemClock};
use customs_replay::{Answer, Bound, Faults, Request, Response, Server};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Answers(Arc<Inside>);

#[derive(Default)]
struct Inside {
    shelves: Shelves,
    /// Names in the order in which they changed.
    changed: Mutex<Vec<String>>,
    /// Seconds that it wants to be left alone; 0: it answers.
    busy: AtomicU64,
    /// By name and version.
    digests: Mutex<BTreeMap<(String, String), String>>,
}

impl Answers {
    /// CouchDB's form: positions are counted from 1.
    fn feed(&self, path: &str) -> Response {
        let changed = self.0.changed.lock().unwrap();
        let value = match path.strip_prefix("/feed/_changes?since=") {
            None => json!({ "db_name": "registry", "update_seq": changed.len() }),
            Some(query) => {
                let since = query.split('&').next().and_then(|n| n.parse().ok());
                let since: usize = since.unwrap_or(changed.len());
                let results: Vec<_> = changed
                    .iter()
                    .enumerate()
                    .skip(since)
                    .map(|(at, id)| json!({ "seq": at + 1, "id": id, "changes": [] }))
                    .collect();
                json!({ "results": results, "last_seq": changed.len() })
            }
        };
        Response::of(200, "application/json", value.to_string())
    }
}

impl Answer for Answers {
    fn answer(&self, request: &Request) -> Response {
        if request.path.starts_with("/feed/") {
            return self.feed(&request.path);
        }
        let busy = self.0.busy.load(Ordering::SeqCst);
        if busy > 0 {
            return Response::of(429, "text/plain", "slow down")
                .with("retry-after", busy.to_string());
        }
        self.0.shelves.answer(request)
    }
}

pub struct Registry {
    answers: Answers,
    server: Server,
}

impl Registry {
    pub async fn new() -> Self {
        let answers = Answers::default();
        let bound = Bound::new().await.unwrap();
        let server = bound.serve(answers.clone(), Faults::none());
        Self { answers, server }
    }

    pub fn base(&self) -> String {
        self.server.base()
    }

    /// Puts a package as it is from now on.
    pub fn publish(&self, name: &str, releases: Vec<Release>) {
        for release in &releases {
            let key = (name.to_owned(), release.version.clone());
            let digest = digest(DigestAlgorithm::Sha512, &release.bytes).to_string();
            self.answers.0.digests.lock().unwrap().insert(key, digest);
        }
        let package = package(name, SystemClock.now(), releases);
        self.answers.0.shelves.npm(&self.base(), &package);
    }

    /// Names a package in the feed.
    pub fn announce(&self, name: &str) {
        self.answers.0.changed.lock().unwrap().push(name.to_owned());
    }

    /// It answers nothing but that it wants to be left alone.
    pub fn is_busy(&self, rest: Option<Duration>) {
        let seconds = rest.unwrap_or_default().as_secs();
        self.answers.0.busy.store(seconds, Ordering::SeqCst);
    }

    /// What a release was published with last.
    pub fn digest(&self, name: &str, version: &str) -> String {
        let digests = self.answers.0.digests.lock().unwrap();
        digests[&(name.to_owned(), version.to_owned())].clone()
    }

    /// How often a path, with all that begins with it, was asked for.
    pub fn count(&self, prefix: &str) -> usize {
        self.server.count(prefix)
    }

    /// How often it answered so.
    pub fn answered(&self, status: u16) -> usize {
        let hits = self.server.hits();
        hits.iter().filter(|hit| hit.status == status).count()
    }
}
