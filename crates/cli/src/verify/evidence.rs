//! The question of origin, asked for one project: what is fetched, what is stored, what its trust
//! history says.

#[cfg(test)]
#[cfg(unix)]
mod tests;

use super::caches::Caches;
use super::fetch::{self, Fetched};
use super::history::HistoryOptions;
use super::origin::{self, Asker, Client, OriginOptions, ecosystems};
use super::own_manifests;
use super::policy::Under;
use super::promised;
use super::report::PackageOrigin;
use super::surroundings::Kept;
use super::unbound;
use crate::error::{Doing as _, Failure};
use crate::trust;
use customs_device::artifact::{
    ByDigest, CargoRegistryCache, Memory, NpmCache, PipHttpCache, PoetryArtifacts, Source,
    YarnClassicCache,
};
use customs_device::tree::TreeReport;
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, Ecosystem, ReleaseId};
use customs_origin::Trust;
use customs_origin::lockfile::{Facts, Judgement, LockChange, OwnManifest};
use customs_origin::roots::Age;
use customs_registry::evidence::{EvidenceStore, Pace};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::runtime::Runtime;

/// What a person asks for.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Asked {
    /// Fetch artifacts that are not at hand and evidence of origin from your own registries, and hold
    /// the lockfile's digests against what they promise
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
    /// The folder of `customs.lock`.
    trust: &'a Path,
    /// `customs.lock` as it was before the change; empty where there was none.
    base: Option<Vec<u8>>,
    /// None where nobody may be asked.
    means: Option<Means>,
    /// What should be accepted was.
    accepted: Cell<bool>,
}

/// What is asked with, made once.
struct Means {
    fetches: bool,
    runtime: Runtime,
    trust: Trust,
    store: EvidenceStore,
    pace: Pace,
    client: OnceCell<Arc<Client>>,
    /// The last project's: its artifacts and its evidence are asked for one after the other.
    asker: RefCell<Option<OfProject>>,
}

/// A project's folder, its ecosystems, and the way to its registries.
type OfProject = (PathBuf, Vec<Ecosystem>, Arc<Asker>);

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
    /// What registries say of the releases that a change is about.
    pub facts: BTreeMap<ReleaseId, Facts>,
}

