//! Adjacent releases of honest packages: what is said of the newer one, alone and beside the
//! one before it.

use crate::budgets::Said;
use crate::list::{Pair, Step, name, pairs, spread};
use crate::population::{none_there, unread};
use crate::stats::Count;
use crate::{Error, workers};
use customs_inspect::inspect_archive;
use customs_model::{
    Dossier, Inspection, Known, Manifest, NoveltyKind, Origin, Predecessor, Route, Standing,
    Verdict, Zone, printable,
};
use customs_rules::{RuleSet, compare, judge};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How one pair came out.
pub struct Outcome {
    /// `name older → newer`.
    pub name: String,
    /// The archive of the newer one.
    pub file: String,
    /// How far they are apart.
    pub step: Step,
    /// Where the newer one stands.
    pub standing: Standing,
    /// What rules say of it.
    pub said: Vec<Said>,
    /// What runs in it and could not be read.
    pub unread: Option<String>,
    /// What is new and happens unasked.
    pub unasked: Vec<String>,
    kinds: Vec<NoveltyKind>,
}

impl Outcome {
    /// The newer one is not delivered: what cannot be judged is held like what is proven.
    pub const fn is_refused(&self) -> bool {
        matches!(self.standing, Standing::Malicious | Standing::NotJudged)
    }

    /// The worst that is said, or what could not be looked at.
    fn why(&self) -> String {
        let worst = self.said.iter().max_by_key(|said| said.severity);
        worst
            .map(|said| format!("{}: {}", said.rule, said.words))
            .or_else(|| self.unread.clone())
            .unwrap_or_default()
    }
}

/// How a list of pairs came out.
pub struct Releases {
    /// Those of which both archives were there.
    pub outcomes: Vec<Outcome>,
    /// Pairs of which an archive was not there.
    pub missing: Vec<String>,
    wall: Duration,
}

/// What the pairs of one step come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfStep {
    /// Newer ones that are not delivered.
    pub refused: Count,
    /// Newer ones that are suspicious.
    pub suspicious: Count,
    /// Newer ones in which something new happens unasked.
    pub unasked: Count,
}

impl Releases {
    /// What becomes of the pairs that are so far apart.
    pub fn of(&self, step: Step) -> OfStep {
        let count = |wanted: fn(&Outcome) -> bool| {
            let outcomes = self.outcomes.iter().filter(|one| one.step == step);
            Count {
                n: outcomes.clone().filter(|one| wanted(one)).count(),
                of: outcomes.count(),
            }
        };
        OfStep {
            refused: count(Outcome::is_refused),
            suspicious: count(|one| one.standing == Standing::Suspicious),
            unasked: count(|one| !one.unasked.is_empty()),
        }
    }
}

/// What is said of a release where all that is known is its code and that of the one before
/// it: nothing here comes from a registry.
fn verdict(pair: &Pair, before: Arc<Inspection>, after: Arc<Inspection>) -> Verdict {
    let predecessor = Predecessor {
        version: pair.older.release.version.clone(),
        published: None,
        manifest: Manifest::default(),
        origin: Origin::default(),
        unread: None,
        code: Some(before),
        read: None,
        settled: None,
    };
    let dossier = Dossier {
        predecessor: Some(predecessor),
        code: Some(after),
        ..Dossier::bare(
            pair.newer.release.clone(),
            Known::NotApplicable,
            Route::Public,
        )
    };
    judge(&dossier, &RuleSet::standard())
}

/// Judges a pair; none where one of its archives is not there.
fn outcome(pair: &Pair, folder: &Path) -> Option<Outcome> {
    let read = |file: &str| std::fs::read(folder.join(file)).ok();
    let (older, newer) = (read(&pair.older.file)?, read(&pair.newer.file)?);
    let before = Arc::new(inspect_archive(&older));
    let after = Arc::new(inspect_archive(&newer));
    let mut unasked = Vec::new();
    let mut kinds = Vec::new();
    for novelty in compare(&[&*before], &after).novelties {
        kinds.push(novelty.kind);
        let counts = match novelty.kind {
            NoveltyKind::Hook => true,
            NoveltyKind::Capability | NoveltyKind::EarlierZone => novelty.zone >= Zone::Start,
            NoveltyKind::Flow => novelty.zone >= Zone::Folder,
            _ => false,
        };
        if counts {
            unasked.push(format!(
                "{} {}, {}",
                novelty.kind.words(),
                printable(&novelty.what, 160),
                novelty.zone.words()
            ));
        }
    }
    kinds.sort();
    kinds.dedup();
    let unread = unread(&after);
    let verdict = verdict(pair, before, after);
    Some(Outcome {
        name: format!(
            "{} {} → {}",
            pair.newer.release.package, pair.older.release.version, pair.newer.release.version
        ),
        file: pair.newer.file.clone(),
        step: pair.step,
        standing: verdict.standing,
        said: Said::all(&verdict),
        unread,
        unasked,
        kinds,
    })
}

/// Judges a list of adjacent releases.
///
/// # Errors
/// The list cannot be read, or nothing of it is there.
pub fn measure(list: &Path, folder: &Path, take: Option<usize>) -> Result<Releases, Error> {
    let pairs = spread(pairs(list)?, take);
    let begun = Instant::now();
    let judged = workers(&pairs, |pair| outcome(pair, folder));
    let wall = begun.elapsed();
    let mut outcomes = Vec::with_capacity(judged.len());
    let mut missing = Vec::new();
    for (pair, outcome) in pairs.iter().zip(judged) {
        match outcome {
            Some(outcome) => outcomes.push(outcome),
            None => missing.push(format!("{}, a pair of {}", pair.newer.file, name(list))),
        }
    }
    if outcomes.is_empty() {
        return Err(none_there(list, missing.len(), folder));
    }
    Ok(Releases {
        outcomes,
        missing,
        wall,
    })
}

/// Judges a list of adjacent releases and prints what is not quiet.
pub fn report(list: &Path, folder: &Path, take: Option<usize>) -> Result<(), Error> {
    measure(list, folder, take)?.print();
    Ok(())
}

impl Releases {
    fn print(&self) {
        let mut kinds: BTreeMap<(Step, NoveltyKind), usize> = BTreeMap::new();
        for outcome in &self.outcomes {
            let step = outcome.step.name();
            if outcome.is_refused() {
                println!("REFUSED {} ({step}): {}", outcome.name, outcome.why());
            }
            if outcome.standing == Standing::Suspicious {
                println!("suspicious {} ({step}): {}", outcome.name, outcome.why());
            }
            if !outcome.unasked.is_empty() {
                println!(
                    "new {} ({step}): {}",
                    outcome.name,
                    outcome.unasked.join("; ")
                );
            }
            for kind in &outcome.kinds {
                *kinds.entry((outcome.step, *kind)).or_default() += 1;
            }
        }
        println!(
            "{:<8} {:>6} {:>8} {:>11} {:>12}",
            "step", "pairs", "refused", "suspicious", "new unasked"
        );
        for step in [Step::Patch, Step::Minor, Step::Major] {
            let of = self.of(step);
            println!(
                "{:<8} {:>6} {:>8} {:>11} {:>12}",
                step.name(),
                of.refused.of,
                of.refused.n,
                of.suspicious.n,
                of.unasked.n
            );
        }
        for ((step, kind), count) in &kinds {
            println!("    {:<8} {kind:?}: {count}", step.name());
        }
        println!(
            "wall {:.1?}; {} pairs are not there",
            self.wall,
            self.missing.len()
        );
    }
}
