//! The check of a tree, as people run it, beside its floor.

use super::{floor, project::Project};
use crate::error::{Doing as _, Error};
use crate::process;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was measured, each in the order of the rounds; milliseconds.
#[derive(Debug, Default)]
pub struct Tree {
    /// The floor.
    pub floor: Vec<f64>,
    /// Nothing is remembered.
    pub full: Vec<f64>,
    /// Nothing changed since.
    pub unchanged: Vec<f64>,
    /// Everything is read again although nothing changed.
    pub deep: Vec<f64>,
    /// The most memory of a process, in bytes: full, unchanged, deep, floor. None where the system
    /// does not tell.
    pub peaks: [Option<u64>; 4],
    /// The first run of all, which asks this machine's clients for their configuration.
    pub first: f64,
    /// What the check said of the packages: yes, no, not checked.
    pub answers: [usize; 3],
}

/// A run of the check.
#[derive(Clone, Copy)]
enum Run {
    /// Nothing is remembered.
    Full,
    /// What the run before remembered is there.
    Unchanged,
    /// The same, and it is not believed.
    Deep,
}

/// What customs remembers of earlier runs.
#[derive(Clone, Copy)]
pub enum Own {
    /// Nothing: it is deleted first.
    Forgotten,
    /// What there is.
    Kept,
}

/// Measures each once a round, one after the other.
pub async fn measure(program: &Path, project: &Project, rounds: usize) -> Result<Tree, Error> {
    let list = project.home.beside("floor.list");
    let text = floor::list(&project.tarballs, &project.files)?;
    fs::write(&list, text).map_err(Error::io("write", &list))?;
    let start = Instant::now();
    let answers = answers(program, project).await?;
    let mut tree = Tree {
        first: start.elapsed().as_secs_f64() * 1e3,
        answers,
        ..Tree::default()
    };
    for _ in 0..rounds {
        tree.floor.push(time(of_floor(project, &list)?).await?);
        tree.full
            .push(time(check(program, project, Run::Full)?).await?);
        let unchanged = check(program, project, Run::Unchanged)?;
        tree.unchanged.push(time(unchanged).await?);
        tree.deep
            .push(time(check(program, project, Run::Deep)?).await?);
    }
    tree.peaks = [
        peak(check(program, project, Run::Full)?).await?,
        peak(check(program, project, Run::Unchanged)?).await?,
        peak(check(program, project, Run::Deep)?).await?,
        peak(of_floor(project, &list)?).await?,
    ];
    Ok(tree)
}

/// The command that checks the project.
fn check(program: &Path, project: &Project, run: Run) -> Result<Command, Error> {
    let own = match run {
        Run::Full => Own::Forgotten,
        Run::Unchanged | Run::Deep => Own::Kept,
    };
    let mut command = command(program, project, &project.path(), own)?;
    if matches!(run, Run::Deep) {
        command.arg("--deep");
    }
    Ok(command)
}

/// The command that checks a folder. Caches of its own, so that what is remembered can be
/// forgotten.
pub fn command(
    program: &Path,
    project: &Project,
    folder: &Path,
    remembers: Own,
) -> Result<Command, Error> {
    let own = project.home.beside("customs");
    // What clients are configured with stays known: that is not of the tree.
    let remembered = own.join("cache");
    if matches!(remembers, Own::Forgotten) && remembered.exists() {
        fs::remove_dir_all(&remembered).map_err(Error::io("remove", &remembered))?;
    }
    let mut command = project.home.command(program);
    command
        .args(["verify", "--format", "json"])
        .current_dir(folder);
    for (name, folder) in [
        ("CUSTOMS_CACHE_DIR", "cache"),
        ("CUSTOMS_DATA_DIR", "data"),
        ("CUSTOMS_STATE_DIR", "state"),
    ] {
        command.env(name, own.join(folder));
    }
    Ok(command)
}

fn of_floor(project: &Project, list: &Path) -> Result<Command, Error> {
    let own = std::env::current_exe().doing("find this program")?;
    let mut command = project.home.command(&own);
    command.arg("floor").arg(list);
    Ok(command)
}

/// Milliseconds of a whole process. Nobody watches its memory meanwhile.
pub async fn time(mut command: Command) -> Result<f64, Error> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = tokio::time::timeout(PATIENCE, command.status())
        .await
        .map_err(|_| too_long())?
        .doing("start a run")?;
    let took = start.elapsed().as_secs_f64() * 1e3;
    match status.code() {
        // Exit 1 says that an answer is *no*; what was said is looked at once, before.
        Some(0 | 1) => Ok(took),
        _ => Err(Error::said(format!("a run failed ({status})"))),
    }
}

/// The most memory that a process has.
async fn peak(mut command: Command) -> Result<Option<u64>, Error> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .doing("start a run")?;
    let (peak, status) = tokio::time::timeout(PATIENCE, process::watch(&mut child))
        .await
        .map_err(|_| too_long())??;
    match status.code() {
        Some(0 | 1) => Ok(peak),
        _ => Err(Error::said(format!("a run failed ({status})"))),
    }
}

fn too_long() -> Error {
    Error::said(format!("a run took more than {} s", PATIENCE.as_secs()))
}

/// What the check says, so that nobody measures how fast it does nothing.
async fn answers(program: &Path, project: &Project) -> Result<[usize; 3], Error> {
    let output = check(program, project, Run::Full)?
        .output()
        .await
        .doing("start customs")?;
    let report: Value = serde_json::from_slice(&output.stdout).doing("read the report")?;
    let mut told = [0; 3];
    let subjects = report["subjects"].as_array();
    let packages = subjects
        .into_iter()
        .flatten()
        .filter_map(|subject| subject["installed"]["packages"].as_array())
        .flatten();
    for package in packages {
        match package["answer"]["answer"].as_str() {
            Some("yes") => told[0] += 1,
            Some("no") => told[1] += 1,
            _ => told[2] += 1,
        }
    }
    if told[0] == 0 {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().next_back().unwrap_or("it says nothing");
        return Err(Error::said(format!("no package was answered yes: {last}")));
    }
    Ok(told)
}
