//! One release of a lockfile, put to the judgement that the gate has.

use super::{OfRelease, Told};
use crate::verify::origin::Asker;
use crate::verify::rules;
use crate::verify::verdicts;
use customs_ecosystem::lockfile::Locked;
use customs_ecosystem::pypi::File;
use customs_model::{
    Answer, Digest, Ecosystem, Known, Manifest, PackageName, ReleaseId, Route, Severity, Standing,
    Version, printable,
};
use customs_origin::lockfile::{LockRuleDoc, Outcome};
use customs_registry::http::FetchError;
use customs_registry::{
    ArtifactFacts, Context, CrateAsks, Judgement, Located, Read, version_order,
};
use customs_rules::{LockedOutcome, RuleSet, judge_code, sentence};
use std::path::PathBuf;

/// Lines of evidence of one statement.
const EVIDENCE: usize = 6;
/// Bytes of a wheel that is fetched for what it declares.
const WHEEL: u64 = 64 << 20;

/// Whom to ask, and under what.
pub(in crate::verify) struct Asking<'a> {
    asker: &'a Asker,
    under: Context,
    kept: &'a [PathBuf],
    rules: RuleSet,
}

/// What somebody has read of an artifact.
type Kept = Vec<(Digest, ArtifactFacts)>;

impl<'a> Asking<'a> {
    /// Of these registries, under this policy and these advisories.
    pub fn new(asker: &'a Asker, under: Context, kept: &'a [PathBuf]) -> Self {
        Self {
            asker,
            under,
            kept,
            rules: RuleSet::standard(),
        }
    }

    /// The registries of an entry, under the policy.
    ///
    /// # Errors
    /// Nobody may be asked, because … One clause, safe to print.
    pub fn context_for(&self, entry: &Locked) -> Result<Context, String> {
        let whom = self.asker.context_for(entry)?;
        Ok(self.under.with_upstreams((*whom.upstreams).clone()))
    }

    /// What a resolver would be offered of an entry's package, the newest first.
    ///
    /// # Errors
    /// Nobody could be asked. Safe to print.
    pub async fn offered(&self, entry: &Locked) -> Result<Vec<Version>, String> {
        let context = self.context_for(entry)?;
        let package = &entry.release.package;
        let offered = self.asker.registry().offered(&context, package).await;
        offered.map_err(said)
    }

    /// What the registry promises the artifacts of another version of an entry's package to be.
    ///
    /// # Errors
    /// Nobody could be asked. Safe to print.
    pub async fn digests(&self, entry: &Locked, version: &Version) -> Result<Vec<Digest>, String> {
        let context = self.context_for(entry)?;
        let release = ReleaseId::new(entry.release.package.clone(), version.clone());
        let places = self.asker.registry().locate(&context, &release).await;
        let places = places.map_err(said)?.into_iter();
        Ok(places.filter_map(|place| place.digest).collect())
    }

    /// In which words a release asks for another one, by its own document, where that says it.
    pub async fn range(&self, entry: &Locked, name: &str) -> Option<String> {
        let context = self.context_for(entry).ok()?;
        // Who cannot be asked says nothing; the caller goes by less then.
        let places = self
            .asker
            .registry()
            .locate(&context, &entry.release)
            .await
            .ok()?;
        let place = places.into_iter().next()?;
        place.dependencies?.get(name).cloned()
    }

    /// The files of another version of a package of PyPI, as its index tells them.
    ///
    /// # Errors
    /// Nobody could be asked. Safe to print.
    pub async fn files(&self, entry: &Locked, version: &Version) -> Result<Vec<File>, String> {
        let context = self.context_for(entry)?;
        let release = ReleaseId::new(entry.release.package.clone(), version.clone());
        let files = self.asker.registry().files(&context, &release).await;
        files.map_err(said)
    }

