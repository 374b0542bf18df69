//! The question of origin: does every package come from where it should? Registry signatures and
//! attestations, verified against the digests of the lockfile; what the releases before showed; and,
//! with a clone, the source. Offline unless `--fetch` is given.

mod ask;
pub(super) mod at_hand;
mod earlier;
mod gather;
mod look;
#[cfg(test)]
mod tests;

pub(in crate::verify) use ask::{Asker, Client, ecosystems};

use super::history::{self, HistoryOptions};
use super::report::PackageOrigin;
use super::source;
use crate::error::Failure;
use at_hand::AtHand;
use customs_device::artifact::Source;
use customs_ecosystem::lockfile::{Locked, Source as LockedFrom};
use customs_model::{Answer, Clock as _, Digest, Known, ReleaseId, SystemClock, Timestamp};
use customs_origin::history::{Axis, Judgement, Outcome, Stripping, Unseen};
use customs_origin::lockfile::{Facts, LockChange};
use customs_origin::roots::Age;
use customs_origin::source::SourceReport;
use customs_origin::vcs::VcsInfo;
use customs_origin::{OriginAnswer, Trust};
use customs_registry::evidence::{EvidenceStore, Offer, Pace};
use gather::Gathered;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// What is asked, and with what.
#[derive(Default)]
pub(crate) struct OriginOptions<'a> {
    /// Places where artifacts lie: the gate's store, caches, what was fetched.
    pub at_hand: &'a [Box<dyn Source>],
    /// cargo's home.
    pub cargo_home: Option<&'a Path>,
    /// The trust history.
    pub history: HistoryOptions<'a>,
    /// Clones to compare with (`--source`).
    pub sources: &'a [PathBuf],
    /// Releases that a change of the lockfile is about: what is known of them is handed on.
    pub change: Option<&'a LockChange>,
}

/// What is asked with: the same for all projects of a run, but for the way to their registries.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    /// Roots and keys.
    pub trust: &'a Trust,
    /// What registries offered before.
    pub store: &'a EvidenceStore,
    /// Registries are asked; without it only what is stored counts.
    pub asker: Option<&'a Asker>,
    /// How fast they are asked.
    pub pace: &'a Pace,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Origins {
    /// By release.
    pub packages: Vec<PackageOrigin>,
    /// All of them together.
    pub answer: Answer,
    /// What verification rested on.
    pub roots: Vec<Age>,
    /// What was not looked at, each reason once. Safe to print.
    pub not_checked: Vec<String>,
    /// What became of `customs.lock`, a sentence each. Safe to print.
    pub recorded: Vec<String>,
    /// What registries say of the releases that the change is about.
    pub facts: BTreeMap<ReleaseId, Facts>,
}

/// One entry with all that is known of its origin.
pub(super) struct Subject<'a> {
    pub entry: &'a Locked,
    pub gathered: Gathered,
    pub vcs: Option<VcsInfo>,
    pub origin: OriginAnswer,
}

/// Answers the question of origin for what a lockfile names.
///
/// # Errors
/// `customs.lock` cannot be used or written, or what should be accepted cannot be. That a
/// registry cannot be asked is an answer, not an error.
pub(super) async fn origins(
    locked: &[Locked],
    project: &Path,
    options: &OriginOptions<'_>,
    with: With<'_>,
) -> Result<Origins, Failure> {
    let mut gathered = gather::gather(locked, with.store, with.asker, with.pace).await;
    if let Some(asker) = with.asker {
        let file = history::deciding(project, &options.history)?;
        earlier::ask(locked, &mut gathered, &file, asker, with.pace).await;
    }
    let at_hand = AtHand {
        places: options.at_hand,
        cargo_home: options.cargo_home,
    };
    answer(
        locked,
        gathered,
        project,
        options,
        &Means {
            trust: with.trust,
            store: with.store,
            at_hand,
            now: SystemClock.now(),
        },
    )
}

/// What everything is answered with.
struct Means<'a> {
    trust: &'a Trust,
    store: &'a EvidenceStore,
    at_hand: AtHand<'a>,
    now: Timestamp,
}

