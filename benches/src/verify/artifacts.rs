//! What it costs to hold what artifacts say of themselves against a lockfile (`lock-artifact`), which is
//! asked before anything is installed: a project with its lockfile and no tree.

use super::project::Project;
use super::tree::{Own, command, time};
use crate::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// What was measured, each in the order of the rounds; milliseconds.
#[derive(Debug, Default)]
pub struct Artifacts {
    /// No artifact is at hand.
    pub none: Vec<f64>,
    /// All of them are, and nothing is remembered.
    pub read: Vec<f64>,
    /// Nothing changed since.
    pub again: Vec<f64>,
    /// Artifacts whose manifests were read.
    pub manifests: usize,
}

/// Measures each once a round, one after the other.
pub async fn measure(program: &Path, project: &Project, rounds: usize) -> Result<Artifacts, Error> {
    let folder = project.home.path().join("not-installed");
    fs::create_dir(&folder).map_err(Error::io("make", &folder))?;
    for name in ["package.json", "package-lock.json"] {
        let (from, to) = (project.path().join(name), folder.join(name));
        fs::copy(&from, &to).map_err(Error::io("copy", &from))?;
    }
    let empty = project.home.beside("no-artifacts");
    fs::create_dir_all(&empty).map_err(Error::io("make", &empty))?;
    // Asks this machine's clients for their configuration, which is remembered.
    time(command(program, project, &folder, Own::Kept)?).await?;
    let mut out = Artifacts::default();
    for _ in 0..rounds {
        let mut none = command(program, project, &folder, Own::Forgotten)?;
        none.env("npm_config_cache", &empty);
        out.none.push(time(none).await?);
        let read = command(program, project, &folder, Own::Forgotten)?;
        out.read.push(time(read).await?);
        let again = command(program, project, &folder, Own::Kept)?;
        out.again.push(time(again).await?);
    }
    out.manifests = remembered(&project.home.beside("customs"))?;
    match out.manifests {
        0 => Err(Error::said("no artifact's manifest was read".to_owned())),
        _ => Ok(out),
    }
}

/// How many manifests are remembered, so that nobody measures how fast none is read.
fn remembered(own: &Path) -> Result<usize, Error> {
    let folder = own.join("cache/verify/seen");
    let entries = fs::read_dir(&folder).map_err(Error::io("list", &folder))?;
    let mut lines = 0;
    for entry in entries {
        let path: PathBuf = entry.map_err(Error::io("list", &folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".manifests.jsonl") {
            let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            // The first one says what it is.
            lines += text.lines().count().saturating_sub(1);
        }
    }
    Ok(lines)
}