    /// What a version of an entry's crate asks for. None: its registry does not have it.
    ///
    /// # Errors
    /// Nobody could be asked. Safe to print.
    pub async fn crate_asks(
        &self,
        entry: &Locked,
        version: &Version,
    ) -> Result<Option<CrateAsks>, String> {
        let context = self.context_for(entry)?;
        let release = ReleaseId::new(entry.release.package.clone(), version.clone());
        let asks = self.asker.registry().crate_asks(&context, &release).await;
        asks.map_err(said)
    }

    /// What a version of an entry's package of PyPI declares itself, by its smallest wheel.
    ///
    /// # Errors
    /// It has none that can be read. One clause, safe to print.
    pub async fn declared(&self, entry: &Locked, version: &Version) -> Result<Manifest, String> {
        let context = self.context_for(entry)?;
        let release = ReleaseId::new(entry.release.package.clone(), version.clone());
        let registry = self.asker.registry();
        let places = registry.locate(&context, &release).await.map_err(said)?;
        let wheels = places.into_iter().filter(|it| it.file.ends_with(".whl"));
        let smallest = wheels.min_by_key(|it| it.size.unwrap_or(WHEEL));
        let smallest = smallest.ok_or_else(|| format!("{version} has no wheel"))?;
        if smallest.size.is_some_and(|size| size > WHEEL) {
            return Err(format!(
                "the wheels of {version} are larger than {WHEEL} bytes"
            ));
        }
        let facts = registry.facts_of(&smallest).await;
        let facts = facts.map_err(|why| printable(why.because(), 300))?;
        let manifest = facts.manifest.clone();
        let manifest = manifest.filter(|it| it.dependencies_unknown.is_none());
        manifest.ok_or_else(|| format!("the metadata of {version} cannot be read"))
    }

    /// Everything that is said of an entry.
    pub async fn entry(&self, entry: &Locked) -> OfRelease {
        let facts = verdicts::kept(self.kept, &entry.release, &entry.digests);
        let mut of = OfRelease {
            release: entry.release.clone(),
            answer: Answer::Yes,
            told: Vec::new(),
            not_checked: Vec::new(),
            verdict: None,
        };
        let decided = match self.policy(entry, &facts, &mut of).await {
            Ok(waived) => {
                self.verdict(&facts, waived.as_deref(), &mut of);
                let is_gone = |told: &Told| {
                    told.rule.id == rules::WITHDRAWN.id && told.outcome == Outcome::Fails
                };
                !of.told.iter().any(is_gone)
            }
            Err(why) => {
                of.not_checked.push(why);
                // What was kept needs no registry.
                self.verdict(&facts, None, &mut of);
                false
            }
        };
        self.advisories(decided, &mut of);
        of.told.sort_by_key(|told| std::cmp::Reverse(told.outcome));
        of.answer = if of.told.iter().any(|told| told.outcome == Outcome::Fails) {
            Answer::No
        } else {
            match of.not_checked.first() {
                Some(why) => Answer::not_checked(why),
                None => Answer::Yes,
            }
        };
        of
    }

