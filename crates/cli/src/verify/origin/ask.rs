//! Which registry is asked about which package: the one that the lockfile takes it from, where the
//! user's own configuration knows it, and no other one. The name of a private package is told to
//! nobody else.

use crate::client;
use crate::error::{Doing as _, Failure};
use crate::paths::OwnFolder;
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Ecosystem, Known, Route, SystemClock, printable};
use customs_registry::http::{Fetcher, host_of};
use customs_registry::{Context, Registry, Upstream, Upstreams};
use customs_rules::Policy;
use customs_store::SqliteStore;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long an upstream may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// What cargo writes for the index that it comes with, whatever stands in for it.
const CARGO_DEFAULT: &str = concat!("registry+", "https://github.com/rust-lang/crates.io-index");

/// What asks registries, and what it keeps of their documents: one for all projects of a run.
pub(in crate::verify) struct Client {
    registry: Registry,
    _folder: Option<OwnFolder>,
    _memory: tempfile::TempDir,
}

/// The way to the registries of one project.
pub(in crate::verify) struct Asker {
    client: Arc<Client>,
    routes: Routes,
}

/// The registries of every client of a project.
pub(super) struct Routes {
    /// What applies without a client of its own, first.
    contexts: Vec<Context>,
}

impl Client {
    /// Gets ready to ask.
    ///
    /// # Errors
    /// The folder of caches cannot be used.
    pub(in crate::verify) fn open() -> Result<Self, Failure> {
        let folder = OwnFolder::take("verify")?;
        let cache = folder.path.join("cache");
        Ok(Self {
            _folder: Some(folder),
            ..Self::at(&cache)?
        })
    }

    /// With documents in this folder.
    fn at(cache: &Path) -> Result<Self, Failure> {
        let clock = Arc::new(SystemClock);
        // Nothing is decided here, so nothing has to be remembered of it.
        let memory = tempfile::tempdir().doing("make a folder for this run")?;
        let store =
            SqliteStore::open(memory.path(), clock.clone()).doing("open the memory of this run")?;
        let fetcher = Fetcher::with_silence(SILENCE);
        let registry = Registry::open(cache, fetcher, clock, Arc::new(store))
            .doing("open the cache of what was fetched")?;
        Ok(Self {
            registry,
            _folder: None,
            _memory: memory,
        })
    }
}

impl Asker {
    /// Opens the way for a project's folder, to the registries that these entries come from.
    ///
    /// # Errors
    /// The configuration of a client cannot be read.
    pub(in crate::verify) fn of(
        client: Arc<Client>,
        project: &Path,
        locked: &[Locked],
    ) -> Result<Self, Failure> {
        Self::open(client, project, &ecosystems(locked))
    }

    /// Opens the way for a project's folder, to the registries of these ecosystems.
    ///
    /// # Errors
    /// The configuration of a client cannot be read.
    pub(in crate::verify) fn open(
        client: Arc<Client>,
        project: &Path,
        ecosystems: &[Ecosystem],
    ) -> Result<Self, Failure> {
        let discovered = client::discover_of(project, ecosystems)?;
        let clients = discovered.of_client.keys();
        let mut all = vec![discovered.upstreams.clone()];
        for client in clients {
            let own = discovered.of(client);
            if !all.contains(&own) {
                all.push(own);
            }
        }
        Ok(Self {
            client,
            routes: Routes::new(all),
        })
    }

    /// The way to these registries, with documents in this folder.
    #[cfg(test)]
    pub(in crate::verify) fn to(all: Vec<Upstreams>, cache: &Path) -> Result<Self, Failure> {
        Ok(Self {
            client: Arc::new(Client::at(cache)?),
            routes: Routes::new(all),
        })
    }

    /// Documents and artifacts.
    pub(in crate::verify) fn registry(&self) -> &Registry {
        &self.client.registry
    }

    /// Whom to ask about an entry of a lockfile.
    ///
    /// # Errors
    /// Nobody, because … One clause, safe to print.
    pub(in crate::verify) fn context_for(&self, entry: &Locked) -> Result<Context, String> {
        self.routes.of(entry)
    }
}

