//! Which packages came, went and moved.

use super::answers::worst;
use super::{ByRelease, Moved, NewExemption, NewPackage, NewPlaces, Pair};
use crate::question::Question;
use crate::record::{Included, Record};
use customs_model::{Answer, PackageName, ReleaseId, Version};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Packages {
    pub(super) included: Vec<NewPackage>,
    pub(super) moved: Vec<Moved>,
    pub(super) gone: Vec<ReleaseId>,
}

/// The versions of one package that only one of the records has.
#[derive(Default)]
struct Versions {
    gone: Vec<Version>,
    new: Vec<Version>,
}

pub(super) fn compare(new: &Record, before: &ByRelease<'_>, now: &ByRelease<'_>) -> Packages {
    let mut versions: BTreeMap<&PackageName, Versions> = BTreeMap::new();
    for release in before.keys().filter(|release| !now.contains_key(**release)) {
        let entry = versions.entry(&release.package).or_default();
        entry.gone.push(release.version.clone());
    }
    for release in now.keys().filter(|release| !before.contains_key(**release)) {
        let entry = versions.entry(&release.package).or_default();
        entry.new.push(release.version.clone());
    }
    let wanted_by = wanted_by(new);
    let mut packages = Packages {
        included: Vec::new(),
        moved: Vec::new(),
        gone: Vec::new(),
    };
    for (name, Versions { gone, new }) in versions {
        let release = |version: &Version| ReleaseId::new(name.clone(), version.clone());
        match (gone.is_empty(), new.is_empty()) {
            (false, false) => {
                let to: Vec<ReleaseId> = new.iter().map(release).collect();
                let accounts = to.iter().filter_map(|to| now.get(to)).flatten();
                packages.moved.push(Moved {
                    package: name.clone(),
                    verdict: worst(accounts.map(|package| &package.verdict)),
                    from: gone,
                    to: new,
                });
            }
            (true, _) => {
                let all = new.iter().map(release);
                let all = all.filter_map(|release| {
                    let because_of = wanted_by.get(&release).cloned().unwrap_or_default();
                    let accounts = now.get(&release)?;
                    Some(new_package(release, accounts, because_of))
                });
                packages.included.extend(all);
            }
            (false, true) => packages.gone.extend(gone.iter().map(release)),
        }
    }
    packages
}

fn new_package(
    release: ReleaseId,
    accounts: &[&Included],
    because_of: BTreeSet<ReleaseId>,
) -> NewPackage {
    let answer = |question: Question| {
        let answers = accounts.iter().map(|package| question.answer(package));
        (question, answers.fold(Answer::Yes, Answer::and))
    };
    NewPackage {
        release,
        places: all_places(accounts)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        because_of: because_of.into_iter().collect(),
        answers: Question::ALL.map(answer).into(),
        verdict: worst(accounts.iter().map(|package| &package.verdict)),
    }
}

/// Who depends on each release.
fn wanted_by(record: &Record) -> BTreeMap<ReleaseId, BTreeSet<ReleaseId>> {
    let mut all: BTreeMap<ReleaseId, BTreeSet<ReleaseId>> = BTreeMap::new();
    for package in &record.packages {
        for on in &package.depends_on {
            let who = all.entry(on.clone()).or_default();
            who.insert(package.release.clone());
        }
    }
    all
}

pub(super) fn places(pair: &Pair<'_>) -> Option<NewPlaces> {
    let (before, now) = (all_places(pair.before), all_places(pair.now));
    let new = now.difference(&before);
    let places: Vec<String> = new.map(|place| (*place).to_owned()).collect();
    (!places.is_empty()).then(|| NewPlaces {
        release: pair.release.clone(),
        places,
    })
}

fn all_places<'a>(packages: &[&'a Included]) -> BTreeSet<&'a str> {
    let places = packages.iter().flat_map(|package| &package.places);
    places.map(String::as_str).collect()
}

/// Of new releases too: an exemption is something that a person decided.
pub(super) fn exemptions(before: &ByRelease<'_>, now: &ByRelease<'_>) -> Vec<NewExemption> {
    let mut all = Vec::new();
    for (release, accounts) in now {
        let of = |accounts: &[&Included]| -> BTreeSet<String> {
            let lines = accounts.iter().flat_map(|package| &package.exemptions);
            lines.cloned().collect()
        };
        let had = before
            .get(release)
            .map(|accounts| of(accounts))
            .unwrap_or_default();
        all.extend(of(accounts).difference(&had).map(|exemption| NewExemption {
            release: (*release).clone(),
            exemption: exemption.clone(),
        }));
    }
    all
}
