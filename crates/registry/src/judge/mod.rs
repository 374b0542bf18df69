//! Gathering: from documents to dossiers to decisions.
//!
//! One way through for every front door: whoever needs a decision asks here, and here
//! alone `customs_rules::judge` and `customs_rules::decide` are called.

mod again;
pub(crate) mod archive;
mod before;
mod cargo;
mod closer;
mod gather;
mod instead;
mod lanes;
mod locate;
mod npm;
mod offered;
mod origins;
mod promised;
mod pypi;
mod standing;
mod trail;
mod undecided;
mod unseen;

pub use archive::ArtifactFacts;
pub use before::{Counterpart, Predecessor};
pub use cargo::{CargoConfig, CargoDocument};
pub use closer::Read;
pub use instead::CrateAsks;
pub use locate::Located;
pub use npm::{document_path as npm_document_path, facts as npm_facts, needs as npm_needs};
pub use origins::origin_key;
pub use promised::NoPromise;
pub use pypi::PypiPage;
pub use standing::{PackageStands, Stands};
pub use unseen::{Unseen, Wish};

use crate::artifact::Artifacts;
use crate::audit::Audits;
use crate::document::{Document, Documents};
use crate::evidence::Trusted;
use crate::flights::Flights;
use crate::http::Fetcher;
use crate::inspections::Inspections;
use crate::shared::Shared;
use crate::upstream::{Upstream, Upstreams};
use customs_ecosystem::npm::Packument;
use customs_intel::Snapshot;
use customs_model::{
    Clock, Decision, Digest, Dossier, Ecosystem, Epoch, Known, PackageName, ReleaseId,
    SignedDuration, Timestamp, Unread, Version,
};
use customs_rules::{LockedOutcome, Policy, RuleSet};
use customs_store::Store;
use gather::Gaps;
use lanes::Fix;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering as AtomicOrdering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;
use trail::Trail;

/// What one front door decides under: whose upstreams, which policy, which advisories.
#[derive(Debug, Clone)]
pub struct Context {
    /// The upstreams of this client configuration.
    pub upstreams: Arc<Upstreams>,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The advisories in force; *not applicable* when nobody configured a source.
    pub advisories: Known<Arc<Snapshot>>,
    /// The name of policy, advisories and rules together.
    pub epoch: Arc<Epoch>,
    /// The roots and keys that proofs of origin are held against; none where nobody asks for them.
    pub trust: Option<Trusted>,
    /// A name for all that a judgement rests on beside documents: the epoch, the roots of
    /// trust, and the whole set of upstreams, since dependencies come from others of them.
    scope: Arc<str>,
}

impl Context {
    /// A context; its epoch is computed once.
    pub fn new(upstreams: Upstreams, policy: Policy, advisories: Known<Arc<Snapshot>>) -> Self {
        let epoch = Epoch {
            policy: policy.digest().to_string(),
            advisories: advisories
                .known()
                .map(|snapshot| snapshot.name().to_owned())
                .unwrap_or_default(),
            rules: customs_rules::RULE_SET_VERSION,
            engine: customs_inspect::ENGINE_VERSION,
        };
        Self {
            scope: scope(&epoch, &upstreams, None),
            upstreams: Arc::new(upstreams),
            policy: Arc::new(policy),
            advisories,
            epoch: Arc::new(epoch),
            trust: None,
        }
    }

    /// Whether a release is past the hold of code that begins to run at install: what only
    /// its artifact shows is a measure for later ones then.
    pub fn is_settled(&self, published: Option<Timestamp>, now: Timestamp) -> bool {
        let hold = customs_rules::hook_hold(&self.policy);
        published.is_some_and(|at| now.duration_since(at) >= hold)
    }

    /// A name for all that a judgement rests on beside documents.
    pub const fn scope(&self) -> &Arc<str> {
        &self.scope
    }

    /// The same upstreams, advisories and roots of trust under another policy.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        let epoch = Epoch {
            policy: policy.digest().to_string(),
            ..(*self.epoch).clone()
        };
        Self {
            scope: scope(&epoch, &self.upstreams, self.trust.as_ref()),
            policy: Arc::new(policy),
            epoch: Arc::new(epoch),
            ..self.clone()
        }
    }

    /// The same policy and advisories in front of other upstreams.
    #[must_use]
    pub fn with_upstreams(&self, upstreams: Upstreams) -> Self {
        Self {
            scope: scope(&self.epoch, &upstreams, self.trust.as_ref()),
            upstreams: Arc::new(upstreams),
            ..self.clone()
        }
    }

    /// The same with roots of trust: proofs of origin that documents offer are verified, and a
    /// false one is a reason against the release.
    #[must_use]
    pub fn with_trust(&self, trust: Trusted) -> Self {
        Self {
            scope: scope(&self.epoch, &self.upstreams, Some(&trust)),
            trust: Some(trust),
            ..self.clone()
        }
    }
}

