//! Adjacent releases of honest packages: what the comparison says of them.

use crate::{Error, workers};
use customs_inspect::inspect_archive;
use customs_model::{NoveltyKind, Severity, Standing, Zone};
use customs_rules::{RuleSet, compare, judge_code_against};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

struct Pair {
    name: String,
    step: String,
    older: PathBuf,
    newer: PathBuf,
}

struct Outcome {
    name: String,
    step: String,
    /// The newer one is refused, and what for.
    refused: Option<String>,
    suspicious: Option<String>,
    /// What is new and happens unasked.
    unasked: Vec<String>,
    kinds: Vec<NoveltyKind>,
    read: bool,
}

fn pairs(list: &Path, folder: &Path) -> Result<Vec<Pair>, Error> {
    let text = std::fs::read_to_string(list).map_err(|e| Error::io(list, e))?;
    let pair = |line: &str| {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [name, older, newer, step, ..] = parts.as_slice() else {
            return None;
        };
        let file =
            |version: &str| folder.join(format!("{}-{version}.tgz", name.replace('/', "__")));
        Some(Pair {
            name: format!("{name} {older} → {newer}"),
            step: (*step).to_owned(),
            older: file(older),
            newer: file(newer),
        })
    };
    Ok(text.lines().filter_map(pair).collect())
}

fn judge(pair: &Pair) -> Outcome {
    let mut outcome = Outcome {
        name: pair.name.clone(),
        step: pair.step.clone(),
        refused: None,
        suspicious: None,
        unasked: Vec::new(),
        kinds: Vec::new(),
        read: false,
    };
    let (Ok(older), Ok(newer)) = (std::fs::read(&pair.older), std::fs::read(&pair.newer)) else {
        return outcome;
    };
    outcome.read = true;
    let (before, after) = (inspect_archive(&older), inspect_archive(&newer));
    let verdict = judge_code_against(&before, &after, &RuleSet::standard());
    let worst = verdict.findings.iter().max_by_key(|f| f.severity);
    let says = || {
        worst
            .filter(|f| f.severity > Severity::Note)
            .map(|f| format!("{}: {}", f.rule, f.message))
            .or_else(|| verdict.not_checked.first().cloned())
    };
    match verdict.standing {
        Standing::Malicious | Standing::NotJudged => outcome.refused = says(),
        Standing::Suspicious => outcome.suspicious = says(),
        Standing::Clean => {}
    }
    for novelty in compare(&[&before], &after).novelties {
        outcome.kinds.push(novelty.kind);
        let counts = match novelty.kind {
            NoveltyKind::Hook => true,
            NoveltyKind::Capability | NoveltyKind::EarlierZone => novelty.zone >= Zone::Start,
            NoveltyKind::Flow => novelty.zone >= Zone::Folder,
            _ => false,
        };
        if counts {
            outcome.unasked.push(format!(
                "{} {}, {}",
                novelty.kind.words(),
                novelty.what,
                novelty.zone.words()
            ));
        }
    }
    outcome.kinds.sort();
    outcome.kinds.dedup();
    outcome
}

/// Judges a list of adjacent releases and prints what is not quiet.
pub fn report(list: &Path, folder: &Path, take: Option<usize>) -> Result<(), Error> {
    let mut pairs = pairs(list, folder)?;
    if let Some(take) = take {
        let step = (pairs.len() / take).max(1);
        pairs = pairs.into_iter().step_by(step).collect();
    }
    let begun = Instant::now();
    let outcomes = workers(&pairs, judge);
    let wall = begun.elapsed();
    let mut steps: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    let mut kinds: BTreeMap<(&str, NoveltyKind), usize> = BTreeMap::new();
    for outcome in &outcomes {
        let counts = steps.entry(&outcome.step).or_default();
        if !outcome.read {
            counts[4] += 1;
            continue;
        }
        counts[0] += 1;
        if let Some(why) = &outcome.refused {
            counts[1] += 1;
            println!("REFUSED {} ({}): {why}", outcome.name, outcome.step);
        }
        if let Some(why) = &outcome.suspicious {
            counts[2] += 1;
            println!("suspicious {} ({}): {why}", outcome.name, outcome.step);
        }
        if !outcome.unasked.is_empty() {
            counts[3] += 1;
            println!(
                "new {} ({}): {}",
                outcome.name,
                outcome.step,
                outcome.unasked.join("; ")
            );
        }
        for kind in &outcome.kinds {
            *kinds.entry((&outcome.step, *kind)).or_default() += 1;
        }
    }
    println!(
        "{:<8} {:>6} {:>8} {:>11} {:>12} {:>10}",
        "step", "pairs", "refused", "suspicious", "new unasked", "not there"
    );
    for (step, [read, refused, suspicious, new, gone]) in &steps {
        println!("{step:<8} {read:>6} {refused:>8} {suspicious:>11} {new:>12} {gone:>10}");
    }
    for ((step, kind), count) in &kinds {
        println!("    {step:<8} {kind:?}: {count}");
    }
    println!("wall {wall:.1?}");
    Ok(())
}
