//! `cargo xtask bench`: builds the program and the benchmarks, and runs them.
//!
//! The benchmarks are a crate of their own (`benches/`), so that the other chores compile
//! none of what they stand on.

use crate::error::Error;
use crate::workspace::{Workspace, words};
use std::path::PathBuf;
use std::process::Command;

/// Runs `customs-bench` with `arguments`.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    // Each alone: selected together, the benchmarks' features would be compiled into the
    // program that they measure.
    let program = build(workspace, "customs", "customs")?;
    let bench = build(workspace, "customs-benches", "customs-bench")?;
    let mut command = Command::new(bench);
    command
        .args(arguments)
        .current_dir(workspace.root())
        .env("CUSTOMS_BIN", program);
    if arguments
        .first()
        .is_some_and(|subject| subject == "inspect")
    {
        let calibrate = build(workspace, "customs-calibrate", "customs-calibrate")?;
        command.env("CUSTOMS_CALIBRATE_BIN", calibrate);
    }
    finish(&mut command)
}

/// Builds a release program; gives its path.
pub fn build(workspace: &Workspace, package: &str, program: &str) -> Result<PathBuf, Error> {
    finish(&mut workspace.cargo(&["build", "--release", "--package", package, "--bin", program]))?;
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.release().join(name))
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Result<(), Error> {
    let program = PathBuf::from(command.get_program());
    let status = command.status().map_err(Error::io("start", &program))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: words(command),
        status,
    })
}
