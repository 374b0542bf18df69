//! `cargo xtask calibrate`: builds the calibration and runs it. It is a crate of its own
//! (`calibrate/`), so that the other chores compile no parser.

use crate::bench::{build, finish};
use crate::error::Error;
use crate::workspace::Workspace;
use std::process::Command;

/// Runs `customs-calibrate` with `arguments`.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    let program = build(workspace, "customs-calibrate", "customs-calibrate")?;
    finish(
        Command::new(program)
            .args(arguments)
            .current_dir(workspace.root()),
    )
}
