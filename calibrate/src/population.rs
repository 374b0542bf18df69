//! Real packages, which are honest: what is said of them is a false alarm.

use crate::{Error, workers};
use customs_inspect::inspect_archive;
use customs_model::{Severity, Standing};
use customs_rules::{RuleSet, judge_code};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How one artifact came out.
#[derive(Debug)]
struct Row {
    name: String,
    standing: Standing,
    findings: Vec<String>,
    not_checked: Vec<String>,
    took: Duration,
    bytes: u64,
}

/// The files of a list that are there.
pub fn files(list: &Path, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let text = std::fs::read_to_string(list).map_err(|e| Error::io(list, e))?;
    let kind = list
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut out = Vec::new();
    for line in text.lines() {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let names: Vec<String> =
            match (kind.split('-').next().unwrap_or_default(), parts.as_slice()) {
                ("pypi", [_, _, file, ..]) => vec![(*file).to_owned()],
                ("crates", [name, version, ..]) => vec![format!("{name}-{version}.crate")],
                ("npm", [name, older, newer, "patch" | "minor" | "major", ..]) => vec![
                    format!("{}-{older}.tgz", name.replace('/', "__")),
                    format!("{}-{newer}.tgz", name.replace('/', "__")),
                ],
                ("npm", [name, version, ..]) => {
                    vec![format!("{}-{version}.tgz", name.replace('/', "__"))]
                }
                _ => Vec::new(),
            };
        out.extend(names.into_iter().map(|name| folder.join(name)));
    }
    out.sort();
    out.dedup();
    Ok(out)
}

fn judge(path: &PathBuf) -> Row {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let Ok(bytes) = std::fs::read(path) else {
        return Row {
            name,
            standing: Standing::NotJudged,
            findings: Vec::new(),
            not_checked: vec!["not there".to_owned()],
            took: Duration::ZERO,
            bytes: 0,
        };
    };
    let begun = Instant::now();
    let inspection = inspect_archive(&bytes);
    let verdict = judge_code(&inspection, &RuleSet::standard());
    let took = begun.elapsed();
    if took > Duration::from_secs(5) {
        eprintln!("slow: {took:.1?} {name}");
    }
    let findings = verdict
        .findings
        .iter()
        .filter(|f| f.severity > Severity::Note)
        .map(|f| {
            format!(
                "{} {:?}: {} @ {}",
                f.rule,
                f.severity,
                f.message,
                f.evidence.last().cloned().unwrap_or_default()
            )
        })
        .collect();
    Row {
        name,
        standing: verdict.standing,
        findings,
        not_checked: verdict.not_checked,
        took,
        bytes: inspection.bytes,
    }
}

/// Judges some archives and prints all that is said of them.
pub fn files_report(paths: &[PathBuf]) -> Result<(), Error> {
    for row in workers(paths, judge) {
        println!("{:?} {} {:.1?}", row.standing, row.name, row.took);
        for line in row.findings.iter().chain(&row.not_checked) {
            println!("    {line}");
        }
    }
    Ok(())
}

/// Judges a list and prints what is not clean.
pub fn report(list: &Path, folder: &Path, take: Option<usize>) -> Result<(), Error> {
    let mut paths = files(list, folder)?;
    if let Some(take) = take {
        let step = (paths.len() / take).max(1);
        paths = paths.into_iter().step_by(step).collect();
    }
    let begun = Instant::now();
    let rows = workers(&paths, judge);
    let wall = begun.elapsed();
    let mut counts = [0_u32; 4];
    for row in &rows {
        counts[match row.standing {
            Standing::Clean => 0,
            Standing::Suspicious => 1,
            Standing::Malicious => 2,
            Standing::NotJudged => 3,
        }] += 1;
        if row.standing != Standing::Clean {
            println!("{:?} {}", row.standing, row.name);
            for finding in row.findings.iter().take(4) {
                println!("    {finding}");
            }
            if row.standing == Standing::NotJudged {
                for what in row.not_checked.iter().take(3) {
                    println!("    ? {what}");
                }
            }
        }
    }
    let mut times: Vec<(Duration, &str)> = rows
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
        "{}: {} artifacts, {} clean, {} suspicious, {} malicious, {} not judged",
        list.display(),
        rows.len(),
        counts[0],
        counts[1],
        counts[2],
        counts[3]
    );
    println!(
        "wall {wall:.1?}, unpacked {} MB, median {:.2?}, 99th {:.2?}, worst:",
        rows.iter().map(|row| row.bytes).sum::<u64>() >> 20,
        at(0.5),
        at(0.99)
    );
    for (took, name) in times.iter().rev().take(6) {
        println!("    {took:.2?} {name}");
    }
    Ok(())
}