/// A decision and what follows from it for who asks by a lockfile.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What to do.
    pub decision: Decision,
    /// Whether it is delivered to a lockfile that names it.
    pub locked: LockedOutcome,
    /// What the document promises its artifact to be.
    pub digests: Vec<Digest>,
    /// What could not be looked at, a sentence each.
    pub not_checked: Vec<String>,
    /// What it was decided on: whoever delivers it may have to look closer.
    dossier: Box<Dossier>,
}

impl Judgement {
    /// Why its artifact could not be fetched for a look, if so: delivered it would be
    /// unseen.
    pub fn not_fetched(&self) -> Option<&str> {
        match &self.dossier.unread {
            Some(Unread::NotFetched(because)) => Some(because),
            _ => None,
        }
    }

    /// Whether it asks for or runs what its predecessor did not.
    pub fn adds_content(&self) -> bool {
        customs_rules::adds_content(&self.dossier)
    }
}

/// The decisions about one document. A release that is not named is older than the
/// window in which rules about change apply, and nothing is known against it.
#[derive(Debug, Default)]
pub struct Judged {
    /// By version; on PyPI by file name.
    pub decisions: BTreeMap<String, Judgement>,
    /// The next instant at which time alone changes one of them.
    pub next_change: Option<Timestamp>,
    /// Entries that could not be read, or are more than anybody looks at: not offered.
    pub hidden: BTreeSet<String>,
    /// Exemptions of the policy that matched, by their place in it.
    pub exemptions: BTreeSet<usize>,
    /// Something that it rests on could not be asked.
    doubtful: bool,
    /// Something that it rests on was taken as met, because it was on the way already or
    /// too far away.
    cut_short: bool,
    /// Artifacts that nobody waited for: with what they say it is made again.
    unseen: Vec<Unseen>,
    /// No entry of the document was published or first seen later; none where one of them does not
    /// say when it was, or its registry told another instant before.
    newest: Option<Timestamp>,
    taken: AtomicBool,
    /// When first sights could not be asked for again, in seconds since 1970.
    looked: AtomicI64,
}

impl Judged {
    /// Whether a release (on PyPI: a file) may be offered.
    pub fn offers(&self, key: &str) -> bool {
        !self.hidden.contains(key)
            && self
                .decisions
                .get(key)
                .is_none_or(|j| j.decision.action.allows())
    }

    /// Whether a release (on PyPI: a file) is neither offered nor delivered, because
    /// nobody could look at it.
    pub fn hides(&self, key: &str) -> bool {
        self.hidden.contains(key)
    }

    /// The decision about a release, if there was anything to decide.
    pub fn about(&self, version: &Version) -> Option<&Judgement> {
        self.decisions.get(version.as_str())
    }

    /// True for the first who asks: whoever records decisions does it once.
    pub fn is_new(&self) -> bool {
        !self.taken.swap(true, AtomicOrdering::Relaxed)
    }

    /// Recording failed: the next who asks is the first again.
    pub fn still_new(&self) {
        self.taken.store(false, AtomicOrdering::Relaxed);
    }

    /// A name for the set of what is offered: two documents with the same name have
    /// the same bytes, whatever policy or feed led there.
    pub fn offer_key(&self) -> String {
        let mut text = String::new();
        for (key, judgement) in &self.decisions {
            if !judgement.decision.action.allows() {
                text.push_str(key);
                text.push('\n');
            }
        }
        for key in &self.hidden {
            text.push_str(key);
            text.push('\n');
        }
        Digest::sha256(text.as_bytes()).to_hex()[..16].to_owned()
    }

    /// It rests on something that may be answered otherwise before long.
    fn expire(&mut self, at: Timestamp) {
        self.next_change = [self.next_change, Some(at)].into_iter().flatten().min();
    }

    fn insert(&mut self, key: String, judgement: Judgement) {
        let next = judgement.decision.next_change;
        self.next_change = [self.next_change, next].into_iter().flatten().min();
        self.decisions.insert(key, judgement);
    }
}

/// A document with its decisions.
#[derive(Debug)]
pub struct JudgedDocument<T> {
    /// Where it comes from.
    pub upstream: Upstream,
    /// The document.
    pub document: Arc<Document<T>>,
    /// What is decided about its releases.
    pub judged: Arc<Judged>,
}

