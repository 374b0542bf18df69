//! Answers, builders and verdicts that are not as they were.

use super::{Builder, ByRelease, Moved, OtherAnswer, OtherBuilder, OtherVerdict, Pair};
use crate::question::Question;
use crate::record::Included;
use customs_model::{Answer, Known, ReleaseId, Standing, Version};
use std::collections::BTreeSet;

/// The questions that are about where a package comes from: they are asked across versions too.
const ORIGIN: [Question; 2] = [Question::Signature, Question::Attestation];
/// What is asked while the version is the same. Verdicts have a list of their own.
const SAME: [Question; 3] = [Question::Tree, Question::Signature, Question::Attestation];

/// Those that are lost, those that nobody looked at this time, and all others. Evidence that
/// nobody looked at is not lost: whoever works offline has none at hand.
pub(super) fn sorted(changes: Vec<OtherAnswer>) -> [Vec<OtherAnswer>; 3] {
    let [mut lost, mut unchecked, mut other] = [Vec::new(), Vec::new(), Vec::new()];
    for change in changes {
        let is_tree = change.question == Question::Tree;
        let list = match (&change.before, &change.now) {
            (Answer::Yes, Answer::No) => &mut lost,
            // Files that are wrong are wrong, whoever did not look before.
            (Answer::NotChecked(_), Answer::No) if is_tree => &mut lost,
            (Answer::Yes, Answer::NotChecked(_)) => &mut unchecked,
            (Answer::Yes, Answer::Yes) | (Answer::No | Answer::NotChecked(_), _) => &mut other,
        };
        list.push(change);
    }
    [lost, unchecked, other]
}

pub(super) fn of_same(both: &[Pair<'_>]) -> Vec<OtherAnswer> {
    let all = both.iter().flat_map(|pair| {
        SAME.into_iter().filter_map(|question| {
            // The worst of all copies, before as well as now.
            let (before, now) = (sum(pair.before, question), sum(pair.now, question));
            change(pair.release, question, before, now)
        })
    });
    all.collect()
}

/// Of a package with other versions: what any of those before had, each of the new ones should
/// have.
pub(super) fn of_moved(
    moved: &[Moved],
    before: &ByRelease<'_>,
    now: &ByRelease<'_>,
) -> Vec<OtherAnswer> {
    let mut all = Vec::new();
    for package in moved {
        for question in ORIGIN {
            let mut answers: Vec<Answer> = accounts(package, &package.from, before)
                .into_iter()
                .map(|(_, account)| question.answer(account))
                .collect();
            // Best first.
            answers.sort_by_key(|answer| match answer {
                Answer::Yes => 0,
                Answer::NotChecked(_) => 1,
                Answer::No => 2,
            });
            let Some(best) = answers.into_iter().next() else {
                continue;
            };
            for (release, account) in accounts(package, &package.to, now) {
                let now = question.answer(account);
                all.extend(change(&release, question, best.clone(), now));
            }
        }
    }
    all
}

fn change(
    release: &ReleaseId,
    question: Question,
    before: Answer,
    now: Answer,
) -> Option<OtherAnswer> {
    // Another reason why nobody looked is no other answer.
    let is_same = std::mem::discriminant(&before) == std::mem::discriminant(&now);
    (!is_same).then(|| OtherAnswer {
        release: release.clone(),
        question,
        before,
        now,
    })
}

fn sum(packages: &[&Included], question: Question) -> Answer {
    let answers = packages.iter().map(|package| question.answer(package));
    answers.fold(Answer::Yes, Answer::and)
}

fn accounts<'a>(
    moved: &Moved,
    versions: &[Version],
    record: &ByRelease<'a>,
) -> Vec<(ReleaseId, &'a Included)> {
    let releases = versions.iter();
    let releases = releases.map(|v| ReleaseId::new(moved.package.clone(), v.clone()));
    let accounts = releases.flat_map(|release| {
        let found = record.get(&release).cloned().unwrap_or_default();
        found
            .into_iter()
            .map(move |account| (release.clone(), account))
    });
    accounts.collect()
}

/// While the version is the same nothing of it may change.
pub(super) fn builders_of_same(both: &[Pair<'_>]) -> Vec<OtherBuilder> {
    let mut all = Vec::new();
    for pair in both {
        for what in [Builder::Identity, Builder::Repository] {
            all.extend(other(pair.release, what, pair.before, pair.now));
        }
    }
    all
}

pub(super) fn builders_of_moved(
    moved: &[Moved],
    before: &ByRelease<'_>,
    now: &ByRelease<'_>,
) -> Vec<OtherBuilder> {
    let mut all = Vec::new();
    for package in moved {
        let from = accounts(package, &package.from, before);
        let from: Vec<&Included> = from.into_iter().map(|(_, account)| account).collect();
        for (release, account) in accounts(package, &package.to, now) {
            all.extend(other(&release, Builder::Repository, &from, &[account]));
        }
    }
    all
}

/// Where both are known and have nothing in common. A claim that no attestation bears out is
/// nothing known.
fn other(
    release: &ReleaseId,
    what: Builder,
    before: &[&Included],
    now: &[&Included],
) -> Option<OtherBuilder> {
    let of = |packages: &[&Included]| -> BTreeSet<String> {
        let verified = packages.iter().map(|package| &package.origin);
        let verified = verified.filter(|origin| origin.attestation == Answer::Yes);
        verified
            .filter_map(|origin| match what {
                Builder::Identity => origin.identity.clone(),
                Builder::Repository => origin.repository.clone(),
            })
            .collect()
    };
    let (had, has) = (of(before), of(now));
    let new = has.difference(&had).next()?;
    let old = had.iter().next()?;
    Some(OtherBuilder {
        release: release.clone(),
        what,
        before: old.clone(),
        now: new.clone(),
    })
}

pub(super) fn verdict(pair: &Pair<'_>) -> Option<OtherVerdict> {
    let of = |packages: &[&Included]| worst(packages.iter().map(|package| &package.verdict));
    let (before, now) = (of(pair.before), of(pair.now));
    (rank(&before) != rank(&now)).then(|| OtherVerdict {
        release: pair.release.clone(),
        before,
        now,
    })
}

/// The worst of some verdicts; not applicable where there are none.
pub(super) fn worst<'a>(all: impl Iterator<Item = &'a Known<Standing>>) -> Known<Standing> {
    let worst = all.max_by_key(|verdict| rank(verdict));
    worst.cloned().unwrap_or(Known::NotApplicable)
}

/// How bad: what could not be judged is worse than clean and better than what was found.
pub(super) const fn rank(verdict: &Known<Standing>) -> u8 {
    match verdict {
        Known::NotApplicable => 0,
        Known::Is(Standing::Clean) => 1,
        Known::NotKnown(_) => 2,
        Known::Is(Standing::NotJudged) => 3,
        Known::Is(Standing::Suspicious) => 4,
        Known::Is(Standing::Malicious) => 5,
    }
}
