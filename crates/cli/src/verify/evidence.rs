//! The question of origin, asked for one project: what is fetched, what is stored, what its trust
//! history says.

use super::caches::Caches;
use super::fetch;
use super::history::HistoryOptions;
use super::origin::{self, OriginOptions};
use super::report::PackageOrigin;
use crate::error::{Doing as _, Failure};
use customs_device::artifact::{ByDigest, CargoRegistryCache, NpmCache, Source};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, ReleaseId};
use customs_origin::roots::Age;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// What a person asks for.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Asked {
    /// Fetch artifacts that are not at hand, and evidence of origin, from your own registries
    #[arg(long)]
    pub fetch: bool,
    /// Verify with this trust root and no other
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Compare packages with the commits that they name, in these clones
    #[arg(long, value_name = "CLONE", value_delimiter = ',')]
    pub source: Vec<PathBuf>,
    /// Record in customs.lock who built what
    #[arg(long)]
    pub update: bool,
    /// Accept less evidence than before for a release (pkg:npm/name@version)
    #[arg(long, value_name = "RELEASE", requires = "reason")]
    pub accept: Option<ReleaseId>,
    /// Why it is accepted; it stands in customs.lock
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub reason: Option<String>,
}

/// Asks for evidence, for all projects of a run.
pub(super) struct Evidence<'a> {
    asked: &'a Asked,
    fetches: bool,
    /// The folder of `customs.lock`.
    trust: &'a Path,
    /// `customs.lock` as it was before the change.
    base: Option<Vec<u8>>,
    /// None where nobody may be asked.
    runtime: Option<Runtime>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Origins {
    /// Every package.
    pub packages: Vec<PackageOrigin>,
    /// All of them together.
    pub answer: Answer,
    /// How old the roots of trust are.
    pub roots: Vec<Age>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
    /// What became of `customs.lock`. Safe to print.
    pub recorded: Vec<String>,
}

impl<'a> Evidence<'a> {
    /// Gets ready to ask. `fetches` even where nobody says so.
    ///
    /// # Errors
    /// No threads can be had.
    pub fn new(
        asked: &'a Asked,
        fetches: bool,
        trust: &'a Path,
        base: Option<Vec<u8>>,
    ) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .doing("start what asks registries")?;
        Ok(Self {
            asked,
            fetches: fetches || asked.fetch,
            trust,
            base,
            runtime: Some(runtime),
        })
    }

    /// Asks nobody.
    pub fn nobody(asked: &'a Asked, trust: &'a Path) -> Self {
        Self {
            asked,
            fetches: false,
            trust,
            base: None,
            runtime: None,
        }
    }

    /// Fetches the artifacts of a lockfile that are not at hand. Gives what could not be had.
    pub fn fetch(&self, locked: &[Locked], project: &Path, caches: &Caches) -> Vec<String> {
        let (Some(runtime), Some(into)) = (&self.runtime, &caches.fetched) else {
            return Vec::new();
        };
        if !self.fetches || locked.is_empty() {
            return Vec::new();
        }
        match runtime.block_on(fetch::artifacts(locked, project, into)) {
            Ok(fetched) => fetched.missing,
            Err(why) => vec![format!("nothing was fetched: {why}")],
        }
    }

    /// Where the packages of a lockfile come from.
    pub fn of(&self, locked: &[Locked], project: &Path, caches: &Caches) -> Origins {
        let Some(runtime) = &self.runtime else {
            return Origins::none("evidence of origin was not asked for");
        };
        if locked.is_empty() {
            return Origins::none("no lockfile says what is installed");
        }
        let places = at_hand(caches);
        let accept = self.asked.accept.as_ref().zip(self.asked.reason.as_deref());
        let options = OriginOptions {
            fetch: self.fetches,
            trusted_root: self.asked.trusted_root.as_deref(),
            at_hand: &places,
            cargo_home: caches.cargo.as_deref(),
            history: HistoryOptions {
                folder: Some(self.trust),
                base: self.base.as_deref(),
                update: self.asked.update,
                accept: accept
                    .filter(|(release, _)| locked.iter().any(|entry| entry.release == **release)),
            },
            sources: &self.asked.source,
        };
        match runtime.block_on(origin::origins(locked, project, &options)) {
            Ok(found) => Origins {
                packages: found.packages,
                answer: found.answer,
                roots: found.roots,
                not_checked: found.not_checked,
                recorded: found.recorded,
            },
            Err(why) => Origins::none(&why.to_string()),
        }
    }
}

impl Origins {
    fn none(because: &str) -> Self {
        Self {
            packages: Vec::new(),
            answer: Answer::not_checked(because),
            roots: Vec::new(),
            not_checked: Vec::new(),
            recorded: Vec::new(),
        }
    }
}

/// Places where artifacts lie by their digests; each copy is hashed before it counts.
fn at_hand(caches: &Caches) -> Vec<Box<dyn Source>> {
    let mut places: Vec<Box<dyn Source>> = Vec::new();
    if let Some(gate) = &caches.gate {
        places.push(Box::new(ByDigest::gate(gate)));
    }
    if let Some(npm) = &caches.npm {
        places.push(Box::new(NpmCache::new(npm)));
    }
    if let Some(cargo) = &caches.cargo {
        places.push(Box::new(CargoRegistryCache::new(cargo)));
    }
    if let Some(fetched) = &caches.fetched {
        places.push(Box::new(ByDigest::fetched(fetched)));
    }
    places
}
