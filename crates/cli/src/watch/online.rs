//! The world as it is: the registries of the clients' own configuration.

use super::feed::{Changed, Feed};
use super::fresh::{Fresh, Listed};
use super::release;
use super::world::{Judged, Look, Missed, World};
use crate::client::Discovered;
use crate::error::{Doing as _, Failure};
use crate::paths::OwnFolder;
use customs_ecosystem::cargo::index_path;
use customs_ecosystem::npm::Packument;
use customs_model::{
    Digest, Ecosystem, Known, PackageName, SignedDuration, SystemClock, Timestamp,
};
use customs_registry::document::{Document, Documents, Found, Indexed};
use customs_registry::http::Fetcher;
use customs_registry::{
    CargoDocument, Context, PypiPage, Registry, Upstream, npm_document_path, npm_facts,
};
use customs_rules::Policy;
use customs_store::SqliteStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A document of any age is too old here: it is asked for again, with its `ETag`.
const NOW: SignedDuration = SignedDuration::ZERO;

/// The registries, as each client is configured to reach them.
pub(super) struct Online {
    registry: Registry,
    fetcher: Fetcher,
    /// By client.
    contexts: BTreeMap<&'static str, Context>,
    /// Whose configuration counts for a package.
    client_of: BTreeMap<PackageName, &'static str>,
    feed: Option<tokio::sync::Mutex<Feed>>,
    /// What each document lists, with the document's digest: one that did not change is not
    /// read again.
    listed: Mutex<BTreeMap<String, (Digest, Listed)>>,
    /// Goes after all that writes to it.
    _memory: tempfile::TempDir,
    _folder: OwnFolder,
}

impl Online {
    /// Opens the cache.
    ///
    /// # Errors
    /// A folder cannot be made.
    pub(super) fn open(
        discovered: &Discovered,
        client_of: BTreeMap<PackageName, &'static str>,
        feed: Option<Feed>,
    ) -> Result<Self, Failure> {
        let clock = Arc::new(SystemClock);
        // Nothing is decided here, so nothing has to be remembered of it.
        let memory = tempfile::tempdir().doing("make a folder for this watch")?;
        let store = SqliteStore::open(memory.path(), clock.clone())
            .doing("open the memory of this watch")?;
        let fetcher = Fetcher::default();
        // A folder of its own: whoever opens a cache removes what lies half-written in it,
        // and the gate may be writing at this moment.
        let folder = OwnFolder::take("watch")?;
        let registry = Registry::open(&folder.path, fetcher.clone(), clock, Arc::new(store))
            .doing(format_args!("open the cache {}", folder.path.display()))?;
        // What code does is the same under every policy; advisories would only repeat
        // what somebody else has found already.
        let context = |client: &'static str| {
            let upstreams = discovered.of(client);
            let context = Context::new(upstreams, Policy::default(), Known::NotApplicable);
            (client, context)
        };
        let clients: BTreeSet<&'static str> = client_of.values().copied().collect();
        Ok(Self {
            registry,
            fetcher,
            contexts: clients.into_iter().map(context).collect(),
            client_of,
            feed: feed.map(tokio::sync::Mutex::new),
            listed: Mutex::default(),
            _memory: memory,
            _folder: folder,
        })
    }

    /// One document. What the registry said last is no answer to what it says now, so a stale
    /// one is an error.
    async fn ask<T: Indexed>(
        &self,
        documents: &Documents<T>,
        upstream: &Upstream,
        path: &str,
        listed: fn(&Document<T>) -> Listed,
    ) -> Result<Option<Look>, Missed> {
        let found = documents
            .get_within(upstream, path, NOW)
            .await
            .map_err(|error| Missed {
                rest: error.retry_after(),
                why: error.to_string(),
            })?;
        let Found::Document(document) = found else {
            return Ok(None);
        };
        if let Some(why) = &document.stale {
            return Err(Missed {
                why: why.clone(),
                rest: document.retry_after,
            });
        }
        let from = upstream.shown();
        let key = format!("{from} {path}");
        let digest = document.digest.clone();
        let known = self.listed(&key, &digest);
        let listed = match known {
            Some(listed) => listed,
            None => {
                // npm's digests are read from the document's bytes, release by release.
                let read = tokio::task::spawn_blocking(move || listed(&document))
                    .await
                    .map_err(|error| format!("its document could not be read: {error}"))?;
                lock(&self.listed).insert(key, (digest, read.clone()));
                read
            }
        };
        Ok(Some(Look {
            from,
            listed,
            requests: 1,
        }))
    }

    /// What a document lists that was read before and has not changed.
    fn listed(&self, key: &str, digest: &Digest) -> Option<Listed> {
        let all = lock(&self.listed);
        let (known, listed) = all.get(key)?;
        (known == digest).then(|| listed.clone())
    }

    fn context(&self, package: &PackageName) -> Result<&Context, String> {
        self.client_of
            .get(package)
            .and_then(|client| self.contexts.get(client))
            .ok_or_else(|| "no client is known for it".to_owned())
    }
}

impl World for Online {
    async fn list(&self, package: &PackageName) -> Result<Look, Missed> {
        let upstreams = &self.context(package)?.upstreams;
        let no_registry = || {
            let ecosystem = package.ecosystem();
            Missed::from(format!("no registry of {ecosystem} is configured"))
        };
        let missing = || Missed::from("the registry has no such package any more".to_owned());
        match package.ecosystem() {
            Ecosystem::Npm => {
                let upstream = upstreams.npm_for(package).ok_or_else(no_registry)?;
                let path = npm_document_path(package);
                let listed = |document: &Document<Packument>| {
                    Listed::npm(&document.index, |entry| {
                        let facts = npm_facts(document, entry);
                        facts.map(|facts| facts.digests).unwrap_or_default()
                    })
                };
                let asked = self
                    .ask(&self.registry.npm, upstream, &path, listed)
                    .await?;
                asked.ok_or_else(missing)
            }
            Ecosystem::Cargo => {
                let upstream = upstreams.cargo.as_ref().ok_or_else(no_registry)?;
                let path = index_path(package.as_str());
                let listed = |document: &Document<CargoDocument>| Listed::cargo(&document.index.0);
                let asked = self
                    .ask(&self.registry.cargo, upstream, &path, listed)
                    .await?;
                asked.ok_or_else(missing)
            }
            Ecosystem::PyPi => {
                let path = format!("{package}/");
                let listed = |document: &Document<PypiPage>| Listed::pypi(&document.index.0);
                let mut requests = 0;
                // The user's own indexes first: a name that one of them has is never
                // looked for in public.
                for upstream in upstreams.pypi_in_order() {
                    requests += 1;
                    let asked = self
                        .ask(&self.registry.pypi, upstream, &path, listed)
                        .await?;
                    if let Some(look) = asked {
                        return Ok(Look { requests, ..look });
                    }
                }
                Err(if requests == 0 {
                    no_registry()
                } else {
                    missing()
                })
            }
        }
    }

    async fn inspect(&self, fresh: &Fresh) -> Result<Judged, String> {
        let context = self.context(&fresh.release.package)?;
        release::inspect(&self.registry, context, fresh).await
    }

    fn has_feed(&self) -> bool {
        self.feed.is_some()
    }

    async fn changes(&self) -> Result<Changed, String> {
        match &self.feed {
            Some(feed) => feed.lock().await.changed(&self.fetcher).await,
            None => Ok(Changed::default()),
        }
    }

    fn now(&self) -> Timestamp {
        self.registry.clock.now()
    }
}

/// A panic elsewhere leaves nothing half-done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