fn answer(
    locked: &[Locked],
    gathered: Vec<Gathered>,
    project: &Path,
    options: &OriginOptions<'_>,
    means: &Means<'_>,
) -> Result<Origins, Failure> {
    let mut subjects = verify(locked, gathered, means);
    let facts = options.change.map(|change| facts(change, &subjects));
    let past = history::judge(project, &subjects, &options.history, means.now)?;
    strip(&mut subjects, &past.stripping, means.trust);
    let compared = source::compare(&subjects, options.sources, &means.at_hand, means.store);
    let mut sum = Sum::default();
    let sources = compared.reports.into_iter();
    let judgements = past.judgements.into_iter();
    let mut packages: Vec<PackageOrigin> = Vec::with_capacity(subjects.len());
    for ((subject, history), source) in subjects.into_iter().zip(judgements).zip(sources) {
        sum.add(&subject, history.as_ref(), source.as_ref());
        packages.push(PackageOrigin {
            release: subject.entry.release.clone(),
            artifact: artifact(&subject),
            origin: subject.origin,
            history,
            source,
            verdict: Known::not_known("nobody asked what its code does"),
        });
    }
    packages.sort_by(|a, b| a.release.cmp(&b.release));
    let answer = sum.answer();
    let mut not_checked: Vec<String> = past.stripping.into_iter().map(|s| s.sentence).collect();
    not_checked.extend(sum.reasons.sentences());
    not_checked.extend(compared.not_checked);
    Ok(Origins {
        packages,
        answer,
        roots: means.trust.ages(means.now),
        not_checked,
        recorded: past.recorded,
        facts: facts.unwrap_or_default(),
    })
}

/// What the documents that were asked for evidence say of the releases that a change is about, and
/// of those before them.
fn facts(change: &LockChange, subjects: &[Subject<'_>]) -> BTreeMap<ReleaseId, Facts> {
    let wanted = change.wanted();
    let evidence = subjects.iter().flat_map(|one| &one.gathered.evidence);
    let shown = evidence.flat_map(|one| one.earlier.iter().chain([&one.shown]));
    shown
        .filter(|shown| wanted.contains(&shown.release))
        .map(|shown| (shown.release.clone(), Facts::of(shown)))
        .collect()
}

/// The answers about all packages.
#[derive(Default)]
struct Sum {
    wrong: usize,
    /// Without a proof.
    open: usize,
    /// With one, and a history that could not be judged.
    unjudged: usize,
    all: usize,
    reasons: Reasons,
}

impl Sum {
    fn add(
        &mut self,
        subject: &Subject<'_>,
        history: Option<&Judgement>,
        source: Option<&SourceReport>,
    ) {
        match subject.entry.source {
            // The project's own, and what the artifact around it speaks for.
            LockedFrom::Path | LockedFrom::Bundled => return,
            LockedFrom::Registry | LockedFrom::Git | LockedFrom::Url => self.all += 1,
        }
        let blocked = history.is_some_and(|judgement| judgement.outcome == Outcome::Block);
        let differs = source.is_some_and(|report| report.answer == Answer::No);
        match look::answer(subject.entry, &subject.gathered, &subject.origin) {
            _ if blocked || differs => self.wrong += 1,
            Answer::No => self.wrong += 1,
            // A warning of the history is told, and is for a person to look at.
            Answer::Yes => {
                if let Some(because) = history.and_then(unjudged) {
                    self.unjudged += 1;
                    self.reasons.add(because, &subject.entry.release.spoken());
                }
            }
            Answer::NotChecked(because) => {
                self.open += 1;
                let spoken = subject.entry.release.spoken();
                self.reasons.add(&because, &spoken);
            }
        }
    }

    fn answer(&self) -> Answer {
        match (self.wrong, self.open, self.unjudged, self.all) {
            (0, _, _, 0) => Answer::not_checked("the lockfile names no package of a registry"),
            (0, 0, 0, _) => Answer::Yes,
            (0, 0, unjudged, all) => Answer::not_checked(format!(
                "of {unjudged} of {all} packages the trust history could not be judged"
            )),
            (0, open, _, all) => Answer::not_checked(format!(
                "of {open} of {all} packages no proof of origin could be verified"
            )),
            (_, _, _, _) => Answer::No,
        }
    }
}

/// Why it cannot be told whether a release lost something, where its own proofs hold. Evidence that
/// was not looked at is neither lost nor good.
fn unjudged(history: &Judgement) -> Option<&'static str> {
    match history.outcome {
        Outcome::Quiet | Outcome::Note | Outcome::Warn | Outcome::Block => None,
        Outcome::NotChecked(unseen) => Some(match unseen {
            Unseen::Stripped => {
                "its proofs hold, but evidence that its line had was stripped on the way"
            }
            Unseen::NotAsked => {
                "its proofs hold, but whether it lost what its line had was not looked at; fetch it with `--fetch`"
            }
            Unseen::NotVerified => {
                "its proofs hold, but evidence that its line had was not verified for it"
            }
            Unseen::NotCarried => {
                "its proofs hold, but its registry carries none of the evidence that its line had"
            }
            Unseen::NoLine => {
                "its proofs hold, but its version has no place in a line, so it has no history"
            }
        }),
    }
}

