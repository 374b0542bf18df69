//! The most memory that a process uses which inspects one archive.

use super::file_name;
use crate::error::{Doing as _, Error};
use crate::home::Home;
use crate::process;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

/// How long one inspection may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The peaks of some archives.
#[derive(Debug, Default)]
pub struct Peaks {
    /// Each archive's name and its peak in bytes.
    pub measured: Vec<(String, u64)>,
    /// The others, each with the reason.
    pub not_measured: Vec<String>,
}

/// Measures each archive in a process of its own, one after another.
pub async fn measure(program: &Path, archives: &[PathBuf]) -> Result<Peaks, Error> {
    let home = Home::new(None)?;
    let mut peaks = Peaks::default();
    for archive in archives {
        let name = file_name(archive);
        match one(program, &home, archive).await {
            Ok(Some(bytes)) => peaks.measured.push((name, bytes)),
            Ok(None) => peaks
                .not_measured
                .push(format!("`{name}`: this system tells no peak of a process")),
            Err(error) => peaks.not_measured.push(format!("`{name}`: {error}")),
        }
    }
    Ok(peaks)
}

async fn one(program: &Path, home: &Home, archive: &Path) -> Result<Option<u64>, Error> {
    let mut child = inspection(program, home, archive)?
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .doing("start an inspection")?;
    let (peak, status) = tokio::time::timeout(PATIENCE, process::watch(&mut child))
        .await
        .map_err(|_| {
            Error::said(format!(
                "the inspection took more than {} s",
                PATIENCE.as_secs()
            ))
        })??;
    if ended_well(status) {
        Ok(peak)
    } else {
        Err(Error::said(format!("the inspection failed ({status})")))
    }
}

/// The command that inspects an archive, in a home where no setting and no cache is.
pub fn inspection(
    program: &Path,
    home: &Home,
    archive: &Path,
) -> Result<tokio::process::Command, Error> {
    // The home is the command's folder.
    let archive = std::path::absolute(archive).map_err(Error::io("find", archive))?;
    let mut command = home.command(program);
    command
        .arg("inspect")
        .arg(archive)
        .args(["--format", "json"]);
    Ok(command)
}

/// Whether it came to a verdict: clean, found, or not all could be judged.
pub fn ended_well(status: ExitStatus) -> bool {
    matches!(status.code(), Some(0 | 1 | 3))
}
