//! The score, measured: how often honest packages and shapes of attacks show each signal,
//! and how many of both reach a sum.

use crate::shapes::{Case, load, tree};
use crate::stats::Count;
use crate::{Error, list, workers};
use customs_inspect::{inspect_archive, inspect_tree};
use customs_model::{Inspection, Severity, Verdict};
use customs_rules::{CAP, RuleSet, SIGNALS, Score, Signal, THRESHOLD, judge_code, score};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Decibans by which the points of a signal may differ from what is measured.
const SLACK: i32 = 3;
/// Attacks that must show a signal before anything can be said of it.
const FEW: usize = 5;
/// Sums for which both shares are told.
const SUMS: [u32; 7] = [30, 35, 40, 45, 50, 55, 60];
/// Honest packages that are named.
const NAMED: usize = 40;

/// What one artifact or case scores.
#[derive(Debug, Clone)]
pub struct Seen {
    name: String,
    score: Score,
    /// The worst that the other rules say.
    otherwise: Severity,
}

impl Seen {
    fn of(name: String, inspection: &Inspection) -> Self {
        let verdict = judge_code(inspection, &RuleSet::standard());
        Self::judged(name, inspection, &verdict)
    }

    /// The same where its verdict is known already.
    pub fn judged(name: String, inspection: &Inspection, verdict: &Verdict) -> Self {
        let otherwise = verdict
            .findings
            .iter()
            .filter(|finding| finding.rule.as_str() != "score")
            .map(|finding| finding.severity)
            .max()
            .unwrap_or(Severity::Note);
        Self {
            name,
            score: score(inspection),
            otherwise,
        }
    }

    fn shows(&self, signal: &Signal) -> bool {
        let mut shown = self.score.shown.iter();
        shown.any(|shown| shown.signal.id == signal.id)
    }

    fn reaches(&self, sum: u32) -> bool {
        self.score.total() >= sum
    }
}

/// What is measured of a signal.
struct Measured {
    honest: Count,
    attacks: Count,
    twins: Count,
}

impl Measured {
    /// How many times more often attacks show it, in decibans.
    fn decibans(&self) -> i32 {
        let ratio = self.attacks.smoothed() / self.honest.smoothed();
        (10.0 * ratio.log10()).round() as i32
    }

    /// Whether so many points are not what is measured.
    fn contradicts(&self, points: u32) -> bool {
        let measured = self.decibans().min(CAP as i32);
        self.attacks.n < FEW || (points as i32 - measured).abs() > SLACK
    }
}

/// What honest packages and shapes of attacks score.
pub struct Scored {
    honest: Vec<Seen>,
    attacks: Vec<Seen>,
    twins: Vec<Seen>,
}

/// How many reach a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Decibans.
    pub sum: u32,
    /// Honest packages.
    pub honest: Count,
    /// Shapes of attacks.
    pub attacks: Count,
    /// Their honest twins.
    pub twins: Count,
}

impl Scored {
    /// Honest packages that were judged already, beside the shapes.
    ///
    /// # Errors
    /// The shapes cannot be read, or none is an attack.
    pub fn beside(honest: Vec<Seen>, shapes: &Path) -> Result<Self, Error> {
        let (attacks, twins) = cases(shapes)?;
        if attacks.is_empty() {
            return Err(Error::Nothing(format!(
                "{} holds no shape of an attack",
                shapes.display()
            )));
        }
        Ok(Self {
            honest,
            attacks,
            twins,
        })
    }

    fn measured(&self, signal: &Signal) -> Measured {
        let count = |all: &[Seen]| Count::of(all, |seen| seen.shows(signal));
        Measured {
            honest: count(&self.honest),
            attacks: count(&self.attacks),
            twins: count(&self.twins),
        }
    }

    /// The signals that have other points than is measured.
    pub fn off(&self) -> Vec<&'static str> {
        SIGNALS
            .iter()
            .filter(|signal| self.measured(signal).contradicts(signal.points))
            .map(|signal| signal.id)
            .collect()
    }

    /// How many reach each of several sums.
    pub fn reached(&self) -> Vec<Reached> {
        SUMS.iter()
            .map(|sum| {
                let count = |all: &[Seen]| Count::of(all, |seen| seen.reaches(*sum));
                Reached {
                    sum: *sum,
                    honest: count(&self.honest),
                    attacks: count(&self.attacks),
                    twins: count(&self.twins),
                }
            })
            .collect()
    }

    /// Honest packages that reach the sum from which a release is suspicious, of which no
    /// other rule speaks.
    pub fn alone(&self) -> Count {
        Count::of(&self.honest, |seen| {
            seen.reaches(THRESHOLD) && seen.otherwise == Severity::Note
        })
    }
}

/// Measures the signals over honest lists and the shapes, and prints what is found.
///
/// # Errors
/// A list or folder cannot be read, nothing of a list is there, or points are not what is
/// measured.
pub fn report(lists: &[PathBuf], folder: &Path, shapes: &Path) -> Result<(), Error> {
    let scored = Scored::beside(honest(lists, folder)?, shapes)?;
    println!(
        "{} shapes of attacks, {} honest twins",
        scored.attacks.len(),
        scored.twins.len()
    );
    scored.print_signals();
    scored.print_reached();
    scored.print_sums();
    match scored.off().len() {
        0 => Ok(()),
        off => Err(Error::Points(off)),
    }
}

