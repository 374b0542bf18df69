//! GuardDog, a peer that is a program as well: both inspect the same archives, each time in
//! a process of their own.

use super::file_name;
use super::peak::{ended_well, inspection};
use crate::error::{Doing as _, Error};
use crate::home::Home;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How long one process may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// GuardDog, as this machine has it.
#[derive(Debug)]
pub struct GuardDog {
    program: PathBuf,
    version: String,
}

/// Seconds of both on the same archives.
#[derive(Debug, Default)]
pub struct Pairs {
    /// GuardDog's version.
    pub version: String,
    /// The program's, from its start to its end.
    pub customs: Vec<f64>,
    /// GuardDog's, likewise.
    pub guarddog: Vec<f64>,
    /// Archives that one of them did not inspect, each with the reason.
    pub failed: Vec<String>,
    /// Archives of which GuardDog told errors, and which are counted all the same.
    pub with_errors: usize,
}

/// Looks for it on the path, or where it was said to be; the inner error says why it is not
/// there to be measured.
///
/// # Errors
/// It is not where it was said to be.
pub async fn find(given: Option<&Path>) -> Result<Result<GuardDog, String>, Error> {
    let program = match given {
        None => PathBuf::from("guarddog"),
        Some(path) => {
            let path = std::path::absolute(path).map_err(Error::io("find", path))?;
            if !path.is_file() {
                return Err(Error::said(format!(
                    "--guarddog names no program: {}",
                    path.display()
                )));
            }
            path
        }
    };
    let mut command = Command::new(&program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let asked = tokio::time::timeout(PATIENCE, command.output()).await;
    Ok(match asked {
        Ok(Ok(output)) => Ok(GuardDog {
            program,
            version: version(&String::from_utf8_lossy(&output.stdout)),
        }),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            Err("guarddog is not installed".to_owned())
        }
        Ok(Err(error)) => Err(format!("guarddog does not start ({error})")),
        Err(_) => Err("guarddog does not answer".to_owned()),
    })
}

/// The last word of what it says, if that is a version.
fn version(text: &str) -> String {
    text.split_whitespace()
        .next_back()
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or("of a version not known")
        .to_owned()
}

impl GuardDog {
    /// Both on each archive, one right after the other, every second time the other way
    /// round.
    pub async fn pairs(
        &self,
        program: &Path,
        home: &Home,
        archives: &[PathBuf],
    ) -> Result<Pairs, Error> {
        let mut pairs = Pairs {
            version: self.version.clone(),
            ..Pairs::default()
        };
        for (number, archive) in archives.iter().enumerate() {
            let customs = inspection(program, home, archive)?;
            let guarddog = self.scan(home, archive)?;
            let (customs, guarddog) = if number % 2 == 0 {
                let customs = run(customs, ended_well).await;
                (customs, run(guarddog, |status| status.success()).await)
            } else {
                let guarddog = run(guarddog, |status| status.success()).await;
                (run(customs, ended_well).await, guarddog)
            };
            match (customs, guarddog) {
                (Ok(customs), Ok(guarddog)) => {
                    pairs.customs.push(customs.seconds);
                    pairs.guarddog.push(guarddog.seconds);
                    pairs.with_errors += usize::from(tells_errors(&guarddog.out));
                }
                (Err(error), _) => pairs
                    .failed
                    .push(format!("`{}`, customs: {error}", file_name(archive))),
                (_, Err(error)) => pairs
                    .failed
                    .push(format!("`{}`, GuardDog: {error}", file_name(archive))),
            }
        }
        Ok(pairs)
    }

    /// It keeps the environment of this machine, where its installation may depend on it.
    fn scan(&self, home: &Home, archive: &Path) -> Result<Command, Error> {
        let archive = std::path::absolute(archive).map_err(Error::io("find", archive))?;
        let mut command = Command::new(&self.program);
        command
            .args(["npm", "scan"])
            .arg(archive)
            .args(["--output-format", "json"])
            .current_dir(home.path())
            .kill_on_drop(true);
        Ok(command)
    }
}

/// A process that ended.
struct Ended {
    seconds: f64,
    out: Vec<u8>,
}

async fn run(mut command: Command, ended_well: fn(ExitStatus) -> bool) -> Result<Ended, Error> {
    command.stdin(Stdio::null());
    let begun = Instant::now();
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .map_err(|_| Error::said(format!("took more than {} s", PATIENCE.as_secs())))?
        .doing("start it")?;
    let seconds = begun.elapsed().as_secs_f64();
    if ended_well(output.status) {
        Ok(Ended {
            seconds,
            out: output.stdout,
        })
    } else {
        Err(Error::said(format!("failed ({})", output.status)))
    }
}

/// Whether GuardDog says in its report that a rule could not be asked.
fn tells_errors(report: &[u8]) -> bool {
    let report: Value = serde_json::from_slice(report).unwrap_or_default();
    let errors = report.get("errors").and_then(Value::as_object);
    errors.is_some_and(|errors| !errors.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_last_word() {
        assert_eq!(version("guarddog, version 3.2.0\n"), "3.2.0");
        assert_eq!(version("Usage: guarddog"), "of a version not known");
        assert_eq!(version(""), "of a version not known");
    }

    #[test]
    fn errors_in_a_report_are_seen() {
        assert!(tells_errors(br#"{"issues":0,"errors":{"rules-all":"x"}}"#));
        assert!(!tells_errors(br#"{"issues":0,"errors":{}}"#));
        assert!(!tells_errors(b"no JSON"));
    }
}
