//! The world as it is: the registries of the clients' own configuration.

use super::feed::{Changed, Feed};
use super::fresh::{Fresh, Listed};
use super::release;
use super::world::{Look, World};
use crate::client::Discovered;
use crate::error::{Doing as _, Failure};
use crate::paths::OwnFolder;
use customs_ecosystem::cargo::index_path;
use customs_model::{
    Ecosystem, Known, PackageName, SignedDuration, SystemClock, Timestamp, Verdict,
};
use customs_registry::document::{Documents, Found, Indexed};
use customs_registry::http::Fetcher;
use customs_registry::{Context, Registry, Upstream, npm_document_path};
use customs_rules::Policy;
use customs_store::SqliteStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
            _memory: memory,
            _folder: folder,
        })
    }

    fn context(&self, package: &PackageName) -> Result<&Context, String> {
        self.client_of
            .get(package)
            .and_then(|client| self.contexts.get(client))
            .ok_or_else(|| "no client is known for it".to_owned())
    }
}

impl World for Online {
    async fn list(&self, package: &PackageName) -> Result<Look, String> {
        let upstreams = &self.context(package)?.upstreams;
        let no_registry = || {
            let ecosystem = package.ecosystem();
            format!("no registry of {ecosystem} is configured")
        };
        let missing = || "the registry has no such package any more".to_owned();
        match package.ecosystem() {
            Ecosystem::Npm => {
                let upstream = upstreams.npm_for(package).ok_or_else(no_registry)?;
                let path = npm_document_path(package);
                let asked = ask(&self.registry.npm, upstream, &path, Listed::npm).await?;
                asked.ok_or_else(missing)
            }
            Ecosystem::Cargo => {
                let upstream = upstreams.cargo.as_ref().ok_or_else(no_registry)?;
                let path = index_path(package.as_str());
                let listed = |index: &customs_registry::CargoDocument| Listed::cargo(&index.0);
                let asked = ask(&self.registry.cargo, upstream, &path, listed).await?;
                asked.ok_or_else(missing)
            }
            Ecosystem::PyPi => {
                let path = format!("{package}/");
                let listed = |page: &customs_registry::PypiPage| Listed::pypi(&page.0);
                let mut requests = 0;
                // The user's own indexes first: a name that one of them has is never
                // looked for in public.
                for upstream in upstreams.pypi_in_order() {
                    requests += 1;
                    let asked = ask(&self.registry.pypi, upstream, &path, listed).await?;
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

    async fn inspect(&self, fresh: &Fresh) -> Result<Verdict, String> {
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

/// One document. What the registry said last is no answer to what it says now, so a stale
/// one is an error.
async fn ask<T: Indexed>(
    documents: &Documents<T>,
    upstream: &Upstream,
    path: &str,
    listed: fn(&T) -> Listed,
) -> Result<Option<Look>, String> {
    let found = documents
        .get_within(upstream, path, NOW)
        .await
        .map_err(|error| error.to_string())?;
    match found {
        Found::Missing => Ok(None),
        Found::Document(document) => match &document.stale {
            Some(why) => Err(why.clone()),
            None => Ok(Some(Look {
                from: upstream.shown(),
                listed: listed(&document.index),
                requests: 1,
            })),
        },
    }
}
