//! Registries that show evidence for nothing: mirrors, proxies and feeds that take it out of
//! what they pass on. Said once for all their packages.

use super::{Case, Judgement, Past, judge};
use crate::history::{Axis, ReleaseLine, Seen, Shown};
use customs_model::{PackageName, printable};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// So many packages have to lack what they should show. With fewer, one stolen account could
/// look like a registry that strips.
const PACKAGES: usize = 3;

/// What is judged together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// One for each case, in the order of the cases.
    pub judgements: Vec<Judgement>,
    /// What registries strip, sorted. To be said once, in place of the judgements that are not
    /// checked for that reason.
    pub stripping: Vec<Stripping>,
}

/// A registry that strips evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stripping {
    /// The registry, safe to print.
    pub registry: String,
    /// What it strips.
    pub axes: BTreeSet<Axis>,
    /// Packages of it that were looked at.
    pub packages: usize,
    /// Those of which evidence was verified before.
    pub known: usize,
    /// One sentence, safe to print.
    pub sentence: String,
}

/// Judges many releases together, which shows what a registry strips.
///
/// An axis counts as stripped where no release of a registry shows it, earlier ones included, and
/// either three packages had it when they were verified, or three packages of it show nothing at all.
pub fn judge_all(cases: &[Case<'_>]) -> Judged {
    let mut registries: BTreeMap<&str, Tally> = BTreeMap::new();
    for case in cases {
        registries.entry(case.registry).or_default().add(case);
    }
    let stripped: BTreeMap<&str, BTreeSet<Axis>> = registries
        .iter()
        .map(|(registry, tally)| (*registry, tally.stripped()))
        .filter(|(_, axes)| !axes.is_empty())
        .collect();
    let judgements = cases
        .iter()
        .map(|case| match stripped.get(case.registry) {
            Some(axes) => judge_stripped(case, axes),
            None => judge(case),
        })
        .collect();
    let stripping = stripped
        .into_iter()
        .filter_map(|(registry, axes)| Some(registries.get(registry)?.told(registry, axes)))
        .collect();
    Judged {
        judgements,
        stripping,
    }
}

fn judge_stripped(case: &Case<'_>, axes: &BTreeSet<Axis>) -> Judgement {
    let strip = |shown: &Shown| {
        let mut shown = shown.clone();
        for axis in axes {
            shown.strip(*axis);
        }
        shown
    };
    let shown = strip(case.shown);
    let past = Past {
        earlier: case.past.earlier.iter().map(strip).collect(),
        ..case.past.clone()
    };
    judge(&Case {
        shown: &shown,
        past: &past,
        ..*case
    })
}

/// What one registry shows.
#[derive(Default)]
struct Tally<'a> {
    packages: BTreeSet<&'a PackageName>,
    /// Axes that some release shows.
    shown: BTreeSet<Axis>,
    /// Axes that were looked for.
    absent: BTreeSet<Axis>,
    /// Packages that had an axis when they were verified.
    known: BTreeMap<Axis, BTreeSet<&'a PackageName>>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, case: &Case<'a>) {
        let package = &case.shown.release.package;
        self.packages.insert(package);
        for shown in std::iter::once(case.shown).chain(&case.past.earlier) {
            for axis in Axis::ALL {
                match shown.axis(axis) {
                    Seen::Is(()) => self.shown.insert(axis),
                    Seen::Absent => self.absent.insert(axis),
                    Seen::Stripped | Seen::NotAsked(_) | Seen::NotApplicable => false,
                };
            }
        }
        let line = ReleaseLine::of(&case.shown.release);
        let record = line.and_then(|line| case.file.line(package, line));
        for axis in record.iter().flat_map(|record| &record.evidence) {
            self.known.entry(*axis).or_default().insert(package);
        }
    }

    fn stripped(&self) -> BTreeSet<Axis> {
        // npm's registries sign everything; elsewhere most packages never had evidence, and only
        // what was verified before tells that there was some.
        let expected = self.absent.contains(&Axis::Signature) || !self.known.is_empty();
        let nothing = expected && self.shown.is_empty() && self.packages.len() >= PACKAGES;
        let known = |axis: &Axis| {
            let known = self.known.get(axis).map_or(0, BTreeSet::len);
            !self.shown.contains(axis) && known >= PACKAGES
        };
        let absent = self.absent.iter().copied();
        absent.filter(|axis| nothing || known(axis)).collect()
    }

    fn told(&self, registry: &str, axes: BTreeSet<Axis>) -> Stripping {
        let known: BTreeSet<_> = axes
            .iter()
            .filter_map(|axis| self.known.get(axis))
            .flatten()
            .collect();
        let registry = printable(registry, 120);
        let words: Vec<&str> = axes.iter().map(|axis| axis.words()).collect();
        let words = words.join(", ");
        let packages = self.packages.len();
        let sentence = if known.is_empty() {
            format!(
                "{registry} shows evidence of origin for none of {packages} packages ({words}): it strips it or \
                 never had it, so their origin was not checked; ask a registry that passes it on."
            )
        } else {
            format!(
                "{registry} strips evidence of origin ({words}): it shows it for none of {packages} packages, {} of \
                 which were verified with it before; ask a registry that passes it on.",
                known.len()
            )
        };
        Stripping {
            registry,
            axes,
            packages,
            known: known.len(),
            sentence,
        }
    }
}