/// Every archive of the lists that is there, each once.
fn honest(lists: &[PathBuf], folder: &Path) -> Result<Vec<Seen>, Error> {
    let mut paths = BTreeSet::new();
    for one in lists {
        paths.extend(list::files(one, folder)?);
    }
    let paths: Vec<PathBuf> = paths.into_iter().collect();
    let read: Vec<Option<Seen>> = workers(&paths, |path| {
        let bytes = std::fs::read(path).ok()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Some(Seen::of(name.into_owned(), &inspect_archive(&bytes)))
    });
    let seen: Vec<Seen> = read.into_iter().flatten().collect();
    if seen.is_empty() {
        return Err(Error::Nothing(format!(
            "of {} archives none is in {}",
            paths.len(),
            folder.display()
        )));
    }
    println!(
        "{} honest artifacts, {} more are not there",
        seen.len(),
        paths.len() - seen.len()
    );
    Ok(seen)
}

/// The shapes of attacks, and their honest twins.
fn cases(folder: &Path) -> Result<(Vec<Seen>, Vec<Seen>), Error> {
    let (attacks, twins): (Vec<Case>, Vec<Case>) =
        load(folder)?.into_iter().partition(|case| case.malicious);
    let see = |case: &Case| Seen::of(case.id.clone(), &inspect_tree(&tree(case)));
    Ok((workers(&attacks, see), workers(&twins, see)))
}

impl Scored {
    /// The table of the signals.
    fn print_signals(&self) {
        println!(
            "\n  {:22} {:8} {:>6} {:>8} {:>16} {:>16} {:>8}",
            "signal", "group", "points", "measured", "honest", "attacks", "twins"
        );
        for signal in SIGNALS {
            let measured = self.measured(signal);
            let contradicts = measured.contradicts(signal.points);
            let note = match (contradicts, measured.attacks.n < FEW) {
                (_, true) => "  too few attacks show it to give it points",
                (true, false) => "  other points are measured",
                (false, false) => "",
            };
            println!(
                "{} {:22} {:8} {:>6} {:>8} {:>16} {:>16} {:>8}{note}",
                if contradicts { '!' } else { ' ' },
                signal.id,
                signal.group,
                signal.points,
                measured.decibans(),
                measured.honest.shown(),
                measured.attacks.shown(),
                measured.twins.n,
            );
        }
        println!("  (at most {CAP} points each; of a group the highest counts alone)");
    }

    /// Who reaches the sum from which a release is suspicious, and what the other rules say.
    fn print_reached(&self) {
        let reaches = |seen: &Seen| seen.reaches(THRESHOLD);
        let named: Vec<&Seen> = self
            .honest
            .iter()
            .filter(|seen| seen.reaches(THRESHOLD))
            .collect();
        println!("\nhonest packages that reach {THRESHOLD}:");
        for seen in named.iter().take(NAMED) {
            let otherwise = if seen.otherwise > Severity::Note {
                " (another rule speaks as well)"
            } else {
                ""
            };
            println!("    {}{otherwise}: {}", seen.name, seen.score.sentence());
        }
        if named.len() > NAMED {
            println!("    and {} more", named.len() - NAMED);
        }
        let reached = Count::of(&self.honest, reaches);
        println!(
            "of {} honest packages {} reach it (at most {:.2} %), {} of them without another rule",
            reached.of,
            reached.shown(),
            100.0 * reached.at_most(),
            self.alone().n
        );
        let reached = Count::of(&self.attacks, reaches);
        println!(
            "of {} shapes of attacks {} reach it, by the score alone",
            reached.of,
            reached.shown()
        );
        let missed = |seen: &Seen| seen.otherwise < Severity::Critical;
        let unproven = Count::of(&self.attacks, missed);
        let told = Count::of(&self.attacks, |seen| missed(seen) && reaches(seen));
        println!(
            "of the {} shapes that no rule proves {} reach it",
            unproven.n, told.n
        );
        let reached = Count::of(&self.twins, reaches);
        println!(
            "of {} honest twins {} reach it",
            reached.of,
            reached.shown()
        );
    }

    /// Both shares for several sums.
    fn print_sums(&self) {
        println!(
            "\n{:>4} {:>16} {:>9} {:>16} {:>16}",
            "sum", "honest", "at most", "attacks", "twins"
        );
        for reached in self.reached() {
            println!(
                "{:>4} {:>16} {:>7.2} % {:>16} {:>16}",
                reached.sum,
                reached.honest.shown(),
                100.0 * reached.honest.at_most(),
                reached.attacks.shown(),
                reached.twins.shown()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(honest: (usize, usize), attacks: (usize, usize)) -> Measured {
        let count = |(n, of)| Count { of, n };
        Measured {
            honest: count(honest),
            attacks: count(attacks),
            twins: count((0, 1)),
        }
    }

    #[test]
    fn ten_times_as_often_is_ten_decibans() {
        let one = measured((99, 9_998), (9, 98));
        assert_eq!(one.decibans(), 10);
        assert!(!one.contradicts(8));
        assert!(!one.contradicts(12));
        assert!(one.contradicts(6));
    }

    #[test]
    fn what_is_rarer_still_is_capped() {
        let one = measured((0, 9_998), (49, 98));
        assert_eq!(one.decibans(), 37);
        assert!(!one.contradicts(CAP));
        assert!(one.contradicts(CAP - 4));
    }

    #[test]
    fn points_need_attacks_that_show_the_signal() {
        let nobody = measured((0, 9_998), (0, 98));
        assert!((0..=CAP).all(|points| nobody.contradicts(points)));
    }
}
