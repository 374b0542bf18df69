//! Whether a program can follow the evidence: each proof of each shape, shown and checked again
//! without the engine.

use crate::shapes::{self, Case};
use crate::{Error, workers};
use customs_inspect::{Checked, Mismatch, certify, check, inspect_tree};
use customs_model::{Severity, Standing};
use customs_rules::{RuleSet, judge_code};
use std::collections::BTreeMap;
use std::path::Path;

/// One proof of a case: its rule, and what checking its path came to.
#[derive(Debug)]
pub struct Proof {
    /// The rule.
    pub rule: String,
    /// What is shown of its path, or where the path is contradicted.
    pub outcome: Result<Checked, Mismatch>,
}

/// The proofs of a case, with their paths checked against its files.
pub fn proofs(case: &Case) -> Vec<Proof> {
    let tree = shapes::tree(case);
    let mut verdict = judge_code(&inspect_tree(&tree), &RuleSet::standard());
    if verdict.standing != Standing::Malicious {
        return Vec::new();
    }
    let proven = verdict
        .findings
        .iter_mut()
        .filter(|finding| finding.severity == Severity::Critical);
    proven
        .map(|finding| {
            certify(&mut finding.path, &tree);
            Proof {
                rule: finding.rule.to_string(),
                outcome: check(&finding.path, &tree),
            }
        })
        .collect()
}

/// How much of all paths is shown.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Paths.
    pub paths: usize,
    /// Of them, those of which every step is shown.
    pub whole: usize,
    /// Steps.
    pub steps: usize,
    /// Of them, those that are shown.
    pub shown: usize,
    /// Steps that are not, by the reason.
    pub unshown: BTreeMap<String, usize>,
    /// Paths that their own files contradict.
    pub contradicted: Vec<String>,
}

impl Sum {
    /// Over some cases.
    pub fn of(cases: &[Case]) -> Self {
        let mut sum = Self::default();
        for (case, proofs) in cases.iter().zip(workers(cases, proofs)) {
            for proof in proofs {
                sum.paths += 1;
                match proof.outcome {
                    Err(mismatch) => sum
                        .contradicted
                        .push(format!("{} {}: {mismatch}", case.id, proof.rule)),
                    Ok(checked) => sum.add(checked),
                }
            }
        }
        sum
    }

    fn add(&mut self, checked: Checked) {
        self.steps += checked.steps;
        self.shown += checked.shown;
        self.whole += usize::from(checked.shown == checked.steps && checked.steps > 0);
        for (_, because) in checked.unshown {
            *self.unshown.entry(because).or_default() += 1;
        }
    }
}

/// Checks the proofs of all shapes and prints what is shown, and what is not.
pub fn report(folder: &Path, only: Option<&str>) -> Result<(), Error> {
    let cases: Vec<Case> = shapes::load(folder)?
        .into_iter()
        .filter(|case| only.is_none_or(|only| case.id.contains(only)))
        .collect();
    let sum = Sum::of(&cases);
    println!(
        "{} paths, {} shown from end to end; {} of {} steps shown",
        sum.paths, sum.whole, sum.shown, sum.steps
    );
    for (because, count) in &sum.unshown {
        println!("{count:>6} steps: {because}");
    }
    for line in &sum.contradicted {
        println!("CONTRADICTED {line}");
    }
    if sum.contradicted.is_empty() {
        Ok(())
    } else {
        Err(Error::Contradicted(sum.contradicted.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::Tree;
    use customs_model::{Hop, Join};

    fn cases() -> Vec<Case> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/inspect/shapes");
        shapes::load(&folder).unwrap()
    }

    /// The shown paths of the proofs of each case, with its files.
    fn paths() -> Vec<(String, Tree, Vec<Vec<Hop>>)> {
        workers(&cases(), |case| {
            let tree = shapes::tree(case);
            let mut verdict = judge_code(&inspect_tree(&tree), &RuleSet::standard());
            let proven = verdict.findings.iter_mut();
            let proven = proven.filter(|finding| finding.severity == Severity::Critical);
            let paths: Vec<Vec<Hop>> = proven
                .map(|finding| {
                    certify(&mut finding.path, &tree);
                    finding.path.clone()
                })
                .collect();
            (case.id.clone(), tree, paths)
        })
    }

    /// Hundredths of all steps that are shown, at least. It only rises.
    const SHOWN: usize = 50;

    #[test]
    fn no_proof_of_a_shape_is_contradicted_by_its_own_files() {
        let sum = Sum::of(&cases());
        assert!(sum.paths > 300, "{sum:?}");
        assert_eq!(sum.contradicted, Vec::<String>::new());
        assert!(sum.shown * 100 >= sum.steps * SHOWN, "{sum:?}");
    }

    #[test]
    fn evidence_that_was_changed_is_refused() {
        let (mut moved, mut renamed, mut reworded, mut swapped) = (0, 0, 0, 0);
        let paths = paths();
        let all = paths
            .iter()
            .flat_map(|(id, tree, paths)| paths.iter().map(move |path| (id, tree, path)));
        for (id, tree, path) in all.filter(|(_, _, path)| path.len() > 1) {
            for (number, hop) in path.iter().enumerate() {
                let Some(shown) = &hop.shown else {
                    continue;
                };
                let change = |what: &dyn Fn(&mut Hop)| {
                    let mut other = path.clone();
                    what(&mut other[number]);
                    assert!(check(&other, tree).is_err(), "{id}: {:?}", other[number]);
                };
                change(&|hop| {
                    hop.at.bytes = (hop.at.bytes.0 + 1, hop.at.bytes.1 + 1);
                });
                moved += 1;
                change(&|hop| hop.at.file.push_str(".other"));
                renamed += 1;
                if !shown.text.is_empty() {
                    change(&|hop| {
                        if let Some(shown) = &mut hop.shown {
                            shown.text.push('x');
                        }
                    });
                    reworded += 1;
                }
            }
            let mut other = path.clone();
            let last = other.len() - 1;
            other.swap(0, last);
            assert!(check(&other, tree).is_err(), "{id} swapped");
            swapped += 1;
        }
        // Each kind of change was tried often enough to mean something.
        assert!(moved.min(renamed).min(reworded).min(swapped) > 200);
    }

    #[test]
    fn a_join_is_not_believed_for_steps_that_it_was_not_made_for() {
        let mut refused = 0;
        let paths = paths();
        let all = paths
            .iter()
            .flat_map(|(_, tree, paths)| paths.iter().map(move |path| (tree, path)));
        for (tree, path) in all {
            // Two steps in the middle that change places keep their kinds, not their joins.
            if path.len() < 4 || path[1].at == path[2].at {
                continue;
            }
            let unshown = |hop: &Hop| {
                hop.shown
                    .as_ref()
                    .is_none_or(|shown| matches!(shown.join, Join::Unshown { .. }))
            };
            if path[1..].iter().any(unshown) {
                continue;
            }
            let mut other = path.clone();
            other.swap(1, 2);
            refused += usize::from(check(&other, tree).is_err());
        }
        assert!(refused > 0);
    }
}
