//! Real packages, which are honest: what is said of them is a false alarm.

use crate::budgets::Said;
use crate::list::{files, name, spread};
use crate::score::Seen;
use crate::stats::Count;
use crate::{Error, workers};
use customs_inspect::inspect_archive;
use customs_model::{Inspection, Standing, printable};
use customs_rules::{RuleSet, judge_code};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How one artifact came out.
pub struct Row {
    /// Its file name.
    pub name: String,
    /// Where it stands.
    pub standing: Standing,
    /// What rules say of it.
    pub said: Vec<Said>,
    /// What could not be looked at.
    not_checked: Vec<String>,
    /// What runs and could not be read, the first of it.
    pub unread: Option<String>,
    /// What it scores.
    pub seen: Seen,
    took: Duration,
    bytes: u64,
}

/// How a list came out.
pub struct Population {
    /// The list's name.
    pub list: String,
    /// What was there of it.
    pub rows: Vec<Row>,
    /// The file names of what was not there.
    pub missing: Vec<String>,
    wall: Duration,
}

impl Population {
    /// How many of those that were there stand so.
    pub fn count(&self, standing: Standing) -> Count {
        Count::of(&self.rows, |row| row.standing == standing)
    }
}

/// Judges an archive; none where it is not there.
fn judge(path: &PathBuf) -> Option<Row> {
    let bytes = std::fs::read(path).ok()?;
    let name = file_name(path);
    let begun = Instant::now();
    let inspection = inspect_archive(&bytes);
    let verdict = judge_code(&inspection, &RuleSet::standard());
    let took = begun.elapsed();
    if took > Duration::from_secs(5) {
        eprintln!("slow: {took:.1?} {name}");
    }
    Some(Row {
        standing: verdict.standing,
        said: Said::all(&verdict),
        seen: Seen::judged(name.clone(), &inspection, &verdict),
        not_checked: verdict.not_checked,
        unread: unread(&inspection),
        name,
        took,
        bytes: inspection.bytes,
    })
}

/// What runs and could not be read, the first of it, and why; safe to print.
pub fn unread(inspection: &Inspection) -> Option<String> {
    let part = inspection.unread.iter().find(|part| part.reached)?;
    let because = printable(&part.because, 160);
    if part.path.is_empty() {
        return Some(because);
    }
    Some(format!("{}: {because}", printable(&part.path, 160)))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Judges some archives and prints all that is said of them.
pub fn files_report(paths: &[PathBuf], with_ways: bool) -> Result<(), Error> {
    for (path, row) in paths.iter().zip(workers(paths, judge)) {
        let Some(row) = row else {
            println!("not there {}", path.display());
            continue;
        };
        println!("{:?} {} {:.1?}", row.standing, row.name, row.took);
        for said in &row.said {
            println!("    {said}");
            for step in said.way.iter().filter(|_| with_ways) {
                println!("        {step}");
            }
        }
        for line in &row.not_checked {
            println!("    {line}");
        }
    }
    Ok(())
}

/// Judges a list.
///
/// # Errors
/// It cannot be read, or nothing of it is there.
pub fn measure(list: &Path, folder: &Path, take: Option<usize>) -> Result<Population, Error> {
    let paths = spread(files(list, folder)?, take);
    let begun = Instant::now();
    let judged = workers(&paths, judge);
    let wall = begun.elapsed();
    let mut rows = Vec::with_capacity(judged.len());
    let mut missing = Vec::new();
    for (path, row) in paths.iter().zip(judged) {
        match row {
            Some(row) => rows.push(row),
            None => missing.push(file_name(path)),
        }
    }
    if rows.is_empty() {
        return Err(none_there(list, missing.len(), folder));
    }
    Ok(Population {
        list: name(list),
        rows,
        missing,
        wall,
    })
}

/// Nothing of a list is there.
pub fn none_there(list: &Path, named: usize, folder: &Path) -> Error {
    Error::Nothing(format!(
        "of the {named} archives of {} none is in {}; `cargo xtask calibrate fetch {}` fetches them",
        list.display(),
        folder.display(),
        list.display()
    ))
}

/// Judges a list and prints what is not clean.
pub fn report(list: &Path, folder: &Path, take: Option<usize>) -> Result<(), Error> {
    measure(list, folder, take)?.print();
    Ok(())
}

impl Population {
    /// What is not clean, and how long it took.
    fn print(&self) {
        for row in &self.rows {
            if row.standing == Standing::Clean {
                continue;
            }
            println!("{:?} {}", row.standing, row.name);
            for said in row.said.iter().take(4) {
                println!("    {said}");
            }
            if row.standing == Standing::NotJudged {
                for what in row.not_checked.iter().take(3) {
                    println!("    ? {what}");
                }
            }
        }
        println!(
            "{}: {} artifacts, {} clean, {} suspicious, {} malicious, {} not judged; {} are not there",
            self.list,
            self.rows.len(),
            self.count(Standing::Clean).n,
            self.count(Standing::Suspicious).n,
            self.count(Standing::Malicious).n,
            self.count(Standing::NotJudged).n,
            self.missing.len()
        );
        let mut times: Vec<(Duration, &str)> = self
            .rows
            .iter()
            .map(|row| (row.took, row.name.as_str()))
            .collect();
        times.sort();
        let at = |share: f64| {
            times
                .get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)))
                .map(|(took, _)| *took)
                .unwrap_or_default()
        };
        println!(
            "wall {:.1?}, unpacked {} MB, median {:.2?}, 99th {:.2?}, worst:",
            self.wall,
            self.rows.iter().map(|row| row.bytes).sum::<u64>() >> 20,
            at(0.5),
            at(0.99)
        );
        for (took, name) in times.iter().rev().take(6) {
            println!("    {took:.2?} {name}");
        }
    }
}