impl<'a> Evidence<'a> {
    /// Gets ready to ask. `fetches` even where nobody says so.
    ///
    /// # Errors
    /// Roots of trust that are there, or that the user named, cannot be used; no threads can be had.
    pub fn new(
        asked: &'a Asked,
        fetches: bool,
        kept: &Kept,
        trust: &'a Path,
        base: Option<Vec<u8>>,
    ) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .doing("start what asks registries")?;
        let means = Means {
            fetches: fetches || asked.fetch,
            runtime,
            trust: trust::load(&kept.trust, asked.trusted_root.as_deref())?,
            store: EvidenceStore::new(&kept.evidence),
            pace: Pace::default(),
            client: OnceCell::new(),
            asker: RefCell::new(None),
        };
        Ok(Self {
            base,
            means: Some(means),
            ..Self::nobody(asked, trust)
        })
    }

    /// Asks nobody.
    pub const fn nobody(asked: &'a Asked, trust: &'a Path) -> Self {
        Self {
            asked,
            trust,
            base: None,
            means: None,
            accepted: Cell::new(false),
        }
    }

    /// Fetches the artifacts that are needed and not at hand, after a tree was looked at with what
    /// is. None where nothing is fetched.
    ///
    /// # Errors
    /// The way to registries, or the folder for artifacts, cannot be used.
    pub fn fetch(
        &self,
        locked: &[Locked],
        tree: Option<&TreeReport>,
        project: &Path,
        caches: &Caches,
    ) -> Result<Option<Fetched>, Failure> {
        let (Some(means), Some(into)) = (&self.means, &caches.fetched) else {
            return Ok(None);
        };
        if !means.fetches {
            return Ok(None);
        }
        let mut wanted = fetch::wanted(locked, tree);
        if !self.asked.source.is_empty() {
            // Which of them a clone is the source of is known later.
            let others = fetch::not_at_hand(locked, &at_hand(caches)).into_iter();
            let others: Vec<Locked> = others.filter(|one| !wanted.contains(one)).collect();
            wanted.extend(others);
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let asker = means.asker(project, &wanted)?;
        let interpreters = fetch::interpreters(project, tree);
        means.runtime.block_on(async {
            let (promised, missing) = unbound::ask(&asker, &mut wanted).await;
            let mut fetched = fetch::fetch(&asker, &wanted, &interpreters, into).await?;
            fetched.promised = promised;
            fetched.missing.extend(missing);
            Ok(Some(fetched))
        })
    }

    /// What registries promised, when the gate delivered them, of packages that lie in a tree and that
    /// the lockfile has no digest of.
    pub fn kept(&self, locked: &[Locked], tree: Option<&TreeReport>) -> unbound::Promises {
        match &self.means {
            Some(means) => unbound::kept(&means.store, &fetch::wanted(locked, tree)),
            None => unbound::Promises::new(),
        }
    }

    /// Whether registries promise the digests of a lockfile, which people know as `file`. None
    /// where nothing is fetched.
    ///
    /// # Errors
    /// The way to registries cannot be used.
    pub fn promised(
        &self,
        file: &str,
        locked: &[Locked],
        project: &Path,
    ) -> Result<Option<Judgement>, Failure> {
        let Some(means) = self.means.as_ref().filter(|means| means.fetches) else {
            return Ok(None);
        };
        if locked.is_empty() {
            return Ok(None);
        }
        let asker = means.asker(project, locked)?;
        let judgement = promised::judge(&asker, file, locked);
        Ok(Some(means.runtime.block_on(judgement)))
    }

    /// What the artifacts that are at hand say of themselves, and what their registries' documents say
    /// where something is fetched. `deep` reads them all, whatever is remembered. Gives also what could not
    /// be remembered, safe to print.
    ///
    /// # Errors
    /// The way to registries cannot be used.
    pub fn own_manifests(
        &self,
        locked: &[Locked],
        project: &Path,
        lockfile: &Path,
        caches: &Caches,
        deep: bool,
    ) -> Result<(Vec<OwnManifest>, Vec<String>), Failure> {
        let Some(means) = &self.means else {
            return Ok((Vec::new(), Vec::new()));
        };
        let file = caches.manifests(lockfile);
        let memory = Memory {
            file: file.as_deref(),
            of: lockfile,
            deep,
            now: SystemTime::now(),
        };
        let (mut own, notes) = own_manifests::read(locked, &at_hand(caches), memory);
        if means.fetches && !own.is_empty() {
            let asker = means.asker(project, locked)?;
            let asked = own_manifests::ask(&asker, locked, &mut own);
            means.runtime.block_on(asked);
        }
        Ok((own, notes))
    }

    /// Lends what was asked with to who asks about policy.
    pub fn lend(&self, under: &Under) {
        if let Some(client) = self.means.as_ref().and_then(|means| means.client.get()) {
            under.with_client(client.clone());
        }
    }

    /// Where the packages of a lockfile come from, and what is known of those that a change of it is
    /// about.
    ///
    /// # Errors
    /// `customs.lock` cannot be read or written, or what should be accepted cannot be: what a person
    /// named or asked for is never passed over in silence.
    pub fn of(
        &self,
        locked: &[Locked],
        project: &Path,
        caches: &Caches,
        change: Option<&LockChange>,
    ) -> Result<Origins, Failure> {
        let Some(means) = &self.means else {
            return Ok(Origins::none("evidence of origin was not asked for"));
        };
        if locked.is_empty() {
            return Ok(Origins::none("no lockfile says what is installed"));
        }
        let places = at_hand(caches);
        let accept = self.accept(locked);
        let options = OriginOptions {
            at_hand: &places,
            cargo_home: caches.cargo.as_deref(),
            history: HistoryOptions {
                folder: Some(self.trust),
                base: self.base.as_deref(),
                update: self.asked.update,
                accept,
            },
            sources: &self.asked.source,
            change,
        };
        let asker = match means.fetches {
            true => Some(means.asker(project, locked)?),
            false => None,
        };
        let with = origin::With {
            trust: &means.trust,
            store: &means.store,
            asker: asker.as_deref(),
            pace: &means.pace,
        };
        let found = origin::origins(locked, project, &options, with);
        let found = means.runtime.block_on(found)?;
        self.accepted.set(self.accepted.get() || accept.is_some());
        Ok(Origins {
            packages: found.packages,
            answer: found.answer,
            roots: found.roots,
            not_checked: found.not_checked,
            recorded: found.recorded,
            facts: found.facts,
        })
    }

    /// What should be accepted, for the first lockfile that holds it: for the next one it is.
    fn accept(&self, locked: &[Locked]) -> Option<(&ReleaseId, &str)> {
        let accept = self.asked.accept.as_ref().zip(self.asked.reason.as_deref());
        accept
            .filter(|_| !self.accepted.get())
            .filter(|(release, _)| locked.iter().any(|entry| entry.release == **release))
    }
}

impl Means {
    /// The way to the registries that a project takes these from.
    fn asker(&self, project: &Path, locked: &[Locked]) -> Result<Arc<Asker>, Failure> {
        let of = ecosystems(locked);
        let mut last = self.asker.borrow_mut();
        if let Some((_, _, asker)) = last
            .as_ref()
            .filter(|(folder, ecosystems, _)| folder == project && *ecosystems == of)
        {
            return Ok(asker.clone());
        }
        let client = match self.client.get() {
            Some(client) => client.clone(),
            None => {
                let _inside = self.runtime.enter();
                let client = Arc::new(Client::open()?);
                self.client.get_or_init(|| client).clone()
            }
        };
        let asker = Arc::new(Asker::open(client, project, &of)?);
        *last = Some((project.to_owned(), of, asker.clone()));
        Ok(asker)
    }
}

/// Whether any of the lockfiles holds what should be accepted.
///
/// # Errors
/// None does: nothing would be accepted, and nobody would be told.
pub(super) fn accepted_is_locked<'r>(
    asked: &Asked,
    locked: impl IntoIterator<Item = &'r Locked>,
) -> Result<(), Failure> {
    let Some(release) = &asked.accept else {
        return Ok(());
    };
    match locked.into_iter().any(|entry| entry.release == *release) {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "{} is in no lockfile that was read here; name a release that is, as pkg:npm/name@version",
            release.spoken()
        ))),
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
            facts: BTreeMap::new(),
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
    if let Some(yarn) = &caches.yarn_classic {
        places.push(Box::new(YarnClassicCache::new(yarn)));
    }
    if let Some(cargo) = &caches.cargo {
        places.push(Box::new(CargoRegistryCache::new(cargo)));
    }
    if let Some(poetry) = &caches.poetry {
        places.push(Box::new(PoetryArtifacts::new(poetry)));
    }
    if let Some(pip) = &caches.pip {
        places.push(Box::new(PipHttpCache::new(pip)));
    }
    if let Some(fetched) = &caches.fetched {
        places.push(Box::new(ByDigest::fetched(fetched)));
    }
    places
}
