//! The score, measured: how often honest packages and shapes of attacks show each signal,
//! and how many of both reach a sum.

use crate::shapes::{Case, load, tree};
use crate::{Error, population, workers};
use customs_inspect::{inspect_archive, inspect_tree};
use customs_model::{Inspection, Severity};
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
/// The share of cases in which the upper end of an interval may be wrong.
const DOUBT: f64 = 0.05;

/// What one artifact or case scores.
struct Seen {
    name: String,
    score: Score,
    /// The worst that the other rules say.
    otherwise: Severity,
}

impl Seen {
    fn of(name: String, inspection: &Inspection) -> Self {
        let verdict = judge_code(inspection, &RuleSet::standard());
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

/// So many of so many.
#[derive(Debug, Clone, Copy)]
struct Count {
    of: usize,
    n: usize,
}

impl Count {
    fn of(all: &[Seen], wanted: impl Fn(&Seen) -> bool) -> Self {
        Self {
            of: all.len(),
            n: all.iter().filter(|seen| wanted(seen)).count(),
        }
    }

    fn share(self) -> f64 {
        self.n as f64 / self.of.max(1) as f64
    }

    /// The share with one more that shows it and one more that does not, so that a signal
    /// that nobody shows is not taken for impossible.
    fn smoothed(self) -> f64 {
        (self.n as f64 + 1.0) / (self.of as f64 + 2.0)
    }

    /// The upper end of the one-sided interval of 95 % (Clopper and Pearson).
    fn at_most(self) -> f64 {
        if self.n >= self.of {
            return 1.0;
        }
        let (mut low, mut high) = (self.share(), 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.so_few(middle) > DOUBT {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// How likely so few are, or fewer, where each is one with this probability.
    fn so_few(self, probability: f64) -> f64 {
        let (yes, no) = (probability.ln(), (-probability).ln_1p());
        let of = self.of as f64;
        let mut ways = 0.0;
        let mut sum = 0.0;
        for n in 0..=self.n {
            let n = n as f64;
            sum += (ways + n * yes + (of - n) * no).exp();
            ways += (of - n).ln() - (n + 1.0).ln();
        }
        sum
    }

    /// `12 (0.34 %)`.
    fn shown(self) -> String {
        format!("{} ({:.2} %)", self.n, 100.0 * self.share())
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

/// Measures the signals over honest lists and the shapes, and prints what is found.
///
/// # Errors
/// A list or folder cannot be read, nothing of a list is there, or points are not what is
/// measured.
pub fn report(lists: &[PathBuf], folder: &Path, shapes: &Path) -> Result<(), Error> {
    let honest = honest(lists, folder)?;
    let (attacks, twins) = cases(shapes)?;
    if attacks.is_empty() {
        return Err(Error::Nothing(format!(
            "{} holds no shape of an attack",
            shapes.display()
        )));
    }
    let off = print_signals(&honest, &attacks, &twins);
    print_reached(&honest, &attacks, &twins);
    print_sums(&honest, &attacks, &twins);
    if off > 0 {
        return Err(Error::Points(off));
    }
    Ok(())
}

/// Every archive of the lists that is there, each once.
fn honest(lists: &[PathBuf], folder: &Path) -> Result<Vec<Seen>, Error> {
    let mut paths = BTreeSet::new();
    for list in lists {
        paths.extend(population::files(list, folder)?);
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
    let (attacks, twins) = (workers(&attacks, see), workers(&twins, see));
    println!(
        "{} shapes of attacks, {} honest twins",
        attacks.len(),
        twins.len()
    );
    Ok((attacks, twins))
}

/// The table of the signals; how many of them have other points than is measured.
fn print_signals(honest: &[Seen], attacks: &[Seen], twins: &[Seen]) -> usize {
    println!(
        "\n  {:22} {:8} {:>6} {:>8} {:>16} {:>16} {:>8}",
        "signal", "group", "points", "measured", "honest", "attacks", "twins"
    );
    let mut off = 0;
    for signal in SIGNALS {
        let count = |all| Count::of(all, |seen| seen.shows(signal));
        let measured = Measured {
            honest: count(honest),
            attacks: count(attacks),
            twins: count(twins),
        };
        let contradicts = measured.contradicts(signal.points);
        off += usize::from(contradicts);
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
    off
}

/// Who reaches the sum from which a release is suspicious, and what the other rules say.
fn print_reached(honest: &[Seen], attacks: &[Seen], twins: &[Seen]) {
    let named: Vec<&Seen> = honest
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
    let reached = Count::of(honest, |seen| seen.reaches(THRESHOLD));
    let alone = Count::of(honest, |seen| {
        seen.reaches(THRESHOLD) && seen.otherwise == Severity::Note
    });
    println!(
        "of {} honest packages {} reach it (at most {:.2} %), {} of them without another rule",
        reached.of,
        reached.shown(),
        100.0 * reached.at_most(),
        alone.n
    );
    let reached = Count::of(attacks, |seen| seen.reaches(THRESHOLD));
    println!(
        "of {} shapes of attacks {} reach it, by the score alone",
        reached.of,
        reached.shown()
    );
    let missed = |seen: &Seen| seen.otherwise < Severity::Critical;
    let unproven = Count::of(attacks, missed);
    let told = Count::of(attacks, |seen| missed(seen) && seen.reaches(THRESHOLD));
    println!(
        "of the {} shapes that no rule proves {} reach it",
        unproven.n, told.n
    );
    let reached = Count::of(twins, |seen| seen.reaches(THRESHOLD));
    println!(
        "of {} honest twins {} reach it",
        reached.of,
        reached.shown()
    );
}

/// Both shares for several sums.
fn print_sums(honest: &[Seen], attacks: &[Seen], twins: &[Seen]) {
    println!(
        "\n{:>4} {:>16} {:>9} {:>16} {:>16}",
        "sum", "honest", "at most", "attacks", "twins"
    );
    for sum in SUMS {
        let count = |all| Count::of(all, |seen| seen.reaches(sum));
        let honest = count(honest);
        println!(
            "{sum:>4} {:>16} {:>7.2} % {:>16} {:>16}",
            honest.shown(),
            100.0 * honest.at_most(),
            count(attacks).shown(),
            count(twins).shown()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.000_05
    }

    fn measured(honest: (usize, usize), attacks: (usize, usize)) -> Measured {
        let count = |(n, of)| Count { of, n };
        Measured {
            honest: count(honest),
            attacks: count(attacks),
            twins: count((0, 1)),
        }
    }

    #[test]
    fn the_upper_end_of_an_interval_is_the_exact_one() {
        assert!(close(Count { n: 0, of: 600 }.at_most(), 0.004_98));
        assert!(close(Count { n: 0, of: 689 }.at_most(), 0.004_34));
        assert!(close(Count { n: 1, of: 10 }.at_most(), 0.394_16));
        assert!(close(Count { n: 10, of: 10 }.at_most(), 1.0));
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