impl<T> Clone for JudgedDocument<T> {
    fn clone(&self) -> Self {
        Self {
            upstream: self.upstream.clone(),
            document: self.document.clone(),
            judged: self.judged.clone(),
        }
    }
}

struct Remembered {
    judged: Arc<Judged>,
    made: Timestamp,
}

/// Everything that is needed to know a release: documents, artifacts, advisories.
pub struct Registry {
    /// npm documents.
    pub npm: Documents<Packument>,
    /// Pages of Python projects.
    pub pypi: Documents<PypiPage>,
    /// Files of sparse indexes.
    pub cargo: Documents<CargoDocument>,
    /// Their `config.json`.
    pub cargo_config: Documents<CargoConfig>,
    /// Artifacts of all ecosystems.
    pub artifacts: Arc<Artifacts>,
    /// The way out.
    pub fetcher: Fetcher,
    /// Now.
    pub clock: Arc<dyn Clock>,
    audits: Audits,
    store: Arc<dyn Store>,
    rules: RuleSet,
    judged: Mutex<HashMap<String, Remembered>>,
    judging: Flights,
    /// What artifacts say and do, by digest.
    inspections: Arc<Inspections>,
    /// Where names come from.
    origins: origins::Known,
    /// Releases that an urgent fix pins exactly, with that fix.
    lanes: Mutex<HashMap<(Arc<str>, ReleaseId), Fix>>,
}

/// Judged documents that are remembered.
const REMEMBERED: usize = 4096;
/// How long a registry's own audit counts.
const AUDIT_COUNTS: SignedDuration = SignedDuration::from_mins(30);
/// How long something that could not be asked is not asked again.
const DOUBT_COUNTS: SignedDuration = SignedDuration::from_mins(1);

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(now)
}

impl Registry {
    /// What is known of the code of an artifact, to this gate or its team. Nothing is read for it;
    /// it waits for the team's store, so it is not for a thread that others wait for.
    pub fn known_code(&self, digest: &Digest, ecosystem: Ecosystem) -> Option<Arc<ArtifactFacts>> {
        self.inspections.known_of(digest, ecosystem)
    }

