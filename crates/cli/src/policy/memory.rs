//! What the gate's ledger and memory still know of a release, so that it can be judged again
//! without asking anybody.

use crate::error::{Doing as _, Failure};
use crate::place::Place;
use customs_gate::kept_policy_key;
use customs_intel::Snapshot;
use customs_model::{Dossier, Ecosystem, Known, PackageName, ReleaseId, Route, Timestamp};
use customs_registry::{origin_key, version_order};
use customs_rules::{Again, Past, Policy, decide_again};
use customs_store::{DecisionRow, Sights, Store};
use std::collections::HashMap;
use std::sync::Arc;

/// The ledger and the memory, read.
pub struct Memory {
    /// For further questions.
    pub store: Arc<dyn Store>,
    advisories: Option<Arc<Snapshot>>,
    packages: HashMap<PackageName, Arc<Remembered>>,
    policies: HashMap<String, Option<Policy>>,
}

/// What is remembered of one package.
pub struct Remembered {
    /// Its documents, by upstream.
    pub sights: Vec<(String, Sights)>,
    /// Every decision about it, oldest first.
    pub decisions: Vec<DecisionRow>,
    /// The private upstream that a team's gate found it at, and takes it from for good.
    pub origin: Option<String>,
}

impl Remembered {
    /// The latest decision about a release, or the file of it, that was recorded by then.
    pub fn decision(
        &self,
        release: &ReleaseId,
        file: Option<&str>,
        by: Timestamp,
    ) -> Option<&DecisionRow> {
        let about = |row: &&DecisionRow| {
            let named = row.decision.artifact.as_deref();
            row.at <= by
                && row.decision.release == *release
                && (named.is_none() || file.is_none() || named == file)
        };
        self.decisions.iter().rev().find(about)
    }

    /// The upstream whose document was looked at last.
    pub fn latest_look(&self) -> Option<&(String, Sights)> {
        self.sights
            .iter()
            .max_by_key(|(_, sights)| sights.last_look)
    }

    /// What kind of upstream it comes from, as far as that is kept: of a private one, where it was
    /// looked at last.
    fn route(&self) -> Route {
        let looked = self.latest_look().map(|(upstream, _)| upstream);
        match looked.is_some() && looked == self.origin.as_ref() {
            true => Route::Private,
            false => Route::Public,
        }
    }
}

/// What is asked about.
pub struct Asked<'a> {
    /// The release.
    pub release: &'a ReleaseId,
    /// The file, where files are decided on their own.
    pub file: Option<&'a str>,
    /// The decision of then.
    pub decision: Option<&'a DecisionRow>,
    /// The policy of then, as an epoch names it.
    pub epoch: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

impl Memory {
    /// The gate's own; none where there is no ledger yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open() -> Result<Option<Self>, Failure> {
        Ok(Place::of_environment().read()?.map(Self::of))
    }

    /// Of a store.
    pub fn of(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            advisories: None,
            packages: HashMap::new(),
            policies: HashMap::new(),
        }
    }

    /// With advisories, which are asked about every release.
    #[must_use]
    pub fn with_advisories(mut self, advisories: Option<Arc<Snapshot>>) -> Self {
        self.advisories = advisories;
        self
    }

    /// The same, from now on.
    pub fn set_advisories(&mut self, advisories: Option<Arc<Snapshot>>) {
        self.advisories = advisories;
    }

    /// What is remembered of a package.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn package(&mut self, package: &PackageName) -> Result<Arc<Remembered>, Failure> {
        if let Some(known) = self.packages.get(package) {
            return Ok(known.clone());
        }
        let remembered = Arc::new(Remembered {
            sights: self
                .store
                .all_sights(package)
                .doing("ask the gate's memory")?,
            decisions: self.store.decisions_of(package).doing("ask the ledger")?,
            origin: self
                .store
                .meta(&origin_key(package))
                .doing("ask the gate's memory")?,
        });
        self.packages.insert(package.clone(), remembered.clone());
        Ok(remembered)
    }

    /// What a policy would have decided then.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn again(&mut self, asked: &Asked<'_>, policy: &Policy) -> Result<Again, Failure> {
        let known = self.package(&asked.release.package)?;
        let dossier = self.dossier(asked, &known);
        let under = match asked.epoch {
            Some(digest) => self.kept(digest)?,
            None => None,
        };
        let past = Past {
            asks_advisories: self.advisories.is_some(),
            dossier: &dossier,
            reasons: asked.decision.map(|row| row.decision.reasons.as_slice()),
            under: under.as_ref(),
        };
        Ok(decide_again(&past, policy, asked.at))
    }

    fn dossier(&self, asked: &Asked<'_>, known: &Remembered) -> Dossier {
        let release = asked.release;
        let file = match release.package.ecosystem() {
            Ecosystem::PyPi => asked.file,
            Ecosystem::Npm | Ecosystem::Cargo => None,
        };
        let sighted = known.sights.iter().filter_map(|(_, sights)| {
            let sight = sights.get(&release.version, file)?;
            Some((sights.last_look, sight))
        });
        let sight = sighted
            .max_by_key(|(look, _)| *look)
            .map(|(_, sight)| sight);
        let published = match sight.and_then(|sight| sight.published) {
            Some(at) => Known::Is(at),
            None => Known::not_known("the gate's memory has no publish time for it"),
        };
        let mut dossier = Dossier::bare(release.clone(), published, known.route());
        dossier.artifact = file.map(str::to_owned);
        dossier.first_seen = sight.map(|sight| sight.first);
        dossier.published_before = sight.and_then(|sight| sight.published_before);
        dossier.digests = asked
            .decision
            .map(|row| row.digests.clone())
            .unwrap_or_default();
        if let Some(snapshot) = &self.advisories {
            let order = version_order(release.package.ecosystem());
            dossier.advisories = Known::Is(snapshot.matches(release, &order));
        }
        dossier
    }

    /// The policy that an epoch names, as far as it was kept.
    fn kept(&mut self, digest: &str) -> Result<Option<Policy>, Failure> {
        if let Some(known) = self.policies.get(digest) {
            return Ok(known.clone());
        }
        let text = self
            .store
            .meta(&kept_policy_key(digest))
            .doing("ask the gate's memory")?;
        // One that does not read any more is one that was not kept.
        let policy = text.and_then(|text| Policy::parse(&text, "a kept policy").ok());
        self.policies.insert(digest.to_owned(), policy.clone());
        Ok(policy)
    }

    /// Takes a policy for what an epoch names, whether or not it was kept.
    pub fn take_for(&mut self, digest: String, policy: &Policy) {
        self.policies.insert(digest, Some(policy.clone()));
    }
}