/// Each takes some milliseconds and none needs another one.
fn verify<'a>(
    locked: &'a [Locked],
    gathered: Vec<Gathered>,
    means: &Means<'_>,
) -> Vec<Subject<'a>> {
    let mut pairs: Vec<(&Locked, Gathered)> = locked.iter().zip(gathered).collect();
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let each = pairs.len().div_ceil(threads).max(1);
    let mut pieces = Vec::new();
    while !pairs.is_empty() {
        let rest = pairs.split_off(each.min(pairs.len()));
        pieces.push(std::mem::replace(&mut pairs, rest));
    }
    let of_one = |(entry, mut gathered): (&'a Locked, Gathered)| {
        let vcs = means.at_hand.vcs_info(entry);
        let mut origin = look::look(entry, &gathered, vcs.as_ref(), means.trust);
        earlier::verify(&mut gathered, &mut origin, means.trust);
        Subject {
            entry,
            gathered,
            vcs,
            origin,
        }
    };
    std::thread::scope(|scope| {
        let of_one = &of_one;
        let threads: Vec<_> = pieces
            .into_iter()
            .map(|piece| scope.spawn(move || piece.into_iter().map(of_one).collect::<Vec<_>>()))
            .collect();
        let mut out = Vec::with_capacity(locked.len());
        for thread in threads {
            match thread.join() {
                Ok(found) => out.extend(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        out
    })
}

/// A registry that shows evidence for nothing does not say that there is none.
fn strip(subjects: &mut [Subject<'_>], stripping: &[Stripping], trust: &Trust) {
    let axes: BTreeMap<&str, &Stripping> = stripping
        .iter()
        .map(|stripping| (stripping.registry.as_str(), stripping))
        .collect();
    for subject in subjects {
        let mut changed = false;
        for evidence in &mut subject.gathered.evidence {
            let registry = customs_model::printable(&evidence.registry, 120);
            let Some(stripping) = axes.get(registry.as_str()) else {
                continue;
            };
            changed = true;
            let has = |axis| stripping.axes.contains(&axis);
            match &mut evidence.offer {
                Offer::Npm {
                    signatures,
                    attestations,
                } => {
                    if has(Axis::Signature) {
                        signatures.strip();
                    }
                    if has(Axis::Provenance) {
                        attestations.strip();
                    }
                }
                Offer::Pypi { provenance } if has(Axis::Provenance) => provenance.strip(),
                Offer::Cargo { publisher } if has(Axis::TrustedPublisher) => publisher.strip(),
                Offer::Pypi { .. } | Offer::Cargo { .. } => {}
            }
        }
        if changed {
            let vcs = subject.vcs.as_ref();
            subject.origin = look::look(subject.entry, &subject.gathered, vcs, trust);
        }
    }
}

/// The digest of the one artifact that the evidence speaks of.
fn artifact(subject: &Subject<'_>) -> Option<Digest> {
    match subject.gathered.evidence.as_slice() {
        [one] => Some(one.artifact.clone()),
        [] | [_, _, ..] => match subject.entry.digests.as_slice() {
            [one] => Some(one.clone()),
            [] | [_, _, ..] => None,
        },
    }
}

/// Reasons, each told once with how often and for example where.
#[derive(Default)]
struct Reasons(BTreeMap<String, (usize, Vec<String>)>);

/// Packages that are named beside a reason.
const NAMED: usize = 3;
/// Reasons that are told.
const TOLD: usize = 100;

impl Reasons {
    fn add(&mut self, because: &str, spoken: &str) {
        let (count, named) = self.0.entry(because.to_owned()).or_default();
        *count += 1;
        if named.len() < NAMED {
            named.push(spoken.to_owned());
        }
    }

    fn sentences(self) -> Vec<String> {
        let mut all: Vec<(String, (usize, Vec<String>))> = self.0.into_iter().collect();
        all.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let more = all.len().saturating_sub(TOLD);
        all.truncate(TOLD);
        let mut out: Vec<String> = all
            .into_iter()
            .map(|(because, (count, named))| {
                let rest = if count > named.len() { ", …" } else { "" };
                let packages = if count == 1 { "package" } else { "packages" };
                format!("{count} {packages} ({}{rest}): {because}", named.join(", "))
            })
            .collect();
        if more > 0 {
            out.push(format!("and {more} reasons more"));
        }
        out
    }
}