    /// Whether the gate delivers it. Gives why what its code does has no effect, if so.
    async fn policy(
        &self,
        entry: &Locked,
        facts: &Kept,
        of: &mut OfRelease,
    ) -> Result<Option<String>, String> {
        let context = self.context_for(entry)?;
        let registry = &self.asker.registry();
        let release = &entry.release;
        let judged = registry.judge_release(&context, release).await;
        let judged = judged.map_err(said)?;
        let places = registry.locate(&context, release).await.map_err(said)?;
        if places.is_empty() {
            self.gone(&context, release, of).await?;
            return Ok(None);
        }
        let mut judgements: Vec<Judgement> = judged.into_iter().collect();
        let mut waived = None;
        for (digest, found) in facts {
            let of_digest = |place: &&Located| place.digest.as_ref() == Some(digest);
            let Some(place) = places.iter().find(of_digest) else {
                continue;
            };
            // Files of a release of PyPI are decided on their own.
            let is_about = |one: &Judgement| match release.package.ecosystem() {
                Ecosystem::PyPi => one.decision.artifact.as_ref() == Some(&place.file),
                Ecosystem::Npm | Ecosystem::Cargo => true,
            };
            let before = judgements.iter().position(is_about);
            let asked = Read {
                release,
                file: &place.file,
                published: place.published,
                url: &place.url,
                digest,
            };
            let known = before.and_then(|at| judgements.get(at));
            let read = registry.with_facts(&context, &place.upstream, &asked, found, known);
            let Some(read) = read else { continue };
            if read.decision.action.allows() {
                let reasons = read.decision.reasons.iter();
                waived = waived.or_else(|| reasons.clone().find_map(|one| one.waived.clone()));
            }
            match before.and_then(|at| judgements.get_mut(at)) {
                Some(before) => *before = read,
                None => judgements.push(read),
            }
        }
        let refused = judgements.iter().any(is_refused);
        for judgement in &judgements {
            of.judged(judgement);
        }
        if !refused && release.package.ecosystem() != Ecosystem::Npm {
            let offered = registry.offered(&context, &release.package).await;
            if judgements.iter().all(|one| one.decision.action.allows())
                && !offered.map_err(said)?.contains(&release.version)
            {
                let message = format!("{} is yanked", release.spoken());
                of.tell(&rules::WITHDRAWN, Outcome::Warns, message, Vec::new());
            }
        }
        Ok(waived)
    }

    /// No document has it any more.
    async fn gone(
        &self,
        context: &Context,
        release: &ReleaseId,
        of: &mut OfRelease,
    ) -> Result<(), String> {
        let versions = self.asker.registry().versions(context, &release.package);
        let others = versions.await.map_err(said)?.len();
        if others == 0 && is_private(context, &release.package) {
            // Many private registries say to strangers that a package is not there.
            return Err(
                "its private registry shows no such package; it may want a credential".into(),
            );
        }
        let evidence = match others {
            0 => "the registry has no such package".to_owned(),
            others => format!("the registry has {others} other versions of it"),
        };
        let message = format!("{} is not on its registry any more", release.spoken());
        of.tell(&rules::WITHDRAWN, Outcome::Fails, message, vec![evidence]);
        Ok(())
    }

    /// What others say of its weaknesses. That it is malware is a rule of the policy, and counts
    /// here where nothing could be `decided`: the registry does not have it any more, or is not there.
    fn advisories(&self, decided: bool, of: &mut OfRelease) {
        let snapshot = match &self.under.advisories {
            Known::Is(snapshot) => snapshot,
            Known::NotKnown(because) => {
                let why = format!("advisories: {}", printable(because, 300));
                of.not_checked.push(why);
                return;
            }
            // Nobody configured any, which is said once.
            Known::NotApplicable => return,
        };
        let order = version_order(of.release.package.ecosystem());
        let matches = snapshot.matches(&of.release, &order);
        for one in matches.iter().filter(|one| !(one.malicious && decided)) {
            let message = format!(
                "{}: {} ({})",
                of.release.spoken(),
                printable(&one.summary, 300),
                printable(&one.id, 80)
            );
            let fixed: Vec<&str> = one
                .fixed_in
                .iter()
                .map(|version| version.as_str())
                .collect();
            let fixed = match fixed.as_slice() {
                [] => Vec::new(),
                fixed => vec![format!("fixed in {}", printable(&fixed.join(", "), 200))],
            };
            let outcome = match one.malicious {
                true => Outcome::Fails,
                false => Outcome::Warns,
            };
            of.tell(&rules::ADVISORY, outcome, message, fixed);
        }
    }