    /// Keeps documents and artifacts below `cache`, first sights in `store`, and asks
    /// upstreams by `fetcher`.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn open(
        cache: &Path,
        fetcher: Fetcher,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
    ) -> std::io::Result<Self> {
        Self::open_shared(cache, fetcher, clock, store, None)
    }

    /// The same, with artifacts and what was read of them in common with other gates.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn open_shared(
        cache: &Path,
        fetcher: Fetcher,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        shared: Option<Arc<Shared>>,
    ) -> std::io::Result<Self> {
        let artifacts = cache.join("artifacts");
        let folder = |name: &str| cache.join("documents").join(name);
        Ok(Self {
            npm: Documents::new(folder("npm"), fetcher.clone(), clock.clone())?,
            pypi: Documents::new(folder("pypi"), fetcher.clone(), clock.clone())?,
            cargo: Documents::new(folder("cargo"), fetcher.clone(), clock.clone())?,
            cargo_config: Documents::new(folder("cargo-config"), fetcher.clone(), clock.clone())?,
            artifacts: Artifacts::shared(artifacts, fetcher.clone(), shared.clone())?,
            audits: Audits::new(fetcher.clone()),
            fetcher,
            clock,
            store,
            rules: RuleSet::standard(),
            judged: Mutex::default(),
            judging: Flights::default(),
            inspections: Arc::new(Inspections::shared(&cache.join("inspections"), shared)?),
            origins: origins::Known::default(),
            lanes: Mutex::default(),
        })
    }

    /// The same, with the last documents of upstreams in common, too: for a gate that delivers nothing
    /// new by a document that its upstream did not confirm.
    #[must_use]
    pub fn with_documents_in_common(mut self, shared: Option<Arc<Shared>>) -> Self {
        self.npm = self.npm.in_common("npm", shared.clone());
        self.pypi = self.pypi.in_common("pypi", shared.clone());
        self.cargo = self.cargo.in_common("cargo", shared.clone());
        self.cargo_config = self.cargo_config.in_common("cargo-config", shared);
        self
    }

    /// The same for a gate: people ask it beside what it does in the background, which leaves half of
    /// the turns to them.
    #[must_use]
    pub fn for_people(mut self) -> Self {
        self.npm.for_people();
        self.pypi.for_people();
        self.cargo.for_people();
        self.cargo_config.for_people();
        self
    }

    /// How many wait for a turn to ask a registry for a document.
    pub fn waiting(&self) -> usize {
        self.npm.waiting()
            + self.pypi.waiting()
            + self.cargo.waiting()
            + self.cargo_config.waiting()
    }

    /// The same two questions, whoever asks.
    fn decide(&self, context: &Context, dossier: &Dossier, now: Timestamp) -> Judgement {
        let verdict = customs_rules::judge(dossier, &self.rules);
        let policy = &context.policy;
        let decision = customs_rules::decide(dossier, &verdict, policy, now, &context.epoch);
        Judgement {
            locked: customs_rules::locked_decision(dossier, &decision, &verdict, policy),
            digests: dossier.digests.clone(),
            not_checked: verdict.not_checked,
            dossier: Box::new(dossier.clone()),
            decision,
        }
    }

    fn judged(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judged before, under the same epoch, and changed neither by time since nor by what
    /// somebody read since.
    fn recall(&self, key: &str, now: Timestamp) -> Option<Arc<Judged>> {
        let judged = self.judged();
        let cached = judged.get(key)?;
        // A clock that jumps back makes a judgement from the future: judge again.
        let valid = cached.made <= now
            && cached.judged.next_change.is_none_or(|change| now < change)
            && !cached.judged.unseen.iter().any(|it| self.is_seen(it));
        valid.then(|| cached.judged.clone())
    }

    /// What was judged before; else the turn to judge it. Who asks for a document itself
    /// waits for another who does. On the way to another document nobody waits: two that
    /// wait for each other would do so for ever.
    async fn recall_or_turn(
        &self,
        key: &str,
        now: Timestamp,
        trail: &Trail,
    ) -> Result<Arc<Judged>, Option<OwnedMutexGuard<()>>> {
        if let Some(judged) = self.recall(key, now) {
            return Ok(judged);
        }
        if !trail.is_start() {
            return trail.made(key).ok_or_else(|| {
                trail.step();
                None
            });
        }
        let turn = self.judging.turn(key).await;
        self.recall(key, now).ok_or(Some(turn))
    }

    /// Finishes a judgement and keeps it for who asks next.
    fn keep(
        &self,
        key: String,
        mut judged: Judged,
        now: Timestamp,
        gaps: &Gaps,
        trail: &Trail,
    ) -> Arc<Judged> {
        judged.doubtful = gaps.is_doubtful();
        judged.cut_short = gaps.is_cut();
        judged.unseen = std::mem::take(&mut *gaps.unseen_so_far());
        if judged.doubtful {
            judged.expire(later(now, DOUBT_COUNTS));
            // First sights may be what could not be asked for.
            judged.newest = None;
        }
        let judged = Arc::new(judged);
        if trail.is_start() || !judged.cut_short {
            self.remember(key, &judged, now);
        } else {
            // It is judged again when it is asked for itself.
            trail.keep(key, judged.clone());
        }
        judged
    }

    fn remember(&self, key: String, judged: &Arc<Judged>, now: Timestamp) {
        let mut all = self.judged();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        let judged = judged.clone();
        all.insert(key, Remembered { judged, made: now });
    }
}

/// Credentials go into it, so only a digest of it is kept.
fn scope(epoch: &Epoch, upstreams: &Upstreams, trust: Option<&Trusted>) -> Arc<str> {
    let Epoch {
        policy,
        advisories,
        rules,
        engine,
    } = epoch;
    let set = serde_json::to_string(upstreams).unwrap_or_else(|_| format!("{upstreams:?}"));
    let trust = trust.map_or("", Trusted::name);
    let all = format!("{policy}\n{advisories}\n{rules}\n{engine}\n{trust}\n{set}");
    Digest::sha256(all.as_bytes()).to_hex().into()
}

/// What a judged document is remembered under: its bytes and what it was judged by.
fn judged_key(
    context: &Context,
    package: &PackageName,
    upstream: &Upstream,
    body: &Digest,
) -> String {
    let ecosystem = package.ecosystem().purl_type();
    format!(
        "{ecosystem} {package} {body} {} {}",
        context.scope,
        upstream.shown()
    )
}

/// How the versions of an ecosystem compare.
pub fn order(ecosystem: Ecosystem) -> fn(&str, &str) -> Option<Ordering> {
    match ecosystem {
        Ecosystem::Npm => npm::order,
        Ecosystem::PyPi => customs_ecosystem::pypi::compare,
        Ecosystem::Cargo => customs_ecosystem::cargo::compare,
    }
}