/// The ecosystems of a lockfile's entries.
pub(in crate::verify) fn ecosystems(locked: &[Locked]) -> Vec<Ecosystem> {
    let of = |entry: &Locked| entry.release.package.ecosystem();
    let all: BTreeSet<Ecosystem> = locked.iter().map(of).collect();
    all.into_iter().collect()
}

impl Routes {
    pub(super) fn new(all: Vec<Upstreams>) -> Self {
        let policy = Policy::default;
        let context = |upstreams| Context::new(upstreams, policy(), Known::NotApplicable);
        Self {
            contexts: all.into_iter().map(context).collect(),
        }
    }

    pub(super) fn of(&self, entry: &Locked) -> Result<Context, String> {
        if let Some(why) = not_of_a_registry(entry.source) {
            return Err(why.to_owned());
        }
        match entry.release.package.ecosystem() {
            Ecosystem::Npm => self.npm(entry),
            Ecosystem::PyPi => self.pypi(entry),
            Ecosystem::Cargo => self.cargo(entry),
        }
    }

    fn npm(&self, entry: &Locked) -> Result<Context, String> {
        let of = |context: &Context| context.upstreams.npm_for(&entry.release.package).cloned();
        let known: Vec<(&Context, Upstream)> = self
            .contexts
            .iter()
            .filter_map(|context| Some((context, of(context)?)))
            .collect();
        let (first, upstream) = known.first().ok_or("no npm registry is configured")?;
        let Some(address) = entry.resolved.as_deref().and_then(web) else {
            return Ok((*first).clone());
        };
        if let Some((context, _)) = known.iter().find(|(_, upstream)| upstream.owns(&address)) {
            return Ok((*context).clone());
        }
        // The user's own registry may be told every name: it is where they are taken from.
        if upstream.route == Route::Private {
            return Ok((*first).clone());
        }
        Err(foreign(&address))
    }

    fn pypi(&self, entry: &Locked) -> Result<Context, String> {
        let address = entry.resolved.as_deref().and_then(web);
        for context in &self.contexts {
            let Some(address) = &address else {
                if context.upstreams.pypi.is_empty() {
                    continue;
                }
                return Ok(context.clone());
            };
            let own: Vec<Upstream> = context
                .upstreams
                .pypi
                .iter()
                .filter(|upstream| upstream.owns(address))
                .cloned()
                .collect();
            if !own.is_empty() {
                // Not the others: who does not find a name there would tell it to the next one.
                return Ok(context.with_upstreams(Upstreams {
                    pypi: own,
                    ..Upstreams::default()
                }));
            }
        }
        Err(address.map_or_else(
            || "no Python index is configured".to_owned(),
            |address| foreign(&address),
        ))
    }

    fn cargo(&self, entry: &Locked) -> Result<Context, String> {
        let mut with = self
            .contexts
            .iter()
            .filter_map(|context| Some((context, context.upstreams.cargo.as_ref()?)));
        let (first, _) = with
            .clone()
            .next()
            .ok_or("no sparse index of cargo is configured")?;
        let written = match entry.resolved.as_deref() {
            None | Some(CARGO_DEFAULT) => return Ok(first.clone()),
            Some(written) => written,
        };
        let address = written.split_once('+').map_or(written, |(_, rest)| rest);
        let address = web(address).ok_or("its registry has no web address")?;
        with.find(|(_, upstream)| upstream.owns(&address))
            .map(|(context, _)| context.clone())
            .ok_or_else(|| foreign(&address))
    }
}

fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn foreign(address: &Url) -> String {
    format!(
        "the lockfile takes it from {}, which is no registry that is configured here, and its name is told to no other one",
        printable(&host_of(address), 120)
    )
}