    /// What its code was judged to be when somebody read it.
    fn verdict(&self, facts: &Kept, waived: Option<&str>, of: &mut OfRelease) {
        let rank = |standing: Standing| match standing {
            Standing::Clean => 0,
            Standing::NotJudged => 1,
            Standing::Suspicious => 2,
            Standing::Malicious => 3,
        };
        let verdicts = facts.iter().map(|(digest, facts)| {
            let verdict = judge_code(&facts.code, &self.rules);
            (digest, verdict)
        });
        let Some((digest, verdict)) = verdicts.max_by_key(|(_, one)| rank(one.standing)) else {
            return;
        };
        of.verdict = Some(verdict.standing);
        let (word, outcome) = match verdict.standing {
            Standing::Clean | Standing::NotJudged => return,
            Standing::Suspicious => ("suspicious", Outcome::Warns),
            Standing::Malicious => ("malicious", Outcome::Fails),
        };
        let mut evidence = vec![format!("the artifact {digest}")];
        let findings = verdict.findings.iter();
        let bad = findings.filter(|one| one.severity > Severity::Note);
        evidence.extend(
            bad.map(|one| format!("{}: {}", one.rule, one.message))
                .take(EVIDENCE),
        );
        let (outcome, rest) = match waived {
            Some(why) => (
                Outcome::Notes,
                format!("; it has no effect: {}", printable(why, 300)),
            ),
            None => (outcome, String::new()),
        };
        let message = format!(
            "{}: its code was read and judged {word}{rest}",
            of.release.spoken()
        );
        of.tell(&rules::VERDICT, outcome, message, evidence);
    }
}

impl OfRelease {
    fn tell(
        &mut self,
        rule: &'static LockRuleDoc,
        outcome: Outcome,
        message: String,
        evidence: Vec<String>,
    ) {
        self.told.push(Told {
            rule,
            outcome,
            message,
            evidence,
        });
    }

    fn judged(&mut self, judgement: &Judgement) {
        let decision = &judgement.decision;
        match &judgement.locked {
            LockedOutcome::Refuse { because } => {
                let why = sentence(decision, &decision.release, None);
                let why = why.strip_prefix("customs: ").unwrap_or(&why).to_owned();
                let mut evidence = vec![format!("the lockfile does not help: {because}")];
                let others = decision.reasons.iter().skip(1);
                evidence.extend(others.map(|one| format!("{}: {}", one.rule, one.message)));
                evidence.truncate(EVIDENCE);
                self.tell(&rules::REFUSED, Outcome::Fails, why, evidence);
                return;
            }
            LockedOutcome::Deliver {
                reported: Some(why),
            } => {
                self.tell(&rules::REFUSED, Outcome::Notes, why.clone(), Vec::new());
            }
            LockedOutcome::Deliver { reported: None } => {
                for reason in &decision.reasons {
                    let spoken = decision.release.spoken();
                    let message = format!("{spoken}: {} ({})", reason.message, reason.rule);
                    match &reason.waived {
                        Some(why) => {
                            let why = vec![format!("it has no effect: {}", printable(why, 300))];
                            self.tell(&rules::REFUSED, Outcome::Notes, message, why);
                        }
                        None => self.tell(&rules::REFUSED, Outcome::Warns, message, Vec::new()),
                    }
                }
            }
        }
        if let Some(because) = judgement.not_fetched() {
            self.not_checked.push(format!(
                "it could not be looked at: {}",
                printable(because, 300)
            ));
        }
        let open = judgement.not_checked.iter();
        self.not_checked.extend(open.map(|one| printable(one, 300)));
    }
}

fn is_refused(judgement: &Judgement) -> bool {
    matches!(judgement.locked, LockedOutcome::Refuse { .. })
}

fn is_private(context: &Context, package: &PackageName) -> bool {
    let upstreams = &context.upstreams;
    let is = |route: Route| route == Route::Private;
    match package.ecosystem() {
        Ecosystem::Npm => upstreams.npm_for(package).is_some_and(|one| is(one.route)),
        Ecosystem::PyPi => upstreams.pypi.iter().any(|one| is(one.route)),
        Ecosystem::Cargo => upstreams.cargo.as_ref().is_some_and(|one| is(one.route)),
    }
}

fn said(error: FetchError) -> String {
    printable(&error.to_string(), 300)
}
