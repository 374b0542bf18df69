//! What adjacent releases have in common: each newer one is read behind the older one and
//! alone, by turns. How many of its files were known, what that saves, and that the answer is
//! the same.

use crate::list::{Pair, Step, pairs, spread};
use crate::population::none_there;
use crate::{Error, workers};
use customs_inspect::{Reader, Reused, inspect_archive};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// How one pair came out.
struct Took {
    name: String,
    step: Step,
    /// The newer one alone.
    alone: Duration,
    /// The newer one behind the older one.
    behind: Duration,
    reused: Reused,
    /// Both times the same was said of it.
    is_same: bool,
}

/// What the pairs of one step come to.
#[derive(Default)]
struct Sum {
    pairs: usize,
    alone: Duration,
    behind: Duration,
    reused: Reused,
}

impl Sum {
    fn add(&mut self, took: &Took) {
        self.pairs += 1;
        self.alone += took.alone;
        self.behind += took.behind;
        self.reused += took.reused;
    }

    fn line(&self, name: &str) -> String {
        let reused = &self.reused;
        format!(
            "{name:<6} {:>6} {:>8} {:>6} % {:>8} {:>6} % {:>9.2} s {:>9.2} s {:>7.3}",
            self.pairs,
            reused.files,
            percent(reused.known_files, reused.files),
            reused.bytes >> 10,
            percent(reused.known_bytes, reused.bytes),
            self.alone.as_secs_f64(),
            self.behind.as_secs_f64(),
            self.behind.as_secs_f64() / self.alone.as_secs_f64(),
        )
    }
}

/// In tenths; nothing of nothing is none.
fn percent(part: u64, whole: u64) -> String {
    format!("{:.1}", 100.0 * part as f64 / whole.max(1) as f64)
}

/// Reads a pair with room for so many bytes of what files said; none where one of its
/// archives is not there.
fn one(pair: &Pair, folder: &Path, room: usize) -> Option<Took> {
    let read = |file: &str| std::fs::read(folder.join(file)).ok();
    let (older, newer) = (read(&pair.older.file)?, read(&pair.newer.file)?);
    let reader = Reader::new(room);
    reader.inspect_archive(&older);
    let before = reader.reused();
    // What comes first pays for memory that is new.
    black_box(inspect_archive(&newer));
    let begun = Instant::now();
    let expected = inspect_archive(&newer);
    let alone = begun.elapsed();
    let begun = Instant::now();
    let found = reader.inspect_archive(&newer);
    let behind = begun.elapsed();
    Some(Took {
        name: format!(
            "{} {} → {}",
            pair.newer.release.package, pair.older.release.version, pair.newer.release.version
        ),
        step: pair.step,
        alone,
        behind,
        reused: reader.reused().since(before),
        is_same: found == expected,
    })
}

/// Measures a list of adjacent releases.
///
/// # Errors
/// The list cannot be read, nothing of it is there, or something else is said of a release
/// behind another one than alone.
pub fn report(list: &Path, folder: &Path, take: Option<usize>, room: usize) -> Result<(), Error> {
    let pairs = spread(pairs(list)?, take);
    let took: Vec<Took> = workers(&pairs, |pair| one(pair, folder, room))
        .into_iter()
        .flatten()
        .collect();
    if took.is_empty() {
        return Err(none_there(list, pairs.len(), folder));
    }
    println!(
        "{:<6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>11} {:>11} {:>7}",
        "step", "pairs", "files", "known", "KiB", "known", "alone", "behind", "ratio"
    );
    let mut all = Sum::default();
    for step in [Step::Patch, Step::Minor, Step::Major] {
        let mut sum = Sum::default();
        for took in took.iter().filter(|took| took.step == step) {
            sum.add(took);
            all.add(took);
        }
        if sum.pairs > 0 {
            println!("{}", sum.line(step.name()));
        }
    }
    println!("{}", all.line("all"));
    println!(
        "{} pairs are not there",
        pairs.len().saturating_sub(took.len())
    );
    let other: Vec<&Took> = took.iter().filter(|took| !took.is_same).collect();
    for took in &other {
        println!("OTHERWISE {}", took.name);
    }
    match other.len() {
        0 => Ok(()),
        count => Err(Error::Otherwise(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_told_with_their_shares() {
        let took = Took {
            name: "a 1.0.0 → 1.0.1".to_owned(),
            step: Step::Patch,
            alone: Duration::from_millis(100),
            behind: Duration::from_millis(60),
            reused: Reused {
                files: 4,
                bytes: 8 << 10,
                known_files: 3,
                known_bytes: 2 << 10,
            },
            is_same: true,
        };
        let mut sum = Sum::default();
        sum.add(&took);
        sum.add(&took);
        let line = sum.line("patch");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            words,
            [
                "patch", "2", "8", "75.0", "%", "16", "25.0", "%", "0.20", "s", "0.12", "s",
                "0.600"
            ]
        );
        assert_eq!(percent(0, 0), "0.0");
    }
}