/// Why what comes from there has no evidence of a registry.
pub(super) const fn not_of_a_registry(source: Source) -> Option<&'static str> {
    match source {
        Source::Registry => None,
        Source::Git => Some("it comes from a repository, and no registry speaks for it"),
        Source::Url => Some("it comes from an address of its own, and no registry speaks for it"),
        Source::Path => Some("it comes from this machine"),
        Source::Bundled => Some("it lies inside of another package"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(text: &str, route: Route) -> Upstream {
        Upstream::parse(text, route).unwrap()
    }

    fn entry(purl: &str, resolved: Option<&str>) -> Locked {
        Locked {
            release: purl.parse().unwrap(),
            source: Source::Registry,
            digests: Vec::new(),
            resolved: resolved.map(str::to_owned),
            has_install_script: None,
            line: None,
        }
    }

    fn routes() -> Routes {
        let mut upstreams = Upstreams {
            npm: Some(upstream("https://registry.example/", Route::Public)),
            pypi: vec![
                upstream("https://index.example/simple/", Route::Public),
                upstream("https://inner.example/simple/", Route::Private),
            ],
            cargo: Some(upstream("https://crates.example/index/", Route::Public)),
            ..Upstreams::default()
        };
        let own = upstream("https://inner.example/npm/", Route::Private);
        upstreams.npm_scopes.insert("@own".to_owned(), own);
        let other = Upstreams {
            npm: Some(upstream("https://other.example/", Route::Public)),
            ..Upstreams::default()
        };
        Routes::new(vec![upstreams, other])
    }

    fn asked(purl: &str, resolved: Option<&str>) -> String {
        let entry = entry(purl, resolved);
        match routes().of(&entry) {
            Err(why) => why,
            Ok(context) => {
                let upstreams = &context.upstreams;
                match entry.release.package.ecosystem() {
                    Ecosystem::Npm => upstreams.npm_for(&entry.release.package).unwrap().shown(),
                    Ecosystem::PyPi => {
                        let all: Vec<String> =
                            upstreams.pypi_in_order().map(Upstream::shown).collect();
                        all.join(" ")
                    }
                    Ecosystem::Cargo => upstreams.cargo.as_ref().unwrap().shown(),
                }
            }
        }
    }

    #[test]
    fn a_name_is_told_only_to_the_registry_that_the_lockfile_takes_it_from() {
        assert_eq!(asked("pkg:npm/a@1.0.0", None), "registry.example/");
        assert_eq!(
            asked(
                "pkg:npm/a@1.0.0",
                Some("https://other.example/a/-/a-1.0.0.tgz")
            ),
            "other.example/"
        );
        assert_eq!(
            asked(
                "pkg:npm/%40own/a@1.0.0",
                Some("https://cdn.example/a-1.0.0.tgz")
            ),
            "inner.example/npm/"
        );
        insta::assert_snapshot!(
            asked("pkg:npm/a@1.0.0", Some("https://elsewhere.example/a/-/a-1.0.0.tgz")),
            @"the lockfile takes it from elsewhere.example, which is no registry that is configured here, and its name is told to no other one"
        );
    }

    #[test]
    fn what_an_own_index_locks_is_not_looked_for_on_the_public_one() {
        assert_eq!(
            asked("pkg:pypi/a@1.0", Some("https://inner.example/simple")),
            "inner.example/simple/"
        );
        assert_eq!(
            asked("pkg:pypi/a@1.0", None),
            "inner.example/simple/ index.example/simple/"
        );
        assert!(asked("pkg:pypi/a@1.0", Some("https://x.example/simple")).contains("x.example"));
    }

    #[test]
    fn a_crate_of_another_registry_is_not_asked_for() {
        let own = "crates.example/index/";
        assert_eq!(asked("pkg:cargo/a@1.0.0", Some(CARGO_DEFAULT)), own);
        let sparse = Some("sparse+https://crates.example/index/");
        assert_eq!(asked("pkg:cargo/a@1.0.0", sparse), own);
        let other = Some("registry+https://x.example/index");
        assert!(asked("pkg:cargo/a@1.0.0", other).contains("x.example"));
    }
}
